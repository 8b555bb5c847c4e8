//! A bucket of cost units that can be given back: the generic cell rate algorithm in one atomic number.
//!
//! The number is the instant at which the bucket will be full again. Taking moves it ahead, giving back moves it
//! back, and time does the rest; a bucket that is full cannot hold more, whatever is given back.

use std::sync::atomic::{AtomicI64, Ordering};

use super::limits::Rate;

const NANOS_PER_MINUTE: i64 = 60_000_000_000;

/// How fast a bucket fills and how much it holds, in nanoseconds of filling.
#[derive(Clone, Copy, Debug)]
pub(super) struct CostRate {
    nanos_per_unit: i64,
    burst_nanos: i64,
}

impl CostRate {
    pub(super) fn new(rate: Rate) -> Self {
        let nanos_per_unit = (NANOS_PER_MINUTE / i64::from(rate.per_minute.max(1))).max(1);
        Self { nanos_per_unit, burst_nanos: nanos_per_unit.saturating_mul(i64::from(rate.burst)) }
    }

    fn nanos(&self, units: u64) -> i64 {
        self.nanos_per_unit.saturating_mul(i64::try_from(units).unwrap_or(i64::MAX))
    }
}

/// The state of one bucket.
#[derive(Debug, Default)]
pub(super) struct CostBucket {
    full_at: AtomicI64,
}

impl CostBucket {
    /// Takes `units`, or says for how many nanoseconds they are not to be had.
    pub(super) fn take(&self, rate: CostRate, units: u64, now: i64) -> Result<(), i64> {
        let taken = self.full_at.try_update(Ordering::AcqRel, Ordering::Acquire, |full_at| {
            let next = full_at.max(now).saturating_add(rate.nanos(units));
            (next.saturating_sub(now) <= rate.burst_nanos).then_some(next)
        });
        match taken {
            Ok(_) => Ok(()),
            Err(full_at) => {
                let next = full_at.max(now).saturating_add(rate.nanos(units));
                Err(next.saturating_sub(now).saturating_sub(rate.burst_nanos))
            }
        }
    }

    /// Gives `units` back.
    pub(super) fn give_back(&self, rate: CostRate, units: u64) {
        self.full_at.update(Ordering::AcqRel, Ordering::Acquire, |full_at| full_at.saturating_sub(rate.nanos(units)));
    }

    /// Takes `units` that were used already, even below zero.
    pub(super) fn charge(&self, rate: CostRate, units: u64, now: i64) {
        self.full_at
            .update(Ordering::AcqRel, Ordering::Acquire, |full_at| full_at.max(now).saturating_add(rate.nanos(units)));
    }

    /// Whole units to be had now.
    pub(super) fn available(&self, rate: CostRate, now: i64) -> u64 {
        let left = rate.burst_nanos.saturating_sub(self.nanos_until_full(now)).max(0);
        u64::try_from(left / rate.nanos_per_unit).unwrap_or(0)
    }

    /// Nanoseconds until the bucket is full.
    pub(super) fn nanos_until_full(&self, now: i64) -> i64 {
        self.full_at.load(Ordering::Acquire).saturating_sub(now).max(0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SECOND: i64 = 1_000_000_000;

    #[test]
    fn the_last_unit_is_given_and_not_one_more() {
        let (bucket, rate) = (CostBucket::default(), CostRate::new(Rate { per_minute: 60, burst: 10 }));
        assert_eq!(bucket.take(rate, 10, 0), Ok(()));
        assert_eq!(bucket.take(rate, 1, 0), Err(SECOND));
        assert_eq!(bucket.take(rate, 1, SECOND - 1), Err(1));
        assert_eq!(bucket.take(rate, 1, SECOND), Ok(()));
        assert_eq!(bucket.available(rate, SECOND), 0);
        bucket.give_back(rate, 4);
        assert_eq!(bucket.available(rate, SECOND), 4);
    }

    #[test]
    fn a_full_bucket_holds_no_more_whatever_is_given_back() {
        let (bucket, rate) = (CostBucket::default(), CostRate::new(Rate { per_minute: 60, burst: 10 }));
        bucket.take(rate, 5, 0).unwrap();
        bucket.give_back(rate, 5);
        bucket.give_back(rate, 1_000);
        assert_eq!(bucket.available(rate, 0), 10);
        assert_eq!(bucket.take(rate, 11, 0), Err(SECOND));
        bucket.charge(rate, 12, 0);
        assert_eq!((bucket.available(rate, 0), bucket.nanos_until_full(0)), (0, 12 * SECOND));
    }

    #[derive(Clone, Debug)]
    enum Step {
        Take(u64),
        GiveBackLast,
        Wait(i64),
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![(0_u64..150).prop_map(Step::Take), Just(Step::GiveBackLast), (0..20 * SECOND).prop_map(Step::Wait)]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// Against a plain model: never more out than burst plus what has flown in.
        #[test]
        fn no_order_of_taking_and_giving_back_beats_the_rate(steps in prop::collection::vec(step(), 1..60)) {
            let (bucket, rate) = (CostBucket::default(), CostRate::new(Rate { per_minute: 600, burst: 100 }));
            let (mut now, mut used, mut last) = (0, 0_u64, 0);
            for step in steps {
                match step {
                    Step::Take(units) => if bucket.take(rate, units, now).is_ok() {
                        used += units;
                        last = units;
                    },
                    Step::GiveBackLast => {
                        bucket.give_back(rate, last);
                        used -= last;
                        last = 0;
                    }
                    Step::Wait(nanos) => now += nanos,
                }
                let flown_in = u64::try_from(now / (SECOND / 10)).unwrap();
                prop_assert!(used <= 100 + flown_in);
                prop_assert!(bucket.available(rate, now) <= 100);
            }
        }
    }
}
