//! Why a document is refused, told without a byte of it.

use async_graphql::Pos;
use async_graphql::parser::Error as ParserError;

use super::limits::Limit;

/// How much a caller learns of the limits. Telling them to anybody helps an attacker to stay just below;
/// hiding them from a partner makes an honest query impossible to repair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reveal {
    /// For known callers: which limit, and its number.
    Limits,
    /// For anonymous callers: only that there is one.
    Nothing,
}

/// A document or its variables, refused before the library executes or validates anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// It exceeds a limit.
    #[error("the document exceeds the limit on {}", limit.name())]
    Limit {
        /// Which.
        limit: Limit,
        /// How much is allowed, in the limit's unit.
        allowed: usize,
        /// Where it was noticed.
        position: Option<Pos>,
    },
    /// It is not a GraphQL document.
    #[error("the document is not valid GraphQL")]
    Syntax {
        /// Where it stops being one.
        position: Option<Pos>,
    },
    /// A fragment spreads itself (GraphQL, 5.5.2.2).
    #[error("a fragment of the document spreads itself")]
    Cycle {
        /// The fragment.
        position: Option<Pos>,
    },
    /// The variables are not balanced JSON.
    #[error("the variables are not valid JSON")]
    Variables,
}

impl Rejection {
    /// The code in the error table. All of them go with HTTP 400 for `application/graphql-response+json`.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Limit { .. } => "DOCUMENT_LIMIT",
            Self::Syntax { .. } => "GRAPHQL_PARSE_FAILED",
            Self::Cycle { .. } => "GRAPHQL_VALIDATION_FAILED",
            Self::Variables => "BAD_USER_INPUT",
        }
    }

    /// Where in the document, line and column from 1.
    pub fn position(&self) -> Option<Pos> {
        match self {
            Self::Limit { position, .. } | Self::Syntax { position } | Self::Cycle { position } => *position,
            Self::Variables => None,
        }
    }

    /// A sentence for the client. It never repeats the document.
    pub fn message(&self, reveal: Reveal) -> String {
        match (self, reveal) {
            (Self::Limit { limit, allowed, .. }, Reveal::Limits) => {
                format!("The document exceeds the limit `{}` of {allowed}.", limit.name())
            }
            (Self::Limit { .. }, Reveal::Nothing) => "The document is too large or too complex.".to_owned(),
            (Self::Syntax { position: Some(position) }, _) => {
                format!("Syntax error at line {}, column {}.", position.line, position.column)
            }
            (Self::Syntax { position: None }, _) => "Syntax error: the document has no complete operation.".to_owned(),
            (Self::Cycle { .. }, _) => "A fragment spreads itself.".to_owned(),
            (Self::Variables, _) => "The variables are not valid JSON.".to_owned(),
        }
    }

    pub(super) fn limit(limit: Limit, allowed: usize, position: Option<Pos>) -> Self {
        Self::Limit { limit, allowed, position }
    }
}

impl From<ParserError> for Rejection {
    /// Keeps the place and drops the library's message, which repeats the document.
    fn from(error: ParserError) -> Self {
        Self::Syntax { position: error.positions().next() }
    }
}
