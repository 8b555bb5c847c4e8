//! `/desk/records`, `/desk/access-log`: a subject's own records, and who asked about it.

use super::FIRST;
use crate::catalogue::BasisKind;
use crate::domain::{DepartmentId, Role};
use crate::exchange::access_log;
use crate::exchange::audit::Entry;
use crate::exchange::fault::Fault;
use crate::exchange::inquiry::Inquiry;
use crate::exchange::node_id::NodeRef;
use crate::exchange::record::{self, RecordView, Selection};
use crate::exchange::total;
use crate::portal::card::Card;
use crate::portal::frame::Frame;
use crate::portal::made::Made;
use crate::portal::sheet::{Block, Cell, Sheet, Table};
use crate::portal::visit::DeskPage;

/// One's own records, whatever their state.
pub(super) fn records(frame: Frame, inquiry: &Inquiry, after: Option<&str>) -> Result<Made, Fault> {
    let selection = Selection { subject: Some(inquiry.own_subject()?), ..Selection::default() };
    let scope = inquiry.cursor_scope(&format!("records {selection:?}"));
    let position = after.map(|cursor| record::position(inquiry, scope, cursor)).transpose()?;
    let found = record::page(inquiry, &selection, position, FIRST)?;
    let next = found.records.last().filter(|_| found.has_next).map(|view| {
        let after = record::cursor(inquiry, scope, &view.position());
        DeskPage::Records.address(&[("after", &after)])
    });
    let cards: Vec<Card> = found.records.iter().map(|view| card(&frame, inquiry, view)).collect::<Result<_, _>>()?;
    let (title, lead) = (frame.text("desk-records"), frame.text("desk-records-what"));
    let mut sheet = Sheet::new(frame, title, lead);
    if let Some(total) = total::of(inquiry, &selection)? {
        let text = sheet.frame.total(&total);
        sheet.push(Block::Heading(text));
    }
    if cards.is_empty() {
        sheet.say(if after.is_some() { "list-no-more" } else { "list-nothing" });
    }
    sheet.push(Block::Cards(cards));
    sheet.next(next);
    sheet.made()
}

/// A record with the ways to object to it and to have it repaired.
fn card(frame: &Frame, inquiry: &Inquiry, view: &RecordView) -> Result<Card, Fault> {
    let card = Card::of(frame, inquiry, view)?;
    if card.state.is_some() {
        return Ok(card);
    }
    let id = inquiry.node_id(NodeRef::Record(view.id()));
    let way = |page: DeskPage, name: &str| (frame.link(&page.address(&[("record", &id)])), frame.text(name));
    let mut ways = vec![way(DeskPage::Objection, "objection-title")];
    if BasisKind::of(view.item()).is_some_and(|kind| kind != BasisKind::Red) {
        ways.push(way(DeskPage::Repair, "repair-title"));
    }
    Ok(Card { ways, ..card })
}

/// Who asked about one: when, who, what for, of which kind; without the officer and the case.
pub(super) fn access_log(frame: Frame, inquiry: &Inquiry, after: Option<&str>) -> Result<Made, Fault> {
    let found = access_log::of_own_subject(inquiry, after, FIRST)?;
    let last = found.entries.last().filter(|_| found.has_next);
    let next = last.map(|(_, cursor)| DeskPage::AccessLog.address(&[("after", cursor)]));
    let rows: Vec<&Entry> = found.entries.iter().map(|(entry, _)| entry).collect();
    let table = table(&frame, inquiry, &rows);
    let (title, lead) = (frame.text("desk-access-log"), frame.text("desk-access-log-what"));
    let mut sheet = Sheet::new(frame, title, lead);
    sheet.push(Block::Table(table));
    sheet.next(next);
    sheet.made()
}

/// Queries as they are told to whom they touched.
pub(super) fn table(frame: &Frame, inquiry: &Inquiry, entries: &[&Entry]) -> Table {
    let columns = ["access-time", "access-who", "access-purpose", "access-items", "#receipt-index"];
    let mut table = Table::new(frame, "desk-access-log", &columns);
    for entry in entries {
        let leaf = &entry.leaf;
        let purpose = leaf.purpose.as_deref().map(|code| frame.purpose(inquiry, code)).unwrap_or_default();
        let items: Vec<String> = leaf.items.iter().map(|code| frame.item(inquiry, code)).collect();
        table.row([
            Cell::from(leaf.time().clock_in_shanghai()),
            who(frame, inquiry, entry),
            purpose.into(),
            items.join(&frame.text("separator")).into(),
            entry.index.into(),
        ]);
    }
    table
}

fn who(frame: &Frame, inquiry: &Inquiry, entry: &Entry) -> Cell {
    let role = entry.leaf.role.as_deref().and_then(|role| role.parse::<Role>().ok());
    let in_role = || role.map(|role| frame.word("role", role.name())).unwrap_or_default().into();
    match (access_log::consumer(entry), role) {
        (Some(organization), Some(Role::Grantee)) => Cell::recorded(organization.to_owned()),
        (Some(id), _) => DepartmentId::parse(id).map_or_else(in_role, |id| frame.department(inquiry, &id).into()),
        (None, _) => in_role(),
    }
}
