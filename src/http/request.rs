//! From HTTP to a GraphQL request: the body is counted while it comes, and nothing of it is believed yet.

use std::sync::Arc;

use actix_web::HttpRequest;
use actix_web::http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap};
use actix_web::web::{self, Payload};
use futures_util::StreamExt;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::service::Service;
use crate::authentication::{Attempt, Caller, Refusal, RequestHeaders};
use crate::graphql::engine::Envelope;

/// Why no GraphQL request could be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unreadable {
    /// The body is longer than allowed.
    TooLarge,
    /// The body stopped coming.
    Broken,
    /// The body is not JSON.
    NotJson,
    /// It is JSON, and no GraphQL request.
    NotARequest,
}

/// Reads a body of at most `limit` bytes.
pub async fn body(mut payload: Payload, limit: usize) -> Result<Vec<u8>, Unreadable> {
    let mut body = Vec::new();
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|_| Unreadable::Broken)?;
        if body.len() + chunk.len() > limit {
            return Err(Unreadable::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Posted<'a> {
    query: String,
    #[serde(default)]
    operation_name: Option<String>,
    #[serde(default, borrow)]
    variables: Option<&'a RawValue>,
    #[serde(default, borrow)]
    extensions: Option<&'a RawValue>,
}

/// Reads the JSON of a POST. Batches are not taken.
pub fn posted(body: &[u8]) -> Result<Envelope, Unreadable> {
    let text = std::str::from_utf8(body).map_err(|_| Unreadable::NotJson)?;
    let is_json = || serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok();
    let posted: Posted<'_> = serde_json::from_str(text)
        .map_err(|_| if is_json() { Unreadable::NotARequest } else { Unreadable::NotJson })?;
    let is_object = |raw: Option<&RawValue>| raw.is_none_or(|raw| raw.get().starts_with('{') || raw.get() == "null");
    if !is_object(posted.variables) || !is_object(posted.extensions) {
        return Err(Unreadable::NotARequest);
    }
    Ok(Envelope {
        query: posted.query,
        operation_name: posted.operation_name,
        variables: posted.variables.map(|raw| raw.get().to_owned()),
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct InUrl {
    query: Option<String>,
    operation_name: Option<String>,
    variables: Option<String>,
    extensions: Option<String>,
}

/// Reads the parameters of a GET.
pub fn in_url(query_string: &str) -> Result<Envelope, Unreadable> {
    let read = actix_web::web::Query::<InUrl>::from_query(query_string).map_err(|_| Unreadable::NotARequest)?;
    let InUrl { query, operation_name, variables, extensions } = read.into_inner();
    let is_object = |text: &Option<String>| {
        text.as_ref().is_none_or(|text| {
            text == "null" || text.trim_start().starts_with('{') && serde_json::from_str::<&RawValue>(text).is_ok()
        })
    };
    if !is_object(&variables) || !is_object(&extensions) {
        return Err(Unreadable::NotARequest);
    }
    Ok(Envelope { query: query.ok_or(Unreadable::NotARequest)?, operation_name, variables })
}

/// The headers that say who asks, and why.
pub fn identity(headers: &HeaderMap) -> RequestHeaders<'_> {
    RequestHeaders {
        authorization: headers.get_all(AUTHORIZATION).map(actix_web::http::header::HeaderValue::as_bytes).collect(),
        purpose: text(headers, "chengxin-purpose"),
        case: text(headers, "chengxin-case"),
        authorization_id: text(headers, "chengxin-authorization"),
    }
}

/// Why it is not known who asks.
#[derive(Debug)]
pub enum NotIdentified {
    /// The token is not valid.
    Refused(Refusal),
    /// It could not be checked.
    Unavailable,
}

/// Who asks: the public without a token. Keys of issuers that are not at hand are fetched beside the workers.
pub async fn caller(service: &Arc<Service>, request: &HttpRequest) -> Result<Caller, NotIdentified> {
    caller_of(service, request.headers()).await
}

/// The same from headers alone.
pub async fn caller_of(service: &Arc<Service>, headers: &HeaderMap) -> Result<Caller, NotIdentified> {
    let attempt = service.authenticator.authenticate_cached(&identity(headers));
    match attempt.map_err(NotIdentified::Refused)? {
        Attempt::Known(caller) => Ok(caller),
        Attempt::NeedsRefresh => {
            let (service, headers) = (Arc::clone(service), headers.clone());
            let work = web::block(move || service.authenticator.authenticate(&identity(&headers))).await;
            work.map_err(|_| NotIdentified::Unavailable)?.map_err(NotIdentified::Refused)
        }
    }
}

/// The text of a header; `None` when it is absent or not text.
pub fn text<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let value = headers.get(name)?;
    // Case numbers may hold Chinese characters, which header values carry as UTF-8.
    std::str::from_utf8(value.as_bytes()).ok().map(str::trim).filter(|text| !text.is_empty())
}

/// The `Accept` header.
pub fn accept(request: &HttpRequest) -> Option<&str> {
    request.headers().get(ACCEPT).and_then(|value| value.to_str().ok())
}

/// The `Content-Type` header.
pub fn content_type(request: &HttpRequest) -> Option<&str> {
    request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_request_is_told_apart_from_what_is_no_json() {
        assert_eq!(posted(b"{").unwrap_err(), Unreadable::NotJson);
        assert_eq!(posted(b"\xff").unwrap_err(), Unreadable::NotJson);
        assert_eq!(posted(b"[]").unwrap_err(), Unreadable::NotARequest, "batches are not taken");
        assert_eq!(posted(br#"{"query":1}"#).unwrap_err(), Unreadable::NotARequest);
        assert_eq!(posted(br#"{"query":"{a}","variables":[1]}"#).unwrap_err(), Unreadable::NotARequest);
        assert_eq!(posted(br#"{"query":"{a}","extensions":1}"#).unwrap_err(), Unreadable::NotARequest);
        assert_eq!(posted(br#"{"query":"{a}","variables":null}"#).unwrap().query, "{a}");
        assert_eq!(in_url("operationName=a").unwrap_err(), Unreadable::NotARequest);
        assert_eq!(in_url("query=%7Ba%7D&variables=%5B%5D").unwrap_err(), Unreadable::NotARequest);
        assert_eq!(in_url("query=%7Ba%7D").unwrap().query, "{a}");
    }
}
