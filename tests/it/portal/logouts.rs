//! What ends at the provider ends here too (OpenID Connect Back-Channel Logout 1.0), and nobody else can say so.

use actix_web::test::TestRequest;
use chengxin::authentication::{DemoIssuer, TokenSigner};
use chengxin::store::AnyConnection;
use chengxin::store::schema::sessions;
use diesel::prelude::*;
use serde_json::{Value, json};

use super::provider::{Provider, Script};
use super::sessions::{SESSION, begin, come_back, parameter, script, set_cookie, told, with_provider};
use crate::support::{Answered, Asker, TestApp};

const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";

/// Somebody who logged in, in a session of the provider's.
async fn logged_in<'a>(
    app: &'a TestApp,
    provider: &Provider,
    actor: &'static str,
    sid: Option<&'static str>,
) -> Asker<'a> {
    let (asked, cookie) = begin(app, "/desk").await;
    let wanted = Script { actor: Some(actor), sid, ..script(provider, &asked) };
    *provider.script.lock().unwrap() = wanted;
    let back = come_back(app, &format!("code=c&state={}", parameter(&asked, "state")), &cookie).await;
    let (session, _) = set_cookie(&back, SESSION).unwrap_or_else(|| panic!("{}", back.text));
    app.public().header("cookie", &format!("{SESSION}={session}"))
}

async fn is_in(browser: &Asker<'_>) -> bool {
    match browser.send(TestRequest::get().uri("/desk")).await.status {
        200 => true,
        303 => false,
        other => panic!("{other}"),
    }
}

/// A logout token of the provider's, changed.
fn logout_token(app: &TestApp, provider: &Provider, change: impl FnOnce(&mut Value)) -> String {
    let signer = DemoIssuer::open(&app.folder.path().join("issuer"), app.ambient.clone()).unwrap();
    let now = app.ambient.now().micros() / 1_000_000;
    let mut claims = json!({
        "iss": provider.issuer, "aud": app.config.login.as_ref().unwrap().client_id, "iat": now, "exp": now + 120, "jti": "j-1",
        "events": { EVENT: {} }
    });
    change(&mut claims);
    signer.signer().sign(&claims).unwrap()
}

async fn say(app: &TestApp, token: &str) -> Answered {
    app.public().send(TestRequest::post().uri("/logout/provider").set_form([("logout_token", token)])).await
}

#[actix_web::test]
async fn what_the_provider_ends_is_ended_here_a_session_or_all_of_a_person() {
    let (app, provider) = with_provider();
    let first = logged_in(&app, &provider, "officer-1", Some("s-1")).await;
    let second = logged_in(&app, &provider, "officer-1", Some("s-2")).await;
    let silent = logged_in(&app, &provider, "officer-1", None).await;
    let colleague = logged_in(&app, &provider, "officer-2", Some("s-3")).await;
    let all = async || [is_in(&first).await, is_in(&second).await, is_in(&silent).await, is_in(&colleague).await];
    assert_eq!(all().await, [true; 4]);

    let of = |sub: Option<&'static str>, sid: Option<&'static str>| {
        logout_token(&app, &provider, |claims| {
            for (name, value) in [("sub", sub), ("sid", sid)] {
                if let Some(value) = value {
                    claims[name] = value.into();
                }
            }
        })
    };
    let told_once = say(&app, &of(Some("officer-1"), Some("s-1"))).await;
    assert_eq!((told_once.status, told_once.text.as_str()), (200, ""));
    assert_eq!(told_once.headers.get("cache-control").unwrap(), "no-store");
    assert_eq!(
        all().await,
        [false, true, false, true],
        "the one session, and that of which it is not known which it is"
    );
    assert_eq!(say(&app, &of(Some("officer-1"), Some("s-1"))).await.status, 200, "nothing is left to end");
    assert_eq!(say(&app, &of(Some("officer-1"), Some("s-3"))).await.status, 200);
    assert_eq!(say(&app, &of(Some("officer-9"), None)).await.status, 200);
    assert_eq!(all().await, [false, true, false, true], "a session of somebody else, and nobody");
    assert_eq!(say(&app, &of(Some("officer-1"), None)).await.status, 200);
    assert_eq!(all().await, [false, false, false, true], "all of the officer's");
    assert_eq!(say(&app, &of(None, Some("s-3"))).await.status, 200);
    assert_eq!(all().await, [false; 4]);
    let told = told(&app);
    assert_eq!(told.iter().filter(|flag| *flag == "LOG_OUT_BY_PROVIDER").count(), 4, "an entry for each: {told:?}");
}

#[actix_web::test]
async fn what_is_no_logout_token_of_the_provider_ends_nothing() {
    let (app, provider) = with_provider();
    let browser = logged_in(&app, &provider, "officer-1", Some("s-1")).await;
    let named = |claims: &mut Value| claims["sub"] = "officer-1".into();
    let with = |change: &dyn Fn(&mut Value)| {
        logout_token(&app, &provider, |claims| {
            named(claims);
            change(claims);
        })
    };
    let good = with(&|_| {});
    let remove = |claims: &mut Value, name: &str| drop(claims.as_object_mut().unwrap().remove(name));
    let now = app.ambient.now().micros() / 1_000_000;
    let other_issuer = app.issuer.settings();
    let refused = [
        ("not of this provider", with(&|claims| claims["iss"] = other_issuer.issuer.clone().into())),
        ("of nobody known", with(&|claims| claims["iss"] = "https://evil.example".into())),
        ("for another", with(&|claims| claims["aud"] = "somebody-else".into())),
        (
            "for another issuer's audience",
            with(&|claims| {
                claims["iss"] = other_issuer.issuer.clone().into();
                claims["aud"] = other_issuer.audience.clone().into();
            }),
        ),
        (
            "over",
            with(&|claims| {
                claims["iat"] = (now - 700).into();
                claims["exp"] = (now - 600).into();
            }),
        ),
        ("without an end", with(&|claims| remove(claims, "exp"))),
        ("no event", with(&|claims| remove(claims, "events"))),
        ("an identity token", with(&|claims| claims["nonce"] = "n".into())),
        ("names nobody", with(&|claims| remove(claims, "sub"))),
        ("another signature", {
            let (signed, signature) = good.rsplit_once('.').unwrap();
            format!("{signed}.{}", signature.chars().rev().collect::<String>())
        }),
        ("no token", "x".to_owned()),
        ("nothing", String::new()),
        ("a mebibyte", "a".repeat(1 << 16)),
    ];
    // By a key that is not held yet: the provider may have taken a new one, and is to say it again.
    let stranger = TokenSigner::generate(&app.ambient).unwrap();
    let claims = json!({ "iss": provider.issuer, "aud": app.config.login.as_ref().unwrap().client_id, "sub": "officer-1", "iat": now,
        "exp": now + 60, "jti": "j", "events": { EVENT: {} } });
    assert_eq!(say(&app, &stranger.sign(&claims).unwrap()).await.status, 503);
    assert!(is_in(&browser).await);
    for (what, token) in &refused {
        let answered = say(&app, token).await;
        assert_eq!(answered.status, 400, "{what}: {}", answered.text);
        assert!(is_in(&browser).await, "{what}");
    }
    for request in [
        TestRequest::get().uri("/logout/provider"),
        TestRequest::post().uri("/logout/provider"),
        TestRequest::post()
            .uri("/logout/provider")
            .insert_header(("sec-fetch-site", "cross-site"))
            .set_form([("logout_token", &good)]),
    ] {
        assert!(matches!(app.public().send(request).await.status, 400 | 405));
    }
    assert!(is_in(&browser).await);
    // A logout token proves nobody, also one that says a role.
    let role = with(&|claims| claims["role"] = "AUDITOR".into());
    let answered = app.public().header("authorization", &format!("Bearer {role}")).ask("{ viewer { role } }").await;
    assert_eq!(answered.status, 401, "{}", answered.text);
    let bearer = app.public().header("authorization", &format!("Bearer {good}")).ask("{ viewer { role } }").await;
    assert_eq!(bearer.status, 401, "{}", bearer.text);
    assert_eq!(say(&app, &good).await.status, 200);
    assert!(!is_in(&browser).await);
}

#[actix_web::test]
async fn without_an_entry_no_session_is_ended_and_the_provider_is_told_to_say_it_again() {
    let (app, provider) = with_provider();
    let browser = logged_in(&app, &provider, "officer-1", Some("s-1")).await;
    let token = logout_token(&app, &provider, |claims| claims["sid"] = "s-1".into());
    assert!(is_in(&browser).await);
    let sessions = || {
        let count = |connection: &mut AnyConnection| Ok(sessions::table.count().get_result::<i64>(connection)?);
        app.service.gateway.registry.read(count).unwrap()
    };
    assert_eq!(sessions(), 1);
    app.service.gateway.ledger.close();
    assert_eq!(say(&app, &token).await.status, 503);
    assert_eq!(sessions(), 1, "it is still there");
}

#[actix_web::test]
async fn of_a_session_that_was_over_there_is_no_entry_and_a_refusal_is_counted() {
    let (app, provider) = with_provider();
    let _browser = logged_in(&app, &provider, "officer-1", Some("s-1")).await;
    app.clock.set(app.ambient.now().plus_seconds(31 * 60));
    let token = logout_token(&app, &provider, |claims| claims["sub"] = "officer-1".into());
    assert_eq!(say(&app, &token).await.status, 200);
    assert_eq!(told(&app), ["LOG_IN"], "nobody was in any more");
    assert_eq!(say(&app, "x").await.status, 400);
    let counted = app.service.folding.drain_all();
    assert!(counted.iter().any(|window| window.counts.contains_key("UNAUTHENTICATED")), "{counted:?}");
}
