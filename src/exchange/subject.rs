//! Subjects as a caller meets them. A subject exists for a caller that may see one of its records, and for itself.

use std::sync::{Arc, OnceLock};

use super::fault::Fault;
use super::inquiry::Inquiry;
use super::record::{self, RecordPage, RecordView, ShownValue};
use super::tally::Tally;
use super::total;
use crate::access::HeadField;
use crate::catalogue::Item;
use crate::domain::identifier::{CitizenNumber, IdentifierKind, Uscc};
use crate::domain::text::normalise_name;
use crate::domain::{ItemCode, RecordId, SubjectCategory, SubjectId};
use crate::store;
use crate::store::record::Selection;
use crate::store::subject::Subject;

/// How many records are looked at when a subject is met; a page up to this size needs no second look.
const FIRST_LOOK: usize = 20;

/// A subject that exists for the caller.
#[derive(Debug)]
pub struct SubjectView {
    id: SubjectId,
    category: SubjectCategory,
    uscc: OnceLock<Option<String>>,
    first_look: RecordPage,
}

impl SubjectView {
    /// Its id.
    pub fn id(&self) -> SubjectId {
        self.id
    }

    /// Its category.
    pub fn category(&self) -> SubjectCategory {
        self.category
    }

    /// Its unified social credit code; `None` for natural persons and bodies without one.
    pub fn uscc(&self, inquiry: &Inquiry) -> Result<Option<&str>, Fault> {
        if self.uscc.get().is_none() {
            let found = inquiry
                .gateway()
                .registry
                .read(|connection| store::subject::identifier(connection, self.id, IdentifierKind::Uscc))?;
            // Two resolvers of one operation may both have looked; they found the same.
            let _ = self.uscc.set(found);
        }
        Ok(self.uscc.get().and_then(|uscc| uscc.as_deref()))
    }

    /// Its records, newest first.
    pub fn records(
        &self,
        inquiry: &Inquiry,
        selection: &Selection,
        after: Option<store::record::Position>,
        first: usize,
    ) -> Result<RecordPage, Fault> {
        let is_whole = Selection { subject: Some(self.id), ..Selection::default() } == *selection;
        if is_whole && after.is_none() && (first < self.first_look.records.len() || !self.first_look.has_next) {
            let records: Vec<_> = self.first_look.records.iter().take(first).cloned().collect();
            let has_next = self.first_look.records.len() > records.len() || self.first_look.has_next;
            record::count_as_read(inquiry, &records);
            return Ok(RecordPage { records, has_next });
        }
        record::page(inquiry, selection, after, first)
    }

    /// Its newest records whose marks the caller may see.
    pub fn annotated(&self, inquiry: &Inquiry) -> Vec<RecordId> {
        let shows = |view: &&Arc<RecordView>| record::show_head(inquiry, view, HeadField::Annotations).is_some();
        self.first_look.records.iter().filter(shows).map(|view| view.id()).collect()
    }

    /// Its name: that of its registration, else that of its newest record that shows one.
    pub fn name(&self, inquiry: &Inquiry) -> Result<Option<String>, Fault> {
        if let Some(view) = self.registration(inquiry)?
            && let Some(name) = shown_name(inquiry, &view)?
        {
            return Ok(Some(name));
        }
        for view in &self.first_look.records {
            if let Some(name) = shown_name(inquiry, view)? {
                return Ok(Some(name));
            }
        }
        Ok(None)
    }

    /// Whether a name that the caller sees of it, in its registration or among its newest records, holds a normalised part.
    pub(super) fn is_known_as(&self, inquiry: &Inquiry, part: &str) -> Result<bool, Fault> {
        let registration = self.registration(inquiry)?;
        for view in registration.iter().chain(&self.first_look.records) {
            if shown_name(inquiry, view)?.is_some_and(|name| normalise_name(&name).contains(part)) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn registration(&self, inquiry: &Inquiry) -> Result<Option<Arc<RecordView>>, Fault> {
        let Some(code) = ItemCode::parse("registration") else { return Ok(None) };
        if let Some(view) = self.first_look.records.iter().find(|view| view.item().code == code) {
            return Ok(Some(Arc::clone(view)));
        }
        if !self.first_look.has_next {
            return Ok(None);
        }
        let selection = Selection { subject: Some(self.id), item: Some(code), ..Selection::default() };
        Ok(record::look(inquiry, &selection, None, 1)?.records.pop())
    }

    /// How many records of each item exist for the caller.
    pub fn counts(&self, inquiry: &Inquiry) -> Result<Vec<(Arc<Item>, i64)>, Fault> {
        total::of_subject(inquiry, self.id)
    }
}

fn shown_name(inquiry: &Inquiry, view: &RecordView) -> Result<Option<String>, Fault> {
    let Some(name) = view.item().head.subject.name.as_deref() else { return Ok(None) };
    let Some((at, _)) = view.item().field(name) else { return Ok(None) };
    match record::show_quietly(inquiry, view, at)? {
        ShownValue::Text(name) => Ok(Some(name)),
        ShownValue::Null | ShownValue::Json(_) => Ok(None),
    }
}

/// The subject with this code, if it exists for the caller.
pub fn by_uscc(inquiry: &Inquiry, uscc: &Uscc) -> Result<Option<SubjectView>, Fault> {
    let found = inquiry
        .gateway()
        .registry
        .read(|connection| store::subject::find_by_identifier(connection, IdentifierKind::Uscc, uscc.as_str()))?;
    let Some(subject) = found else { return Ok(None) };
    let view = meet(inquiry, &subject)?;
    if let Some(view) = &view {
        let _ = view.uscc.set(Some(uscc.as_str().to_owned()));
    }
    Ok(view)
}

/// The person with this citizen number, if the caller may look persons up and this one exists for it. Whoever looks up
/// with an authorization finds the person who granted it and nobody else.
///
/// # Errors
/// `Forbidden` or `PurposeRequired`, before the index is read.
pub fn by_citizen_number(inquiry: &Inquiry, number: &CitizenNumber) -> Result<Option<SubjectView>, Fault> {
    if !inquiry.permit().may_look_up() {
        inquiry.tally(Tally::overreach);
        return Err(Fault::PurposeRequired);
    }
    let index = inquiry.gateway().certificate_index(IdentifierKind::CitizenNumber, number.expose());
    let found = inquiry
        .gateway()
        .registry
        .read(|connection| store::subject::find_by_identifier(connection, IdentifierKind::CitizenNumber, &index))?;
    let standing = inquiry.permit().standing();
    let is_granted = |subject: &Subject| standing.grant.as_ref().is_none_or(|grant| grant.subject == subject.id);
    found.filter(is_granted).map_or(Ok(None), |subject| meet(inquiry, &subject))
}

/// Whether a subject exists for the caller, without meeting it.
pub(super) fn exists(inquiry: &Inquiry, id: SubjectId) -> Result<bool, Fault> {
    let selection = Selection { subject: Some(id), ..Selection::default() };
    let is_own = inquiry.standings().standing.subject == Some(id);
    Ok(is_own || !record::look(inquiry, &selection, None, 1)?.records.is_empty())
}

/// The subject with this id, if it exists for the caller.
pub fn by_id(inquiry: &Inquiry, id: SubjectId) -> Result<Option<SubjectView>, Fault> {
    let found = inquiry.gateway().registry.read(|connection| store::subject::find(connection, id))?;
    found.map_or(Ok(None), |subject| meet(inquiry, &subject))
}

fn meet(inquiry: &Inquiry, subject: &Subject) -> Result<Option<SubjectView>, Fault> {
    let selection = Selection { subject: Some(subject.id), ..Selection::default() };
    let first_look = record::look(inquiry, &selection, None, FIRST_LOOK)?;
    let is_own = inquiry.standings().standing.subject == Some(subject.id);
    if first_look.records.is_empty() && !is_own {
        return Ok(None);
    }
    inquiry.tally(|tally| {
        tally.subjects.insert(subject.id);
        tally.cost = tally.cost.saturating_add(1);
    });
    Ok(Some(SubjectView { id: subject.id, category: subject.category, uscc: OnceLock::new(), first_look }))
}
