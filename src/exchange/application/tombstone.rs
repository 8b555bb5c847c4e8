//! Tombstones: what became of a record, told to everybody who had received it, until they say that they have done the same.
//!
//! Who received a record stands in the ledger: every organisation that an entry about its subject gave records of its item to.

use std::collections::BTreeSet;

use super::super::audit::{about_any, one_more};
use super::super::authorization::InputProblem;
use super::super::fault::Fault;
use super::super::inquiry::Inquiry;
use super::super::joint_action::rest;
use super::super::node_id::NodeRef;
use super::super::page;
use super::ApplicationView;
use crate::domain::{CaseId, DepartmentId, Instant, TombstoneCause};
use crate::ledger::{EntryKind, EntryQuery};
use crate::store;
use crate::store::record::Record;
pub use crate::store::tombstone::Tombstone;

/// How many entries about a subject are looked through at a time, and at most.
const CHUNK: u32 = 1_000;
const ENTRIES_MAX: usize = 100_000;
/// How many tombstones are acknowledged at once.
pub const AT_ONCE: usize = 100;

/// A page of tombstones, each with its cursor.
#[derive(Debug)]
pub struct TombstonePage {
    /// The oldest first.
    pub tombstones: Vec<(Tombstone, String)>,
    /// Whether more follow.
    pub has_next: bool,
}

/// One for each who received the record, and for each who was assigned a measure that rests on it.
pub(in crate::exchange) fn for_receivers(
    inquiry: &Inquiry,
    (case, decider): (CaseId, &DepartmentId),
    record: &Record,
    cause: TombstoneCause,
    actions: &[rest::Change],
) -> Result<Vec<Tombstone>, Fault> {
    let gateway = inquiry.gateway();
    let mut receivers = received(inquiry, record)?;
    receivers.extend(actions.iter().flat_map(rest::Change::departments).map(|id| id.as_str().to_owned()));
    let earlier = gateway.registry.read(|connection| store::tombstone::of_case(connection, case))?;
    receivers.extend(earlier.into_iter().map(|stone| stone.receiver));
    // Whoever decided knows.
    receivers.remove(decider.as_str());
    let stone = |receiver| Tombstone {
        id: CaseId::new(gateway.ambient.uuid7()),
        case,
        record: record.id,
        item: record.item.clone(),
        cause,
        receiver,
        created_at: inquiry.now(),
        acknowledged_at: None,
    };
    Ok(receivers.into_iter().map(stone).collect())
}

/// Every organisation that the ledger says was given records of this item about this subject.
fn received(inquiry: &Inquiry, record: &Record) -> Result<BTreeSet<String>, Fault> {
    let names = inquiry.gateway().names_in_ledger(record.subject)?;
    let query = EntryQuery { item: Some(record.item.to_string()), ..EntryQuery::default() };
    let (mut receivers, mut below, mut seen) = (BTreeSet::new(), None, 0);
    loop {
        let entries = about_any(inquiry, &query, &names, below, CHUNK)?;
        seen += entries.len();
        below = entries.last().map(|entry| entry.index);
        let is_last = entries.len() < CHUNK as usize;
        for entry in entries {
            let gave = entry.leaf.rows > 0 && matches!(entry.leaf.kind, EntryKind::Query | EntryKind::Check);
            receivers.extend(entry.leaf.consumer.filter(|_| gave));
        }
        if is_last || seen >= ENTRIES_MAX {
            return Ok(receivers);
        }
    }
}

/// The tombstones of an application: who received the record, and who has acknowledged what became of it. For its provider, its
/// subject and the coordinator.
pub fn of(inquiry: &Inquiry, view: &ApplicationView) -> Result<Vec<Tombstone>, Fault> {
    Ok(inquiry.gateway().registry.read(|connection| store::tombstone::of_case(connection, view.row().id))?)
}

/// The tombstones that the caller's organisation has not acknowledged, the oldest first.
pub fn awaiting(inquiry: &Inquiry, after: Option<&str>, first: usize) -> Result<TombstonePage, Fault> {
    let receiver = inquiry.caller().consumer().ok_or(Fault::Forbidden)?;
    let list = format!("tombstones {receiver}");
    let after = page::place(inquiry, &list, after, |place| {
        let (at, id) = place.split_once('|')?;
        // What is no number or no id is no place.
        let id = CaseId::new(*uuid::Uuid::try_parse(id).ok()?.as_bytes());
        Some((Instant::from_micros(at.parse().ok()?), id))
    })?;
    let limit = i64::from(one_more(first));
    let mut found = inquiry
        .gateway()
        .registry
        .read(|connection| store::tombstone::awaiting(connection, receiver, after.as_ref(), limit))?;
    let has_next = found.len() > first;
    found.truncate(first);
    inquiry.tally(|tally| tally.cost = tally.cost.saturating_add(found.len() as u64));
    let with_cursor = |stone: Tombstone| {
        let place = format!("{}|{}", stone.created_at.micros(), stone.id);
        let cursor = page::cursor(inquiry, &list, &place);
        (stone, cursor)
    };
    Ok(TombstonePage { tombstones: found.into_iter().map(with_cursor).collect(), has_next })
}

/// Says that the caller's organisation has done the same with its copies. How many were acknowledged. Blocks.
pub fn acknowledge(inquiry: &Inquiry, ids: &[String]) -> Result<Result<u32, Vec<InputProblem>>, Fault> {
    let receiver = inquiry.caller().consumer().ok_or(Fault::Forbidden)?;
    if ids.is_empty() || ids.len() > AT_ONCE {
        return Ok(Err(InputProblem::one("ids", "IDS", format!("name 1 to {AT_ONCE} tombstones"))));
    }
    let known = |id: &String| match inquiry.gateway().node_ids.decode(id) {
        Some(NodeRef::Tombstone(id)) => Some(id),
        _ => None,
    };
    let now = inquiry.now();
    Ok(Ok(inquiry.gateway().registry.write(|connection| {
        let mut count = 0;
        for id in ids.iter().filter_map(known) {
            count += u32::from(store::tombstone::acknowledge(connection, id, receiver, now)?);
        }
        Ok(count)
    })?))
}
