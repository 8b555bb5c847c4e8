//! The path of a query without its ledger, beside the real one in the same process, to measure what the ledger costs.
//!
//! It is made here, out of the same stages, and exists in no build of the product: there, an answer is `Undisclosed`
//! until its entry is durable, and no setting and no feature opens it otherwise.

use std::path::Path;
use std::sync::Arc;

use actix_web::web::{self, Data, Payload};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer};
use chengxin::app;
use chengxin::authentication::{Attempt, Caller};
use chengxin::clock::Ambient;
use chengxin::config::Config;
use chengxin::domain::Instant;
use chengxin::exchange::inquiry::Inquiry;
use chengxin::graphql::RateLimit;
use chengxin::graphql::answer::Answer;
use chengxin::graphql::engine::Prepared;
use chengxin::graphql::guard::Reveal;
use chengxin::graphql::media::{self, MediaType};
use chengxin::http::service::{BODY_BYTES_MAX, Service};
use chengxin::http::{request, respond, server};

/// Where it is asked.
pub const PATH: &str = "/unaudited";

/// Serves the product's routes and this one.
pub fn serve(config: &Path, ambient: &Ambient) -> anyhow::Result<()> {
    let config = Config::load(config)?;
    let service = app::service(&config, ambient)?;
    let shared = Data::new(service);
    actix_web::rt::System::new().block_on(async {
        let routes =
            move || App::new().app_data(shared.clone()).route(PATH, web::post().to(answer)).configure(server::routes);
        HttpServer::new(routes).workers(config.workers).bind(config.listen)?.run().await
    })?;
    Ok(())
}

async fn answer(service: Data<Arc<Service>>, request: HttpRequest, payload: Payload) -> HttpResponse {
    let service = Arc::clone(&service);
    let address = service.client_address(&request);
    service.admission.admit_address(address).unwrap();
    let started = service.gateway.ambient.now();
    let media = media::negotiate(request::accept(&request)).unwrap();
    media::check_content_type(media::Method::Post, request::content_type(&request)).unwrap();
    let envelope = request::posted(&request::body(payload, BODY_BYTES_MAX).await.unwrap()).unwrap();
    let caller = match service.authenticator.authenticate_cached(&request::identity(request.headers())).unwrap() {
        Attempt::Known(caller) => caller,
        Attempt::NeedsRefresh => service.authenticator.authenticate(&request::identity(request.headers())).unwrap(),
    };
    let admitted = service.admission.admit(&caller, address).unwrap();
    let working = Arc::clone(&service);
    let role = caller.role();
    let (answer, standing) = if let Some(prepared) = service.short_lookup(&caller, &envelope) {
        (execute(&working, &caller, &admitted, &prepared), admitted.standing())
    } else {
        let turn = Arc::clone(&service.turns).acquire_owned().await.unwrap();
        let work = move || {
            let _turn = turn;
            let limits = working.document_limits(caller.role());
            let prepared = working.engine.prepare(&envelope, &limits, Reveal::Limits).unwrap();
            (execute(&working, &caller, &admitted, &prepared), admitted.standing())
        };
        web::block(work).await.unwrap()
    };
    service.metrics.count(role.name(), 200, "", micros_since(started, service.gateway.ambient.now()));
    let headers = vec![("ratelimit", standing.rate_limit()), ("ratelimit-policy", standing.rate_limit_policy())];
    reply(media, answer.body, headers)
}

fn execute(
    service: &Service,
    caller: &Caller,
    admitted: &chengxin::admission::Admitted,
    prepared: &Prepared,
) -> Answer {
    let reservation = service.admission.reserve(admitted, prepared.price()).unwrap();
    let inquiry = Arc::new(Inquiry::open(&service.gateway, caller).unwrap());
    let quota = reservation.standing();
    let number = |value: u64| i64::try_from(value).unwrap();
    let (limit, remaining) = (number(quota.limit), number(quota.remaining));
    let rate = RateLimit::new(limit, number(reservation.cost()), remaining, quota.reset_at, 100);
    let answer = service.engine.execute(&inquiry, prepared, &rate);
    reservation.settle(inquiry.tally(|tally| tally.cost));
    answer
}

fn micros_since(started: Instant, now: Instant) -> i64 {
    now.micros() - started.micros()
}

fn reply(media: MediaType, body: String, headers: Vec<(&'static str, String)>) -> HttpResponse {
    respond::Reply { status: 200, media, body, headers }.into()
}
