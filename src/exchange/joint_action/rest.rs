//! What an objection or a repair does to the joint actions that rest on its record: their measures rest, go on, or are lifted.

use serde_json::Value;

use super::super::case::{self, CaseStep, NewStep};
use super::super::fault::Fault;
use super::super::gateway::Gateway;
use super::super::inquiry::Inquiry;
use super::super::push::{EventRow, notices};
use super::{AssignmentRow, JointActionView};
use crate::access::Concern;
use crate::domain::deadlines::moved;
use crate::domain::joint_action::Step;
use crate::domain::{DepartmentId, RecordId, WorkflowStep};
use crate::store::joint_action::{Narrowing, Which};
use crate::store::{self, AnyConnection, StoreError};

/// How many joint actions may rest on one record at once; there is one as a rule.
const AT_MOST: i64 = 100;

/// A step of a joint action that is written with something else.
#[derive(Debug)]
pub(in crate::exchange) struct Change {
    view: JointActionView,
    assignments: Vec<AssignmentRow>,
    step: CaseStep,
}

impl Change {
    /// The departments that were assigned a measure.
    pub(in crate::exchange) fn departments(&self) -> impl Iterator<Item = &DepartmentId> {
        self.view.assignments.iter().map(|row| &row.department)
    }

    /// Who is told of it.
    pub(in crate::exchange) fn events(&self, gateway: &Gateway) -> Vec<EventRow> {
        notices::of_action(gateway, &self.view.row, &self.view.assignments, &self.step)
    }
}

/// What a step means for every joint action under way that rests on a record; those that it cannot follow stay as they are.
pub(in crate::exchange) fn changes(
    inquiry: &Inquiry,
    record: RecordId,
    step: &Step,
    facts: &Value,
) -> Result<Vec<Change>, Fault> {
    let registry = &inquiry.gateway().registry;
    let narrowing = Narrowing { basis: Some(record), ..Narrowing::default() };
    let rows =
        registry.read(|connection| store::joint_action::list(connection, &Which::All, &narrowing, None, AT_MOST))?;
    let mut changes = Vec::new();
    for row in rows {
        let assignments = registry.read(|connection| store::assignment::of_action(connection, row.id))?;
        let mut view = JointActionView { row, assignments, concern: Concern::default(), today: inquiry.today() };
        let Ok(next) = view.after(step, "record") else { continue };
        let had = view.row.suspensions;
        let mut assignments = view.apply(&next);
        match (had, view.row.suspensions) {
            (0, 1..) => view.row.suspended_on = Some(inquiry.today()),
            (1.., 0) => go_on(inquiry, &mut view, &mut assignments),
            _ => {}
        }
        let new = NewStep {
            case: view.row.id,
            number: view.row.steps,
            step: word(step),
            assignment: None,
            due_on: None,
            facts: facts.clone(),
            texts: &[],
        };
        let step = case::row(inquiry, &new)?;
        changes.push(Change { view, assignments, step });
    }
    Ok(changes)
}

fn word(step: &Step) -> WorkflowStep {
    match step {
        Step::Dispatch(_) => WorkflowStep::Dispatch,
        Step::Respond(..) => WorkflowStep::Respond,
        Step::Feedback(_) => WorkflowStep::Feedback,
        Step::Suspend => WorkflowStep::Suspend,
        Step::Resume => WorkflowStep::Resume,
        Step::End(_) => WorkflowStep::End,
    }
}

/// Deadlines are moved by the working days for which everything rested.
fn go_on(inquiry: &Inquiry, view: &mut JointActionView, changed: &mut Vec<AssignmentRow>) {
    let Some(stopped) = view.row.suspended_on.take() else { return };
    let calendar = &inquiry.gateway().rules.calendar;
    let anew = |due| moved(calendar, due, stopped, inquiry.today());
    view.row.due_on = view.row.due_on.map(anew);
    for row in &mut view.assignments {
        let Some(due) = row.due_on else { continue };
        row.due_on = Some(anew(due));
        changed.retain(|other| other.id != row.id);
        changed.push(row.clone());
    }
}

/// Writes a change, in the transaction of what it belongs to; its events are appended there with all others.
pub(in crate::exchange) fn write(connection: &mut AnyConnection, change: &Change) -> Result<(), StoreError> {
    store::joint_action::advance(connection, &change.view.row)?;
    for assignment in &change.assignments {
        store::assignment::update(connection, assignment)?;
    }
    store::case_step::append(connection, &change.step)
}
