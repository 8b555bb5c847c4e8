//! What one operation touched and was given: the ledger entry and the answer's extensions are made of it.
//!
//! Deliberately absent: values. A tally holds names, counts and ids.

use std::collections::{BTreeMap, BTreeSet};

use crate::access::{Cell, Decision, Withheld};
use crate::domain::{ItemCode, MaskRule, SubjectId};

/// The tally of one operation.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// Subjects that the answer speaks of.
    pub subjects: BTreeSet<SubjectId>,
    /// Items of which a record was read.
    pub items: BTreeSet<ItemCode>,
    /// Records read.
    pub rows: u32,
    /// Cells shown clear, masked, withheld.
    pub cells: CellCounts,
    /// Fields by type: what the caller selected, as `Type.field`.
    pub fields: BTreeSet<String>,
    /// Fields that were masked, with the rule.
    pub masked: BTreeSet<(String, String, MaskRule)>,
    /// Fields that were withheld, with the code and the first place where.
    pub withheld: BTreeMap<(String, String), WithheldField>,
    /// Whether the answer holds, shows or counts anything that the authorization alone opens.
    pub authorization_used: bool,
    /// Marks for the reviewer, such as `OVERREACH`.
    pub flags: BTreeSet<&'static str>,
    /// What was done to which case of the joint work, for the entry.
    pub marks: BTreeSet<String>,
    /// What the operation really cost.
    pub cost: u64,
}

/// How many cells were shown how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CellCounts {
    /// Clear.
    pub clear: u32,
    /// Masked.
    pub masked: u32,
    /// Withheld.
    pub withheld: u32,
}

/// A field that was withheld.
#[derive(Clone, Debug)]
pub struct WithheldField {
    /// Why.
    pub reason: Withheld,
    /// The response path of its first occurrence.
    pub path: Vec<PathSegment>,
}

/// One step of a response path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PathSegment {
    /// A response key.
    Key(String),
    /// A position in a list.
    Index(usize),
}

impl Tally {
    /// Counts a record as read.
    pub fn read_record(&mut self, item: &ItemCode, subject: SubjectId) {
        self.rows = self.rows.saturating_add(1);
        self.cost = self.cost.saturating_add(1);
        self.subjects.insert(subject);
        if !self.items.contains(item) {
            self.items.insert(item.clone());
        }
    }

    /// Counts a cell; `path` is asked for only when a field is withheld for the first time.
    pub fn show(&mut self, cell: &Cell<'_>, path: impl FnOnce() -> Vec<PathSegment>) {
        let name = format!("{}.{}", cell.item().type_name, cell.field().name);
        self.fields.insert(name);
        let key = || (cell.item().type_name.clone(), cell.field().name.clone());
        match cell.decision() {
            Decision::Clear => self.cells.clear += 1,
            Decision::Masked(rule) => {
                self.cells.masked += 1;
                let (type_name, field) = key();
                self.masked.insert((type_name, field, rule));
            }
            Decision::Withheld(reason) => {
                self.cells.withheld += 1;
                self.flags.insert("OVERREACH");
                self.withheld.entry(key()).or_insert_with(|| WithheldField { reason, path: path() });
            }
        }
    }

    /// Enters a field of the platform's own that was refused: what the caller's role or purpose does not reach.
    pub fn overreach(&mut self) {
        self.cells.withheld += 1;
        self.flags.insert("OVERREACH");
    }

    /// Enters a field that was withheld without any record to withhold it of.
    pub fn withhold(&mut self, type_name: &str, field: &str, reason: Withheld, path: Vec<PathSegment>) {
        self.cells.withheld += 1;
        self.fields.insert(format!("{type_name}.{field}"));
        let key = (type_name.to_owned(), field.to_owned());
        self.withheld.entry(key).or_insert(WithheldField { reason, path });
    }

    /// Records that free text, counted as clear, was scanned and something in it replaced.
    pub fn scanned(&mut self, cell: &Cell<'_>, rule: MaskRule) {
        self.cells.clear = self.cells.clear.saturating_sub(1);
        self.cells.masked += 1;
        self.masked.insert((cell.item().type_name.clone(), cell.field().name.clone(), rule));
    }
}
