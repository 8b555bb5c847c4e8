//! `/desk/actions`: joint actions that concern one. `/desk/actions/{id}`: the chain of one as a timeline, what is done and
//! what is still to be done, and the steps that its coordinator and its initiator take. `/desk/overdue`: what is late.

use std::sync::Arc;

use strum::IntoEnumIterator as _;

use super::{FIRST, cases};
use crate::catalogue::measures::Implementers;
use crate::domain::{AssignmentStage, Date, JointActionEnding, JointActionStage, Role};
use crate::exchange::fault::Fault;
use crate::exchange::inquiry::Inquiry;
use crate::exchange::joint_action::{self, AssignmentView, JointActionView, Taken, dispatch, end, list, overdue};
use crate::exchange::node_id::NodeRef;
use crate::portal::faults::Faults;
use crate::portal::frame::Frame;
use crate::portal::made::Made;
use crate::portal::pages::subject::nobody;
use crate::portal::sheet::{Block, Cell, Choice, Field, Form, Sheet, Step, Table};
use crate::portal::visit::{Desk, DeskPage, Sent};

/// The list.
pub(super) fn make(frame: Frame, inquiry: &Inquiry, sent: &Sent) -> Result<Made, Fault> {
    let stage = sent.find("stage").and_then(|stage| stage.parse::<JointActionStage>().ok());
    let found = list::actions(inquiry, stage, None, sent.find("after"), FIRST)?;
    let columns = ["case-subject", "action-kind", "case-stage", "action-initiator", "action-initiated", "case-due"];
    let mut table = Table::new(&frame, "desk-actions", &columns);
    for (view, _) in &found.actions {
        let row = view.row();
        let id = inquiry.node_id(NodeRef::JointAction(row.id));
        let subject = cases::subject(&frame, inquiry, row.subject)?;
        let href = Some(frame.link(&DeskPage::Action.of(&id)));
        table.row([
            Cell { href, ..subject },
            frame.word("action-kind", row.kind.name()).into(),
            stage_of(&frame, view),
            frame.department(inquiry, &row.initiator).into(),
            row.initiated_on.to_string().into(),
            cases::due(&frame, inquiry, due(view)),
        ]);
    }
    let last = found.actions.last().filter(|_| found.has_next);
    let next =
        last.map(|(_, cursor)| DeskPage::Actions.address(&[("after", cursor.as_str()), ("stage", sent.get("stage"))]));
    let stages = JointActionStage::iter().map(|stage| Choice::new(stage.name(), frame.word("action", stage.name())));
    let stages = Choice::any_of(&frame, stages);
    let filter = Form::asking(DeskPage::Actions.pattern(), frame.text("filter-button"))
        .field(Field::one("stage", frame.text("case-stage"), stages).sent(sent, &Faults::default()));
    let (title, lead) = (frame.text("desk-actions"), frame.text("desk-actions-what"));
    let mut sheet = Sheet::new(frame, title, lead);
    sheet.form(filter);
    sheet.push(Block::Table(table));
    sheet.next(next);
    sheet.made()
}

fn stage_of(frame: &Frame, view: &JointActionView) -> Cell {
    if view.is_suspended() {
        return Cell::marked(frame.text("action-suspended"), "notice");
    }
    match view.ending() {
        Some(ending) => frame.word("ending", ending.name()).into(),
        None => frame.word("action", view.stage().name()).into(),
    }
}

/// By when it has to be dispatched, while it waits for that.
fn due(view: &JointActionView) -> Option<Date> {
    view.row().due_on.filter(|_| !view.is_suspended() && view.ending().is_none())
}

/// One action.
pub(super) fn one(frame: Frame, inquiry: &Inquiry, desk: &Desk) -> Result<Made, Fault> {
    let id = desk.id.as_deref().unwrap_or_default();
    let Some(before) = joint_action::by_id(inquiry, id)? else { return Ok(nobody(&frame, inquiry)) };
    let title = frame.word("action-kind", before.row().kind.name());
    let mut sheet = Sheet::new(frame, title, String::new());
    let mut faults = Faults::default();
    if sheet.frame.is_posted {
        match act(inquiry, &before, (id, &desk.sent))? {
            Ok(_) => sheet.done("case-done"),
            Err(problems) => faults = sheet.problems(&problems, &["reason", "ending"]),
        }
    }
    let view = joint_action::by_id(inquiry, id)?.unwrap_or(before);
    let facts = facts(&sheet.frame, inquiry, &view)?;
    sheet.push(Block::Facts(facts));
    let view = Arc::new(view);
    let taken = joint_action::steps(inquiry, &view)?;
    let mut steps = cases::steps(&sheet.frame, inquiry, (&taken, view.concern()))?;
    steps.extend(open(&sheet.frame, inquiry, &view));
    sheet.heading("case-steps");
    sheet.push(Block::Steps(steps));
    forms(&mut sheet, inquiry, (&view, id), (&desk.sent, &faults));
    sheet.made()
}

fn facts(frame: &Frame, inquiry: &Inquiry, view: &JointActionView) -> Result<Vec<(String, Cell)>, Fault> {
    let row = view.row();
    let measures = row.measures.iter().map(|code| frame.measure(inquiry, code.as_str())).collect::<Vec<_>>();
    Ok(vec![
        (frame.text("case-subject"), cases::subject(frame, inquiry, row.subject)?),
        (frame.text("case-stage"), stage_of(frame, view)),
        (frame.text("inbox-measure"), measures.join(&frame.text("separator")).into()),
        (frame.text("action-basis"), Cell::recorded(row.legal_basis.clone())),
        (frame.text("action-initiator"), frame.department(inquiry, &row.initiator).into()),
        (frame.text("action-act"), row.act_on.to_string().into()),
        (frame.text("action-notified"), row.notified_on.to_string().into()),
        (frame.text("action-initiated"), row.initiated_on.to_string().into()),
        (frame.text("action-ends"), row.ends_on.to_string().into()),
    ])
}

/// What is still to be done: the dispatch, the departments' answers and reports.
fn open(frame: &Frame, inquiry: &Inquiry, view: &Arc<JointActionView>) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut push = |due_on: Date, title: String, facts: Vec<(String, Cell)>| {
        let state = if due_on < inquiry.today() { "late" } else { "open" };
        let word = frame.word("step-open", state);
        let time = frame.texts.with("step-until", "day", due_on.to_string());
        steps.push(Step { time, title, facts, state, word });
    };
    if let Some(due_on) = due(view) {
        push(due_on, frame.word("step", "DISPATCH"), Vec::new());
    }
    for assignment in view.assignments(inquiry) {
        let Some(due_on) = assignment.due_on(inquiry) else { continue };
        let step = if assignment.stage() == AssignmentStage::Assigned { "RESPOND" } else { "FEEDBACK" };
        push(due_on, frame.word("step", step), assigned(frame, inquiry, &assignment));
    }
    steps
}

fn assigned(frame: &Frame, inquiry: &Inquiry, view: &AssignmentView) -> Vec<(String, Cell)> {
    let id = inquiry.node_id(NodeRef::Assignment(view.row().id));
    let title = frame.measure(inquiry, view.row().measure.as_str());
    vec![
        (frame.text("step-by"), frame.department(inquiry, &view.row().department).into()),
        (frame.text("inbox-measure"), Cell::link(title, frame.link(&DeskPage::Assignment.of(&id)))),
    ]
}

fn act(inquiry: &Inquiry, view: &JointActionView, (id, sent): (&str, &Sent)) -> Result<Taken, Fault> {
    if sent.find("act") == Some("dispatch") {
        // A measure that nobody is named for goes to every department that its list names.
        let named = view.row().measures.iter().map(|code| {
            let name = format!("to-{code}");
            (
                code.to_string(),
                sent.all("to")
                    .filter_map(|to| to.strip_prefix(&format!("{name}-")))
                    .map(str::to_owned)
                    .collect::<Vec<_>>(),
            )
        });
        let assignments = named.filter(|(_, departments)| !departments.is_empty()).collect();
        return dispatch::dispatch(inquiry, &dispatch::Wanted { id: id.to_owned(), assignments });
    }
    // What cannot be read as an ending is none that may be chosen, and is told at its field.
    let ending = sent.get("ending").parse().unwrap_or(JointActionEnding::Expired);
    end::end(inquiry, &end::Wanted { id: id.to_owned(), ending, reason: sent.get("reason").to_owned() })
}

fn forms(sheet: &mut Sheet, inquiry: &Inquiry, (view, id): (&JointActionView, &str), (sent, faults): (&Sent, &Faults)) {
    let path = DeskPage::Action.of(id);
    let is_coordinator = inquiry.caller().role() == Role::Coordinator;
    if is_coordinator && view.stage() == JointActionStage::Initiated && !view.is_suspended() {
        let form = Form::new(&path, sheet.frame.text("action-dispatch-button"))
            .among("dispatch".to_owned(), String::new())
            .hidden("act", "dispatch");
        let form = view.row().measures.iter().fold(form, |form, code| {
            match departments(&sheet.frame, inquiry, code.as_str(), (sent, faults)) {
                Some(field) => form.field(field),
                None => form,
            }
        });
        sheet.heading("action-dispatch");
        sheet.say("action-dispatch-what");
        sheet.form(form);
    }
    let may_end = is_coordinator || view.concern().initiator;
    if may_end && view.ending().is_none() {
        let endings = [JointActionEnding::Revoked, JointActionEnding::Repaired]
            .map(|ending| Choice::new(ending.name(), sheet.frame.word("ending", ending.name())));
        let form = Form::new(&path, sheet.frame.text("action-end-button"))
            .field(
                Field::one("ending", sheet.frame.text("action-ending"), endings.to_vec())
                    .chosen(&sheet.frame)
                    .sent(sent, faults),
            )
            .field(Field::lines("reason", sheet.frame.text("step-text-reason"), 2_000).required().sent(sent, faults));
        sheet.heading("action-end");
        sheet.form(form);
    }
}

/// To whom a measure may go, when its list leaves a choice.
fn departments(frame: &Frame, inquiry: &Inquiry, code: &str, (sent, faults): (&Sent, &Faults)) -> Option<Field> {
    let gateway = inquiry.gateway();
    let measure = gateway.measures.get(code)?;
    let named = gateway.departments.iter().filter(|department| measure.may_be_taken_by(&department.id));
    let choices = named
        .map(|department| Choice::new(&format!("to-{code}-{}", department.id), frame.of(&department.name).to_owned()));
    let field = Field::some("to", frame.of(&measure.title).to_owned(), choices.collect()).part(code).sent(sent, faults);
    let names_nobody = measure.implementers == Implementers::All;
    Some(if names_nobody { field.help(frame.text("action-dispatch-choose")) } else { field })
}

/// What is late.
pub(super) fn late(frame: Frame, inquiry: &Inquiry, sent: &Sent) -> Result<Made, Fault> {
    let found = overdue::list(inquiry, None, sent.find("after"), FIRST)?;
    let mut table = Table::new(
        &frame,
        "desk-overdue",
        &["overdue-step", "case-subject", "overdue-by", "case-due", "inbox-measure"],
    );
    for (step, _) in &found.steps {
        let id = inquiry.node_id(NodeRef::JointAction(step.action.row().id));
        let by = step.department.as_ref().map(|id| frame.department(inquiry, id));
        let of = step.assignment.as_ref().map(|view| frame.measure(inquiry, view.row().measure.as_str()));
        table.row([
            Cell::link(frame.word("step", step.step.name()), frame.link(&DeskPage::Action.of(&id))),
            cases::subject(&frame, inquiry, step.action.row().subject)?,
            by.unwrap_or_else(|| frame.word("role", Role::Coordinator.name())).into(),
            cases::due(&frame, inquiry, Some(step.due_on)),
            of.unwrap_or_default().into(),
        ]);
    }
    let last = found.steps.last().filter(|_| found.has_next);
    let next = last.map(|(_, cursor)| DeskPage::Overdue.address(&[("after", cursor)]));
    let (title, lead) = (frame.text("desk-overdue"), frame.text("desk-overdue-what"));
    let mut sheet = Sheet::new(frame, title, lead);
    sheet.push(Block::Table(table));
    let (href, text) = (sheet.frame.link(DeskPage::Awaiting.pattern()), sheet.frame.text("overdue-awaiting"));
    sheet.push(Block::Link(href, text));
    sheet.next(next);
    sheet.made()
}
