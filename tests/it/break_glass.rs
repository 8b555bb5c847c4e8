//! Opening one subject's records in an emergency: what it opens and for how long, whom it is told, and that neither ledger
//! nor limits nor review are passed by.

use actix_web::test::TestRequest;
use chengxin::domain::Role;
use chengxin::exchange::review::register_counts;
use chengxin::ledger::EntryKind;
use serde_json::{Value, json};

use crate::answers::licences;
use crate::support::databases::Scratch;
use crate::support::{Answered, Asker, TestApp, Wanted};

const NUMBER: &str = "legalRepresentativeCertificateNo";
const MINUTE: i64 = 60_000_000;
const OPENINGS: &str = "{ breakGlassOpenings { nodes { index department { id } actor case reason purpose { code } items { code } \
                        notified { id } active subject { uscc } } } }";

/// A person of a department, with a purpose of emergencies and a case.
fn person<'a>(app: &'a TestApp, department: &str, name: &str, is_supervisor: bool) -> Asker<'a> {
    let (department, name) = (department.to_owned(), name.to_owned());
    let asker = app.administrator_as(Role::Department, |claims| {
        claims.actor = name;
        claims.department = Some(department);
        claims.supervisor = is_supervisor;
    });
    asker.header("chengxin-purpose", "emergency-rescue").header("chengxin-case", "E-2026-7")
}

/// The same at everyday work.
fn usual<'a>(app: &'a TestApp, department: &str, name: &str, is_supervisor: bool) -> Asker<'a> {
    person(app, department, name, is_supervisor).header("chengxin-purpose", "licence-review")
}

fn officer(app: &TestApp) -> Asker<'_> {
    person(app, "FIRE", "officer-7", false)
}

async fn subject_id(asker: &Asker<'_>, uscc: &str) -> String {
    let answered = asker.ask(&format!("{{ subject(uscc: \"{uscc}\") {{ id }} }}")).await;
    answered.data("/subject/id").as_str().unwrap_or_else(|| panic!("{}", answered.text)).to_owned()
}

async fn open(asker: &Asker<'_>, input: Value) -> Answered {
    let document = "mutation($input: BreakGlassInput!) { breakGlass(input: $input) { ... on BreakGlassSuccess { opening { \
                    authorization index validTo active notified { id } } } ... on InvalidInput { problems { path code message } } } }";
    asker.ask_with(document, json!({ "input": input })).await
}

fn wanted(subject: &str) -> Value {
    json!({ "subject": subject, "items": ["administrative-licence"], "reason": "fire in the plant: who answers for it" })
}

async fn opened(asker: &Asker<'_>, subject: &str) -> String {
    let answered = open(asker, wanted(subject)).await;
    let opening = answered.data("/breakGlass/opening/authorization").as_str();
    opening.unwrap_or_else(|| panic!("{}", answered.text)).to_owned()
}

async fn read(asker: &Asker<'_>, uscc: &str) -> Answered {
    let fields = format!("... on AdministrativeLicense {{ decisionNo {NUMBER} }}");
    asker.ask(&format!("{{ subject(uscc: \"{uscc}\") {{ records {{ nodes {{ {fields} }} }} }} }}")).await
}

fn number(answered: &Answered) -> &Value {
    answered.data(&format!("/subject/records/nodes/0/{NUMBER}"))
}

#[actix_web::test]
async fn an_opening_opens_one_subject_for_half_an_hour_and_everybody_concerned_learns_of_it() {
    for scratch in Scratch::each() {
        let databases = Some((scratch.url.clone(), scratch.url.clone())).filter(|_| !scratch.is_sqlite());
        let app = TestApp::with(Wanted { databases, ..Wanted::default() });
        let uscc = licences(&app);
        let without = read(&officer(&app), &uscc).await;
        assert_ne!(
            number(&without),
            "11010519491231002X",
            "the purpose alone opens no more than any: {}",
            without.text
        );
        let subject = subject_id(&officer(&app), &uscc).await;
        let made = open(&officer(&app), wanted(&subject)).await;
        let opening = made.data("/breakGlass/opening");
        assert_eq!(
            (&opening["active"], &opening["notified"]),
            (&json!(true), &json!([{ "id": "AAS" }])),
            "{}",
            made.text
        );
        assert_eq!(opening["validTo"], "2026-11-23T04:30:00.000000Z");
        let index: u64 = opening["index"].as_str().unwrap().parse().unwrap();
        let asker = officer(&app).header("chengxin-authorization", opening["authorization"].as_str().unwrap());
        let used = read(&asker, &uscc).await;
        assert_eq!(number(&used), "11010519491231002X", "{}", used.text);

        let ledger = &app.service.gateway.ledger;
        let said = ledger.entry(index).unwrap().unwrap().leaf;
        assert_eq!(
            (said.kind, said.subjects, said.items.as_slice()),
            (EntryKind::BreakGlass, 1, &["administrative-licence".to_owned()][..])
        );
        assert_eq!(said.flags, ["BREAK_GLASS", "NOTICE:AAS", "UNTIL:2026-11-23T04:30:00.000000Z"]);
        assert!(!format!("{said:?}").contains("fire in the plant"), "the reason is sealed");
        let query = ledger.entry(used.index()).unwrap().unwrap().leaf;
        assert_eq!((query.reference, query.tier.as_deref()), (Some(index), Some("AUTHORIZED_QUERY")));
        assert_eq!(query.flags, ["BREAK_GLASS"]);

        told_to_those_concerned(&app, (&uscc, index, used.index())).await;

        app.clock.advance_micros(30 * MINUTE - 1);
        assert_eq!(number(&read(&asker, &uscc).await), "11010519491231002X");
        app.clock.advance_micros(1);
        let over = read(&asker, &uscc).await;
        assert_ne!(number(&over), "11010519491231002X");
        assert!(ledger.entry(over.index()).unwrap().unwrap().leaf.flags.contains(&"AUTHORIZATION_EXPIRED".to_owned()));
    }
}

/// The provider, the officer's own supervisor, auditors, the subject and the reviewers, and nobody else.
async fn told_to_those_concerned(app: &TestApp, (uscc, opening, query): (&str, u64, u64)) {
    for (department, is_told) in [("AAS", true), ("FIRE", true), ("CUS", false)] {
        let listed = usual(app, department, "chief", true).ask(OPENINGS).await;
        let first = listed.data("/breakGlassOpenings/nodes/0");
        assert_eq!(first.is_object(), is_told, "{department}: {}", listed.text);
        if is_told {
            assert_eq!((&first["actor"], &first["case"]), (&json!("officer-7"), &json!("E-2026-7")));
            assert_eq!(
                (&first["reason"], &first["subject"]["uscc"]),
                (&json!("fire in the plant: who answers for it"), &json!(uscc))
            );
            assert_eq!(
                (&first["items"][0]["code"], &first["department"]["id"]),
                (&json!("administrative-licence"), &json!("FIRE"))
            );
        }
    }
    assert_eq!(usual(app, "AAS", "clerk", false).ask(OPENINGS).await.codes(), ["FORBIDDEN"], "supervisors alone");
    assert_eq!(
        usual(app, "AAS", "chief", true).ask(&OPENINGS.replace("ings {", "ings(department: \"FIRE\") {")).await.codes(),
        ["FORBIDDEN"]
    );
    let auditor = app.administrator(Role::Auditor);
    let listed = auditor.ask(OPENINGS).await;
    assert_eq!(listed.data("/breakGlassOpenings/nodes/0/index"), &json!(opening.to_string()), "{}", listed.text);

    let own = app.subject(&format!("uscc:{uscc}"));
    let log = own.ask("{ accessLog { nodes { index department { id } purpose { code } items { code } } } }").await;
    let row = |index: u64| {
        let nodes = log.data("/accessLog/nodes").as_array().unwrap();
        nodes
            .iter()
            .find(|node| node["index"] == json!(index.to_string()))
            .unwrap_or_else(|| panic!("{index}: {}", log.text))
            .clone()
    };
    for index in [opening, query] {
        let row = row(index);
        assert_eq!((&row["department"]["id"], &row["purpose"]["code"]), (&json!("FIRE"), &json!("emergency-rescue")));
        assert_eq!(row["items"], json!([{ "code": "administrative-licence" }]));
    }

    let of_emergency =
        |node: &&Value| node["purpose"]["code"] == "emergency-rescue" && node["index"] != json!(query.to_string());
    let rows = log.data("/accessLog/nodes").as_array().unwrap();
    let later: Vec<&Value> = rows
        .iter()
        .filter(of_emergency)
        .filter(|node| node["index"].as_str().unwrap().parse::<u64>().unwrap() >= opening)
        .collect();
    assert_eq!(later.len(), 1, "an opening is told once: {}", log.text);

    let reviews = "{ reviews(department: \"FIRE\") { nodes { index reasons dueOn state } } }";
    let awaited = auditor.ask(reviews).await;
    let nodes = awaited.data("/reviews/nodes").as_array().unwrap_or_else(|| panic!("{}", awaited.text));
    for index in [opening, query] {
        let review = nodes.iter().find(|node| node["index"] == json!(index.to_string())).unwrap();
        assert!(review["reasons"].as_array().unwrap().contains(&json!("BREAK_GLASS")), "{review}");
        assert_eq!(review["dueOn"], "2026-11-26", "three working days");
    }
}

#[actix_web::test]
async fn an_opening_needs_a_purpose_a_case_a_reason_and_a_role_and_nothing_is_opened_without() {
    let app = TestApp::new();
    let uscc = licences(&app);
    let subject = subject_id(&officer(&app), &uscc).await;
    let refused = [
        (officer(&app).without("chengxin-purpose"), "PURPOSE_REQUIRED"),
        (officer(&app).without("chengxin-case"), "PURPOSE_REQUIRED"),
        (officer(&app).header("chengxin-purpose", "licence-review"), "PURPOSE_REQUIRED"),
        (person(&app, "CUS", "officer-7", false), "FORBIDDEN"),
        (app.subject(&format!("uscc:{uscc}")), "FORBIDDEN"),
        (app.administrator(Role::Auditor), "FORBIDDEN"),
        (app.public(), "FORBIDDEN"),
        (person(&app, "FIRE", "", false), "UNAUTHENTICATED"),
    ];
    for (asker, code) in refused {
        let answered = open(&asker, wanted(&subject)).await;
        assert!(
            answered.codes().contains(&code) || answered.codes() == ["PURPOSE_NOT_ALLOWED"],
            "{code}: {}",
            answered.text
        );
    }
    let node = app.department("AMR").ask("{ viewer { purposes { code breakGlassMinutes } } }").await;
    assert!(node.text.contains("{\"code\":\"emergency-rescue\",\"breakGlassMinutes\":30}"), "{}", node.text);
    let with = |name: &str, value: Value| {
        let mut input = wanted(&subject);
        input[name] = value;
        input
    };
    for (input, path, code) in [
        (with("subject", json!("AVIAAAAA")), json!(["subject"]), "SUBJECT"),
        (with("items", json!([])), json!(["items"]), "ITEMS"),
        (with("items", json!(["registration", "religious-personnel-filing"])), json!(["items", "1"]), "ITEM"),
        (with("items", json!(["no-such"])), json!(["items", "0"]), "ITEM"),
        (with("reason", json!(" \u{3000}")), json!(["reason"]), "REASON"),
        (with("reason", json!("长".repeat(501))), json!(["reason"]), "REASON"),
    ] {
        let answered = open(&officer(&app), input).await;
        let problem = answered.data("/breakGlass/problems/0");
        assert_eq!((&problem["path"], &problem["code"]), (&path, &json!(code)), "{}", answered.text);
    }
    let none = app.administrator(Role::Auditor).ask(OPENINGS).await;
    assert_eq!(none.data("/breakGlassOpenings/nodes"), &json!([]), "{}", none.text);
}

#[actix_web::test]
async fn an_officer_opens_three_times_in_a_day_and_no_more_and_each_is_told() {
    for scratch in Scratch::each() {
        let databases = Some((scratch.url.clone(), scratch.url.clone())).filter(|_| !scratch.is_sqlite());
        let app = TestApp::with(Wanted { databases, ..Wanted::default() });
        let uscc = licences(&app);
        let subject = subject_id(&officer(&app), &uscc).await;
        for _ in 0..3 {
            opened(&officer(&app), &subject).await;
        }
        let fourth = open(&officer(&app), wanted(&subject)).await;
        assert_eq!(fourth.data("/breakGlass/problems/0/code"), "DAILY_LIMIT", "{}", fourth.text);
        opened(&person(&app, "FIRE", "officer-8", false), &subject).await;
        app.clock.advance_micros(12 * 60 * MINUTE);
        opened(&officer(&app), &subject).await;

        let auditor = app.administrator(Role::Auditor);
        let page = "query($after: String) { breakGlassOpenings(first: 2, after: $after) { pageInfo { hasNextPage endCursor } nodes { index active } } }";
        let (mut seen, mut after) = (Vec::new(), Value::Null);
        loop {
            let answered = auditor.ask_with(page, json!({ "after": after })).await;
            seen.extend(answered.data("/breakGlassOpenings/nodes").as_array().unwrap().clone());
            if answered.data("/breakGlassOpenings/pageInfo/hasNextPage") == false {
                break;
            }
            after = answered.data("/breakGlassOpenings/pageInfo/endCursor").clone();
        }
        let active: Vec<bool> = seen.iter().map(|node| node["active"].as_bool().unwrap()).collect();
        assert_eq!(active, [true, false, false, false, false]);
    }
}

#[actix_web::test]
async fn of_openings_at_the_same_moment_no_more_than_three_are_made_and_the_register_counts_them() {
    for scratch in Scratch::each() {
        let databases = Some((scratch.url.clone(), scratch.url.clone())).filter(|_| !scratch.is_sqlite());
        let app = TestApp::with(Wanted { databases, ..Wanted::default() });
        let uscc = licences(&app);
        let subject = subject_id(&officer(&app), &uscc).await;
        let askers: Vec<_> = (0..12).map(|_| officer(&app)).collect();
        let answers = futures_util::future::join_all(askers.iter().map(|asker| open(asker, wanted(&subject)))).await;
        let mut made = 0;
        for answered in &answers {
            let is_limit = answered.text.contains("\"DAILY_LIMIT\"");
            let is_made = answered.text.contains("\"authorization\"");
            assert!(is_made || is_limit || answered.codes() == ["CONFLICT"], "{}", answered.text);
            made += usize::from(is_made);
        }
        assert!((1..=3).contains(&made), "{made} were made");
        let counts = register_counts(&app.service.gateway).unwrap();
        assert_eq!(counts.openings_of_month, made as u64);
        app.administrator(Role::Auditor).ask("{ reviews(department: \"FIRE\") { nodes { index } } }").await;
        let counts = register_counts(&app.service.gateway).unwrap();
        assert!(counts.reviews_awaiting >= made as u64 && counts.reviews_overdue == 0, "{counts:?}");
        app.clock.advance_micros(7 * 24 * 60 * MINUTE);
        let counts = register_counts(&app.service.gateway).unwrap();
        assert!(counts.reviews_overdue >= made as u64, "{counts:?}");
        app.service.metrics.set_register(counts);
        let numbers = app.public().send(TestRequest::get().uri("/metrics")).await;
        for (name, value) in [
            ("reviews_awaiting", counts.reviews_awaiting),
            ("reviews_overdue", counts.reviews_overdue),
            ("break_glass_openings", made as u64),
        ] {
            assert!(numbers.text.contains(&format!("\nchengxin_{name} {value}\n")), "{}", numbers.text);
        }
    }
}

#[actix_web::test]
async fn when_the_ledger_cannot_write_nothing_is_opened_and_nothing_read_by_an_opening() {
    let app = TestApp::new();
    let uscc = licences(&app);
    let subject = subject_id(&officer(&app), &uscc).await;
    let opening = opened(&officer(&app), &subject).await;
    app.service.gateway.ledger.close();
    let refused = open(&officer(&app), wanted(&subject)).await;
    assert_eq!((refused.status, refused.codes()), (503, vec!["AUDIT_UNAVAILABLE"]), "{}", refused.text);
    let unread = read(&officer(&app).header("chengxin-authorization", &opening), &uscc).await;
    assert_eq!((unread.status, unread.codes()), (503, vec!["AUDIT_UNAVAILABLE"]), "{}", unread.text);
}

#[actix_web::test]
async fn a_check_of_another_case_does_not_use_the_opening_and_an_opening_can_be_told_later() {
    let app = TestApp::new();
    let uscc = licences(&app);
    let subject = subject_id(&officer(&app), &uscc).await;
    let made = open(&officer(&app), wanted(&subject)).await;
    let opening = &made.data("/breakGlass/opening");
    let asker = officer(&app).header("chengxin-authorization", opening["authorization"].as_str().unwrap());
    let check = "mutation($input: CreditCheckInput!) { creditCheck(input: $input) { ... on CreditCheckSuccess { checks { receipt { index } } } } }";
    let flags = async |case: &str| {
        let checked = asker.ask_with(check, json!({ "input": { "checks": [{ "uscc": uscc, "case": case }] } })).await;
        let index =
            checked.data("/creditCheck/checks/0/receipt/index").as_str().unwrap_or_else(|| panic!("{}", checked.text));
        app.service.gateway.ledger.entry(index.parse().unwrap()).unwrap().unwrap().leaf.flags
    };
    assert_eq!(flags("E-2026-7").await, ["BREAK_GLASS"]);
    assert_eq!(flags("E-2026-8").await, ["AUTHORIZATION_OTHER_CASE", "BREAK_GLASS"]);

    let index = opening["index"].as_str().unwrap();
    let propose = "mutation($input: ProposeDelayInput!) { proposeDelay(input: $input) { ... on DelaySuccess { delay { until } } } }";
    let input = json!({ "index": index, "until": "2026-12-31", "ground": "Supervision Law art. 22" });
    let proposed = usual(&app, "FIRE", "chief", true).ask_with(propose, json!({ "input": input })).await;
    assert_eq!(proposed.data("/proposeDelay/delay/until"), "2026-12-31", "{}", proposed.text);
    let log = app.subject(&format!("uscc:{uscc}")).ask("{ accessLog { nodes { index } } }").await;
    assert!(!log.text.contains(&format!("{{\"index\":\"{index}\"}}")), "{}", log.text);
}
