//! Instants and dates. Instants are microseconds UTC, dates are calendar dates in Asia/Shanghai.
//!
//! The zone is written as the fixed offset +08:00: China has kept it all year since 1991.

use jiff::tz::Offset;

/// A calendar date; printed as ISO 8601 (`2026-11-23`).
pub type Date = jiff::civil::Date;

/// The date that real files write for "no end": the year 2099 and after.
pub const NO_END: Date = jiff::civil::date(9999, 12, 31);

const SHANGHAI: Offset = jiff::tz::offset(8);

/// A point in time, in microseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(i64);

impl Instant {
    /// The instant `micros` microseconds after the epoch.
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// Microseconds since the epoch.
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// Whole seconds since the epoch, rounded down.
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }

    /// This instant moved by `micros`, saturating.
    #[must_use]
    pub const fn plus_micros(self, micros: i64) -> Self {
        Self(self.0.saturating_add(micros))
    }

    /// This instant moved by whole seconds, saturating.
    #[must_use]
    pub const fn plus_seconds(self, seconds: i64) -> Self {
        self.plus_micros(seconds.saturating_mul(1_000_000))
    }

    /// The calendar date in Asia/Shanghai.
    pub fn date_in_shanghai(self) -> Date {
        SHANGHAI.to_datetime(self.timestamp()).date()
    }

    /// The hour in Asia/Shanghai: `yyyyMMddHH`.
    pub fn hour_in_shanghai(self) -> String {
        SHANGHAI.to_datetime(self.timestamp()).strftime("%Y%m%d%H").to_string()
    }

    /// Date and time of day in Asia/Shanghai, to the second: `2026-11-23 16:15:30`.
    pub fn clock_in_shanghai(self) -> String {
        SHANGHAI.to_datetime(self.timestamp()).strftime("%Y-%m-%d %H:%M:%S").to_string()
    }

    /// The same as one number, to the millisecond: `20261123161530000`.
    pub fn number_in_shanghai(self) -> String {
        SHANGHAI.to_datetime(self.timestamp()).strftime("%Y%m%d%H%M%S%3f").to_string()
    }

    /// The first instant after a day in Asia/Shanghai.
    pub fn end_of(day: Date) -> Self {
        // Nothing comes after the last day that can be written.
        day.tomorrow().map_or(Self(i64::MAX), Self::start_of)
    }

    /// RFC 3339 in UTC with six decimals: `2026-11-23T08:15:30.000000Z`.
    pub fn rfc3339(self) -> String {
        format!("{:.6}", self.timestamp())
    }

    /// Reads an RFC 3339 instant. `None` when the text is not one.
    pub fn parse_rfc3339(text: &str) -> Option<Self> {
        let timestamp: jiff::Timestamp = text.parse().ok()?;
        Some(Self(timestamp.as_microsecond()))
    }

    /// The first instant of `date` in Asia/Shanghai.
    pub fn start_of(date: Date) -> Self {
        SHANGHAI.to_timestamp(date.at(0, 0, 0, 0)).map_or(Self(i64::MAX), |timestamp| Self(timestamp.as_microsecond()))
    }

    fn timestamp(self) -> jiff::Timestamp {
        jiff::Timestamp::from_microsecond(self.0).unwrap_or(jiff::Timestamp::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_print_with_six_decimals_and_fall_on_the_shanghai_date() {
        let instant = Instant::parse_rfc3339("2026-11-22T16:00:00Z").unwrap();
        assert_eq!(instant.rfc3339(), "2026-11-22T16:00:00.000000Z");
        assert_eq!(instant.date_in_shanghai().to_string(), "2026-11-23");
        assert_eq!(instant.clock_in_shanghai(), "2026-11-23 00:00:00");
        assert_eq!(instant.plus_micros(1_234_567).number_in_shanghai(), "20261123000001234");
        assert_eq!(Instant::start_of(instant.date_in_shanghai()), instant);
    }
}
