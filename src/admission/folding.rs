//! Refusals counted per network and minute, so that a flood is one ledger entry and not a full disk.
//!
//! Deliberately absent: writing the entry. A folded refusal is answered before its entry stands and carries no data.

use std::collections::{BTreeMap, HashMap};

use parking_lot::Mutex;

use super::address::Network;
use crate::clock::Ambient;
use crate::domain::Instant;

/// Refusals per window.
#[derive(Debug)]
pub struct Folding {
    ambient: Ambient,
    windows_max: usize,
    windows: Mutex<HashMap<(i64, FoldedBucket), Counts>>,
}

/// Refusals by error code.
type Counts = BTreeMap<&'static str, u64>;

/// Whose refusals were counted together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FoldedBucket {
    /// Those of one network.
    Network(Network),
    /// Those of every network for which there was no more room.
    Everybody,
}

/// The refusals of one network in one minute: one ledger entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoldedRefusals {
    /// Whose they were.
    pub bucket: FoldedBucket,
    /// The first instant of the minute.
    pub minute: Instant,
    /// How many, by error code.
    pub counts: BTreeMap<&'static str, u64>,
}

impl Folding {
    /// Holds at most about `windows_max` windows at once.
    pub fn new(windows_max: u32, ambient: Ambient) -> Self {
        let windows_max = usize::try_from(windows_max).unwrap_or(usize::MAX);
        Self { ambient, windows_max, windows: Mutex::default() }
    }

    /// Counts one refusal of a network. True for the first of its window.
    pub fn record(&self, network: Network, code: &'static str) -> bool {
        let minute = minute_of(self.ambient.now());
        let mut windows = self.windows.lock();
        let mut key = (minute, FoldedBucket::Network(network));
        if windows.len() >= self.windows_max && !windows.contains_key(&key) {
            key.1 = FoldedBucket::Everybody;
        }
        let first = !windows.contains_key(&key);
        let count = windows.entry(key).or_default().entry(code).or_default();
        *count = count.saturating_add(1);
        first
    }

    /// Takes out every window but those of the minute of `now`, oldest first.
    pub fn drain(&self, now: Instant) -> Vec<FoldedRefusals> {
        let present = minute_of(now);
        self.take(|minute| minute != present)
    }

    /// Takes out every window: for the end of the process.
    pub fn drain_all(&self) -> Vec<FoldedRefusals> {
        self.take(|_| true)
    }

    fn take(&self, is_over: impl Fn(i64) -> bool) -> Vec<FoldedRefusals> {
        let mut taken: Vec<_> = self.windows.lock().extract_if(|(minute, _), _| is_over(*minute)).collect();
        taken.sort_unstable_by_key(|(key, _)| *key);
        let folded = |((minute, bucket), counts)| FoldedRefusals {
            bucket,
            minute: Instant::from_micros(0).plus_seconds(minute * 60),
            counts,
        };
        taken.into_iter().map(folded).collect()
    }
}

fn minute_of(now: Instant) -> i64 {
    now.seconds().div_euclid(60)
}
