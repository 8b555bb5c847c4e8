//! `/publicity` and `/lists/{item}`: records of one item, newest first, by department and date.

use std::sync::Arc;

use askama::Template;

use super::subject::nobody;
use crate::catalogue::Item;
use crate::exchange::fault::Fault;
use crate::exchange::inquiry::Inquiry;
use crate::exchange::record;
use crate::exchange::total;
use crate::portal::card::Card;
use crate::portal::filter::{self, Form};
use crate::portal::frame::{COUNTED_MAX, Frame};
use crate::portal::made::{Made, State, page};
use crate::portal::visit::{Filter, Place};

/// Records on a page.
const FIRST: usize = 20;

#[derive(Template)]
#[template(path = "list.html")]
struct ListPage {
    frame: Frame,
    title: String,
    intro: String,
    /// Where the form leads.
    action: String,
    /// Code and title of the items to choose from, and whether each is chosen; none where there is no choice.
    items: Vec<(String, String, bool)>,
    form: Form,
    total: Option<i64>,
    cards: Vec<Card>,
    is_later: bool,
    next: Option<String>,
}

/// Licences and penalties (双公示).
pub(in crate::portal) fn publicity(frame: Frame, inquiry: &Inquiry, sent: &Filter) -> Result<Made, Fault> {
    let items = inquiry.gateway().catalogue.items().iter().filter(|item| item.category == "ADMINISTRATIVE");
    let items: Vec<&Arc<Item>> = items.collect();
    let chosen = items.iter().find(|item| sent.item.is_empty() || item.code.as_str() == sent.item);
    let Some(&item) = chosen else { return Ok(nobody(&frame, inquiry)) };
    let choice =
        |other: &&Arc<Item>| (other.code.to_string(), frame.of(&other.title).to_owned(), other.code == item.code);
    let list = ListPage {
        title: frame.text("publicity-title"),
        intro: frame.text("publicity-intro"),
        action: frame.link("/publicity"),
        items: items.iter().map(choice).collect(),
        ..ListPage::new(frame, sent)
    };
    let sent = Filter { item: item.code.to_string(), ..sent.clone() };
    listed(list, inquiry, item, &Place::Publicity(sent))
}

/// The entries of a list.
pub(in crate::portal) fn of(frame: Frame, inquiry: &Inquiry, sent: &Filter) -> Result<Made, Fault> {
    let item = inquiry.gateway().catalogue.item_by_text(&sent.item).filter(|item| is_public(inquiry, item));
    let Some(item) = item else { return Ok(nobody(&frame, inquiry)) };
    let list = ListPage {
        title: frame.of(&item.title).to_owned(),
        intro: frame.of(&item.description).to_owned(),
        action: frame.link(&Place::List(Filter { item: sent.item.clone(), ..Filter::default() }).address()),
        ..ListPage::new(frame, sent)
    };
    listed(list, inquiry, item, &Place::List(sent.clone()))
}

/// Whether a list exists for the caller: whether any field of an entry is open to it.
pub(super) fn is_public(inquiry: &Inquiry, item: &Item) -> bool {
    let opens = |category| (0..item.fields.len()).any(|at| inquiry.permit().preview(item, at, category).is_open());
    item.list.is_some() && item.head.subject.categories.iter().any(|&category| opens(category))
}

impl ListPage {
    fn new(frame: Frame, sent: &Filter) -> Self {
        let (title, intro, action, items) = (String::new(), String::new(), String::new(), Vec::new());
        let (form, is_later) = (Form::of(sent), sent.after.is_some());
        Self { frame, title, intro, action, items, form, total: None, cards: Vec::new(), is_later, next: None }
    }
}

/// Reads the form, and the records that it selects.
fn listed(mut list: ListPage, inquiry: &Inquiry, item: &Arc<Item>, place: &Place) -> Result<Made, Fault> {
    let (Place::Publicity(sent) | Place::List(sent)) = place else { return Ok(nobody(&list.frame, inquiry)) };
    let (form, selection) = filter::read(&list.frame, inquiry, item, sent);
    list.form = form;
    let Some(selection) = selection else { return page(&list, State::NotMeant) };
    let scope = inquiry.cursor_scope(&format!("records {selection:?}"));
    let position = sent.after.as_deref().map(|cursor| record::position(inquiry, scope, cursor)).transpose()?;
    let found = record::page(inquiry, &selection, position, FIRST)?;
    for view in &found.records {
        list.cards.push(Card::with_subject(&list.frame, inquiry, view)?);
    }
    list.total = total::up_to(inquiry, &selection, COUNTED_MAX)?;
    list.next = found.records.last().filter(|_| found.has_next).map(|view| {
        let after = Some(record::cursor(inquiry, scope, &view.position()));
        let next = Filter { after, ..sent.clone() };
        let next = if matches!(place, Place::List(_)) { Place::List(next) } else { Place::Publicity(next) };
        list.frame.link(&next.address())
    });
    page(&list, State::Shown)
}
