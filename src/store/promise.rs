//! Written promises to hand papers in later (容缺受理): one row each, kept once.

use diesel::prelude::*;

use super::connection::AnyConnection;
use super::schema::promises;
use super::{StoreError, optional, row_id};
use crate::domain::time::Date;
use crate::domain::{CaseId, DepartmentId, PromiseStage, SubjectId};

/// A promise as the database holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PromiseRow {
    /// Its id.
    pub id: CaseId,
    /// Who promised.
    pub subject: SubjectId,
    /// The department that accepted it.
    pub office: DepartmentId,
    /// SHA-256 of the paper that was signed, lower-case hexadecimal.
    pub sha256: String,
    /// The day of the promise.
    pub promised_on: Date,
    /// By when the papers have to be there, it included.
    pub due_on: Date,
    /// The day on which they were.
    pub kept_on: Option<Date>,
    /// The index of the entry that announced it. Lists are in this order.
    pub entry: u64,
}

impl PromiseRow {
    /// How it stands on a day.
    pub fn stage(&self, today: Date) -> PromiseStage {
        match self.kept_on {
            Some(_) => PromiseStage::Kept,
            None if self.due_on < today => PromiseStage::Broken,
            None => PromiseStage::Open,
        }
    }
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = promises)]
struct Row {
    id: Vec<u8>,
    subject: Vec<u8>,
    office: String,
    sha256: String,
    promised_on: String,
    due_on: String,
    kept_on: String,
    entry: i64,
}

impl TryFrom<Row> for PromiseRow {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let corrupt = |column| StoreError::corrupt("promises", column, &row.id);
        Ok(Self {
            id: row_id(CaseId::from_slice, "promises", "id", &row.id)?,
            subject: row_id(SubjectId::from_slice, "promises", "subject", &row.subject)?,
            office: DepartmentId::parse(&row.office).ok_or_else(|| corrupt("office"))?,
            promised_on: row.promised_on.parse().map_err(|_| corrupt("promised_on"))?,
            due_on: row.due_on.parse().map_err(|_| corrupt("due_on"))?,
            kept_on: optional(&row.kept_on, |text| text.parse().ok()).map_err(|()| corrupt("kept_on"))?,
            entry: u64::try_from(row.entry).map_err(|_| corrupt("entry"))?,
            sha256: row.sha256,
        })
    }
}

/// Which promises are wanted; all that is named has to hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Which {
    /// Accepted by this department.
    pub office: Option<DepartmentId>,
    /// Given by this subject.
    pub subject: Option<SubjectId>,
    /// Standing so on a day.
    pub stage: Option<(PromiseStage, Date)>,
}

/// The promise with this id.
pub fn find(connection: &mut AnyConnection, id: CaseId) -> Result<Option<PromiseRow>, StoreError> {
    let query = promises::table.filter(promises::id.eq(id.bytes().as_slice())).select(Row::as_select());
    let row: Option<Row> = query.get_result(connection).optional()?;
    row.map(PromiseRow::try_from).transpose()
}

/// Stores a new one.
pub fn insert(connection: &mut AnyConnection, promise: &PromiseRow) -> Result<(), StoreError> {
    let row = Row {
        id: promise.id.bytes().to_vec(),
        subject: promise.subject.bytes().to_vec(),
        office: promise.office.as_str().to_owned(),
        sha256: promise.sha256.clone(),
        promised_on: promise.promised_on.to_string(),
        due_on: promise.due_on.to_string(),
        kept_on: promise.kept_on.map(|day| day.to_string()).unwrap_or_default(),
        entry: i64::try_from(promise.entry).unwrap_or(i64::MAX),
    };
    let inserted = diesel::insert_into(promises::table).values(row).execute(connection)?;
    StoreError::expect_count("promises", 1, inserted)
}

/// Marks one as kept.
///
/// # Errors
/// `Conflict` when it was kept already.
pub fn keep(connection: &mut AnyConnection, id: CaseId, on: Date) -> Result<(), StoreError> {
    let open = promises::table.filter(promises::id.eq(id.bytes().to_vec())).filter(promises::kept_on.eq(""));
    match diesel::update(open).set(promises::kept_on.eq(on.to_string())).execute(connection)? {
        1 => Ok(()),
        _ => Err(StoreError::Conflict),
    }
}

/// Promises, the newest first, whose entry lies below `below`.
pub fn list(
    connection: &mut AnyConnection,
    which: &Which,
    below: Option<u64>,
    limit: i64,
) -> Result<Vec<PromiseRow>, StoreError> {
    let below = below.map_or(i64::MAX, |below| i64::try_from(below).unwrap_or(i64::MAX));
    let mut query = promises::table
        .select(Row::as_select())
        .filter(promises::entry.lt(below))
        .order(promises::entry.desc())
        .limit(limit)
        .into_boxed();
    if let Some(office) = &which.office {
        query = query.filter(promises::office.eq(office.as_str().to_owned()));
    }
    if let Some(subject) = which.subject {
        query = query.filter(promises::subject.eq(subject.bytes().to_vec()));
    }
    query = match which.stage {
        None => query,
        Some((PromiseStage::Kept, _)) => query.filter(promises::kept_on.ne("")),
        Some((PromiseStage::Open, today)) => {
            query.filter(promises::kept_on.eq("")).filter(promises::due_on.ge(today.to_string()))
        }
        Some((PromiseStage::Broken, today)) => {
            query.filter(promises::kept_on.eq("")).filter(promises::due_on.lt(today.to_string()))
        }
    };
    query.load(connection)?.into_iter().map(PromiseRow::try_from).collect()
}
