//! Entries on lists as cases.

use async_graphql::{Context, ID, Object};

use super::catalogue_item::{CatalogueItem, known_department};
use super::connection::ListingConnection;
use super::department::Department;
use super::joint_action::CaseStep;
use super::record::RecordObject;
use super::subject::Subject;
use crate::domain::ListingStage;
use crate::exchange::listing::{self, ListingPage, ListingView};
use crate::exchange::node_id::NodeRef;
use crate::exchange::record;
use crate::graphql::context::{ContextExt, Nullable, nullable};
use crate::graphql::scalar::Date;

/// An entry on a list (名单认定) on its way: drafted, told to the party, decided, withdrawn.
#[derive(Clone, Debug)]
pub struct Listing(pub ListingView);

impl Listing {
    pub(in crate::graphql) fn connection(page: ListingPage, has_previous: bool) -> ListingConnection {
        let rows = page.listings.into_iter().map(|(view, cursor)| (Self(view), cursor));
        ListingConnection::new(rows.collect(), page.has_next, has_previous)
    }
}

/// An entry on a list (名单认定) on its way: drafted, told to the party, decided, withdrawn.
#[Object]
impl Listing {
    /// Its opaque id.
    async fn id(&self, ctx: &Context<'_>) -> async_graphql::Result<ID> {
        Ok(ID(ctx.inquiry()?.node_id(NodeRef::Listing(self.0.row().id))))
    }

    /// The list, as an item of the catalogue.
    async fn item(&self, ctx: &Context<'_>) -> Nullable<CatalogueItem> {
        nullable(|| Ok(ctx.inquiry()?.gateway().catalogue.item(&self.0.row().item).cloned().map(CatalogueItem)))
    }

    /// Whom it is about, as far as you may know of the subject.
    async fn subject(&self, ctx: &Context<'_>) -> Nullable<Subject> {
        nullable(|| Ok(Subject::find(ctx.inquiry()?, self.0.row().subject)?))
    }

    /// The department that decides (认定单位).
    async fn decider(&self, ctx: &Context<'_>) -> Nullable<Department> {
        nullable(|| Ok(known_department(ctx.inquiry()?, &self.0.row().decider)))
    }

    /// The law and article.
    async fn legal_basis(&self) -> &str {
        &self.0.row().legal_basis
    }

    /// How far it has come.
    async fn stage(&self) -> ListingStage {
        self.0.row().stage
    }

    /// The day on which the party was told.
    async fn notified_on(&self) -> Option<Date> {
        self.0.row().notified_on.map(Date)
    }

    /// By when the party may state its case; nothing that burdens it is decided before, unless it has stated it.
    async fn state_by(&self) -> Option<Date> {
        self.0.row().state_by.map(Date)
    }

    /// The day of the decision.
    async fn decided_on(&self) -> Option<Date> {
        self.0.row().decided_on.map(Date)
    }

    /// The record that it became, as far as you may see it.
    async fn record(&self, ctx: &Context<'_>) -> Nullable<RecordObject> {
        nullable(|| {
            let Some(id) = self.0.row().record else { return Ok(None) };
            Ok(record::by_id(ctx.inquiry()?, id)?.map(RecordObject))
        })
    }

    /// What was done so far; for the subject from the notice on.
    async fn steps(&self, ctx: &Context<'_>) -> async_graphql::Result<Vec<CaseStep>> {
        let steps = listing::steps(ctx.inquiry()?, &self.0)?;
        Ok(steps.into_iter().map(|step| CaseStep { step, concern: self.0.concern() }).collect())
    }
}
