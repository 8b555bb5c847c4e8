//! Steps of joint actions that were not taken in time: of the coordinator, who dispatches, and of the departments, which
//! answer and report.

use std::sync::Arc;

use super::super::audit::one_more;
use super::super::fault::Fault;
use super::super::gateway::Gateway;
use super::super::inquiry::Inquiry;
use super::super::page;
use super::list::whose;
use super::{AssignmentView, JointActionView};
use crate::domain::{AssignmentId, AssignmentStage, CaseId, Date, DepartmentId, Role, WorkflowStep};
use crate::store;
use crate::store::assignment::Inbox;

/// How many late steps are counted for operators.
const COUNTED_MAX: i64 = 10_000;

/// A step that is late.
#[derive(Clone, Debug)]
pub struct OverdueStep {
    /// What has to be done.
    pub step: WorkflowStep,
    /// Whose it is; the coordinator's when absent.
    pub department: Option<DepartmentId>,
    /// By when it had to be done.
    pub due_on: Date,
    /// The joint action.
    pub action: Arc<JointActionView>,
    /// The assignment, for an answer or a report.
    pub assignment: Option<AssignmentView>,
}

/// A page of late steps, each with its cursor.
#[derive(Debug)]
pub struct OverduePage {
    /// The latest first.
    pub steps: Vec<(OverdueStep, String)>,
    /// Whether more follow.
    pub has_next: bool,
}

/// Steps past their day, those due first before the others: a department's own, for the coordinator one department's or all.
pub fn list(
    inquiry: &Inquiry,
    department: Option<&DepartmentId>,
    after: Option<&str>,
    first: usize,
) -> Result<OverduePage, Fault> {
    let department = whose(inquiry, department)?;
    let today = inquiry.today();
    let list = format!("overdueSteps {department:?}");
    let after = page::place(inquiry, &list, after, |place| {
        let (due, id) = place.split_once('|')?;
        // What is no day or no id is no place.
        Some((due.parse::<Date>().ok()?, *uuid::Uuid::try_parse(id).ok()?.as_bytes()))
    })?;
    let limit = i64::from(one_more(first));
    let of_coordinator = inquiry.caller().role() == Role::Coordinator && department.is_none();
    let inbox = Inbox { department, stage: None, late_on: Some(today) };
    let (actions, assignments) = inquiry.gateway().registry.read(|connection| {
        let place = after.map(|(due, id)| (due, CaseId::new(id)));
        let actions = if of_coordinator {
            store::joint_action::late(connection, today, place.as_ref(), limit)?
        } else {
            Vec::new()
        };
        let place = after.map(|(due, id)| (due.to_string(), AssignmentId::new(id)));
        Ok((actions, store::assignment::list(connection, &inbox, place.as_ref(), limit)?))
    })?;
    let mut late = Vec::new();
    for row in actions {
        let (Some(due_on), id) = (row.due_on, *row.id.bytes()) else { continue };
        let Some(action) = super::view(inquiry, row)?.map(Arc::new) else { continue };
        let step = OverdueStep { step: WorkflowStep::Dispatch, department: None, due_on, action, assignment: None };
        late.push((due_on, id, step));
    }
    for row in assignments {
        let (Some(due_on), id) = (row.due_on, *row.id.bytes()) else { continue };
        let Some(action) = super::find(inquiry, row.action)?.map(Arc::new) else { continue };
        let step = if row.stage == AssignmentStage::Assigned { WorkflowStep::Respond } else { WorkflowStep::Feedback };
        let department = Some(row.department.clone());
        let assignment = Some(AssignmentView { row, action: Arc::clone(&action) });
        late.push((due_on, id, OverdueStep { step, department, due_on, action, assignment }));
    }
    late.sort_by_key(|(due_on, id, _)| (*due_on, *id));
    let has_next = late.len() > first;
    late.truncate(first);
    let with_cursor = |(due_on, id, step): (Date, [u8; 16], OverdueStep)| {
        let cursor = page::cursor(inquiry, &list, &format!("{due_on}|{}", uuid::Uuid::from_bytes(id)));
        (step, cursor)
    };
    Ok(OverduePage { steps: late.into_iter().map(with_cursor).collect(), has_next })
}

/// How many steps are late, in all departments together: for operators.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OverdueCounts {
    /// Dispatches.
    pub dispatch: u64,
    /// Answers.
    pub respond: u64,
    /// Reports.
    pub feedback: u64,
}

/// Counts them, ten thousand of each at most.
pub fn counts(gateway: &Gateway) -> Result<OverdueCounts, Fault> {
    let today = gateway.ambient.today();
    let inbox = |stage| Inbox { department: None, stage: Some(stage), late_on: Some(today) };
    Ok(gateway.registry.read(|connection| {
        let mut count =
            |stage| store::assignment::list(connection, &inbox(stage), None, COUNTED_MAX).map(|late| late.len() as u64);
        let respond = count(AssignmentStage::Assigned)?;
        let feedback = count(AssignmentStage::Taken)? + count(AssignmentStage::Executed)?;
        let dispatch = store::joint_action::late(connection, today, None, COUNTED_MAX)?.len() as u64;
        Ok(OverdueCounts { dispatch, respond, feedback })
    })?)
}
