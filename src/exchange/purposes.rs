//! Four eyes over the list of purposes (查询用途): one that differs from the list in force comes into force only after two
//! persons of two roles have agreed to it, and an entry says so.
//!
//! The first list of a ledger needs nobody: who sets up the gateway chooses it, and the first entry shows which it was.

use sha2::{Digest, Sha256};

use super::register::AuditUnavailable;
use crate::ledger::redaction::Voice;
use crate::ledger::{Decision, EntryKind, EntryQuery, Ledger, NewEntry, Receipt};

/// Entries about policies that are looked through for an approval.
const LOOKED_AT: u32 = 100;
const IN_FORCE: &str = "IN_FORCE";
const APPROVED: &str = "PURPOSES_APPROVED";

/// Why a list of purposes was not approved.
#[derive(Debug, thiserror::Error)]
pub enum ApprovalFault {
    /// One person twice, or one role twice.
    #[error("it takes two persons of two roles")]
    SameVoice,
    /// It is in force, or approved already.
    #[error("these purposes are in force, or approved, already")]
    NothingNew,
    /// The ledger cannot be read or written.
    #[error("the ledger cannot be read or written")]
    Unavailable,
}

impl From<AuditUnavailable> for ApprovalFault {
    fn from(_: AuditUnavailable) -> Self {
        Self::Unavailable
    }
}

/// The flag that names a list: `PURPOSES:` and the SHA-256 of its file.
pub fn flag(text: &str) -> String {
    format!("PURPOSES:{}", hex::encode(Sha256::digest(text)))
}

/// Whether a list may come into force: it is the first, the one in force, or one that was approved since.
pub fn may_come_into_force(ledger: &Ledger, text: &str) -> Result<bool, AuditUnavailable> {
    let query = EntryQuery { kind: Some(EntryKind::Policy), ..EntryQuery::default() };
    let newest_first = ledger.entries(&query, None, LOOKED_AT).map_err(|_| AuditUnavailable)?;
    let wanted = flag(text);
    for entry in &newest_first {
        let flags = &entry.leaf.flags;
        let is_this = flags.contains(&wanted);
        if flags.iter().any(|flag| flag == IN_FORCE) {
            // Entries of a list that was told before lists were named say nothing against it.
            return Ok(is_this || !flags.iter().any(|flag| flag.starts_with("PURPOSES:")));
        }
        if is_this && flags.iter().any(|flag| flag == APPROVED) {
            return Ok(true);
        }
    }
    Ok(newest_first.is_empty())
}

/// Puts in the ledger that two persons agree to a list. Blocks.
pub fn approve(ledger: &Ledger, text: &str, voices: [&Voice; 2]) -> Result<Receipt, ApprovalFault> {
    let [one, other] = voices;
    if !one.is_apart_from(other) {
        return Err(ApprovalFault::SameVoice);
    }
    if may_come_into_force(ledger, text)? {
        return Err(ApprovalFault::NothingNew);
    }
    let mut entry = NewEntry::new(EntryKind::Policy, Decision::Allowed);
    entry.flags = vec![APPROVED.to_owned(), flag(text)];
    entry.committed.actor = Some(voices.map(|voice| voice.person.as_str()).join(", "));
    entry.committed.reason = Some(text.to_owned());
    ledger.append_blocking(entry).map_err(|_| ApprovalFault::Unavailable)
}
