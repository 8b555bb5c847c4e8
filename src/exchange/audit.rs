//! The ledger for auditors: entries by time, caller, subject, item, decision. Reading it is an entry itself.

use super::fault::Fault;
use super::inquiry::Inquiry;
use super::ledger_pages;
use super::page;
use crate::domain::Role;
use crate::ledger::ProofError;
use crate::ledger::checkpoint::Checkpoint;
pub use crate::ledger::proof::Rung;
use crate::ledger::proof::climb;
pub use crate::ledger::{Decision, Entry, EntryKind, EntryQuery};

/// A page of entries, each with its cursor.
#[derive(Debug)]
pub struct EntryPage {
    /// The entries, newest first.
    pub entries: Vec<(Entry, String)>,
    /// Whether more follow.
    pub has_next: bool,
}

/// Entries that the query matches, newest first. For auditors.
pub fn page(inquiry: &Inquiry, query: &EntryQuery, after: Option<&str>, first: usize) -> Result<EntryPage, Fault> {
    if inquiry.caller().role() != Role::Auditor {
        return Err(Fault::Forbidden);
    }
    let list = format!("auditEntries {query:?}");
    let below = page::place(inquiry, &list, after, |place| place.parse().ok())?;
    read(inquiry, query, &list, below, first)
}

/// A page of what `query` matches, for callers that were checked before.
pub(super) fn read(
    inquiry: &Inquiry,
    query: &EntryQuery,
    list: &str,
    below: Option<u64>,
    first: usize,
) -> Result<EntryPage, Fault> {
    let found = inquiry.gateway().ledger.entries(query, below, one_more(first))?;
    Ok(shown(inquiry, list, found, first))
}

/// How many entries to look for, to know whether more than `first` follow.
pub(super) fn one_more(first: usize) -> u32 {
    u32::try_from(first + 1).unwrap_or(u32::MAX)
}

/// A page of what was found when `one_more` was looked for.
pub(super) fn shown(inquiry: &Inquiry, list: &str, mut found: Vec<Entry>, first: usize) -> EntryPage {
    let has_next = found.len() > first;
    found.truncate(first);
    inquiry.tally(|tally| tally.cost = tally.cost.saturating_add(u64::from(one_more(first))));
    let with_cursor = |entry: Entry| {
        let cursor = page::cursor(inquiry, list, &entry.index.to_string());
        (entry, cursor)
    };
    EntryPage { entries: found.into_iter().map(with_cursor).collect(), has_next }
}

/// Entries that the query matches and that are about a subject under any of its names in the ledger, newest first.
pub(super) fn about_any(
    inquiry: &Inquiry,
    query: &EntryQuery,
    names: &[[u8; 32]],
    below: Option<u64>,
    limit: u32,
) -> Result<Vec<Entry>, Fault> {
    let mut found = Vec::new();
    for &name in names {
        let query = EntryQuery { subject: Some(name), ..query.clone() };
        found.extend(inquiry.gateway().ledger.entries(&query, below, limit)?);
    }
    found.sort_by_key(|entry| std::cmp::Reverse(entry.index));
    found.dedup_by_key(|entry| entry.index);
    found.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    Ok(found)
}

/// Whether an entry's body is gone, or its key.
pub(super) fn is_withheld(inquiry: &Inquiry, entry: &Entry) -> Result<bool, Fault> {
    Ok(inquiry.gateway().ledger.body(entry)?.is_none())
}

/// The entry at an index, for auditors; for everybody else it does not exist.
pub fn by_index(inquiry: &Inquiry, index: u64) -> Result<Option<Entry>, Fault> {
    if inquiry.caller().role() != Role::Auditor {
        return Ok(None);
    }
    Ok(inquiry.gateway().ledger.entry(index)?)
}

/// The case number of an entry, out of its sealed body. `None` when there is none or the body is withheld.
pub fn case(inquiry: &Inquiry, entry: &Entry) -> Result<Option<String>, Fault> {
    opened(inquiry, entry, "case")
}

/// A value that an entry commits to, out of its sealed body. `None` when there is none or the body is withheld.
pub fn opened(inquiry: &Inquiry, entry: &Entry, name: &str) -> Result<Option<String>, Fault> {
    let openings = inquiry.gateway().ledger.body(entry)?.unwrap_or_default();
    Ok(openings.into_iter().find(|opening| opening.name == name).map(|opening| opening.value))
}

/// The proof file (C2SP tlog-proof) of an entry; `None` while no published checkpoint covers it.
pub fn proof(inquiry: &Inquiry, entry: &Entry) -> Result<Option<String>, Fault> {
    ledger_pages::proof(inquiry.gateway(), entry.index)
}

/// The way from an entry to the root of the published checkpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProofPath {
    /// How many entries the checkpoint covers.
    pub size: u64,
    /// From the entry's sibling to the root.
    pub rungs: Vec<Rung>,
}

/// The way from an entry to the root; `None` while no published checkpoint covers it.
pub fn path(inquiry: &Inquiry, entry: &Entry) -> Result<Option<ProofPath>, Fault> {
    let ledger = &inquiry.gateway().ledger;
    let proof = match ledger.proof_of(entry.index) {
        Ok(proof) => proof,
        Err(ProofError::NotSigned { .. }) => return Ok(None),
        Err(ProofError::Store(error)) => return Err(error.into()),
        Err(error @ ProofError::Checkpoint(_)) => return Err(Fault::Corrupt(error.to_string())),
    };
    let signed = Checkpoint::open(&proof.checkpoint, ledger.keys().log());
    let size = signed.map_err(|error| Fault::Corrupt(error.to_string()))?.size;
    let rungs = climb(entry.index, size, &entry.leaf_hash, &proof.path);
    let rungs = rungs.ok_or_else(|| Fault::Corrupt(format!("the proof of entry {}", entry.index)))?;
    Ok(Some(ProofPath { size, rungs }))
}

/// The published checkpoint, when it covers an entry.
pub fn checkpoint(inquiry: &Inquiry, entry: &Entry) -> Result<Option<String>, Fault> {
    Ok(inquiry.gateway().ledger.checkpoint_over(entry.index)?)
}
