//! The demo's OpenID provider: whoever comes says which account of the sample they are, and is it.
//!
//! Not for a city: it asks for no password. It serves on a loopback address of its own, by the authorization code flow with
//! PKCE (S256), as the gateway asks for it, and knows no more of OpenID Connect than that.

use std::collections::HashMap;
use std::net::{SocketAddr, TcpListener};

use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, LOCATION};
use actix_web::web::{self, Data, Form, Query};
use actix_web::{App, HttpResponse, HttpServer};
use anyhow::Context;
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use parking_lot::Mutex;
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::authentication::signer::{TokenClaims, TokenLife, TokenSigner};
use crate::authentication::{ClaimNames, IssuerSettings, KeyOrigin, LoginSettings};
use crate::clock::Ambient;
use crate::portal::visit::with_parameters;

/// What the provider calls the gateway.
pub const CLIENT: &str = "chengxin-portal";
/// How long an identity token lives, in seconds.
const TOKEN_SECONDS: u32 = 300;
/// How many codes wait to be redeemed at most.
const CODES_MAX: usize = 1_000;

/// What is asked for when somebody logs in.
#[derive(Clone, Debug, Deserialize)]
struct Asked {
    redirect_uri: String,
    state: String,
    nonce: String,
    code_challenge: String,
    code_challenge_method: String,
    client_id: String,
}

/// The same with the account that was chosen.
#[derive(Debug, Deserialize)]
struct Chosen {
    account: String,
    #[serde(flatten)]
    asked: Asked,
}

/// A code to be redeemed.
#[derive(Debug, Deserialize)]
struct Redeemed {
    code: String,
    code_verifier: String,
    redirect_uri: String,
}

/// Where somebody who logged out goes on.
#[derive(Debug, Deserialize)]
struct Ended {
    post_logout_redirect_uri: Option<String>,
}

/// The provider before it serves.
#[derive(Debug)]
pub struct Provider {
    listener: TcpListener,
    issuer: String,
}

struct Shared {
    issuer: String,
    /// Where the gateway is: nobody is sent anywhere else.
    gateway: [String; 2],
    accounts: Vec<(&'static str, TokenClaims)>,
    signer: TokenSigner,
    ambient: Ambient,
    codes: Mutex<HashMap<String, (String, Asked)>>,
}

impl Provider {
    /// Takes a port on the loopback address.
    pub fn bind() -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").context("no port for the demo's log-in")?;
        let issuer = format!("http://{}", listener.local_addr()?);
        Ok(Self { listener, issuer })
    }

    /// What the gateway is told: the issuer of its identity tokens, whose keys are those of `demo`, and the log-in.
    pub fn settings(&self, demo: &IssuerSettings) -> (IssuerSettings, LoginSettings) {
        let issuer = IssuerSettings { issuer: self.issuer.clone(), audience: CLIENT.to_owned(), ..demo.clone() };
        debug_assert!(matches!(issuer.keys, KeyOrigin::File(_)));
        let login = LoginSettings {
            issuer: self.issuer.clone(),
            client_id: CLIENT.to_owned(),
            client_secret: None,
            scopes: Vec::new(),
            idle_minutes: 30,
            absolute_hours: 8,
        };
        (issuer, login)
    }

    /// Serves on a thread of its own, as long as the process lives.
    pub fn serve(
        self,
        accounts: Vec<(&'static str, TokenClaims)>,
        (signer, ambient): (TokenSigner, Ambient),
        gateway: SocketAddr,
    ) -> anyhow::Result<()> {
        let codes = Mutex::new(HashMap::new());
        let gateway = [format!("http://{gateway}"), format!("http://localhost:{}", gateway.port())];
        let shared = Data::new(Shared { issuer: self.issuer, gateway, accounts, signer, ambient, codes });
        let server = move || {
            let app = HttpServer::new(move || App::new().app_data(shared.clone()).configure(routes));
            let run = app.workers(1).disable_signals().listen(self.listener).map(HttpServer::run);
            match run {
                Ok(run) => actix_web::rt::System::new().block_on(run),
                Err(error) => Err(error),
            }
        };
        let thread = std::thread::Builder::new().name("demo-login".to_owned());
        thread.spawn(move || server().map_err(|error| tracing::error!(%error, "nobody can log in to the demo")))?;
        Ok(())
    }
}

fn routes(config: &mut web::ServiceConfig) {
    config
        .route("/.well-known/openid-configuration", web::get().to(discovery))
        .route("/auth", web::get().to(ask))
        .route("/auth", web::post().to(choose))
        .route("/token", web::post().to(redeem))
        .route("/end", web::get().to(end));
}

async fn discovery(shared: Data<Shared>) -> HttpResponse {
    let own = &shared.issuer;
    HttpResponse::Ok().json(json!({
        "issuer": own,
        "authorization_endpoint": format!("{own}/auth"),
        "token_endpoint": format!("{own}/token"),
        "end_session_endpoint": format!("{own}/end"),
    }))
}

impl Shared {
    fn is_of_gateway(&self, uri: &str) -> bool {
        self.gateway.iter().any(|own| uri.strip_prefix(own.as_str()).is_some_and(|rest| rest.starts_with('/')))
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;")
}

/// Who are you?
async fn ask(shared: Data<Shared>, asked: Query<Asked>) -> HttpResponse {
    let Asked { redirect_uri, state, nonce, code_challenge, code_challenge_method, client_id } = asked.into_inner();
    if !shared.is_of_gateway(&redirect_uri) || client_id != CLIENT || code_challenge_method != "S256" {
        return HttpResponse::BadRequest().body("this log-in is not of the demo's gateway\n");
    }
    let fields = [
        ("redirect_uri", &redirect_uri),
        ("state", &state),
        ("nonce", &nonce),
        ("code_challenge", &code_challenge),
        ("code_challenge_method", &code_challenge_method),
        ("client_id", &client_id),
    ];
    let input = |(name, value): &(&str, &String)| {
        format!("<input type=\"hidden\" name=\"{name}\" value=\"{}\">", escaped(value))
    };
    let hidden = fields.iter().map(input).collect::<String>();
    let button = |(name, claims): &(&str, TokenClaims)| {
        let (role, of) = (claims.role.name(), claims.department.as_deref().unwrap_or_default());
        format!("<p><button name=\"account\" value=\"{name}\">{name}</button> {role} {of}</p>")
    };
    let buttons = shared.accounts.iter().map(button).collect::<String>();
    let page = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>chengxin demo: log in</title><main><h1>演示登录 · Log in to the demo</h1>\
         <p>选择一个演示账号，不需要密码。Choose an account of the sample; there are no passwords.</p>\
         <form method=\"post\">{hidden}{buttons}</form></main></html>"
    );
    HttpResponse::Ok()
        .content_type("text/html; charset=utf-8")
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header((CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"))
        .body(page)
}

/// An account was chosen: back to the gateway with a code.
async fn choose(shared: Data<Shared>, chosen: Form<Chosen>) -> HttpResponse {
    let Chosen { account, asked } = chosen.into_inner();
    let is_known = shared.accounts.iter().any(|(name, _)| *name == account);
    if !is_known || !shared.is_of_gateway(&asked.redirect_uri) {
        return HttpResponse::BadRequest().body("there is no such account\n");
    }
    let code = hex::encode(shared.ambient.bytes::<32>());
    let then =
        with_parameters(&asked.redirect_uri, &[("code", &code), ("state", &asked.state), ("iss", &shared.issuer)]);
    let mut codes = shared.codes.lock();
    if codes.len() >= CODES_MAX {
        codes.clear();
    }
    codes.insert(code, (account, asked));
    HttpResponse::build(StatusCode::SEE_OTHER).insert_header((LOCATION, then)).finish()
}

/// The code for an identity token, once.
async fn redeem(shared: Data<Shared>, redeemed: Form<Redeemed>) -> HttpResponse {
    let found = shared.codes.lock().remove(&redeemed.code);
    let challenge = BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(redeemed.code_verifier.as_bytes()));
    let found =
        found.filter(|(_, asked)| asked.code_challenge == challenge && asked.redirect_uri == redeemed.redirect_uri);
    let token = found.and_then(|(account, asked)| identity(&shared, &account, &asked));
    match token {
        Some(token) => HttpResponse::Ok()
            .insert_header((CACHE_CONTROL, "no-store"))
            .json(json!({ "access_token": "none", "token_type": "Bearer", "id_token": token })),
        None => HttpResponse::BadRequest().json(json!({ "error": "invalid_grant" })),
    }
}

fn identity(shared: &Shared, account: &str, asked: &Asked) -> Option<String> {
    let (_, claims) = shared.accounts.iter().find(|(name, _)| *name == account)?;
    let life = TokenLife::from_now(&shared.issuer, CLIENT, TOKEN_SECONDS, &shared.ambient);
    let mut claims: Value = claims.to_json(&ClaimNames::default(), &life);
    claims.as_object_mut()?.insert("nonce".to_owned(), asked.nonce.as_str().into());
    shared.signer.sign(&claims).ok()
}

async fn end(shared: Data<Shared>, ended: Query<Ended>) -> HttpResponse {
    let then = ended.into_inner().post_logout_redirect_uri.filter(|uri| shared.is_of_gateway(uri));
    let then = then.unwrap_or_else(|| "/".to_owned());
    HttpResponse::build(StatusCode::SEE_OTHER).insert_header((LOCATION, then)).finish()
}

#[cfg(test)]
mod tests {
    use actix_web::dev::ServiceResponse;
    use actix_web::test::{TestRequest, call_service, init_service, read_body};

    use super::*;
    use crate::domain::{Instant, Role};

    const BACK: &str = "http://127.0.0.1:8080/login/callback";
    const VERIFIER: &str = "a-verifier-of-a-test-that-is-long-enough-for-pkce";

    fn shared() -> Data<Shared> {
        let ambient = Ambient::fixed(Instant::from_micros(1_800_000_000_000_000), 5);
        let department =
            TokenClaims { department: Some("AMR".to_owned()), ..TokenClaims::new(Role::Department, "o-1") };
        Data::new(Shared {
            issuer: "http://127.0.0.1:9".to_owned(),
            gateway: ["http://127.0.0.1:8080".to_owned(), "http://localhost:8080".to_owned()],
            accounts: vec![("department", department)],
            signer: TokenSigner::generate(&ambient).unwrap(),
            ambient,
            codes: Mutex::new(HashMap::new()),
        })
    }

    fn asked<'a>(redirect: &'a str, challenge: &'a str) -> Vec<(&'a str, &'a str)> {
        vec![
            ("redirect_uri", redirect),
            ("state", "s\"<1>"),
            ("nonce", "n-1"),
            ("code_challenge", challenge),
            ("code_challenge_method", "S256"),
            ("client_id", CLIENT),
        ]
    }

    async fn send(shared: &Data<Shared>, request: TestRequest) -> (u16, String, String) {
        let app = init_service(App::new().app_data(shared.clone()).configure(routes)).await;
        let response: ServiceResponse = call_service(&app, request.to_request()).await;
        let location = response.headers().get(LOCATION).map(|value| value.to_str().unwrap().to_owned());
        let status = response.status().as_u16();
        (status, location.unwrap_or_default(), String::from_utf8(read_body(response).await.to_vec()).unwrap())
    }

    fn code_of(location: &str) -> String {
        location.split("code=").nth(1).unwrap().split('&').next().unwrap().to_owned()
    }

    #[actix_web::test]
    async fn an_account_that_was_chosen_is_proved_once_to_whoever_began() {
        let shared = shared();
        let challenge = BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(VERIFIER));
        let page = with_parameters("/auth", &asked(BACK, &challenge));
        let (status, _, page) = send(&shared, TestRequest::get().uri(&page)).await;
        assert!(status == 200 && page.contains("value=\"department\"") && !page.contains("<1>"), "{page}");
        let choose = |account: &'static str| {
            let fields: Vec<_> = asked(BACK, &challenge).into_iter().chain([("account", account)]).collect();
            TestRequest::post().uri("/auth").set_form(fields)
        };
        assert_eq!(send(&shared, choose("mayor")).await.0, 400, "nobody of this name");
        let redeem = |code: &str, verifier: &str| {
            let fields = [("code", code), ("code_verifier", verifier), ("redirect_uri", BACK)];
            TestRequest::post().uri("/token").set_form(fields)
        };
        let (status, location, _) = send(&shared, choose("department")).await;
        assert!(status == 303 && location.starts_with(&format!("{BACK}?code=")), "{location}");
        assert_eq!(send(&shared, redeem(&code_of(&location), "another")).await.0, 400, "of another browser");
        let (_, location, _) = send(&shared, choose("department")).await;
        let (status, _, answer) = send(&shared, redeem(&code_of(&location), VERIFIER)).await;
        let answer: Value = serde_json::from_str(&answer).unwrap();
        let payload = answer["id_token"].as_str().unwrap().split('.').nth(1).unwrap();
        let claims: Value = serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap();
        assert_eq!(status, 200);
        assert_eq!(
            (&claims["nonce"], &claims["aud"], &claims["department"]),
            (&"n-1".into(), &CLIENT.into(), &"AMR".into())
        );
        assert_eq!(send(&shared, redeem(&code_of(&location), VERIFIER)).await.0, 400, "a code is good once");
    }

    #[actix_web::test]
    async fn nobody_is_sent_anywhere_but_to_the_gateway() {
        let shared = shared();
        for elsewhere in ["https://evil.example/", "http://127.0.0.1:8080.evil.example/", "http://127.0.0.1:80801/"] {
            let page = with_parameters("/auth", &asked(elsewhere, "x"));
            assert_eq!(send(&shared, TestRequest::get().uri(&page)).await.0, 400, "{elsewhere}");
            let end = with_parameters("/end", &[("post_logout_redirect_uri", elsewhere)]);
            assert_eq!(send(&shared, TestRequest::get().uri(&end)).await.1, "/", "{elsewhere}");
        }
        let end = with_parameters("/end", &[("post_logout_redirect_uri", "http://localhost:8080/")]);
        assert_eq!(send(&shared, TestRequest::get().uri(&end)).await.1, "http://localhost:8080/");
    }
}
