//! One gate per role, and one for addresses: a request rate, a cost rate, and the seats they are kept in.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use governor::clock::Clock;
use governor::middleware::StateInformationMiddleware;
use governor::nanos::Nanos;
use governor::{Quota as GovernorQuota, RateLimiter};
use parking_lot::Mutex;

use super::cost_bucket::CostRate;
use super::limits::Rate;
use super::seat::{InSeat, Seat, SeatKey, row};
use super::standing::{Policy, Quota, Refused, Unit};
use super::steady_clock::SteadyClock;

/// A full map of clients is searched for vacant seats once a second at most.
const SWEEP_NANOS: u64 = 1_000_000_000;

/// A keyed hash of who asks.
pub(super) type ClientHash = u128;

/// A rate with the seats it is kept in.
#[derive(Debug)]
pub(super) struct Gate {
    limiter: RateLimiter<SeatKey, InSeat, SteadyClock, StateInformationMiddleware>,
    clock: SteadyClock,
    pub(super) requests: Policy,
    pub(super) cost: Policy,
    pub(super) cost_rate: CostRate,
    pub(super) query_cost: u64,
    shared: Arc<[Seat]>,
    own: Mutex<OwnSeats>,
    own_max: usize,
}

#[derive(Debug, Default)]
struct OwnSeats {
    seats: HashMap<ClientHash, Arc<Seat>>,
    swept_at: Option<Nanos>,
}

/// What a gate is made of.
pub(super) struct GatePlan {
    pub(super) name: &'static str,
    pub(super) cost_name: &'static str,
    pub(super) requests: Rate,
    pub(super) cost: Rate,
    pub(super) query_cost: u32,
    pub(super) shared_seats: u32,
    pub(super) own_seats: u32,
}

impl Gate {
    pub(super) fn new(plan: &GatePlan, clock: SteadyClock) -> Self {
        let per_request = Duration::from_mins(1) / plan.requests.per_minute.max(1);
        let burst = NonZeroU32::new(plan.requests.burst).unwrap_or(NonZeroU32::MIN);
        let quota = GovernorQuota::with_period(per_request.max(Duration::from_nanos(1)))
            .unwrap_or(GovernorQuota::per_minute(NonZeroU32::MIN))
            .allow_burst(burst);
        Self {
            limiter: RateLimiter::new(quota, InSeat, clock.clone()),
            clock,
            requests: Policy::new(plan.name, Unit::Requests, plan.requests),
            cost: Policy::new(plan.cost_name, Unit::Cost, plan.cost),
            cost_rate: CostRate::new(plan.cost),
            query_cost: u64::from(plan.query_cost),
            shared: row(plan.shared_seats),
            own: Mutex::default(),
            own_max: usize::try_from(plan.own_seats).unwrap_or(usize::MAX),
        }
    }

    /// The seat that everybody with this hash shares.
    pub(super) fn shared_seat(&self, hash: ClientHash) -> SeatKey {
        SeatKey::shared(&self.shared, hash)
    }

    /// The client's own seat, or a shared one when every own seat is taken.
    pub(super) fn seat_of(&self, client: ClientHash) -> SeatKey {
        let mut own = self.own.lock();
        if let Some(seat) = own.seats.get(&client) {
            return SeatKey::Own(Arc::clone(seat));
        }
        if own.seats.len() >= self.own_max {
            own.sweep(self.clock.now());
        }
        if own.seats.len() >= self.own_max {
            return self.shared_seat(client);
        }
        let seat = Arc::<Seat>::default();
        own.seats.insert(client, Arc::clone(&seat));
        SeatKey::Own(seat)
    }

    /// Lets one request through, or says when the next may come.
    pub(super) fn pass(&self, seat: &SeatKey) -> Result<Quota, Refused> {
        match self.limiter.check_key(seat) {
            Ok(snapshot) => {
                let remaining = snapshot.remaining_burst_capacity();
                let used = self.requests.rate.burst.saturating_sub(remaining);
                let until_full = self.limiter_interval().saturating_mul(used);
                Ok(self.requests.standing(u64::from(remaining), nanos(until_full), self.clock.wall()))
            }
            Err(not_until) => {
                let wait = nanos(not_until.wait_time_from(self.clock.now()));
                Err(self.requests.refused(0, wait, self.clock.wall()))
            }
        }
    }

    /// The state of the cost bucket.
    pub(super) fn cost_standing(&self, seat: &SeatKey) -> Quota {
        let (bucket, now) = (&seat.seat().cost, self.clock.elapsed_nanos());
        self.cost.standing(bucket.available(self.cost_rate, now), bucket.nanos_until_full(now), self.clock.wall())
    }

    /// Takes `cost` from the seat, or says when it is to be had.
    pub(super) fn take_cost(&self, seat: &SeatKey, cost: u64) -> Result<(), Refused> {
        let (bucket, now) = (&seat.seat().cost, self.clock.elapsed_nanos());
        bucket
            .take(self.cost_rate, cost, now)
            .map_err(|wait| self.cost.refused(bucket.available(self.cost_rate, now), wait, self.clock.wall()))
    }

    /// Corrects a charge of `reserved` to `actual`.
    pub(super) fn settle_cost(&self, seat: &SeatKey, reserved: u64, actual: u64) {
        let bucket = &seat.seat().cost;
        if actual <= reserved {
            bucket.give_back(self.cost_rate, reserved - actual);
        } else {
            bucket.charge(self.cost_rate, actual - reserved, self.clock.elapsed_nanos());
        }
    }

    /// How many seats there are: shared, and own.
    pub(super) fn seats(&self) -> (usize, usize) {
        (self.shared.len(), self.own.lock().seats.len())
    }

    fn limiter_interval(&self) -> Duration {
        Duration::from_mins(1) / self.requests.rate.per_minute.max(1)
    }
}

impl OwnSeats {
    fn sweep(&mut self, now: Nanos) {
        let since = self.swept_at.map(|at| now.as_u64().saturating_sub(at.as_u64()));
        if since.is_none_or(|nanos| nanos >= SWEEP_NANOS) {
            self.swept_at = Some(now);
            self.seats.retain(|_, seat| !SeatKey::is_vacant(seat, now));
        }
    }
}

fn nanos(duration: Duration) -> i64 {
    i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX)
}
