//! What is left of a caller's allowance.

use async_graphql::SimpleObject;

use crate::graphql::scalar::DateTime;

/// Your allowance of query cost, and what this query takes of it.
#[derive(Clone, Debug, SimpleObject)]
pub struct RateLimit {
    /// The whole allowance.
    pub limit: i64,
    /// What this query is priced at.
    pub cost: i64,
    /// What is left after it.
    pub remaining: i64,
    /// When the allowance is whole again.
    pub reset_at: DateTime,
}
