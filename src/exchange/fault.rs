//! What a use case answers when it cannot answer.
//!
//! Which error belongs where: rooms have small enums of their own; here they join; `graphql::error` maps this enum
//! to the public codes. Causes are logged once, where that mapping is made, and never shown: it has no `Display`, because
//! async-graphql would take whatever is printable for a client's message.

use crate::store::StoreError;

/// Why a use case did not do what it was asked.
#[derive(Debug)]
pub enum Fault {
    /// The caller's role has no such right.
    Forbidden,
    /// What was sent cannot be meant.
    BadInput(String),
    /// A field that the caller may not filter on, or that does not exist: told apart by nobody.
    UnknownFilter {
        /// The field's name as sent.
        field: String,
    },
    /// A purpose is needed for this.
    PurposeRequired,
    /// The named authorization opens nothing here.
    AuthorizationInvalid,
    /// Somebody else changed the same thing first.
    Conflict,
    /// The database is away.
    Unavailable(StoreError),
    /// The ledger cannot write.
    AuditUnavailable,
    /// Something stored is not what was written: item, record, field or table, column, row. Never a value.
    Corrupt(String),
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Conflict => Self::Conflict,
            StoreError::Corrupt { .. } => Self::Corrupt(error.to_string()),
            error => Self::Unavailable(error),
        }
    }
}
