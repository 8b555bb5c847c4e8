//! A package as files: the data, then the manifest that makes it whole. An entry stands in the ledger before a byte leaves.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rust_xlsxwriter::Workbook;
use serde_json::json;
use sha2::{Digest, Sha256};

use super::super::fault::Fault;
use super::super::gateway::Gateway;
use super::super::inquiry::Inquiry;
use super::super::node_id::NodeRef;
use super::super::record::{self, RecordView};
use super::super::register::{self, Asked, EntryKind, Outcome};
use super::super::row;
use super::{ID, OPERATION, Stopped, file_error, permitted};
use crate::authentication::Caller;
use crate::catalogue::{FieldType, FileEncoding, FileFormat, Item, Platform};
use crate::domain::{ExchangeOperation, PackageState};
use crate::ledger::{self, Receipt, Undisclosed};
use crate::store;
use crate::store::exchange::{ItemRow, PackageRow};

/// The lines of a package, as text.
type Lines = Vec<Vec<String>>;

/// Writes a package into a folder; where its data lie. Writing it again is the same, with what the records hold by then. Blocks.
pub fn write(
    gateway: &Arc<Gateway>,
    caller: &Caller,
    (platform, package): (&Platform, &PackageRow),
    folder: &Path,
) -> Result<PathBuf, Stopped> {
    let inquiry = Inquiry::open(gateway, caller)?;
    permitted(&inquiry, platform)?;
    let item = gateway.catalogue.item(&package.item);
    let item = item.ok_or_else(|| Fault::Corrupt(format!("exchange_packages {}", package.name)))?;
    let planned =
        gateway.registry.read(|connection| store::exchange::items(connection, &platform.id, Some(package.number)))?;
    let (lines, sent) = lines(&inquiry, item, platform, planned)?;
    let bytes = match platform.format {
        FileFormat::Csv => as_csv(&lines, platform.encoding)?,
        FileFormat::Xlsx => as_workbook(&lines)?,
    };
    let digest: [u8; 32] = Sha256::digest(&bytes).into();
    let receipt = enter(&inquiry, (platform, package), digest)?;
    let bytes = ledger::release(Undisclosed::new(bytes, digest), &receipt).map_err(|_| Fault::AuditUnavailable)?;
    let data = folder.join(format!("{}.{}", package.name, platform.format.ending()));
    put(&data, &bytes)?;
    let manifest = json!({
        "package": package.name,
        "platform": platform.id,
        "item": package.item.as_str(),
        "file": data.file_name().map(|name| name.to_string_lossy()),
        "lines": sent.len(),
        "sha256": hex::encode(digest),
        "createdAt": package.created_at.rfc3339(),
        "receipt": receipt.to_json(),
    });
    // The manifest comes last: a package without one is not whole.
    put(&folder.join(format!("{}.manifest.json", package.name)), format!("{manifest:#}\n").as_bytes())?;
    let written = PackageRow {
        state: PackageState::Written,
        digest: hex::encode(digest),
        entry: receipt.index(),
        lines: i64::try_from(sent.len()).unwrap_or(i64::MAX),
        ..package.clone()
    };
    gateway.registry.write(|connection| {
        store::exchange::update(connection, &written)?;
        sent.iter().try_for_each(|item| store::exchange::resend(connection, &written, item))
    })?;
    Ok(data)
}

fn enter(
    inquiry: &Inquiry,
    (platform, package): (&Platform, &PackageRow),
    digest: [u8; 32],
) -> Result<Receipt, Stopped> {
    let asked = Asked { query: format!("exchange send {} {}", platform.id, package.name), ..Asked::default() };
    let outcome = Outcome { kind: EntryKind::Query, error_code: None, is_refused: false, intent: None };
    let mut entry = register::entry(inquiry, &asked, &outcome, None);
    entry.consumer = Some(platform.id.clone());
    entry.flags.extend(["EXCHANGE".to_owned(), format!("PACKAGE:{}", package.number)]);
    entry.committed.result = Some(digest);
    Ok(inquiry.gateway().ledger.append_blocking(entry).map_err(|_| Fault::AuditUnavailable)?)
}

/// The header and the lines of a package, and what each line says by now: what has left the platform's sight meanwhile is revoked.
fn lines(
    inquiry: &Inquiry,
    item: &Arc<Item>,
    platform: &Platform,
    planned: Vec<ItemRow>,
) -> Result<(Lines, Vec<ItemRow>), Stopped> {
    let columns = row::columns(item);
    let header = [ID, OPERATION].into_iter().map(str::to_owned);
    let mut lines = vec![header.chain(columns.iter().map(|(_, column)| column.clone())).collect::<Vec<_>>()];
    let mut sent = Vec::with_capacity(planned.len());
    for mut row in planned {
        let found = match row.operation {
            ExchangeOperation::Revoke => None,
            ExchangeOperation::Add | ExchangeOperation::Change => record::by_id(inquiry, row.record)?,
        };
        match &found {
            Some(view) => row.version = view.version(),
            None => row.operation = ExchangeOperation::Revoke,
        }
        let mut line = vec![inquiry.node_id(NodeRef::Record(row.record)), row.operation.zh().to_owned()];
        for (target, _) in &columns {
            line.push(match &found {
                Some(view) => cell(inquiry, (item, platform), view, target)?,
                None => String::new(),
            });
        }
        lines.push(line);
        sent.push(row);
    }
    Ok((lines, sent))
}

/// A cell as files write it, dates in the platform's form.
fn cell(
    inquiry: &Inquiry,
    (item, platform): (&Item, &Platform),
    view: &RecordView,
    target: &str,
) -> Result<String, Stopped> {
    let text = row::cell(inquiry, view, target)?;
    let is_date = item.field(target).is_some_and(|(_, field)| field.data_type == FieldType::Date);
    Ok(match text.parse() {
        Ok(date) if is_date => platform.date.write(date),
        _ => text,
    })
}

fn as_csv(lines: &Lines, encoding: FileEncoding) -> Result<Vec<u8>, Stopped> {
    let corrupt = |error: String| Stopped::Fault(Fault::Corrupt(error));
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    for line in lines {
        writer.write_record(line).map_err(|error| corrupt(error.to_string()))?;
    }
    let text = String::from_utf8(writer.into_inner().map_err(|error| corrupt(error.to_string()))?);
    let text = text.map_err(|error| corrupt(error.to_string()))?;
    Ok(match encoding {
        FileEncoding::Utf8 => format!("\u{feff}{text}").into_bytes(),
        FileEncoding::Gb18030 => encoding_rs::GB18030.encode(&text).0.into_owned(),
    })
}

fn as_workbook(lines: &Lines) -> Result<Vec<u8>, Stopped> {
    let make = || -> Result<Vec<u8>, rust_xlsxwriter::XlsxError> {
        let mut workbook = Workbook::new();
        let sheet = workbook.add_worksheet();
        for (row, cells) in (0_u32..).zip(lines) {
            for (column, cell) in (0_u16..).zip(cells) {
                // Codes and numbers are text: a spreadsheet would take digits away.
                sheet.write_string(row, column, cell)?;
            }
        }
        workbook.save_to_buffer()
    };
    make().map_err(|error| Stopped::Fault(Fault::Corrupt(error.to_string())))
}

/// Writes a file whole or not at all.
pub(super) fn put(path: &Path, bytes: &[u8]) -> Result<(), Stopped> {
    let mut part = path.as_os_str().to_owned();
    part.push(".part");
    let part = PathBuf::from(part);
    let write = || -> std::io::Result<()> {
        std::fs::write(&part, bytes)?;
        std::fs::File::open(&part)?.sync_all()?;
        std::fs::rename(&part, path)
    };
    write().map_err(|error| file_error(path, &error))
}
