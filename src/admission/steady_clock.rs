//! Time for the buckets: the clock we were given, except that it never goes back.
//!
//! When the wall clock is set back, time stands still for that step and then goes on. Otherwise a step of an hour
//! would lock every caller out for an hour.

use std::sync::Arc;

use governor::clock::Clock;
use governor::nanos::Nanos;
use parking_lot::Mutex;

use crate::clock::Ambient;
use crate::domain::Instant;

/// A steady clock, counted from its making.
#[derive(Clone, Debug)]
pub(super) struct SteadyClock(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    ambient: Ambient,
    reading: Mutex<Reading>,
}

#[derive(Debug)]
struct Reading {
    wall: i64,
    elapsed: i64,
}

impl SteadyClock {
    pub(super) fn new(ambient: Ambient) -> Self {
        let wall = ambient.now().micros();
        Self(Arc::new(Inner { ambient, reading: Mutex::new(Reading { wall, elapsed: 0 }) }))
    }

    /// Nanoseconds since the clock was made; never less than before.
    pub(super) fn elapsed_nanos(&self) -> i64 {
        let mut reading = self.0.reading.lock();
        // Read under the lock: two readings out of order would count as a step back.
        let wall = self.0.ambient.now().micros();
        reading.elapsed = reading.elapsed.saturating_add(wall.saturating_sub(reading.wall).max(0));
        reading.wall = wall;
        reading.elapsed.saturating_mul(1000)
    }

    /// The wall clock, for people.
    pub(super) fn wall(&self) -> Instant {
        self.0.ambient.now()
    }
}

impl Clock for SteadyClock {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        Nanos::from(self.elapsed_nanos().unsigned_abs())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::{FixedClock, SeededEntropy};

    #[test]
    fn time_stands_still_when_the_wall_clock_is_set_back_and_then_goes_on() {
        let wall = Arc::new(FixedClock::new(Instant::from_micros(1_000_000)));
        let steady = SteadyClock::new(Ambient::new(Arc::<FixedClock>::clone(&wall), Arc::new(SeededEntropy::new(1))));
        wall.advance_micros(5);
        assert_eq!(steady.elapsed_nanos(), 5_000);
        wall.set(Instant::from_micros(0));
        assert_eq!(steady.elapsed_nanos(), 5_000);
        wall.advance_micros(7);
        assert_eq!(steady.elapsed_nanos(), 12_000);
    }
}
