//! `/health/live`: the process answers. `/health/ready`: it can answer queries, which takes a ledger that writes.

use std::sync::Arc;

use actix_web::HttpResponse;
use actix_web::http::header::{CACHE_CONTROL, RETRY_AFTER};
use actix_web::web::Data;

use super::service::Service;

/// The process answers.
pub async fn live() -> HttpResponse {
    HttpResponse::Ok().content_type("text/plain; charset=utf-8").body("live\n")
}

/// The gateway can answer queries.
pub async fn ready(service: Data<Arc<Service>>) -> HttpResponse {
    if service.is_ready() {
        let told = match service.gateway.shortage() {
            Some(shortage) => format!("ready, but degraded: {shortage}\n"),
            None => "ready\n".to_owned(),
        };
        return HttpResponse::Ok()
            .insert_header((CACHE_CONTROL, "no-store"))
            .content_type("text/plain; charset=utf-8")
            .body(told);
    }
    HttpResponse::ServiceUnavailable()
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header((RETRY_AFTER, "5"))
        .content_type("text/plain; charset=utf-8")
        .body("not ready: the ledger cannot write, or the gateway is stopping\n")
}
