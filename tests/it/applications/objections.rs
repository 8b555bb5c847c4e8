//! Objections: measures rest at once, and go on, or end with what was right about it.

use serde_json::{Value, json};

use super::stage::{APPLICATION, app, application, firm, object, record, take};
use crate::joint_actions::stage::{assignment, basis, dispatched, list, noon, problems, respond, uscc};
use crate::support::TestApp;

async fn action(app: &TestApp, id: &Value) -> Value {
    let query = "query($id: ID!) { jointAction(id: $id) { stage ending suspended assignments { id department { id } stage dueOn } \
                 steps { step role facts } } }";
    app.coordinator().ask_with(query, json!({ "id": id })).await.data("/jointAction").clone()
}

#[actix_web::test]
async fn measures_rest_while_an_objection_is_examined_and_go_on_with_the_days_they_had_left() {
    let app = app();
    list(&app, 1, "2026-09-01");
    let sent = dispatched(&app, 1).await;
    assert_eq!(assignment(&sent, "TAX")["dueOn"], "2026-09-24", "four working days from the 18th");
    let of_tax = json!({ "assignment": assignment(&sent, "TAX")["id"], "answer": "TAKEN" });
    let id = basis(&firm(&app, 1), 1).await;
    app.clock.set(noon("2026-09-21"));
    let filed = object(&app, 1, &id).await;
    let objection = application(&filed);
    assert_eq!(
        (&objection["stage"], &objection["dueOn"], &objection["record"]["annotations"]),
        (&json!("FILED"), &json!("2026-09-24"), &json!(["UNDER_OBJECTION"])),
        "{}",
        filed.text
    );
    let resting = action(&app, &sent["id"]).await;
    assert_eq!((&resting["suspended"], &assignment(&resting, "TAX")["dueOn"]), (&json!(true), &Value::Null));
    assert_eq!(problems(&respond(&app.department("TAX"), of_tax.clone()).await), ["SUSPENDED"]);
    assert_eq!(problems(&object(&app, 1, &id).await), ["DUPLICATE"]);
    let seen = record(&app.public(), &id).await;
    assert_eq!(seen["annotations"], json!(["UNDER_OBJECTION"]), "whoever sees the record sees the mark");
    let of_subject = app.public().ask(&format!("{{ subject(uscc: \"{}\") {{ annotations }} }}", uscc(1))).await;
    assert_eq!(of_subject.data("/subject/annotations"), &json!(["UNDER_OBJECTION"]), "{}", of_subject.text);

    app.clock.set(noon("2026-09-24"));
    let input = json!({ "id": objection["id"], "answer": "REJECTED", "reason": "认定事实清楚" });
    let answered = take(&app.department("AMR"), "answerObjection", input).await;
    let answered = application(&answered);
    assert_eq!((&answered["stage"], &answered["decidedAs"]), (&json!("REJECTED"), &Value::Null));
    assert_eq!(answered["steps"][1]["onTime"], true);
    assert_eq!(record(&app.public(), &id).await["annotations"], json!([]));
    let going_on = action(&app, &sent["id"]).await;
    assert_eq!(going_on["suspended"], false);
    assert_eq!(
        assignment(&going_on, "TAX")["dueOn"],
        "2026-09-30",
        "three working days were left on the 21st, and a holiday begins"
    );
    let words: Vec<&Value> = going_on["steps"].as_array().unwrap().iter().map(|step| &step["step"]).collect();
    assert_eq!(words, ["INITIATE", "DISPATCH", "SUSPEND", "RESUME"]);
    assert!(respond(&app.department("TAX"), of_tax).await.codes().is_empty());
}

#[actix_web::test]
async fn a_record_that_was_wrong_is_corrected_field_by_field_and_every_receiver_learns_of_it() {
    let app = app();
    list(&app, 1, "2026-09-01");
    let sent = dispatched(&app, 1).await;
    let id = basis(&firm(&app, 1), 1).await;
    // The police have read it; the health office has not.
    let read = format!("{{ subject(uscc: \"{}\") {{ records {{ nodes {{ id }} }} }} }}", uscc(1));
    app.department("PS").ask(&read).await;
    let objection = application(&object(&app, 1, &id).await);
    let row = json!({ "信用主体类别": "法人及非法人组织", "统一社会信用代码": uscc(1), "单位名称": "东营联合1有限公司", "名单名称": "样例名单",
        "列入事由": "更正后的事由", "列入依据": "样例办法第三条", "认定文号": "样例列字〔2026〕1号", "列入决定机关": "东营市市场监督管理局",
        "列入日期": "2026-09-01", "数据来源单位": "东营市市场监督管理局" });
    let answer = |row: Value, notice: Value| json!({ "id": objection["id"], "answer": "CORRECTED", "reason": "事由录入有误", "notice": notice, "row": row });
    let office = app.department("AMR");
    let mut other = row.clone();
    other["认定文号"] = json!("样例列字〔2026〕99号");
    for (input, code) in [
        (answer(row.clone(), Value::Null), "TEXT"),
        (answer(Value::Null, json!("x")), "ROW"),
        (answer(other, json!("x")), "ROW_UNCHANGED"),
    ] {
        assert_eq!(problems(&take(&office, "answerObjection", input).await), [code]);
    }
    let answered = take(&office, "answerObjection", answer(row, json!("现予更正，消除影响"))).await;
    let corrected = application(&answered);
    assert_eq!((&corrected["stage"], &corrected["decidedAs"]), (&json!("UPHELD"), &json!("CORRECTED")));
    let facts: Value = serde_json::from_str(corrected["steps"][1]["facts"].as_str().unwrap()).unwrap();
    assert_eq!(
        facts["changes"],
        json!([
            { "field": "listingReason", "sealed": true },
            { "field": "listingBasis", "old": "样例办法", "new": "样例办法第三条" }
        ]),
        "old and new of what is plain, of what is sealed that it changed: {facts}"
    );
    let receivers = corrected["receivers"].as_array().unwrap();
    let names: Vec<&Value> = receivers.iter().map(|one| &one["receiver"]).collect();
    assert_eq!(names, ["AAS", "HUD", "PS", "TAX"], "those who were assigned a measure, and the police: {corrected:#}");
    let lifted = action(&app, &sent["id"]).await;
    assert_eq!((&lifted["stage"], &lifted["ending"]), (&json!("ENDED"), &json!("REVOKED")));
    let own = firm(&app, 1);
    let seen = own
        .ask_with(
            &format!("query($id: ID!) {{ application(id: $id) {{ {APPLICATION} }} }}"),
            json!({ "id": objection["id"] }),
        )
        .await;
    assert_eq!(seen.data("/application/steps/1/notice"), "现予更正，消除影响", "{}", seen.text);
    assert_eq!(record(&own, &id).await["listingReason"], "更正后的事由");

    let waiting = "{ tombstones { nodes { id cause item { code } record } } }";
    let stones = app.department("PS").ask(waiting).await;
    let stone = stones.data("/tombstones/nodes/0");
    assert_eq!((&stone["cause"], &stone["record"]), (&json!("CORRECTED"), &json!(id)), "{}", stones.text);
    assert_eq!(app.department("HEA").ask(waiting).await.data("/tombstones/nodes"), &json!([]));
    let acknowledge = "mutation($input: AcknowledgeTombstonesInput!) { acknowledgeTombstones(input: $input) { \
                       ... on AcknowledgeTombstonesSuccess { acknowledged } ... on InvalidInput { problems { code } } } }";
    let input = json!({ "input": { "ids": [stone["id"]] } });
    for (asker, count) in [(app.department("HEA"), 0), (app.department("PS"), 1), (app.department("PS"), 0)] {
        let done = asker.ask_with(acknowledge, input.clone()).await;
        assert_eq!(done.data("/acknowledgeTombstones/acknowledged"), count, "{}", done.text);
    }
    let none = app.department("PS").ask_with(acknowledge, json!({ "input": { "ids": [] } })).await;
    assert_eq!(none.data("/acknowledgeTombstones/problems/0/code"), "IDS");
    let seen = office.ask("{ applications { nodes { receivers { receiver syncStatus } } } }").await;
    let of = |name: &str| {
        let all = seen.data("/applications/nodes/0/receivers").as_array().unwrap();
        all.iter().find(|one| one["receiver"] == name).unwrap()["syncStatus"].clone()
    };
    assert_eq!((of("PS"), of("TAX")), (json!("ACKNOWLEDGED"), json!("AWAITING")));
}

#[actix_web::test]
async fn a_record_that_should_not_be_there_is_withdrawn_and_stays_for_its_subject_and_provider() {
    let app = app();
    list(&app, 1, "2026-09-01");
    let id = basis(&firm(&app, 1), 1).await;
    let objection = application(&object(&app, 1, &id).await);
    let input = json!({ "id": objection["id"], "answer": "WITHDRAWN", "reason": "认定有误", "notice": "现予撤销" });
    let withdrawn = application(&take(&app.department("AMR"), "answerObjection", input.clone()).await);
    assert_eq!(withdrawn["decidedAs"], "WITHDRAWN");
    for asker in [app.public(), app.department("TAX"), app.coordinator()] {
        assert!(record(&asker, &id).await.is_null(), "no trace in the public and the sharing tier");
    }
    for asker in [firm(&app, 1), app.department("AMR")] {
        assert_eq!(record(&asker, &id).await["state"], "WITHDRAWN");
    }
    assert_eq!(problems(&take(&app.department("AMR"), "answerObjection", input).await), ["CLOSED"]);
    assert_eq!(problems(&object(&app, 1, &id).await), ["NOT_IN_USE"]);
}

#[actix_web::test]
async fn what_its_provider_does_not_answer_in_time_is_the_coordinators_and_nobody_elses_ever() {
    let app = app();
    list(&app, 1, "2026-09-01");
    let id = basis(&firm(&app, 1), 1).await;
    let objection = application(&object(&app, 1, &id).await);
    let input = json!({ "id": objection["id"], "answer": "REJECTED", "reason": "事实清楚" });
    assert_eq!(problems(&take(&app.coordinator(), "answerObjection", input.clone()).await), ["NOT_PERMITTED"]);
    assert_eq!(problems(&take(&app.department("TAX"), "answerObjection", input.clone()).await), ["ID"]);
    assert_eq!(take(&firm(&app, 1), "answerObjection", input.clone()).await.codes(), ["FORBIDDEN"]);
    assert_eq!(
        take(&app.public(), "fileObjection", json!({ "record": id, "reason": "x" })).await.codes(),
        ["FORBIDDEN"]
    );
    list(&app, 2, "2026-09-01");
    let strangers = object(&app, 2, &id).await;
    assert_eq!(problems(&strangers), ["ID"], "another firm's record: {}", strangers.text);
    // Due on Wednesday the 23rd, the Sunday of the 20th being a working day.
    app.clock.set(noon("2026-09-24"));
    let listed = app.coordinator().ask("{ applications(overdue: true) { nodes { id escalated } } }").await;
    assert_eq!(listed.data("/applications/nodes"), &json!([{ "id": objection["id"], "escalated": true }]));
    let answered = application(&take(&app.coordinator(), "answerObjection", input).await);
    assert_eq!((&answered["stage"], &answered["escalated"]), (&json!("REJECTED"), &json!(false)));
    assert_eq!(answered["steps"][1]["onTime"], false);
    let times = "{ answerTimes(from: \"2026-09-01\", to: \"2026-09-30\") { kind aboutPersons counts { decided late medianWorkingDays waiting } } }";
    let told = |decided, late, median: Value| json!({ "decided": decided, "late": late, "medianWorkingDays": median, "waiting": 0 });
    for (asker, wanted) in [
        (app.coordinator(), told(1, 1, json!(5))),
        (app.department("AMR"), told(1, 1, json!(5))),
        (app.department("TAX"), told(0, 0, Value::Null)),
    ] {
        let answered = asker.ask(times).await;
        assert_eq!(answered.data("/answerTimes/0/counts"), &wanted, "{}", answered.text);
    }
    // One that is taken back was never decided.
    let taken_back = application(&object(&app, 1, &id).await);
    take(&firm(&app, 1), "retractApplication", json!({ "id": taken_back["id"] })).await;
    let answered = app.department("AMR").ask(times).await;
    assert_eq!(answered.data("/answerTimes/0/counts"), &told(1, 1, json!(5)), "{}", answered.text);
}

#[actix_web::test]
async fn whoever_filed_an_objection_takes_it_back_and_the_measures_go_on() {
    let app = app();
    list(&app, 1, "2026-09-01");
    let sent = dispatched(&app, 1).await;
    let id = basis(&firm(&app, 1), 1).await;
    let objection = application(&object(&app, 1, &id).await);
    assert_eq!(action(&app, &sent["id"]).await["suspended"], true);
    let back = take(&firm(&app, 1), "retractApplication", json!({ "id": objection["id"] })).await;
    assert_eq!(application(&back)["stage"], "RETRACTED");
    assert_eq!(action(&app, &sent["id"]).await["suspended"], false);
    let again = take(&firm(&app, 1), "retractApplication", json!({ "id": objection["id"] })).await;
    assert_eq!(problems(&again), ["CLOSED"]);
}
