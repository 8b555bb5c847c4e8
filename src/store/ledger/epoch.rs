//! Epochs that ended, each with the checkpoint that the database contradicted.

use diesel::prelude::*;

use super::schema::{ledger_epoch, ledger_head};
use crate::store::connection::AnyConnection;
use crate::store::error::StoreError;

/// An epoch that ended.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = ledger_epoch)]
pub struct EpochRow {
    /// Its number, from 1.
    pub epoch: i64,
    /// The ledger's name in it.
    pub origin: String,
    /// The index of the first entry of the epoch that followed, which acknowledges `kept`.
    pub ended_idx: i64,
    /// When, microseconds UTC.
    pub ended_at: i64,
    /// The signed note of the epoch that the database does not hold.
    pub kept: String,
}

/// The epoch that ended last.
pub fn last(connection: &mut AnyConnection) -> Result<Option<EpochRow>, StoreError> {
    let newest = ledger_epoch::table.order(ledger_epoch::epoch.desc());
    Ok(newest.select(EpochRow::as_select()).first(connection).optional()?)
}

/// Ends an epoch: writers that still stand in it are fenced off, and the ledger goes on as `origin`.
pub fn end(connection: &mut AnyConnection, ended: &EpochRow, origin: &str) -> Result<(), StoreError> {
    let inserted = diesel::insert_into(ledger_epoch::table).values(ended).execute(connection)?;
    StoreError::expect_count("ledger_epoch", 1, inserted)?;
    let current = ledger_head::table.filter(ledger_head::id.eq(1)).filter(ledger_head::epoch.eq(ended.epoch));
    let next = (ledger_head::epoch.eq(ended.epoch + 1), ledger_head::origin.eq(origin));
    let moved = diesel::update(current).set(next).execute(connection)?;
    StoreError::expect_count("ledger_head", 1, moved)
}
