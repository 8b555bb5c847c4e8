//! Telling a subject later who asked: hidden from the subject alone, by two persons, until a day, with an entry that says so.

use chengxin::domain::Role;
use serde_json::{Value, json};

use crate::answers::licences;
use crate::support::databases::Scratch;
use crate::support::{Answered, Asker, TestApp, Wanted};

const SHOWN: &str =
    "{ ... on DelaySuccess { delay { index until ground agreedBy } } ... on InvalidInput { problems { path code } } }";
const DAY: i64 = 86_400_000_000;

fn person<'a>(app: &'a TestApp, role: Role, actor: &str, department: Option<&str>) -> Asker<'a> {
    let (actor, department) = (actor.to_owned(), department.map(str::to_owned));
    app.administrator_as(role, |claims| {
        claims.actor = actor;
        claims.supervisor = department.is_some();
        claims.department = department;
    })
}

async fn propose(asker: &Asker<'_>, index: u64, until: &str) -> Answered {
    let document = format!("mutation($input: ProposeDelayInput!) {{ proposeDelay(input: $input) {SHOWN} }}");
    let input =
        json!({ "index": index.to_string(), "until": until, "ground": "Supervision Law art. 22, order 2026-9" });
    asker.ask_with(&document, json!({ "input": input })).await
}

async fn agree(asker: &Asker<'_>, index: u64) -> Answered {
    let document = format!("mutation($input: AgreeToDelayInput!) {{ agreeToDelay(input: $input) {SHOWN} }}");
    asker.ask_with(&document, json!({ "input": { "index": index.to_string() } })).await
}

fn problem<'a>(answered: &'a Answered, field: &str) -> &'a str {
    let code = answered.data(&format!("/{field}/problems/0/code")).as_str();
    code.unwrap_or_else(|| panic!("{}", answered.text))
}

/// The entries of a department that the subject sees, in pages of `first`.
async fn seen(own: &Asker<'_>, first: u32) -> Vec<String> {
    let document = "query($first: Int!, $after: String) { accessLog(first: $first, after: $after) { \
                    pageInfo { hasNextPage endCursor } nodes { index department { id } } } }";
    let (mut found, mut after) = (Vec::new(), Value::Null);
    loop {
        let answered = own.ask_with(document, json!({ "first": first, "after": after })).await;
        for node in answered.data("/accessLog/nodes").as_array().unwrap_or_else(|| panic!("{}", answered.text)) {
            if node["department"]["id"] == "AMR" {
                found.push(node["index"].as_str().unwrap().to_owned());
            }
        }
        if answered.data("/accessLog/pageInfo/hasNextPage") == false {
            return found;
        }
        after = answered.data("/accessLog/pageInfo/endCursor").clone();
    }
}

#[actix_web::test]
async fn two_persons_hide_a_query_from_its_subject_until_a_day_and_from_nobody_else() {
    for scratch in Scratch::each() {
        let databases = Some((scratch.url.clone(), scratch.url.clone())).filter(|_| !scratch.is_sqlite());
        let app = TestApp::with(Wanted { databases, ..Wanted::default() });
        let uscc = licences(&app);
        let document = format!("{{ subject(uscc: \"{uscc}\") {{ name }} }}");
        let mut queries = Vec::new();
        for _ in 0..4 {
            queries.push(app.department("AMR").ask(&document).await.index());
        }
        let all: Vec<String> = queries.iter().rev().map(u64::to_string).collect();
        let own = || app.subject(&format!("uscc:{uscc}"));
        assert_eq!(seen(&own(), 1).await, all);

        let supervisor = person(&app, Role::Department, "supervisor-1", Some("AMR"));
        let proposed = propose(&supervisor, queries[2], "2026-12-31").await;
        assert_eq!(proposed.data("/proposeDelay/delay/until"), "2026-12-31", "{}", proposed.text);
        let without: Vec<String> = all.iter().filter(|index| **index != queries[2].to_string()).cloned().collect();
        for first in [1, 2, 100] {
            assert_eq!(seen(&own(), first).await, without, "a proposal holds at once, pages of {first}");
        }
        assert_eq!(problem(&propose(&supervisor, queries[2], "2026-12-31").await, "proposeDelay"), "PROPOSED");

        let auditor = person(&app, Role::Auditor, "auditor-1", None);
        let agreed = agree(&auditor, queries[2]).await;
        assert_eq!(agreed.data("/agreeToDelay/delay/agreedBy"), "AUDITOR", "{}", agreed.text);
        assert_eq!(problem(&agree(&auditor, queries[2]).await, "agreeToDelay"), "AGREED");
        let ledger = &app.service.gateway.ledger;
        let said = ledger.entry(agreed.index() - 1).unwrap().unwrap();
        assert_eq!(
            (said.leaf.reference, said.leaf.flags.as_slice()),
            (Some(queries[2]), ["DELAYED".to_owned()].as_slice())
        );
        let listed = auditor
            .ask("{ delays { index ground agreedBy } auditEntries(filter: { kind: QUERY }) { nodes { index } } }")
            .await;
        assert_eq!(listed.data("/delays/0/index"), &json!(queries[2].to_string()), "{}", listed.text);
        assert!(listed.text.contains(&format!("{{\"index\":\"{}\"}}", queries[2])), "an auditor sees the entry");

        app.clock.advance_micros(38 * DAY);
        assert_eq!(seen(&own(), 3).await, without, "2026-12-31 is the last day");
        app.clock.advance_micros(DAY);
        assert_eq!(seen(&own(), 3).await, all, "every delay ends");
    }
}

#[actix_web::test]
async fn a_proposal_that_nobody_agrees_to_lapses_and_cannot_be_made_again() {
    let app = TestApp::new();
    let uscc = licences(&app);
    let index = app.department("AMR").ask(&format!("{{ subject(uscc: \"{uscc}\") {{ name }} }}")).await.index();
    let own = || app.subject(&format!("uscc:{uscc}"));
    let supervisor = || person(&app, Role::Department, "supervisor-1", Some("AMR"));
    propose(&supervisor(), index, "2026-12-31").await;
    app.clock.advance_micros(3 * DAY);
    assert!(seen(&own(), 10).await.is_empty());
    app.clock.advance_micros(1_000_000);
    assert_eq!(seen(&own(), 10).await, [index.to_string()]);
    assert_eq!(problem(&propose(&supervisor(), index, "2026-12-31").await, "proposeDelay"), "PROPOSED");
    // Late, but while its days last, somebody may still agree.
    agree(&person(&app, Role::SecurityAdmin, "security-1", None), index).await;
    assert!(seen(&own(), 10).await.is_empty());
}

#[actix_web::test]
async fn what_is_no_query_of_the_department_or_has_no_ground_is_refused() {
    let app = TestApp::new();
    let uscc = licences(&app);
    let document = format!("{{ subject(uscc: \"{uscc}\") {{ name }} }}");
    let query = app.department("AMR").ask(&document).await.index();
    let other = app.department("AAS").ask(&document).await.index();
    let nobody = app.department("AMR").ask("{ viewer { role } }").await.index();
    let supervisor = person(&app, Role::Department, "supervisor-1", Some("AMR"));
    for index in [other, nobody, 999_999] {
        assert_eq!(problem(&propose(&supervisor, index, "2026-12-31").await, "proposeDelay"), "NO_QUERY", "{index}");
    }
    for until in ["2026-11-23", "2026-01-01", "2027-11-25"] {
        assert_eq!(problem(&propose(&supervisor, query, until).await, "proposeDelay"), "UNTIL", "{until}");
    }
    assert_eq!(problem(&agree(&person(&app, Role::Auditor, "a", None), query).await, "agreeToDelay"), "NOT_PROPOSED");
    assert_eq!(propose(&app.department("AMR"), query, "2026-12-31").await.codes(), ["FORBIDDEN"], "no supervisor");
    assert_eq!(propose(&app.administrator(Role::Auditor), query, "2026-12-31").await.codes(), ["FORBIDDEN"]);
    propose(&supervisor, query, "2026-12-31").await;
    assert_eq!(agree(&supervisor, query).await.codes(), ["FORBIDDEN"]);
    let same = person(&app, Role::Auditor, "supervisor-1", None);
    assert_eq!(problem(&agree(&same, query).await, "agreeToDelay"), "SAME_PERSON");
    app.clock.advance_micros(60 * DAY);
    assert_eq!(problem(&agree(&person(&app, Role::Auditor, "a", None), query).await, "agreeToDelay"), "OVER");
    assert_eq!(app.subject(&format!("uscc:{uscc}")).ask("{ delays { index } }").await.codes(), ["FORBIDDEN"]);
}
