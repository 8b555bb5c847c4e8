//! How long bodies are kept, and their end: the key of a month is destroyed and its bodies are removed. An entry says so
//! before it is done. Leaves, tiles and checkpoints stay for ever.

use std::path::Path;

use serde::Deserialize;

use super::entry::{Decision, EntryKind, NewEntry};
use super::log::Ledger;
use super::state::Unavailable;
use crate::domain::Date;
use crate::domain::calendar::add_months;
use crate::store::StoreError;
use crate::store::ledger::period;

/// The least: network logs are kept for six months (Cybersecurity Law, article 21(3)).
pub const MONTHS_MIN: u32 = 6;
/// What is kept when nothing is said.
pub const MONTHS_DEFAULT: u32 = 36;

/// What the retention file says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Retention {
    /// For how many whole months after their own the bodies of a month are kept.
    pub body_months: u32,
}

/// Why bodies are not removed.
#[derive(Debug, thiserror::Error)]
pub enum RetentionFault {
    /// The file.
    #[error("`{path}`: {cause}")]
    File {
        /// The file.
        path: String,
        /// What is wrong with it.
        cause: String,
    },
    /// The entry that says so cannot be written.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A month whose bodies have ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expired {
    /// The month, such as `2023-10`.
    pub period: String,
    /// How many bodies were removed; 0 in a rehearsal.
    pub bodies: u64,
}

impl Retention {
    /// Reads a retention file; where there is none, the default holds.
    pub fn load(path: &Path) -> Result<Self, RetentionFault> {
        let fault = |cause: String| RetentionFault::File { path: path.display().to_string(), cause };
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Ok(Self { body_months: MONTHS_DEFAULT });
            }
            Err(error) => return Err(fault(error.to_string())),
        };
        let retention: Self = toml::from_str(&text).map_err(|error| fault(error.to_string()))?;
        if retention.body_months < MONTHS_MIN {
            return Err(fault(format!("`body_months` is at least {MONTHS_MIN}: logs are kept for six months by law")));
        }
        Ok(retention)
    }

    /// Whether the bodies of a month have ended on a day.
    pub fn has_ended(self, period: &str, today: Date) -> bool {
        // What is no month never ends.
        let Ok(first) = format!("{period}-01").parse::<Date>() else { return false };
        add_months(first, self.body_months.saturating_add(1)) <= today
    }
}

/// Ends the bodies of every month that is over, each with its entry. `by` asked for it; a rehearsal changes nothing.
pub fn expire_blocking(
    ledger: &Ledger,
    retention: Retention,
    today: Date,
    by: Option<&str>,
) -> Result<Vec<Expired>, RetentionFault> {
    let database = ledger.database();
    let keys = database.read(period::all)?;
    let mut expired = Vec::new();
    for key in keys.into_iter().filter(|key| key.destroyed_at.is_none() && retention.has_ended(&key.period, today)) {
        let mut bodies = 0;
        if let Some(by) = by {
            let mut entry = NewEntry::new(EntryKind::Key, Decision::Allowed);
            entry.flags = vec!["PERIOD_EXPIRED".to_owned(), format!("PERIOD:{}", key.period)];
            entry.committed.actor = Some(by.to_owned());
            entry.committed.reason = Some(serde_json::json!({ "body_months": retention.body_months }).to_string());
            ledger.append_blocking(entry)?;
            let mut from = Some(0);
            while let Some(start) = from {
                let _gate = ledger.write_gate().lock();
                let (removed, next) =
                    database.write(|connection| period::remove_bodies(connection, &key.period, start))?;
                bodies += removed as u64;
                from = next;
            }
            // Last, because it is what is looked at: broken off before, all of it is simply done again.
            let _gate = ledger.write_gate().lock();
            database.write(|connection| period::destroy(connection, &key.period, ledger.now().micros()))?;
        }
        expired.push(Expired { period: key.period, bodies });
    }
    Ok(expired)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_of_a_month_end_when_as_many_whole_months_have_passed_after_it() {
        let retention = Retention { body_months: 36 };
        for (period, today, has_ended) in [
            ("2023-10", "2026-10-31", false),
            ("2023-10", "2026-11-01", true),
            ("2023-12", "2026-12-31", false),
            ("2023-12", "2027-01-01", true),
            ("nonsense", "2099-01-01", false),
        ] {
            assert_eq!(retention.has_ended(period, today.parse().unwrap()), has_ended, "{period} on {today}");
        }
    }

    #[test]
    fn less_than_the_law_asks_for_is_refused_and_no_file_is_three_years() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("retention.toml");
        assert_eq!(Retention::load(&path).unwrap().body_months, 36);
        for (text, told) in [("body_months = 5\n", "at least 6"), ("months = 7\n", "months"), ("", "body_months")] {
            std::fs::write(&path, text).unwrap();
            let fault = Retention::load(&path).unwrap_err().to_string();
            assert!(fault.contains(told), "{fault}");
        }
    }
}
