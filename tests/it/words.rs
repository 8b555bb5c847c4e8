//! Identifiers and working days, against the shipped calendar and against real data.
//!
//! Real data are read from the folder named by `CHENGXIN_REAL_DATA` and are no part of the project.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use chengxin::catalogue::load_calendar;
use chengxin::domain::calendar::{Deadline, WorkingCalendar, add_months};
use chengxin::domain::identifier::{CitizenNumber, OrganizationCode, RegistrationNumber, Uscc};
use chengxin::domain::text::{is_absent, is_no_end, parse_date};
use chengxin::domain::time::Date;
use jiff::civil::date;
use serde_json::Value;

fn calendar() -> WorkingCalendar {
    load_calendar(&Path::new(env!("CARGO_MANIFEST_DIR")).join("policies/calendar.toml"))
        .unwrap_or_else(|faults| panic!("{}", faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")))
}

/// A file of the real data, or `None` with a plain line when there are none.
fn real_data(file: &str) -> Option<PathBuf> {
    let Some(folder) = std::env::var_os("CHENGXIN_REAL_DATA") else {
        println!("left out: {file} is not here, CHENGXIN_REAL_DATA is not set");
        return None;
    };
    Some(Path::new(&folder).join(file))
}

fn real_json(file: &str) -> Option<Value> {
    let path = real_data(file)?;
    Some(serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap())
}

fn texts<'a>(value: &'a Value, key: &str) -> Vec<&'a str> {
    value.as_array().unwrap().iter().map(|entry| entry[key].as_str().unwrap()).collect()
}

#[test]
fn published_codes_pass_and_spoilt_ones_fail() {
    let Some(vectors) = real_json("uscc_vectors.json") else { return };
    let valid = vectors["valid"].as_array().unwrap();
    assert_eq!(valid.len(), 36);
    for entry in valid {
        let text = entry["uscc"].as_str().unwrap();
        let code = Uscc::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(code.as_str(), text);
        assert_eq!(code.organization_part().unwrap().as_str(), entry["org_part"].as_str().unwrap());
        assert!(code.embedded_check_holds());
        assert_eq!(Uscc::with_check(&text[..17]).unwrap(), code);
    }
    for text in texts(&vectors["invalid"], "uscc") {
        assert!(Uscc::parse(text).is_err(), "{text} should fail");
    }
}

#[test]
fn specimens_of_the_standards_pass() {
    let Some(vectors) = real_json("uscc_vectors.json") else { return };
    for text in texts(&vectors["citizen_id"], "id") {
        assert_eq!(CitizenNumber::parse(text).unwrap().expose(), text);
        assert_eq!(CitizenNumber::with_check(&text[..17]).unwrap().expose(), text);
    }
    for text in texts(&vectors["org_code"], "code") {
        assert_eq!(OrganizationCode::parse(text).unwrap().as_str(), text.replace('-', ""));
    }
    for text in texts(&vectors["reg_no"], "code") {
        assert!(RegistrationNumber::parse(text).unwrap().check_holds());
    }
}

#[test]
fn a_thousand_real_codes_pass_both_checks() {
    let Some(path) = real_data("uscc_codes.txt") else { return };
    let text = std::fs::read_to_string(path).unwrap();
    let codes: Vec<Uscc> = text.lines().map(|line| Uscc::parse(line).unwrap()).collect();
    assert_eq!(codes.len(), 1015);
    for code in &codes {
        assert_eq!(code.class(), "91");
        assert!(code.embedded_check_holds(), "{code}");
        assert_eq!(Uscc::parse(&code.as_str().to_ascii_lowercase()).as_ref(), Ok(code));
    }
}

#[test]
fn dates_of_published_licences_read() {
    let Some(path) = real_data("licences.csv") else { return };
    let mut rows = csv::Reader::from_path(path).unwrap();
    let headers = rows.headers().unwrap().clone();
    let dated: Vec<usize> =
        (0..headers.len()).filter(|&at| ["XK_JDRQ", "XK_YXQZ", "XK_YXQZI"].contains(&&headers[at])).collect();
    let (mut read, mut endless) = (0, 0);
    for row in rows.records().map(Result::unwrap) {
        for cell in dated.iter().map(|&at| &row[at]).filter(|cell| !is_absent(cell)) {
            let date = parse_date(cell).unwrap_or_else(|error| panic!("{cell}: {error}"));
            read += 1;
            endless += u32::from(is_no_end(date));
        }
    }
    assert!(
        dated.len() == 3 && read > 100 && endless > 0,
        "{} columns, {read} dates, {endless} without end",
        dated.len()
    );
}

#[test]
fn the_shipped_calendar_holds_every_day_of_the_notices() {
    let Some(notices) = real_json("calendar.json") else { return };
    let calendar = calendar();
    let notices = notices["years"].as_object().unwrap();
    assert_eq!(calendar.years().len(), notices.len());
    for (year, notice) in notices {
        let shipped = &calendar.years()[&year.parse::<i16>().unwrap()];
        let days = |key: &str| -> BTreeSet<Date> {
            notice[key].as_object().unwrap().keys().map(|day| day.parse().unwrap()).collect()
        };
        assert_eq!(shipped.holidays, days("holidays"), "{year}");
        assert_eq!(shipped.makeup_workdays, days("makeup_workdays"), "{year}");
    }
}

#[test]
fn each_year_has_its_working_days() {
    let calendar = calendar();
    for (year, count) in [
        (2018, 250),
        (2019, 250),
        (2020, 249),
        (2021, 250),
        (2022, 249),
        (2023, 249),
        (2024, 251),
        (2025, 248),
        (2026, 248),
    ] {
        // 2017 is unknown, so the first year is counted from its own first day, which is a holiday.
        let days = calendar.working_days_between(date(year, 1, 1), date(year, 12, 31));
        assert!(!calendar.is_working_day(date(year, 1, 1)).working);
        assert_eq!((days.count, days.provisional), (count, false), "{year}");
    }
}

#[test]
fn periods_of_working_days_end_where_the_notices_say() {
    let calendar = calendar();
    for (start, count, end) in [
        (date(2026, 9, 22), 7, date(2026, 10, 9)),
        (date(2026, 2, 12), 7, date(2026, 2, 28)),
        (date(2026, 4, 30), 3, date(2026, 5, 8)),
        (date(2025, 9, 26), 7, date(2025, 10, 13)),
        (date(2026, 9, 30), 5, date(2026, 10, 13)),
    ] {
        assert_eq!(
            calendar.add_working_days(start, count),
            Deadline { date: end, provisional: false },
            "{start} + {count}"
        );
    }
    let next_year = calendar.add_working_days(date(2026, 12, 25), 7);
    assert_eq!(next_year, Deadline { date: date(2027, 1, 6), provisional: true });
}

#[test]
fn makeup_days_of_three_years_are_working_days() {
    let calendar = calendar();
    for (year, days) in [
        (2024, &[(2, 4), (2, 18), (4, 7), (4, 28), (5, 11), (9, 14), (9, 29), (10, 12)][..]),
        (2025, &[(1, 26), (2, 8), (4, 27), (9, 28), (10, 11)][..]),
        (2026, &[(1, 4), (2, 14), (2, 28), (5, 9), (9, 20), (10, 10)][..]),
    ] {
        assert_eq!(calendar.years()[&year].makeup_workdays.len(), days.len());
        for &(month, day) in days {
            assert!(calendar.is_working_day(date(year, month, day)).working, "{year}-{month}-{day}");
        }
    }
    let holidays = |year: i16| calendar.years()[&year].holidays.len();
    assert_eq!((holidays(2024), holidays(2025), holidays(2026)), (28, 28, 33));
}

#[test]
fn months_end_by_the_civil_code() {
    assert_eq!(add_months(date(2026, 11, 30), 3), date(2027, 2, 28));
}
