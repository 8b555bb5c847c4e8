//! The redaction of one body: three persons, an entry that says so, and proofs that go on.

use chengxin::authentication::TokenClaims;
use chengxin::domain::Role;
use chengxin::ledger::{Expectation, verify_database};
use serde_json::json;

use crate::support::{Answered, Asker, TestApp};

const SHOWN: &str = "{ __typename ... on RedactionSuccess { redaction { index reason state proposed { role } agreed { role } doneAt } } \
                     ... on InvalidInput { problems { path code message } } }";

async fn propose(asker: &Asker<'_>, index: &str, reason: &str) -> Answered {
    let document = format!("mutation($input: ProposeRedactionInput!) {{ proposeRedaction(input: $input) {SHOWN} }}");
    asker.ask_with(&document, json!({ "input": { "index": index, "reason": reason } })).await
}

async fn agree(asker: &Asker<'_>, index: &str) -> Answered {
    let document = format!("mutation($input: AgreeToRedactionInput!) {{ agreeToRedaction(input: $input) {SHOWN} }}");
    asker.ask_with(&document, json!({ "input": { "index": index } })).await
}

fn state(answered: &Answered, field: &str) -> String {
    let state = answered.data(&format!("/{field}/redaction/state")).as_str();
    state.unwrap_or_else(|| panic!("{}", answered.text)).to_owned()
}

fn problem(answered: &Answered, field: &str) -> String {
    let code = answered.data(&format!("/{field}/problems/0/code")).as_str();
    code.unwrap_or_else(|| panic!("{}", answered.text)).to_owned()
}

/// Somebody in a role.
fn person<'a>(app: &'a TestApp, role: Role, actor: &str) -> Asker<'a> {
    let actor = actor.to_owned();
    app.administrator_as(role, move |claims: &mut TokenClaims| claims.actor = actor)
}

#[actix_web::test]
async fn three_persons_two_roles_and_then_the_body_is_gone_and_every_proof_goes_on() {
    let app = TestApp::new();
    let entry = app.public().ask("{ subjects(name: \"星程物流\") { nodes { id } } }").await.index();
    let index = &entry.to_string();
    let (li, wang) = (person(&app, Role::SystemAdmin, "li"), person(&app, Role::SecurityAdmin, "wang"));
    let (zhao, auditor) = (person(&app, Role::SecurityAdmin, "zhao"), person(&app, Role::Auditor, "sun"));

    assert_eq!(problem(&agree(&wang, index).await, "agreeToRedaction"), "NOT_PROPOSED");
    let proposed = propose(&li, index, "the query holds a name that should not have been typed").await;
    assert_eq!(state(&proposed, "proposeRedaction"), "PROPOSED");
    assert_eq!(problem(&propose(&wang, index, "again").await, "proposeRedaction"), "PROPOSED");
    assert_eq!(state(&agree(&wang, index).await, "agreeToRedaction"), "AGREED_ONCE");
    assert_eq!(problem(&agree(&wang, index).await, "agreeToRedaction"), "SAME_PERSON");
    assert_eq!(problem(&agree(&zhao, index).await, "agreeToRedaction"), "SAME_ROLE");
    let ledger = &app.service.gateway.ledger;
    let body = || ledger.body(&ledger.entry(entry).unwrap().unwrap()).unwrap();
    assert!(body().is_some(), "one who agrees is not enough");
    let done = agree(&auditor, index).await;
    assert_eq!(state(&done, "agreeToRedaction"), "DONE");
    assert!(body().is_none());
    assert_eq!(problem(&agree(&auditor, index).await, "agreeToRedaction"), "DONE");
    assert_eq!(problem(&propose(&li, index, "once more").await, "proposeRedaction"), "PROPOSED");

    let told = (0..done.index()).map(|at| ledger.entry(at).unwrap().unwrap());
    let told: Vec<_> = told.filter(|told| told.leaf.flags == ["REDACTED"]).collect();
    assert_eq!((told.len(), told[0].leaf.reference), (1, Some(entry)));
    let said = ledger.body(&told[0]).unwrap().unwrap();
    let reason = &said.iter().find(|opening| opening.name == "reason").unwrap().value;
    assert!(["li", "wang", "sun", "should not have been typed"].iter().all(|part| reason.contains(part)), "{reason}");

    let listed = auditor.ask("{ redactions { index state agreed { role } } }").await;
    assert_eq!(listed.data("/redactions/0/state"), "DONE", "{}", listed.text);
    let ledger = ledger.clone();
    let report = std::thread::spawn(move || {
        ledger.integrate_blocking().unwrap();
        let expectation = Expectation { log: Some(ledger.keys().log().clone()), ..Expectation::default() };
        verify_database(ledger.database(), &expectation, Some(ledger.keys().bodies())).unwrap()
    });
    let report = report.join().unwrap();
    assert!(report.exit_code() == 0 && report.withheld > 0, "{report}");
}

#[actix_web::test]
async fn who_has_no_part_in_it_or_names_what_cannot_go_is_told_so() {
    let app = TestApp::new();
    let entry = app.public().ask("{ viewer { role } }").await.index().to_string();
    let wang = person(&app, Role::SecurityAdmin, "wang");
    let uscc = chengxin::domain::identifier::Uscc::with_check("91370502MA9AAAA01").unwrap();
    for asker in [app.public(), app.department("AMR"), app.subject(&format!("uscc:{}", uscc.as_str()))] {
        for answered in [propose(&asker, &entry, "why not").await, agree(&asker, &entry).await] {
            assert_eq!(answered.codes(), ["FORBIDDEN"], "{}", answered.text);
        }
        assert_eq!(asker.ask("{ redactions { index } }").await.codes(), ["FORBIDDEN"]);
    }
    let auditor = person(&app, Role::Auditor, "sun");
    assert_eq!(propose(&auditor, &entry, "an auditor agrees, and proposes nothing").await.codes(), ["FORBIDDEN"]);
    for (index, reason, code) in [
        ("99999", "why", "NO_BODY"),
        ("01", "why", "INDEX"),
        ("-1", "why", "INDEX"),
        ("x", "why", "INDEX"),
        (entry.as_str(), "  ", "REASON"),
        (entry.as_str(), &"长".repeat(501), "REASON"),
    ] {
        assert_eq!(problem(&propose(&wang, index, reason).await, "proposeRedaction"), code, "{index}");
    }
    assert_eq!(problem(&agree(&wang, "x").await, "agreeToRedaction"), "INDEX");
}
