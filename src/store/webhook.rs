//! Webhooks: where receivers want their events sent.

use diesel::prelude::*;

use super::connection::AnyConnection;
use super::schema::webhooks;
use super::{StoreError, row_id};
use crate::domain::{Instant, SealedFields, WebhookId, WebhookState};

/// A webhook, as the database holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebhookRow {
    /// Its id.
    pub id: WebhookId,
    /// Whose events are sent: a department's id or an organization's code.
    pub receiver: String,
    /// Where to.
    pub url: String,
    /// Whether they are sent.
    pub state: WebhookState,
    /// Which version of the row, from 1; the secrets are sealed under it.
    pub version: i64,
    /// The secrets that sign: `current`, and after a rotation `former`.
    pub secrets: SealedFields,
    /// Until when the former one signs too.
    pub former_until: Instant,
    /// Since when.
    pub created_at: Instant,
}

#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = webhooks)]
struct Row {
    id: Vec<u8>,
    receiver: String,
    url: String,
    state: String,
    version: i64,
    sealed: Vec<u8>,
    former_until: i64,
    created_at: i64,
}

impl TryFrom<Row> for WebhookRow {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let corrupt = |column| StoreError::corrupt("webhooks", column, &row.id);
        Ok(Self {
            id: row_id(WebhookId::from_slice, "webhooks", "id", &row.id)?,
            state: row.state.parse().map_err(|_| corrupt("state"))?,
            version: row.version,
            secrets: SealedFields::from_bytes(&row.sealed).ok_or_else(|| corrupt("sealed"))?,
            former_until: Instant::from_micros(row.former_until),
            created_at: Instant::from_micros(row.created_at),
            receiver: row.receiver,
            url: row.url,
        })
    }
}

impl From<&WebhookRow> for Row {
    fn from(webhook: &WebhookRow) -> Self {
        Self {
            id: webhook.id.bytes().to_vec(),
            receiver: webhook.receiver.clone(),
            url: webhook.url.clone(),
            state: webhook.state.name().to_owned(),
            version: webhook.version,
            sealed: webhook.secrets.to_bytes(),
            former_until: webhook.former_until.micros(),
            created_at: webhook.created_at.micros(),
        }
    }
}

/// Stores a new one.
pub fn insert(connection: &mut AnyConnection, webhook: &WebhookRow) -> Result<(), StoreError> {
    let inserted = diesel::insert_into(webhooks::table).values(Row::from(webhook)).execute(connection)?;
    StoreError::expect_count("webhooks", 1, inserted)
}

/// Replaces the version before this one.
///
/// # Errors
/// `Conflict` when somebody else did so first.
pub fn advance(connection: &mut AnyConnection, webhook: &WebhookRow) -> Result<(), StoreError> {
    let row = Row::from(webhook);
    let before =
        webhooks::table.filter(webhooks::id.eq(row.id.clone())).filter(webhooks::version.eq(webhook.version - 1));
    match diesel::update(before).set(row).execute(connection)? {
        1 => Ok(()),
        _ => Err(StoreError::Conflict),
    }
}

/// The webhook with this id.
pub fn find(connection: &mut AnyConnection, id: WebhookId) -> Result<Option<WebhookRow>, StoreError> {
    let query = webhooks::table.filter(webhooks::id.eq(id.bytes().as_slice())).select(Row::as_select());
    let row: Option<Row> = query.get_result(connection).optional()?;
    row.map(WebhookRow::try_from).transpose()
}

/// Those of a receiver, the oldest first.
pub fn of_receiver(connection: &mut AnyConnection, receiver: &str) -> Result<Vec<WebhookRow>, StoreError> {
    let query = webhooks::table
        .filter(webhooks::receiver.eq(receiver))
        .select(Row::as_select())
        .order((webhooks::created_at.asc(), webhooks::id.asc()));
    let rows: Vec<Row> = query.load(connection)?;
    rows.into_iter().map(WebhookRow::try_from).collect()
}
