//! The one table of public error codes, and the only place where a fault becomes an error of an answer.
//!
//! `ApiError` deliberately has no `Display`: async-graphql turns whatever is printable into a client's message.
//! Causes are logged here, once. `docs/errors.md` explains each code to callers.

use async_graphql::ErrorExtensionValues;

use crate::access::Withheld;
use crate::exchange::fault::Fault;

/// A public error code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, strum::IntoStaticStr, strum::EnumIter)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum Code {
    /// The body is not a GraphQL request.
    BadRequest,
    /// The document does not parse.
    GraphqlParseFailed,
    /// The document does not fit the schema.
    GraphqlValidationFailed,
    /// The operation named is not in the document, or none is named and there are several.
    GraphqlUnknownOperationName,
    /// A value cannot be what it is given for.
    BadUserInput,
    /// The document is larger or deeper than the caller may send.
    DocumentLimit,
    /// The query costs more than the caller's whole allowance.
    CostLimit,
    /// The token is not valid.
    Unauthenticated,
    /// The role has no such right.
    Forbidden,
    /// The purpose is unknown or not the caller's to claim.
    PurposeNotAllowed,
    /// A purpose, or its case number, is needed.
    PurposeRequired,
    /// The authorization named does not open this.
    AuthorizationInvalid,
    /// The field is beyond the caller's reach.
    FieldWithheld,
    /// Too many requests, or too much cost, for now.
    RateLimited,
    /// Somebody else changed the same thing first.
    Conflict,
    /// The ledger cannot write; nothing is answered.
    AuditUnavailable,
    /// The registry is away.
    Unavailable,
    /// A fault of the gateway.
    InternalServerError,
}

impl Code {
    /// The code as text.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// An error that goes to the caller: a code and a sentence that helps an honest caller and no other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiError {
    /// The code.
    pub code: Code,
    /// The sentence.
    pub message: String,
}

impl ApiError {
    /// An error of this code.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }

    /// The error of a withheld field.
    pub fn withheld(reason: Withheld, type_name: &str, field: &str) -> Self {
        let place = format!("`{type_name}.{field}`");
        match reason {
            Withheld::BeyondReach => Self::new(Code::FieldWithheld, format!("{place} is not within your reach")),
            Withheld::PurposeRequired => Self::new(
                Code::PurposeRequired,
                format!(
                    "{place} needs a registered purpose in `Chengxin-Purpose`, and its case number in `Chengxin-Case` where the purpose asks for one"
                ),
            ),
            Withheld::AuthorizationInvalid => Self::authorization_invalid(),
        }
    }

    /// One text for every reason why an authorization does not hold.
    pub fn authorization_invalid() -> Self {
        Self::new(Code::AuthorizationInvalid, "the authorization named in `Chengxin-Authorization` does not open this")
    }
}

impl From<Fault> for ApiError {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Forbidden => Self::new(Code::Forbidden, "your role may not do this"),
            Fault::BadInput(message) => Self::new(Code::BadUserInput, message),
            Fault::UnknownFilter { field } => Self::unknown_filter(&field),
            Fault::PurposeRequired => Self::new(
                Code::PurposeRequired,
                "this needs a registered purpose that allows it in `Chengxin-Purpose`, and its case number in `Chengxin-Case` where the purpose asks for one; a person is looked up under such a purpose, or by the person's own authorization",
            ),
            Fault::AuthorizationInvalid => Self::authorization_invalid(),
            Fault::Conflict => Self::new(Code::Conflict, "changed by somebody else meanwhile: read it again"),
            Fault::AuditUnavailable => Self::new(
                Code::AuditUnavailable,
                "the query cannot be recorded now, so it is not answered: try again later",
            ),
            Fault::Unavailable(cause) => {
                tracing::error!(error = &cause as &dyn std::error::Error, "the registry did not answer");
                Self::new(Code::Unavailable, "the registry is not available now: try again later")
            }
            Fault::Corrupt(what) => {
                tracing::error!(what, "stored data is not what was written");
                Self::new(Code::InternalServerError, "the gateway could not answer this; the operator has been told")
            }
        }
    }
}

impl ApiError {
    /// The same for a field that does not exist and one that may not be filtered on.
    pub fn unknown_filter(field: &str) -> Self {
        let field: String = field.chars().take(64).collect();
        Self::new(Code::BadUserInput, format!("the item has no field `{}` to filter on", field.escape_debug()))
    }
}

impl From<ApiError> for async_graphql::Error {
    fn from(error: ApiError) -> Self {
        let mut extensions = ErrorExtensionValues::default();
        extensions.set("code", error.code.name());
        let mut made = Self::new(error.message);
        made.extensions = Some(extensions);
        made
    }
}

impl From<Fault> for async_graphql::Error {
    fn from(fault: Fault) -> Self {
        ApiError::from(fault).into()
    }
}
