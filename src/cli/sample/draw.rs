//! Seeded chance: the same seed and stream give the same draws, on every machine.

use std::ops::RangeInclusive;

use rand_chacha::ChaCha20Rng;
use rand_core::{Rng, SeedableRng};

pub(super) struct Draw(ChaCha20Rng);

impl Draw {
    /// Each part of the sample draws from a stream of its own, so that a change in one leaves the others alone.
    pub(super) fn new(seed: u64, stream: u64) -> Self {
        let mut generator = ChaCha20Rng::seed_from_u64(seed);
        generator.set_stream(stream);
        Self(generator)
    }

    /// A number below `limit`; 0 when there is none.
    pub(super) fn below(&mut self, limit: usize) -> usize {
        // The modulo favours small numbers by less than one in a billion here.
        let limit = u64::try_from(limit).unwrap_or(u64::MAX).max(1);
        usize::try_from(self.0.next_u64() % limit).unwrap_or_default()
    }

    pub(super) fn between(&mut self, range: RangeInclusive<u32>) -> u32 {
        let span = range.end().saturating_sub(*range.start()).saturating_add(1);
        range.start() + u32::try_from(self.0.next_u64() % u64::from(span)).unwrap_or_default()
    }

    /// True in `percent` of a hundred cases.
    pub(super) fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    /// One of the elements.
    pub(super) fn pick<T: Copy, const N: usize>(&mut self, from: &[T; N]) -> T {
        const { assert!(N > 0, "there must be something to pick from") }
        #[expect(clippy::indexing_slicing, reason = "`below` stays below the length, which is not 0")]
        from[self.below(N)]
    }

    /// Puts the elements into another order.
    pub(super) fn shuffle<T>(&mut self, elements: &mut [T]) {
        for last in (1..elements.len()).rev() {
            elements.swap(last, self.below(last + 1));
        }
    }
}
