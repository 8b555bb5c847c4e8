//! The head row: whose ledger this is, and the next free index. It moves in the transaction that fills the index,
//! so that indexes are dense.

use diesel::prelude::*;

use super::schema::ledger_head;
use crate::store::connection::AnyConnection;
use crate::store::error::StoreError;

/// The head row.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = ledger_head)]
pub struct Head {
    /// The ledger's name.
    pub origin: String,
    /// Raised when a ledger is recovered; a writer of an older epoch is fenced off.
    pub epoch: i64,
    /// The next free index, which is the number of entries.
    pub next: i64,
}

/// The head row, if a ledger was created here.
pub fn load(connection: &mut AnyConnection) -> Result<Option<Head>, StoreError> {
    Ok(ledger_head::table.select(Head::as_select()).get_result(connection).optional()?)
}

/// Creates the head row. A second ledger in the same tables is refused by the database.
pub fn create(connection: &mut AnyConnection, origin: &str) -> Result<(), StoreError> {
    let row = (
        ledger_head::id.eq(1),
        ledger_head::origin.eq(origin),
        ledger_head::epoch.eq(1_i64),
        ledger_head::next.eq(0_i64),
    );
    let created = diesel::insert_into(ledger_head::table).values(row).execute(connection)?;
    StoreError::expect_count("ledger_head", 1, created)
}

/// Takes the next `count` indexes and gives the first. Locks the head row until the transaction ends; with a
/// `count` of 0 it only locks and reads.
pub fn advance(connection: &mut AnyConnection, epoch: i64, count: i64) -> Result<i64, StoreError> {
    let moved = diesel::update(ledger_head::table.filter(ledger_head::id.eq(1)).filter(ledger_head::epoch.eq(epoch)))
        .set(ledger_head::next.eq(ledger_head::next + count))
        .execute(connection)?;
    StoreError::expect_count("ledger_head", 1, moved)?;
    let next: i64 =
        ledger_head::table.filter(ledger_head::id.eq(1)).select(ledger_head::next).get_result(connection)?;
    Ok(next - count)
}
