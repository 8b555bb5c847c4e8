//! Returns as files, CSV and XLSX: an entry stands in the ledger before a byte leaves.

use rust_xlsxwriter::{Workbook, XlsxError};
use serde_json::json;
use sha2::{Digest, Sha256};

use super::super::fault::Fault;
use super::super::gateway::Gateway;
use super::super::inquiry::{Inquiry, NotOpened};
use super::super::register::{self, Asked, EntryKind, Outcome};
use super::execution::ExecutionReturn;
use super::initiator::InitiatorReturn;
use super::{execution, initiator, month, yuan};
use crate::authentication::Caller;
use crate::domain::{DepartmentId, Language};
use crate::ledger::{self, Undisclosed};

/// Which return.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::EnumString, strum::IntoStaticStr)]
#[strum(serialize_all = "lowercase")]
pub enum Kind {
    /// 执行情况反馈 of one department.
    Execution,
    /// 汇总反馈 to the initiators.
    Initiator,
}

/// In which form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::EnumString, strum::IntoStaticStr)]
#[strum(serialize_all = "lowercase")]
pub enum Format {
    /// Comma-separated values, UTF-8 with a byte order mark, as spreadsheets want it.
    Csv,
    /// A workbook.
    Xlsx,
}

/// A file to make.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// Which return.
    pub kind: Kind,
    /// The month, such as `2026-10`.
    pub month: String,
    /// Of which department.
    pub department: Option<DepartmentId>,
    /// In which form.
    pub format: Format,
    /// The client's address.
    pub address: String,
}

/// Why there is no file.
#[derive(Debug)]
pub enum NoFile {
    /// The purpose declared is not the caller's to claim.
    PurposeNotAllowed,
    /// The use case did not answer.
    Fault(Fault),
}

impl From<Fault> for NoFile {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

/// A return as a file, released with the receipt of its entry; and what it cost. Blocks.
pub fn make(gateway: &std::sync::Arc<Gateway>, caller: &Caller, wanted: &Wanted) -> Result<(Vec<u8>, u64), NoFile> {
    let inquiry = match Inquiry::open(gateway, caller) {
        Ok(inquiry) => inquiry,
        Err(NotOpened::PurposeNotAllowed) => return Err(NoFile::PurposeNotAllowed),
        Err(NotOpened::Fault(fault)) => return Err(fault.into()),
    };
    let period = month(&wanted.month)?;
    let table = match wanted.kind {
        Kind::Execution => of_execution(&inquiry, &execution::of(&inquiry, period, wanted.department.as_ref())?),
        Kind::Initiator => of_initiators(&inquiry, &initiator::of(&inquiry, period, wanted.department.as_ref())?),
    };
    let bytes = match wanted.format {
        Format::Csv => as_csv(&table).map_err(|error| Fault::Corrupt(error.to_string()))?,
        Format::Xlsx => as_workbook(&table).map_err(|error| Fault::Corrupt(error.to_string()))?,
    };
    let digest = Sha256::digest(&bytes).into();
    let enclosed = Undisclosed::new(bytes, digest);
    let (kind, format): (&str, &str) = (wanted.kind.into(), wanted.format.into());
    let asked = Asked {
        query: format!("GET /returns/{kind}/{}.{format}", wanted.month),
        address: wanted.address.clone(),
        arguments: json!({ "department": wanted.department.as_ref().map(DepartmentId::as_str) }),
        ..Asked::default()
    };
    let outcome = Outcome { kind: EntryKind::Query, error_code: None, is_refused: false, intent: None };
    let mut entry = register::entry(&inquiry, &asked, &outcome, None);
    entry.flags.push("RETURN".to_owned());
    entry.committed.result = Some(digest);
    let receipt = gateway.ledger.append_blocking(entry).map_err(|_| Fault::AuditUnavailable)?;
    let bytes = ledger::release(enclosed, &receipt).map_err(|_| Fault::AuditUnavailable)?;
    Ok((bytes, inquiry.tally_so_far().cost))
}

type Table = Vec<Vec<String>>;

/// What stands in place of numbers that are too small to be told.
const SUPPRESSED: &str = "未列（数量过小）";

fn subjects(is_about_persons: bool) -> String {
    if is_about_persons { "自然人" } else { "法人和其他组织" }.to_owned()
}

fn of_execution(inquiry: &Inquiry, made: &ExecutionReturn) -> Table {
    let head = [
        "月份",
        "部门",
        "措施",
        "类别",
        "本月推送",
        "采取",
        "不适用",
        "逾期答复",
        "未答复",
        "反馈次数",
        "逾期反馈",
        "涉及金额（元）",
        "月末未反馈",
        "月末执行中",
        "本月解除",
    ];
    let mut table = vec![head.map(str::to_owned).to_vec()];
    let department = name_of(inquiry, &made.department);
    for row in &made.rows {
        let title = inquiry.gateway().measures.get(row.measure.as_str());
        let title =
            title.map_or_else(|| row.measure.to_string(), |measure| measure.title.text(Language::Zh).to_owned());
        let mut cells = vec![made.month.to_string(), department.clone(), title, subjects(row.is_about_persons)];
        match row.counts {
            None => cells.extend(std::iter::repeat_n(SUPPRESSED.to_owned(), head.len() - cells.len())),
            Some(counts) => cells.extend([
                counts.assigned.to_string(),
                counts.taken.to_string(),
                counts.not_applicable.to_string(),
                counts.answered_late.to_string(),
                counts.unanswered.to_string(),
                counts.reports.to_string(),
                counts.reported_late.to_string(),
                yuan(counts.amount_cents),
                counts.unreported.to_string(),
                counts.in_force.to_string(),
                counts.lifted.to_string(),
            ]),
        }
        table.push(cells);
    }
    table
}

fn of_initiators(inquiry: &Inquiry, made: &InitiatorReturn) -> Table {
    let head = [
        "月份",
        "发起部门",
        "类别",
        "发起",
        "逾期发起",
        "推送",
        "逾期推送",
        "采取",
        "不适用",
        "逾期答复",
        "反馈次数",
        "涉及金额（元）",
        "月末执行中",
        "月末暂停",
        "终止",
    ];
    let mut table = vec![head.map(str::to_owned).to_vec()];
    for row in &made.rows {
        let mut cells = vec![made.month.to_string(), name_of(inquiry, &row.initiator), subjects(row.is_about_persons)];
        match row.counts {
            None => cells.extend(std::iter::repeat_n(SUPPRESSED.to_owned(), head.len() - cells.len())),
            Some(counts) => cells.extend([
                counts.initiated.to_string(),
                counts.initiated_late.to_string(),
                counts.dispatched.to_string(),
                counts.dispatched_late.to_string(),
                counts.taken.to_string(),
                counts.not_applicable.to_string(),
                counts.answered_late.to_string(),
                counts.reports.to_string(),
                yuan(counts.amount_cents),
                counts.in_force.to_string(),
                counts.suspended.to_string(),
                counts.ended.to_string(),
            ]),
        }
        table.push(cells);
    }
    table
}

fn name_of(inquiry: &Inquiry, id: &DepartmentId) -> String {
    let department = inquiry.gateway().departments.by_id(id);
    department.map_or_else(|| id.to_string(), |department| department.name.text(Language::Zh).to_owned())
}

fn as_csv(table: &Table) -> Result<Vec<u8>, csv::Error> {
    let mut writer = csv::Writer::from_writer("\u{feff}".as_bytes().to_vec());
    for row in table {
        writer.write_record(row)?;
    }
    writer.into_inner().map_err(|error| error.into_error().into())
}

fn as_workbook(table: &Table) -> Result<Vec<u8>, XlsxError> {
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet();
    for (row, cells) in (0_u32..).zip(table) {
        for (column, cell) in (0_u16..).zip(cells) {
            match cell.parse::<f64>() {
                Ok(number) if row > 0 && column > 0 => sheet.write_number(row, column, number)?,
                _ => sheet.write_string(row, column, cell)?,
            };
        }
    }
    sheet.autofit();
    workbook.save_to_buffer()
}
