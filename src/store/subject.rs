//! Subjects, their identifiers and names.

use diesel::prelude::*;

use super::connection::{AnyConnection, on_each_backend};
use super::schema::{subject_identifiers, subject_names, subjects};
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

/// Adds a subject.
pub fn insert(connection: &mut AnyConnection, subject: &Subject, created_at_micros: i64) -> Result<(), StoreError> {
    diesel::insert_into(subjects::table)
        .values(SubjectRow {
            id: subject.id.bytes().to_vec(),
            category: subject.category.name().to_owned(),
            created_at: created_at_micros,
        })
        .execute(connection)?;
    Ok(())
}

/// Gives a subject an identifier that no subject has yet.
pub fn insert_identifier(
    connection: &mut AnyConnection,
    id: SubjectId,
    kind: IdentifierKind,
    value: &str,
) -> Result<(), StoreError> {
    diesel::insert_into(subject_identifiers::table)
        .values((
            subject_identifiers::kind.eq(kind.name()),
            subject_identifiers::value.eq(value),
            subject_identifiers::subject.eq(id.bytes().as_slice()),
        ))
        .execute(connection)?;
    Ok(())
}

/// Whether a subject is known under this normalised name.
pub fn has_name(connection: &mut AnyConnection, id: SubjectId, name_key: &str) -> Result<bool, StoreError> {
    let query = diesel::select(diesel::dsl::exists(
        subject_names::table
            .filter(subject_names::name_key.eq(name_key))
            .filter(subject_names::subject.eq(id.bytes().as_slice())),
    ));
    Ok(on_each_backend!(connection, |backend| query.get_result(backend))?)
}

/// Adds a normalised name.
pub fn insert_name(connection: &mut AnyConnection, id: SubjectId, name_key: &str) -> Result<(), StoreError> {
    diesel::insert_into(subject_names::table)
        .values((subject_names::name_key.eq(name_key), subject_names::subject.eq(id.bytes().as_slice())))
        .execute(connection)?;
    Ok(())
}

/// Subjects whose normalised name begins with `prefix`, in the order of name and id, after a given place.
pub fn with_name_prefix(
    connection: &mut AnyConnection,
    prefix: &str,
    after: Option<&(String, SubjectId)>,
    limit: i64,
) -> Result<Vec<(String, SubjectId)>, StoreError> {
    let mut query = subject_names::table
        .filter(subject_names::name_key.ge(prefix.to_owned()))
        .filter(subject_names::name_key.lt(format!("{prefix}\u{10FFFF}")))
        .select((subject_names::name_key, subject_names::subject))
        .order((subject_names::name_key, subject_names::subject))
        .limit(limit)
        .into_boxed();
    if let Some((name_key, id)) = after {
        query = query.filter(
            subject_names::name_key
                .gt(name_key.clone())
                .or(subject_names::name_key.eq(name_key.clone()).and(subject_names::subject.gt(id.bytes().to_vec()))),
        );
    }
    let rows: Vec<(String, Vec<u8>)> = query.load(connection)?;
    rows.into_iter()
        .map(|(name_key, id)| Ok((name_key, row_id(SubjectId::from_slice, "subject_names", "subject", &id)?)))
        .collect()
}
