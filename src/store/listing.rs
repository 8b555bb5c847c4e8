//! Entries on lists as cases, from the draft on.

use diesel::prelude::*;

use super::connection::AnyConnection;
use super::schema::listings;
use super::{StoreError, optional, row_id};
use crate::domain::time::Date;
use crate::domain::{CaseId, DepartmentId, ItemCode, ListingStage, RecordId, SubjectId};

/// An entry on a list as the database holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListingRow {
    /// Its id.
    pub id: CaseId,
    /// The item that the list is.
    pub item: ItemCode,
    /// Whom it is about.
    pub subject: SubjectId,
    /// The department that decides.
    pub decider: DepartmentId,
    /// The law and article.
    pub legal_basis: String,
    /// How far it has come.
    pub stage: ListingStage,
    /// The day on which the party was told.
    pub notified_on: Option<Date>,
    /// By when the party may state its case.
    pub state_by: Option<Date>,
    /// The day of the decision.
    pub decided_on: Option<Date>,
    /// The record that it became.
    pub record: Option<RecordId>,
    /// How many steps were taken.
    pub steps: i64,
    /// The index of the entry that announced it. Lists are in this order.
    pub entry: u64,
}

#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = listings, treat_none_as_null = true)]
struct Row {
    id: Vec<u8>,
    item: String,
    subject: Vec<u8>,
    decider: String,
    legal_basis: String,
    stage: String,
    notified_on: String,
    state_by: String,
    decided_on: String,
    record: Option<Vec<u8>>,
    steps: i64,
    entry: i64,
}

impl TryFrom<Row> for ListingRow {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let corrupt = |column| StoreError::corrupt("listings", column, &row.id);
        let day = |text: &str, column| optional(text, |text| text.parse().ok()).map_err(|()| corrupt(column));
        let record = row.record.as_deref();
        Ok(Self {
            id: row_id(CaseId::from_slice, "listings", "id", &row.id)?,
            item: ItemCode::parse(&row.item).ok_or_else(|| corrupt("item"))?,
            subject: row_id(SubjectId::from_slice, "listings", "subject", &row.subject)?,
            decider: DepartmentId::parse(&row.decider).ok_or_else(|| corrupt("decider"))?,
            stage: row.stage.parse().map_err(|_| corrupt("stage"))?,
            notified_on: day(&row.notified_on, "notified_on")?,
            state_by: day(&row.state_by, "state_by")?,
            decided_on: day(&row.decided_on, "decided_on")?,
            record: record.map(|id| row_id(RecordId::from_slice, "listings", "record", id)).transpose()?,
            entry: u64::try_from(row.entry).map_err(|_| corrupt("entry"))?,
            legal_basis: row.legal_basis,
            steps: row.steps,
        })
    }
}

impl From<&ListingRow> for Row {
    fn from(listing: &ListingRow) -> Self {
        let text = |date: Option<Date>| date.map(|date| date.to_string()).unwrap_or_default();
        Self {
            id: listing.id.bytes().to_vec(),
            item: listing.item.as_str().to_owned(),
            subject: listing.subject.bytes().to_vec(),
            decider: listing.decider.as_str().to_owned(),
            legal_basis: listing.legal_basis.clone(),
            stage: listing.stage.name().to_owned(),
            notified_on: text(listing.notified_on),
            state_by: text(listing.state_by),
            decided_on: text(listing.decided_on),
            record: listing.record.map(|id| id.bytes().to_vec()),
            steps: listing.steps,
            entry: i64::try_from(listing.entry).unwrap_or(i64::MAX),
        }
    }
}

/// Whose are wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Which {
    /// Everybody's.
    All,
    /// Those that a department decides on.
    DecidedBy(DepartmentId),
    /// Those about a subject that it was told of.
    About(SubjectId),
}

/// The entry with this id.
pub fn find(connection: &mut AnyConnection, id: CaseId) -> Result<Option<ListingRow>, StoreError> {
    let query = listings::table.filter(listings::id.eq(id.bytes().as_slice())).select(Row::as_select());
    let row: Option<Row> = query.get_result(connection).optional()?;
    row.map(ListingRow::try_from).transpose()
}

/// Stores a new one.
pub fn insert(connection: &mut AnyConnection, listing: &ListingRow) -> Result<(), StoreError> {
    let inserted = diesel::insert_into(listings::table).values(Row::from(listing)).execute(connection)?;
    StoreError::expect_count("listings", 1, inserted)
}

/// Replaces one that had a step fewer.
///
/// # Errors
/// `Conflict` when somebody else has taken a step meanwhile.
pub fn advance(connection: &mut AnyConnection, listing: &ListingRow) -> Result<(), StoreError> {
    let row = Row::from(listing);
    let before = listings::table.filter(listings::id.eq(row.id.clone())).filter(listings::steps.eq(listing.steps - 1));
    match diesel::update(before).set(row).execute(connection)? {
        1 => Ok(()),
        _ => Err(StoreError::Conflict),
    }
}

/// Entries, the newest first, whose ledger entry lies below `below`.
pub fn list(
    connection: &mut AnyConnection,
    (which, stage): (&Which, Option<ListingStage>),
    below: Option<u64>,
    limit: i64,
) -> Result<Vec<ListingRow>, StoreError> {
    let below = below.map_or(i64::MAX, |below| i64::try_from(below).unwrap_or(i64::MAX));
    let mut query = listings::table
        .select(Row::as_select())
        .filter(listings::entry.lt(below))
        .order(listings::entry.desc())
        .limit(limit)
        .into_boxed();
    query = match which {
        Which::All => query,
        Which::DecidedBy(department) => query.filter(listings::decider.eq(department.as_str().to_owned())),
        Which::About(subject) => {
            query.filter(listings::subject.eq(subject.bytes().to_vec())).filter(listings::notified_on.ne(""))
        }
    };
    if let Some(stage) = stage {
        query = query.filter(listings::stage.eq(stage.name()));
    }
    query.load(connection)?.into_iter().map(ListingRow::try_from).collect()
}
