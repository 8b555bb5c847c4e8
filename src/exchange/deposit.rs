//! The store as the importer's sink: subjects found or made, private values sealed, records upserted by natural key.
//!
//! A chunk is one transaction and a record is told by the HMAC of its natural key, so a killed import is simply run
//! again: nothing doubled, nothing half.

use std::collections::HashMap;

use super::fault::Fault;
use super::gateway::Gateway;
use super::import::{Content, PreparedRecord, PreparedSubject, RecordSink, Written};
use crate::domain::identifier::IdentifierKind;
use crate::domain::text::normalise_name;
use crate::domain::{
    BatchId, Date, DepartmentId, Place, RecordId, SealedFields, Sensitive, SubjectCategory, SubjectId,
};
use crate::store::deposit::{Deposit, Existing, NewBatch, NewRecord};
use crate::store::subject::Subject;
use crate::store::{self, AnyConnection, StoreError};

/// Why a chunk was not written.
#[derive(Debug, thiserror::Error)]
pub enum DepositError {
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A value could not be sealed.
    #[error("a value of `{item}` could not be sealed: {cause}")]
    Seal {
        /// The item.
        item: String,
        /// Why, without the value.
        cause: String,
    },
}

impl From<diesel::result::Error> for DepositError {
    fn from(error: diesel::result::Error) -> Self {
        Self::Store(error.into())
    }
}

impl From<DepositError> for Fault {
    fn from(error: DepositError) -> Self {
        match error {
            DepositError::Store(error) => error.into(),
            DepositError::Seal { .. } => Self::Corrupt(error.to_string()),
        }
    }
}

/// Whose records may be replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Authority {
    /// The operator's import: any provider's.
    Operator,
    /// A department's submission: its own.
    Department(DepartmentId),
}

/// Writes prepared records into the registry as one batch.
#[derive(Debug)]
pub struct Depositor<'g> {
    gateway: &'g Gateway,
    batch: BatchId,
    authority: Authority,
    /// Subjects met in this batch, by kind and value of an identifier.
    subjects: HashMap<(IdentifierKind, String), SubjectId>,
    /// Lines whose record another department provides, so that they were left alone.
    pub refused: Vec<u64>,
}

/// What a batch is of.
#[derive(Clone, Debug)]
pub struct BatchOrigin {
    /// The item.
    pub item: String,
    /// The vintage it is read as.
    pub vintage: String,
    /// Who sent it.
    pub provider: String,
    /// SHA-256 of the file or the submission.
    pub digest: [u8; 32],
}

impl<'g> Depositor<'g> {
    /// Opens a batch.
    pub fn begin(gateway: &'g Gateway, origin: BatchOrigin, authority: Authority) -> Result<Self, StoreError> {
        let id = BatchId::new(gateway.ambient.uuid7());
        let batch = NewBatch {
            id,
            item: origin.item,
            vintage: origin.vintage,
            provider: origin.provider,
            file_digest: origin.digest,
            received_at: gateway.ambient.now(),
        };
        gateway.registry.write(|connection| store::deposit::insert_batch(connection, &batch))?;
        Ok(Self { gateway, batch: id, authority, subjects: HashMap::new(), refused: Vec::new() })
    }

    /// Keeps the batch's quality report.
    pub fn finish(&self, report: &str) -> Result<(), StoreError> {
        self.gateway.registry.write(|connection| store::deposit::set_report(connection, self.batch, report))
    }

    fn deposit(&mut self, connection: &mut AnyConnection, record: &PreparedRecord) -> Result<Written, DepositError> {
        let keyring = &self.gateway.keyring;
        let key = format!("{}\u{1f}{}", record.item, record.key_text.expose());
        let key_digest = keyring.digest("record.key", key.as_bytes());
        let content_digest = keyring.digest("record.content", record.content_text().expose().as_bytes());
        let existing = store::deposit::existing(connection, &key_digest, &content_digest)?;
        if let Some(existing) = &existing {
            if existing.same {
                return Ok(Written::Unchanged);
            }
            if let Authority::Department(own) = &self.authority
                && existing.provider != own.as_str()
            {
                self.refused.push(record.line);
                return Ok(Written::Unchanged);
            }
        }
        let subject = self.subject(connection, &record.subject, existing.as_ref())?;
        learn_name(connection, record, subject)?;
        let new = self.row(record, (key_digest, content_digest), subject, existing.as_ref())?;
        let index = self.index(record);
        let now = self.gateway.ambient.now();
        Ok(match store::deposit::deposit(connection, existing.as_ref(), &new, &index, now)? {
            Deposit::Inserted => Written::Inserted,
            Deposit::Updated => Written::Updated,
            Deposit::Unchanged => Written::Unchanged,
        })
    }

    fn row(
        &self,
        record: &PreparedRecord,
        (key_digest, content_digest): ([u8; 32], [u8; 32]),
        subject: SubjectId,
        existing: Option<&Existing>,
    ) -> Result<NewRecord, DepositError> {
        let id = existing.map_or_else(|| RecordId::new(self.gateway.ambient.uuid7()), |existing| existing.id);
        let version = existing.map_or(1, |existing| existing.version + 1);
        let provider = match &self.authority {
            Authority::Department(own) => Some(own),
            Authority::Operator => record.provider.department.as_ref(),
        };
        let unverified = provider.is_none().then(|| record.provider.name.clone()).flatten();
        let text = |date: Option<Date>| date.map(|date| date.to_string()).unwrap_or_default();
        let flags: Vec<&str> = record.flags.iter().map(|flag| (*flag).into()).collect();
        let windows = &record.windows;
        Ok(NewRecord {
            id: id.bytes().to_vec(),
            division: self.gateway.division().to_owned(),
            item: record.item.as_str().to_owned(),
            subject: subject.bytes().to_vec(),
            category: record.subject.category.name().to_owned(),
            provider: provider.map(|id| id.as_str().to_owned()).unwrap_or_default(),
            provider_name: unverified.unwrap_or_default(),
            key_digest: key_digest.to_vec(),
            content_digest: content_digest.to_vec(),
            decided_on: text(record.decided_on),
            published_until_sent: text(record.published_until_sent),
            level: windows.level.map(|level| level.name().to_owned()).unwrap_or_default(),
            level_source: windows.level_source.map(|source| source.name().to_owned()).unwrap_or_default(),
            state: record.state.name().to_owned(),
            rule_pack: self.gateway.rules.packs.in_force(self.gateway.ambient.today()).id.clone(),
            public_until: text(windows.public_until),
            shared_until: text(windows.shared_until),
            received_on: record.received_on.to_string(),
            flags: flags.join(","),
            plain: serde_json::to_string(&record.plain).unwrap_or_else(|_| "{}".to_owned()),
            sealed: self.seal(record, id, version)?.to_bytes(),
            version,
            batch: self.batch.bytes().to_vec(),
        })
    }

    fn seal(&self, record: &PreparedRecord, id: RecordId, version: i64) -> Result<SealedFields, DepositError> {
        let mut sealed = SealedFields::default();
        for (field, value) in &record.private {
            let division = self.gateway.division();
            let place = Place { division, item: &record.item, field, record: id, version };
            let envelope = self
                .gateway
                .keyring
                .seal(&place, value, &self.gateway.ambient)
                .map_err(|error| DepositError::Seal { item: record.item.to_string(), cause: error.to_string() })?;
            sealed.insert(field, envelope);
        }
        Ok(sealed)
    }

    fn index(&self, record: &PreparedRecord) -> Vec<(String, String)> {
        let value = |field: &str, content: &Content| match content {
            Content::Clear(text) => text.clone(),
            Content::Private(text) => self.gateway.field_index(record.item.as_str(), field, text.expose()),
        };
        let mut index: Vec<_> =
            record.indexed.iter().map(|(field, content)| (field.clone(), value(field, content))).collect();
        index.sort();
        index.dedup();
        index
    }

    /// The subject of a row: known by one of its identifiers, or made. Without any identifier it is one of its own
    /// for each record, never merged with another.
    fn subject(
        &mut self,
        connection: &mut AnyConnection,
        subject: &PreparedSubject,
        existing: Option<&Existing>,
    ) -> Result<SubjectId, StoreError> {
        let identifiers: Vec<(IdentifierKind, String)> = subject
            .identifiers
            .iter()
            .map(|(kind, content)| match content {
                Content::Clear(text) => (*kind, text.clone()),
                Content::Private(number) => (*kind, self.gateway.certificate_index(*kind, number.expose())),
            })
            .collect();
        for identifier in &identifiers {
            if let Some(id) = self.find(connection, identifier)? {
                return Ok(id);
            }
        }
        if let (true, Some(existing)) = (identifiers.is_empty(), existing) {
            return Ok(existing.subject);
        }
        self.make(connection, subject, identifiers)
    }

    fn find(
        &mut self,
        connection: &mut AnyConnection,
        identifier: &(IdentifierKind, String),
    ) -> Result<Option<SubjectId>, StoreError> {
        if let Some(&id) = self.subjects.get(identifier) {
            return Ok(Some(id));
        }
        let found = store::subject::find_by_identifier(connection, identifier.0, &identifier.1)?;
        if let Some(subject) = &found {
            self.subjects.insert(identifier.clone(), subject.id);
        }
        Ok(found.map(|subject| subject.id))
    }

    fn make(
        &mut self,
        connection: &mut AnyConnection,
        subject: &PreparedSubject,
        identifiers: Vec<(IdentifierKind, String)>,
    ) -> Result<SubjectId, StoreError> {
        let id = SubjectId::new(self.gateway.ambient.uuid7());
        let made = Subject { id, category: subject.category };
        store::subject::insert(connection, &made, self.gateway.ambient.now().micros())?;
        for (kind, value) in identifiers {
            store::subject::insert_identifier(connection, id, kind, &value)?;
            self.subjects.insert((kind, value), id);
        }
        Ok(id)
    }
}

impl RecordSink for Depositor<'_> {
    type Error = DepositError;

    fn write(&mut self, batch: &[PreparedRecord]) -> Result<Vec<Written>, DepositError> {
        let registry = &self.gateway.registry;
        let known = self.subjects.len();
        let written = registry.write_with(|connection| {
            batch.iter().map(|record| self.deposit(connection, record)).collect::<Result<Vec<_>, DepositError>>()
        });
        if written.is_err() && self.subjects.len() != known {
            // Subjects made in the transaction that was rolled back do not exist.
            self.subjects.clear();
        }
        written
    }
}

/// Organisations can be found by name; persons and individual businesses cannot.
fn learn_name(connection: &mut AnyConnection, record: &PreparedRecord, subject: SubjectId) -> Result<(), StoreError> {
    let Some(Content::Clear(name)) = &record.subject.name else { return Ok(()) };
    let key = normalise_name(name);
    let is_organization = record.subject.category == SubjectCategory::Organization;
    if !is_organization || key.is_empty() || store::subject::has_name(connection, subject, &key)? {
        return Ok(());
    }
    store::subject::insert_name(connection, subject, &key)
}

/// A digest of what a department submitted, in place of a file's.
pub(super) fn digest_of(text: &Sensitive) -> [u8; 32] {
    use sha2::{Digest, Sha256};
    Sha256::digest(text.expose().as_bytes()).into()
}
