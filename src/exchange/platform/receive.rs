//! Packages of another platform: held against their manifest, taken in by the road of every file, and answered line by line. One that was
//! taken in before is not taken in again, and gives the same receipt. What a department here provides no platform changes.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::super::deposit::Authority;
use super::super::fault::Fault;
use super::super::gateway::Gateway;
use super::super::submission;
use super::package::put;
use super::receipts::{ENDING, names};
use super::{ID, OPERATION, REASON, RESULT, Stopped, file_error};
use crate::catalogue::{Item, Platform};
use crate::domain::{ExchangeOperation, ExchangeState};
use crate::ledger::{Decision, EntryKind, NewEntry};
use crate::store;
use crate::store::exchange::ReceivedRow;

const MANIFEST: &str = ".manifest.json";
/// How many lines are taken in at a time.
const CHUNK: usize = 1_000;
/// The largest file that is read, in bytes.
const FILE_BYTES_MAX: u64 = 256 << 20;

/// What became of the packages in a folder.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Received {
    /// Packages that were taken in.
    pub packages: u64,
    /// Lines that were accepted.
    pub accepted: i64,
    /// Lines that were refused.
    pub refused: i64,
    /// Packages that are not what their manifest says, each with the reason: nothing of them was taken in.
    pub broken: Vec<String>,
}

#[derive(Deserialize)]
struct Manifest {
    package: String,
    item: String,
    file: String,
    lines: u64,
    sha256: String,
}

/// A line of a package, and what became of it.
struct Line {
    id: String,
    operation: Option<ExchangeOperation>,
    row: BTreeMap<String, Option<String>>,
    refused: Option<String>,
}

/// Takes in every package in `folder`, and writes their receipts into `receipts`. Blocks.
pub fn receive(gateway: &Gateway, platform: &Platform, folder: &Path, receipts: &Path) -> Result<Received, Stopped> {
    let mut received = Received::default();
    for name in names(folder, MANIFEST)? {
        match one(gateway, platform, (folder, &name), receipts)? {
            Ok((accepted, refused)) => {
                received.packages += 1;
                received.accepted += accepted;
                received.refused += refused;
            }
            Err(reason) => received.broken.push(format!("{name}: {reason}")),
        }
    }
    Ok(received)
}

/// A package whose file is the one that its manifest names.
struct Whole<'g> {
    item: &'g Item,
    lines: u64,
    bytes: Vec<u8>,
    digest: String,
}

/// Holds a package against its manifest: what it holds, or why it is broken.
fn opened<'g>(
    gateway: &'g Gateway,
    platform: &Platform,
    (folder, name): (&Path, &str),
) -> Result<Result<Whole<'g>, String>, Stopped> {
    let path = folder.join(name);
    let text = std::fs::read(&path).map_err(|error| file_error(&path, &error))?;
    let Ok(manifest) = serde_json::from_slice::<Manifest>(&text) else {
        return Ok(Err("it is no manifest".to_owned()));
    };
    let file = Path::new(&manifest.file);
    let is_beside = file.file_name().is_some_and(|name| name == manifest.file.as_str());
    let is_csv = file.extension().is_some_and(|ending| ending == "csv");
    if manifest.package != name.trim_end_matches(MANIFEST) || !is_beside || !is_csv {
        return Ok(Err("it names another package, or no CSV file beside it".to_owned()));
    }
    let Some(item) = gateway.catalogue.item_by_text(&manifest.item) else {
        return Ok(Err(format!("the catalogue has no item `{}`", manifest.item)));
    };
    if !platform.item.iter().any(|one| one.item == item.code) {
        return Ok(Err(format!("platforms.toml exchanges no `{}` with {}", item.code, platform.id)));
    }
    let data = folder.join(file);
    let length = match std::fs::metadata(&data) {
        Ok(metadata) => metadata.len(),
        Err(error) => return Ok(Err(format!("`{}`: {error}", manifest.file))),
    };
    if length > FILE_BYTES_MAX {
        return Ok(Err(format!("`{}` has more than {FILE_BYTES_MAX} bytes", manifest.file)));
    }
    let bytes = std::fs::read(&data).map_err(|error| file_error(&data, &error))?;
    let digest = hex::encode(Sha256::digest(&bytes));
    if digest != manifest.sha256.to_ascii_lowercase() {
        return Ok(Err(
            "the file is not the one that the manifest names: it was cut or changed, send it again".to_owned()
        ));
    }
    Ok(Ok(Whole { item, lines: manifest.lines, bytes, digest }))
}

/// One package: how many lines were accepted and refused, or why it is broken.
fn one(
    gateway: &Gateway,
    platform: &Platform,
    (folder, name): (&Path, &str),
    receipts: &Path,
) -> Result<Result<(i64, i64), String>, Stopped> {
    let stem = name.trim_end_matches(MANIFEST);
    let Whole { item, lines: announced, bytes, digest } = match opened(gateway, platform, (folder, name))? {
        Ok(whole) => whole,
        Err(reason) => return Ok(Err(reason)),
    };
    let before = gateway.registry.read(|connection| store::exchange::received(connection, &platform.id, stem))?;
    let answer = receipts.join(format!("{stem}{ENDING}"));
    match before {
        Some(before) if before.digest == digest => {
            put(&answer, before.receipt.as_bytes())?;
            return Ok(Ok((before.accepted, before.refused)));
        }
        Some(_) => return Ok(Err("a package of this name and other content was taken in before".to_owned())),
        None => {}
    }
    let mut lines = match read(&decoded(&bytes)) {
        Ok(lines) if lines.len() as u64 == announced => lines,
        Ok(lines) => return Ok(Err(format!("it has {} lines, and its manifest {announced}", lines.len()))),
        Err(reason) => return Ok(Err(reason)),
    };
    take_in(gateway, (platform, item), &digest, &mut lines)?;
    let refused = lines.iter().filter(|line| line.refused.is_some()).count();
    let (accepted, refused) = (count(lines.len() - refused), count(refused));
    enter(gateway, (platform, item), (accepted, refused))?;
    let receipt = receipt(&lines)?;
    let package = ReceivedRow {
        platform: platform.id.clone(),
        name: stem.to_owned(),
        digest,
        accepted,
        refused,
        received_at: gateway.ambient.now().micros(),
        receipt: receipt.clone(),
    };
    gateway.registry.write(|connection| store::exchange::receive(connection, package))?;
    put(&answer, receipt.as_bytes())?;
    Ok(Ok((accepted, refused)))
}

fn count(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn enter(
    gateway: &Gateway,
    (platform, item): (&Platform, &Item),
    (accepted, refused): (i64, i64),
) -> Result<(), Stopped> {
    let mut entry = NewEntry::new(EntryKind::Admin, Decision::Allowed);
    entry.consumer = Some(platform.id.clone());
    entry.items = vec![item.code.to_string()];
    entry.rows = u32::try_from(accepted).unwrap_or(u32::MAX);
    entry.flags = vec!["EXCHANGE".to_owned(), "IMPORT".to_owned(), format!("REFUSED:{refused}")];
    Ok(gateway.ledger.append_blocking(entry).map(drop).map_err(|_| Fault::AuditUnavailable)?)
}

/// The text of a file: UTF-8, with or without a byte order mark, else GB 18030.
pub(super) fn decoded(bytes: &[u8]) -> String {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => encoding_rs::GB18030.decode(bytes).0.into_owned(),
    }
}

fn read(text: &str) -> Result<Vec<Line>, String> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let header: Vec<String> = reader.headers().map_err(|error| error.to_string())?.iter().map(str::to_owned).collect();
    let place = |name: &str| header.iter().position(|column| column == name);
    let (Some(id), Some(operation)) = (place(ID), place(OPERATION)) else {
        return Err(format!("it has no column `{ID}` or `{OPERATION}`"));
    };
    let mut lines = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| error.to_string())?;
        let cell = |at: usize| record.get(at).unwrap_or_default().to_owned();
        let others = header.iter().enumerate().filter(|(at, _)| *at != id && *at != operation);
        let row = others.map(|(at, name)| (name.clone(), Some(cell(at)).filter(|text| !text.is_empty()))).collect();
        let (id, operation) = (cell(id), ExchangeOperation::of_zh(&cell(operation)));
        lines.push(Line { id, operation, row, refused: None });
    }
    Ok(lines)
}

fn take_in(
    gateway: &Gateway,
    (platform, item): (&Platform, &Item),
    digest: &str,
    lines: &mut [Line],
) -> Result<(), Stopped> {
    for line in lines.iter_mut() {
        line.refused = match line.operation {
            Some(ExchangeOperation::Add | ExchangeOperation::Change) => None,
            // Whose record it is says so here: by withdrawal, repair or objection.
            Some(ExchangeOperation::Revoke) => Some("撤销由本市提供单位办理".to_owned()),
            None => Some("操作不明".to_owned()),
        };
    }
    let mut open: Vec<&mut Line> = lines.iter_mut().filter(|line| line.refused.is_none()).collect();
    for chunk in open.chunks_mut(CHUNK) {
        let rows: Vec<_> = chunk.iter().map(|line| line.row.clone()).collect();
        let origin = (format!("exchange:{}:{digest}", platform.id), Authority::Platform);
        match submission::take_in(gateway, item, origin, &rows)? {
            Ok(report) => {
                for (line, outcome) in chunk.iter_mut().zip(report.rows) {
                    if outcome.outcome == "REJECTED" {
                        let reasons: Vec<String> = outcome
                            .problems
                            .iter()
                            .map(|problem| format!("{} {}", problem.code, problem.message))
                            .collect();
                        line.refused = Some(reasons.join("; "));
                    }
                }
            }
            Err(problems) => {
                let reason = problems.first().map(|problem| problem.message.clone()).unwrap_or_default();
                for line in chunk.iter_mut() {
                    line.refused = Some(reason.clone());
                }
            }
        }
    }
    Ok(())
}

fn receipt(lines: &[Line]) -> Result<String, Stopped> {
    let corrupt = |error: String| Stopped::Fault(Fault::Corrupt(error));
    let mut writer = csv::Writer::from_writer("\u{feff}".as_bytes().to_vec());
    writer.write_record([ID, RESULT, REASON]).map_err(|error| corrupt(error.to_string()))?;
    for line in lines {
        let state = if line.refused.is_some() { ExchangeState::Refused } else { ExchangeState::Accepted };
        let reason = line.refused.as_deref().unwrap_or_default();
        writer.write_record([line.id.as_str(), state.zh(), reason]).map_err(|error| corrupt(error.to_string()))?;
    }
    let bytes = writer.into_inner().map_err(|error| corrupt(error.to_string()))?;
    String::from_utf8(bytes).map_err(|error| corrupt(error.to_string()))
}
