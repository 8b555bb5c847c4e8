//! Whether the ledger can write. If it cannot, nobody gets data.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

use parking_lot::{Mutex, RwLock};

/// Why the ledger cannot write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::Display, strum::IntoStaticStr)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum Reason {
    /// A commit failed: disk full, database away, table gone. Tried again at intervals.
    CommitFailed,
    /// More entries wait than the pool holds. Over with the next commit.
    PoolFull,
    /// Less room is left on the volume than the configuration asks for. Over when there is room again.
    DiskLow,
    /// What is stored is not what was written. Stays until a person has looked.
    Tampered,
    /// The key that seals this period's bodies is missing. Concerns this entry alone.
    KeyUnavailable,
    /// The leaf would be larger than an entry may be. Concerns this entry alone.
    EntryTooLarge,
    /// The ledger was closed for shutdown.
    Stopped,
}

/// The entry was not written: no answer may leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the ledger cannot write: {0}")]
pub struct Unavailable(pub Reason);

/// What runs short.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::Display, strum::IntoStaticStr)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum Shortage {
    /// Room on the volume.
    DiskLow,
    /// Room in the pool of entries that wait: more than half of it is taken.
    PoolHalfFull,
}

/// The state of the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Entries are written.
    Open,
    /// Entries are written, and somebody should look before they are not.
    Degraded(Shortage),
    /// Appending fails at once.
    Closed(Reason),
}

/// What the ledger's threads and its callers share.
#[derive(Debug)]
pub(super) struct Shared {
    state: RwLock<State>,
    next: AtomicU64,
    is_short_of_room: AtomicBool,
    /// Entries handed over and not answered yet.
    waiting: AtomicUsize,
    pool: usize,
    /// One writer at a time in this process: SQLite's own waiting sleeps for milliseconds.
    pub(super) write_gate: Mutex<()>,
}

impl Shared {
    /// `pool` entries may wait at most.
    pub(super) fn new(next: u64, pool: usize) -> Self {
        Self {
            state: RwLock::new(State::Open),
            next: AtomicU64::new(next),
            is_short_of_room: AtomicBool::new(false),
            waiting: AtomicUsize::new(0),
            pool,
            write_gate: Mutex::new(()),
        }
    }

    pub(super) fn state(&self) -> State {
        *self.state.read()
    }

    /// The state with what runs short while entries are written.
    pub(super) fn health(&self) -> State {
        match self.state() {
            State::Open if self.is_short_of_room.load(Ordering::Relaxed) => State::Degraded(Shortage::DiskLow),
            State::Open if self.waiting.load(Ordering::Relaxed) > self.pool / 2 => {
                State::Degraded(Shortage::PoolHalfFull)
            }
            state => state,
        }
    }

    /// Whether little room is left on the volume; told in the log when it changes.
    pub(super) fn room_is_short(&self, is_short: bool) {
        match (self.is_short_of_room.swap(is_short, Ordering::Relaxed), is_short) {
            (false, true) => tracing::warn!("little room is left for the ledger"),
            (true, false) => tracing::info!("there is room for the ledger again"),
            _ => {}
        }
    }

    /// An entry was handed over.
    pub(super) fn entered(&self) {
        self.waiting.fetch_add(1, Ordering::Relaxed);
    }

    /// Entries were answered.
    pub(super) fn left(&self, count: usize) {
        self.waiting.fetch_sub(count, Ordering::Relaxed);
    }

    /// There is room again, and an entry that says so is written.
    pub(super) fn room_is_back(&self) {
        let mut state = self.state.write();
        if *state == State::Closed(Reason::DiskLow) {
            tracing::info!("the ledger is open");
            *state = State::Open;
        }
    }

    /// Closes the ledger. Tampering outlives every other reason.
    pub(super) fn close(&self, reason: Reason) {
        let mut state = self.state.write();
        if *state == State::Closed(Reason::Tampered) {
            return;
        }
        match reason {
            Reason::Stopped => tracing::debug!("the ledger is closed for shutdown"),
            _ if *state == State::Closed(reason) => {}
            _ => tracing::error!(%reason, "the ledger is closed: no data is given out"),
        }
        *state = State::Closed(reason);
    }

    /// A commit succeeded: whatever it was is over, unless somebody must look first.
    pub(super) fn written(&self, next: u64) {
        self.next.fetch_max(next, Ordering::AcqRel);
        if self.state() == State::Open {
            return;
        }
        let mut state = self.state.write();
        if matches!(*state, State::Closed(Reason::CommitFailed | Reason::PoolFull)) {
            tracing::info!("the ledger is open");
            *state = State::Open;
        }
    }

    /// The next free index, as far as this process knows.
    pub(super) fn next(&self) -> u64 {
        self.next.load(Ordering::Acquire)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_commit_reopens_after_a_failure_but_never_after_tampering() {
        let shared = Shared::new(0, 8);
        shared.close(Reason::CommitFailed);
        assert_eq!(shared.state(), State::Closed(Reason::CommitFailed));
        shared.written(3);
        assert_eq!((shared.state(), shared.next()), (State::Open, 3));
        shared.close(Reason::Tampered);
        shared.close(Reason::PoolFull);
        shared.written(4);
        assert_eq!(shared.state(), State::Closed(Reason::Tampered));
    }
}
