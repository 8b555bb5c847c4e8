//! Tombstones: what became of a record, for each who had received it, until it is acknowledged.

use diesel::prelude::*;

use super::connection::AnyConnection;
use super::schema::tombstones;
use super::{StoreError, row_id};
use crate::domain::{CaseId, Instant, ItemCode, RecordId, TombstoneCause};

/// A tombstone as the database holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tombstone {
    /// Its id.
    pub id: CaseId,
    /// The case that led to it: an application, or the withdrawal of an entry on a list.
    pub case: CaseId,
    /// The record.
    pub record: RecordId,
    /// Its item.
    pub item: ItemCode,
    /// What became of it.
    pub cause: TombstoneCause,
    /// Who had received it: a department's id or an organization's code.
    pub receiver: String,
    /// Since when.
    pub created_at: Instant,
    /// When the receiver acknowledged it.
    pub acknowledged_at: Option<Instant>,
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = tombstones)]
struct Row {
    id: Vec<u8>,
    case_id: Vec<u8>,
    record: Vec<u8>,
    item: String,
    cause: String,
    receiver: String,
    created_at: i64,
    acknowledged_at: Option<i64>,
}

impl TryFrom<Row> for Tombstone {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let corrupt = |column| StoreError::corrupt("tombstones", column, &row.id);
        Ok(Self {
            id: row_id(CaseId::from_slice, "tombstones", "id", &row.id)?,
            case: row_id(CaseId::from_slice, "tombstones", "case_id", &row.case_id)?,
            record: row_id(RecordId::from_slice, "tombstones", "record", &row.record)?,
            item: ItemCode::parse(&row.item).ok_or_else(|| corrupt("item"))?,
            cause: row.cause.parse().map_err(|_| corrupt("cause"))?,
            receiver: row.receiver,
            created_at: Instant::from_micros(row.created_at),
            acknowledged_at: row.acknowledged_at.map(Instant::from_micros),
        })
    }
}

/// Stores one for each receiver.
pub fn insert(connection: &mut AnyConnection, stones: &[Tombstone]) -> Result<(), StoreError> {
    let row = |stone: &Tombstone| Row {
        id: stone.id.bytes().to_vec(),
        case_id: stone.case.bytes().to_vec(),
        record: stone.record.bytes().to_vec(),
        item: stone.item.as_str().to_owned(),
        cause: stone.cause.name().to_owned(),
        receiver: stone.receiver.clone(),
        created_at: stone.created_at.micros(),
        acknowledged_at: stone.acknowledged_at.map(Instant::micros),
    };
    let inserted = connection.insert_rows(tombstones::table, stones.iter().map(row).collect())?;
    StoreError::expect_count("tombstones", stones.len(), inserted)
}

/// The tombstone with this id.
pub fn find(connection: &mut AnyConnection, id: CaseId) -> Result<Option<Tombstone>, StoreError> {
    let query = tombstones::table.filter(tombstones::id.eq(id.bytes().as_slice())).select(Row::as_select());
    let row: Option<Row> = query.get_result(connection).optional()?;
    row.map(Tombstone::try_from).transpose()
}

/// Those of a case, by receiver.
pub fn of_case(connection: &mut AnyConnection, case: CaseId) -> Result<Vec<Tombstone>, StoreError> {
    let query = tombstones::table
        .filter(tombstones::case_id.eq(case.bytes().as_slice()))
        .select(Row::as_select())
        .order((tombstones::created_at.asc(), tombstones::receiver.asc()));
    let rows: Vec<Row> = query.load(connection)?;
    rows.into_iter().map(Tombstone::try_from).collect()
}

/// Those of a receiver that it has not acknowledged, the oldest first, after a place.
pub fn awaiting(
    connection: &mut AnyConnection,
    receiver: &str,
    after: Option<&(Instant, CaseId)>,
    limit: i64,
) -> Result<Vec<Tombstone>, StoreError> {
    let mut query = tombstones::table
        .filter(tombstones::receiver.eq(receiver))
        .filter(tombstones::acknowledged_at.is_null())
        .select(Row::as_select())
        .order((tombstones::created_at.asc(), tombstones::id.asc()))
        .limit(limit)
        .into_boxed();
    if let Some((at, id)) = after {
        query = query.filter(
            tombstones::created_at
                .gt(at.micros())
                .or(tombstones::created_at.eq(at.micros()).and(tombstones::id.gt(id.bytes().to_vec()))),
        );
    }
    query.load(connection)?.into_iter().map(Tombstone::try_from).collect()
}

/// Marks a receiver's tombstone as acknowledged. `false` when it has none of this id that waits for that.
pub fn acknowledge(
    connection: &mut AnyConnection,
    id: CaseId,
    receiver: &str,
    at: Instant,
) -> Result<bool, StoreError> {
    let waiting = tombstones::table
        .filter(tombstones::id.eq(id.bytes().as_slice()))
        .filter(tombstones::receiver.eq(receiver))
        .filter(tombstones::acknowledged_at.is_null());
    Ok(diesel::update(waiting).set(tombstones::acknowledged_at.eq(Some(at.micros()))).execute(connection)? == 1)
}
