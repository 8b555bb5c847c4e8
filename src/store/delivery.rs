//! What is to be sent to webhooks: a row for each event and webhook, written with the event, worked off by whoever gets to it first.
//!
//! An attempt is claimed before it is made, by compare-and-swap over the count of attempts: two gateways never make the same one, and
//! what a gateway claimed that ended meanwhile comes up again when the claim is over.

use diesel::dsl::{exists, not};
use diesel::prelude::*;

use super::connection::AnyConnection;
use super::event::EventRow;
use super::schema::{deliveries, webhooks};
use super::{StoreError, row_id};
use crate::domain::{DeliveryState, EventId, Instant, WebhookId, WebhookState};

/// The sending of one event to one webhook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliveryRow {
    /// The webhook.
    pub webhook: WebhookId,
    /// The event's place among those of the receiver.
    pub sequence: i64,
    /// The event.
    pub event: EventId,
    /// How it stands.
    pub state: DeliveryState,
    /// How many attempts were begun.
    pub attempts: i64,
    /// When the next one may be made.
    pub next_at: Instant,
    /// What came of the last one, as text for its receiver; empty when there was none.
    pub told: String,
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = deliveries)]
struct Row {
    webhook: Vec<u8>,
    sequence: i64,
    event: Vec<u8>,
    subject: Vec<u8>,
    state: String,
    attempts: i64,
    next_at: i64,
    told: String,
}

impl TryFrom<Row> for DeliveryRow {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let corrupt = |column| StoreError::corrupt("deliveries", column, &row.event);
        Ok(Self {
            webhook: row_id(WebhookId::from_slice, "deliveries", "webhook", &row.webhook)?,
            sequence: row.sequence,
            event: row_id(EventId::from_slice, "deliveries", "event", &row.event)?,
            state: row.state.parse().map_err(|_| corrupt("state"))?,
            attempts: row.attempts,
            next_at: Instant::from_micros(row.next_at),
            told: row.told,
        })
    }
}

/// Writes what is to be sent of a receiver's new events, to each of its webhooks that is active.
pub(super) fn insert(connection: &mut AnyConnection, receiver: &str, events: &[EventRow]) -> Result<(), StoreError> {
    let active = webhooks::table
        .filter(webhooks::receiver.eq(receiver))
        .filter(webhooks::state.eq(WebhookState::Active.name()))
        .select(webhooks::id);
    let webhooks: Vec<Vec<u8>> = active.load(connection)?;
    let row = |webhook: &Vec<u8>, event: &EventRow| Row {
        webhook: webhook.clone(),
        sequence: event.sequence,
        event: event.id.bytes().to_vec(),
        subject: event.subject.bytes().to_vec(),
        state: DeliveryState::Pending.name().to_owned(),
        attempts: 0,
        next_at: event.at.micros(),
        told: String::new(),
    };
    let rows: Vec<Row> =
        webhooks.iter().flat_map(|webhook| events.iter().map(move |event| row(webhook, event))).collect();
    let count = rows.len();
    StoreError::expect_count("deliveries", count, connection.insert_rows(deliveries::table, rows)?)
}

/// What may be sent now, the longest waiting first: of each subject the first of a webhook that is not sent yet, so that a receiver
/// learns what happened to a subject in its order.
pub fn due(connection: &mut AnyConnection, now: Instant, limit: i64) -> Result<Vec<DeliveryRow>, StoreError> {
    let earlier = diesel::alias!(deliveries as earlier);
    let pending = DeliveryState::Pending.name();
    let is_behind = earlier
        .filter(earlier.field(deliveries::webhook).eq(deliveries::webhook))
        .filter(earlier.field(deliveries::subject).eq(deliveries::subject))
        .filter(earlier.field(deliveries::state).eq(pending))
        .filter(earlier.field(deliveries::sequence).lt(deliveries::sequence));
    let is_active = webhooks::table
        .filter(webhooks::id.eq(deliveries::webhook))
        .filter(webhooks::state.eq(WebhookState::Active.name()));
    let query = deliveries::table
        .filter(deliveries::state.eq(pending))
        .filter(deliveries::next_at.le(now.micros()))
        .filter(not(exists(is_behind)))
        .filter(exists(is_active))
        .select(Row::as_select())
        .order((deliveries::next_at.asc(), deliveries::sequence.asc()))
        .limit(limit);
    let rows: Vec<Row> = query.load(connection)?;
    rows.into_iter().map(DeliveryRow::try_from).collect()
}

/// Replaces a delivery in a state that has had `attempts` begun. `false` when somebody else was first, or it was given up.
pub fn advance(
    connection: &mut AnyConnection,
    delivery: &DeliveryRow,
    (state, attempts): (DeliveryState, i64),
) -> Result<bool, StoreError> {
    let before = deliveries::table
        .filter(deliveries::webhook.eq(delivery.webhook.bytes().as_slice()))
        .filter(deliveries::sequence.eq(delivery.sequence))
        .filter(deliveries::state.eq(state.name()))
        .filter(deliveries::attempts.eq(attempts));
    let set = (
        deliveries::state.eq(delivery.state.name()),
        deliveries::attempts.eq(delivery.attempts),
        deliveries::next_at.eq(delivery.next_at.micros()),
        deliveries::told.eq(&delivery.told),
    );
    Ok(diesel::update(before).set(set).execute(connection)? == 1)
}

/// Gives up what waits to be sent to a webhook.
pub fn give_up(connection: &mut AnyConnection, webhook: WebhookId) -> Result<(), StoreError> {
    let waiting = deliveries::table
        .filter(deliveries::webhook.eq(webhook.bytes().as_slice()))
        .filter(deliveries::state.eq(DeliveryState::Pending.name()));
    let set = (deliveries::state.eq(DeliveryState::Dead.name()), deliveries::told.eq("the webhook was disabled"));
    diesel::update(waiting).set(set).execute(connection)?;
    Ok(())
}

/// The deliveries of a webhook in a state, in their order, after a sequence.
pub fn of_webhook(
    connection: &mut AnyConnection,
    webhook: WebhookId,
    (state, after): (DeliveryState, i64),
    limit: i64,
) -> Result<Vec<DeliveryRow>, StoreError> {
    let query = deliveries::table
        .filter(deliveries::webhook.eq(webhook.bytes().as_slice()))
        .filter(deliveries::state.eq(state.name()))
        .filter(deliveries::sequence.gt(after))
        .select(Row::as_select())
        .order(deliveries::sequence.asc())
        .limit(limit);
    let rows: Vec<Row> = query.load(connection)?;
    rows.into_iter().map(DeliveryRow::try_from).collect()
}

/// How many deliveries stand in a state, for operators.
pub fn count(connection: &mut AnyConnection, state: DeliveryState) -> Result<i64, StoreError> {
    Ok(deliveries::table.filter(deliveries::state.eq(state.name())).count().get_result(connection)?)
}
