//! What the tests of the joint work play on: a listed firm that does not exist, and the departments around it.

use chengxin::domain::Instant;
use chengxin::domain::identifier::Uscc;
use serde_json::{Value, json};

use crate::support::{Answered, Asker, TestApp};

pub const ACTION: &str = "id kind stage ending suspended actOn notifiedOn initiatedOn endsOn dueOn initiator { id } legalBasis \
    measures { code } subject { name uscc } basis { item { code } decidedOn } \
    assignments { id department { id } measure { code } stage assignedOn answeredOn reportedOn dueOn workingDaysLeft } \
    steps { number step role department { id } dueOn onTime facts text }";

/// The code of a firm that does not exist.
pub fn uscc(serial: u32) -> String {
    Uscc::with_check(&format!("91370502MA9B{serial:04}0")).unwrap().as_str().to_owned()
}

/// Puts a firm on the list of the seriously untrustworthy, by market regulation.
pub fn list(app: &TestApp, serial: u32, on: &str) {
    let csv = format!(
        "信用主体类别,统一社会信用代码,单位名称,名单名称,列入事由,列入依据,认定文号,列入决定机关,列入日期,数据来源单位\n\
         法人及非法人组织,{},东营联合{serial}有限公司,样例名单,样例,样例办法,样例列字〔2026〕{serial}号,东营市市场监督管理局,{on},东营市市场监督管理局\n",
        uscc(serial)
    );
    let report = app.import("serious-dishonesty", &csv);
    assert_eq!(report.accepted, 1, "{report:?}");
}

/// The instant at noon in Shanghai.
pub fn noon(day: &str) -> Instant {
    Instant::parse_rfc3339(&format!("{day}T04:00:00Z")).unwrap()
}

/// The newest record of a firm.
pub async fn record_of(asker: &Asker<'_>, uscc: &str) -> String {
    let query = format!("{{ subject(uscc: \"{uscc}\") {{ records(first: 1) {{ nodes {{ id }} }} }} }}");
    let answered = asker.ask(&query).await;
    let id = answered.data("/subject/records/nodes/0/id").as_str();
    id.unwrap_or_else(|| panic!("{}", answered.text)).to_owned()
}

/// The record that puts a firm on the list.
pub async fn basis(asker: &Asker<'_>, serial: u32) -> String {
    record_of(asker, &uscc(serial)).await
}

/// An input that is sound.
pub fn wanted(basis: &str) -> Value {
    json!({
        "basis": basis, "kind": "PUNISHMENT", "measures": ["RESTRICT_PREFERENCES", "KEY_SUPERVISION"],
        "legalBasis": "样例条例第十条", "notifiedOn": "2026-09-16", "endsOn": "2027-09-01",
        "reason": "严重失信，列入名单"
    })
}

pub async fn initiate(asker: &Asker<'_>, input: Value) -> Answered {
    step(asker, "initiateJointAction", "InitiateJointActionInput", &format!("action {{ {ACTION} }}"), input).await
}

pub async fn dispatch(asker: &Asker<'_>, input: Value) -> Answered {
    step(asker, "dispatchJointAction", "DispatchJointActionInput", &format!("action {{ {ACTION} }}"), input).await
}

pub async fn respond(asker: &Asker<'_>, input: Value) -> Answered {
    let selection = format!("assignment {{ id stage dueOn answeredOn action {{ {ACTION} }} }}");
    step(asker, "respondJointAction", "RespondJointActionInput", &selection, input).await
}

pub async fn report(asker: &Asker<'_>, input: Value) -> Answered {
    let selection = format!("assignment {{ id stage dueOn reportedOn action {{ {ACTION} }} }}");
    step(asker, "submitExecutionFeedback", "SubmitExecutionFeedbackInput", &selection, input).await
}

pub async fn end(asker: &Asker<'_>, input: Value) -> Answered {
    step(asker, "endJointAction", "EndJointActionInput", &format!("action {{ {ACTION} }}"), input).await
}

async fn step(asker: &Asker<'_>, field: &str, input_type: &str, selection: &str, input: Value) -> Answered {
    let success = if selection.starts_with("action") { "JointActionSuccess" } else { "AssignmentSuccess" };
    let document = format!(
        "mutation($input: {input_type}!) {{ {field}(input: $input) {{ ... on {success} {{ {selection} }} \
         ... on InvalidInput {{ problems {{ path code message }} }} }} }}"
    );
    asker.ask_with(&document, json!({ "input": input })).await
}

/// The codes of the problems of a step that was not taken.
pub fn problems(answered: &Answered) -> Vec<String> {
    let payload = answered.json["data"].as_object().and_then(|data| data.values().next()).cloned().unwrap_or_default();
    let problems = payload["problems"].as_array().cloned().unwrap_or_else(|| panic!("{}", answered.text));
    problems.iter().map(|problem| problem["code"].as_str().unwrap().to_owned()).collect()
}

/// The joint action in the answer to a step.
pub fn action(answered: &Answered) -> Value {
    let payload = answered.json["data"].as_object().and_then(|data| data.values().next()).cloned().unwrap_or_default();
    let found = if payload["action"].is_object() { &payload["action"] } else { &payload["assignment"]["action"] };
    assert!(found.is_object(), "{}", answered.text);
    found.clone()
}

/// The assignment of a department in a joint action.
pub fn assignment<'v>(action: &'v Value, department: &str) -> &'v Value {
    let assignments = action["assignments"].as_array().unwrap();
    assignments.iter().find(|one| one["department"]["id"] == department).unwrap_or_else(|| panic!("{action:#}"))
}

/// Initiates and dispatches for one firm, to tax, approval service and construction.
pub async fn dispatched(app: &TestApp, serial: u32) -> Value {
    let office = app.department("AMR");
    let started = initiate(&office, wanted(&basis(&office, serial).await)).await;
    let id = action(&started)["id"].clone();
    let to = json!([
        { "measure": "RESTRICT_PREFERENCES", "departments": ["AAS", "TAX"] },
        { "measure": "KEY_SUPERVISION", "departments": ["HUD"] }
    ]);
    action(&dispatch(&app.coordinator(), json!({ "id": id, "assignments": to })).await)
}
