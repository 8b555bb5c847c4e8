//! 响应 and 执行反馈: an implementing department answers to a measure that it was assigned, and reports what came of it.

use std::sync::Arc;

use serde_json::json;

use super::super::authorization::InputProblem;
use super::super::case::{self, NewStep};
use super::super::fault::Fault;
use super::super::inquiry::Inquiry;
use super::super::node_id::NodeRef;
use super::{AssignmentView, unknown, write};
use crate::access::{CaseAction, Concern};
use crate::domain::joint_action::Step;
use crate::domain::{AssignmentAnswer, AssignmentId, WorkflowStep};
use crate::store;

/// What a department answers.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The opaque id of the assignment.
    pub assignment: String,
    /// Whether it takes the measure.
    pub answer: AssignmentAnswer,
    /// Why it does not apply; may be left out when it is taken.
    pub reason: Option<String>,
}

/// What a department reports.
#[derive(Clone, Debug)]
pub struct Report {
    /// The opaque id of the assignment.
    pub assignment: String,
    /// What was done.
    pub report: String,
    /// The amount concerned, in yuan, as a decimal number.
    pub amount_yuan: Option<String>,
}

/// What a step leads to: the assignment after it, or what was wrong with the input.
pub type Taken = Result<AssignmentView, Vec<InputProblem>>;

/// An assignment, when the caller may know of its action and of it.
pub fn find(inquiry: &Inquiry, id: AssignmentId) -> Result<Option<AssignmentView>, Fault> {
    let found = inquiry.gateway().registry.read(|connection| store::assignment::find(connection, id))?;
    let Some(row) = found else { return Ok(None) };
    let Some(action) = super::find(inquiry, row.action)? else { return Ok(None) };
    Ok(action.assignments(inquiry).into_iter().find(|assignment| assignment.row.id == id))
}

/// The same by its opaque id.
pub fn by_id(inquiry: &Inquiry, id: &str) -> Result<Option<AssignmentView>, Fault> {
    match inquiry.gateway().node_ids.decode(id) {
        Some(NodeRef::Assignment(id)) => find(inquiry, id),
        _ => Ok(None),
    }
}

/// Answers to an assignment. The outer error is a fault, the inner what is wrong with the input. Blocks.
pub fn respond(inquiry: &Inquiry, wanted: &Answer) -> Result<Taken, Fault> {
    let reason = wanted.reason.as_deref().map(str::trim).unwrap_or_default();
    let needs_reason = wanted.answer == AssignmentAnswer::NotApplicable || !reason.is_empty();
    let problem =
        if needs_reason { case::text_problem(&["reason"], reason, "say why it does not apply") } else { None };
    let texts: &[(&str, &str)] = if needs_reason { &[("reason", reason)] } else { &[] };
    let step = |id| Step::Respond(id, wanted.answer);
    let facts = json!({ "answer": wanted.answer });
    let work = Work { action: CaseAction::Respond, step: WorkflowStep::Respond, facts, texts };
    take(inquiry, &wanted.assignment, problem, step, &work)
}

/// Reports an assignment. The outer error is a fault, the inner what is wrong with the input. Blocks.
pub fn report(inquiry: &Inquiry, wanted: &Report) -> Result<Taken, Fault> {
    let amount = wanted.amount_yuan.as_deref().map(str::trim);
    let problem = case::text_problem(&["report"], &wanted.report, "say what was done").or_else(|| {
        let told = || InputProblem::new(&["amountYuan"], "AMOUNT", "an amount in yuan such as 1250000.00");
        amount.filter(|amount| !is_amount(amount)).map(|_| told())
    });
    let facts = amount.map_or_else(|| json!({}), |amount| json!({ "amountYuan": amount }));
    let texts: &[(&str, &str)] = &[("report", wanted.report.trim())];
    let work = Work { action: CaseAction::Feedback, step: WorkflowStep::Feedback, facts, texts };
    take(inquiry, &wanted.assignment, problem, Step::Feedback, &work)
}

/// Up to fifteen digits and two decimals.
fn is_amount(text: &str) -> bool {
    let (whole, cents) = text.split_once('.').unwrap_or((text, "0"));
    let digits =
        |part: &str, max: usize| (1..=max).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
    digits(whole, 15) && digits(cents, 2)
}

/// What a department does with its assignment.
struct Work<'a> {
    action: CaseAction,
    step: WorkflowStep,
    facts: serde_json::Value,
    texts: &'a [(&'a str, &'a str)],
}

fn take(
    inquiry: &Inquiry,
    id: &str,
    problem: Option<InputProblem>,
    step: impl FnOnce(AssignmentId) -> Step,
    work: &Work<'_>,
) -> Result<Taken, Fault> {
    let Some(found) = by_id(inquiry, id)? else { return Ok(Err(unknown("assignment", "assignment"))) };
    let id = found.row.id;
    let mut view = Arc::unwrap_or_clone(found.action);
    // Of several departments in one action, this one's own assignment counts.
    let own = inquiry.caller().claims().department.as_ref();
    let concern = Concern { implementer: own == Some(&found.row.department), ..Concern::default() };
    if let Err(refused) = case::permit(inquiry, work.action, concern, "assignment") {
        return Ok(Err(refused));
    }
    if let Some(problem) = problem {
        return Ok(Err(vec![problem]));
    }
    let next = match view.after(&step(id), "assignment") {
        Ok(next) => next,
        Err(out_of_order) => return Ok(Err(out_of_order)),
    };
    let mut changed = view.apply(&next);
    let today = inquiry.today();
    let deadlines = inquiry.gateway().rules.packs.in_force(today).deadlines;
    if let Some(row) = view.assignments.iter_mut().find(|row| row.id == id) {
        match work.step {
            WorkflowStep::Respond => row.answered_on = Some(today),
            _ => row.reported_on = Some(today),
        }
        // What is taken is reported every month.
        let is_taken = next.assignments.get(&id).is_some_and(|stage| {
            matches!(stage, crate::domain::AssignmentStage::Taken | crate::domain::AssignmentStage::Executed)
        });
        row.due_on = is_taken.then(|| deadlines.execution_return_of(today));
        changed.retain(|other| other.id != id);
        changed.push(row.clone());
    }
    let new = NewStep {
        case: view.row.id,
        number: view.row.steps,
        step: work.step,
        assignment: Some(id),
        due_on: found.row.due_on,
        facts: work.facts.clone(),
        texts: work.texts,
    };
    let taken = case::row(inquiry, &new)?;
    write(inquiry, &view, &changed, &taken)?;
    let row = view.assignments.iter().find(|row| row.id == id).cloned();
    let row = row.ok_or_else(|| Fault::Corrupt(format!("assignments of {}", view.row.id)))?;
    Ok(Ok(AssignmentView { row, action: Arc::new(view) }))
}

#[cfg(test)]
mod tests {
    use super::is_amount;

    #[test]
    fn an_amount_is_a_number_of_yuan_with_two_decimals_at_most() {
        for amount in ["0", "1250000.00", "7.5", "999999999999999.99"] {
            assert!(is_amount(amount), "{amount}");
        }
        for other in ["", ".5", "5.", "1,000", "-1", "1.234", "１", "1e3", "1000000000000000", "1.2.3"] {
            assert!(!is_amount(other), "{other}");
        }
    }
}
