//! Bodies that are to be redacted one by one, and how far that has come.

use diesel::prelude::*;

use super::schema::{ledger_body, ledger_redaction};
use crate::store::connection::AnyConnection;
use crate::store::error::StoreError;

/// A redaction. Names are empty and times absent until somebody has agreed.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = ledger_redaction, treat_none_as_null = true)]
pub struct RedactionRow {
    /// The entry whose body it is.
    pub idx: i64,
    /// Why.
    pub reason: String,
    /// Who proposed it.
    pub proposed_by: String,
    /// In which role.
    pub proposed_role: String,
    /// When, microseconds UTC.
    pub proposed_at: i64,
    /// Who agreed first.
    pub first_by: String,
    /// In which role.
    pub first_role: String,
    /// When, microseconds UTC.
    pub first_at: Option<i64>,
    /// Who agreed second.
    pub second_by: String,
    /// In which role.
    pub second_role: String,
    /// When, microseconds UTC.
    pub second_at: Option<i64>,
    /// When the body was removed, microseconds UTC.
    pub done_at: Option<i64>,
}

/// The redaction of an entry's body.
pub fn find(connection: &mut AnyConnection, idx: i64) -> Result<Option<RedactionRow>, StoreError> {
    let query = ledger_redaction::table.filter(ledger_redaction::idx.eq(idx));
    Ok(query.select(RedactionRow::as_select()).first(connection).optional()?)
}

/// The redactions that were proposed last, the newest first.
pub fn newest(connection: &mut AnyConnection, limit: i64) -> Result<Vec<RedactionRow>, StoreError> {
    let query = ledger_redaction::table.order((ledger_redaction::proposed_at.desc(), ledger_redaction::idx.desc()));
    Ok(query.limit(limit).select(RedactionRow::as_select()).load(connection)?)
}

/// Stores a proposal. A second one for the same entry is refused by the database.
pub fn insert(connection: &mut AnyConnection, row: &RedactionRow) -> Result<(), StoreError> {
    let inserted = diesel::insert_into(ledger_redaction::table).values(row).execute(connection)?;
    StoreError::expect_count("ledger_redaction", 1, inserted)
}

/// Puts `new` in place of what was read, within the same transaction.
pub fn replace(connection: &mut AnyConnection, new: &RedactionRow) -> Result<(), StoreError> {
    let row = ledger_redaction::table.filter(ledger_redaction::idx.eq(new.idx));
    StoreError::expect_count("ledger_redaction", 1, diesel::update(row).set(new).execute(connection)?)
}

/// Overwrites the body of an entry, and removes it. Whether there was one.
pub fn remove_body(connection: &mut AnyConnection, idx: i64) -> Result<bool, StoreError> {
    let body = ledger_body::table.filter(ledger_body::idx.eq(idx));
    let sealed: Option<Vec<u8>> = body.select(ledger_body::sealed).first(connection).optional()?;
    let Some(sealed) = sealed else { return Ok(false) };
    // In place first: what is only taken away stays readable in the page until something else is written there.
    diesel::update(body).set(ledger_body::sealed.eq(vec![0; sealed.len()])).execute(connection)?;
    Ok(diesel::delete(body).execute(connection)? == 1)
}
