//! Inserts of records whose text never changes. Diesel writes the text of an ordinary insert anew for each row to look
//! up its prepared statement; over 23 columns that was a third of an import.

use diesel::backend::Backend;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::serialize::ToSql;
use diesel::sql_types::{BigInt, Binary, HasSqlType, Text};

use super::connection::{AnyConnection, on_each_backend};
use super::deposit::NewRecord;
use crate::domain::Instant;

/// Inserts the current version of a record.
pub(super) fn record(connection: &mut AnyConnection, row: &NewRecord) -> QueryResult<usize> {
    on_each_backend!(connection, |backend| InsertRecord(row).execute(backend))
}

/// Inserts a version among all versions.
pub(super) fn version(connection: &mut AnyConnection, row: &NewRecord, recorded_at: Instant) -> QueryResult<usize> {
    let recorded_at = recorded_at.micros();
    on_each_backend!(connection, |backend| InsertVersion(row, recorded_at).execute(backend))
}

struct InsertRecord<'a>(&'a NewRecord);
struct InsertVersion<'a>(&'a NewRecord, i64);

impl<DB> QueryFragment<DB> for InsertRecord<'_>
where
    DB: Backend + HasSqlType<BigInt> + HasSqlType<Text> + HasSqlType<Binary>,
    i64: ToSql<BigInt, DB>,
    str: ToSql<Text, DB>,
    [u8]: ToSql<Binary, DB>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        let row = self.0;
        out.push_sql(
            "INSERT INTO records (id, subject, key_digest, content_digest, sealed, batch, division, item, category, \
             provider, provider_name, decided_on, published_until_sent, level, level_source, state, rule_pack, \
             public_until, shared_until, received_on, flags, plain, version) VALUES (",
        );
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
}

impl<DB> QueryFragment<DB> for InsertVersion<'_>
where
    DB: Backend + HasSqlType<BigInt> + HasSqlType<Text> + HasSqlType<Binary>,
    i64: ToSql<BigInt, DB>,
    str: ToSql<Text, DB>,
    [u8]: ToSql<Binary, DB>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        let row = self.0;
        out.push_sql(
            "INSERT INTO record_versions (id, content_digest, sealed, batch, state, plain, version, recorded_at) VALUES (",
        );
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
        out.push_bind_param::<BigInt, _>(&self.1)?;
        out.push_sql(")");
        Ok(())
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

impl<C> RunQueryDsl<C> for InsertRecord<'_> {}
impl<C> RunQueryDsl<C> for InsertVersion<'_> {}
