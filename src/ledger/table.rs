//! The columns of an export as a table: what a person reads. In CSV the leaf itself stands behind them, and cells that a
//! spreadsheet would take for a formula begin with an apostrophe.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use super::leaf::Leaf;
use crate::domain::Instant;

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Text; empty for none.
    Text,
    /// A whole number.
    Integer,
    /// A point in time.
    Time,
}

/// The columns.
pub(super) const COLUMNS: [(&str, Kind); 24] = [
    ("time", Kind::Time),
    ("kind", Kind::Text),
    ("decision", Kind::Text),
    ("role", Kind::Text),
    ("organization", Kind::Text),
    ("purpose", Kind::Text),
    ("tier", Kind::Text),
    ("items", Kind::Text),
    ("rows", Kind::Integer),
    ("fields_clear", Kind::Integer),
    ("fields_masked", Kind::Integer),
    ("fields_withheld", Kind::Integer),
    ("subjects", Kind::Integer),
    ("error", Kind::Text),
    ("duration_ms", Kind::Integer),
    ("cost", Kind::Integer),
    ("flags", Kind::Text),
    ("reference", Kind::Text),
    ("credential", Kind::Text),
    ("operation", Kind::Text),
    ("instance", Kind::Text),
    ("number", Kind::Integer),
    ("leaf_index", Kind::Integer),
    ("leaf_hash", Kind::Text),
];
/// The last column in CSV, for programs.
const LEAF: &str = "leaf_b64";

/// A cell.
#[derive(Clone, Debug)]
pub(super) enum Cell {
    /// Text; empty for none.
    Text(String),
    /// A whole number.
    Integer(u64),
    /// A point in time.
    Time(Instant),
}

impl Cell {
    /// As it stands in CSV.
    fn text(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Integer(value) => value.to_string(),
            Self::Time(time) => time.rfc3339(),
        }
    }
}

/// The cells of an entry.
pub(super) type Cells = [Cell; COLUMNS.len()];

/// The cells of an entry, whose leaf hash stands beside it.
pub(super) fn cells(index: u64, leaf: &Leaf, hash: &[u8]) -> Cells {
    let maybe = |value: &Option<String>| Cell::Text(value.clone().unwrap_or_default());
    [
        Cell::Time(leaf.time()),
        Cell::Text(leaf.kind.to_string()),
        Cell::Text(leaf.decision.to_string()),
        maybe(&leaf.role),
        maybe(&leaf.consumer),
        maybe(&leaf.purpose),
        maybe(&leaf.tier),
        Cell::Text(leaf.items.join(" ")),
        Cell::Integer(leaf.rows),
        Cell::Integer(leaf.fields.clear.into()),
        Cell::Integer(leaf.fields.masked.into()),
        Cell::Integer(leaf.fields.withheld.into()),
        Cell::Integer(leaf.subjects),
        maybe(&leaf.error_code),
        Cell::Integer(leaf.duration_ms),
        Cell::Integer(leaf.cost),
        Cell::Text(leaf.flags.join(" ")),
        maybe(&leaf.reference.map(|reference| reference.to_string())),
        maybe(&leaf.credential),
        maybe(&leaf.operation),
        Cell::Text(leaf.instance.clone()),
        Cell::Integer(leaf.number),
        Cell::Integer(index),
        Cell::Text(BASE64_STANDARD.encode(hash)),
    ]
}

/// The column names in CSV.
pub(super) fn csv_columns() -> impl Iterator<Item = &'static str> {
    COLUMNS.into_iter().map(|(name, _)| name).chain([LEAF])
}

/// The row of an entry in CSV.
pub(super) fn csv_row(cells: &Cells, bytes: &[u8]) -> impl Iterator<Item = String> {
    // Base64 may begin with `+`: the last two columns are for programs and stay as they are.
    let last = COLUMNS.len() - 1;
    let texts = cells.iter().map(Cell::text).enumerate();
    texts.map(move |(at, text)| if at < last { guarded(text) } else { text }).chain([BASE64_STANDARD.encode(bytes)])
}

fn guarded(cell: String) -> String {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{cell}") } else { cell }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_are_disarmed() {
        for formula in ["=1+1", "+1", "-1", "@sum", "\tx", "\rx"] {
            assert_eq!(guarded(formula.to_owned()), format!("'{formula}"));
        }
        assert_eq!(guarded("market-regulation".to_owned()), "market-regulation");
    }
}
