//! What a query costs, known before it runs: the sum of field weights, each times the page sizes around it, and for
//! an interface the dearest type it may turn out to be. All sums and products saturate.
//!
//! The library's own complexity is not used: it knows objects only, and its products wrap.

mod formula;
mod shape;

use std::sync::atomic::{AtomicU64, Ordering};

pub use formula::Formula;
pub use shape::{CostTable, CostTableError};

/// The largest page a list may be asked for.
pub const PAGE_MAX: u64 = 100;

/// What `__schema` or `__type` costs. Their subtrees have caps of their own in the guard.
pub const INTROSPECTION_PRICE: u64 = 100;

/// The price of an operation before it runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Price {
    /// Cost units. At its largest value it stands for anything larger.
    pub requested: u64,
    /// How many page sizes are negative, above [`PAGE_MAX`] or no whole number: `BAD_USER_INPUT`.
    pub refused_pages: usize,
}

/// What an operation has really cost, counted while it runs. In the units of [`Price`].
#[derive(Debug, Default)]
pub struct ActualCost(AtomicU64);

impl ActualCost {
    /// Adds what was resolved: a weight times the number of elements there really were.
    pub fn add(&self, units: u64) {
        let mut known = self.0.load(Ordering::Relaxed);
        loop {
            let sum = known.saturating_add(units);
            match self.0.compare_exchange_weak(known, sum, Ordering::Relaxed, Ordering::Relaxed) {
                Ok(_) => return,
                Err(found) => known = found,
            }
        }
    }

    /// The sum so far.
    pub fn total(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}
