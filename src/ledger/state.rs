//! Whether the ledger can write. If it cannot, nobody gets data.

use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::{Mutex, RwLock};

/// Why the ledger cannot write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::Display, strum::IntoStaticStr)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum Reason {
    /// A commit failed: disk full, database away, table gone. Tried again at intervals.
    CommitFailed,
    /// More entries wait than the pool holds. Over with the next commit.
    PoolFull,
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

/// The state of the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Entries are written.
    Open,
    /// Appending fails at once.
    Closed(Reason),
}

/// What the ledger's threads and its callers share.
#[derive(Debug)]
pub(super) struct Shared {
    state: RwLock<State>,
    next: AtomicU64,
    /// One writer at a time in this process: SQLite's own waiting sleeps for milliseconds.
    pub(super) write_gate: Mutex<()>,
}

impl Shared {
    pub(super) fn new(next: u64) -> Self {
        Self { state: RwLock::new(State::Open), next: AtomicU64::new(next), write_gate: Mutex::new(()) }
    }

    pub(super) fn state(&self) -> State {
        *self.state.read()
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
        let shared = Shared::new(0);
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
