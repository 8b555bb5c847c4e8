//! One operation of one caller: the permit it was given, what it has touched so far, and the way to the records.
//!
//! INVARIANT: resolvers hold an `Inquiry` and nothing else; it is made before execution and closed after it.

use std::sync::{Arc, OnceLock};

use parking_lot::Mutex;

use super::cursor::CursorScope;
use super::fault::Fault;
use super::gateway::Gateway;
use super::node_id::NodeRef;
use super::register::Asked;
use super::standing::{self, Standings};
use super::tally::Tally;
use crate::access::{Permit, PurposeNotAllowed};
use crate::authentication::Caller;
use crate::domain::{Date, Instant, Role, SubjectId};
use crate::ledger::redaction::Voice;

/// Why no inquiry could be opened.
#[derive(Debug)]
pub enum NotOpened {
    /// The purpose is unknown or not this caller's to claim.
    PurposeNotAllowed,
    /// The registry could not be asked.
    Fault(Fault),
}

/// One operation of one caller.
#[derive(Debug)]
pub struct Inquiry {
    gateway: Arc<Gateway>,
    caller: Caller,
    permit: Permit,
    standings: Standings,
    now: Instant,
    tally: Mutex<Tally>,
    intent: OnceLock<Intent>,
}

/// The mutation that an inquiry carries out, as it was announced in the ledger.
#[derive(Clone, Debug)]
pub struct Intent {
    /// What was asked.
    pub asked: Asked,
    /// The index of its entry.
    pub index: u64,
}

impl Inquiry {
    /// Decides the caller's permit and opens an inquiry under it.
    pub fn open(gateway: &Arc<Gateway>, caller: &Caller) -> Result<Self, NotOpened> {
        Self::open_with(gateway, caller, standing::of(gateway, caller).map_err(NotOpened::Fault)?)
    }

    /// The same inquiry with its authorization refused: for the case that its last use was taken meanwhile.
    pub fn reopen_without_authorization(&self) -> Result<Self, NotOpened> {
        Self::open_with(&self.gateway, &self.caller, self.standings.without_grant())
    }

    fn open_with(gateway: &Arc<Gateway>, caller: &Caller, standings: Standings) -> Result<Self, NotOpened> {
        let now = gateway.ambient.now();
        let permit = gateway
            .decider
            .permit(caller, now.date_in_shanghai(), standings.standing.clone())
            .map_err(|_: PurposeNotAllowed| NotOpened::PurposeNotAllowed)?;
        let (tally, intent) = (Mutex::new(Tally::default()), OnceLock::new());
        Ok(Self { gateway: Arc::clone(gateway), caller: caller.clone(), permit, standings, now, tally, intent })
    }

    /// An inquiry of the same caller for the same purpose, at work on another case: with a permit and a tally of its own.
    pub fn under_case(&self, case: &str) -> Result<Self, NotOpened> {
        let caller = self.caller.under_case(case.to_owned());
        // An opening in an emergency is for one case.
        if self.standings.opening.is_some() {
            return Self::open(&self.gateway, &caller);
        }
        Self::open_with(&self.gateway, &caller, self.standings.clone())
    }

    /// An inquiry of anybody, for numbers that are everybody's: what it looks at is charged to nobody.
    pub(super) fn of_anybody(&self) -> Result<Self, Fault> {
        Self::open(&self.gateway, &Caller::anybody()).map_err(|not_opened| match not_opened {
            NotOpened::PurposeNotAllowed => Fault::Forbidden,
            NotOpened::Fault(fault) => fault,
        })
    }

    /// Remembers the entry that announced the mutation.
    pub(super) fn announced(&self, intent: Intent) {
        // A mutation is announced once; a second word would change nothing.
        let _ = self.intent.set(intent);
    }

    /// The mutation that is carried out; `None` in a query.
    pub fn intent(&self) -> Option<&Intent> {
        self.intent.get()
    }

    /// The long-lived parts.
    pub fn gateway(&self) -> &Arc<Gateway> {
        &self.gateway
    }

    /// Who asks.
    pub fn caller(&self) -> &Caller {
        &self.caller
    }

    /// What the caller may see.
    pub fn permit(&self) -> &Permit {
        &self.permit
    }

    /// How the caller stands to subjects and authorizations.
    pub fn standings(&self) -> &Standings {
        &self.standings
    }

    /// The instant the inquiry was opened; one for the whole answer.
    pub fn now(&self) -> Instant {
        self.now
    }

    /// Today in Asia/Shanghai.
    pub fn today(&self) -> Date {
        self.now.date_in_shanghai()
    }

    /// Works on the tally.
    pub fn tally<T>(&self, work: impl FnOnce(&mut Tally) -> T) -> T {
        work(&mut self.tally.lock())
    }

    /// The tally so far.
    pub fn tally_so_far(&self) -> Tally {
        self.tally.lock().clone()
    }

    /// The opaque id of a node.
    pub fn node_id(&self, node: NodeRef) -> String {
        self.gateway.node_ids.encode(node)
    }

    /// The subject whose own view this is.
    pub fn own_subject(&self) -> Result<SubjectId, Fault> {
        self.standings.standing.subject.ok_or(Fault::Forbidden)
    }

    /// The caller's word, when it has one of these roles.
    pub fn voice(&self, roles: &[Role]) -> Result<Voice, Fault> {
        let role = self.caller.role();
        let person = self.caller.person().filter(|_| roles.contains(&role)).ok_or(Fault::Forbidden)?;
        Ok(Voice { person, role })
    }

    /// What cursors of a list described by `what` are bound to.
    pub fn cursor_scope(&self, what: &str) -> CursorScope {
        let claims = self.caller.claims();
        let who = format!("{}\0{}\0{}", self.caller.role().name(), claims.client, claims.actor);
        let mut bound = self.permit.profile_hash().to_vec();
        bound.extend_from_slice(who.as_bytes());
        CursorScope::new(&bound, what)
    }
}
