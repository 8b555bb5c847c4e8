//! Tip-offs, what is attached to them, and who reported. The three lie in tables of their own; everything told is sealed.

use diesel::prelude::*;
use diesel::result::{DatabaseErrorKind, Error as DieselError};

use super::connection::AnyConnection;
use super::schema::{tipoff_attachments, tipoff_reporters, tipoffs};
use super::{StoreError, optional, row_id};
use crate::domain::time::Date;
use crate::domain::{AttachmentKind, CaseId, DepartmentId, SubjectId, TipoffField, TipoffOutcome, TipoffStage};

/// A tip-off as the database holds it: without who reported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TipoffRow {
    /// Its id.
    pub id: CaseId,
    /// Whom it is about.
    pub subject: SubjectId,
    /// The blind index of its query code, hexadecimal.
    pub code: String,
    /// What it is about.
    pub field: TipoffField,
    /// How far it has come.
    pub stage: TipoffStage,
    /// The department of whoever handles it.
    pub department: Option<DepartmentId>,
    /// The keyed hash of whoever handles it, hexadecimal; empty when nobody does yet.
    pub handler: String,
    /// What came of it.
    pub outcome: Option<TipoffOutcome>,
    /// The day on which it was submitted.
    pub submitted_on: Date,
    /// The day on which it was answered.
    pub answered_on: Option<Date>,
    /// How many attachments it has.
    pub attachments: i64,
    /// What was seen, sealed.
    pub conduct: Vec<u8>,
    /// What was answered, sealed; empty when nothing was.
    pub answer: Vec<u8>,
    /// How many steps were taken.
    pub steps: i64,
    /// The index of the entry that announced it. Lists are in this order.
    pub entry: u64,
}

#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = tipoffs)]
struct Row {
    id: Vec<u8>,
    subject: Vec<u8>,
    code: String,
    field: String,
    stage: String,
    department: String,
    handler: String,
    outcome: String,
    submitted_on: String,
    answered_on: String,
    attachments: i64,
    conduct: Vec<u8>,
    answer: Vec<u8>,
    steps: i64,
    entry: i64,
}

impl TryFrom<Row> for TipoffRow {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let corrupt = |column| StoreError::corrupt("tipoffs", column, &row.id);
        Ok(Self {
            id: row_id(CaseId::from_slice, "tipoffs", "id", &row.id)?,
            subject: row_id(SubjectId::from_slice, "tipoffs", "subject", &row.subject)?,
            field: row.field.parse().map_err(|_| corrupt("field"))?,
            stage: row.stage.parse().map_err(|_| corrupt("stage"))?,
            department: optional(&row.department, DepartmentId::parse).map_err(|()| corrupt("department"))?,
            outcome: optional(&row.outcome, |text| text.parse().ok()).map_err(|()| corrupt("outcome"))?,
            submitted_on: row.submitted_on.parse().map_err(|_| corrupt("submitted_on"))?,
            answered_on: optional(&row.answered_on, |text| text.parse().ok()).map_err(|()| corrupt("answered_on"))?,
            entry: u64::try_from(row.entry).map_err(|_| corrupt("entry"))?,
            code: row.code,
            handler: row.handler,
            attachments: row.attachments,
            conduct: row.conduct,
            answer: row.answer,
            steps: row.steps,
        })
    }
}

impl From<&TipoffRow> for Row {
    fn from(tipoff: &TipoffRow) -> Self {
        let text = |date: Option<Date>| date.map(|date| date.to_string()).unwrap_or_default();
        Self {
            id: tipoff.id.bytes().to_vec(),
            subject: tipoff.subject.bytes().to_vec(),
            code: tipoff.code.clone(),
            field: tipoff.field.name().to_owned(),
            stage: tipoff.stage.name().to_owned(),
            department: tipoff.department.as_ref().map(|id| id.as_str().to_owned()).unwrap_or_default(),
            handler: tipoff.handler.clone(),
            outcome: tipoff.outcome.map(TipoffOutcome::name).unwrap_or_default().to_owned(),
            submitted_on: tipoff.submitted_on.to_string(),
            answered_on: text(tipoff.answered_on),
            attachments: tipoff.attachments,
            conduct: tipoff.conduct.clone(),
            answer: tipoff.answer.clone(),
            steps: tipoff.steps,
            entry: i64::try_from(tipoff.entry).unwrap_or(i64::MAX),
        }
    }
}

/// Stores a new one, with who reported it.
pub fn insert(connection: &mut AnyConnection, tipoff: &TipoffRow, reporter: &[u8]) -> Result<(), StoreError> {
    match diesel::insert_into(tipoffs::table).values(Row::from(tipoff)).execute(connection) {
        Ok(inserted) => StoreError::expect_count("tipoffs", 1, inserted)?,
        Err(DieselError::DatabaseError(DatabaseErrorKind::UniqueViolation, _)) => return Err(StoreError::Conflict),
        Err(error) => return Err(error.into()),
    }
    let row = (tipoff_reporters::tipoff.eq(tipoff.id.bytes().to_vec()), tipoff_reporters::sealed.eq(reporter.to_vec()));
    let inserted = diesel::insert_into(tipoff_reporters::table).values(row).execute(connection)?;
    StoreError::expect_count("tipoff_reporters", 1, inserted)
}

/// Replaces one that had a step fewer.
///
/// # Errors
/// `Conflict` when somebody else has taken a step meanwhile.
pub fn advance(connection: &mut AnyConnection, tipoff: &TipoffRow) -> Result<(), StoreError> {
    let row = Row::from(tipoff);
    let before = tipoffs::table.filter(tipoffs::id.eq(row.id.clone())).filter(tipoffs::steps.eq(tipoff.steps - 1));
    // Files come without a step: how many there are is not this step's to say.
    let set = (
        tipoffs::stage.eq(row.stage),
        tipoffs::department.eq(row.department),
        tipoffs::handler.eq(row.handler),
        tipoffs::outcome.eq(row.outcome),
        tipoffs::answered_on.eq(row.answered_on),
        tipoffs::answer.eq(row.answer),
        tipoffs::steps.eq(row.steps),
    );
    match diesel::update(before).set(set).execute(connection)? {
        1 => Ok(()),
        _ => Err(StoreError::Conflict),
    }
}

/// The tip-off with this id.
pub fn find(connection: &mut AnyConnection, id: CaseId) -> Result<Option<TipoffRow>, StoreError> {
    let query = tipoffs::table.filter(tipoffs::id.eq(id.bytes().as_slice())).select(Row::as_select());
    let row: Option<Row> = query.get_result(connection).optional()?;
    row.map(TipoffRow::try_from).transpose()
}

/// The tip-off with this blind index of its query code.
pub fn by_code(connection: &mut AnyConnection, code: &str) -> Result<Option<TipoffRow>, StoreError> {
    let query = tipoffs::table.filter(tipoffs::code.eq(code)).select(Row::as_select());
    let row: Option<Row> = query.get_result(connection).optional()?;
    row.map(TipoffRow::try_from).transpose()
}

/// Tip-offs, the newest first, whose entry lies below `below`: all, or those of one handler.
pub fn list(
    connection: &mut AnyConnection,
    (handler, stage): (Option<&str>, Option<TipoffStage>),
    below: Option<u64>,
    limit: i64,
) -> Result<Vec<TipoffRow>, StoreError> {
    let below = below.map_or(i64::MAX, |below| i64::try_from(below).unwrap_or(i64::MAX));
    let mut query = tipoffs::table
        .select(Row::as_select())
        .filter(tipoffs::entry.lt(below))
        .order(tipoffs::entry.desc())
        .limit(limit)
        .into_boxed();
    if let Some(handler) = handler {
        query = query.filter(tipoffs::handler.eq(handler.to_owned()));
    }
    if let Some(stage) = stage {
        query = query.filter(tipoffs::stage.eq(stage.name()));
    }
    query.load(connection)?.into_iter().map(TipoffRow::try_from).collect()
}

/// Who reported a tip-off, sealed. The one statement that reads that table.
pub fn reporter(connection: &mut AnyConnection, id: CaseId) -> Result<Option<Vec<u8>>, StoreError> {
    let query = tipoff_reporters::table.filter(tipoff_reporters::tipoff.eq(id.bytes().as_slice()));
    Ok(query.select(tipoff_reporters::sealed).get_result(connection).optional()?)
}

/// An attachment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attachment {
    /// Which, from 1.
    pub number: i64,
    /// What it is.
    pub kind: AttachmentKind,
    /// Its length, in bytes.
    pub bytes: i64,
}

/// An attachment to be stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewAttachment {
    /// What is told of it.
    pub told: Attachment,
    /// A keyed digest of its content, of this tip-off alone.
    pub digest: String,
    /// Its content.
    pub sealed: Vec<u8>,
}

/// Attaches files, numbered on from those that are there, to a tip-off that is still open.
///
/// # Errors
/// `Conflict` when another one was attached, or it was answered, at the same moment.
pub fn attach(connection: &mut AnyConnection, id: CaseId, files: &[NewAttachment]) -> Result<(), StoreError> {
    let (Some(first), Some(last)) = (files.first(), files.last()) else { return Ok(()) };
    for file in files {
        let row = (
            tipoff_attachments::tipoff.eq(id.bytes().to_vec()),
            tipoff_attachments::number.eq(file.told.number),
            tipoff_attachments::kind.eq(file.told.kind.name()),
            tipoff_attachments::bytes.eq(file.told.bytes),
            tipoff_attachments::sealed.eq(file.sealed.clone()),
            tipoff_attachments::digest.eq(file.digest.clone()),
        );
        match diesel::insert_into(tipoff_attachments::table).values(row).execute(connection) {
            Err(DieselError::DatabaseError(DatabaseErrorKind::UniqueViolation, _)) => return Err(StoreError::Conflict),
            inserted => StoreError::expect_count("tipoff_attachments", 1, inserted?)?,
        }
    }
    let before = tipoffs::table
        .filter(tipoffs::id.eq(id.bytes().as_slice()))
        .filter(tipoffs::stage.ne(TipoffStage::Answered.name()))
        .filter(tipoffs::attachments.eq(first.told.number - 1));
    match diesel::update(before).set(tipoffs::attachments.eq(last.told.number)).execute(connection)? {
        1 => Ok(()),
        _ => Err(StoreError::Conflict),
    }
}

/// The digests of what is attached to a tip-off.
pub fn digests(connection: &mut AnyConnection, id: CaseId) -> Result<Vec<String>, StoreError> {
    let of = tipoff_attachments::table.filter(tipoff_attachments::tipoff.eq(id.bytes().as_slice()));
    Ok(of.select(tipoff_attachments::digest).load(connection)?)
}

/// The attachments of a tip-off, without their content.
pub fn attachments(connection: &mut AnyConnection, id: CaseId) -> Result<Vec<Attachment>, StoreError> {
    let query = tipoff_attachments::table
        .filter(tipoff_attachments::tipoff.eq(id.bytes().as_slice()))
        .select((tipoff_attachments::number, tipoff_attachments::kind, tipoff_attachments::bytes))
        .order(tipoff_attachments::number.asc());
    let rows: Vec<(i64, String, i64)> = query.load(connection)?;
    rows.into_iter()
        .map(|(number, kind, bytes)| {
            let corrupt = || StoreError::corrupt("tipoff_attachments", "kind", id.bytes());
            Ok(Attachment { number, kind: kind.parse().map_err(|_| corrupt())?, bytes })
        })
        .collect()
}

/// The content of an attachment, sealed.
pub fn content(connection: &mut AnyConnection, id: CaseId, number: i64) -> Result<Option<Vec<u8>>, StoreError> {
    let query = tipoff_attachments::table
        .filter(tipoff_attachments::tipoff.eq(id.bytes().as_slice()))
        .filter(tipoff_attachments::number.eq(number))
        .select(tipoff_attachments::sealed);
    Ok(query.get_result(connection).optional()?)
}
