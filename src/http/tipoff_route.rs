//! `POST /tipoffs/attachments`: a file for a tip-off, by its query code. `GET /tipoffs/{id}/attachments/{number}`: the same file, for the
//! officer who handles it.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS,
};
use actix_web::web::{self, Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::json;

use super::login_route;
use super::request::{self, NotIdentified, Unreadable};
use super::service::Service;
use crate::admission::bucket;
use crate::exchange::fault::Fault;
use crate::exchange::tipoff::attachment::{self, BYTES_MAX, COUNT_MAX, NoContent, NotTaken};
use crate::graphql::error::Code;

/// The header with the query code: not in the address, which others write down.
const CODE: &str = "chengxin-tipoff";

fn told(status: StatusCode, message: &str) -> HttpResponse {
    HttpResponse::build(status).insert_header((CACHE_CONTROL, "no-store")).json(json!({ "message": message }))
}

/// Takes a file. Who sends it is not asked.
pub async fn post(service: Data<Arc<Service>>, request: HttpRequest, payload: Payload) -> HttpResponse {
    let address = service.client_address(&request);
    let refuse = |status, code: Code, message: &str| {
        service.folding.record(bucket(address), code.name());
        told(status, message)
    };
    if service.admission.admit_address(address).is_err() || service.admission.admit_tipoff(address).is_err() {
        return refuse(StatusCode::TOO_MANY_REQUESTS, Code::RateLimited, "too many files: wait a minute");
    }
    let Some(code) = request::text(request.headers(), CODE).map(str::to_owned) else {
        return refuse(StatusCode::BAD_REQUEST, Code::BadRequest, "send the query code in `Chengxin-Tipoff`");
    };
    let bytes = match request::body(payload, BYTES_MAX).await {
        Ok(bytes) => bytes,
        Err(Unreadable::TooLarge) => {
            return refuse(StatusCode::PAYLOAD_TOO_LARGE, Code::BadRequest, "a file has 2 MiB at most");
        }
        Err(_) => return refuse(StatusCode::BAD_REQUEST, Code::BadRequest, "the file did not arrive whole"),
    };
    let Ok(turn) = Arc::clone(&service.turns).acquire_owned().await else {
        return told(StatusCode::SERVICE_UNAVAILABLE, "try again");
    };
    let gateway = Arc::clone(&service.gateway);
    let taken = web::block(move || {
        let _turn = turn;
        attachment::attach(&gateway, &code, &bytes)
    });
    match taken.await {
        Ok(Ok(Ok(number))) => {
            HttpResponse::Created().insert_header((CACHE_CONTROL, "no-store")).json(json!({ "number": number }))
        }
        Ok(Ok(Err(NotTaken::NoTipoff))) => {
            told(StatusCode::NOT_FOUND, "there is no tip-off of this query code that waits for an answer")
        }
        Ok(Ok(Err(NotTaken::TooLarge))) => told(StatusCode::PAYLOAD_TOO_LARGE, "a file has 2 MiB at most"),
        Ok(Ok(Err(NotTaken::Kind))) => told(StatusCode::UNSUPPORTED_MEDIA_TYPE, "files are JPEG, PNG or PDF"),
        Ok(Ok(Err(NotTaken::TooMany))) => {
            told(StatusCode::CONFLICT, &format!("a tip-off has {COUNT_MAX} files at most"))
        }
        Ok(Err(Fault::Conflict)) => told(StatusCode::CONFLICT, "another file came at the same moment: send it again"),
        Ok(Err(_)) | Err(_) => told(StatusCode::SERVICE_UNAVAILABLE, "the file cannot be taken now: try again"),
    }
}

/// Gives a file to the officer who handles the tip-off. To a browser it is never more than something to be saved.
pub async fn get(service: Data<Arc<Service>>, request: HttpRequest, path: web::Path<(String, i64)>) -> HttpResponse {
    let address = service.client_address(&request);
    let refuse = |status, code: Code, message: &str| {
        service.folding.record(bucket(address), code.name());
        told(status, message)
    };
    let caller = match login_route::caller(&service, &request).await {
        Ok(caller) => caller,
        Err(NotIdentified::Refused(refusal)) => {
            return refuse(StatusCode::UNAUTHORIZED, Code::Unauthenticated, refusal.reason().description());
        }
        Err(NotIdentified::Unavailable) => {
            return told(StatusCode::SERVICE_UNAVAILABLE, "the token could not be checked: try again");
        }
    };
    if service.admission.admit(&caller, address).is_err() {
        return refuse(StatusCode::TOO_MANY_REQUESTS, Code::RateLimited, "too many requests: wait a moment");
    }
    let Ok(turn) = Arc::clone(&service.turns).acquire_owned().await else {
        return told(StatusCode::SERVICE_UNAVAILABLE, "try again");
    };
    let gateway = Arc::clone(&service.gateway);
    let (id, number) = path.into_inner();
    let read = web::block(move || {
        let _turn = turn;
        attachment::content(&gateway, &caller, (&id, number), address.to_string())
    });
    match read.await {
        Ok(Ok((kind, bytes))) => HttpResponse::Ok()
            .insert_header((CONTENT_TYPE, kind.media_type()))
            .insert_header((CACHE_CONTROL, "private, no-store"))
            .insert_header((CONTENT_DISPOSITION, format!("attachment; filename=\"attachment-{number}\"")))
            .insert_header((CONTENT_SECURITY_POLICY, "sandbox; default-src 'none'"))
            .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
            .body(bytes),
        Ok(Err(NoContent::Unknown)) => refuse(StatusCode::NOT_FOUND, Code::Forbidden, "there is no such attachment"),
        Ok(Err(NoContent::PurposeNotAllowed)) => {
            refuse(StatusCode::FORBIDDEN, Code::PurposeNotAllowed, "the purpose is unknown or not yours to claim")
        }
        Ok(Err(NoContent::Fault(_))) | Err(_) => {
            told(StatusCode::SERVICE_UNAVAILABLE, "the attachment cannot be read now: try again")
        }
    }
}
