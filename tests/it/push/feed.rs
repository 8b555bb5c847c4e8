//! The feed: each receiver's own events, in order, written with the step; nobody else's.

use chengxin::exchange::joint_action;
use serde_json::{Value, json};

use crate::applications::stage::{app, application, firm, object, take};
use crate::joint_actions::stage::{
    assignment, basis, dispatched, initiate, list, problems, report, respond, uscc, wanted,
};
use crate::support::databases::Scratch;
use crate::support::{Asker, TestApp, Wanted};

pub const EVENT: &str =
    "id kind step at entry action { id stage } assignment { id stage } application { id stage } tombstone { id cause }";

/// Every event of a caller, read two at a time.
pub async fn events(asker: &Asker<'_>) -> Vec<Value> {
    let (mut all, mut after) = (Vec::new(), Value::Null);
    loop {
        let query = format!(
            "query($after: String) {{ events(first: 2, after: $after) {{ nodes {{ {EVENT} }} pageInfo {{ hasNextPage endCursor }} }} }}"
        );
        let answered = asker.ask_with(&query, json!({ "after": after })).await;
        assert!(answered.codes().is_empty(), "{}", answered.text);
        all.extend(answered.data("/events/nodes").as_array().unwrap().iter().cloned());
        if answered.data("/events/pageInfo/hasNextPage") != true {
            return all;
        }
        after = answered.data("/events/pageInfo/endCursor").clone();
    }
}

/// Kind and step of each.
pub fn words(events: &[Value]) -> Vec<String> {
    let word = |event: &Value| format!("{} {}", event["kind"].as_str().unwrap(), event["step"].as_str().unwrap());
    events.iter().map(word).collect()
}

#[actix_web::test]
async fn everybody_concerned_is_told_of_every_step_in_order_and_nobody_else() {
    for database in Scratch::each() {
        let url = database.url.clone();
        let databases = if database.is_sqlite() { None } else { Some((url.clone(), url)) };
        let app = TestApp::with(Wanted { now: "2026-09-18T04:00:00Z", databases, ..Wanted::default() });
        tells(&app).await;
    }
}

async fn tells(app: &TestApp) {
    list(app, 1, "2025-09-01");
    let action = dispatched(app, 1).await;
    let (tax, office) = (app.department("TAX"), app.department("AMR"));
    let own = assignment(&action, "TAX")["id"].clone();
    respond(&tax, json!({ "assignment": own, "answer": "TAKEN" })).await;
    report(&tax, json!({ "assignment": own, "report": "已限制", "amountYuan": "0.00" })).await;
    let record = basis(&office, 1).await;
    let objection = application(&object(app, 1, &record).await)["id"].clone();
    let reason = json!({ "id": objection, "answer": "REJECTED", "reason": "事实清楚" });
    take(&office, "answerObjection", reason).await;
    let of_tax = events(&tax).await;
    assert_eq!(words(&of_tax), ["ASSIGNMENT DISPATCH", "ASSIGNMENT SUSPEND", "ASSIGNMENT RESUME"]);
    for event in &of_tax {
        assert_eq!(event["assignment"]["id"], own, "{event}");
        assert_eq!(event["action"]["id"], action["id"], "{event}");
        assert!(event["application"].is_null() && event["tombstone"].is_null(), "{event}");
    }
    assert_eq!(
        words(&events(&office).await),
        [
            "JOINT_ACTION DISPATCH",
            "ASSIGNMENT RESPOND",
            "ASSIGNMENT FEEDBACK",
            "JOINT_ACTION SUSPEND",
            "APPLICATION FILE",
            "JOINT_ACTION RESUME",
            "APPLICATION REJECT"
        ]
    );
    assert_eq!(
        words(&events(&app.coordinator()).await),
        [
            "JOINT_ACTION INITIATE",
            "JOINT_ACTION DISPATCH",
            "ASSIGNMENT RESPOND",
            "ASSIGNMENT FEEDBACK",
            "JOINT_ACTION SUSPEND",
            "JOINT_ACTION RESUME"
        ]
    );
    assert_eq!(events(&app.department("PUB")).await, Vec::<Value>::new(), "a department that nothing was assigned to");
    // Whose event it is not learns nothing of it, whatever it asks.
    let id = of_tax[0]["id"].as_str().unwrap();
    let by_id = format!("{{ event(id: \"{id}\") {{ id kind }} }}");
    assert_eq!(tax.ask(&by_id).await.data("/event/id"), id);
    for other in [&office, &app.coordinator(), &app.department("PUB")] {
        assert!(other.ask(&by_id).await.data("/event").is_null());
        let after = other.ask(&format!("{{ events(after: \"{id}\") {{ nodes {{ id }} }} }}")).await;
        let unknown = other.ask("{ events(after: \"AAAA\") { nodes { id } } }").await;
        assert_eq!(after.json["errors"][0]["message"], unknown.json["errors"][0]["message"]);
        assert_eq!(after.codes(), ["BAD_USER_INPUT"]);
    }
    for nobody in [app.public(), firm(app, 1), app.administrator(chengxin::domain::Role::Auditor)] {
        assert_eq!(nobody.ask("{ events { nodes { id } } }").await.codes(), ["FORBIDDEN"]);
        assert_eq!(nobody.ask(&by_id).await.codes(), ["FORBIDDEN"]);
        assert_eq!(nobody.ask("{ webhooks { id } }").await.codes(), ["FORBIDDEN"]);
    }
}

#[actix_web::test]
async fn whoever_received_a_record_is_told_what_became_of_it() {
    let app = app();
    list(&app, 1, "2025-09-01");
    let record = basis(&app.department("AMR"), 1).await;
    basis(&app.department("TAX"), 1).await;
    let objection = application(&object(&app, 1, &record).await)["id"].clone();
    let answer = json!({ "id": objection, "answer": "WITHDRAWN", "reason": "认定有误", "notice": "恢复信誉" });
    take(&app.department("AMR"), "answerObjection", answer).await;
    let told = events(&app.department("TAX")).await;
    let gateway = &app.service.gateway;
    let place = |after| chengxin::exchange::push::feed::place(gateway, "TAX", after).unwrap();
    assert_eq!((place(None), place(told[0]["id"].as_str())), (1, 1), "a subscription begins after what there is");
    assert_eq!(words(&told), ["TOMBSTONE UPHOLD"]);
    assert_eq!(told[0]["tombstone"]["cause"], "WITHDRAWN");
}

#[actix_web::test]
async fn a_step_that_is_refused_or_ends_by_itself_tells_what_happened_and_no_more() {
    let app = app();
    list(&app, 1, "2025-09-01");
    let office = app.department("AMR");
    let refused = initiate(
        &office,
        json!({ "basis": basis(&office, 1).await, "kind": "PUNISHMENT", "measures": [],
        "legalBasis": "样例", "notifiedOn": "2026-09-16", "endsOn": "2027-09-01", "reason": "样例" }),
    );
    assert_eq!(problems(&refused.await), ["MEASURES"]);
    assert!(events(&app.coordinator()).await.is_empty(), "nothing was done");
    let mut input = wanted(&basis(&office, 1).await);
    input["endsOn"] = json!("2026-09-30");
    initiate(&office, input).await;
    app.clock.set(crate::joint_actions::stage::noon("2026-10-01"));
    let service = std::sync::Arc::clone(&app.service);
    let expired = std::thread::spawn(move || joint_action::end::expire(&service.gateway).unwrap());
    assert_eq!(expired.join().unwrap(), 1);
    let office = app.department("AMR");
    assert_eq!(words(&events(&office).await), ["JOINT_ACTION END"], "{}", uscc(1));
    let coordinator = events(&app.coordinator()).await;
    assert_eq!(words(&coordinator), ["JOINT_ACTION INITIATE", "JOINT_ACTION END"]);
}
