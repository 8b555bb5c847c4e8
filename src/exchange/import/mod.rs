//! Importing a file: read, clean, check, hand on in chunks, count.
//!
//! Deliberately absent: the store. Whoever calls brings a sink. A sink writes a chunk as one transaction and tells
//! sameness by the natural key, so an import that was killed is simply run again.

mod cells;
mod checks;
mod encoding;
mod layout;
mod prepare;
mod problem;
pub mod reader;
mod record;
mod rejects;
mod report;
mod required;
mod sheet;
mod subject;
mod value;

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use sha2::{Digest, Sha256};

use crate::catalogue::Vintage;
use layout::Layout;

pub use checks::PENALTY_KINDS;
pub use layout::HeaderError;
pub use prepare::{ImportContext, PROCEDURE, index_form};
pub use problem::{Problem, Reason, Reject, Severity, ValueClass};
pub use reader::{ReadError, Table};
pub use record::{Content, Flag, PreparedProvider, PreparedRecord, PreparedSubject};
pub use rejects::RejectsFile;
pub use report::{QualityReport, Written};

/// Rows handed on together.
pub const CHUNK_ROWS: usize = 500;
/// Chunks prepared and not yet written.
const CHUNKS_AHEAD: usize = 2;

/// Where prepared records go.
pub trait RecordSink {
    /// Why records were not written.
    type Error: std::error::Error + Send + Sync + 'static;

    /// Writes a chunk as one transaction and answers what became of each record, in order. A record whose natural
    /// key and content are there already is left unchanged, so writing a chunk twice is harmless.
    fn write(&mut self, batch: &[PreparedRecord]) -> Result<Vec<Written>, Self::Error>;
}

/// Who is told while an import runs.
pub trait Watch {
    /// A row was not imported.
    fn rejected(&mut self, reject: &Reject) -> std::io::Result<()>;

    /// A chunk was written.
    fn progress(&mut self, progress: Progress);
}

/// How far an import is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Rows read.
    pub rows: u64,
    /// Rows rejected.
    pub rejected: u64,
    /// Bytes of the file read; a workbook is read at once.
    pub bytes: u64,
}

/// Why an import did not happen or did not end. Chunks already written stay.
#[derive(Debug, thiserror::Error)]
pub enum ImportError<E: std::error::Error + Send + Sync + 'static> {
    /// The file cannot be read, or not to its end.
    #[error("{source} (after {rows} rows)")]
    Read {
        /// Rows read before.
        rows: u64,
        /// What is wrong with the file.
        source: ReadError,
    },
    /// The header cannot be used.
    #[error("the file is rejected: {0}")]
    Header(#[from] HeaderError),
    /// The item may not be collected without a legal basis, and the configuration names none.
    #[error(
        "`{item}` is not imported: collecting it is forbidden unless the configuration names its legal basis ({condition})"
    )]
    CollectionForbidden {
        /// The item.
        item: String,
        /// What the catalogue says of it.
        condition: String,
    },
    /// The sink failed.
    #[error("records were not written after {rows} rows: {source}")]
    Sink {
        /// Rows read before.
        rows: u64,
        /// What the sink said.
        source: E,
    },
    /// The sink did not answer for every record.
    #[error("the sink answered for {answered} of {written} records")]
    Miscounted {
        /// Answers.
        answered: usize,
        /// Records.
        written: usize,
    },
    /// The list of rejects cannot be written.
    #[error("the rejects cannot be written: {0}")]
    Rejects(std::io::Error),
}

/// Opens a file for an item's vintage: its header is found by the column names the vintage knows.
pub fn open(path: &Path, vintage: &Vintage) -> Result<Table, ReadError> {
    reader::open(path, &|name| vintage.targets(name).is_some())
}

/// The same of a file that was sent.
pub fn open_sent(name: &str, bytes: &Arc<[u8]>, vintage: &Vintage) -> Result<Table, ReadError> {
    reader::open_sent(name, bytes, &|name| vintage.targets(name).is_some())
}

/// Imports the rows of `table` and reports on their quality. Rows are prepared on a thread of their own while the
/// calling thread writes.
pub fn run<S: RecordSink>(
    table: Table,
    context: &ImportContext<'_>,
    sink: &mut S,
    watch: &mut impl Watch,
) -> Result<QualityReport, ImportError<S::Error>> {
    let item = context.item;
    if let (Some(condition), None) = (&item.collection_forbidden, context.legal_basis) {
        let (item, condition) = (item.code.to_string(), condition.clone());
        return Err(ImportError::CollectionForbidden { item, condition });
    }
    let layout = Layout::of(&table.header, item, context.vintage)?;
    let mut report = QualityReport::of(&table.origin, item.code.as_str(), &context.vintage.id);
    report.missing_columns = layout.missing.iter().map(ToString::to_string).collect();
    report.unknown_columns = layout.unknown.iter().map(ToString::to_string).collect();
    if !layout.unknown.is_empty() {
        report.warnings.insert(Reason::UnknownColumn, layout.unknown.len() as u64);
    }
    let bytes = table.bytes_read();
    let (to, from) = sync_channel(CHUNKS_AHEAD);
    thread::scope(|scope| {
        let layout = &layout;
        scope.spawn(move || prepare_all(table, context, layout, &to));
        take_in(from, sink, (watch, &bytes), report)
    })
}

/// A row read and prepared, with what tells it from the other rows of the file.
struct Prepared {
    line: u64,
    outcome: Result<(PreparedRecord, Fingerprint), Vec<Problem>>,
}

type Batch = Result<Vec<Prepared>, ReadError>;

/// Prepares rows on a thread of its own, while the chunk before is being written.
fn prepare_all(table: Table, context: &ImportContext<'_>, layout: &Layout, to: &SyncSender<Batch>) {
    let mut batch = Vec::with_capacity(CHUNK_ROWS);
    for row in table {
        let row = match row {
            Ok(row) => row,
            Err(fault) => {
                // A receiver that is gone has failed with an error of its own, here and below.
                let _gone = to.send(Ok(batch)).and_then(|()| to.send(Err(fault)));
                return;
            }
        };
        let outcome = prepare::prepare(context, layout, &row).map(|record| {
            let fingerprint = Fingerprint::of(&record);
            (record, fingerprint)
        });
        batch.push(Prepared { line: row.line, outcome });
        if batch.len() == CHUNK_ROWS && to.send(Ok(std::mem::take(&mut batch))).is_err() {
            return;
        }
    }
    let _gone = to.send(Ok(batch));
}

fn take_in<S: RecordSink>(
    from: Receiver<Batch>,
    sink: &mut S,
    (watch, bytes): (&mut impl Watch, &AtomicU64),
    mut report: QualityReport,
) -> Result<QualityReport, ImportError<S::Error>> {
    let mut seen = Seen::default();
    let mut chunk = Vec::with_capacity(CHUNK_ROWS);
    for batch in from {
        let batch = batch.map_err(|source| ImportError::Read { rows: report.rows, source })?;
        for Prepared { line, outcome } in batch {
            report.rows += 1;
            match outcome {
                Err(problems) => {
                    report.count_rejected(&problems);
                    watch.rejected(&Reject { line, problems }).map_err(ImportError::Rejects)?;
                }
                Ok((record, fingerprint)) => match seen.meet(record, fingerprint) {
                    None => report.duplicates += 1,
                    Some(record) => {
                        report.count_accepted(&record);
                        chunk.push(record);
                    }
                },
            }
            if chunk.len() == CHUNK_ROWS {
                write(sink, &mut chunk, &mut report)?;
                watch.progress(progress(&report, bytes));
            }
        }
    }
    write(sink, &mut chunk, &mut report)?;
    watch.progress(progress(&report, bytes));
    report.close();
    Ok(report)
}

fn progress(report: &QualityReport, bytes: &AtomicU64) -> Progress {
    Progress { rows: report.rows, rejected: report.rejected, bytes: bytes.load(Ordering::Relaxed) }
}

fn write<S: RecordSink>(
    sink: &mut S,
    chunk: &mut Vec<PreparedRecord>,
    report: &mut QualityReport,
) -> Result<(), ImportError<S::Error>> {
    if chunk.is_empty() {
        return Ok(());
    }
    let written = sink.write(chunk).map_err(|source| ImportError::Sink { rows: report.rows, source })?;
    if written.len() != chunk.len() {
        return Err(ImportError::Miscounted { answered: written.len(), written: chunk.len() });
    }
    for written in written {
        report.count_written(written);
    }
    chunk.clear();
    Ok(())
}

/// 16 bytes of a digest of a record's key, 16 of its content.
struct Fingerprint {
    key: [u8; 16],
    content: [u8; 16],
}

impl Fingerprint {
    fn of(record: &PreparedRecord) -> Self {
        Self { key: digest(record.key_text.expose()), content: digest(record.content_text().expose()) }
    }
}

/// The records of this file so far.
#[derive(Default)]
struct Seen(HashMap<[u8; 16], [u8; 16]>);

impl Seen {
    /// `None` for a row that says what an earlier one said; a differing row of the same record gets a warning.
    fn meet(
        &mut self,
        mut record: PreparedRecord,
        Fingerprint { key, content }: Fingerprint,
    ) -> Option<PreparedRecord> {
        match self.0.insert(key, content) {
            Some(earlier) if earlier == content => return None,
            Some(_) => record.problems.push(Problem::of_row(Reason::SameKey)),
            None => {}
        }
        Some(record)
    }
}

fn digest(text: &str) -> [u8; 16] {
    let mut half = [0; 16];
    half.iter_mut().zip(Sha256::digest(text.as_bytes())).for_each(|(to, from)| *to = from);
    half
}
