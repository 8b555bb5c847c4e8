//! 初步认定: the department that decides drafts an entry. The row that is to become the record passes the checks of every row that is
//! reported; nothing of it is stored but sealed, with the case.

use std::collections::BTreeMap;

use serde_json::json;

use super::super::authorization::InputProblem;
use super::super::case::{self, NewStep};
use super::super::fault::Fault;
use super::super::inquiry::Inquiry;
use super::super::submission;
use super::{ListingRow, ListingView, Taken};
use crate::access::{CaseAction, Concern};
use crate::domain::identifier::IdentifierKind;
use crate::domain::{CaseId, ListingStage, WorkflowStep};
use crate::store;

/// The longest legal basis, in characters.
const BASIS_MAX: usize = 500;

/// An entry to draft.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// The code of the item that the list is.
    pub item: String,
    /// The row that is to become the record, as `submitRecords` takes it.
    pub row: BTreeMap<String, Option<String>>,
    /// The law and article.
    pub legal_basis: String,
    /// Why.
    pub reason: String,
}

/// Drafts an entry. The outer error is a fault, the inner what is wrong with the input. Blocks.
pub fn draft(inquiry: &Inquiry, wanted: &Wanted) -> Result<Taken, Fault> {
    let (gateway, intent) = (inquiry.gateway(), inquiry.intent().ok_or(Fault::Forbidden)?);
    let Some(decider) = inquiry.caller().claims().department.clone() else { return Err(Fault::Forbidden) };
    let concern = Concern { initiator: true, ..Concern::default() };
    if let Err(refused) = case::permit(inquiry, CaseAction::DraftListing, concern, "item") {
        return Ok(Err(refused));
    }
    if let Err(refused) = case::second_in_operation(inquiry, "item") {
        return Ok(Err(refused));
    }
    let Some(item) = gateway.catalogue.item_by_text(&wanted.item).filter(|item| item.list.is_some()) else {
        return Ok(Err(InputProblem::one("item", "ITEM", "the catalogue has no list of this code")));
    };
    let mut problems: Vec<InputProblem> =
        case::text_problem(&["reason"], &wanted.reason, "say why").into_iter().collect();
    if !(1..=BASIS_MAX).contains(&wanted.legal_basis.trim().chars().count()) {
        let message = "name the law and article, in 1 to 500 characters: nobody is listed without";
        problems.push(InputProblem::new(&["legalBasis"], "LEGAL_BASIS", message));
    }
    let prepared = match submission::prepare(inquiry, item, &wanted.row)? {
        Ok(prepared) => prepared,
        Err(found) => {
            problems.extend(found);
            return Ok(Err(problems));
        }
    };
    let code = prepared.subject.identifiers.iter().find(|(kind, _)| *kind == IdentifierKind::Uscc);
    let known = match code {
        Some((kind, code)) => {
            gateway.registry.read(|connection| store::subject::find_by_identifier(connection, *kind, code.expose()))?
        }
        None => None,
    };
    let key = submission::key_digest(gateway, &prepared);
    let existing = gateway.registry.read(|connection| store::deposit::existing(connection, &[key]))?;
    if !existing.is_empty() {
        let message = "this entry stands on the list, or was taken off it: a new decision has a number of its own";
        problems.push(InputProblem::new(&["row"], "DUPLICATE", message));
    }
    let Some(subject) = known else {
        let message = "the row names no organization that is known here by its unified social credit code";
        problems.push(InputProblem::new(&["row"], "SUBJECT", message));
        return Ok(Err(problems));
    };
    if !problems.is_empty() {
        return Ok(Err(problems));
    }
    let row = ListingRow {
        id: CaseId::new(gateway.ambient.uuid7()),
        item: item.code.clone(),
        subject: subject.id,
        decider,
        legal_basis: wanted.legal_basis.trim().to_owned(),
        stage: ListingStage::Drafted,
        notified_on: None,
        state_by: None,
        decided_on: None,
        record: None,
        steps: 1,
        entry: intent.index,
    };
    let sent = serde_json::to_string(&wanted.row).map_err(|error| Fault::Corrupt(error.to_string()))?;
    let new = NewStep {
        case: row.id,
        number: 1,
        step: WorkflowStep::Draft,
        assignment: None,
        due_on: None,
        facts: json!({ "item": row.item.as_str(), "legalBasis": row.legal_basis }),
        texts: &[("reason", wanted.reason.trim()), ("row", &sent)],
    };
    let step = case::row(inquiry, &new)?;
    inquiry.tally(|tally| tally.subjects.insert(row.subject));
    gateway.registry.write(|connection| {
        store::listing::insert(connection, &row)?;
        store::case_step::append(connection, &step)
    })?;
    Ok(Ok(ListingView { row, concern }))
}
