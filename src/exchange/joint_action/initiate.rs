//! 发起: the department whose record a joint action rests on fixes subject, measures and term, has notified the party, and
//! initiates it.

use std::collections::BTreeSet;

use serde_json::json;

use super::super::authorization::InputProblem;
use super::super::case::{self, NewStep};
use super::super::fault::Fault;
use super::super::inquiry::Inquiry;
use super::super::node_id::NodeRef;
use super::super::push::notices;
use super::super::record::{self, RecordView};
use super::{JointActionView, Taken, unknown, view};
use crate::access::{CaseAction, Concern};
use crate::catalogue::{BasisKind, Measure};
use crate::domain::{
    CaseId, Date, JointActionKind, JointActionStage, MeasureCode, MeasureGroup, RecordState, SubjectCategory,
    WorkflowStep,
};
use crate::store::joint_action::{JointActionRow, Narrowing, Which};
use crate::store::record::Record;
use crate::store::{self, StoreError};

/// The longest legal basis, in characters.
const BASIS_MAX: usize = 500;

/// A joint action to initiate.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// The opaque id of the record that it rests on.
    pub basis: String,
    /// Whether it rewards or punishes.
    pub kind: JointActionKind,
    /// The codes of its measures.
    pub measures: Vec<String>,
    /// The law and article.
    pub legal_basis: String,
    /// The day of the act; the record's own when absent.
    pub act_on: Option<Date>,
    /// The day on which the party was notified.
    pub notified_on: Date,
    /// Its last day.
    pub ends_on: Date,
    /// Why these measures.
    pub reason: String,
}

/// Initiates a joint action. The outer error is a fault, the inner what is wrong with the input. Blocks.
pub fn initiate(inquiry: &Inquiry, wanted: &Wanted) -> Result<Taken, Fault> {
    let (Some(intent), Some(department)) = (inquiry.intent(), inquiry.caller().claims().department.clone()) else {
        return Err(Fault::Forbidden);
    };
    if let Err(refused) = case::second_in_operation(inquiry, "basis") {
        return Ok(Err(refused));
    }
    let Some(basis) = basis(inquiry, &wanted.basis)? else { return Ok(Err(unknown("basis", "record"))) };
    let concern =
        Concern { initiator: true, provider: basis.provider.as_ref() == Some(&department), ..Concern::default() };
    if let Err(refused) = case::permit(inquiry, CaseAction::Initiate, concern, "basis") {
        return Ok(Err(refused));
    }
    let measures = match soundness(inquiry, wanted, &basis)? {
        Ok(measures) => measures,
        Err(problems) => return Ok(Err(problems)),
    };
    let deadlines = inquiry.gateway().rules.packs.in_force(inquiry.today()).deadlines;
    let calendar = &inquiry.gateway().rules.calendar;
    // `soundness` has told when neither is there.
    let act_on = wanted.act_on.or(basis.decided_on).unwrap_or(wanted.notified_on);
    let row = JointActionRow {
        id: CaseId::new(inquiry.gateway().ambient.uuid7()),
        kind: wanted.kind,
        subject: basis.subject,
        basis: basis.id,
        initiator: department,
        legal_basis: wanted.legal_basis.trim().to_owned(),
        measures,
        act_on,
        notified_on: wanted.notified_on,
        initiated_on: inquiry.today(),
        ends_on: wanted.ends_on,
        stage: JointActionStage::Initiated,
        ending: None,
        suspensions: 0,
        suspended_on: None,
        due_on: Some(calendar.add_working_days(inquiry.today(), deadlines.dispatch).date),
        steps: 1,
        entry: intent.index,
    };
    let codes: Vec<&str> = row.measures.iter().map(MeasureCode::as_str).collect();
    let new = NewStep {
        case: row.id,
        number: 1,
        step: WorkflowStep::Initiate,
        assignment: None,
        due_on: Some(calendar.add_working_days(act_on, deadlines.initiate).date),
        facts: json!({ "measures": codes, "endsOn": row.ends_on.to_string() }),
        texts: &[("reason", wanted.reason.trim())],
    };
    let step = case::row(inquiry, &new)?;
    inquiry.tally(|tally| tally.subjects.insert(row.subject));
    let events = notices::of_action(inquiry.gateway(), &row, &[], &step);
    let written = inquiry.gateway().registry.write(|connection| {
        store::joint_action::insert(connection, &row)?;
        store::case_step::append(connection, &step)?;
        store::event::append(connection, events)
    });
    match written {
        Err(StoreError::Conflict) => return Ok(Err(vec![duplicate()])),
        written => written?,
    }
    Ok(Ok(JointActionView { row, assignments: Vec::new(), concern, today: inquiry.today() }))
}

/// The last day that a joint action may have which rests on a record of the caller's own.
pub fn latest_end(inquiry: &Inquiry, basis: &RecordView) -> Option<Date> {
    basis.shared_until().filter(|_| record::is_own(inquiry, basis))
}

fn duplicate() -> InputProblem {
    InputProblem::new(&["basis"], "DUPLICATE", "a joint action that rests on this record is under way")
}

/// The joint action that rests on a record, when the caller may see it.
pub fn standing(inquiry: &Inquiry, basis: &RecordView) -> Result<Option<JointActionView>, Fault> {
    let narrowing = Narrowing { basis: Some(basis.id()), ..Narrowing::default() };
    let registry = &inquiry.gateway().registry;
    let found = registry.read(|connection| store::joint_action::list(connection, &Which::All, &narrowing, None, 1))?;
    found.into_iter().next().map_or(Ok(None), |row| view(inquiry, row))
}

/// The record behind an id, when the caller may see it.
fn basis(inquiry: &Inquiry, id: &str) -> Result<Option<Record>, Fault> {
    let Some(NodeRef::Record(id)) = inquiry.gateway().node_ids.decode(id) else { return Ok(None) };
    if record::by_id(inquiry, id)?.is_none() {
        return Ok(None);
    }
    Ok(inquiry.gateway().registry.read(|connection| store::record::find(connection, id))?)
}

fn soundness(
    inquiry: &Inquiry,
    wanted: &Wanted,
    basis: &Record,
) -> Result<Result<Vec<MeasureCode>, Vec<InputProblem>>, Fault> {
    let mut problems = Vec::new();
    let mut told = |path: &[&str], code, message: &str| problems.push(InputProblem::new(path, code, message));
    let today = inquiry.today();
    if basis.state != RecordState::Current || basis.shared_until.is_none_or(|until| until < today) {
        told(
            &["basis"],
            "BASIS_NOT_IN_USE",
            "the record is repaired, withdrawn, or past its period: nothing rests on it",
        );
    } else if basis.shared_until.is_some_and(|until| until < wanted.ends_on) {
        told(&["endsOn"], "TERM", "the action ends no later than the period of the record that it rests on");
    }
    if wanted.ends_on < today {
        told(&["endsOn"], "TERM", "its last day is over");
    }
    let act_on = wanted.act_on.or(basis.decided_on);
    match act_on {
        None => told(&["actOn"], "ACT", "the record has no date of decision: say on which day the act was"),
        Some(act_on) if act_on > today => told(&["actOn"], "ACT", "the day of the act has not come yet"),
        Some(act_on) if wanted.notified_on < act_on => {
            told(&["notifiedOn"], "NOTIFIED", "the party is notified after the act");
        }
        Some(_) => {}
    }
    if wanted.notified_on > today {
        told(&["notifiedOn"], "NOTIFIED", "notify the party first, then initiate");
    }
    if !(1..=BASIS_MAX).contains(&wanted.legal_basis.trim().chars().count()) {
        told(&["legalBasis"], "LEGAL_BASIS", "name the law and article, in 1 to 500 characters");
    }
    problems.extend(case::text_problem(&["reason"], &wanted.reason, "say why these measures"));
    let measures = measures(inquiry, wanted, basis, &mut problems);
    let narrowing = Narrowing { basis: Some(basis.id), ..Narrowing::default() };
    let same = inquiry
        .gateway()
        .registry
        .read(|connection| store::joint_action::list(connection, &Which::All, &narrowing, None, 100))?;
    if same.iter().any(|other| other.stage != JointActionStage::Ended && other.ends_on >= today) {
        problems.push(duplicate());
    }
    Ok(if problems.is_empty() { Ok(measures) } else { Err(problems) })
}

fn measures(inquiry: &Inquiry, wanted: &Wanted, basis: &Record, problems: &mut Vec<InputProblem>) -> Vec<MeasureCode> {
    let gateway = inquiry.gateway();
    let rests_on = gateway.catalogue.item(&basis.item).and_then(|item| BasisKind::of(item));
    if wanted.measures.is_empty() {
        problems.push(InputProblem::new(&["measures"], "MEASURES", "name at least one measure"));
    }
    let mut codes = BTreeSet::new();
    for (code, at) in wanted.measures.iter().zip(0..) {
        let mut told = |code, message: String| {
            problems.push(InputProblem::new(&["measures", &format!("{at}")], code, message));
        };
        let Some(measure) = gateway.measures.get(code) else {
            told(
                "MEASURE",
                "no list has a measure of this code: a punishment outside the national list is not taken".into(),
            );
            continue;
        };
        if measure.kind != wanted.kind {
            told("MEASURE", format!("`{}`: it is a measure of the other kind", measure.code));
        } else if let Some(reason) = misfit(measure, basis.category, rests_on) {
            told("MEASURE", format!("`{}`: {reason}", measure.code));
        }
        if !codes.insert(measure.code.clone()) {
            told("MEASURE", format!("`{}` stands twice", measure.code));
        }
    }
    codes.into_iter().collect()
}

/// The measures that a joint action may have that rests on a record.
pub fn fitting<'g>(inquiry: &'g Inquiry, basis: &RecordView) -> impl Iterator<Item = &'g Measure> {
    let (category, rests_on) = (basis.category(), BasisKind::of(basis.item()));
    inquiry.gateway().measures.iter().filter(move |measure| misfit(measure, category, rests_on).is_none())
}

fn misfit(measure: &Measure, category: SubjectCategory, rests_on: Option<BasisKind>) -> Option<&'static str> {
    if measure.group == MeasureGroup::Voluntary {
        Some("others than public bodies take it of their own will: no department is assigned it")
    } else if !measure.subjects.contains(&category) {
        Some("it cannot meet a subject of this category")
    } else if !rests_on.is_some_and(|rests_on| measure.rests_on.contains(&rests_on)) {
        Some("it cannot rest on a record of this item")
    } else {
        None
    }
}
