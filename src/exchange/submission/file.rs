//! A department's file, through the same checks as the operator's import. It is text, and never put on a disk.

use std::sync::Arc;

use super::super::authorization::InputProblem;
use super::super::deposit::{Authority, BatchOrigin, Depositor};
use super::super::fault::Fault;
use super::super::import::{self, ImportError, Progress, QualityReport, Reject, RejectsFile, Table, Watch};
use super::super::inquiry::Inquiry;
use super::{context, refused};
use crate::catalogue::{Item, Vintage};

/// A file as a department sends it.
#[derive(Clone)]
pub struct SentFile {
    /// The item's code.
    pub item: String,
    /// Its name.
    pub name: String,
    /// What is in it.
    pub bytes: Arc<[u8]>,
}

impl std::fmt::Debug for SentFile {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "SentFile({}, {} bytes)", self.item, self.bytes.len())
    }
}

/// What came of a file that was sent.
#[derive(Debug)]
pub struct FileReport {
    /// In numbers.
    pub quality: QualityReport,
    /// The rows that were not taken, as CSV: line, column, class of value, reason; never a value.
    pub rejects: Vec<u8>,
    /// Lines whose record another department provides, so that they were left alone.
    pub of_others: Vec<u64>,
}

/// Takes a department's file in, in the vintage of the item whose columns it has. The outer error is a fault, the inner what is
/// wrong with the file as a whole.
pub fn take_file(inquiry: &Inquiry, file: &SentFile) -> Result<Result<FileReport, Vec<InputProblem>>, Fault> {
    let Some(department) = inquiry.caller().claims().department.clone() else { return Err(Fault::Forbidden) };
    let gateway = inquiry.gateway();
    let Some(item) = gateway.catalogue.item_by_text(&file.item) else {
        return Ok(Err(InputProblem::one("item", "ITEM", "the catalogue has no item of this code")));
    };
    let (vintage, table) = match opened(item, file) {
        Ok(found) => found,
        Err(problem) => return Ok(Err(vec![problem])),
    };
    let origin = BatchOrigin {
        item: item.code.to_string(),
        vintage: vintage.id.clone(),
        provider: department.as_str().to_owned(),
        digest: table.origin.sha256,
    };
    let mut depositor = Depositor::begin(gateway, origin, Authority::Department(department))?;
    let mut rejects = Vec::new();
    let quality = {
        let mut watch = RejectsOf(RejectsFile::new(&mut rejects));
        match import::run(table, &context(gateway, item, vintage), &mut depositor, &mut watch) {
            Ok(report) => {
                watch.0.finish().map_err(|error| Fault::Corrupt(error.to_string()))?;
                report
            }
            Err(ImportError::Read { source, rows }) => {
                let message = format!("{source} (after {rows} rows)");
                return Ok(Err(InputProblem::one("file", "FILE", message)));
            }
            Err(error) => return refused(error).map(|refused| Err(refused.err().unwrap_or_default())),
        }
    };
    let of_others = std::mem::take(&mut depositor.refused);
    depositor.finish(&serde_json::to_string(&quality).unwrap_or_default())?;
    inquiry.tally(|tally| tally.cost = tally.cost.saturating_add(quality.rows));
    Ok(Ok(FileReport { quality, rejects, of_others }))
}

/// The file as a table, in the newest vintage that finds its header.
fn opened<'i>(item: &'i Item, file: &SentFile) -> Result<(&'i Vintage, Table), InputProblem> {
    let mut fault = None;
    for vintage in &item.vintages {
        match import::open_sent(&file.name, &file.bytes, vintage) {
            Ok(table) => return Ok((vintage, table)),
            Err(error) => fault = fault.or(Some(error)),
        }
    }
    let message = fault.map_or_else(|| "the item has no vintage".to_owned(), |fault| fault.to_string());
    Err(InputProblem::new(&["file"], "FILE", message))
}

/// Writes the rejects down as they come.
struct RejectsOf<'r>(RejectsFile<&'r mut Vec<u8>>);

impl Watch for RejectsOf<'_> {
    fn rejected(&mut self, reject: &Reject) -> std::io::Result<()> {
        self.0.add(reject)
    }

    fn progress(&mut self, _progress: Progress) {}
}
