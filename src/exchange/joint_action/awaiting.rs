//! Acts that a joint action has to be initiated for (待发起): entries on the lists of the seriously untrustworthy that are shared today
//! and that no joint action rests on. Nothing initiates by itself: whether and which measures fit, the department says.

use std::sync::Arc;

use super::super::audit::one_more;
use super::super::fault::Fault;
use super::super::inquiry::Inquiry;
use super::super::page;
use super::super::record::{self, RecordView};
use super::list::whose;
use crate::catalogue::BasisKind;
use crate::domain::{Date, DepartmentId, RecordId, Tier};
use crate::store;

/// An act that waits.
#[derive(Clone, Debug)]
pub struct AwaitingAct {
    /// The record.
    pub record: Arc<RecordView>,
    /// The department that provided it, and initiates.
    pub department: DepartmentId,
    /// The day of the act.
    pub act_on: Date,
    /// By when a joint action has to be initiated.
    pub due_on: Date,
}

/// A page of acts, each with its cursor.
#[derive(Debug)]
pub struct AwaitingPage {
    /// The oldest first.
    pub acts: Vec<(AwaitingAct, String)>,
    /// Whether more follow.
    pub has_next: bool,
    /// The cursor that leads to them, also when none of this page is visible.
    pub next: Option<String>,
}

/// The acts that wait, as far as the caller sees their records: a department's own, for the coordinator one department's or all.
pub fn list(
    inquiry: &Inquiry,
    department: Option<&DepartmentId>,
    after: Option<&str>,
    first: usize,
) -> Result<AwaitingPage, Fault> {
    let department = whose(inquiry, department)?;
    if inquiry.permit().tier() < Some(Tier::GovernmentSharing) {
        // Most of these records are shared and not published: without a purpose pages of nothing would follow each other.
        return Err(Fault::PurposeRequired);
    }
    let gateway = inquiry.gateway();
    let list = format!("actsAwaitingInitiation {department:?}");
    let after = page::place(inquiry, &list, after, |place| {
        let (act, id) = place.split_once('|')?;
        // What is no day or no id is no place.
        Some((act.parse::<Date>().ok()?, RecordId::new(*uuid::Uuid::try_parse(id).ok()?.as_bytes())))
    })?;
    let serious = gateway.catalogue.items().iter().filter(|item| BasisKind::of(item) == Some(BasisKind::Serious));
    let items: Vec<&str> = serious.map(|item| item.code.as_str()).collect();
    let (whose, limit) = ((department.as_ref(), items.as_slice()), i64::from(one_more(first)));
    let mut found = gateway
        .registry
        .read(|connection| store::joint_action::awaiting(connection, whose, inquiry.today(), after.as_ref(), limit))?;
    let has_next = found.len() > first;
    found.truncate(first);
    let days = gateway.rules.packs.in_force(inquiry.today()).deadlines.initiate;
    let (mut acts, mut next) = (Vec::with_capacity(found.len()), None);
    for waiting in found {
        let place = format!("{}|{}", waiting.act_on, uuid::Uuid::from_bytes(*waiting.record.bytes()));
        let cursor = page::cursor(inquiry, &list, &place);
        next = has_next.then(|| cursor.clone());
        let due_on = gateway.rules.calendar.add_working_days(waiting.act_on, days).date;
        let Some(record) = record::by_id(inquiry, waiting.record)? else { continue };
        acts.push((AwaitingAct { record, department: waiting.provider, act_on: waiting.act_on, due_on }, cursor));
    }
    Ok(AwaitingPage { acts, has_next, next })
}
