//! The state of one client's two buckets, 16 bytes, and how `governor` finds it.
//!
//! `governor`'s own keyed stores grow with each key and never shrink. Here a key *is* a seat: the store is empty
//! and the memory is where the seats are, in a fixed array or a capped map.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use governor::nanos::Nanos;
use governor::state::{InMemoryState, NotKeyed, StateStore};

use super::cost_bucket::CostBucket;

/// One client's buckets.
#[derive(Debug, Default)]
pub(super) struct Seat {
    requests: InMemoryState,
    pub(super) cost: CostBucket,
}

impl Seat {
    /// Whether both buckets are full at `now`, so that nothing is lost when the seat is given to somebody else.
    fn is_idle(&self, now: Nanos) -> bool {
        let peeked = self.requests.measure_and_replace(&NotKeyed::NonKey, Err::<((), Nanos), _>);
        let requests_full = peeked.err().flatten().is_none_or(|full_at| full_at <= now);
        let now = i64::try_from(now.as_u64()).unwrap_or(i64::MAX);
        requests_full && self.cost.nanos_until_full(now) == 0
    }
}

/// A fixed row of seats, made at once.
pub(super) fn row(size: u32) -> Arc<[Seat]> {
    (0..size.max(1)).map(|_| Seat::default()).collect()
}

/// Where a seat is.
#[derive(Clone, Debug)]
pub(super) enum SeatKey {
    /// In a row that many share.
    Shared(Arc<[Seat]>, usize),
    /// A seat of one's own.
    Own(Arc<Seat>),
}

impl SeatKey {
    /// The seat in `row` that a hash falls on.
    pub(super) fn shared(row: &Arc<[Seat]>, hash: u128) -> Self {
        Self::Shared(Arc::clone(row), (hash % row.len() as u128) as usize)
    }

    #[expect(clippy::indexing_slicing, reason = "the place was made by `shared`, below the row's length")]
    pub(super) fn seat(&self) -> &Seat {
        match self {
            Self::Shared(row, place) => &row[*place],
            Self::Own(seat) => seat,
        }
    }

    /// Whether nobody else holds this seat and its buckets are full.
    pub(super) fn is_vacant(seat: &Arc<Seat>, now: Nanos) -> bool {
        Arc::strong_count(seat) == 1 && seat.is_idle(now)
    }
}

// `governor` asks that keys be comparable; a seat is the same when it is at the same address.
impl PartialEq for SeatKey {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self.seat(), other.seat())
    }
}

impl Eq for SeatKey {}

impl Hash for SeatKey {
    fn hash<H: Hasher>(&self, state: &mut H) {
        std::ptr::from_ref(self.seat()).hash(state);
    }
}

/// The store that holds nothing.
#[derive(Debug)]
pub(super) struct InSeat;

impl StateStore for InSeat {
    type Key = SeatKey;

    fn measure_and_replace<T, F, E>(&self, key: &SeatKey, decide: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        key.seat().requests.measure_and_replace(&NotKeyed::NonKey, decide)
    }
}
