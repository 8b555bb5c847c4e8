//! Who asked about me: the queries that touched a subject's records, for the subject itself.
//!
//! Deliberately absent: the officer's name and the case number. The subject learns when, which department, for which
//! purpose, and which items.

use super::audit::{self, EntryPage, EntryQuery};
use super::authorization::Authorization;
use super::fault::Fault;
use super::inquiry::Inquiry;
use super::page;
use crate::domain::SubjectId;
use crate::ledger::{Entry, EntryKind};

/// The queries about the caller's own records, newest first.
pub fn of_own_subject(inquiry: &Inquiry, after: Option<&str>, first: usize) -> Result<EntryPage, Fault> {
    let subject = inquiry.own_subject()?;
    inquiry.tally(|tally| tally.subjects.insert(subject));
    let list = format!("accessLog {subject}");
    about(inquiry, subject, &list, after, first)
}

/// The queries made with an authorization, newest first, for the subject that granted it.
pub fn uses(
    inquiry: &Inquiry,
    authorization: &Authorization,
    after: Option<&str>,
    first: usize,
) -> Result<EntryPage, Fault> {
    if inquiry.own_subject()? != authorization.subject {
        return Err(Fault::Forbidden);
    }
    let query = EntryQuery {
        kind: Some(EntryKind::Query),
        consumer: Some(authorization.grantee.clone()),
        from: Some(authorization.created_at),
        subject: Some(inquiry.gateway().subject_index(authorization.subject)),
        ..EntryQuery::default()
    };
    let list = format!("uses {}", authorization.id);
    let below = page::place(inquiry, &list, after, |place| place.parse().ok())?;
    let mut found = audit::read(inquiry, &query, &list, below, first)?;
    let flag = use_flag(authorization);
    found.entries.retain(|(entry, _)| entry.leaf.flags.contains(&flag));
    Ok(found)
}

/// The mark of an entry whose answer was opened by an authorization.
pub(super) fn use_flag(authorization: &Authorization) -> String {
    format!("AUTHORIZATION:{}", authorization.id)
}

/// Without what the subject learns of later, by law.
fn told_by_now(inquiry: &Inquiry, mut entries: Vec<Entry>) -> Result<Vec<Entry>, Fault> {
    let indexes: Vec<u64> = entries.iter().map(|entry| entry.index).collect();
    let hidden = inquiry.gateway().ledger.hidden_from_subjects(&indexes)?;
    entries.retain(|entry| !hidden.contains(&entry.index));
    Ok(entries)
}

fn about(
    inquiry: &Inquiry,
    subject: SubjectId,
    list: &str,
    after: Option<&str>,
    first: usize,
) -> Result<EntryPage, Fault> {
    let names = inquiry.gateway().names_in_ledger(subject)?;
    let below = page::place(inquiry, list, after, |place| place.parse().ok())?;
    let (mut below, limit) = (below, audit::one_more(first));
    let mut found = Vec::new();
    loop {
        let page = audit::about_any(inquiry, &EntryQuery::default(), &names, below, limit)?;
        let is_last = page.len() < limit as usize;
        below = page.last().map(|entry| entry.index);
        found.extend(told_by_now(inquiry, page)?);
        if is_last || found.len() > first {
            return Ok(audit::shown(inquiry, list, found, first));
        }
    }
}

/// The name that the subject is told: the department's or the grantee's code, or nothing for the public.
pub fn consumer(entry: &Entry) -> Option<&str> {
    entry.leaf.consumer.as_deref()
}
