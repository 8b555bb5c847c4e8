//! The ledger for auditors: entries by time, caller, subject, item, decision. Reading it is an entry itself.

use super::fault::Fault;
use super::inquiry::Inquiry;
use super::ledger_pages;
use super::page;
use crate::domain::Role;
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
    let limit = u32::try_from(first + 1).unwrap_or(u32::MAX);
    let mut found = inquiry.gateway().ledger.entries(query, below, limit)?;
    let has_next = found.len() > first;
    found.truncate(first);
    inquiry.tally(|tally| tally.cost = tally.cost.saturating_add(u64::from(limit)));
    let with_cursor = |entry: Entry| {
        let cursor = page::cursor(inquiry, list, &entry.index.to_string());
        (entry, cursor)
    };
    Ok(EntryPage { entries: found.into_iter().map(with_cursor).collect(), has_next })
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
    let body = inquiry.gateway().ledger.body(entry)?;
    let openings = body.unwrap_or_default();
    let case = openings.iter().find(|opening| opening.name == "case");
    Ok(case.map(|opening| opening.value.clone()))
}

/// The proof file (C2SP tlog-proof) of an entry; `None` while no published checkpoint covers it.
pub fn proof(inquiry: &Inquiry, entry: &Entry) -> Result<Option<String>, Fault> {
    ledger_pages::proof(inquiry.gateway(), entry.index)
}

/// The published checkpoint, when it covers an entry.
pub fn checkpoint(inquiry: &Inquiry, entry: &Entry) -> Result<Option<String>, Fault> {
    Ok(inquiry.gateway().ledger.checkpoint_over(entry.index)?)
}
