//! One connection: initialised once, then subscriptions, until the token is over, the client leaves, or the gateway stops.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use actix_web::http::header::HeaderMap;
use actix_web::rt::task::JoinHandle;
use actix_ws::{AggregatedMessage, AggregatedMessageStream, Closed, ProtocolError, Session};
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::Closing;
use super::message::{self, FromClient};
use super::places::Place;
use super::subscription::Subscription;
use crate::admission::bucket;
use crate::exchange::push::feed;
use crate::graphql::engine::Envelope;
use crate::graphql::error::Code;
use crate::http::login_route;
use crate::http::request::NotIdentified;
use crate::http::service::Service;

/// How long a client may take to initialise.
const INIT_WITHIN: Duration = Duration::from_secs(5);
/// How often it is looked at who asks.
const EVERY: Duration = Duration::from_secs(1);
/// How often a quiet client is asked whether it is there, and how long it may say nothing at all.
const PING_AFTER: Duration = Duration::from_secs(30);
const SILENT_MAX: Duration = Duration::from_secs(90);
/// How many subscriptions a connection may have open.
const OPEN_MAX: usize = 16;
/// How long a client may take to make room for a message: one that does not read is let go.
const SEND_WITHIN: Duration = Duration::from_secs(5);

/// What the subscriptions of a connection share.
#[derive(Clone)]
pub(super) struct Shared {
    pub(super) service: Arc<Service>,
    pub(super) session: Session,
    pub(super) address: IpAddr,
    /// Who asks, and why: the headers of the handshake, and over them the payload of `connection_init`.
    pub(super) headers: HeaderMap,
}

/// A subscription that has ended: its id, which of that id it was, and why the connection ends with it, if so.
pub(super) type Ended = (String, u64, Option<Closing>);

/// Sends, unless the client does not read. `None` when the connection is to end without another word.
pub(super) async fn send<T>(sending: impl Future<Output = Result<T, Closed>>) -> Option<T> {
    tokio::time::timeout(SEND_WITHIN, sending).await.ok()?.ok()
}

/// An open connection.
pub(super) struct Connection {
    shared: Shared,
    is_acknowledged: bool,
    place: Option<Place>,
    open: HashMap<String, (u64, JoinHandle<()>)>,
    begun: u64,
    heard: Instant,
    pinged: Instant,
}

impl Connection {
    pub(super) fn new(service: Arc<Service>, session: Session, address: IpAddr, headers: HeaderMap) -> Self {
        let now = Instant::now();
        let shared = Shared { service, session, address, headers };
        Self { shared, is_acknowledged: false, place: None, open: HashMap::new(), begun: 0, heard: now, pinged: now }
    }

    /// Serves until there is a reason to end.
    pub(super) async fn serve(mut self, mut stream: AggregatedMessageStream) {
        let (ended, mut endings) = mpsc::unbounded_channel::<Ended>();
        let mut ticks = tokio::time::interval(EVERY);
        let opened = Instant::now();
        let closing = loop {
            let step = tokio::select! {
                received = stream.recv() => match received {
                    Some(received) => self.hear(received, &ended).await,
                    None => break None,
                },
                Some((id, number, closing)) = endings.recv() => {
                    // The client may have ended it and opened another one under its id meanwhile.
                    if self.open.get(&id).is_some_and(|(open, _)| *open == number) {
                        self.open.remove(&id);
                    }
                    closing.map_or(Ok(()), |closing| Err(Some(closing)))
                }
                _ = ticks.tick() => self.look(opened).await,
            };
            if let Err(closing) = step {
                break closing;
            }
        };
        for (_, (_, task)) in self.open.drain() {
            task.abort();
        }
        // A client that is gone needs no farewell.
        let _gone = send(self.shared.session.close(closing.map(Into::into))).await;
    }

    /// What a client says. The error ends the connection.
    async fn hear(
        &mut self,
        received: Result<AggregatedMessage, ProtocolError>,
        ended: &mpsc::UnboundedSender<Ended>,
    ) -> Result<(), Option<Closing>> {
        self.heard = Instant::now();
        let text = match received {
            Ok(AggregatedMessage::Text(text)) => text,
            Ok(AggregatedMessage::Ping(bytes)) => return send(self.shared.session.pong(&bytes)).await.ok_or(None),
            Ok(AggregatedMessage::Pong(_)) => return Ok(()),
            Ok(AggregatedMessage::Close(_)) => return Err(None),
            Ok(AggregatedMessage::Binary(_)) | Err(_) => return Err(Some(Closing::BadMessage)),
        };
        match FromClient::parse(&text).ok_or(Some(Closing::BadMessage))? {
            FromClient::Init(_) if self.is_acknowledged => Err(Some(Closing::InitTwice)),
            FromClient::Init(payload) => {
                message::identify(&mut self.shared.headers, &payload).ok_or(Some(Closing::BadMessage))?;
                let receiver = self.identify().await?.ok_or(Some(Closing::Forbidden))?;
                self.place = Some(self.shared.service.places.take(&receiver).ok_or(Some(Closing::TooMany))?);
                self.is_acknowledged = true;
                self.say(message::ack()).await
            }
            FromClient::Subscribe(..) if !self.is_acknowledged => Err(Some(Closing::NotAcknowledged)),
            FromClient::Subscribe(id, envelope) => self.subscribe(id, envelope, ended),
            FromClient::Complete(id) => {
                if let Some((_, task)) = self.open.remove(&id) {
                    task.abort();
                }
                Ok(())
            }
            FromClient::Ping => self.say(message::pong()).await,
            FromClient::Pong => Ok(()),
        }
    }

    /// Every second: is the client there, is the token still good, does the gateway stop?
    async fn look(&mut self, opened: Instant) -> Result<(), Option<Closing>> {
        if self.shared.service.edge.is_draining.load(Ordering::Relaxed) {
            return Err(Some(Closing::GoingAway));
        }
        if !self.is_acknowledged {
            return if opened.elapsed() > INIT_WITHIN { Err(Some(Closing::InitTimeout)) } else { Ok(()) };
        }
        if self.heard.elapsed() > SILENT_MAX {
            return Err(None);
        }
        if self.heard.elapsed() > PING_AFTER && self.pinged.elapsed() > PING_AFTER {
            self.pinged = Instant::now();
            send(self.shared.session.ping(b"")).await.ok_or(None)?;
        }
        self.identify().await.map(drop)
    }

    /// Who asks must be known, and have events. Nobody's name when that cannot be looked at for a moment.
    async fn identify(&self) -> Result<Option<String>, Option<Closing>> {
        let Shared { service, headers, address, .. } = &self.shared;
        let refused = |code: Code| {
            service.folding.record(bucket(*address), code.name());
            Err(Some(Closing::Forbidden))
        };
        match login_route::caller_of(service, headers, false).await {
            Ok(caller) => match feed::receiver(&caller) {
                // Browsers have places of their own, by person: they take none of their organisation's programs.
                Ok(receiver) if login_route::has_session(headers) => {
                    Ok(Some(format!("{receiver} {}", caller.person().unwrap_or_default())))
                }
                Ok(receiver) => Ok(Some(receiver.to_owned())),
                Err(_) => refused(Code::Forbidden),
            },
            Err(NotIdentified::Refused(_)) => refused(Code::Unauthenticated),
            // The keys could not be looked at for a moment: nothing is told meanwhile, and a second later it is tried again.
            Err(NotIdentified::Unavailable) if self.is_acknowledged => Ok(None),
            Err(NotIdentified::Unavailable) => Err(Some(Closing::Forbidden)),
        }
    }

    fn subscribe(
        &mut self,
        id: String,
        envelope: Envelope,
        ended: &mpsc::UnboundedSender<Ended>,
    ) -> Result<(), Option<Closing>> {
        if self.open.contains_key(&id) {
            return Err(Some(Closing::DuplicateId));
        }
        if self.open.len() >= OPEN_MAX {
            return Err(Some(Closing::TooMany));
        }
        let subscription = Subscription::new(self.shared.clone(), id.clone());
        self.begun += 1;
        let (ended, name, number) = (ended.clone(), id.clone(), self.begun);
        let task = actix_web::rt::spawn(async move {
            let closing = subscription.run(envelope).await;
            // The connection may have ended first.
            let _told = ended.send((name, number, closing));
        });
        self.open.insert(id, (number, task));
        Ok(())
    }

    async fn say(&mut self, text: String) -> Result<(), Option<Closing>> {
        send(self.shared.session.text(text)).await.ok_or(None)
    }
}
