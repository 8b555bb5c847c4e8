//! Mandatory checks: what a check finds, the entry and the receipt of each, and which decisions had none before them.

use chengxin::domain::Role;
use chengxin::domain::identifier::Uscc;
use chengxin::ledger::{ShownReceipt, verify_receipt};
use serde_json::{Value, json};

use crate::support::databases::Scratch;
use crate::support::{Answered, Asker, TestApp, Wanted};

const CHECK: &str = "mutation($input: CreditCheckInput!) { creditCheck(input: $input) { __typename \
    ... on CreditCheckSuccess { subjectsOnLists checks { case subject name \
        hits { list item { code } provider { id } decidedOn publishedUntil record } \
        receipt { origin index leafHash time signature } } } \
    ... on InvalidInput { problems { path code } } } }";

const COVERAGE: &str = "query($of: String!, $from: Date!, $to: Date!) { mustCheckCoverage(department: $of, from: $from, to: $to) { \
    department { id } total { decisions checked missing withheld rate } months { month counts { checked missing } } \
    missing { decidedOn item { code } record { id ... on AdministrativeLicense { decisionNo counterpartName } } } } }";

fn uscc(serial: u32) -> String {
    Uscc::with_check(&format!("91370502MA9CK{serial:04}")).unwrap().as_str().to_owned()
}

async fn check(asker: &Asker<'_>, checks: Value) -> Answered {
    asker.ask_with(CHECK, json!({ "input": { "checks": checks } })).await
}

async fn coverage(asker: &Asker<'_>, of: &str, (from, to): (&str, &str)) -> Answered {
    asker.ask_with(COVERAGE, json!({ "of": of, "from": from, "to": to })).await
}

fn licence(serial: u32, number: &str, day: &str) -> Value {
    json!({
        "XK_XDR_MC": format!("东营核查{serial}有限公司"), "XK_XDR_LB": "法人及非法人组织", "XK_XDR_SHXYM": uscc(serial),
        "XK_XKWS": "决定书", "XK_WSH": number, "XK_XKLB": "普通", "XK_NR": "样例", "XK_JDRQ": day, "XK_YXQZ": day,
        "XK_YXQZI": "2099-12-31", "XK_XKJG": "东营市行政审批服务局",
    })
}

async fn record(asker: &Asker<'_>, rows: Value) {
    let document = "mutation($input: SubmitRecordsInput!) { submitRecords(input: $input) { ... on SubmitRecordsSuccess { inserted rows { problems { code } } } ... on InvalidInput { problems { code } } } }";
    let count = rows.as_array().unwrap().len();
    let answered =
        asker.ask_with(document, json!({ "input": { "item": "administrative-licence", "rows": rows } })).await;
    assert_eq!(answered.data("/submitRecords/inserted"), count, "{}", answered.text);
}

fn list(app: &TestApp, serial: u32) {
    let csv = format!(
        "信用主体类别,统一社会信用代码,主体名称,名单名称,列入事由,列入依据,认定文号,认定单位,列入日期\n\
         法人及非法人组织,{},东营核查{serial}有限公司,样例名单,样例,样例办法,样例列字〔2026〕1号,东营市市场监督管理局,2026-11-02\n",
        uscc(serial)
    );
    let report = app.import("serious-dishonesty", &csv);
    assert_eq!(report.accepted, 1, "{report:?}");
}

#[actix_web::test]
async fn a_check_tells_the_lists_and_has_an_entry_and_a_receipt_of_its_own() {
    let app = TestApp::new();
    list(&app, 1);
    let office = app.department("AAS").without("chengxin-case");
    let asked = json!([{ "uscc": uscc(1), "case": "受理1" }, { "uscc": uscc(2), "case": "受理2" }]);
    let answered = check(&office, asked).await;
    let checks = answered.data("/creditCheck/checks").as_array().unwrap_or_else(|| panic!("{}", answered.text)).clone();
    assert_eq!(answered.data("/creditCheck/subjectsOnLists"), 1);
    assert_eq!((&checks[0]["case"], &checks[0]["name"]), (&json!("受理1"), &json!("东营核查1有限公司")));
    let hit = &checks[0]["hits"][0];
    assert_eq!((&hit["list"], &hit["item"]["code"]), (&json!("SERIOUS"), &json!("serious-dishonesty")));
    assert_eq!(hit["decidedOn"], "2026-11-02", "{}", answered.text);
    assert!(checks[1]["subject"].is_null() && checks[1]["hits"] == json!([]), "unknown: {}", answered.text);

    let ledger = &app.service.gateway.ledger;
    let outcome = ledger.entry(answered.index()).unwrap().unwrap();
    assert_eq!((outcome.leaf.kind.to_string(), outcome.leaf.subjects), ("mutation_outcome".to_owned(), 0));
    for (check, case) in checks.iter().zip(["受理1", "受理2"]) {
        let receipt: ShownReceipt = serde_json::from_value(check["receipt"].clone()).unwrap();
        assert!(verify_receipt(&receipt, ledger.keys().receipts()), "{receipt:?}");
        let entry = ledger.entry(receipt.index.parse().unwrap()).unwrap().unwrap();
        assert_eq!((entry.leaf.kind.to_string(), entry.leaf.subjects), ("check".to_owned(), 1));
        assert_eq!(entry.leaf.reference, outcome.leaf.reference, "the checks name the intent of their mutation");
        assert_eq!(entry.leaf.purpose.as_deref(), Some("licence-review"));
        assert!(entry.index < outcome.index, "a check is durable before the answer is made");
        let body = ledger.body(&entry).unwrap().unwrap();
        assert!(body.iter().any(|opening| opening.name == "case" && opening.value == case), "{case}");
    }
}

#[actix_web::test]
async fn the_subject_sees_the_check_once_even_one_from_before_it_was_known() {
    let app = TestApp::new();
    let office = app.department("AAS");
    check(&office, json!([{ "uscc": uscc(5), "case": "受理5" }])).await;
    record(&office, json!([licence(5, "许5", "2026-11-23")])).await;
    let own = app.subject(&format!("uscc:{}", uscc(5)));
    let answered = own.ask("{ accessLog { nodes { department { id } purpose { code } proof } } }").await;
    let rows = answered.data("/accessLog/nodes").as_array().unwrap();
    let by_office = rows.iter().filter(|row| row["department"]["id"] == "AAS");
    assert_eq!(by_office.count(), 1, "{}", answered.text);
}

#[actix_web::test]
async fn what_is_wrong_with_a_check_is_told_and_then_nothing_is_checked() {
    let app = TestApp::new();
    let office = app.department("AAS");
    let before = app.service.gateway.ledger.size();
    for (checks, path, code) in [
        (json!([]), json!(["checks"]), "CHECKS"),
        (json!(vec![json!({ "uscc": uscc(1), "case": "1" }); 501]), json!(["checks"]), "CHECKS"),
        (json!([{ "case": "1" }]), json!(["checks", "0"]), "SUBJECT"),
        (
            json!([{ "uscc": uscc(1), "citizenNumber": "11010519491231002X", "case": "1" }]),
            json!(["checks", "0"]),
            "SUBJECT",
        ),
        (
            json!([{ "uscc": uscc(1), "case": "1" }, { "uscc": uscc(1), "case": " " }]),
            json!(["checks", "1", "case"]),
            "CASE",
        ),
    ] {
        let answered = check(&office, checks).await;
        let problem = answered.data("/creditCheck/problems/0");
        assert_eq!((&problem["path"], &problem["code"]), (&path, &json!(code)), "{}", answered.text);
    }
    let written = app.service.gateway.ledger.size() - before;
    assert_eq!(written, 10, "an intent and an outcome each, no check");
    let aimless = check(&office.clone().without("chengxin-purpose"), json!([{ "uscc": uscc(1), "case": "1" }])).await;
    assert_eq!(aimless.codes(), ["PURPOSE_REQUIRED"], "{}", aimless.text);
    let closed = office.clone().header("chengxin-purpose", "procurement-review");
    let person = check(&closed, json!([{ "citizenNumber": "11010519491231002X", "case": "1" }])).await;
    assert_eq!(person.codes(), ["PURPOSE_REQUIRED"], "this purpose allows no look-up: {}", person.text);
    for asker in [app.public(), app.subject(&format!("uscc:{}", uscc(1))), app.administrator(Role::Auditor)] {
        assert_eq!(check(&asker, json!([{ "uscc": uscc(1), "case": "1" }])).await.codes(), ["FORBIDDEN"]);
    }
}

#[actix_web::test]
async fn coverage_counts_checks_before_the_decision_and_names_the_missing_ones() {
    for scratch in Scratch::each() {
        let databases = Some((scratch.url.clone(), scratch.url.clone())).filter(|_| !scratch.is_sqlite());
        let app = TestApp::with(Wanted { databases, ..Wanted::default() });
        let office = app.department("AAS");
        let checks = json!([
            { "uscc": uscc(1), "case": "东营样例许字〔2026〕1号" },
            // Written as the officer's keyboard has it; the decision has other brackets and widths.
            { "uscc": uscc(2), "case": " 东营样例许字〔２０２６〕2号" },
            { "uscc": uscc(3), "case": "另案" },
        ]);
        check(&office, checks).await;
        record(
            &office,
            json!([
                licence(1, "东营样例许字〔2026〕1号", "2026-11-23"),
                licence(2, "东营样例许字〔2026〕2号", "2026-11-23"),
                licence(3, "东营样例许字〔2026〕3号", "2026-11-23"),
                licence(4, "东营样例许字〔2026〕4号", "2026-11-20"),
                licence(1, "东营样例许字〔2026〕5号", "2026-10-08"),
            ]),
        )
        .await;
        let month = ("2026-11-01", "2026-11-30");
        let answered = coverage(&office, "AAS", month).await;
        let total = answered.data("/mustCheckCoverage/total");
        let counted = json!({ "decisions": 4, "checked": 2, "missing": 2, "withheld": 0, "rate": 0.5 });
        assert_eq!(*total, counted, "{}", answered.text);
        let missing = answered.data("/mustCheckCoverage/missing").as_array().unwrap();
        let named: Vec<&str> = missing.iter().map(|row| row["record"]["decisionNo"].as_str().unwrap()).collect();
        assert_eq!(named, ["东营样例许字〔2026〕3号", "东营样例许字〔2026〕4号"], "another case, and no check at all");
        assert_eq!(missing[0]["record"]["counterpartName"], "东营核查3有限公司");

        let longer = coverage(&office, "AAS", ("2026-10-01", "2026-11-30")).await;
        let months = longer.data("/mustCheckCoverage/months");
        assert_eq!(months[0], json!({ "month": "2026-10", "counts": { "checked": 0, "missing": 1 } }));
        assert_eq!(months[1]["month"], "2026-11");

        // An ordinary query under the decision's case counts as well; it comes too late for a decision of an earlier day.
        let late = app.department("AAS").header(
            "chengxin-case",
            "%E4%B8%9C%E8%90%A5%E6%A0%B7%E4%BE%8B%E8%AE%B8%E5%AD%97%E3%80%942026%E3%80%954%E5%8F%B7",
        );
        late.ask(&format!("{{ subject(uscc: \"{}\") {{ name }} }}", uscc(4))).await;
        let same = app.department("AAS").header(
            "chengxin-case",
            "%E4%B8%9C%E8%90%A5%E6%A0%B7%E4%BE%8B%E8%AE%B8%E5%AD%97%E3%80%942026%E3%80%953%E5%8F%B7",
        );
        same.ask(&format!("{{ subject(uscc: \"{}\") {{ name }} }}", uscc(3))).await;
        let again = coverage(&office, "AAS", month).await;
        assert_eq!(again.data("/mustCheckCoverage/total/checked"), 3, "{}", again.text);
        assert_eq!(again.data("/mustCheckCoverage/missing/0/decidedOn"), "2026-11-20");

        let other = app.department("AMR");
        assert_eq!(coverage(&other, "AAS", month).await.codes(), ["FORBIDDEN"]);
        assert_eq!(coverage(&app.public(), "AAS", month).await.codes(), ["FORBIDDEN"]);
        let auditor = coverage(&app.administrator(Role::Auditor), "AAS", month).await;
        assert_eq!(auditor.data("/mustCheckCoverage/total/checked"), 3, "{}", auditor.text);
        assert!(auditor.data("/mustCheckCoverage/missing/0/record").is_null(), "auditors read no records");
        assert_eq!(coverage(&app.coordinator(), "AAS", month).await.data("/mustCheckCoverage/total/checked"), 3);
        for (of, period) in [("NOPE", month), ("aas", month), ("AAS", ("2026-11-30", "2026-11-01"))] {
            let refused = coverage(&app.administrator(Role::Auditor), of, period).await;
            assert_eq!(refused.codes(), ["BAD_USER_INPUT"], "{of}: {}", refused.text);
        }
    }
}

#[actix_web::test]
async fn a_check_whose_case_is_gone_makes_a_decision_undecidable_and_not_missing() {
    let app = TestApp::new();
    let office = app.department("AAS");
    let answered = check(&office, json!([{ "uscc": uscc(1), "case": "许1" }])).await;
    record(&office, json!([licence(1, "许1", "2026-11-23")])).await;
    let index: u64 = answered.data("/creditCheck/checks/0/receipt/index").as_str().unwrap().parse().unwrap();
    let ledger = &app.service.gateway.ledger;
    ledger
        .database()
        .write(|connection| chengxin::store::ledger::redaction::remove_body(connection, i64::try_from(index).unwrap()))
        .unwrap();
    let shown = coverage(&office, "AAS", ("2026-11-23", "2026-11-23")).await;
    let counted = json!({ "decisions": 1, "checked": 0, "missing": 0, "withheld": 1, "rate": null });
    assert_eq!(*shown.data("/mustCheckCoverage/total"), counted, "{}", shown.text);
}
