//! Objections and applications for repair (异议申诉、信用修复): filed by the subject, decided by the department that provided the
//! record, with everything that follows in one transaction.

pub mod list;
pub mod objection;
pub mod repair;
mod shield;
pub mod tombstone;

use serde_json::Value;

use super::authorization::InputProblem;
use super::case::{self, CaseStep, NewStep};
use super::fault::Fault;
use super::inquiry::Inquiry;
use super::joint_action::rest;
use super::node_id::NodeRef;
use super::push::notices;
use super::record;
use crate::access::{CaseAction, Concern};
use crate::domain::application::{self, Step};
use crate::domain::{
    ApplicationKind, ApplicationStage, CaseId, Date, DepartmentId, RecordId, RecordState, TombstoneCause, WorkflowStep,
};
use crate::store;
pub use crate::store::application::ApplicationRow;
use crate::store::record::Record;
use crate::store::tombstone::Tombstone;

/// An application that the caller may see.
#[derive(Clone, Debug)]
pub struct ApplicationView {
    row: ApplicationRow,
    concern: Concern,
}

/// What a step leads to: the view after it, or what was wrong with the input.
pub type Taken = Result<ApplicationView, Vec<InputProblem>>;

impl ApplicationView {
    /// The stored row.
    pub fn row(&self) -> &ApplicationRow {
        &self.row
    }

    /// How the caller stands to it.
    pub fn concern(&self) -> Concern {
        self.concern
    }

    /// Whether its provider has let the day pass, so that the coordinator may decide.
    pub fn is_escalated(&self) -> bool {
        self.concern.escalated
    }
}

/// Everything that a step changes.
#[derive(Debug, Default)]
struct Effects {
    /// The joint actions that rest on the record.
    actions: Vec<rest::Change>,
    /// The record's version, and from which state to which.
    record: Option<(i64, RecordState, RecordState)>,
    /// One for each who received the record.
    tombstones: Vec<Tombstone>,
}

/// An application, when the caller may know of it.
pub fn by_id(inquiry: &Inquiry, id: &str) -> Result<Option<ApplicationView>, Fault> {
    match inquiry.gateway().node_ids.decode(id) {
        Some(NodeRef::Application(id)) => find(inquiry, id),
        _ => Ok(None),
    }
}

/// The same by its own id.
pub fn find(inquiry: &Inquiry, id: CaseId) -> Result<Option<ApplicationView>, Fault> {
    let found = inquiry.gateway().registry.read(|connection| store::application::find(connection, id))?;
    Ok(found.and_then(|row| view(inquiry, row)))
}

/// The row as the caller sees it; nothing when it may not know of it.
fn view(inquiry: &Inquiry, row: ApplicationRow) -> Option<ApplicationView> {
    let concern = concern(inquiry, &row);
    inquiry.permit().case(CaseAction::View, concern)?;
    inquiry.tally(|tally| {
        tally.subjects.insert(row.subject);
        tally.cost = tally.cost.saturating_add(1);
    });
    Some(ApplicationView { row, concern })
}

fn concern(inquiry: &Inquiry, row: &ApplicationRow) -> Concern {
    let is_late = row.due_on.is_some_and(|due| due < inquiry.today());
    Concern {
        provider: inquiry.caller().claims().department.as_ref() == Some(&row.provider),
        subject: inquiry.standings().standing.subject == Some(row.subject),
        escalated: is_late && application::is_open(row.stage),
        ..Concern::default()
    }
}

/// A record of the caller's own, and who provided it.
struct OwnRecord {
    record: Record,
    provider: DepartmentId,
    concern: Concern,
}

/// What is filed.
struct Filing<'a> {
    kind: ApplicationKind,
    due_on: Option<Date>,
    facts: Value,
    texts: &'a [(&'a str, &'a str)],
}

/// The caller's own record behind an id, and the department that provided it. The inner error is what to tell the caller.
fn own_record(inquiry: &Inquiry, id: &str) -> Result<Result<OwnRecord, Vec<InputProblem>>, Fault> {
    if let Err(refused) = case::second_in_operation(inquiry, "record") {
        return Ok(Err(refused));
    }
    let unknown = || InputProblem::one("record", "ID", "you have no record of this id");
    let Some(NodeRef::Record(id)) = inquiry.gateway().node_ids.decode(id) else { return Ok(Err(unknown())) };
    if record::by_id(inquiry, id)?.is_none() {
        return Ok(Err(unknown()));
    }
    let found = inquiry.gateway().registry.read(|connection| store::record::find(connection, id))?;
    let own = inquiry.own_subject()?;
    let Some(record) = found.filter(|record| record.subject == own) else { return Ok(Err(unknown())) };
    let Some(provider) = record.provider.clone() else {
        let message = "the unit that provided the record is no partner department: turn to it directly";
        return Ok(Err(InputProblem::one("record", "PROVIDER", message)));
    };
    let concern = Concern { subject: true, ..Concern::default() };
    Ok(case::permit(inquiry, CaseAction::File, concern, "record").map(|_| OwnRecord { record, provider, concern }))
}

/// Whether an application about the record is being worked on.
fn is_under_way(inquiry: &Inquiry, record: RecordId, kind: ApplicationKind) -> Result<bool, Fault> {
    let open = inquiry.gateway().registry.read(|connection| store::application::open_of(connection, record))?;
    Ok(open.contains(&kind))
}

/// A new application and its first step, with what it does to the joint actions that rest on the record.
fn file(inquiry: &Inquiry, own: OwnRecord, filing: Filing<'_>, effects: &Effects) -> Result<ApplicationView, Fault> {
    let OwnRecord { record, provider, concern } = own;
    let Filing { kind, due_on, facts, texts } = filing;
    let intent = inquiry.intent().ok_or(Fault::Forbidden)?;
    let row = ApplicationRow {
        id: CaseId::new(inquiry.gateway().ambient.uuid7()),
        kind,
        subject: record.subject,
        record: record.id,
        record_version: record.version,
        provider,
        stage: ApplicationStage::Filed,
        decided_as: None,
        filed_on: inquiry.today(),
        decided_on: None,
        due_on,
        steps: 1,
        entry: intent.index,
    };
    let step = WorkflowStep::File;
    let new = NewStep { case: row.id, number: 1, step, assignment: None, due_on: None, facts, texts };
    let step = case::row(inquiry, &new)?;
    inquiry.tally(|tally| tally.subjects.insert(row.subject));
    write(inquiry, &row, &step, effects)?;
    Ok(ApplicationView { row, concern })
}

/// Writes a step with all that follows from it, all or nothing.
fn write(inquiry: &Inquiry, row: &ApplicationRow, step: &CaseStep, effects: &Effects) -> Result<(), Fault> {
    let events = notices::of_application(inquiry.gateway(), row, &effects.tombstones, step);
    let events = effects.actions.iter().flat_map(|change| change.events(inquiry.gateway())).chain(events).collect();
    Ok(inquiry.gateway().registry.write(|connection| {
        if row.steps == 1 {
            store::application::insert(connection, row)?;
        } else {
            store::application::advance(connection, row)?;
        }
        if let Some((version, from, to)) = effects.record {
            store::record::set_state(connection, (row.record, version), (from, to))?;
        }
        for change in &effects.actions {
            rest::write(connection, change)?;
        }
        store::tombstone::insert(connection, &effects.tombstones)?;
        store::case_step::append(connection, step)?;
        store::event::append(connection, events)
    })?)
}

/// A step that the provider, or the coordinator in its place, takes; or the author, who retracts.
struct Decision<'a> {
    step: Step,
    word: WorkflowStep,
    decided_as: Option<TombstoneCause>,
    due_on: Option<Date>,
    facts: Value,
    texts: &'a [(&'a str, &'a str)],
}

/// The stage after a step, or what to tell the caller.
fn next(view: &ApplicationView, step: Step) -> Result<ApplicationStage, Vec<InputProblem>> {
    application::after(view.row.kind, view.row.stage, step)
        .map_err(|order| InputProblem::one("id", order.into(), order.to_string()))
}

/// Takes a decision that may be taken.
fn decide(
    inquiry: &Inquiry,
    mut view: ApplicationView,
    decision: Decision<'_>,
    effects: &Effects,
) -> Result<Taken, Fault> {
    let stage = match next(&view, decision.step) {
        Ok(stage) => stage,
        Err(out_of_order) => return Ok(Err(out_of_order)),
    };
    let was_due = view.row.due_on;
    view.row.stage = stage;
    view.row.decided_as = decision.decided_as.or(view.row.decided_as);
    view.row.due_on = decision.due_on;
    view.row.decided_on = (!application::is_open(stage)).then(|| inquiry.today());
    view.row.steps += 1;
    let new = NewStep {
        case: view.row.id,
        number: view.row.steps,
        step: decision.word,
        assignment: None,
        due_on: was_due,
        facts: decision.facts,
        texts: decision.texts,
    };
    let step = case::row(inquiry, &new)?;
    write(inquiry, &view.row, &step, effects)?;
    view.concern = concern(inquiry, &view.row);
    Ok(Ok(view))
}

/// The application behind an id, when the caller may do this with it.
fn permitted(inquiry: &Inquiry, id: &str, action: CaseAction) -> Result<Taken, Fault> {
    let Some(view) = by_id(inquiry, id)? else {
        return Ok(Err(InputProblem::one("id", "ID", "there is no application of this id")));
    };
    Ok(case::permit(inquiry, action, view.concern, "id").map(|_| view))
}

/// Takes an application back, while it is open. The outer error is a fault, the inner what is wrong with the input. Blocks.
pub fn retract(inquiry: &Inquiry, id: &str) -> Result<Taken, Fault> {
    let view = match permitted(inquiry, id, CaseAction::Retract)? {
        Ok(view) => view,
        Err(refused) => return Ok(Err(refused)),
    };
    if let Err(out_of_order) = next(&view, Step::Retract) {
        return Ok(Err(out_of_order));
    }
    let effects = match view.row.kind {
        ApplicationKind::Objection => Effects { actions: objection::going_on(inquiry, &view)?, ..Effects::default() },
        ApplicationKind::Repair => shield::end(inquiry, &view, &objection::find(inquiry, &view)?)?,
    };
    let decided_as = effects.record.map(|_| TombstoneCause::Restored);
    let decision = Decision {
        step: Step::Retract,
        word: WorkflowStep::Retract,
        decided_as,
        due_on: None,
        facts: serde_json::json!({}),
        texts: &[],
    };
    decide(inquiry, view, decision, &effects)
}

/// The steps that were taken, in order.
pub fn steps(inquiry: &Inquiry, view: &ApplicationView) -> Result<Vec<CaseStep>, Fault> {
    Ok(inquiry.gateway().registry.read(|connection| store::case_step::of_case(connection, view.row.id))?)
}

/// What is being worked on about a record.
pub fn annotations(inquiry: &Inquiry, record: RecordId) -> Result<Vec<ApplicationKind>, Fault> {
    Ok(inquiry.gateway().registry.read(|connection| store::application::open_of(connection, record))?)
}
