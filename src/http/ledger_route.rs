//! `/ledger/…`: checkpoint and tiles as C2SP tlog-tiles lays them out, keys, trust file, proofs of entries. Without a
//! token; what stands there is what the ledger shows to everybody.

use std::sync::Arc;

use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, X_CONTENT_TYPE_OPTIONS};
use actix_web::web::{self, Data};
use actix_web::{HttpRequest, HttpResponse};

use super::service::Service;
use crate::exchange::ledger_pages::{self, LedgerPage};

/// A full tile never changes, and an unfinished one only under another name.
const FOREVER: &str = "public, max-age=31536000, immutable";
const MOMENT: &str = "public, max-age=1";
const TEXT: &str = "text/plain; charset=utf-8";

/// The page at the path.
pub async fn page(service: Data<Arc<Service>>, request: HttpRequest) -> HttpResponse {
    let path = request.path().strip_prefix("/ledger/").unwrap_or_default().to_owned();
    let pages = Arc::clone(&service.pages);
    let Ok(turn) = pages.acquire_owned().await else { return unavailable() };
    let found = web::block(move || {
        let page = ledger_pages::page(&service.gateway, &path);
        drop(turn);
        page
    });
    match found.await {
        Ok(Ok(Some(LedgerPage::Text(text)))) => sent(TEXT, MOMENT).body(text),
        Ok(Ok(Some(LedgerPage::Immutable(bytes)))) => sent("application/octet-stream", FOREVER).body(bytes),
        Ok(Ok(None)) => HttpResponse::NotFound()
            .insert_header((CACHE_CONTROL, "no-store"))
            .content_type(TEXT)
            .body("no checkpoint covers this, or it is not one of: checkpoint, keys, policy, proof/INDEX, tile/LEVEL/NUMBER\n"),
        Ok(Err(fault)) => {
            tracing::warn!(?fault, "a page of the ledger cannot be read");
            unavailable()
        }
        Err(_) => unavailable(),
    }
}

fn sent(content_type: &'static str, cached: &'static str) -> actix_web::HttpResponseBuilder {
    let mut response = HttpResponse::Ok();
    response.insert_header((CONTENT_TYPE, content_type));
    response.insert_header((CACHE_CONTROL, cached));
    response.insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"));
    response
}

fn unavailable() -> HttpResponse {
    HttpResponse::ServiceUnavailable()
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header((RETRY_AFTER, "5"))
        .content_type(TEXT)
        .body("the ledger cannot be read now\n")
}
