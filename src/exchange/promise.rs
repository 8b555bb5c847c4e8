//! 容缺受理: a department takes a matter in hand before all papers are there, on a written promise to hand them in by a day. It is
//! for those who deserve the measure; whether the promise was kept is for the department that accepted it, and for who gave it.

use serde_json::json;

use super::audit::one_more;
use super::authorization::InputProblem;
use super::case::{self, NewStep};
use super::eligibility;
use super::fault::Fault;
use super::inquiry::Inquiry;
use super::node_id::NodeRef;
use super::page;
use crate::access::{CaseAction, Concern};
use crate::domain::identifier::Uscc;
use crate::domain::{CaseId, Date, DepartmentId, PromiseStage, Role, SubjectId, WorkflowStep};
use crate::store;
pub use crate::store::promise::PromiseRow;
use crate::store::promise::Which;

/// The measure that a promise is accepted by.
pub const MEASURE: &str = "DEFERRED_DOCUMENTS";
/// The longest time that a promise may run, in days. No paper fixes one: a year keeps a slip of the pen out.
const DAYS_MAX: i32 = 366;

/// A promise to accept.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// Who promises.
    pub uscc: Uscc,
    /// Which papers are owed, for which matter.
    pub documents: String,
    /// SHA-256 of the promise that was signed, hexadecimal.
    pub sha256: String,
    /// By when the papers have to be there.
    pub due_on: Date,
}

/// A promise that the caller may see.
#[derive(Clone, Debug)]
pub struct PromiseView {
    /// The stored row.
    pub row: PromiseRow,
    /// How the caller stands to it.
    pub concern: Concern,
}

/// What a step leads to: the promise after it, or what was wrong with the input.
pub type Taken = Result<PromiseView, Vec<InputProblem>>;

/// A page of promises, each with its cursor.
#[derive(Debug)]
pub struct PromisePage {
    /// The newest first.
    pub promises: Vec<(PromiseView, String)>,
    /// Whether more follow.
    pub has_next: bool,
}

fn own_office(inquiry: &Inquiry) -> Result<DepartmentId, Fault> {
    inquiry.caller().claims().department.clone().ok_or(Fault::Forbidden)
}

/// How many promises of a subject to the caller's department were not kept.
pub(super) fn broken(inquiry: &Inquiry, subject: SubjectId) -> Result<u32, Fault> {
    let Some(office) = inquiry.caller().claims().department.clone() else { return Ok(0) };
    let stage = Some((PromiseStage::Broken, inquiry.today()));
    let which = Which { office: Some(office), subject: Some(subject), stage };
    let found = inquiry.gateway().registry.read(|connection| store::promise::list(connection, &which, None, 100))?;
    Ok(u32::try_from(found.len()).unwrap_or(u32::MAX))
}

/// Accepts a promise. The outer error is a fault, the inner what is wrong with the input. Blocks.
pub fn accept(inquiry: &Inquiry, wanted: &Wanted) -> Result<Taken, Fault> {
    let (office, intent) = (own_office(inquiry)?, inquiry.intent().ok_or(Fault::Forbidden)?);
    let concern = Concern { initiator: true, ..Concern::default() };
    if let Err(refused) = case::permit(inquiry, CaseAction::Promise, concern, "uscc") {
        return Ok(Err(refused));
    }
    if let Err(refused) = case::second_in_operation(inquiry, "uscc") {
        return Ok(Err(refused));
    }
    let Some(found) = eligibility::of(inquiry, &wanted.uscc, MEASURE)? else {
        return Ok(Err(InputProblem::one("uscc", "USCC", "no subject of this code is known here")));
    };
    let mut problems = soundness(inquiry, wanted);
    if !found.eligible {
        let message = "the subject does not deserve 容缺受理: `eligibility` says why";
        problems.push(InputProblem::new(&["uscc"], "NOT_ELIGIBLE", message));
    }
    if !problems.is_empty() {
        return Ok(Err(problems));
    }
    let row = PromiseRow {
        id: CaseId::new(inquiry.gateway().ambient.uuid7()),
        subject: found.subject.id(),
        office,
        sha256: wanted.sha256.to_ascii_lowercase(),
        promised_on: inquiry.today(),
        due_on: wanted.due_on,
        kept_on: None,
        entry: intent.index,
    };
    let new = NewStep {
        case: row.id,
        number: 1,
        step: WorkflowStep::Promise,
        assignment: None,
        due_on: None,
        facts: json!({ "sha256": row.sha256, "dueOn": row.due_on.to_string() }),
        texts: &[("documents", wanted.documents.trim())],
    };
    let step = case::row(inquiry, &new)?;
    inquiry.tally(|tally| tally.subjects.insert(row.subject));
    inquiry.gateway().registry.write(|connection| {
        store::promise::insert(connection, &row)?;
        store::case_step::append(connection, &step)
    })?;
    Ok(Ok(PromiseView { row, concern }))
}

fn soundness(inquiry: &Inquiry, wanted: &Wanted) -> Vec<InputProblem> {
    let what = "say which papers are owed, and for which matter";
    let mut problems: Vec<InputProblem> =
        case::text_problem(&["documents"], &wanted.documents, what).into_iter().collect();
    if wanted.sha256.len() != 64 || !wanted.sha256.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        let message = "the SHA-256 of the promise that was signed, 64 hexadecimal digits";
        problems.push(InputProblem::new(&["sha256"], "SHA256", message));
    }
    let last = inquiry.today().saturating_add(jiff::Span::new().days(DAYS_MAX));
    if wanted.due_on < inquiry.today() || wanted.due_on > last {
        let message = format!("the papers are due between today and {last}");
        problems.push(InputProblem::new(&["dueOn"], "DUE", message));
    }
    problems
}

/// Says that the papers are there. The outer error is a fault, the inner what is wrong with the input. Blocks.
pub fn keep(inquiry: &Inquiry, id: &str) -> Result<Taken, Fault> {
    let office = own_office(inquiry)?;
    let unknown = || InputProblem::one("id", "ID", "your department has accepted no promise of this id");
    let Some(NodeRef::Promise(id)) = inquiry.gateway().node_ids.decode(id) else { return Ok(Err(unknown())) };
    let found = inquiry.gateway().registry.read(|connection| store::promise::find(connection, id))?;
    let Some(mut row) = found.filter(|row| row.office == office) else { return Ok(Err(unknown())) };
    let concern = Concern { initiator: true, ..Concern::default() };
    if let Err(refused) = case::permit(inquiry, CaseAction::Promise, concern, "id") {
        return Ok(Err(refused));
    }
    if let Some(kept_on) = row.kept_on {
        return Ok(Err(InputProblem::one("id", "ALREADY_KEPT", format!("it was kept on {kept_on}"))));
    }
    let new = NewStep {
        case: row.id,
        number: 2,
        step: WorkflowStep::Keep,
        assignment: None,
        due_on: Some(row.due_on),
        facts: json!({}),
        texts: &[],
    };
    let step = case::row(inquiry, &new)?;
    row.kept_on = Some(inquiry.today());
    inquiry.tally(|tally| tally.subjects.insert(row.subject));
    inquiry.gateway().registry.write(|connection| {
        store::promise::keep(connection, row.id, inquiry.today())?;
        store::case_step::append(connection, &step)
    })?;
    Ok(Ok(PromiseView { row, concern }))
}

/// The promises that the caller's department has accepted; a subject's own.
pub fn list(
    inquiry: &Inquiry,
    stage: Option<PromiseStage>,
    after: Option<&str>,
    first: usize,
) -> Result<PromisePage, Fault> {
    let stage = stage.map(|stage| (stage, inquiry.today()));
    let (which, concern) = match inquiry.caller().role() {
        Role::Department | Role::Coordinator => (
            Which { office: Some(own_office(inquiry)?), subject: None, stage },
            Concern { initiator: true, ..Concern::default() },
        ),
        Role::Subject => (
            Which { office: None, subject: Some(inquiry.own_subject()?), stage },
            Concern { subject: true, ..Concern::default() },
        ),
        _ => return Err(Fault::Forbidden),
    };
    if inquiry.permit().case(CaseAction::View, concern).is_none() {
        return Err(Fault::Forbidden);
    }
    let list = format!("promises {which:?}");
    let below = page::place(inquiry, &list, after, |place| place.parse().ok())?;
    let limit = i64::from(one_more(first));
    let registry = &inquiry.gateway().registry;
    let mut found = registry.read(|connection| store::promise::list(connection, &which, below, limit))?;
    let has_next = found.len() > first;
    found.truncate(first);
    inquiry.tally(|tally| {
        tally.subjects.extend(found.iter().map(|row| row.subject));
        tally.cost = tally.cost.saturating_add(found.len() as u64);
    });
    let with_cursor = |row: PromiseRow| {
        let cursor = page::cursor(inquiry, &list, &row.entry.to_string());
        (PromiseView { row, concern }, cursor)
    };
    Ok(PromisePage { promises: found.into_iter().map(with_cursor).collect(), has_next })
}

/// Which papers are owed, for whoever may read it.
pub fn documents(inquiry: &Inquiry, view: &PromiseView) -> Result<Option<String>, Fault> {
    let steps = inquiry.gateway().registry.read(|connection| store::case_step::of_case(connection, view.row.id))?;
    let Some(first) = steps.first() else { return Ok(None) };
    case::text(inquiry, first, "documents", view.concern)
}
