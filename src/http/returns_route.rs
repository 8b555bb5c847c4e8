//! `/returns/{execution,initiator}/2026-10.{csv,xlsx}`: monthly returns as files, for departments and the coordinator.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE, WWW_AUTHENTICATE};
use actix_web::web::{self, Data};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::json;

use super::login_route;
use super::request::NotIdentified;
use super::service::Service;
use crate::admission::bucket;
use crate::domain::DepartmentId;
use crate::exchange::fault::Fault;
use crate::exchange::returns::file::{self, Format, NoFile, Wanted};
use crate::graphql::error::{ApiError, Code};

/// What a file is taken to cost until it is made.
const PRICE: u64 = 1_000;

/// Of which department; for the coordinator.
#[derive(Debug, serde::Deserialize)]
pub struct Which {
    department: Option<String>,
}

/// A return as a file.
pub async fn get(
    service: Data<Arc<Service>>,
    request: HttpRequest,
    path: web::Path<(String, String)>,
    which: web::Query<Which>,
) -> HttpResponse {
    let address = service.client_address(&request);
    let refuse = |status, code: Code, message: &str| {
        service.folding.record(bucket(address), code.name());
        told(status, message)
    };
    let caller = match login_route::caller(&service, &request).await {
        Ok(caller) => caller,
        Err(NotIdentified::Refused(refusal)) => {
            let mut response = refuse(StatusCode::UNAUTHORIZED, Code::Unauthenticated, refusal.reason().description());
            if let Ok(value) = refusal.www_authenticate().parse() {
                response.headers_mut().insert(WWW_AUTHENTICATE, value);
            }
            return response;
        }
        Err(NotIdentified::Unavailable) => {
            return told(StatusCode::SERVICE_UNAVAILABLE, "the token could not be checked: try again");
        }
    };
    let Ok(admitted) = service.admission.admit(&caller, address) else {
        return refuse(StatusCode::TOO_MANY_REQUESTS, Code::RateLimited, "too many requests: wait a moment");
    };
    let Some(wanted) = wanted(&path.into_inner(), which.into_inner(), address.to_string()) else {
        let message =
            "returns are /returns/execution/2026-10.csv, …/initiator/…, .xlsx; `department` is an id such as AMR";
        return told(StatusCode::NOT_FOUND, message);
    };
    let name = format!("{}-{}.{}", <&str>::from(wanted.kind), wanted.month, <&str>::from(wanted.format));
    let media = match wanted.format {
        Format::Csv => "text/csv; charset=utf-8",
        Format::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    };
    let Ok(reservation) = service.admission.reserve(&admitted, PRICE) else {
        return refuse(StatusCode::TOO_MANY_REQUESTS, Code::RateLimited, "too much was asked for: wait a moment");
    };
    let Ok(turn) = Arc::clone(&service.turns).acquire_owned().await else {
        return told(StatusCode::SERVICE_UNAVAILABLE, "the return cannot be made now");
    };
    let gateway = Arc::clone(&service.gateway);
    let work = move || {
        let _turn = turn;
        let made = file::make(&gateway, &caller, &wanted);
        made.map(|(bytes, cost)| {
            reservation.settle(cost);
            bytes
        })
    };
    match web::block(work).await {
        Ok(Ok(bytes)) => HttpResponse::Ok()
            .insert_header((CONTENT_TYPE, media))
            .insert_header((CACHE_CONTROL, "private, no-store"))
            .insert_header((CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")))
            .body(bytes),
        Ok(Err(NoFile::PurposeNotAllowed)) => {
            refuse(StatusCode::FORBIDDEN, Code::PurposeNotAllowed, "the purpose is unknown or not yours to claim")
        }
        Ok(Err(NoFile::Fault(Fault::Forbidden))) => {
            refuse(StatusCode::FORBIDDEN, Code::Forbidden, "returns are for departments and the coordinator")
        }
        Ok(Err(NoFile::Fault(Fault::BadInput(message)))) => told(StatusCode::BAD_REQUEST, &message),
        Ok(Err(NoFile::Fault(fault))) => told(StatusCode::SERVICE_UNAVAILABLE, &ApiError::from(fault).message),
        Err(_) => told(StatusCode::SERVICE_UNAVAILABLE, "the return cannot be made now"),
    }
}

fn wanted((kind, name): &(String, String), which: Which, address: String) -> Option<Wanted> {
    let (month, format) = name.split_once('.')?;
    let department = match which.department {
        None => None,
        Some(id) => Some(DepartmentId::parse(&id)?),
    };
    // What is no kind or no format is no return.
    Some(Wanted {
        kind: kind.parse().ok()?,
        month: month.to_owned(),
        department,
        format: format.parse().ok()?,
        address,
    })
}

fn told(status: StatusCode, message: &str) -> HttpResponse {
    HttpResponse::build(status).insert_header((CACHE_CONTROL, "no-store")).json(json!({ "message": message }))
}
