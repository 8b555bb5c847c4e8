//! `/ledger/exports`: auditors order a bundle, ask how far it is, and fetch it, whole or the rest of it (RFC 9110, 14).

use std::sync::Arc;

use actix_files::NamedFile;
use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, ContentDisposition, LOCATION, RETRY_AFTER, WWW_AUTHENTICATE};
use actix_web::web::{self, Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::json;

use super::login_route;
use super::request::{self, NotIdentified};
use super::service::Service;
use crate::admission::bucket;
use crate::authentication::Caller;
use crate::domain::Role;
use crate::domain::text::parse_index;
use crate::exchange::bundles::{BundleState, Bundles, NotMade, Wanted};
use crate::graphql::error::Code;

/// The longest order, in bytes.
const ORDER_BYTES_MAX: usize = 64 * 1024;

/// Orders a bundle: 202 with its place.
pub async fn order(service: Data<Arc<Service>>, request: HttpRequest, payload: Payload) -> HttpResponse {
    let (caller, bundles) = match auditor(&service, &request).await {
        Ok(found) => found,
        Err(refused) => return refused,
    };
    let Ok(body) = request::body(payload, ORDER_BYTES_MAX).await else {
        return told(StatusCode::BAD_REQUEST, "the order is too long, or broke off");
    };
    let wanted: Wanted = match serde_json::from_slice(&body) {
        Ok(wanted) => wanted,
        Err(error) => {
            let example =
                r#"send JSON such as {"reason": "yearly audit 2026", "proofs": [7], "from": 0, "disclose": false}"#;
            return told(StatusCode::BAD_REQUEST, &format!("{error}: {example}"));
        }
    };
    let gateway = Arc::clone(&service.gateway);
    match web::block(move || bundles.order(&gateway, &caller, wanted)).await {
        Ok(Ok(export)) => {
            let place = format!("/ledger/exports/{export}");
            let body = json!({ "export": export.to_string(), "state": "MAKING", "place": place });
            HttpResponse::Accepted()
                .insert_header((LOCATION, place))
                .insert_header((CACHE_CONTROL, "no-store"))
                .json(body)
        }
        Ok(Err(not_made)) => refused(&not_made),
        Err(_) => unavailable(),
    }
}

/// How far a bundle is. One that was broken off is gone on with.
pub async fn state(service: Data<Arc<Service>>, request: HttpRequest, export: web::Path<String>) -> HttpResponse {
    let (_, bundles) = match auditor(&service, &request).await {
        Ok(found) => found,
        Err(refused) => return refused,
    };
    let Some(export) = parse_index(&export) else { return unknown() };
    let gateway = Arc::clone(&service.gateway);
    let found = web::block(move || {
        let found = bundles.state(export)?;
        if found == Some(BundleState::BrokenOff) {
            bundles.resume(&gateway, export)?;
            return Ok(bundles.state(export)?);
        }
        Ok::<_, NotMade>(found)
    });
    let body = match found.await {
        Ok(Ok(Some(BundleState::Ready { bytes }))) => {
            json!({ "state": "READY", "bytes": bytes, "bundle": format!("/ledger/exports/{export}/bundle.tar") })
        }
        Ok(Ok(Some(BundleState::Making(making)))) => {
            json!({ "state": "MAKING", "filesDone": making.done, "filesTotal": making.total })
        }
        Ok(Ok(Some(BundleState::BrokenOff))) => json!({ "state": "BROKEN_OFF" }),
        Ok(Ok(None)) => return unknown(),
        Ok(Err(not_made)) => return refused(&not_made),
        Err(_) => return unavailable(),
    };
    HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).json(body)
}

/// The file, or the range of it that is asked for.
pub async fn file(service: Data<Arc<Service>>, request: HttpRequest, export: web::Path<String>) -> HttpResponse {
    let (caller, bundles) = match auditor(&service, &request).await {
        Ok(found) => found,
        Err(refused) => return refused,
    };
    let Some(export) = parse_index(&export) else { return unknown() };
    let gateway = Arc::clone(&service.gateway);
    let opened = web::block(move || {
        let file = NamedFile::open(bundles.whole(export))?;
        // Whoever takes it away stands in the ledger before a byte of it leaves.
        Ok::<_, std::io::Error>(bundles.register_fetch(&gateway, &caller, export).map(|()| file))
    });
    let file = match opened.await {
        Ok(Ok(Ok(file))) => file,
        Ok(Ok(Err(not_made))) => return refused(&not_made),
        Ok(Err(_)) | Err(_) => return unknown(),
    };
    let name = ContentDisposition::attachment(format!("ledger-{export}.tar"));
    let mut response = file.set_content_disposition(name).into_response(&request);
    response
        .headers_mut()
        .insert(CACHE_CONTROL, actix_web::http::header::HeaderValue::from_static("private, no-store"));
    response
}

/// The auditor who asks, and the bundles; every other caller is refused before anything is looked at.
async fn auditor(service: &Arc<Service>, request: &HttpRequest) -> Result<(Caller, Arc<Bundles>), HttpResponse> {
    let address = service.client_address(request);
    // Refusals without data are counted per network and minute, as those of queries are.
    let count = |code: Code| service.folding.record(bucket(address), code.name());
    let caller = login_route::caller(service, request).await.map_err(|refused| match refused {
        NotIdentified::Refused(refusal) => {
            count(Code::Unauthenticated);
            let mut response = told(StatusCode::UNAUTHORIZED, refusal.reason().description());
            if let Ok(value) = refusal.www_authenticate().parse() {
                response.headers_mut().insert(WWW_AUTHENTICATE, value);
            }
            response
        }
        NotIdentified::Unavailable => unavailable(),
    })?;
    if service.admission.admit(&caller, address).is_err() {
        count(Code::RateLimited);
        let mut response = told(StatusCode::TOO_MANY_REQUESTS, "too many requests: wait a moment");
        response.headers_mut().insert(RETRY_AFTER, actix_web::http::header::HeaderValue::from_static("60"));
        return Err(response);
    }
    if caller.role() != Role::Auditor {
        let is_public = caller.role() == Role::Public;
        let status = if is_public { StatusCode::UNAUTHORIZED } else { StatusCode::FORBIDDEN };
        count(if is_public { Code::Unauthenticated } else { Code::Forbidden });
        return Err(told(status, "bundles are for auditors: send the token of one"));
    }
    let bundles = service.gateway.bundles.clone();
    let bundles =
        bundles.ok_or_else(|| told(StatusCode::NOT_FOUND, "this gateway makes no bundles: `exports` is not set"))?;
    Ok((caller, bundles))
}

fn refused(not_made: &NotMade) -> HttpResponse {
    let status = match not_made {
        NotMade::Forbidden => StatusCode::FORBIDDEN,
        NotMade::Busy => StatusCode::CONFLICT,
        NotMade::BadInput(_) => StatusCode::BAD_REQUEST,
        NotMade::Export(error) => {
            tracing::error!(error = error as &dyn std::error::Error, "a bundle cannot be made");
            return unavailable();
        }
    };
    told(status, &not_made.to_string())
}

fn unknown() -> HttpResponse {
    told(StatusCode::NOT_FOUND, "there is no such bundle, or not yet: order one by POST to /ledger/exports")
}

fn unavailable() -> HttpResponse {
    let mut response = told(StatusCode::SERVICE_UNAVAILABLE, "the bundle cannot be made or read now");
    response.headers_mut().insert(RETRY_AFTER, actix_web::http::header::HeaderValue::from_static("5"));
    response
}

fn told(status: StatusCode, message: &str) -> HttpResponse {
    HttpResponse::build(status).insert_header((CACHE_CONTROL, "no-store")).json(json!({ "message": message }))
}
