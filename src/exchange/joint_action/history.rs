//! How a joint action stood at an instant: what its steps up to then amount to.

use serde_json::Value;

use super::super::fault::Fault;
use super::{AssignmentRow, CaseStep};
use crate::domain::joint_action::{JointAction, Step};
use crate::domain::{Date, Instant, JointActionEnding, JointActionStage, WorkflowStep};

/// How the action stood just before `end`; `None` when it was not initiated yet. Once its last day `ends_on` is over it has ended,
/// whether or not the gateway has written that down already.
///
/// # Errors
/// `Corrupt` when the steps do not fit together.
pub fn at(
    steps: &[CaseStep],
    assignments: &[AssignmentRow],
    ends_on: Date,
    end: Instant,
) -> Result<Option<JointAction>, Fault> {
    let misfit = |step: &CaseStep| Fault::Corrupt(format!("step {} of the case {}", step.number, step.case));
    let mut state: Option<JointAction> = None;
    for step in steps.iter().filter(|step| step.at < end) {
        state = match (step.step, state) {
            (WorkflowStep::Initiate, None) => Some(JointAction::initiated()),
            (_, Some(state)) => {
                let step_taken = as_step(step, assignments).ok_or_else(|| misfit(step))?;
                Some(state.after(&step_taken).map_err(|_| misfit(step))?)
            }
            (_, None) => return Err(misfit(step)),
        };
    }
    let is_over = |state: &JointAction| state.stage != JointActionStage::Ended && Instant::end_of(ends_on) < end;
    Ok(match state {
        Some(state) if is_over(&state) => state.after(&Step::End(JointActionEnding::Expired)).ok(),
        state => state,
    })
}

fn as_step(step: &CaseStep, assignments: &[AssignmentRow]) -> Option<Step> {
    // What this program wrote is JSON; what is not makes the whole undecidable.
    let facts: Value = serde_json::from_str(&step.facts).ok()?;
    let word = |name: &str| facts.get(name).cloned().unwrap_or_default();
    Some(match step.step {
        WorkflowStep::Dispatch => Step::Dispatch(assignments.iter().map(|row| row.id).collect()),
        WorkflowStep::Respond => Step::Respond(step.assignment?, serde_json::from_value(word("answer")).ok()?),
        WorkflowStep::Feedback => Step::Feedback(step.assignment?),
        WorkflowStep::Suspend => Step::Suspend,
        WorkflowStep::Resume => Step::Resume,
        WorkflowStep::End => Step::End(serde_json::from_value(word("ending")).ok()?),
        WorkflowStep::Initiate
        | WorkflowStep::File
        | WorkflowStep::Accept
        | WorkflowStep::NotAccept
        | WorkflowStep::Uphold
        | WorkflowStep::Shield
        | WorkflowStep::Approve
        | WorkflowStep::Reject
        | WorkflowStep::Retract
        | WorkflowStep::Revoke
        | WorkflowStep::Promise
        | WorkflowStep::Keep
        | WorkflowStep::Draft
        | WorkflowStep::Notify
        | WorkflowStep::State
        | WorkflowStep::List
        | WorkflowStep::Drop
        | WorkflowStep::Withdraw
        | WorkflowStep::Assign
        | WorkflowStep::Reveal
        | WorkflowStep::Answer => return None,
    })
}
