//! Where a caller stands with its limits, for people and as header values.
//!
//! `RateLimit` and `RateLimit-Policy` follow draft-ietf-httpapi-ratelimit-headers-11; `Retry-After` is RFC 9110
//! section 10.2.3 and names the same instant as the `t` beside it.

use super::limits::Rate;
use crate::domain::Instant;

const NANOS_PER_SECOND: i64 = 1_000_000_000;

/// What a bucket counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Requests.
    Requests,
    /// The price of queries.
    Cost,
}

impl Unit {
    /// The value of the parameter `qu`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Requests => "requests",
            Self::Cost => "cost",
        }
    }
}

/// A bucket's name and size: what `RateLimit-Policy` tells.
#[derive(Clone, Copy, Debug)]
pub(super) struct Policy {
    name: &'static str,
    unit: Unit,
    pub(super) rate: Rate,
}

impl Policy {
    pub(super) fn new(name: &'static str, unit: Unit, rate: Rate) -> Self {
        Self { name, unit, rate }
    }

    /// A bucket with `remaining` units, full again in `nanos`.
    pub(super) fn standing(&self, remaining: u64, nanos: i64, wall: Instant) -> Quota {
        let seconds = whole_seconds(nanos);
        // The window that goes with the burst is the time in which an empty bucket fills.
        let per_minute = u64::from(self.rate.per_minute.max(1));
        Quota {
            policy: self.name,
            unit: self.unit,
            limit: u64::from(self.rate.burst),
            window_seconds: (u64::from(self.rate.burst) * 60).div_ceil(per_minute),
            remaining,
            reset_seconds: seconds,
            reset_at: wall.plus_seconds(i64::try_from(seconds).unwrap_or(i64::MAX)),
        }
    }

    /// A bucket that did not have what was asked for, and will in `nanos`.
    pub(super) fn refused(&self, remaining: u64, nanos: i64, wall: Instant) -> Refused {
        Refused { quota: self.standing(remaining, nanos.max(1), wall) }
    }
}

/// The state of one bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quota {
    /// The policy's name, such as `public` or `department-cost`.
    pub policy: &'static str,
    /// What it counts.
    pub unit: Unit,
    /// How much the bucket holds.
    pub limit: u64,
    /// In how many seconds an empty bucket fills.
    pub window_seconds: u64,
    /// How much is left.
    pub remaining: u64,
    /// In how many seconds it is full again; for a refusal, in how many what was asked for is to be had.
    pub reset_seconds: u64,
    /// The same as an instant.
    pub reset_at: Instant,
}

impl Quota {
    /// Its item in `RateLimit`.
    pub fn rate_limit(&self) -> String {
        format!(r#""{}";r={};t={}"#, self.policy, self.remaining, self.reset_seconds)
    }

    /// Its item in `RateLimit-Policy`.
    pub fn rate_limit_policy(&self) -> String {
        format!(r#""{}";q={};w={};qu="{}""#, self.policy, self.limit, self.window_seconds, self.unit.name())
    }
}

/// Both buckets of a caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Requests, as they stood when this one was admitted.
    pub requests: Quota,
    /// Cost, as it stands now.
    pub cost: Quota,
}

impl Standing {
    /// The value of `RateLimit`.
    pub fn rate_limit(&self) -> String {
        format!("{}, {}", self.requests.rate_limit(), self.cost.rate_limit())
    }

    /// The value of `RateLimit-Policy`.
    pub fn rate_limit_policy(&self) -> String {
        format!("{}, {}", self.requests.rate_limit_policy(), self.cost.rate_limit_policy())
    }
}

/// Too fast: status 429, code `RATE_LIMITED`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too fast: try again in {} seconds", self.quota.reset_seconds)]
pub struct Refused {
    /// The bucket that did not have what was asked for.
    pub quota: Quota,
}

impl Refused {
    /// The value of `Retry-After`, in seconds; the same instant as the `t` of `rate_limit`.
    pub fn retry_after(&self) -> String {
        self.quota.reset_seconds.to_string()
    }

    /// The value of `RateLimit`.
    pub fn rate_limit(&self) -> String {
        self.quota.rate_limit()
    }

    /// The value of `RateLimit-Policy`.
    pub fn rate_limit_policy(&self) -> String {
        self.quota.rate_limit_policy()
    }
}

/// Rounded up, so that who comes back then is not early.
fn whole_seconds(nanos: i64) -> u64 {
    u64::try_from(nanos.max(0)).unwrap_or(0).div_ceil(NANOS_PER_SECOND.unsigned_abs())
}
