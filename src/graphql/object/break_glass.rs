//! Openings of one subject's records in an emergency.

use std::sync::Arc;

use async_graphql::{Context, ID, InputObject, Object};

use super::catalogue_item::{CatalogueItem, known_department};
use super::connection::BreakGlassConnection;
use super::department::Department;
use super::subject::Subject;
use super::viewer::Purpose;
use crate::exchange::audit;
use crate::exchange::break_glass::{self, Shown};
use crate::exchange::node_id::NodeRef;
use crate::graphql::context::{ContextExt, Nullable, nullable};
use crate::graphql::scalar::DateTime;

/// What to open in an emergency. Purpose and case are those of the request.
#[derive(Clone, Debug, InputObject)]
pub struct BreakGlassInput {
    /// The opaque id of the subject.
    subject: ID,
    /// The codes of the catalogue items that are needed, and no more. What is not shared stays closed.
    items: Vec<String>,
    /// Why, 1 to 500 characters. Stands, sealed, in the entry that says so.
    reason: String,
}

impl From<BreakGlassInput> for break_glass::Wanted {
    fn from(input: BreakGlassInput) -> Self {
        Self { subject: input.subject.0, items: input.items, reason: input.reason }
    }
}

/// An opening of one subject's records in an emergency (紧急查询).
#[derive(Clone, Debug)]
pub struct BreakGlassOpening(pub Arc<Shown>);

impl BreakGlassOpening {
    pub(in crate::graphql) fn connection(page: break_glass::OpeningPage, has_previous: bool) -> BreakGlassConnection {
        let rows = page.openings.into_iter().map(|(shown, cursor)| (Self(Arc::new(shown)), cursor));
        BreakGlassConnection::new(rows.collect(), page.has_next, has_previous)
    }
}

/// An opening of one subject's records in an emergency (紧急查询).
#[Object]
impl BreakGlassOpening {
    /// What the officer who made it sends in `Chengxin-Authorization`, with the same purpose and case. To others it opens nothing.
    async fn authorization(&self, ctx: &Context<'_>) -> async_graphql::Result<ID> {
        Ok(ID(ctx.inquiry()?.node_id(NodeRef::BreakGlass(self.0.opening.id))))
    }

    /// The index of its entry in the ledger, a decimal number. Queries under it refer to that entry.
    async fn index(&self) -> String {
        self.0.entry.index.to_string()
    }

    /// Whose records, as far as you may know of the subject.
    async fn subject(&self, ctx: &Context<'_>) -> Nullable<Subject> {
        nullable(|| Ok(Subject::find(ctx.inquiry()?, self.0.opening.subject)?))
    }

    /// The department of the officer.
    async fn department(&self, ctx: &Context<'_>) -> Nullable<Department> {
        nullable(|| {
            let inquiry = ctx.inquiry()?;
            Ok(known_department(inquiry, &self.0.opening.department))
        })
    }

    /// The officer; null when the body of the entry is gone.
    async fn actor(&self, ctx: &Context<'_>) -> Nullable<String> {
        nullable(|| Ok(audit::opened(ctx.inquiry()?, &self.0.entry, "actor")?))
    }

    /// The case; null when the body of the entry is gone.
    async fn case(&self, ctx: &Context<'_>) -> Nullable<String> {
        nullable(|| Ok(audit::case(ctx.inquiry()?, &self.0.entry)?))
    }

    /// The reason; null when the body of the entry is gone.
    async fn reason(&self, ctx: &Context<'_>) -> Nullable<String> {
        nullable(|| Ok(audit::opened(ctx.inquiry()?, &self.0.entry, "reason")?))
    }

    /// The purpose.
    async fn purpose(&self, ctx: &Context<'_>) -> Nullable<Purpose> {
        nullable(|| Ok(Purpose::find(ctx.inquiry()?, &self.0.opening.purpose)))
    }

    /// The catalogue items that it opens.
    async fn items(&self, ctx: &Context<'_>) -> async_graphql::Result<Vec<CatalogueItem>> {
        let catalogue = &ctx.inquiry()?.gateway().catalogue;
        let items = self.0.opening.items.iter().filter_map(|code| catalogue.item_by_text(code).cloned());
        Ok(items.map(CatalogueItem).collect())
    }

    /// The departments whose records it opens: they read it here from the moment it is made.
    async fn notified(&self, ctx: &Context<'_>) -> async_graphql::Result<Vec<Department>> {
        let inquiry = ctx.inquiry()?;
        Ok(self.0.providers.iter().filter_map(|id| known_department(inquiry, id)).collect())
    }

    /// When it was made.
    async fn opened_at(&self) -> DateTime {
        DateTime(self.0.opening.valid_from)
    }

    /// The first instant at which it opens nothing any more.
    async fn valid_to(&self) -> DateTime {
        DateTime(self.0.opening.valid_to)
    }

    /// Whether it is in force now.
    async fn active(&self, ctx: &Context<'_>) -> async_graphql::Result<bool> {
        Ok(break_glass::is_in_force(&self.0.opening, ctx.inquiry()?.now()))
    }
}
