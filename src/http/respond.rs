//! From an answer to HTTP: status, media type, and the headers about limits.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderName, HeaderValue, VARY};

use crate::graphql::error::Code;
use crate::graphql::media::{MediaType, Outcome};

/// A response about to be sent.
#[derive(Debug)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// The media type of `body`.
    pub media: MediaType,
    /// The JSON text.
    pub body: String,
    /// Further headers.
    pub headers: Vec<(&'static str, String)>,
}

impl From<Reply> for HttpResponse {
    fn from(reply: Reply) -> Self {
        let status = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = HttpResponse::build(status);
        response.insert_header((CONTENT_TYPE, reply.media.content_type()));
        // What is answered depends on who asks and why; nothing between us and the caller may keep it.
        response.insert_header((CACHE_CONTROL, "no-store"));
        response.insert_header((VARY, "Accept, Authorization"));
        if reply.status == 405 {
            response.insert_header((ALLOW, "GET, POST"));
        }
        for (name, value) in reply.headers {
            if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
                response.insert_header((name, value));
            }
        }
        response.body(reply.body)
    }
}

/// How an executed or refused answer ended, by the codes of its errors.
pub fn outcome(has_data: bool, codes: &[Code]) -> Outcome {
    match codes.first() {
        None => Outcome::Answered,
        Some(_) if has_data => Outcome::AnsweredWithErrors,
        Some(&code) => outcome_of(code),
    }
}

/// How a request that is refused with this code ended.
pub fn outcome_of(code: Code) -> Outcome {
    match code {
        Code::BadRequest => Outcome::NotARequest,
        Code::GraphqlParseFailed => Outcome::NotParsed,
        Code::GraphqlValidationFailed => Outcome::NotValid,
        Code::GraphqlUnknownOperationName => Outcome::OperationUnknown,
        Code::BadUserInput => Outcome::BadInput,
        Code::DocumentLimit => Outcome::DocumentLimit,
        Code::CostLimit => Outcome::CostLimit,
        Code::Unauthenticated => Outcome::Unauthenticated,
        // Told without data: the field alone would be an error among others.
        Code::PurposeNotAllowed | Code::Forbidden => Outcome::Forbidden,
        Code::RateLimited => Outcome::RateLimited,
        Code::AuditUnavailable | Code::Unavailable => Outcome::Unavailable,
        Code::InternalServerError => Outcome::Fault,
        // These are errors of fields; without data they are told as an answer with errors would be.
        Code::PurposeRequired | Code::AuthorizationInvalid | Code::FieldWithheld | Code::Conflict => {
            Outcome::AnsweredWithErrors
        }
    }
}
