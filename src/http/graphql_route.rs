//! `/graphql`: the path of one query, stage by stage.
//!
//! Refusals before an inquiry is opened carry no data and are folded; everything after stands in the ledger before a
//! byte of it leaves.

use std::net::IpAddr;
use std::sync::Arc;

use actix_web::http::Method;
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse, web};

use super::request::{self, NotIdentified, Unreadable};
use super::respond::{Reply, outcome, outcome_of};
use super::service::{BODY_BYTES_MAX, Door, Service};
use crate::admission::{Admitted, CostRefused, Refused as RateRefused, Reservation, Standing, bucket};
use crate::authentication::{Attempt, Caller, RequestHeaders};
use crate::domain::{Instant, Role};
use crate::exchange::authorization;
use crate::exchange::inquiry::{Inquiry, NotOpened};
use crate::exchange::push::EventRow;
use crate::exchange::register::{self, Asked, Enclosed, EntryKind, NewEntry};
use crate::exchange::tally::Tally;
use crate::graphql::RateLimit;
use crate::graphql::answer::{Answer, Refused};
use crate::graphql::document::OperationKind;
use crate::graphql::engine::{Envelope, Prepared};
use crate::graphql::error::{ApiError, Code};
use crate::graphql::guard::Reveal;
use crate::graphql::media::{self, MediaType, Outcome};

/// What is known of a request from its first byte on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Arrival {
    address: IpAddr,
    started: Instant,
    media: MediaType,
    is_get: bool,
    door: Door,
}

impl Arrival {
    /// What comes over an open connection.
    pub(super) fn over_socket(address: IpAddr, started: Instant) -> Self {
        Self { address, started, media: MediaType::GraphqlResponse, is_get: false, door: Door::Graphql }
    }
}

/// A refusal that carries no data and is folded into the minute's entry of its address.
#[derive(Debug)]
pub(super) struct Refusal {
    refused: Refused,
    outcome: Outcome,
    headers: Vec<(&'static str, String)>,
}

impl Refusal {
    fn new(code: Code, outcome: Outcome, message: &str) -> Self {
        Self { refused: ApiError::new(code, message).into(), outcome, headers: Vec::new() }
    }

    /// How the request ended.
    pub(super) fn outcome(&self) -> Outcome {
        self.outcome
    }

    fn with(mut self, headers: Vec<(&'static str, String)>) -> Self {
        self.headers = headers;
        self
    }
}

impl From<Refused> for Refusal {
    fn from(refused: Refused) -> Self {
        Self { outcome: outcome_of(refused.error.code), refused, headers: Vec::new() }
    }
}

/// An answer that awaits its entry.
pub(super) struct Finished {
    enclosed: Enclosed,
    entry: NewEntry,
    outcome: Outcome,
    code: &'static str,
    standing: Standing,
}

/// Answers a request.
pub async fn answer(service: Data<Arc<Service>>, request: HttpRequest, payload: Payload, door: Door) -> HttpResponse {
    let service: Arc<Service> = Arc::clone(&service);
    let mut arrival = Arrival {
        address: service.client_address(&request),
        started: service.gateway.ambient.now(),
        media: MediaType::Json,
        is_get: request.method() == Method::GET,
        door,
    };
    let mut role = Role::Public;
    let stages = async {
        let envelope = receive(&service, &request, payload, &mut arrival).await?;
        let caller = identify(&service, &request).await?;
        role = caller.role();
        let admitted = admit(&service, &caller, arrival.address)?;
        if door == Door::Graphql
            && let Some(prepared) = service.short_lookup(&caller, &envelope)
        {
            return inquire(&service, &caller, &admitted, (prepared, None), arrival);
        }
        let (at, working) = (arrival, Arc::clone(&service));
        let fault = || Refusal::new(Code::InternalServerError, Outcome::Fault, "the gateway could not answer this");
        let turn = Arc::clone(&service.turns).acquire_owned().await.map_err(|_| fault())?;
        let work = move || {
            let _turn = turn;
            let prepared = prepare(&working, &caller, (&envelope, door))?;
            inquire(&working, &caller, &admitted, (prepared, None), at)
        };
        web::block(work).await.map_err(|_| fault())?
    };
    let (reply, code) = match stages.await {
        Ok(finished) => disclose(&service, finished, arrival).await,
        Err(refusal) => fold(&service, refusal, arrival),
    };
    let micros = service.gateway.ambient.now().micros() - arrival.started.micros();
    service.metrics.count(role.name(), reply.status, code, micros);
    reply.into()
}

/// The address is not flooding us, the media types are ours, the body is short enough and a request.
async fn receive(
    service: &Service,
    request: &HttpRequest,
    payload: Payload,
    arrival: &mut Arrival,
) -> Result<Envelope, Refusal> {
    service.admission.admit_address(arrival.address).map_err(|refused| too_many(&refused))?;
    let method = match *request.method() {
        Method::GET => media::Method::Get,
        Method::POST => media::Method::Post,
        _ => return Err(Refusal::new(Code::BadRequest, Outcome::MethodNotAllowed, "send GET for queries or POST")),
    };
    arrival.media = media::negotiate(request::accept(request))
        .map_err(|error| Refusal::new(Code::BadRequest, Outcome::NotAcceptable, &error.to_string()))?;
    media::check_content_type(method, request::content_type(request))
        .map_err(|error| Refusal::new(Code::BadRequest, Outcome::UnsupportedMediaType, &error.to_string()))?;
    let read = match method {
        media::Method::Get => request::in_url(request.query_string()),
        media::Method::Post => match request::body(payload, BODY_BYTES_MAX).await {
            Ok(body) => request::posted(&body),
            Err(unreadable) => Err(unreadable),
        },
    };
    read.map_err(unreadable)
}

fn unreadable(unreadable: Unreadable) -> Refusal {
    match unreadable {
        Unreadable::TooLarge => Refusal::new(Code::BadRequest, Outcome::BodyTooLarge, "the body is larger than 1 MiB"),
        Unreadable::Broken => Refusal::new(Code::BadRequest, Outcome::NotJson, "the body did not arrive whole"),
        Unreadable::NotJson => Refusal::new(Code::BadRequest, Outcome::NotJson, "the body is not JSON"),
        Unreadable::NotARequest => Refusal::new(
            Code::BadRequest,
            Outcome::NotARequest,
            "a request is an object with `query`, and may have `operationName`, `variables`, `extensions`; no batches",
        ),
    }
}

fn too_many(refused: &RateRefused) -> Refusal {
    Refusal::new(Code::RateLimited, Outcome::RateLimited, "too fast: wait as long as `Retry-After` says").with(vec![
        ("retry-after", refused.retry_after()),
        ("ratelimit", refused.rate_limit()),
        ("ratelimit-policy", refused.rate_limit_policy()),
    ])
}

/// Who asks. Only a token whose key is not held yet makes this wait.
async fn identify(service: &Arc<Service>, request: &HttpRequest) -> Result<Caller, Refusal> {
    request::caller(service, request).await.map_err(|refused| match refused {
        NotIdentified::Refused(refusal) => {
            let message = format!("{}: ask your issuer for another", refusal.reason().description());
            Refusal::new(Code::Unauthenticated, Outcome::Unauthenticated, &message)
                .with(vec![("www-authenticate", refusal.www_authenticate())])
        }
        NotIdentified::Unavailable => {
            Refusal::new(Code::InternalServerError, Outcome::Fault, "the token could not be checked")
        }
    })
}

fn admit(service: &Service, caller: &Caller, address: IpAddr) -> Result<Admitted, Refusal> {
    service.admission.admit(caller, address).map_err(|refused| too_many(&refused))
}

/// Guard and price.
fn prepare(service: &Service, caller: &Caller, (envelope, door): (&Envelope, Door)) -> Result<Prepared, Refusal> {
    let reveal = if caller.role() == Role::Public { Reveal::Nothing } else { Reveal::Limits };
    Ok(service.engine_of(door).prepare(envelope, &service.document_limits(caller.role()), reveal)?)
}

/// Permit and execution: what works with the registry. Of a subscription, one event.
pub(super) fn inquire(
    service: &Service,
    caller: &Caller,
    admitted: &Admitted,
    (prepared, event): (Prepared, Option<EventRow>),
    arrival: Arrival,
) -> Result<Finished, Refusal> {
    if prepared.kind() == OperationKind::Subscription && event.is_none() {
        let message = "subscribe over a WebSocket at this address, with the subprotocol graphql-transport-ws";
        return Err(Refusal::new(Code::BadRequest, Outcome::NotARequest, message));
    }
    if arrival.is_get && prepared.kind() != OperationKind::Query {
        let refusal = Refusal::new(Code::BadRequest, Outcome::MethodNotAllowed, "send mutations by POST");
        return Err(refusal.with(vec![("allow", "POST".to_owned())]));
    }
    let is_confidential = prepared.is_confidential().ok_or_else(|| {
        let message = "ask for a tip-off alone in its operation: nothing is kept of who does";
        Refusal::new(Code::BadRequest, Outcome::NotARequest, message)
    })?;
    if is_confidential && prepared.kind() == OperationKind::Mutation {
        service.admission.admit_tipoff(arrival.address).map_err(|refused| too_many(&refused))?;
    }
    let reservation = reserve(service, admitted, prepared.price())?;
    let mut asked = asked(service, &prepared, arrival);
    // Whoever reports is nobody, whatever token came along.
    let nobody = if is_confidential { Some(nobody(service, &mut asked)?) } else { None };
    let caller = nobody.as_ref().unwrap_or(caller);
    let inquiry = match Inquiry::open(&service.gateway, caller) {
        Ok(inquiry) => Arc::new(inquiry),
        Err(not_opened) => {
            let standing = settled(admitted, reservation, 0);
            return Ok(refused(service, caller, &asked, not_opened.into(), standing));
        }
    };
    execute(service, Work { inquiry, prepared, event, asked, admitted, door: arrival.door }, reservation)
}

/// The public, asking something of which neither the words nor the address are kept.
fn nobody(service: &Service, asked: &mut Asked) -> Result<Caller, Refusal> {
    asked.arguments = serde_json::Value::Null;
    asked.address.clear();
    match service.authenticator.authenticate_cached(&RequestHeaders::default()) {
        Ok(Attempt::Known(caller)) => Ok(caller),
        Ok(Attempt::NeedsRefresh) | Err(_) => {
            Err(Refusal::new(Code::InternalServerError, Outcome::Fault, "the gateway could not answer this"))
        }
    }
}

/// Where a subscription begins.
#[derive(Debug)]
pub(super) struct Begun {
    /// Whose events.
    pub(super) receiver: String,
    /// After which of them.
    pub(super) place: i64,
}

/// Guard, price and validation of a subscription, and where it begins; or the answer that refuses it.
pub(super) fn begin_subscription(
    service: &Service,
    caller: &Caller,
    admitted: &Admitted,
    envelope: &Envelope,
    arrival: Arrival,
) -> Result<Result<(Prepared, Begun), Box<Finished>>, Refusal> {
    let prepared = prepare(service, caller, (envelope, arrival.door))?;
    if !prepared.is_subscription_of_one() {
        let message = "this connection carries subscriptions of one field: send queries and mutations by HTTP";
        return Err(Refusal::new(Code::BadRequest, Outcome::NotARequest, message));
    }
    let reservation = reserve(service, admitted, prepared.price())?;
    let mut asked = asked(service, &prepared, arrival);
    let inquiry = match Inquiry::open(&service.gateway, caller) {
        Ok(inquiry) => Arc::new(inquiry),
        Err(not_opened) => {
            let standing = settled(admitted, reservation, 0);
            return Ok(Err(Box::new(refused(service, caller, &asked, not_opened.into(), standing))));
        }
    };
    let pages = service.admission.role_limits(caller).page_size;
    let answer = match service.engine.begin(&inquiry, &prepared, &rate_limit(&reservation, pages)) {
        Ok(place) => {
            settled(admitted, reservation, 0);
            let receiver = caller.consumer().unwrap_or_default().to_owned();
            return Ok(Ok((prepared, Begun { receiver, place })));
        }
        Err(answer) => answer,
    };
    Ok(Err(Box::new(finished(Done { inquiry, answer, intent: None, kind: EntryKind::Deny }, &mut asked, |cost| {
        settled(admitted, reservation, cost)
    }))))
}

fn reserve(service: &Service, admitted: &Admitted, price: u64) -> Result<Reservation, Refusal> {
    service.admission.reserve(admitted, price).map_err(|refused| match refused {
        CostRefused::TooFast(refused) => too_many(&refused),
        CostRefused::DearerThanBucket { cost, limit } => {
            let known = admitted.role() != Role::Public;
            let numbers = if known { format!(" ({cost} of {limit})") } else { String::new() };
            let message = format!("the query costs more than one query may{numbers}: ask for less, or smaller pages");
            Refusal::new(Code::CostLimit, Outcome::CostLimit, &message)
        }
    })
}

fn settled(admitted: &Admitted, reservation: Reservation, actual: u64) -> Standing {
    let _after = reservation.settle(actual);
    admitted.standing()
}

fn asked(service: &Service, prepared: &Prepared, arrival: Arrival) -> Asked {
    Asked {
        query: prepared.normalised().to_owned(),
        operation_hash: prepared.operation_hash(),
        arguments: prepared.arguments(),
        address: arrival.address.to_string(),
        cost: prepared.price(),
        schema_hash: service.engine_of(arrival.door).schema_hash(),
        duration_micros: service.gateway.ambient.now().micros() - arrival.started.micros(),
    }
}

impl From<NotOpened> for ApiError {
    fn from(not_opened: NotOpened) -> Self {
        match not_opened {
            NotOpened::PurposeNotAllowed => {
                Self::new(Code::PurposeNotAllowed, "the purpose in `Chengxin-Purpose` is unknown or not yours to claim")
            }
            NotOpened::Fault(fault) => fault.into(),
        }
    }
}

/// A request that is refused for itself, with an entry of its own.
fn refused(service: &Service, caller: &Caller, asked: &Asked, error: ApiError, standing: Standing) -> Finished {
    let code = error.code;
    let enclosed = register::enclose(Answer::refusal(&error.into()).body);
    let entry = register::refusal(&service.gateway, caller, asked, code.name(), &enclosed);
    Finished { enclosed, entry, outcome: outcome_of(code), code: code.name(), standing }
}

/// A priced operation about to be executed.
struct Work<'w> {
    inquiry: Arc<Inquiry>,
    prepared: Prepared,
    event: Option<EventRow>,
    door: Door,
    asked: Asked,
    admitted: &'w Admitted,
}

fn execute(service: &Service, work: Work<'_>, reservation: Reservation) -> Result<Finished, Refusal> {
    let Work { inquiry, prepared, event, mut asked, admitted, door } = work;
    let is_mutation = prepared.kind() == OperationKind::Mutation;
    if is_mutation && !prepared.is_open_to(inquiry.caller().role()) {
        let error = ApiError::new(Code::Forbidden, "your role may not do this");
        return Ok(refused(service, inquiry.caller(), &asked, error, settled(admitted, reservation, 0)));
    }
    let intent = if is_mutation {
        Some(register::register_intent(&inquiry, &asked).map_err(|_| audit_unavailable())?)
    } else {
        None
    };
    let pages = service.admission.role_limits(inquiry.caller()).page_size;
    let rate = rate_limit(&reservation, pages);
    let (inquiry, answer) = run(inquiry, |inquiry| match &event {
        Some(event) => service.engine.execute_event(inquiry, &prepared, event, &rate),
        None => service.engine_of(door).execute(inquiry, &prepared, &rate),
    })?;
    if is_mutation {
        // Whoever waits for events looks for them.
        service.gateway.moved.notify_waiters();
    }
    if event.is_some() {
        inquiry.tally(|tally| tally.flags.insert("EVENT"));
    }
    let kind = match (is_mutation, answer.has_data) {
        (true, _) => EntryKind::MutationOutcome,
        (false, true) => EntryKind::Query,
        (false, false) => EntryKind::Deny,
    };
    let done = Done { inquiry, answer, intent, kind };
    Ok(finished(done, &mut asked, |cost| settled(admitted, reservation, cost)))
}

/// An operation that was executed.
struct Done {
    inquiry: Arc<Inquiry>,
    answer: Answer,
    intent: Option<u64>,
    kind: EntryKind,
}

/// The answer, enclosed, with its entry.
fn finished(done: Done, asked: &mut Asked, settle: impl FnOnce(u64) -> Standing) -> Finished {
    let Done { inquiry, answer, intent, kind } = done;
    let code = answer.codes.first().map(|code| code.name());
    if answer.codes.contains(&Code::GraphqlValidationFailed) {
        // A document that does not fit the schema may hold anything, private values among its names.
        asked.forget_document();
    }
    let lacks_purpose = answer.is_empty && answer.codes.contains(&Code::PurposeRequired);
    if answer.codes.contains(&Code::Forbidden) || lacks_purpose {
        inquiry.tally(Tally::overreach);
    }
    let outcome = outcome(answer.has_data, &answer.codes);
    let told = register::Outcome { kind, error_code: code, is_refused: answer.is_empty, intent };
    let enclosed = register::enclose(answer.body);
    let entry = register::entry(&inquiry, asked, &told, Some(&enclosed));
    let standing = settle(inquiry.tally(|tally| tally.cost));
    Finished { enclosed, entry, outcome, code: code.unwrap_or(""), standing }
}

/// Executes; and once more without the authorization, when its last use was taken by somebody else meanwhile.
fn run(inquiry: Arc<Inquiry>, execute: impl Fn(&Arc<Inquiry>) -> Answer) -> Result<(Arc<Inquiry>, Answer), Refusal> {
    let answer = execute(&inquiry);
    let fault = |_| Refusal::new(Code::Unavailable, Outcome::Unavailable, "the registry is not available now");
    if authorization::take_use(&inquiry).map_err(fault)? {
        return Ok((inquiry, answer));
    }
    let reopened = inquiry.reopen_without_authorization().map_err(|not_opened| Refusal {
        outcome: Outcome::Forbidden,
        refused: ApiError::from(not_opened).into(),
        headers: Vec::new(),
    })?;
    let reopened = Arc::new(reopened);
    let answer = execute(&reopened);
    Ok((reopened, answer))
}

fn rate_limit(reservation: &Reservation, page_size_max: u32) -> RateLimit {
    let quota = reservation.standing();
    let number = |value: u64| i64::try_from(value).unwrap_or(i64::MAX);
    let pages = i32::try_from(page_size_max).unwrap_or(i32::MAX);
    RateLimit::new(number(quota.limit), number(reservation.cost()), number(quota.remaining), quota.reset_at, pages)
}

fn audit_unavailable() -> Refusal {
    let error = ApiError::from(crate::exchange::fault::Fault::AuditUnavailable);
    Refusal { refused: error.into(), outcome: Outcome::Unavailable, headers: vec![("retry-after", "5".to_owned())] }
}

/// Entry first, answer after.
pub(super) async fn disclose(service: &Service, finished: Finished, arrival: Arrival) -> (Reply, &'static str) {
    let Finished { enclosed, entry, outcome, code, standing } = finished;
    match register::disclose(&service.gateway, enclosed, entry).await {
        Ok((body, receipt)) => {
            let body = Answer::with_receipt(&body, &receipt.to_json());
            let status = media::status(outcome, arrival.media, service.edge.statuses);
            let mut headers =
                vec![("ratelimit", standing.rate_limit()), ("ratelimit-policy", standing.rate_limit_policy())];
            if outcome == Outcome::Unavailable {
                headers.push(("retry-after", "5".to_owned()));
            }
            (Reply { status, media: arrival.media, body, headers }, code)
        }
        Err(register::AuditUnavailable) => fold(service, audit_unavailable(), arrival),
    }
}

/// A refusal without data: counted per address and minute, answered at once.
pub(super) fn fold(service: &Service, refusal: Refusal, arrival: Arrival) -> (Reply, &'static str) {
    let code = refusal.refused.error.code.name();
    service.folding.record(bucket(arrival.address), code);
    let status = media::status(refusal.outcome, arrival.media, service.edge.statuses);
    let body = Answer::refusal(&refusal.refused).body;
    (Reply { status, media: arrival.media, body, headers: refusal.headers }, code)
}
