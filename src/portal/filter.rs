//! A list of records by department and date: what was sent made into a selection, or told apart as what cannot be meant.

use std::sync::Arc;

use super::frame::Frame;
use super::visit::Filter;
use crate::catalogue::Item;
use crate::domain::{Date, DepartmentId};
use crate::exchange::inquiry::Inquiry;
use crate::exchange::record::Selection;

/// The departments and the values of a form, for its next showing.
#[derive(Clone, Debug)]
pub(super) struct Form {
    pub(super) sent: Filter,
    /// Id, name, and whether it is chosen.
    pub(super) departments: Vec<(String, String, bool)>,
    /// The text for each thing that cannot be meant, with the id of its field.
    pub(super) faults: Vec<(&'static str, String)>,
}

impl Form {
    /// A form that was not read yet.
    pub(super) fn of(sent: &Filter) -> Self {
        Self { sent: sent.clone(), departments: Vec::new(), faults: Vec::new() }
    }

    /// The fault of one field.
    pub(super) fn fault(&self, field: &str) -> Option<&str> {
        self.faults.iter().find(|(of, _)| *of == field).map(|(_, text)| text.as_str())
    }
}

/// Reads a filter; `None` for the selection when something in it cannot be meant.
pub(super) fn read(frame: &Frame, inquiry: &Inquiry, item: &Arc<Item>, sent: &Filter) -> (Form, Option<Selection>) {
    let departments = &inquiry.gateway().departments;
    let mut faults = Vec::new();
    let mut day = |field: &'static str, text: &str| -> Option<Date> {
        let day = Some(text).filter(|text| !text.is_empty()).map(str::parse::<Date>);
        match day {
            None => None,
            Some(Ok(day)) => Some(day),
            Some(Err(_)) => {
                faults.push((field, frame.text("fault-date")));
                None
            }
        }
    };
    let (from, to) = (day("from", &sent.from), day("to", &sent.to));
    if from.is_some() && to.is_some() && from > to {
        faults.push(("to", frame.text("fault-period")));
    }
    let provider = DepartmentId::parse(&sent.department).filter(|id| departments.by_id(id).is_some());
    if provider.is_none() && !sent.department.is_empty() {
        faults.push(("department", frame.text("fault-department")));
    }
    let choice = |department: &crate::catalogue::Department| {
        let id = department.id.as_str().to_owned();
        let is_chosen = id == sent.department;
        (id, frame.of(&department.name).to_owned(), is_chosen)
    };
    let form = Form { sent: sent.clone(), departments: departments.iter().map(choice).collect(), faults };
    let selection = Selection {
        item: Some(item.code.clone()),
        provider,
        decided_from: from,
        decided_to: to,
        ..Selection::default()
    };
    let is_meant = form.faults.is_empty();
    (form, Some(selection).filter(|_| is_meant))
}
