//! The events of a receiver, in their order: a page of them, or what comes next. What an event is about is read under the caller's
//! permit.

use std::sync::Arc;

use super::super::application::tombstone::Tombstone;
use super::super::application::{self, ApplicationView};
use super::super::audit::one_more;
use super::super::fault::Fault;
use super::super::gateway::Gateway;
use super::super::inquiry::Inquiry;
use super::super::joint_action::{self, AssignmentView, JointActionView};
use super::super::listing::{self, ListingView};
use super::super::node_id::NodeRef;
use super::super::tipoff::{self, TipoffView};
use super::EventRow;
use crate::authentication::Caller;
use crate::domain::{AssignmentId, CaseId, EventKind, Role};
use crate::store;

/// Who has events.
pub const RECEIVERS: &[Role] = &[Role::Department, Role::Coordinator, Role::Grantee];

/// A page of events, each with its cursor.
#[derive(Debug)]
pub struct EventPage {
    /// The oldest first.
    pub events: Vec<(EventRow, String)>,
    /// Whether more follow.
    pub has_next: bool,
}

/// As whom a caller receives events.
pub fn receiver(caller: &Caller) -> Result<&str, Fault> {
    let is_receiver = RECEIVERS.contains(&caller.role());
    caller.consumer().filter(|_| is_receiver).ok_or(Fault::Forbidden)
}

/// The place of the event that a receiver names as the last it has; without one, that of the newest there is.
pub fn place(gateway: &Gateway, receiver: &str, after: Option<&str>) -> Result<i64, Fault> {
    let Some(after) = after else {
        return Ok(gateway.registry.read(|connection| store::event::newest(connection, receiver))?);
    };
    let found = find(gateway, receiver, after)?;
    found
        .map(|event| event.sequence)
        .ok_or_else(|| Fault::BadInput("`after` is the cursor or the id of an event of yours: begin without it".into()))
}

fn find(gateway: &Gateway, receiver: &str, id: &str) -> Result<Option<EventRow>, Fault> {
    let Some(NodeRef::Event(id)) = gateway.node_ids.decode(id) else { return Ok(None) };
    let found = gateway.registry.read(|connection| store::event::find(connection, id))?;
    Ok(found.filter(|event| event.receiver == receiver))
}

/// The next events of a receiver after a place.
pub fn next(gateway: &Gateway, receiver: &str, place: i64, limit: u32) -> Result<Vec<EventRow>, Fault> {
    Ok(gateway.registry.read(|connection| store::event::after(connection, receiver, place, i64::from(limit)))?)
}

/// The caller's events, the oldest first.
pub fn list(inquiry: &Inquiry, after: Option<&str>, first: usize) -> Result<EventPage, Fault> {
    let (gateway, receiver) = (inquiry.gateway(), receiver(inquiry.caller())?);
    let from = after.map_or(Ok(0), |after| place(gateway, receiver, Some(after)))?;
    let mut found = next(gateway, receiver, from, one_more(first))?;
    let has_next = found.len() > first;
    found.truncate(first);
    for event in &found {
        told(inquiry, event);
    }
    let with_cursor = |event: EventRow| {
        let cursor = inquiry.node_id(NodeRef::Event(event.id));
        (event, cursor)
    };
    Ok(EventPage { events: found.into_iter().map(with_cursor).collect(), has_next })
}

/// An event of the caller's, by its opaque id.
pub fn by_id(inquiry: &Inquiry, id: &str) -> Result<Option<EventRow>, Fault> {
    let found = find(inquiry.gateway(), receiver(inquiry.caller())?, id)?;
    if let Some(event) = &found {
        told(inquiry, event);
    }
    Ok(found)
}

/// Notes for the ledger that the caller is told of an event. The subject of a tip-off reads who asked about it: it must not learn that
/// there is one.
pub fn told(inquiry: &Inquiry, event: &EventRow) {
    inquiry.tally(|tally| {
        if event.kind != EventKind::Tipoff {
            tally.subjects.insert(event.subject);
        }
        tally.cost = tally.cost.saturating_add(1);
    });
}

/// The joint action that an event is about, or whose measure it is about, as far as the caller may see it.
pub fn action(inquiry: &Inquiry, event: &EventRow) -> Result<Option<Arc<JointActionView>>, Fault> {
    match event.kind {
        EventKind::JointAction => Ok(joint_action::find(inquiry, CaseId::new(event.about))?.map(Arc::new)),
        EventKind::Assignment => Ok(assignment(inquiry, event)?.map(|found| Arc::clone(found.action()))),
        _ => Ok(None),
    }
}

/// The measure that an event is about.
pub fn assignment(inquiry: &Inquiry, event: &EventRow) -> Result<Option<AssignmentView>, Fault> {
    match event.kind {
        EventKind::Assignment => joint_action::answer::find(inquiry, AssignmentId::new(event.about)),
        _ => Ok(None),
    }
}

/// The application that an event is about.
pub fn application(inquiry: &Inquiry, event: &EventRow) -> Result<Option<ApplicationView>, Fault> {
    match event.kind {
        EventKind::Application => application::find(inquiry, CaseId::new(event.about)),
        _ => Ok(None),
    }
}

/// The tombstone that an event is about; it is the receiver's own.
pub fn tombstone(inquiry: &Inquiry, event: &EventRow) -> Result<Option<Tombstone>, Fault> {
    if event.kind != EventKind::Tombstone {
        return Ok(None);
    }
    let id = CaseId::new(event.about);
    let found = inquiry.gateway().registry.read(|connection| store::tombstone::find(connection, id))?;
    Ok(found.filter(|stone| stone.receiver == event.receiver))
}

/// The tip-off that an event is about.
pub fn tipoff(inquiry: &Inquiry, event: &EventRow) -> Result<Option<TipoffView>, Fault> {
    match event.kind {
        EventKind::Tipoff => tipoff::find(inquiry, CaseId::new(event.about)),
        _ => Ok(None),
    }
}

/// The entry on a list that an event is about.
pub fn listing(inquiry: &Inquiry, event: &EventRow) -> Result<Option<ListingView>, Fault> {
    match event.kind {
        EventKind::Listing => listing::find(inquiry, CaseId::new(event.about)),
        _ => Ok(None),
    }
}
