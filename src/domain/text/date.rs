//! Dates as real files write them, and the dates that stand for "no end".

use super::{fold_width, is_blank};
use crate::domain::time::{Date, Instant};

/// The first year of "no end": 2099-01-31, 2099-12-31 and 9999-9-9 all occur.
const NO_END_YEAR: i16 = 2099;

/// Before this year a date is a software default (`0001-01-01`), not a fact.
const YEAR_MIN: i16 = 1800;

/// Longer text than this is no date, in characters.
const DATE_CHARS_MAX: usize = 40;

/// Why a text is not a date. The text itself is never repeated: it may be a birth date.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DateError {
    /// None of the known forms.
    #[error("not a date of the form YYYY-MM-DD, YYYY/M/D, YYYY.M.D, YYYYMMDD or YYYY年M月D日")]
    Unreadable,
    /// A known form, but the calendar has no such day.
    #[error("a date that the calendar does not have")]
    NoSuchDay,
    /// A year that only software defaults have.
    #[error("a date before the year 1800")]
    TooOld,
}

/// Reads a date: `YYYY-MM-DD`, `YYYY/M/D`, `YYYY.M.D`, `YYYYMMDD`, `YYYY年M月D日`, with a time of day behind it
/// or not. An instant with a zone (RFC 3339) is taken as its date in Asia/Shanghai.
///
/// # Errors
/// [`DateError`] when no form fits or the day does not exist.
pub fn parse_date(text: &str) -> Result<Date, DateError> {
    let folded: String = text.chars().map(fold_width).take(DATE_CHARS_MAX + 1).collect();
    let text = folded.trim_matches(is_blank);
    if text.is_empty() || folded.chars().count() > DATE_CHARS_MAX {
        return Err(DateError::Unreadable);
    }
    if let Some(instant) = zoned(text) {
        return in_range(instant.date_in_shanghai());
    }
    if text.contains('年') {
        return parse_chinese(text);
    }
    match text.split_once([' ', 'T']) {
        Some((day, time)) if is_time(time.trim_matches(is_blank)) => parse_day(day),
        Some(_) => Err(DateError::Unreadable),
        None if text.len() == 14 && is_digits(text) => parse_compact_instant(text),
        None => parse_day(text),
    }
}

/// Whether a date stands for "no end" (the year 2099 and after).
pub fn is_no_end(date: Date) -> bool {
    date.year() >= NO_END_YEAR
}

fn zoned(text: &str) -> Option<Instant> {
    let (_, time) = text.split_once([' ', 'T'])?;
    (time.ends_with(['Z', 'z']) || time.contains(['+', '-'])).then(|| Instant::parse_rfc3339(text)).flatten()
}

fn parse_chinese(text: &str) -> Result<Date, DateError> {
    let text: String = text.chars().filter(|&character| !is_blank(character)).collect();
    let (year, rest) = text.split_once('年').ok_or(DateError::Unreadable)?;
    let (month, rest) = rest.split_once('月').ok_or(DateError::Unreadable)?;
    let (day, time) = rest.split_once(['日', '号']).ok_or(DateError::Unreadable)?;
    if !time.is_empty() && !is_time(time) {
        return Err(DateError::Unreadable);
    }
    assemble(year, month, day)
}

fn parse_day(text: &str) -> Result<Date, DateError> {
    if text.len() == 8 && is_digits(text) {
        let (year, rest) = text.split_at(4);
        let (month, day) = rest.split_at(2);
        return assemble(year, month, day);
    }
    let separator = ['-', '/', '.'].into_iter().find(|&separator| text.contains(separator));
    let mut parts = text.split(separator.ok_or(DateError::Unreadable)?);
    match (parts.next(), parts.next(), parts.next(), parts.next()) {
        (Some(year), Some(month), Some(day), None) => assemble(year, month, day),
        _ => Err(DateError::Unreadable),
    }
}

/// `YYYYMMDDhhmmss`, as some front-end databases store instants.
fn parse_compact_instant(text: &str) -> Result<Date, DateError> {
    let (day, time) = text.split_at(8);
    let within = |from: usize, limit: u8| {
        time.get(from..from + 2).and_then(|part| part.parse::<u8>().ok()).is_some_and(|number| number < limit)
    };
    if !(within(0, 24) && within(2, 60) && within(4, 60)) {
        return Err(DateError::Unreadable);
    }
    parse_day(day)
}

fn assemble(year: &str, month: &str, day: &str) -> Result<Date, DateError> {
    let year = number(year, 4..=4).ok_or(DateError::Unreadable)?;
    let month = number(month, 1..=2).and_then(|month| i8::try_from(month).ok()).ok_or(DateError::Unreadable)?;
    let day = number(day, 1..=2).and_then(|day| i8::try_from(day).ok()).ok_or(DateError::Unreadable)?;
    in_range(Date::new(year, month, day).map_err(|_| DateError::NoSuchDay)?)
}

fn in_range(date: Date) -> Result<Date, DateError> {
    if date.year() < YEAR_MIN { Err(DateError::TooOld) } else { Ok(date) }
}

fn number(text: &str, digits: std::ops::RangeInclusive<usize>) -> Option<i16> {
    if digits.contains(&text.len()) && is_digits(text) { text.parse().ok() } else { None }
}

fn is_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

/// `h:mm`, `hh:mm:ss`, `hh:mm:ss.fff`.
fn is_time(text: &str) -> bool {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let mut parts = whole.split(':').map(|part| number(part, 1..=2));
    let (hour, minute, second) = (parts.next().flatten(), parts.next().flatten(), parts.next());
    let second = second.unwrap_or(Some(0));
    parts.next().is_none()
        && hour.is_some_and(|hour| hour < 24)
        && minute.is_some_and(|minute| minute < 60)
        && second.is_some_and(|second| second <= 60)
        && !fraction.is_empty()
        && is_digits(fraction)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_form_of_one_day_reads_alike() {
        for text in [
            "2018-08-01",
            "2018/08/01",
            "2018/8/1",
            "2018.8.1",
            "20180801",
            "2018年8月1日",
            "2018年08月01日",
            "2018 年 8 月 1 日",
            "2018-08-01 00:00:00",
            "2018-08-01T12:30",
            "2018/8/1 0:00",
            "2018-08-01 00:00:00.0",
            "20180801123000",
            "2018年8月1日 12:30",
            "２０１８－０８－０１",
            "\u{feff} 2018-08-01\u{3000}",
            "2018-08-01T00:00:00+08:00",
            "2018-07-31T16:00:00Z",
        ] {
            assert_eq!(parse_date(text), Ok(date(2018, 8, 1)), "{text:?}");
        }
    }

    #[test]
    fn what_is_no_date_is_refused_and_says_why() {
        for text in [
            "",
            " ",
            "undefined",
            "2018",
            "2018-08",
            "18-08-01",
            "2018-08-01-02",
            "2018-08/01",
            "2018-8月1日",
            "2018-08-01 25:00",
            "2018-08-01 nonsense",
            "20180801250000",
            "2018年8月",
            "-2018-08-01",
            "+2018-08-01",
            "２０１８年",
            "43313",
            "2018-08-01 10:00:00:00",
            "2018-08-01.",
            &"2018-08-01 ".repeat(9),
        ] {
            assert_eq!(parse_date(text), Err(DateError::Unreadable), "{text:?}");
        }
        for text in ["2018-02-29", "2018-13-01", "20180230", "2018年4月31日", "2018-00-10"] {
            assert_eq!(parse_date(text), Err(DateError::NoSuchDay), "{text:?}");
        }
        assert_eq!(parse_date("0001-01-01"), Err(DateError::TooOld));
    }

    #[test]
    fn the_dates_for_no_end_are_known() {
        for text in ["2099-01-31", "2099/12/31", "9999-9-9", "9999-12-31"] {
            assert!(is_no_end(parse_date(text).unwrap()), "{text}");
        }
        assert!(!is_no_end(date(2098, 12, 31)));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn a_printed_date_reads_back(days in 0i32..100_000) {
            let day = date(1850, 1, 1).checked_add(jiff::Span::new().days(days)).unwrap();
            prop_assert_eq!(parse_date(&day.to_string()), Ok(day));
        }

        #[test]
        fn no_text_makes_the_reader_panic(text in "[0-9年月日 :TZ./+-]{0,24}|.*") {
            let _ = parse_date(&text);
        }
    }
}
