//! 终止: a joint action ends by revocation or because the act was put right, by whoever initiated it or the coordinator; and by
//! its last day, by itself. While an objection is examined its measures rest.

use serde_json::json;

use super::super::authorization::InputProblem;
use super::super::case::{self, CaseStep, NewStep};
use super::super::fault::Fault;
use super::super::gateway::Gateway;
use super::super::inquiry::Inquiry;
use super::{JointActionView, Taken, put, unknown, write};
use crate::access::{CaseAction, Concern};
use crate::domain::joint_action::Step;
use crate::domain::{JointActionEnding, SealedFields, WorkflowStep};
use crate::ledger::{Decision, EntryKind, NewEntry};
use crate::store;

/// How many actions one look for those past their last day takes.
const AT_ONCE: i64 = 200;

/// An end to a joint action.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// The opaque id of the joint action.
    pub id: String,
    /// Why it ends: `Revoked`, or `Repaired` when the act was put right.
    pub ending: JointActionEnding,
    /// The reason.
    pub reason: String,
}

/// Ends a joint action. The outer error is a fault, the inner what is wrong with the input. Blocks.
pub fn end(inquiry: &Inquiry, wanted: &Wanted) -> Result<Taken, Fault> {
    let Some(mut view) = super::by_id(inquiry, &wanted.id)? else { return Ok(Err(unknown("id", "joint action"))) };
    if let Err(refused) = case::permit(inquiry, CaseAction::End, view.concern, "id") {
        return Ok(Err(refused));
    }
    let mut problems: Vec<InputProblem> =
        case::text_problem(&["reason"], &wanted.reason, "say why").into_iter().collect();
    if !matches!(wanted.ending, JointActionEnding::Revoked | JointActionEnding::Repaired) {
        let message = "a joint action is ended as REVOKED or REPAIRED; the other endings come by themselves";
        problems.push(InputProblem::new(&["ending"], "ENDING", message));
    }
    if !problems.is_empty() {
        return Ok(Err(problems));
    }
    let next = match view.after(&Step::End(wanted.ending), "id") {
        Ok(next) => next,
        Err(out_of_order) => return Ok(Err(out_of_order)),
    };
    let changed = view.apply(&next);
    let new = NewStep {
        case: view.row.id,
        number: view.row.steps,
        step: WorkflowStep::End,
        assignment: None,
        due_on: None,
        facts: json!({ "ending": wanted.ending }),
        texts: &[("reason", wanted.reason.trim())],
    };
    let step = case::row(inquiry, &new)?;
    write(inquiry, &view, &changed, &step)?;
    Ok(Ok(view))
}

/// Ends the joint actions whose last day is over: an entry each, then the step. How many were ended. Blocks.
pub fn expire(gateway: &Gateway) -> Result<usize, Fault> {
    let today = gateway.ambient.today();
    let over = gateway.registry.read(|connection| store::joint_action::expired(connection, today, AT_ONCE))?;
    let mut count = 0;
    for row in over {
        let assignments = gateway.registry.read(|connection| store::assignment::of_action(connection, row.id))?;
        let mut view = JointActionView { row, assignments, concern: Concern::default(), today };
        let Ok(next) = view.state().after(&Step::End(JointActionEnding::Expired)) else { continue };
        let changed = view.apply(&next);
        let mut entry = NewEntry::new(EntryKind::Admin, Decision::Allowed);
        entry.flags = vec!["STEP:END".to_owned(), "EXPIRED".to_owned(), format!("CASE:{}", view.row.id)];
        entry.committed.subjects = vec![gateway.subject_index(view.row.subject)];
        let receipt = gateway.ledger.append_blocking(entry).map_err(|_| Fault::AuditUnavailable)?;
        let step = CaseStep {
            case: view.row.id,
            number: view.row.steps,
            step: WorkflowStep::End,
            assignment: None,
            role: None,
            department: None,
            at: gateway.ambient.now(),
            due_on: None,
            facts: json!({ "ending": JointActionEnding::Expired }).to_string(),
            texts: SealedFields::default(),
            entry: receipt.index(),
        };
        match put(gateway, &view, &changed, &step) {
            Ok(()) => count += 1,
            // Another gateway was first: its entry and ours tell the same.
            Err(store::StoreError::Conflict) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(count)
}
