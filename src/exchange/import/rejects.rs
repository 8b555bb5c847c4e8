//! The rejects as a CSV file for the provider: line, column, class of value, reason. Never a value.

use std::io::{self, Write};

use super::problem::{Reject, Severity};

/// Writes rejects as they come; the header row first.
pub struct RejectsFile<W: Write> {
    to: csv::Writer<W>,
    started: bool,
}

impl<W: Write> std::fmt::Debug for RejectsFile<W> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("RejectsFile")
    }
}

impl<W: Write> RejectsFile<W> {
    /// Writes to `to`. Nothing is written before the first reject.
    pub fn new(to: W) -> Self {
        Self { to: csv::Writer::from_writer(to), started: false }
    }

    /// Adds one line per problem that rejects the row.
    pub fn add(&mut self, reject: &Reject) -> io::Result<()> {
        if !self.started {
            self.to.write_record(["行号 line", "列 column", "值类 class", "代码 code", "原因", "reason"])?;
            self.started = true;
        }
        for problem in reject.problems.iter().filter(|problem| problem.severity() == Severity::Reject) {
            let (line, column) = (reject.line.to_string(), problem.column.as_deref().unwrap_or_default());
            let (class, code): (&str, &str) = (problem.class.into(), problem.reason.into());
            self.to.write_record([&line, &guarded(column), class, code, problem.reason.zh(), problem.reason.en()])?;
        }
        Ok(())
    }

    /// Writes what is still held back.
    pub fn finish(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

/// A column name comes from a stranger's file: a spreadsheet must not take it for a formula.
fn guarded(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}") } else { text.to_owned() }
}
