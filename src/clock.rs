//! Time, randomness and ids come from here and are passed in, so that a test can fix all three.
//!
//! Deliberately absent: any global. `clippy.toml` bans the clocks and generators of the standard
//! library and of jiff everywhere else.

use std::cell::RefCell;
use std::fmt::Debug;
use std::sync::Arc;

use parking_lot::Mutex;
use rand_chacha::ChaCha20Rng;
use rand_core::{Rng, SeedableRng};
use zeroize::{Zeroize, Zeroizing};

use crate::domain::time::{Date, Instant};

/// Where the time comes from.
pub trait Clock: Send + Sync + Debug {
    /// The present instant.
    fn now(&self) -> Instant;
}

/// Where randomness comes from.
pub trait Entropy: Send + Sync + Debug {
    /// Fills `bytes` with random bytes.
    fn fill(&self, bytes: &mut [u8]);
}

/// The clock and the randomness a part was given.
#[derive(Clone, Debug)]
pub struct Ambient {
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
}

impl Ambient {
    /// Joins a clock and a source of randomness.
    pub fn new(clock: Arc<dyn Clock>, entropy: Arc<dyn Entropy>) -> Self {
        Self { clock, entropy }
    }

    /// The system's clock and the operating system's randomness.
    pub fn system() -> Self {
        Self::new(Arc::new(SystemClock), Arc::new(OsEntropy))
    }

    /// A clock that stands at `now` and a generator seeded with `seed`.
    pub fn fixed(now: Instant, seed: u64) -> Self {
        Self::new(Arc::new(FixedClock::new(now)), Arc::new(SeededEntropy::new(seed)))
    }

    /// The present instant.
    pub fn now(&self) -> Instant {
        self.clock.now()
    }

    /// Today's date in Asia/Shanghai.
    pub fn today(&self) -> Date {
        self.now().date_in_shanghai()
    }

    /// `N` random bytes.
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.entropy.fill(&mut bytes);
        bytes
    }

    /// A UUIDv7 (RFC 9562) made of the present millisecond and random bits.
    pub fn uuid7(&self) -> [u8; 16] {
        let millis = u64::try_from(self.now().micros().max(0) / 1000).unwrap_or(0);
        let mut bytes: [u8; 16] = self.bytes();
        bytes[..6].copy_from_slice(&millis.to_be_bytes()[2..]);
        bytes[6] = 0x70 | (bytes[6] & 0x0f);
        bytes[8] = 0x80 | (bytes[8] & 0x3f);
        bytes
    }
}

/// The system's clock.
#[derive(Debug)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the system clock")]
    fn now(&self) -> Instant {
        Instant::from_micros(jiff::Timestamp::now().as_microsecond())
    }
}

/// A clock that moves only when told to.
#[derive(Debug)]
pub struct FixedClock(Mutex<Instant>);

impl FixedClock {
    /// A clock standing at `now`.
    pub fn new(now: Instant) -> Self {
        Self(Mutex::new(now))
    }

    /// Moves the clock to `now`.
    pub fn set(&self, now: Instant) {
        *self.0.lock() = now;
    }

    /// Moves the clock forward.
    pub fn advance_micros(&self, micros: i64) {
        let mut now = self.0.lock();
        *now = now.plus_micros(micros);
    }
}

impl Clock for FixedClock {
    fn now(&self) -> Instant {
        *self.0.lock()
    }
}

/// The operating system's randomness, fetched in reserves of one page for each thread, because an entry of the ledger
/// alone needs a dozen salts, nonces and ids. Every byte is given once and wiped as it is given.
#[derive(Debug)]
pub struct OsEntropy;

const RESERVE: usize = 4096;

struct Reserve {
    bytes: Zeroizing<[u8; RESERVE]>,
    used: usize,
}

thread_local! {
    static ENTROPY: RefCell<Reserve> = RefCell::new(Reserve { bytes: Zeroizing::new([0; RESERVE]), used: RESERVE });
}

impl Reserve {
    /// Fills `bytes`, at most a whole reserve.
    fn give(&mut self, bytes: &mut [u8]) {
        if RESERVE - self.used < bytes.len() {
            ask_system(&mut *self.bytes);
            self.used = 0;
        }
        let Some(fresh) = self.bytes.get_mut(self.used..self.used + bytes.len()) else { return ask_system(bytes) };
        bytes.copy_from_slice(fresh);
        fresh.zeroize();
        self.used += bytes.len();
    }
}

#[expect(clippy::disallowed_methods, reason = "the one place that asks the operating system for randomness")]
#[expect(clippy::expect_used, reason = "a machine without randomness cannot seal anything: stop")]
fn ask_system(bytes: &mut [u8]) {
    getrandom::fill(bytes).expect("the operating system gives randomness");
}

impl Entropy for OsEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        ENTROPY.with_borrow_mut(|reserve| reserve.give(bytes));
    }
}

/// A seeded generator: the same seed gives the same bytes. For samples and tests.
pub struct SeededEntropy(Mutex<ChaCha20Rng>);

impl SeededEntropy {
    /// A generator started from `seed`.
    pub fn new(seed: u64) -> Self {
        Self(Mutex::new(ChaCha20Rng::seed_from_u64(seed)))
    }
}

impl Debug for SeededEntropy {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("SeededEntropy")
    }
}

impl Entropy for SeededEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        self.0.lock().fill_bytes(bytes);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn the_systems_randomness_gives_no_bytes_twice_and_keeps_none_that_it_gave() {
        let ambient = Ambient::new(Arc::new(SystemClock), Arc::new(OsEntropy));
        let given: HashSet<[u8; 32]> = (0..1_000).map(|_| ambient.bytes()).collect();
        assert_eq!(given.len(), 1_000);
        let mut reserve = Reserve { bytes: Zeroizing::new([0; RESERVE]), used: RESERVE };
        let mut bytes = [0; 100];
        for round in 1..=RESERVE / 100 {
            reserve.give(&mut bytes);
            assert!(reserve.bytes.iter().take(100 * round).all(|&byte| byte == 0));
        }
        assert_ne!(bytes, [0; 100]);
    }

    #[test]
    fn more_than_a_reserve_at_once_is_random_to_the_end() {
        let ambient = Ambient::new(Arc::new(SystemClock), Arc::new(OsEntropy));
        let bytes: [u8; 3 * RESERVE] = ambient.bytes();
        assert!(bytes.as_chunks::<32>().0.iter().all(|part| *part != [0; 32]));
    }
}
