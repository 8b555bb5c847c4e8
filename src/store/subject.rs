//! Subjects and their identifiers.

use diesel::prelude::*;

use super::connection::{AnyConnection, on_each_backend};
use super::schema::{subject_identifiers, subjects};
use super::{StoreError, row_id};
use crate::domain::identifier::IdentifierKind;
use crate::domain::{SubjectCategory, SubjectId};

/// A subject as the database holds it.
#[derive(Clone, Debug)]
pub struct Subject {
    /// Its id.
    pub id: SubjectId,
    /// Its category.
    pub category: SubjectCategory,
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = subjects)]
struct SubjectRow {
    id: Vec<u8>,
    category: String,
    created_at: i64,
}

impl TryFrom<SubjectRow> for Subject {
    type Error = StoreError;

    fn try_from(row: SubjectRow) -> Result<Self, StoreError> {
        let corrupt = |column| StoreError::corrupt("subjects", column, &row.id);
        Ok(Self {
            id: SubjectId::from_slice(&row.id).ok_or_else(|| corrupt("id"))?,
            category: row.category.parse().map_err(|_| corrupt("category"))?,
        })
    }
}

/// The subject that an identifier names. `value` is the code, or the hexadecimal blind index of a certificate.
pub fn find_by_identifier(
    connection: &mut AnyConnection,
    kind: IdentifierKind,
    value: &str,
) -> Result<Option<Subject>, StoreError> {
    let query = subject_identifiers::table
        .inner_join(subjects::table.on(subjects::id.eq(subject_identifiers::subject)))
        .filter(subject_identifiers::kind.eq(kind.name()))
        .filter(subject_identifiers::value.eq(value))
        .select((subjects::id, subjects::category, subjects::created_at));
    let row: Option<SubjectRow> = on_each_backend!(connection, |backend| query.get_result(backend)).optional()?;
    row.map(Subject::try_from).transpose()
}

/// The subject with this id.
pub fn find(connection: &mut AnyConnection, id: SubjectId) -> Result<Option<Subject>, StoreError> {
    let row: Option<SubjectRow> = subjects::table
        .filter(subjects::id.eq(id.bytes().as_slice()))
        .select(SubjectRow::as_select())
        .get_result(connection)
        .optional()?;
    row.map(Subject::try_from).transpose()
}

/// The clear identifier of one kind that a subject has, such as its unified social credit code.
pub fn identifier(
    connection: &mut AnyConnection,
    id: SubjectId,
    kind: IdentifierKind,
) -> Result<Option<String>, StoreError> {
    Ok(subject_identifiers::table
        .filter(subject_identifiers::subject.eq(id.bytes().as_slice()))
        .filter(subject_identifiers::kind.eq(kind.name()))
        .select(subject_identifiers::value)
        .order(subject_identifiers::value)
        .get_result(connection)
        .optional()?)
}

/// Every identifier that a subject has: kind, and code or hexadecimal blind index.
pub fn identifiers(connection: &mut AnyConnection, id: SubjectId) -> Result<Vec<(IdentifierKind, String)>, StoreError> {
    let rows: Vec<(String, String)> = subject_identifiers::table
        .filter(subject_identifiers::subject.eq(id.bytes().as_slice()))
        .order((subject_identifiers::kind, subject_identifiers::value))
        .select((subject_identifiers::kind, subject_identifiers::value))
        .load(connection)?;
    let known = |(kind, value): (String, String)| {
        let kind = kind.parse().map_err(|_| StoreError::corrupt("subject_identifiers", "kind", id.bytes()))?;
        Ok((kind, value))
    };
    rows.into_iter().map(known).collect()
}

/// Adds subjects.
pub fn insert(
    connection: &mut AnyConnection,
    subjects: &[Subject],
    created_at: crate::domain::Instant,
) -> Result<(), StoreError> {
    let row = |subject: &Subject| SubjectRow {
        id: subject.id.bytes().to_vec(),
        category: subject.category.name().to_owned(),
        created_at: created_at.micros(),
    };
    let inserted = connection.insert_rows(subjects::table, subjects.iter().map(row).collect())?;
    StoreError::expect_count("subjects", subjects.len(), inserted)
}

#[derive(Insertable)]
#[diesel(table_name = subject_identifiers)]
struct IdentifierRow {
    kind: &'static str,
    value: String,
    subject: Vec<u8>,
}

/// Gives subjects identifiers that no subject has yet.
pub fn insert_identifiers(
    connection: &mut AnyConnection,
    identifiers: Vec<(SubjectId, IdentifierKind, String)>,
) -> Result<(), StoreError> {
    let wanted = identifiers.len();
    let row = |(id, kind, value): (SubjectId, IdentifierKind, String)| IdentifierRow {
        kind: kind.name(),
        value,
        subject: id.bytes().to_vec(),
    };
    let rows = identifiers.into_iter().map(row).collect();
    let inserted = connection.insert_rows(subject_identifiers::table, rows)?;
    StoreError::expect_count("subject_identifiers", wanted, inserted)
}

/// The subjects that have identifiers of one kind among `values`, each with its value.
pub fn with_identifiers(
    connection: &mut AnyConnection,
    kind: IdentifierKind,
    values: &[String],
) -> Result<Vec<(String, SubjectId)>, StoreError> {
    use subject_identifiers::dsl;
    let of_kind = || dsl::subject_identifiers.filter(dsl::kind.eq(kind.name())).select((dsl::value, dsl::subject));
    let rows: Vec<(String, Vec<u8>)> = match connection {
        AnyConnection::Sqlite(backend) => {
            let one = |value: &String| of_kind().filter(dsl::value.eq(value)).get_result(backend).optional();
            values.iter().map(one).filter_map(Result::transpose).collect::<QueryResult<_>>()?
        }
        AnyConnection::Postgres(backend) => of_kind().filter(dsl::value.eq_any(values)).load(backend)?,
    };
    rows.into_iter()
        .map(|(value, id)| Ok((value, row_id(SubjectId::from_slice, "subject_identifiers", "subject", &id)?)))
        .collect()
}
