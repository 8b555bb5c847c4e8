//! Who is told of a step.
//!
//! Deliberately absent: the subject, who reads its cases by itself, and the public.

use super::super::gateway::Gateway;
use super::EventRow;
use crate::domain::{AssignmentStage, EventId, EventKind, SubjectId, WorkflowStep};
use crate::store::application::ApplicationRow;
use crate::store::assignment::AssignmentRow;
use crate::store::case_step::CaseStep;
use crate::store::joint_action::JointActionRow;
use crate::store::listing::ListingRow;
use crate::store::tipoff::TipoffRow;
use crate::store::tombstone::Tombstone;

/// The events of one step.
struct Notices<'n> {
    gateway: &'n Gateway,
    subject: SubjectId,
    step: &'n CaseStep,
    events: Vec<EventRow>,
}

impl<'n> Notices<'n> {
    fn of(gateway: &'n Gateway, subject: SubjectId, step: &'n CaseStep) -> Self {
        Self { gateway, subject, step, events: Vec::new() }
    }

    fn tell(&mut self, receiver: &str, kind: EventKind, about: [u8; 16]) {
        self.events.push(EventRow {
            id: EventId::new(self.gateway.ambient.uuid7()),
            receiver: receiver.to_owned(),
            sequence: 0,
            subject: self.subject,
            kind,
            about,
            step: self.step.step,
            at: self.step.at,
            entry: self.step.entry,
        });
    }
}

/// Who is told of a step of a joint action: the coordinator what is to be dispatched and how it goes on, a department what it is
/// assigned and when that rests, goes on or is lifted, whoever initiated it everything that follows.
pub(in crate::exchange) fn of_action(
    gateway: &Gateway,
    action: &JointActionRow,
    assignments: &[AssignmentRow],
    step: &CaseStep,
) -> Vec<EventRow> {
    let mut notices = Notices::of(gateway, action.subject, step);
    let (coordinator, initiator) = (gateway.departments.coordinator().as_str(), action.initiator.as_str());
    let mut leading = vec![coordinator, initiator];
    leading.dedup();
    match step.step {
        WorkflowStep::Initiate => notices.tell(coordinator, EventKind::JointAction, *action.id.bytes()),
        WorkflowStep::Respond | WorkflowStep::Feedback => {
            for receiver in leading {
                match step.assignment {
                    Some(id) => notices.tell(receiver, EventKind::Assignment, *id.bytes()),
                    None => notices.tell(receiver, EventKind::JointAction, *action.id.bytes()),
                }
            }
        }
        _ => {
            for row in assignments.iter().filter(|row| row.stage != AssignmentStage::NotApplicable) {
                notices.tell(row.department.as_str(), EventKind::Assignment, *row.id.bytes());
            }
            for receiver in leading {
                notices.tell(receiver, EventKind::JointAction, *action.id.bytes());
            }
        }
    }
    notices.events
}

/// Who is told of a step on the way to an entry on a list: the department that decides and the coordinator from the party's statement on,
/// and everybody who had received the record when it is withdrawn.
pub(in crate::exchange) fn of_listing(
    gateway: &Gateway,
    listing: &ListingRow,
    tombstones: &[Tombstone],
    step: &CaseStep,
) -> Vec<EventRow> {
    let mut notices = Notices::of(gateway, listing.subject, step);
    if !matches!(step.step, WorkflowStep::Draft | WorkflowStep::Notify) {
        let mut receivers = vec![listing.decider.as_str(), gateway.departments.coordinator().as_str()];
        receivers.dedup();
        for receiver in receivers {
            notices.tell(receiver, EventKind::Listing, *listing.id.bytes());
        }
    }
    for stone in tombstones {
        notices.tell(&stone.receiver, EventKind::Tombstone, *stone.id.bytes());
    }
    notices.events
}

/// Who is told of a step of a tip-off: the coordinator, and the department of whoever handles it. What it says nobody is told.
pub(in crate::exchange) fn of_tipoff(gateway: &Gateway, tipoff: &TipoffRow, step: &CaseStep) -> Vec<EventRow> {
    let mut notices = Notices::of(gateway, tipoff.subject, step);
    let coordinator = gateway.departments.coordinator();
    notices.tell(coordinator.as_str(), EventKind::Tipoff, *tipoff.id.bytes());
    if let Some(department) = tipoff.department.as_ref().filter(|&department| department != coordinator) {
        notices.tell(department.as_str(), EventKind::Tipoff, *tipoff.id.bytes());
    }
    notices.events
}

/// Who is told of a step of an application: the department that provided the record, and everybody who had received it what became of
/// it.
pub(in crate::exchange) fn of_application(
    gateway: &Gateway,
    application: &ApplicationRow,
    tombstones: &[Tombstone],
    step: &CaseStep,
) -> Vec<EventRow> {
    let mut notices = Notices::of(gateway, application.subject, step);
    notices.tell(application.provider.as_str(), EventKind::Application, *application.id.bytes());
    for stone in tombstones {
        notices.tell(&stone.receiver, EventKind::Tombstone, *stone.id.bytes());
    }
    notices.events
}
