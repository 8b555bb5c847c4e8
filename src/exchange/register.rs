//! Query registration (查询使用登记): every operation stands in the ledger before its answer leaves.
//!
//! INVARIANT: an answer is `Enclosed` from the moment it is made; `disclose` opens it with the receipt of its own
//! entry, and nothing else does.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use super::access_log;
use super::gateway::Gateway;
use super::import::QualityReport;
use super::inquiry::{Inquiry, Intent};
use super::purposes;
use super::tally::{CellCounts, Tally};
use crate::authentication::{Caller, Proof};
use crate::catalogue::Item;
use crate::domain::{DepartmentId, Instant};
use crate::ledger::leaf::Leaf;
use crate::ledger::{self, Committed, Decision, EntryQuery, FieldCounts, Undisclosed};
pub use crate::ledger::{EntryKind, NewEntry, Receipt};

/// A finished answer that nobody has seen yet.
pub type Enclosed = Undisclosed<String>;

/// The ledger cannot write: nothing may be answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AuditUnavailable;

/// What was asked.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    /// The operation without values.
    pub query: String,
    /// SHA-256 of that.
    pub operation_hash: [u8; 32],
    /// The arguments with their values.
    pub arguments: serde_json::Value,
    /// The client's address.
    pub address: String,
    /// What it was priced at.
    pub cost: u64,
    /// SHA-256 of the SDL that it was asked of.
    pub schema_hash: [u8; 32],
    /// Microseconds since the request arrived.
    pub duration_micros: i64,
}

impl Asked {
    /// Drops text and arguments; the hash stays.
    pub fn forget_document(&mut self) {
        self.query.clear();
        self.arguments = serde_json::Value::Null;
    }
}

/// What became of it.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// What kind of entry it makes.
    pub kind: EntryKind,
    /// The first error code, if any.
    pub error_code: Option<&'static str>,
    /// Whether the whole request was refused.
    pub is_refused: bool,
    /// The entry of the intent, for the outcome of a mutation.
    pub intent: Option<u64>,
}

/// Encloses an answer's text.
pub fn enclose(body: String) -> Enclosed {
    let digest = Sha256::digest(body.as_bytes()).into();
    Undisclosed::new(body, digest)
}

/// The entry of an operation that was executed or refused under an inquiry.
pub fn entry(inquiry: &Inquiry, asked: &Asked, outcome: &Outcome, body: Option<&Enclosed>) -> NewEntry {
    let gateway = inquiry.gateway();
    let tally = inquiry.tally_so_far();
    let decision = if outcome.is_refused { Decision::Refused } else { decision(&tally) };
    let mut entry = base(gateway, inquiry.caller(), asked, NewEntry::new(outcome.kind, decision));
    entry.purpose = inquiry.permit().purpose().map(|code| code.as_str().to_owned());
    entry.tier = inquiry.permit().tier();
    entry.policy_hash = Some(*inquiry.permit().policy_hash());
    entry.error_code = outcome.error_code.map(str::to_owned);
    let opening = inquiry.standings().opening.as_ref().and_then(|opening| opening.entry);
    entry.reference = outcome.intent.or(opening);
    entry.rows = tally.rows;
    let CellCounts { clear, masked, withheld } = tally.cells;
    entry.fields = FieldCounts { clear, masked, withheld };
    entry.items = tally.items.iter().map(|item| item.as_str().to_owned()).collect();
    entry.flags = tally.flags.iter().map(|&flag| flag.to_owned()).collect();
    entry.flags.extend(tally.marks.iter().cloned());
    if inquiry.permit().is_break_glass() {
        entry.flags.push(ledger::review::BREAK_GLASS.to_owned());
    }
    if let Some(refusal) = inquiry.standings().refusal {
        let reason: &'static str = refusal.into();
        entry.flags.push(format!("AUTHORIZATION_{reason}"));
    }
    if tally.authorization_used
        && let Some(authorization) = &inquiry.standings().authorization
    {
        entry.flags.push(access_log::use_flag(authorization));
    }
    entry.committed.subjects = tally.subjects.iter().map(|&subject| gateway.subject_index(subject)).collect();
    entry.committed.fields = tally.fields.into_iter().collect();
    entry.committed.result = body.map(Undisclosed::digest);
    entry
}

/// The entry of a request that was refused before any inquiry was opened.
pub fn refusal(gateway: &Gateway, caller: &Caller, asked: &Asked, code: &'static str, body: &Enclosed) -> NewEntry {
    let mut entry = base(gateway, caller, asked, NewEntry::new(EntryKind::Deny, Decision::Refused));
    entry.policy_hash = Some(gateway.decider.policy_hash());
    entry.error_code = Some(code.to_owned());
    if matches!(code, "FORBIDDEN" | "PURPOSE_NOT_ALLOWED") {
        entry.flags.push("OVERREACH".to_owned());
    }
    entry.committed.result = Some(body.digest());
    entry
}

fn decision(tally: &Tally) -> Decision {
    match tally.cells {
        CellCounts { withheld: 1.., .. } => Decision::Withheld,
        CellCounts { masked: 1.., .. } => Decision::Masked,
        CellCounts { .. } => Decision::Allowed,
    }
}

fn base(gateway: &Gateway, caller: &Caller, asked: &Asked, entry: NewEntry) -> NewEntry {
    let actor = Some(caller.claims().actor.clone()).filter(|actor| !actor.is_empty());
    let committed = Committed {
        query: Some(asked.query.clone()),
        variables: Some(redact(gateway, &asked.arguments).to_string()),
        actor,
        ip: Some(asked.address.clone()).filter(|address| !address.is_empty()),
        case: caller.case().map(str::to_owned),
        ..Committed::default()
    };
    NewEntry {
        role: Some(caller.role()),
        consumer: caller.consumer().map(str::to_owned),
        credential: match caller.proof() {
            Proof::Anonymous => None,
            Proof::Bearer { digest, .. } => Some(*digest),
        },
        schema_hash: Some(asked.schema_hash),
        catalogue_hash: Some(*gateway.catalogue.hash()),
        operation_hash: Some(asked.operation_hash),
        duration_ms: u32::try_from(asked.duration_micros / 1000).unwrap_or(0),
        cost: u32::try_from(asked.cost).unwrap_or(u32::MAX),
        committed,
        ..entry
    }
}

/// Puts an answer's entry in the ledger, then opens the answer with the receipt.
pub async fn disclose(
    gateway: &Gateway,
    enclosed: Enclosed,
    entry: NewEntry,
) -> Result<(String, Receipt), AuditUnavailable> {
    let receipt = gateway.ledger.append(entry).await.map_err(|_| AuditUnavailable)?;
    open(enclosed, receipt)
}

/// Puts the intent of a mutation in the ledger before its work begins, and gives its index. Blocks.
pub fn register_intent(inquiry: &Inquiry, asked: &Asked) -> Result<u64, AuditUnavailable> {
    let outcome = Outcome { kind: EntryKind::MutationIntent, error_code: None, is_refused: false, intent: None };
    let entry = entry(inquiry, asked, &outcome, None);
    let receipt = inquiry.gateway().ledger.append_blocking(entry).map_err(|_| AuditUnavailable)?;
    let index = receipt.index();
    inquiry.announced(Intent { asked: asked.clone(), index });
    Ok(index)
}

fn open(enclosed: Enclosed, receipt: Receipt) -> Result<(String, Receipt), AuditUnavailable> {
    match ledger::release(enclosed, &receipt) {
        Ok(body) => Ok((body, receipt)),
        Err(mismatch) => {
            tracing::error!(error = &mismatch as &dyn std::error::Error, "a receipt did not fit its answer");
            Err(AuditUnavailable)
        }
    }
}

/// Arguments as the ledger keeps them: text that is not plainly public is replaced by its blind index, so that
/// neither leaf nor body holds a private value, and the same value can still be recognised by who holds the key.
fn redact(gateway: &Gateway, arguments: &serde_json::Value) -> serde_json::Value {
    use serde_json::Value;
    match arguments {
        Value::String(text) if is_public(gateway, text) => arguments.clone(),
        Value::String(text) => {
            Value::from(format!("blind:{}", hex::encode(gateway.keyring.blind_index("ledger.vars", text))))
        }
        Value::Array(values) => values.iter().map(|value| redact(gateway, value)).collect(),
        Value::Object(members) => members.iter().map(|(name, value)| (name.clone(), redact(gateway, value))).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) => arguments.clone(),
    }
}

/// Codes of organisations, dates, catalogue items, departments, purposes and opaque ids identify no natural person to an outsider.
fn is_public(gateway: &Gateway, text: &str) -> bool {
    crate::domain::identifier::Uscc::parse(text).is_ok()
        || text.parse::<crate::domain::Date>().is_ok()
        || gateway.catalogue.item_by_text(text).is_some()
        || DepartmentId::parse(text).is_some_and(|id| gateway.departments.by_id(&id).is_some())
        || gateway.node_ids.decode(text).is_some()
}

/// Writes the refusals of one address bucket and minute as one entry. How many of which code stands in the open, as
/// flags such as `RATE_LIMITED:12`; the bucket is committed.
pub async fn register_folded(
    gateway: &Gateway,
    bucket: &str,
    minute: Instant,
    counts: &BTreeMap<&'static str, u64>,
) -> Result<Receipt, AuditUnavailable> {
    let mut entry = NewEntry::new(EntryKind::Folded, Decision::Refused);
    entry.flags = counts.iter().map(|(code, count)| format!("{code}:{count}")).collect();
    entry.error_code = counts.iter().max_by_key(|(_, count)| **count).map(|(code, _)| (*code).to_owned());
    entry.committed.ip = Some(bucket.to_owned());
    entry.committed.reason = Some(serde_json::json!({ "minute": minute.rfc3339(), "refusals": counts }).to_string());
    gateway.ledger.append(entry).await.map_err(|_| AuditUnavailable)
}

/// Puts in the ledger that somebody logged in or out. Blocks.
pub fn register_session(
    gateway: &Gateway,
    caller: &Caller,
    flag: &'static str,
    address: &str,
) -> Result<(), AuditUnavailable> {
    let asked = Asked { query: flag.to_owned(), address: address.to_owned(), ..Asked::default() };
    let mut entry = base(gateway, caller, &asked, NewEntry::new(EntryKind::Admin, Decision::Allowed));
    entry.flags.push(flag.to_owned());
    entry.policy_hash = Some(gateway.decider.policy_hash());
    gateway.ledger.append_blocking(entry).map(drop).map_err(|_| AuditUnavailable)
}

/// Puts in the ledger which policies, rules and catalogue are in force, when they are not those of the last such entry. Blocks.
pub fn register_policies(gateway: &Gateway) -> Result<(), AuditUnavailable> {
    let last = EntryQuery { kind: Some(EntryKind::Policy), ..EntryQuery::default() };
    let last = gateway.ledger.entries(&last, None, 1).map_err(|_| AuditUnavailable)?;
    let (policies, catalogue) = (gateway.decider.policy_hash(), *gateway.catalogue.hash());
    let printed = |hash: [u8; 32]| Some(format!("sha256:{}", hex::encode(hash)));
    let rules = format!("RULES:{}", hex::encode(gateway.rules_hash));
    let is_same = |leaf: &Leaf| {
        leaf.policy == printed(policies) && leaf.catalogue == printed(catalogue) && leaf.flags.contains(&rules)
    };
    if last.first().is_some_and(|entry| is_same(&entry.leaf)) {
        return Ok(());
    }
    let mut entry = NewEntry::new(EntryKind::Policy, Decision::Allowed);
    entry.flags = vec!["IN_FORCE".to_owned(), rules, purposes::flag(&gateway.decider.purposes_text())];
    entry.policy_hash = Some(policies);
    entry.catalogue_hash = Some(catalogue);
    let in_force = gateway.decider.purposes();
    let codes: Vec<&str> = in_force.iter().map(|purpose| purpose.code.as_str()).collect();
    entry.committed.reason = Some(serde_json::json!({ "purposes": codes }).to_string());
    gateway.ledger.append_blocking(entry).map(drop).map_err(|_| AuditUnavailable)
}

/// Puts in the ledger that a file was imported: item, counts, the file's digest. Blocks.
pub fn register_import(gateway: &Gateway, item: &Item, report: &QualityReport) -> Result<(), AuditUnavailable> {
    let mut entry = NewEntry::new(EntryKind::Admin, Decision::Allowed);
    entry.items = vec![item.code.to_string()];
    entry.rows = u32::try_from(report.accepted).unwrap_or(u32::MAX);
    entry.flags = vec!["IMPORT".to_owned()];
    entry.policy_hash = Some(gateway.decider.policy_hash());
    entry.catalogue_hash = Some(*gateway.catalogue.hash());
    entry.committed.reason = serde_json::to_string(report).ok();
    gateway.ledger.append_blocking(entry).map(drop).map_err(|_| AuditUnavailable)
}
