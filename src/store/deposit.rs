//! The write side of records: batches, upsert by natural key, every version kept.
//!
//! One call deposits one record inside the caller's transaction. Sealing needs the record's id and version,
//! so the caller hands a function that makes the row once both are known.

use diesel::prelude::*;

use super::connection::{AnyConnection, on_each_backend};
use super::schema::{batches, record_index, records};
use super::{StoreError, insert, row_id};
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
#[derive(AsChangeset, Debug)]
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
    /// The same content was there already.
    Unchanged,
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
    /// Whether its content is the content at hand.
    pub same: bool,
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

/// The record with this natural key, if there is one.
pub fn existing(
    connection: &mut AnyConnection,
    key_digest: &[u8; 32],
    content_digest: &[u8; 32],
) -> Result<Option<Existing>, StoreError> {
    type Found = (Vec<u8>, i64, Vec<u8>, Vec<u8>, String);
    let query = records::table.filter(records::key_digest.eq(key_digest.as_slice())).select((
        records::id,
        records::version,
        records::content_digest,
        records::subject,
        records::provider,
    ));
    let row: Option<Found> = on_each_backend!(connection, |backend| query.get_result(backend)).optional()?;
    row.map(|(id, version, content, subject, provider)| {
        let id = row_id(RecordId::from_slice, "records", "id", &id)?;
        let subject = row_id(SubjectId::from_slice, "records", "subject", &subject)?;
        Ok(Existing { id, version, subject, provider, same: content == content_digest })
    })
    .transpose()
}

/// Stores the first version of a record, or a newer one over `existing`, with its index values.
pub fn deposit(
    connection: &mut AnyConnection,
    existing: Option<&Existing>,
    record: &NewRecord,
    index: &[(String, String)],
    recorded_at: Instant,
) -> Result<Deposit, StoreError> {
    let outcome = match existing {
        None => {
            insert::record(connection, record)?;
            Deposit::Inserted
        }
        Some(existing) => {
            replace(connection, existing, record)?;
            Deposit::Updated
        }
    };
    insert::version(connection, record, recorded_at)?;
    for (field, value) in index {
        diesel::insert_into(record_index::table)
            .values((
                record_index::item.eq(&record.item),
                record_index::field.eq(field),
                record_index::value.eq(value),
                record_index::record.eq(&record.id),
            ))
            .execute(connection)?;
    }
    Ok(outcome)
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
