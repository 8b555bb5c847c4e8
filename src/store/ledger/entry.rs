//! Entries, their sealed bodies, and the side table that finds the entries about a subject.

use diesel::prelude::*;

use super::schema::{ledger_body, ledger_entry};
use super::subject::{self, SubjectRow};
use crate::store::connection::AnyConnection;
use crate::store::error::StoreError;
use crate::store::insert::{Bound, Row, insert as insert_rows};

/// An entry.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = ledger_entry)]
pub struct EntryRow {
    /// The index, dense from 0.
    pub idx: i64,
    /// The instance that wrote it.
    pub ins: String,
    /// Its number within the instance, dense from 0.
    pub iseq: i64,
    /// When, microseconds UTC.
    pub t: i64,
    /// The kind, lower case.
    pub kind: String,
    /// The caller's role, or empty.
    pub role: String,
    /// The consuming organisation, or empty.
    pub consumer: String,
    /// The decision, lower case.
    pub decision: String,
    /// The items' codes, each between blanks: ` A B `; or empty.
    pub items: String,
    /// The leaf: canonical JSON, the bytes that are hashed.
    pub leaf: Vec<u8>,
    /// Its leaf hash, 32 bytes.
    pub leaf_hash: Vec<u8>,
}

/// A sealed body.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = ledger_body)]
pub struct BodyRow {
    /// The entry.
    pub idx: i64,
    /// The period whose key seals it.
    pub period: String,
    /// The envelope.
    pub sealed: Vec<u8>,
}

impl Row for EntryRow {
    const INTO: &'static str =
        "INSERT INTO ledger_entry (idx, iseq, t, ins, kind, role, consumer, decision, items, leaf, leaf_hash) VALUES ";
    const COLUMNS: usize = 11;

    fn each<'b>(&'b self, put: &mut dyn FnMut(Bound<'b>) -> QueryResult<()>) -> QueryResult<()> {
        for number in [&self.idx, &self.iseq, &self.t] {
            put(Bound::Number(number))?;
        }
        for text in [&self.ins, &self.kind, &self.role, &self.consumer, &self.decision, &self.items] {
            put(Bound::Text(text))?;
        }
        put(Bound::Bytes(&self.leaf))?;
        put(Bound::Bytes(&self.leaf_hash))
    }
}

impl Row for BodyRow {
    const INTO: &'static str = "INSERT INTO ledger_body (idx, period, sealed) VALUES ";
    const COLUMNS: usize = 3;

    fn each<'b>(&'b self, put: &mut dyn FnMut(Bound<'b>) -> QueryResult<()>) -> QueryResult<()> {
        put(Bound::Number(&self.idx))?;
        put(Bound::Text(&self.period))?;
        put(Bound::Bytes(&self.sealed))
    }
}

/// What to look for. Absent parts do not narrow.
#[derive(Clone, Debug, Default)]
pub struct EntryFilter {
    /// At or after, microseconds UTC.
    pub from: Option<i64>,
    /// Before, microseconds UTC.
    pub to: Option<i64>,
    /// The kind.
    pub kind: Option<String>,
    /// The caller's role.
    pub role: Option<String>,
    /// The consuming organisation.
    pub consumer: Option<String>,
    /// The decision.
    pub decision: Option<String>,
    /// One of the items.
    pub item: Option<String>,
    /// A subject's blind index.
    pub subject: Option<[u8; 32]>,
}

/// Inserts entries with their bodies and subject rows.
pub fn insert(
    connection: &mut AnyConnection,
    entries: &[EntryRow],
    bodies: &[BodyRow],
    subjects: &[SubjectRow],
) -> Result<(), StoreError> {
    let inserted = insert_rows(connection, entries)?;
    StoreError::expect_count("ledger_entry", entries.len(), inserted)?;
    let inserted = insert_rows(connection, bodies)?;
    StoreError::expect_count("ledger_body", bodies.len(), inserted)?;
    let inserted = insert_rows(connection, subjects)?;
    StoreError::expect_count("ledger_subject_recent", subjects.len(), inserted)
}

/// Entries from index `from` on, in order, at most `limit`.
pub fn page(connection: &mut AnyConnection, from: i64, limit: i64) -> Result<Vec<EntryRow>, StoreError> {
    Ok(ledger_entry::table
        .filter(ledger_entry::idx.ge(from))
        .order(ledger_entry::idx.asc())
        .limit(limit)
        .select(EntryRow::as_select())
        .load(connection)?)
}

/// The leaf hashes of the entries numbered `iseq` and above of one instance, in order.
pub fn hashes_of_instance(
    connection: &mut AnyConnection,
    ins: &str,
    iseq: i64,
) -> Result<Vec<(i64, i64, Vec<u8>)>, StoreError> {
    Ok(ledger_entry::table
        .filter(ledger_entry::ins.eq(ins))
        .filter(ledger_entry::iseq.ge(iseq))
        .order(ledger_entry::iseq.asc())
        .select((ledger_entry::iseq, ledger_entry::idx, ledger_entry::leaf_hash))
        .load(connection)?)
}

/// The largest index.
pub fn last_index(connection: &mut AnyConnection) -> Result<Option<i64>, StoreError> {
    let last = ledger_entry::table.order(ledger_entry::idx.desc()).select(ledger_entry::idx).first(connection);
    Ok(last.optional()?)
}

/// The bodies of the entries from `from` to `to`, both included, in order.
pub fn bodies(connection: &mut AnyConnection, from: i64, to: i64) -> Result<Vec<BodyRow>, StoreError> {
    Ok(ledger_body::table
        .filter(ledger_body::idx.between(from, to))
        .order(ledger_body::idx.asc())
        .select(BodyRow::as_select())
        .load(connection)?)
}

macro_rules! narrowed {
    ($query:expr, $filter:expr) => {{
        let mut query = $query;
        if let Some(from) = $filter.from {
            query = query.filter(ledger_entry::t.ge(from));
        }
        if let Some(to) = $filter.to {
            query = query.filter(ledger_entry::t.lt(to));
        }
        if let Some(kind) = &$filter.kind {
            query = query.filter(ledger_entry::kind.eq(kind));
        }
        if let Some(role) = &$filter.role {
            query = query.filter(ledger_entry::role.eq(role));
        }
        if let Some(consumer) = &$filter.consumer {
            query = query.filter(ledger_entry::consumer.eq(consumer)).filter(ledger_entry::consumer.ne(""));
        }
        if let Some(decision) = &$filter.decision {
            query = query.filter(ledger_entry::decision.eq(decision));
        }
        if let Some(item) = &$filter.item {
            query = query.filter(ledger_entry::items.like(pattern_of(item)).escape('\\'));
        }
        if let Some(subject) = &$filter.subject {
            query = query.filter(subject::is_about!(subject));
        }
        query
    }};
}

fn pattern_of(item: &str) -> String {
    let item = item.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
    format!("% {item} %")
}

/// Entries that the filter matches, newest first, with an index below `below` when given, at most `limit`.
pub fn select(
    connection: &mut AnyConnection,
    filter: &EntryFilter,
    below: Option<i64>,
    limit: i64,
) -> Result<Vec<EntryRow>, StoreError> {
    let mut query = narrowed!(ledger_entry::table.into_boxed(), filter);
    if let Some(below) = below {
        query = query.filter(ledger_entry::idx.lt(below));
    }
    Ok(query.order(ledger_entry::idx.desc()).limit(limit).select(EntryRow::as_select()).load(connection)?)
}

/// How many entries the filter matches.
pub fn count(connection: &mut AnyConnection, filter: &EntryFilter) -> Result<i64, StoreError> {
    Ok(narrowed!(ledger_entry::table.into_boxed(), filter).count().get_result(connection)?)
}
