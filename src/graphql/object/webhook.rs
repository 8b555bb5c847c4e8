//! Webhooks: where a receiver wants its events sent, and what could not be.

use async_graphql::{Context, ID, Object, SimpleObject};

use super::connection::page_size;
use crate::domain::{DeliveryState, WebhookState};
use crate::exchange::node_id::NodeRef;
use crate::exchange::push::{DeliveryRow, WebhookRow, webhook};
use crate::graphql::context::{ContextExt, Nullable, nullable};
use crate::graphql::scalar::DateTime;

/// Where your events are sent, by the Standard Webhooks specification: a POST with `webhook-id`, `webhook-timestamp` and
/// `webhook-signature`.
#[derive(Clone, Debug)]
pub struct Webhook(pub WebhookRow);

/// Where your events are sent, by the Standard Webhooks specification: a POST with `webhook-id`, `webhook-timestamp` and
/// `webhook-signature`.
#[Object]
impl Webhook {
    /// Its opaque id.
    async fn id(&self, ctx: &Context<'_>) -> async_graphql::Result<ID> {
        Ok(ID(ctx.inquiry()?.node_id(NodeRef::Webhook(self.0.id))))
    }

    /// Where to.
    async fn url(&self) -> &str {
        &self.0.url
    }

    /// Whether events are sent.
    async fn state(&self) -> WebhookState {
        self.0.state
    }

    /// Since when.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }

    /// Until when the secret before the last `rotateWebhookSecret` signs too; null when it does no more.
    async fn former_secret_until(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<DateTime>> {
        let now = ctx.inquiry()?.now();
        Ok((self.0.former_until > now).then_some(DateTime(self.0.former_until)))
    }

    /// Its deliveries in a state, in the order of their events: DEAD are those that every attempt failed for (the dead letters), PENDING
    /// those that are still tried.
    async fn deliveries(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Of this state.")] state: DeliveryState,
        #[graphql(desc = "How many, 1 to 100.", default = 20)] first: i32,
    ) -> Nullable<WebhookDeliveries> {
        nullable(|| {
            let (rows, has_more) = webhook::deliveries(ctx.inquiry()?, &self.0, state, page_size(ctx, first)?)?;
            let deliveries = rows.into_iter().map(WebhookDelivery).collect();
            Ok(Some(WebhookDeliveries { nodes: deliveries, has_more }))
        })
    }
}

/// Deliveries of a webhook.
#[derive(Clone, Debug, SimpleObject)]
pub struct WebhookDeliveries {
    /// The first of them.
    nodes: Vec<WebhookDelivery>,
    /// Whether there are more.
    has_more: bool,
}

/// The sending of one event to one webhook.
#[derive(Clone, Debug)]
pub struct WebhookDelivery(DeliveryRow);

/// The sending of one event to one webhook.
#[Object]
impl WebhookDelivery {
    /// The opaque id of the event, as `webhook-id` says it.
    async fn event(&self, ctx: &Context<'_>) -> async_graphql::Result<ID> {
        Ok(ID(ctx.inquiry()?.node_id(NodeRef::Event(self.0.event))))
    }

    /// How it stands.
    async fn state(&self) -> DeliveryState {
        self.0.state
    }

    /// How many attempts were begun.
    async fn attempts(&self) -> i32 {
        i32::try_from(self.0.attempts).unwrap_or(i32::MAX)
    }

    /// When the next attempt is made; null when none is.
    async fn next_at(&self) -> Option<DateTime> {
        (self.0.state == DeliveryState::Pending).then_some(DateTime(self.0.next_at))
    }

    /// What went wrong at the last attempt.
    async fn failure(&self) -> Option<&str> {
        Some(self.0.told.as_str()).filter(|told| !told.is_empty())
    }
}
