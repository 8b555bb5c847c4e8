//! `/login`, `/login/callback`, `/logout`: to the OpenID provider and back, and the cookies of a session.

use std::sync::Arc;

use actix_web::http::header::{AUTHORIZATION, CACHE_CONTROL, COOKIE, HeaderMap, LOCATION, SET_COOKIE};
use actix_web::http::{Method, StatusCode};
use actix_web::web::{self, Data, Payload, Query};
use actix_web::{HttpRequest, HttpResponse};

use super::form::{self, FormOf};
use super::portal_route::{answer, base_of, plain};
use super::request::{self, NotIdentified};
use super::service::Service;
use crate::admission::bucket;
use crate::authentication::openid::Bound;
use crate::authentication::{Caller, Proof, RequestHeaders};
use crate::domain::Language;
use crate::exchange::fault::Fault;
use crate::exchange::session::{self, Lifetimes, NewSession};
use crate::graphql::error::Code;
use crate::portal::{self, Refused, Visit};

/// The cookie of a session. `__Host-`: of this host alone, over TLS alone, for every path (RFC 6265bis, 4.1.3.2).
const SESSION: &str = "__Host-chengxin-session";
/// The cookie of a log-in that has begun.
const LOG_IN: &str = "__Host-chengxin-login";
/// The longest page that a log-in leads to.
const THEN_BYTES_MAX: usize = 300;

/// Where a log-in leads.
#[derive(Debug, serde::Deserialize)]
pub struct Wanted {
    #[serde(default)]
    then: Option<String>,
}

/// What the provider sends the browser back with.
#[derive(Debug, serde::Deserialize)]
pub struct Returned {
    #[serde(default)]
    code: Option<String>,
    #[serde(default)]
    state: Option<String>,
    #[serde(default)]
    iss: Option<String>,
}

/// A session that lasts.
pub(super) struct Held {
    pub(super) id: [u8; 32],
    pub(super) caller: Caller,
}

fn cookie(name: &str, value: &str, more: &str) -> String {
    format!("{name}={value}; Path=/; Secure; HttpOnly; SameSite=Lax{more}")
}

fn gone(name: &str) -> String {
    cookie(name, "", "; Max-Age=0")
}

/// What stands in the cookie of a session.
pub(super) fn session_cookie(request: &HttpRequest) -> Option<&str> {
    sent(request.headers(), SESSION)
}

/// The value of a cookie; of two of one name the first.
fn sent<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let cookies = headers.get_all(COOKIE).filter_map(|value| value.to_str().ok());
    let pairs = cookies.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.into_iter().find(|(found, _)| *found == name).map(|(_, value)| value)
}

fn lifetimes(service: &Service) -> Option<Lifetimes> {
    let settings = service.login.as_ref()?.settings();
    Some(Lifetimes {
        idle_seconds: i64::from(settings.idle_minutes) * 60,
        absolute_seconds: i64::from(settings.absolute_hours) * 3_600,
    })
}

/// The session that a cookie opens, and who it is. Waits for a turn at the registry.
pub(super) async fn held(service: &Arc<Service>, cookie: Option<&str>, is_used: bool) -> Result<Option<Held>, NotHeld> {
    let (Some(lifetimes), Some(cookie)) = (lifetimes(service), cookie) else { return Ok(None) };
    // What is none of ours costs nothing.
    let is_ours = cookie.len() == 64 && cookie.bytes().all(|byte| byte.is_ascii_hexdigit());
    if !is_ours {
        return Ok(None);
    }
    let turn = Arc::clone(&service.turns).acquire_owned().await.map_err(|_| NotHeld)?;
    let (looking, id) = (Arc::clone(service), session::id_of(cookie));
    let found = web::block(move || {
        let _turn = turn;
        session::find(&looking.gateway, &id, lifetimes, is_used)
    });
    let sealed = found.await.map_err(|_| NotHeld)?.map_err(|fault| {
        tracing::warn!(?fault, "a session cannot be looked up");
        NotHeld
    })?;
    Ok(sealed.and_then(|sealed| service.session_seal.open(&sealed, &id)).map(|caller| Held { id, caller }))
}

/// It cannot be looked up whether a session lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NotHeld;

/// Who asks for a file that a desk links to: by token, or by the session of a browser that stands on a page of ours.
pub(super) async fn caller(service: &Arc<Service>, request: &HttpRequest) -> Result<Caller, NotIdentified> {
    let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
    let address = service.client_address(request);
    if session_cookie(request).is_some() && service.admission.admit_address(address).is_err() {
        return Err(NotIdentified::Unavailable);
    }
    if is_read { caller_of(service, request.headers(), true).await } else { request::caller(service, request).await }
}

/// Whether it is a session that says who asks.
pub(super) fn has_session(headers: &HeaderMap) -> bool {
    !headers.contains_key(AUTHORIZATION) && sent(headers, SESSION).is_some()
}

/// The same from headers alone. Waiting for news is no use of a session.
pub(super) async fn caller_of(
    service: &Arc<Service>,
    headers: &HeaderMap,
    is_used: bool,
) -> Result<Caller, NotIdentified> {
    let has_token = headers.contains_key(AUTHORIZATION);
    let cookie = sent(headers, SESSION).filter(|_| !has_token && form::is_ours(headers));
    if let Some(held) = held(service, cookie, is_used).await.map_err(|NotHeld| NotIdentified::Unavailable)? {
        return Ok(held.caller);
    }
    request::caller_of(service, headers).await
}

fn see_other(location: &str) -> actix_web::HttpResponseBuilder {
    let mut response = HttpResponse::build(StatusCode::SEE_OTHER);
    response.insert_header((LOCATION, location)).insert_header((CACHE_CONTROL, "no-store"));
    response
}

/// A page of our own to go to: a path, never another host.
fn own_path(then: Option<String>) -> String {
    let is_own = |then: &String| {
        then.starts_with('/')
            && !then.starts_with("//")
            && then.len() <= THEN_BYTES_MAX
            && then.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\' && byte != b'|')
    };
    then.filter(is_own).unwrap_or_else(|| "/desk".to_owned())
}

fn redirect_uri(service: &Service, request: &HttpRequest) -> String {
    format!("{}/login/callback", base_of(service, request))
}

/// Sends the browser to the provider.
pub async fn begin(service: Data<Arc<Service>>, request: HttpRequest, wanted: Query<Wanted>) -> HttpResponse {
    let address = service.client_address(&request);
    let then = own_path(wanted.into_inner().then);
    let language = Visit::language_of(&then);
    let refuse = |status, refused| plain(&service, language, status, refused);
    if service.login.is_none() {
        return refuse(StatusCode::NOT_FOUND, Refused::NotFound);
    }
    if service.admission.admit_address(address).is_err() {
        return refuse(StatusCode::TOO_MANY_REQUESTS, Refused::RateLimited);
    }
    let log_in = session::new_log_in(&service.gateway, &then);
    let (asking, redirect, binding) = (Arc::clone(&service), redirect_uri(&service, &request), log_in.binding.clone());
    let url = web::block(move || asking.login.as_ref().map(|login| login.authorization_url(&redirect, &binding))).await;
    match url {
        Ok(Some(Ok(url))) => {
            let sealed = session::seal_log_in(&service.gateway, &log_in);
            see_other(&url).insert_header((SET_COOKIE, cookie(LOG_IN, &sealed, "; Max-Age=600"))).finish()
        }
        Ok(Some(Err(fault))) => {
            tracing::warn!(%fault, "nobody can log in");
            refuse(StatusCode::BAD_GATEWAY, Refused::Unavailable)
        }
        Ok(None) | Err(_) => refuse(StatusCode::INTERNAL_SERVER_ERROR, Refused::Failed),
    }
}

/// The browser is back with a code: who is it?
pub async fn callback(service: Data<Arc<Service>>, request: HttpRequest, returned: Query<Returned>) -> HttpResponse {
    let address = service.client_address(&request);
    let log_in = sent(request.headers(), LOG_IN).and_then(|sealed| session::open_log_in(&service.gateway, sealed));
    let then = log_in.as_ref().map(|log_in| log_in.then.clone()).unwrap_or_default();
    let language = Visit::language_of(&then);
    let mut refused = plain(&service, language, StatusCode::UNAUTHORIZED, Refused::Unauthenticated);
    if let Ok(gone) = gone(LOG_IN).parse() {
        refused.headers_mut().insert(SET_COOKIE, gone);
    }
    if service.admission.admit_address(address).is_err() {
        return plain(&service, language, StatusCode::TOO_MANY_REQUESTS, Refused::RateLimited);
    }
    let Returned { code, state, iss } = returned.into_inner();
    let (Some(log_in), Some(code), Some(state)) = (log_in, code, state) else { return refused };
    let redirect = redirect_uri(&service, &request);
    let work = {
        let service = Arc::clone(&service);
        move || redeem(&service, &redirect, (&log_in, &state, iss.as_deref()), (code, &address.to_string()))
    };
    match web::block(work).await {
        Ok(Ok(token)) => see_other(&then)
            .append_header((SET_COOKIE, cookie(SESSION, &token, "")))
            .append_header((SET_COOKIE, gone(LOG_IN)))
            .finish(),
        Ok(Err(why)) => {
            tracing::warn!(why, "somebody was not logged in");
            refused
        }
        Err(_) => refused,
    }
}

/// Code to identity token to session; what stands in its cookie. What fails is said without the code and the token.
fn redeem(
    service: &Service,
    redirect: &str,
    (log_in, state, iss): (&session::LogIn, &str, Option<&str>),
    (code, address): (String, &str),
) -> Result<String, &'static str> {
    let login = service.login.as_ref().ok_or("nobody logs in here")?;
    if state != log_in.binding.state {
        return Err("the answer is to another log-in");
    }
    // RFC 9207: an answer that names its issuer names ours.
    if iss.is_some_and(|iss| iss != login.settings().issuer) {
        return Err("the answer is of another issuer");
    }
    let token = login.redeem(redirect, code, &log_in.binding).map_err(|fault| {
        tracing::warn!(%fault, "a code was not redeemed");
        "the code was not redeemed"
    })?;
    let bearer = format!("Bearer {token}");
    let headers = RequestHeaders { authorization: vec![bearer.as_bytes()], ..RequestHeaders::default() };
    let caller = service.authenticator.authenticate(&headers).map_err(|_| "the identity token is not valid")?;
    let is_of_provider = matches!(caller.proof(), Proof::Bearer { issuer, .. } if *issuer == login.settings().issuer);
    if !is_of_provider {
        return Err("the identity token is of another issuer");
    }
    let bound = Bound::of(&token);
    if bound.nonce.as_deref() != Some(log_in.binding.nonce.as_str()) {
        return Err("the identity token is of another log-in");
    }
    let cookie = session::new_cookie(&service.gateway);
    let id = session::id_of(&cookie);
    let sealed = service.session_seal.seal(&caller, &id, &service.gateway.ambient).ok_or("nobody is proved")?;
    let lifetimes = lifetimes(service).ok_or("nobody logs in here")?;
    let new = NewSession { id, sealed, provider_session: bound.sid };
    session::begin(&service.gateway, &caller, new, (lifetimes, address))
        .map_err(|_| "the session could not be registered")?;
    Ok(cookie)
}

/// The provider says that somebody was logged out there (OpenID Connect Back-Channel Logout 1.0, 2.5): their sessions end here too.
pub async fn end_by_provider(service: Data<Arc<Service>>, request: HttpRequest, payload: Payload) -> HttpResponse {
    let address = service.client_address(&request);
    let answer = |status: StatusCode, error: Option<&str>| {
        let mut response = HttpResponse::build(status);
        response.insert_header((CACHE_CONTROL, "no-store"));
        match error {
            None => response.finish(),
            Some(error) => response.json(serde_json::json!({ "error": error })),
        }
    };
    if service.admission.admit_address(address).is_err() {
        return answer(StatusCode::TOO_MANY_REQUESTS, Some("temporarily_unavailable"));
    }
    let Some(issuer) = service.login.as_ref().map(|login| login.settings().issuer.clone()) else {
        return answer(StatusCode::NOT_FOUND, Some("invalid_request"));
    };
    let later = || answer(StatusCode::SERVICE_UNAVAILABLE, Some("temporarily_unavailable"));
    let refused = |reason: &str| {
        service.folding.record(bucket(address), Code::Unauthenticated.name());
        tracing::warn!(reason, "a logout token is not valid");
        answer(StatusCode::BAD_REQUEST, Some("invalid_request"))
    };
    let token = match form::read(&request, payload, FormOf::Anybody).await {
        Ok(posted) => posted.field("logout_token").map(str::to_owned),
        Err(not_read) => return refused(&format!("the form: {not_read:?}")),
    };
    let Some(token) = token else { return refused("there is none") };
    // Keys may have to be fetched: nobody waits for the registry meanwhile.
    let reading = Arc::clone(&service);
    let told = match web::block(move || reading.authenticator.logged_out(&issuer, &token)).await {
        Ok(Ok(told)) => told,
        // Then it may be a good one.
        Ok(Err(reason)) if reason.may_pass() => {
            service.folding.record(bucket(address), Code::Unauthenticated.name());
            return later();
        }
        Ok(Err(reason)) => return refused(reason.name()),
        Err(_) => return later(),
    };
    let (Ok(turn), Some(lifetimes)) = (Arc::clone(&service.turns).acquire_owned().await, lifetimes(&service)) else {
        return later();
    };
    let working = Arc::clone(&service);
    let work = move || {
        let _turn = turn;
        let by = (lifetimes, address.to_string());
        session::end_by_provider(&working.gateway, &told, &working.session_seal, (by.0, &by.1))
    };
    match web::block(work).await {
        Ok(Ok(ended)) => {
            tracing::info!(ended, "the provider ended sessions");
            answer(StatusCode::OK, None)
        }
        Ok(Err(_)) | Err(_) => later(),
    }
}

/// Ends the session, or all of its owner, and leads to the provider's own end.
pub async fn end(service: Data<Arc<Service>>, request: HttpRequest, payload: Payload) -> HttpResponse {
    let (base, address) = (base_of(&service, &request), service.client_address(&request));
    if service.admission.admit_address(address).is_err() {
        return plain(&service, Language::Zh, StatusCode::TOO_MANY_REQUESTS, Refused::RateLimited);
    }
    let Ok(posted) = form::read(&request, payload, FormOf::Anybody).await else {
        return plain(&service, Language::Zh, StatusCode::FORBIDDEN, Refused::Forbidden);
    };
    let field = |name: &str| posted.field(name).map(str::to_owned);
    let (token, everywhere) = (field("token").unwrap_or_default(), field("everywhere").is_some());
    let language = if field("language").as_deref() == Some("en") { Language::En } else { Language::Zh };
    let refuse = |status, refused| plain(&service, language, status, refused);
    let Ok(held) = held(&service, session_cookie(&request), true).await else {
        return refuse(StatusCode::SERVICE_UNAVAILABLE, Refused::Unavailable);
    };
    if held.as_ref().is_some_and(|held| !session::is_form_token(&service.gateway, &held.id, &token)) {
        return refuse(StatusCode::FORBIDDEN, Refused::Forbidden);
    }
    let work = {
        let service = Arc::clone(&service);
        move || {
            let Some(held) = held else { return Ok(None) };
            session::end(&service.gateway, (&held.caller, &held.id), everywhere, &address.to_string())?;
            let end = service.login.as_ref().and_then(|login| login.end_session_url(&format!("{base}/")));
            Ok::<_, Fault>(end)
        }
    };
    match web::block(work).await {
        Ok(Ok(end)) => {
            // A redirect to the provider would be one of a form, which the pages' policy keeps to this host.
            let html = portal::logged_out(language, end.as_deref(), service.gateway.ambient.now());
            let mut response = answer(language, StatusCode::OK, html);
            if let Ok(gone) = gone(SESSION).parse() {
                response.headers_mut().insert(SET_COOKIE, gone);
            }
            response
        }
        Ok(Err(_)) | Err(_) => refuse(StatusCode::SERVICE_UNAVAILABLE, Refused::Unavailable),
    }
}
