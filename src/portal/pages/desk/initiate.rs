//! `/desk/actions/awaiting`: acts that wait for their joint action (待发起). `/desk/actions/initiate`: the department whose record it
//! rests on initiates one.

use std::sync::Arc;

use super::{FIRST, cases, query};
use crate::access::HeadField;
use crate::catalogue::BasisKind;
use crate::domain::{Date, JointActionKind, Role};
use crate::exchange::fault::Fault;
use crate::exchange::inquiry::Inquiry;
use crate::exchange::joint_action::awaiting::{self, AwaitingAct};
use crate::exchange::joint_action::initiate::{self, Wanted};
use crate::exchange::node_id::NodeRef;
use crate::exchange::record::{self, HeadValue, RecordView};
use crate::portal::card::Card;
use crate::portal::faults::Faults;
use crate::portal::frame::Frame;
use crate::portal::made::Made;
use crate::portal::sheet::{Block, Cell, Choice, Field, Form, Sheet, Table};
use crate::portal::visit::{DeskPage, Sent};

/// The list, for a purpose and a case: most of these records are shared and not published.
pub(super) fn awaiting(frame: Frame, inquiry: &Inquiry, sent: &Sent) -> Result<Made, Fault> {
    let (title, lead) = (frame.text("desk-actions-awaiting"), frame.text("desk-actions-awaiting-what"));
    let mut sheet = Sheet::new(frame, title, lead);
    let is_asked = sent.find("purpose").is_some();
    let faults = if is_asked { query::declared(&sheet.frame, inquiry, sent) } else { Faults::default() };
    let form = Form::asking(DeskPage::Awaiting.pattern(), sheet.frame.text("filter-button"));
    let form = query::fields(form, &sheet.frame, inquiry, (sent, &faults));
    sheet.form(form);
    if !is_asked || !faults.is_empty() {
        return sheet.made();
    }
    let found = awaiting::list(inquiry, None, sent.find("after"), FIRST)?;
    let columns = ["case-subject", "access-items", "action-initiator", "action-act", "case-due"];
    let mut table = Table::new(&sheet.frame, "desk-actions-awaiting", &columns);
    for (act, _) in &found.acts {
        let row = row(&sheet.frame, inquiry, (act, sent))?;
        table.row(row);
    }
    let declared = [("purpose", sent.get("purpose")), ("case", sent.get("case"))];
    let last = found.acts.last().filter(|_| found.has_next);
    let next = last.map(|(_, cursor)| {
        let [purpose, case] = declared;
        DeskPage::Awaiting.address(&[("after", cursor), purpose, case])
    });
    sheet.push(Block::Table(table));
    sheet.next(next);
    sheet.made()
}

fn row(frame: &Frame, inquiry: &Inquiry, (act, sent): (&AwaitingAct, &Sent)) -> Result<[Cell; 5], Fault> {
    let subject = cases::subject(frame, inquiry, act.record.subject())?;
    let item = Cell::from(frame.of(&act.record.item().title).to_owned());
    let href = way(inquiry, (&act.record, sent)).map(|address| frame.link(&address));
    Ok([
        subject,
        Cell { href, ..item },
        frame.department(inquiry, &act.department).into(),
        act.act_on.to_string().into(),
        cases::due(frame, inquiry, Some(act.due_on)),
    ])
}

/// Where a joint action is initiated that rests on a record: for the department that provided it, when a measure can rest on it.
pub(super) fn way(inquiry: &Inquiry, (view, sent): (&RecordView, &Sent)) -> Option<String> {
    let claims = inquiry.caller().claims();
    let Some(HeadValue::Provider(provider, _)) = record::show_head(inquiry, view, HeadField::Provider) else {
        return None;
    };
    let is_own = claims.role == Role::Department && provider.is_some() && provider == claims.department;
    if !is_own || initiate::fitting(inquiry, view).next().is_none() {
        return None;
    }
    let id = inquiry.node_id(NodeRef::Record(view.id()));
    let declared = [("record", id.as_str()), ("purpose", sent.get("purpose")), ("case", sent.get("case"))];
    Some(DeskPage::Initiate.address(&declared))
}

/// Initiates a joint action that rests on a record of one's own.
pub(super) fn make(frame: Frame, inquiry: &Inquiry, sent: &Sent) -> Result<Made, Fault> {
    let (title, lead) = (frame.text("desk-actions-initiate"), frame.text("desk-actions-initiate-what"));
    let mut sheet = Sheet::new(frame, title, lead);
    let basis = match inquiry.gateway().node_ids.decode(sent.get("record")) {
        Some(NodeRef::Record(id)) => record::by_id(inquiry, id)?,
        _ => None,
    };
    let Some(basis) = basis else {
        sheet.say("initiate-how");
        let (href, text) = (sheet.frame.link(DeskPage::Awaiting.pattern()), sheet.frame.text("desk-actions-awaiting"));
        sheet.push(Block::Link(href, text));
        return sheet.made();
    };
    let mut faults = Faults::default();
    if sheet.frame.is_posted {
        match wanted(&sheet.frame, (sent, &basis)) {
            Err(unread) => faults = unread,
            Ok(wanted) => match initiate::initiate(inquiry, &wanted)? {
                Ok(view) => {
                    sheet.done("case-done");
                    let id = inquiry.node_id(NodeRef::JointAction(view.row().id));
                    let text = sheet.frame.text("initiate-done");
                    sheet.push(Block::Link(sheet.frame.link(&DeskPage::Action.of(&id)), text));
                    return sheet.made();
                }
                Err(problems) => faults = sheet.problems(&problems, &FIELDS),
            },
        }
    }
    let card = Card::of(&sheet.frame, inquiry, &basis)?;
    sheet.push(Block::Cards(vec![card]));
    let form = form(&sheet.frame, inquiry, (sent, &faults), &basis);
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
    Form::new(DeskPage::Initiate.pattern(), text("initiate-button"))
        .hidden("record", sent.get("record"))
        .hidden("purpose", sent.get("purpose"))
        .hidden("case", sent.get("case"))
        .field(Field::some("measures", text("inbox-measure"), measures.collect()).sent(sent, faults))
        .field(
            Field::lines("legalBasis", text("action-basis"), 500)
                .required()
                .help(text("initiate-basis-help"))
                .sent(sent, faults),
        )
        .field(Field::date("actOn", text("action-act")).help(text("initiate-act-help")).sent(sent, faults))
        .field(Field::date("notifiedOn", text("action-notified")).required().sent(sent, faults))
        .field(
            Field::date("endsOn", text("action-ends")).required().help(text("initiate-ends-help")).sent(sent, faults),
        )
        .field(Field::lines("reason", text("step-text-reason"), 2_000).required().sent(sent, faults))
}
