//! 暂时屏蔽: while a reorganisation plan or a settlement that a court has ruled on is carried out, the record is neither published nor
//! shared nor used, and the measures that rest on it rest. Repair follows when the plan was carried out; until then a rejection or a
//! retraction brings everything back. The ruling itself is handed in to the department, as every paper is.

use serde::Deserialize;
use serde_json::json;

use super::super::fault::Fault;
use super::super::inquiry::Inquiry;
use super::super::joint_action::rest;
use super::{ApplicationView, Effects, tombstone};
use crate::domain::joint_action::Step as ActionStep;
use crate::domain::{ApplicationStage, PaperKind, RecordState, TombstoneCause};
use crate::store;
use crate::store::record::Record;

/// What the first step says of the papers.
#[derive(Deserialize)]
struct Facts {
    papers: Vec<PaperFacts>,
}

#[derive(Deserialize)]
struct PaperFacts {
    kind: PaperKind,
}

/// Whether the ruling of a court is among the papers that the application was filed with.
pub(super) fn has_ruling(inquiry: &Inquiry, view: &ApplicationView) -> Result<bool, Fault> {
    let registry = &inquiry.gateway().registry;
    let steps = registry.read(|connection| store::case_step::of_case(connection, view.row.id))?;
    let corrupt = || Fault::Corrupt(format!("case_steps.facts of {}", view.row.id));
    let filed = steps.first().ok_or_else(corrupt)?;
    let facts: Facts = serde_json::from_str(&filed.facts).map_err(|_| corrupt())?;
    Ok(facts.papers.iter().any(|paper| paper.kind == PaperKind::CourtRuling))
}

/// What shielding does to the record, its receivers and the joint actions that rest on it.
pub(super) fn begin(inquiry: &Inquiry, view: &ApplicationView, record: &Record) -> Result<Effects, Fault> {
    let actions = rest::changes(inquiry, record.id, &ActionStep::Suspend, &json!({ "shielded": true }))?;
    let states = (record.version, record.state, RecordState::Shielded);
    told(inquiry, view, record, (TombstoneCause::Shielded, states), actions)
}

/// What the end of shielding without repair does: the record stands again. Nothing when it was not shielded; when it was withdrawn
/// meanwhile, the measures alone are counted on.
pub(super) fn end(inquiry: &Inquiry, view: &ApplicationView, record: &Record) -> Result<Effects, Fault> {
    if view.row.stage != ApplicationStage::Shielded {
        return Ok(Effects::default());
    }
    let actions = rest::changes(inquiry, record.id, &ActionStep::Resume, &json!({ "shielded": false }))?;
    if record.state != RecordState::Shielded {
        return Ok(Effects { actions, ..Effects::default() });
    }
    let states = (record.version, RecordState::Shielded, RecordState::Current);
    told(inquiry, view, record, (TombstoneCause::Restored, states), actions)
}

fn told(
    inquiry: &Inquiry,
    view: &ApplicationView,
    record: &Record,
    (cause, states): (TombstoneCause, (i64, RecordState, RecordState)),
    actions: Vec<rest::Change>,
) -> Result<Effects, Fault> {
    let of = (view.row.id, &view.row.provider);
    let tombstones = tombstone::for_receivers(inquiry, of, record, cause, &actions)?;
    Ok(Effects { actions, record: Some(states), tombstones })
}
