//! The long-lived parts that use cases work with. Built once, in `app`; shared by every inquiry.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::Notify;

use super::bundles::Bundles;
use super::cursor::Cursors;
use super::node_id::NodeIds;
use super::statistics::Kept;
use crate::access::{Decider, Findings, MustCheck};
use crate::catalogue::{Catalogue, Departments, Measures, Platforms, RulePacks};
use crate::clock::Ambient;
use crate::crypto::Keyring;
use crate::domain::SubjectId;
use crate::domain::calendar::WorkingCalendar;
use crate::domain::identifier::IdentifierKind;
use crate::ledger::review::ReviewRules;
use crate::ledger::{Ledger, Shortage, State, VerifierKey};
use crate::store::{self, Database, StoreError};
use crate::webhook::Sender;

/// The long-lived parts.
#[derive(Debug)]
pub struct Gateway {
    /// What the city's catalogue says.
    pub catalogue: Arc<Catalogue>,
    /// The partner departments and the division.
    pub departments: Arc<Departments>,
    /// Decides permits.
    pub decider: Decider,
    /// Subjects, records, authorizations.
    pub registry: Database,
    /// The record of every query.
    pub ledger: Ledger,
    /// Keys.
    pub keyring: Arc<Keyring>,
    /// Opaque ids.
    pub node_ids: NodeIds,
    /// Opaque places in lists.
    pub cursors: Cursors,
    /// The dated rules of publication.
    pub rules: Rules,
    /// Sends events to webhooks.
    pub webhooks: Sender,
    /// Told when something was done of which there may be events.
    pub moved: Notify,
    /// Numbers about the register, as they were counted last.
    pub statistics: Kept,
    /// What may be done to the trustworthy and the untrustworthy.
    pub measures: Measures,
    /// The platforms that records are exchanged with by files.
    pub platforms: Platforms,
    /// For which decisions a check must stand in the ledger.
    pub must_check: MustCheck,
    /// What in the register deserves a look.
    pub findings: Findings,
    /// Which queries are reviewed.
    pub review: ReviewRules,
    /// SHA-256 over the files of rules that were read at start.
    pub rules_hash: [u8; 32],
    /// Items whose collection needs a law, each with the law that is relied on.
    pub collection_basis: BTreeMap<String, String>,
    /// The bundles that auditors order; none are made when absent.
    pub bundles: Option<Arc<Bundles>>,
    /// The folder that the policies were read from.
    pub policies: PathBuf,
    /// The witnesses that are asked to cosign.
    pub witnesses: Vec<VerifierKey>,
    /// Time and chance.
    pub ambient: Ambient,
}

/// The dated rules of publication and the working calendar.
#[derive(Debug)]
pub struct Rules {
    /// The rule packs.
    pub packs: RulePacks,
    /// The working calendar.
    pub calendar: WorkingCalendar,
}

impl Gateway {
    /// What runs short while the ledger still writes.
    pub fn shortage(&self) -> Option<Shortage> {
        match self.ledger.state() {
            State::Degraded(shortage) => Some(shortage),
            State::Open | State::Closed(_) => None,
        }
    }

    /// The code of the division whose records these are.
    pub fn division(&self) -> &str {
        &self.departments.division().code
    }

    /// The index value of a certificate number, as `subject_identifiers` holds it: hexadecimal.
    pub fn certificate_index(&self, kind: IdentifierKind, number: &str) -> String {
        hex::encode(self.keyring.blind_index(&format!("subject.{}", kind.name()), number))
    }

    /// The index value of a sealed field, as `record_index` holds it: hexadecimal.
    pub fn field_index(&self, item: &str, field: &str, value: &str) -> String {
        hex::encode(self.keyring.blind_index(&format!("record.{item}.{field}"), value))
    }

    /// What the ledger calls a subject: a blind index of its id.
    pub fn subject_index(&self, subject: SubjectId) -> [u8; 32] {
        self.keyring.blind_index("ledger.subject", &subject.to_string())
    }

    /// What the ledger calls a subject that was asked about before anything was known of it: a blind index of the
    /// identifier it was asked by. `value` is the code, or the hexadecimal blind index of a certificate.
    pub fn identifier_index(&self, kind: IdentifierKind, value: &str) -> [u8; 32] {
        self.keyring.blind_index("ledger.identifier", &format!("{}:{value}", kind.name()))
    }

    /// Everything the ledger may call a subject: by its id, and by each identifier that it is known under today.
    pub fn names_in_ledger(&self, subject: SubjectId) -> Result<Vec<[u8; 32]>, StoreError> {
        let identifiers = self.registry.read(|connection| store::subject::identifiers(connection, subject))?;
        let by_identifier = identifiers.iter().map(|(kind, value)| self.identifier_index(*kind, value));
        Ok(std::iter::once(self.subject_index(subject)).chain(by_identifier).collect())
    }
}
