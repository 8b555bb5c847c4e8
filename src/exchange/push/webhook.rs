//! Webhooks of a receiver: registered, given a new secret, removed; and what could not be sent to them.

use super::super::audit::one_more;
use super::super::authorization::InputProblem;
use super::super::fault::Fault;
use super::super::gateway::Gateway;
use super::super::inquiry::Inquiry;
use super::super::node_id::NodeRef;
use super::feed::receiver;
use super::{DeliveryRow, WebhookRow};
use crate::crypto::SECRETS;
use crate::domain::{DeliveryState, ItemCode, Place, RecordId, SealedFields, Sensitive, WebhookId, WebhookState};
use crate::store;
use crate::webhook::Secret;

/// How many webhooks a receiver may have at once.
const ACTIVE_MAX: usize = 5;
/// How many deliveries are sent again at once.
const AGAIN_MAX: u32 = 1_000;
/// How long the former secret signs too after a rotation, in seconds: a day.
const OVERLAP_SECONDS: i64 = 86_400;

/// A webhook with the secret that was just made; nobody is ever shown it again.
#[derive(Clone, Debug)]
pub struct Made {
    /// The webhook.
    pub webhook: WebhookRow,
    /// Its secret.
    pub secret: Secret,
}

/// What a step leads to, or what was wrong with the input.
pub type Taken<T> = Result<T, Vec<InputProblem>>;

/// Registers a webhook: events from now on are sent to `url`. The outer error is a fault, the inner what is wrong with the input. Blocks.
pub fn register(inquiry: &Inquiry, url: &str) -> Result<Taken<Made>, Fault> {
    let (gateway, receiver) = (inquiry.gateway(), receiver(inquiry.caller())?);
    if let Some(refusal) = gateway.webhooks.destinations().refusal(url) {
        return Ok(Err(InputProblem::one("url", "URL", refusal)));
    }
    let own = gateway.registry.read(|connection| store::webhook::of_receiver(connection, receiver))?;
    let active: Vec<_> = own.iter().filter(|webhook| webhook.state == WebhookState::Active).collect();
    if active.iter().any(|webhook| webhook.url == url) {
        return Ok(Err(InputProblem::one("url", "DUPLICATE", "your events are sent to this URL already")));
    }
    if active.len() >= ACTIVE_MAX {
        let message = format!("{ACTIVE_MAX} webhooks at most: remove one first");
        return Ok(Err(InputProblem::one("url", "WEBHOOKS", message)));
    }
    let secret = Secret::new(gateway.ambient.bytes());
    let mut webhook = WebhookRow {
        id: WebhookId::new(gateway.ambient.uuid7()),
        receiver: receiver.to_owned(),
        url: url.to_owned(),
        state: WebhookState::Active,
        version: 1,
        secrets: SealedFields::default(),
        former_until: inquiry.now(),
        created_at: inquiry.now(),
    };
    webhook.secrets = sealed(gateway, &webhook, std::slice::from_ref(&secret))?;
    gateway.registry.write(|connection| store::webhook::insert(connection, &webhook))?;
    Ok(Ok(Made { webhook, secret }))
}

/// Gives a webhook a new secret. For a day the former one signs too. Blocks.
pub fn rotate(inquiry: &Inquiry, id: &str) -> Result<Taken<Made>, Fault> {
    let gateway = inquiry.gateway();
    let mut webhook = match own(inquiry, id)? {
        Ok(webhook) => webhook,
        Err(problems) => return Ok(Err(problems)),
    };
    let former = secrets(gateway, &webhook)?.into_iter().next();
    let secret = Secret::new(gateway.ambient.bytes());
    webhook.version += 1;
    webhook.former_until = inquiry.now().plus_seconds(OVERLAP_SECONDS);
    let both: Vec<Secret> = std::iter::once(secret.clone()).chain(former).collect();
    webhook.secrets = sealed(gateway, &webhook, &both)?;
    gateway.registry.write(|connection| store::webhook::advance(connection, &webhook))?;
    Ok(Ok(Made { webhook, secret }))
}

/// Removes a webhook: nothing is sent to it any more, what waited is dropped. Events stay in the feed. Blocks.
pub fn remove(inquiry: &Inquiry, id: &str) -> Result<Taken<WebhookRow>, Fault> {
    let mut webhook = match own(inquiry, id)? {
        Ok(webhook) => webhook,
        Err(problems) => return Ok(Err(problems)),
    };
    disable(inquiry.gateway(), &mut webhook)?;
    Ok(Ok(webhook))
}

/// Sends nothing to a webhook any more; its secrets are forgotten.
pub(super) fn disable(gateway: &Gateway, webhook: &mut WebhookRow) -> Result<(), Fault> {
    webhook.version += 1;
    webhook.state = WebhookState::Disabled;
    webhook.secrets = SealedFields::default();
    Ok(gateway.registry.write(|connection| {
        store::webhook::advance(connection, webhook)?;
        store::delivery::give_up(connection, webhook.id)
    })?)
}

/// The caller's webhooks, the oldest first.
pub fn list(inquiry: &Inquiry) -> Result<Vec<WebhookRow>, Fault> {
    let receiver = receiver(inquiry.caller())?;
    Ok(inquiry.gateway().registry.read(|connection| store::webhook::of_receiver(connection, receiver))?)
}

/// The deliveries of a webhook of the caller's in a state, in the order of their events, and whether more follow.
pub fn deliveries(
    inquiry: &Inquiry,
    webhook: &WebhookRow,
    state: DeliveryState,
    first: usize,
) -> Result<(Vec<DeliveryRow>, bool), Fault> {
    let limit = i64::from(one_more(first));
    let registry = &inquiry.gateway().registry;
    let mut found =
        registry.read(|connection| store::delivery::of_webhook(connection, webhook.id, (state, 0), limit))?;
    let has_more = found.len() > first;
    found.truncate(first);
    inquiry.tally(|tally| tally.cost = tally.cost.saturating_add(found.len() as u64));
    Ok((found, has_more))
}

/// Sends the dead letters of a webhook again, in their order. How many. Blocks.
pub fn redeliver(inquiry: &Inquiry, id: &str) -> Result<Taken<u32>, Fault> {
    let webhook = match own(inquiry, id)? {
        Ok(webhook) => webhook,
        Err(problems) => return Ok(Err(problems)),
    };
    let now = inquiry.now();
    Ok(Ok(inquiry.gateway().registry.write(|connection| {
        let which = (DeliveryState::Dead, 0);
        let dead = store::delivery::of_webhook(connection, webhook.id, which, i64::from(AGAIN_MAX))?;
        let mut count = 0;
        for mut delivery in dead {
            let attempts = std::mem::take(&mut delivery.attempts);
            delivery.state = DeliveryState::Pending;
            delivery.next_at = now;
            count += u32::from(store::delivery::advance(connection, &delivery, (DeliveryState::Dead, attempts))?);
        }
        Ok(count)
    })?))
}

/// A webhook of the caller's that is active.
fn own(inquiry: &Inquiry, id: &str) -> Result<Taken<WebhookRow>, Fault> {
    let (gateway, receiver) = (inquiry.gateway(), receiver(inquiry.caller())?);
    let found = match gateway.node_ids.decode(id) {
        Some(NodeRef::Webhook(id)) => gateway.registry.read(|connection| store::webhook::find(connection, id))?,
        _ => None,
    };
    let own = found.filter(|webhook| webhook.receiver == receiver && webhook.state == WebhookState::Active);
    Ok(own.ok_or_else(|| InputProblem::one("id", "ID", "you have no webhook of this id that is active")))
}

const NAMES: [&str; 2] = ["current", "former"];

fn item() -> Result<ItemCode, Fault> {
    ItemCode::parse(SECRETS).ok_or_else(|| Fault::Corrupt(SECRETS.to_owned()))
}

/// Where a secret belongs: the webhook stands in the place of a record.
fn place<'a>(gateway: &'a Gateway, item: &'a ItemCode, field: &'a str, webhook: &WebhookRow) -> Place<'a> {
    let record = RecordId::new(*webhook.id.bytes());
    Place { division: gateway.division(), item, field, record, version: webhook.version }
}

fn sealed(gateway: &Gateway, webhook: &WebhookRow, secrets: &[Secret]) -> Result<SealedFields, Fault> {
    let (item, mut sealed) = (item()?, SealedFields::default());
    for (name, secret) in NAMES.into_iter().zip(secrets) {
        let text = Sensitive::new(secret.print().to_string());
        let envelope = gateway.keyring.seal(&place(gateway, &item, name, webhook), &text, &gateway.ambient);
        sealed.insert(name, envelope.map_err(|error| Fault::Corrupt(error.to_string()))?);
    }
    Ok(sealed)
}

/// The secrets that sign what is sent now, the current one first.
pub(super) fn secrets(gateway: &Gateway, webhook: &WebhookRow) -> Result<Vec<Secret>, Fault> {
    let (item, mut secrets) = (item()?, Vec::new());
    let is_over = webhook.former_until <= gateway.ambient.now();
    for name in NAMES.into_iter().take(if is_over { 1 } else { 2 }) {
        let Some(envelope) = webhook.secrets.get(name) else { continue };
        let opened = gateway.keyring.open_secret(&place(gateway, &item, name, webhook), envelope);
        let text = opened.map_err(|error| Fault::Corrupt(error.to_string()))?;
        secrets.extend(Secret::parse(text.expose()));
    }
    if secrets.is_empty() {
        return Err(Fault::Corrupt(format!("webhooks.sealed of {}", webhook.id)));
    }
    Ok(secrets)
}
