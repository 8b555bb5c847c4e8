//! Inserts whose text never changes. Diesel writes the text of an ordinary insert anew for each row to look up its
//! prepared statement; at tens of thousands of rows a second that is half of the work.

use diesel::backend::Backend;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::serialize::ToSql;
use diesel::sql_types::{BigInt, Binary, HasSqlType, Text};

use super::entry::{BodyRow, EntryRow};
use super::subject::SubjectRow;
use crate::store::connection::{AnyConnection, on_each_backend};
use crate::store::error::StoreError;

/// Inserts row by row, each with the statement prepared at the first.
pub(super) fn insert_each(
    connection: &mut AnyConnection,
    entries: &[EntryRow],
    bodies: &[BodyRow],
    subjects: &[SubjectRow],
) -> Result<(), StoreError> {
    for row in entries {
        let inserted = on_each_backend!(connection, |backend| InsertEntry(row).execute(backend))?;
        StoreError::expect_count("ledger_entry", 1, inserted)?;
    }
    for row in bodies {
        let inserted = on_each_backend!(connection, |backend| InsertBody(row).execute(backend))?;
        StoreError::expect_count("ledger_body", 1, inserted)?;
    }
    for row in subjects {
        let inserted = on_each_backend!(connection, |backend| InsertSubject(row).execute(backend))?;
        StoreError::expect_count("ledger_subject_recent", 1, inserted)?;
    }
    Ok(())
}

struct InsertEntry<'a>(&'a EntryRow);
struct InsertBody<'a>(&'a BodyRow);
struct InsertSubject<'a>(&'a SubjectRow);

impl<DB> QueryFragment<DB> for InsertEntry<'_>
where
    DB: Backend + HasSqlType<BigInt> + HasSqlType<Text> + HasSqlType<Binary>,
    i64: ToSql<BigInt, DB>,
    str: ToSql<Text, DB>,
    [u8]: ToSql<Binary, DB>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        let row = self.0;
        out.push_sql(
            "INSERT INTO ledger_entry (idx, iseq, t, ins, kind, role, consumer, decision, items, leaf, leaf_hash) VALUES (",
        );
        out.push_bind_param::<BigInt, _>(&row.idx)?;
        for number in [&row.iseq, &row.t] {
            out.push_sql(", ");
            out.push_bind_param::<BigInt, _>(number)?;
        }
        for text in [&row.ins, &row.kind, &row.role, &row.consumer, &row.decision, &row.items] {
            out.push_sql(", ");
            out.push_bind_param::<Text, str>(text)?;
        }
        for bytes in [&row.leaf, &row.leaf_hash] {
            out.push_sql(", ");
            out.push_bind_param::<Binary, [u8]>(bytes)?;
        }
        out.push_sql(")");
        Ok(())
    }
}

impl<DB> QueryFragment<DB> for InsertBody<'_>
where
    DB: Backend + HasSqlType<BigInt> + HasSqlType<Text> + HasSqlType<Binary>,
    i64: ToSql<BigInt, DB>,
    str: ToSql<Text, DB>,
    [u8]: ToSql<Binary, DB>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        out.push_sql("INSERT INTO ledger_body (idx, period, sealed) VALUES (");
        out.push_bind_param::<BigInt, _>(&self.0.idx)?;
        out.push_sql(", ");
        out.push_bind_param::<Text, str>(&self.0.period)?;
        out.push_sql(", ");
        out.push_bind_param::<Binary, [u8]>(&self.0.sealed)?;
        out.push_sql(")");
        Ok(())
    }
}

impl<DB> QueryFragment<DB> for InsertSubject<'_>
where
    DB: Backend + HasSqlType<BigInt> + HasSqlType<Binary>,
    i64: ToSql<BigInt, DB>,
    [u8]: ToSql<Binary, DB>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        out.push_sql("INSERT INTO ledger_subject_recent (subject, idx) VALUES (");
        out.push_bind_param::<Binary, [u8]>(&self.0.subject)?;
        out.push_sql(", ");
        out.push_bind_param::<BigInt, _>(&self.0.idx)?;
        out.push_sql(")");
        Ok(())
    }
}

impl QueryId for InsertEntry<'_> {
    type QueryId = InsertEntry<'static>;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl QueryId for InsertBody<'_> {
    type QueryId = InsertBody<'static>;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl QueryId for InsertSubject<'_> {
    type QueryId = InsertSubject<'static>;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl<C> RunQueryDsl<C> for InsertEntry<'_> {}
impl<C> RunQueryDsl<C> for InsertBody<'_> {}
impl<C> RunQueryDsl<C> for InsertSubject<'_> {}
