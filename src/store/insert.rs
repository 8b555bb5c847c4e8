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
        AnyConnection::Sqlite(backend) => rows.chunks(1).map(|row| Insert::<R, true>(row).execute(backend)).sum(),
        AnyConnection::Postgres(backend) => {
            rows.chunks(VALUES_MAX / R::COLUMNS).map(|rows| Insert::<R, false>(rows).execute(backend)).sum()
        }
    }
}

/// Rows in one statement; `KEPT` when it is always one row, so that the statement is found again by its type alone.
struct Insert<'a, R, const KEPT: bool>(&'a [R]);

impl<DB, R: Row, const KEPT: bool> QueryFragment<DB> for Insert<'_, R, KEPT>
where
    DB: Backend + HasSqlType<BigInt> + HasSqlType<Text> + HasSqlType<Binary>,
    i64: ToSql<BigInt, DB>,
    str: ToSql<Text, DB>,
    [u8]: ToSql<Binary, DB>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        out.push_sql(R::INTO);
        let mut before = "(";
        for row in self.0 {
            row.each(&mut |value| {
                out.push_sql(before);
                before = ", ";
                match value {
                    Bound::Number(number) => out.push_bind_param::<BigInt, _>(number),
                    Bound::Text(text) => out.push_bind_param::<Text, str>(text),
                    Bound::Bytes(bytes) => out.push_bind_param::<Binary, [u8]>(bytes),
                }
            })?;
            before = "), (";
        }
        out.push_sql(")");
        Ok(())
    }
}

impl<R: 'static, const KEPT: bool> QueryId for Insert<'_, R, KEPT> {
    type QueryId = Insert<'static, R, KEPT>;
    const HAS_STATIC_QUERY_ID: bool = KEPT;
}

impl<R, const KEPT: bool, C> RunQueryDsl<C> for Insert<'_, R, KEPT> {}
