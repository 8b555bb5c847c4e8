//! Works off what is to be sent to webhooks: claimed, entered in the ledger, sent, and then settled or tried again later.
//!
//! INVARIANT: an attempt is an entry before a byte of it leaves. A gateway that ends after the claim has lost nothing: the claim runs out,
//! and the attempt is made again with the same id.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde_json::json;
use sha2::{Digest, Sha256};

use super::super::fault::Fault;
use super::super::gateway::Gateway;
use super::super::node_id::NodeRef;
use super::webhook::{disable, secrets};
use super::{DeliveryRow, EventRow, WebhookRow};
use crate::domain::push::retry_after;
use crate::domain::{AssignmentId, CaseId, DeliveryState, EventKind, WebhookId};
use crate::ledger::{Decision, EntryKind, NewEntry};
use crate::store;
use crate::webhook::{Message, Sent};

/// How many deliveries are taken in hand at once.
const AT_ONCE: i64 = 32;
/// How long a claim holds, in seconds: longer than an attempt can take.
const CLAIM_SECONDS: i64 = 60;
/// How long one receiver may hold a round up, beside the attempt that is under way.
const ROUND_MAX: Duration = Duration::from_secs(10);
/// The longest text about an attempt, in characters.
const TOLD_MAX: usize = 200;

/// What a round of sending came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Round {
    /// Taken by their receivers.
    pub delivered: u64,
    /// To be tried again, or given up.
    pub failed: u64,
}

impl Round {
    /// Whether there was nothing to send.
    pub fn is_idle(self) -> bool {
        self == Self::default()
    }
}

/// How many deliveries wait, and how many are dead letters.
pub fn counts(gateway: &Gateway) -> Result<[(DeliveryState, i64); 2], Fault> {
    let states = [DeliveryState::Pending, DeliveryState::Dead];
    let count = |state| gateway.registry.read(|connection| store::delivery::count(connection, state));
    let [pending, dead] = states.map(|state| count(state).map(|count| (state, count)));
    Ok([pending?, dead?])
}

/// Makes one attempt at everything that may be sent now. Blocks, as long as receivers take.
pub fn send_due(gateway: &Gateway) -> Result<Round, Fault> {
    let now = gateway.ambient.now();
    if !gateway.ledger.is_ready() {
        return Err(Fault::AuditUnavailable);
    }
    let due = gateway.registry.read(|connection| store::delivery::due(connection, now, AT_ONCE))?;
    let mut by_webhook: BTreeMap<WebhookId, Vec<DeliveryRow>> = BTreeMap::new();
    for delivery in due {
        by_webhook.entry(delivery.webhook).or_default().push(delivery);
    }
    // One receiver that is slow does not hold up the others.
    let rounds: Vec<Round> = std::thread::scope(|scope| {
        let work = |deliveries| scope.spawn(move || to_one(gateway, deliveries));
        let threads: Vec<_> = by_webhook.into_values().map(work).collect();
        threads.into_iter().filter_map(|thread| thread.join().ok()).collect()
    });
    Ok(rounds.into_iter().fold(Round::default(), |sum, round| Round {
        delivered: sum.delivered + round.delivered,
        failed: sum.failed + round.failed,
    }))
}

/// The attempts to one webhook. When it cannot be reached, the others of the round have failed with the first; when it is slow, or wants
/// no more, they stay as they are.
fn to_one(gateway: &Gateway, deliveries: Vec<DeliveryRow>) -> Round {
    let (mut round, mut unreachable) = (Round::default(), None);
    let begun = Instant::now();
    for delivery in deliveries {
        if begun.elapsed() > ROUND_MAX {
            break;
        }
        match attempt(gateway, delivery, unreachable.as_ref()) {
            Ok(Some(Sent::Taken)) => round.delivered += 1,
            Ok(Some(Sent::Gone)) => {
                round.failed += 1;
                break;
            }
            Ok(Some(sent)) => {
                round.failed += 1;
                unreachable = unreachable.or(Some(sent).filter(|sent| matches!(sent, Sent::Unreachable(_))));
            }
            Ok(None) => {}
            // The claim runs out, and it is tried again.
            Err(fault) => tracing::error!(error = ?fault, "an event was not sent"),
        }
    }
    round
}

/// One attempt, or what is known to come of it; nothing when somebody else makes it.
fn attempt(gateway: &Gateway, mut delivery: DeliveryRow, known: Option<&Sent>) -> Result<Option<Sent>, Fault> {
    let begun = delivery.attempts;
    delivery.attempts += 1;
    delivery.next_at = gateway.ambient.now().plus_seconds(CLAIM_SECONDS);
    if !gateway
        .registry
        .write(|connection| store::delivery::advance(connection, &delivery, (DeliveryState::Pending, begun)))?
    {
        return Ok(None);
    }
    let found = gateway.registry.read(|connection| {
        Ok((store::webhook::find(connection, delivery.webhook)?, store::event::find(connection, delivery.event)?))
    })?;
    let (Some(mut webhook), Some(event)) = found else {
        return Err(Fault::Corrupt(format!("deliveries of {}", delivery.event)));
    };
    let sent = if let Some(known) = known {
        known.clone()
    } else {
        let message = message(gateway, &event);
        let secrets = secrets(gateway, &webhook)?;
        enter(gateway, &event, &delivery, &message)?;
        gateway.webhooks.send(&webhook.url, &message, &secrets)
    };
    settle(gateway, &mut webhook, &mut delivery, &sent)?;
    Ok(Some(sent))
}

/// What is sent: what was done about what, by opaque ids. Everything else is asked for under the receiver's own permit.
fn message(gateway: &Gateway, event: &EventRow) -> Message {
    let id = gateway.node_ids.encode(NodeRef::Event(event.id));
    let about = gateway.node_ids.encode(about(event));
    let kind = event.kind.name().to_ascii_lowercase();
    let step = event.step.name().to_ascii_lowercase();
    let body = json!({
        "type": format!("{kind}.{step}"),
        "timestamp": event.at.rfc3339(),
        "data": { "event": id, "kind": event.kind, "step": event.step, "about": about, "entry": event.entry.to_string() },
    });
    Message { id, seconds: gateway.ambient.now().micros() / 1_000_000, body: body.to_string() }
}

fn enter(gateway: &Gateway, event: &EventRow, delivery: &DeliveryRow, message: &Message) -> Result<(), Fault> {
    let mut entry = NewEntry::new(EntryKind::Admin, Decision::Allowed);
    entry.consumer = Some(event.receiver.clone());
    entry.reference = Some(event.entry);
    entry.flags = vec!["WEBHOOK".to_owned(), format!("EVENT:{}", event.id), format!("ATTEMPT:{}", delivery.attempts)];
    if event.kind != EventKind::Tipoff {
        entry.committed.subjects = vec![gateway.subject_index(event.subject)];
    }
    entry.committed.result = Some(Sha256::digest(message.body.as_bytes()).into());
    gateway.ledger.append_blocking(entry).map(drop).map_err(|_| Fault::AuditUnavailable)
}

fn settle(gateway: &Gateway, webhook: &mut WebhookRow, delivery: &mut DeliveryRow, sent: &Sent) -> Result<(), Fault> {
    let [jitter] = gateway.ambient.bytes();
    let (state, told, wait) = match sent {
        Sent::Taken => (DeliveryState::Delivered, String::new(), None),
        Sent::Gone => (DeliveryState::Dead, "it answered 410".to_owned(), None),
        Sent::Failed { why, .. } | Sent::Unreachable(why) => {
            let asked = if let Sent::Failed { wait, .. } = sent { wait.unwrap_or(0) } else { 0 };
            match retry_after(delivery.attempts, jitter) {
                Some(wait) => (DeliveryState::Pending, why.clone(), Some(wait.max(asked))),
                None => (DeliveryState::Dead, why.clone(), None),
            }
        }
    };
    if state == DeliveryState::Dead {
        tracing::warn!(receiver = webhook.receiver, attempts = delivery.attempts, "an event could not be sent");
    }
    delivery.state = state;
    delivery.told = told.chars().take(TOLD_MAX).collect();
    delivery.next_at = gateway.ambient.now().plus_seconds(wait.unwrap_or(0));
    let attempts = delivery.attempts;
    // When the claim ran out meanwhile, whoever claimed it next settles it: the receiver drops the repeat by its id.
    gateway
        .registry
        .write(|connection| store::delivery::advance(connection, delivery, (DeliveryState::Pending, attempts)))?;
    if *sent == Sent::Gone {
        disable(gateway, webhook)?;
    }
    Ok(())
}

fn about(event: &EventRow) -> NodeRef {
    match event.kind {
        EventKind::JointAction => NodeRef::JointAction(CaseId::new(event.about)),
        EventKind::Assignment => NodeRef::Assignment(AssignmentId::new(event.about)),
        EventKind::Application => NodeRef::Application(CaseId::new(event.about)),
        EventKind::Tombstone => NodeRef::Tombstone(CaseId::new(event.about)),
        EventKind::Listing => NodeRef::Listing(CaseId::new(event.about)),
        EventKind::Tipoff => NodeRef::Tipoff(CaseId::new(event.about)),
    }
}
