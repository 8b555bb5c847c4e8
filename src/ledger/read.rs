//! Reading the ledger for those who may: auditors, and subjects who ask who has asked about them. The searching
//! columns are a convenience; every entry that is handed out is read from its leaf, and the leaf is hashed again.

use std::collections::HashMap;
use std::ops::ControlFlow;

use super::body::{BodyKeys, BodyPlace};
use super::commitment::Opening;
use super::draft::side_index;
use super::entry::{Decision, EntryKind};
use super::leaf::Leaf;
use super::log::Ledger;
use super::tree::leaf_hash;
use crate::domain::{Instant, Role};
use crate::store::ledger::entry::{self, BodyRow, EntryFilter, EntryRow};
use crate::store::{Database, StoreError};

/// How many entries a walk reads at once, and how far it looks beyond its end.
const WALK: i64 = 1_000;

/// What to look for. Absent parts do not narrow.
#[derive(Clone, Debug, Default)]
pub struct EntryQuery {
    /// At or after.
    pub from: Option<Instant>,
    /// Before.
    pub to: Option<Instant>,
    /// The kind.
    pub kind: Option<EntryKind>,
    /// The caller's role.
    pub role: Option<Role>,
    /// The consuming organisation.
    pub consumer: Option<String>,
    /// The decision.
    pub decision: Option<Decision>,
    /// One of the items.
    pub item: Option<String>,
    /// A subject's blind index, as it was appended.
    pub subject: Option<[u8; 32]>,
}

/// An entry that was read and checked against its hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The index.
    pub index: u64,
    /// The leaf hash.
    pub leaf_hash: [u8; 32],
    /// What the leaf says.
    pub leaf: Leaf,
}

impl Ledger {
    /// Entries that the query matches, newest first, with an index below `below` when given, at most `limit`.
    pub fn entries(&self, query: &EntryQuery, below: Option<u64>, limit: u32) -> Result<Vec<Entry>, StoreError> {
        let filter = self.filter(query);
        let below = below.map(|below| i64::try_from(below).unwrap_or(i64::MAX));
        let rows = self.database().read(|connection| entry::select(connection, &filter, below, limit.into()))?;
        rows.iter().map(read_row).collect()
    }

    /// How many entries the query matches.
    pub fn count(&self, query: &EntryQuery) -> Result<u64, StoreError> {
        let filter = self.filter(query);
        Ok(self.database().read(|connection| entry::count(connection, &filter))?.unsigned_abs())
    }

    /// The entry at an index.
    pub fn entry(&self, index: u64) -> Result<Option<Entry>, StoreError> {
        let Ok(index) = i64::try_from(index) else { return Ok(None) };
        let rows = self.database().read(|connection| entry::page(connection, index, 1))?;
        rows.iter().find(|row| row.idx == index).map(read_row).transpose()
    }

    /// Gives every wanted entry between two instants to `each`, in order, with what it commits to (`None` when its body is
    /// gone), until `each` breaks off. Clocks of several instances may differ: what is within a thousand entries of its
    /// place is found.
    pub fn walk(
        &self,
        (from, to): (Instant, Instant),
        is_wanted: impl Fn(&Leaf) -> bool,
        mut each: impl FnMut(Entry, Option<Vec<Opening>>) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        let mut start = self.first_after(from)?.saturating_sub(WALK);
        let mut beyond = 0;
        while beyond < WALK {
            let rows = self.database().read(|connection| entry::page(connection, start, WALK))?;
            let (Some(first), Some(last)) = (rows.first(), rows.last()) else { return Ok(()) };
            let bodies = self.database().read(|connection| entry::bodies(connection, first.idx, last.idx))?;
            let bodies: HashMap<i64, &BodyRow> = bodies.iter().map(|body| (body.idx, body)).collect();
            start = last.idx + 1;
            for row in &rows {
                beyond = if row.t >= to.micros() { beyond + 1 } else { 0 };
                if !(from.micros()..to.micros()).contains(&row.t) {
                    continue;
                }
                let entry = read_row(row)?;
                if !is_wanted(&entry.leaf) {
                    continue;
                }
                let keys = self.keys();
                let body = match bodies.get(&row.idx) {
                    Some(body) => open_row(body, &entry.leaf, keys.bodies(), &keys.origin)?,
                    None => None,
                };
                if each(entry, body).is_break() {
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    /// The index of the first entry at or after an instant, by halving.
    fn first_after(&self, from: Instant) -> Result<i64, StoreError> {
        let (mut low, mut high) = (0, i64::try_from(self.size()).unwrap_or(i64::MAX));
        while low < high {
            let middle = low + (high - low) / 2;
            let row = self.database().read(|connection| entry::page(connection, middle, 1))?;
            if row.first().is_some_and(|row| row.t < from.micros()) { low = middle + 1 } else { high = middle }
        }
        Ok(low)
    }

    /// What an entry commits to, for those who may see it. `None` when it is redacted: the row or its key is gone.
    pub fn body(&self, entry: &Entry) -> Result<Option<Vec<Opening>>, StoreError> {
        open_body(self.database(), entry, self.keys().bodies(), &self.keys().origin)
    }

    fn filter(&self, query: &EntryQuery) -> EntryFilter {
        EntryFilter {
            from: query.from.map(Instant::micros),
            to: query.to.map(Instant::micros),
            kind: query.kind.map(|kind| kind.to_string()),
            role: query.role.map(|role| role.name().to_owned()),
            consumer: query.consumer.clone(),
            decision: query.decision.map(|decision| decision.to_string()),
            item: query.item.clone(),
            subject: query.subject.map(|subject| side_index(&subject, self.keys())),
        }
    }
}

fn open_body(
    database: &Database,
    entry: &Entry,
    keys: &dyn BodyKeys,
    origin: &str,
) -> Result<Option<Vec<Opening>>, StoreError> {
    let index = i64::try_from(entry.index).unwrap_or(i64::MAX);
    let bodies = database.read(|connection| entry::bodies(connection, index, index))?;
    match bodies.first() {
        Some(row) => open_row(row, &entry.leaf, keys, origin),
        None => Ok(None),
    }
}

/// Opens a body. `None` when its key is gone.
pub(super) fn open_row(
    row: &BodyRow,
    leaf: &Leaf,
    keys: &dyn BodyKeys,
    origin: &str,
) -> Result<Option<Vec<Opening>>, StoreError> {
    let Some(key) = keys.key_for(&row.period) else { return Ok(None) };
    let corrupt = || StoreError::Corrupt { table: "ledger_body", column: "sealed", row: row.idx.to_string() };
    let id = leaf.id_bytes().ok_or_else(corrupt)?;
    let place = BodyPlace { origin, period: &row.period, entry: &id };
    place.open(&row.sealed, &key).map(Some).ok_or_else(corrupt)
}

fn read_row(row: &EntryRow) -> Result<Entry, StoreError> {
    let corrupt = |column| StoreError::Corrupt { table: "ledger_entry", column, row: row.idx.to_string() };
    let hash = leaf_hash(&row.leaf);
    if row.leaf_hash != hash {
        return Err(corrupt("leaf_hash"));
    }
    let leaf = Leaf::parse(&row.leaf).map_err(|_| corrupt("leaf"))?;
    match differing_column(row, &leaf) {
        Some(column) => Err(corrupt(column)),
        None => Ok(Entry { index: row.idx.unsigned_abs(), leaf_hash: hash, leaf }),
    }
}

/// The first searching column that says something else than the leaf.
pub(super) fn differing_column(row: &EntryRow, leaf: &Leaf) -> Option<&'static str> {
    let columns = [
        ("ins", row.ins == leaf.instance),
        ("iseq", u64::try_from(row.iseq) == Ok(leaf.number)),
        ("t", row.t == leaf.time_micros),
        ("kind", row.kind == leaf.kind.as_ref()),
        ("role", row.role == leaf.role.as_deref().unwrap_or_default()),
        ("consumer", row.consumer == leaf.consumer.as_deref().unwrap_or_default()),
        ("decision", row.decision == leaf.decision.as_ref()),
        ("items", row.items == leaf.items_column()),
    ];
    columns.into_iter().find(|(_, is_same)| !is_same).map(|(column, _)| column)
}
