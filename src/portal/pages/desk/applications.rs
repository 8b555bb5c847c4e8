//! `/desk/applications`: objections and applications for repair, one's own or those about one's records. `/desk/applications/{id}`:
//! how far one has come, and what may be decided.

mod deciding;
mod filing;

use strum::IntoEnumIterator as _;

use deciding::NotDone;
pub(super) use filing::{objection, repair};

use super::{FIRST, cases};
use crate::domain::ApplicationKind;
use crate::exchange::application::{self, ApplicationView, list, tombstone};
use crate::exchange::fault::Fault;
use crate::exchange::inquiry::Inquiry;
use crate::exchange::node_id::NodeRef;
use crate::exchange::record;
use crate::portal::card::Card;
use crate::portal::faults::Faults;
use crate::portal::frame::Frame;
use crate::portal::made::Made;
use crate::portal::pages::subject::nobody;
use crate::portal::sheet::{Block, Cell, Choice, Field, Form, Sheet, Table};
use crate::portal::visit::{Desk, DeskPage, Sent};

/// The list.
pub(super) fn make(frame: Frame, inquiry: &Inquiry, sent: &Sent) -> Result<Made, Fault> {
    let kind = sent.find("kind").and_then(|kind| kind.parse::<ApplicationKind>().ok());
    let is_late = sent.find("overdue").is_some();
    let found = list::of(inquiry, (kind, None, is_late), sent.find("after"), FIRST)?;
    let columns =
        ["application-kind", "case-subject", "case-stage", "application-filed", "case-due", "application-provider"];
    let mut table = Table::new(&frame, "desk-applications", &columns);
    for (view, _) in &found.applications {
        let row = view.row();
        let id = inquiry.node_id(NodeRef::Application(row.id));
        table.row([
            Cell::link(frame.word("application-kind", row.kind.name()), frame.link(&DeskPage::Application.of(&id))),
            cases::subject(&frame, inquiry, row.subject)?,
            frame.word("application", row.stage.name()).into(),
            row.filed_on.to_string().into(),
            cases::due(&frame, inquiry, row.due_on),
            frame.department(inquiry, &row.provider).into(),
        ]);
    }
    let last = found.applications.last().filter(|_| found.has_next);
    let next = last.map(|(_, cursor)| {
        let (kind, overdue) = (sent.get("kind"), sent.get("overdue"));
        DeskPage::Applications.address(&[("after", cursor), ("kind", kind), ("overdue", overdue)])
    });
    let (title, lead) = (frame.text("desk-applications"), frame.text("desk-applications-what"));
    let mut sheet = Sheet::new(frame, title, lead);
    if !cases::is_official(inquiry) {
        let text = sheet.frame.text("application-how");
        sheet.push(Block::Link(sheet.frame.link(DeskPage::Records.pattern()), text));
    }
    let filter = filter(&sheet.frame, sent);
    sheet.form(filter);
    sheet.push(Block::Table(table));
    sheet.next(next);
    sheet.made()
}

fn filter(frame: &Frame, sent: &Sent) -> Form {
    let none = Faults::default();
    let kinds =
        ApplicationKind::iter().map(|kind| Choice::new(kind.name(), frame.word("application-kind", kind.name())));
    let kinds = Choice::any_of(frame, kinds);
    let late = Choice::any_of(frame, std::iter::once(Choice::new("1", frame.text("filter-late"))));
    Form::asking(DeskPage::Applications.pattern(), frame.text("filter-button"))
        .field(Field::one("kind", frame.text("application-kind"), kinds).sent(sent, &none))
        .field(Field::one("overdue", frame.text("case-due"), late).sent(sent, &none))
}

/// One application.
pub(super) fn one(frame: Frame, inquiry: &Inquiry, desk: &Desk) -> Result<Made, Fault> {
    let id = desk.id.as_deref().unwrap_or_default();
    let Some(before) = application::by_id(inquiry, id)? else { return Ok(nobody(&frame, inquiry)) };
    let title = frame.word("application-kind", before.row().kind.name());
    let mut sheet = Sheet::new(frame, title, String::new());
    let (mut sent, mut faults) = (desk.sent.clone(), Faults::default());
    if sheet.frame.is_posted {
        match deciding::act(inquiry, &before, (id, &sent))? {
            Ok(_) => {
                sheet.done("case-done");
                sent = Sent::default();
            }
            Err(NotDone::Told(problems)) => faults = sheet.problems(&problems, &["reason", "notice", "row"]),
            Err(NotDone::At(field, text, line)) => {
                faults.add(field, sheet.frame.texts.with(text, "line", line));
            }
        }
    }
    let view = application::by_id(inquiry, id)?.unwrap_or(before);
    describe(&mut sheet, inquiry, &view)?;
    deciding::forms(&mut sheet, inquiry, (&view, id), (&sent, &faults));
    let steps = application::steps(inquiry, &view)?;
    let steps = cases::steps(&sheet.frame, inquiry, (&steps, view.concern()))?;
    sheet.heading("case-steps");
    sheet.push(Block::Steps(steps));
    receivers(&mut sheet, inquiry, &view)?;
    sheet.made()
}

fn describe(sheet: &mut Sheet, inquiry: &Inquiry, view: &ApplicationView) -> Result<(), Fault> {
    let (frame, row) = (&sheet.frame, view.row());
    let mut facts = vec![
        (frame.text("case-subject"), cases::subject(frame, inquiry, row.subject)?),
        (frame.text("case-stage"), frame.word("application", row.stage.name()).into()),
        (frame.text("application-filed"), row.filed_on.to_string().into()),
        (frame.text("application-provider"), frame.department(inquiry, &row.provider).into()),
    ];
    if row.due_on.is_some() {
        facts.push((frame.text("case-due"), cases::due(frame, inquiry, row.due_on)));
    }
    if let Some(day) = row.decided_on {
        facts.push((frame.text("application-decided"), day.to_string().into()));
    }
    if let Some(cause) = row.decided_as {
        facts.push((frame.text("application-became"), frame.word("cause", cause.name()).into()));
    }
    if view.is_escalated() {
        facts.push((frame.text("application-escalated"), Cell::marked(frame.text("value-yes"), "notice")));
    }
    let card = record::by_id(inquiry, row.record)?.map(|view| Card::of(frame, inquiry, &view)).transpose()?;
    sheet.push(Block::Facts(facts));
    if let Some(card) = card {
        sheet.heading("application-record");
        sheet.push(Block::Cards(vec![card]));
    }
    Ok(())
}

/// Who had received the record, and who has done with it what became of it.
fn receivers(sheet: &mut Sheet, inquiry: &Inquiry, view: &ApplicationView) -> Result<(), Fault> {
    let stones = tombstone::of(inquiry, view)?;
    if stones.is_empty() {
        return Ok(());
    }
    let frame = &sheet.frame;
    let mut table =
        Table::new(frame, "application-receivers", &["application-receiver", "cause", "application-synced"]);
    for stone in stones {
        let receiver = crate::domain::DepartmentId::parse(&stone.receiver)
            .map_or_else(|| stone.receiver.clone(), |id| frame.department(inquiry, &id));
        let synced = stone.acknowledged_at.map(crate::domain::Instant::clock_in_shanghai);
        table.row([
            Cell::from(receiver),
            frame.word("cause", stone.cause.name()).into(),
            synced.map_or_else(|| Cell::marked(frame.text("application-not-synced"), "notice"), Cell::from),
        ]);
    }
    sheet.heading("application-receivers");
    sheet.push(Block::Table(table));
    Ok(())
}
