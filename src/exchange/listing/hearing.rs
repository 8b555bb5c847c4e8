//! 告知、陈述申辩: the party is told of a draft, and states its case.

use serde_json::json;

use super::super::authorization::InputProblem;
use super::super::case;
use super::super::fault::Fault;
use super::super::inquiry::Inquiry;
use super::{Taken, advance, permitted, write};
use crate::access::CaseAction;
use crate::domain::listing::Step;
use crate::domain::{Date, WorkflowStep};

/// A party to tell.
#[derive(Clone, Debug)]
pub struct Notice {
    /// The opaque id of the entry.
    pub id: String,
    /// The day on which it was told.
    pub notified_on: Date,
    /// What it was told: facts, reasons, basis.
    pub text: String,
}

/// Says that the party was told. The outer error is a fault, the inner what is wrong with the input. Blocks.
pub fn notify(inquiry: &Inquiry, notice: &Notice) -> Result<Taken, Fault> {
    let (view, stage) = match permitted(inquiry, &notice.id, (CaseAction::DecideListing, Step::Notify))? {
        Ok(permitted) => permitted,
        Err(refused) => return Ok(Err(refused)),
    };
    let what = "say what the party was told: facts, reasons, basis";
    let mut problems: Vec<InputProblem> = case::text_problem(&["notice"], &notice.text, what).into_iter().collect();
    if notice.notified_on > inquiry.today() {
        problems.push(InputProblem::new(&["notifiedOn"], "NOTIFIED", "tell the party first, then say so"));
    }
    if !problems.is_empty() {
        return Ok(Err(problems));
    }
    let rules = &inquiry.gateway().rules;
    let days = rules.packs.in_force(inquiry.today()).deadlines.statement;
    let mut row = view.row;
    row.notified_on = Some(notice.notified_on);
    // It can be seen and answered here from today on, whatever day it was told on.
    row.state_by = Some(rules.calendar.add_working_days(inquiry.today(), days).date);
    let facts = json!({
        "notifiedOn": notice.notified_on.to_string(),
        "stateBy": row.state_by.map(|by| by.to_string()),
    });
    let texts = [("notice", notice.text.trim())];
    let step = advance(inquiry, &mut row, (stage, WorkflowStep::Notify), (facts, &texts))?;
    write(inquiry, row, &step)
}

/// States the party's case; late too, as long as nothing is decided. Blocks.
pub fn state(inquiry: &Inquiry, id: &str, statement: &str) -> Result<Taken, Fault> {
    let (view, stage) = match permitted(inquiry, id, (CaseAction::StateListing, Step::State))? {
        Ok(permitted) => permitted,
        Err(refused) => return Ok(Err(refused)),
    };
    if let Some(problem) = case::text_problem(&["statement"], statement, "state your case") {
        return Ok(Err(vec![problem]));
    }
    let mut row = view.row;
    let texts = [("statement", statement.trim())];
    let step = advance(inquiry, &mut row, (stage, WorkflowStep::State), (json!({}), &texts))?;
    write(inquiry, row, &step)
}
