//! What can go wrong between us and the database. No error shows a value, a statement or an address.

use diesel::result::{DatabaseErrorKind, Error as DieselError};

use super::connection::MigrationSet;

/// What can go wrong between us and the database.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// No connection: the server is away, the file is missing or locked, or every connection is in use.
    #[error("the database is unavailable: {0}")]
    Unavailable(String),
    /// The address is neither `sqlite:PATH` nor `postgres://…`.
    #[error("a database address begins with `sqlite:` or `postgres://`")]
    Address,
    /// The tables are absent or of another version.
    #[error("the {0} tables are not those of this version: run `chengxin migrate`")]
    NotMigrated(MigrationSet),
    /// A migration failed.
    #[error("a migration of the {set} tables failed: {cause}")]
    Migration {
        /// Which tables.
        set: MigrationSet,
        /// What the database said.
        cause: String,
    },
    /// A stored value is not what this program wrote.
    #[error("corrupt value in `{table}`.`{column}`, row {row}")]
    Corrupt {
        /// The table.
        table: &'static str,
        /// The column.
        column: &'static str,
        /// The row's key, never a private value.
        row: String,
    },
    /// A statement changed another number of rows than it must.
    #[error("a statement changed {changed} rows of `{table}` instead of {wanted}")]
    WrongCount {
        /// The table.
        table: &'static str,
        /// How many rows it must change.
        wanted: usize,
        /// How many it changed.
        changed: usize,
    },
    /// Somebody else changed the row first.
    #[error("the row was changed by somebody else")]
    Conflict,
    /// The database refused a statement. The cause stays in `source`, out of the text.
    #[error("the database refused a statement")]
    Database(#[source] DieselError),
}

impl From<DieselError> for StoreError {
    fn from(error: DieselError) -> Self {
        match error {
            DieselError::DatabaseError(DatabaseErrorKind::SerializationFailure, _) => Self::Conflict,
            DieselError::DatabaseError(DatabaseErrorKind::ClosedConnection, _) => {
                Self::Unavailable("the connection was closed".to_owned())
            }
            other => Self::Database(other),
        }
    }
}

impl StoreError {
    /// A stored value that this program did not write, at the row with this key.
    pub fn corrupt(table: &'static str, column: &'static str, key: &[u8]) -> Self {
        Self::Corrupt { table, column, row: hex::encode(key) }
    }

    /// Complains unless exactly `wanted` rows were changed.
    pub fn expect_count(table: &'static str, wanted: usize, changed: usize) -> Result<(), Self> {
        if changed == wanted { Ok(()) } else { Err(Self::WrongCount { table, wanted, changed }) }
    }
}
