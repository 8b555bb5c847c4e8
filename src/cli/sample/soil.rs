//! The dirt of real files: what the importer must clean, and what it must refuse or flag.

use jiff::ToSpan;

use crate::domain::Date;

use super::draw::Draw;
use super::row::{Cell, Kind, Row};

/// Something that makes a row unacceptable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Break {
    WrongCheck,
    NoDecisionNo,
    FutureDecision,
    FineWithoutAmount,
    ImpossibleDate,
    WrongCitizenNumber,
}

const ABSENT_MARKS: [&str; 5] = ["— —", "undefined", "无", "NULL", "/"];
const NO_END_MARKS: [&str; 4] = ["2099-01-31", "2099/12/31", "9999-9-9", "2099年12月31日"];

/// Puts dirt on one cell that leaves the row's meaning alone.
pub(super) fn soil(row: &mut Row, draw: &mut Draw) {
    let at = draw.below(row.cells.len());
    let Some(cell) = row.cells.get_mut(at) else { return };
    cell.text = match cell.kind {
        _ if cell.text.is_empty() => draw.pick(&ABSENT_MARKS).to_owned(),
        Kind::Code | Kind::SubjectCode => untidy_code(&cell.text, draw),
        Kind::Date | Kind::DecidedOn => other_shape(&cell.text, draw),
        Kind::Citizen | Kind::SubjectCitizen => untidy_citizen_number(&cell.text, draw),
        Kind::Spare if draw.chance(50) => draw.pick(&ABSENT_MARKS).to_owned(),
        Kind::Text | Kind::Spare | Kind::DecisionNo | Kind::Fine => with_blanks(&cell.text, draw),
    };
}

/// Breaks a clean row. `false` when it has nothing that can be broken in this way.
pub(super) fn break_row(row: &mut Row, how: Break, today: Date) -> bool {
    let broken = match how {
        Break::WrongCheck => row.filled(Kind::SubjectCode).map(wrong_check),
        Break::NoDecisionNo => row.filled(Kind::DecisionNo).map(|cell| "无".clone_into(&mut cell.text)),
        Break::FutureDecision => {
            row.filled(Kind::DecidedOn).map(|cell| cell.text = today.saturating_add(10.days()).to_string())
        }
        Break::FineWithoutAmount => row.filled(Kind::Fine).map(|cell| "— —".clone_into(&mut cell.text)),
        Break::ImpossibleDate => row.filled(Kind::DecidedOn).map(|cell| "2026-02-30".clone_into(&mut cell.text)),
        Break::WrongCitizenNumber => row.filled(Kind::SubjectCitizen).map(wrong_check),
    };
    broken.is_some()
}

/// Another last character. The row must still be clean.
fn wrong_check(cell: &mut Cell) {
    let other = if cell.text.ends_with('7') { '4' } else { '7' };
    cell.text.pop();
    cell.text.push(other);
}

fn untidy_code(code: &str, draw: &mut Draw) -> String {
    match draw.below(6) {
        0 => code.to_lowercase(),
        1 => format!("统一社会信用代码：{code}"),
        2 => format!("{code}（1/1）"),
        3 => full_width(code),
        4 => format!("{} {}", code.get(..9).unwrap_or_default(), code.get(9..).unwrap_or_default()),
        _ => with_blanks(code, draw),
    }
}

/// The old form of 15 digits (every person of the sample was born after 1900), or the same in other characters.
fn untidy_citizen_number(number: &str, draw: &mut Draw) -> String {
    match draw.below(4) {
        0 | 1 => [number.get(..6), number.get(8..17)].into_iter().flatten().collect(),
        2 => number.to_lowercase(),
        _ => full_width(number),
    }
}

fn other_shape(text: &str, draw: &mut Draw) -> String {
    let mut parts = text.split('-');
    let (Some(year), Some(month), Some(day), None) = (parts.next(), parts.next(), parts.next(), parts.next()) else {
        return text.to_owned();
    };
    if year >= "2099" {
        return draw.pick(&NO_END_MARKS).to_owned();
    }
    match draw.below(4) {
        0 => format!("{year}/{}/{}", month.trim_start_matches('0'), day.trim_start_matches('0')),
        1 => format!("{year}年{month}月{day}日"),
        2 => format!("{year}{month}{day}"),
        _ => format!("{text} 00:00:00"),
    }
}

fn with_blanks(text: &str, draw: &mut Draw) -> String {
    match draw.below(3) {
        0 => format!("{text}  "),
        1 => format!("{text}\u{3000}"),
        _ => format!(" {text}\u{a0}"),
    }
}

fn full_width(text: &str) -> String {
    let wide = |c: char| if c.is_ascii_graphic() { char::from_u32(u32::from(c) + 0xfee0).unwrap_or(c) } else { c };
    text.chars().map(wide).collect()
}
