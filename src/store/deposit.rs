//! The write side of records: batches, upsert by natural key, every version kept.
//!
//! Records are looked up and written many at a time: on PostgreSQL each call is a round trip.

use std::collections::HashMap;

use diesel::prelude::*;

use super::connection::AnyConnection;
use super::insert::{Bound, Row, insert};
use super::schema::{batches, record_index, records};
use super::{StoreError, row_id};
use crate::domain::{BatchId, Instant, RecordId, SubjectId};

/// A batch of rows: one file, or one submission.
#[derive(Clone, Debug)]
pub struct NewBatch {
    /// Its id.
    pub id: BatchId,
    /// The item.
    pub item: String,
    /// The vintage it was read as.
    pub vintage: String,
    /// Who sent it.
    pub provider: String,
    /// SHA-256 of the file.
    pub file_digest: [u8; 32],
    /// When it arrived.
    pub received_at: Instant,
}

/// A record to be stored, once its id and version are known.
#[derive(AsChangeset, Clone, Debug)]
#[diesel(table_name = records)]
pub struct NewRecord {
    /// UUIDv7.
    pub id: Vec<u8>,
    /// Division code.
    pub division: String,
    /// Item code.
    pub item: String,
    /// Subject id.
    pub subject: Vec<u8>,
    /// Category of the subject.
    pub category: String,
    /// Department id, or empty.
    pub provider: String,
    /// Name of an unverified unit, or empty.
    pub provider_name: String,
    /// HMAC of the canonical natural key.
    pub key_digest: Vec<u8>,
    /// HMAC of the canonical row.
    pub content_digest: Vec<u8>,
    /// ISO date or empty.
    pub decided_on: String,
    /// ISO date or empty.
    pub published_until_sent: String,
    /// Level or empty.
    pub level: String,
    /// Where the level came from, or empty.
    pub level_source: String,
    /// State.
    pub state: String,
    /// The rule pack that made the windows.
    pub rule_pack: String,
    /// Last day of publication or empty.
    pub public_until: String,
    /// Last day of sharing or empty.
    pub shared_until: String,
    /// ISO date.
    pub received_on: String,
    /// Flags joined by commas.
    pub flags: String,
    /// JSON object.
    pub plain: String,
    /// Sealed fields.
    pub sealed: Vec<u8>,
    /// Version, from 1.
    pub version: i64,
    /// Batch id.
    pub batch: Vec<u8>,
}

/// What became of a deposited record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deposit {
    /// It is new.
    Inserted,
    /// It replaces an older version.
    Updated,
}

/// The record that a natural key names, as far as an upsert needs it.
#[derive(Clone, Debug)]
pub struct Existing {
    /// Its id.
    pub id: RecordId,
    /// Its version.
    pub version: i64,
    /// Its subject.
    pub subject: SubjectId,
    /// The department that provides it, or empty.
    pub provider: String,
    /// HMAC of its content.
    pub content_digest: Vec<u8>,
    /// Its state.
    pub state: String,
}

/// Opens a batch.
pub fn insert_batch(connection: &mut AnyConnection, batch: &NewBatch) -> Result<(), StoreError> {
    diesel::insert_into(batches::table)
        .values((
            batches::id.eq(batch.id.bytes().as_slice()),
            batches::item.eq(&batch.item),
            batches::vintage.eq(&batch.vintage),
            batches::provider.eq(&batch.provider),
            batches::file_digest.eq(batch.file_digest.as_slice()),
            batches::received_at.eq(batch.received_at.micros()),
            batches::report.eq(""),
        ))
        .execute(connection)?;
    Ok(())
}

/// Writes a batch's quality report (JSON).
pub fn set_report(connection: &mut AnyConnection, batch: BatchId, report: &str) -> Result<(), StoreError> {
    let changed = diesel::update(batches::table.filter(batches::id.eq(batch.bytes().as_slice())))
        .set(batches::report.eq(report))
        .execute(connection)?;
    StoreError::expect_count("batches", 1, changed)
}

/// The quality reports (JSON) of what a provider sent in a time; empty for what was broken off.
pub fn reports(
    connection: &mut AnyConnection,
    provider: &str,
    (from, to): (Instant, Instant),
) -> Result<Vec<String>, StoreError> {
    let query = batches::table
        .filter(batches::provider.eq(provider))
        .filter(batches::received_at.ge(from.micros()))
        .filter(batches::received_at.lt(to.micros()))
        .select(batches::report)
        .order(batches::received_at.asc());
    Ok(query.load(connection)?)
}

/// The records that these natural keys name, by key.
pub fn existing(
    connection: &mut AnyConnection,
    key_digests: &[[u8; 32]],
) -> Result<HashMap<[u8; 32], Existing>, StoreError> {
    type Found = (Vec<u8>, Vec<u8>, i64, Vec<u8>, Vec<u8>, String, String);
    let columns = (
        records::key_digest,
        records::id,
        records::version,
        records::content_digest,
        records::subject,
        records::provider,
        records::state,
    );
    let rows: Vec<Found> = match connection {
        AnyConnection::Sqlite(backend) => {
            let one = |key: &[u8; 32]| {
                records::table.filter(records::key_digest.eq(key.as_slice())).select(columns).get_result(backend)
            };
            key_digests.iter().map(one).filter_map(|found| found.optional().transpose()).collect::<QueryResult<_>>()?
        }
        AnyConnection::Postgres(backend) => {
            let keys: Vec<&[u8]> = key_digests.iter().map(<[u8; 32]>::as_slice).collect();
            records::table.filter(records::key_digest.eq_any(keys)).select(columns).load(backend)?
        }
    };
    rows.into_iter()
        .map(|(key, id, version, content_digest, subject, provider, state)| {
            let key = row_id(|bytes| <[u8; 32]>::try_from(bytes).ok(), "records", "key_digest", &key)?;
            let id = row_id(RecordId::from_slice, "records", "id", &id)?;
            let subject = row_id(SubjectId::from_slice, "records", "subject", &subject)?;
            Ok((key, Existing { id, version, subject, provider, content_digest, state }))
        })
        .collect()
}

impl Row for NewRecord {
    const INTO: &'static str = "INSERT INTO records (id, subject, key_digest, content_digest, sealed, batch, division, item, category, \
         provider, provider_name, decided_on, published_until_sent, level, level_source, state, rule_pack, \
         public_until, shared_until, received_on, flags, plain, version) VALUES ";
    const COLUMNS: usize = 23;

    fn each<'b>(&'b self, put: &mut dyn FnMut(Bound<'b>) -> QueryResult<()>) -> QueryResult<()> {
        for bytes in [&self.id, &self.subject, &self.key_digest, &self.content_digest, &self.sealed, &self.batch] {
            put(Bound::Bytes(bytes))?;
        }
        let kinds = [&self.division, &self.item, &self.category, &self.provider, &self.provider_name];
        let windows = [&self.decided_on, &self.published_until_sent, &self.level, &self.level_source, &self.state];
        let rest = [&self.rule_pack, &self.public_until, &self.shared_until, &self.received_on, &self.flags];
        for text in kinds.into_iter().chain(windows).chain(rest).chain([&self.plain]) {
            put(Bound::Text(text))?;
        }
        put(Bound::Number(&self.version))
    }
}

/// A version among all versions.
struct VersionRow {
    record: NewRecord,
    recorded_at: i64,
}

impl Row for VersionRow {
    const INTO: &'static str =
        "INSERT INTO record_versions (id, content_digest, sealed, batch, state, plain, version, recorded_at) VALUES ";
    const COLUMNS: usize = 8;

    fn each<'b>(&'b self, put: &mut dyn FnMut(Bound<'b>) -> QueryResult<()>) -> QueryResult<()> {
        let Self { record, recorded_at } = self;
        for bytes in [&record.id, &record.content_digest, &record.sealed, &record.batch] {
            put(Bound::Bytes(bytes))?;
        }
        put(Bound::Text(&record.state))?;
        put(Bound::Text(&record.plain))?;
        put(Bound::Number(&record.version))?;
        put(Bound::Number(recorded_at))
    }
}

/// A value of an indexed field.
#[derive(Debug, Insertable)]
#[diesel(table_name = record_index)]
struct IndexRow {
    item: String,
    field: String,
    value: String,
    record: Vec<u8>,
}

/// Index rows per statement: four values each, below PostgreSQL's 65,535.
const INDEX_ROWS_PER_STATEMENT: usize = 16_000;

/// Records of one transaction that are written together.
#[derive(Debug, Default)]
pub struct Pending {
    new: Vec<NewRecord>,
    replacing: Vec<NewRecord>,
    index: Vec<IndexRow>,
}

impl Pending {
    /// Takes in the first version of a record, or a newer one over `existing`, with its index values. What replaces is
    /// written at once, so that a loser among two writers learns it here; the rest waits for `flush`.
    pub fn put(
        &mut self,
        connection: &mut AnyConnection,
        existing: Option<&Existing>,
        record: NewRecord,
        index: Vec<(String, String)>,
    ) -> Result<Deposit, StoreError> {
        self.index.extend(index.into_iter().map(|(field, value)| IndexRow {
            item: record.item.clone(),
            field,
            value,
            record: record.id.clone(),
        }));
        match existing {
            None => {
                self.new.push(record);
                Ok(Deposit::Inserted)
            }
            Some(existing) => {
                replace(connection, existing, &record)?;
                self.replacing.push(record);
                Ok(Deposit::Updated)
            }
        }
    }

    /// Writes what waits.
    pub fn flush(&mut self, connection: &mut AnyConnection, recorded_at: Instant) -> Result<(), StoreError> {
        let Self { new, replacing, index } = std::mem::take(self);
        let inserted = insert(connection, &new)?;
        StoreError::expect_count("records", new.len(), inserted)?;
        let version = |record| VersionRow { record, recorded_at: recorded_at.micros() };
        let versions: Vec<VersionRow> = new.into_iter().chain(replacing).map(version).collect();
        let inserted = insert(connection, &versions)?;
        StoreError::expect_count("record_versions", versions.len(), inserted)?;
        let mut rows = index.into_iter();
        loop {
            let part: Vec<IndexRow> = rows.by_ref().take(INDEX_ROWS_PER_STATEMENT).collect();
            if part.is_empty() {
                return Ok(());
            }
            connection.insert_rows(record_index::table, part)?;
        }
    }
}

fn replace(connection: &mut AnyConnection, existing: &Existing, record: &NewRecord) -> Result<(), StoreError> {
    let target = records::table
        .filter(records::id.eq(existing.id.bytes().as_slice()))
        .filter(records::version.eq(existing.version));
    let changed = diesel::update(target).set(record).execute(connection)?;
    StoreError::expect_count("records", 1, changed)?;
    diesel::delete(record_index::table.filter(record_index::record.eq(&record.id))).execute(connection)?;
    Ok(())
}
