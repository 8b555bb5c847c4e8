//! The keys of one issuer as last fetched, and when to fetch them again.
//!
//! Three roads lead to a fetch: nothing is held yet, a token names an unknown key (both bounded by a budget, so
//! that invented key names cannot make us hammer the issuer), or the held set is due (then the old set serves on
//! while the new one is fetched). A set that could not be renewed for a day is not believed any more.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use arc_swap::ArcSwapOption;
use jsonwebtoken::Algorithm;
use parking_lot::Mutex;

use super::key_set::{KeySet, KeySetFault};
use super::source::{KeySource, SourceFault};
use crate::clock::Ambient;
use crate::domain::Instant;

/// How long a key set is believed that cannot be renewed, in seconds.
const USABLE_SECONDS: i64 = 24 * 3600;
/// How soon a failed fetch is tried again at the latest, in seconds.
const RETRY_SECONDS: i64 = 30;
/// So many fetches that a request asks for may follow each other at once.
const BUDGET: u32 = 3;
/// One more such fetch is allowed after so many seconds.
const BUDGET_SECONDS: i64 = 30;
/// So many requests at most wait for one fetch: a flood of invented key names must not hold every thread.
const WAITING_MAX: usize = 64;

/// Why a fetch brought no keys.
#[derive(Debug, thiserror::Error)]
pub(super) enum RingFault {
    /// The document could not be read.
    #[error(transparent)]
    Source(#[from] SourceFault),
    /// The document is no key set.
    #[error(transparent)]
    KeySet(#[from] KeySetFault),
}

/// What a fetch brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fetched {
    /// The same keys.
    Same,
    /// Other keys: whatever was verified with the old ones is to be forgotten.
    Changed,
}

/// Keys with the number of their generation; it grows with each change.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) keys: Arc<KeySet>,
    pub(super) generation: u64,
    fetched_at: Instant,
}

/// The keys of one issuer.
#[derive(Debug)]
pub(super) struct KeyRing {
    source: Arc<dyn KeySource>,
    allowed: Vec<Algorithm>,
    fresh_seconds: i64,
    ambient: Ambient,
    held: ArcSwapOption<Held>,
    schedule: Mutex<Schedule>,
    fetching: Mutex<()>,
    attempts: AtomicU64,
    waiting: AtomicUsize,
}

#[derive(Debug)]
struct Schedule {
    next_due: Instant,
    budget: u32,
    budget_since: Instant,
}

impl KeyRing {
    /// A ring without keys. Held keys are due again after `fresh_seconds`.
    pub(super) fn new(
        source: Arc<dyn KeySource>,
        allowed: Vec<Algorithm>,
        fresh_seconds: i64,
        ambient: Ambient,
    ) -> Self {
        let now = ambient.now();
        let schedule = Mutex::new(Schedule { next_due: now, budget: BUDGET, budget_since: now });
        Self {
            source,
            allowed,
            fresh_seconds,
            ambient,
            held: ArcSwapOption::empty(),
            schedule,
            fetching: Mutex::new(()),
            attempts: AtomicU64::new(0),
            waiting: AtomicUsize::new(0),
        }
    }

    /// The held keys, unless they are too old to be believed.
    pub(super) fn held(&self) -> Option<Arc<Held>> {
        let held = self.held.load_full()?;
        (self.ambient.now() <= held.fetched_at.plus_seconds(USABLE_SECONDS)).then_some(held)
    }

    /// How many fetches were made. A request notes it before it looks for a key.
    pub(super) fn attempts(&self) -> u64 {
        self.attempts.load(Ordering::Acquire)
    }

    /// Whether the held keys are due, and this call is the one to fetch them.
    pub(super) fn claim_due(&self) -> bool {
        let now = self.ambient.now();
        let mut schedule = self.schedule.lock();
        // A clock that was set back must not put the next fetch off.
        let due = now >= schedule.next_due || schedule.next_due > now.plus_seconds(self.fresh_seconds);
        if due {
            schedule.next_due = now.plus_seconds(self.fresh_seconds.min(RETRY_SECONDS));
        }
        due
    }

    /// Whether a fetch that a request asks for would be made now.
    pub(super) fn may_fetch(&self) -> bool {
        if self.waiting.load(Ordering::Acquire) >= WAITING_MAX {
            return false;
        }
        self.fetching.try_lock().is_none() || self.schedule.lock().refilled(self.ambient.now()) > 0
    }

    /// Fetches because a request needs a key that is not held; blocks. Does nothing when another request has
    /// fetched since `attempts_seen`, when the budget is used up, or when too many wait already.
    pub(super) fn fetch_needed(&self, attempts_seen: u64) -> Result<Fetched, RingFault> {
        let Some(_place) = Place::take(&self.waiting) else { return Ok(Fetched::Same) };
        let _one_at_a_time = self.fetching.lock();
        if self.attempts() != attempts_seen || !self.schedule.lock().take(self.ambient.now()) {
            return Ok(Fetched::Same);
        }
        self.fetch()
    }

    /// Fetches because the held keys are due; blocks. Does nothing while another fetch runs.
    pub(super) fn fetch_due(&self) -> Result<Fetched, RingFault> {
        let Some(_one_at_a_time) = self.fetching.try_lock() else { return Ok(Fetched::Same) };
        self.fetch()
    }

    fn fetch(&self) -> Result<Fetched, RingFault> {
        let fetched = self.source.fetch().map_err(RingFault::from);
        let parsed = fetched.and_then(|bytes| Ok(KeySet::parse(&bytes, &self.allowed)?));
        let outcome = parsed.map(|keys| self.hold(keys));
        // INVARIANT: the count moves after the keys, so that who sees the new count sees the new keys.
        self.attempts.fetch_add(1, Ordering::Release);
        outcome
    }

    fn hold(&self, keys: KeySet) -> Fetched {
        let now = self.ambient.now();
        let old = self.held.load_full();
        let same = old.as_ref().filter(|held| held.keys.is_same_as(&keys));
        let (keys, generation, outcome) = if let Some(held) = same {
            (Arc::clone(&held.keys), held.generation, Fetched::Same)
        } else {
            (Arc::new(keys), old.as_ref().map_or(1, |held| held.generation + 1), Fetched::Changed)
        };
        let held = Held { keys, generation, fetched_at: now };
        self.held.store(Some(Arc::new(held)));
        self.schedule.lock().next_due = now.plus_seconds(self.fresh_seconds);
        outcome
    }
}

/// A place among those who wait for a fetch, given back when dropped.
struct Place<'a>(&'a AtomicUsize);

impl<'a> Place<'a> {
    fn take(waiting: &'a AtomicUsize) -> Option<Self> {
        let place = Self(waiting);
        (waiting.fetch_add(1, Ordering::AcqRel) < WAITING_MAX).then_some(place)
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Schedule {
    fn refilled(&mut self, now: Instant) -> u32 {
        let waited = now.seconds().saturating_sub(self.budget_since.seconds());
        if waited < 0 {
            self.budget_since = now;
        }
        let more = u32::try_from(waited.max(0) / BUDGET_SECONDS).unwrap_or(u32::MAX);
        if more > 0 {
            self.budget = self.budget.saturating_add(more).min(BUDGET);
            self.budget_since = now;
        }
        self.budget
    }

    fn take(&mut self, now: Instant) -> bool {
        let left = self.refilled(now);
        if left == BUDGET {
            self.budget_since = now;
        }
        self.budget = left.saturating_sub(1);
        left > 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_than_the_allowed_number_wait_and_each_place_comes_back() {
        let waiting = AtomicUsize::new(0);
        let places: Vec<_> = (0..WAITING_MAX).map_while(|_| Place::take(&waiting)).collect();
        assert_eq!(places.len(), WAITING_MAX);
        assert!(Place::take(&waiting).is_none() && Place::take(&waiting).is_none());
        drop(places);
        assert_eq!(waiting.load(Ordering::Acquire), 0);
        assert!(Place::take(&waiting).is_some());
    }
}
