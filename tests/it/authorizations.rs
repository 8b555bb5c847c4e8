//! An authorization from its grant to its end: what it opens, how its uses are counted, and that the subject sees all of it.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use chengxin::domain::Role;
use chengxin::ledger::{Policy, ProofFile};
use serde_json::{Value, json};

use crate::answers::licences;
use crate::support::{Answered, Asker, TestApp};

pub const BANK: &str = "BANK-1";
const NUMBER: &str = "legalRepresentativeCertificateNo";

pub async fn grant(app: &TestApp, uscc: &str, more: Value) -> String {
    let mut input = json!({
        "grantee": BANK, "purpose": "loan-review", "validTo": "2027-01-01T00:00:00Z",
        "items": [{ "item": "administrative-licence" }],
    });
    for (name, value) in more.as_object().unwrap() {
        input[name] = value.clone();
    }
    let answered = granting(&app.subject(&format!("uscc:{uscc}")), input).await;
    let id = answered.data("/grantAuthorization/authorization/id").as_str();
    id.unwrap_or_else(|| panic!("{}", answered.text)).to_owned()
}

/// Another firm that the registry knows, in its own view.
fn neighbour(app: &TestApp) -> Asker<'_> {
    let uscc = chengxin::domain::identifier::Uscc::with_check("91370502MA9AAAA01").unwrap();
    let csv = format!("单位名称,统一社会信用代码,评价年度\n东营测试乙有限公司,{},2025\n", uscc.as_str());
    let report = app.import("tax-class-a", &csv.replace("单位名称", "纳税人名称"));
    assert_eq!(report.rejected, 0, "{report:?}");
    app.subject(&format!("uscc:{}", uscc.as_str()))
}

async fn granting(asker: &Asker<'_>, input: Value) -> Answered {
    let document = "mutation($input: GrantAuthorizationInput!) { grantAuthorization(input: $input) { __typename \
                    ... on GrantAuthorizationSuccess { authorization { id state usesLeft } } ... on InvalidInput { problems { path code } } } }";
    asker.ask_with(document, json!({ "input": input })).await
}

async fn revoke(asker: &Asker<'_>, id: &str) -> Answered {
    let document = "mutation($id: ID!) { revokeAuthorization(input: { id: $id }) { __typename } }";
    asker.ask_with(document, json!({ "id": id })).await
}

async fn read(asker: &Asker<'_>, uscc: &str) -> Answered {
    let document = format!(
        "{{ subject(uscc: \"{uscc}\") {{ records {{ nodes {{ ... on AdministrativeLicense {{ decisionNo {NUMBER} }} }} }} }} }}"
    );
    asker.ask(&document).await
}

fn number(answered: &Answered) -> &Value {
    answered.data(&format!("/subject/records/nodes/0/{NUMBER}"))
}

fn flags(app: &TestApp, answered: &Answered) -> Vec<String> {
    let entry = app.service.gateway.ledger.entry(answered.index()).unwrap().unwrap();
    entry.leaf.flags
}

#[actix_web::test]
async fn a_grant_opens_is_used_is_listed_and_ends_at_once() {
    let app = TestApp::new();
    let uscc = licences(&app);
    let own = app.subject(&format!("uscc:{uscc}"));
    let id = grant(&app, &uscc, json!({ "usesAllowed": 3 })).await;
    let bank = app.grantee(BANK, &id);
    let used = read(&bank, &uscc).await;
    assert_eq!(number(&used), "11010519491231002X", "{}", used.text);
    assert!(flags(&app, &used).iter().any(|flag| flag.starts_with("AUTHORIZATION:")));

    let unneeded = bank.ask(&format!("{{ subject(uscc: \"{uscc}\") {{ name }} }}")).await;
    assert_eq!(unneeded.status, 200);
    let listed = "{ authorizations { nodes { id state usesAllowed usesLeft uses { nodes { index organization purpose { code } items { code } } } } } }";
    let answered = own.ask(listed).await;
    let granted = answered.data("/authorizations/nodes/0");
    assert_eq!((&granted["usesLeft"], &granted["state"]), (&json!(2), &json!("ACTIVE")), "{}", answered.text);
    let uses = granted["uses"]["nodes"].as_array().unwrap();
    assert_eq!(uses.len(), 1, "a query that needs no authorization is no use: {}", answered.text);
    assert_eq!(uses[0]["index"], used.index().to_string());
    assert_eq!((&uses[0]["organization"], &uses[0]["purpose"]["code"]), (&json!(BANK), &json!("loan-review")));
    assert_eq!(uses[0]["items"], json!([{ "code": "administrative-licence" }]));

    let stranger = revoke(&neighbour(&app), &id).await;
    assert_eq!(stranger.data("/revokeAuthorization/__typename"), "InvalidInput", "{}", stranger.text);
    assert_eq!(number(&read(&bank, &uscc).await), "11010519491231002X");
    assert_eq!(revoke(&own, &id).await.data("/revokeAuthorization/__typename"), "RevokeAuthorizationSuccess");
    let refused = read(&bank, &uscc).await;
    assert!(number(&refused).is_null() && refused.data("/subject/records/nodes/0/decisionNo").is_string());
    assert_eq!(refused.codes(), ["AUTHORIZATION_INVALID"]);
    assert!(flags(&app, &refused).contains(&"AUTHORIZATION_REVOKED".to_owned()));
}

#[actix_web::test]
async fn every_reason_is_one_code_and_one_text_outside_and_stands_in_the_ledger() {
    let app = TestApp::new();
    let uscc = licences(&app);
    let other_grantee = grant(&app, &uscc, json!({ "grantee": "BANK-2" })).await;
    let other_purpose = grant(&app, &uscc, json!({ "purpose": "bid-review" })).await;
    let later = grant(&app, &uscc, json!({ "validFrom": "2026-12-01T00:00:00Z" })).await;
    let short = grant(&app, &uscc, json!({ "validTo": "2026-11-23T04:00:01Z" })).await;
    let once = grant(&app, &uscc, json!({ "usesAllowed": 1 })).await;
    let other_item = grant(&app, &uscc, json!({ "items": [{ "item": "registration" }] })).await;
    read(&app.grantee(BANK, &once), &uscc).await;
    app.clock.advance_micros(2_000_000);
    let mut errors = Vec::new();
    for (id, reason) in [
        (other_grantee.as_str(), "AUTHORIZATION_OTHER_GRANTEE"),
        (&other_purpose, "AUTHORIZATION_OTHER_PURPOSE"),
        (&later, "AUTHORIZATION_NOT_YET_VALID"),
        (&short, "AUTHORIZATION_EXPIRED"),
        (&once, "AUTHORIZATION_USED_UP"),
        ("AVIAAAAA", "AUTHORIZATION_UNKNOWN"),
        (&other_item, "OVERREACH"),
    ] {
        let answered = read(&app.grantee(BANK, id), &uscc).await;
        assert_eq!(
            (answered.status, answered.codes()),
            (200, vec!["AUTHORIZATION_INVALID"]),
            "{reason}: {}",
            answered.text
        );
        let flags = flags(&app, &answered);
        assert!(flags.contains(&reason.to_owned()) && flags.contains(&"OVERREACH".to_owned()), "{reason}: {flags:?}");
        errors.push((answered.json["errors"].clone(), answered.json["data"].clone()));
    }
    assert!(errors.iter().all(|error| *error == errors[0]), "outside, no reason is told from another");
}

#[actix_web::test]
async fn of_two_queries_at_once_with_one_use_left_one_opens() {
    let app = TestApp::new();
    let uscc = licences(&app);
    for _ in 0..5 {
        let id = grant(&app, &uscc, json!({ "usesAllowed": 1 })).await;
        let (one, other) = (app.grantee(BANK, &id), app.grantee(BANK, &id));
        let (one, other) = futures_util::join!(read(&one, &uscc), read(&other, &uscc));
        let opened = [&one, &other].into_iter().filter(|answered| number(answered).is_string()).count();
        assert_eq!(opened, 1, "{} {}", one.text, other.text);
        let refused = if number(&one).is_null() { &one } else { &other };
        assert_eq!(refused.codes(), ["AUTHORIZATION_INVALID"], "{}", refused.text);
    }
}

#[actix_web::test]
async fn an_authorization_over_fields_opens_those_fields_alone() {
    let app = TestApp::new();
    let uscc = licences(&app);
    let id =
        grant(&app, &uscc, json!({ "items": [{ "item": "administrative-licence", "fields": ["remarks"] }] })).await;
    let answered = read(&app.grantee(BANK, &id), &uscc).await;
    assert!(number(&answered).is_null());
    assert_eq!(answered.codes().len(), 1, "{}", answered.text);
}

#[actix_web::test]
async fn a_look_up_with_an_authorization_finds_the_one_who_granted_it() {
    let app = TestApp::new();
    let uscc = licences(&app);
    let row = |name: &str, number: &str, decision: &str| {
        format!(
            "{name},自然人,身份证,{number},决定书,{decision},普通,内容,2026-11-16,2026-11-16,2099-12-31,市行政审批服务局,市行政审批服务局\n"
        )
    };
    let csv = format!(
        "XK_XDR_MC,XK_XDR_LB,XK_XDR_ZJLX,XK_XDR_ZJHM,XK_XKWS,XK_WSH,XK_XKLB,XK_NR,XK_JDRQ,XK_YXQZ,XK_YXQZI,XK_XKJG,XK_LYDW\n{}{}",
        row("钱试验", "11010519491231002X", "人许1号"),
        row("孙试验", "110101199003074514", "人许2号"),
    );
    let report = app.import("administrative-licence", &csv);
    assert_eq!((report.accepted, report.rejected), (2, 0), "{report:?}");
    let document = "query($n: CitizenNumber!) { person(citizenNumber: $n) { id records { nodes { ... on AdministrativeLicense { counterpartName } } } } }";
    let look = |number: &str| json!({ "n": number });
    let found = app.department("AMR").ask_with(document, look("11010519491231002X")).await;
    let id = found.data("/person/id").as_str().unwrap();
    let Some(chengxin::exchange::node_id::NodeRef::Subject(person)) = app.service.gateway.node_ids.decode(id) else {
        panic!("{id}")
    };
    let input = json!({ "grantee": BANK, "purpose": "loan-review", "validTo": "2027-01-01T00:00:00Z", "items": [{ "item": "administrative-licence" }] });
    let granted = granting(&app.subject(&format!("person:{person}")), input).await;
    let bank = app.grantee(BANK, granted.data("/grantAuthorization/authorization/id").as_str().unwrap());
    let own = bank.ask_with(document, look("11010519491231002X")).await;
    assert_eq!(own.data("/person/records/nodes/0/counterpartName"), "钱试验", "{}", own.text);
    let other = bank.ask_with(document, look("110101199003074514")).await;
    let nobody = bank.ask_with(document, look("110101199003074530")).await;
    for answered in [&other, &nobody] {
        assert!(answered.data("/person").is_null() && answered.codes().is_empty(), "{}", answered.text);
    }
    let firm = grant(&app, &uscc, json!({})).await;
    let through_firm = app.grantee(BANK, &firm).ask_with(document, look("11010519491231002X")).await;
    assert!(through_firm.data("/person").is_null(), "{}", through_firm.text);
    let without = bank.clone().without("chengxin-authorization").ask_with(document, look("11010519491231002X")).await;
    assert_eq!(without.codes(), ["PURPOSE_REQUIRED"], "{}", without.text);
}

#[actix_web::test]
async fn a_subject_sees_who_asked_when_why_and_about_what() {
    let app = TestApp::new();
    let uscc = licences(&app);
    let asked = read(&app.department("CUS"), &uscc).await;
    let own = app.subject(&format!("uscc:{uscc}"));
    let log = "{ accessLog { nodes { index time role department { id } purpose { code } items { code } leafHash } } }";
    let answered = own.ask(log).await;
    let row = answered.data("/accessLog/nodes/0");
    assert_eq!(row["index"], asked.index().to_string(), "{}", answered.text);
    assert!(row["time"].as_str().unwrap().starts_with("2026-11-23T04:00:00"));
    assert_eq!((&row["role"], &row["department"]["id"]), (&json!("DEPARTMENT"), &json!("CUS")));
    assert_eq!(
        (&row["purpose"]["code"], &row["items"]),
        (&json!("licence-review"), &json!([{ "code": "administrative-licence" }]))
    );
    assert_eq!(row["leafHash"], asked.json["extensions"]["audit"]["leafHash"]);
    assert!(
        !answered.text.contains("actor-1") && !answered.text.contains("T-1"),
        "neither officer nor case: {}",
        answered.text
    );
    // Each row with a proof that anybody can check without us.
    let ledger = app.service.gateway.ledger.clone();
    let policy = Policy::of_log(ledger.keys().log().clone());
    std::thread::spawn(move || ledger.integrate_blocking().unwrap()).join().unwrap();
    let proven = own.ask("{ accessLog(first: 1, after: null) { nodes { index leafHash proof } } }").await;
    let row = proven.data("/accessLog/nodes/0");
    let proof = ProofFile::parse(row["proof"].as_str().unwrap_or_else(|| panic!("{}", proven.text))).unwrap();
    assert_eq!(proof.index.to_string(), row["index"]);
    let hash = BASE64_STANDARD.decode(row["leafHash"].as_str().unwrap()).unwrap().try_into().unwrap();
    assert!(proof.verify(&hash, &policy).is_ok(), "{}", proven.text);
    let other = neighbour(&app).ask(log).await;
    let rows = other.data("/accessLog/nodes").as_array();
    assert_eq!((other.codes(), rows.map(Vec::len)), (vec![], Some(0)), "{}", other.text);
    for other in [app.public(), app.department("CUS"), app.administrator(Role::Auditor)] {
        let answered = other.ask(log).await;
        assert_eq!(answered.codes(), ["FORBIDDEN"], "{}", answered.text);
        assert!(answered.data("/accessLog").is_null(), "{}", answered.text);
    }
}

#[actix_web::test]
async fn only_a_subject_grants_and_wrong_wishes_are_told_as_data() {
    let app = TestApp::new();
    let uscc = licences(&app);
    let good = json!({ "grantee": BANK, "purpose": "loan-review", "validTo": "2027-01-01T00:00:00Z", "items": [{ "item": "registration" }] });
    for other in [app.public(), app.department("AMR"), app.grantee(BANK, "x"), app.administrator(Role::SystemAdmin)] {
        let before = app.service.gateway.ledger.size();
        let answered = granting(&other, good.clone()).await;
        assert_eq!(answered.codes(), ["FORBIDDEN"], "{}", answered.text);
        assert_eq!(app.service.gateway.ledger.size(), before + 1, "a refused mutation is one entry");
    }
    let own = app.subject(&format!("uscc:{uscc}"));
    for (name, value, code) in [
        ("grantee", json!(""), "GRANTEE"),
        ("purpose", json!("licence-review"), "PURPOSE"),
        ("grantee", json!("中国银行东营分行"), "GRANTEE"),
        ("grantee", json!("BANK 1"), "GRANTEE"),
        ("validTo", json!("2020-01-01T00:00:00Z"), "VALIDITY"),
        ("validTo", json!("2036-01-01T00:00:00Z"), "VALIDITY"),
        ("usesAllowed", json!(0), "USES"),
        ("items", json!([]), "ITEMS"),
        ("items", json!([{ "item": "none-such" }]), "ITEM"),
        ("items", json!([{ "item": "registration", "fields": ["noSuchField"] }]), "FIELD"),
    ] {
        let mut input = good.clone();
        input[name] = value;
        let answered = granting(&own, input).await;
        assert_eq!(answered.data("/grantAuthorization/problems/0/code"), code, "{}", answered.text);
    }
}
