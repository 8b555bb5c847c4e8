//! The names of subjects: by the whole name, by its beginning, by any part of it.
//!
//! Names of organisations alone stand here. A part is found through pairs of characters, in the engine's own index
//! for text: FTS5 on SQLite, GIN on PostgreSQL. Names of the other subjects are sealed and found by nobody.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary, Text};

use super::connection::AnyConnection;
use super::schema::{subject_name_grams, subject_names};
use super::{StoreError, row_id};
use crate::domain::SubjectId;

/// The subjects that are known under normalised names among `name_keys`, each with its name.
pub fn with_names(
    connection: &mut AnyConnection,
    name_keys: &[String],
) -> Result<Vec<(String, SubjectId)>, StoreError> {
    use subject_names::dsl;
    let names = || dsl::subject_names.select((dsl::name_key, dsl::subject));
    let rows: Vec<(String, Vec<u8>)> = match connection {
        AnyConnection::Sqlite(backend) => {
            let mut rows = Vec::new();
            for name_key in name_keys {
                rows.extend(names().filter(dsl::name_key.eq(name_key)).load(backend)?);
            }
            rows
        }
        AnyConnection::Postgres(backend) => names().filter(dsl::name_key.eq_any(name_keys)).load(backend)?,
    };
    named(rows)
}

#[derive(Insertable)]
#[diesel(table_name = subject_names)]
struct NameRow {
    name_key: String,
    subject: Vec<u8>,
}

/// PostgreSQL keeps its index by itself; FTS5 is a table of its own.
#[derive(Insertable)]
#[diesel(table_name = subject_name_grams)]
struct GramRow {
    grams: String,
    name_key: String,
    subject: Vec<u8>,
}

/// Adds normalised names.
pub fn insert(connection: &mut AnyConnection, names: Vec<(SubjectId, String)>) -> Result<(), StoreError> {
    let wanted = names.len();
    if !connection.is_postgres() {
        let row = |(id, name_key): &(SubjectId, String)| GramRow {
            grams: grams(name_key),
            name_key: name_key.clone(),
            subject: id.bytes().to_vec(),
        };
        let inserted = connection.insert_rows(subject_name_grams::table, names.iter().map(row).collect())?;
        StoreError::expect_count("subject_name_grams", wanted, inserted)?;
    }
    let rows = names.into_iter().map(|(id, name_key)| NameRow { name_key, subject: id.bytes().to_vec() }).collect();
    let inserted = connection.insert_rows(subject_names::table, rows)?;
    StoreError::expect_count("subject_names", wanted, inserted)
}

/// The pairs of characters of a name, in their order.
fn grams(name_key: &str) -> String {
    let characters: Vec<char> = name_key.chars().collect();
    let pairs: Vec<String> = characters.windows(2).map(|pair| pair.iter().collect()).collect();
    if pairs.is_empty() { name_key.to_owned() } else { pairs.join(" ") }
}

fn named(rows: Vec<(String, Vec<u8>)>) -> Result<Vec<(String, SubjectId)>, StoreError> {
    let of = |(name_key, id): (String, Vec<u8>)| {
        Ok((name_key, row_id(SubjectId::from_slice, "subject_names", "subject", &id)?))
    };
    rows.into_iter().map(of).collect()
}

/// Subjects whose normalised name begins with `prefix`, in the order of name and id, after a given place.
pub fn beginning_with(
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
    named(rows)
}

/// A name that holds a part, and its place in the order in which such names are found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundName {
    /// The normalised name.
    pub name_key: String,
    /// Whose it is.
    pub subject: SubjectId,
    /// Its place: on SQLite a number, on PostgreSQL nothing beside name and subject.
    pub place: i64,
}

#[derive(QueryableByName)]
struct FoundRow {
    #[diesel(sql_type = BigInt)]
    place: i64,
    #[diesel(sql_type = Text)]
    name_key: String,
    #[diesel(sql_type = Binary)]
    subject: Vec<u8>,
}

const HOLDING_ON_SQLITE: &str = "SELECT rowid AS place, name_key, subject FROM subject_name_grams \
     WHERE subject_name_grams MATCH ? AND rowid > ? AND instr(name_key, ?) > 0 ORDER BY rowid LIMIT ?";
const HOLDING_ON_POSTGRES: &str = "SELECT 0::bigint AS place, name_key, subject FROM subject_names \
     WHERE name_grams(name_key) @> name_grams($1) AND position($1 IN name_key) > 0 AND (name_key, subject) > ($2, $3) \
     ORDER BY name_key, subject LIMIT $4";

/// Subjects whose normalised name holds `part`, of two characters or more, after a given place: in the order of name and
/// id on PostgreSQL, in that in which they came on SQLite.
pub fn holding(
    connection: &mut AnyConnection,
    part: &str,
    after: Option<&FoundName>,
    limit: i64,
) -> Result<Vec<FoundName>, StoreError> {
    let rows: Vec<FoundRow> = match connection {
        AnyConnection::Sqlite(backend) => diesel::sql_query(HOLDING_ON_SQLITE)
            .bind::<Text, _>(format!("\"{}\"", grams(part).replace('"', "\"\"")))
            .bind::<BigInt, _>(after.map_or(0, |found| found.place))
            .bind::<Text, _>(part)
            .bind::<BigInt, _>(limit)
            .load(backend)?,
        AnyConnection::Postgres(backend) => diesel::sql_query(HOLDING_ON_POSTGRES)
            .bind::<Text, _>(part)
            .bind::<Text, _>(after.map_or("", |found| &found.name_key))
            .bind::<Binary, _>(after.map_or([].as_slice(), |found| found.subject.bytes()))
            .bind::<BigInt, _>(limit)
            .load(backend)?,
    };
    let of = |row: FoundRow| {
        let subject = row_id(SubjectId::from_slice, "subject_names", "subject", &row.subject)?;
        Ok(FoundName { name_key: row.name_key, subject, place: row.place })
    };
    rows.into_iter().map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_the_row_of_its_pairs() {
        assert_eq!(grams("东营测试"), "东营 营测 测试");
        assert_eq!(grams("东营"), "东营");
        assert_eq!(grams("东"), "东");
        assert_eq!(grams("A(𠮷)"), "A( (𠮷 𠮷)");
    }
}
