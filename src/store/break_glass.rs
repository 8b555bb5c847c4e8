//! Openings of one subject's records in an emergency, and whom they were told.

use diesel::dsl::count_star;
use diesel::prelude::*;
use diesel::result::{DatabaseErrorKind, Error as DieselError};

use super::connection::AnyConnection;
use super::schema::{break_glass, break_glass_notices};
use super::{StoreError, row_id};
use crate::domain::{BreakGlassId, Date, DepartmentId, Instant, PurposeCode, SubjectId};

/// An opening as the database holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BreakGlass {
    /// Its id.
    pub id: BreakGlassId,
    /// Whose records.
    pub subject: SubjectId,
    /// The officer's department.
    pub department: DepartmentId,
    /// The officer: a keyed hash, hexadecimal.
    pub officer: String,
    /// The day in Shanghai.
    pub day: Date,
    /// The purpose.
    pub purpose: PurposeCode,
    /// The case: a keyed hash, hexadecimal.
    pub case_index: String,
    /// The codes of the items that it opens.
    pub items: Vec<String>,
    /// When it was made.
    pub valid_from: Instant,
    /// The first instant after it.
    pub valid_to: Instant,
    /// The index of its entry in the ledger. Without one it opens nothing.
    pub entry: Option<u64>,
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = break_glass)]
struct BreakGlassRow {
    id: Vec<u8>,
    subject: Vec<u8>,
    department: String,
    officer: String,
    day: String,
    number: i64,
    purpose: String,
    case_index: String,
    items: String,
    valid_from: i64,
    valid_to: i64,
    entry: Option<i64>,
}

impl TryFrom<BreakGlassRow> for BreakGlass {
    type Error = StoreError;

    fn try_from(row: BreakGlassRow) -> Result<Self, StoreError> {
        let corrupt = |column| StoreError::corrupt("break_glass", column, &row.id);
        Ok(Self {
            id: row_id(BreakGlassId::from_slice, "break_glass", "id", &row.id)?,
            subject: row_id(SubjectId::from_slice, "break_glass", "subject", &row.subject)?,
            department: DepartmentId::parse(&row.department).ok_or_else(|| corrupt("department"))?,
            day: row.day.parse().map_err(|_| corrupt("day"))?,
            purpose: PurposeCode::parse(&row.purpose).ok_or_else(|| corrupt("purpose"))?,
            items: serde_json::from_str(&row.items).map_err(|_| corrupt("items"))?,
            officer: row.officer,
            case_index: row.case_index,
            valid_from: Instant::from_micros(row.valid_from),
            valid_to: Instant::from_micros(row.valid_to),
            entry: row.entry.map(i64::unsigned_abs),
        })
    }
}

/// The opening with this id.
pub fn find(connection: &mut AnyConnection, id: BreakGlassId) -> Result<Option<BreakGlass>, StoreError> {
    let query = break_glass::table.filter(break_glass::id.eq(id.bytes().as_slice()));
    let row: Option<BreakGlassRow> = query.select(BreakGlassRow::as_select()).first(connection).optional()?;
    row.map(BreakGlass::try_from).transpose()
}

/// Stores an opening and whom it is told, unless the officer has made `daily` of them that day. `false`: then nothing is
/// stored.
///
/// # Errors
/// `Conflict` when the officer has made another one at the same moment.
pub fn insert(
    connection: &mut AnyConnection,
    opening: &BreakGlass,
    providers: &[DepartmentId],
    daily: u8,
) -> Result<bool, StoreError> {
    let day = opening.day.to_string();
    let of_day = break_glass::table.filter(break_glass::officer.eq(&opening.officer)).filter(break_glass::day.eq(&day));
    let number: i64 = of_day.select(count_star()).first(connection)?;
    if number >= i64::from(daily) {
        return Ok(false);
    }
    let items = serde_json::to_string(&opening.items)
        .map_err(|_| StoreError::corrupt("break_glass", "items", opening.id.bytes()))?;
    let row = BreakGlassRow {
        id: opening.id.bytes().to_vec(),
        subject: opening.subject.bytes().to_vec(),
        department: opening.department.as_str().to_owned(),
        officer: opening.officer.clone(),
        day,
        number,
        purpose: opening.purpose.as_str().to_owned(),
        case_index: opening.case_index.clone(),
        items,
        valid_from: opening.valid_from.micros(),
        valid_to: opening.valid_to.micros(),
        entry: None,
    };
    match diesel::insert_into(break_glass::table).values(row).execute(connection) {
        Err(DieselError::DatabaseError(DatabaseErrorKind::UniqueViolation, _)) => return Err(StoreError::Conflict),
        inserted => StoreError::expect_count("break_glass", 1, inserted?)?,
    }
    for provider in providers {
        let notice = (
            break_glass_notices::opening.eq(opening.id.bytes().as_slice()),
            break_glass_notices::provider.eq(provider.as_str()),
        );
        diesel::insert_into(break_glass_notices::table).values(notice).execute(connection)?;
    }
    Ok(true)
}

/// Puts an opening in force: its entry stands in the ledger.
pub fn enter(connection: &mut AnyConnection, id: BreakGlassId, entry: u64) -> Result<(), StoreError> {
    let entry = i64::try_from(entry).map_err(|_| StoreError::corrupt("break_glass", "entry", id.bytes()))?;
    let changed = diesel::update(break_glass::table.filter(break_glass::id.eq(id.bytes().as_slice())))
        .set(break_glass::entry.eq(Some(entry)))
        .execute(connection)?;
    StoreError::expect_count("break_glass", 1, changed)
}

/// Openings in force or over, the newest first, with an entry below `below`: those that `concerned` made or was told of, or
/// all of them.
pub fn list(
    connection: &mut AnyConnection,
    concerned: Option<&DepartmentId>,
    below: Option<u64>,
    limit: i64,
) -> Result<Vec<BreakGlass>, StoreError> {
    let below = below.map_or(i64::MAX, |below| i64::try_from(below).unwrap_or(i64::MAX));
    let mut query = break_glass::table
        .select(BreakGlassRow::as_select())
        .filter(break_glass::entry.lt(below))
        .order(break_glass::entry.desc())
        .limit(limit)
        .into_boxed();
    if let Some(department) = concerned.map(|department| department.as_str().to_owned()) {
        let told = break_glass_notices::table
            .filter(break_glass_notices::provider.eq(department.clone()))
            .select(break_glass_notices::opening);
        query = query.filter(break_glass::department.eq(department).or(break_glass::id.eq_any(told)));
    }
    query.load(connection)?.into_iter().map(BreakGlass::try_from).collect()
}

/// Whom an opening was told.
pub fn providers(connection: &mut AnyConnection, id: BreakGlassId) -> Result<Vec<DepartmentId>, StoreError> {
    let query = break_glass_notices::table
        .filter(break_glass_notices::opening.eq(id.bytes().as_slice()))
        .select(break_glass_notices::provider)
        .order(break_glass_notices::provider.asc());
    let corrupt = || StoreError::corrupt("break_glass_notices", "provider", id.bytes());
    let names: Vec<String> = query.load(connection)?;
    names.iter().map(|name| DepartmentId::parse(name).ok_or_else(corrupt)).collect()
}

/// How many openings are in force or over since an instant.
pub fn count_since(connection: &mut AnyConnection, since: Instant) -> Result<u64, StoreError> {
    let query =
        break_glass::table.filter(break_glass::entry.is_not_null()).filter(break_glass::valid_from.ge(since.micros()));
    let count: i64 = query.select(count_star()).first(connection)?;
    Ok(count.unsigned_abs())
}
