//! The messages of `graphql-transport-ws`.

use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use crate::graphql::engine::Envelope;

/// What may stand in the payload of `connection_init`: the headers that say who asks, and why. A browser cannot set them.
const IDENTITY: [&str; 4] = ["authorization", "chengxin-purpose", "chengxin-case", "chengxin-authorization"];
/// The longest id of a subscription, in bytes.
const ID_BYTES_MAX: usize = 128;

/// What a client says.
#[derive(Debug)]
pub(super) enum FromClient {
    /// The connection begins.
    Init(Map<String, Value>),
    /// A subscription begins.
    Subscribe(String, Envelope),
    /// A subscription ends.
    Complete(String),
    /// Are you there?
    Ping,
    /// I am.
    Pong,
}

#[derive(Deserialize)]
struct Raw<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    #[serde(default)]
    id: Option<String>,
    #[serde(default, borrow)]
    payload: Option<&'a RawValue>,
}

impl FromClient {
    /// Reads a message; `None` when it is none of the protocol's.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let raw: Raw<'_> = serde_json::from_str(text).ok()?;
        let id = raw.id.filter(|id| !id.is_empty() && id.len() <= ID_BYTES_MAX);
        match raw.kind {
            "connection_init" => match raw.payload.map(|payload| serde_json::from_str(payload.get())) {
                None | Some(Ok(Value::Null)) => Some(Self::Init(Map::new())),
                Some(Ok(Value::Object(payload))) => Some(Self::Init(payload)),
                Some(Ok(_) | Err(_)) => None,
            },
            "subscribe" => {
                let envelope = super::super::request::posted(raw.payload?.get().as_bytes()).ok()?;
                Some(Self::Subscribe(id?, envelope))
            }
            "complete" => Some(Self::Complete(id?)),
            "ping" => Some(Self::Ping),
            "pong" => Some(Self::Pong),
            _ => None,
        }
    }
}

/// Takes who asks and why from the payload of `connection_init` into the headers. `None` when it is no such thing.
pub(super) fn identify(headers: &mut HeaderMap, payload: &Map<String, Value>) -> Option<()> {
    for (name, value) in payload {
        let name = name.to_ascii_lowercase();
        if IDENTITY.contains(&name.as_str()) {
            let value = HeaderValue::from_bytes(value.as_str()?.as_bytes()).ok()?;
            headers.insert(HeaderName::try_from(name).ok()?, value);
        }
    }
    Some(())
}

/// The connection is acknowledged.
pub(super) fn ack() -> String {
    json!({ "type": "connection_ack" }).to_string()
}

/// I am there.
pub(super) fn pong() -> String {
    json!({ "type": "pong" }).to_string()
}

/// An event. `body` is the JSON text of an answer.
pub(super) fn next(id: &str, body: &str) -> String {
    format!("{{\"id\":{},\"type\":\"next\",\"payload\":{body}}}", Value::from(id))
}

/// A subscription is refused, or cannot go on. `body` is the JSON text of an answer with errors.
pub(super) fn error(id: &str, body: &str) -> String {
    let errors = serde_json::from_str::<Value>(body).ok().and_then(|mut body| body.get_mut("errors").map(Value::take));
    json!({ "id": id, "type": "error", "payload": errors.unwrap_or_else(|| json!([])) }).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_message_is_none() {
        for text in [
            "",
            "[]",
            "{}",
            r#"{"type":"start"}"#,
            r#"{"type":"subscribe","payload":{"query":"{a}"}}"#,
            r#"{"type":"subscribe","id":"","payload":{"query":"{a}"}}"#,
            r#"{"type":"subscribe","id":"1"}"#,
            r#"{"type":"subscribe","id":"1","payload":{"query":1}}"#,
            r#"{"type":"connection_init","payload":[]}"#,
            r#"{"type":"complete"}"#,
        ] {
            assert!(FromClient::parse(text).is_none(), "{text}");
        }
        let text = r#"{"type":"subscribe","id":"1","payload":{"query":"subscription{a}","variables":{"x":1}}}"#;
        let Some(FromClient::Subscribe(id, envelope)) = FromClient::parse(text) else { panic!("not a message") };
        assert_eq!((id.as_str(), envelope.query.as_str()), ("1", "subscription{a}"));
    }

    #[test]
    fn a_payload_says_who_asks_and_sets_no_other_header() {
        let mut headers = HeaderMap::new();
        let payload = json!({ "Authorization": "Bearer x", "x-forwarded-for": "10.0.0.1" });
        identify(&mut headers, payload.as_object().unwrap()).unwrap();
        assert_eq!(headers.get("authorization").unwrap(), "Bearer x");
        assert!(!headers.contains_key("x-forwarded-for"));
        for payload in [json!({ "authorization": 1 }), json!({ "authorization": "a\nb" })] {
            assert!(identify(&mut headers, payload.as_object().unwrap()).is_none(), "{payload}");
        }
    }

    #[test]
    fn an_id_cannot_break_out_of_its_message() {
        let text = next("a\",\"x\":\"", "{\"data\":null}");
        let read: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(read["id"], "a\",\"x\":\"");
    }
}
