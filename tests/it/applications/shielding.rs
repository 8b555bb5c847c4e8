//! 暂时屏蔽: what a court's ruling opens, what it hides meanwhile, and how it ends.

use serde_json::{Value, json};

use super::stage::{app, application, firm, object, record, take};
use crate::joint_actions::stage::{basis, dispatched, list, noon, problems, uscc};
use crate::support::TestApp;

fn paper(kind: &str) -> Value {
    json!({ "kind": kind, "name": format!("{kind}.pdf"), "sha256": "ab".repeat(32) })
}

fn wanted(record: &str, kinds: &[&str]) -> Value {
    let papers: Vec<Value> = kinds.iter().map(|kind| paper(kind)).collect();
    json!({ "record": record, "commitment": "承诺执行重整计划", "papers": papers })
}

fn decision(id: &Value, decision: &str) -> Value {
    json!({ "id": id, "decision": decision, "reason": "法院已裁定批准重整计划" })
}

async fn decided(app: &TestApp, id: &Value, word: &str) -> Value {
    application(&take(&app.department("AMR"), "decideRepair", decision(id, word)).await)
}

async fn refused(app: &TestApp, id: &Value, word: &str) -> Vec<String> {
    problems(&take(&app.department("AMR"), "decideRepair", decision(id, word)).await)
}

/// A listing of this month with measures that rest on it, shielded: the record, the application and the joint action.
async fn shielded(app: &TestApp, serial: u32) -> (String, Value, Value) {
    list(app, serial, "2026-09-01");
    let sent = dispatched(app, serial).await;
    let id = basis(&firm(app, serial), serial).await;
    let input = wanted(&id, &["COURT_RULING", "COMMITMENT"]);
    let filed = application(&take(&firm(app, serial), "applyForRepair", input).await);
    assert_eq!(refused(app, &filed["id"], "SHIELD").await, ["NOT_ACCEPTED"]);
    decided(app, &filed["id"], "ACCEPT").await;
    assert_eq!(refused(app, &filed["id"], "APPROVE").await, ["TOO_EARLY"], "a ruling shortens no period");
    let shielded = decided(app, &filed["id"], "SHIELD").await;
    (id, shielded, sent["id"].clone())
}

async fn action(app: &TestApp, id: &Value) -> Value {
    let query = "query($id: ID!) { jointAction(id: $id) { stage ending suspended } }";
    app.coordinator().ask_with(query, json!({ "id": id })).await.data("/jointAction").clone()
}

async fn is_hidden(app: &TestApp, id: &str, serial: u32) {
    for asker in [app.public(), app.department("TAX"), app.coordinator()] {
        assert!(record(&asker, id).await.is_null(), "shielded: nobody but its subject finds it");
        let query = format!("{{ subject(uscc: \"{}\") {{ annotations counts {{ count }} }} }}", uscc(serial));
        let counted = asker.ask(&query).await;
        assert!(counted.data("/subject").is_null(), "nor counted, nor marked: {}", counted.text);
    }
}

#[actix_web::test]
async fn a_ruling_shields_before_the_shortest_period_and_repair_follows_when_the_plan_is_carried_out() {
    let app = app();
    let (id, shielded, joint) = shielded(&app, 1).await;
    assert_eq!(
        (&shielded["stage"], &shielded["decidedAs"], &shielded["decidedOn"], &shielded["dueOn"]),
        (&json!("SHIELDED"), &json!("SHIELDED"), &Value::Null, &Value::Null),
        "{shielded:#}"
    );
    let told: Vec<(&Value, &Value)> =
        shielded["receivers"].as_array().unwrap().iter().map(|one| (&one["receiver"], &one["cause"])).collect();
    let cause = &json!("SHIELDED");
    assert_eq!(told, [(&json!("AAS"), cause), (&json!("HUD"), cause), (&json!("TAX"), cause)]);
    assert_eq!(action(&app, &joint).await, json!({ "stage": "DISPATCHED", "ending": null, "suspended": true }));
    is_hidden(&app, &id, 1).await;
    let own = record(&firm(&app, 1), &id).await;
    assert_eq!((&own["state"], &own["annotations"]), (&json!("SHIELDED"), &json!(["UNDER_REPAIR"])));

    assert_eq!(refused(&app, &shielded["id"], "SHIELD").await, ["ALREADY_SHIELDED"]);
    assert_eq!(problems(&object(&app, 1, &id).await), ["NOT_IN_USE"]);
    let again = take(&firm(&app, 1), "applyForRepair", wanted(&id, &["COURT_RULING", "COMMITMENT"])).await;
    assert_eq!(problems(&again), ["NOT_IN_USE", "DUPLICATE"]);
    assert_eq!(super::repairs::reported_again(&app, 1, "2026-09-01").updated, 1);
    is_hidden(&app, &id, 1).await;

    app.clock.set(noon("2027-09-01"));
    let approved = decided(&app, &shielded["id"], "APPROVE").await;
    assert_eq!((&approved["stage"], &approved["decidedAs"]), (&json!("APPROVED"), &json!("REPAIRED")));
    let joint = action(&app, &joint).await;
    assert_eq!((&joint["stage"], &joint["ending"]), (&json!("ENDED"), &json!("REPAIRED")));
    is_hidden(&app, &id, 1).await;
}

#[actix_web::test]
async fn rejected_or_taken_back_the_record_stands_again_and_measures_go_on() {
    let app = app();
    for (serial, by_author) in [(1, false), (2, true)] {
        let (id, shielded, joint) = shielded(&app, serial).await;
        let ended = if by_author {
            application(&take(&firm(&app, serial), "retractApplication", json!({ "id": shielded["id"] })).await)
        } else {
            decided(&app, &shielded["id"], "REJECT").await
        };
        assert_eq!(
            (&ended["stage"], &ended["decidedAs"]),
            (&json!(if by_author { "RETRACTED" } else { "REJECTED" }), &json!("RESTORED"))
        );
        let causes: Vec<&Value> = ended["receivers"].as_array().unwrap().iter().map(|one| &one["cause"]).collect();
        assert_eq!(causes.iter().filter(|cause| **cause == "RESTORED").count(), 3, "{causes:?}");
        assert_eq!(action(&app, &joint).await["suspended"], false);
        let seen = record(&app.public(), &id).await;
        assert_eq!((&seen["state"], &seen["annotations"]), (&json!("CURRENT"), &json!([])));
    }
}

#[actix_web::test]
async fn without_a_ruling_nothing_is_shielded_and_an_objection_upheld_meanwhile_comes_first() {
    let app = app();
    list(&app, 1, "2025-09-01");
    let id = basis(&firm(&app, 1), 1).await;
    let input = wanted(&id, &["PERFORMANCE_PROOF", "COMMITMENT"]);
    let filed = application(&take(&firm(&app, 1), "applyForRepair", input).await);
    decided(&app, &filed["id"], "ACCEPT").await;
    assert_eq!(refused(&app, &filed["id"], "SHIELD").await, ["RULING"]);
    assert_eq!(record(&app.public(), &id).await["state"], "CURRENT");

    list(&app, 2, "2026-09-01");
    let sent = dispatched(&app, 2).await;
    let id = basis(&firm(&app, 2), 2).await;
    let objection = application(&object(&app, 2, &id).await);
    let input = wanted(&id, &["COURT_RULING", "COMMITMENT"]);
    let repair = application(&take(&firm(&app, 2), "applyForRepair", input).await);
    decided(&app, &repair["id"], "ACCEPT").await;
    decided(&app, &repair["id"], "SHIELD").await;
    let upheld = json!({ "id": objection["id"], "answer": "WITHDRAWN", "reason": "认定有误", "notice": "恢复名誉" });
    let upheld = application(&take(&app.department("AMR"), "answerObjection", upheld).await);
    assert_eq!(upheld["decidedAs"], "WITHDRAWN");
    assert_eq!(action(&app, &sent["id"]).await["ending"], "REVOKED");
    assert_eq!(refused(&app, &repair["id"], "APPROVE").await, ["NOT_IN_USE"]);
    let over = decided(&app, &repair["id"], "REJECT").await;
    assert_eq!(over["stage"], "REJECTED");
    assert_eq!(record(&firm(&app, 2), &id).await["state"], "WITHDRAWN", "a withdrawn record does not come back");
}
