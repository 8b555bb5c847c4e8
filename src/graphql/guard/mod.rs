//! The guard in front of the library: a document is bounded in linear time before it is parsed, and measured with
//! its fragments spread before it is validated.
//!
//! The library's parser recurses on nested values without a bound, and several of its checks walk a fragment
//! anew at every spread, so its own depth and complexity limits come too late. INVARIANT: a `Checked` is made here
//! alone, and nothing else may hand a document to the library.
//! Deliberately absent: types. Unknown fields and unused fragments are left to validation.

mod expansion;
mod lexer;
mod limits;
mod rejection;
mod structure;
mod variables;

use std::sync::Arc;

use async_graphql::parser::parse_query;
use async_graphql::parser::types::ExecutableDocument;
use sha2::{Digest, Sha256};

pub use limits::{
    BYTES, DocumentLimits, HEIGHT, INTROSPECTION_DEPTH, INTROSPECTION_LISTS, INTROSPECTION_SIZE, Limit, NAME_BYTES,
    TOKENS, VALUE_NESTING,
};
pub use rejection::{Rejection, Reveal};
pub use variables::check_variables;

/// What checking took, in steps. Tests hold these to a multiple of the input's length, where times would
/// depend on the machine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Work {
    /// Bytes read by a scanner.
    pub bytes: u64,
    /// Tokens made.
    pub tokens: u64,
    /// Nodes of the parsed document visited.
    pub nodes: u64,
    /// Bytes handed to the library's parser.
    pub parsed: u64,
}

/// A document within its limits, parsed. Made by the guard alone.
#[derive(Clone, Debug)]
pub struct Checked {
    hash: [u8; 32],
    parsed: Arc<ExecutableDocument>,
    work: Work,
}

impl Checked {
    /// SHA-256 of the text as sent.
    pub fn hash(&self) -> &[u8; 32] {
        &self.hash
    }

    /// The document.
    pub fn parsed(&self) -> &Arc<ExecutableDocument> {
        &self.parsed
    }

    /// What checking it took.
    pub fn work(&self) -> Work {
        self.work
    }
}

/// Bounds, parses and measures a document.
///
/// # Errors
/// A `Rejection`: a limit exceeded, text that is not GraphQL, or fragments in a cycle.
pub fn check(text: &str, limits: &DocumentLimits) -> Result<Checked, Rejection> {
    check_counting(text, limits, &mut Work::default())
}

/// As [`check`], and `work` tells what it took, also after a refusal.
pub fn check_counting(text: &str, limits: &DocumentLimits, work: &mut Work) -> Result<Checked, Rejection> {
    if text.len() > limits.bytes {
        return Err(Rejection::limit(Limit::Bytes, limits.bytes, None));
    }
    structure::scan(text, limits, work)?;
    work.parsed = u64::try_from(text.len()).unwrap_or(u64::MAX);
    let parsed = parse_query(text)?;
    expansion::check(&parsed, limits, work)?;
    Ok(Checked { hash: Sha256::digest(text.as_bytes()).into(), parsed: Arc::new(parsed), work: *work })
}
