//! The outbox: steps as events for those who have to know of them, written in the transaction of the step.
//!
//! INVARIANT: sequences of a receiver are dense, and become visible in their order: a writer holds the row of `event_heads` until it
//! commits. Whoever has read up to one has missed none before it.

use diesel::prelude::*;

use super::connection::{AnyConnection, on_each_backend};
use super::schema::{event_heads, events};
use super::{StoreError, delivery, row_id};
use crate::domain::{EventId, EventKind, Instant, SubjectId, WorkflowStep};

/// An event, as the database holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventRow {
    /// Its id.
    pub id: EventId,
    /// Who is told: a department's id or an organization's code.
    pub receiver: String,
    /// Its place among the receiver's, from 1; given out by `append`.
    pub sequence: i64,
    /// The subject whose case it is.
    pub subject: SubjectId,
    /// What it is about.
    pub kind: EventKind,
    /// The id of that.
    pub about: [u8; 16],
    /// The step that was taken.
    pub step: WorkflowStep,
    /// When.
    pub at: Instant,
    /// The index of the ledger entry that announced the step.
    pub entry: u64,
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = events)]
struct Row {
    id: Vec<u8>,
    receiver: String,
    sequence: i64,
    subject: Vec<u8>,
    kind: String,
    about: Vec<u8>,
    step: String,
    at: i64,
    entry: i64,
}

impl TryFrom<Row> for EventRow {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let corrupt = |column| StoreError::corrupt("events", column, &row.id);
        Ok(Self {
            id: row_id(EventId::from_slice, "events", "id", &row.id)?,
            sequence: row.sequence,
            subject: row_id(SubjectId::from_slice, "events", "subject", &row.subject)?,
            kind: row.kind.parse().map_err(|_| corrupt("kind"))?,
            about: row.about.as_slice().try_into().map_err(|_| corrupt("about"))?,
            step: row.step.parse().map_err(|_| corrupt("step"))?,
            at: Instant::from_micros(row.at),
            entry: u64::try_from(row.entry).map_err(|_| corrupt("entry"))?,
            receiver: row.receiver,
        })
    }
}

impl From<&EventRow> for Row {
    fn from(event: &EventRow) -> Self {
        Self {
            id: event.id.bytes().to_vec(),
            receiver: event.receiver.clone(),
            sequence: event.sequence,
            subject: event.subject.bytes().to_vec(),
            kind: event.kind.name().to_owned(),
            about: event.about.to_vec(),
            step: event.step.name().to_owned(),
            at: event.at.micros(),
            entry: i64::try_from(event.entry).unwrap_or(i64::MAX),
        }
    }
}

/// Appends events, each with the next sequence of its receiver, and what is to be sent of them to webhooks. Once in a transaction, at
/// its end: receivers are locked in their order, so that two writers never wait for each other.
pub fn append(connection: &mut AnyConnection, mut new: Vec<EventRow>) -> Result<(), StoreError> {
    new.sort_by(|one, other| one.receiver.cmp(&other.receiver));
    for of_one in new.chunk_by_mut(|one, other| one.receiver == other.receiver) {
        let Some(receiver) = of_one.first().map(|event| event.receiver.clone()) else { continue };
        let mut sequence = advance(connection, &receiver, of_one.len())?;
        for event in of_one.iter_mut() {
            sequence += 1;
            event.sequence = sequence;
        }
        let rows = of_one.iter().map(Row::from).collect();
        let inserted = connection.insert_rows(events::table, rows)?;
        StoreError::expect_count("events", of_one.len(), inserted)?;
        delivery::insert(connection, &receiver, of_one)?;
    }
    Ok(())
}

/// Takes the next `count` sequences of a receiver, and gives the last one before them.
fn advance(connection: &mut AnyConnection, receiver: &str, count: usize) -> Result<i64, StoreError> {
    let count = i64::try_from(count).unwrap_or(i64::MAX);
    on_each_backend!(&mut *connection, |backend| diesel::insert_into(event_heads::table)
        .values((event_heads::receiver.eq(receiver), event_heads::sequence.eq(0)))
        .on_conflict_do_nothing()
        .execute(backend))?;
    let head = event_heads::table.filter(event_heads::receiver.eq(receiver));
    let changed =
        diesel::update(head).set(event_heads::sequence.eq(event_heads::sequence + count)).execute(connection)?;
    StoreError::expect_count("event_heads", 1, changed)?;
    Ok(head.select(event_heads::sequence).get_result::<i64>(connection)? - count)
}

/// The events of a receiver after a sequence, in their order.
pub fn after(
    connection: &mut AnyConnection,
    receiver: &str,
    sequence: i64,
    limit: i64,
) -> Result<Vec<EventRow>, StoreError> {
    let query = events::table
        .filter(events::receiver.eq(receiver))
        .filter(events::sequence.gt(sequence))
        .select(Row::as_select())
        .order(events::sequence.asc())
        .limit(limit);
    let rows: Vec<Row> = query.load(connection)?;
    rows.into_iter().map(EventRow::try_from).collect()
}

/// The sequence of the newest event of a receiver; 0 when there is none.
pub fn newest(connection: &mut AnyConnection, receiver: &str) -> Result<i64, StoreError> {
    let head = event_heads::table.filter(event_heads::receiver.eq(receiver)).select(event_heads::sequence);
    Ok(head.get_result(connection).optional()?.unwrap_or(0))
}

/// The event with this id.
pub fn find(connection: &mut AnyConnection, id: EventId) -> Result<Option<EventRow>, StoreError> {
    let query = events::table.filter(events::id.eq(id.bytes().as_slice())).select(Row::as_select());
    let row: Option<Row> = query.get_result(connection).optional()?;
    row.map(EventRow::try_from).transpose()
}
