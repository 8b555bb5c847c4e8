//! The pages of tip-offs: the form, its files, and how far one has come.

use actix_web::test::TestRequest;
use chengxin::domain::Role;
use chengxin::ledger::{EntryKind, EntryQuery};
use chengxin::store::AnyConnection;
use diesel::connection::SimpleConnection;
use serde_json::json;

use super::{CONDUCT, CONTACT, NAME, PDF, PNG, TIPOFF, app, app_on, assign, fetch, newest, officer, progress, step};
use crate::joint_actions::stage::{list, uscc};
use crate::support::databases::Scratch;
use crate::support::{Answered, Asker, TestApp, Wanted};

/// A form as browsers send it.
pub(super) fn form(fields: &[(&str, &str)]) -> String {
    let encoded = |text: &str| text.bytes().map(|byte| format!("%{byte:02X}")).collect::<String>();
    fields.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect::<Vec<_>>().join("&")
}

pub(super) fn typed(uscc: &str) -> String {
    form(&[("uscc", uscc), ("field", "OTHER"), ("conduct", CONDUCT), ("name", NAME), ("contact", CONTACT)])
}

pub(super) const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

pub(super) async fn post(asker: &Asker<'_>, path: &str, body: String) -> Answered {
    asker.send(TestRequest::post().uri(path).insert_header(FORM).set_payload(body)).await
}

pub(super) fn code_on(page: &str) -> String {
    page.split("class=\"query-code\">").nth(1).expect("a query code").split('<').next().unwrap().to_owned()
}

/// The same on the portal's pages, with a token along and without: the query codes.
pub(super) async fn by_pages(app: &TestApp) -> Vec<String> {
    let known = app.administrator_as(Role::Department, |claims| {
        claims.department = Some("PUB".to_owned());
        "CNRY-ACTOR".clone_into(&mut claims.actor);
    });
    let mut codes = Vec::new();
    for reporter in [app.public(), known] {
        let submitted = post(&reporter, "/en/tipoffs", typed(&uscc(1))).await;
        assert_eq!(submitted.status, 200, "{}", submitted.text);
        assert!(!submitted.text.contains("/receipts?receipt="), "checking the receipt would tell who checks");
        let code = code_on(&submitted.text);
        let asked = post(&reporter, "/tipoffs/progress", form(&[("code", &code.to_lowercase())])).await;
        assert!(asked.status == 200 && asked.text.contains("已提交，等待交办"), "{}", asked.text);
        let file = send(&reporter, &code, &[PNG]).await;
        assert!(file.status == 200 && !file.text.contains("/receipts?receipt="), "{}", file.text);
        // What cannot be taken comes back to whoever typed it, and to nobody else.
        for (wrong, told) in [("x", "不是正确的统一社会信用代码"), (uscc(77).as_str(), "没有这个单位的信息")]
        {
            let refused = post(&reporter, "/tipoffs", typed(wrong)).await;
            assert!(refused.status == 400 && refused.text.contains(told), "{}", refused.text);
            assert!(refused.text.contains(NAME) && refused.text.contains("偷排废水"), "nothing typed is lost");
        }
        codes.push(code);
    }
    codes
}

#[actix_web::test]
async fn a_form_of_another_site_of_another_kind_or_too_long_is_refused() {
    let app = app();
    let before = app.service.gateway.ledger.size();
    let send = async |headers: &[(&str, &str)], body: String| {
        let mut request = TestRequest::post().uri("/tipoffs").insert_header(("host", "credit.example"));
        for header in headers {
            request = request.insert_header(*header);
        }
        app.public().send(request.set_payload(body)).await
    };
    let whole = || typed(&uscc(1));
    for (headers, body, status) in [
        (vec![FORM, ("sec-fetch-site", "cross-site")], whole(), 403),
        (vec![FORM, ("sec-fetch-site", "same-site")], whole(), 403),
        (vec![FORM, ("origin", "https://elsewhere.example")], whole(), 403),
        (vec![FORM, ("origin", "null")], whole(), 403),
        (vec![FORM, ("origin", "https://credit.example.evil.example")], whole(), 403),
        (vec![("content-type", "text/plain")], whole(), 415),
        (vec![("content-type", "multipart/form-data; boundary=x")], whole(), 415),
        (vec![], whole(), 415),
        (vec![FORM], format!("{}&more={}", whole(), "x".repeat(70_000)), 413),
    ] {
        let refused = send(&headers, body).await;
        assert_eq!(refused.status, status, "{headers:?}");
        assert!(!refused.text.contains("query-code") && !refused.text.contains(NAME), "{headers:?}");
    }
    assert_eq!(app.service.gateway.ledger.size(), before, "refused at the door");
    for headers in [
        vec![FORM, ("sec-fetch-site", "same-origin"), ("origin", "https://other-name.example")],
        vec![FORM, ("origin", "https://CREDIT.example")],
        vec![FORM],
    ] {
        let ours = send(&headers, whole()).await;
        assert_eq!(ours.status, 200, "{headers:?}: {}", ours.text);
    }
    for path in ["/", "/search", "/publicity", "/nowhere"] {
        assert_eq!(post(&app.public(), path, form(&[("q", "东营")])).await.status, 404, "{path} takes no form");
    }
}

/// A form with files in it.
pub(super) async fn send(asker: &Asker<'_>, code: &str, files: &[&[u8]]) -> Answered {
    let mut body = format!("--XYZ\r\ncontent-disposition: form-data; name=\"code\"\r\n\r\n{code}\r\n").into_bytes();
    for bytes in files {
        let head = format!("--XYZ\r\ncontent-disposition: form-data; name=\"files\"; filename=\"{NAME}.png\"\r\n\r\n");
        body.extend([head.as_bytes(), bytes, b"\r\n"].concat());
    }
    body.extend(b"--XYZ--\r\n");
    let media = ("content-type", "multipart/form-data; boundary=XYZ");
    asker.send(TestRequest::post().uri("/tipoffs/files").insert_header(media).set_payload(body)).await
}

async fn submitted(app: &TestApp) -> String {
    submitted_of(app, CONDUCT).await
}

async fn submitted_of(app: &TestApp, conduct: &str) -> String {
    let words = form(&[("uscc", &uscc(1)), ("field", "OTHER"), ("conduct", conduct)]);
    let page = post(&app.public(), "/tipoffs", words).await;
    assert!(page.text.contains("action=\"/tipoffs/files\""), "{}", page.text);
    code_on(&page.text)
}

#[actix_web::test]
async fn files_are_added_on_a_page_and_reach_the_officer_alone() {
    let app = app();
    let code = submitted(&app).await;
    let two = send(&app.public(), &code.to_lowercase(), &[PNG, PDF]).await;
    assert!(two.status == 200 && two.text.contains("现在有 2 份") && !two.text.contains(NAME), "{}", two.text);
    let found = post(&app.public(), "/tipoffs/progress", form(&[("code", &code)])).await;
    assert!(found.text.contains("action=\"/tipoffs/files\""), "they may be added later: {}", found.text);
    let id = newest(&app.coordinator()).await["id"].clone();
    assert_eq!(assign(&app, &id, "李四").await.status, 200);
    let li = officer(&app, "TAX", "李四");
    let query = format!("query($id: ID!) {{ tipoff(id: $id) {{ {TIPOFF} }} }}");
    let attached = li.ask_with(&query, json!({ "id": id })).await.data("/tipoff/attachments").clone();
    let kinds: Vec<&str> = attached.as_array().unwrap().iter().map(|one| one["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["PNG", "PDF"]);
    assert_eq!(fetch(&li, &attached[1]["path"]).await.text.as_bytes(), PDF);
    let answer = json!({ "id": id, "outcome": "SUBSTANTIATED", "answer": "已查处" });
    assert_eq!(step(&li, "answerTipoff", answer).await.data("/answerTipoff/tipoff/stage"), "ANSWERED");
    let late = send(&app.public(), &code, &[PNG]).await;
    assert!(late.status == 400 && late.text.contains("已经答复"), "{}", late.text);
    let found = post(&app.public(), "/tipoffs/progress", form(&[("code", &code)])).await;
    assert!(found.text.contains("已查处") && !found.text.contains("/tipoffs/files"), "{}", found.text);
}

#[actix_web::test]
async fn of_files_that_cannot_all_be_taken_none_is() {
    let app = app();
    let code = submitted(&app).await;
    let public = app.public();
    let large = [PNG, &vec![0; 2 << 20]].concat();
    let photographs: Vec<Vec<u8>> = (0..6).map(|at| [PNG, format!(" {at}").as_bytes()].concat()).collect();
    let some = |range: std::ops::Range<usize>| photographs[range].iter().map(Vec::as_slice).collect::<Vec<_>>();
    for (code, files, told) in [
        (code.as_str(), vec![PNG, b"MZ a program".as_slice()], "只收 JPEG"),
        (&code, vec![PNG, &large], "超过 2 MiB"),
        (&code, some(0..6), "最多 5 份"),
        (&code, vec![], "至少一份"),
        ("0000-0000-0000-0000-0000", vec![PNG], "没有这个查询码"),
        ("", vec![PNG], "没有这个查询码"),
    ] {
        let refused = send(&public, code, &files).await;
        assert!(refused.status == 400 && refused.text.contains(told), "{told}: {}", refused.text);
        assert!(refused.text.contains("name=\"code\""), "the way on is on the page");
    }
    assert_eq!(send(&public, &code, &[&vec![0; 12 << 20]]).await.status, 413);
    let held = async || progress(&public, &code).await.data("/tipoffProgress/attachments").clone();
    assert_eq!(held().await, 0, "nothing was taken");
    assert_eq!(send(&public, &code, &some(0..4)).await.status, 200);
    let again = send(&public, &code, &some(0..4)).await;
    assert!(again.status == 200 && again.text.contains("现在有 4 份"), "sent again: {}", again.text);
    assert_eq!(send(&public, &code, &[&some(4..5)[..], &[PDF]].concat()).await.status, 400, "six in all");
    assert_eq!(send(&public, &code, &[&some(2..5)[..], &some(4..5)].concat()).await.status, 200);
    assert_eq!(held().await, 5);
}

#[actix_web::test]
async fn files_that_come_at_once_are_all_there_and_what_fails_on_the_way_leaves_none() {
    for database in Scratch::each() {
        let app = app_on(&database);
        list(&app, 1, "2025-09-01");
        let code = submitted(&app).await;
        let public = app.public();
        let files: Vec<Vec<u8>> = (0..4).map(|at| [PNG, format!(" {at}").as_bytes()].concat()).collect();
        let each = files.chunks(2).map(|two| {
            let (public, code) = (&public, &code);
            async move { send(public, code, &two.iter().map(Vec::as_slice).collect::<Vec<_>>()).await.status }
        });
        assert_eq!(futures_util::future::join_all(each).await, [200, 200]);
        let held = async || progress(&public, &code).await.data("/tipoffProgress/attachments").clone();
        assert_eq!(held().await, 4);
        // The second of two cannot be written.
        let other = submitted_of(&app, "另一件").await;
        app.service.gateway.registry.write(|connection| Ok(refuse_second(connection)?)).unwrap();
        let broken = send(&public, &other, &[PNG, PDF]).await;
        assert!(broken.status >= 500, "{}", broken.status);
        assert_eq!(progress(&public, &other).await.data("/tipoffProgress/attachments"), 0, "none of them");
    }
}

/// From now on the second file of a tip-off that has none cannot be stored.
fn refuse_second(connection: &mut AnyConnection) -> diesel::QueryResult<()> {
    if connection.is_postgres() {
        return connection.batch_execute(
            "ALTER TABLE tipoff_attachments ADD CONSTRAINT refused CHECK (number <> 2 OR kind <> 'PDF') NOT VALID",
        );
    }
    connection.batch_execute(
        "CREATE TRIGGER refused BEFORE INSERT ON tipoff_attachments WHEN NEW.number = 2 AND NEW.kind = 'PDF' \
         BEGIN SELECT RAISE(ABORT, 'refused'); END",
    )
}

#[actix_web::test]
async fn the_same_form_that_comes_again_is_the_same_tip_off_and_other_words_are_another() {
    let app = app();
    let public = app.public();
    let carried = async || {
        let page = public.send(TestRequest::get().uri("/tipoffs")).await;
        page.text.split("name=\"form\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned()
    };
    let submit = async |form: &str, conduct: &str| {
        let words = conduct.bytes().map(|byte| format!("%{byte:02X}")).collect::<String>();
        let body = format!("uscc={}&field=OTHER&conduct={words}&form={form}", uscc(1));
        let page = post(&public, "/tipoffs", body).await;
        assert_eq!(page.status, 200, "{}", page.text);
        code_on(&page.text)
    };
    let count = async || {
        let listed = app.coordinator().ask("{ tipoffs(first: 20) { nodes { id } } }").await;
        listed.data("/tipoffs/nodes").as_array().unwrap().len()
    };
    let (one, other) = (carried().await, carried().await);
    assert_ne!(one, other);
    let first = submit(&one, CONDUCT).await;
    assert_eq!(submit(&one, CONDUCT).await, first, "reloaded");
    assert_eq!(count().await, 1);
    // Whoever counts entries can tell the second from a new one.
    let query = EntryQuery { kind: Some(EntryKind::MutationOutcome), ..EntryQuery::default() };
    let outcomes = app.service.gateway.ledger.entries(&query, None, 2).unwrap();
    let repeated: Vec<bool> = outcomes.iter().map(|one| one.leaf.flags.contains(&"REPEATED".to_owned())).collect();
    assert_eq!(repeated, [true, false], "the newest first");
    let mut codes = vec![first, submit(&one, "另一件事").await, submit(&other, CONDUCT).await];
    assert_eq!(count().await, 3, "other words, another form");
    // What no page has carried tells nothing of others' codes.
    let last = if one.ends_with('0') { "1" } else { "0" };
    let forged = format!("{}{last}", &one[..one.len() - 1]);
    for form in [forged.as_str(), "", "0", &"0".repeat(96), "东营"] {
        codes.extend([submit(form, CONDUCT).await, submit(form, CONDUCT).await]);
    }
    codes.sort();
    codes.dedup();
    assert_eq!((codes.len(), count().await), (13, 13));
}

#[actix_web::test]
async fn few_forms_with_files_are_on_their_way_at_once_and_who_comes_later_is_told_so() {
    let app = app();
    let code = submitted(&app).await;
    let uploads = &app.service.uploads;
    let held = uploads.try_acquire_many(u32::try_from(uploads.available_permits()).unwrap()).unwrap();
    assert_eq!(send(&app.public(), &code, &[PNG]).await.status, 503);
    drop(held);
    assert_eq!(send(&app.public(), &code, &[PNG]).await.status, 200);
}

#[actix_web::test]
async fn what_other_sites_send_takes_nothing_of_what_a_network_may_send() {
    let app = TestApp::with(Wanted { now: "2026-09-18T04:00:00Z", shipped_limits: true, ..Wanted::default() });
    list(&app, 1, "2025-09-01");
    for _ in 0..12 {
        let foreign =
            TestRequest::post().uri("/tipoffs").insert_header(FORM).insert_header(("sec-fetch-site", "cross-site"));
        assert_eq!(app.public().send(foreign.set_payload(typed(&uscc(1)))).await.status, 403);
    }
    assert_eq!(post(&app.public(), "/tipoffs", typed(&uscc(1))).await.status, 200);
}
