//! The plan from beginning to end on one firm: act, initiation, dispatch, answers, reports, an objection that is rejected, the month's
//! returns, a year of reports, repair and tombstones; over the holidays of the autumn of 2026 and two make-up days.

use chengxin::domain::Role;
use serde_json::{Value, json};

use super::stage::{application, firm, object, record, take};
use crate::joint_actions::stage::{
    action, assignment, basis, dispatch, initiate, list, noon, report, respond, uscc, wanted,
};
use crate::support::databases::Scratch;
use crate::support::{Asker, TestApp, Wanted};

const VIEW: &str = "query($id: ID!) { jointAction(id: $id) { stage ending suspended basis { state annotations } \
    assignments { department { id } stage dueOn } steps { step role onTime } } }";

/// What each sees of the action, at one moment of the plan.
async fn views(app: &TestApp, id: &Value) -> Value {
    let own = firm(app, 1);
    let mut views = serde_json::Map::new();
    for (name, asker) in [
        ("1 initiator", app.department("AMR")),
        ("2 coordinator", app.coordinator()),
        ("3 implementer", app.department("TAX")),
        ("4 another department", app.department("PS")),
        ("5 subject", own),
        ("6 public", app.public()),
        ("7 auditor", app.administrator(Role::Auditor)),
    ] {
        let seen = asker.ask_with(VIEW, json!({ "id": id })).await;
        views.insert(name.to_owned(), seen.data("/jointAction").clone());
    }
    Value::Object(views)
}

async fn counts(asker: &Asker<'_>, month: &str) -> Value {
    let query = format!(
        "{{ executionReturn(month: \"{month}\") {{ dueOn rows {{ counts {{ assigned taken answeredLate reports amountYuan inForce }} }} }} }}"
    );
    let answered = asker.ask(&query).await;
    let made = answered.data("/executionReturn").clone();
    assert!(made.is_object(), "{}", answered.text);
    made
}

#[actix_web::test]
async fn the_plan_is_walked_from_the_act_to_the_repair() {
    for scratch in Scratch::each() {
        let databases = Some((scratch.url.clone(), scratch.url.clone())).filter(|_| !scratch.is_sqlite());
        let app = TestApp::with(Wanted { databases, now: "2026-09-18T04:00:00Z", ..Wanted::default() });
        list(&app, 1, "2026-09-01");
        let (sent, mut moments) = in_force(&app).await;
        let id = sent["id"].clone();
        objection_is_rejected(&app, &id, &mut moments).await;
        returns_of_the_month(&app).await;
        repaired(&app, &sent, &mut moments).await;
        insta::assert_snapshot!("plan_views", serde_json::to_string_pretty(&moments).unwrap());
    }
}

/// Act on 1 September, initiated on the 18th, dispatched on the 24th, answered by 9 October and by one on the make-up Saturday, reported.
async fn in_force(app: &TestApp) -> (Value, serde_json::Map<String, Value>) {
    let office = app.department("AMR");
    let mut input = wanted(&basis(&office, 1).await);
    input["endsOn"] = json!("2028-09-01");
    let started = action(&initiate(&office, input).await);
    assert_eq!(started["dueOn"], "2026-09-24", "five working days, the make-up Sunday one of them");
    app.clock.set(noon("2026-09-24"));
    let to = json!([
        { "measure": "RESTRICT_PREFERENCES", "departments": ["AAS", "TAX"] },
        { "measure": "KEY_SUPERVISION", "departments": ["HUD"] }
    ]);
    let sent = action(&dispatch(&app.coordinator(), json!({ "id": started["id"], "assignments": to })).await);
    for (day, department) in [("2026-10-09", "TAX"), ("2026-10-09", "HUD"), ("2026-10-10", "AAS")] {
        app.clock.set(noon(day));
        let input = json!({ "assignment": assignment(&sent, department)["id"], "answer": "TAKEN" });
        let answered = respond(&app.department(department), input).await;
        let taken = action(&answered);
        let last = taken["steps"].as_array().unwrap().last().unwrap();
        assert_eq!(last["onTime"], department != "AAS", "due on the 9th, over two holidays: {}", answered.text);
    }
    for department in ["TAX", "HUD", "AAS"] {
        reported(app, &sent, department).await;
    }
    let views = views(app, &sent["id"]).await;
    (sent, [("1 in force".to_owned(), views)].into_iter().collect())
}

async fn reported(app: &TestApp, sent: &Value, department: &str) {
    let input = json!({ "assignment": assignment(sent, department)["id"], "report": "已停止适用容缺受理", "amountYuan": "500.5" });
    let answered = report(&app.department(department), input).await;
    assert_eq!(answered.codes(), Vec::<&str>::new(), "{}", answered.text);
}

async fn objection_is_rejected(app: &TestApp, id: &Value, moments: &mut serde_json::Map<String, Value>) {
    app.clock.set(noon("2026-10-13"));
    let listed = basis(&firm(app, 1), 1).await;
    let objection = application(&object(app, 1, &listed).await);
    assert_eq!(objection["dueOn"], "2026-10-16", "three working days");
    moments.insert("2 under objection".to_owned(), views(app, id).await);
    app.clock.set(noon("2026-10-15"));
    let input = json!({ "id": objection["id"], "answer": "REJECTED", "reason": "认定事实清楚" });
    let answered = application(&take(&app.department("AMR"), "answerObjection", input).await);
    assert_eq!(answered["stage"], "REJECTED");
    moments.insert("3 going on".to_owned(), views(app, id).await);
}

async fn returns_of_the_month(app: &TestApp) {
    app.clock.set(noon("2026-11-02"));
    let made = counts(&app.department("AAS"), "2026-10").await;
    let numbers =
        json!({ "assigned": 0, "taken": 1, "answeredLate": 1, "reports": 1, "amountYuan": "500.50", "inForce": 1 });
    assert_eq!(made, json!({ "dueOn": "2026-11-10", "rows": [{ "counts": numbers }] }));
    let coordinator = app.coordinator();
    let summed = coordinator.ask(
        "{ initiatorReturn(month: \"2026-10\") { dueOn rows { initiator { id } counts { taken answeredLate \
                                        reports amountYuan inForce } } } }",
    );
    let numbers = json!({ "taken": 3, "answeredLate": 1, "reports": 3, "amountYuan": "1501.50", "inForce": 1 });
    assert_eq!(
        summed.await.data("/initiatorReturn"),
        &json!({ "dueOn": "2026-11-15", "rows": [{ "initiator": { "id": "AMR" }, "counts": numbers }] })
    );
}

/// A serious matter may be repaired after a year.
async fn repaired(app: &TestApp, sent: &Value, moments: &mut serde_json::Map<String, Value>) {
    app.clock.set(noon("2027-09-01"));
    let late = app.coordinator().ask("{ overdueSteps { nodes { step department { id } } } }").await;
    assert_eq!(
        late.data("/overdueSteps/nodes").as_array().map(Vec::len),
        Some(3),
        "a year without reports: {}",
        late.text
    );
    for department in ["TAX", "HUD", "AAS"] {
        reported(app, sent, department).await;
    }
    let listed = basis(&firm(app, 1), 1).await;
    let digest = "ab".repeat(32);
    let input = json!({ "record": listed, "commitment": "承诺依法经营", "papers": [
        { "kind": "PERFORMANCE_PROOF", "name": "履行完毕证明.pdf", "sha256": digest },
        { "kind": "COMMITMENT", "name": "信用承诺书.pdf", "sha256": digest }
    ] });
    let filed = application(&take(&firm(app, 1), "applyForRepair", input).await);
    moments.insert("4 under repair".to_owned(), views(app, &sent["id"]).await);
    for (decision, stage) in [("ACCEPT", "ACCEPTED"), ("APPROVE", "APPROVED")] {
        let input = json!({ "id": filed["id"], "decision": decision, "reason": "材料齐全" });
        let decided = application(&take(&app.department("AMR"), "decideRepair", input).await);
        assert_eq!(decided["stage"], stage);
    }
    moments.insert("5 repaired".to_owned(), views(app, &sent["id"]).await);
    for asker in [app.public(), app.department("TAX")] {
        let seen = asker.ask(&format!("{{ subject(uscc: \"{}\") {{ counts {{ count }} }} }}", uscc(1))).await;
        assert!(seen.data("/subject").is_null(), "neither published nor shared: {}", seen.text);
        assert!(record(&asker, &listed).await.is_null());
    }
    let stones = app.department("TAX").ask("{ tombstones { nodes { id cause } } }").await;
    assert_eq!(stones.data("/tombstones/nodes/0/cause"), "REPAIRED", "{}", stones.text);
    let acknowledge = "mutation($input: AcknowledgeTombstonesInput!) { acknowledgeTombstones(input: $input) { \
                       ... on AcknowledgeTombstonesSuccess { acknowledged } } }";
    let input = json!({ "input": { "ids": [stones.data("/tombstones/nodes/0/id")] } });
    let done = app.department("TAX").ask_with(acknowledge, input).await;
    assert_eq!(done.data("/acknowledgeTombstones/acknowledged"), 1, "{}", done.text);
    let made = counts(&app.department("TAX"), "2027-09").await;
    assert_eq!(made["rows"][0]["counts"]["inForce"], 0, "lifted by the repair: {made}");
}
