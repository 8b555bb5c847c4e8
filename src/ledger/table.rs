//! The columns of an export in CSV: what a person reads, and behind it the leaf itself. Cells that a spreadsheet would
//! take for a formula begin with an apostrophe.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use super::leaf::Leaf;

/// The column names.
pub(super) const COLUMNS: [&str; 25] = [
    "time",
    "kind",
    "decision",
    "role",
    "organization",
    "purpose",
    "tier",
    "items",
    "rows",
    "fields_clear",
    "fields_masked",
    "fields_withheld",
    "subjects",
    "error",
    "duration_ms",
    "cost",
    "flags",
    "reference",
    "credential",
    "operation",
    "instance",
    "number",
    "leaf_index",
    "leaf_hash",
    "leaf_b64",
];

/// The cells of an entry.
pub(super) fn row(index: u64, leaf: &Leaf, hash: &[u8], bytes: &[u8]) -> Vec<String> {
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let cells = [
        leaf.time().rfc3339(),
        leaf.kind.to_string(),
        leaf.decision.to_string(),
        text(&leaf.role),
        text(&leaf.consumer),
        text(&leaf.purpose),
        text(&leaf.tier),
        leaf.items.join(" "),
        leaf.rows.to_string(),
        leaf.fields.clear.to_string(),
        leaf.fields.masked.to_string(),
        leaf.fields.withheld.to_string(),
        leaf.subjects.to_string(),
        text(&leaf.error_code),
        leaf.duration_ms.to_string(),
        leaf.cost.to_string(),
        leaf.flags.join(" "),
        leaf.reference.map(|reference| reference.to_string()).unwrap_or_default(),
        text(&leaf.credential),
        text(&leaf.operation),
        leaf.instance.clone(),
        leaf.number.to_string(),
        index.to_string(),
        BASE64_STANDARD.encode(hash),
        BASE64_STANDARD.encode(bytes),
    ];
    // Base64 may begin with `+`: the last two columns are for programs and stay as they are.
    let last = cells.len() - 2;
    cells.into_iter().enumerate().map(|(at, cell)| if at < last { guarded(cell) } else { cell }).collect()
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
