//! `/subjects/{uscc}/{item}`: all records of one item about a subject, page by page.

use askama::Template;

use super::subject::{find, nobody};
use crate::exchange::fault::Fault;
use crate::exchange::inquiry::Inquiry;
use crate::exchange::record::{self, Selection};
use crate::exchange::total;
use crate::portal::card::{Card, SubjectLink};
use crate::portal::frame::Frame;
use crate::portal::made::{Made, State, page};
use crate::portal::visit::Place;

/// Records on a page.
const FIRST: usize = 20;

#[derive(Template)]
#[template(path = "records.html")]
struct RecordsPage {
    frame: Frame,
    subject: SubjectLink,
    title: String,
    total: Option<i64>,
    cards: Vec<Card>,
    is_later: bool,
    next: Option<String>,
}

pub(in crate::portal) fn make(
    frame: Frame,
    inquiry: &Inquiry,
    (code, item): (&str, &str),
    after: Option<&str>,
) -> Result<Made, Fault> {
    let item = inquiry.gateway().catalogue.item_by_text(item);
    let (Some((subject, uscc)), Some(item)) = (find(inquiry, code)?, item) else {
        return Ok(nobody(&frame, inquiry));
    };
    let selection = Selection { subject: Some(subject.id()), item: Some(item.code.clone()), ..Selection::default() };
    let scope = inquiry.cursor_scope(&format!("records {selection:?}"));
    let position = after.map(|cursor| record::position(inquiry, scope, cursor)).transpose()?;
    let found = subject.records(inquiry, &selection, position, FIRST)?;
    if found.records.is_empty() && after.is_none() {
        return Ok(nobody(&frame, inquiry));
    }
    let last = found.records.last().filter(|_| found.has_next);
    let next = last.map(|view| {
        let after = record::cursor(inquiry, scope, &view.position());
        frame.link(&Place::Records(uscc, item.code.to_string(), Some(after)).address())
    });
    let cards = found.records.iter().map(|view| Card::of(&frame, inquiry, view)).collect::<Result<_, _>>()?;
    let made = RecordsPage {
        subject: SubjectLink::of(&frame, inquiry, &subject)?,
        title: frame.of(&item.title).to_owned(),
        total: total::of(inquiry, &selection)?,
        cards,
        is_later: after.is_some(),
        next,
        frame,
    };
    page(&made, State::Shown)
}
