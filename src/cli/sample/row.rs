//! A row on its way into a file: each cell knows what it is, so that dirt can be put on it that real files have.

use crate::domain::Date;

/// What a cell holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Text, a word or a number that must stay as it is, but for blanks around it.
    Text,
    /// Something that nobody misses.
    Spare,
    /// A unified social credit code.
    Code,
    /// The subject's own.
    SubjectCode,
    /// A date.
    Date,
    /// The date of the decision or listing.
    DecidedOn,
    /// A citizen number.
    Citizen,
    /// The citizen number of the subject.
    SubjectCitizen,
    /// The number without which the record is not known.
    DecisionNo,
    /// The amount that a fine must have.
    Fine,
}

#[derive(Clone, Debug)]
pub(super) struct Cell {
    pub(super) column: &'static str,
    pub(super) text: String,
    pub(super) kind: Kind,
}

/// A row, its columns in file order.
#[derive(Clone, Debug, Default)]
pub(super) struct Row {
    pub(super) cells: Vec<Cell>,
    /// Whether it came later than seven working days after the decision.
    pub(super) late: bool,
    /// Whether it must reach the importer as it is.
    pub(super) exact: bool,
    /// Whether it lacks something required.
    pub(super) incomplete: bool,
}

impl Row {
    pub(super) fn put(mut self, kind: Kind, column: &'static str, text: impl Into<String>) -> Self {
        self.cells.push(Cell { column, text: text.into(), kind });
        self
    }

    pub(super) fn text(self, column: &'static str, text: impl Into<String>) -> Self {
        self.put(Kind::Text, column, text)
    }

    pub(super) fn spare(self, column: &'static str, text: impl Into<String>) -> Self {
        self.put(Kind::Spare, column, text)
    }

    pub(super) fn code(self, column: &'static str, code: impl Into<String>) -> Self {
        self.put(Kind::Code, column, code)
    }

    pub(super) fn date(self, column: &'static str, date: impl Into<Option<Date>>) -> Self {
        self.put(Kind::Date, column, date.into().map(|date| date.to_string()).unwrap_or_default())
    }

    pub(super) fn decided_on(self, column: &'static str, date: Date) -> Self {
        self.put(Kind::DecidedOn, column, date.to_string())
    }

    /// Keeps dirt and faults away.
    pub(super) fn exactly(mut self) -> Self {
        self.exact = true;
        self
    }

    pub(super) fn late(mut self, late: bool) -> Self {
        self.late = late;
        self
    }

    /// The first filled cell of a kind.
    pub(super) fn filled(&mut self, kind: Kind) -> Option<&mut Cell> {
        self.cells.iter_mut().find(|cell| cell.kind == kind && !cell.text.is_empty())
    }

    /// The filled cell of a column.
    pub(super) fn filled_column(&mut self, column: &str) -> Option<&mut Cell> {
        self.cells.iter_mut().find(|cell| cell.column == column && !cell.text.is_empty())
    }

    /// The names of its columns.
    pub(super) fn columns(&self) -> Vec<String> {
        self.cells.iter().map(|cell| cell.column.to_owned()).collect()
    }

    /// The texts of its cells.
    pub(super) fn texts(self) -> Vec<String> {
        self.cells.into_iter().map(|cell| cell.text).collect()
    }
}
