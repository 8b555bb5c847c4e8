//! Findings: patterns planted in the register are found, named by their entries, and nothing else is.

use std::path::Path;

use chengxin::domain::Role;
use chengxin::domain::identifier::Uscc;
use serde_json::{Value, json};

use crate::answers::licences;
use crate::support::databases::Scratch;
use crate::support::process::copy_folder;
use crate::support::{Answered, Asker, TestApp, Wanted};

const FIND: &str = "query($from: Date!, $to: Date!, $of: String) { findings(from: $from, to: $to, department: $of) { \
    rule pattern title(language: EN) actor department { id } firstAt lastAt count entries } }";

const RULES: &str = r#"
[[finding]]
code = "one-by-one"
kind = "ENUMERATION"
title = { zh = "逐号试查", en = "One after another" }
different = 5
minutes = 10
[[finding]]
code = "night"
kind = "OFF_HOURS"
title = { zh = "夜间", en = "At night" }
from = 7
to = 20
queries = 2
[[finding]]
code = "again"
kind = "SAME_SUBJECT"
title = { zh = "反复", en = "Again" }
queries = 4
days = 7
[[finding]]
code = "much"
kind = "BULK"
title = { zh = "大量", en = "Much" }
rows_min = 4
factor = 2
baseline_days = 30
[[finding]]
code = "related"
kind = "RELATED"
title = { zh = "亲属", en = "Related" }
[[finding]]
code = "nothing-came"
kind = "NO_DECISION"
title = { zh = "查而无果", en = "Nothing came" }
days = 60
"#;

fn app(scratch: &Scratch, related: &str) -> (tempfile::TempDir, TestApp) {
    let folder = tempfile::tempdir().unwrap();
    copy_folder(&Path::new(env!("CARGO_MANIFEST_DIR")).join("policies"), folder.path());
    std::fs::write(folder.path().join("findings.toml"), format!("{RULES}{related}")).unwrap();
    let databases = Some((scratch.url.clone(), scratch.url.clone())).filter(|_| !scratch.is_sqlite());
    let app = TestApp::with(Wanted { policies: folder.path().to_owned(), databases, ..Wanted::default() });
    (folder, app)
}

/// An officer of market regulation.
fn officer<'a>(app: &'a TestApp, actor: &str, case: &str) -> Asker<'a> {
    let actor = actor.to_owned();
    app.administrator_as(Role::Department, |claims| {
        claims.actor = actor;
        claims.department = Some("AMR".to_owned());
    })
    .header("chengxin-purpose", "licence-review")
    .header("chengxin-case", case)
}

async fn look(asker: &Asker<'_>, uscc: &str) -> u64 {
    asker.ask(&format!("{{ subject(uscc: \"{uscc}\") {{ name records {{ nodes {{ id }} }} }} }}")).await.index()
}

async fn find(asker: &Asker<'_>, from: &str, to: &str) -> Answered {
    asker.ask_with(FIND, json!({ "from": from, "to": to })).await
}

/// Rule, actor and entries of each finding.
fn found(answered: &Answered) -> Vec<(String, String, Vec<u64>)> {
    let findings = answered.data("/findings").as_array().unwrap_or_else(|| panic!("{}", answered.text));
    let text = |finding: &Value, name: &str| finding[name].as_str().unwrap().to_owned();
    let entries = |finding: &Value| {
        finding["entries"].as_array().unwrap().iter().map(|index| index.as_str().unwrap().parse().unwrap()).collect()
    };
    findings.iter().map(|finding| (text(finding, "rule"), text(finding, "actor"), entries(finding))).collect()
}

#[actix_web::test]
async fn planted_patterns_are_found_with_their_entries_and_ordinary_work_is_not() {
    for scratch in Scratch::each() {
        let (_policies, app) = app(&scratch, "");
        let uscc = licences(&app);
        // Ordinary: three queries of one firm, another case each.
        for case in ["1", "2", "3"] {
            look(&officer(&app, "ordinary", case), &uscc).await;
        }
        let mut tried = Vec::new();
        for serial in 0..5 {
            let code = Uscc::with_check(&format!("91370502MA9FN{serial:04}")).unwrap().as_str().to_owned();
            tried.push(look(&officer(&app, "curious", "9"), &code).await);
            app.clock.advance_micros(1_000_000);
        }
        let mut again = Vec::new();
        for _ in 0..4 {
            again.push(look(&officer(&app, "stuck", "9"), &uscc).await);
        }
        // 23:00 in Shanghai.
        app.clock.advance_micros(11 * 3_600_000_000);
        let night = vec![look(&officer(&app, "owl", "9"), &uscc).await, look(&officer(&app, "owl", "9"), &uscc).await];

        let auditor = app.administrator(Role::Auditor);
        let answered = find(&auditor, "2026-11-23", "2026-11-23").await;
        let expected = [
            ("one-by-one".to_owned(), "curious".to_owned(), tried),
            ("night".to_owned(), "owl".to_owned(), night),
            ("again".to_owned(), "stuck".to_owned(), again.clone()),
            ("much".to_owned(), "stuck".to_owned(), again),
        ];
        assert_eq!(found(&answered), expected, "{}", answered.text);
        assert_eq!(answered.data("/findings/0/pattern"), "ENUMERATION");
        assert_eq!(
            (answered.data("/findings/0/count"), answered.data("/findings/0/title")),
            (&json!(5), &json!("One after another"))
        );
        assert_eq!(found(&find(&auditor, "2026-11-22", "2026-11-22").await), [], "another day");

        let supervisor = |department: &str| {
            let department = department.to_owned();
            app.administrator_as(Role::Department, |claims| {
                claims.department = Some(department);
                claims.supervisor = true;
            })
        };
        assert_eq!(found(&find(&supervisor("AMR"), "2026-11-23", "2026-11-23").await), expected);
        assert_eq!(found(&find(&supervisor("AAS"), "2026-11-23", "2026-11-23").await), []);
        for asker in [app.public(), app.department("AMR"), app.coordinator(), app.administrator(Role::SecurityAdmin)] {
            assert_eq!(find(&asker, "2026-11-23", "2026-11-23").await.codes(), ["FORBIDDEN"]);
        }
        for (from, to) in [("2026-11-23", "2026-11-22"), ("2026-10-23", "2026-11-23")] {
            assert_eq!(find(&auditor, from, to).await.codes(), ["BAD_USER_INPUT"], "{from} {to}");
        }
    }
}

#[actix_web::test]
async fn ones_own_and_the_households_records_are_found_by_declaration() {
    let uscc = Uscc::with_check("91370502MA9AAAA00").unwrap().as_str().to_owned();
    let related = format!("[[related]]\nactor = \"wife-of-the-owner\"\nsubjects = [\"uscc:{uscc}\"]\n");
    let (_policies, app) = app(&Scratch::sqlite(), &related);
    let known = licences(&app);
    assert_eq!(known, uscc, "the firm that is declared");
    let index = look(&officer(&app, "wife-of-the-owner", "1"), &uscc).await;
    look(&officer(&app, "somebody-else", "1"), &uscc).await;
    let answered = find(&app.administrator(Role::Auditor), "2026-11-23", "2026-11-23").await;
    assert_eq!(
        found(&answered),
        [("related".to_owned(), "wife-of-the-owner".to_owned(), vec![index])],
        "{}",
        answered.text
    );
}

#[actix_web::test]
async fn a_case_that_no_decision_followed_is_found_when_its_time_is_over() {
    let (_policies, app) = app(&Scratch::sqlite(), "");
    let uscc = licences(&app);
    // The imported licence of a later day than the query is the decision of this case; the other case has none.
    let decided = percent("东测许〔2026〕9号");
    look(&officer(&app, "a", &decided), &uscc).await;
    let idle = look(&officer(&app, "a", "none"), &uscc).await;
    let rows = json!([{
        "XK_XDR_MC": "东营测试甲有限公司", "XK_XDR_LB": "法人及非法人组织", "XK_XDR_SHXYM": uscc, "XK_XKWS": "决定书",
        "XK_WSH": "东测许〔2026〕9号", "XK_XKLB": "普通", "XK_NR": "样例", "XK_JDRQ": "2026-11-23", "XK_YXQZ": "2026-11-23",
        "XK_YXQZI": "2099-12-31", "XK_XKJG": "东营市市场监督管理局",
    }]);
    let document = "mutation($input: SubmitRecordsInput!) { submitRecords(input: $input) { ... on SubmitRecordsSuccess { inserted } } }";
    let sent = officer(&app, "a", "x")
        .ask_with(document, json!({ "input": { "item": "administrative-licence", "rows": rows } }))
        .await;
    assert_eq!(sent.data("/submitRecords/inserted"), 1, "{}", sent.text);
    let day = 86_400_000_000;
    app.clock.advance_micros(60 * day);
    let answered = find(&app.administrator(Role::Auditor), "2026-11-23", "2026-11-23").await;
    assert_eq!(found(&answered), [], "the last day is in time: {}", answered.text);
    app.clock.advance_micros(day);
    let answered = find(&app.administrator(Role::Auditor), "2026-11-23", "2026-11-23").await;
    assert_eq!(found(&answered), [("nothing-came".to_owned(), "a".to_owned(), vec![idle])], "{}", answered.text);
}

#[actix_web::test]
async fn a_query_whose_body_is_gone_is_judged_no_more() {
    let (_policies, app) = app(&Scratch::sqlite(), "");
    let uscc = licences(&app);
    let mut last = 0;
    for _ in 0..4 {
        last = look(&officer(&app, "stuck", "9"), &uscc).await;
    }
    let remove =
        |connection: &mut _| chengxin::store::ledger::redaction::remove_body(connection, i64::try_from(last).unwrap());
    app.service.gateway.ledger.database().write(remove).unwrap();
    let answered = find(&app.administrator(Role::Auditor), "2026-11-23", "2026-11-23").await;
    assert!(!found(&answered).iter().any(|(rule, ..)| rule == "again"), "three are left: {}", answered.text);
}

/// As a header carries text beyond ASCII.
fn percent(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}
