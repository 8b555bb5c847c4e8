//! A department's file, through the same checks as the operator's import. It is text, and never put on a disk.

use std::sync::Arc;

use super::super::authorization::InputProblem;
use super::super::deposit::{Authority, BatchOrigin, Depositor};
use super::super::fault::Fault;
use super::super::gateway::Gateway;
use super::super::import::{
    self, ImportError, PreparedRecord, Progress, QualityReport, ReadError, RecordSink, Reject, RejectsFile, Table,
    Watch, Written,
};
use super::super::inquiry::Inquiry;
use super::{context, refused};
use crate::catalogue::{Item, Vintage};

/// How many rows a file may have.
const ROWS_MAX: u64 = 100_000;
/// How many rows that were not taken are told of one by one.
const REJECTS_MAX: usize = 1_000;

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
    // The file is read to its end before a row of it is written: one that breaks off in the middle is refused whole.
    if let Some(refusal) = dry_run(gateway, (item, vintage), file)? {
        return Ok(Err(refusal));
    }
    let origin = BatchOrigin {
        item: item.code.to_string(),
        vintage: vintage.id.clone(),
        provider: department.as_str().to_owned(),
        digest: table.origin.sha256,
    };
    let mut depositor = Depositor::begin(gateway, origin, Authority::Department(department))?;
    let mut rejects = Vec::new();
    let quality = {
        let mut watch = RejectsOf { file: RejectsFile::new(&mut rejects), left: REJECTS_MAX };
        match import::run(table, &context(gateway, item, vintage), &mut depositor, &mut watch) {
            Ok(report) => {
                watch.file.finish().map_err(|error| Fault::Corrupt(error.to_string()))?;
                report
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
    Err(fault.map_or_else(|| InputProblem::new(&["file"], "FILE", "the item has no vintage"), |fault| unread(&fault)))
}

/// What is wrong with a file, by the kind of it.
fn unread(error: &ReadError) -> InputProblem {
    let code = match error {
        ReadError::WorkbookSent | ReadError::Workbook(_) | ReadError::WorkbookTooLarge { .. } => "FILE_WORKBOOK",
        ReadError::Binary { .. } => "FILE_BINARY",
        ReadError::Utf16 | ReadError::Encoding { .. } => "FILE_ENCODING",
        ReadError::Csv { .. } => "FILE_CSV",
        ReadError::Empty => "FILE_EMPTY",
        ReadError::NoHeader => "FILE_HEADER",
        ReadError::Io(_) => "FILE",
    };
    InputProblem::new(&["file"], code, error.to_string())
}

/// What keeps a file from being taken at all.
fn dry_run(
    gateway: &Gateway,
    (item, vintage): (&Item, &Vintage),
    file: &SentFile,
) -> Result<Option<Vec<InputProblem>>, Fault> {
    let table = match import::open_sent(&file.name, &file.bytes, vintage) {
        Ok(table) => table,
        Err(error) => return Ok(Some(vec![unread(&error)])),
    };
    match import::run(table, &context(gateway, item, vintage), &mut Nowhere, &mut Unheard) {
        Ok(report) if report.rows > ROWS_MAX => {
            Ok(Some(InputProblem::one("file", "ROWS", format!("a file has {ROWS_MAX} rows at most"))))
        }
        Ok(_) => Ok(None),
        Err(ImportError::Read { source, rows }) => {
            let problem = unread(&source);
            Ok(Some(InputProblem::one("file", problem.code, format!("{source} (after {rows} rows)"))))
        }
        Err(error) => refused(error).map(|refused| Some(refused.err().unwrap_or_default())),
    }
}

/// Stores nothing.
struct Nowhere;

impl RecordSink for Nowhere {
    type Error = super::super::deposit::DepositError;

    fn write(&mut self, batch: &[PreparedRecord]) -> Result<Vec<Written>, Self::Error> {
        Ok(batch.iter().map(|_| Written::Unchanged).collect())
    }
}

struct Unheard;

impl Watch for Unheard {
    fn rejected(&mut self, _reject: &Reject) -> std::io::Result<()> {
        Ok(())
    }

    fn progress(&mut self, _progress: Progress) {}
}

/// Writes the first rejects down as they come.
struct RejectsOf<'r> {
    file: RejectsFile<&'r mut Vec<u8>>,
    left: usize,
}

impl Watch for RejectsOf<'_> {
    fn rejected(&mut self, reject: &Reject) -> std::io::Result<()> {
        let Some(left) = self.left.checked_sub(1) else { return Ok(()) };
        self.left = left;
        self.file.add(reject)
    }

    fn progress(&mut self, _progress: Progress) {}
}
