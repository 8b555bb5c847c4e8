//! What all cases of the joint work have in common: the right to a step, its row, its marks in the ledger, its texts.
//!
//! INVARIANT: a step carries the index of the entry that announced it (the intent of its mutation), which is durable before the
//! step is taken. A crash between the two leaves an intent without a step, a crash after the step one without an outcome:
//! `settle` tells the second in the ledger.

use std::collections::BTreeSet;

use serde_json::Value;

use super::authorization::InputProblem;
use super::fault::Fault;
use super::gateway::Gateway;
use super::inquiry::Inquiry;
use crate::access::{CaseAction, CasePermit, Concern};
use crate::domain::{
    AssignmentId, CaseId, Date, Envelope, ItemCode, Place, RecordId, SealedFields, Sensitive, WorkflowStep,
};
use crate::ledger::{Decision, EntryKind, EntryQuery, NewEntry};
use crate::masking;
use crate::store;
pub use crate::store::case_step::CaseStep;

/// The longest text of a step, in characters.
pub const TEXT_MAX: usize = 2_000;
/// What the texts of steps are sealed under.
const ITEM: &str = "case-step";

/// A step about to be appended.
#[derive(Clone, Debug)]
pub(super) struct NewStep<'a> {
    /// The case.
    pub(super) case: CaseId,
    /// Which of its steps, from 1.
    pub(super) number: i64,
    /// What is done.
    pub(super) step: WorkflowStep,
    /// The assignment that it is about.
    pub(super) assignment: Option<AssignmentId>,
    /// By when it had to be done.
    pub(super) due_on: Option<Date>,
    /// What was decided, without private values.
    pub(super) facts: Value,
    /// Reasons and reports, by name.
    pub(super) texts: &'a [(&'a str, &'a str)],
}

/// The right to do `action` with a case, or what to tell the caller, who then has reached beyond its rights.
pub(super) fn permit(
    inquiry: &Inquiry,
    action: CaseAction,
    concern: Concern,
    part: &str,
) -> Result<CasePermit, Vec<InputProblem>> {
    inquiry.permit().case(action, concern).ok_or_else(|| {
        inquiry.tally(super::tally::Tally::overreach);
        InputProblem::one(part, "NOT_PERMITTED", "this step is not yours to take")
    })
}

/// What to tell a caller who begins a second case in one operation. Cases are listed by the entry that announced them, so that
/// each has one of its own.
pub(super) fn second_in_operation(inquiry: &Inquiry, part: &str) -> Result<(), Vec<InputProblem>> {
    if inquiry.tally(|tally| tally.marks.is_empty()) {
        return Ok(());
    }
    let message = "one operation begins one case: send the next in an operation of its own";
    Err(InputProblem::one(part, "ONE_CASE", message))
}

/// Makes a step's row: by the caller, now, announced by the intent of the mutation; and marks it for the outcome.
pub(super) fn row(inquiry: &Inquiry, new: &NewStep<'_>) -> Result<CaseStep, Fault> {
    let intent = inquiry.intent().ok_or(Fault::Forbidden)?;
    let caller = inquiry.caller();
    inquiry.tally(|tally| {
        tally.marks.insert(format!("STEP:{}", new.step));
        tally.marks.insert(format!("CASE:{}", new.case));
    });
    Ok(CaseStep {
        case: new.case,
        number: new.number,
        step: new.step,
        assignment: new.assignment,
        role: Some(caller.role()),
        department: caller.claims().department.clone(),
        at: inquiry.now(),
        due_on: new.due_on,
        facts: new.facts.to_string(),
        texts: seal(inquiry.gateway(), new)?,
        entry: intent.index,
    })
}

fn item() -> Result<ItemCode, Fault> {
    ItemCode::parse(ITEM).ok_or_else(|| Fault::Corrupt(ITEM.to_owned()))
}

fn seal(gateway: &Gateway, new: &NewStep<'_>) -> Result<SealedFields, Fault> {
    let (item, mut sealed) = (item()?, SealedFields::default());
    for (name, text) in new.texts {
        let place = place(gateway, &item, name, (new.case, new.number));
        let text = Sensitive::new((*text).to_owned());
        let envelope = gateway.keyring.seal(&place, &text, &gateway.ambient);
        sealed.insert(name, envelope.map_err(|error| Fault::Corrupt(error.to_string()))?);
    }
    Ok(sealed)
}

fn place<'a>(gateway: &'a Gateway, item: &'a ItemCode, field: &'a str, (case, number): (CaseId, i64)) -> Place<'a> {
    // The case stands in the place of a record, the number of the step in that of its version.
    Place { division: gateway.division(), item, field, record: RecordId::new(*case.bytes()), version: number }
}

/// A text of a step as it was sealed, for whoever may read the texts of the case: to go on with, never to be shown.
pub(super) fn opened(
    inquiry: &Inquiry,
    step: &CaseStep,
    name: &str,
    concern: Concern,
) -> Result<Option<Sensitive>, Fault> {
    let Some(permit) = inquiry.permit().case(CaseAction::ReadTexts, concern) else { return Ok(None) };
    let Some(envelope) = step.texts.get(name) else { return Ok(None) };
    open_under(inquiry.gateway(), step, (name, envelope), &permit).map(Some)
}

fn open_under(
    gateway: &Gateway,
    step: &CaseStep,
    (name, envelope): (&str, &Envelope),
    permit: &CasePermit,
) -> Result<Sensitive, Fault> {
    let item = item()?;
    let place = place(gateway, &item, name, (step.case, step.number));
    gateway.keyring.open_case_text(&place, envelope, permit).map_err(|error| Fault::Corrupt(error.to_string()))
}

/// A text of a step, for whoever may read the texts of the case; `None` when there is none, or it is not for the caller.
pub fn text(inquiry: &Inquiry, step: &CaseStep, name: &str, concern: Concern) -> Result<Option<String>, Fault> {
    let Some(permit) = inquiry.permit().case(CaseAction::ReadTexts, concern) else { return Ok(None) };
    let Some(envelope) = step.texts.get(name) else { return Ok(None) };
    let opened = open_under(inquiry.gateway(), step, (name, envelope), &permit)?;
    Ok(masking::show_case_text(&permit, &opened))
}

/// Working days left until a day: 0 on the day itself, negative when it is over. Working days by the calendar of the State Council.
pub fn working_days_left(inquiry: &Inquiry, due: Date) -> i32 {
    let (today, calendar) = (inquiry.today(), &inquiry.gateway().rules.calendar);
    let count = |from, to| i32::try_from(calendar.working_days_between(from, to).count).unwrap_or(i32::MAX);
    if due < today { -count(due, today).max(1) } else { count(today, due) }
}

/// What is wrong with a text, if anything.
pub(super) fn text_problem(path: &[&str], text: &str, what: &str) -> Option<InputProblem> {
    let length = text.trim().chars().count();
    (!(1..=TEXT_MAX).contains(&length))
        .then(|| InputProblem::new(path, "TEXT", format!("{what}, in 1 to {TEXT_MAX} characters")))
}

/// How many of the newest steps are looked at: more than can be under way at once.
const LOOKED_AT: i64 = 64;
/// How many outcomes are looked through for theirs.
const OUTCOMES_MAX: u32 = 10_000;
/// Younger steps may still be under way.
const SETTLED_AFTER_SECONDS: i64 = 60;

/// Tells the ledger the outcome of steps that were taken and whose gateway ended before it could: their rows stand, their
/// intents stand, and nothing else is missing. How many there were. Blocks.
pub fn settle(gateway: &Gateway) -> Result<usize, Fault> {
    let before = gateway.ambient.now().plus_seconds(-SETTLED_AFTER_SECONDS);
    let newest = gateway.registry.read(|connection| store::case_step::newest(connection, LOOKED_AT))?;
    let steps: Vec<CaseStep> = newest.into_iter().filter(|step| step.role.is_some() && step.at < before).collect();
    let Some(first) = steps.iter().map(|step| step.entry).min() else { return Ok(0) };
    let outcomes = EntryQuery { kind: Some(EntryKind::MutationOutcome), ..EntryQuery::default() };
    let outcomes = gateway.ledger.entries(&outcomes, None, OUTCOMES_MAX)?;
    let reaches_back = outcomes.len() < OUTCOMES_MAX as usize || outcomes.iter().any(|entry| entry.index < first);
    if !reaches_back {
        tracing::warn!("steps of the joint work are too old to be held against the ledger's outcomes");
        return Ok(0);
    }
    let told: BTreeSet<u64> = outcomes.iter().filter_map(|entry| entry.leaf.reference).collect();
    let mut count = 0;
    for step in steps.iter().filter(|step| !told.contains(&step.entry)) {
        let mut entry = NewEntry::new(EntryKind::MutationOutcome, Decision::Allowed);
        entry.reference = Some(step.entry);
        entry.role = step.role;
        entry.consumer = step.department.as_ref().map(|id| id.as_str().to_owned());
        entry.flags = vec!["SETTLED".to_owned(), format!("STEP:{}", step.step), format!("CASE:{}", step.case)];
        gateway.ledger.append_blocking(entry).map_err(|_| Fault::AuditUnavailable)?;
        tracing::warn!(intent = step.entry, "a step of the joint work had no outcome in the ledger: it has now");
        count += 1;
    }
    Ok(count)
}
