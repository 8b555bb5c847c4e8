//! Each situation that a caller can be in, as one actor: what it is answered, and which entry says so.

use actix_web::test::TestRequest;
use chengxin::domain::Role;
use chengxin::http::fold;
use serde_json::{Value, json};

use crate::answers::licences;
use crate::support::{Answered, TestApp, Wanted};

const RESPONSE: &str = "application/graphql-response+json";

/// A header as text, empty when it is not there.
fn head<'a>(answered: &'a Answered, name: &str) -> &'a str {
    answered.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

/// The newest entry that the auditor reads; reading makes an entry of its own, after it.
async fn newest(app: &TestApp) -> Value {
    let document = "{ auditEntries(first: 1) { nodes { index kind role consumer decision errorCode flags purpose { code } case rows items } } }";
    let answered = app.administrator(Role::Auditor).ask(document).await;
    answered.data("/auditEntries/nodes/0").clone()
}

/// The entry of an answer, as the auditor reads it.
async fn entry_of(app: &TestApp, answered: &Answered) -> Value {
    let entry = newest(app).await;
    assert_eq!(entry["index"], answered.index().to_string(), "every answer has an entry, and it is the newest");
    entry
}

/// The codes that were folded, out of the sealed body of the newest entry.
async fn folded(app: &TestApp) -> (Value, String) {
    fold::write_all(&app.service).await;
    let entry = newest(app).await;
    let ledger = &app.service.gateway.ledger;
    let index = entry["index"].as_str().unwrap().parse().unwrap();
    let openings = ledger.body(&ledger.entry(index).unwrap().unwrap()).unwrap().unwrap();
    let reason = openings.into_iter().find(|opening| opening.name == "reason").unwrap();
    (entry, reason.value)
}

async fn is_folded(app: &TestApp, answered: &Answered, code: &str) {
    assert_eq!(answered.codes(), [code], "{}", answered.text);
    assert!(answered.json["data"].is_null() && answered.json["extensions"]["audit"].is_null(), "{}", answered.text);
    let (entry, reason) = folded(app).await;
    assert_eq!((&entry["kind"], &entry["decision"]), (&json!("FOLDED"), &json!("REFUSED")));
    assert!(reason.contains(code), "{reason}");
    assert_eq!((&entry["errorCode"], &entry["flags"]), (&json!(code), &json!([format!("{code}:1")])));
}

#[actix_web::test]
async fn a_document_that_does_not_fit_says_what_kind_of_fault_and_where_and_repeats_nothing() {
    let app = TestApp::new();
    for (document, kind) in [
        ("{ subject(uscc: \"91370502MA9AAAA01X\") { canary } }", "no field of this name"),
        ("{ catalogue(canary: 1) { code } }", "no argument of this name"),
        ("{ ... on Canary { code } }", "no type of this name"),
        ("{ ...canary }", "no fragment of this name"),
        ("{ catalogue @canary { code } }", "no directive of this name"),
        ("{ catalogue { code @include(if: true, canary: 1) } }", "a directive has no argument of this name"),
        ("{ catalogue(directive: 1) { code } }", "a field has no argument of this name"),
        ("{ catalogue { code @include(if: true) @include(if: true) } }", "a directive stands twice"),
        ("query @include(if: true) { catalogue { code } }", "a directive stands where it may not"),
        ("{ catalogue { title(language: CANARY) } }", "the value of an argument is of another type"),
        ("query($n: Boolean = \"canary\") { catalogue { code @include(if: $n) } }", "the default value of a variable"),
        ("query($canary: Viewer) { node(id: $canary) { id } }", "a variable is of another type than its place"),
        ("{ catalogue { code @include } }", "a required argument of a directive is missing"),
        ("{ catalogue { code } } fragment canary on Query { catalogue { code } }", "a fragment is not used"),
        ("{ catalogue { ... on Subject { canary: id } } }", "a fragment stands on a type that it cannot be of"),
        ("{ subject(uscc: $canary) { id } }", "a variable is not declared"),
        ("query($canary: ID) { catalogue { code } }", "a variable is declared and not used"),
        ("{ canary: viewer { role } canary: catalogue { code } }", "give one an alias"),
        ("{ catalogue }", "needs a selection"),
        ("{ catalogue { code { canary } } }", "no fields to select"),
        ("{ node { id } }", "a required argument is missing"),
        ("query($canary: ID!, $canary: ID!) { node(id: $canary) { id } }", "a name stands twice"),
        ("{ node(id: \"canary\", id: \"canary\") { id } }", "a name stands twice"),
    ] {
        let answered = app.public().ask(document).await;
        assert_eq!((answered.status, answered.codes()[0]), (400, "GRAPHQL_VALIDATION_FAILED"), "{}", answered.text);
        let error = &answered.json["errors"][0];
        assert!(error["message"].as_str().unwrap().contains(kind), "{document}: {error}");
        assert!(error["locations"][0]["line"].is_number(), "{document}: {error}");
        assert!(!answered.text.to_lowercase().contains("canary"), "{document}: {}", answered.text);
    }
}

#[actix_web::test]
async fn whoever_may_claim_purposes_can_list_them_and_each_of_them_is_accepted() {
    let app = TestApp::new();
    let list = "{ viewer { purposes { code title(language: EN) legalBasis requiresCase } } }";
    let purposes = |answered: &Answered| answered.data("/viewer/purposes").as_array().unwrap().clone();
    let department = app.department("AMR");
    let own = purposes(&department.clone().without("chengxin-purpose").ask(list).await);
    assert!(
        own.iter().any(|purpose| purpose["code"] == "licence-review" && purpose["requiresCase"] == true),
        "{own:?}"
    );
    for purpose in &own {
        let code = purpose["code"].as_str().unwrap();
        let claimed = department.clone().header("chengxin-purpose", code).ask("{ viewer { purpose { code } } }").await;
        assert_eq!(claimed.data("/viewer/purpose/code"), code, "{}", claimed.text);
    }
    let bank = purposes(&app.grantee("BANK-1", "x").without("chengxin-authorization").ask(list).await);
    assert!(bank.iter().any(|purpose| purpose["code"] == "loan-review"), "{bank:?}");
    assert!(bank.iter().all(|purpose| !own.contains(purpose)), "another role's");
    assert!(purposes(&app.public().ask(list).await).is_empty());
}

#[actix_web::test]
async fn a_value_of_another_type_is_refused_without_being_repeated() {
    let app = TestApp::new();
    let list = "subjects(name: \"东营\", first: $n) { nodes { id } }";
    for document in [format!("query($n: String = \"canary\") {{ {list} }}"), format!("query($n: String) {{ {list} }}")]
    {
        let answered = app.department("AMR").ask_with(&document, json!({ "n": "canary" })).await;
        assert_eq!((answered.status, answered.codes()), (400, vec!["BAD_USER_INPUT"]), "{}", answered.text);
        assert!(!answered.text.contains("canary"), "{}", answered.text);
    }
}

#[actix_web::test]
async fn what_was_refused_or_scanned_is_not_written_down_as_allowed() {
    let app = TestApp::new();
    licences(&app);
    let refused = app.department("AMR").ask("{ accessLog { nodes { index } } }").await;
    let entry = entry_of(&app, &refused).await;
    assert_eq!((&entry["decision"], &entry["flags"]), (&json!("WITHHELD"), &json!(["OVERREACH"])));
    let csv = "CF_XDR_MC,CF_XDR_LB,CF_XDR_SHXYM,CF_WSH,CF_SY,CF_YJ,CF_CFLB,CF_NR,CF_NR_FK,CF_JDRQ,CF_CFJG,CF_SJLY\n\
               东营测试丙有限公司,ORGANIZATION,91370502MA9AAAA01X,罚1号,赔偿申诉人王小明500元,依据,罚款,内容,2,2026-11-16,东营市市场监督管理局,东营市市场监督管理局\n";
    let uscc = chengxin::domain::identifier::Uscc::with_check("91370502MA9AAAA01").unwrap();
    let report = app.import("administrative-penalty", &csv.replace("91370502MA9AAAA01X", uscc.as_str()));
    assert_eq!((report.accepted, report.rejected), (1, 0), "{report:?}");
    let document =
        "{ records(item: \"administrative-penalty\") { nodes { ... on AdministrativePenalty { violationFacts } } } }";
    let scanned = app.public().ask(document).await;
    assert_eq!(scanned.data("/records/nodes/0/violationFacts"), "赔偿申诉人[姓名已隐去]500元", "{}", scanned.text);
    assert_eq!(entry_of(&app, &scanned).await["decision"], "MASKED", "a name was taken out");
    let unknown =
        app.administrator(Role::Auditor).ask("{ auditEntries(filter: { item: \"nope\" }) { nodes { index } } }").await;
    assert_eq!(unknown.codes(), ["BAD_USER_INPUT"], "a mistyped item is not an item that nobody asked for");
}

#[actix_web::test]
async fn an_unknown_subject_is_null_without_an_error_and_like_one_not_to_be_known() {
    let app = TestApp::new();
    let uscc = chengxin::domain::identifier::Uscc::with_check("91370502MA9ABCD09").unwrap();
    let csv = format!(
        "单位名称,统一社会信用代码,主体类别,费款所属期,缴费状态,申报日期\n东营试验社保有限公司,{},法人及非法人组织,202609,欠缴,2026-11-01\n",
        uscc.as_str()
    );
    let ask = |uscc: &str| format!("{{ subject(uscc: \"{uscc}\") {{ name records {{ totalCount }} }} }}");
    let before = app.public().ask(&ask(uscc.as_str())).await;
    assert!(before.data("/subject").is_null() && before.codes().is_empty(), "{}", before.text);
    assert_eq!(entry_of(&app, &before).await["decision"], "ALLOWED");
    let csv = csv.replace("单位名称", "subjectName");
    let report = app.import("social-insurance-payment", &csv);
    assert_eq!(report.rejected, 0, "{report:?}");
    let after = app.public().ask(&ask(uscc.as_str())).await;
    assert_eq!((before.status, &before.json["data"]), (after.status, &after.json["data"]));
    assert_eq!(before.json["errors"], after.json["errors"]);
    let department = app.department("AMR").ask(&ask(uscc.as_str())).await;
    assert_eq!(department.data("/subject/records/totalCount"), 1, "{}", department.text);
}

#[actix_web::test]
async fn a_wrong_check_digit_is_bad_input_as_a_literal_and_as_a_variable() {
    let app = TestApp::new();
    let literal = app.public().ask("{ subject(uscc: \"91370502MA9AAAA00A\") { name } }").await;
    let document = "query($uscc: Uscc!) { subject(uscc: $uscc) { name } }";
    let variable = app.public().ask_with(document, json!({ "uscc": "91370502MA9AAAA00A" })).await;
    let document = "query($n: CitizenNumber!) { person(citizenNumber: $n) { id } }";
    let person = app.department("AMR").ask_with(document, json!({ "n": "110105194912310021" })).await;
    for answered in [&literal, &variable, &person] {
        assert_eq!((answered.status, answered.codes()), (400, vec!["BAD_USER_INPUT"]), "{}", answered.text);
        assert!(head(answered, "content-type").starts_with(RESPONSE));
        assert!(answered.json["data"].is_null());
        assert!(!answered.text.contains("110105194912310021"), "the number is not repeated");
    }
    let entry = entry_of(&app, &person).await;
    assert_eq!((&entry["kind"], &entry["errorCode"]), (&json!("DENY"), &json!("BAD_USER_INPUT")));
}

#[actix_web::test]
async fn a_person_is_refused_to_the_public_before_the_index_is_read() {
    let app = TestApp::new();
    person(&app);
    let firm = licences(&app);
    let document = "query($n: CitizenNumber!) { person(citizenNumber: $n) { id } }";
    let known = app.public().ask_with(document, json!({ "n": "11010519491231002X" })).await;
    let entry = entry_of(&app, &known).await;
    let unknown = app.public().ask_with(document, json!({ "n": "110101199003074530" })).await;
    assert_eq!(known.codes(), ["PURPOSE_REQUIRED"], "{}", known.text);
    assert_eq!(known.json["errors"], unknown.json["errors"]);
    assert_eq!((known.status, known.text.len()), (unknown.status, unknown.text.len()));
    assert_eq!((&entry["flags"], &entry["decision"]), (&json!(["OVERREACH"]), &json!("WITHHELD")));
    for (asker, is_found) in [
        (app.department("AMR"), true),
        (app.department("AMR").without("chengxin-case"), false),
        (app.department("AMR").without("chengxin-purpose"), false),
        (app.department("AMR").header("chengxin-purpose", "inspection-planning"), false),
        (app.subject(&format!("uscc:{firm}")), false),
        (app.administrator(Role::Auditor), false),
    ] {
        let answered = asker.ask_with(document, json!({ "n": "11010519491231002X" })).await;
        assert_eq!(answered.data("/person/id").is_string(), is_found, "{}", answered.text);
        let codes = if is_found { vec![] } else { vec!["PURPOSE_REQUIRED"] };
        assert_eq!((answered.status, answered.codes()), (200, codes), "{}", answered.text);
    }
}

/// A licence of a natural person with the number of GB 11643's own example.
fn person(app: &TestApp) {
    let csv = "XK_XDR_MC,XK_XDR_LB,XK_XDR_ZJLX,XK_XDR_ZJHM,XK_XKWS,XK_WSH,XK_XKLB,XK_NR,XK_JDRQ,XK_YXQZ,XK_YXQZI,XK_XKJG,XK_LYDW\n\
               钱试验,自然人,身份证,11010519491231002X,决定书,人许1号,普通,内容,2026-11-16,2026-11-16,2099-12-31,市行政审批服务局,市行政审批服务局\n";
    let report = app.import("administrative-licence", csv);
    assert_eq!((report.accepted, report.rejected), (1, 0), "{report:?}");
}

#[actix_web::test]
async fn a_token_of_a_department_that_is_not_registered_is_refused_and_says_so() {
    let app = TestApp::new();
    let uscc = licences(&app);
    for (id, status) in [("NOSUCH", 401), ("AMR", 200)] {
        let answered = app.department(id).ask(&format!("{{ subject(uscc: \"{uscc}\") {{ name }} }}")).await;
        assert_eq!(answered.status, status, "{id}: {}", answered.text);
        if status == 401 {
            assert_eq!(answered.codes(), ["UNAUTHENTICATED"]);
            assert!(answered.text.contains("department is not registered here"), "{}", answered.text);
            assert!(answered.headers.contains_key("www-authenticate"));
            assert!(answered.json.get("data").is_none());
        }
    }
}

#[actix_web::test]
async fn an_expired_token_is_401_with_a_challenge() {
    let app = TestApp::new();
    let department = app.department("AMR");
    assert_eq!(department.ask("{ viewer { role } }").await.data("/viewer/role"), "DEPARTMENT");
    app.clock.advance_micros(2 * 3_600 * 1_000_000);
    let answered = department.ask("{ viewer { role } }").await;
    assert_eq!(answered.status, 401);
    assert!(head(&answered, "www-authenticate").starts_with("Bearer"), "{:?}", answered.headers);
    is_folded(&app, &answered, "UNAUTHENTICATED").await;
    let forged = app.public().header("authorization", "Bearer not.a.token").ask("{ viewer { role } }").await;
    assert_eq!(forged.status, 401, "a bad token is never anonymous");
}

#[actix_web::test]
async fn a_purpose_that_is_absent_unknown_or_without_its_case() {
    let app = TestApp::new();
    let uscc = licences(&app);
    let document = format!(
        "{{ subject(uscc: \"{uscc}\") {{ records {{ nodes {{ ... on AdministrativeLicense {{ decisionNo legalRepresentativeCertificateNo remarks }} }} }} }} }}"
    );
    let full = app.department("AMR").ask(&document).await;
    assert_eq!(full.data("/subject/records/nodes/0/legalRepresentativeCertificateNo"), "110105********002X");
    let entry = entry_of(&app, &full).await;
    assert_eq!((&entry["purpose"]["code"], &entry["case"]), (&json!("licence-review"), &json!("T-1")));
    assert_eq!((&entry["decision"], &entry["consumer"], &entry["rows"]), (&json!("MASKED"), &json!("AMR"), &json!(1)));
    for lacking in ["chengxin-purpose", "chengxin-case"] {
        let answered = app.department("AMR").without(lacking).ask(&document).await;
        assert_eq!(answered.status, 200);
        assert_eq!(answered.codes(), ["PURPOSE_REQUIRED", "PURPOSE_REQUIRED"], "{}", answered.text);
        assert!(answered.data("/subject/records/nodes/0/decisionNo").is_string(), "the public view stays");
        let entry = entry_of(&app, &answered).await;
        assert_eq!((&entry["decision"], &entry["flags"]), (&json!("WITHHELD"), &json!(["OVERREACH"])));
    }
    for (role, purpose) in [("AMR", "curiosity"), ("AMR", "loan-review"), ("AMR", "identity-verification")] {
        let answered = app.department(role).header("chengxin-purpose", purpose).ask(&document).await;
        assert_eq!((answered.status, answered.codes()), (403, vec!["PURPOSE_NOT_ALLOWED"]), "{}", answered.text);
        assert!(answered.json["data"].is_null());
        let entry = entry_of(&app, &answered).await;
        assert_eq!((&entry["kind"], &entry["errorCode"]), (&json!("DENY"), &json!("PURPOSE_NOT_ALLOWED")));
    }
}

#[actix_web::test]
async fn a_hostile_document_and_one_too_dear_are_400_before_any_work() {
    let app = TestApp::with(Wanted { shipped_limits: true, ..Wanted::default() });
    let hostile = format!("{{ {} }}", "viewer { role } ".repeat(2_000));
    let answered = app.public().ask(&hostile).await;
    assert_eq!(answered.status, 400);
    is_folded(&app, &answered, "DOCUMENT_LIMIT").await;
    let list = "records(item: \"registration\", first: 50)";
    let dear = format!("{{ {list} {{ nodes {{ subject {{ {list} {{ nodes {{ id }} }} }} }} }} }}");
    let answered = app.public().ask(&dear).await;
    assert_eq!(answered.status, 400);
    is_folded(&app, &answered, "COST_LIMIT").await;
}

#[actix_web::test]
async fn too_fast_is_429_and_says_when_to_come_again() {
    let app = TestApp::with(Wanted { shipped_limits: true, ..Wanted::default() });
    for _ in 0..30 {
        let answered = app.public().ask("{ viewer { role } }").await;
        assert_eq!(answered.status, 200, "{}", answered.text);
        assert!(answered.headers.contains_key("ratelimit") && answered.headers.contains_key("ratelimit-policy"));
    }
    let answered = app.public().ask("{ viewer { role } }").await;
    assert_eq!(answered.status, 429, "{}", answered.text);
    let wait: u64 = head(&answered, "retry-after").parse().unwrap();
    assert!(wait >= 1 && !head(&answered, "ratelimit").is_empty() && !head(&answered, "ratelimit-policy").is_empty());
    is_folded(&app, &answered, "RATE_LIMITED").await;
    assert_eq!(app.department("AMR").ask("{ viewer { role } }").await.status, 200, "nobody else is held up");
    app.clock.advance_micros(i64::try_from(wait).unwrap() * 1_000_000);
    assert_eq!(app.public().ask("{ viewer { role } }").await.status, 200);
}

#[actix_web::test]
async fn what_an_auditor_reads_nobody_else_does_and_a_mutation_is_not_sent_by_get() {
    let app = TestApp::new();
    for asker in [
        app.public(),
        app.department("AMR"),
        app.administrator(Role::SecurityAdmin),
        app.administrator(Role::SystemAdmin),
    ] {
        let answered = asker.ask("{ auditEntries { nodes { index } } }").await;
        assert_eq!(answered.codes(), ["FORBIDDEN"], "{}", answered.text);
        assert!(answered.data("/auditEntries").is_null());
    }
    let query = "mutation%7BrevokeAuthorization(input:%7Bid:%22a%22%7D)%7B__typename%7D%7D";
    let request = TestRequest::get().uri(&format!("/graphql?query={query}"));
    assert_eq!(app.public().send(request).await.status, 405);
}

#[actix_web::test]
async fn a_search_by_name_counts_its_cost_and_finds_organizations_alone() {
    let app = TestApp::new();
    licences(&app);
    person(&app);
    let answered = app.public().ask("{ subjects(name: \"东营测试\", first: 5) { nodes { name } } }").await;
    assert_eq!(answered.data("/subjects/nodes/0/name"), "东营测试甲有限公司", "{}", answered.text);
    let cost = |name: &str| answered.json["extensions"]["cost"][name].as_i64().unwrap();
    assert!(cost("actual") >= 1 && cost("requested") >= cost("actual"), "{}", answered.text);
    let person = app.department("AMR").ask("{ subjects(name: \"钱试验\") { nodes { id } } }").await;
    assert_eq!(person.data("/subjects/nodes"), &json!([]), "{}", person.text);
    let short = app.public().ask("{ subjects(name: \"东\") { nodes { id } } }").await;
    assert_eq!((short.status, short.codes()), (400, vec!["BAD_USER_INPUT"]), "{}", short.text);
}
