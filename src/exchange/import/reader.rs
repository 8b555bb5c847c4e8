//! Rows of a file: CSV (comma, tab or semicolon; UTF-8 or GB18030) in constant memory, or a workbook's sheet.
//!
//! Deliberately absent: what columns mean. The caller tells which header cells it knows.

use std::fs::File;
use std::io::{BufReader, Cursor, Read, Seek};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use csv::StringRecord;

use super::encoding::{self, Content, Transcoder};
use super::sheet;

/// Rows before the header that a title or a note may take.
pub(super) const HEADER_ROWS_MAX: usize = 5;
/// More columns than any catalogue item has.
pub(super) const COLUMNS_MAX: usize = 512;
const RECORD_BYTES_MAX: usize = 4 << 20;
const SNIFFED_BYTES: u64 = 1 << 16;

/// Why a file cannot be read. No variant repeats a cell.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// A workbook was sent.
    #[error("a workbook: save it as CSV (UTF-8) and send that")]
    WorkbookSent,
    /// The system said no.
    #[error("the file cannot be read: {0}")]
    Io(#[from] std::io::Error),
    /// A byte that no text has.
    #[error("byte {offset} is zero: this is neither text nor a workbook")]
    Binary {
        /// Its position from the start of the file.
        offset: u64,
    },
    /// Text of an encoding that is not read.
    #[error("the file is UTF-16: save it as UTF-8 or GB18030")]
    Utf16,
    /// Bytes that are no text of the encoding.
    #[error("the text is not {encoding}: the first bad byte is near position {offset}")]
    Encoding {
        /// The encoding, or the encodings tried.
        encoding: &'static str,
        /// Near where, from the start of the file.
        offset: u64,
    },
    /// The CSV is broken.
    #[error("line {line}: {why}")]
    Csv {
        /// The line, from 1.
        line: u64,
        /// What is wrong.
        why: &'static str,
    },
    /// The workbook is broken.
    #[error("the workbook cannot be read: {0}")]
    Workbook(String),
    /// The workbook is too large to be held in memory.
    #[error("the workbook has {bytes} bytes; save sheets larger than {max} bytes as CSV")]
    WorkbookTooLarge {
        /// Its size.
        bytes: u64,
        /// The limit.
        max: u64,
    },
    /// There is no row at all.
    #[error("the file has no rows")]
    Empty,
    /// None of the first rows names known columns.
    #[error("none of the first {HEADER_ROWS_MAX} rows is a header: no known column name was found")]
    NoHeader,
}

/// How a cell was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CellKind {
    /// As text.
    Text,
    /// As a number of a workbook: leading zeros and digits beyond fifteen are gone.
    Number,
    /// As an error of a workbook, such as `#REF!`.
    Fault,
}

/// One row: its line in the file and its cells as text.
#[derive(Clone, Debug)]
pub struct Row {
    /// The line it starts on, from 1.
    pub line: u64,
    pub(super) cells: StringRecord,
    pub(super) kinds: Vec<CellKind>,
}

impl Row {
    /// A row of text cells.
    pub fn text<'c>(line: u64, cells: impl IntoIterator<Item = &'c str>) -> Self {
        Self { line, cells: cells.into_iter().collect::<Vec<_>>().into(), kinds: Vec::new() }
    }

    /// The text of a cell; empty beyond the row's end.
    pub fn cell(&self, column: usize) -> &str {
        self.cells.get(column).unwrap_or_default()
    }

    /// How a cell was written.
    pub fn kind(&self, column: usize) -> CellKind {
        self.kinds.get(column).copied().unwrap_or(CellKind::Text)
    }

    /// How many cells it has.
    pub fn width(&self) -> usize {
        self.cells.len()
    }

    fn is_blank(&self) -> bool {
        self.cells.iter().all(|cell| cell.trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}').is_empty())
    }
}

/// What is known of a file beside its rows.
#[derive(Clone, Debug)]
pub struct Origin {
    /// The file's name, without its folder.
    pub name: String,
    /// Its size.
    pub bytes: u64,
    /// SHA-256 of its bytes.
    pub sha256: [u8; 32],
    /// How it was read, such as `CSV, GB18030, comma` or `workbook, sheet 许可`.
    pub format: String,
}

/// A file's header and, as an iterator, the rows below it. Blank rows are left out.
pub struct Table {
    /// What is known of the file.
    pub origin: Origin,
    /// The line of the header.
    pub header_line: u64,
    /// The header's cells as written.
    pub header: Vec<String>,
    rows: Box<dyn Iterator<Item = Result<Row, ReadError>> + Send>,
    read: Arc<AtomicU64>,
}

impl Table {
    /// Rows that did not come as a file. `digest` tells them from other submissions.
    pub fn of_rows(name: &str, digest: [u8; 32], header: Vec<String>, rows: Vec<Row>) -> Self {
        let origin = Origin { name: name.to_owned(), bytes: 0, sha256: digest, format: "rows".to_owned() };
        let read = Arc::new(AtomicU64::new(0));
        Self { origin, header_line: 0, header, rows: Box::new(rows.into_iter().map(Ok)), read }
    }

    /// How many bytes of the file were read so far, of `origin.bytes`; a workbook is read at once.
    pub(super) fn bytes_read(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.read)
    }
}

impl std::fmt::Debug for Table {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Table").field("origin", &self.origin).finish_non_exhaustive()
    }
}

impl Iterator for Table {
    type Item = Result<Row, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.rows.next()
    }
}

/// Bytes to read from the beginning.
trait Source: Read + Seek + Send {}

impl<S: Read + Seek + Send> Source for S {}

/// Opens a file. The header is the first row, among the first five, with the known column names.
pub fn open(path: &Path, is_known: &dyn Fn(&str) -> bool) -> Result<Table, ReadError> {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let again = || Ok(Box::new(File::open(path)?) as Box<dyn Source>);
    read_all(name, &again, &|bytes| sheet::rows(path, bytes, is_known), is_known)
}

/// The same of a file that was sent. It is text: what a workbook from a stranger unpacks to has no bound.
pub fn open_sent(name: &str, bytes: &Arc<[u8]>, is_known: &dyn Fn(&str) -> bool) -> Result<Table, ReadError> {
    let again = || Ok(Box::new(Cursor::new(Arc::clone(bytes))) as Box<dyn Source>);
    read_all(name.to_owned(), &again, &|_| Err(ReadError::WorkbookSent), is_known)
}

/// Reads a table out of bytes that can be had again and again from their beginning.
fn read_all(
    name: String,
    again: &dyn Fn() -> std::io::Result<Box<dyn Source>>,
    workbook: &dyn Fn(u64) -> Result<sheet::Sheet, ReadError>,
    is_known: &dyn Fn(&str) -> bool,
) -> Result<Table, ReadError> {
    let survey = encoding::survey(again()?)?;
    let read = Arc::new(AtomicU64::new(0));
    let (rows, format): (Box<dyn Iterator<Item = Result<Row, ReadError>> + Send>, String) = match survey.content {
        Content::Workbook => {
            let sheet = workbook(survey.bytes)?;
            read.store(survey.bytes, Ordering::Relaxed);
            (Box::new(sheet.rows.into_iter().map(Ok)), format!("workbook, sheet {}", sheet.name))
        }
        Content::Text(encoding) => {
            let (delimiter, word) = sniff(Transcoder::new(again()?, encoding))?;
            let file = Counted { from: again()?, read: Arc::clone(&read) };
            let text = Transcoder::new(file, encoding);
            (Box::new(CsvRows::new(text, delimiter)), format!("CSV, {}, {word}", encoding.name()))
        }
    };
    let mut rows = rows.filter(|row| !row.as_ref().is_ok_and(Row::is_blank));
    let header = find_header(&mut rows, is_known)?;
    let origin = Origin { name, bytes: survey.bytes, sha256: survey.sha256, format };
    let cells = header.cells.iter().map(str::to_owned).collect();
    Ok(Table { origin, header_line: header.line, header: cells, rows: Box::new(rows), read })
}

fn find_header(
    rows: &mut dyn Iterator<Item = Result<Row, ReadError>>,
    is_known: &dyn Fn(&str) -> bool,
) -> Result<Row, ReadError> {
    let mut empty = true;
    for row in rows.take(HEADER_ROWS_MAX) {
        let row = row?;
        empty = false;
        if is_header(row.cells.iter(), is_known) {
            return Ok(row);
        }
    }
    Err(if empty { ReadError::Empty } else { ReadError::NoHeader })
}

/// Whether at least half of the filled cells, and no fewer than two, are known column names.
pub(super) fn is_header<'c>(cells: impl Iterator<Item = &'c str>, is_known: &dyn Fn(&str) -> bool) -> bool {
    let (mut filled, mut known) = (0, 0);
    for cell in cells.filter(|cell| !cell.trim().is_empty()) {
        filled += 1;
        known += usize::from(is_known(cell));
    }
    known >= 2 && known * 2 >= filled
}

/// The delimiter that the first filled line has most of, outside quotation marks.
fn sniff(text: impl Read) -> Result<(u8, &'static str), ReadError> {
    let mut start = Vec::new();
    text.take(SNIFFED_BYTES).read_to_end(&mut start)?;
    let line = start.split(|byte| *byte == b'\n').find(|line| !line.trim_ascii().is_empty()).unwrap_or_default();
    let mut quoted = false;
    let mut delimiters = [(0, b';', "semicolon"), (0, b'\t', "tab"), (0, b',', "comma")];
    for byte in line {
        quoted ^= *byte == b'"';
        for (count, delimiter, _) in &mut delimiters {
            *count += usize::from(!quoted && byte == delimiter);
        }
    }
    // Of equal counts the last counts: a line without any delimiter is one cell, whatever the delimiter.
    let most = delimiters.into_iter().max_by_key(|(count, ..)| *count);
    Ok(most.map_or((b',', "comma"), |(_, delimiter, word)| (delimiter, word)))
}

struct CsvRows<R> {
    reader: csv::Reader<Budgeted<R>>,
    left: Arc<AtomicUsize>,
    over: bool,
}

impl<R: Read> CsvRows<R> {
    fn new(text: R, delimiter: u8) -> Self {
        let left = Arc::new(AtomicUsize::new(RECORD_BYTES_MAX));
        let budgeted = Budgeted { from: text, left: Arc::clone(&left) };
        let reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(delimiter)
            .buffer_capacity(1 << 16)
            .from_reader(budgeted);
        Self { reader, left, over: false }
    }
}

impl<R: Read> Iterator for CsvRows<R> {
    type Item = Result<Row, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.over {
            return None;
        }
        self.left.store(RECORD_BYTES_MAX, Ordering::Relaxed);
        let mut cells = StringRecord::new();
        let line = self.reader.position().line();
        let read = self.reader.read_record(&mut cells);
        let row = match read {
            Ok(false) => return None,
            Ok(true) if cells.len() > COLUMNS_MAX => Err(ReadError::Csv { line, why: "more than 512 columns" }),
            Ok(true) => {
                let line = cells.position().map_or(line, csv::Position::line);
                Ok(Row { line, cells, kinds: Vec::new() })
            }
            Err(fault) => Err(match fault.into_kind() {
                csv::ErrorKind::Io(fault) if fault.kind() == std::io::ErrorKind::QuotaExceeded => {
                    ReadError::Csv { line, why: "a row of more than 4 MiB: a quotation mark is probably not closed" }
                }
                csv::ErrorKind::Io(fault) => ReadError::Io(fault),
                _ => ReadError::Csv { line, why: "not readable as CSV" },
            }),
        };
        self.over = row.is_err();
        Some(row)
    }
}

struct Counted<R> {
    from: R,
    read: Arc<AtomicU64>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, output: &mut [u8]) -> std::io::Result<usize> {
        let count = self.from.read(output)?;
        self.read.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}

/// Lets so many bytes through per row, so that an unclosed quotation mark cannot fill the memory.
struct Budgeted<R> {
    from: R,
    left: Arc<AtomicUsize>,
}

impl<R: Read> Read for Budgeted<R> {
    fn read(&mut self, output: &mut [u8]) -> std::io::Result<usize> {
        let left = self.left.load(Ordering::Relaxed);
        if left == 0 {
            return Err(std::io::ErrorKind::QuotaExceeded.into());
        }
        let count = self.from.read(output)?;
        self.left.store(left.saturating_sub(count), Ordering::Relaxed);
        Ok(count)
    }
}

/// Reads a whole workbook file into memory, within its limit.
pub(super) fn read_workbook(path: &Path, bytes: u64, max: u64) -> Result<Arc<[u8]>, ReadError> {
    if bytes > max {
        return Err(ReadError::WorkbookTooLarge { bytes, max });
    }
    let mut content = Vec::with_capacity(usize::try_from(bytes).unwrap_or_default());
    BufReader::new(File::open(path)?).take(max).read_to_end(&mut content)?;
    Ok(content.into())
}
