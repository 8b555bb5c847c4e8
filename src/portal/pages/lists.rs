//! `/lists`: which lists there are (守信红名单, 严重失信主体名单, 经营异常名录), and what each is.

use askama::Template;

use super::list::is_public;
use crate::catalogue::ListKind;
use crate::exchange::fault::Fault;
use crate::exchange::inquiry::Inquiry;
use crate::exchange::record::Selection;
use crate::exchange::total;
use crate::portal::frame::{COUNTED_MAX, Frame};
use crate::portal::made::{Made, State, page};
use crate::portal::visit::{Filter, Place};

#[derive(Template)]
#[template(path = "lists.html")]
struct Lists {
    frame: Frame,
    kinds: Vec<Kind>,
}

/// The lists of one kind.
struct Kind {
    title: String,
    lists: Vec<List>,
}

struct List {
    title: String,
    description: String,
    href: String,
    total: Option<i64>,
}

/// The kinds, as they stand on the page.
const KINDS: [ListKind; 4] = [ListKind::Red, ListKind::Serious, ListKind::Abnormal, ListKind::Watch];

pub(in crate::portal) fn make(frame: Frame, inquiry: &Inquiry) -> Result<Made, Fault> {
    let mut kinds = Vec::new();
    for kind in KINDS {
        let mut lists = Vec::new();
        for item in inquiry.gateway().catalogue.items().iter().filter(|item| item.list == Some(kind)) {
            if !is_public(inquiry, item) {
                continue;
            }
            let selection = Selection { item: Some(item.code.clone()), ..Selection::default() };
            let filter = Filter { item: item.code.to_string(), ..Filter::default() };
            lists.push(List {
                title: frame.of(&item.title).to_owned(),
                description: frame.of(&item.description).to_owned(),
                href: frame.link(&Place::List(filter).address()),
                total: total::up_to(inquiry, &selection, COUNTED_MAX)?,
            });
        }
        if !lists.is_empty() {
            kinds.push(Kind { title: title_of(&frame, kind), lists });
        }
    }
    page(&Lists { frame, kinds }, State::Shown)
}

fn title_of(frame: &Frame, kind: ListKind) -> String {
    match kind {
        ListKind::Red => frame.text("list-red"),
        ListKind::Serious => frame.text("list-serious"),
        ListKind::Watch => frame.text("list-watch"),
        ListKind::Abnormal => frame.text("list-abnormal"),
    }
}
