//! The room `graphql`.

pub mod cost;
pub mod document;
pub mod document_cache;
pub mod guard;
pub mod media;
pub mod normalise;
