//! The redaction of one body: somebody proposes it and says why, two others of different roles agree, an entry says so,
//! and the body is gone. The leaf stays, and with it every proof.
//!
//! INVARIANT: three different persons; the entry is durable before the body is removed.

use super::entry::{Decision, EntryKind, NewEntry};
use super::log::Ledger;
use super::state::Unavailable;
use crate::domain::{Instant, Role};
use crate::store::StoreError;
use crate::store::ledger::redaction::{self, RedactionRow};

/// Somebody's word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Voice {
    /// Who: issuer and subject of the token.
    pub person: String,
    /// In which role.
    pub role: Role,
}

impl Voice {
    /// Whether this is another person's word, in another role.
    pub fn is_apart_from(&self, other: &Self) -> bool {
        self.person != other.person && self.role != other.role
    }
}

/// Why a redaction goes no further.
#[derive(Debug, thiserror::Error, strum::IntoStaticStr)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum RedactionFault {
    /// There is no such entry, or it has no body any more.
    #[error("there is no entry of this index whose body is still there")]
    NoBody,
    /// Entries about the ledger itself are never redacted.
    #[error("entries about the ledger, its keys and its exports are not redacted")]
    Protected,
    /// It was proposed before.
    #[error("this redaction was proposed already")]
    Proposed,
    /// Nobody has proposed it.
    #[error("nobody has proposed this redaction")]
    NotProposed,
    /// One person, two words.
    #[error("you have proposed it or agreed to it already: it takes somebody else")]
    SamePerson,
    /// Two persons, one role.
    #[error("somebody of your role has agreed already: it takes another role")]
    SameRole,
    /// It was done.
    #[error("the body is gone already")]
    Done,
    /// The entry that says so cannot be written.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<diesel::result::Error> for RedactionFault {
    fn from(error: diesel::result::Error) -> Self {
        Self::Store(error.into())
    }
}

/// A redaction, and how far it has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redaction {
    /// The entry whose body it is.
    pub index: u64,
    /// Why.
    pub reason: String,
    /// Who proposed it, and when.
    pub proposed: (Voice, Instant),
    /// Who has agreed, and when: at most two.
    pub agreed: Vec<(Voice, Instant)>,
    /// When the body was removed.
    pub done_at: Option<Instant>,
}

impl Ledger {
    /// The redactions that were proposed last, the newest first.
    pub fn redactions(&self, limit: u32) -> Result<Vec<Redaction>, StoreError> {
        let rows = self.database().read(|connection| redaction::newest(connection, limit.into()))?;
        rows.iter().map(read).collect()
    }

    /// Proposes to redact the body of an entry.
    pub fn propose_redaction(&self, index: u64, reason: &str, voice: &Voice) -> Result<Redaction, RedactionFault> {
        let entry = self.entry(index)?.ok_or(RedactionFault::NoBody)?;
        if matches!(entry.leaf.kind, EntryKind::Admin | EntryKind::Key | EntryKind::Policy | EntryKind::Export) {
            return Err(RedactionFault::Protected);
        }
        let row = RedactionRow {
            idx: i64::try_from(index).map_err(|_| RedactionFault::NoBody)?,
            reason: reason.to_owned(),
            proposed_by: voice.person.clone(),
            proposed_role: voice.role.name().to_owned(),
            proposed_at: self.now().micros(),
            first_by: String::new(),
            first_role: String::new(),
            first_at: None,
            second_by: String::new(),
            second_role: String::new(),
            second_at: None,
            done_at: None,
        };
        let _gate = self.write_gate().lock();
        self.database().write_with(|connection| {
            if redaction::find(connection, row.idx)?.is_some() {
                return Err(RedactionFault::Proposed);
            }
            if crate::store::ledger::entry::bodies(connection, row.idx, row.idx)?.is_empty() {
                return Err(RedactionFault::NoBody);
            }
            redaction::insert(connection, &row)?;
            Ok(read(&row)?)
        })
    }

    /// Agrees to a redaction; with the second who agrees it is done. One that was agreed to by two and then broken off is
    /// completed by whoever of them agrees again. Blocks.
    pub fn agree_to_redaction(&self, index: u64, voice: &Voice) -> Result<Redaction, RedactionFault> {
        let idx = i64::try_from(index).map_err(|_| RedactionFault::NotProposed)?;
        let row = {
            let _gate = self.write_gate().lock();
            let now = self.now().micros();
            self.database().write_with(|connection| {
                let mut row = redaction::find(connection, idx)?.ok_or(RedactionFault::NotProposed)?;
                agree(&mut row, voice, now)?;
                redaction::replace(connection, &row)?;
                Ok::<_, RedactionFault>(row)
            })?
        };
        if row.second_at.is_none() {
            return Ok(read(&row)?);
        }
        self.append_blocking(entry_of(&row))?;
        let _gate = self.write_gate().lock();
        let done = RedactionRow { done_at: Some(self.now().micros()), ..row };
        self.database().write_with(|connection| {
            redaction::remove_body(connection, idx)?;
            redaction::replace(connection, &done)?;
            Ok(read(&done)?)
        })
    }
}

fn agree(row: &mut RedactionRow, voice: &Voice, now: i64) -> Result<(), RedactionFault> {
    if row.done_at.is_some() {
        return Err(RedactionFault::Done);
    }
    let role = voice.role.name();
    if row.second_at.is_some() {
        let is_one_of_them = [&row.first_by, &row.second_by].contains(&&voice.person);
        return if is_one_of_them { Ok(()) } else { Err(RedactionFault::Done) };
    }
    if [&row.proposed_by, &row.first_by].contains(&&voice.person) {
        return Err(RedactionFault::SamePerson);
    }
    if row.first_at.is_none() {
        (row.first_by, row.first_role, row.first_at) = (voice.person.clone(), role.to_owned(), Some(now));
    } else if row.first_role == role {
        return Err(RedactionFault::SameRole);
    } else {
        (row.second_by, row.second_role, row.second_at) = (voice.person.clone(), role.to_owned(), Some(now));
    }
    Ok(())
}

/// The entry that says so: which entry in the open, who and why sealed.
fn entry_of(row: &RedactionRow) -> NewEntry {
    let mut entry = NewEntry::new(EntryKind::Admin, Decision::Allowed);
    entry.flags = vec!["REDACTED".to_owned()];
    entry.reference = Some(row.idx.unsigned_abs());
    let reason = serde_json::json!({
        "reason": row.reason, "proposed": [row.proposed_by, row.proposed_role],
        "agreed": [[row.first_by, row.first_role], [row.second_by, row.second_role]],
    });
    entry.committed.reason = Some(reason.to_string());
    entry
}

fn read(row: &RedactionRow) -> Result<Redaction, StoreError> {
    let corrupt = || StoreError::Corrupt { table: "ledger_redaction", column: "role", row: row.idx.to_string() };
    let voice = |person: &str, role: &str, at: i64| {
        let role: Role = role.parse().map_err(|_| corrupt())?;
        Ok::<_, StoreError>((Voice { person: person.to_owned(), role }, Instant::from_micros(at)))
    };
    let agreed = [(&row.first_by, &row.first_role, row.first_at), (&row.second_by, &row.second_role, row.second_at)];
    let agreed = agreed.into_iter().filter_map(|(person, role, at)| Some(voice(person, role, at?)));
    Ok(Redaction {
        index: row.idx.unsigned_abs(),
        reason: row.reason.clone(),
        proposed: voice(&row.proposed_by, &row.proposed_role, row.proposed_at)?,
        agreed: agreed.collect::<Result<_, _>>()?,
        done_at: row.done_at.map(Instant::from_micros),
    })
}
