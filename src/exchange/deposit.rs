//! The store as the importer's sink: subjects found or made, private values sealed, records upserted by natural key.
//!
//! A chunk is one transaction and a record is told by the HMAC of its natural key, so a killed import is simply run
//! again: nothing doubled, nothing half.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::fault::Fault;
use super::gateway::Gateway;
use super::import::{Content, PreparedRecord, PreparedSubject, RecordSink, Written};
use super::submission;
use crate::domain::identifier::IdentifierKind;
use crate::domain::text::normalise_name;
use crate::domain::{
    BatchId, Date, DepartmentId, Place, RecordId, RecordState, SealedFields, Sensitive, SubjectCategory, SubjectId,
};
use crate::store::deposit::{Deposit, Existing, NewBatch, NewRecord, Pending};
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
    /// A package of another platform: those that no department here provides.
    Platform,
}

/// Writes prepared records into the registry as one batch.
#[derive(Debug)]
pub struct Depositor<'g> {
    gateway: &'g Gateway,
    batch: BatchId,
    authority: Authority,
    /// Subjects met in this batch, by kind and value of an identifier.
    subjects: HashMap<(IdentifierKind, String), SubjectId>,
    /// Names under which subjects are known, as far as they were met in this batch.
    names: HashSet<(SubjectId, String)>,
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
        Ok(Self { gateway, batch: id, authority, subjects: HashMap::new(), names: HashSet::new(), refused: Vec::new() })
    }

    /// Keeps the batch's quality report.
    pub fn finish(&self, report: &str) -> Result<(), StoreError> {
        self.gateway.registry.write(|connection| store::deposit::set_report(connection, self.batch, report))
    }

    /// Deposits a chunk inside a transaction.
    fn deposit(
        &mut self,
        connection: &mut AnyConnection,
        records: &[PreparedRecord],
    ) -> Result<Vec<Written>, DepositError> {
        let digests: Vec<Digests> = records.iter().map(|record| self.digests(record)).collect();
        let keys: Vec<[u8; 32]> = digests.iter().map(|digests| digests.key).collect();
        let mut known = store::deposit::existing(connection, &keys)?;
        self.meet(connection, records)?;
        let (mut chunk, mut seen, mut written) = (Chunk::default(), HashSet::new(), Vec::with_capacity(records.len()));
        for (record, digests) in records.iter().zip(digests) {
            if !seen.insert(digests.key) {
                // The same key once more: what the first became must be there to be found.
                chunk.flush(connection, self.gateway)?;
                known.extend(store::deposit::existing(connection, &[digests.key])?);
            }
            let existing = known.get(&digests.key);
            let done = self.deposit_one(connection, record, (&digests, existing), &mut chunk)?;
            written.push(done);
        }
        chunk.flush(connection, self.gateway)?;
        Ok(written)
    }

    fn digests(&self, record: &PreparedRecord) -> Digests {
        let keyring = &self.gateway.keyring;
        Digests {
            key: submission::key_digest(self.gateway, record),
            content: keyring.digest("record.content", record.content_text().expose().as_bytes()),
        }
    }

    fn deposit_one(
        &mut self,
        connection: &mut AnyConnection,
        record: &PreparedRecord,
        (digests, existing): (&Digests, Option<&Existing>),
        chunk: &mut Chunk,
    ) -> Result<Written, DepositError> {
        if let Some(existing) = existing {
            if existing.content_digest == digests.content {
                return Ok(Written::Unchanged);
            }
            let is_own = match &self.authority {
                Authority::Department(own) => existing.provider == own.as_str(),
                Authority::Operator => true,
                Authority::Platform => existing.provider.is_empty(),
            };
            if !is_own {
                self.refused.push(record.line);
                return Ok(Written::Unchanged);
            }
        }
        let subject = self.subject(&record.subject, existing, chunk);
        self.learn_name(record, subject, chunk);
        let new = self.row(record, (digests.key, digests.content), subject, existing)?;
        Ok(match chunk.records.put(connection, existing, new, self.index(record))? {
            Deposit::Inserted => Written::Inserted,
            Deposit::Updated => Written::Updated,
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
            // A department here answers for what it has reported itself, and for nothing else.
            Authority::Platform => None,
        };
        let unverified = provider.is_none().then(|| record.provider.name.clone()).flatten();
        let text = |date: Option<Date>| date.map(|date| date.to_string()).unwrap_or_default();
        // What was repaired or is shielded stays so, whatever is reported of it again: a step of the repair alone undoes it.
        let kept = [RecordState::Repaired, RecordState::Shielded].map(RecordState::name);
        let kept = existing.and_then(|existing| kept.into_iter().find(|state| existing.state == *state));
        let state = kept.unwrap_or(record.state.name());
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
            state: state.to_owned(),
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

    fn identifiers(&self, subject: &PreparedSubject) -> Vec<(IdentifierKind, String)> {
        let value = |(kind, content): &(IdentifierKind, Content)| match content {
            Content::Clear(text) => (*kind, text.clone()),
            Content::Private(number) => (*kind, self.gateway.certificate_index(*kind, number.expose())),
        };
        subject.identifiers.iter().map(value).collect()
    }

    /// Looks up the subjects of a chunk and their names.
    fn meet(&mut self, connection: &mut AnyConnection, records: &[PreparedRecord]) -> Result<(), StoreError> {
        let mut wanted: BTreeMap<&'static str, (IdentifierKind, Vec<String>)> = BTreeMap::new();
        let identifiers: BTreeSet<_> = records.iter().flat_map(|record| self.identifiers(&record.subject)).collect();
        for (kind, value) in identifiers {
            if !self.subjects.contains_key(&(kind, value.clone())) {
                wanted.entry(kind.name()).or_insert_with(|| (kind, Vec::new())).1.push(value);
            }
        }
        for (kind, values) in wanted.into_values() {
            for (value, id) in store::subject::with_identifiers(connection, kind, &values)? {
                self.subjects.insert((kind, value), id);
            }
        }
        let names: BTreeSet<String> = records.iter().filter_map(name_key).collect();
        let names: Vec<String> = names.into_iter().collect();
        let found = store::subject_name::with_names(connection, &names)?;
        self.names.extend(found.into_iter().map(|(name_key, id)| (id, name_key)));
        Ok(())
    }

    /// The subject of a row: known by one of its identifiers, or made. Without any identifier it is one of its own
    /// for each record, never merged with another.
    fn subject(&mut self, subject: &PreparedSubject, existing: Option<&Existing>, chunk: &mut Chunk) -> SubjectId {
        let identifiers = self.identifiers(subject);
        if let Some(&id) = identifiers.iter().find_map(|identifier| self.subjects.get(identifier)) {
            return id;
        }
        if let (true, Some(existing)) = (identifiers.is_empty(), existing) {
            return existing.subject;
        }
        let id = SubjectId::new(self.gateway.ambient.uuid7());
        chunk.subjects.push(Subject { id, category: subject.category });
        for (kind, value) in identifiers {
            chunk.identifiers.push((id, kind, value.clone()));
            self.subjects.insert((kind, value), id);
        }
        id
    }

    fn learn_name(&mut self, record: &PreparedRecord, subject: SubjectId, chunk: &mut Chunk) {
        if let Some(name_key) = name_key(record)
            && self.names.insert((subject, name_key.clone()))
        {
            chunk.names.push((subject, name_key));
        }
    }
}

impl RecordSink for Depositor<'_> {
    type Error = DepositError;

    fn write(&mut self, batch: &[PreparedRecord]) -> Result<Vec<Written>, DepositError> {
        let registry = &self.gateway.registry;
        let written = registry.write_with(|connection| self.deposit(connection, batch));
        if written.is_err() {
            // Subjects and names made in the transaction that was rolled back do not exist.
            self.subjects.clear();
            self.names.clear();
        }
        written
    }
}

/// A record's natural key and content, as digests.
struct Digests {
    key: [u8; 32],
    content: [u8; 32],
}

/// What a chunk writes, gathered for few statements.
#[derive(Default)]
struct Chunk {
    subjects: Vec<Subject>,
    identifiers: Vec<(SubjectId, IdentifierKind, String)>,
    names: Vec<(SubjectId, String)>,
    records: Pending,
}

impl Chunk {
    /// Writes what waits, whatever is referred to before what refers to it.
    fn flush(&mut self, connection: &mut AnyConnection, gateway: &Gateway) -> Result<(), StoreError> {
        let now = gateway.ambient.now();
        store::subject::insert(connection, &std::mem::take(&mut self.subjects), now)?;
        store::subject::insert_identifiers(connection, std::mem::take(&mut self.identifiers))?;
        store::subject_name::insert(connection, std::mem::take(&mut self.names))?;
        self.records.flush(connection, now)
    }
}

/// The normalised name of a record's subject. Organisations can be found by name; persons and individual businesses cannot.
fn name_key(record: &PreparedRecord) -> Option<String> {
    let Some(Content::Clear(name)) = &record.subject.name else { return None };
    let is_organization = record.subject.category == SubjectCategory::Organization;
    Some(normalise_name(name)).filter(|key| is_organization && !key.is_empty())
}

/// A digest of what a department submitted, in place of a file's.
pub(super) fn digest_of(text: &Sensitive) -> [u8; 32] {
    use sha2::{Digest, Sha256};
    Sha256::digest(text.expose().as_bytes()).into()
}
