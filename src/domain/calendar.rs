//! Working days and periods in months.
//!
//! Pure: the days off and the working weekends come in as data. The start day of a period is not counted
//! (民法典 article 201). Deliberately absent: any guess at a lunar holiday of a year not yet arranged.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Span;
use jiff::civil::Weekday;

use super::time::Date;

/// Which days are working days, by the yearly arrangements of the State Council General Office.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkingCalendar {
    years: BTreeMap<i16, YearArrangement>,
    statutory: BTreeSet<(i8, i8)>,
}

/// One year's arrangement: what differs from Monday to Friday.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct YearArrangement {
    /// Days off (放假), weekend days inside them included.
    pub holidays: BTreeSet<Date>,
    /// Saturdays and Sundays that are working days (调休上班).
    pub makeup_workdays: BTreeSet<Date>,
}

/// What is known of one day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Day {
    /// Whether it is a working day.
    pub working: bool,
    /// Its year's arrangement is not known: weekends and fixed statutory days alone were looked at.
    pub provisional: bool,
}

/// The last day of a period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deadline {
    /// The day, included in the period.
    pub date: Date,
    /// A day on the way to it is provisional, so it may still move.
    pub provisional: bool,
}

/// A number of working days.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WorkingDays {
    /// How many.
    pub count: u32,
    /// A day among them is provisional.
    pub provisional: bool,
}

impl WorkingCalendar {
    /// Joins the arrangements by year, and the statutory days (month, day) that are off in a year without one.
    pub fn new(years: BTreeMap<i16, YearArrangement>, statutory: BTreeSet<(i8, i8)>) -> Self {
        Self { years, statutory }
    }

    /// The arrangements by year.
    pub fn years(&self) -> &BTreeMap<i16, YearArrangement> {
        &self.years
    }

    /// Whether `date` is a working day.
    pub fn is_working_day(&self, date: Date) -> Day {
        let weekday = !matches!(date.weekday(), Weekday::Saturday | Weekday::Sunday);
        match self.years.get(&date.year()) {
            Some(year) => Day {
                working: year.makeup_workdays.contains(&date) || (weekday && !year.holidays.contains(&date)),
                provisional: false,
            },
            None => {
                Day { working: weekday && !self.statutory.contains(&(date.month(), date.day())), provisional: true }
            }
        }
    }

    /// The `count`th working day after `start`; `start` itself for 0. Stops at the last day of the year 9999.
    pub fn add_working_days(&self, start: Date, count: u32) -> Deadline {
        let mut deadline = Deadline { date: start, provisional: false };
        let mut left = count;
        while left > 0 {
            let Ok(next) = deadline.date.tomorrow() else { break };
            let day = self.is_working_day(next);
            deadline = Deadline { date: next, provisional: deadline.provisional || day.provisional };
            left -= u32::from(day.working);
        }
        deadline
    }

    /// The working days after `start` up to and including `end`; none when `end` is not after `start`.
    pub fn working_days_between(&self, start: Date, end: Date) -> WorkingDays {
        let mut days = WorkingDays { count: 0, provisional: false };
        let mut date = start;
        while date < end {
            let Ok(next) = date.tomorrow() else { break };
            let day = self.is_working_day(next);
            days.count += u32::from(day.working);
            days.provisional |= day.provisional;
            date = next;
        }
        days
    }
}

/// The last day of a period of `months` that begins with `date`: the same day of the last month, or that
/// month's last day if it has no such day (民法典 article 202). Stops at the last day of the year 9999.
pub fn add_months(date: Date, months: u32) -> Date {
    let span = i32::try_from(months).ok().and_then(|months| Span::new().try_months(months).ok());
    span.and_then(|span| date.checked_add(span).ok()).unwrap_or(Date::MAX)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;

    /// October 2026 as arranged; every other year unknown.
    fn calendar() -> WorkingCalendar {
        let holidays = (1..=7).map(|day| date(2026, 10, day)).chain((25..=27).map(|day| date(2026, 9, day)));
        let makeup_workdays = [date(2026, 9, 20), date(2026, 10, 10)];
        let year = YearArrangement { holidays: holidays.collect(), makeup_workdays: makeup_workdays.into() };
        let statutory = [(1, 1), (5, 1), (5, 2), (10, 1), (10, 2), (10, 3)];
        WorkingCalendar::new([(2026, year)].into(), statutory.into())
    }

    #[test]
    fn the_start_day_is_not_counted_and_makeup_days_are() {
        let calendar = calendar();
        let deadline = |start, count| calendar.add_working_days(start, count);
        assert_eq!(deadline(date(2026, 9, 22), 7), Deadline { date: date(2026, 10, 9), provisional: false });
        assert_eq!(deadline(date(2026, 9, 30), 5), Deadline { date: date(2026, 10, 13), provisional: false });
        assert_eq!(deadline(date(2026, 9, 30), 0), Deadline { date: date(2026, 9, 30), provisional: false });
        assert_eq!(deadline(date(2026, 10, 8), 2).date, date(2026, 10, 10));
    }

    #[test]
    fn an_unknown_year_knows_weekends_and_statutory_days_and_says_so() {
        let calendar = calendar();
        assert_eq!(calendar.is_working_day(date(2027, 1, 1)), Day { working: false, provisional: true });
        assert_eq!(calendar.is_working_day(date(2027, 1, 4)), Day { working: true, provisional: true });
        assert_eq!(calendar.is_working_day(date(2027, 1, 2)), Day { working: false, provisional: true });
        let deadline = calendar.add_working_days(date(2026, 12, 25), 7);
        assert_eq!(deadline, Deadline { date: date(2027, 1, 6), provisional: true });
    }

    #[test]
    fn nothing_lies_between_a_day_and_an_earlier_one() {
        let none = WorkingDays { count: 0, provisional: false };
        assert_eq!(calendar().working_days_between(date(2026, 10, 9), date(2026, 10, 8)), none);
        assert_eq!(calendar().working_days_between(date(2026, 10, 9), date(2026, 10, 9)), none);
    }

    #[test]
    fn the_end_of_time_is_no_endless_loop() {
        assert_eq!(calendar().add_working_days(Date::MAX, u32::MAX).date, Date::MAX);
        assert_eq!(add_months(Date::MAX, 1), Date::MAX);
        assert_eq!(add_months(date(2026, 1, 1), u32::MAX), Date::MAX);
    }

    #[test]
    fn months_end_on_the_same_day_or_the_last_one() {
        assert_eq!(add_months(date(2026, 11, 30), 3), date(2027, 2, 28));
        assert_eq!(add_months(date(2023, 11, 30), 3), date(2024, 2, 29));
        assert_eq!(add_months(date(2026, 3, 31), 12), date(2027, 3, 31));
        assert_eq!(add_months(date(2024, 2, 29), 12), date(2025, 2, 28));
        assert_eq!(add_months(date(2026, 5, 1), 0), date(2026, 5, 1));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn counting_back_gives_the_number_of_days_added(offset in 0i32..700, count in 1u32..40) {
            let start = date(2026, 1, 1).checked_add(Span::new().days(offset)).unwrap();
            let deadline = calendar().add_working_days(start, count);
            prop_assert!(calendar().is_working_day(deadline.date).working);
            let between = calendar().working_days_between(start, deadline.date);
            prop_assert_eq!(between, WorkingDays { count, provisional: deadline.provisional });
        }
    }
}
