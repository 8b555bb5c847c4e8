//! The witness over HTTP: `POST /add-checkpoint`, and for monitors `GET /<SHA-256 of the origin>/checkpoint`.

use std::io;
use std::net::TcpListener;
use std::sync::Arc;

use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use actix_web::web::{self, Bytes, Data, Path, PayloadConfig};
use actix_web::{App, HttpResponse, HttpServer};

use crate::witness::cosigner::{Answer, Cosigner};

/// The longest body: a note, and a proof.
const BODY_BYTES_MAX: usize = 192 * 1024;
const TEXT: &str = "text/plain; charset=utf-8";

/// Serves until stopped.
pub async fn serve(cosigner: Arc<Cosigner>, listener: TcpListener) -> io::Result<()> {
    let shared = Data::new(cosigner);
    HttpServer::new(move || {
        App::new()
            .app_data(shared.clone())
            .app_data(PayloadConfig::new(BODY_BYTES_MAX))
            .route("/add-checkpoint", web::post().to(add_checkpoint))
            .route("/{origin}/checkpoint", web::get().to(latest))
    })
    .workers(2)
    .listen(listener)?
    .run()
    .await
}

async fn add_checkpoint(cosigner: Data<Arc<Cosigner>>, body: Bytes) -> HttpResponse {
    let answered = web::block(move || match std::str::from_utf8(&body) {
        Ok(body) => cosigner.add_checkpoint(body),
        Err(_) => Ok(Answer::Malformed),
    });
    let told = |status: u16, text: &'static str| {
        let status = actix_web::http::StatusCode::from_u16(status).unwrap_or_default();
        HttpResponse::build(status).insert_header((CONTENT_TYPE, TEXT)).body(text)
    };
    match answered.await {
        Ok(Ok(Answer::Cosigned(line))) => HttpResponse::Ok().insert_header((CONTENT_TYPE, TEXT)).body(line),
        Ok(Ok(Answer::Malformed)) => {
            told(400, "this is no request to cosign, or its old size is beyond the checkpoint\n")
        }
        Ok(Ok(Answer::Unsigned)) => told(403, "the checkpoint is not signed by the ledger's key\n"),
        Ok(Ok(Answer::Unknown)) => told(404, "this witness does not cosign for that ledger\n"),
        Ok(Ok(Answer::Conflict(size))) => {
            HttpResponse::Conflict().insert_header((CONTENT_TYPE, "text/x.tlog.size")).body(format!("{size}\n"))
        }
        Ok(Ok(Answer::Inconsistent)) => told(422, "the checkpoint is not proven to have grown from the last one\n"),
        Ok(Err(error)) => {
            tracing::error!(%error, "a checkpoint cannot be stored: nothing was cosigned");
            told(500, "the checkpoint could not be stored\n")
        }
        Err(_) => told(500, "the checkpoint could not be looked at\n"),
    }
}

async fn latest(cosigner: Data<Arc<Cosigner>>, origin: Path<String>) -> HttpResponse {
    match web::block(move || cosigner.latest(&origin)).await {
        Ok(Ok(Some(note))) => {
            HttpResponse::Ok().insert_header((CONTENT_TYPE, TEXT)).insert_header((CACHE_CONTROL, "no-cache")).body(note)
        }
        Ok(Ok(None)) => {
            HttpResponse::NotFound().insert_header((CONTENT_TYPE, TEXT)).body("no checkpoint of that ledger\n")
        }
        Ok(Err(_)) | Err(_) => HttpResponse::InternalServerError().finish(),
    }
}
