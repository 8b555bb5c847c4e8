//! The review of queries (查询审查): which entries somebody has to look at, until when, and what was said of them.
//!
//! Why an entry is in the queue follows from its leaf and the file of rules alone, so an auditor can work it out again.
//! The sample is drawn by the leaf hash: nobody picks, neither who asked nor who reviews.

use std::path::Path;

use serde::Deserialize;
use strum::{EnumIter, EnumString, IntoStaticStr};

use super::entry::{Decision, EntryKind, NewEntry};
use super::leaf::Leaf;
use super::log::Ledger;
use super::redaction::Voice;
use super::state::Unavailable;
use super::tree::{Hash, leaf_hash};
use crate::domain::{Date, Instant, Role, Tier};
use crate::store::StoreError;
use crate::store::ledger::entry;
use crate::store::ledger::review::{self, AWAITING, ReviewFilter, ReviewRow};

/// The mark of every entry that an emergency has to do with.
pub const BREAK_GLASS: &str = "BREAK_GLASS";
/// How many entries are looked through in one transaction.
const CHUNK: i64 = 1_000;
/// What is wanted when there is no file.
const DEFAULT: ReviewRules =
    ReviewRules { sample: 0.01, due_working_days: 10, break_glass_due_working_days: BREAK_GLASS_DUE };
/// In how many working days an emergency is reviewed when the file does not say.
const BREAK_GLASS_DUE: u32 = 3;

/// What the file of rules says.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReviewRules {
    /// The part of otherwise unremarkable queries that is reviewed, 0 to 1.
    pub sample: f64,
    /// In how many working days after the query.
    pub due_working_days: u32,
    /// The same for what was opened in an emergency.
    #[serde(default = "break_glass_due")]
    pub break_glass_due_working_days: u32,
}

fn break_glass_due() -> u32 {
    BREAK_GLASS_DUE
}

/// The file of rules is not sound.
#[derive(Debug, thiserror::Error)]
#[error("`{path}`: {cause}")]
pub struct ReviewRulesFault {
    path: String,
    cause: String,
}

impl ReviewRules {
    /// Reads a file of rules; where there is none, one in a hundred within ten working days.
    pub fn load(path: &Path) -> Result<Self, ReviewRulesFault> {
        let fault = |cause: String| ReviewRulesFault { path: path.display().to_string(), cause };
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(DEFAULT),
            Err(error) => return Err(fault(error.to_string())),
        };
        let rules: Self = toml::from_str(&text).map_err(|error| fault(error.to_string()))?;
        if !(0.0..=1.0).contains(&rules.sample) {
            return Err(fault("`sample` is a part, 0 to 1".to_owned()));
        }
        if ![rules.due_working_days, rules.break_glass_due_working_days].iter().all(|days| (1..=250).contains(days)) {
            return Err(fault("`due_working_days` and `break_glass_due_working_days` are 1 to 250".to_owned()));
        }
        Ok(rules)
    }

    /// Why an entry is to be reviewed; nothing when it is not. Only what an organisation asked is: the public and subjects
    /// with their own view answer to nobody for their curiosity.
    pub fn reasons(&self, leaf: &Leaf, hash: &Hash) -> Vec<ReviewReason> {
        let role: Option<Role> = leaf.role.as_deref().and_then(|role| role.parse().ok());
        if !matches!(role, Some(Role::Department | Role::Coordinator | Role::Grantee)) {
            return Vec::new();
        }
        let mut reasons = Vec::new();
        let is_of_emergency = leaf.flags.iter().any(|flag| flag == BREAK_GLASS);
        if is_of_emergency && matches!(leaf.kind, EntryKind::Query | EntryKind::Check | EntryKind::BreakGlass) {
            reasons.push(ReviewReason::BreakGlass);
        }
        if leaf.flags.iter().any(|flag| flag == "OVERREACH") {
            reasons.push(ReviewReason::Overreach);
        }
        if matches!(leaf.kind, EntryKind::Query | EntryKind::Check) {
            if leaf.tier.as_deref() == Some(Tier::AuthorizedQuery.name()) {
                reasons.push(ReviewReason::AuthorizedQuery);
            }
            if reasons.is_empty() && self.samples(hash) {
                reasons.push(ReviewReason::Sample);
            }
        }
        reasons
    }

    /// In how many working days something is reviewed for these reasons.
    pub fn days_for(&self, reasons: &[ReviewReason]) -> u32 {
        if reasons.contains(&ReviewReason::BreakGlass) {
            self.break_glass_due_working_days.min(self.due_working_days)
        } else {
            self.due_working_days
        }
    }

    fn samples(&self, hash: &Hash) -> bool {
        let number = hash.first_chunk().map_or(u64::MAX, |bytes| u64::from_be_bytes(*bytes));
        #[expect(clippy::cast_precision_loss, reason = "a part of 2^64 is not needed to the last bit")]
        let part = number as f64 / u64::MAX as f64;
        part < self.sample || self.sample >= 1.0
    }
}

/// Why a query is to be reviewed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, IntoStaticStr, EnumString)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum ReviewReason {
    /// Records were opened in an emergency (break-glass), or read for the purpose of one.
    BreakGlass,
    /// An authorization opened it.
    AuthorizedQuery,
    /// It asked for something beyond the caller's reach.
    Overreach,
    /// Its leaf hash drew it.
    Sample,
}

/// What a reviewer said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, IntoStaticStr, EnumIter, EnumString)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum ReviewState {
    /// Nothing yet.
    Awaiting,
    /// The query was justified.
    Justified,
    /// It was not.
    Unjustified,
}

/// A query that is to be reviewed, or was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Review {
    /// The entry.
    pub index: u64,
    /// Why.
    pub reasons: Vec<ReviewReason>,
    /// The last day on which it is in time.
    pub due_on: Date,
    /// What was said.
    pub state: ReviewState,
    /// Who said it, when, and why.
    pub reviewed: Option<(Voice, Instant, String)>,
}

/// Which reviews are wanted. Absent parts do not narrow.
#[derive(Clone, Debug, Default)]
pub struct ReviewQuery {
    /// In this state.
    pub state: Option<ReviewState>,
    /// Of this consuming organisation.
    pub consumer: Option<String>,
    /// Awaited, and due before this day.
    pub overdue_on: Option<Date>,
}

/// Why a review is not taken.
#[derive(Debug, thiserror::Error, strum::IntoStaticStr)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum ReviewFault {
    /// The entry is not to be reviewed.
    #[error("no entry of this index awaits your review")]
    NotAwaited,
    /// Somebody has reviewed it.
    #[error("it was reviewed already")]
    Reviewed,
    /// The entry that says so cannot be written.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Ledger {
    /// Looks through entries that are new since the last time, `chunks` times a thousand at most. `due` gives the
    /// day that lies so many working days after another. Whether there may be more. Blocks.
    pub fn queue_reviews_blocking(
        &self,
        rules: &ReviewRules,
        due: impl Fn(Date, u32) -> Date,
        chunks: usize,
    ) -> Result<bool, StoreError> {
        for _ in 0..chunks {
            let (from, rows) = self.database().read(|connection| {
                let from = review::next(connection)?;
                Ok::<_, StoreError>((from, entry::page(connection, from, CHUNK)?))
            })?;
            let Some(last) = rows.last() else { return Ok(false) };
            let mut reviews = Vec::new();
            for row in &rows {
                let corrupt =
                    || StoreError::Corrupt { table: "ledger_entry", column: "leaf", row: row.idx.to_string() };
                let leaf = Leaf::parse(&row.leaf).map_err(|_| corrupt())?;
                let reasons = rules.reasons(&leaf, &leaf_hash(&row.leaf));
                if !reasons.is_empty() {
                    let due_on = due(leaf.time().date_in_shanghai(), rules.days_for(&reasons));
                    reviews.push(awaited(row.idx, &leaf, &reasons, due_on));
                }
            }
            let _gate = self.write_gate().lock();
            let to = last.idx + 1;
            match self.database().write(|connection| review::add(connection, &reviews, from, to)) {
                // Another instance was faster: it has done the same.
                Ok(()) | Err(StoreError::Conflict) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(true)
    }

    /// Reviews that the query matches, oldest first, with an index above `above`, at most `limit`.
    pub fn reviews(&self, query: &ReviewQuery, above: Option<u64>, limit: u32) -> Result<Vec<Review>, StoreError> {
        let (filter, above) = (filter(query), above.map(|above| i64::try_from(above).unwrap_or(i64::MAX)));
        let rows = self.database().read(|connection| review::select(connection, &filter, above, limit.into()))?;
        rows.iter().map(read).collect()
    }

    /// How many reviews the query matches.
    pub fn count_reviews(&self, query: &ReviewQuery) -> Result<u64, StoreError> {
        let filter = filter(query);
        Ok(self.database().read(|connection| review::count(connection, &filter))?.unsigned_abs())
    }

    /// The review of an entry, and whose query it is.
    pub fn review_of(&self, index: u64) -> Result<Option<(Review, String)>, StoreError> {
        let Ok(idx) = i64::try_from(index) else { return Ok(None) };
        let row = self.database().read(|connection| review::find(connection, idx))?;
        row.map(|row| Ok((read(&row)?, row.consumer))).transpose()
    }

    /// Takes what a reviewer says of an entry. The entry that says so comes first; of two at once, the second is told that
    /// it came second, and its word stands in the ledger all the same. Blocks.
    pub fn review_blocking(
        &self,
        index: u64,
        (voice, consumer): (&Voice, Option<&str>),
        (state, comment): (ReviewState, &str),
    ) -> Result<Review, ReviewFault> {
        let idx = i64::try_from(index).map_err(|_| ReviewFault::NotAwaited)?;
        let row = self.database().read(|connection| review::find(connection, idx))?.ok_or(ReviewFault::NotAwaited)?;
        if row.state != AWAITING {
            return Err(ReviewFault::Reviewed);
        }
        let word: &'static str = state.into();
        let mut entry = NewEntry::new(EntryKind::Admin, Decision::Allowed);
        entry.flags = vec!["REVIEWED".to_owned(), word.to_owned()];
        entry.role = Some(voice.role);
        entry.consumer = consumer.map(str::to_owned);
        entry.reference = Some(index);
        entry.committed.actor = Some(voice.person.clone());
        entry.committed.reason = Some(comment.to_owned());
        self.append_blocking(entry)?;
        let row = ReviewRow {
            state: word.to_owned(),
            reviewed_by: voice.person.clone(),
            reviewed_role: voice.role.name().to_owned(),
            reviewed_at: Some(self.now().micros()),
            comment: comment.to_owned(),
            ..row
        };
        let _gate = self.write_gate().lock();
        if self.database().write(|connection| review::close(connection, &row))? {
            Ok(read(&row)?)
        } else {
            Err(ReviewFault::Reviewed)
        }
    }
}

fn awaited(idx: i64, leaf: &Leaf, reasons: &[ReviewReason], due_on: Date) -> ReviewRow {
    let words: Vec<&'static str> = reasons.iter().map(|&reason| reason.into()).collect();
    ReviewRow {
        idx,
        consumer: leaf.consumer.clone().unwrap_or_default(),
        reasons: words.join(" "),
        due_on: due_on.to_string(),
        state: AWAITING.to_owned(),
        reviewed_by: String::new(),
        reviewed_role: String::new(),
        reviewed_at: None,
        comment: String::new(),
    }
}

fn filter(query: &ReviewQuery) -> ReviewFilter {
    let state = query.overdue_on.map(|_| ReviewState::Awaiting).or(query.state);
    ReviewFilter {
        state: state.map(|state| <&'static str>::from(state).to_owned()),
        consumer: query.consumer.clone(),
        due_before: query.overdue_on.map(|day| day.to_string()),
    }
}

fn read(row: &ReviewRow) -> Result<Review, StoreError> {
    let corrupt = |column| StoreError::Corrupt { table: "ledger_review", column, row: row.idx.to_string() };
    let reviewed = match row.reviewed_at {
        None => None,
        Some(at) => {
            let role = row.reviewed_role.parse().map_err(|_| corrupt("reviewed_role"))?;
            let voice = Voice { person: row.reviewed_by.clone(), role };
            Some((voice, Instant::from_micros(at), row.comment.clone()))
        }
    };
    Ok(Review {
        index: row.idx.unsigned_abs(),
        reasons: row.reasons.split(' ').map(str::parse).collect::<Result<_, _>>().map_err(|_| corrupt("reasons"))?,
        due_on: row.due_on.parse().map_err(|_| corrupt("due_on"))?,
        state: row.state.parse().map_err(|_| corrupt("state"))?,
        reviewed,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sample_is_the_part_of_hashes_that_the_file_says_and_the_same_for_everybody() {
        let rules = |sample| ReviewRules { sample, ..DEFAULT };
        let hashes: Vec<Hash> = (0_u32..4_000).map(|number| leaf_hash(&number.to_be_bytes())).collect();
        let drawn = |sample: f64| hashes.iter().filter(|hash| rules(sample).samples(hash)).count();
        assert_eq!((drawn(0.0), drawn(1.0)), (0, hashes.len()));
        assert!((350..450).contains(&drawn(0.1)), "{}", drawn(0.1));
        assert!(rules(1.0).samples(&[0xff; 32]) && !rules(0.0).samples(&[0; 32]));
    }

    #[test]
    fn rules_that_are_no_part_or_no_time_are_refused_and_no_file_is_one_in_a_hundred() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("review.toml");
        assert_eq!(ReviewRules::load(&path).unwrap(), DEFAULT);
        for (text, told) in [
            ("sample = 1.5\ndue_working_days = 3\n", "0 to 1"),
            ("sample = nan\ndue_working_days = 3\n", "0 to 1"),
            ("sample = 0.5\ndue_working_days = 0\n", "1 to 250"),
            ("sample = 0.5\ndue_working_days = 3\nbreak_glass_due_working_days = 251\n", "1 to 250"),
            ("sample = 0.5\n", "due_working_days"),
            ("sample = 0.5\ndue_working_days = 3\nmore = 1\n", "more"),
        ] {
            std::fs::write(&path, text).unwrap();
            let fault = ReviewRules::load(&path).unwrap_err().to_string();
            assert!(fault.contains(told), "{fault}");
        }
    }
}
