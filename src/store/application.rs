//! Objections and applications for repair: one row each, changed by compare-and-swap on the number of their steps.

use diesel::prelude::*;
use strum::IntoEnumIterator;

use super::connection::AnyConnection;
use super::schema::applications;
use super::{StoreError, optional, row_id};
use crate::domain::application::is_open;
use crate::domain::time::Date;
use crate::domain::{ApplicationKind, ApplicationStage, CaseId, DepartmentId, RecordId, SubjectId, TombstoneCause};

/// An application as the database holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApplicationRow {
    /// Its id.
    pub id: CaseId,
    /// What is applied for.
    pub kind: ApplicationKind,
    /// By whom.
    pub subject: SubjectId,
    /// The record.
    pub record: RecordId,
    /// The version of the record that the subject spoke of.
    pub record_version: i64,
    /// The department that provided the record, and decides.
    pub provider: DepartmentId,
    /// How far it has come.
    pub stage: ApplicationStage,
    /// What became of the record.
    pub decided_as: Option<TombstoneCause>,
    /// The day on which it was filed.
    pub filed_on: Date,
    /// The day on which it was decided.
    pub decided_on: Option<Date>,
    /// By when the provider has to take the next step.
    pub due_on: Option<Date>,
    /// How many steps were taken.
    pub steps: i64,
    /// The index of the entry that announced it. Lists are in this order.
    pub entry: u64,
}

#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = applications)]
struct Row {
    id: Vec<u8>,
    kind: String,
    subject: Vec<u8>,
    record: Vec<u8>,
    record_version: i64,
    provider: String,
    stage: String,
    decided_as: String,
    filed_on: String,
    decided_on: String,
    due_on: String,
    steps: i64,
    entry: i64,
}

impl From<&ApplicationRow> for Row {
    fn from(application: &ApplicationRow) -> Self {
        let text = |date: Option<Date>| date.map(|date| date.to_string()).unwrap_or_default();
        Self {
            id: application.id.bytes().to_vec(),
            kind: application.kind.name().to_owned(),
            subject: application.subject.bytes().to_vec(),
            record: application.record.bytes().to_vec(),
            record_version: application.record_version,
            provider: application.provider.as_str().to_owned(),
            stage: application.stage.name().to_owned(),
            decided_as: application.decided_as.map(TombstoneCause::name).unwrap_or_default().to_owned(),
            filed_on: application.filed_on.to_string(),
            decided_on: text(application.decided_on),
            due_on: text(application.due_on),
            steps: application.steps,
            entry: i64::try_from(application.entry).unwrap_or(i64::MAX),
        }
    }
}

impl TryFrom<Row> for ApplicationRow {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let corrupt = |column| StoreError::corrupt("applications", column, &row.id);
        let day = |text: &str, column| optional(text, |text| text.parse().ok()).map_err(|()| corrupt(column));
        Ok(Self {
            id: row_id(CaseId::from_slice, "applications", "id", &row.id)?,
            kind: row.kind.parse().map_err(|_| corrupt("kind"))?,
            subject: row_id(SubjectId::from_slice, "applications", "subject", &row.subject)?,
            record: row_id(RecordId::from_slice, "applications", "record", &row.record)?,
            record_version: row.record_version,
            provider: DepartmentId::parse(&row.provider).ok_or_else(|| corrupt("provider"))?,
            stage: row.stage.parse().map_err(|_| corrupt("stage"))?,
            decided_as: optional(&row.decided_as, |text| text.parse().ok()).map_err(|()| corrupt("decided_as"))?,
            filed_on: row.filed_on.parse().map_err(|_| corrupt("filed_on"))?,
            decided_on: day(&row.decided_on, "decided_on")?,
            due_on: day(&row.due_on, "due_on")?,
            steps: row.steps,
            entry: u64::try_from(row.entry).map_err(|_| corrupt("entry"))?,
        })
    }
}

/// Which applications are wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Which {
    /// All.
    All,
    /// About records that a department provided.
    ProvidedBy(DepartmentId),
    /// By a subject.
    By(SubjectId),
    /// About a record.
    Of(RecordId),
}

/// A narrower choice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Narrowing {
    /// Of this kind.
    pub kind: Option<ApplicationKind>,
    /// Of this stage.
    pub stage: Option<ApplicationStage>,
    /// Those alone whose next step was due before this day.
    pub late_on: Option<Date>,
    /// Those alone that are open, or were closed on this day or later.
    pub open_or_decided_from: Option<Date>,
}

/// The application with this id.
pub fn find(connection: &mut AnyConnection, id: CaseId) -> Result<Option<ApplicationRow>, StoreError> {
    let query = applications::table.filter(applications::id.eq(id.bytes().as_slice())).select(Row::as_select());
    let row: Option<Row> = query.get_result(connection).optional()?;
    row.map(ApplicationRow::try_from).transpose()
}

/// Stores a new one.
pub fn insert(connection: &mut AnyConnection, application: &ApplicationRow) -> Result<(), StoreError> {
    let inserted = diesel::insert_into(applications::table).values(Row::from(application)).execute(connection)?;
    StoreError::expect_count("applications", 1, inserted)
}

/// Replaces one that had a step fewer.
///
/// # Errors
/// `Conflict` when somebody else has taken a step meanwhile.
pub fn advance(connection: &mut AnyConnection, application: &ApplicationRow) -> Result<(), StoreError> {
    let row = Row::from(application);
    let before = applications::table
        .filter(applications::id.eq(row.id.clone()))
        .filter(applications::steps.eq(application.steps - 1));
    match diesel::update(before).set(row).execute(connection)? {
        1 => Ok(()),
        _ => Err(StoreError::Conflict),
    }
}

/// Applications, the newest first, whose entry lies below `below`.
pub fn list(
    connection: &mut AnyConnection,
    which: &Which,
    narrowing: Narrowing,
    below: Option<u64>,
    limit: i64,
) -> Result<Vec<ApplicationRow>, StoreError> {
    let below = below.map_or(i64::MAX, |below| i64::try_from(below).unwrap_or(i64::MAX));
    let mut query = applications::table
        .select(Row::as_select())
        .filter(applications::entry.lt(below))
        .order(applications::entry.desc())
        .limit(limit)
        .into_boxed();
    query = match which {
        Which::All => query,
        Which::ProvidedBy(department) => query.filter(applications::provider.eq(department.as_str().to_owned())),
        Which::By(subject) => query.filter(applications::subject.eq(subject.bytes().to_vec())),
        Which::Of(record) => query.filter(applications::record.eq(record.bytes().to_vec())),
    };
    if let Some(kind) = narrowing.kind {
        query = query.filter(applications::kind.eq(kind.name()));
    }
    if let Some(stage) = narrowing.stage {
        query = query.filter(applications::stage.eq(stage.name()));
    }
    if let Some(day) = narrowing.late_on {
        query = query.filter(applications::due_on.ne("")).filter(applications::due_on.lt(day.to_string()));
    }
    if let Some(day) = narrowing.open_or_decided_from {
        query = query.filter(applications::decided_on.eq("").or(applications::decided_on.ge(day.to_string())));
    }
    query.load(connection)?.into_iter().map(ApplicationRow::try_from).collect()
}

/// The kinds of the applications about a record that are still being worked on.
pub fn open_of(connection: &mut AnyConnection, record: RecordId) -> Result<Vec<ApplicationKind>, StoreError> {
    let open = ApplicationStage::iter().filter(|stage| is_open(*stage)).map(ApplicationStage::name);
    let query = applications::table
        .filter(applications::record.eq(record.bytes().as_slice()))
        .filter(applications::stage.eq_any(open))
        .select(applications::kind)
        .distinct()
        .order(applications::kind.asc());
    let kinds: Vec<String> = query.load(connection)?;
    let corrupt = || StoreError::corrupt("applications", "kind", record.bytes());
    kinds.iter().map(|kind| kind.parse().map_err(|_| corrupt())).collect()
}
