//! `/desk/tipoffs`: tip-offs, for the coordinator all, for an officer those that the officer handles. `/desk/tipoffs/{id}`: one of them,
//! to name its officer, to learn who reported, to answer.
//!
//! The subject itself is never looked up here: whom a tip-off is about would read who asked.

use strum::IntoEnumIterator as _;

use super::FIRST;
use crate::domain::tipoff::{may_be_answered, may_be_assigned};
use crate::domain::{Role, TipoffOutcome, TipoffStage};
use crate::exchange::authorization::InputProblem;
use crate::exchange::case::CaseStep;
use crate::exchange::fault::Fault;
use crate::exchange::inquiry::Inquiry;
use crate::exchange::node_id::NodeRef;
use crate::exchange::tipoff::handling::{self, Assignee};
use crate::exchange::tipoff::{self, Reporter, TipoffView};
use crate::portal::faults::Faults;
use crate::portal::frame::Frame;
use crate::portal::made::Made;
use crate::portal::pages::subject::nobody;
use crate::portal::sheet::{Block, Cell, Choice, Field, Form, Sheet, Step, Table};
use crate::portal::visit::{Desk, DeskPage, Sent};

/// The list.
pub(super) fn make(frame: Frame, inquiry: &Inquiry, sent: &Sent) -> Result<Made, Fault> {
    let stage = sent.find("stage").and_then(|stage| stage.parse::<TipoffStage>().ok());
    let found = tipoff::list(inquiry, stage, sent.find("after"), FIRST)?;
    let columns = ["query-code", "tipoff-field", "case-stage", "tipoff-submitted", "tipoff-department"];
    let mut table = Table::new(&frame, "desk-tipoffs", &columns);
    for (view, _) in &found.tipoffs {
        let row = view.row();
        let id = inquiry.node_id(NodeRef::Tipoff(row.id));
        let code = tipoff::uscc(inquiry, view)?.unwrap_or_else(|| frame.text("subject-no-code"));
        table.row([
            Cell::link(code, frame.link(&DeskPage::Tipoff.of(&id))),
            frame.word("tipoff-field", row.field.name()).into(),
            frame.word("tipoff-stage", row.stage.name()).into(),
            row.submitted_on.to_string().into(),
            department(&frame, inquiry, view),
        ]);
    }
    let last = found.tipoffs.last().filter(|_| found.has_next);
    let next = last.map(|(_, cursor)| DeskPage::Tipoffs.address(&[("after", cursor), ("stage", sent.get("stage"))]));
    let stages = TipoffStage::iter().map(|stage| Choice::new(stage.name(), frame.word("tipoff-stage", stage.name())));
    let stages = Choice::any_of(&frame, stages);
    let filter = Form::asking(DeskPage::Tipoffs.pattern(), frame.text("filter-button"))
        .field(Field::one("stage", frame.text("case-stage"), stages).sent(sent, &Faults::default()));
    let (title, lead) = (frame.text("desk-tipoffs"), frame.text("desk-tipoffs-what"));
    let mut sheet = Sheet::new(frame, title, lead);
    sheet.form(filter);
    sheet.push(Block::Table(table));
    sheet.next(next);
    sheet.made()
}

fn department(frame: &Frame, inquiry: &Inquiry, view: &TipoffView) -> Cell {
    view.row().department.as_ref().map(|id| frame.department(inquiry, id).into()).unwrap_or_default()
}

/// One tip-off.
pub(super) fn one(frame: Frame, inquiry: &Inquiry, desk: &Desk) -> Result<Made, Fault> {
    let id = desk.id.as_deref().unwrap_or_default();
    let Some(before) = tipoff::by_id(inquiry, id)? else { return Ok(nobody(&frame, inquiry)) };
    let title = frame.text("tipoff-title");
    let mut sheet = Sheet::new(frame, title, String::new());
    let (mut sent, mut faults) = (desk.sent.clone(), Faults::default());
    if sheet.frame.is_posted {
        match act(inquiry, id, &sent)? {
            Done::Step => {
                sheet.done("case-done");
                sent = Sent::default();
            }
            Done::Named(reporter) => {
                named(&mut sheet, reporter);
                sent = Sent::default();
            }
            Done::Unread => faults.add("outcome", sheet.frame.text("choose-one")),
            Done::Not(problems) => {
                faults = sheet.problems(&problems, &["department", "officer", "reason", "answer"]);
            }
        }
    }
    // Whoever named another officer may know nothing of it any more.
    let view = tipoff::by_id(inquiry, id)?.unwrap_or(before);
    describe(&mut sheet, inquiry, &view)?;
    forms(&mut sheet, inquiry, (&view, id), (&sent, &faults));
    let steps = tipoff::steps(inquiry, &view)?;
    let steps = steps.iter().map(|taken| step(&sheet.frame, inquiry, taken)).collect();
    sheet.heading("case-steps");
    sheet.push(Block::Steps(steps));
    sheet.made()
}

/// What came of what was posted.
enum Done {
    Step,
    Named(Option<Reporter>),
    /// Nothing was chosen.
    Unread,
    Not(Vec<InputProblem>),
}

fn act(inquiry: &Inquiry, id: &str, sent: &Sent) -> Result<Done, Fault> {
    let taken = match sent.get("act") {
        "assign" => {
            let [department, officer] = ["department", "officer"].map(|name| sent.get(name).to_owned());
            handling::assign(inquiry, &Assignee { id: id.to_owned(), department, officer, issuer: None })?
        }
        "reveal" => return Ok(handling::reveal(inquiry, id, sent.get("reason"))?.map_or_else(Done::Not, Done::Named)),
        _ => {
            let Ok(outcome) = sent.get("outcome").parse::<TipoffOutcome>() else { return Ok(Done::Unread) };
            handling::answer(inquiry, id, outcome, sent.get("answer"))?
        }
    };
    Ok(taken.map_or_else(Done::Not, |_| Done::Step))
}

/// Who reported: on this page, this once.
fn named(sheet: &mut Sheet, reporter: Option<Reporter>) {
    let Some(reporter) = reporter else {
        sheet.done("tipoff-nameless");
        return;
    };
    sheet.done("tipoff-named");
    let given = [("tipoff-name", reporter.name), ("tipoff-contact", reporter.contact)];
    let given = given.into_iter().filter(|(_, text)| !text.is_empty());
    let facts = given.map(|(name, text)| (sheet.frame.text(name), Cell::recorded(text))).collect();
    sheet.push(Block::Facts(facts));
}

fn describe(sheet: &mut Sheet, inquiry: &Inquiry, view: &TipoffView) -> Result<(), Fault> {
    let (frame, row) = (&sheet.frame, view.row());
    let code = tipoff::uscc(inquiry, view)?.unwrap_or_else(|| frame.text("subject-no-code"));
    let mut facts = vec![
        (frame.text("query-code"), Cell::from(code)),
        (frame.text("tipoff-field"), frame.word("tipoff-field", row.field.name()).into()),
        (frame.text("case-stage"), frame.word("tipoff-stage", row.stage.name()).into()),
        (frame.text("tipoff-submitted"), row.submitted_on.to_string().into()),
        (frame.text("tipoff-department"), department(frame, inquiry, view)),
    ];
    if let Some(conduct) = tipoff::conduct(inquiry, view)? {
        facts.push((frame.text("tipoff-told"), Cell::recorded(conduct)));
    }
    if let Some(outcome) = row.outcome {
        facts.push((frame.text("tipoff-outcome"), frame.word("tipoff-outcome", outcome.name()).into()));
    }
    if let Some(answer) = tipoff::answer(inquiry, view)? {
        facts.push((frame.text("tipoff-answer"), Cell::recorded(answer)));
    }
    sheet.push(Block::Facts(facts));
    let id = inquiry.node_id(NodeRef::Tipoff(row.id));
    for attached in tipoff::attachments(inquiry, view)? {
        let number = attached.number;
        let href = format!("/tipoffs/{id}/attachments/{number}");
        let text = format!("{} {number} · {}", sheet.frame.text("tipoff-attachment"), attached.kind.name());
        sheet.push(Block::Download(href, format!("attachment-{number}"), text));
    }
    Ok(())
}

fn forms(sheet: &mut Sheet, inquiry: &Inquiry, (view, id): (&TipoffView, &str), (sent, faults): (&Sent, &Faults)) {
    let (path, stage) = (DeskPage::Tipoff.of(id), view.row().stage);
    if view.is_handler() && may_be_answered(stage) {
        let form = answering(&sheet.frame, &path, (sent, faults));
        sheet.heading("tipoff-answer-title");
        sheet.form(form);
    }
    if view.is_handler() {
        let frame = &sheet.frame;
        let form = Form::new(&path, frame.text("tipoff-reveal-button")).hidden("act", "reveal").field(
            Field::lines("reason", frame.text("step-text-reason"), 2_000)
                .required()
                .help(frame.text("tipoff-reveal-help"))
                .sent(sent, faults),
        );
        sheet.heading("tipoff-reveal-title");
        sheet.form(form);
    }
    if inquiry.caller().role() == Role::Coordinator && may_be_assigned(stage) {
        let form = assigning(&sheet.frame, inquiry, &path, (sent, faults));
        sheet.heading("tipoff-assign-title");
        sheet.form(form);
    }
}

fn answering(frame: &Frame, path: &str, (sent, faults): (&Sent, &Faults)) -> Form {
    let outcomes =
        TipoffOutcome::iter().map(|outcome| Choice::new(outcome.name(), frame.word("tipoff-outcome", outcome.name())));
    Form::new(path, frame.text("tipoff-answer-button"))
        .hidden("act", "answer")
        .field(Field::one("outcome", frame.text("tipoff-outcome"), outcomes.collect()).chosen(frame).sent(sent, faults))
        .field(
            Field::lines("answer", frame.text("tipoff-answer"), 2_000)
                .required()
                .help(frame.text("tipoff-answer-help"))
                .sent(sent, faults),
        )
}

fn assigning(frame: &Frame, inquiry: &Inquiry, path: &str, (sent, faults): (&Sent, &Faults)) -> Form {
    let departments = inquiry.gateway().departments.iter();
    let departments = departments.map(|one| Choice::new(one.id.as_str(), frame.of(&one.name).to_owned())).collect();
    Form::new(path, frame.text("tipoff-assign-button"))
        .hidden("act", "assign")
        .field(Field::one("department", frame.text("tipoff-department"), departments).chosen(frame).sent(sent, faults))
        .field(
            Field::line("officer", frame.text("tipoff-officer"), 256)
                .required()
                .help(frame.text("tipoff-officer-help"))
                .sent(sent, faults),
        )
}

/// A step: what, when, its entry. Why a reporter's name was read is between the officer and the ledger.
fn step(frame: &Frame, inquiry: &Inquiry, taken: &CaseStep) -> Step {
    let who = match (&taken.department, taken.role) {
        (Some(id), _) => frame.department(inquiry, id),
        (None, Some(role)) => frame.word("role", role.name()),
        (None, None) => String::new(),
    };
    Step {
        time: taken.at.clock_in_shanghai(),
        title: frame.word("step", taken.step.name()),
        facts: vec![(frame.text("step-by"), who.into()), (frame.text("receipt-index"), taken.entry.into())],
        state: "done",
        word: frame.word("step-state", "done"),
    }
}
