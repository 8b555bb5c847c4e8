//! Tip-offs (举报): anybody reports; one officer, by name, learns who; nobody and nothing else does.

mod desk;
mod pages;

use actix_web::test::TestRequest;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use chengxin::domain::{AttachmentKind, Role, TipoffStage};
use chengxin::ledger::{Disclosures, Export};
use chengxin::store;
use serde_json::{Value, json};

use self::pages::{FORM, code_on, form, post, typed};
use crate::applications::stage::firm;
use crate::joint_actions::stage::{list, problems, uscc};
use crate::support::databases::Scratch;
use crate::support::process::Place;
use crate::support::{Answered, Asker, TestApp, Wanted};

const PNG: &[u8] = b"\x89PNG\r\n\x1A\n and what follows";
const PDF: &[u8] = b"%PDF-1.7 and what follows";
/// What must show nowhere.
const NAME: &str = "欧阳举报甲";
const CONTACT: &str = "13900001234";
const CONDUCT: &str = "夜间偷排废水，目击人张三丰，身份证号11010519491231002X";
const TIPOFF: &str = "id uscc field stage department { id } isYours conduct attachments { number kind bytes path } outcome answer \
    submittedOn answeredOn steps { step entry }";

fn app_on(database: &Scratch) -> TestApp {
    let databases = Some((database.url.clone(), database.url.clone())).filter(|_| !database.is_sqlite());
    TestApp::with(Wanted { now: "2026-09-18T04:00:00Z", databases, ..Wanted::default() })
}

fn app() -> TestApp {
    let app = app_on(&Scratch::sqlite());
    list(&app, 1, "2025-09-01");
    app
}

/// An officer by name.
pub fn officer<'a>(app: &'a TestApp, department: &str, name: &str) -> Asker<'a> {
    app.administrator_as(Role::Department, |claims| {
        claims.department = Some(department.to_owned());
        name.clone_into(&mut claims.actor);
    })
}

async fn change(asker: &Asker<'_>, field: &str, success: &str, input: Value) -> Answered {
    let input_type = format!("{}{}Input", field[..1].to_uppercase(), &field[1..]);
    let document = format!(
        "mutation($input: {input_type}!) {{ {field}(input: $input) {{ ... on {success} \
         ... on InvalidInput {{ problems {{ path code message }} }} }} }}"
    );
    asker.ask_with(&document, json!({ "input": input })).await
}

pub async fn submit(asker: &Asker<'_>, input: Value) -> Answered {
    change(asker, "submitTipoff", "SubmitTipoffSuccess { code }", input).await
}

pub fn wanted() -> Value {
    json!({ "uscc": uscc(1), "field": "HEALTH_AND_SAFETY", "conduct": CONDUCT, "reporter": { "name": NAME, "contact": CONTACT } })
}

fn code(answered: &Answered) -> String {
    answered.data("/submitTipoff/code").as_str().unwrap_or_else(|| panic!("{}", answered.text)).to_owned()
}

pub async fn step(asker: &Asker<'_>, field: &str, input: Value) -> Answered {
    change(asker, field, &format!("TipoffSuccess {{ tipoff {{ {TIPOFF} }} }}"), input).await
}

pub async fn assign(app: &TestApp, id: &Value, name: &str) -> Answered {
    step(&app.coordinator(), "assignTipoff", json!({ "id": id, "department": "TAX", "officer": name })).await
}

pub async fn reveal(asker: &Asker<'_>, id: &Value) -> Answered {
    let success = "RevealReporterSuccess { name contact }";
    change(asker, "revealReporter", success, json!({ "id": id, "reason": "核实需要联系举报人" })).await
}

async fn attach(asker: &Asker<'_>, code: &str, bytes: &[u8]) -> Answered {
    let request = TestRequest::post().uri("/tipoffs/attachments").insert_header(("chengxin-tipoff", code));
    asker.send(request.set_payload(bytes.to_vec())).await
}

async fn fetch(asker: &Asker<'_>, path: &Value) -> Answered {
    asker.send(TestRequest::get().uri(path.as_str().unwrap())).await
}

pub async fn newest(asker: &Asker<'_>) -> Value {
    let answered = asker.ask(&format!("{{ tipoffs(first: 1) {{ nodes {{ {TIPOFF} }} }} }}")).await;
    answered.data("/tipoffs/nodes/0").clone()
}

async fn progress(asker: &Asker<'_>, code: &str) -> Answered {
    let query = "query($code: String!) { tipoffProgress(code: $code) { stage submittedOn attachments outcome answeredOn answer } }";
    asker.ask_with(query, json!({ "code": code })).await
}

#[actix_web::test]
async fn a_file_that_comes_while_a_step_is_taken_is_kept_and_none_comes_after_the_answer() {
    for database in Scratch::each() {
        let app = app_on(&database);
        list(&app, 1, "2025-09-01");
        let code = code(&submit(&app.public(), wanted()).await);
        let id = newest(&app.coordinator()).await["id"].clone();
        let registry = &app.service.gateway.registry;
        let Some(chengxin::exchange::node_id::NodeRef::Tipoff(own)) =
            app.service.gateway.node_ids.decode(id.as_str().unwrap())
        else {
            panic!("{id} is no tip-off");
        };
        let read = registry.read(|connection| store::tipoff::find(connection, own)).unwrap().unwrap();
        assert_eq!(attach(&app.public(), &code, PNG).await.status, 201);
        // The step of somebody who had read it before.
        let row = store::tipoff::TipoffRow { steps: read.steps + 1, handler: "x".to_owned(), ..read };
        registry.write(|connection| store::tipoff::advance(connection, &row)).unwrap();
        let after = registry.read(|connection| store::tipoff::find(connection, own)).unwrap().unwrap();
        assert_eq!((after.attachments, after.handler.as_str()), (1, "x"));
        assert_eq!(attach(&app.public(), &code, PDF).await.json, json!({ "number": 2 }));
        let answered =
            store::tipoff::TipoffRow { steps: after.steps + 1, stage: TipoffStage::Answered, attachments: 2, ..after };
        registry.write(|connection| store::tipoff::advance(connection, &answered)).unwrap();
        let told = store::tipoff::Attachment { number: 3, kind: AttachmentKind::Png, bytes: 1 };
        let late = [store::tipoff::NewAttachment { told, digest: "x".to_owned(), sealed: b"x".to_vec() }];
        let late = registry.write(|connection| store::tipoff::attach(connection, own, &late));
        assert!(matches!(late, Err(store::StoreError::Conflict)), "{late:?}");
    }
}

#[actix_web::test]
async fn a_tip_off_goes_from_its_submission_to_the_answer_and_one_officer_learns_who_reported() {
    for database in Scratch::each() {
        let app = app_on(&database);
        list(&app, 1, "2025-09-01");
        walk(&app).await;
    }
}

async fn walk(app: &TestApp) {
    let public = app.public();
    let code = code(&submit(&public, wanted()).await);
    assert_eq!(attach(&public, &code, PNG).await.status, 201);
    // However it is typed.
    let typed = code.to_lowercase().replace('-', " ");
    assert_eq!(attach(&public, &typed, PDF).await.json, json!({ "number": 2 }));
    let seen = newest(&app.coordinator()).await;
    assert_eq!(
        (&seen["uscc"], &seen["stage"], &seen["isYours"]),
        (&json!(uscc(1)), &json!("SUBMITTED"), &json!(false))
    );
    assert_eq!((&seen["field"], &seen["conduct"]), (&json!("HEALTH_AND_SAFETY"), &Value::Null));
    let id = seen["id"].clone();
    assert_eq!(seen["attachments"], json!([]), "kind and length tell which file it is");
    let path = json!(format!("/tipoffs/{}/attachments/2", id.as_str().unwrap()));
    assert_eq!(fetch(&app.coordinator(), &path).await.status, 404, "the content is the officer's");
    assert_eq!(reveal(&app.coordinator(), &id).await.status, 200);
    assert_eq!(problems(&reveal(&app.coordinator(), &id).await), ["NOT_PERMITTED"]);

    let assigned = assign(app, &id, "officer-7").await;
    assert_eq!(assigned.data("/assignTipoff/tipoff/department/id"), "TAX", "{}", assigned.text);
    let handler = officer(app, "TAX", "officer-7");
    let own = newest(&handler).await;
    assert_eq!((&own["isYours"], &own["conduct"]), (&json!(true), &json!(CONDUCT)));
    assert_eq!((&own["attachments"][1]["kind"], &own["attachments"][1]["path"]), (&json!("PDF"), &path));
    let file = fetch(&handler, &path).await;
    assert_eq!((file.status, file.text.as_bytes()), (200, PDF));
    assert_eq!(file.headers.get("x-content-type-options").unwrap(), "nosniff");
    assert!(file.headers.get("content-disposition").unwrap().to_str().unwrap().starts_with("attachment"));
    let named = reveal(&handler, &id).await;
    assert_eq!(named.data("/revealReporter"), &json!({ "name": NAME, "contact": CONTACT }));
    // Another officer of the department, and the same name elsewhere.
    for other in [officer(app, "TAX", "officer-8"), officer(app, "AMR", "officer-7")] {
        assert!(newest(&other).await.is_null());
        assert_eq!(problems(&reveal(&other, &id).await), ["ID"]);
        assert_eq!(fetch(&other, &path).await.status, 404);
        let by_id = other.ask_with("query($id: ID!) { tipoff(id: $id) { id } }", json!({ "id": id })).await;
        assert!(by_id.data("/tipoff").is_null() && by_id.codes().is_empty(), "{}", by_id.text);
    }
    let answer = json!({ "id": id, "outcome": "SUBSTANTIATED", "answer": "已责令整改" });
    let answered = step(&handler, "answerTipoff", answer.clone()).await;
    let steps: Vec<&str> = answered
        .data("/answerTipoff/tipoff/steps")
        .as_array()
        .unwrap()
        .iter()
        .map(|step| step["step"].as_str().unwrap())
        .collect();
    assert_eq!(steps, ["FILE", "ASSIGN", "REVEAL", "ANSWER"]);
    let told = progress(&public, &code).await;
    assert_eq!(
        told.data("/tipoffProgress"),
        &json!({ "stage": "ANSWERED", "submittedOn": "2026-09-18", "attachments": 2, "outcome": "SUBSTANTIATED",
            "answeredOn": "2026-09-18", "answer": "已责令整改" })
    );
    // Nothing follows an answer.
    assert_eq!(problems(&step(&handler, "answerTipoff", answer).await), ["STAGE"]);
    assert_eq!(problems(&assign(app, &id, "officer-9").await), ["STAGE"]);
    assert_eq!(attach(&public, &code, PNG).await.status, 404);
    let words = crate::push::feed::words(&crate::push::feed::events(&app.coordinator()).await);
    assert_eq!(words, ["TIPOFF FILE", "TIPOFF ASSIGN", "TIPOFF REVEAL", "TIPOFF ANSWER"]);
}

#[actix_web::test]
async fn who_reported_shows_in_no_answer_entry_export_error_or_file_and_the_subject_learns_nothing() {
    let app = app();
    let canaries = [NAME, CONTACT, "偷排废水", "张三丰", "192.0.2.7", "CNRY-ACTOR"];
    let subject = firm(&app, 1);
    let log = "{ accessLog(first: 50) { nodes { time } } }";
    let before = subject.ask(log).await.data("/accessLog/nodes").as_array().unwrap().len();
    let first = app.service.gateway.ledger.size();
    // With a token along: nothing of it is kept either.
    let known = app.administrator_as(Role::Department, |claims| {
        claims.department = Some("PUB".to_owned());
        claims.actor = "CNRY-ACTOR".to_owned();
    });
    let mut codes = Vec::new();
    for reporter in [app.public(), known] {
        let code = code(&submit(&reporter, wanted()).await);
        assert_eq!(attach(&reporter, &code, PNG).await.status, 201);
        assert!(progress(&reporter, &code).await.data("/tipoffProgress/stage").is_string());
        codes.push(code);
        let mut wrong = wanted();
        wrong["conduct"] = json!("");
        assert_eq!(problems(&submit(&reporter, wrong).await), ["TEXT"]);
        let mut unknown = wanted();
        unknown["uscc"] = json!(uscc(77));
        assert_eq!(problems(&submit(&reporter, unknown).await), ["USCC"]);
        let broken = submit(&reporter, json!({ "uscc": "x", "conduct": CONDUCT, "reporter": { "name": NAME } })).await;
        for canary in [NAME, "偷排废水"] {
            assert!(!broken.text.contains(canary), "an error repeats what was sent: {}", broken.text);
        }
    }
    codes.extend(pages::by_pages(&app).await);
    assert_eq!(codes.len(), 4);
    let last = app.service.gateway.ledger.size();
    let id = newest(&app.coordinator()).await["id"].clone();
    assign(&app, &id, "officer-7").await;
    assert_eq!(
        subject.ask(log).await.data("/accessLog/nodes").as_array().unwrap().len(),
        before + 1,
        "the subject's own look"
    );
    // Whatever the auditor reads of those entries, and the subject, the public, other departments of anything.
    let auditor = app.administrator(Role::Auditor);
    let entries = auditor
        .ask("{ auditEntries(first: 50) { nodes { index kind role department { id } flags items purpose { code } case } } }")
        .await;
    for entry in entries.data("/auditEntries/nodes").as_array().unwrap() {
        let index: u64 = entry["index"].as_str().unwrap().parse().unwrap();
        if (first..last).contains(&index) {
            assert_eq!((&entry["role"], &entry["department"]), (&json!("PUBLIC"), &Value::Null), "{entry}");
        }
    }
    let everything = [
        "{ tipoffs(first: 20) { nodes { id uscc stage department { id } conduct attachments { path } steps { entry } } } }",
        "{ events(first: 20) { nodes { id kind step tipoff { id uscc conduct answer } } } }",
        "{ assignments { nodes { id } } applications { nodes { id } } jointActions { nodes { id } } }",
        "{ accessLog { nodes { time } } }",
        "{ auditEntries(first: 50) { nodes { index flags case } } reviews { nodes { entry { index } } } }",
    ];
    let askers = [app.public(), app.department("TAX"), app.coordinator(), firm(&app, 1), auditor];
    for asker in &askers {
        for query in everything {
            let answered = asker.ask(query).await;
            for canary in [NAME, CONTACT, "偷排废水", "张三丰", "CNRY-ACTOR"] {
                assert!(!answered.text.contains(canary), "{query}: {}", answered.text);
            }
        }
        assert!(!reveal(asker, &id).await.text.contains(NAME));
    }
    exports_hold_none(&app, &canaries, (first, last)).await;
    // The databases, as they lie on disk.
    for file in std::fs::read_dir(app.folder.path()).unwrap() {
        let path = file.unwrap().path();
        if path.is_file() {
            let bytes = std::fs::read(&path).unwrap();
            for canary in [NAME, "偷排废水", "张三丰"].into_iter().chain(codes.iter().map(String::as_str)) {
                let is_there = bytes.windows(canary.len()).any(|window| window == canary.as_bytes());
                assert!(!is_there, "`{canary}` lies in {}", path.display());
            }
        }
    }
}

#[test]
fn who_reported_shows_in_no_log_however_much_is_logged() {
    let place = Place::new();
    let process = place.serve_talking();
    let ask = |input: Value| {
        let query = "mutation($input: SubmitTipoffInput!) { submitTipoff(input: $input) { ... on SubmitTipoffSuccess { code } \
                     ... on InvalidInput { problems { code } } } }";
        let body = json!({ "query": query, "variables": { "input": input } }).to_string();
        process.send("POST", "/graphql", &[("content-type", "application/json")], body.as_bytes()).json()
    };
    let mut input = wanted();
    input["uscc"] = json!(place.uscc);
    let taken = ask(input.clone());
    let code = taken["data"]["submitTipoff"]["code"].as_str().unwrap_or_else(|| panic!("{taken}")).to_owned();
    let headers = [("chengxin-tipoff", code.as_str()), ("content-type", "image/png")];
    assert_eq!(process.send("POST", "/tipoffs/attachments", &headers, PNG).status, 201);
    let page = process.send("POST", "/tipoffs", &[FORM], typed(&place.uscc).as_bytes());
    assert_eq!(page.status, 200, "{}", page.text());
    let by_page = code_on(&page.text());
    let asked = process.send("POST", "/tipoffs/progress", &[FORM], form(&[("code", &by_page)]).as_bytes());
    assert!(asked.status == 200 && asked.text().contains("已提交"), "{}", asked.text());
    input["field"] = json!("NO_SUCH_FIELD");
    assert!(ask(input)["errors"].is_array());
    process.terminate();
    let (status, log) = process.ended();
    assert!(status.success() && log.contains("TRACE"), "{log}");
    for canary in [NAME, CONTACT, "偷排废水", "张三丰", code.as_str(), by_page.as_str()] {
        let line = log.lines().find(|line| line.contains(canary));
        assert_eq!(line, None, "`{canary}` is logged");
    }
}

/// The entries of the tip-offs, with all that can be disclosed of their bodies.
async fn exports_hold_none(app: &TestApp, canaries: &[&str], (first, last): (u64, u64)) {
    let ledger = app.service.gateway.ledger.clone();
    let lines = tokio::task::spawn_blocking(move || {
        ledger.integrate_blocking().unwrap();
        let keys = ledger.keys();
        let disclosures = Disclosures::All(keys.bodies());
        let (log, receipts) = (keys.log(), keys.receipts());
        let export = Export { database: ledger.database(), log, receipts, disclosures, checkpoint: None, first: 0 };
        let mut lines = Vec::new();
        export.ndjson(&mut lines).unwrap();
        String::from_utf8(lines).unwrap()
    });
    let lines = lines.await.unwrap();
    let mut seen = 0_u64;
    for line in lines.lines() {
        let json: Value = serde_json::from_str(line).unwrap();
        let Some(index) = json["i"].as_u64() else { continue };
        if (first..last).contains(&index) {
            seen += 1;
            let leaf = BASE64_STANDARD.decode(json["leaf"].as_str().unwrap()).unwrap();
            let line = format!("{line}{}", String::from_utf8(leaf).unwrap());
            for canary in canaries {
                assert!(!line.contains(canary), "`{canary}`: {line}");
            }
        }
    }
    assert_eq!(seen, last - first, "every entry was looked at");
}

#[actix_web::test]
async fn what_does_not_belong_is_refused_and_what_is_asked_in_secret_is_asked_alone() {
    let app = app();
    let public = app.public();
    let code = code(&submit(&public, json!({ "uscc": uscc(1), "field": "OTHER", "conduct": "样例" })).await);
    for (bytes, status) in [
        (b"GIF89a".to_vec(), 415),
        (b"<html><script>".to_vec(), 415),
        (Vec::new(), 415),
        ([PNG, vec![0; 2 << 20].as_slice()].concat(), 413),
    ] {
        assert_eq!(attach(&public, &code, &bytes).await.status, status);
    }
    for wrong in ["", "AAAA", "0000-0000-0000-0000-0000", "'; DROP TABLE tipoffs; --"] {
        assert!(matches!(attach(&public, wrong, PNG).await.status, 400 | 404), "{wrong}");
        assert!(progress(&public, wrong).await.data("/tipoffProgress").is_null(), "{wrong}");
    }
    let photograph = |number: i32| [PNG, number.to_string().as_bytes()].concat();
    for number in 1..=5 {
        assert_eq!(attach(&public, &code, &photograph(number)).await.json, json!({ "number": number }));
    }
    assert_eq!(attach(&public, &code, &photograph(3)).await.json, json!({ "number": 5 }), "it is there already");
    assert_eq!(attach(&public, &code, &photograph(6)).await.status, 409, "a sixth");
    // Without a name there is nobody to name, and the row is as long as any other.
    let id = newest(&app.coordinator()).await["id"].clone();
    assign(&app, &id, "officer-7").await;
    let nobody = reveal(&officer(&app, "TAX", "officer-7"), &id).await;
    assert_eq!(nobody.data("/revealReporter"), &json!({ "name": null, "contact": null }));
    // Beside anything else, the secret would cover the other as well.
    for beside in [
        "{ tipoffProgress(code: \"x\") { stage } subject(uscc: \"x\") { id } }",
        "{ a: tipoffProgress(code: \"x\") { stage } b: tipoffProgress(code: \"y\") { stage } }",
        "{ ...F subject(uscc: \"x\") { id } } fragment F on Query { tipoffProgress(code: \"x\") { stage } }",
    ] {
        assert_eq!(app.department("TAX").ask(beside).await.codes(), ["BAD_REQUEST"], "{beside}");
    }
    for nobody in
        [app.public(), firm(&app, 1), app.administrator(Role::Auditor), app.administrator(Role::SecurityAdmin)]
    {
        assert_eq!(nobody.ask("{ tipoffs { nodes { id } } }").await.codes(), ["FORBIDDEN"]);
        let by_id = nobody.ask_with("query($id: ID!) { tipoff(id: $id) { id } }", json!({ "id": id })).await;
        assert!(by_id.data("/tipoff").is_null(), "{}", by_id.text);
        assert_eq!(reveal(&nobody, &id).await.codes(), ["FORBIDDEN"]);
        assert_eq!(
            step(&nobody, "assignTipoff", json!({ "id": id, "department": "TAX", "officer": "x" })).await.codes(),
            ["FORBIDDEN"]
        );
    }
    let tax = app.department("TAX");
    assert_eq!(
        step(&tax, "assignTipoff", json!({ "id": id, "department": "TAX", "officer": "x" })).await.codes(),
        ["FORBIDDEN"]
    );
    let nowhere = json!({ "id": id, "department": "NOSUCH", "officer": " " });
    assert_eq!(problems(&step(&app.coordinator(), "assignTipoff", nowhere).await), ["DEPARTMENT", "OFFICER"]);
}

#[actix_web::test]
async fn nobody_buries_tip_offs_under_their_own() {
    let app = TestApp::with(Wanted { now: "2026-09-18T04:00:00Z", shipped_limits: true, ..Wanted::default() });
    list(&app, 1, "2025-09-01");
    let public = app.public();
    let mut statuses = Vec::new();
    for _ in 0..11 {
        statuses.push(submit(&public, wanted()).await.status);
    }
    assert_eq!((&statuses[..10], statuses[10]), (&[200; 10][..], 429));
    assert_eq!(post(&public, "/tipoffs", typed(&uscc(1))).await.status, 429, "on a page as well");
    assert_eq!(attach(&public, "0000-0000-0000-0000-0000", PNG).await.status, 429, "attachments are counted with them");
    assert!(!progress(&public, "x").await.codes().contains(&"RATE_LIMITED"), "asking is not");
}
