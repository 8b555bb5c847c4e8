//! Workbooks (`.xlsx`, and the older `.xls`): the first sheet with a header that is known, cells as text.
//!
//! A workbook is held in memory while it is read; larger ones are to be saved as CSV.

use std::io::Cursor;
use std::path::Path;

use calamine::{Data, Range, Reader as _};
use csv::StringRecord;

use super::reader::{COLUMNS_MAX, CellKind, HEADER_ROWS_MAX, ReadError, Row, is_header, read_workbook};
use crate::domain::Date;

const WORKBOOK_BYTES_MAX: u64 = 64 << 20;
/// Serial numbers of days that can be meant as dates: 1927-05-18 to 9999-12-31.
const SERIAL_RANGE: std::ops::RangeInclusive<i64> = 10_000..=2_958_465;

pub(super) struct Sheet {
    pub(super) name: String,
    pub(super) rows: Vec<Row>,
}

pub(super) fn rows(path: &Path, bytes: u64, is_known: &dyn Fn(&str) -> bool) -> Result<Sheet, ReadError> {
    let fault = |fault: calamine::Error| ReadError::Workbook(fault.to_string());
    let content = Cursor::new(read_workbook(path, bytes, WORKBOOK_BYTES_MAX)?);
    let mut workbook = calamine::open_workbook_auto_from_rs(content).map_err(fault)?;
    let mut empty = true;
    for name in workbook.sheet_names() {
        let range = workbook.worksheet_range(&name).map_err(fault)?;
        empty &= range.is_empty();
        if range.width() <= COLUMNS_MAX && has_header(&range, is_known) {
            return Ok(Sheet { name, rows: texts(&range) });
        }
    }
    Err(if empty { ReadError::Empty } else { ReadError::NoHeader })
}

fn has_header(range: &Range<Data>, is_known: &dyn Fn(&str) -> bool) -> bool {
    let filled = range.rows().filter(|cells| cells.iter().any(|cell| *cell != Data::Empty));
    filled.take(HEADER_ROWS_MAX).any(|cells| {
        let texts: Vec<String> = cells.iter().map(|cell| text(cell).0).collect();
        is_header(texts.iter().map(String::as_str), is_known)
    })
}

fn texts(range: &Range<Data>) -> Vec<Row> {
    let first = u64::from(range.start().map_or(0, |(row, _)| row)) + 1;
    let row = |(line, cells): (u64, &[Data])| {
        let mut row = Row { line, cells: StringRecord::new(), kinds: Vec::with_capacity(cells.len()) };
        for cell in cells {
            let (text, kind) = text(cell);
            row.cells.push_field(&text);
            row.kinds.push(kind);
        }
        row
    };
    (first..).zip(range.rows()).map(row).collect()
}

fn text(cell: &Data) -> (String, CellKind) {
    match cell {
        Data::Empty => (String::new(), CellKind::Text),
        Data::String(text) | Data::DateTimeIso(text) | Data::DurationIso(text) => (text.clone(), CellKind::Text),
        Data::Bool(value) => (value.to_string(), CellKind::Text),
        Data::Int(number) => (number.to_string(), CellKind::Number),
        Data::Float(number) => (number.to_string(), CellKind::Number),
        Data::DateTime(moment) => {
            let (year, month, day, ..) = moment.to_ymd_hms_milli();
            (format!("{year:04}-{month:02}-{day:02}"), CellKind::Text)
        }
        Data::Error(fault) => (fault.to_string(), CellKind::Fault),
    }
}

/// The date that a bare serial number of a workbook stands for (1900 system), when it can be one.
pub(super) fn date_of_serial(text: &str) -> Option<Date> {
    let serial = text.split('.').next()?.parse::<i64>().ok().filter(|serial| SERIAL_RANGE.contains(serial))?;
    jiff::civil::date(1899, 12, 30).checked_add(jiff::Span::new().try_days(serial).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn serial_numbers_are_days_since_1899_12_30_and_others_are_left_alone() {
        assert_eq!(date_of_serial("45658").unwrap().to_string(), "2025-01-01");
        assert_eq!(date_of_serial("73050").unwrap().to_string(), "2099-12-31");
        assert_eq!(date_of_serial("45658.75").unwrap().to_string(), "2025-01-01");
        for other in ["20250101", "2025", "-1", "x", ""] {
            assert_eq!(date_of_serial(other), None, "{other}");
        }
    }
}
