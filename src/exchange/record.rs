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
    DataClass, Date, DepartmentId, Place, RecordId, RecordState, Relation, SubjectCategory, SubjectId,
};
use crate::masking::{self, Shown};
use crate::store;
pub use crate::store::record::{Position, Selection};
use crate::store::record::{Record, Rows};

/// A record that exists for the caller.
#[derive(Debug)]
pub struct RecordView {
    record: Record,
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

    /// Whom it is about.
    pub fn subject(&self) -> SubjectId {
        self.record.subject
    }

    /// The category of its subject.
    pub fn category(&self) -> SubjectCategory {
        self.record.category
    }

    /// Its place in the order of lists.
    pub fn position(&self) -> Position {
        self.record.position()
    }

    fn facts(&self) -> Facts<'_> {
        facts(&self.record)
    }

    fn plain(&self) -> Result<&Map<String, Value>, Fault> {
        self.plain
            .get_or_init(|| serde_json::from_str(&self.record.plain).ok())
            .as_ref()
            .ok_or_else(|| Fault::Corrupt(format!("records.plain of {}", self.record.id)))
    }
}

fn facts(record: &Record) -> Facts<'_> {
    Facts { subject: record.subject, category: record.category, provider: record.provider.as_ref() }
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
    show_cell(inquiry, view, &cell)
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
    show_cell(inquiry, view, &cell)
}

fn show_cell(inquiry: &Inquiry, view: &RecordView, cell: &Cell<'_>) -> Result<ShownValue, Fault> {
    if matches!(cell.decision(), Decision::Withheld(_)) {
        return Ok(ShownValue::Null);
    }
    let field = cell.field();
    if field.class != DataClass::Plain {
        let Some(envelope) = view.record.sealed.get(&field.name) else { return Ok(ShownValue::Null) };
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
        None | Some(Value::Null) => Ok(ShownValue::Null),
        Some(Value::String(value)) => Ok(text(inquiry, cell, masking::show_plain(cell, value))),
        Some(value) if cell.decision() == Decision::Clear => Ok(ShownValue::Json(value.clone())),
        // Only text has masks; the catalogue's check holds this, and anything else shows nothing.
        Some(_) => Ok(ShownValue::Null),
    }
}

fn text(inquiry: &Inquiry, cell: &Cell<'_>, shown: Option<Shown>) -> ShownValue {
    let Some(shown) = shown else { return ShownValue::Null };
    if let (Some(rule), Decision::Clear) = (shown.masked, cell.decision()) {
        inquiry.tally(|tally| tally.scanned(cell, rule));
    }
    ShownValue::Text(shown.text)
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
        HeadField::Annotations => None,
    }
}

fn state_on(record: &Record, today: Date) -> RecordState {
    let is_over = |until: Option<Date>| until.is_none_or(|until| until < today);
    match record.state {
        RecordState::Current if is_over(record.public_until) && is_over(record.shared_until) => RecordState::Expired,
        state => state,
    }
}

/// Whether the record exists for the caller: within a window, with at least one field to show.
pub fn admits(inquiry: &Inquiry, item: &Item, record: &Record) -> bool {
    let facts = facts(record);
    let relation = inquiry.permit().relation(item, &facts);
    let holds = |until: Option<Date>| {
        record.state == RecordState::Current && until.is_some_and(|until| until >= inquiry.today())
    };
    let within = match inquiry.permit().window(item, relation) {
        Window::Published => holds(record.public_until),
        Window::Shared => holds(record.shared_until),
        Window::Archive => true,
        Window::Closed => false,
    };
    within && inquiry.permit().opens(item, &facts)
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
            if !admits(inquiry, item, &record) {
                continue;
            }
            if found.records.len() == first {
                found.has_next = true;
                return Ok(found);
            }
            found.records.push(view(item, record));
        }
        if is_last {
            return Ok(found);
        }
    }
}

fn view(item: &Arc<Item>, record: Record) -> Arc<RecordView> {
    Arc::new(RecordView { record, item: Arc::clone(item), plain: OnceLock::new() })
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
    if !admits(inquiry, item, &record) {
        return Ok(None);
    }
    let view = view(item, record);
    count_as_read(inquiry, std::slice::from_ref(&view));
    Ok(Some(view))
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

/// How many selected records exist for the caller. `None` where some of them are decided by who provided them and
/// others are not: such a list is read, not counted.
pub fn total(inquiry: &Inquiry, selection: &Selection) -> Result<Option<i64>, Fault> {
    let Some(item) = selection.item.as_ref().and_then(|code| inquiry.gateway().catalogue.item(code)) else {
        return total_of_subject(inquiry, selection);
    };
    let Some(related) = related(inquiry, item).filter(|_| selection.subject.is_none()) else {
        return total_alike(inquiry, selection, item);
    };
    // Records about one subject are decided otherwise than those about all others.
    let about = Selection { subject: Some(related), ..selection.clone() };
    let others = total_unrelated(inquiry, selection, item)? - total_unrelated(inquiry, &about, item)?;
    Ok(total_alike(inquiry, &about, item)?.map(|own| others + own))
}

/// The subject whose records of an item are opened by the caller's relation to it.
fn related(inquiry: &Inquiry, item: &Item) -> Option<SubjectId> {
    let standing = inquiry.permit().standing();
    let grant = || standing.grant.as_ref().filter(|grant| grant.covers(item, None));
    standing.subject.or_else(|| grant().map(|grant| grant.subject))
}

/// How many selected records the caller meets without a relation to them.
fn total_unrelated(inquiry: &Inquiry, selection: &Selection, item: &Item) -> Result<i64, Fault> {
    let today = inquiry.today();
    let rows = match inquiry.permit().window(item, Relation::None) {
        Window::Published => Rows::PublishedOn(today),
        Window::Shared => Rows::SharedOn(today),
        Window::Archive => Rows::All,
        Window::Closed => return Ok(0),
    };
    let nobody = SubjectId::new([0; 16]);
    let opens = |category| inquiry.permit().opens(item, &Facts { subject: nobody, category, provider: None });
    count(inquiry, selection, &rows, opens)
}

fn count(
    inquiry: &Inquiry,
    selection: &Selection,
    rows: &Rows,
    opens: impl Fn(SubjectCategory) -> bool,
) -> Result<i64, Fault> {
    use strum::IntoEnumIterator;
    let mut total = 0;
    for category in SubjectCategory::iter().filter(|&category| opens(category)) {
        let count = |connection: &mut store::AnyConnection| store::record::count(connection, selection, rows, category);
        total += inquiry.gateway().registry.read(count)?;
    }
    Ok(total)
}

/// The total of a list whose records are all decided alike, but for who provided them.
fn total_alike(inquiry: &Inquiry, selection: &Selection, item: &Item) -> Result<Option<i64>, Fault> {
    use strum::IntoEnumIterator;
    let Some(rows) = rows(inquiry, selection) else { return Ok(Some(0)) };
    let subject = selection.subject.unwrap_or(SubjectId::new([0; 16]));
    let opens = |category, provider| inquiry.permit().opens(item, &Facts { subject, category, provider });
    if let Rows::SharedOnOrProvidedBy(_, own) = &rows
        && SubjectCategory::iter().any(|category| opens(category, Some(own)) != opens(category, None))
    {
        return Ok(None);
    }
    count(inquiry, selection, &rows, |category| opens(category, None)).map(Some)
}

fn total_of_subject(inquiry: &Inquiry, selection: &Selection) -> Result<Option<i64>, Fault> {
    let whole = Selection { subject: selection.subject, ..Selection::default() };
    let Some(subject) = selection.subject.filter(|_| *selection == whole) else { return Ok(None) };
    Ok(Some(counts_of_subject(inquiry, subject)?.iter().map(|(_, count)| count).sum()))
}

/// How many records of one subject exist for the caller, by item. Each item's own window counts, not the widest.
pub(super) fn counts_of_subject(inquiry: &Inquiry, subject: SubjectId) -> Result<Vec<(Arc<Item>, i64)>, Fault> {
    let selection = Selection { subject: Some(subject), ..Selection::default() };
    let Some(widest) = rows(inquiry, &selection) else { return Ok(Vec::new()) };
    let published = Rows::PublishedOn(inquiry.today());
    let mut counts: Vec<(Arc<Item>, i64)> = Vec::new();
    for rows in [&widest, &published] {
        let read = |connection: &mut store::AnyConnection| store::record::counts_of_subject(connection, subject, rows);
        for group in inquiry.gateway().registry.read(read)? {
            let Some(item) = inquiry.gateway().catalogue.item(&group.item) else { continue };
            let facts = Facts { subject, category: group.category, provider: group.provider.as_ref() };
            let window = inquiry.permit().window(item, inquiry.permit().relation(item, &facts));
            let is_counted_here = (window == Window::Published) == (*rows == published);
            if !is_counted_here || window == Window::Closed || !inquiry.permit().opens(item, &facts) {
                continue;
            }
            match counts.iter_mut().find(|(counted, _)| counted.code == item.code) {
                Some((_, count)) => *count += group.count,
                None => counts.push((Arc::clone(item), group.count)),
            }
        }
        if widest == published {
            break;
        }
    }
    counts.sort_by(|(a, _), (b, _)| a.code.cmp(&b.code));
    Ok(counts)
}
