//! Promises to hand papers in later.

use async_graphql::{Context, ID, Object};

use super::catalogue_item::known_department;
use super::connection::PromiseConnection;
use super::department::Department;
use super::subject::Subject;
use crate::domain::PromiseStage;
use crate::exchange::node_id::NodeRef;
use crate::exchange::promise::{self, PromisePage, PromiseView};
use crate::graphql::context::{ContextExt, Nullable, nullable};
use crate::graphql::scalar::Date;

/// A written promise to hand papers in later (容缺受理承诺).
#[derive(Clone, Debug)]
pub struct Promise(pub PromiseView);

impl Promise {
    pub(in crate::graphql) fn connection(page: PromisePage, has_previous: bool) -> PromiseConnection {
        let rows = page.promises.into_iter().map(|(view, cursor)| (Self(view), cursor));
        PromiseConnection::new(rows.collect(), page.has_next, has_previous)
    }
}

/// A written promise to hand papers in later (容缺受理承诺).
#[Object]
impl Promise {
    /// Its opaque id, for `keepPromise`.
    async fn id(&self, ctx: &Context<'_>) -> async_graphql::Result<ID> {
        Ok(ID(ctx.inquiry()?.node_id(NodeRef::Promise(self.0.row.id))))
    }

    /// Who promised, as far as you may know of the subject.
    async fn subject(&self, ctx: &Context<'_>) -> Nullable<Subject> {
        nullable(|| Ok(Subject::find(ctx.inquiry()?, self.0.row.subject)?))
    }

    /// The department that accepted it.
    async fn office(&self, ctx: &Context<'_>) -> Nullable<Department> {
        nullable(|| Ok(known_department(ctx.inquiry()?, &self.0.row.office)))
    }

    /// Which papers are owed; other persons' names and numbers in it are replaced.
    async fn documents(&self, ctx: &Context<'_>) -> Nullable<String> {
        nullable(|| Ok(promise::documents(ctx.inquiry()?, &self.0)?))
    }

    /// The SHA-256 of the promise that was signed, 64 hexadecimal digits.
    async fn sha256(&self) -> &str {
        &self.0.row.sha256
    }

    /// How it stands today.
    async fn stage(&self, ctx: &Context<'_>) -> async_graphql::Result<PromiseStage> {
        Ok(self.0.row.stage(ctx.inquiry()?.today()))
    }

    /// The day of the promise.
    async fn promised_on(&self) -> Date {
        Date(self.0.row.promised_on)
    }

    /// By when the papers have to be there.
    async fn due_on(&self) -> Date {
        Date(self.0.row.due_on)
    }

    /// The day on which they were.
    async fn kept_on(&self) -> Option<Date> {
        self.0.row.kept_on.map(Date)
    }

    /// The index of the ledger entry that announced it, a decimal number.
    async fn entry(&self) -> String {
        self.0.row.entry.to_string()
    }
}
