//! What may be done about an application: its provider, or the coordinator in its place, decides; its author takes it back.

use std::collections::BTreeMap;

use strum::IntoEnumIterator as _;

use super::super::cases;
use crate::domain::{ApplicationKind, ApplicationStage, ObjectionAnswer, RepairDecision};
use crate::exchange::application::{self, ApplicationView, Taken, objection, repair};
use crate::exchange::fault::Fault;
use crate::exchange::inquiry::Inquiry;
use crate::portal::faults::Faults;
use crate::portal::frame::Frame;
use crate::portal::sheet::{Choice, Field, Form, Sheet};
use crate::portal::visit::{DeskPage, Sent};

/// Does what the form says.
pub(super) fn act(inquiry: &Inquiry, view: &ApplicationView, (id, sent): (&str, &Sent)) -> Result<Taken, Fault> {
    let reason = sent.get("reason");
    match sent.get("act") {
        "retract" => application::retract(inquiry, id),
        "revoke" => repair::revoke(inquiry, id, reason),
        _ if view.row().kind == ApplicationKind::Repair => {
            let decision = sent.get("decision").parse().unwrap_or(RepairDecision::NotAccept);
            repair::decide_on(inquiry, id, decision, reason)
        }
        _ => {
            let answer = objection::Answer {
                id: id.to_owned(),
                answer: sent.get("answer").parse().unwrap_or(ObjectionAnswer::Rejected),
                reason: reason.to_owned(),
                notice: sent.find("notice").map(str::to_owned),
                row: sent.find("row").map(cells),
            };
            objection::answer(inquiry, &answer)
        }
    }
}

/// The cells of a record, one a line: the column's name, a colon, the cell. A column without a cell is emptied.
fn cells(text: &str) -> BTreeMap<String, Option<String>> {
    let lines = text.lines().filter_map(|line| line.split_once([':', '：']));
    lines
        .map(|(name, cell)| (name.trim().to_owned(), Some(cell.trim().to_owned()).filter(|cell| !cell.is_empty())))
        .collect()
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
        .field(Field::one("answer", frame.text("objection-answer"), answers.collect()).sent(sent, faults))
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
        .field(Field::one("decision", frame.text("repair-decision"), decisions.collect()).sent(sent, faults))
        .field(Field::lines("reason", frame.text("step-text-reason"), 2_000).required().sent(sent, faults))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_read_a_line_each_with_either_colon() {
        let read = cells("处罚决定文书号: 东市监〔2026〕1号\n罚款金额（万元）：\n没有冒号\n备注:a:b");
        let expected =
            [("处罚决定文书号", Some("东市监〔2026〕1号")), ("罚款金额（万元）", None), ("备注", Some("a:b"))];
        let expected = expected.map(|(name, cell)| (name.to_owned(), cell.map(str::to_owned)));
        assert_eq!(read, BTreeMap::from(expected));
    }
}
