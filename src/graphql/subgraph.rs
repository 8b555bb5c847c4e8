//! The same schema as a Federation 2 subgraph: `Subject @key(fields: "uscc")`, for a router of the city that puts several services under
//! one schema. An entity is found by the same function as `subject(uscc:)`, and its records are shown under the same permit.
//!
//! Deliberately absent from the ordinary endpoint: `_entities` and `_service`. The router hands on the caller's own token, purpose and
//! case; here as there, nobody reads beyond a right because a router asks.

use std::sync::Arc;

use async_graphql::{Context, Object, Result, Schema};

use super::context::ContextExt;
use super::object::subject::Subject;
use super::push::SubscriptionRoot;
use super::scalar::Uscc;
use super::schema::{MutationRoot, SubgraphRoot};
use crate::exchange::subject;

/// The largest number of representations that are looked up at once.
pub const REPRESENTATIONS_MAX: u64 = 100;
/// The field that looks entities up.
pub(super) const ENTITIES: &str = "_entities";

/// The schema of one catalogue as a subgraph.
pub type SubgraphSchema = Schema<SubgraphRoot, MutationRoot, SubscriptionRoot>;

/// Entities, by their keys.
#[derive(Clone, Copy, Debug, Default)]
pub struct EntityQuery;

/// Entities, by their keys.
#[Object]
impl EntityQuery {
    /// The subject with this code; null when it is unknown or not for the caller to know of.
    #[graphql(entity)]
    async fn subject_by_uscc(&self, ctx: &Context<'_>, #[graphql(key)] uscc: Uscc) -> Result<Option<Subject>> {
        Ok(subject::by_uscc(ctx.inquiry()?, &uscc.0)?.map(|view| Subject(Arc::new(view))))
    }
}
