//! Which media type an answer has and which status goes with it, after the GraphQL-over-HTTP draft. Pure.
//!
//! Deliberately absent: `multipart/form-data` and `application/x-www-form-urlencoded` bodies. A browser sends both across
//! origins without asking first.

use serde::{Deserialize, Serialize};

/// The media type of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MediaType {
    /// `application/graphql-response+json`: the status tells how it went.
    GraphqlResponse,
    /// `application/json`: for clients from before the draft.
    Json,
}

impl MediaType {
    /// The value of `Content-Type`.
    pub fn content_type(self) -> &'static str {
        match self {
            Self::GraphqlResponse => "application/graphql-response+json; charset=utf-8",
            Self::Json => "application/json; charset=utf-8",
        }
    }

    fn essence(self) -> &'static str {
        match self {
            Self::GraphqlResponse => "application/graphql-response+json",
            Self::Json => "application/json",
        }
    }
}

/// `Accept` names neither media type: HTTP 406.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the answer is `application/graphql-response+json` or `application/json`, and `Accept` allows neither")]
pub struct NotAcceptable;

/// The request has another content type: HTTP 415.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the content type must be `application/json` in UTF-8")]
pub struct UnsupportedMediaType;

/// How well a range of `Accept` fits a media type.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Fit {
    /// Thousandths, RFC 9110, 12.4.2.
    quality: u16,
    /// 2 for a whole type, 1 for `application/*`, 0 for `*/*`.
    precision: u8,
}

/// Chooses the media type of the answer (RFC 9110, 12.5.1). Without `Accept`, and where wildcards leave the choice
/// open, it is `application/json`, as the published audit suite asks.
///
/// # Errors
/// `NotAcceptable` when no range allows either type.
pub fn negotiate(accept: Option<&str>) -> Result<MediaType, NotAcceptable> {
    let Some(accept) = accept.filter(|accept| !accept.trim().is_empty()) else { return Ok(MediaType::Json) };
    let modern = fit(accept, MediaType::GraphqlResponse.essence());
    let plain = fit(accept, MediaType::Json.essence());
    match (modern, plain) {
        (None, None) => Err(NotAcceptable),
        (Some(_), None) => Ok(MediaType::GraphqlResponse),
        (Some(modern), Some(plain)) if modern > plain || (modern == plain && modern.precision == 2) => {
            Ok(MediaType::GraphqlResponse)
        }
        (_, Some(_)) => Ok(MediaType::Json),
    }
}

/// Whether a GET comes from a browser that wants to show a page: it names `text/html`, and likes it no less than JSON.
pub fn wants_page(accept: Option<&str>) -> bool {
    let Some(accept) = accept else { return false };
    let Some(page) = fit(accept, "text/html").filter(|page| page.precision == 2) else { return false };
    let json = [MediaType::GraphqlResponse, MediaType::Json].map(|media| fit(accept, media.essence()));
    json.into_iter().flatten().all(|json| json.precision < 2 || json.quality <= page.quality)
}

/// The quality of the most precise range that names a media type; `None` when none does or it is refused.
fn fit(accept: &str, essence: &str) -> Option<Fit> {
    let (family, _) = essence.split_once('/')?;
    let mut best: Option<Fit> = None;
    for range in accept.split(',') {
        let mut parts = range.split(';').map(str::trim);
        let name = parts.next().unwrap_or_default();
        let precision = match name.split_once('/') {
            _ if name.eq_ignore_ascii_case(essence) => 2,
            Some((left, "*")) if left.eq_ignore_ascii_case(family) => 1,
            Some(("*", "*")) => 0,
            _ => continue,
        };
        let Some(quality) = quality(parts) else { continue };
        let fit = Fit { quality, precision };
        let better = best.is_none_or(|best| (fit.precision, fit.quality) > (best.precision, best.quality));
        if better {
            best = Some(fit);
        }
    }
    best.filter(|fit| fit.quality > 0)
}

/// The quality in thousandths; `None` when a parameter asks for what we do not have or is malformed.
fn quality<'a>(parameters: impl Iterator<Item = &'a str>) -> Option<u16> {
    let mut quality = 1_000;
    for parameter in parameters.filter(|parameter| !parameter.is_empty()) {
        let (name, value) = parameter.split_once('=')?;
        if name.trim().eq_ignore_ascii_case("q") {
            quality = thousandths(value.trim())?;
        } else if name.trim().eq_ignore_ascii_case("charset") && !is_utf8(value) {
            return None;
        }
    }
    Some(quality)
}

/// `0`, `0.5`, `1.000`: at most three digits after the point, at most 1.
fn thousandths(text: &str) -> Option<u16> {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    if !matches!(whole, "0" | "1") || part.len() > 3 || !part.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let value: u16 = format!("{whole}{part:0<3}").parse().ok()?;
    (value <= 1_000).then_some(value)
}

fn is_utf8(charset: &str) -> bool {
    charset.trim().trim_matches('"').eq_ignore_ascii_case("utf-8")
}

/// The two ways a request comes in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// A query in the URL.
    Get,
    /// A request in the body.
    Post,
}

/// Checks the content type of a request: `application/json`, in UTF-8 where a charset is named. A POST must have one; a GET
/// may have none, and no other. A browser sends other types across origins without asking first.
///
/// # Errors
/// `UnsupportedMediaType`.
pub fn check_content_type(method: Method, content_type: Option<&str>) -> Result<(), UnsupportedMediaType> {
    let Some(content_type) = content_type else {
        return if method == Method::Get { Ok(()) } else { Err(UnsupportedMediaType) };
    };
    let mut parts = content_type.split(';').map(str::trim);
    let is_json = parts.next().is_some_and(|name| name.eq_ignore_ascii_case(MediaType::Json.essence()));
    let mut parameters = parts.filter(|parameter| !parameter.is_empty());
    let in_utf8 = parameters.all(|parameter| match parameter.split_once('=') {
        Some((name, charset)) if name.trim().eq_ignore_ascii_case("charset") => is_utf8(charset),
        Some(_) => true,
        None => false,
    });
    if is_json && in_utf8 { Ok(()) } else { Err(UnsupportedMediaType) }
}

/// Which edition of the status codes to use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Statuses {
    /// As the published audit suite checks them: 400 for a refused document, 200 for it with `application/json`.
    #[default]
    Published,
    /// As the draft of August 2026: 422 for a well-formed request that cannot be executed, 294 for an answer with errors,
    /// and the same for both media types.
    Draft,
}

/// How a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// Data and no error.
    Answered,
    /// `data`, null perhaps, with errors.
    AnsweredWithErrors,
    /// The body is not JSON.
    NotJson,
    /// JSON, but not a GraphQL request: no `query`, or a parameter of the wrong type.
    NotARequest,
    /// The document does not parse.
    NotParsed,
    /// The document does not fit the schema.
    NotValid,
    /// The operation cannot be determined.
    OperationUnknown,
    /// A variable or a literal has no acceptable value: `BAD_USER_INPUT`.
    BadInput,
    /// The guard refused the document: `DOCUMENT_LIMIT`.
    DocumentLimit,
    /// Dearer than the caller's bucket can ever be: `COST_LIMIT`.
    CostLimit,
    /// No valid token where one is given or needed.
    Unauthenticated,
    /// The caller may not do this: `PURPOSE_NOT_ALLOWED` for one.
    Forbidden,
    /// A mutation over GET, or a method that is neither GET nor POST.
    MethodNotAllowed,
    /// `Accept` allows no type of ours.
    NotAcceptable,
    /// The body took too long to come.
    TooSlow,
    /// The body is too long.
    BodyTooLarge,
    /// The URL is too long.
    UrlTooLong,
    /// The body has another type.
    UnsupportedMediaType,
    /// Too many requests, or too dear ones.
    RateLimited,
    /// A fault of ours.
    Fault,
    /// The ledger cannot write, or we are overloaded or stopping.
    Unavailable,
}

/// The HTTP status of an answer.
pub fn status(outcome: Outcome, media: MediaType, statuses: Statuses) -> u16 {
    match outcome {
        Outcome::Answered => 200,
        Outcome::AnsweredWithErrors => edition(statuses, 200, 294),
        Outcome::NotJson | Outcome::DocumentLimit | Outcome::CostLimit => 400,
        Outcome::NotARequest => edition(statuses, 400, 422),
        Outcome::NotParsed => edition(statuses, refused_document(media), 400),
        Outcome::NotValid | Outcome::OperationUnknown | Outcome::BadInput => {
            edition(statuses, refused_document(media), 422)
        }
        Outcome::Unauthenticated => 401,
        Outcome::Forbidden => 403,
        Outcome::MethodNotAllowed => 405,
        Outcome::NotAcceptable => 406,
        Outcome::TooSlow => 408,
        Outcome::BodyTooLarge => 413,
        Outcome::UrlTooLong => 414,
        Outcome::UnsupportedMediaType => 415,
        Outcome::RateLimited => 429,
        Outcome::Fault => 500,
        Outcome::Unavailable => 503,
    }
}

fn edition(statuses: Statuses, published: u16, draft: u16) -> u16 {
    match statuses {
        Statuses::Published => published,
        Statuses::Draft => draft,
    }
}

/// Clients from before the draft take any other status for a fault of the transport and never read the errors.
fn refused_document(media: MediaType) -> u16 {
    match media {
        MediaType::GraphqlResponse => 400,
        MediaType::Json => 200,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_has_the_type_that_the_client_likes_best() {
        use MediaType::{GraphqlResponse, Json};
        for (accept, expected) in [
            (None, Json),
            (Some(""), Json),
            (Some("*/*"), Json),
            (Some("application/*"), Json),
            (Some("application/json"), Json),
            (Some("application/graphql-response+json"), GraphqlResponse),
            (Some("application/graphql-response+json, application/json"), GraphqlResponse),
            (Some("application/json, application/graphql-response+json;q=0.9"), Json),
            (Some("application/graphql-response+json;q=0.5, application/json;q=0.4"), GraphqlResponse),
            (Some("application/graphql-response+json, */*"), GraphqlResponse),
            (Some("application/json, */*"), Json),
            (Some("*/*, application/json;q=0"), GraphqlResponse),
            (Some("Application/JSON; charset=\"UTF-8\""), Json),
            (Some("text/html, application/xhtml+xml, */*;q=0.8"), Json),
        ] {
            assert_eq!(negotiate(accept), Ok(expected), "{accept:?}");
        }
    }

    #[test]
    fn a_client_that_takes_neither_type_is_told_so() {
        for accept in
            ["text/html", "application/json;q=0", "application/json;charset=gbk", "application/json;q=2", "json", ",;,"]
        {
            assert_eq!(negotiate(Some(accept)), Err(NotAcceptable), "{accept}");
        }
    }

    #[test]
    fn a_browser_gets_the_page_and_a_client_does_not() {
        assert!(wants_page(Some("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8")));
        assert!(!wants_page(Some("*/*")));
        assert!(!wants_page(Some("application/json, text/html;q=0.5")));
        assert!(!wants_page(Some("text/html;q=0")));
        assert!(!wants_page(None));
    }

    #[test]
    fn a_body_is_json_in_utf8_or_refused() {
        for content_type in
            ["application/json", "Application/Json; Charset=UTF-8", "application/json;charset=\"utf-8\";"]
        {
            assert_eq!(check_content_type(Method::Post, Some(content_type)), Ok(()), "{content_type}");
        }
        for content_type in [
            "text/plain",
            "application/x-www-form-urlencoded",
            "multipart/form-data; boundary=x",
            "application/json; charset=gbk",
            "application/json; utf-8",
            "application/graphql",
            "",
        ] {
            assert_eq!(check_content_type(Method::Post, Some(content_type)), Err(UnsupportedMediaType));
            assert_eq!(check_content_type(Method::Get, Some(content_type)), Err(UnsupportedMediaType));
        }
        assert_eq!(check_content_type(Method::Get, None), Ok(()));
        assert_eq!(check_content_type(Method::Post, None), Err(UnsupportedMediaType));
    }

    #[test]
    fn statuses_follow_the_edition_and_the_media_type() {
        use MediaType::{GraphqlResponse, Json};
        use Statuses::{Draft, Published};
        let row = |outcome| {
            [(GraphqlResponse, Published), (Json, Published), (GraphqlResponse, Draft), (Json, Draft)]
                .map(|(media, statuses)| status(outcome, media, statuses))
        };
        assert_eq!(row(Outcome::Answered), [200, 200, 200, 200]);
        assert_eq!(row(Outcome::AnsweredWithErrors), [200, 200, 294, 294]);
        assert_eq!(row(Outcome::NotJson), [400, 400, 400, 400]);
        assert_eq!(row(Outcome::NotARequest), [400, 400, 422, 422]);
        assert_eq!(row(Outcome::NotParsed), [400, 200, 400, 400]);
        assert_eq!(row(Outcome::NotValid), [400, 200, 422, 422]);
        assert_eq!(row(Outcome::OperationUnknown), [400, 200, 422, 422]);
        assert_eq!(row(Outcome::BadInput), [400, 200, 422, 422]);
        assert_eq!(row(Outcome::DocumentLimit), [400, 400, 400, 400]);
        assert_eq!(row(Outcome::CostLimit), [400, 400, 400, 400]);
        assert_eq!(row(Outcome::RateLimited), [429, 429, 429, 429]);
        assert_eq!(row(Outcome::Unavailable), [503, 503, 503, 503]);
    }
}
