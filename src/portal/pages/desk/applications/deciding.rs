//! What may be done about an application: its provider, or the coordinator in its place, decides; its author takes it back.

use strum::IntoEnumIterator as _;

use super::super::cases;
use crate::domain::{ApplicationKind, ApplicationStage, ObjectionAnswer, RepairDecision};
use crate::exchange::application::{self, ApplicationView, Taken, objection, repair};
use crate::exchange::authorization::InputProblem;
use crate::exchange::fault::Fault;
use crate::exchange::inquiry::Inquiry;
use crate::exchange::record;
use crate::exchange::row::{self, Row};
use crate::portal::faults::Faults;
use crate::portal::frame::Frame;
use crate::portal::sheet::{Choice, Field, Form, Sheet};
use crate::portal::visit::{DeskPage, Sent};

/// What is not done, and why: at a field of the form, or as the use case tells it.
pub(super) enum NotDone {
    At(&'static str, &'static str, String),
    Told(Vec<InputProblem>),
}

/// Does what the form says. What cannot be read as a choice is no choice.
pub(super) fn act(
    inquiry: &Inquiry,
    view: &ApplicationView,
    (id, sent): (&str, &Sent),
) -> Result<Result<ApplicationView, NotDone>, Fault> {
    let reason = sent.get("reason");
    let unread = |field| Ok(Err(NotDone::At(field, "choose-one", String::new())));
    let taken: Taken = match sent.get("act") {
        "retract" => application::retract(inquiry, id)?,
        "revoke" => repair::revoke(inquiry, id, reason)?,
        _ if view.row().kind == ApplicationKind::Repair => {
            let Ok(decision) = sent.get("decision").parse::<RepairDecision>() else { return unread("decision") };
            repair::decide_on(inquiry, id, decision, reason)?
        }
        _ => {
            let Ok(answer) = sent.get("answer").parse::<ObjectionAnswer>() else { return unread("answer") };
            let row = match sent.find("row").map(|text| corrected(inquiry, view, text)).transpose()? {
                Some(Err(not_done)) => return Ok(Err(not_done)),
                Some(Ok(row)) => Some(row),
                None => None,
            };
            let notice = sent.find("notice").map(str::to_owned);
            let wanted = objection::Answer { id: id.to_owned(), answer, reason: reason.to_owned(), notice, row };
            objection::answer(inquiry, &wanted)?
        }
    };
    Ok(taken.map_err(NotDone::Told))
}

/// The record as it should be: what the form names, everything else as it is.
fn corrected(inquiry: &Inquiry, view: &ApplicationView, text: &str) -> Result<Result<Row, NotDone>, Fault> {
    let record = record::by_id(inquiry, view.row().record)?.ok_or(Fault::Forbidden)?;
    let given = match cells_of(text, &|name: &str| row::column_named(record.item(), name)) {
        Ok(given) => given,
        Err(line) => return Ok(Err(NotDone::At("row", "objection-row-fault", line))),
    };
    Ok(row::completed(inquiry, &record, given)?
        .map_err(|wanting| NotDone::At("row", "objection-row-wanting", wanting.join("、"))))
}

/// One cell a line: the column's name or the field's title, a colon, the cell; a column without a cell is emptied. A line that names no
/// column of the item, or one twice, is no cell, and nothing is dropped in silence.
fn cells_of(text: &str, column: &dyn Fn(&str) -> Option<String>) -> Result<Row, String> {
    let mut cells = Row::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (name, cell) = line.split_once([':', '：']).ok_or_else(|| line.to_owned())?;
        let (column, cell) = (column(name.trim()), cell.trim());
        let new = column.filter(|column| !cells.contains_key(column)).ok_or_else(|| line.to_owned())?;
        cells.insert(new, Some(cell.to_owned()).filter(|cell| !cell.is_empty()));
    }
    Ok(cells)
}

/// What may be done.
pub(super) fn forms(
    sheet: &mut Sheet,
    inquiry: &Inquiry,
    (view, id): (&ApplicationView, &str),
    (sent, faults): (&Sent, &Faults),
) {
    use ApplicationStage::{Accepted, Approved, Filed, Shielded};
    let (path, stage) = (DeskPage::Application.of(id), view.row().stage);
    let is_open = matches!(stage, Filed | Accepted | Shielded);
    let may_decide = cases::is_official(inquiry) && (view.concern().provider || view.is_escalated());
    if view.concern().subject && is_open {
        let form = Form::new(&path, sheet.frame.text("application-retract")).hidden("act", "retract");
        sheet.form(form.among("retract".to_owned(), String::new()));
    }
    if !may_decide {
        return;
    }
    let form = match (view.row().kind, is_open) {
        (ApplicationKind::Objection, true) => answering(&sheet.frame, &path, (sent, faults)),
        (ApplicationKind::Repair, true) => repairing(&sheet.frame, &path, stage, (sent, faults)),
        (ApplicationKind::Repair, false) if stage == Approved => Form::new(&path, sheet.frame.text("repair-revoke"))
            .hidden("act", "revoke")
            .field(Field::lines("reason", sheet.frame.text("step-text-reason"), 2_000).required().sent(sent, faults)),
        _ => return,
    };
    sheet.heading("application-decide");
    sheet.form(form);
}

fn answering(frame: &Frame, path: &str, (sent, faults): (&Sent, &Faults)) -> Form {
    let answers =
        ObjectionAnswer::iter().map(|answer| Choice::new(answer.name(), frame.word("objection", answer.name())));
    Form::new(path, frame.text("application-decide-button"))
        .field(Field::one("answer", frame.text("objection-answer"), answers.collect()).chosen(frame).sent(sent, faults))
        .field(Field::lines("reason", frame.text("step-text-reason"), 2_000).required().sent(sent, faults))
        .field(
            Field::lines("notice", frame.text("step-text-notice"), 2_000)
                .help(frame.text("objection-notice-help"))
                .sent(sent, faults),
        )
        .field(
            Field::lines("row", frame.text("objection-row"), 8_000)
                .help(frame.text("objection-row-help"))
                .sent(sent, faults),
        )
}

fn repairing(frame: &Frame, path: &str, stage: ApplicationStage, (sent, faults): (&Sent, &Faults)) -> Form {
    use RepairDecision::{Accept, Approve, NotAccept, Reject, Shield};
    let may_follow = |decision: &RepairDecision| match stage {
        ApplicationStage::Filed => matches!(decision, Accept | NotAccept),
        ApplicationStage::Accepted => matches!(decision, Approve | Reject | Shield),
        _ => matches!(decision, Approve | Reject),
    };
    let decisions = RepairDecision::iter().filter(may_follow);
    let decisions = decisions.map(|decision| Choice::new(decision.name(), frame.word("repair", decision.name())));
    Form::new(path, frame.text("application-decide-button"))
        .field(
            Field::one("decision", frame.text("repair-decision"), decisions.collect()).chosen(frame).sent(sent, faults),
        )
        .field(Field::lines("reason", frame.text("step-text-reason"), 2_000).required().sent(sent, faults))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_read_a_line_each_and_a_line_that_is_none_is_told() {
        let known = ["处罚决定文书号", "罚款金额（万元）", "备注"];
        let is_known = |name: &str| known.contains(&name).then(|| name.to_owned());
        let read = cells_of("处罚决定文书号: 东市监〔2026〕1号\n\n罚款金额（万元）：\n备注:a:b", &is_known).unwrap();
        let expected =
            [("处罚决定文书号", Some("东市监〔2026〕1号")), ("罚款金额（万元）", None), ("备注", Some("a:b"))];
        let expected = expected.map(|(name, cell)| (name.to_owned(), cell.map(str::to_owned)));
        assert_eq!(read, Row::from(expected));
        for (text, line) in [
            ("备注：一\n第二段没有冒号", "第二段没有冒号"),
            ("没有这一列：x", "没有这一列：x"),
            ("备注：一\n备注：二", "备注：二"),
        ] {
            assert_eq!(cells_of(text, &is_known).unwrap_err(), line);
        }
    }
}
