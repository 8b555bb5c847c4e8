//! A joint action from the act to its end, over a holiday and two make-up days, and what each sees of it.

use chengxin::domain::Role;
use chengxin::domain::{JointActionKind, JointActionStage};
use chengxin::exchange::case;
use chengxin::exchange::inquiry::Inquiry;
use chengxin::exchange::joint_action::{end as ends, history, initiate as starts, overdue};
use chengxin::exchange::node_id::NodeRef;
use chengxin::exchange::register::{Asked, register_intent};
use chengxin::ledger::EntryKind;
use chengxin::store;
use serde_json::{Value, json};

use super::stage::{
    ACTION, action, assignment, basis, dispatch, dispatched, end, initiate, list, noon, report, respond, wanted,
};
use crate::support::databases::Scratch;
use crate::support::{Asker, TestApp, Wanted};

fn app_on(scratch: &Scratch) -> TestApp {
    let databases = Some((scratch.url.clone(), scratch.url.clone())).filter(|_| !scratch.is_sqlite());
    TestApp::with(Wanted { databases, now: "2026-09-18T04:00:00Z", ..Wanted::default() })
}

async fn seen(asker: &Asker<'_>, id: &Value) -> Value {
    let query = format!("query($id: ID!) {{ jointAction(id: $id) {{ {ACTION} }} }}");
    let answered = asker.ask_with(&query, json!({ "id": id })).await;
    answered.data("/jointAction").clone()
}

/// The plan's deadlines: 5 working days each, over the make-up Sunday of 20 September, the two holidays and the make-up
/// Saturday of 10 October.
#[actix_web::test]
async fn a_joint_action_goes_from_the_act_to_its_end_by_the_deadlines_of_the_plan() {
    for scratch in Scratch::each() {
        let app = app_on(&scratch);
        list(&app, 1, "2026-09-01");
        let office = app.department("AMR");
        let started = initiate(&office, wanted(&basis(&office, 1).await)).await;
        let initiated = action(&started);
        assert_eq!(
            (&initiated["stage"], &initiated["actOn"], &initiated["dueOn"]),
            (&json!("INITIATED"), &json!("2026-09-01"), &json!("2026-09-24")),
            "five working days, the Sunday of the 20th one of them: {}",
            started.text
        );
        assert_eq!(initiated["steps"][0]["dueOn"], "2026-10-19", "thirty working days from the act");
        let id = &initiated["id"];
        for (asker, sees) in [(app.coordinator(), true), (app.department("TAX"), false), (app.public(), false)] {
            assert_eq!(seen(&asker, id).await.is_object(), sees, "before it is dispatched");
        }

        let sent = sent_to_all_that_its_lists_name(&app, id).await;
        app.clock.set(noon("2026-10-09"));
        for (department, answer) in
            [("TAX", "TAKEN"), ("CUS", "NOT_APPLICABLE"), ("FIN", "NOT_APPLICABLE"), ("HUD", "TAKEN")]
        {
            let input = json!({ "assignment": assignment(&sent, department)["id"], "answer": answer,
                "reason": (answer != "TAKEN").then_some("本部门无相关事项") });
            let answered = respond(&app.department(department), input).await;
            assert_eq!(action(&answered)["stage"], "DISPATCHED", "{}", answered.text);
        }
        // The Saturday of the 10th is a working day: the last one is a day late.
        app.clock.set(noon("2026-10-10"));
        let counts = overdue::counts(&app.service.gateway).unwrap();
        assert_eq!((counts.dispatch, counts.respond, counts.feedback), (0, 1, 0));
        let late = app.coordinator().ask("{ overdueSteps { nodes { step dueOn workingDaysLate department { id } action { id } assignment { stage } } } }").await;
        let late = late.data("/overdueSteps/nodes").clone();
        assert_eq!(late.as_array().map(Vec::len), Some(1), "{late}");
        assert_eq!(
            (&late[0]["step"], &late[0]["department"]["id"], &late[0]["workingDaysLate"]),
            (&json!("RESPOND"), &json!("AAS"), &json!(1))
        );
        let answered =
            respond(&app.department("AAS"), json!({ "assignment": assignment(&sent, "AAS")["id"], "answer": "TAKEN" }))
                .await;
        let taken = action(&answered);
        let own = assignment(&taken, "AAS");
        assert_eq!((&own["stage"], &own["dueOn"]), (&json!("TAKEN"), &json!("2026-11-10")), "by the 10th: {taken:#}");
        let last = taken["steps"].as_array().unwrap().last().unwrap();
        assert_eq!((&last["onTime"], &last["dueOn"]), (&json!(false), &json!("2026-10-09")));

        for department in ["TAX", "HUD", "AAS"] {
            let input = json!({ "assignment": assignment(&sent, department)["id"], "report": "已停止适用容缺受理",
                "amountYuan": "1250000.00" });
            let reported = report(&app.department(department), input).await;
            let stage = if department == "AAS" { "IN_FORCE" } else { "DISPATCHED" };
            assert_eq!(action(&reported)["stage"], stage, "{}", reported.text);
        }
        as_everybody_sees_it(&app, id).await;
        the_steps_amount_to_what_is_stored(&app, id);
        expires(&app, id).await;
    }
}

/// Dispatched on the fifth working day; a measure whose departments are not named goes to all that its list names.
async fn sent_to_all_that_its_lists_name(app: &TestApp, id: &Value) -> Value {
    app.clock.set(noon("2026-09-24"));
    let to = json!([{ "measure": "KEY_SUPERVISION", "departments": ["HUD"] }]);
    let sent = action(&dispatch(&app.coordinator(), json!({ "id": id, "assignments": to })).await);
    let departments: Vec<&Value> =
        sent["assignments"].as_array().unwrap().iter().map(|one| &one["department"]["id"]).collect();
    assert_eq!(
        departments,
        ["HUD", "AAS", "CUS", "FIN", "TAX"],
        "a measure that is not named goes to all that its list names"
    );
    assert_eq!(assignment(&sent, "TAX")["dueOn"], "2026-10-09", "over the national holiday");
    assert_eq!(sent["steps"][1]["onTime"], true);
    sent
}

/// Each actor's view of the same action.
async fn as_everybody_sees_it(app: &TestApp, id: &Value) {
    let mut views = serde_json::Map::new();
    let own = app.subject(&format!("uscc:{}", super::stage::uscc(1)));
    for (name, asker) in [
        ("1 initiator", app.department("AMR")),
        ("2 coordinator", app.coordinator()),
        ("3 implementer", app.department("TAX")),
        ("4 another department", app.department("PS")),
        ("5 subject", own),
        ("6 public", app.public()),
        ("7 auditor", app.administrator(Role::Auditor)),
    ] {
        views.insert(name.to_owned(), seen(&asker, id).await);
    }
    let mut text = serde_json::to_string_pretty(&views).unwrap();
    for view in views.values() {
        let ids = view["assignments"].as_array().into_iter().flatten().map(|one| &one["id"]).chain([&view["id"]]);
        for id in ids.filter_map(Value::as_str) {
            text = text.replace(id, "ID");
        }
    }
    insta::assert_snapshot!("joint_action_views", text);
    for (asker, count) in [
        (app.department("AMR"), 1),
        (app.coordinator(), 1),
        (app.department("TAX"), 1),
        (app.department("PS"), 0),
        (app.public(), 1),
    ] {
        let answered = asker.ask("{ jointActions { nodes { id } } }").await;
        let listed = answered.data("/jointActions/nodes").as_array().map(Vec::len);
        assert_eq!(listed, Some(count), "{}", answered.text);
    }
}

/// Stage, suspensions and assignments beside the steps are what the steps amount to.
fn the_steps_amount_to_what_is_stored(app: &TestApp, id: &Value) {
    let gateway = &app.service.gateway;
    let Some(NodeRef::JointAction(case)) = gateway.node_ids.decode(id.as_str().unwrap()) else { panic!("{id}") };
    let (row, assignments, steps) = gateway
        .registry
        .read(|connection| {
            let row = store::joint_action::find(connection, case)?.unwrap();
            Ok((row, store::assignment::of_action(connection, case)?, store::case_step::of_case(connection, case)?))
        })
        .unwrap();
    let later = gateway.ambient.now();
    let state = history::at(&steps, &assignments, row.ends_on, later.plus_micros(1)).unwrap().unwrap();
    assert_eq!((row.stage, row.ending, row.suspensions), (state.stage, state.ending, state.suspensions));
    assert_eq!(row.steps, i64::try_from(steps.len()).unwrap());
    for assignment in assignments {
        assert_eq!(assignment.stage, state.assignments[&assignment.id]);
    }
    for step in &steps {
        let announced = gateway.ledger.entry(step.entry).unwrap().unwrap().leaf;
        let wanted = if step.role.is_some() { EntryKind::MutationIntent } else { EntryKind::Admin };
        assert_eq!(announced.kind, wanted, "every step carries the entry that announced it");
    }
}

async fn expire(app: &TestApp) -> usize {
    let service = std::sync::Arc::clone(&app.service);
    actix_web::web::block(move || ends::expire(&service.gateway)).await.unwrap().unwrap()
}

/// Its last day ends it, at once for who looks, and with an entry when the gateway has looked.
async fn expires(app: &TestApp, id: &Value) {
    app.clock.set(noon("2027-09-01"));
    assert_eq!(seen(&app.coordinator(), id).await["stage"], "IN_FORCE", "the last day is included");
    assert_eq!(expire(app).await, 0);
    app.clock.set(noon("2027-09-02"));
    let over = seen(&app.coordinator(), id).await;
    assert_eq!((&over["stage"], &over["ending"]), (&json!("ENDED"), &json!("EXPIRED")));
    assert_eq!(assignment(&over, "TAX")["stage"], "LIFTED");
    assert!(seen(&app.public(), id).await.is_null(), "an end leaves no trace in public");
    assert_eq!(expire(app).await, 1);
    assert_eq!(expire(app).await, 0, "once");
    let over = seen(&app.coordinator(), id).await;
    let last = over["steps"].as_array().unwrap().last().unwrap();
    assert_eq!((&last["step"], &last["role"]), (&json!("END"), &Value::Null), "{over:#}");
    the_steps_amount_to_what_is_stored(app, id);
}

#[actix_web::test]
async fn whoever_initiated_it_or_the_coordinator_ends_it_and_the_ledger_tells_each_step() {
    let scratch = Scratch::sqlite();
    let app = app_on(&scratch);
    list(&app, 1, "2026-09-01");
    list(&app, 2, "2026-09-01");
    for (serial, asker) in [(1, app.department("AMR")), (2, app.coordinator())] {
        let sent = dispatched(&app, serial).await;
        let input = json!({ "id": sent["id"], "ending": "REVOKED", "reason": "认定有误" });
        let ended = end(&asker, input.clone()).await;
        let over = action(&ended);
        assert_eq!((&over["stage"], &over["ending"]), (&json!("ENDED"), &json!("REVOKED")), "{}", ended.text);
        assert_eq!(assignment(&over, "TAX")["stage"], "LIFTED");
        assert_eq!(super::stage::problems(&end(&asker, input).await), ["ENDED"], "once");
        let outcome = app.service.gateway.ledger.entry(ended.index()).unwrap().unwrap().leaf;
        assert!(outcome.flags.contains(&"STEP:END".to_owned()), "{:?}", outcome.flags);
        assert!(outcome.flags.iter().any(|flag| flag.starts_with("CASE:")), "{:?}", outcome.flags);
    }
    let inbox =
        app.department("TAX").ask("{ assignments { nodes { stage dueOn measure { code } action { stage } } } }").await;
    let inbox = inbox.data("/assignments/nodes").as_array().unwrap().clone();
    assert_eq!(inbox.len(), 2);
    assert!(inbox.iter().all(|one| one["stage"] == "LIFTED" && one["dueOn"].is_null()), "{inbox:#?}");
}

#[actix_web::test]
async fn an_action_that_nobody_takes_ends_by_itself_and_reasons_are_for_those_concerned() {
    let scratch = Scratch::sqlite();
    let app = app_on(&scratch);
    list(&app, 1, "2026-09-01");
    let sent = dispatched(&app, 1).await;
    for department in ["AAS", "TAX", "HUD"] {
        let input = json!({ "assignment": assignment(&sent, department)["id"], "answer": "NOT_APPLICABLE",
            "reason": "王测试（身份证号11010519491231002X）未在本部门办理业务" });
        respond(&app.department(department), input).await;
    }
    let seen_by = seen(&app.department("HUD"), &sent["id"]).await;
    assert_eq!((&seen_by["stage"], &seen_by["ending"]), (&json!("ENDED"), &json!("NOT_APPLICABLE")));
    let text = seen_by["steps"][2]["text"].as_str().unwrap();
    assert!(text.contains("未在本部门办理业务") && !text.contains("11010519491231002X"), "{text}");
    let database = std::fs::read(app.config.registry.strip_prefix("sqlite:").unwrap()).unwrap();
    let log =
        std::fs::read(format!("{}-wal", app.config.registry.strip_prefix("sqlite:").unwrap())).unwrap_or_default();
    for file in [database, log] {
        let needle = "未在本部门办理业务".as_bytes();
        assert!(!file.windows(needle.len()).any(|part| part == needle), "a reason lies in the database in clear");
    }
    assert_eq!(seen_by["stage"], json!(JointActionStage::Ended));
}

async fn begin_again(app: &TestApp, office: &Asker<'_>) -> Vec<String> {
    let answered = initiate(office, wanted(&basis(&app.department("AMR"), 1).await)).await;
    super::stage::problems(&answered)
}

/// The gateway ends between a step and the outcome of its mutation: what the step did stands, and the ledger is told once.
#[actix_web::test]
async fn a_step_whose_gateway_ended_before_its_outcome_is_told_in_the_ledger() {
    let scratch = Scratch::sqlite();
    let app = app_on(&scratch);
    list(&app, 1, "2026-09-01");
    let office = app.department("AMR");
    let basis = basis(&office, 1).await;
    let (service, caller) = (std::sync::Arc::clone(&app.service), office.caller());
    let announced = actix_web::web::block(move || {
        let inquiry = Inquiry::open(&service.gateway, &caller).unwrap();
        let intent = register_intent(&inquiry, &Asked::default()).unwrap();
        let wanted = starts::Wanted {
            basis,
            kind: JointActionKind::Punishment,
            measures: vec!["KEY_SUPERVISION".to_owned()],
            legal_basis: "样例条例".to_owned(),
            act_on: None,
            notified_on: "2026-09-16".parse().unwrap(),
            ends_on: "2027-09-01".parse().unwrap(),
            reason: "样例".to_owned(),
        };
        starts::initiate(&inquiry, &wanted).unwrap().unwrap();
        intent
    });
    let announced = announced.await.unwrap();
    let settle = || {
        let service = std::sync::Arc::clone(&app.service);
        actix_web::web::block(move || case::settle(&service.gateway))
    };
    assert_eq!(settle().await.unwrap().unwrap(), 0, "it may still be under way");
    app.clock.advance_micros(61_000_000);
    assert_eq!(settle().await.unwrap().unwrap(), 1);
    assert_eq!(settle().await.unwrap().unwrap(), 0, "once");
    let ledger = &app.service.gateway.ledger;
    let told = ledger.entry(ledger.size() - 1).unwrap().unwrap().leaf;
    assert_eq!((told.kind, told.reference), (EntryKind::MutationOutcome, Some(announced)));
    assert!(told.flags.contains(&"SETTLED".to_owned()) && told.consumer.as_deref() == Some("AMR"), "{told:?}");
    let again = begin_again(&app, &office).await;
    assert_eq!(again, ["DUPLICATE"], "what was done stands");
}
