//! The whole application on PostgreSQL: the same questions, the same answers as on SQLite, and the same care for the ledger.

use actix_web::test::TestRequest;
use chengxin::domain::Role;
use chengxin::ledger::{Expectation, Outcome, verify_database};
use serde_json::Value;

use crate::answers::licences;
use crate::support::databases::Scratch;
use crate::support::{TestApp, Wanted};

/// Registry and ledger in one database, as the shipped configuration has it on PostgreSQL.
fn on(scratch: &Scratch) -> TestApp {
    TestApp::with(Wanted { databases: Some((scratch.url.clone(), scratch.url.clone())), ..Wanted::default() })
}

/// The answer without what is of this run alone: receipt, opaque ids, what is left of the limits.
fn comparable(mut json: Value) -> Value {
    if let Some(extensions) = json["extensions"].as_object_mut() {
        extensions.remove("audit");
    }
    json
}

async fn asked(app: &TestApp, uscc: &str) -> Vec<Value> {
    let subject = format!(
        "{{ subject(uscc: \"{uscc}\") {{ name category records(first: 1) {{ totalCount pageInfo {{ hasNextPage }} \
         nodes {{ __typename decidedOn state provider {{ name }} ... on AdministrativeLicense {{ decisionNo content }} }} }} }} }}"
    );
    let list = "{ records(item: \"administrative-licence\", first: 5) { totalCount nodes { decidedOn state } } }";
    let names = "{ subjects(name: \"东营测试\", first: 5) { nodes { name } } }";
    let catalogue = "{ catalogue { code } viewer { role } }";
    let mut bodies = Vec::new();
    for asker in [
        app.public(),
        app.department("AMR"),
        app.department("AAS"),
        app.coordinator(),
        app.subject(&format!("uscc:{uscc}")),
        app.administrator(Role::Auditor),
    ] {
        for query in [subject.as_str(), list, names, catalogue, "{ nothing }", "{ subject(uscc: \"1\") { name } }"] {
            let answered = asker.ask(query).await;
            bodies.push(comparable(answered.json));
        }
    }
    let entries = app
        .administrator(Role::Auditor)
        .ask("{ auditEntries(first: 50) { totalCount nodes { index kind role decision items rows errorCode } } }")
        .await;
    bodies.push(comparable(entries.json));
    let log = app
        .subject(&format!("uscc:{uscc}"))
        .ask("{ accessLog(first: 50) { nodes { index role items decision } } }")
        .await;
    bodies.push(comparable(log.json));
    bodies
}

#[actix_web::test]
async fn both_databases_give_equal_answers() {
    let Some(scratch) = Scratch::postgres() else { return };
    let (here, there) = (TestApp::new(), on(&scratch));
    let (uscc, same) = (licences(&here), licences(&there));
    assert_eq!(uscc, same);
    let (on_sqlite, on_postgres) = (asked(&here, &uscc).await, asked(&there, &uscc).await);
    assert_eq!(on_sqlite.len(), 38);
    for (one, other) in on_sqlite.iter().zip(&on_postgres) {
        assert_eq!(one, other);
    }
    let with_data = on_sqlite.iter().filter(|body| body.get("data").is_some_and(|data| !data.is_null())).count();
    assert!(with_data > 20, "only {with_data} answers had data");
    assert!(on_sqlite.iter().any(|body| body.to_string().contains("建设工程施工")));
}

#[actix_web::test]
async fn a_cut_ledger_connection_costs_no_answer_and_no_entry() {
    let Some(scratch) = Scratch::postgres() else { return };
    let ledger_scratch = Scratch::postgres().unwrap();
    let databases = Some((scratch.url.clone(), ledger_scratch.url.clone()));
    let app = TestApp::with(Wanted { databases, ..Wanted::default() });
    let uscc = licences(&app);
    let query = format!("{{ subject(uscc: \"{uscc}\") {{ name }} }}");
    let first = app.public().ask(&query).await.index();
    for round in 1..=5 {
        ledger_scratch.cut_connections();
        let answered = app.public().ask(&query).await;
        assert_eq!((answered.status, answered.index()), (200, first + round), "{}", answered.text);
    }
    sound(&app);
}

#[actix_web::test]
async fn a_ledger_database_that_lets_nobody_in_is_a_clean_refusal_and_over_when_it_does() {
    let Some(scratch) = Scratch::postgres() else { return };
    let ledger_scratch = Scratch::postgres().unwrap();
    let databases = Some((scratch.url.clone(), ledger_scratch.url.clone()));
    let app = TestApp::with(Wanted { databases, ..Wanted::default() });
    let uscc = licences(&app);
    let query = format!("{{ subject(uscc: \"{uscc}\") {{ name }} }}");
    let before = app.public().ask(&query).await.index();
    ledger_scratch.shut();
    let refused = app.public().ask(&query).await;
    assert_eq!((refused.status, refused.codes()), (503, vec!["AUDIT_UNAVAILABLE"]), "{}", refused.text);
    assert!(!refused.text.contains("东营"), "{}", refused.text);
    let ready = || app.public();
    assert_eq!(ready().send(TestRequest::get().uri("/health/ready")).await.status, 503);
    ledger_scratch.open();
    std::thread::scope(|scope| scope.spawn(|| app.service.gateway.ledger.try_reopen_blocking()).join().unwrap());
    assert_eq!(ready().send(TestRequest::get().uri("/health/ready")).await.status, 200);
    // One entry says that the ledger was closed.
    assert_eq!(app.public().ask(&query).await.index(), before + 2);
    sound(&app);
}

#[actix_web::test]
async fn a_registry_that_lets_nobody_in_is_told_with_an_entry() {
    let Some(scratch) = Scratch::postgres() else { return };
    let ledger_scratch = Scratch::postgres().unwrap();
    let databases = Some((scratch.url.clone(), ledger_scratch.url.clone()));
    let app = TestApp::with(Wanted { databases, ..Wanted::default() });
    let uscc = licences(&app);
    let query = format!("{{ subject(uscc: \"{uscc}\") {{ name }} }}");
    let before = app.public().ask(&query).await;
    scratch.shut();
    let refused = app.public().ask(&query).await;
    assert_eq!((refused.status, refused.codes()), (503, vec!["UNAVAILABLE"]), "{}", refused.text);
    assert_eq!(refused.index(), before.index() + 1);
    assert!(refused.json.get("data").is_none() && !refused.text.contains("127.0.0.1"), "{}", refused.text);
    scratch.open();
    // Every pooled connection was cut; each costs one refusal at most.
    let mut answered = app.public().ask(&query).await;
    for _ in 0..4 {
        if answered.status == 200 {
            break;
        }
        answered = app.public().ask(&query).await;
    }
    assert_eq!(answered.data(""), before.data(""), "{}", answered.text);
    sound(&app);
}

fn sound(app: &TestApp) {
    let ledger = &app.service.gateway.ledger;
    std::thread::scope(|scope| scope.spawn(|| ledger.integrate_blocking().unwrap()).join().unwrap());
    let expectation = Expectation { log: Some(ledger.keys().log().clone()), ..Expectation::default() };
    let report = verify_database(ledger.database(), &expectation, Some(ledger.keys().bodies())).unwrap();
    assert_eq!(report.outcome(), Outcome::Ok, "{report}");
}
