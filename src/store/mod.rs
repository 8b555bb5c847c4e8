//! Rows in, rows out. Knows no policy; what a row means is for the rooms that ask.
//!
//! `connection` alone names a backend.

pub mod application;
pub mod assignment;
pub mod authorization;
pub mod break_glass;
pub mod case_step;
pub mod connection;
pub mod database;
pub mod delivery;
pub mod deposit;
pub mod error;
pub mod event;
pub mod exchange;
mod insert;
pub mod joint_action;
pub mod ledger;
mod limited;
pub mod listing;
pub mod promise;
pub mod record;
pub mod schema;
pub mod session;
pub mod subject;
pub mod subject_name;
pub mod tipoff;
pub mod tombstone;
pub mod webhook;
pub mod windows;

pub use connection::{AnyConnection, MigrationSet};
pub use database::Database;
pub use error::StoreError;

/// Reads a 16-byte id, or names the table, column and row where it is not one.
pub(crate) fn row_id<T>(
    read: impl FnOnce(&[u8]) -> Option<T>,
    table: &'static str,
    column: &'static str,
    bytes: &[u8],
) -> Result<T, StoreError> {
    read(bytes).ok_or_else(|| StoreError::corrupt(table, column, bytes))
}

/// Reads a text that is empty when the value is absent.
pub(crate) fn optional<T>(text: &str, parse: impl FnOnce(&str) -> Option<T>) -> Result<Option<T>, ()> {
    if text.is_empty() { Ok(None) } else { parse(text).map(Some).ok_or(()) }
}
