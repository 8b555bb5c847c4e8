//! The portal's pages: the path of one page view. It is the path of any query: admission, permit, entry, then the page.

use std::net::IpAddr;
use std::sync::Arc;

use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_LANGUAGE, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HOST, HeaderName, HeaderValue, LOCATION,
    REFERRER_POLICY, RETRY_AFTER, VARY, WWW_AUTHENTICATE, X_CONTENT_TYPE_OPTIONS,
};
use actix_web::http::{Method, StatusCode};
use actix_web::web::{self, Data, Payload, Query};
use actix_web::{HttpRequest, HttpResponse};
use sha2::{Digest, Sha256};

use super::form::{self, FormOf, NotRead};
use super::login_route::{self, Held, NotHeld};
use super::request::{self, NotIdentified};
use super::service::Service;
use crate::admission::{Admitted, CostRefused, bucket};
use crate::authentication::{Attempt, Caller, RequestHeaders, declaring};
use crate::domain::{Instant, Language, Role};
use crate::exchange::authorization;
use crate::exchange::fault::Fault;
use crate::exchange::inquiry::{Inquiry, NotOpened};
use crate::exchange::register::{self, Asked, Enclosed, EntryKind, NewEntry, Outcome};
use crate::exchange::session;
use crate::exchange::tally::Tally;
use crate::graphql::error::{ApiError, Code};
use crate::portal::visit::with_parameters;
use crate::portal::{self, Made, Refused, Visit, assets, made::State};

/// A page view from its first byte on.
struct Arrival {
    address: IpAddr,
    started: Instant,
    language: Language,
}

/// A refusal without data: counted, and answered at once.
pub(super) struct Refusal {
    code: Code,
    status: StatusCode,
    page: Refused,
    /// A page of its own.
    html: Option<String>,
    headers: Vec<(&'static str, String)>,
}

impl Refusal {
    fn new(code: Code, status: StatusCode, page: Refused) -> Self {
        Self { code, status, page, html: None, headers: Vec::new() }
    }

    fn forbidden() -> Self {
        Self::new(Code::Forbidden, StatusCode::FORBIDDEN, Refused::Forbidden)
    }

    fn not_read(why: NotRead) -> Self {
        match why {
            NotRead::OtherSite => Self::forbidden(),
            NotRead::TooLarge => Self::new(Code::BadRequest, why.status(), Refused::TooLarge),
            NotRead::TooSlow => Self::new(Code::BadRequest, why.status(), Refused::Unavailable),
            why => Self::new(Code::BadRequest, why.status(), Refused::BadInput),
        }
    }

    fn failed() -> Self {
        Self::new(Code::InternalServerError, StatusCode::INTERNAL_SERVER_ERROR, Refused::Failed)
    }

    fn unavailable() -> Self {
        let refusal = Self::new(Code::AuditUnavailable, StatusCode::SERVICE_UNAVAILABLE, Refused::NotRegistered);
        Self { headers: vec![(RETRY_AFTER.as_str(), "5".to_owned())], ..refusal }
    }

    fn not_now() -> Self {
        Self::new(Code::Unavailable, StatusCode::SERVICE_UNAVAILABLE, Refused::Unavailable)
    }

    fn too_fast(retry_after: String) -> Self {
        let refusal = Self::new(Code::RateLimited, StatusCode::TOO_MANY_REQUESTS, Refused::RateLimited);
        Self { headers: vec![(RETRY_AFTER.as_str(), retry_after)], ..refusal }
    }
}

/// A page that awaits its entry.
struct Finished {
    made: Made,
    enclosed: Enclosed,
    entry: NewEntry,
    status: StatusCode,
    code: &'static str,
}

/// Answers a page view, or what was posted to a page. Any path that no other route has comes here.
pub async fn page(service: Data<Arc<Service>>, request: HttpRequest, payload: Payload) -> HttpResponse {
    let service: Arc<Service> = Arc::clone(&service);
    let path = percent_encoding::percent_decode_str(request.path()).decode_utf8_lossy().into_owned();
    let arrival = Arrival {
        address: service.client_address(&request),
        started: service.gateway.ambient.now(),
        language: Visit::language_of(&path),
    };
    let mut role = Role::Public;
    let (response, status, code) = match view(&service, (&request, payload), (&path, &arrival), &mut role).await {
        Ok((html, status, code)) => (answer(arrival.language, status, html), status, code),
        Err(refusal) => {
            let code = refusal.code.name();
            service.folding.record(bucket(arrival.address), code);
            let html = refusal
                .html
                .unwrap_or_else(|| portal::refusal(arrival.language, refusal.page, service.gateway.ambient.now()));
            let mut response = answer(arrival.language, refusal.status, html);
            for (name, value) in refusal.headers {
                if let (Ok(name), Ok(value)) = (name.try_into(), value.parse()) {
                    let name: HeaderName = name;
                    response.headers_mut().insert(name, value);
                }
            }
            (response, refusal.status, code)
        }
    };
    let mut response = response;
    if Visit::parse(&path, &[], "").is_none_or(|visit| visit.is_of_records()) {
        // A search engine would keep what is repaired or over, and make an entry of each of its looks.
        let robots = (HeaderName::from_static("x-robots-tag"), HeaderValue::from_static("noindex, noarchive"));
        response.headers_mut().insert(robots.0, robots.1);
    }
    let micros = service.gateway.ambient.now().micros() - arrival.started.micros();
    service.metrics.count(role.name(), status.as_u16(), code, micros);
    response
}

async fn view(
    service: &Arc<Service>,
    (request, payload): (&HttpRequest, Payload),
    (path, arrival): (&str, &Arrival),
    role: &mut Role,
) -> Result<(String, StatusCode, &'static str), Refusal> {
    let too_fast = |refused: crate::admission::Refused| Refusal::too_fast(refused.retry_after());
    service.admission.admit_address(arrival.address).map_err(too_fast)?;
    let base = base_of(service, request);
    let visit = asked_for(request, (path, &base))?.with_desks(service.login.is_some());
    let held = if visit.is_desk() { Some(seat(service, request, &visit).await?) } else { None };
    let (visit, token) = if *request.method() == Method::POST {
        if visit.is_of_tipoff() {
            // What another site sends takes nothing of what this network may send.
            if !form::is_ours(request.headers()) {
                return Err(Refusal::not_read(NotRead::OtherSite));
            }
            service.admission.admit_tipoff(arrival.address).map_err(too_fast)?;
        }
        let of = match (visit.is_desk(), visit.takes_files()) {
            (false, false) => FormOf::Anybody,
            (false, true) => FormOf::TipoffFiles,
            (true, false) => FormOf::Desk,
            (true, true) => FormOf::DeskWithFiles,
        };
        // Files of anybody are few at once, whatever it takes them to arrive.
        let _place = match of {
            FormOf::TipoffFiles => Some(service.uploads.try_acquire().map_err(|_| Refusal::not_now())?),
            FormOf::Anybody | FormOf::Desk | FormOf::DeskWithFiles => None,
        };
        let posted = form::read(request, payload, of).await.map_err(Refusal::not_read)?;
        let token = posted.field("token").unwrap_or_default().to_owned();
        (visit.posted(posted).ok_or_else(not_found)?, Some(token))
    } else {
        (visit, None)
    };
    let (caller, visit) = match held {
        Some(held) => seated(service, (held, visit), token.as_deref())?,
        None if visit.is_confidential() => (nobody(service)?, visit),
        None => (identify(service, request).await?, visit),
    };
    *role = caller.role();
    let admitted = service.admission.admit(&caller, arrival.address).map_err(too_fast)?;
    let turn = Arc::clone(&service.turns).acquire_owned().await.map_err(|_| Refusal::failed())?;
    let (working, asked, visit) = (Arc::clone(service), asked(service, &visit, arrival), Arc::new(visit));
    let to_make = Arc::clone(&visit);
    let work = move || {
        let _turn = turn;
        make(&working, &caller, &admitted, (&to_make, asked))
    };
    let Finished { made, enclosed, entry, status, code } = web::block(work).await.map_err(|_| Refusal::failed())??;
    let (html, receipt) = register::disclose(&service.gateway, enclosed, entry)
        .await
        .map_err(|register::AuditUnavailable| Refusal::unavailable())?;
    let shown = Made { html, ..made };
    Ok((portal::with_receipt(&shown, &visit, &receipt, service.gateway.ambient.now()), status, code))
}

fn bad_request() -> Refusal {
    Refusal::new(Code::BadRequest, StatusCode::BAD_REQUEST, Refused::BadInput)
}

fn not_found() -> Refusal {
    Refusal::new(Code::BadRequest, StatusCode::NOT_FOUND, Refused::NotFound)
}

/// The page at an address.
fn asked_for(request: &HttpRequest, (path, base): (&str, &str)) -> Result<Visit, Refusal> {
    let is_posted = *request.method() == Method::POST;
    // What is posted stands in the form alone.
    let query = if is_posted { "" } else { request.query_string() };
    let parameters = Query::<Vec<(String, String)>>::from_query(query).map_err(|_| bad_request())?;
    Visit::parse(path, &parameters, base).ok_or_else(not_found)
}

/// The session that a desk's page is for. Whoever has none is sent to log in, before a form of theirs is read.
async fn seat(service: &Arc<Service>, request: &HttpRequest, visit: &Visit) -> Result<Held, Refusal> {
    let held = login_route::held(service, login_route::session_cookie(request), true).await;
    if let Some(held) = held.map_err(|NotHeld| Refusal::not_now())? {
        return Ok(held);
    }
    if service.login.is_none() {
        return Err(not_found());
    }
    let (code, then) = (Code::Unauthenticated, visit.own_address());
    if *request.method() == Method::POST {
        // A browser would not follow a form to another site; and nobody is led away from what was typed.
        let html = portal::log_in_again(visit.language, &then, service.gateway.ambient.now());
        let refusal = Refusal::new(code, StatusCode::UNAUTHORIZED, Refused::Unauthenticated);
        return Err(Refusal { html: Some(html), ..refusal });
    }
    let refusal = Refusal::new(code, StatusCode::SEE_OTHER, Refused::Unauthenticated);
    Err(Refusal { headers: vec![(LOCATION.as_str(), with_parameters("/login", &[("then", &then)]))], ..refusal })
}

/// Whoever sits there, with what the page declares; a form of another session is refused.
fn seated(service: &Service, (held, visit): (Held, Visit), token: Option<&str>) -> Result<(Caller, Visit), Refusal> {
    if token.is_some_and(|sent| !session::is_form_token(&service.gateway, &held.id, sent)) {
        return Err(Refusal::forbidden());
    }
    let declared = RequestHeaders {
        purpose: visit.declared("purpose"),
        case: visit.declared("case"),
        authorization_id: visit.declared("authorization"),
        ..RequestHeaders::default()
    };
    let caller = declaring(held.caller, &declared);
    Ok((caller, visit.with_session(session::form_token(&service.gateway, &held.id))))
}

/// A page of a refusal, for routes beside the pages.
pub(super) fn plain(service: &Service, language: Language, status: StatusCode, refused: Refused) -> HttpResponse {
    answer(language, status, portal::refusal(language, refused, service.gateway.ambient.now()))
}

/// The public, whatever token came along: of whoever reports nothing is looked at.
fn nobody(service: &Service) -> Result<Caller, Refusal> {
    match service.authenticator.authenticate_cached(&RequestHeaders::default()) {
        Ok(Attempt::Known(caller)) => Ok(caller),
        Ok(Attempt::NeedsRefresh) | Err(_) => Err(Refusal::failed()),
    }
}

/// Where this gateway is to be found: as configured, or by the name that it was asked under.
pub(super) fn base_of(service: &Service, request: &HttpRequest) -> String {
    if let Some(base) = &service.edge.public_url {
        return base.clone();
    }
    let host = request::text(request.headers(), HOST.as_str()).unwrap_or_default();
    let is_host = host.len() <= 255 && host.chars().all(|c| c.is_ascii_alphanumeric() || ".-:[]".contains(c));
    if is_host && !host.is_empty() { format!("http://{host}") } else { String::new() }
}

async fn identify(service: &Arc<Service>, request: &HttpRequest) -> Result<Caller, Refusal> {
    request::caller(service, request).await.map_err(|refused| match refused {
        NotIdentified::Refused(refusal) => {
            let refused = Refusal::new(Code::Unauthenticated, StatusCode::UNAUTHORIZED, Refused::Unauthenticated);
            Refusal { headers: vec![(WWW_AUTHENTICATE.as_str(), refusal.www_authenticate())], ..refused }
        }
        NotIdentified::Unavailable => Refusal::failed(),
    })
}

fn asked(service: &Service, visit: &Visit, arrival: &Arrival) -> Asked {
    let query = visit.query();
    // Of whoever reports neither the words nor the address are kept.
    let (arguments, address) = if visit.is_confidential() {
        (serde_json::Value::Null, String::new())
    } else {
        (visit.arguments(), arrival.address.to_string())
    };
    Asked {
        operation_hash: Sha256::digest(query.as_bytes()).into(),
        query,
        arguments,
        address,
        cost: visit.price(),
        schema_hash: portal::made::edition(),
        // How long a form of whoever reports took to arrive would tell its size and when it began.
        duration_micros: if visit.is_confidential() {
            0
        } else {
            service.gateway.ambient.now().micros() - arrival.started.micros()
        },
    }
}

/// Permit, page, entry: what works with the registry.
fn make(
    service: &Service,
    caller: &Caller,
    admitted: &Admitted,
    (visit, asked): (&Visit, Asked),
) -> Result<Finished, Refusal> {
    let reservation = service.admission.reserve(admitted, visit.price()).map_err(|refused| match refused {
        CostRefused::TooFast(refused) => Refusal::too_fast(refused.retry_after()),
        CostRefused::DearerThanBucket { .. } => {
            Refusal::new(Code::CostLimit, StatusCode::TOO_MANY_REQUESTS, Refused::RateLimited)
        }
    })?;
    let inquiry = match Inquiry::open(&service.gateway, caller) {
        Ok(inquiry) => inquiry,
        Err(not_opened) => {
            reservation.settle(0);
            let refused = match not_opened {
                NotOpened::PurposeNotAllowed => (Code::PurposeNotAllowed, Refused::Forbidden),
                NotOpened::Fault(fault) => told(fault),
            };
            let (made, status) = refused_page(service, visit, refused);
            let enclosed = register::enclose(made.html.clone());
            let code = refused.0.name();
            let entry = register::refusal(&service.gateway, caller, &asked, code, &enclosed);
            return Ok(Finished { made, enclosed, entry, status, code });
        }
    };
    let is_for_caller = visit.is_for(caller.role());
    let intent = if visit.is_mutation() && is_for_caller {
        Some(register::register_intent(&inquiry, &asked).map_err(|_| Refusal::unavailable())?)
    } else {
        None
    };
    let (inquiry, made) = if is_for_caller {
        run(inquiry, visit).map_err(|()| Refusal::unavailable())?
    } else {
        inquiry.tally(Tally::overreach);
        (inquiry, Err(Fault::Forbidden))
    };
    if intent.is_some() {
        // Whoever waits for events looks for them.
        service.gateway.moved.notify_waiters();
    }
    let (made, status, code) = answered(service, visit, made);
    reservation.settle(inquiry.tally_so_far().cost.max(visit.least_cost()));
    let code = code.map(Code::name);
    let kind = match (intent, code) {
        (Some(_), _) => EntryKind::MutationOutcome,
        (None, None) => EntryKind::Query,
        (None, Some(_)) => EntryKind::Deny,
    };
    let outcome = Outcome { kind, error_code: code, is_refused: code.is_some(), intent };
    let enclosed = register::enclose(made.html.clone());
    let mut entry = register::entry(&inquiry, &asked, &outcome, Some(&enclosed));
    entry.flags.push("PORTAL".to_owned());
    Ok(Finished { made, enclosed, entry, status, code: code.unwrap_or("") })
}

/// A page that was made, or that of the fault; with its status, and the code of what was wrong.
fn answered(service: &Service, visit: &Visit, made: Result<Made, Fault>) -> (Made, StatusCode, Option<Code>) {
    match made {
        Ok(made) => {
            let (status, code) = match made.state {
                State::Shown => (StatusCode::OK, None),
                State::NotFound => (StatusCode::NOT_FOUND, None),
                State::NotMeant => (StatusCode::BAD_REQUEST, Some(Code::BadUserInput)),
                State::NotYet => (StatusCode::SERVICE_UNAVAILABLE, Some(Code::Unavailable)),
            };
            (made, status, code)
        }
        Err(fault) => {
            let refused = told(fault);
            let (made, status) = refused_page(service, visit, refused);
            (made, status, Some(refused.0))
        }
    }
}

/// Makes the page; and once more without the authorization, when its last use was taken by somebody else meanwhile.
fn run(inquiry: Inquiry, visit: &Visit) -> Result<(Inquiry, Result<Made, Fault>), ()> {
    let made = portal::make(&inquiry, visit);
    if authorization::take_use(&inquiry).map_err(|_| ())? {
        return Ok((inquiry, made));
    }
    let inquiry = inquiry.reopen_without_authorization().map_err(|_| ())?;
    let made = portal::make(&inquiry, visit);
    Ok((inquiry, made))
}

/// The code and the page of a fault; its cause is logged.
fn told(fault: Fault) -> (Code, Refused) {
    let page = match &fault {
        Fault::BadInput(_) | Fault::UnknownFilter { .. } => Refused::BadInput,
        Fault::Forbidden | Fault::PurposeRequired | Fault::AuthorizationInvalid => Refused::Forbidden,
        Fault::AuditUnavailable => Refused::NotRegistered,
        Fault::Conflict | Fault::Unavailable(_) => Refused::Unavailable,
        Fault::Corrupt(_) => Refused::Failed,
    };
    (ApiError::from(fault).code, page)
}

fn refused_page(service: &Service, visit: &Visit, (_, refused): (Code, Refused)) -> (Made, StatusCode) {
    let html = portal::refusal(visit.language, refused, service.gateway.ambient.now());
    let status = match refused {
        Refused::NotFound => StatusCode::NOT_FOUND,
        Refused::BadInput => StatusCode::BAD_REQUEST,
        Refused::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        Refused::Unauthenticated => StatusCode::UNAUTHORIZED,
        Refused::Forbidden => StatusCode::FORBIDDEN,
        Refused::RateLimited => StatusCode::TOO_MANY_REQUESTS,
        Refused::NotRegistered | Refused::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        Refused::Failed => StatusCode::INTERNAL_SERVER_ERROR,
    };
    (Made { html, state: State::NotMeant }, status)
}

pub(super) fn answer(language: Language, status: StatusCode, html: String) -> HttpResponse {
    let language = match language {
        Language::Zh => "zh-CN",
        Language::En => "en",
    };
    let mut response = HttpResponse::build(status);
    if status == StatusCode::SERVICE_UNAVAILABLE {
        response.insert_header((RETRY_AFTER, "5"));
    }
    response
        .insert_header((CONTENT_TYPE, "text/html; charset=utf-8"))
        .insert_header((CONTENT_LANGUAGE, language))
        // What is shown depends on who asks, and each view has its own receipt: nothing between us may keep it.
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header((VARY, "Authorization, Cookie"))
        .insert_header((CONTENT_SECURITY_POLICY, assets::CONTENT_SECURITY_POLICY))
        .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
        // With `no-referrer` a browser would hide from us that a form is our own (`Origin: null`).
        .insert_header((REFERRER_POLICY, "same-origin"))
        .insert_header(("cross-origin-opener-policy", "same-origin"))
        .body(html)
}

/// A file of the pages.
pub async fn asset(request: HttpRequest) -> HttpResponse {
    let Some(asset) = assets::at(request.path()) else {
        return HttpResponse::NotFound().insert_header((CACHE_CONTROL, "no-store")).finish();
    };
    HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, asset.content_type))
        .insert_header((CACHE_CONTROL, "public, max-age=31536000, immutable"))
        .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .body(asset.body)
}
