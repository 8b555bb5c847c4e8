//! What is left of a caller's allowance.

use async_graphql::SimpleObject;

use crate::domain::Instant;
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
    /// The largest page.
    pub page_size_max: i32,
}

impl RateLimit {
    /// An allowance of `limit`, of which `remaining` is left after this query's `cost`, with pages of `page_size_max`.
    pub fn new(limit: i64, cost: i64, remaining: i64, reset_at: Instant, page_size_max: i32) -> Self {
        Self { limit, cost, remaining, reset_at: DateTime(reset_at), page_size_max }
    }
}
