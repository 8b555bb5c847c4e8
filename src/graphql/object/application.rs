//! Objections and applications for repair, and the tombstones that they leave.

use async_graphql::{Context, Enum, ID, Object, SimpleObject};

use super::catalogue_item::{CatalogueItem, known_department};
use super::connection::{ApplicationConnection, TombstoneConnection};
use super::department::Department;
use super::joint_action::CaseStep;
use super::record::RecordObject;
use super::subject::Subject;
use crate::domain::{ApplicationKind, ApplicationStage, DepartmentId, TombstoneCause};
use crate::exchange::application::list::ApplicationPage;
use crate::exchange::application::tombstone::{self, Tombstone as Stone, TombstonePage};
use crate::exchange::application::{self, ApplicationView};
use crate::exchange::node_id::NodeRef;
use crate::exchange::record;
use crate::graphql::context::{ContextExt, Nullable, nullable};
use crate::graphql::scalar::{Date, DateTime};

/// An objection (异议) or an application for repair (信用修复).
#[derive(Clone, Debug)]
pub struct Application(pub ApplicationView);

impl Application {
    pub(in crate::graphql) fn connection(page: ApplicationPage, has_previous: bool) -> ApplicationConnection {
        let rows = page.applications.into_iter().map(|(view, cursor)| (Self(view), cursor));
        ApplicationConnection::new(rows.collect(), page.has_next, has_previous)
    }
}

/// An objection (异议) or an application for repair (信用修复).
#[Object]
impl Application {
    /// Its opaque id, with which its author asks how far it has come.
    async fn id(&self, ctx: &Context<'_>) -> async_graphql::Result<ID> {
        Ok(ID(ctx.inquiry()?.node_id(NodeRef::Application(self.0.row().id))))
    }

    /// What is applied for.
    async fn kind(&self) -> ApplicationKind {
        self.0.row().kind
    }

    /// How far it has come.
    async fn stage(&self) -> ApplicationStage {
        self.0.row().stage
    }

    /// What became of the record.
    async fn decided_as(&self) -> Option<TombstoneCause> {
        self.0.row().decided_as
    }

    /// The record, as far as you may see it.
    async fn record(&self, ctx: &Context<'_>) -> Nullable<RecordObject> {
        nullable(|| Ok(record::by_id(ctx.inquiry()?, self.0.row().record)?.map(RecordObject)))
    }

    /// Who applies, as far as you may know of the subject.
    async fn subject(&self, ctx: &Context<'_>) -> Nullable<Subject> {
        nullable(|| Ok(Subject::find(ctx.inquiry()?, self.0.row().subject)?))
    }

    /// The department that provided the record, and decides.
    async fn provider(&self, ctx: &Context<'_>) -> Nullable<Department> {
        nullable(|| Ok(known_department(ctx.inquiry()?, &self.0.row().provider)))
    }

    /// The day on which it was filed.
    async fn filed_on(&self) -> Date {
        Date(self.0.row().filed_on)
    }

    /// The day on which it was decided.
    async fn decided_on(&self) -> Option<Date> {
        self.0.row().decided_on.map(Date)
    }

    /// By when the provider has to take the next step.
    async fn due_on(&self) -> Option<Date> {
        self.0.row().due_on.map(Date)
    }

    /// Whether the provider has let that day pass: then the coordinator may answer in its place.
    async fn escalated(&self) -> bool {
        self.0.is_escalated()
    }

    /// What was done so far.
    async fn steps(&self, ctx: &Context<'_>) -> async_graphql::Result<Vec<CaseStep>> {
        let steps = application::steps(ctx.inquiry()?, &self.0)?;
        Ok(steps.into_iter().map(|step| CaseStep { step, concern: self.0.concern() }).collect())
    }

    /// Who had received the record, and who has acknowledged what became of it.
    async fn receivers(&self, ctx: &Context<'_>) -> async_graphql::Result<Vec<Receiver>> {
        let stones = tombstone::of(ctx.inquiry()?, &self.0)?;
        Ok(stones.into_iter().map(Receiver::from).collect())
    }
}

/// Whether somebody who had received a record has done with it what became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum SyncStatus {
    /// It was told and has not said so yet.
    Awaiting,
    /// It has said so.
    Acknowledged,
}

/// Somebody who had received a record.
#[derive(Clone, Debug, SimpleObject)]
pub struct Receiver {
    /// A department's id or an organization's code.
    receiver: String,
    /// What became of the record.
    cause: TombstoneCause,
    /// Whether it has done the same.
    sync_status: SyncStatus,
    /// Since when it can be read.
    created_at: DateTime,
    /// When it was acknowledged.
    acknowledged_at: Option<DateTime>,
}

impl From<Stone> for Receiver {
    fn from(stone: Stone) -> Self {
        let is_done = stone.acknowledged_at.is_some();
        Self {
            receiver: stone.receiver,
            cause: stone.cause,
            sync_status: if is_done { SyncStatus::Acknowledged } else { SyncStatus::Awaiting },
            created_at: DateTime(stone.created_at),
            acknowledged_at: stone.acknowledged_at.map(DateTime),
        }
    }
}

/// What became of a record that your organisation had received (失效通知): do the same with every copy, then acknowledge it.
#[derive(Clone, Debug)]
pub struct Tombstone(pub Stone);

impl Tombstone {
    pub(in crate::graphql) fn connection(page: TombstonePage, has_previous: bool) -> TombstoneConnection {
        let rows = page.tombstones.into_iter().map(|(stone, cursor)| (Self(stone), cursor));
        TombstoneConnection::new(rows.collect(), page.has_next, has_previous)
    }
}

/// What became of a record that your organisation had received (失效通知): do the same with every copy, then acknowledge it.
#[Object]
impl Tombstone {
    /// Its opaque id, for `acknowledgeTombstones`.
    async fn id(&self, ctx: &Context<'_>) -> async_graphql::Result<ID> {
        Ok(ID(ctx.inquiry()?.node_id(NodeRef::Tombstone(self.0.id))))
    }

    /// The opaque id of the record, as you were given it.
    async fn record(&self, ctx: &Context<'_>) -> async_graphql::Result<ID> {
        Ok(ID(ctx.inquiry()?.node_id(NodeRef::Record(self.0.record))))
    }

    /// Its catalogue item.
    async fn item(&self, ctx: &Context<'_>) -> Nullable<CatalogueItem> {
        nullable(|| Ok(ctx.inquiry()?.gateway().catalogue.item(&self.0.item).cloned().map(CatalogueItem)))
    }

    /// What became of it.
    async fn cause(&self) -> TombstoneCause {
        self.0.cause
    }

    /// Since when.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }

    /// The department that received it, when the receiver is one.
    async fn receiver(&self, ctx: &Context<'_>) -> Nullable<Department> {
        nullable(|| {
            let inquiry = ctx.inquiry()?;
            Ok(DepartmentId::parse(&self.0.receiver).and_then(|id| known_department(inquiry, &id)))
        })
    }
}
