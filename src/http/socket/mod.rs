//! Subscriptions over `graphql-transport-ws` (protocol of the `graphql-ws` library): an event is told when it happens, and what was
//! missed meanwhile is told first.
//!
//! Who asks is looked at again every second and before each event; a token that is over ends the connection (4403). Each event is an
//! execution of its own, under a permit of its own, and an entry of its own, before it leaves.
//!
//! Deliberately absent: queries and mutations, which have one way, by HTTP.

mod connection;
mod message;
pub mod places;
mod subscription;

use std::sync::Arc;

use actix_web::http::header::{HeaderMap, SEC_WEBSOCKET_PROTOCOL, UPGRADE};
use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse};
use actix_ws::{CloseCode, CloseReason};

use super::service::Service;
use crate::admission::bucket;
use crate::graphql::error::Code;
use connection::Connection;

/// The subprotocol.
const PROTOCOL: &str = "graphql-transport-ws";
/// The largest frame, and the largest message made of several, in bytes.
const FRAME_BYTES_MAX: usize = 64 * 1024;
const MESSAGE_BYTES_MAX: usize = 256 * 1024;

/// Why a connection is closed, by the protocol's codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Closing {
    /// A message that is none of the protocol's.
    BadMessage,
    /// A subscription before the connection was acknowledged.
    NotAcknowledged,
    /// The token is not valid, or no more.
    Forbidden,
    /// The connection was not initialised in time.
    InitTimeout,
    /// A second subscription under the id of one that is open.
    DuplicateId,
    /// It was initialised twice.
    InitTwice,
    /// The gateway stops.
    GoingAway,
    /// Too many subscriptions, or connections of one receiver, at once.
    TooMany,
}

impl From<Closing> for CloseReason {
    fn from(closing: Closing) -> Self {
        let (code, description) = match closing {
            Closing::BadMessage => (CloseCode::Other(4400), "not a message of graphql-transport-ws"),
            Closing::NotAcknowledged => (CloseCode::Other(4401), "Unauthorized"),
            Closing::Forbidden => (CloseCode::Other(4403), "Forbidden"),
            Closing::InitTimeout => (CloseCode::Other(4408), "Connection initialisation timeout"),
            Closing::DuplicateId => (CloseCode::Other(4409), "a subscription with this id is open"),
            Closing::InitTwice => (CloseCode::Other(4429), "Too many initialisation requests"),
            Closing::GoingAway => (CloseCode::Away, "the gateway stops: come again"),
            Closing::TooMany => (CloseCode::Policy, "too many subscriptions or connections"),
        };
        Self { code, description: Some(description.to_owned()) }
    }
}

/// Whether a request wants to become a WebSocket.
pub fn is_upgrade(request: &HttpRequest) -> bool {
    let upgrade = request.headers().get(UPGRADE).and_then(|value| value.to_str().ok());
    upgrade.is_some_and(|value| value.eq_ignore_ascii_case("websocket"))
}

/// Opens a connection.
pub fn open(service: &Arc<Service>, request: &HttpRequest, payload: Payload) -> HttpResponse {
    let address = service.client_address(request);
    if service.admission.admit_address(address).is_err() {
        service.folding.record(bucket(address), Code::RateLimited.name());
        return HttpResponse::TooManyRequests().body("too fast: wait a moment\n");
    }
    if !offers_protocol(request.headers()) {
        service.folding.record(bucket(address), Code::BadRequest.name());
        return HttpResponse::BadRequest().body("offer the subprotocol graphql-transport-ws\n");
    }
    let Ok(slot) = Arc::clone(&service.sockets).try_acquire_owned() else {
        return HttpResponse::ServiceUnavailable().body("too many connections are open: try again later\n");
    };
    let opened = actix_ws::handle_with_protocols(request, payload, &[PROTOCOL]);
    let Ok((response, session, stream)) = opened else {
        return HttpResponse::BadRequest().body("this is no WebSocket handshake\n");
    };
    let stream = stream.max_frame_size(FRAME_BYTES_MAX).aggregate_continuations();
    let stream = stream.max_continuation_size(MESSAGE_BYTES_MAX);
    let connection = Connection::new(Arc::clone(service), session, address, request.headers().clone());
    actix_web::rt::spawn(async move {
        connection.serve(stream).await;
        drop(slot);
    });
    response
}

fn offers_protocol(headers: &HeaderMap) -> bool {
    headers
        .get_all(SEC_WEBSOCKET_PROTOCOL)
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|offered| offered.trim() == PROTOCOL)
}
