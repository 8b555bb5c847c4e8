//! Inserts whose text never changes. Diesel writes the text of an ordinary insert anew for each row to look up its
//! prepared statement; over the 23 columns of a record that was a third of an import.
//!
//! SQLite takes a row at a time, with the statement kept; PostgreSQL, where a call is a round trip, many at once.

use diesel::backend::Backend;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::serialize::ToSql;
use diesel::sql_types::{BigInt, Binary, HasSqlType, Text};

use super::connection::AnyConnection;

/// A value of a row.
pub(super) enum Bound<'b> {
    Number(&'b i64),
    Text(&'b str),
    Bytes(&'b [u8]),
}

/// A row that is inserted by a text of its own.
pub(super) trait Row {
    /// `INSERT INTO table (columns) VALUES`.
    const INTO: &'static str;
    /// How many columns that names.
    const COLUMNS: usize;

    /// Gives each value to `put`, in the order of the columns.
    fn each<'b>(&'b self, put: &mut dyn FnMut(Bound<'b>) -> QueryResult<()>) -> QueryResult<()>;
}

/// Values that PostgreSQL takes in one statement.
const VALUES_MAX: usize = 65_535;

/// Inserts rows and gives their number.
pub(super) fn insert<R: Row + 'static>(connection: &mut AnyConnection, rows: &[R]) -> QueryResult<usize> {
    match connection {
        AnyConnection::Sqlite(backend) => rows.iter().map(|row| InsertOne(row).execute(backend)).sum(),
        AnyConnection::Postgres(backend) => {
            rows.chunks(VALUES_MAX / R::COLUMNS).map(|rows| InsertMany(rows).execute(backend)).sum()
        }
    }
}

struct InsertOne<'a, R>(&'a R);
struct InsertMany<'a, R>(&'a [R]);

fn push_row<'b, DB, R: Row>(out: &mut AstPass<'_, 'b, DB>, row: &'b R) -> QueryResult<()>
where
    DB: Backend + HasSqlType<BigInt> + HasSqlType<Text> + HasSqlType<Binary>,
    i64: ToSql<BigInt, DB>,
    str: ToSql<Text, DB>,
    [u8]: ToSql<Binary, DB>,
{
    let mut before = "(";
    row.each(&mut |value| {
        out.push_sql(before);
        before = ", ";
        match value {
            Bound::Number(number) => out.push_bind_param::<BigInt, _>(number),
            Bound::Text(text) => out.push_bind_param::<Text, str>(text),
            Bound::Bytes(bytes) => out.push_bind_param::<Binary, [u8]>(bytes),
        }
    })?;
    out.push_sql(")");
    Ok(())
}

impl<DB, R: Row> QueryFragment<DB> for InsertOne<'_, R>
where
    DB: Backend + HasSqlType<BigInt> + HasSqlType<Text> + HasSqlType<Binary>,
    i64: ToSql<BigInt, DB>,
    str: ToSql<Text, DB>,
    [u8]: ToSql<Binary, DB>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        out.push_sql(R::INTO);
        push_row(&mut out, self.0)
    }
}

impl<DB, R: Row> QueryFragment<DB> for InsertMany<'_, R>
where
    DB: Backend + HasSqlType<BigInt> + HasSqlType<Text> + HasSqlType<Binary>,
    i64: ToSql<BigInt, DB>,
    str: ToSql<Text, DB>,
    [u8]: ToSql<Binary, DB>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        out.push_sql(R::INTO);
        for (at, row) in self.0.iter().enumerate() {
            if at > 0 {
                out.push_sql(", ");
            }
            push_row(&mut out, row)?;
        }
        Ok(())
    }
}

impl<R: 'static> QueryId for InsertOne<'_, R> {
    type QueryId = InsertOne<'static, R>;
    const HAS_STATIC_QUERY_ID: bool = true;
}

// As many rows, as many texts: not to be kept by the type.
impl<R> QueryId for InsertMany<'_, R> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<R, C> RunQueryDsl<C> for InsertOne<'_, R> {}
impl<R, C> RunQueryDsl<C> for InsertMany<'_, R> {}
