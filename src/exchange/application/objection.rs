//! 异议: the subject says that a record is wrong. Until it is answered, the measures that rest on the record rest too; an objection
//! that is right ends them, and whoever received the record learns what became of it.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::super::authorization::InputProblem;
use super::super::case;
use super::super::fault::Fault;
use super::super::inquiry::Inquiry;
use super::super::joint_action::rest;
use super::super::record;
use super::super::row::{self, Row};
use super::super::submission::{self, Submission};
use super::{ApplicationView, Decision, Effects, Filing, Taken, decide, next, own_record, permitted, tombstone};
use crate::access::CaseAction;
use crate::domain::application::Step;
use crate::domain::joint_action::Step as ActionStep;
use crate::domain::text::clean;
use crate::domain::{
    ApplicationKind, Date, JointActionEnding, ObjectionAnswer, Place, RecordState, TombstoneCause, WorkflowStep,
};
use crate::store;
use crate::store::record::Record;

/// An answer to an objection.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The opaque id of the objection.
    pub id: String,
    /// What is answered.
    pub answer: ObjectionAnswer,
    /// Why.
    pub reason: String,
    /// A notice that restores the subject's reputation (恢复信誉), when the objection is right.
    pub notice: Option<String>,
    /// The record as it should be, from column name to cell, when it is corrected.
    pub row: Option<BTreeMap<String, Option<String>>>,
}

/// Files an objection against a record of one's own. The outer error is a fault, the inner what is wrong with the input. Blocks.
pub fn file(inquiry: &Inquiry, record: &str, reason: &str) -> Result<Taken, Fault> {
    let own = match own_record(inquiry, record)? {
        Ok(own) => own,
        Err(problems) => return Ok(Err(problems)),
    };
    if let Some(problem) = case::text_problem(&["reason"], reason, "say what is wrong, and why") {
        return Ok(Err(vec![problem]));
    }
    let record = &own.record;
    if record.state != RecordState::Current {
        let message = "the record is shielded, repaired or withdrawn: nothing rests on it";
        return Ok(Err(InputProblem::one("record", "NOT_IN_USE", message)));
    }
    if super::is_under_way(inquiry, record.id, ApplicationKind::Objection)? {
        return Ok(Err(InputProblem::one("record", "DUPLICATE", "an objection to this record is being examined")));
    }
    let gateway = inquiry.gateway();
    let days = gateway.rules.packs.in_force(inquiry.today()).deadlines.objection;
    let due_on = gateway.rules.calendar.add_working_days(inquiry.today(), days).date;
    let facts = json!({ "objection": true });
    let actions = rest::changes(inquiry, record.id, &ActionStep::Suspend, &facts)?;
    let effects = Effects { actions, ..Effects::default() };
    let texts: &[(&str, &str)] = &[("reason", reason.trim())];
    let filing = Filing { kind: ApplicationKind::Objection, due_on: Some(due_on), facts: json!({}), texts };
    super::file(inquiry, own, filing, &effects).map(Ok)
}

/// What rested because of an objection goes on.
pub(super) fn going_on(inquiry: &Inquiry, view: &ApplicationView) -> Result<Vec<rest::Change>, Fault> {
    rest::changes(inquiry, view.row.record, &ActionStep::Resume, &json!({ "objection": false }))
}

/// Answers an objection. The outer error is a fault, the inner what is wrong with the input. Blocks.
pub fn answer(inquiry: &Inquiry, wanted: &Answer) -> Result<Taken, Fault> {
    let view = match permitted(inquiry, &wanted.id, CaseAction::Decide)? {
        Ok(view) => view,
        Err(refused) => return Ok(Err(refused)),
    };
    let is_right = wanted.answer != ObjectionAnswer::Rejected;
    let step = if is_right { Step::Uphold } else { Step::Reject };
    if let Err(out_of_order) = next(&view, step) {
        return Ok(Err(out_of_order));
    }
    let notice = wanted.notice.as_deref().unwrap_or_default();
    let mut problems: Vec<InputProblem> =
        case::text_problem(&["reason"], &wanted.reason, "say why").into_iter().collect();
    if is_right {
        let what = "write the notice that restores the subject's reputation";
        problems.extend(case::text_problem(&["notice"], notice, what));
    }
    if (wanted.answer == ObjectionAnswer::Corrected) != wanted.row.is_some() {
        let message = "`row` holds the record as it should be, and goes with CORRECTED alone";
        problems.push(InputProblem::new(&["row"], "ROW", message));
    }
    if !problems.is_empty() {
        return Ok(Err(problems));
    }
    let texts = [("reason", wanted.reason.trim()), ("notice", notice.trim())];
    let texts = if is_right { &texts[..] } else { texts.split_at(1).0 };
    if !is_right {
        let effects = Effects { actions: going_on(inquiry, &view)?, ..Effects::default() };
        return decide(inquiry, view, decision((step, WorkflowStep::Reject), None, json!({}), texts), &effects);
    }
    let record = find(inquiry, &view)?;
    let facts = match &wanted.row {
        None => json!({ "answer": wanted.answer }),
        Some(row) => match correct(inquiry, &view, &record, row)? {
            Ok(changes) => json!({ "answer": wanted.answer, "changes": changes }),
            Err(problems) => return Ok(Err(problems)),
        },
    };
    let is_withdrawn = wanted.answer == ObjectionAnswer::Withdrawn;
    let cause = if is_withdrawn { TombstoneCause::Withdrawn } else { TombstoneCause::Corrected };
    let ending = json!({ "ending": JointActionEnding::Revoked });
    let actions = rest::changes(inquiry, record.id, &ActionStep::End(JointActionEnding::Revoked), &ending)?;
    let tombstones = tombstone::for_receivers(inquiry, (view.row.id, &view.row.provider), &record, cause, &actions)?;
    let states = (record.version, record.state, RecordState::Withdrawn);
    let effects = Effects { actions, record: is_withdrawn.then_some(states), tombstones };
    decide(inquiry, view, decision((step, WorkflowStep::Uphold), Some(cause), facts, texts), &effects)
}

fn decision<'a>(
    (step, word): (Step, WorkflowStep),
    decided_as: Option<TombstoneCause>,
    facts: Value,
    texts: &'a [(&'a str, &'a str)],
) -> Decision<'a> {
    Decision { step, word, decided_as, due_on: None, facts, texts }
}

pub(super) fn find(inquiry: &Inquiry, view: &ApplicationView) -> Result<Record, Fault> {
    let found = inquiry.gateway().registry.read(|connection| store::record::find(connection, view.row.record))?;
    found.ok_or_else(|| Fault::Corrupt(format!("applications.record of {}", view.row.id)))
}

/// Takes in the record as it should be, by the road of every row that a department reports; and what changed, field by field.
/// A correction that was taken in before the answer could be written down counts as well.
fn correct(
    inquiry: &Inquiry,
    view: &ApplicationView,
    record: &Record,
    row: &Row,
) -> Result<Result<Vec<Value>, Vec<InputProblem>>, Fault> {
    // A row with another key is another record: it is not even taken in.
    if is_another(inquiry, record, row)? {
        return Ok(Err(InputProblem::one("row", "ROW_UNCHANGED", UNCHANGED)));
    }
    let submission = Submission { item: record.item.to_string(), vintage: None, rows: vec![row.clone()] };
    let report = match submission::submit(inquiry, &submission)? {
        Ok(report) => report,
        Err(problems) => return Ok(Err(problems)),
    };
    if let Some(rejected) = report.rows.into_iter().find(|row| row.outcome == "REJECTED") {
        return Ok(Err(rejected.problems));
    }
    let corrected = find(inquiry, view)?;
    if corrected.version == view.row.record_version {
        return Ok(Err(InputProblem::one("row", "ROW_UNCHANGED", UNCHANGED)));
    }
    changes(inquiry, (record, view.row.record_version), &corrected).map(Ok)
}

/// What is said of a row that is not this record with another value.
const UNCHANGED: &str =
    "the row changes nothing of this record: natural key and provider must be the same, and a value another";

/// Whether a row says another value of a field that identifies the record, as far as the caller sees that field.
fn is_another(inquiry: &Inquiry, record: &Record, row: &Row) -> Result<bool, Fault> {
    let Some(view) = record::by_id(inquiry, record.id)? else { return Ok(false) };
    let (item, whole) = (view.item(), row::whole(inquiry, &view)?);
    let Some(vintage) = item.vintage(None) else { return Ok(false) };
    let code = vec!["subject.uscc".to_owned()];
    for part in item.natural_key.parts.iter().chain([&code]) {
        // Of several fields of a part the first that holds something tells the record.
        let mut standing = None;
        for target in part.iter().filter(|target| whole(target)) {
            let text = row::cell(inquiry, &view, target)?;
            if !text.is_empty() {
                standing = Some((target, text));
                break;
            }
        }
        let Some((target, stands)) = standing else { continue };
        let fills = |column: &str| vintage.targets(column).is_some_and(|targets| targets.contains(target));
        let given = row.iter().find(|(column, _)| fills(column)).and_then(|(_, cell)| cell.as_deref());
        let Some(given) = given.map(clean).filter(|given: &String| !given.is_empty()) else { continue };
        let is_same = stands == given
            || given.parse::<Date>().is_ok_and(|day| day.to_string() == stands)
            || vintage.values.get(target).and_then(|words| words.get(&given)).is_some_and(|word| *word == stands);
        if !is_same {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Old and new value of every plain field that changed; of a sealed one that it did.
fn changes(inquiry: &Inquiry, (record, version): (&Record, i64), corrected: &Record) -> Result<Vec<Value>, Fault> {
    let gateway = inquiry.gateway();
    let corrupt = || Fault::Corrupt(format!("record_versions of {}", record.id));
    let (plain, sealed) = gateway
        .registry
        .read(|connection| store::record::values_of_version(connection, record.id, version))?
        .ok_or_else(corrupt)?;
    let old: Value = serde_json::from_str(&plain).map_err(|_| corrupt())?;
    let new: Value = serde_json::from_str(&corrected.plain).map_err(|_| corrupt())?;
    let item = gateway.catalogue.item(&record.item).ok_or_else(corrupt)?;
    let mut changes = Vec::new();
    for field in &item.fields {
        let name = field.name.as_str();
        let (before, after) = (old.get(name), new.get(name));
        if before != after {
            changes.push(json!({ "field": name, "old": before, "new": after }));
            continue;
        }
        let place =
            |version| Place { division: &record.division, item: &record.item, field: name, record: record.id, version };
        let is_same = match (sealed.get(name), corrected.sealed.get(name)) {
            (None, None) => true,
            (Some(before), Some(after)) => gateway
                .keyring
                .hold_the_same((before, &place(version)), (after, &place(corrected.version)))
                .map_err(|error| Fault::Corrupt(error.to_string()))?,
            _ => false,
        };
        if !is_same {
            changes.push(json!({ "field": name, "sealed": true }));
        }
    }
    Ok(changes)
}
