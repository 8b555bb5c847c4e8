//! What a use case answers when it cannot answer.
//!
//! Which error belongs where: rooms have small enums of their own; here they join; `graphql::error` maps this enum
//! to the public codes. Causes are logged once, where that mapping is made, and never shown.

use crate::store::StoreError;

/// Why a use case did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// The caller's role has no such right.
    #[error("the caller may not do this")]
    Forbidden,
    /// What was sent cannot be meant.
    #[error("{0}")]
    BadInput(String),
    /// A field that the caller may not filter on, or that does not exist: told apart by nobody.
    #[error("no such filter")]
    UnknownFilter {
        /// The field's name as sent.
        field: String,
    },
    /// A purpose is needed for this.
    #[error("a purpose is required")]
    PurposeRequired,
    /// The named authorization opens nothing here.
    #[error("the authorization is not valid here")]
    AuthorizationInvalid,
    /// Somebody else changed the same thing first.
    #[error("changed by somebody else meanwhile")]
    Conflict,
    /// The database is away.
    #[error("unavailable")]
    Unavailable(#[source] StoreError),
    /// The ledger cannot write.
    #[error("the ledger cannot write")]
    AuditUnavailable,
    /// Something stored is not what was written: item, record, field or table, column, row. Never a value.
    #[error("corrupt: {0}")]
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
