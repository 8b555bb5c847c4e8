//! Logging in and staying so: what binds a log-in to its browser, when a session ends, what a form must carry.

use actix_web::test::TestRequest;
use chengxin::authentication::{DemoIssuer, IssuerSettings};
use chengxin::domain::Role;
use chengxin::domain::identifier::Uscc;
use chengxin::ledger::{EntryKind, EntryQuery};
use chengxin::portal::visit::DeskPage;
use serde_json::Value;

use super::provider::{Provider, Script};
use crate::support::{Answered, TestApp};

pub(super) const SESSION: &str = "__Host-chengxin-session";
const LOG_IN: &str = "__Host-chengxin-login";

/// An application whose people log in with a provider of the test's own.
pub(super) fn with_provider() -> (TestApp, Provider) {
    let mut app = TestApp::new();
    let folder = app.folder.path().join("issuer");
    let signer = DemoIssuer::open(&folder, app.ambient.clone()).unwrap();
    let login = app.config.login.as_mut().unwrap();
    let provider = Provider::start(signer, app.ambient.clone(), &login.client_id);
    login.issuer.clone_from(&provider.issuer);
    let issuer =
        IssuerSettings { issuer: provider.issuer.clone(), audience: login.client_id.clone(), ..app.issuer.settings() };
    app.config.public_url = Some("https://credit.example".to_owned());
    app.config.issuers = vec![app.issuer.settings(), issuer];
    app.restart();
    (app, provider)
}

/// A firm of which nothing is recorded, as its token names it.
fn unknown() -> String {
    format!("uscc:{}", Uscc::with_check("91370502MA9ABCD07").unwrap().as_str())
}

/// The value of a cookie that an answer sets, with its attributes.
pub(super) fn set_cookie(answered: &Answered, name: &str) -> Option<(String, String)> {
    let all = answered.headers.get_all("set-cookie").map(|value| value.to_str().unwrap().to_owned());
    let found = all.into_iter().find_map(|text| text.strip_prefix(&format!("{name}=")).map(str::to_owned))?;
    let (value, attributes) = found.split_once("; ").unwrap();
    Some((value.to_owned(), attributes.to_owned()))
}

fn location(answered: &Answered) -> String {
    answered.headers.get("location").map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default()
}

/// A parameter of an address.
pub(super) fn parameter(address: &str, name: &str) -> String {
    let query = address.split_once('?').unwrap().1;
    let pairs = actix_web::web::Query::<Vec<(String, String)>>::from_query(query).unwrap();
    pairs.iter().find(|(of, _)| of == name).map(|(_, value)| value.clone()).unwrap_or_default()
}

/// A log-in that has begun: where the provider is asked, and the browser's cookie.
pub(super) async fn begin(app: &TestApp, then: &str) -> (String, String) {
    let path = chengxin::portal::visit::with_parameters("/login", &[("then", then)]);
    let begun = app.public().send(TestRequest::get().uri(&path)).await;
    assert_eq!(begun.status, 303, "{}", begun.text);
    let (cookie, attributes) = set_cookie(&begun, LOG_IN).unwrap();
    assert_eq!(attributes, "Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=600");
    (location(&begun), format!("{LOG_IN}={cookie}"))
}

/// The browser comes back with a code.
pub(super) async fn come_back(app: &TestApp, query: &str, cookie: &str) -> Answered {
    let asker = app.public().header("cookie", cookie);
    asker.send(TestRequest::get().uri(&format!("/login/callback?{query}"))).await
}

pub(super) fn script(provider: &Provider, asked: &str) -> Script {
    let script = Script { nonce: parameter(asked, "nonce"), ..Script::default() };
    *provider.script.lock().unwrap() = script.clone();
    script
}

/// The flags of the entries about sessions, the newest first.
pub(super) fn told(app: &TestApp) -> Vec<String> {
    let query = EntryQuery { kind: Some(EntryKind::Admin), ..EntryQuery::default() };
    let entries = app.service.gateway.ledger.entries(&query, None, 50).unwrap();
    entries.into_iter().flat_map(|entry| entry.leaf.flags).filter(|flag| flag.starts_with("LOG_")).collect()
}

#[actix_web::test]
async fn somebody_logs_in_and_stands_where_they_wanted_to_go_with_an_entry_in_the_ledger() {
    let (app, provider) = with_provider();
    let (asked, cookie) = begin(&app, "/en/desk/inbox?stage=TAKEN").await;
    assert!(asked.starts_with(&format!("{}/auth?", provider.issuer)), "{asked}");
    let wanted = [("response_type", "code"), ("scope", "openid"), ("code_challenge_method", "S256")];
    assert_eq!(parameter(&asked, "redirect_uri"), "https://credit.example/login/callback");
    for (name, value) in wanted {
        assert_eq!(parameter(&asked, name), value, "{asked}");
    }
    script(&provider, &asked);
    let back = come_back(&app, &format!("code=c-1&state={}", parameter(&asked, "state")), &cookie).await;
    assert_eq!((back.status, location(&back)), (303, "/en/desk/inbox?stage=TAKEN".to_owned()), "{}", back.text);
    let (session, attributes) = set_cookie(&back, SESSION).unwrap();
    assert_eq!(attributes, "Path=/; Secure; HttpOnly; SameSite=Lax", "it ends with the browser");
    assert!(session.len() == 64 && set_cookie(&back, LOG_IN).unwrap().1.contains("Max-Age=0"));
    let form = provider.asked.lock().unwrap().pop().unwrap();
    assert!(form.contains("code=c-1") && form.contains("code_verifier="), "the code is proved to be ours: {form}");
    let browser = app.public().header("cookie", &format!("{SESSION}={session}"));
    let desk = browser.send(TestRequest::get().uri("/desk")).await;
    assert!(desk.status == 200 && desk.text.contains("市市场监督管理局"), "{}", desk.text);
    assert_eq!(told(&app), ["LOG_IN"]);
    // A cookie opens the desk's pages alone: a program says who it is by its token.
    let query = browser.ask("{ viewer { role } }").await;
    assert_eq!(query.data("/viewer/role"), "PUBLIC", "{}", query.text);
}

#[actix_web::test]
async fn an_answer_that_is_not_to_this_log_in_logs_nobody_in() {
    let (app, provider) = with_provider();
    let (asked, cookie) = begin(&app, "/desk").await;
    let (state, good) = (parameter(&asked, "state"), script(&provider, &asked));
    let answer = format!("code=c&state={state}");
    let refused = async |what: &str, query: &str, cookie: &str| {
        let back = come_back(&app, query, cookie).await;
        assert_eq!((back.status, set_cookie(&back, SESSION)), (401, None), "{what}");
    };
    refused("another state", "code=c&state=x", &cookie).await;
    refused("no code", &format!("error=access_denied&state={state}"), &cookie).await;
    refused("another issuer (RFC 9207)", &format!("{answer}&iss=https%3A%2F%2Fevil.example"), &cookie).await;
    refused("another browser", &answer, "other=1").await;
    refused("a cookie of nobody", &answer, &format!("{LOG_IN}=AAAA")).await;
    let scripts = [
        ("another nonce", Script { nonce: "another".to_owned(), ..good.clone() }),
        ("for another", Script { audience: Some("somebody-else".to_owned()), ..good.clone() }),
        ("refused", Script { error: Some("invalid_grant"), ..good.clone() }),
    ];
    for (what, script) in scripts {
        *provider.script.lock().unwrap() = script;
        refused(what, &answer, &cookie).await;
    }
    *provider.script.lock().unwrap() = good;
    app.clock.set(app.ambient.now().plus_seconds(601));
    refused("too late", &answer, &cookie).await;
    assert_eq!(told(&app), Vec::<String>::new());
}

#[actix_web::test]
async fn a_provider_that_cannot_be_asked_or_names_another_sends_nobody_anywhere() {
    let (app, provider) = with_provider();
    provider.script.lock().unwrap().issuer = Some("https://evil.example".to_owned());
    let begun = app.public().send(TestRequest::get().uri("/login")).await;
    assert_eq!((begun.status, location(&begun)), (502, String::new()), "{}", begun.text);
    drop(provider);
    assert_eq!(app.public().send(TestRequest::get().uri("/login")).await.status, 502);
}

#[actix_web::test]
async fn a_log_in_leads_to_a_page_of_ours_alone() {
    let (app, provider) = with_provider();
    for then in ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)", "", "/a b", "/a|b"]
    {
        let (asked, cookie) = begin(&app, then).await;
        script(&provider, &asked);
        let back = come_back(&app, &format!("code=c&state={}", parameter(&asked, "state")), &cookie).await;
        assert_eq!((back.status, location(&back).as_str()), (303, "/desk"), "{then}");
    }
}

#[actix_web::test]
async fn a_session_ends_when_it_is_not_used_and_when_its_time_is_over() {
    let app = TestApp::new();
    let seat = app.department("AMR").seated();
    let begun = app.ambient.now();
    let at = async |minutes: i64| {
        app.clock.set(begun.plus_seconds(minutes * 60));
        seat.get("/desk").await.status
    };
    assert_eq!(at(29).await, 200);
    assert_eq!(at(58).await, 200, "its use was noted");
    assert_eq!(at(89).await, 303, "half an hour without a word");
    let seat = app.department("AMR").seated();
    let begun = app.ambient.now();
    for minutes in (20..480).step_by(20) {
        app.clock.set(begun.plus_seconds(minutes * 60));
        assert_eq!(seat.get("/desk").await.status, 200, "{minutes}");
    }
    app.clock.set(begun.plus_seconds(480 * 60 + 1));
    assert_eq!(seat.get("/desk").await.status, 303, "eight hours are over");
}

#[actix_web::test]
async fn a_form_of_another_session_or_site_does_nothing() {
    let app = TestApp::new();
    let uscc = crate::answers::licences(&app);
    let own = app.subject(&format!("uscc:{uscc}"));
    let (seat, other) = (own.seated(), own.seated());
    let grant = [
        ("grantee", "BANK-1"),
        ("granted-purpose", "loan-review"),
        ("items", "administrative-licence"),
        ("until", "2027-06-01"),
    ];
    assert_ne!(seat.token, other.token);
    for token in [other.token.as_str(), "", "0"] {
        assert_eq!(seat.post_with("/desk/authorizations", &grant, token).await.status, 403, "`{token}`");
    }
    let form: Vec<(&str, &str)> = grant.into_iter().chain([("token", seat.token.as_str())]).collect();
    let from =
        |site: &'static str| TestRequest::post().uri("/desk/authorizations").insert_header(("sec-fetch-site", site));
    for site in ["cross-site", "same-site"] {
        assert_eq!(seat.browser().send(from(site).set_form(&form)).await.status, 403, "{site}");
    }
    let listed = own.ask("{ authorizations { nodes { id } } }").await;
    assert_eq!(listed.data("/authorizations/nodes").as_array().map(Vec::len), Some(0), "{}", listed.text);
    assert_eq!(seat.browser().send(from("same-origin").set_form(&form)).await.status, 200);
    let listed = own.ask("{ authorizations { nodes { id } } }").await;
    assert_eq!(listed.data("/authorizations/nodes").as_array().map(Vec::len), Some(1), "{}", listed.text);
}

#[actix_web::test]
async fn whoever_logs_out_is_out_of_this_browser_or_of_all() {
    let app = TestApp::new();
    let officer = app.department("AMR");
    let (first, second, third) = (officer.seated(), officer.seated(), officer.seated());
    let colleague = app.administrator_as(Role::Department, |claims| {
        claims.department = Some("AMR".to_owned());
        claims.actor = "actor-2".to_owned();
    });
    let colleague = colleague.seated();
    let out = first.post("/logout", &[]).await;
    assert!(out.status == 200 && out.text.contains("您已退出"), "{}", out.text);
    assert!(set_cookie(&out, SESSION).unwrap().1.contains("Max-Age=0"));
    assert_eq!((first.get("/desk").await.status, second.get("/desk").await.status), (303, 200));
    assert_eq!(second.post_with("/logout", &[], "wrong").await.status, 403);
    assert_eq!(second.post("/logout", &[("everywhere", "1"), ("language", "en")]).await.status, 200);
    let after =
        [second.get("/desk").await.status, third.get("/desk").await.status, colleague.get("/desk").await.status];
    assert_eq!(after, [303, 303, 200], "all of the officer's, and nobody else's");
    assert_eq!(told(&app)[..2], ["LOG_OUT_EVERYWHERE".to_owned(), "LOG_OUT".to_owned()]);
}

#[actix_web::test]
async fn a_page_of_another_role_is_refused_with_one_entry_and_nothing_is_tried() {
    let app = TestApp::new();
    let seats = [
        (Role::Department, app.department("AMR").seated()),
        (Role::Coordinator, app.coordinator().seated()),
        (Role::Subject, app.subject(&unknown()).seated()),
        (Role::Grantee, app.grantee("BANK-1", "").without("chengxin-authorization").seated()),
        (Role::Auditor, app.administrator(Role::Auditor).seated()),
        (Role::SecurityAdmin, app.administrator(Role::SecurityAdmin).seated()),
        (Role::SystemAdmin, app.administrator(Role::SystemAdmin).seated()),
    ];
    let entries = || {
        let found = app.service.gateway.ledger.entries(&EntryQuery::default(), None, 10_000).unwrap();
        found.into_iter().map(|entry| entry.leaf.kind).collect::<Vec<_>>()
    };
    let mut refused = 0;
    for (role, seat) in &seats {
        for page in DeskPage::all().filter(|page| !page.is_of_one()) {
            let asked = seat.get(page.pattern()).await;
            if !page.roles(false).contains(role) {
                assert_eq!(asked.status, 403, "{role}: {page:?}");
            }
            if page.names().1.is_empty() || page.roles(true).contains(role) {
                continue;
            }
            let before = entries().len();
            let posted = seat.post(page.pattern(), &[("reason", "x"), ("item", "tax-class-a")]).await;
            let after = entries();
            assert_eq!((posted.status, after.len() - before), (403, 1), "{role}: {page:?}");
            assert_eq!(after[0], EntryKind::Deny, "{role}: {page:?}");
            refused += 1;
        }
    }
    assert!(refused > 30, "{refused}");
}

#[actix_web::test]
async fn a_subject_of_whom_nothing_is_recorded_is_told_so_and_sees_nobody_elses() {
    let app = TestApp::new();
    let seat = app.subject(&unknown()).seated();
    for page in [DeskPage::Records, DeskPage::AccessLog, DeskPage::Authorizations, DeskPage::Applications] {
        let shown = seat.get(page.pattern()).await;
        assert!(shown.status == 200 && shown.text.contains("本平台还没有关于您的信息"), "{page:?}: {}", shown.text);
    }
    let actions = seat.get("/desk/actions").await;
    assert!(actions.status == 200 && actions.text.contains("没有"), "{}", actions.text);
}

#[actix_web::test]
async fn files_are_taken_away_by_the_session_from_a_page_of_ours() {
    let app = TestApp::new();
    let seat = app.department("AMR").seated();
    let get = |site: &'static str| {
        TestRequest::get().uri("/returns/execution/2026-10.csv").insert_header(("sec-fetch-site", site))
    };
    assert_eq!(seat.browser().send(get("same-origin")).await.status, 200);
    for site in ["cross-site", "same-site"] {
        // Then it is the public that asks.
        assert_eq!(seat.browser().send(get(site)).await.status, 403, "{site}");
    }
    let order = TestRequest::post().uri("/ledger/exports").set_payload(r#"{"reason":"x"}"#);
    let auditor = app.administrator(Role::Auditor).seated();
    assert_eq!(auditor.browser().send(order).await.status, 401, "an order is no form: it needs a token");
}

#[actix_web::test]
async fn without_a_provider_there_are_no_desks() {
    let mut app = TestApp::new();
    app.config.login = None;
    app.restart();
    for path in ["/desk", "/desk/inbox", "/login", "/login/callback?code=x&state=y"] {
        let answered = app.public().send(TestRequest::get().uri(path)).await;
        assert!(matches!(answered.status, 404 | 401), "{path}: {}", answered.status);
    }
    let home = app.public().send(TestRequest::get().uri("/")).await;
    assert!(!home.text.contains("/desk"), "nobody is led there");
    assert_eq!(home.json, Value::Null);
}

#[test]
fn what_is_wrong_with_the_log_in_is_said_at_start() {
    let app = TestApp::new();
    let mut config = app.config.clone();
    config.login.as_mut().unwrap().issuer = "https://nobody.example".to_owned();
    let fault = chengxin::app::service(&config, &app.ambient).unwrap_err().to_string();
    assert!(fault.contains("must stand among the issuers"), "{fault}");
    let mut config = app.config.clone();
    config.issuers[1].issuer = "http://id.example".to_owned();
    config.login.as_mut().unwrap().issuer = "http://id.example".to_owned();
    let fault = chengxin::app::service(&config, &app.ambient).unwrap_err().to_string();
    assert!(fault.contains("neither https nor http on a loopback address"), "{fault}");
    let mut config = app.config.clone();
    config.public_url = Some("credit.example".to_owned());
    let fault = chengxin::app::service(&config, &app.ambient).unwrap_err().to_string();
    assert!(fault.contains("is no address of a site"), "{fault}");
}
