//! When a part fails: no data without an entry, a refusal that says so, readiness that tells the truth, and a way back.

use actix_web::test::TestRequest;
use chengxin::domain::Role;
use chengxin::ledger::{Expectation, Ledger, Outcome, verify_database};
use chengxin::store::{Database, MigrationSet};
use diesel::connection::SimpleConnection;

use crate::answers::licences;
use crate::support::{Answered, TestApp};

async fn readiness(app: &TestApp) -> (u16, String) {
    let ready = app.public().send(TestRequest::get().uri("/health/ready")).await;
    (ready.status, ready.text)
}

async fn ask(app: &TestApp, uscc: &str) -> Answered {
    app.department("AMR").ask(&question(uscc)).await
}

fn question(uscc: &str) -> String {
    format!("{{ subject(uscc: \"{uscc}\") {{ name records(first: 5) {{ nodes {{ id }} }} }} }}")
}

/// No data, no receipt, 503, and nothing of the answer that was ready to leave.
fn refused_for_the_ledger(answered: &Answered) {
    assert_eq!(answered.status, 503, "{}", answered.text);
    assert_eq!(answered.codes(), ["AUDIT_UNAVAILABLE"]);
    assert!(answered.json.get("data").is_none(), "{}", answered.text);
    assert!(answered.json.pointer("/extensions/audit").is_none(), "{}", answered.text);
    assert_eq!(answered.headers.get("retry-after").unwrap(), "5");
    assert!(!answered.text.contains("东营"), "{}", answered.text);
}

/// Cuts the ledger's connection, so that the next commit makes one of its own.
fn in_ledger(app: &TestApp, statements: &str) {
    let database = Database::open(&app.config.ledger, MigrationSet::Ledger, 1).unwrap();
    database.connect().unwrap().batch_execute(statements).unwrap();
}

fn in_registry(app: &TestApp, statements: &str) {
    let database = Database::open(&app.config.registry, MigrationSet::Registry, 1).unwrap();
    database.connect().unwrap().batch_execute(statements).unwrap();
}

/// Blocking work on the ledger, on a thread that drives no asynchronous tasks.
fn aside(app: &TestApp, work: impl FnOnce(&Ledger) + Send) {
    let ledger = &app.service.gateway.ledger;
    std::thread::scope(|scope| scope.spawn(|| work(ledger)).join().unwrap());
}

fn reopen(app: &TestApp) {
    aside(app, |ledger| {
        let _ = ledger.try_reopen_blocking();
    });
}

fn is_sound(app: &TestApp) {
    let ledger = &app.service.gateway.ledger;
    aside(app, |ledger| {
        ledger.integrate_blocking().unwrap();
    });
    let expectation = Expectation { log: Some(ledger.keys().log().clone()), ..Expectation::default() };
    let report = verify_database(ledger.database(), &expectation, Some(ledger.keys().bodies())).unwrap();
    assert_eq!(report.outcome(), Outcome::Ok, "{report}");
}

#[actix_web::test]
async fn without_its_table_the_ledger_lets_nothing_out_and_everything_goes_on_when_the_table_is_back() {
    let app = TestApp::new();
    let uscc = licences(&app);
    let before = ask(&app, &uscc).await;
    assert_eq!((before.status, readiness(&app).await.0), (200, 200), "{}", before.text);

    in_ledger(&app, "ALTER TABLE ledger_entry RENAME TO elsewhere");
    refused_for_the_ledger(&ask(&app, &uscc).await);
    assert_eq!(readiness(&app).await.0, 503);
    // Closed: refused before anything is asked of the registry, for the public and for mutations too.
    refused_for_the_ledger(&app.public().ask(&question(&uscc)).await);
    let metrics = app.public().send(TestRequest::get().uri("/metrics")).await;
    assert!(metrics.text.contains("\nchengxin_ready 0\n"), "{}", metrics.text);

    in_ledger(&app, "ALTER TABLE elsewhere RENAME TO ledger_entry");
    reopen(&app);
    assert_eq!(readiness(&app).await.0, 200);
    let after = ask(&app, &uscc).await;
    assert_eq!(after.data(""), before.data(""), "{}", after.text);
    assert!(after.index() > before.index());
    is_sound(&app);
}

#[actix_web::test]
async fn a_full_disk_is_a_clean_refusal_and_over_when_there_is_space() {
    let app = TestApp::new();
    let uscc = licences(&app);
    let ledger = &app.service.gateway.ledger;
    // The limit holds for new connections; a commit that fails takes a new one.
    ledger.database().limit_pages(1);
    in_ledger(&app, "ALTER TABLE ledger_entry RENAME TO elsewhere");
    refused_for_the_ledger(&ask(&app, &uscc).await);
    in_ledger(&app, "ALTER TABLE elsewhere RENAME TO ledger_entry");
    // The table is back, the space is not: SQLite never sets the limit below what the file has, so it is filled.
    let mut full = None;
    for _ in 0..2_000 {
        reopen(&app);
        let answered = ask(&app, &uscc).await;
        if answered.status != 200 {
            full = Some(answered);
            break;
        }
    }
    refused_for_the_ledger(&full.expect("the disk is full at last"));
    assert_eq!(readiness(&app).await.0, 503);
    let entries = ledger.size();

    ledger.database().limit_pages(0);
    reopen(&app);
    assert_eq!(readiness(&app).await, (200, "ready\n".to_owned()));
    let after = ask(&app, &uscc).await;
    assert_eq!((after.status, after.index() >= entries), (200, true), "{}", after.text);
    is_sound(&app);
}

#[actix_web::test]
async fn a_mutation_is_not_begun_when_its_intent_cannot_be_written() {
    let app = TestApp::new();
    let uscc = licences(&app);
    let subject = app.subject(&format!("uscc:{uscc}"));
    in_ledger(&app, "ALTER TABLE ledger_entry RENAME TO elsewhere");
    let mutation = "mutation { grantAuthorization(input: { grantee: \"91370502MA9BBBB00X\", purpose: \"loan-review\", \
                    items: [{ item: \"administrative-licence\" }], validTo: \"2026-12-31T00:00:00Z\" }) { __typename } }";
    let answered = subject.ask(mutation).await;
    in_ledger(&app, "ALTER TABLE elsewhere RENAME TO ledger_entry");
    reopen(&app);
    refused_for_the_ledger(&answered);
    let listed = subject.ask("{ authorizations(first: 5) { nodes { id } } }").await;
    assert_eq!(listed.data("/authorizations/nodes"), &serde_json::json!([]), "{}", listed.text);
    let granted = subject.ask(mutation).await;
    assert_eq!(granted.data("/grantAuthorization/__typename"), "GrantAuthorizationSuccess", "{}", granted.text);
}

#[actix_web::test]
async fn without_the_registry_there_is_an_entry_and_no_data() {
    let app = TestApp::new();
    let uscc = licences(&app);
    for table in ["records", "subject_identifiers"] {
        in_registry(&app, &format!("ALTER TABLE {table} RENAME TO elsewhere"));
        let size = app.service.gateway.ledger.size();
        let answered = ask(&app, &uscc).await;
        in_registry(&app, &format!("ALTER TABLE elsewhere RENAME TO {table}"));
        assert_eq!((answered.status, answered.codes()), (503, vec!["UNAVAILABLE"]), "{table}: {}", answered.text);
        assert_eq!(answered.headers.get("retry-after").unwrap(), "5");
        assert!(answered.json.get("data").is_none(), "{}", answered.text);
        assert_eq!(answered.index(), size, "the refusal is an entry");
        assert!(!answered.text.contains("东营") && !answered.text.contains(table), "{}", answered.text);
        let after = ask(&app, &uscc).await;
        assert_eq!((after.status, after.codes().len()), (200, 0), "{}", after.text);
    }
    assert_eq!(readiness(&app).await.0, 200, "the ledger can write all the while");
    is_sound(&app);
}

#[actix_web::test]
async fn a_gateway_that_drains_is_not_ready_and_still_answers() {
    let app = TestApp::new();
    let uscc = licences(&app);
    app.service.edge.is_draining.store(true, std::sync::atomic::Ordering::Relaxed);
    assert_eq!(readiness(&app).await.0, 503);
    assert_eq!(ask(&app, &uscc).await.status, 200);
    let live = app.public().send(TestRequest::get().uri("/health/live")).await;
    assert_eq!((live.status, live.text.as_str()), (200, "live\n"));
}

#[actix_web::test]
async fn a_corrupt_record_is_a_fault_of_ours_that_names_nothing_to_the_caller() {
    let app = TestApp::new();
    let uscc = licences(&app);
    in_registry(&app, "UPDATE records SET category = 'PLANET'");
    let answered = ask(&app, &uscc).await;
    assert_eq!(answered.codes(), ["INTERNAL_SERVER_ERROR"], "{}", answered.text);
    assert!(!answered.text.contains("category") && !answered.text.contains("PLANET"), "{}", answered.text);
    let auditor = app.administrator(Role::Auditor).ask("{ auditEntries(first: 1) { nodes { errorCode } } }").await;
    assert_eq!(auditor.data("/auditEntries/nodes/0/errorCode"), "INTERNAL_SERVER_ERROR", "{}", auditor.text);
}
