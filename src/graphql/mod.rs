//! The schema, the guard before it, the answers behind it. Knows no SQL, no policy, no cipher, no ledger.

#![expect(clippy::unused_async, reason = "the library wants asynchronous resolvers; ours never wait")]

pub mod answer;
mod applications;
mod context;
pub mod cost;
pub mod document;
pub mod document_cache;
pub mod engine;
pub mod error;
pub mod guard;
mod listings;
pub mod media;
mod mutation;
pub mod normalise;
mod object;
mod promises;
mod push;
mod query;
mod returns;
mod scalar;
pub mod schema;
mod scope;
pub mod subgraph;
mod tipoffs;
mod validation;
mod workflow;

pub use answer::{Answer, Refused};
pub use engine::Engine;
pub use object::rate_limit::RateLimit;
