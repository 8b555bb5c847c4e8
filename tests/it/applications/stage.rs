//! What the tests of objection and repair share.

use serde_json::{Value, json};

use crate::joint_actions::stage::uscc;
use crate::support::{Answered, Asker, TestApp, Wanted};

pub const APPLICATION: &str = "id kind stage decidedAs filedOn decidedOn dueOn escalated provider { id } \
    record { id state annotations } receivers { receiver cause syncStatus } \
    steps { number step role department { id } dueOn onTime facts text notice papers }";

pub fn app() -> TestApp {
    TestApp::with(Wanted { now: "2026-09-18T04:00:00Z", ..Wanted::default() })
}

pub fn firm(app: &TestApp, serial: u32) -> Asker<'_> {
    app.subject(&format!("uscc:{}", uscc(serial)))
}

pub async fn take(asker: &Asker<'_>, field: &str, input: Value) -> Answered {
    let input_type = format!("{}{}Input", field[..1].to_uppercase(), &field[1..]);
    let document = format!(
        "mutation($input: {input_type}!) {{ {field}(input: $input) {{ ... on ApplicationSuccess {{ application {{ {APPLICATION} }} }} \
         ... on InvalidInput {{ problems {{ path code message }} }} }} }}"
    );
    asker.ask_with(&document, json!({ "input": input })).await
}

/// The application in the answer to a step.
pub fn application(answered: &Answered) -> Value {
    let payload = answered.json["data"].as_object().and_then(|data| data.values().next()).cloned().unwrap_or_default();
    assert!(payload["application"].is_object(), "{}", answered.text);
    payload["application"].clone()
}

pub async fn object(app: &TestApp, serial: u32, record: &str) -> Answered {
    let input = json!({ "record": record, "reason": "列入事由与事实不符" });
    take(&firm(app, serial), "fileObjection", input).await
}

/// Whether a caller finds the record, and its state and marks.
pub async fn record(asker: &Asker<'_>, id: &str) -> Value {
    let query = "query($id: ID!) { node(id: $id) { ... on CreditRecord { state annotations \
                 ... on SeriousDishonestyListing { listingReason decisionNo } } } }";
    asker.ask_with(query, json!({ "id": id })).await.data("/node").clone()
}
