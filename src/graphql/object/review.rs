//! Queries that are to be reviewed.

use std::sync::Arc;

use async_graphql::{Context, Enum, InputObject, Object, SimpleObject};

use super::audit_entry::AuditEntry;
use super::catalogue_item::known_department;
use super::connection::ReviewConnection;
use super::department::Department;
use crate::domain::{DepartmentId, PurposeCode, Role};
use crate::exchange::audit::{self, Entry};
use crate::exchange::review;
use crate::graphql::context::{ContextExt, Nullable, nullable};
use crate::graphql::object::viewer::Purpose;
use crate::graphql::scalar::{Date, DateTime};

/// Why a query is to be reviewed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "review::ReviewReason")]
pub enum ReviewReason {
    /// Records were opened in an emergency (紧急查询), or read for the purpose of one.
    BreakGlass,
    /// A subject's authorization opened it.
    AuthorizedQuery,
    /// It asked for something beyond the caller's reach (越权查询).
    Overreach,
    /// Its leaf hash drew it: nobody picked it.
    Sample,
}

/// What a reviewer said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "review::ReviewState")]
pub enum ReviewState {
    /// Nothing yet.
    Awaiting,
    /// The query was justified.
    Justified,
    /// It was not.
    Unjustified,
}

/// What to say of a query.
#[derive(Clone, Debug, InputObject)]
pub struct ReviewQueryInput {
    /// The index of its entry, a decimal number.
    pub(in crate::graphql) index: String,
    /// Whether it was justified.
    pub(in crate::graphql) justified: bool,
    /// Why, 1 to 500 characters. Stands, sealed, in the entry that says so.
    pub(in crate::graphql) reason: String,
}

/// How many reviews stand how.
#[derive(Clone, Copy, Debug, SimpleObject)]
pub struct ReviewCounts {
    /// Awaited.
    awaiting: i64,
    /// Awaited, and past their day.
    overdue: i64,
    /// Found justified.
    justified: i64,
    /// Found not justified.
    unjustified: i64,
}

impl From<review::ReviewCounts> for ReviewCounts {
    fn from(counts: review::ReviewCounts) -> Self {
        let number = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
        Self {
            awaiting: number(counts.awaiting),
            overdue: number(counts.overdue),
            justified: number(counts.justified),
            unjustified: number(counts.unjustified),
        }
    }
}

/// A query that is to be reviewed, or was.
#[derive(Clone, Debug)]
pub struct Review {
    review: review::Review,
    entry: Arc<Entry>,
}

impl Review {
    pub(in crate::graphql) fn new(review: review::Review, entry: Entry) -> Self {
        Self { review, entry: Arc::new(entry) }
    }

    pub(in crate::graphql) fn connection(page: review::ReviewPage, has_previous: bool) -> ReviewConnection {
        let rows = page.reviews.into_iter().map(|(review, entry, cursor)| (Self::new(review, entry), cursor));
        ReviewConnection::new(rows.collect(), page.has_next, has_previous)
    }
}

/// A query that is to be reviewed, or was.
#[Object]
impl Review {
    /// The index of the query's entry, a decimal number.
    async fn index(&self) -> String {
        self.review.index.to_string()
    }

    /// When the query was made.
    async fn time(&self) -> DateTime {
        DateTime(self.entry.leaf.time())
    }

    /// The department that made it.
    async fn department(&self, ctx: &Context<'_>) -> Nullable<Department> {
        nullable(|| {
            let inquiry = ctx.inquiry()?;
            let id = self.entry.leaf.consumer.as_deref().and_then(DepartmentId::parse);
            Ok(id.and_then(|id| known_department(inquiry, &id)))
        })
    }

    /// The officer or system that made it; null when the body is gone.
    async fn actor(&self, ctx: &Context<'_>) -> Nullable<String> {
        nullable(|| Ok(audit::opened(ctx.inquiry()?, &self.entry, "actor")?))
    }

    /// The purpose it was made for.
    async fn purpose(&self, ctx: &Context<'_>) -> Nullable<Purpose> {
        nullable(|| {
            let code = self.entry.leaf.purpose.as_deref().and_then(PurposeCode::parse);
            let inquiry = ctx.inquiry()?;
            Ok(code.and_then(|code| Purpose::find(inquiry, &code)))
        })
    }

    /// The case it was made for; null when none was named or the body is gone.
    async fn case(&self, ctx: &Context<'_>) -> Nullable<String> {
        nullable(|| Ok(audit::case(ctx.inquiry()?, &self.entry)?))
    }

    /// What was asked, without values; null when the body is gone.
    async fn query(&self, ctx: &Context<'_>) -> Nullable<String> {
        nullable(|| Ok(audit::opened(ctx.inquiry()?, &self.entry, "query")?))
    }

    /// How many records were given.
    async fn rows(&self) -> i64 {
        i64::try_from(self.entry.leaf.rows).unwrap_or(i64::MAX)
    }

    /// The codes of the items whose records it touched.
    async fn items(&self) -> &[String] {
        &self.entry.leaf.items
    }

    /// Why it is to be reviewed.
    async fn reasons(&self) -> Vec<ReviewReason> {
        self.review.reasons.iter().map(|&reason| reason.into()).collect()
    }

    /// The last day on which a review is in time.
    async fn due_on(&self) -> Date {
        Date(self.review.due_on)
    }

    /// What was said.
    async fn state(&self) -> ReviewState {
        self.review.state.into()
    }

    /// In which role the reviewer said it.
    async fn reviewed_by(&self) -> Option<Role> {
        self.review.reviewed.as_ref().map(|(voice, ..)| voice.role)
    }

    /// When it was said.
    async fn reviewed_at(&self) -> Option<DateTime> {
        self.review.reviewed.as_ref().map(|(_, at, _)| DateTime(*at))
    }

    /// Why.
    async fn reason(&self) -> Option<&str> {
        self.review.reviewed.as_ref().map(|(.., comment)| comment.as_str())
    }

    /// The entry itself, for auditors; null for everybody else.
    async fn entry(&self, ctx: &Context<'_>) -> Nullable<AuditEntry> {
        nullable(|| {
            let is_auditor = ctx.inquiry()?.caller().role() == Role::Auditor;
            Ok(is_auditor.then(|| AuditEntry(Arc::clone(&self.entry))))
        })
    }
}
