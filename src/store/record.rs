//! Records of every item: read by subject, by item, by id.
//!
//! A read names the rows it wants (`Rows`); which rows a caller may have is decided elsewhere and arrives as data.

use diesel::prelude::*;

use super::connection::{AnyConnection, on_each_backend};
use super::limited::{Limited, LimitedTo};
use super::schema::{record_index, record_versions, records};
use super::{StoreError, optional, row_id};
use crate::domain::time::Date;
use crate::domain::{DepartmentId, ItemCode, Level, RecordId, RecordState, SealedFields, SubjectCategory, SubjectId};

/// The current version of a record: a plain head, plain values as JSON text, sealed values as envelopes.
#[derive(Clone, Debug)]
pub struct Record {
    /// Its id.
    pub id: RecordId,
    /// The division whose record it is.
    pub division: String,
    /// Its catalogue item.
    pub item: ItemCode,
    /// Whom it is about.
    pub subject: SubjectId,
    /// The subject's category.
    pub category: SubjectCategory,
    /// The providing department, when it is a known one.
    pub provider: Option<DepartmentId>,
    /// The providing unit's name as sent; empty when a known department's.
    pub provider_name: String,
    /// The date of the decision, listing or event.
    pub decided_on: Option<Date>,
    /// How serious it is, where that applies.
    pub level: Option<Level>,
    /// Its stored state: current, repaired or withdrawn.
    pub state: RecordState,
    /// The last day of publication; `None` = not public.
    pub public_until: Option<Date>,
    /// The last day of sharing; `None` = not shared.
    pub shared_until: Option<Date>,
    /// Plain values, a JSON object.
    pub plain: String,
    /// Sealed values.
    pub sealed: SealedFields,
    /// Which version this is, from 1.
    pub version: i64,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = records)]
struct RecordRow {
    id: Vec<u8>,
    division: String,
    item: String,
    subject: Vec<u8>,
    category: String,
    provider: String,
    provider_name: String,
    decided_on: String,
    level: String,
    state: String,
    public_until: String,
    shared_until: String,
    plain: String,
    sealed: Vec<u8>,
    version: i64,
}

impl TryFrom<RecordRow> for Record {
    type Error = StoreError;

    fn try_from(row: RecordRow) -> Result<Self, StoreError> {
        let corrupt = |column| StoreError::corrupt("records", column, &row.id);
        let date = |text: &str, column| optional(text, |text| text.parse().ok()).map_err(|()| corrupt(column));
        Ok(Self {
            id: row_id(RecordId::from_slice, "records", "id", &row.id)?,
            item: ItemCode::parse(&row.item).ok_or_else(|| corrupt("item"))?,
            subject: row_id(SubjectId::from_slice, "records", "subject", &row.subject)?,
            category: row.category.parse().map_err(|_| corrupt("category"))?,
            provider: optional(&row.provider, DepartmentId::parse).map_err(|()| corrupt("provider"))?,
            decided_on: date(&row.decided_on, "decided_on")?,
            level: optional(&row.level, |text| text.parse().ok()).map_err(|()| corrupt("level"))?,
            state: row.state.parse().map_err(|_| corrupt("state"))?,
            public_until: date(&row.public_until, "public_until")?,
            shared_until: date(&row.shared_until, "shared_until")?,
            sealed: SealedFields::from_bytes(&row.sealed).ok_or_else(|| corrupt("sealed"))?,
            division: row.division,
            provider_name: row.provider_name,
            plain: row.plain,
            version: row.version,
        })
    }
}

/// Which rows are wanted, by their windows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rows {
    /// Current and public on the day.
    PublishedOn(Date),
    /// Current and public on the day, and every row about the subject.
    PublishedOnOrAbout(Date, SubjectId),
    /// Current and shared on the day.
    SharedOn(Date),
    /// Current and shared on the day, and every row of the department's own.
    SharedOnOrProvidedBy(Date, DepartmentId),
    /// All.
    All,
}

/// Whose or which item's records, narrowed by what the caller filtered on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// Of this subject.
    pub subject: Option<SubjectId>,
    /// Of this item.
    pub item: Option<ItemCode>,
    /// Provided by this department.
    pub provider: Option<DepartmentId>,
    /// Decided on this day or later.
    pub decided_from: Option<Date>,
    /// Decided on this day or earlier.
    pub decided_to: Option<Date>,
    /// With these indexed values: field, and value or hexadecimal blind index.
    pub indexed: Vec<(String, String)>,
}

/// A place in the order of lists: date of decision, then id, newest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Position {
    /// The date as the column holds it; empty when absent.
    pub decided_on: String,
    /// The record.
    pub id: RecordId,
}

impl Record {
    /// The record's place in the order of lists.
    pub fn position(&self) -> Position {
        Position { decided_on: self.decided_on.map(|date| date.to_string()).unwrap_or_default(), id: self.id }
    }
}

type Boxed<'a> = records::BoxedQuery<'a, <AnyConnection as diesel::Connection>::Backend>;

/// The selected records, newest first, after a place, `limit` at most.
pub fn page(
    connection: &mut AnyConnection,
    selection: &Selection,
    rows: &Rows,
    after: Option<&Position>,
    limit: i64,
) -> Result<Vec<Record>, StoreError> {
    let mut query = within(narrowed(records::table.into_boxed(), selection), rows);
    if let Some(position) = after {
        query =
            query.filter(records::decided_on.lt(position.decided_on.clone()).or(
                records::decided_on.eq(position.decided_on.clone()).and(records::id.lt(position.id.bytes().to_vec())),
            ));
    }
    let query = query.order((records::decided_on.desc(), records::id.desc())).select(RecordRow::as_select());
    let found: Vec<RecordRow> = Limited(query, limit).load(connection)?;
    found.into_iter().map(Record::try_from).collect()
}

/// How many records a first look at a subject takes.
pub const FIRST_LOOK: i64 = 32;

/// The newest records of a subject, `FIRST_LOOK` at most. The same as [`page`] with that selection alone, by statements
/// whose text never changes: what most queries begin with.
pub fn first_look(connection: &mut AnyConnection, subject: SubjectId, rows: &Rows) -> Result<Vec<Record>, StoreError> {
    macro_rules! found {
        ($condition:expr) => {
            on_each_backend!(connection, |backend| LimitedTo::<_, FIRST_LOOK>(
                records::table
                    .filter(records::subject.eq(subject.bytes().as_slice()))
                    .filter($condition)
                    .order((records::decided_on.desc(), records::id.desc()))
                    .select(RecordRow::as_select())
            )
            .load::<RecordRow>(backend))
        };
    }
    let found = match rows {
        // Every record has a state: no condition, in the shape of one.
        Rows::All => found!(records::state.ne("")),
        Rows::PublishedOn(day) => found!(published_on(day.to_string())),
        Rows::SharedOn(day) => found!(shared_on(day.to_string())),
        Rows::SharedOnOrProvidedBy(day, provider) => {
            found!(shared_on(day.to_string()).or(records::provider.eq(provider.as_str())))
        }
        Rows::PublishedOnOrAbout(..) => {
            let selection = Selection { subject: Some(subject), ..Selection::default() };
            return page(connection, &selection, rows, None, FIRST_LOOK);
        }
    }?;
    found.into_iter().map(Record::try_from).collect()
}

/// How many selected records of one category there are.
pub fn count(
    connection: &mut AnyConnection,
    selection: &Selection,
    rows: &Rows,
    category: SubjectCategory,
) -> Result<i64, StoreError> {
    Ok(within(narrowed(records::table.into_boxed(), selection), rows)
        .filter(records::category.eq(category.name()))
        .count()
        .get_result(connection)?)
}

/// The same, but no more than `most` are counted.
pub fn count_up_to(
    connection: &mut AnyConnection,
    selection: &Selection,
    rows: &Rows,
    category: SubjectCategory,
    most: i64,
) -> Result<i64, StoreError> {
    let found = within(narrowed(records::table.into_boxed(), selection), rows)
        .filter(records::category.eq(category.name()))
        .select(records::version);
    let found: Vec<i64> = Limited(found, most).load(connection)?;
    Ok(i64::try_from(found.len()).unwrap_or(most))
}

/// How many records one subject has, by item, category and provider.
pub fn counts_of_subject(
    connection: &mut AnyConnection,
    subject: SubjectId,
    rows: &Rows,
) -> Result<Vec<RecordCount>, StoreError> {
    let selection = &Selection { subject: Some(subject), ..Selection::default() };
    let keys: Vec<(String, String, String)> = within(narrowed(records::table.into_boxed(), selection), rows)
        .select((records::item, records::category, records::provider))
        .load(connection)?;
    let mut counts: std::collections::BTreeMap<_, i64> = std::collections::BTreeMap::new();
    for key in keys {
        *counts.entry(key).or_default() += 1;
    }
    counts
        .into_iter()
        .map(|((item, category, provider), count)| {
            let corrupt = |column| StoreError::corrupt("records", column, item.as_bytes());
            Ok(RecordCount {
                item: ItemCode::parse(&item).ok_or_else(|| corrupt("item"))?,
                category: category.parse().map_err(|_| corrupt("category"))?,
                provider: optional(&provider, DepartmentId::parse).map_err(|()| corrupt("provider"))?,
                count,
            })
        })
        .collect()
}

/// A number of records that are decided alike.
#[derive(Clone, Debug)]
pub struct RecordCount {
    /// Their item.
    pub item: ItemCode,
    /// Their subjects' category.
    pub category: SubjectCategory,
    /// Their provider.
    pub provider: Option<DepartmentId>,
    /// How many.
    pub count: i64,
}

/// The record with this id, whatever its window.
pub fn find(connection: &mut AnyConnection, id: RecordId) -> Result<Option<Record>, StoreError> {
    let row: Option<RecordRow> = records::table
        .filter(records::id.eq(id.bytes().as_slice()))
        .select(RecordRow::as_select())
        .get_result(connection)
        .optional()?;
    row.map(Record::try_from).transpose()
}

/// The values of one version of a record: plain as JSON text, and sealed.
pub fn values_of_version(
    connection: &mut AnyConnection,
    id: RecordId,
    version: i64,
) -> Result<Option<(String, SealedFields)>, StoreError> {
    let found: Option<(String, Vec<u8>)> = record_versions::table
        .filter(record_versions::id.eq(id.bytes().as_slice()))
        .filter(record_versions::version.eq(version))
        .select((record_versions::plain, record_versions::sealed))
        .get_result(connection)
        .optional()?;
    let corrupt = || StoreError::corrupt("record_versions", "sealed", id.bytes());
    found.map(|(plain, sealed)| Ok((plain, SealedFields::from_bytes(&sealed).ok_or_else(corrupt)?))).transpose()
}

/// Moves a record from one state to another.
///
/// # Errors
/// `Conflict` when it is not in the first state any more, or not of this version.
pub fn set_state(
    connection: &mut AnyConnection,
    (id, version): (RecordId, i64),
    (from, to): (RecordState, RecordState),
) -> Result<(), StoreError> {
    let before = records::table
        .filter(records::id.eq(id.bytes().as_slice()))
        .filter(records::version.eq(version))
        .filter(records::state.eq(from.name()));
    match diesel::update(before).set(records::state.eq(to.name())).execute(connection)? {
        1 => Ok(()),
        _ => Err(StoreError::Conflict),
    }
}

fn narrowed<'a>(mut query: Boxed<'a>, selection: &Selection) -> Boxed<'a> {
    if let Some(subject) = &selection.subject {
        query = query.filter(records::subject.eq(subject.bytes().to_vec()));
    }
    // A subject has few records and an item may have millions. Without statistics SQLite cannot know that, so that what
    // narrows a subject's records is written in a way that no index fits.
    let is_of_subject = selection.subject.is_some();
    if let Some(item) = &selection.item {
        let item = item.as_str().to_owned();
        query = if is_of_subject {
            query.filter(records::item.concat("").eq(item))
        } else {
            query.filter(records::item.eq(item))
        };
    }
    if let Some(provider) = &selection.provider {
        let provider = provider.as_str().to_owned();
        query = if is_of_subject {
            query.filter(records::provider.concat("").eq(provider))
        } else {
            query.filter(records::provider.eq(provider))
        };
    }
    if let Some(from) = selection.decided_from {
        query = query.filter(records::decided_on.ge(from.to_string()));
    }
    if let Some(to) = selection.decided_to {
        query = query.filter(records::decided_on.le(to.to_string())).filter(records::decided_on.ne(""));
    }
    for (field, value) in &selection.indexed {
        query = query.filter(diesel::dsl::exists(
            record_index::table
                .filter(record_index::item.eq(records::item))
                .filter(record_index::field.eq(field.clone()))
                .filter(record_index::value.eq(value.clone()))
                .filter(record_index::record.eq(records::id)),
        ));
    }
    query
}

/// Current and public on a day.
#[diesel::dsl::auto_type(no_type_alias)]
pub(super) fn published_on(day: String) -> _ {
    let current: &'static str = RecordState::Current.name();
    records::public_until.ge(day).and(records::state.eq(current))
}

/// Current and shared on a day.
#[diesel::dsl::auto_type(no_type_alias)]
pub(super) fn shared_on(day: String) -> _ {
    let current: &'static str = RecordState::Current.name();
    records::shared_until.ge(day).and(records::state.eq(current))
}

fn within<'a>(query: Boxed<'a>, rows: &Rows) -> Boxed<'a> {
    match rows {
        Rows::All => query,
        Rows::PublishedOn(day) => query.filter(published_on(day.to_string())),
        Rows::PublishedOnOrAbout(day, subject) => {
            query.filter(published_on(day.to_string()).or(records::subject.eq(subject.bytes().to_vec())))
        }
        Rows::SharedOn(day) => query.filter(shared_on(day.to_string())),
        Rows::SharedOnOrProvidedBy(day, provider) => {
            query.filter(shared_on(day.to_string()).or(records::provider.eq(provider.as_str().to_owned())))
        }
    }
}
