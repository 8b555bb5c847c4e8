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

#[derive(diesel::QueryableByName, Debug, PartialEq)]
struct Counts {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    records: i64,
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    latest: i64,
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    versions: i64,
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    indexed_fields: i64,
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    index_rows: i64,
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    subjects: i64,
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    names: i64,
}

/// Rows of a chunk are written together; one that comes several times in it must still replace itself, and a subject
/// that is new in it must be made once.
#[test]
fn a_record_that_comes_several_times_in_one_chunk_is_one_record_with_all_its_versions() {
    let scratch = Scratch::postgres();
    let mut apps = vec![TestApp::new()];
    apps.extend(scratch.as_ref().map(on));
    let uscc = chengxin::domain::identifier::Uscc::with_check("91370502MA9AAAA00").unwrap();
    let row = |number: u8, content: &str| {
        format!(
            "东营测试甲有限公司,法人及非法人组织,{},准予行政许可决定书,东测许〔2026〕{number}号,普通,{content},2026-11-16,2026-11-16,2099-12-31,\
             市行政审批服务局,市行政审批服务局\n",
            uscc.as_str()
        )
    };
    let header =
        "XK_XDR_MC,XK_XDR_LB,XK_XDR_SHXYM,XK_XKWS,XK_WSH,XK_XKLB,XK_NR,XK_JDRQ,XK_YXQZ,XK_YXQZI,XK_XKJG,XK_LYDW\n";
    let csv = [header.to_owned(), row(1, "甲"), row(2, "甲"), row(1, "乙"), row(1, "丙"), row(2, "甲")].concat();
    for app in &apps {
        let report = app.import("administrative-licence", &csv);
        assert_eq!((report.accepted, report.duplicates, report.inserted, report.updated), (4, 1, 2, 2), "{report:?}");
        let count = "SELECT (SELECT count(*) FROM records) AS records, (SELECT max(version) FROM records) AS latest, \
             (SELECT count(*) FROM record_versions) AS versions, (SELECT count(*) FROM record_index) AS index_rows, \
             (SELECT count(DISTINCT field) FROM record_index) AS indexed_fields, (SELECT count(*) FROM subjects) AS subjects, \
             (SELECT count(*) FROM subject_names) AS names";
        let read = |on: &mut chengxin::store::AnyConnection| {
            Ok(diesel::RunQueryDsl::get_result::<Counts>(diesel::sql_query(count), on)?)
        };
        let counts = app.service.gateway.registry.read(read).unwrap();
        let Counts { records, latest, versions, indexed_fields, index_rows, subjects, names } = counts;
        assert_eq!((records, latest, versions, subjects, names), (2, 3, 4, 1, 1));
        assert_eq!(index_rows, 2 * indexed_fields, "the values of replaced versions are gone");
    }
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
