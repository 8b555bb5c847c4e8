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

/// What a nullable field answers. With an error, the field is null and the error is listed (GraphQL, 6.4.4); the library
/// does so only where the error lies within the `Option`. Returned outside it, the error would take the parent along.
pub(super) type Nullable<T> = Option<async_graphql::Result<Option<T>>>;

/// Works out a nullable field.
#[expect(clippy::unnecessary_wraps, reason = "the `Option` is where the library stops an error")]
pub(super) fn nullable<T>(work: impl FnOnce() -> async_graphql::Result<Option<T>>) -> Nullable<T> {
    Some(work())
}
