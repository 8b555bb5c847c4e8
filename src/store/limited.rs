//! `LIMIT` as a number in the text of a statement. SQLite plans a statement anew each time a value is bound to its
//! `LIMIT`, and diesel binds it: that planning was a third of what a read costs.
//!
//! Reads by a unique key need no limit at all: they use `get_result`, not `first`.

use diesel::backend::Backend;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::{QueryResult, RunQueryDsl};

/// A query, and how many of its rows are wanted. The query itself has no `LIMIT` and no `OFFSET`.
///
/// Each number is a text of its own in the cache of prepared statements: for limits of which there are few.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limited<Q>(pub(super) Q, pub(super) i64);

impl<DB: Backend, Q: QueryFragment<DB>> QueryFragment<DB> for Limited<Q> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        self.0.walk_ast(out.reborrow())?;
        out.push_sql(" LIMIT ");
        out.push_sql(&self.1.to_string());
        Ok(())
    }
}

impl<Q: Query> Query for Limited<Q> {
    type SqlType = Q::SqlType;
}

// The number is in the text, so the type alone does not tell one statement from another.
impl<Q> QueryId for Limited<Q> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<Q, C> RunQueryDsl<C> for Limited<Q> {}

/// The same with a number that is part of the type, so that the statement is found again without writing its text.
#[derive(Clone, Copy, Debug)]
pub(super) struct LimitedTo<Q, const LIMIT: i64>(pub(super) Q);

impl<DB: Backend, Q: QueryFragment<DB>, const LIMIT: i64> QueryFragment<DB> for LimitedTo<Q, LIMIT> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        self.0.walk_ast(out.reborrow())?;
        out.push_sql(" LIMIT ");
        out.push_sql(&LIMIT.to_string());
        Ok(())
    }
}

impl<Q: Query, const LIMIT: i64> Query for LimitedTo<Q, LIMIT> {
    type SqlType = Q::SqlType;
}

impl<Q: QueryId, const LIMIT: i64> QueryId for LimitedTo<Q, LIMIT> {
    type QueryId = LimitedTo<Q::QueryId, LIMIT>;
    const HAS_STATIC_QUERY_ID: bool = Q::HAS_STATIC_QUERY_ID;
}

impl<Q, C, const LIMIT: i64> RunQueryDsl<C> for LimitedTo<Q, LIMIT> {}

#[cfg(test)]
mod tests {
    use diesel::prelude::*;

    use super::super::connection::OneBackend;
    use super::super::schema::batches;
    use super::*;

    #[test]
    fn the_number_stands_in_the_text_and_nothing_is_bound() {
        let query = Limited(batches::table.select(batches::item).into_boxed::<OneBackend>(), 21);
        let text = diesel::debug_query::<OneBackend, _>(&query).to_string();
        assert!(text.ends_with(" LIMIT 21 -- binds: []"), "{text}");
    }
}
