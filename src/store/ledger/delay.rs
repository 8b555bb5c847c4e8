//! Queries that their subjects learn of later.

use diesel::prelude::*;

use super::schema::ledger_delay;
use crate::store::connection::AnyConnection;
use crate::store::error::StoreError;

/// A delay. Names are empty and the time absent until somebody has agreed.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = ledger_delay, treat_none_as_null = true)]
pub struct DelayRow {
    /// The entry.
    pub idx: i64,
    /// The last day on which the subject does not see it, `2027-05-31`.
    pub until_on: String,
    /// The legal ground.
    pub ground: String,
    /// Who proposed it.
    pub proposed_by: String,
    /// In which role.
    pub proposed_role: String,
    /// When, microseconds UTC.
    pub proposed_at: i64,
    /// Who agreed.
    pub agreed_by: String,
    /// In which role.
    pub agreed_role: String,
    /// When, microseconds UTC.
    pub agreed_at: Option<i64>,
}

/// The delay of an entry.
pub fn find(connection: &mut AnyConnection, idx: i64) -> Result<Option<DelayRow>, StoreError> {
    let query = ledger_delay::table.filter(ledger_delay::idx.eq(idx));
    Ok(query.select(DelayRow::as_select()).first(connection).optional()?)
}

/// The delays that were proposed last, the newest first.
pub fn newest(connection: &mut AnyConnection, limit: i64) -> Result<Vec<DelayRow>, StoreError> {
    let query = ledger_delay::table.order((ledger_delay::proposed_at.desc(), ledger_delay::idx.desc()));
    Ok(query.limit(limit).select(DelayRow::as_select()).load(connection)?)
}

/// Stores a proposal. A second one for the same entry is refused by the database.
pub fn insert(connection: &mut AnyConnection, row: &DelayRow) -> Result<(), StoreError> {
    let inserted = diesel::insert_into(ledger_delay::table).values(row).execute(connection)?;
    StoreError::expect_count("ledger_delay", 1, inserted)
}

/// Puts `new` in place of what was read, within the same transaction.
pub fn replace(connection: &mut AnyConnection, new: &DelayRow) -> Result<(), StoreError> {
    let row = ledger_delay::table.filter(ledger_delay::idx.eq(new.idx));
    StoreError::expect_count("ledger_delay", 1, diesel::update(row).set(new).execute(connection)?)
}

/// Which of these entries are hidden from their subjects: agreed to and not over on `today`, or proposed at or after
/// `since` and not agreed to yet.
pub fn hidden(connection: &mut AnyConnection, among: &[i64], today: &str, since: i64) -> Result<Vec<i64>, StoreError> {
    let agreed = ledger_delay::agreed_at.is_not_null().and(ledger_delay::until_on.ge(today));
    let proposed = ledger_delay::agreed_at.is_null().and(ledger_delay::proposed_at.ge(since));
    let query = ledger_delay::table.filter(ledger_delay::idx.eq_any(among)).filter(agreed.or(proposed));
    Ok(query.select(ledger_delay::idx).load(connection)?)
}
