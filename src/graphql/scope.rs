//! The catalogue that record types are registered from, while a schema is being built.
//!
//! async-graphql registers types through functions without arguments. The catalogue reaches them through a scope on
//! the building thread rather than a static, so that two catalogues can live in one process and a reload builds a
//! new schema.

use std::cell::RefCell;
use std::sync::Arc;

use crate::catalogue::Catalogue;

thread_local! {
    static CATALOGUE: RefCell<Option<Arc<Catalogue>>> = const { RefCell::new(None) };
}

/// Runs `build` with `catalogue` in scope.
pub(super) fn with<T>(catalogue: &Arc<Catalogue>, build: impl FnOnce() -> T) -> T {
    let before = CATALOGUE.replace(Some(Arc::clone(catalogue)));
    let built = build();
    CATALOGUE.replace(before);
    built
}

/// The catalogue in scope; an empty one outside a scope registers no record type.
pub(super) fn catalogue() -> Option<Arc<Catalogue>> {
    CATALOGUE.with_borrow(Clone::clone)
}
