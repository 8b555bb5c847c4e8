//! `/desk/inbox`: what a department was assigned, by the day it is due. `/desk/inbox/{id}`: to answer it, and to report.

use strum::IntoEnumIterator as _;

use super::{FIRST, cases};
use crate::domain::{AssignmentAnswer, AssignmentStage};
use crate::exchange::fault::Fault;
use crate::exchange::inquiry::Inquiry;
use crate::exchange::joint_action::answer::{self, Answer, Report};
use crate::exchange::joint_action::{self, AssignmentView, list};
use crate::exchange::node_id::NodeRef;
use crate::portal::faults::Faults;
use crate::portal::frame::Frame;
use crate::portal::made::Made;
use crate::portal::pages::subject::nobody;
use crate::portal::sheet::{Block, Cell, Choice, Field, Form, Sheet, Table};
use crate::portal::visit::{Desk, DeskPage, Sent};

/// The list.
pub(super) fn make(frame: Frame, inquiry: &Inquiry, sent: &Sent) -> Result<Made, Fault> {
    let stage = sent.find("stage").and_then(|stage| stage.parse::<AssignmentStage>().ok());
    let is_late = sent.find("overdue").is_some();
    let found = list::assignments(inquiry, (None, stage, is_late), sent.find("after"), FIRST)?;
    let mut table =
        Table::new(&frame, "desk-inbox", &["inbox-measure", "case-subject", "case-stage", "case-due", "inbox-of"]);
    for (view, _) in &found.assignments {
        let id = inquiry.node_id(NodeRef::Assignment(view.row().id));
        table.row([
            Cell::link(frame.measure(inquiry, view.row().measure.as_str()), frame.link(&DeskPage::Assignment.of(&id))),
            cases::subject(&frame, inquiry, view.action().row().subject)?,
            frame.word("assignment", view.stage().name()).into(),
            cases::due(&frame, inquiry, view.due_on(inquiry)),
            frame.department(inquiry, &view.row().department).into(),
        ]);
    }
    let last = found.assignments.last().filter(|_| found.has_next);
    let next = last.map(|(_, cursor)| {
        let (stage, overdue) = (sent.get("stage"), sent.get("overdue"));
        DeskPage::Inbox.address(&[("after", cursor), ("stage", stage), ("overdue", overdue)])
    });
    let (title, lead) = (frame.text("desk-inbox"), frame.text("desk-inbox-what"));
    let mut sheet = Sheet::new(frame, title, lead);
    sheet.push(Block::News);
    let filter = filter(&sheet.frame, sent);
    sheet.form(filter);
    sheet.push(Block::Table(table));
    sheet.next(next);
    sheet.made()
}

fn filter(frame: &Frame, sent: &Sent) -> Form {
    let stages = AssignmentStage::iter().map(|stage| Choice::new(stage.name(), frame.word("assignment", stage.name())));
    let stages = Choice::any_of(frame, stages);
    let late = Choice::any_of(frame, std::iter::once(Choice::new("1", frame.text("filter-late"))));
    Form::asking(DeskPage::Inbox.pattern(), frame.text("filter-button"))
        .field(Field::one("stage", frame.text("case-stage"), stages).sent(sent, &Faults::default()))
        .field(Field::one("overdue", frame.text("case-due"), late).sent(sent, &Faults::default()))
}

/// One assignment, with what may be done about it.
pub(super) fn one(frame: Frame, inquiry: &Inquiry, desk: &Desk) -> Result<Made, Fault> {
    let id = desk.id.as_deref().unwrap_or_default();
    let Some(before) = answer::by_id(inquiry, id)? else { return Ok(nobody(&frame, inquiry)) };
    let title = frame.measure(inquiry, before.row().measure.as_str());
    let mut sheet = Sheet::new(frame, title, String::new());
    let (mut sent, mut faults) = (desk.sent.clone(), Faults::default());
    if sheet.frame.is_posted {
        match act(inquiry, id, &sent)? {
            Ok(_) => {
                sheet.done("case-done");
                sent = Sent::default();
            }
            // What cannot be read as an answer is none.
            Err(problems) if problems.is_empty() => faults.add("answer", sheet.frame.text("choose-one")),
            Err(problems) => faults = sheet.problems(&problems, &["reason", "report", "amountYuan"]),
        }
    }
    let view = answer::by_id(inquiry, id)?.unwrap_or(before);
    describe(&mut sheet, inquiry, &view)?;
    let path = DeskPage::Assignment.of(id);
    // Whose it is not, and what rests, has no form.
    let is_own = inquiry.caller().claims().department.as_ref() == Some(&view.row().department);
    let may_act = is_own && !view.action().is_suspended();
    match view.stage() {
        AssignmentStage::Assigned if may_act => {
            let form = answering(&sheet.frame, &path, (&sent, &faults));
            sheet.heading("inbox-answer");
            sheet.form(form);
        }
        AssignmentStage::Taken | AssignmentStage::Executed if may_act => {
            let form = reporting(&sheet.frame, &path, (&sent, &faults));
            sheet.heading("inbox-report");
            sheet.form(form);
        }
        _ => {}
    }
    let steps = joint_action::steps(inquiry, view.action())?;
    let steps = cases::steps(&sheet.frame, inquiry, (&steps, view.action().concern()))?;
    sheet.heading("case-steps");
    sheet.push(Block::Steps(steps));
    sheet.made()
}

fn describe(sheet: &mut Sheet, inquiry: &Inquiry, view: &AssignmentView) -> Result<(), Fault> {
    let frame = &sheet.frame;
    let row = view.action().row();
    let action = inquiry.node_id(NodeRef::JointAction(row.id));
    let measures = &inquiry.gateway().measures;
    let content = measures.get(view.row().measure.as_str()).map(|measure| frame.of(&measure.content).to_owned());
    let facts = vec![
        (frame.text("case-subject"), cases::subject(frame, inquiry, row.subject)?),
        (frame.text("case-stage"), frame.word("assignment", view.stage().name()).into()),
        (frame.text("case-due"), cases::due(frame, inquiry, view.due_on(inquiry))),
        (frame.text("inbox-content"), content.unwrap_or_default().into()),
        (frame.text("action-basis"), Cell::recorded(row.legal_basis.clone())),
        (frame.text("action-initiator"), frame.department(inquiry, &row.initiator).into()),
        (frame.text("action-ends"), row.ends_on.to_string().into()),
        (
            frame.text("action-title"),
            Cell::link(frame.word("action-kind", row.kind.name()), frame.link(&DeskPage::Action.of(&action))),
        ),
    ];
    sheet.push(Block::Facts(facts));
    Ok(())
}

fn act(inquiry: &Inquiry, id: &str, sent: &Sent) -> Result<answer::Taken, Fault> {
    let assignment = id.to_owned();
    if sent.get("act") == "report" {
        let amount_yuan = sent.find("amountYuan").map(str::to_owned);
        return answer::report(inquiry, &Report { assignment, report: sent.get("report").to_owned(), amount_yuan });
    }
    let Ok(answer) = sent.get("answer").parse::<AssignmentAnswer>() else { return Ok(Err(Vec::new())) };
    answer::respond(inquiry, &Answer { assignment, answer, reason: sent.find("reason").map(str::to_owned) })
}

fn answering(frame: &Frame, path: &str, (sent, faults): (&Sent, &Faults)) -> Form {
    let answers =
        AssignmentAnswer::iter().map(|answer| Choice::new(answer.name(), frame.word("answer", answer.name())));
    Form::new(path, frame.text("inbox-answer-button"))
        .field(Field::one("answer", frame.text("inbox-answer"), answers.collect()).chosen(frame).sent(sent, faults))
        .field(
            Field::lines("reason", frame.text("step-text-reason"), 2_000)
                .help(frame.text("inbox-reason-help"))
                .sent(sent, faults),
        )
}

fn reporting(frame: &Frame, path: &str, (sent, faults): (&Sent, &Faults)) -> Form {
    Form::new(path, frame.text("inbox-report-button"))
        .hidden("act", "report")
        .field(Field::lines("report", frame.text("step-text-report"), 2_000).required().sent(sent, faults))
        .field(
            Field::line("amountYuan", frame.text("inbox-amount"), 18)
                .help(frame.text("inbox-amount-help"))
                .sent(sent, faults),
        )
}
