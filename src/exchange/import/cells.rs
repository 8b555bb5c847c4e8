//! A row seen through the layout: the text of a field or head target, cleaned.

use std::sync::Arc;

use crate::catalogue::{Field, FieldType, Item, Vintage};
use crate::domain::text::{clean, is_absent};

use super::layout::{HeadTarget, Layout};
use super::problem::{Problem, Reason, ValueClass};
use super::reader::{CellKind, Row};
use super::value::Value;

/// The longest cell that is taken, in bytes; the longest column of the standards has 5,000 characters.
const CELL_BYTES_MAX: usize = 1 << 16;
/// Digits that a workbook keeps of a number.
const NUMBER_DIGITS_MAX: usize = 15;

pub(super) struct Cells<'r> {
    pub(super) item: &'r Item,
    pub(super) vintage: &'r Vintage,
    pub(super) layout: &'r Layout,
    pub(super) row: &'r Row,
}

/// A present cell: its cleaned text, how it was written and where.
pub(super) struct Present {
    pub(super) text: String,
    pub(super) kind: CellKind,
    pub(super) column: usize,
}

impl Cells<'_> {
    /// The first present cell of several columns.
    fn first(&self, columns: &[usize]) -> Option<Present> {
        columns.iter().find_map(|&column| self.present(column))
    }

    fn present(&self, column: usize) -> Option<Present> {
        let text = clean(self.row.cell(column));
        (!is_absent(&text)).then(|| Present { text, kind: self.row.kind(column), column })
    }

    /// The text of a head target, translated by the vintage.
    pub(super) fn head(&self, target: HeadTarget) -> Option<Present> {
        let mut present = self.first(self.layout.head(target))?;
        if let Some(canonical) = self.vintage.translated(target.into(), &present.text) {
            present.text = canonical.to_owned();
        }
        Some(present)
    }

    /// A date of a head target.
    pub(super) fn head_date(&self, target: HeadTarget, problems: &mut Vec<Problem>) -> Option<crate::domain::Date> {
        let present = self.head(target)?;
        let read = Value::read(FieldType::Date, &present.text, present.kind);
        match read {
            Ok(value) => value.date(),
            Err((reason, class)) => {
                problems.push(Problem::of(reason, &self.layout.name(present.column), class));
                None
            }
        }
    }

    /// The value of a field; problems of its cell are added.
    pub(super) fn field(&self, at: usize, field: &Field, problems: &mut Vec<Problem>) -> Option<Value> {
        let columns = self.layout.field(at);
        let mut present = self.first(columns)?;
        if field.data_type == FieldType::TextList && columns.len() > 1 {
            let texts = columns.iter().filter_map(|&column| self.present(column)).map(|present| present.text);
            present.text = texts.collect::<Vec<_>>().join(";");
        }
        let name = self.layout.name(present.column);
        if let Some(problem) = Self::fault(&present, field, &name) {
            let is_reject = problem.severity() == super::problem::Severity::Reject;
            problems.push(problem);
            if is_reject {
                return None;
            }
        }
        if field.data_type != FieldType::TextList && !self.vintage.knows(&field.name, &present.text) {
            problems.push(Problem::of(Reason::UnlistedWord, &name, ValueClass::Word));
        }
        match Value::read(field.data_type, self.translated(field, &present.text), present.kind) {
            Ok(Value::List(parts)) => {
                Some(Value::List(parts.iter().map(|part| self.translated(field, part).to_owned()).collect()))
            }
            Ok(value) => Some(value),
            Err((reason, class)) => {
                problems.push(Problem::of(reason, &name, class));
                None
            }
        }
    }

    fn translated<'t>(&'t self, field: &Field, text: &'t str) -> &'t str {
        self.vintage.translated(&field.name, text).unwrap_or(text)
    }

    /// What the way a cell is written makes wrong with it, whatever it says.
    fn fault(present: &Present, field: &Field, name: &Arc<str>) -> Option<Problem> {
        let is_code = field.data_type == FieldType::Text;
        match present.kind {
            CellKind::Fault => Some(Problem::of(Reason::CellFault, name, ValueClass::Text)),
            _ if present.text.len() > CELL_BYTES_MAX => Some(Problem::of(Reason::CellTooLong, name, ValueClass::Text)),
            CellKind::Number if is_code => Some(number_as_text(present, name)),
            _ if is_code && is_over_length(field, &present.text) => {
                Some(Problem::of(Reason::OverLength, name, ValueClass::Text))
            }
            CellKind::Number | CellKind::Text => None,
        }
    }

    /// The same for a code in a head target.
    pub(super) fn head_fault(&self, present: &Present) -> Option<Problem> {
        let name = self.layout.name(present.column);
        match present.kind {
            CellKind::Fault => Some(Problem::of(Reason::CellFault, &name, ValueClass::Code)),
            CellKind::Number => Some(number_as_text(present, &name)),
            CellKind::Text => None,
        }
    }
}

fn number_as_text(present: &Present, name: &Arc<str>) -> Problem {
    let digits = present.text.bytes().filter(u8::is_ascii_digit).count();
    let lost = digits > NUMBER_DIGITS_MAX || present.text.contains(['e', 'E']);
    Problem::of(if lost { Reason::DigitsLost } else { Reason::NumberAsText }, name, ValueClass::Code)
}

/// Whether a text is longer than its format allows, in the notation `C..200` or `C18`.
fn is_over_length(field: &Field, text: &str) -> bool {
    let Some(format) = field.data_format.as_deref().and_then(|format| format.strip_prefix('C')) else { return false };
    let longest = format.rsplit("..").next().and_then(|digits| digits.parse::<usize>().ok());
    longest.is_some_and(|longest| text.len() > longest && text.chars().count() > longest)
}
