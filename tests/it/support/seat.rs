//! A caller at a desk: logged in with a browser, and what its pages carry.

use std::sync::Arc;

use actix_web::test::TestRequest;
use chengxin::exchange::session::{self, Lifetimes, NewSession};

use super::{Answered, Asker, TestApp};

/// How long the sessions of tests last: as the settings say of themselves.
pub const LIFETIMES: Lifetimes = Lifetimes { idle_seconds: 30 * 60, absolute_seconds: 8 * 3600 };

/// Somebody who logged in.
pub struct Seat<'a> {
    browser: Asker<'a>,
    /// What the forms of the session carry.
    pub token: String,
    /// What its pages declare.
    declared: Vec<(String, String)>,
}

impl<'a> Asker<'a> {
    /// The same caller after it has logged in; purpose, case and authorization go along with what it posts.
    pub fn seated(&self) -> Seat<'a> {
        let app: &'a TestApp = self.app();
        let service = Arc::clone(&app.service);
        let caller = self.caller();
        let (cookie, id) = std::thread::spawn(move || {
            let cookie = session::new_cookie(&service.gateway);
            let id = session::id_of(&cookie);
            let sealed = service.session_seal.seal(&caller, &id, &service.gateway.ambient).expect("a token");
            let new = NewSession { id, sealed, provider_session: None };
            session::begin(&service.gateway, &caller, new, (LIFETIMES, "192.0.2.7")).unwrap();
            (cookie, id)
        })
        .join()
        .unwrap();
        let named = |name: &str, header: &str| self.sent(header).map(|value| (name.to_owned(), value.to_owned()));
        Seat {
            browser: app.public().header("cookie", &format!("__Host-chengxin-session={cookie}")),
            token: session::form_token(&app.service.gateway, &id),
            declared: [
                named("purpose", "chengxin-purpose"),
                named("case", "chengxin-case"),
                named("authorization", "chengxin-authorization"),
            ]
            .into_iter()
            .flatten()
            .collect(),
        }
    }
}

impl Seat<'_> {
    /// A page.
    pub async fn get(&self, path: &str) -> Answered {
        self.browser.send(TestRequest::get().uri(path)).await
    }

    /// A page to which these fields are posted, beside what is declared.
    pub async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answered {
        self.post_with(path, fields, &self.token).await
    }

    /// The same under another form token.
    pub async fn post_with(&self, path: &str, fields: &[(&str, &str)], token: &str) -> Answered {
        let declared = self.declared.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let all: Vec<(&str, &str)> = declared.chain(fields.iter().copied()).chain([("token", token)]).collect();
        self.browser.send(TestRequest::post().uri(path).set_form(all)).await
    }

    /// The browser itself, to send anything.
    pub fn browser(&self) -> &Asker<'_> {
        &self.browser
    }
}
