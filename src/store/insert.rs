//! Inserts of records whose text never changes. Diesel writes the text of an ordinary insert anew for each row to look
//! up its prepared statement; over 23 columns that was a third of an import.

use diesel::backend::Backend;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::serialize::ToSql;
use diesel::sql_types::{BigInt, Binary, HasSqlType, Text};

use super::connection::AnyConnection;
use super::deposit::NewRecord;
use crate::domain::Instant;

/// Records per statement on PostgreSQL: 23 values each, below its 65,535. SQLite takes one, with the statement kept.
const ROWS_PER_STATEMENT: usize = 500;

/// Inserts the current versions of records.
pub(super) fn records(connection: &mut AnyConnection, rows: &[NewRecord]) -> QueryResult<usize> {
    match connection {
        AnyConnection::Sqlite(backend) => rows.iter().map(|row| InsertRecord(row).execute(backend)).sum(),
        AnyConnection::Postgres(backend) => {
            rows.chunks(ROWS_PER_STATEMENT).map(|rows| InsertRecords(rows).execute(backend)).sum()
        }
    }
}

/// Inserts versions among all versions.
pub(super) fn versions(connection: &mut AnyConnection, rows: &[NewRecord], recorded_at: Instant) -> QueryResult<usize> {
    let recorded_at = recorded_at.micros();
    match connection {
        AnyConnection::Sqlite(backend) => rows.iter().map(|row| InsertVersion(row, recorded_at).execute(backend)).sum(),
        AnyConnection::Postgres(backend) => {
            rows.chunks(ROWS_PER_STATEMENT).map(|rows| InsertVersions(rows, recorded_at).execute(backend)).sum()
        }
    }
}

struct InsertRecord<'a>(&'a NewRecord);
struct InsertRecords<'a>(&'a [NewRecord]);
struct InsertVersion<'a>(&'a NewRecord, i64);
struct InsertVersions<'a>(&'a [NewRecord], i64);

const INTO_RECORDS: &str = "INSERT INTO records (id, subject, key_digest, content_digest, sealed, batch, division, item, category, \
     provider, provider_name, decided_on, published_until_sent, level, level_source, state, rule_pack, \
     public_until, shared_until, received_on, flags, plain, version) VALUES ";
const INTO_VERSIONS: &str =
    "INSERT INTO record_versions (id, content_digest, sealed, batch, state, plain, version, recorded_at) VALUES ";

fn push_record<'b, DB>(out: &mut AstPass<'_, 'b, DB>, row: &'b NewRecord) -> QueryResult<()>
where
    DB: Backend + HasSqlType<BigInt> + HasSqlType<Text> + HasSqlType<Binary>,
    i64: ToSql<BigInt, DB>,
    str: ToSql<Text, DB>,
    [u8]: ToSql<Binary, DB>,
{
    out.push_sql("(");
    for bytes in [&row.id, &row.subject, &row.key_digest, &row.content_digest, &row.sealed, &row.batch] {
        out.push_bind_param::<Binary, [u8]>(bytes)?;
        out.push_sql(", ");
    }
    let kinds = [&row.division, &row.item, &row.category, &row.provider, &row.provider_name];
    let windows = [&row.decided_on, &row.published_until_sent, &row.level, &row.level_source, &row.state];
    let rest = [&row.rule_pack, &row.public_until, &row.shared_until, &row.received_on, &row.flags];
    for text in kinds.into_iter().chain(windows).chain(rest).chain([&row.plain]) {
        out.push_bind_param::<Text, str>(text)?;
        out.push_sql(", ");
    }
    out.push_bind_param::<BigInt, _>(&row.version)?;
    out.push_sql(")");
    Ok(())
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "what is bound must live as long as the statement")]
fn push_version<'b, DB>(out: &mut AstPass<'_, 'b, DB>, row: &'b NewRecord, recorded_at: &'b i64) -> QueryResult<()>
where
    DB: Backend + HasSqlType<BigInt> + HasSqlType<Text> + HasSqlType<Binary>,
    i64: ToSql<BigInt, DB>,
    str: ToSql<Text, DB>,
    [u8]: ToSql<Binary, DB>,
{
    out.push_sql("(");
    for bytes in [&row.id, &row.content_digest, &row.sealed, &row.batch] {
        out.push_bind_param::<Binary, [u8]>(bytes)?;
        out.push_sql(", ");
    }
    for text in [&row.state, &row.plain] {
        out.push_bind_param::<Text, str>(text)?;
        out.push_sql(", ");
    }
    out.push_bind_param::<BigInt, _>(&row.version)?;
    out.push_sql(", ");
    out.push_bind_param::<BigInt, _>(recorded_at)?;
    out.push_sql(")");
    Ok(())
}

/// Pushes one after another, with commas between.
fn push_all<'b, DB: Backend, T>(
    out: &mut AstPass<'_, 'b, DB>,
    rows: &'b [T],
    push: impl Fn(&mut AstPass<'_, 'b, DB>, &'b T) -> QueryResult<()>,
) -> QueryResult<()> {
    for (at, row) in rows.iter().enumerate() {
        if at > 0 {
            out.push_sql(", ");
        }
        push(out, row)?;
    }
    Ok(())
}

impl<DB> QueryFragment<DB> for InsertRecord<'_>
where
    DB: Backend + HasSqlType<BigInt> + HasSqlType<Text> + HasSqlType<Binary>,
    i64: ToSql<BigInt, DB>,
    str: ToSql<Text, DB>,
    [u8]: ToSql<Binary, DB>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        out.push_sql(INTO_RECORDS);
        push_record(&mut out, self.0)
    }
}

impl<DB> QueryFragment<DB> for InsertRecords<'_>
where
    DB: Backend + HasSqlType<BigInt> + HasSqlType<Text> + HasSqlType<Binary>,
    i64: ToSql<BigInt, DB>,
    str: ToSql<Text, DB>,
    [u8]: ToSql<Binary, DB>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        out.push_sql(INTO_RECORDS);
        push_all(&mut out, self.0, push_record)
    }
}

impl<DB> QueryFragment<DB> for InsertVersion<'_>
where
    DB: Backend + HasSqlType<BigInt> + HasSqlType<Text> + HasSqlType<Binary>,
    i64: ToSql<BigInt, DB>,
    str: ToSql<Text, DB>,
    [u8]: ToSql<Binary, DB>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        out.push_sql(INTO_VERSIONS);
        push_version(&mut out, self.0, &self.1)
    }
}

impl<DB> QueryFragment<DB> for InsertVersions<'_>
where
    DB: Backend + HasSqlType<BigInt> + HasSqlType<Text> + HasSqlType<Binary>,
    i64: ToSql<BigInt, DB>,
    str: ToSql<Text, DB>,
    [u8]: ToSql<Binary, DB>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        out.push_sql(INTO_VERSIONS);
        push_all(&mut out, self.0, |out, row| push_version(out, row, &self.1))
    }
}

impl QueryId for InsertRecord<'_> {
    type QueryId = InsertRecord<'static>;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl QueryId for InsertVersion<'_> {
    type QueryId = InsertVersion<'static>;
    const HAS_STATIC_QUERY_ID: bool = true;
}

// As many rows, as many texts: not to be kept by the type.
impl QueryId for InsertRecords<'_> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl QueryId for InsertVersions<'_> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<C> RunQueryDsl<C> for InsertRecord<'_> {}
impl<C> RunQueryDsl<C> for InsertRecords<'_> {}
impl<C> RunQueryDsl<C> for InsertVersions<'_> {}
impl<C> RunQueryDsl<C> for InsertVersion<'_> {}
