//! Acceptance with missing papers: for whom, who sees the promise, and what a broken one leads to.

use serde_json::{Value, json};

use super::stage::{list, noon, problems, uscc};
use crate::support::databases::Scratch;
use crate::support::{Answered, Asker, TestApp, Wanted};

const PROMISE: &str = "id office { id } subject { name } documents sha256 stage promisedOn dueOn keptOn";

fn app_on(scratch: &Scratch) -> TestApp {
    let databases = Some((scratch.url.clone(), scratch.url.clone())).filter(|_| !scratch.is_sqlite());
    let app = TestApp::with(Wanted { databases, now: "2026-09-18T04:00:00Z", ..Wanted::default() });
    honour(&app, 2);
    app
}

pub fn honour(app: &TestApp, serial: u32) {
    let csv = format!(
        "纳税人名称,纳税人识别号,评价年度,评定日期,数据来源单位\n东营联合{serial}有限公司,{},2025,2026-04-20,国家税务总局东营市税务局\n",
        uscc(serial)
    );
    assert_eq!(app.import("tax-class-a", &csv).accepted, 1);
}

pub fn input(serial: u32, due_on: &str) -> Value {
    json!({ "uscc": uscc(serial), "documents": "消防验收意见书（办件 2026-17；联系人身份证号11010519491231002X）",
        "sha256": "AB".repeat(32), "dueOn": due_on })
}

pub async fn accept(asker: &Asker<'_>, input: Value) -> Answered {
    let document = format!(
        "mutation($input: AcceptPromiseInput!) {{ acceptPromise(input: $input) {{ ... on PromiseSuccess {{ promise {{ {PROMISE} }} }} \
         ... on InvalidInput {{ problems {{ path code message }} }} }} }}"
    );
    asker.ask_with(&document, json!({ "input": input })).await
}

pub async fn keep(asker: &Asker<'_>, id: &Value) -> Answered {
    let document = format!(
        "mutation($input: KeepPromiseInput!) {{ keepPromise(input: $input) {{ ... on PromiseSuccess {{ promise {{ {PROMISE} }} }} \
         ... on InvalidInput {{ problems {{ path code message }} }} }} }}"
    );
    asker.ask_with(&document, json!({ "input": { "id": id } })).await
}

async fn listed(asker: &Asker<'_>, stage: &str) -> Vec<Value> {
    let query = format!("{{ promises(stage: {stage}) {{ nodes {{ {PROMISE} }} }} }}");
    let answered = asker.ask(&query).await;
    answered.data("/promises/nodes").as_array().unwrap_or_else(|| panic!("{}", answered.text)).clone()
}

#[actix_web::test]
async fn a_promise_is_for_its_office_and_for_who_gave_it_and_a_broken_one_ends_the_trust() {
    for scratch in Scratch::each() {
        let app = app_on(&scratch);
        let askers = || (app.department("AAS"), app.department("HUD"), app.subject(&format!("uscc:{}", uscc(2))));
        let (office, other, own) = askers();
        let accepted = accept(&office, input(2, "2026-09-30")).await;
        let promise = accepted.data("/acceptPromise/promise").clone();
        assert_eq!(
            (&promise["stage"], &promise["office"]["id"], &promise["promisedOn"], &promise["sha256"]),
            (&json!("OPEN"), &json!("AAS"), &json!("2026-09-18"), &json!("ab".repeat(32))),
            "{}",
            accepted.text
        );
        let documents = promise["documents"].as_str().unwrap();
        assert!(documents.contains("消防验收意见书") && !documents.contains("11010519491231002X"), "{documents}");
        for (asker, count) in [(&office, 1), (&own, 1), (&other, 0)] {
            assert_eq!(listed(asker, "OPEN").await.len(), count);
            assert_eq!(listed(asker, "BROKEN").await.len(), 0, "its last day is included");
        }
        assert_eq!(problems(&keep(&other, &promise["id"]).await), ["ID"], "another department's");
        assert_eq!(keep(&own, &promise["id"]).await.codes(), ["FORBIDDEN"]);

        app.clock.set(noon("2026-10-01"));
        let (office, other, own) = askers();
        for (asker, count) in [(&office, 1), (&own, 1), (&other, 0)] {
            assert_eq!(
                listed(asker, "BROKEN").await.len(),
                count,
                "visible to the office that accepted it, and to who gave it"
            );
        }
        assert_eq!(problems(&accept(&office, input(2, "2026-10-30")).await), ["NOT_ELIGIBLE"]);
        let query = format!(
            "{{ eligibility(uscc: \"{}\", measure: \"DEFERRED_DOCUMENTS\") {{ eligible reasons {{ code count }} }} }}",
            uscc(2)
        );
        let told = office.ask(&query).await;
        assert_eq!(told.data("/eligibility/eligible"), false, "{}", told.text);
        let reasons = told.data("/eligibility/reasons").as_array().unwrap();
        assert!(reasons.contains(&json!({ "code": "BROKEN_PROMISES", "count": 1 })), "{}", told.text);
        let elsewhere = other.ask(&query).await;
        assert_eq!(elsewhere.data("/eligibility/eligible"), true, "nobody else learns of it: {}", elsewhere.text);
        assert!(!elsewhere.text.contains("BROKEN"), "{}", elsewhere.text);

        let kept = keep(&office, &promise["id"]).await;
        assert_eq!(kept.data("/keepPromise/promise/keptOn"), "2026-10-01", "{}", kept.text);
        let again = keep(&office, &promise["id"]).await;
        assert_eq!(problems(&again), ["ALREADY_KEPT"]);
        assert_eq!(listed(&office, "KEPT").await.len(), 1);
        let trusted = accept(&office, input(2, "2026-10-30")).await;
        assert_eq!(trusted.data("/acceptPromise/promise/stage"), "OPEN", "kept late is kept: {}", trusted.text);
        let outcome = app.service.gateway.ledger.entry(kept.index()).unwrap().unwrap().leaf;
        assert!(outcome.flags.contains(&"STEP:KEEP".to_owned()), "{:?}", outcome.flags);
    }
}

#[actix_web::test]
async fn a_promise_that_may_not_be_accepted_is_told_and_nothing_is_kept() {
    let app = app_on(&Scratch::sqlite());
    list(&app, 1, "2026-09-01");
    let office = app.department("AAS");
    for (change, code) in [
        (json!({ "uscc": uscc(1) }), "NOT_ELIGIBLE"),
        (json!({ "uscc": uscc(7) }), "USCC"),
        (json!({ "documents": " " }), "TEXT"),
        (json!({ "sha256": "ab" }), "SHA256"),
        (json!({ "dueOn": "2026-09-17" }), "DUE"),
        (json!({ "dueOn": "2028-09-17" }), "DUE"),
    ] {
        let mut input = input(2, "2026-09-30");
        input.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let refused = accept(&office, input).await;
        assert_eq!(problems(&refused), [code], "{}", refused.text);
    }
    let without = accept(&office.clone().without("chengxin-purpose"), input(2, "2026-09-30")).await;
    assert_eq!(without.codes(), ["PURPOSE_REQUIRED"], "{}", without.text);
    for asker in [app.public(), app.subject(&format!("uscc:{}", uscc(2)))] {
        assert_eq!(accept(&asker, input(2, "2026-09-30")).await.codes(), ["FORBIDDEN"]);
    }
    let public = app.public().ask("{ promises { nodes { id } } }").await;
    assert_eq!(public.codes(), ["FORBIDDEN"], "{}", public.text);
    assert!(listed(&office, "OPEN").await.is_empty());
    assert_eq!(problems(&keep(&office, &json!("AVI")).await), ["ID"]);
}

/// Lists go by the entry that announced a case: two cases of one entry could fall between two pages.
#[actix_web::test]
async fn one_operation_begins_one_case() {
    let app = app_on(&Scratch::sqlite());
    let office = app.department("AAS");
    let document = "mutation($input: AcceptPromiseInput!) { \
        a: acceptPromise(input: $input) { ... on PromiseSuccess { promise { id } } ... on InvalidInput { problems { code } } } \
        b: acceptPromise(input: $input) { ... on PromiseSuccess { promise { id } } ... on InvalidInput { problems { code } } } }";
    let answered = office.ask_with(document, json!({ "input": input(2, "2026-09-30") })).await;
    assert!(answered.data("/a/promise/id").is_string(), "{}", answered.text);
    assert_eq!(answered.data("/b/problems/0/code"), "ONE_CASE", "{}", answered.text);
    assert_eq!(listed(&office, "OPEN").await.len(), 1);
}
