//! `/desk/actions/awaiting`: acts that wait for their joint action (待发起). `/desk/actions/initiate`: the department whose record it
//! rests on initiates one.

use std::sync::Arc;

use super::{FIRST, cases, query};
use crate::catalogue::BasisKind;
use crate::domain::{CaseId, Date, JointActionKind, Role};
use crate::exchange::fault::Fault;
use crate::exchange::inquiry::Inquiry;
use crate::exchange::joint_action::awaiting::{self, AwaitingAct};
use crate::exchange::joint_action::initiate::{self, Wanted};
use crate::exchange::node_id::NodeRef;
use crate::exchange::record::{self, RecordView};
use crate::portal::card::Card;
use crate::portal::faults::Faults;
use crate::portal::frame::Frame;
use crate::portal::made::Made;
use crate::portal::sheet::{Block, Choice, Field, Form, Sheet};
use crate::portal::visit::{DeskPage, Sent};

/// What these pages are looked at for, unless somebody chooses otherwise.
const PURPOSE: &str = "joint-punishment-check";

/// The list, for a purpose and a case: most of these records are shared and not published.
pub(super) fn awaiting(frame: Frame, inquiry: &Inquiry, sent: &Sent) -> Result<Made, Fault> {
    let (title, lead) = (frame.text("desk-actions-awaiting"), frame.text("desk-actions-awaiting-what"));
    let mut sheet = Sheet::new(frame, title, lead);
    let is_asked = sheet.frame.is_posted;
    let faults = if is_asked { query::declared(&sheet.frame, inquiry, sent) } else { Faults::default() };
    let form = Form::new(DeskPage::Awaiting.pattern(), sheet.frame.text("filter-button"));
    let mut form = query::fields(form, &sheet.frame, inquiry, (sent, &faults));
    if !is_asked {
        form.choose("purpose", PURPOSE);
    }
    sheet.form(form);
    if !is_asked || !faults.is_empty() {
        return sheet.made();
    }
    let found = awaiting::list(inquiry, None, sent.find("after"), FIRST)?;
    sheet.heading("desk-actions-awaiting");
    if found.acts.is_empty() {
        sheet.say("table-nothing-here");
    }
    for (at, (act, _)) in found.acts.iter().enumerate() {
        one(&mut sheet, inquiry, (act, sent), at)?;
    }
    if let Some(after) = &found.next {
        let form = declaring(Form::new(DeskPage::Awaiting.pattern(), sheet.frame.text("list-next")), sent);
        let of = sheet.frame.text("desk-actions-awaiting");
        sheet.form(form.among("next".to_owned(), of).hidden("after", after));
    }
    sheet.made()
}

fn one(sheet: &mut Sheet, inquiry: &Inquiry, (act, sent): (&AwaitingAct, &Sent), at: usize) -> Result<(), Fault> {
    let frame = &sheet.frame;
    let facts = vec![
        (frame.text("case-subject"), cases::subject(frame, inquiry, act.record.subject())?),
        (frame.text("access-items"), frame.of(&act.record.item().title).to_owned().into()),
        (frame.text("action-initiator"), frame.department(inquiry, &act.department).into()),
        (frame.text("action-act"), act.act_on.to_string().into()),
        (frame.text("case-due"), cases::due(frame, inquiry, Some(act.due_on))),
    ];
    sheet.push(Block::Facts(facts));
    if let Some(form) = way(&sheet.frame, inquiry, (&act.record, sent), &at.to_string()) {
        sheet.form(form);
    }
    Ok(())
}

fn declaring(form: Form, sent: &Sent) -> Form {
    form.hidden("purpose", sent.get("purpose")).hidden("case", sent.get("case"))
}

/// The button that leads to initiating a joint action that rests on a record: for the department that provided it, when a measure can
/// rest on it. Posted, because purpose and case go along: they stand in no address, and no other site declares them.
pub(super) fn way(frame: &Frame, inquiry: &Inquiry, (view, sent): (&RecordView, &Sent), which: &str) -> Option<Form> {
    let may = inquiry.caller().role() == Role::Department && record::is_own(inquiry, view);
    if !may || initiate::fitting(inquiry, view).next().is_none() {
        return None;
    }
    let form = Form::new(DeskPage::Initiate.pattern(), frame.text("desk-actions-initiate"));
    let form = form.among(format!("initiate-{which}"), frame.of(&view.item().title).to_owned());
    Some(declaring(form, sent).hidden("record", &inquiry.node_id(NodeRef::Record(view.id()))))
}

/// The record that a joint action is to rest on.
fn basis(inquiry: &Inquiry, sent: &Sent) -> Result<Option<Arc<RecordView>>, Fault> {
    match inquiry.gateway().node_ids.decode(sent.get("record")) {
        Some(NodeRef::Record(id)) => record::by_id(inquiry, id),
        _ => Ok(None),
    }
}

fn sheet(frame: Frame) -> Sheet {
    let (title, lead) = (frame.text("desk-actions-initiate"), frame.text("desk-actions-initiate-what"));
    Sheet::new(frame, title, lead)
}

/// The form, for a record that was chosen.
pub(super) fn make(frame: Frame, inquiry: &Inquiry, sent: &Sent) -> Result<Made, Fault> {
    let mut sheet = sheet(frame);
    if let Some(basis) = basis(inquiry, sent)? {
        return filled(sheet, inquiry, (sent, &Faults::default()), &basis);
    }
    how(&mut sheet);
    sheet.made()
}

/// Where a record is chosen.
fn how(sheet: &mut Sheet) {
    sheet.say("initiate-how");
    let (href, text) = (sheet.frame.link(DeskPage::Awaiting.pattern()), sheet.frame.text("desk-actions-awaiting"));
    sheet.push(Block::Link(href, text));
}

/// Initiates a joint action that rests on a record of one's own.
pub(super) fn act(frame: Frame, inquiry: &Inquiry, sent: &Sent) -> Result<Made, Fault> {
    let mut sheet = sheet(frame);
    let Some(basis) = basis(inquiry, sent)? else {
        let text = sheet.frame.text("initiate-no-record");
        sheet.refuse(text);
        how(&mut sheet);
        return sheet.made();
    };
    let wanted = match wanted(&sheet.frame, (sent, &basis)) {
        Ok(wanted) => wanted,
        Err(unread) => return filled(sheet, inquiry, (sent, &unread), &basis),
    };
    match initiate::initiate(inquiry, &wanted)? {
        Ok(view) => {
            sheet.done("case-done");
            lead_to(&mut sheet, inquiry, view.row().id);
            sheet.made()
        }
        Err(problems) => {
            let faults = sheet.problems(&problems, &FIELDS);
            if problems.iter().any(|problem| problem.code == "DUPLICATE")
                && let Some(standing) = initiate::standing(inquiry, &basis)?
            {
                lead_to(&mut sheet, inquiry, standing.row().id);
            }
            filled(sheet, inquiry, (sent, &faults), &basis)
        }
    }
}

fn lead_to(sheet: &mut Sheet, inquiry: &Inquiry, id: CaseId) {
    let id = inquiry.node_id(NodeRef::JointAction(id));
    let (href, text) = (sheet.frame.link(&DeskPage::Action.of(&id)), sheet.frame.text("initiate-done"));
    sheet.push(Block::Link(href, text));
}

/// The record, and the form as it was filled in.
fn filled(
    mut sheet: Sheet,
    inquiry: &Inquiry,
    (sent, faults): (&Sent, &Faults),
    basis: &Arc<RecordView>,
) -> Result<Made, Fault> {
    let card = Card::of(&sheet.frame, inquiry, basis)?;
    sheet.push(Block::Cards(vec![card]));
    let form = form(&sheet.frame, inquiry, (sent, faults), basis);
    sheet.form(form);
    sheet.made()
}

/// The fields at which something can be wrong.
const FIELDS: [&str; 6] = ["measures", "legalBasis", "actOn", "notifiedOn", "endsOn", "reason"];

/// What the form says; the days that are none otherwise.
fn wanted(frame: &Frame, (sent, basis): (&Sent, &RecordView)) -> Result<Wanted, Faults> {
    let mut faults = Faults::default();
    let mut day = |name: &'static str| {
        let read = sent.get(name).parse::<Date>();
        if read.is_err() && (name != "actOn" || sent.find(name).is_some()) {
            faults.add(name, frame.text("fault-date"));
        }
        read.ok()
    };
    let (act_on, notified_on, ends_on) = (day("actOn"), day("notifiedOn"), day("endsOn"));
    let (Some(notified_on), Some(ends_on), true) = (notified_on, ends_on, faults.is_empty()) else {
        return Err(faults);
    };
    let is_honest = BasisKind::of(basis.item()) == Some(BasisKind::Red);
    Ok(Wanted {
        basis: sent.get("record").to_owned(),
        kind: if is_honest { JointActionKind::Incentive } else { JointActionKind::Punishment },
        measures: sent.all("measures").map(str::to_owned).collect(),
        legal_basis: sent.get("legalBasis").to_owned(),
        act_on,
        notified_on,
        ends_on,
        reason: sent.get("reason").to_owned(),
    })
}

fn form(frame: &Frame, inquiry: &Inquiry, (sent, faults): (&Sent, &Faults), basis: &Arc<RecordView>) -> Form {
    let fitting = initiate::fitting(inquiry, basis);
    let measures = fitting.map(|measure| Choice::new(measure.code.as_str(), frame.of(&measure.title).to_owned()));
    let text = |name: &str| frame.text(name);
    let ends = match initiate::latest_end(inquiry, basis) {
        Some(day) => frame.texts.with("initiate-ends-by", "day", day.to_string()),
        None => text("initiate-ends-help"),
    };
    declaring(Form::new(DeskPage::Actions.pattern(), text("initiate-button")), sent)
        .hidden("record", sent.get("record"))
        .field(Field::some("measures", text("inbox-measure"), measures.collect()).sent(sent, faults))
        .field(
            Field::lines("legalBasis", text("action-basis"), 500)
                .required()
                .help(text("initiate-basis-help"))
                .sent(sent, faults),
        )
        .field(Field::date("actOn", text("action-act")).help(text("initiate-act-help")).sent(sent, faults))
        .field(Field::date("notifiedOn", text("action-notified")).required().sent(sent, faults))
        .field(Field::date("endsOn", text("action-ends")).required().help(ends).sent(sent, faults))
        .field(Field::lines("reason", text("step-text-reason"), 2_000).required().sent(sent, faults))
}
