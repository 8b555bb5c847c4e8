//! Queries that are to be reviewed, and what became of each.

use diesel::prelude::*;

use super::schema::{ledger_review, ledger_review_progress};
use crate::store::connection::AnyConnection;
use crate::store::error::StoreError;

/// A query that is to be reviewed, or was.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = ledger_review)]
pub struct ReviewRow {
    /// The entry.
    pub idx: i64,
    /// The consuming organisation.
    pub consumer: String,
    /// Why, words with spaces between them.
    pub reasons: String,
    /// The last day on which it is in time, `2026-12-07`.
    pub due_on: String,
    /// `AWAITING`, `JUSTIFIED` or `UNJUSTIFIED`.
    pub state: String,
    /// Who reviewed it; empty until then.
    pub reviewed_by: String,
    /// In which role.
    pub reviewed_role: String,
    /// When, microseconds UTC.
    pub reviewed_at: Option<i64>,
    /// What was said.
    pub comment: String,
}

/// The state of what nobody has reviewed.
pub const AWAITING: &str = "AWAITING";

/// Which reviews are wanted. Absent parts do not narrow.
#[derive(Clone, Debug, Default)]
pub struct ReviewFilter {
    /// In this state.
    pub state: Option<String>,
    /// Of this consuming organisation.
    pub consumer: Option<String>,
    /// Due before this day.
    pub due_before: Option<String>,
}

/// The first entry that was not looked through yet.
pub fn next(connection: &mut AnyConnection) -> Result<i64, StoreError> {
    Ok(ledger_review_progress::table.select(ledger_review_progress::next).first(connection)?)
}

/// Adds reviews and moves on from `from` to `to`, within a transaction. Refused when somebody else has moved on.
pub fn add(connection: &mut AnyConnection, rows: &[ReviewRow], from: i64, to: i64) -> Result<(), StoreError> {
    let at = ledger_review_progress::table.filter(ledger_review_progress::next.eq(from));
    let moved = diesel::update(at).set(ledger_review_progress::next.eq(to)).execute(connection)?;
    if moved != 1 {
        return Err(StoreError::Conflict);
    }
    for row in rows {
        let inserted = diesel::insert_into(ledger_review::table).values(row).execute(connection)?;
        StoreError::expect_count("ledger_review", 1, inserted)?;
    }
    Ok(())
}

/// The review of an entry.
pub fn find(connection: &mut AnyConnection, idx: i64) -> Result<Option<ReviewRow>, StoreError> {
    let query = ledger_review::table.filter(ledger_review::idx.eq(idx));
    Ok(query.select(ReviewRow::as_select()).first(connection).optional()?)
}

/// Puts what was said in the place of a review that is still awaited. Whether it was.
pub fn close(connection: &mut AnyConnection, row: &ReviewRow) -> Result<bool, StoreError> {
    let awaited = ledger_review::table.filter(ledger_review::idx.eq(row.idx)).filter(ledger_review::state.eq(AWAITING));
    let closed = diesel::update(awaited)
        .set((
            ledger_review::state.eq(&row.state),
            ledger_review::reviewed_by.eq(&row.reviewed_by),
            ledger_review::reviewed_role.eq(&row.reviewed_role),
            ledger_review::reviewed_at.eq(row.reviewed_at),
            ledger_review::comment.eq(&row.comment),
        ))
        .execute(connection)?;
    Ok(closed == 1)
}

macro_rules! narrowed {
    ($query:expr, $filter:expr) => {{
        let mut query = $query;
        if let Some(state) = &$filter.state {
            query = query.filter(ledger_review::state.eq(state));
        }
        if let Some(consumer) = &$filter.consumer {
            query = query.filter(ledger_review::consumer.eq(consumer));
        }
        if let Some(day) = &$filter.due_before {
            query = query.filter(ledger_review::due_on.lt(day));
        }
        query
    }};
}

/// Reviews that the filter matches, oldest first, with an index above `above` when given, at most `limit`.
pub fn select(
    connection: &mut AnyConnection,
    filter: &ReviewFilter,
    above: Option<i64>,
    limit: i64,
) -> Result<Vec<ReviewRow>, StoreError> {
    let mut query = narrowed!(ledger_review::table.into_boxed(), filter);
    if let Some(above) = above {
        query = query.filter(ledger_review::idx.gt(above));
    }
    Ok(query.order(ledger_review::idx.asc()).limit(limit).select(ReviewRow::as_select()).load(connection)?)
}

/// How many reviews the filter matches.
pub fn count(connection: &mut AnyConnection, filter: &ReviewFilter) -> Result<i64, StoreError> {
    Ok(narrowed!(ledger_review::table.into_boxed(), filter).count().get_result(connection)?)
}
