//! The review of queries: what awaits whom, drawn so that anybody can check it, and what a reviewer's word becomes.

use std::path::Path;

use chengxin::domain::Role;
use chengxin::ledger::review::ReviewRules;
use serde_json::{Value, json};

use crate::answers::licences;
use crate::support::databases::Scratch;
use crate::support::process::copy_folder;
use crate::support::{Answered, Asker, TestApp, Wanted};

const LIST: &str = "query($state: ReviewState, $overdue: Boolean! = false, $of: String, $first: Int! = 100, $after: String) { \
    reviews(state: $state, overdue: $overdue, department: $of, first: $first, after: $after) { pageInfo { hasNextPage endCursor } \
    nodes { index department { id } actor purpose { code } case rows items reasons dueOn state reviewedBy reviewedAt reason entry { leafHash } } } }";
const COUNTS: &str = "query($of: String) { reviewCounts(department: $of) { awaiting overdue justified unjustified } }";
const JUDGE: &str = "mutation($input: ReviewQueryInput!) { reviewQuery(input: $input) { \
    ... on ReviewQuerySuccess { review { index state reason reviewedBy } } ... on InvalidInput { problems { code } } } }";

/// A supervisor of a department.
fn supervisor<'a>(app: &'a TestApp, department: &str) -> Asker<'a> {
    app.administrator_as(Role::Department, |claims| {
        "supervisor-1".clone_into(&mut claims.actor);
        claims.department = Some(department.to_owned());
        claims.supervisor = true;
    })
}

/// A folder of policies in which this part of queries is drawn.
fn sampling(sample: f64) -> (tempfile::TempDir, Wanted) {
    let folder = tempfile::tempdir().unwrap();
    copy_folder(&Path::new(env!("CARGO_MANIFEST_DIR")).join("policies"), folder.path());
    std::fs::write(folder.path().join("review.toml"), format!("sample = {sample}\ndue_working_days = 2\n")).unwrap();
    let wanted = Wanted { policies: folder.path().to_owned(), ..Wanted::default() };
    (folder, wanted)
}

async fn judge(asker: &Asker<'_>, index: &str, justified: bool) -> Answered {
    asker
        .ask_with(JUDGE, json!({ "input": { "index": index, "justified": justified, "reason": "the file shows it" } }))
        .await
}

fn nodes(answered: &Answered) -> Vec<Value> {
    let nodes = answered.data("/reviews/nodes").as_array();
    nodes.unwrap_or_else(|| panic!("{}", answered.text)).clone()
}

fn problem(answered: &Answered) -> &Value {
    answered.data("/reviewQuery/problems/0/code")
}

#[actix_web::test]
async fn overreach_and_authorized_queries_await_review_and_others_do_not() {
    for scratch in Scratch::each() {
        let (_policies, wanted) = sampling(0.0);
        let databases = Some((scratch.url.clone(), scratch.url.clone())).filter(|_| !scratch.is_sqlite());
        let app = TestApp::with(Wanted { databases, ..wanted });
        let uscc = licences(&app);
        let of =
            |fields: &str| format!("{{ subject(uscc: \"{uscc}\") {{ name records {{ nodes {{ id {fields} }} }} }} }}");
        let office = app.department("AMR");
        office.ask(&of("decidedOn")).await;
        app.public().ask(&of("... on AdministrativeLicense { legalRepresentativeCertificateNo }")).await;
        let beyond = office
            .without("chengxin-purpose")
            .ask(&of("... on AdministrativeLicense { legalRepresentativeCertificateNo }"))
            .await;
        let id = crate::authorizations::grant(&app, &uscc, json!({})).await;
        let bank = app.grantee(crate::authorizations::BANK, &id);
        let used = bank.ask(&of("decidedOn")).await;

        let auditor = app.administrator(Role::Auditor);
        let listed = auditor.ask_with(LIST, json!({})).await;
        let found = nodes(&listed);
        let indexes: Vec<&Value> = found.iter().map(|node| &node["index"]).collect();
        assert_eq!(indexes, [&json!(beyond.index().to_string()), &json!(used.index().to_string())], "{}", listed.text);
        assert_eq!((&found[0]["reasons"], &found[1]["reasons"]), (&json!(["OVERREACH"]), &json!(["AUTHORIZED_QUERY"])));
        assert_eq!((&found[0]["department"]["id"], &found[0]["case"]), (&json!("AMR"), &json!("T-1")));
        assert_eq!(
            (&found[0]["dueOn"], &found[0]["state"]),
            (&json!("2026-11-25"), &json!("AWAITING")),
            "two working days"
        );
        assert_eq!(found[0]["actor"], "actor-1");
        assert!(found[0]["entry"]["leafHash"].is_string(), "an auditor sees the entry");

        let own = supervisor(&app, "AMR").ask_with(LIST, json!({})).await;
        let own = nodes(&own);
        assert_eq!(
            (own.len(), &own[0]["entry"]),
            (1, &Value::Null),
            "a supervisor sees the department's own, without entries"
        );
        assert_eq!(nodes(&supervisor(&app, "AAS").ask_with(LIST, json!({})).await).len(), 0);
        assert_eq!(supervisor(&app, "AAS").ask_with(LIST, json!({ "of": "AMR" })).await.codes(), ["FORBIDDEN"]);
        for asker in [app.public(), app.department("AMR"), app.administrator(Role::SystemAdmin)] {
            assert_eq!(asker.ask_with(LIST, json!({ "first": 20 })).await.codes(), ["FORBIDDEN"]);
            assert_eq!(asker.ask_with(COUNTS, json!({})).await.codes(), ["FORBIDDEN"]);
            assert_eq!(judge(&asker, &beyond.index().to_string(), true).await.codes(), ["FORBIDDEN"]);
        }
    }
}

#[actix_web::test]
async fn a_word_is_an_entry_and_is_said_once_and_never_of_ones_own_query() {
    let (_policies, wanted) = sampling(1.0);
    let app = TestApp::with(wanted);
    let uscc = licences(&app);
    let office = app.department("AMR");
    let document = format!("{{ subject(uscc: \"{uscc}\") {{ name }} }}");
    let first = office.ask(&document).await.index().to_string();
    let second = office.ask(&document).await.index().to_string();
    let supervisor =
        supervisor(&app, "AMR").header("chengxin-purpose", "licence-review").header("chengxin-case", "T-2");
    let own = supervisor.ask(&document).await.index().to_string();
    let other = app.department("AAS").ask(&document).await.index().to_string();

    let judged = judge(&supervisor, &first, true).await;
    assert_eq!(judged.data("/reviewQuery/review/state"), "JUSTIFIED", "{}", judged.text);
    let ledger = &app.service.gateway.ledger;
    let said = ledger.entry(judged.index() - 1).unwrap().unwrap();
    assert_eq!(
        (said.leaf.reference.unwrap().to_string(), &said.leaf.flags),
        (first.clone(), &vec!["JUSTIFIED".to_owned(), "REVIEWED".to_owned()])
    );
    assert_eq!(said.leaf.consumer.as_deref(), Some("AMR"));
    let body = ledger.body(&said).unwrap().unwrap();
    assert!(body.iter().any(|opening| opening.name == "reason" && opening.value == "the file shows it"));

    assert_eq!(problem(&judge(&supervisor, &first, false).await), "REVIEWED");
    assert_eq!(problem(&judge(&supervisor, &own, true).await), "OWN_QUERY");
    assert_eq!(problem(&judge(&supervisor, &other, true).await), "NOT_AWAITED", "another department's");
    for index in ["999999", "01", "-1", "x", ""] {
        assert_eq!(problem(&judge(&supervisor, index, true).await), "NOT_AWAITED", "{index}");
    }
    let same = app.administrator(Role::Auditor);
    assert_eq!(problem(&judge(&same, &second, true).await), "OWN_QUERY", "the same person in another role");
    let auditor = app.administrator_as(Role::Auditor, |claims| "auditor-1".clone_into(&mut claims.actor));
    let silent =
        auditor.ask_with(JUDGE, json!({ "input": { "index": second, "justified": true, "reason": " " } })).await;
    assert_eq!(problem(&silent), "REASON");
    assert_eq!(judge(&auditor, &second, false).await.data("/reviewQuery/review/reviewedBy"), "AUDITOR");
    let counted = auditor.ask_with(COUNTS, json!({ "of": "AMR" })).await;
    let expected = json!({ "awaiting": 1, "overdue": 0, "justified": 1, "unjustified": 1 });
    assert_eq!(*counted.data("/reviewCounts"), expected, "{}", counted.text);
    let unjustified = auditor.ask_with(LIST, json!({ "state": "UNJUSTIFIED" })).await;
    assert_eq!(nodes(&unjustified)[0]["index"], json!(second), "{}", unjustified.text);
}

#[actix_web::test]
async fn what_is_past_its_day_is_listed_and_counted_as_overdue() {
    let (_policies, wanted) = sampling(1.0);
    let app = TestApp::with(wanted);
    let uscc = licences(&app);
    let index = app.department("AMR").ask(&format!("{{ subject(uscc: \"{uscc}\") {{ name }} }}")).await.index();
    let overdue = || async { supervisor(&app, "AMR").ask_with(LIST, json!({ "overdue": true })).await };
    // Monday; due on Wednesday, and until its end.
    app.clock.advance_micros(2 * 86_400_000_000);
    assert_eq!(nodes(&overdue().await).len(), 0, "the last day is in time");
    app.clock.advance_micros(86_400_000_000);
    assert_eq!(nodes(&overdue().await)[0]["index"], json!(index.to_string()));
    let counted = supervisor(&app, "AMR").ask_with(COUNTS, json!({})).await;
    assert_eq!(counted.data("/reviewCounts/overdue"), 1, "{}", counted.text);
}

#[actix_web::test]
async fn the_sample_can_be_worked_out_again_from_the_leaf_hashes() {
    let (_policies, wanted) = sampling(0.3);
    let app = TestApp::with(wanted);
    let uscc = licences(&app);
    let mut expected = Vec::new();
    for _ in 0..60 {
        let index = app.department("AMR").ask(&format!("{{ subject(uscc: \"{uscc}\") {{ name }} }}")).await.index();
        let entry = app.service.gateway.ledger.entry(index).unwrap().unwrap();
        if u64::from_be_bytes(*entry.leaf_hash.first_chunk().unwrap()) / 10 < u64::MAX / 10 * 3 / 10 {
            expected.push(json!(index.to_string()));
        }
    }
    let auditor = app.administrator(Role::Auditor);
    let (mut found, mut after) = (Vec::new(), Value::Null);
    loop {
        let page = auditor.ask_with(LIST, json!({ "first": 5, "after": after })).await;
        found.extend(nodes(&page).iter().map(|node| node["index"].clone()));
        if page.data("/reviews/pageInfo/hasNextPage") == false {
            break;
        }
        after = page.data("/reviews/pageInfo/endCursor").clone();
    }
    assert_eq!(found, expected);
    assert!((6..36).contains(&found.len()), "{}", found.len());
    let rules = ReviewRules { sample: 0.3, due_working_days: 2, break_glass_due_working_days: 1 };
    for index in 0..app.service.gateway.ledger.size() {
        let entry = app.service.gateway.ledger.entry(index).unwrap().unwrap();
        let is_drawn = found.contains(&json!(index.to_string()));
        assert_eq!(!rules.reasons(&entry.leaf, &entry.leaf_hash).is_empty(), is_drawn, "{index}");
    }
}
