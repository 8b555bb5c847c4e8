//! Queries that their subjects learn of later (推迟告知): a law asks for it, a supervisor of the department proposes it, somebody of
//! another role agrees, an entry says so. The ledger itself holds nothing back: the leaf stands where it stood.
//!
//! INVARIANT: hiding needs a row with a day on which it ends; without one the subject sees the entry.

use super::entry::{Decision, EntryKind, NewEntry};
use super::log::Ledger;
use super::redaction::Voice;
use super::state::Unavailable;
use crate::domain::{Date, Instant, Role};
use crate::store::StoreError;
use crate::store::ledger::delay::{self, DelayRow};

/// What can be told later: whatever names a subject because somebody asked about it.
const KINDS: [EntryKind; 4] = [EntryKind::Query, EntryKind::Check, EntryKind::BreakGlass, EntryKind::MutationOutcome];
/// For how long a proposal hides an entry before anybody has agreed: three days, in microseconds.
pub const PROVISIONAL: i64 = 3 * 24 * 3_600 * 1_000_000;

/// A delay, and how far it has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delay {
    /// The entry.
    pub index: u64,
    /// The last day on which the subject does not see it.
    pub until: Date,
    /// The legal ground.
    pub ground: String,
    /// Who proposed it, and when.
    pub proposed: (Voice, Instant),
    /// Who agreed, and when.
    pub agreed: Option<(Voice, Instant)>,
}

/// Why a delay goes no further.
#[derive(Debug, thiserror::Error, strum::IntoStaticStr)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum DelayFault {
    /// There is no such query of the department's.
    #[error("your department has made no query of this index about anybody")]
    NoQuery,
    /// It was proposed before: a proposal hides the entry for a while, so there is one for ever.
    #[error("a delay of this entry was proposed already")]
    Proposed,
    /// Nobody has proposed it.
    #[error("nobody has proposed a delay of this entry")]
    NotProposed,
    /// It was agreed to.
    #[error("somebody has agreed already")]
    Agreed,
    /// Its last day is over.
    #[error("its last day is over")]
    Over,
    /// One person, two words.
    #[error("you have proposed it: it takes somebody else")]
    SamePerson,
    /// The entry that says so cannot be written.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<diesel::result::Error> for DelayFault {
    fn from(error: diesel::result::Error) -> Self {
        Self::Store(error.into())
    }
}

impl Ledger {
    /// The delays that were proposed last, the newest first.
    pub fn delays(&self, limit: u32) -> Result<Vec<Delay>, StoreError> {
        let rows = self.database().read(|connection| delay::newest(connection, limit.into()))?;
        rows.iter().map(read).collect()
    }

    /// Proposes to hide a query of `consumer` from its subjects until the end of a day.
    pub fn propose_delay(
        &self,
        index: u64,
        consumer: &str,
        (until, ground): (Date, &str),
        voice: &Voice,
    ) -> Result<Delay, DelayFault> {
        let entry = self.entry(index)?.ok_or(DelayFault::NoQuery)?;
        let is_query = KINDS.contains(&entry.leaf.kind) && entry.leaf.subjects > 0;
        if !is_query || entry.leaf.consumer.as_deref() != Some(consumer) {
            return Err(DelayFault::NoQuery);
        }
        let row = DelayRow {
            idx: i64::try_from(index).map_err(|_| DelayFault::NoQuery)?,
            until_on: until.to_string(),
            ground: ground.to_owned(),
            proposed_by: voice.person.clone(),
            proposed_role: voice.role.name().to_owned(),
            proposed_at: self.now().micros(),
            agreed_by: String::new(),
            agreed_role: String::new(),
            agreed_at: None,
        };
        let _gate = self.write_gate().lock();
        self.database().write_with(|connection| {
            if delay::find(connection, row.idx)?.is_some() {
                return Err(DelayFault::Proposed);
            }
            delay::insert(connection, &row)?;
            Ok(read(&row)?)
        })
    }

    /// Agrees to a delay. The entry that says so comes first: broken off after it, whoever agrees does so again. Blocks.
    pub fn agree_to_delay_blocking(&self, index: u64, voice: &Voice) -> Result<Delay, DelayFault> {
        let idx = i64::try_from(index).map_err(|_| DelayFault::NotProposed)?;
        let row = self.database().read(|connection| delay::find(connection, idx))?.ok_or(DelayFault::NotProposed)?;
        let proposed = read(&row)?;
        if proposed.agreed.is_some() {
            return Err(DelayFault::Agreed);
        }
        if proposed.until < self.now().date_in_shanghai() {
            return Err(DelayFault::Over);
        }
        if row.proposed_by == voice.person {
            return Err(DelayFault::SamePerson);
        }
        let row = DelayRow {
            agreed_by: voice.person.clone(),
            agreed_role: voice.role.name().to_owned(),
            agreed_at: Some(self.now().micros()),
            ..row
        };
        self.append_blocking(entry_of(&row))?;
        let _gate = self.write_gate().lock();
        self.database().write_with(|connection| {
            if delay::find(connection, idx)?.is_some_and(|found| found.agreed_at.is_some()) {
                return Err(DelayFault::Agreed);
            }
            delay::replace(connection, &row)?;
            Ok(read(&row)?)
        })
    }

    /// Which of these entries their subjects do not see now.
    pub fn hidden_from_subjects(&self, among: &[u64]) -> Result<Vec<u64>, StoreError> {
        let among: Vec<i64> = among.iter().map(|&index| i64::try_from(index).unwrap_or(i64::MAX)).collect();
        let (now, today) = (self.now(), self.now().date_in_shanghai().to_string());
        let since = now.micros() - PROVISIONAL;
        let hidden = self.database().read(|connection| delay::hidden(connection, &among, &today, since))?;
        Ok(hidden.into_iter().map(i64::unsigned_abs).collect())
    }
}

/// The entry that says so: which entry in the open, until when, who and why sealed.
fn entry_of(row: &DelayRow) -> NewEntry {
    let mut entry = NewEntry::new(EntryKind::Admin, Decision::Allowed);
    entry.flags = vec!["DELAYED".to_owned()];
    entry.reference = Some(row.idx.unsigned_abs());
    let reason = serde_json::json!({
        "ground": row.ground, "until": row.until_on, "proposed": [row.proposed_by, row.proposed_role],
        "agreed": [row.agreed_by, row.agreed_role],
    });
    entry.committed.reason = Some(reason.to_string());
    entry
}

fn read(row: &DelayRow) -> Result<Delay, StoreError> {
    let corrupt = |column| StoreError::Corrupt { table: "ledger_delay", column, row: row.idx.to_string() };
    let voice = |person: &str, role: &str, at: i64| {
        let role: Role = role.parse().map_err(|_| corrupt("role"))?;
        Ok::<_, StoreError>((Voice { person: person.to_owned(), role }, Instant::from_micros(at)))
    };
    Ok(Delay {
        index: row.idx.unsigned_abs(),
        until: row.until_on.parse().map_err(|_| corrupt("until_on"))?,
        ground: row.ground.clone(),
        proposed: voice(&row.proposed_by, &row.proposed_role, row.proposed_at)?,
        agreed: row.agreed_at.map(|at| voice(&row.agreed_by, &row.agreed_role, at)).transpose()?,
    })
}
