//! The keys of bodies, one a month, sealed; and the bodies of a month.

use diesel::prelude::*;

use super::schema::{ledger_body, ledger_period_key};
use crate::store::connection::{AnyConnection, on_each_backend};
use crate::store::error::StoreError;

/// Bodies that are looked at in one transaction.
const CHUNK: i64 = 10_000;

/// The key of a month.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = ledger_period_key)]
pub struct PeriodKeyRow {
    /// The month, such as `2026-11`.
    pub period: String,
    /// The key, sealed; empty when it is destroyed.
    pub wrapped: Vec<u8>,
    /// When it was drawn, microseconds UTC.
    pub created_at: i64,
    /// When it was destroyed, microseconds UTC.
    pub destroyed_at: Option<i64>,
}

/// The key of a month.
pub fn find(connection: &mut AnyConnection, period: &str) -> Result<Option<PeriodKeyRow>, StoreError> {
    let query = ledger_period_key::table.filter(ledger_period_key::period.eq(period));
    Ok(query.select(PeriodKeyRow::as_select()).first(connection).optional()?)
}

/// Every key, the oldest month first.
pub fn all(connection: &mut AnyConnection) -> Result<Vec<PeriodKeyRow>, StoreError> {
    let query = ledger_period_key::table.order(ledger_period_key::period.asc());
    Ok(query.select(PeriodKeyRow::as_select()).load(connection)?)
}

/// Stores the key of a month that has none, and gives the one that it has: another gateway may have been first.
pub fn insert_or_find(connection: &mut AnyConnection, row: &PeriodKeyRow) -> Result<PeriodKeyRow, StoreError> {
    let insert = diesel::insert_into(ledger_period_key::table).values(row);
    on_each_backend!(connection, |backend| insert.on_conflict_do_nothing().execute(backend))?;
    find(connection, &row.period)?.ok_or(StoreError::Conflict)
}

/// Overwrites the key of a month. The row stays, so that the month is given no other.
pub fn destroy(connection: &mut AnyConnection, period: &str, at: i64) -> Result<(), StoreError> {
    let key = ledger_period_key::table.filter(ledger_period_key::period.eq(period));
    let zeroes: Vec<u8> = vec![0; 60];
    // In place first: what is only taken away stays readable in the page until something else is written there.
    diesel::update(key).set(ledger_period_key::wrapped.eq(zeroes)).execute(connection)?;
    let gone = (ledger_period_key::wrapped.eq(Vec::new()), ledger_period_key::destroyed_at.eq(Some(at)));
    let changed = diesel::update(key).set(gone).execute(connection)?;
    StoreError::expect_count("ledger_period_key", 1, changed)
}

/// Removes the bodies of a month from index `from` on, as far as one chunk goes. Gives how many, and where to go on;
/// `None` behind the last.
pub fn remove_bodies(
    connection: &mut AnyConnection,
    period: &str,
    from: i64,
) -> Result<(usize, Option<i64>), StoreError> {
    let last: Option<i64> =
        ledger_body::table.select(diesel::dsl::max(ledger_body::idx)).first::<Option<i64>>(connection)?;
    let Some(last) = last.filter(|last| *last >= from) else { return Ok((0, None)) };
    let end = from + CHUNK;
    let bodies = ledger_body::table
        .filter(ledger_body::idx.ge(from))
        .filter(ledger_body::idx.lt(end))
        .filter(ledger_body::period.eq(period));
    let removed = diesel::delete(bodies).execute(connection)?;
    Ok((removed, Some(end).filter(|end| *end <= last)))
}
