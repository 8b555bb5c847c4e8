//! A migrated registry on each database, and rows to put in it.

use chengxin::domain::identifier::IdentifierKind;
use chengxin::domain::{BatchId, Date, Instant, RecordId, SubjectCategory, SubjectId};
use chengxin::store::deposit::{NewBatch, NewRecord};
use chengxin::store::subject::Subject;
use chengxin::store::{Database, MigrationSet, StoreError, deposit, subject};
use diesel::connection::SimpleConnection;

use crate::support::databases::Scratch;

pub const NOW: Instant = Instant::from_micros(1_795_420_800_000_000);

/// A registry.
pub struct Registry {
    pub database: Database,
    pub scratch: Scratch,
}

/// An empty registry on every database there is to try on.
pub fn registries() -> Vec<Registry> {
    Scratch::each()
        .into_iter()
        .map(|scratch| {
            Database::create_and_migrate(&scratch.url, MigrationSet::Registry).unwrap();
            let database = Database::open(&scratch.url, MigrationSet::Registry, 4).unwrap();
            Registry { database, scratch }
        })
        .collect()
}

impl Registry {
    /// Does what only the database's owner can do.
    pub fn tamper(&self, statement: &str) {
        let mut connection = self.database.connect().unwrap();
        connection.batch_execute(statement).unwrap();
    }

    /// Adds a subject with a code of its own.
    pub fn subject(&self, number: u8) -> SubjectId {
        let id = SubjectId::new(id(number));
        let made = Subject { id, category: SubjectCategory::Organization };
        self.database
            .write(|connection| {
                subject::insert(connection, &[made], NOW)?;
                subject::insert_identifiers(connection, vec![(id, IdentifierKind::Uscc, format!("code-{number}"))])
            })
            .unwrap();
        id
    }

    /// Opens a batch.
    pub fn batch(&self, number: u8) -> BatchId {
        let batch = NewBatch {
            id: BatchId::new(id(number)),
            item: "administrative-licence".to_owned(),
            vintage: "2018".to_owned(),
            provider: "AAS".to_owned(),
            file_digest: [number; 32],
            received_at: NOW,
        };
        self.database.write(|connection| deposit::insert_batch(connection, &batch)).unwrap();
        batch.id
    }

    /// Stores the first version of a record.
    pub fn put(&self, record: &NewRecord, index: &[(String, String)]) -> Result<deposit::Deposit, StoreError> {
        self.database.write(|connection| deposited(connection, None, record, index))
    }
}

/// Deposits one record alone.
pub fn deposited(
    connection: &mut chengxin::store::AnyConnection,
    existing: Option<&deposit::Existing>,
    record: &NewRecord,
    index: &[(String, String)],
) -> Result<deposit::Deposit, StoreError> {
    let mut pending = deposit::Pending::default();
    let done = pending.put(connection, existing, record.clone(), index.to_vec())?;
    pending.flush(connection, NOW)?;
    Ok(done)
}

/// Sixteen bytes that are in the order of their numbers.
pub fn id(number: u8) -> [u8; 16] {
    let mut bytes = [7; 16];
    bytes[15] = number;
    bytes
}

pub fn date(text: &str) -> Date {
    text.parse().unwrap()
}

/// A current record of a department, public and shared until the same day.
pub fn record(number: u8, subject: SubjectId, batch: BatchId) -> NewRecord {
    NewRecord {
        id: RecordId::new(id(number)).bytes().to_vec(),
        division: "370500".to_owned(),
        item: "administrative-licence".to_owned(),
        subject: subject.bytes().to_vec(),
        category: "ORGANIZATION".to_owned(),
        provider: "AAS".to_owned(),
        provider_name: String::new(),
        key_digest: vec![number; 32],
        content_digest: vec![number; 32],
        decided_on: "2026-11-16".to_owned(),
        published_until_sent: String::new(),
        level: String::new(),
        level_source: String::new(),
        state: "CURRENT".to_owned(),
        rule_pack: "order36-2026".to_owned(),
        public_until: "2099-12-31".to_owned(),
        shared_until: "2099-12-31".to_owned(),
        received_on: "2026-11-23".to_owned(),
        flags: String::new(),
        plain: "{\"content\":\"道路货物运输\"}".to_owned(),
        sealed: Vec::new(),
        version: 1,
        batch: batch.bytes().to_vec(),
    }
}
