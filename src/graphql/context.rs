//! What a resolver can reach: the inquiry it answers, nothing else.

use std::sync::Arc;

use async_graphql::{Context, ContextSelectionSet, QueryPathSegment};

use crate::exchange::inquiry::Inquiry;
use crate::exchange::tally::PathSegment;

/// Access to the inquiry behind a resolver.
pub(super) trait ContextExt {
    /// The inquiry. Every execution carries one; without it the operation fails closed.
    fn inquiry(&self) -> async_graphql::Result<&Arc<Inquiry>>;
}

impl ContextExt for Context<'_> {
    fn inquiry(&self) -> async_graphql::Result<&Arc<Inquiry>> {
        self.data::<Arc<Inquiry>>()
    }
}

impl ContextExt for ContextSelectionSet<'_> {
    fn inquiry(&self) -> async_graphql::Result<&Arc<Inquiry>> {
        self.data::<Arc<Inquiry>>()
    }
}

/// Where in the answer a resolver stands.
pub(super) fn path(context: &Context<'_>) -> Vec<PathSegment> {
    let mut path: Vec<PathSegment> = Vec::new();
    let mut node = context.path_node.as_ref();
    while let Some(here) = node {
        path.push(match here.segment {
            QueryPathSegment::Name(name) => PathSegment::Key(name.to_owned()),
            QueryPathSegment::Index(index) => PathSegment::Index(index),
        });
        node = here.parent;
    }
    path.reverse();
    path
}
