//! Going on with a database that does not hold all that was signed: never by itself, always under another name, and with
//! an entry that everybody can read. What was lost stays lost; that it was lost cannot be.
//!
//! Deliberately absent: repair. A database that contradicts itself is not recovered; a copy that does not must be found.

use std::path::{Path, PathBuf};

use super::checkpoint::Checkpoint;
use super::draft::Draft;
use super::entry::{Decision, EntryKind, NewEntry};
use super::integrate::{self, IntegrateError};
use super::keys::LedgerKeys;
use super::log::LedgerError;
use super::note::NoteError;
use super::proof;
use super::published::StoredTiles;
use super::redaction::Voice;
use super::state::Reason;
use super::tree::leaf_hash;
use super::{high_water, small_file};
use crate::clock::Ambient;
use crate::store::ledger::entry::{self, BodyRow, EntryRow};
use crate::store::ledger::epoch::{self, EpochRow};
use crate::store::ledger::head;
use crate::store::{AnyConnection, Database, StoreError};

/// Why a ledger is not recovered.
#[derive(Debug, thiserror::Error)]
pub enum RecoverFault {
    /// There is no ledger.
    #[error("there is no ledger here yet")]
    NotCreated,
    /// The ledger has moved on since the keys were joined.
    #[error("the ledger here is `{0}`: start again")]
    OtherOrigin(String),
    /// The checkpoint is none of this ledger.
    #[error("the checkpoint that was kept is not signed by this ledger's key: {0}")]
    Kept(#[from] NoteError),
    /// Nothing was lost.
    #[error("the database holds all that the kept checkpoint covers: there is nothing to recover, start the gateway")]
    NothingLost,
    /// One person twice, or one role twice.
    #[error("it takes two persons of two roles")]
    SameVoice,
    /// The entry cannot be written.
    #[error("the entry cannot be written: {0}")]
    Entry(Reason),
    /// The database contradicts itself.
    #[error("the database contradicts itself, so it is no true copy either: {0}")]
    Contradiction(#[from] IntegrateError),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<diesel::result::Error> for RecoverFault {
    fn from(error: diesel::result::Error) -> Self {
        Self::Store(error.into())
    }
}

/// Who recovers a ledger, and why.
#[derive(Clone, Copy, Debug)]
pub struct Acknowledgement<'a> {
    /// The newest checkpoint that was kept outside and contradicts the database: a signed note.
    pub kept: &'a str,
    /// Why the database does not hold it.
    pub reason: &'a str,
    /// Two persons of two roles.
    pub voices: [&'a Voice; 2],
}

/// What was lost, as far as it can be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loss {
    /// How many entries the kept checkpoint covers.
    pub kept: u64,
    /// How many entries are stored.
    pub stored: u64,
}

/// A ledger that goes on.
#[derive(Clone, Debug)]
pub struct Recovered {
    /// Its keys, under its name now.
    pub keys: LedgerKeys,
    /// The index of the entry that acknowledges what was lost.
    pub index: u64,
    /// Its first checkpoint under that name.
    pub checkpoint: String,
}

/// Holds the database against a checkpoint that was kept outside.
///
/// # Errors
/// `NothingLost` when the database holds all of it; `Contradiction` when it does not even agree with itself.
pub fn loss(database: &Database, keys: &LedgerKeys, kept: &str) -> Result<Loss, RecoverFault> {
    database.connect()?.snapshot(|connection| {
        let (head, kept) = (head_of(connection, keys)?, Checkpoint::open(kept, keys.log())?);
        assert_lost(connection, &kept)?;
        Ok(Loss { kept: kept.size, stored: head.next.unsigned_abs() })
    })
}

/// Ends the epoch. In one transaction the acknowledging entry is appended, the ledger takes its next name, and the tree over all
/// entries is signed under it; writers and signers of the epoch that ended are fenced off.
pub fn recover(
    database: &Database,
    keys: &LedgerKeys,
    ambient: &Ambient,
    acknowledged: Acknowledgement<'_>,
) -> Result<Recovered, RecoverFault> {
    let [one, other] = acknowledged.voices;
    if !one.is_apart_from(other) {
        return Err(RecoverFault::SameVoice);
    }
    let kept = Checkpoint::open(acknowledged.kept, keys.log())?;
    let mut connection = database.connect()?;
    let epoch = head_of(&mut connection, keys)?.epoch;
    let next_keys = keys.clone().in_epoch(epoch + 1);
    let entry = fork_ack(&kept, epoch + 1, acknowledged);
    let instance = format!("recover/{}", hex::encode(ambient.bytes::<6>()));
    let draft = Draft::new(entry, &next_keys, &instance, ambient).map_err(RecoverFault::Entry)?;
    connection.write(|connection| {
        let index = head::advance(connection, epoch, 1)?;
        assert_lost(connection, &kept)?;
        let now = ambient.now().micros();
        append(connection, draft, &instance, (index, now))?;
        let ended = EpochRow {
            epoch,
            origin: keys.origin.to_string(),
            ended_idx: index,
            ended_at: now,
            kept: acknowledged.kept.to_owned(),
        };
        epoch::end(connection, &ended, &next_keys.origin)?;
        let tree = integrate::load(connection)?;
        let grown = integrate::grow(connection, &tree, index + 1)?;
        let signed = integrate::sign(connection, (&tree, &grown), &next_keys, now, None)?;
        Ok(Recovered { keys: next_keys.clone(), index: index.unsigned_abs(), checkpoint: signed.note })
    })
}

/// A recovery that was broken off before its checkpoint was kept outside: the note to keep, if `kept` is the one that was
/// acknowledged last.
pub fn unfinished(database: &Database, kept: &str) -> Result<Option<String>, RecoverFault> {
    let mut connection = database.connect()?;
    match epoch::last(&mut connection)? {
        Some(ended) if ended.kept == kept => {
            Ok(crate::store::ledger::tree::latest_checkpoint(&mut connection)?.map(|latest| latest.note))
        }
        _ => Ok(None),
    }
}

/// Keeps the first checkpoint of an epoch in the file, and the last of the one before beside it.
pub fn keep(path: &Path, before: &str, checkpoint: &str) -> Result<(), LedgerError> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".before");
    let beside = PathBuf::from(beside);
    small_file::replace(&beside, before).map_err(|cause| LedgerError::HighWater { path: beside, cause })?;
    high_water::begin(path, checkpoint)
}

fn head_of(connection: &mut AnyConnection, keys: &LedgerKeys) -> Result<head::Head, RecoverFault> {
    let head = head::load(connection)?.ok_or(RecoverFault::NotCreated)?;
    if *head.origin == *keys.origin { Ok(head) } else { Err(RecoverFault::OtherOrigin(head.origin)) }
}

fn assert_lost(connection: &mut AnyConnection, kept: &Checkpoint) -> Result<(), RecoverFault> {
    let mut tiles = StoredTiles::open(connection)?;
    if kept.size <= tiles.size() && proof::root(&mut tiles, kept.size)? == kept.root {
        return Err(RecoverFault::NothingLost);
    }
    Ok(())
}

/// The entry that everybody can read: which checkpoint is not held any more. Who and why are sealed.
fn fork_ack(kept: &Checkpoint, epoch: i64, acknowledged: Acknowledgement<'_>) -> NewEntry {
    let body = kept.text();
    let mut entry = NewEntry::new(EntryKind::ForkAck, Decision::Allowed);
    entry.acknowledged = Some(body.trim_end().replace('\n', " "));
    entry.flags = vec![format!("EPOCH:{epoch}")];
    entry.committed.reason = Some(acknowledged.reason.to_owned());
    entry.committed.actor = Some(acknowledged.voices.map(|voice| voice.person.as_str()).join(", "));
    entry
}

fn append(
    connection: &mut AnyConnection,
    draft: Draft,
    instance: &str,
    (index, time): (i64, i64),
) -> Result<(), StoreError> {
    let leaf = draft.leaf(0, time);
    let row = EntryRow {
        idx: index,
        ins: instance.to_owned(),
        iseq: 0,
        t: time,
        kind: draft.kind.to_owned(),
        role: draft.role.to_owned(),
        consumer: draft.consumer,
        decision: draft.decision.to_owned(),
        items: draft.items,
        leaf_hash: leaf_hash(&leaf).to_vec(),
        leaf,
    };
    let body = BodyRow { idx: index, period: draft.period, sealed: draft.sealed };
    entry::insert(connection, &[row], &[body], &[])
}
