//! The side table that finds the entries about a subject: a short tail in the order of entries, and behind it segments
//! in the order of subjects. Nothing here is evidence, and all of it can be made again from the bodies.

use diesel::prelude::*;

use super::schema::{ledger_subject, ledger_subject_recent};
use crate::store::connection::{AnyConnection, on_each_backend};
use crate::store::error::StoreError;
use crate::store::insert::{Bound, Row};

/// Entries whose subjects make one segment.
pub const SEGMENT: i64 = 2048;

/// "Entry `idx` is about `subject`."
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubjectRow {
    /// The blind index, 32 bytes.
    pub subject: Vec<u8>,
    /// The entry.
    pub idx: i64,
}

impl Row for SubjectRow {
    const INTO: &'static str = "INSERT INTO ledger_subject_recent (subject, idx) VALUES ";
    const COLUMNS: usize = 2;

    fn each<'b>(&'b self, put: &mut dyn FnMut(Bound<'b>) -> QueryResult<()>) -> QueryResult<()> {
        put(Bound::Bytes(&self.subject))?;
        put(Bound::Number(&self.idx))
    }
}

/// Every row of the entries from `from` to `to`, both included, in tail and segments, in order.
pub fn rows(connection: &mut AnyConnection, from: i64, to: i64) -> Result<Vec<SubjectRow>, StoreError> {
    let tail: Vec<(i64, Vec<u8>)> = ledger_subject_recent::table
        .filter(ledger_subject_recent::idx.between(from, to))
        .select((ledger_subject_recent::idx, ledger_subject_recent::subject))
        .load(connection)?;
    let settled: Vec<(i64, Vec<u8>)> = ledger_subject::table
        .filter(ledger_subject::segment.between(from / SEGMENT, to / SEGMENT))
        .filter(ledger_subject::idx.between(from, to))
        .select((ledger_subject::idx, ledger_subject::subject))
        .load(connection)?;
    let mut rows: Vec<SubjectRow> =
        tail.into_iter().chain(settled).map(|(idx, subject)| SubjectRow { subject, idx }).collect();
    rows.sort_by(|a, b| (a.idx, &a.subject).cmp(&(b.idx, &b.subject)));
    Ok(rows)
}

/// Whether there are rows of a whole segment below entry `end` that are still in the tail: the segment's number.
pub fn unsettled(connection: &mut AnyConnection, end: i64) -> Result<Option<i64>, StoreError> {
    let oldest = ledger_subject_recent::table
        .order(ledger_subject_recent::idx.asc())
        .select(ledger_subject_recent::idx)
        .first::<i64>(connection)
        .optional()?;
    Ok(oldest.map(|idx| idx / SEGMENT).filter(|segment| (segment + 1) * SEGMENT <= end))
}

/// Moves the rows of a segment from the tail to their place. Where another instance does it at the same time, it waits
/// for that one and finds nothing left to do.
pub fn settle(connection: &mut AnyConnection, segment: i64) -> Result<(), StoreError> {
    let (from, to) = (segment * SEGMENT, (segment + 1) * SEGMENT);
    connection.write(|connection| {
        let moved = on_each_backend!(connection, |backend| diesel::sql_query(format!(
            "INSERT INTO ledger_subject (segment, subject, idx) SELECT {segment}, subject, idx \
             FROM ledger_subject_recent WHERE idx >= {from} AND idx < {to} ORDER BY subject, idx ON CONFLICT DO NOTHING"
        ))
        .execute(backend))?;
        let range = ledger_subject_recent::idx.ge(from).and(ledger_subject_recent::idx.lt(to));
        let taken = diesel::delete(ledger_subject_recent::table.filter(range)).execute(connection)?;
        StoreError::expect_count("ledger_subject", taken, moved)
    })
}

/// "The entry is about the subject", as a condition of a query on `ledger_entry`. The inner list names every segment, so
/// that each is searched by its key.
macro_rules! is_about {
    ($subject:expr) => {
        diesel::dsl::sql::<diesel::sql_types::Bool>(
            "ledger_entry.idx IN (SELECT idx FROM ledger_subject_recent WHERE subject = ",
        )
        .bind::<diesel::sql_types::Binary, _>($subject.to_vec())
        .sql(" UNION ALL SELECT idx FROM ledger_subject WHERE subject = ")
        .bind::<diesel::sql_types::Binary, _>($subject.to_vec())
        .sql(
            " AND segment IN (WITH RECURSIVE segments (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM segments \
             WHERE n < (SELECT max(segment) FROM ledger_subject)) SELECT n FROM segments))",
        )
    };
}
pub(super) use is_about;
