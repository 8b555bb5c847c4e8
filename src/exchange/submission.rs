//! A department's rows, through the same function as a file's.

mod file;

use std::collections::{BTreeMap, BTreeSet};

use super::authorization::InputProblem;
use super::deposit::{Authority, BatchOrigin, Depositor, digest_of};
use super::fault::Fault;
use super::gateway::Gateway;
use super::import::reader::{Row, Table};
use super::import::{
    self, ImportContext, ImportError, PreparedRecord, Problem, Progress, RecordSink, Reject, Watch, Written,
};
use super::inquiry::Inquiry;
use crate::catalogue::{Item, Vintage};
use crate::domain::Sensitive;

pub use file::{FileReport, SentFile, take_file};

/// How many rows one submission may have.
const ROWS_MAX: usize = 1_000;

/// Rows as a department sends them.
#[derive(Clone, Debug)]
pub struct Submission {
    /// The item's code.
    pub item: String,
    /// The vintage whose column names are used; the newest when absent.
    pub vintage: Option<String>,
    /// From column name to cell.
    pub rows: Vec<BTreeMap<String, Option<String>>>,
}

/// What became of each row.
#[derive(Clone, Debug, Default)]
pub struct SubmissionReport {
    /// In the order sent.
    pub rows: Vec<RowReport>,
}

/// What became of a row.
#[derive(Clone, Debug)]
pub struct RowReport {
    /// `INSERTED`, `UPDATED`, `UNCHANGED`, `DUPLICATE` or `REJECTED`.
    pub outcome: &'static str,
    /// What was wrong or worth knowing.
    pub problems: Vec<InputProblem>,
}

/// Takes a department's rows in. The outer error is a fault, the inner what is wrong with the submission as a whole.
pub fn submit(
    inquiry: &Inquiry,
    submission: &Submission,
) -> Result<Result<SubmissionReport, Vec<InputProblem>>, Fault> {
    let Some(department) = inquiry.caller().claims().department.clone() else { return Err(Fault::Forbidden) };
    let gateway = inquiry.gateway();
    let Some(item) = gateway.catalogue.item_by_text(&submission.item) else {
        return Ok(Err(InputProblem::one("item", "ITEM", "the catalogue has no item of this code")));
    };
    let Some(vintage) = item.vintage(submission.vintage.as_deref()) else {
        return Ok(Err(InputProblem::one("vintage", "VINTAGE", "the item has no vintage of this id")));
    };
    if submission.rows.is_empty() || submission.rows.len() > ROWS_MAX {
        return Ok(Err(InputProblem::one("rows", "ROWS", format!("send 1 to {ROWS_MAX} rows at once"))));
    }
    let origin = (department.as_str().to_owned(), Authority::Department(department));
    deposit(gateway, (item, vintage), origin, &submission.rows)
}

/// Takes rows of another platform in, in the item's newest vintage.
pub(super) fn take_in(
    gateway: &Gateway,
    item: &Item,
    origin: (String, Authority),
    rows: &[BTreeMap<String, Option<String>>],
) -> Result<Result<SubmissionReport, Vec<InputProblem>>, Fault> {
    let Some(vintage) = item.vintage(None) else { return Err(Fault::Corrupt(item.code.to_string())) };
    deposit(gateway, (item, vintage), origin, rows)
}

/// Takes rows in; by whom they were sent, and with what authority.
fn deposit(
    gateway: &Gateway,
    (item, vintage): (&Item, &Vintage),
    (provider, authority): (String, Authority),
    rows: &[BTreeMap<String, Option<String>>],
) -> Result<Result<SubmissionReport, Vec<InputProblem>>, Fault> {
    let count = rows.len();
    let (table, digest) = table(rows);
    let origin = BatchOrigin { item: item.code.to_string(), vintage: vintage.id.clone(), provider, digest };
    let mut depositor = Depositor::begin(gateway, origin, authority)?;
    let context = context(gateway, item, vintage);
    let mut rows = vec![None; count];
    let report = {
        let mut outcomes = Outcomes { depositor: &mut depositor, written: Vec::new() };
        let mut rejects = Rejects(Vec::new());
        let report = match import::run(table, &context, &mut outcomes, &mut rejects) {
            Ok(report) => report,
            Err(error) => return refused(error),
        };
        for (line, outcome, problems) in outcomes.written {
            set(&mut rows, line, RowReport { outcome, problems });
        }
        for reject in rejects.0 {
            set(&mut rows, reject.line, RowReport { outcome: "REJECTED", problems: problems(&reject.problems) });
        }
        report
    };
    for line in std::mem::take(&mut depositor.refused) {
        let message = "another department provides the record with this natural key";
        set(
            &mut rows,
            line,
            RowReport { outcome: "REJECTED", problems: InputProblem::one("row", "OTHER_PROVIDER", message) },
        );
    }
    depositor.finish(&serde_json::to_string(&report).unwrap_or_default())?;
    let duplicate = || RowReport { outcome: "DUPLICATE", problems: Vec::new() };
    Ok(Ok(SubmissionReport { rows: rows.into_iter().map(|row| row.unwrap_or_else(duplicate)).collect() }))
}

/// The checks of a row that is not taken in yet: the record that it would become, or what is wrong with it.
pub(super) fn prepare(
    inquiry: &Inquiry,
    item: &Item,
    row: &BTreeMap<String, Option<String>>,
) -> Result<Result<PreparedRecord, Vec<InputProblem>>, Fault> {
    let Some(vintage) = item.vintage(None) else { return Err(Fault::Corrupt(item.code.to_string())) };
    let (table, _) = table(std::slice::from_ref(row));
    let (mut kept, mut rejects) = (Kept(Vec::new()), Rejects(Vec::new()));
    match import::run(table, &context(inquiry.gateway(), item, vintage), &mut kept, &mut rejects) {
        Ok(_) => {}
        Err(error) => return refused(error).map(|refused| Err(refused.err().unwrap_or_default())),
    }
    if let Some(reject) = rejects.0.first() {
        return Ok(Err(problems(&reject.problems)));
    }
    Ok(kept.0.pop().ok_or_else(|| InputProblem::one("row", "ROW", "send the row")))
}

/// The digest of a record's natural key, by which the registry knows it.
pub(super) fn key_digest(gateway: &Gateway, record: &PreparedRecord) -> [u8; 32] {
    let key = format!("{}\u{1f}{}", record.item, record.key_text.expose());
    gateway.keyring.digest("record.key", key.as_bytes())
}

/// Keeps what passed the checks, and stores nothing.
struct Kept(Vec<PreparedRecord>);

impl RecordSink for Kept {
    type Error = super::deposit::DepositError;

    fn write(&mut self, batch: &[PreparedRecord]) -> Result<Vec<Written>, Self::Error> {
        self.0.extend(batch.iter().cloned());
        Ok(batch.iter().map(|_| Written::Unchanged).collect())
    }
}

fn context<'c>(gateway: &'c Gateway, item: &'c Item, vintage: &'c Vintage) -> ImportContext<'c> {
    let today = gateway.ambient.today();
    ImportContext {
        item,
        vintage,
        departments: &gateway.departments,
        pack: gateway.rules.packs.in_force(today),
        calendar: &gateway.rules.calendar,
        received_on: today,
        legal_basis: gateway.collection_basis.get(item.code.as_str()).map(String::as_str),
    }
}

fn refused(
    error: ImportError<super::deposit::DepositError>,
) -> Result<Result<SubmissionReport, Vec<InputProblem>>, Fault> {
    match error {
        ImportError::Sink { source, .. } => Err(source.into()),
        ImportError::Header(error) => Ok(Err(InputProblem::one("rows", "COLUMNS", error.to_string()))),
        ImportError::CollectionForbidden { .. } => {
            Ok(Err(InputProblem::one("item", "COLLECTION_FORBIDDEN", error.to_string())))
        }
        ImportError::Read { .. } | ImportError::Miscounted { .. } | ImportError::Rejects(_) => {
            Err(Fault::Corrupt(error.to_string()))
        }
    }
}

fn set(rows: &mut [Option<RowReport>], line: u64, report: RowReport) {
    let at = usize::try_from(line).unwrap_or(0).checked_sub(1);
    if let Some(row) = at.and_then(|at| rows.get_mut(at)) {
        *row = Some(report);
    }
}

/// The rows as a table: the header is every column name that occurs.
fn table(rows: &[BTreeMap<String, Option<String>>]) -> (Table, [u8; 32]) {
    let header: BTreeSet<String> = rows.iter().flat_map(|row| row.keys().cloned()).collect();
    let header: Vec<String> = header.into_iter().collect();
    let digest = digest_of(&Sensitive::new(serde_json::to_string(&rows).unwrap_or_default()));
    let cells = |row: &BTreeMap<String, Option<String>>| -> Vec<String> {
        header.iter().map(|name| row.get(name).cloned().flatten().unwrap_or_default()).collect()
    };
    let rows = rows.iter().zip(1..).map(|(row, line)| Row::text(line, cells(row).iter().map(String::as_str))).collect();
    (Table::of_rows("submission", digest, header.clone(), rows), digest)
}

/// Hands records on and remembers what became of each.
struct Outcomes<'o, 'g> {
    depositor: &'o mut Depositor<'g>,
    written: Vec<(u64, &'static str, Vec<InputProblem>)>,
}

impl RecordSink for Outcomes<'_, '_> {
    type Error = super::deposit::DepositError;

    fn write(&mut self, batch: &[PreparedRecord]) -> Result<Vec<Written>, Self::Error> {
        let written = self.depositor.write(batch)?;
        for (record, written) in batch.iter().zip(&written) {
            let outcome = match written {
                Written::Inserted => "INSERTED",
                Written::Updated => "UPDATED",
                Written::Unchanged => "UNCHANGED",
            };
            self.written.push((record.line, outcome, problems(&record.problems)));
        }
        Ok(written)
    }
}

struct Rejects(Vec<Reject>);

impl Watch for Rejects {
    fn rejected(&mut self, reject: &Reject) -> std::io::Result<()> {
        self.0.push(reject.clone());
        Ok(())
    }

    fn progress(&mut self, _progress: Progress) {}
}

fn problems(found: &[Problem]) -> Vec<InputProblem> {
    let of = |found: &Problem| {
        let column = found.column.as_ref().map_or_else(|| "row".to_owned(), ToString::to_string);
        let code: &'static str = found.reason.into();
        InputProblem { path: vec!["rows".to_owned(), column], code, message: found.reason.en().to_owned() }
    };
    found.iter().map(of).collect()
}
