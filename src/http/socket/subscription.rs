//! One subscription: begun once, then an execution for each event, in order. What cannot be told now is told later; what was told moves
//! the place.

use std::sync::Arc;
use std::time::Duration;

use actix_web::web;

use super::connection::{Shared, send};
use super::{Closing, message};
use crate::admission::Admitted;
use crate::authentication::Caller;
use crate::exchange::push::{EventRow, feed};
use crate::graphql::engine::{Envelope, Prepared};
use crate::graphql::media::Outcome;
use crate::http::graphql_route::{self as route, Arrival, Begun, Refusal};
use crate::http::login_route;
use crate::http::request::NotIdentified;

/// How often it is looked for events that another gateway has written.
const EVERY: Duration = Duration::from_secs(1);
/// The longest pause before an event is told again that could not be told.
const PAUSE_MAX: Duration = Duration::from_mins(1);
/// How many events are read at a time.
const AT_ONCE: u32 = 32;

/// An open subscription.
pub(super) struct Subscription {
    shared: Shared,
    id: String,
}

/// What came of telling one event, or of beginning.
enum Told<T> {
    /// It was done.
    Done(T),
    /// It cannot be done now.
    Later,
    /// It is refused: the JSON text of an answer with errors.
    Refused(String),
    /// The connection ends.
    Close(Closing),
}

/// A caller that was admitted to one execution.
struct Admission {
    caller: Caller,
    admitted: Admitted,
}

/// How long to wait after so many failures in a row to tell one event: each is an entry, so they become rare.
fn pause(failures: u32) -> Duration {
    EVERY.saturating_mul(1_u32.checked_shl(failures.saturating_sub(1)).unwrap_or(u32::MAX)).min(PAUSE_MAX)
}

impl Subscription {
    pub(super) fn new(shared: Shared, id: String) -> Self {
        Self { shared, id }
    }

    /// Runs until the client ends it, or it is refused. Gives why the connection ends with it, if so.
    pub(super) async fn run(mut self, envelope: Envelope) -> Option<Closing> {
        let (prepared, begun) = loop {
            match self.begin(envelope.clone()).await {
                Told::Done(begun) => break begun,
                Told::Later => tokio::time::sleep(EVERY).await,
                Told::Refused(body) => {
                    self.refuse(&body).await;
                    return None;
                }
                Told::Close(closing) => return Some(closing),
            }
        };
        let (Begun { receiver, mut place }, mut failures) = (begun, 0);
        loop {
            let moved = Arc::clone(&self.shared.service.gateway);
            let moved = moved.moved.notified();
            tokio::pin!(moved);
            // Before it is looked for events: what happens from now on is not missed.
            moved.as_mut().enable();
            let events = self.next(receiver.clone(), place).await;
            let is_idle = events.is_empty();
            for event in events {
                match self.tell(&prepared, &receiver, &event).await {
                    Told::Done(body) => {
                        send(self.shared.session.text(message::next(&self.id, &body))).await?;
                        (place, failures) = (event.sequence, 0);
                    }
                    Told::Later => {
                        failures += 1;
                        tokio::time::sleep(pause(failures)).await;
                        break;
                    }
                    Told::Refused(body) => {
                        self.refuse(&body).await;
                        return None;
                    }
                    Told::Close(closing) => return Some(closing),
                }
            }
            if is_idle {
                tokio::select! {
                    () = moved => {}
                    () = tokio::time::sleep(EVERY) => {}
                }
            }
        }
    }

    async fn refuse(&mut self, body: &str) {
        // A client that is gone needs no farewell.
        let _gone = send(self.shared.session.text(message::error(&self.id, body))).await;
    }

    fn arrival(&self) -> Arrival {
        Arrival::over_socket(self.shared.address, self.shared.service.gateway.ambient.now())
    }

    /// Who asks, now, and whether it is not too much.
    async fn admit<T>(&self) -> Result<Admission, Told<T>> {
        let service = &self.shared.service;
        let caller = match login_route::caller_of(service, &self.shared.headers, false).await {
            Ok(caller) => caller,
            Err(NotIdentified::Refused(_)) => return Err(Told::Close(Closing::Forbidden)),
            Err(NotIdentified::Unavailable) => return Err(Told::Later),
        };
        match service.admission.admit(&caller, self.shared.address) {
            Ok(admitted) => Ok(Admission { caller, admitted }),
            Err(_) => Err(Told::Later),
        }
    }

    /// Guard, price, validation, and where to begin.
    async fn begin(&self, envelope: Envelope) -> Told<(Prepared, Begun)> {
        let Admission { caller, admitted } = match self.admit().await {
            Ok(admission) => admission,
            Err(told) => return told,
        };
        let (service, arrival) = (Arc::clone(&self.shared.service), self.arrival());
        let work = move || route::begin_subscription(&service, &caller, &admitted, &envelope, arrival);
        match self.with_turn(work).await {
            None => Told::Later,
            Some(Ok(Ok(begun))) => Told::Done(begun),
            Some(Ok(Err(finished))) => {
                let (reply, _) = route::disclose(&self.shared.service, *finished, self.arrival()).await;
                Told::Refused(reply.body)
            }
            Some(Err(refusal)) => self.refused(refusal),
        }
    }

    /// What a refusal means here: what is only too fast, or away for a moment, comes later.
    fn refused<T>(&self, refusal: Refusal) -> Told<T> {
        if matches!(refusal.outcome(), Outcome::RateLimited | Outcome::Unavailable | Outcome::Fault) {
            return Told::Later;
        }
        let (reply, _) = route::fold(&self.shared.service, refusal, self.arrival());
        Told::Refused(reply.body)
    }

    async fn next(&self, receiver: String, place: i64) -> Vec<EventRow> {
        let service = Arc::clone(&self.shared.service);
        let read = self.with_turn(move || feed::next(&service.gateway, &receiver, place, AT_ONCE)).await;
        // What cannot be read now is read a second later.
        read.and_then(Result::ok).unwrap_or_default()
    }

    /// One event: who asks, now; a permit of its own; an entry of its own; then the text.
    async fn tell(&self, prepared: &Prepared, receiver: &str, event: &EventRow) -> Told<String> {
        let Admission { caller, admitted } = match self.admit().await {
            Ok(admission) => admission,
            Err(told) => return told,
        };
        if feed::receiver(&caller).ok() != Some(receiver) {
            return Told::Close(Closing::Forbidden);
        }
        let (service, arrival) = (Arc::clone(&self.shared.service), self.arrival());
        let (prepared, event) = (prepared.clone(), event.clone());
        let work = move || route::inquire(&service, &caller, &admitted, (prepared, Some(event)), arrival);
        let finished = match self.with_turn(work).await {
            None => return Told::Later,
            Some(Ok(finished)) => finished,
            Some(Err(refusal)) => return self.refused(refusal),
        };
        let (reply, code) = route::disclose(&self.shared.service, finished, arrival).await;
        match code {
            // Nothing that only says so counts as told.
            "UNAVAILABLE" | "AUDIT_UNAVAILABLE" | "INTERNAL_SERVER_ERROR" => Told::Later,
            _ if reply.body.starts_with("{\"data\":") => Told::Done(reply.body),
            _ => Told::Refused(reply.body),
        }
    }

    /// Works with the registry beside the workers. `None` when it could not be done.
    async fn with_turn<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
        let turn = Arc::clone(&self.shared.service.turns).acquire_owned().await.ok()?;
        let work = move || {
            let _turn = turn;
            work()
        };
        web::block(work).await.ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_told_is_tried_again_more_and_more_rarely() {
        let pauses: Vec<u64> = [1, 2, 3, 6, 7, 32, 33, u32::MAX].map(|failures| pause(failures).as_secs()).into();
        assert_eq!(pauses, [1, 2, 4, 32, 60, 60, 60, 60]);
    }
}
