//! Who deserves which measure, and why.

use serde_json::{Value, json};

use super::stage::{action, assignment, dispatched, list, report, respond, uscc};
use crate::support::databases::Scratch;
use crate::support::{Answered, Asker, TestApp, Wanted};

async fn ask(asker: &Asker<'_>, serial: u32, measure: &str) -> Answered {
    let query = "query($uscc: Uscc!, $measure: String!) { eligibility(uscc: $uscc, measure: $measure) { eligible \
                 measure { code } reasons { code count since item { code } } } }";
    asker.ask_with(query, json!({ "uscc": uscc(serial), "measure": measure })).await
}

fn told(answered: &Answered) -> (bool, Vec<String>) {
    let found = answered.data("/eligibility");
    let reasons = found["reasons"].as_array().unwrap_or_else(|| panic!("{}", answered.text));
    let codes = reasons.iter().map(|reason| reason["code"].as_str().unwrap().to_owned());
    (found["eligible"].as_bool().unwrap(), codes.collect())
}

#[actix_web::test]
async fn the_green_channel_is_for_the_honoured_and_for_three_years_without_a_bad_record() {
    let app = TestApp::with(Wanted { now: "2026-09-18T04:00:00Z", ..Wanted::default() });
    list(&app, 1, "2026-09-01");
    let honour = format!(
        "纳税人名称,纳税人识别号,评价年度,评定日期,数据来源单位\n东营联合2有限公司,{},2025,2026-04-20,国家税务总局东营市税务局\n",
        uscc(2)
    );
    assert_eq!(app.import("tax-class-a", &honour).accepted, 1);
    let office = app.department("AAS");
    let of = |serial| ask(&office, serial, "GREEN_CHANNEL");
    assert_eq!(told(&of(1).await), (false, vec!["NOT_HONOURED".to_owned(), "BAD_RECORDS".to_owned()]));
    let honoured = of(2).await;
    assert_eq!(told(&honoured), (true, vec!["HONOURED".to_owned(), "CLEAN".to_owned()]));
    let clean = &honoured.data("/eligibility/reasons")[1];
    assert_eq!(clean["since"], "2023-09-18", "three years: {}", honoured.text);
    assert!(of(3).await.data("/eligibility").is_null(), "nobody knows it");
    assert_eq!(told(&ask(&office, 1, "RESTRICT_EXIT").await), (false, vec!["CATEGORY".to_owned()]));
    assert_eq!(ask(&office, 1, "NOPE").await.codes(), ["BAD_USER_INPUT"]);

    let own = app.subject(&format!("uscc:{}", uscc(2)));
    assert!(told(&ask(&own, 2, "GREEN_CHANNEL").await).0, "a subject asks about itself");
    for asker in [app.public(), app.department("AAS").without("chengxin-purpose"), own] {
        let refused = ask(&asker, 1, "GREEN_CHANNEL").await;
        assert_eq!(refused.codes(), ["PURPOSE_REQUIRED"], "{}", refused.text);
        assert_eq!(refused.data("/eligibility"), &Value::Null);
    }
}

#[actix_web::test]
async fn a_restriction_in_force_is_told_to_those_who_may_know_of_it_and_takes_preferences_away() {
    let app = TestApp::with(Wanted { now: "2026-09-18T04:00:00Z", ..Wanted::default() });
    list(&app, 1, "2026-09-01");
    let sent = dispatched(&app, 1).await;
    let tax = app.department("TAX");
    assert_eq!(told(&ask(&tax, 1, "RESTRICT_PREFERENCES").await).1, ["NOT_IN_FORCE"]);
    for department in ["TAX", "AAS", "HUD"] {
        let id = &assignment(&sent, department)["id"];
        respond(&app.department(department), json!({ "assignment": id, "answer": "TAKEN" })).await;
        action(&report(&app.department(department), json!({ "assignment": id, "report": "已执行" })).await);
    }
    assert_eq!(told(&ask(&tax, 1, "RESTRICT_PREFERENCES").await), (true, vec!["IN_FORCE".to_owned()]));
    let green = told(&ask(&tax, 1, "GREEN_CHANNEL").await);
    assert_eq!(green, (false, vec!["RESTRICTED".to_owned(), "NOT_HONOURED".to_owned(), "BAD_RECORDS".to_owned()]));
}

#[actix_web::test]
async fn the_measures_are_listed_with_their_basis() {
    let app = TestApp::new();
    let query = "{ measures(kind: PUNISHMENT) { code group national edition title(language: EN) basis implementers { id } subjects } }";
    let listed = app.public().ask(query).await;
    let measures = listed.data("/measures").as_array().unwrap();
    assert_eq!(measures.len(), 13);
    assert!(measures.iter().all(|one| one["national"] == true && one["basis"][0].is_string()), "{}", listed.text);
}

/// What binds the department that asks joins its credit check: when it has taken a measure, while that does not rest, and nobody else's.
#[actix_web::test]
async fn a_credit_check_tells_the_measures_that_bind_the_department() {
    for scratch in Scratch::each() {
        let databases = Some((scratch.url.clone(), scratch.url.clone())).filter(|_| !scratch.is_sqlite());
        let app = TestApp::with(Wanted { databases, now: "2026-09-18T04:00:00Z", ..Wanted::default() });
        list(&app, 1, "2026-09-01");
        let sent = dispatched(&app, 1).await;
        assert_eq!(binding(&app, "TAX").await, json!([]), "it has not answered");
        for (department, answer) in [("TAX", "TAKEN"), ("AAS", "NOT_APPLICABLE")] {
            let input =
                json!({ "assignment": assignment(&sent, department)["id"], "answer": answer, "reason": "无相关事项" });
            respond(&app.department(department), input).await;
        }
        let bound =
            json!([{ "measure": { "code": "RESTRICT_PREFERENCES" }, "action": sent["id"], "endsOn": "2027-09-01" }]);
        assert_eq!(binding(&app, "TAX").await, bound);
        for department in ["AAS", "HUD", "PS"] {
            assert_eq!(binding(&app, department).await, json!([]), "{department} has taken none");
        }
        let record = super::stage::basis(&app.department("AMR"), 1).await;
        let own = app.subject(&format!("uscc:{}", uscc(1)));
        let object = "mutation($input: FileObjectionInput!) { fileObjection(input: $input) { ... on ApplicationSuccess { application { id } } } }";
        let filed = own.ask_with(object, json!({ "input": { "record": record, "reason": "事实不符" } })).await;
        assert!(filed.data("/fileObjection/application/id").is_string(), "{}", filed.text);
        assert_eq!(binding(&app, "TAX").await, json!([]), "it rests while the objection is examined");
    }
}

async fn binding(app: &TestApp, department: &str) -> Value {
    let check = "mutation($input: CreditCheckInput!) { creditCheck(input: $input) { ... on CreditCheckSuccess { checks { hits { list } \
                 measures { measure { code } action endsOn } } } } }";
    let input = json!({ "checks": [{ "uscc": uscc(1), "case": "T-1" }] });
    let answered = app.department(department).ask_with(check, json!({ "input": input })).await;
    assert_eq!(answered.data("/creditCheck/checks/0/hits/0/list"), "SERIOUS", "{}", answered.text);
    answered.data("/creditCheck/checks/0/measures").clone()
}
