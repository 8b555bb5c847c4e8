//! Offline verification: of an export, as a file, and of a ledger database in place. Streams; memory does not grow
//! with the number of entries. Needs no network and no secret.

use std::io::{BufRead, Read as _};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use super::audit::{Auditor, Disclosure, Evidence, Examined, Expectation, examine, examine_all};
use super::leaf::Leaf;
use super::line::{FORMAT, Header, Line};
use super::note::VerifierKey;
use super::report::{Outcome, Report};
use super::table::{self, Cells};

/// Longer lines are refused: memory stays bounded whatever the file holds.
const LINE_SIZE_BYTES_MAX: u64 = 16 * 1024 * 1024;
/// Lines, and bytes, that are examined at a time.
const BATCH_LINES: usize = 4096;
const BATCH_BYTES: usize = 16 * 1024 * 1024;

/// Verifies an export, NDJSON or CSV, whichever it is. A CSV file carries no checkpoint: the expectation must.
pub fn verify_export(mut reader: impl BufRead, expectation: &Expectation) -> std::io::Result<Report> {
    match reader.fill_buf()?.first() {
        None => Ok(without_header(expectation, Outcome::Incomplete, "the file is empty")),
        Some(b'{') => verify_ndjson(reader, expectation),
        Some(_) => verify_csv(reader, expectation, &mut |_| Ok(())),
    }
}

fn without_header(expectation: &Expectation, kind: Outcome, what: &str) -> Report {
    let mut auditor = Auditor::new(expectation.checkpoint.as_deref(), None, expectation);
    auditor.report.fault(kind, None, what);
    auditor.finish()
}

/// What one line turned out to be.
enum Read {
    Tile(u64, Vec<[u8; 32]>),
    Entry(Box<Examined>),
    Unreadable,
}

fn read(line: &[u8]) -> Read {
    match Line::parse(line) {
        Some(Line::Tile(number, hashes)) => Read::Tile(number, hashes),
        Some(Line::Entry(evidence)) => Read::Entry(Box::new(examine(&evidence))),
        None => Read::Unreadable,
    }
}

fn verify_ndjson(mut reader: impl BufRead, expectation: &Expectation) -> std::io::Result<Report> {
    let (first, is_whole) = next_line(&mut reader)?.unwrap_or_default();
    let Ok(header) = serde_json::from_slice::<Header>(&first) else {
        return Ok(without_header(expectation, Outcome::Incomplete, "the first line is no header"));
    };
    let key = VerifierKey::parse(&header.log);
    let note = expectation.checkpoint.as_ref().or(header.checkpoint.as_ref());
    // Without a key given by the verifier, the file's own: the report says that it is not pinned.
    let own_key = key.as_ref().ok();
    let mut auditor = Auditor::new(note.map(String::as_str), own_key, expectation);
    auditor.require_tiles();
    check_header(&header, &mut auditor, expectation);
    if let Some(left) = header.left() {
        auditor.begin_behind(left);
    }
    if !is_whole {
        auditor.report.fault(Outcome::Incomplete, Some(0), "the file breaks off");
        return Ok(auditor.finish());
    }
    loop {
        let (mut lines, mut bytes, mut is_cut) = (Vec::with_capacity(BATCH_LINES), 0, false);
        while lines.len() < BATCH_LINES && bytes < BATCH_BYTES {
            let Some((line, is_whole)) = next_line(&mut reader)? else { break };
            if !is_whole {
                is_cut = true;
                break;
            }
            bytes += line.len();
            lines.push(line);
        }
        let is_last = lines.is_empty() || is_cut;
        for read in examine_all(&lines, |line| read(line)) {
            match read {
                Read::Tile(number, hashes) => auditor.expect_tile(number, hashes),
                Read::Entry(examined) => auditor.take(&examined),
                Read::Unreadable => auditor.take_unreadable(Outcome::Content, "the line is neither entry nor tile"),
            }
        }
        if is_cut {
            auditor.take_unreadable(Outcome::Incomplete, "the file breaks off within a line");
        }
        if is_last {
            return Ok(auditor.finish());
        }
    }
}

fn check_header(header: &Header, auditor: &mut Auditor, expectation: &Expectation) {
    if header.format != FORMAT {
        auditor.report.fault(Outcome::Content, None, "the header names another format");
    }
    if auditor.size().is_some_and(|size| size != header.size) {
        auditor.report.fault(Outcome::Content, None, "header and checkpoint name different sizes");
    }
    if auditor.report.origin.as_ref().is_some_and(|origin| *origin != header.origin) {
        auditor.report.fault(Outcome::Content, None, "header and checkpoint name different ledgers");
    }
    let left = header.left();
    if left.is_none() || expectation.left.as_ref().is_some_and(|wanted| left.as_ref() != Some(wanted)) {
        let what = "the header does not say what the entries before the first amount to";
        auditor.report.fault(Outcome::Content, None, what);
    }
    if expectation.log.as_ref().is_some_and(|log| log.to_string() != header.log) {
        auditor.report.fault(Outcome::BadSignature, None, "the header names another key than the given one");
    }
    for key in [&header.log, &header.receipts] {
        if !VerifierKey::parse(key).is_ok_and(|key| key.name() == header.origin) {
            auditor.report.fault(Outcome::BadSignature, None, "a key in the header is malformed or of another ledger");
        }
    }
}

/// The next line without its newline, and whether it had one.
fn next_line(reader: &mut impl BufRead) -> std::io::Result<Option<(Vec<u8>, bool)>> {
    let mut line = Vec::with_capacity(2048);
    if reader.by_ref().take(LINE_SIZE_BYTES_MAX).read_until(b'\n', &mut line)? == 0 {
        return Ok(None);
    }
    let is_whole = line.last() == Some(&b'\n');
    if is_whole {
        line.pop();
    }
    Ok(Some((line, is_whole)))
}

/// Verifies an export in CSV. `each` is told what every row should say by its leaf, as far as leaves can be read.
pub(super) fn verify_csv(
    reader: impl BufRead,
    expectation: &Expectation,
    each: &mut dyn FnMut(&Cells) -> std::io::Result<()>,
) -> std::io::Result<Report> {
    let mut auditor = Auditor::new(expectation.checkpoint.as_deref(), None, expectation);
    auditor.begin_behind(expectation.left.clone().unwrap_or_default());
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(reader);
    let mut records = reader.records();
    match records.next() {
        Some(Ok(columns)) if columns.iter().eq(table::csv_columns()) => {}
        _ => {
            auditor.report.fault(Outcome::Incomplete, None, "the first line does not name the columns");
            return Ok(auditor.finish());
        }
    }
    loop {
        let batch: Vec<_> = records.by_ref().take(BATCH_LINES).collect();
        if batch.is_empty() {
            return Ok(auditor.finish());
        }
        let read = examine_all(&batch, |record| {
            let (evidence, cells) = record.as_ref().map_or(None, evidence_of)?;
            Some((examine(&evidence), cells))
        });
        for examined in read {
            match examined {
                Some((examined, cells)) => {
                    auditor.take(&examined);
                    cells.as_ref().map_or(Ok(()), &mut *each)?;
                }
                None => auditor.take_unreadable(Outcome::Content, "the row is no entry"),
            }
        }
    }
}

/// The evidence in a row, and what it should say; the columns for people must say what the leaf says.
fn evidence_of(record: &csv::StringRecord) -> Option<(Evidence, Option<Cells>)> {
    let end = table::COLUMNS.len();
    let (index, hash, leaf) = (record.get(end - 2)?, record.get(end - 1)?, record.get(end)?);
    // What is no number or no base64 makes the row unreadable; the caller names its place.
    let bytes = BASE64_STANDARD.decode(leaf).ok()?;
    let claimed = BASE64_STANDARD.decode(hash).ok()?;
    let index: u64 = index.parse().ok()?;
    let cells = Leaf::parse(&bytes).ok().map(|leaf| table::cells(index, &leaf, &claimed));
    let is_same = cells.as_ref().is_some_and(|cells| table::csv_row(cells, &bytes).eq(record.iter()));
    let fault = (!is_same).then(|| "the row says something else than its leaf".to_owned());
    Some((Evidence { index, leaf: bytes, claimed, disclosure: Disclosure::Unasked, fault }, cells))
}
