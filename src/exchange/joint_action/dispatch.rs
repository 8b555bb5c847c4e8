//! 信息推送: the coordinator assigns the measures of a joint action to the departments that implement them.

use std::collections::BTreeSet;

use serde_json::json;

use super::super::authorization::InputProblem;
use super::super::case::{self, NewStep};
use super::super::fault::Fault;
use super::super::inquiry::Inquiry;
use super::super::push::notices;
use super::{AssignmentRow, JointActionView, Taken, unknown};
use crate::access::CaseAction;
use crate::catalogue::measures::Implementers;
use crate::domain::joint_action::Step;
use crate::domain::{AssignmentId, AssignmentStage, DepartmentId, MeasureCode, Role, WorkflowStep};
use crate::store;

/// A joint action to dispatch.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// The opaque id of the joint action.
    pub id: String,
    /// Which departments get which measure. A measure that is not named goes to every department that its list names.
    pub assignments: Vec<(String, Vec<String>)>,
}

/// Dispatches a joint action. The outer error is a fault, the inner what is wrong with the input. Blocks.
pub fn dispatch(inquiry: &Inquiry, wanted: &Wanted) -> Result<Taken, Fault> {
    if inquiry.caller().role() != Role::Coordinator {
        return Err(Fault::Forbidden);
    }
    let Some(mut view) = super::by_id(inquiry, &wanted.id)? else { return Ok(Err(unknown("id", "joint action"))) };
    if let Err(refused) = case::permit(inquiry, CaseAction::Dispatch, view.concern, "id") {
        return Ok(Err(refused));
    }
    let pairs = match pairs(inquiry, &view, wanted) {
        Ok(pairs) => pairs,
        Err(problems) => return Ok(Err(problems)),
    };
    let gateway = inquiry.gateway();
    let due = gateway.rules.packs.in_force(inquiry.today()).deadlines.respond;
    let due_on = gateway.rules.calendar.add_working_days(inquiry.today(), due).date;
    let assignment = |(place, (measure, department)): (i64, (MeasureCode, DepartmentId))| AssignmentRow {
        id: AssignmentId::new(gateway.ambient.uuid7()),
        action: view.row.id,
        place,
        department,
        measure,
        stage: AssignmentStage::Assigned,
        assigned_on: inquiry.today(),
        answered_on: None,
        reported_on: None,
        due_on: Some(due_on),
    };
    let assignments: Vec<AssignmentRow> = (0..).zip(pairs).map(assignment).collect();
    let step = Step::Dispatch(assignments.iter().map(|row| row.id).collect());
    let next = match view.after(&step, "id") {
        Ok(next) => next,
        Err(out_of_order) => return Ok(Err(out_of_order)),
    };
    let was_due = view.row.due_on.take();
    view.apply(&next);
    view.assignments = assignments;
    let departments: BTreeSet<&str> = view.assignments.iter().map(|row| row.department.as_str()).collect();
    let new = NewStep {
        case: view.row.id,
        number: view.row.steps,
        step: WorkflowStep::Dispatch,
        assignment: None,
        due_on: was_due,
        facts: json!({ "departments": departments }),
        texts: &[],
    };
    let step = case::row(inquiry, &new)?;
    let events = notices::of_action(gateway, &view.row, &view.assignments, &step);
    gateway.registry.write(|connection| {
        store::joint_action::advance(connection, &view.row)?;
        store::assignment::insert(connection, &view.assignments)?;
        store::case_step::append(connection, &step)?;
        store::event::append(connection, events)
    })?;
    Ok(Ok(view))
}

/// Every measure of the action with every department that gets it.
fn pairs(
    inquiry: &Inquiry,
    view: &JointActionView,
    wanted: &Wanted,
) -> Result<Vec<(MeasureCode, DepartmentId)>, Vec<InputProblem>> {
    let gateway = inquiry.gateway();
    let mut problems = Vec::new();
    let mut pairs = BTreeSet::new();
    for ((code, departments), at) in wanted.assignments.iter().zip(0..) {
        let at = format!("{at}");
        let mut told = |part: &str, code, message: &str| {
            problems.push(InputProblem::new(&["assignments", &at, part], code, message));
        };
        let Some(measure) = view.row.measures.iter().find(|measure| measure.as_str() == code) else {
            told("measure", "MEASURE", "the joint action has no such measure");
            continue;
        };
        if departments.is_empty() {
            told("departments", "DEPARTMENT", "name at least one department");
        }
        let listed = gateway.measures.get(measure.as_str());
        for id in departments {
            let department = DepartmentId::parse(id).filter(|id| gateway.departments.by_id(id).is_some());
            match department {
                None => told("departments", "DEPARTMENT", "there is no department of this id"),
                Some(id) if !listed.is_some_and(|listed| listed.may_be_taken_by(&id)) => {
                    told("departments", "DEPARTMENT", "the measure is not that department's to take");
                }
                Some(id) => drop(pairs.insert((measure.clone(), id))),
            }
        }
    }
    let named: BTreeSet<&str> = wanted.assignments.iter().map(|(code, _)| code.as_str()).collect();
    for measure in view.row.measures.iter().filter(|measure| !named.contains(measure.as_str())) {
        match gateway.measures.get(measure.as_str()).map(|listed| &listed.implementers) {
            Some(Implementers::Listed(departments)) => {
                pairs.extend(departments.iter().map(|id| (measure.clone(), id.clone())));
            }
            Some(Implementers::All) => {
                let message = format!("every department may take `{measure}`: name those that get it");
                problems.push(InputProblem::new(&["assignments"], "DEPARTMENT", message));
            }
            None => {
                let message = format!("`{measure}` is on no list any more");
                problems.push(InputProblem::new(&["id"], "MEASURE", message));
            }
        }
    }
    if problems.is_empty() { Ok(pairs.into_iter().collect()) } else { Err(problems) }
}
