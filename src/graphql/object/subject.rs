//! Credit subjects.

use std::sync::Arc;

use async_graphql::{ID, Object, SimpleObject};

use super::catalogue_item::CatalogueItem;
use super::connection::{CreditRecordConnection, page_size};
use super::record::{Annotation, annotations};
use crate::domain::{SubjectCategory, SubjectId};
use crate::exchange::fault::Fault;
use crate::exchange::inquiry::Inquiry;
use crate::exchange::node_id::NodeRef;
use crate::exchange::record::Selection;
use crate::exchange::subject::{self, SubjectView};
use crate::graphql::context::{ContextExt, Nullable, nullable};
use crate::graphql::scalar::DateTime;

/// A credit subject (信用主体), as far as you may know of it.
#[derive(Clone, Debug)]
pub struct Subject(pub Arc<SubjectView>);

impl Subject {
    /// The subject with this id, if it exists for the caller.
    pub(in crate::graphql) fn find(inquiry: &Inquiry, id: SubjectId) -> Result<Option<Self>, Fault> {
        Ok(subject::by_id(inquiry, id)?.map(|view| Self(Arc::new(view))))
    }
}

/// A credit subject (信用主体), as far as you may know of it.
#[Object]
impl Subject {
    /// Its opaque id, the same for every caller.
    pub async fn id(&self, ctx: &async_graphql::Context<'_>) -> async_graphql::Result<ID> {
        Ok(ID(ctx.inquiry()?.node_id(NodeRef::Subject(self.0.id()))))
    }

    /// Its unified social credit code; null for natural persons.
    async fn uscc(&self, ctx: &async_graphql::Context<'_>) -> Nullable<String> {
        nullable(|| Ok(self.0.uscc(ctx.inquiry()?)?.map(ToOwned::to_owned)))
    }

    /// What kind of subject it is.
    async fn category(&self) -> SubjectCategory {
        self.0.category()
    }

    /// Its name, from its registration or else its newest record, by the same rules as there.
    async fn name(&self, ctx: &async_graphql::Context<'_>) -> Nullable<String> {
        nullable(|| Ok(self.0.name(ctx.inquiry()?)?))
    }

    /// Marks on its newest records, as far as you may see them: under objection, under repair.
    async fn annotations(&self, ctx: &async_graphql::Context<'_>) -> async_graphql::Result<Vec<Annotation>> {
        let inquiry = ctx.inquiry()?;
        let mut marks = Vec::new();
        for record in self.0.annotated(inquiry) {
            for mark in annotations(inquiry, record)? {
                if !marks.contains(&mark) {
                    marks.push(mark);
                }
            }
        }
        Ok(marks)
    }

    /// Its records, newest first.
    async fn records(
        &self,
        ctx: &async_graphql::Context<'_>,
        #[graphql(desc = "Of this catalogue item alone.")] item: Option<String>,
        #[graphql(desc = "How many, 1 to 100.", default = 20)] first: i32,
        #[graphql(desc = "After this cursor.")] after: Option<String>,
    ) -> async_graphql::Result<CreditRecordConnection> {
        let inquiry = ctx.inquiry()?;
        let first = page_size(ctx, first)?;
        let mut selection = Selection { subject: Some(self.0.id()), ..Selection::default() };
        if let Some(item) = &item {
            selection.item = Some(super::catalogue_item::item_code(inquiry, item)?);
        }
        let read = |selection: &Selection, position| self.0.records(inquiry, selection, position, first);
        Ok(CreditRecordConnection::read(inquiry, selection, after.as_deref(), read)?)
    }

    /// How many records of each item you may see.
    async fn counts(&self, ctx: &async_graphql::Context<'_>) -> async_graphql::Result<Vec<ItemCount>> {
        let counts = self.0.counts(ctx.inquiry()?)?;
        Ok(counts.into_iter().map(|(item, count)| ItemCount { item: CatalogueItem(item), count }).collect())
    }

    /// The instant this answer holds for.
    async fn as_of(&self, ctx: &async_graphql::Context<'_>) -> async_graphql::Result<DateTime> {
        Ok(DateTime(ctx.inquiry()?.now()))
    }
}

/// How many records of an item there are.
#[derive(Clone, Debug, SimpleObject)]
pub struct ItemCount {
    /// The item.
    item: CatalogueItem,
    /// How many records of it you may see.
    count: i64,
}
