//! The patterns that findings look for, over the queries of one person, oldest first. Each gives the entries it marks.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use jiff::ToSpan;

use super::Seen;
use crate::domain::calendar::WorkingCalendar;
use crate::domain::{Date, Instant};

const MINUTE: i64 = 60_000_000;
const DAY: i64 = 24 * 60 * MINUTE;

/// One operation with at least `different` arguments within `minutes`.
pub(super) fn enumeration(queries: &[Seen], different: u32, minutes: u32) -> BTreeSet<u64> {
    let mut by_operation: BTreeMap<&str, Vec<&Seen>> = BTreeMap::new();
    // Credit checks come in hundreds by nature; each names its case, and what nothing follows is found by that.
    for query in queries.iter().filter(|query| !query.is_check) {
        by_operation.entry(&query.operation).or_default().push(query);
    }
    let mut marked = BTreeSet::new();
    for queries in by_operation.values() {
        let arguments = |query: &&Seen| query.arguments.clone();
        mark_windows(queries, i64::from(minutes) * MINUTE, different as usize, arguments, &mut marked);
    }
    marked
}

/// One subject at least `many` times within `days`: for each such subject the entries.
pub(super) fn same_subject(queries: &[Seen], many: u32, days: u32) -> Vec<BTreeSet<u64>> {
    let mut by_subject: BTreeMap<&str, Vec<&Seen>> = BTreeMap::new();
    for query in queries {
        for subject in &query.subjects {
            by_subject.entry(subject).or_default().push(query);
        }
    }
    let mark = |queries: &Vec<&Seen>| {
        let mut marked = BTreeSet::new();
        mark_windows(queries, i64::from(days) * DAY, many as usize, |query| query.index, &mut marked);
        marked
    };
    by_subject.values().map(mark).filter(|marked| !marked.is_empty()).collect()
}

/// Marks what stands in a window of `micros` that holds at least `many` different keys.
fn mark_windows<K: Ord>(
    queries: &[&Seen],
    micros: i64,
    many: usize,
    key: impl Fn(&&Seen) -> K,
    marked: &mut BTreeSet<u64>,
) {
    let mut window: VecDeque<&Seen> = VecDeque::new();
    let mut keys: BTreeMap<K, usize> = BTreeMap::new();
    for query in queries {
        window.push_back(query);
        *keys.entry(key(query)).or_default() += 1;
        while let Some(first) = window.front()
            && query.micros - first.micros > micros
        {
            if let Some(count) = keys.get_mut(&key(first)) {
                *count -= 1;
            }
            keys.retain(|_, count| *count > 0);
            window.pop_front();
        }
        if keys.len() >= many {
            marked.extend(window.iter().map(|query| query.index));
        }
    }
}

/// Days with at least `rows_min` records, and `factor` times the median of the person's days with queries in the
/// `baseline_days` before. Without such a day the median is 0.
pub(super) fn bulk(queries: &[Seen], rows_min: u64, factor: u64, baseline_days: u32) -> BTreeSet<u64> {
    let mut days: BTreeMap<Date, u64> = BTreeMap::new();
    for query in queries {
        *days.entry(query.day()).or_default() += query.rows;
    }
    let is_bulk = |day: Date, rows: u64| {
        let mut before: Vec<u64> =
            days.range(day.saturating_sub(i64::from(baseline_days).days())..day).map(|(_, rows)| *rows).collect();
        before.sort_unstable();
        let median = before.get(before.len() / 2).copied().unwrap_or(0);
        rows >= rows_min && rows >= median.saturating_mul(factor)
    };
    let found: BTreeSet<Date> = days.iter().filter(|&(&day, &rows)| is_bulk(day, rows)).map(|(day, _)| *day).collect();
    queries.iter().filter(|query| found.contains(&query.day())).map(|query| query.index).collect()
}

/// At least `many` queries of a day outside the office hours `from` to `to`, or on a day off.
pub(super) fn off_hours(
    queries: &[Seen],
    (from, to): (i8, i8),
    many: u32,
    calendar: &WorkingCalendar,
) -> BTreeSet<u64> {
    let mut by_day: BTreeMap<Date, Vec<u64>> = BTreeMap::new();
    for query in queries {
        let day = query.day();
        let into_day = query.micros - Instant::start_of(day).micros();
        let hour = i8::try_from(into_day / (60 * MINUTE)).unwrap_or(0);
        if !(from..to).contains(&hour) || !calendar.is_working_day(day).working {
            by_day.entry(day).or_default().push(query.index);
        }
    }
    by_day.into_values().filter(|entries| entries.len() >= many as usize).flatten().collect()
}

/// Queries about a subject that the person has declared.
pub(super) fn related(queries: &[Seen], declared: Option<&BTreeSet<String>>) -> BTreeSet<u64> {
    let Some(declared) = declared else { return BTreeSet::new() };
    let is_about = |query: &&Seen| query.subjects.iter().any(|subject| declared.contains(subject));
    queries.iter().filter(is_about).map(|query| query.index).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const MONDAY: &str = "2026-11-23T01:00:00Z";

    fn at(minutes: i64) -> i64 {
        Instant::parse_rfc3339(MONDAY).unwrap().micros() + minutes * MINUTE
    }

    fn query(index: u64, minutes: i64) -> Seen {
        Seen { index, micros: at(minutes), operation: "op".to_owned(), ..Seen::default() }
    }

    fn entries(of: &[u64]) -> BTreeSet<u64> {
        of.iter().copied().collect()
    }

    #[test]
    fn an_enumeration_is_many_different_arguments_of_one_operation_in_a_short_time() {
        let with =
            |index: u64, minutes, arguments: &str| Seen { arguments: arguments.to_owned(), ..query(index, minutes) };
        let slow = [with(0, 0, "a"), with(1, 6, "b"), with(2, 12, "c")];
        assert_eq!(enumeration(&slow, 3, 10), entries(&[]), "twelve minutes");
        assert_eq!(enumeration(&slow, 3, 12), entries(&[0, 1, 2]));
        let same = [with(0, 0, "a"), with(1, 1, "a"), with(2, 2, "a"), with(3, 3, "b")];
        assert_eq!(enumeration(&same, 3, 10), entries(&[]), "two different ones, whatever their number");
        let mut mixed = [with(0, 0, "a"), with(1, 1, "b"), with(2, 2, "c")];
        mixed[1].operation = "other".to_owned();
        assert_eq!(enumeration(&mixed, 3, 10), entries(&[]), "two operations");
        let checks = slow.map(|query| Seen { is_check: true, ..query });
        assert_eq!(enumeration(&checks, 3, 12), entries(&[]), "checks of many subjects at once");
    }

    #[test]
    fn one_subject_again_and_again_is_counted_within_the_days_alone() {
        let about = |index: u64, days: i64, subject: &str| Seen {
            subjects: vec![subject.to_owned()],
            ..query(index, days * 24 * 60)
        };
        let queries = [about(0, 0, "s"), about(1, 1, "t"), about(2, 2, "s"), about(3, 8, "s"), about(4, 9, "s")];
        assert_eq!(same_subject(&queries, 3, 7), [entries(&[2, 3, 4])]);
        assert_eq!(same_subject(&queries, 4, 9), [entries(&[0, 2, 3, 4])]);
        assert_eq!(same_subject(&queries, 1, 1), [entries(&[0, 2, 3, 4]), entries(&[1])], "each subject by itself");
        assert!(same_subject(&queries, 4, 8).is_empty());
    }

    #[test]
    fn bulk_is_measured_by_the_persons_own_days() {
        let day = |index: u64, day: i64, rows| Seen { rows, ..query(index, day * 24 * 60) };
        let steady = [day(0, 0, 400), day(1, 1, 500), day(2, 2, 600)];
        assert_eq!(bulk(&steady, 100, 3, 30), entries(&[0]), "the first day has none before it: the least decides");
        let jump = [day(0, 0, 10), day(1, 1, 12), day(2, 2, 120), day(3, 2, 5)];
        assert_eq!(bulk(&jump, 100, 3, 30), entries(&[2, 3]), "the whole day");
        assert_eq!(bulk(&jump, 200, 3, 30), entries(&[]));
        assert_eq!(bulk(&jump, 100, 20, 30), entries(&[]));
    }

    #[test]
    fn office_hours_end_with_their_last_hour_and_days_off_have_none() {
        let calendar = WorkingCalendar::new(BTreeMap::new(), BTreeSet::new());
        // Monday 9:00 in Shanghai is minute 0.
        let queries = [query(0, -121), query(1, -120), query(2, 659), query(3, 660), query(4, -24 * 60)];
        assert_eq!(off_hours(&queries, (7, 20), 1, &calendar), entries(&[0, 3, 4]), "6:59, 20:00, Sunday");
        assert_eq!(off_hours(&queries, (7, 20), 2, &calendar), entries(&[0, 3]), "two of one day");
        assert_eq!(off_hours(&queries, (7, 20), 3, &calendar), entries(&[]));
    }

    #[test]
    fn declared_relations_alone_are_marked() {
        let about = |index: u64, subject: &str| Seen { subjects: vec![subject.to_owned()], ..query(index, 0) };
        let queries = [about(0, "s"), about(1, "t")];
        let declared: BTreeSet<String> = [String::from("t")].into();
        assert_eq!(related(&queries, Some(&declared)), entries(&[1]));
        assert_eq!(related(&queries, None), entries(&[]));
    }
}
