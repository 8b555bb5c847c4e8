//! The roots of push (信息推送): the feed of events, the same as a subscription, and webhooks. Merged into `Query` and `Mutation`.

use std::sync::{Arc, OnceLock};

use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject, Subscription, Union};
use futures_util::stream::{self, Stream};

use super::context::{ContextExt, Nullable, nullable};
use super::mutation::{InvalidInput, invalid};
use super::object::connection::{EventConnection, page_size};
use super::object::event::Event;
use super::object::webhook::Webhook;
use crate::exchange::push::webhook::{self, Made};
use crate::exchange::push::{EventRow, feed};

/// What can be asked about events.
#[derive(Clone, Copy, Debug, Default)]
pub struct PushQuery;

/// What can be done about webhooks.
#[derive(Clone, Copy, Debug, Default)]
pub struct PushMutation;

/// What can be subscribed to.
#[derive(Clone, Copy, Debug, Default)]
pub struct SubscriptionRoot;

/// The event that an execution of a subscription is about: each event is an execution of its own, under a permit of its own.
#[derive(Clone, Debug)]
pub(super) struct InHand(pub(super) EventRow);

/// Where a subscription begins: filled by the execution that only begins it.
#[derive(Clone, Debug, Default)]
pub(super) struct Beginning(Arc<OnceLock<i64>>);

impl Beginning {
    /// The place, when it was found.
    pub(super) fn place(&self) -> Option<i64> {
        self.0.get().copied()
    }

    fn set(&self, place: i64) {
        // A subscription of one field sets it once.
        let _first = self.0.set(place);
    }
}

/// What can be asked about events.
#[Object]
impl PushQuery {
    /// Your organisation's events (信息推送), the oldest first: what it is assigned, what becomes of it, what it has to decide, what became
    /// of records that it has received. Kept for good: read on from the last one you have.
    async fn events(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, 1 to 100.", default = 20)] first: i32,
        #[graphql(desc = "After this cursor, or the event of this id; from the first on when left out.")] after: Option<
            String,
        >,
    ) -> Nullable<EventConnection> {
        nullable(|| {
            let page = feed::list(ctx.inquiry()?, after.as_deref(), page_size(ctx, first)?)?;
            Ok(Some(Event::connection(page, after.is_some())))
        })
    }

    /// An event of your organisation's, as a webhook names it; null when there is none of this id.
    async fn event(&self, ctx: &Context<'_>, #[graphql(desc = "Its opaque id.")] id: ID) -> Nullable<Event> {
        nullable(|| Ok(feed::by_id(ctx.inquiry()?, &id)?.map(Event)))
    }

    /// Where your organisation's events are sent, the oldest first; disabled ones too.
    async fn webhooks(&self, ctx: &Context<'_>) -> Nullable<Vec<Webhook>> {
        nullable(|| Ok(Some(webhook::list(ctx.inquiry()?)?.into_iter().map(Webhook).collect())))
    }
}

/// What can be subscribed to.
#[Subscription(name = "Subscription")]
impl SubscriptionRoot {
    /// Your organisation's events as they come, over `graphql-transport-ws`. Policy, token and authorization are looked at again for each.
    /// Give the id of the last one you have as `after` and none is missed; an event may come twice.
    async fn events(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "After the event of this id; from now on when left out.")] after: Option<ID>,
    ) -> Result<impl Stream<Item = Event> + use<>> {
        let inquiry = ctx.inquiry()?;
        if let Some(beginning) = ctx.data_opt::<Beginning>() {
            let receiver = feed::receiver(inquiry.caller())?;
            beginning.set(feed::place(inquiry.gateway(), receiver, after.as_deref().map(String::as_str))?);
            return Ok(stream::iter(None));
        }
        let InHand(event) = ctx.data::<InHand>()?;
        feed::told(inquiry, event);
        Ok(stream::iter(Some(Event(event.clone()))))
    }
}

/// A webhook to register.
#[derive(Clone, Debug, InputObject)]
pub struct RegisterWebhookInput {
    /// Where to send events: `https`, on a host that the operator has named.
    url: String,
}

/// A webhook to give a new secret, to remove, or to send its dead letters to again.
#[derive(Clone, Debug, InputObject)]
pub struct WebhookInput {
    /// Its opaque id.
    id: ID,
}

/// A webhook with the secret that was just made.
#[derive(Debug, SimpleObject)]
pub struct WebhookSecretSuccess {
    /// It.
    webhook: Webhook,
    /// The secret that signs from now on: `whsec_` and base64. Keep it: it is shown this once.
    secret: String,
}

/// A webhook with its new secret, or what was wrong.
#[derive(Debug, Union)]
pub enum WebhookSecretPayload {
    /// It was done.
    Success(WebhookSecretSuccess),
    /// Nothing was done.
    Invalid(InvalidInput),
}

impl From<webhook::Taken<Made>> for WebhookSecretPayload {
    fn from(taken: webhook::Taken<Made>) -> Self {
        match taken {
            Ok(Made { webhook, secret }) => {
                let secret = secret.print().to_string();
                Self::Success(WebhookSecretSuccess { webhook: Webhook(webhook), secret })
            }
            Err(problems) => Self::Invalid(invalid(problems)),
        }
    }
}

/// The webhook that was removed.
#[derive(Debug, SimpleObject)]
pub struct RemoveWebhookSuccess {
    /// It.
    webhook: Webhook,
}

/// The webhook that was removed, or what was wrong.
#[derive(Debug, Union)]
pub enum RemoveWebhookPayload {
    /// It was done.
    Success(RemoveWebhookSuccess),
    /// Nothing was done.
    Invalid(InvalidInput),
}

/// Dead letters that are tried again.
#[derive(Debug, SimpleObject)]
pub struct RedeliverSuccess {
    /// How many.
    count: i32,
}

/// How many dead letters are tried again, or what was wrong.
#[derive(Debug, Union)]
pub enum RedeliverPayload {
    /// It was done.
    Success(RedeliverSuccess),
    /// Nothing was done.
    Invalid(InvalidInput),
}

/// What can be done about webhooks.
#[Object]
impl PushMutation {
    /// Has your organisation's events sent to a URL from now on, signed by the Standard Webhooks specification. Five at most.
    async fn register_webhook(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Where to.")] input: RegisterWebhookInput,
    ) -> Result<WebhookSecretPayload> {
        Ok(webhook::register(ctx.inquiry()?, &input.url)?.into())
    }

    /// Makes a new secret for a webhook. For 24 hours everything is signed by both, so that nothing is refused while you change it.
    async fn rotate_webhook_secret(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which.")] input: WebhookInput,
    ) -> Result<WebhookSecretPayload> {
        Ok(webhook::rotate(ctx.inquiry()?, &input.id)?.into())
    }

    /// Sends nothing to a webhook any more. Its events stay in `events`.
    async fn remove_webhook(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which.")] input: WebhookInput,
    ) -> Result<RemoveWebhookPayload> {
        Ok(match webhook::remove(ctx.inquiry()?, &input.id)? {
            Ok(removed) => RemoveWebhookPayload::Success(RemoveWebhookSuccess { webhook: Webhook(removed) }),
            Err(problems) => RemoveWebhookPayload::Invalid(invalid(problems)),
        })
    }

    /// Tries the dead letters of a webhook again, in their order, up to 1,000.
    async fn redeliver(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Of which webhook.")] input: WebhookInput,
    ) -> Result<RedeliverPayload> {
        Ok(match webhook::redeliver(ctx.inquiry()?, &input.id)? {
            Ok(count) => {
                RedeliverPayload::Success(RedeliverSuccess { count: i32::try_from(count).unwrap_or(i32::MAX) })
            }
            Err(problems) => RedeliverPayload::Invalid(invalid(problems)),
        })
    }
}
