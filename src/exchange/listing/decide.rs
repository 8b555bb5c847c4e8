//! 认定、不予认定、撤销认定: the entry becomes a record, or does not, or is taken back with everything that rests on it.

use std::collections::BTreeMap;

use serde_json::json;

use super::super::application::tombstone;
use super::super::authorization::InputProblem;
use super::super::case::{self, CaseStep};
use super::super::fault::Fault;
use super::super::import::PreparedRecord;
use super::super::inquiry::Inquiry;
use super::super::joint_action::rest;
use super::super::push::notices;
use super::super::submission::{self, Submission};
use super::{ListingRow, ListingView, Taken, advance, concern, permitted, write};
use crate::access::CaseAction;
use crate::domain::joint_action::Step as ActionStep;
use crate::domain::listing::Step;
use crate::domain::{
    CaseId, JointActionEnding, ListingDecision, ListingStage, RecordId, RecordState, TombstoneCause, WorkflowStep,
};
use crate::store;
use crate::store::record::Record;

/// A row as it was sent: from column name to cell.
type SentRow = BTreeMap<String, Option<String>>;

/// Decides on an entry. What is decided becomes a record in a transaction before the decision's own: when the gateway ends between the
/// two, the same decision is taken again, or the other one takes the record away. The outer error is a fault, the inner what is wrong with the input. Blocks.
pub fn decide(inquiry: &Inquiry, id: &str, decision: ListingDecision, reason: &str) -> Result<Taken, Fault> {
    let (step, word) = match decision {
        ListingDecision::List => (Step::List, WorkflowStep::List),
        ListingDecision::Drop => (Step::Drop, WorkflowStep::Drop),
    };
    let (mut view, stage) = match permitted(inquiry, id, (CaseAction::DecideListing, step))? {
        Ok(permitted) => permitted,
        Err(refused) => return Ok(Err(refused)),
    };
    if let Some(problem) = case::text_problem(&["reason"], reason, "say why") {
        return Ok(Err(vec![problem]));
    }
    let standing = match decision {
        ListingDecision::Drop => standing(inquiry, &view)?,
        ListingDecision::List => match take_in(inquiry, &view)? {
            Ok(record) => {
                view.row.record = Some(record);
                None
            }
            Err(problems) => return Ok(Err(problems)),
        },
    };
    view.row.decided_on = Some(inquiry.today());
    let (id, listed, mut row) = (view.row.id, view.row.record, view.row);
    let texts = [("reason", reason.trim())];
    let step = advance(inquiry, &mut row, (stage, word), (json!({ "decision": decision }), &texts))?;
    if let Some(record) = standing {
        return take_off(inquiry, row, &record, &step);
    }
    let written = write(inquiry, row, &step);
    if let (Err(Fault::Conflict), Some(record)) = (&written, listed) {
        take_back(inquiry, id, record)?;
    }
    written
}

/// The record of a row that is decided not to be listed, when one was taken in: the gateway ended before that decision was written.
fn standing(inquiry: &Inquiry, view: &ListingView) -> Result<Option<Record>, Fault> {
    let gateway = inquiry.gateway();
    // What the catalogue does not take any more was not taken in either.
    let Ok((_, prepared)) = drafted(inquiry, view)? else { return Ok(None) };
    let key = submission::key_digest(gateway, &prepared);
    let existing = gateway.registry.read(|connection| store::deposit::existing(connection, &[key]))?;
    let Some(existing) = existing.get(&key) else { return Ok(None) };
    let found = gateway.registry.read(|connection| store::record::find(connection, existing.id))?;
    Ok(found.filter(|record| is_own_and_current(view, record)))
}

fn is_own_and_current(view: &ListingView, record: &Record) -> bool {
    record.state == RecordState::Current && record.provider.as_ref() == Some(&view.row.decider)
}

/// Another decision was written first. When it was not to list, the record that was taken in meanwhile does not stand.
fn take_back(inquiry: &Inquiry, id: CaseId, record: RecordId) -> Result<(), Fault> {
    let states = (RecordState::Current, RecordState::Withdrawn);
    Ok(inquiry.gateway().registry.write(|connection| {
        let listing = store::listing::find(connection, id)?;
        let is_dropped = listing.is_some_and(|listing| listing.stage == ListingStage::Dropped);
        match store::record::find(connection, record)?.filter(|record| is_dropped && record.state == states.0) {
            Some(found) => store::record::set_state(connection, (record, found.version), states),
            None => Ok(()),
        }
    })?)
}

/// The row that was drafted, as sent and as prepared.
fn drafted(
    inquiry: &Inquiry,
    view: &ListingView,
) -> Result<Result<(SentRow, PreparedRecord), Vec<InputProblem>>, Fault> {
    let corrupt = || Fault::Corrupt(format!("case_steps of {}", view.row.id));
    let steps = inquiry.gateway().registry.read(|connection| store::case_step::of_case(connection, view.row.id))?;
    let drafted = steps.iter().find(|step| step.step == WorkflowStep::Draft).ok_or_else(corrupt)?;
    let sent = case::opened(inquiry, drafted, "row", view.concern)?.ok_or_else(corrupt)?;
    let row = serde_json::from_str(sent.expose()).map_err(|_| corrupt())?;
    let item = inquiry.gateway().catalogue.item(&view.row.item).ok_or_else(corrupt)?;
    Ok(submission::prepare(inquiry, item, &row)?.map(|prepared| (row, prepared)))
}

/// Takes the row that was drafted in, by the road of every row that a department reports.
fn take_in(inquiry: &Inquiry, view: &ListingView) -> Result<Result<RecordId, Vec<InputProblem>>, Fault> {
    let gateway = inquiry.gateway();
    let corrupt = || Fault::Corrupt(format!("case_steps of {}", view.row.id));
    let (row, prepared) = match drafted(inquiry, view)? {
        Ok(drafted) => drafted,
        Err(problems) => return Ok(Err(problems)),
    };
    let submission = Submission { item: view.row.item.to_string(), vintage: None, rows: vec![row] };
    let report = match submission::submit(inquiry, &submission)? {
        Ok(report) => report,
        Err(problems) => return Ok(Err(problems)),
    };
    if let Some(rejected) = report.rows.into_iter().find(|row| row.outcome == "REJECTED") {
        return Ok(Err(rejected.problems));
    }
    let key = submission::key_digest(gateway, &prepared);
    let existing = gateway.registry.read(|connection| store::deposit::existing(connection, &[key]))?;
    let id = existing.get(&key).ok_or_else(corrupt)?.id;
    let found = gateway.registry.read(|connection| store::record::find(connection, id))?.ok_or_else(corrupt)?;
    if !is_own_and_current(view, &found) {
        let message = "a record of this row was withdrawn or repaired, or another department provides it: a new decision has a \
                       number of its own";
        return Ok(Err(InputProblem::one("id", "RECORD_NOT_CURRENT", message)));
    }
    Ok(Ok(id))
}

/// Takes an entry off its list because what it rests on fell: the record leaves the public and the sharing tier, measures are lifted,
/// the subject's reputation is restored, and everybody who received the record is told. Blocks.
pub fn withdraw(inquiry: &Inquiry, id: &str, reason: &str, notice: &str) -> Result<Taken, Fault> {
    let (view, stage) = match permitted(inquiry, id, (CaseAction::DecideListing, Step::Withdraw))? {
        Ok(permitted) => permitted,
        Err(refused) => return Ok(Err(refused)),
    };
    let mut problems: Vec<InputProblem> = case::text_problem(&["reason"], reason, "say why").into_iter().collect();
    let what = "write the notice that restores the subject's reputation";
    problems.extend(case::text_problem(&["notice"], notice, what));
    if !problems.is_empty() {
        return Ok(Err(problems));
    }
    let gateway = inquiry.gateway();
    let corrupt = || Fault::Corrupt(format!("listings.record of {}", view.row.id));
    let record = view.row.record.ok_or_else(corrupt)?;
    let found = gateway.registry.read(|connection| store::record::find(connection, record))?;
    let record = found.ok_or_else(corrupt)?;
    if record.state != RecordState::Current {
        let message = "the record was repaired or withdrawn before: nothing is left to withdraw";
        return Ok(Err(InputProblem::one("id", "RECORD_NOT_CURRENT", message)));
    }
    let mut row = view.row;
    let texts = [("reason", reason.trim()), ("notice", notice.trim())];
    let step = advance(inquiry, &mut row, (stage, WorkflowStep::Withdraw), (json!({}), &texts))?;
    take_off(inquiry, row, &record, &step)
}

/// Writes a step that takes the record away, with all that follows.
fn take_off(inquiry: &Inquiry, row: ListingRow, record: &Record, step: &CaseStep) -> Result<Taken, Fault> {
    let gateway = inquiry.gateway();
    let ending = json!({ "ending": JointActionEnding::Revoked });
    let actions = rest::changes(inquiry, record.id, &ActionStep::End(JointActionEnding::Revoked), &ending)?;
    let tombstones =
        tombstone::for_receivers(inquiry, (row.id, &row.decider), record, TombstoneCause::Withdrawn, &actions)?;
    let of_listing = notices::of_listing(gateway, &row, &tombstones, step);
    let events = actions.iter().flat_map(|change| change.events(gateway)).chain(of_listing).collect();
    gateway.registry.write(|connection| {
        store::listing::advance(connection, &row)?;
        let states = (RecordState::Current, RecordState::Withdrawn);
        store::record::set_state(connection, (record.id, record.version), states)?;
        for change in &actions {
            rest::write(connection, change)?;
        }
        store::tombstone::insert(connection, &tombstones)?;
        store::case_step::append(connection, step)?;
        store::event::append(connection, events)
    })?;
    let concern = concern(inquiry, &row);
    Ok(Ok(ListingView { row, concern }))
}
