//! A query's price, taken before it runs and corrected after.

use std::sync::Arc;

use super::gate::Gate;
use super::seat::SeatKey;
use super::standing::{Quota, Refused};

/// The price was not to be had.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CostRefused {
    /// No waiting helps: status 400, code `COST_LIMIT`.
    #[error("the query costs {cost}, at most {limit} is allowed")]
    DearerThanBucket {
        /// The query's price.
        cost: u64,
        /// The dearest query the role may ask.
        limit: u64,
    },
    /// Status 429, code `RATE_LIMITED`.
    #[error(transparent)]
    TooFast(#[from] Refused),
}

/// A price that was taken. Dropped unsettled, it stays taken: a query that was cut off has cost what it cost.
#[derive(Debug)]
#[must_use = "settle the reservation with what the query has cost"]
pub struct Reservation {
    gate: Arc<Gate>,
    seat: SeatKey,
    cost: u64,
}

impl Reservation {
    /// Takes `cost` at the gate.
    pub(super) fn take(gate: &Arc<Gate>, seat: &SeatKey, cost: u64) -> Result<Self, CostRefused> {
        if cost > gate.query_cost {
            return Err(CostRefused::DearerThanBucket { cost, limit: gate.query_cost });
        }
        gate.take_cost(seat, cost)?;
        Ok(Self { gate: Arc::clone(gate), seat: seat.clone(), cost })
    }

    /// What was taken.
    pub fn cost(&self) -> u64 {
        self.cost
    }

    /// The bucket as it stands now.
    pub fn standing(&self) -> Quota {
        self.gate.cost_standing(&self.seat)
    }

    /// Gives back what the query did not use, or takes what it used beyond. Returns the bucket after it.
    pub fn settle(self, actual: u64) -> Quota {
        self.gate.settle_cost(&self.seat, self.cost, actual);
        self.gate.cost_standing(&self.seat)
    }
}
