//! An answer as JSON: data, errors with codes, and the extensions that say what was masked, withheld and spent.
//!
//! The text is complete but for the receipt, which the ledger has yet to give; `with_receipt` puts it in.

use async_graphql::{PathSegment as LibraryPath, Response, ServerError, Value as GraphqlValue};
use serde_json::{Map, Value, json};

use super::document::OperationKind;
use super::error::{ApiError, Code};
use super::object::rate_limit::RateLimit;
use super::validation;
use crate::exchange::tally::{PathSegment, Tally};

/// The most errors that one answer lists.
const ERRORS_MAX: usize = 64;

/// A finished answer, not yet released.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The JSON text, without the receipt.
    pub body: String,
    /// The codes of its errors, each once.
    pub codes: Vec<Code>,
    /// Whether the operation was executed: whether there is `data`.
    pub has_data: bool,
    /// Whether it was executed, and nothing came of it but errors.
    pub is_empty: bool,
}

impl Answer {
    /// An answer that refuses the request as a whole.
    pub fn refusal(refused: &Refused) -> Self {
        let errors = vec![error_value(&refused.error, refused.locations.as_ref(), &[])];
        let body = render(None, errors, Map::new());
        Self { body, codes: vec![refused.error.code], has_data: false, is_empty: true }
    }

    /// The answer of an executed operation.
    pub fn executed(response: &Response, kind: OperationKind, tally: &Tally, rate: &RateLimit) -> Self {
        let mut codes = Vec::new();
        let mut errors: Vec<Value> = Vec::new();
        for error in response.errors.iter().take(ERRORS_MAX) {
            let (value, code) = library_error(error);
            push_once(&mut codes, code);
            errors.push(value);
        }
        // The library's validation errors have no path; whatever has one happened while resolvers ran. A query with a
        // value that cannot be meant is refused as a whole; a mutation may have done its work, and says so.
        let was_executed = errors.is_empty() || response.errors.iter().any(|error| !error.path.is_empty());
        // Nor may a null that only means "the database was away" pass for "there is none".
        let is_refused =
            kind == OperationKind::Query && put_first(&mut codes, &[Code::Unavailable, Code::BadUserInput]);
        let has_data = was_executed && !is_refused;
        for ((type_name, field), withheld) in tally.withheld.iter().take(ERRORS_MAX.saturating_sub(errors.len())) {
            let error = ApiError::withheld(withheld.reason, type_name, field);
            push_once(&mut codes, error.code);
            errors.push(error_value(&error, None, &withheld.path));
        }
        let data = has_data.then(|| serde_json::to_string(&response.data).unwrap_or_else(|_| "null".to_owned()));
        let is_empty = !has_data || response.data == async_graphql::Value::Null;
        Self { body: render(data, errors, extensions(tally, rate)), codes, has_data, is_empty }
    }

    /// The text with the receipt in `extensions.audit`.
    pub fn with_receipt(body: &str, receipt: &Value) -> String {
        // INVARIANT: `render` ends every body with the closing braces of `extensions` and of the whole.
        let open = body.strip_suffix("}}").unwrap_or(body);
        let separator = if open.ends_with('{') { "" } else { "," };
        format!("{open}{separator}\"audit\":{receipt}}}}}")
    }
}

/// A request that is refused as a whole: an error, and where in the document.
#[derive(Clone, Debug)]
pub struct Refused {
    /// The error.
    pub error: ApiError,
    /// Where in the document.
    pub locations: Option<async_graphql::Pos>,
}

impl From<ApiError> for Refused {
    fn from(error: ApiError) -> Self {
        Self { error, locations: None }
    }
}

fn push_once(codes: &mut Vec<Code>, code: Code) {
    if !codes.contains(&code) {
        codes.push(code);
    }
}

/// Puts the first of `wanted` that is among the codes before the others; whether there is one.
fn put_first(codes: &mut [Code], wanted: &[Code]) -> bool {
    let Some(at) = wanted.iter().find_map(|wanted| codes.iter().position(|code| code == wanted)) else { return false };
    if let Some(begin) = codes.get_mut(..=at) {
        begin.rotate_right(1);
    }
    true
}

fn render(data: Option<String>, errors: Vec<Value>, extensions: Map<String, Value>) -> String {
    let mut body = String::from("{");
    if let Some(data) = data {
        body.push_str("\"data\":");
        body.push_str(&data);
        body.push(',');
    }
    if !errors.is_empty() {
        body.push_str("\"errors\":");
        body.push_str(&Value::Array(errors).to_string());
        body.push(',');
    }
    body.push_str("\"extensions\":");
    body.push_str(&Value::Object(extensions).to_string());
    body.push('}');
    body
}

/// An error of the library: one of ours travels through it with its code; its own texts are replaced, because they
/// repeat the document.
fn library_error(error: &ServerError) -> (Value, Code) {
    let ours = error.extensions.as_ref().and_then(|extensions| extensions.get("code"));
    let code = match ours {
        Some(GraphqlValue::String(code)) => code_named(code).unwrap_or(Code::InternalServerError),
        _ if error.path.is_empty() => Code::GraphqlValidationFailed,
        _ => Code::BadUserInput,
    };
    let message = match code {
        Code::GraphqlValidationFailed => validation::told(&error.message),
        Code::BadUserInput if ours.is_none() => validation::without_value(&error.message).to_owned(),
        _ => error.message.clone(),
    };
    let path: Vec<PathSegment> = error
        .path
        .iter()
        .map(|segment| match segment {
            LibraryPath::Field(name) => PathSegment::Key(name.clone()),
            LibraryPath::Index(at) => PathSegment::Index(*at),
        })
        .collect();
    (error_value(&ApiError::new(code, message), error.locations.first(), &path), code)
}

fn code_named(name: &str) -> Option<Code> {
    use strum::IntoEnumIterator;
    Code::iter().find(|code| code.name() == name)
}

fn error_value(error: &ApiError, location: Option<&async_graphql::Pos>, path: &[PathSegment]) -> Value {
    let mut value = Map::new();
    value.insert("message".into(), error.message.clone().into());
    if let Some(position) = location {
        value.insert("locations".into(), json!([{ "line": position.line, "column": position.column }]));
    }
    if !path.is_empty() {
        let segments = path.iter().map(|segment| match segment {
            PathSegment::Key(key) => Value::from(key.as_str()),
            PathSegment::Index(at) => Value::from(*at),
        });
        value.insert("path".into(), segments.collect());
    }
    value.insert("extensions".into(), json!({ "code": error.code.name() }));
    Value::Object(value)
}

fn extensions(tally: &Tally, rate: &RateLimit) -> Map<String, Value> {
    let masked = tally
        .masked
        .iter()
        .map(|(type_name, field, rule)| json!({ "type": type_name, "field": field, "rule": rule.name() }));
    let withheld = tally.withheld.iter().map(|((type_name, field), withheld)| {
        let code = ApiError::withheld(withheld.reason, type_name, field).code;
        json!({ "type": type_name, "field": field, "code": code.name() })
    });
    let mut extensions = Map::new();
    extensions.insert(
        "disclosure".into(),
        json!({ "masked": masked.collect::<Vec<_>>(), "withheld": withheld.collect::<Vec<_>>() }),
    );
    extensions.insert(
        "cost".into(),
        json!({
            "requested": rate.cost,
            "actual": tally.cost,
            "limit": rate.limit,
            "remaining": rate.remaining,
            "resetAt": rate.reset_at.0.rfc3339(),
        }),
    );
    extensions
}
