//! Handling a tip-off: the coordinator names an officer, the officer learns who reported, and answers.

use serde_json::json;

use super::super::authorization::InputProblem;
use super::super::case::{self, CaseStep, NewStep};
use super::super::fault::Fault;
use super::super::inquiry::Inquiry;
use super::super::push::notices;
use super::{Reporter, Taken, TipoffView, by_id, officer, view};
use crate::access::CaseAction;
use crate::authentication::Proof;
use crate::crypto::tipoff::Part;
use crate::domain::tipoff::{may_be_answered, may_be_assigned};
use crate::domain::{DepartmentId, TipoffOutcome, TipoffStage, WorkflowStep};
use crate::store;

/// The longest name of an officer or an issuer in a token, in bytes.
const OFFICER_BYTES_MAX: usize = 256;

/// Who is to handle a tip-off.
#[derive(Clone, Debug)]
pub struct Assignee {
    /// The opaque id of the tip-off.
    pub id: String,
    /// The officer's department.
    pub department: String,
    /// The officer, as `sub` of the officer's tokens says it.
    pub officer: String,
    /// Who issues the officer's tokens; the caller's own issuer when left out.
    pub issuer: Option<String>,
}

fn permitted(inquiry: &Inquiry, id: &str, action: CaseAction) -> Result<Taken, Fault> {
    let Some(view) = by_id(inquiry, id)? else {
        return Ok(Err(InputProblem::one("id", "ID", "there is no tip-off of this id")));
    };
    Ok(case::permit(inquiry, action, view.concern, "id").map(|_| view))
}

fn out_of_order(stage: TipoffStage) -> Vec<InputProblem> {
    InputProblem::one("id", "STAGE", format!("the tip-off is {stage}: this step cannot follow"))
}

/// Names who handles a tip-off; once more, as long as it is not answered. The outer error is a fault, the inner what is wrong with the
/// input. Blocks.
pub fn assign(inquiry: &Inquiry, wanted: &Assignee) -> Result<Taken, Fault> {
    let mut view = match permitted(inquiry, &wanted.id, CaseAction::AssignTipoff)? {
        Ok(view) => view,
        Err(refused) => return Ok(Err(refused)),
    };
    if !may_be_assigned(view.row.stage) {
        return Ok(Err(out_of_order(view.row.stage)));
    }
    let gateway = inquiry.gateway();
    let mut problems = Vec::new();
    let department = DepartmentId::parse(&wanted.department).filter(|id| gateway.departments.by_id(id).is_some());
    if department.is_none() {
        problems.push(InputProblem::new(&["department"], "DEPARTMENT", "there is no department of this id"));
    }
    let issuer = match (&wanted.issuer, inquiry.caller().proof()) {
        (Some(issuer), _) | (None, Proof::Bearer { issuer, .. }) => issuer.clone(),
        (None, Proof::Anonymous) => return Err(Fault::Forbidden),
    };
    for (path, text) in [("officer", &wanted.officer), ("issuer", &issuer)] {
        if text.trim().is_empty() || text.len() > OFFICER_BYTES_MAX {
            let message = "name the officer as `sub` of the officer's tokens does, and the issuer as `iss`";
            problems.push(InputProblem::new(&[path], "OFFICER", message));
        }
    }
    if !problems.is_empty() {
        return Ok(Err(problems));
    }
    view.row.stage = TipoffStage::Assigned;
    view.row.handler = officer(gateway, &format!("{issuer} {}", wanted.officer.trim()));
    view.row.department = department;
    let facts = json!({ "department": view.row.department.as_ref().map(DepartmentId::as_str) });
    let step = next(inquiry, &mut view, WorkflowStep::Assign, (facts, &[]))?;
    write(inquiry, view, &step)
}

/// Answers a tip-off: what came of it, and what whoever reported is told. Blocks.
pub fn answer(inquiry: &Inquiry, id: &str, outcome: TipoffOutcome, text: &str) -> Result<Taken, Fault> {
    let mut view = match permitted(inquiry, id, CaseAction::HandleTipoff)? {
        Ok(view) => view,
        Err(refused) => return Ok(Err(refused)),
    };
    if !may_be_answered(view.row.stage) {
        return Ok(Err(out_of_order(view.row.stage)));
    }
    if let Some(problem) = case::text_problem(&["answer"], text, "say what whoever reported is told") {
        return Ok(Err(vec![problem]));
    }
    let gateway = inquiry.gateway();
    let sealed = gateway.keyring.seal_tipoff(view.row.id, Part::Answer, text.trim().as_bytes(), &gateway.ambient);
    view.row.answer = sealed.map_err(|closed| Fault::Corrupt(closed.to_string()))?;
    view.row.stage = TipoffStage::Answered;
    view.row.outcome = Some(outcome);
    view.row.answered_on = Some(inquiry.today());
    let step = next(inquiry, &mut view, WorkflowStep::Answer, (json!({ "outcome": outcome }), &[]))?;
    write(inquiry, view, &step)
}

/// Who reported, for the officer who handles it, with the reason kept; nobody when no name was given. Blocks.
pub fn reveal(inquiry: &Inquiry, id: &str, reason: &str) -> Result<Result<Option<Reporter>, Vec<InputProblem>>, Fault> {
    let mut view = match permitted(inquiry, id, CaseAction::ReadReporter)? {
        Ok(view) => view,
        Err(refused) => return Ok(Err(refused)),
    };
    if let Some(problem) = case::text_problem(&["reason"], reason, "say why you have to know") {
        return Ok(Err(vec![problem]));
    }
    let (gateway, id) = (inquiry.gateway(), view.row.id);
    let Some(permit) = inquiry.permit().case(CaseAction::ReadReporter, view.concern) else {
        return Err(Fault::Forbidden);
    };
    inquiry.tally(|tally| tally.flags.insert("REPORTER"));
    let step = next(inquiry, &mut view, WorkflowStep::Reveal, (json!({}), &[("reason", reason.trim())]))?;
    // The step stands before the name is read.
    if let Err(refused) = write(inquiry, view, &step)? {
        return Ok(Err(refused));
    }
    let corrupt = || Fault::Corrupt(format!("tipoff_reporters of {id}"));
    let sealed = gateway.registry.read(|connection| store::tipoff::reporter(connection, id))?.ok_or_else(corrupt)?;
    let opened = gateway.keyring.open_tipoff(id, Part::Reporter, &sealed, &permit).map_err(|_| corrupt())?;
    let reporter: Reporter = serde_json::from_slice(&opened).map_err(|_| corrupt())?;
    Ok(Ok(Some(reporter).filter(|reporter| *reporter != Reporter::default())))
}

fn next(
    inquiry: &Inquiry,
    view: &mut TipoffView,
    step: WorkflowStep,
    (facts, texts): (serde_json::Value, &[(&str, &str)]),
) -> Result<CaseStep, Fault> {
    view.row.steps += 1;
    inquiry.tally(|tally| tally.flags.insert("TIPOFF"));
    let (case, number) = (view.row.id, view.row.steps);
    case::row(inquiry, &NewStep { case, number, step, assignment: None, due_on: None, facts, texts })
}

fn write(inquiry: &Inquiry, tipoff: TipoffView, step: &CaseStep) -> Result<Taken, Fault> {
    let row = tipoff.row;
    let events = notices::of_tipoff(inquiry.gateway(), &row, step);
    inquiry.gateway().registry.write(|connection| {
        store::tipoff::advance(connection, &row)?;
        store::case_step::append(connection, step)?;
        store::event::append(connection, events)
    })?;
    Ok(view(inquiry, row).ok_or_else(|| InputProblem::one("id", "ID", "there is no tip-off of this id")))
}
