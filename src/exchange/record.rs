//! Records as a caller meets them: found within the caller's windows, shown cell by cell.
//!
//! INVARIANT: `show` is the only function of the platform that turns a record's field into text for an answer. It
//! asks the permit for the cell, opens what is sealed under that cell, and lets `masking` make the text.

use std::sync::{Arc, OnceLock};

use serde_json::{Map, Value};

use super::cursor::CursorScope;
use super::fault::Fault;
use super::inquiry::Inquiry;
use super::tally::PathSegment;
use crate::access::{Cell, Decision, Facts, HeadField, Window, Withheld};
use crate::catalogue::Item;
use crate::domain::{
    DataClass, Date, DepartmentId, MaskRule, Place, RecordId, RecordState, Relation, SubjectCategory, SubjectId,
};
use crate::masking::{self, Shown};
use crate::store;
pub use crate::store::record::{Position, Selection};
use crate::store::record::{Record, Rows};

/// A record that exists for the caller.
#[derive(Debug)]
pub struct RecordView {
    record: Record,
    /// Whether it is the caller's authorization alone that opens it.
    by_authorization: bool,
    item: Arc<Item>,
    plain: OnceLock<Option<Map<String, Value>>>,
}

impl RecordView {
    /// Its catalogue item.
    pub fn item(&self) -> &Arc<Item> {
        &self.item
    }

    /// Its id.
    pub fn id(&self) -> RecordId {
        self.record.id
    }

    /// Which version of it.
    pub fn version(&self) -> i64 {
        self.record.version
    }

    /// Whom it is about.
    pub fn subject(&self) -> SubjectId {
        self.record.subject
    }

    /// The category of its subject.
    pub fn category(&self) -> SubjectCategory {
        self.record.category
    }

    /// Whether a field holds anything, whoever asks: for whoever provided the record alone.
    pub(super) fn holds(&self, field: &str) -> bool {
        let plain = self.plain().ok().and_then(|plain| plain.get(field));
        self.record.sealed.get(field).is_some() || plain.is_some_and(|value| !value.is_null())
    }

    /// Until when it is shared among departments: for whoever provided it alone, since fields that others do not see decide it.
    pub(super) fn shared_until(&self) -> Option<Date> {
        self.record.shared_until
    }

    /// Its place in the order of lists.
    pub fn position(&self) -> Position {
        self.record.position()
    }

    pub(super) fn facts(&self) -> Facts<'_> {
        Facts { by_authorization: self.by_authorization, ..facts(&self.record) }
    }

    fn plain(&self) -> Result<&Map<String, Value>, Fault> {
        self.plain
            .get_or_init(|| serde_json::from_str(&self.record.plain).ok())
            .as_ref()
            .ok_or_else(|| Fault::Corrupt(format!("records.plain of {}", self.record.id)))
    }
}

fn facts(record: &Record) -> Facts<'_> {
    Facts {
        subject: record.subject,
        category: record.category,
        provider: record.provider.as_ref(),
        by_authorization: false,
    }
}

/// A value as the caller gets it.
#[derive(Clone, Debug, PartialEq)]
pub enum ShownValue {
    /// The field is empty, or withheld.
    Null,
    /// Text, clear or masked.
    Text(String),
    /// A plain value of another type.
    Json(Value),
}

/// Shows one field of a record to the caller; `path` is where in the answer it stands.
pub fn show(
    inquiry: &Inquiry,
    view: &RecordView,
    field: usize,
    path: impl FnOnce() -> Vec<PathSegment>,
) -> Result<ShownValue, Fault> {
    let cell = inquiry.permit().cell(&view.item, field, &view.facts());
    inquiry.tally(|tally| {
        tally.show(&cell, path);
        tally.authorization_used |= inquiry.permit().opened_by_authorization(&view.item, field, &view.facts());
    });
    Ok(show_cell(inquiry, view, &cell)?.0)
}

/// Shows one field that was not selected by its own name, such as the name of a subject: nothing to refuse aloud.
pub fn show_quietly(inquiry: &Inquiry, view: &RecordView, field: usize) -> Result<ShownValue, Fault> {
    let cell = inquiry.permit().cell(&view.item, field, &view.facts());
    if cell.decision().is_open() {
        inquiry.tally(|tally| {
            tally.show(&cell, Vec::new);
            tally.authorization_used |= inquiry.permit().opened_by_authorization(&view.item, field, &view.facts());
        });
    }
    Ok(show_cell(inquiry, view, &cell)?.0)
}

/// A field with its value, for whoever did not choose among the fields.
#[derive(Clone, Debug)]
pub struct ShownField {
    /// Which of the item's fields.
    pub at: usize,
    /// Its value, clear or masked; never null.
    pub value: ShownValue,
    /// What was masked, if anything.
    pub masked: Option<MaskRule>,
}

/// Every field of a record that the caller may see and that holds something, in the catalogue's order. What is out of
/// reach is left out, and was not asked for.
pub fn show_all(inquiry: &Inquiry, view: &RecordView) -> Result<Vec<ShownField>, Fault> {
    let mut shown = Vec::new();
    for at in 0..view.item.fields.len() {
        let cell = inquiry.permit().cell(&view.item, at, &view.facts());
        if !cell.decision().is_open() {
            continue;
        }
        inquiry.tally(|tally| {
            tally.show(&cell, Vec::new);
            tally.authorization_used |= inquiry.permit().opened_by_authorization(&view.item, at, &view.facts());
        });
        let (value, masked) = show_cell(inquiry, view, &cell)?;
        if value != ShownValue::Null {
            shown.push(ShownField { at, value, masked });
        }
    }
    Ok(shown)
}

/// The value of a cell, and the rule that masked it.
fn show_cell(inquiry: &Inquiry, view: &RecordView, cell: &Cell<'_>) -> Result<(ShownValue, Option<MaskRule>), Fault> {
    let nothing = (ShownValue::Null, None);
    if matches!(cell.decision(), Decision::Withheld(_)) {
        return Ok(nothing);
    }
    let field = cell.field();
    if field.class != DataClass::Plain {
        let Some(envelope) = view.record.sealed.get(&field.name) else { return Ok(nothing) };
        let place = Place {
            division: &view.record.division,
            item: &view.record.item,
            field: &field.name,
            record: view.record.id,
            version: view.record.version,
        };
        let opened = inquiry
            .gateway()
            .keyring
            .open(&place, envelope, cell)
            .map_err(|error| Fault::Corrupt(error.to_string()))?;
        return Ok(text(inquiry, cell, masking::show(cell, &opened)));
    }
    match view.plain()?.get(&field.name) {
        None | Some(Value::Null) => Ok(nothing),
        Some(Value::String(value)) => Ok(text(inquiry, cell, masking::show_plain(cell, value))),
        Some(value) if cell.decision() == Decision::Clear => Ok((ShownValue::Json(value.clone()), None)),
        // Only text has masks; the catalogue's check holds this, and anything else shows nothing.
        Some(_) => Ok(nothing),
    }
}

fn text(inquiry: &Inquiry, cell: &Cell<'_>, shown: Option<Shown>) -> (ShownValue, Option<MaskRule>) {
    let Some(shown) = shown else { return (ShownValue::Null, None) };
    if let (Some(rule), Decision::Clear) = (shown.masked, cell.decision()) {
        inquiry.tally(|tally| tally.scanned(cell, rule));
    }
    (ShownValue::Text(shown.text), shown.masked)
}

/// Says of the list of an item that is closed to the caller which of the selected fields a purpose would open: the caller
/// would otherwise take for absent what it has only not said why it asks for. It depends on policy alone, never on rows.
pub fn miss_purpose(inquiry: &Inquiry, selection: &Selection, fields: &[&str], path: &[PathSegment]) {
    let Some(item) = selection.item.as_ref().and_then(|code| inquiry.gateway().catalogue.item(code)) else { return };
    if selection.subject.is_some() || rows(inquiry, selection).is_some() {
        return;
    }
    for name in fields {
        let Some((at, field)) = item.field(name) else { continue };
        let wanting = item.head.subject.categories.iter().any(|&category| {
            inquiry.permit().preview(item, at, category) == Decision::Withheld(Withheld::PurposeRequired)
        });
        if wanting {
            inquiry
                .tally(|tally| tally.withhold(&item.type_name, &field.name, Withheld::PurposeRequired, path.to_vec()));
        }
    }
}

/// Whether the caller is of the department that provided a record.
pub fn is_own(inquiry: &Inquiry, view: &RecordView) -> bool {
    let own = inquiry.caller().claims().department.as_ref();
    match show_head(inquiry, view, HeadField::Provider) {
        Some(HeadValue::Provider(Some(provider), _)) => own == Some(&provider),
        _ => false,
    }
}

/// The head of a record, as far as the caller may see it.
#[derive(Clone, Debug)]
pub enum HeadValue {
    /// The subject.
    Subject(SubjectId),
    /// The providing unit: a department, or the name of an unverified unit.
    Provider(Option<DepartmentId>, String),
    /// A date.
    Date(Date),
    /// The state, with expiry worked out for today.
    State(RecordState),
    /// Marks on it, to be looked up by its id.
    Annotations(RecordId),
}

/// Shows one head field.
pub fn show_head(inquiry: &Inquiry, view: &RecordView, field: HeadField) -> Option<HeadValue> {
    let decision = inquiry.permit().head_cell(&view.item, field, &view.facts());
    if decision != Decision::Clear {
        return None;
    }
    let record = &view.record;
    match field {
        HeadField::Subject => Some(HeadValue::Subject(record.subject)),
        HeadField::Provider => Some(HeadValue::Provider(record.provider.clone(), record.provider_name.clone())),
        HeadField::DecidedOn => record.decided_on.map(HeadValue::Date),
        HeadField::PublishedUntil => record.public_until.map(HeadValue::Date),
        HeadField::State => Some(HeadValue::State(state_on(record, inquiry.today()))),
        HeadField::Annotations => Some(HeadValue::Annotations(record.id)),
    }
}

fn state_on(record: &Record, today: Date) -> RecordState {
    let is_over = |until: Option<Date>| until.is_none_or(|until| until < today);
    match record.state {
        RecordState::Current if is_over(record.public_until) && is_over(record.shared_until) => RecordState::Expired,
        state => state,
    }
}

/// The record as the caller meets it, if it exists for the caller: within a window, with at least one field to show.
fn meet(inquiry: &Inquiry, item: &Arc<Item>, record: Record) -> Option<Arc<RecordView>> {
    let permit = inquiry.permit();
    let openly = facts(&record);
    let with = is_within(inquiry, &record, permit.window_of(item, &openly));
    let by_authorization = with
        && permit.relation(item, &openly) == Relation::Authorized
        && !(is_within(inquiry, &record, permit.window(item, Relation::None))
            && permit.opens(item, &Facts::unrelated(record.category)));
    let exists = with && permit.opens(item, &Facts { by_authorization, ..openly });
    exists.then(|| Arc::new(RecordView { record, by_authorization, item: Arc::clone(item), plain: OnceLock::new() }))
}

fn is_within(inquiry: &Inquiry, record: &Record, window: Window) -> bool {
    let holds = |until: Option<Date>| {
        record.state == RecordState::Current && until.is_some_and(|until| until >= inquiry.today())
    };
    match window {
        Window::Published => holds(record.public_until),
        Window::Shared => holds(record.shared_until),
        Window::Archive => true,
        Window::Closed => false,
    }
}

/// A page of records, and whether there are more.
#[derive(Debug, Default)]
pub struct RecordPage {
    /// The records.
    pub records: Vec<Arc<RecordView>>,
    /// Whether more follow.
    pub has_next: bool,
}

/// How many rows one look into the database takes at least.
const CHUNK: i64 = store::record::FIRST_LOOK;

/// The records of `selection` that exist for the caller, newest first.
pub fn page(
    inquiry: &Inquiry,
    selection: &Selection,
    after: Option<Position>,
    first: usize,
) -> Result<RecordPage, Fault> {
    let page = look(inquiry, selection, after, first)?;
    count_as_read(inquiry, &page.records);
    Ok(page)
}

/// Enters records in the tally: they are part of the answer.
pub(super) fn count_as_read(inquiry: &Inquiry, records: &[Arc<RecordView>]) {
    inquiry.tally(|tally| {
        for view in records {
            tally.read_record(&view.record.item, view.record.subject);
            tally.authorization_used |= view.by_authorization;
        }
    });
}

/// Finds a page without counting it as read.
pub(super) fn look(
    inquiry: &Inquiry,
    selection: &Selection,
    after: Option<Position>,
    first: usize,
) -> Result<RecordPage, Fault> {
    let Some(rows) = rows(inquiry, selection) else { return Ok(RecordPage::default()) };
    let mut found = RecordPage::default();
    let mut after = after;
    let whole = Selection { subject: selection.subject, ..Selection::default() };
    let whole_subject = selection.subject.filter(|_| *selection == whole);
    loop {
        let wanted = i64::try_from(first + 1 - found.records.len()).unwrap_or(CHUNK).max(CHUNK);
        let chunk = inquiry.gateway().registry.read(|connection| match whole_subject {
            Some(subject) if after.is_none() && wanted == CHUNK => {
                store::record::first_look(connection, subject, &rows)
            }
            _ => store::record::page(connection, selection, &rows, after.as_ref(), wanted),
        })?;
        let is_last = i64::try_from(chunk.len()).unwrap_or(0) < wanted;
        after = chunk.last().map(Record::position);
        for record in chunk {
            let Some(item) = inquiry.gateway().catalogue.item(&record.item) else { continue };
            let Some(view) = meet(inquiry, item, record) else { continue };
            if found.records.len() == first {
                found.has_next = true;
                return Ok(found);
            }
            found.records.push(view);
        }
        if is_last {
            return Ok(found);
        }
    }
}

/// The rows that can hold anything for the caller: the widest window among its relations. `None` = none at all.
pub fn rows(inquiry: &Inquiry, selection: &Selection) -> Option<Rows> {
    let permit = inquiry.permit();
    let standing = &inquiry.standings().standing;
    if selection.subject.is_some() && selection.subject == standing.subject {
        return Some(Rows::All);
    }
    let items = || {
        let catalogue = &inquiry.gateway().catalogue;
        catalogue.items().iter().filter(|item| selection.item.as_ref().is_none_or(|code| *code == item.code))
    };
    let reaches = |relation, window| items().any(|item| permit.window(item, relation) == window);
    let grant_applies =
        standing.grant.as_ref().is_some_and(|grant| selection.subject.is_none_or(|subject| subject == grant.subject));
    let today = inquiry.today();
    if let Some(own) = standing.subject.filter(|_| selection.subject.is_none())
        && reaches(Relation::Subject, Window::Archive)
    {
        return Some(Rows::PublishedOnOrAbout(today, own));
    }
    match &standing.department {
        Some(department) if reaches(Relation::Provider, Window::Archive) => {
            Some(Rows::SharedOnOrProvidedBy(today, department.clone()))
        }
        _ if reaches(Relation::None, Window::Shared) => Some(Rows::SharedOn(today)),
        _ if grant_applies && reaches(Relation::Authorized, Window::Shared) => Some(Rows::SharedOn(today)),
        _ if reaches(Relation::None, Window::Published) => Some(Rows::PublishedOn(today)),
        _ => None,
    }
}

/// The record with this id, if it exists for the caller.
pub fn by_id(inquiry: &Inquiry, id: RecordId) -> Result<Option<Arc<RecordView>>, Fault> {
    let found = inquiry.gateway().registry.read(|connection| store::record::find(connection, id))?;
    let Some(record) = found else { return Ok(None) };
    let Some(item) = inquiry.gateway().catalogue.item(&record.item) else { return Ok(None) };
    let found = meet(inquiry, item, record);
    count_as_read(inquiry, found.as_slice());
    Ok(found)
}

/// The text of a place, for a cursor.
pub fn cursor(inquiry: &Inquiry, scope: CursorScope, position: &Position) -> String {
    let place = format!("{}|{}", position.decided_on, uuid::Uuid::from_bytes(*position.id.bytes()).simple());
    inquiry.gateway().cursors.encode(scope, &place, &inquiry.gateway().ambient)
}

/// Reads a cursor.
///
/// # Errors
/// `BadInput` when it is not a cursor of this list, for this caller, now.
pub fn position(inquiry: &Inquiry, scope: CursorScope, cursor: &str) -> Result<Position, Fault> {
    let place = inquiry.gateway().cursors.decode(scope, cursor, inquiry.now());
    place
        .as_deref()
        .and_then(|place| place.split_once('|'))
        .and_then(|(decided_on, id)| {
            let id = RecordId::new(*uuid::Uuid::try_parse(id).ok()?.as_bytes());
            Some(Position { decided_on: decided_on.to_owned(), id })
        })
        .ok_or_else(|| {
            Fault::BadInput("`after` is not a cursor of this list, or it has expired: begin without it".into())
        })
}
