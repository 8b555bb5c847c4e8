//! Rows that a department reports: what becomes of each, whose records stay untouched, and the entries that say so.

use chengxin::domain::Role;
use serde_json::{Value, json};

use crate::support::{Answered, Asker, TestApp};

const DOCUMENT: &str = "mutation($input: SubmitRecordsInput!) { submitRecords(input: $input) { __typename \
    ... on SubmitRecordsSuccess { inserted updated unchanged rejected rows { row outcome problems { path code message } } } \
    ... on InvalidInput { problems { path code message } } } }";

fn uscc() -> String {
    chengxin::domain::identifier::Uscc::with_check("91370502MA9ABCD05").unwrap().as_str().to_owned()
}

fn row(number: &str, content: &str) -> Value {
    json!({
        "XK_XDR_MC": "东营试验报送有限公司", "XK_XDR_LB": "法人及非法人组织", "XK_XDR_SHXYM": uscc(), "XK_XKWS": "决定书",
        "XK_WSH": number, "XK_XKLB": "普通", "XK_NR": content, "XK_JDRQ": "2026-11-16", "XK_YXQZ": "2026-11-16",
        "XK_YXQZI": "2099-12-31", "XK_XKJG": "东营市行政审批服务局",
    })
}

async fn submit(asker: &Asker<'_>, item: &str, rows: Value) -> Answered {
    asker.ask_with(DOCUMENT, json!({ "input": { "item": item, "rows": rows } })).await
}

fn outcomes(answered: &Answered) -> Vec<&str> {
    let rows = answered.data("/submitRecords/rows").as_array().unwrap_or_else(|| panic!("{}", answered.text));
    rows.iter().map(|row| row["outcome"].as_str().unwrap()).collect()
}

#[actix_web::test]
async fn every_row_is_told_what_became_of_it() {
    let app = TestApp::new();
    let approval = app.department("AAS");
    let bad = json!({ "XK_XDR_MC": "东营试验报送有限公司", "XK_XDR_SHXYM": "91370502MA9ABCD05A", "XK_WSH": "三" });
    let first = submit(&approval, "administrative-licence", json!([row("一", "甲"), row("二", "乙"), bad])).await;
    assert_eq!(outcomes(&first), ["INSERTED", "INSERTED", "REJECTED"], "{}", first.text);
    assert!(!first.text.contains("91370502MA9ABCD05A"), "no value is repeated: {}", first.text);
    let again = submit(
        &approval,
        "administrative-licence",
        json!([row("一", "甲"), row("二", "丙"), row("三", "丁"), row("三", "丁")]),
    )
    .await;
    assert_eq!(outcomes(&again), ["UNCHANGED", "UPDATED", "INSERTED", "DUPLICATE"], "{}", again.text);
    let counts = |name: &str| again.data(&format!("/submitRecords/{name}")).clone();
    assert_eq!((counts("inserted"), counts("updated"), counts("unchanged")), (json!(1), json!(1), json!(1)));

    let document = format!(
        "{{ subject(uscc: \"{}\") {{ records {{ nodes {{ ... on AdministrativeLicense {{ decisionNo content }} }} }} }} }}",
        uscc()
    );
    let answered = app.public().ask(&document).await;
    let nodes = answered.data("/subject/records/nodes").as_array().unwrap();
    assert_eq!(nodes.len(), 3, "{}", answered.text);
    assert!(nodes.contains(&json!({ "decisionNo": "二", "content": "丙" })), "{}", answered.text);
}

#[actix_web::test]
async fn another_providers_record_stays_as_it_is() {
    let app = TestApp::new();
    submit(&app.department("AAS"), "administrative-licence", json!([row("一", "甲")])).await;
    let other =
        submit(&app.department("AMR"), "administrative-licence", json!([row("一", "改"), row("四", "新")])).await;
    assert_eq!(outcomes(&other), ["REJECTED", "INSERTED"], "{}", other.text);
    assert_eq!(other.data("/submitRecords/rows/0/problems/0/code"), "OTHER_PROVIDER");
    let document = format!(
        "{{ subject(uscc: \"{}\") {{ records {{ nodes {{ provider {{ id }} ... on AdministrativeLicense {{ content }} }} }} }} }}",
        uscc()
    );
    let answered = app.public().ask(&document).await;
    let nodes = answered.data("/subject/records/nodes").as_array().unwrap();
    assert!(nodes.contains(&json!({ "provider": { "id": "AAS" }, "content": "甲" })), "{}", answered.text);
    assert!(nodes.contains(&json!({ "provider": { "id": "AMR" }, "content": "新" })), "{}", answered.text);
}

#[actix_web::test]
async fn an_intent_stands_before_the_work_and_its_outcome_after() {
    let app = TestApp::new();
    let answered = submit(&app.department("AAS"), "administrative-licence", json!([row("一", "甲")])).await;
    let ledger = &app.service.gateway.ledger;
    let outcome = ledger.entry(answered.index()).unwrap().unwrap();
    assert_eq!(outcome.leaf.kind.to_string(), "mutation_outcome");
    let intent = ledger.entry(outcome.leaf.reference.unwrap()).unwrap().unwrap();
    assert_eq!(intent.leaf.kind.to_string(), "mutation_intent");
    assert!(intent.index < outcome.index);
    assert_eq!(intent.leaf.consumer.as_deref(), Some("AAS"));

    let request = "{ auditEntries(first: 2) { nodes { index kind reference consumer } } }";
    let audit = app.administrator(Role::Auditor).ask(request).await;
    assert_eq!(audit.data("/auditEntries/nodes/0/kind"), "MUTATION_OUTCOME", "{}", audit.text);
    assert_eq!(audit.data("/auditEntries/nodes/0/reference"), audit.data("/auditEntries/nodes/1/index"));
}

#[actix_web::test]
async fn who_may_not_submit_makes_one_entry_and_no_record() {
    let app = TestApp::new();
    for other in [
        app.public(),
        app.subject(&format!("uscc:{}", uscc())),
        app.grantee("BANK-1", "x"),
        app.administrator(Role::SystemAdmin),
        app.administrator(Role::Auditor),
    ] {
        let before = app.service.gateway.ledger.size();
        let answered = submit(&other, "administrative-licence", json!([row("一", "甲")])).await;
        assert_eq!(answered.codes(), ["FORBIDDEN"], "{}", answered.text);
        assert_eq!(app.service.gateway.ledger.size(), before + 1);
        let entry = app.service.gateway.ledger.entry(before).unwrap().unwrap();
        assert_eq!(
            (entry.leaf.kind.to_string(), entry.leaf.error_code.as_deref()),
            ("deny".to_owned(), Some("FORBIDDEN"))
        );
    }
    let unknown = submit(&app.department("AAS"), "no-such-item", json!([row("一", "甲")])).await;
    assert_eq!(unknown.data("/submitRecords/problems/0/code"), "ITEM", "{}", unknown.text);
    let nothing = submit(&app.department("AAS"), "administrative-licence", json!([])).await;
    assert_eq!(nothing.data("/submitRecords/problems/0/code"), "ROWS", "{}", nothing.text);
    let document = format!("{{ subject(uscc: \"{}\") {{ id }} }}", uscc());
    assert!(app.department("AMR").ask(&document).await.data("/subject").is_null());
}
