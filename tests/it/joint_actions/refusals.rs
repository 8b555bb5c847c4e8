//! What is refused: steps that are not the caller's, out of order, or that rest on nothing.

use chengxin::domain::Role;
use serde_json::{Value, json};

use super::stage::{
    action, assignment, basis, dispatch, dispatched, end, initiate, list, problems, record_of, report, respond, wanted,
};
use crate::support::{TestApp, Wanted};

fn app() -> TestApp {
    let app = TestApp::with(Wanted { now: "2026-09-18T04:00:00Z", ..Wanted::default() });
    list(&app, 1, "2026-09-01");
    app
}

#[actix_web::test]
async fn what_an_action_needs_is_told_part_by_part_and_then_nothing_is_initiated() {
    let app = app();
    let office = app.department("AMR");
    let basis = basis(&office, 1).await;
    for (member, value, codes) in [
        ("basis", json!("nothing"), &["ID"][..]),
        ("measures", json!([]), &["MEASURES"]),
        ("measures", json!(["LIFE_IN_PRISON"]), &["MEASURE"]),
        ("measures", json!(["GREEN_CHANNEL"]), &["MEASURE"]),
        ("measures", json!(["PRUDENT_LENDING"]), &["MEASURE"]),
        ("measures", json!(["RESTRICT_EXIT"]), &["MEASURE"]),
        ("measures", json!(["KEY_SUPERVISION", "KEY_SUPERVISION"]), &["MEASURE"]),
        ("kind", json!("INCENTIVE"), &["MEASURE", "MEASURE"]),
        ("legalBasis", json!("  "), &["LEGAL_BASIS"]),
        ("reason", json!(""), &["TEXT"]),
        ("notifiedOn", json!("2026-09-19"), &["NOTIFIED"]),
        ("notifiedOn", json!("2026-08-31"), &["NOTIFIED"]),
        ("actOn", json!("2026-09-19"), &["ACT"]),
        ("endsOn", json!("2026-09-17"), &["TERM"]),
        ("endsOn", json!("2099-01-01"), &["TERM"]),
    ] {
        let mut input = wanted(&basis);
        input[member] = value.clone();
        let answered = initiate(&office, input).await;
        assert_eq!(problems(&answered), codes, "{member} = {value}: {}", answered.text);
    }
    let listed = app.coordinator().ask("{ jointActions { nodes { id } } }").await;
    assert_eq!(listed.data("/jointActions/nodes"), &json!([]));
    assert!(action(&initiate(&office, wanted(&basis)).await)["id"].is_string());
    assert_eq!(problems(&initiate(&office, wanted(&basis)).await), ["DUPLICATE"]);
}

#[actix_web::test]
async fn nothing_rests_on_a_licence_and_a_right_is_not_taken_for_a_penalty() {
    let app = TestApp::new();
    let licensed = crate::answers::licences(&app);
    let fined = super::stage::uscc(7);
    let penalty = format!(
        "CF_XDR_MC,CF_XDR_LB,CF_XDR_SHXYM,CF_FRDB,CF_WSH,CF_WFXW,CF_SY,CF_YJ,CF_CFLB,CF_NR,CF_NR_FK,CF_JDRQ,CF_YXQ,CF_CFJG,CF_SJLY\n\
         东营联合7有限公司,法人及非法人组织,{fined},张测试,东测罚〔2026〕7号,样例,样例,样例法,罚款,罚款一万元,1,2026-11-16,2027-11-16,市市场监督管理局,市市场监督管理局\n"
    );
    let imported = app.import("administrative-penalty", &penalty);
    assert_eq!(imported.accepted, 1, "{imported:?}");
    let mut input = wanted("");
    input["notifiedOn"] = json!("2026-11-20");
    for (department, uscc, measure, codes) in [
        ("AAS", &licensed, "KEY_SUPERVISION", &["MEASURE"][..]),
        ("AMR", &fined, "RESTRICT_MARKET_ACCESS", &["MEASURE"]),
        ("AMR", &fined, "KEY_SUPERVISION", &[]),
    ] {
        input["basis"] = json!(record_of(&app.department(department), uscc).await);
        input["measures"] = json!([measure]);
        let answered = initiate(&app.department(department), input.clone()).await;
        if codes.is_empty() {
            assert_eq!(action(&answered)["stage"], "INITIATED");
        } else {
            assert_eq!(problems(&answered), codes, "{department} {measure}: {}", answered.text);
        }
    }
}

/// Every step by everybody it does not belong to.
#[actix_web::test]
async fn a_step_is_its_departments_alone() {
    let app = app();
    let stranger = app.department("PS");
    let record = basis(&app.department("AMR"), 1).await;
    let refused = initiate(&app.department("TAX"), wanted(&record)).await;
    assert_eq!(problems(&refused), ["NOT_PERMITTED"], "another department's record: {}", refused.text);
    let flags = app.service.gateway.ledger.entry(refused.index()).unwrap().unwrap().leaf.flags;
    assert!(flags.contains(&"OVERREACH".to_owned()), "{flags:?}");
    let sent = dispatched(&app, 1).await;
    let of_tax = &assignment(&sent, "TAX")["id"];
    let answer = json!({ "assignment": of_tax, "answer": "TAKEN" });
    let done = json!({ "assignment": of_tax, "report": "done" });
    let over = json!({ "id": sent["id"], "ending": "REVOKED", "reason": "x" });
    for (answered, told) in [
        (respond(&app.department("AAS"), answer.clone()).await, "NOT_PERMITTED"),
        (respond(&app.coordinator(), answer.clone()).await, "NOT_PERMITTED"),
        (respond(&stranger, answer.clone()).await, "ID"),
        (report(&app.department("HUD"), done.clone()).await, "NOT_PERMITTED"),
        (end(&app.department("TAX"), over.clone()).await, "NOT_PERMITTED"),
        (end(&stranger, over.clone()).await, "ID"),
    ] {
        assert_eq!(problems(&answered), [told], "{}", answered.text);
    }
    let own = app.subject(&format!("uscc:{}", super::stage::uscc(1)));
    let roles = [Role::Auditor, Role::SecurityAdmin, Role::SystemAdmin].map(|role| app.administrator(role));
    for asker in roles.iter().chain([&own, &app.public()]) {
        for answered in [
            initiate(asker, wanted(&record)).await,
            dispatch(asker, json!({ "id": sent["id"] })).await,
            respond(asker, answer.clone()).await,
            report(asker, done.clone()).await,
            end(asker, over.clone()).await,
        ] {
            assert_eq!((answered.status, answered.codes()), (403, vec!["FORBIDDEN"]), "{}", answered.text);
        }
    }
    assert_eq!(dispatch(&app.department("AMR"), json!({ "id": sent["id"] })).await.codes(), ["FORBIDDEN"]);
}

/// Every step at every stage where it is not the next one.
#[actix_web::test]
async fn a_step_out_of_order_is_told_and_changes_nothing() {
    let app = app();
    let office = app.department("AMR");
    let record = basis(&office, 1).await;
    let id = action(&initiate(&office, wanted(&record)).await)["id"].clone();
    let to = |departments: Value| json!([{ "measure": "KEY_SUPERVISION", "departments": departments }]);
    let coordinator = app.coordinator();
    for (input, code) in [
        (json!({ "id": id }), "DEPARTMENT"),
        (json!({ "id": id, "assignments": to(json!([])) }), "DEPARTMENT"),
        (json!({ "id": id, "assignments": to(json!(["NOBODY"])) }), "DEPARTMENT"),
        (
            json!({ "id": id, "assignments": [{ "measure": "RESTRICT_EXIT", "departments": ["PS"] }, to(json!(["HUD"]))[0]] }),
            "MEASURE",
        ),
        (
            json!({ "id": id, "assignments": [{ "measure": "RESTRICT_PREFERENCES", "departments": ["PS"] }, to(json!(["HUD"]))[0]] }),
            "DEPARTMENT",
        ),
    ] {
        let answered = dispatch(&coordinator, input).await;
        assert_eq!(problems(&answered), [code], "{}", answered.text);
    }
    let sent = action(&dispatch(&coordinator, json!({ "id": id, "assignments": to(json!(["HUD"])) })).await);
    let again = dispatch(&coordinator, json!({ "id": id, "assignments": to(json!(["HUD"])) })).await;
    assert_eq!(problems(&again), ["ALREADY_DISPATCHED"]);
    let hud = app.department("HUD");
    let own = &assignment(&sent, "HUD")["id"];
    let answer = |answer: &str| json!({ "assignment": own, "answer": answer, "reason": "不适用" });
    assert_eq!(problems(&report(&hud, json!({ "assignment": own, "report": "x" })).await), ["NOT_TAKEN"]);
    let blank = respond(&hud, json!({ "assignment": own, "answer": "NOT_APPLICABLE" })).await;
    assert_eq!(problems(&blank), ["TEXT"], "a reason: {}", blank.text);
    assert_eq!(action(&respond(&hud, answer("TAKEN")).await)["stage"], "DISPATCHED");
    assert_eq!(problems(&respond(&hud, answer("NOT_APPLICABLE")).await), ["ALREADY_ANSWERED"]);
    for amount in ["-1", "1e9", "1.234"] {
        let answered = report(&hud, json!({ "assignment": own, "report": "x", "amountYuan": amount })).await;
        assert_eq!(problems(&answered), ["AMOUNT"], "{amount}");
    }
    assert_eq!(problems(&end(&office, json!({ "id": id, "ending": "EXPIRED", "reason": "x" })).await), ["ENDING"]);
    action(&end(&office, json!({ "id": id, "ending": "REPAIRED", "reason": "已纠正" })).await);
    let done = report(&hud, json!({ "assignment": own, "report": "x" })).await;
    assert_eq!(problems(&done), ["ENDED"], "{}", done.text);
    let begun_again = initiate(&office, wanted(&record)).await;
    assert!(
        action(&begun_again)["id"].is_string(),
        "after an end the record may be the basis of another: {}",
        begun_again.text
    );
}
