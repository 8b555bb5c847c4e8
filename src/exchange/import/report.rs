//! What came of a file, in numbers: for the provider, for the monthly assessment, never with a value in it.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use super::problem::{Problem, Reason, Severity};
use super::reader::Origin;
use super::record::PreparedRecord;

/// What the store did with a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    /// It is new.
    Inserted,
    /// It has a new version.
    Updated,
    /// It was there already, with the same content.
    Unchanged,
}

/// The quality of one file (数据质量报告).
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct QualityReport {
    /// The file's name.
    pub file: String,
    /// SHA-256 of the file, in hexadecimal.
    pub sha256: String,
    /// How it was read.
    pub format: String,
    /// The catalogue item.
    pub item: String,
    /// The vintage of its columns.
    pub vintage: String,
    /// Rows below the header, blank ones not counted.
    pub rows: u64,
    /// Rows that were imported.
    pub accepted: u64,
    /// Rows that were not, for at least one reason each.
    pub rejected: u64,
    /// Rows that say exactly what an earlier row of the file says. They are not imported twice.
    pub duplicates: u64,
    /// Imported rows that are new.
    pub inserted: u64,
    /// Imported rows that made a new version.
    pub updated: u64,
    /// Imported rows that changed nothing.
    pub unchanged: u64,
    /// Imported rows that lack something required.
    pub incomplete: u64,
    /// Rejected rows by reason.
    pub rejected_by_reason: BTreeMap<Reason, u64>,
    /// Incomplete rows by column.
    pub incomplete_by_column: BTreeMap<String, u64>,
    /// Warnings by reason.
    pub warnings: BTreeMap<Reason, u64>,
    /// Columns of the file that the catalogue does not know.
    pub unknown_columns: Vec<String>,
    /// Required columns that the file does not have.
    pub missing_columns: Vec<String>,
    /// Imported rows whose timeliness is known.
    pub timed: u64,
    /// Those of them that came later than seven working days after the decision (迟报).
    pub late: u64,
    /// Required cells that were filled, in imported rows.
    pub required_filled: u64,
    /// Required cells, in imported rows.
    pub required_cells: u64,
    /// Imported ÷ sent, duplicates not counted (入库率). `null` without rows.
    pub acceptance_rate: Option<f64>,
    /// Imported and complete ÷ sent, duplicates not counted (合规率).
    pub conformity_rate: Option<f64>,
    /// In time ÷ those whose timeliness is known (及时率).
    pub timeliness_rate: Option<f64>,
    /// Required cells filled ÷ required, in imported rows (完整率).
    pub completeness_rate: Option<f64>,
}

impl QualityReport {
    pub(super) fn of(origin: &Origin, item: &str, vintage: &str) -> Self {
        Self {
            file: origin.name.clone(),
            sha256: hex::encode(origin.sha256),
            format: origin.format.clone(),
            item: item.to_owned(),
            vintage: vintage.to_owned(),
            ..Self::default()
        }
    }

    pub(super) fn count_rejected(&mut self, problems: &[Problem]) {
        self.rejected += 1;
        let mut reasons: Vec<Reason> =
            problems.iter().filter(|p| p.severity() == Severity::Reject).map(|p| p.reason).collect();
        reasons.sort_unstable();
        reasons.dedup();
        for reason in reasons {
            *self.rejected_by_reason.entry(reason).or_default() += 1;
        }
    }

    pub(super) fn count_accepted(&mut self, record: &PreparedRecord) {
        self.accepted += 1;
        let mut incomplete = false;
        for problem in &record.problems {
            match problem.severity() {
                Severity::Incomplete => {
                    incomplete = true;
                    let column = problem.column.as_deref().unwrap_or_default().to_owned();
                    *self.incomplete_by_column.entry(column).or_default() += 1;
                }
                Severity::Warn | Severity::Reject => *self.warnings.entry(problem.reason).or_default() += 1,
            }
        }
        self.incomplete += u64::from(incomplete);
        self.timed += u64::from(record.on_time.is_some());
        self.late += u64::from(record.on_time == Some(false));
        self.required_filled += u64::from(record.completeness.0);
        self.required_cells += u64::from(record.completeness.1);
    }

    pub(super) fn count_written(&mut self, written: Written) {
        match written {
            Written::Inserted => self.inserted += 1,
            Written::Updated => self.updated += 1,
            Written::Unchanged => self.unchanged += 1,
        }
    }

    pub(super) fn close(&mut self) {
        let sent = self.rows - self.duplicates;
        self.acceptance_rate = rate(self.accepted, sent);
        self.conformity_rate = rate(self.accepted - self.incomplete, sent);
        self.timeliness_rate = rate(self.timed - self.late, self.timed);
        self.completeness_rate = rate(self.required_filled, self.required_cells);
    }
}

#[expect(clippy::cast_precision_loss, reason = "a rate is shown with one decimal")]
fn rate(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

/// The report as a table, with Chinese and English labels.
impl fmt::Display for QualityReport {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(to, "{} ({})", self.file, self.format)?;
        writeln!(to, "  信息项 item {}, 版本 vintage {}", self.item, self.vintage)?;
        for (label, count) in [
            ("总行数 rows", self.rows),
            ("入库 accepted", self.accepted),
            ("  新增 inserted", self.inserted),
            ("  更新 updated", self.updated),
            ("  未变 unchanged", self.unchanged),
            ("  不完整 incomplete", self.incomplete),
            ("  迟报 late", self.late),
            ("拒收 rejected", self.rejected),
            ("重复 duplicates", self.duplicates),
        ] {
            writeln!(to, "  {label:<28}{count:>10}")?;
        }
        for (label, rate) in [
            ("入库率 acceptance", self.acceptance_rate),
            ("合规率 conformity", self.conformity_rate),
            ("及时率 timeliness", self.timeliness_rate),
            ("完整率 completeness", self.completeness_rate),
        ] {
            let rate = rate.map_or_else(|| "–".to_owned(), |rate| format!("{:.1} %", rate * 100.0));
            writeln!(to, "  {label:<28}{rate:>10}")?;
        }
        reasons(to, "拒收原因 rejected by reason", &self.rejected_by_reason)?;
        if !self.incomplete_by_column.is_empty() {
            writeln!(to, "  缺项 incomplete by column")?;
            for (column, count) in &self.incomplete_by_column {
                writeln!(to, "    {count:>8}  {column}")?;
            }
        }
        reasons(to, "提示 warnings", &self.warnings)?;
        for (label, columns) in
            [("缺少的列 missing columns", &self.missing_columns), ("未知列 unknown columns", &self.unknown_columns)]
        {
            if !columns.is_empty() {
                writeln!(to, "  {label}: {}", columns.join(", "))?;
            }
        }
        Ok(())
    }
}

fn reasons(to: &mut fmt::Formatter<'_>, label: &str, counts: &BTreeMap<Reason, u64>) -> fmt::Result {
    if !counts.is_empty() {
        writeln!(to, "  {label}")?;
    }
    for (reason, count) in counts {
        writeln!(to, "    {count:>8}  {} {} ({reason})", reason.zh(), reason.en())?;
    }
    Ok(())
}
