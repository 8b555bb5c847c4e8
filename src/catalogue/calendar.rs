//! The working-day calendar of `policies/calendar.toml`.
//!
//! A file that contradicts itself is refused with file, line and reason, all faults at once.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use jiff::civil::Weekday;
use serde::Deserialize;
use toml::Spanned;

use super::CatalogueFault;
use super::rules::Source;
use crate::domain::calendar::{WorkingCalendar, YearArrangement};
use crate::domain::time::Date;

/// Reads the calendar from its file.
///
/// # Errors
/// All faults found: an unreadable file, unknown keys, a date that does not exist, lies in another year, stands
/// twice, or is a make-up working day from Monday to Friday.
pub fn load_calendar(path: &Path) -> Result<WorkingCalendar, Vec<CatalogueFault>> {
    let name = path.display().to_string();
    match std::fs::read_to_string(path) {
        Ok(text) => read_calendar(&name, &text),
        Err(error) => Err(vec![CatalogueFault { file: name, line: None, reason: format!("cannot be read: {error}") }]),
    }
}

/// Reads the calendar from its text; `name` is what faults call it.
///
/// # Errors
/// As [`load_calendar`].
pub fn read_calendar(name: &str, text: &str) -> Result<WorkingCalendar, Vec<CatalogueFault>> {
    let source = Source { name, text };
    let file: CalendarFile = source.read().map_err(|fault| vec![fault])?;
    let mut faults = Vec::new();
    let statutory = read_statutory(&file.statutory, source, &mut faults);
    let mut years = BTreeMap::new();
    for year in &file.year {
        let number = *year.year.get_ref();
        let arrangement = read_year(year, source, &mut faults);
        if years.insert(number, arrangement).is_some() {
            faults.push(source.fault(Some(year.year.span().start), format!("the year {number} stands twice")));
        }
    }
    if faults.is_empty() { Ok(WorkingCalendar::new(years, statutory)) } else { Err(faults) }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CalendarFile {
    statutory: Vec<Spanned<String>>,
    year: Vec<YearEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct YearEntry {
    year: Spanned<i16>,
    papers: Vec<String>,
    festival: Vec<Festival>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Festival {
    name: Spanned<String>,
    days: Vec<Spanned<String>>,
    #[serde(default)]
    makeup: Vec<Spanned<String>>,
}

fn read_statutory(
    entries: &[Spanned<String>],
    source: Source<'_>,
    faults: &mut Vec<CatalogueFault>,
) -> BTreeSet<(i8, i8)> {
    let mut days = BTreeSet::new();
    for entry in entries {
        // A leap year, so that 02-29 would read too.
        match format!("2000-{}", entry.get_ref()).parse::<Date>() {
            Ok(date) => drop(days.insert((date.month(), date.day()))),
            Err(_) => faults.push(
                source.fault(Some(entry.span().start), format!("`{}` is not a day of the form MM-DD", entry.get_ref())),
            ),
        }
    }
    days
}

fn read_year(entry: &YearEntry, source: Source<'_>, faults: &mut Vec<CatalogueFault>) -> YearArrangement {
    let mut arrangement = YearArrangement::default();
    if entry.papers.is_empty() {
        faults.push(source.fault(Some(entry.year.span().start), "no paper that arranges this year"));
    }
    for festival in &entry.festival {
        if festival.name.get_ref().is_empty() {
            faults.push(source.fault(Some(festival.name.span().start), "a festival without a name"));
        }
        for day in &festival.days {
            read_day(day, entry, source, faults).map(|date| arrangement.holidays.insert(date));
        }
        for day in &festival.makeup {
            let Some(date) = read_day(day, entry, source, faults) else { continue };
            if !matches!(date.weekday(), Weekday::Saturday | Weekday::Sunday) {
                faults.push(
                    source.fault(Some(day.span().start), format!("{date} is a working day without being made up")),
                );
            }
            arrangement.makeup_workdays.insert(date);
        }
    }
    let listed: usize = entry.festival.iter().map(|festival| festival.days.len() + festival.makeup.len()).sum();
    let distinct = arrangement.holidays.union(&arrangement.makeup_workdays).count();
    if faults.is_empty() && listed != distinct {
        faults.push(source.fault(Some(entry.year.span().start), "a date stands twice in this year"));
    }
    arrangement
}

fn read_day(
    day: &Spanned<String>,
    entry: &YearEntry,
    source: Source<'_>,
    faults: &mut Vec<CatalogueFault>,
) -> Option<Date> {
    let text = day.get_ref();
    let reason = match text.parse::<Date>() {
        Ok(date) if date.year() == *entry.year.get_ref() => return Some(date),
        Ok(_) => format!("`{text}` does not lie in {}", entry.year.get_ref()),
        Err(_) => format!("`{text}` is not a date of the form YYYY-MM-DD"),
    };
    faults.push(source.fault(Some(day.span().start), reason));
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = r#"statutory = ["01-01"]
[[year]]
year = 2026
papers = ["a paper"]
festival = [
    { name = "国庆节", days = ["2026-10-01", "2026-10-02"], makeup = ["2026-10-10"] },
]
"#;

    fn fault(from: &str, to: &str) -> String {
        assert!(FILE.contains(from), "{from}");
        let faults = read_calendar("calendar.toml", &FILE.replace(from, to)).unwrap_err();
        assert_eq!(faults.len(), 1, "{faults:?}");
        faults[0].to_string()
    }

    #[test]
    fn a_sound_file_reads() {
        let calendar = read_calendar("calendar.toml", FILE).unwrap();
        assert!(!calendar.is_working_day(jiff::civil::date(2026, 10, 1)).working);
        assert!(calendar.is_working_day(jiff::civil::date(2026, 10, 10)).working);
        assert!(calendar.is_working_day(jiff::civil::date(2027, 1, 1)).provisional);
    }

    #[test]
    fn faults_name_file_line_and_reason() {
        assert_eq!(fault("2026-10-02", "2025-10-02"), "calendar.toml:6: `2025-10-02` does not lie in 2026");
        assert_eq!(
            fault("2026-10-02", "2026-10-32"),
            "calendar.toml:6: `2026-10-32` is not a date of the form YYYY-MM-DD"
        );
        assert_eq!(
            fault("2026-10-10", "2026-10-09"),
            "calendar.toml:6: 2026-10-09 is a working day without being made up"
        );
        assert_eq!(fault("2026-10-02", "2026-10-01"), "calendar.toml:3: a date stands twice in this year");
        assert_eq!(fault("2026-10-02", "2026-10-10"), "calendar.toml:3: a date stands twice in this year");
        assert_eq!(fault("[\"01-01\"]", "[\"13-01\"]"), "calendar.toml:1: `13-01` is not a day of the form MM-DD");
        assert_eq!(fault("[\"a paper\"]", "[]"), "calendar.toml:3: no paper that arranges this year");
        assert!(fault("papers", "paper").starts_with("calendar.toml:4: unknown field `paper`"));
    }

    #[test]
    fn a_year_that_stands_twice_is_refused() {
        let (_, year) = FILE.split_once('\n').unwrap();
        let faults = read_calendar("calendar.toml", &format!("{FILE}{year}")).unwrap_err();
        assert_eq!(faults[0].to_string(), "calendar.toml:9: the year 2026 stands twice");
    }
}
