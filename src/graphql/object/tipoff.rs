//! Tip-offs, for the coordinator and the officer who handles one.

use async_graphql::{Context, ID, Object, SimpleObject};

use super::catalogue_item::known_department;
use super::connection::TipoffConnection;
use super::department::Department;
use crate::domain::{AttachmentKind, TipoffField, TipoffOutcome, TipoffStage, WorkflowStep};
use crate::exchange::node_id::NodeRef;
use crate::exchange::tipoff::{self, TipoffPage, TipoffView};
use crate::graphql::context::{ContextExt, Nullable, nullable};
use crate::graphql::scalar::{Date, DateTime};

/// A tip-off (举报): what somebody reports about a subject. Who reported is no part of it.
#[derive(Clone, Debug)]
pub struct Tipoff(pub TipoffView);

impl Tipoff {
    pub(in crate::graphql) fn connection(page: TipoffPage, has_previous: bool) -> TipoffConnection {
        let rows = page.tipoffs.into_iter().map(|(view, cursor)| (Self(view), cursor));
        TipoffConnection::new(rows.collect(), page.has_next, has_previous)
    }
}

/// A tip-off (举报): what somebody reports about a subject. Who reported is no part of it.
#[Object]
impl Tipoff {
    /// Its opaque id.
    async fn id(&self, ctx: &Context<'_>) -> async_graphql::Result<ID> {
        Ok(ID(ctx.inquiry()?.node_id(NodeRef::Tipoff(self.0.row().id))))
    }

    /// The unified social credit code of whom it is about. Asking for the subject itself leaves an entry that the subject can read.
    async fn uscc(&self, ctx: &Context<'_>) -> Nullable<String> {
        nullable(|| Ok(tipoff::uscc(ctx.inquiry()?, &self.0)?))
    }

    /// In which field.
    async fn field(&self) -> TipoffField {
        self.0.row().field
    }

    /// How far it has come.
    async fn stage(&self) -> TipoffStage {
        self.0.row().stage
    }

    /// The department of the officer who handles it.
    async fn department(&self, ctx: &Context<'_>) -> Nullable<Department> {
        nullable(|| {
            let inquiry = ctx.inquiry()?;
            Ok(self.0.row().department.as_ref().and_then(|id| known_department(inquiry, id)))
        })
    }

    /// Whether you are the officer who handles it.
    async fn is_yours(&self) -> bool {
        self.0.is_handler()
    }

    /// What was seen: for the officer who handles it alone, since what is told often tells who tells it.
    async fn conduct(&self, ctx: &Context<'_>) -> Nullable<String> {
        nullable(|| Ok(tipoff::conduct(ctx.inquiry()?, &self.0)?))
    }

    /// What is attached: for the officer who handles it alone, empty for others.
    async fn attachments(&self, ctx: &Context<'_>) -> Nullable<Vec<TipoffAttachment>> {
        nullable(|| {
            let inquiry = ctx.inquiry()?;
            let id = inquiry.node_id(NodeRef::Tipoff(self.0.row().id));
            let attachment = |one: tipoff::Attachment| TipoffAttachment {
                number: i32::try_from(one.number).unwrap_or(i32::MAX),
                kind: one.kind,
                bytes: i32::try_from(one.bytes).unwrap_or(i32::MAX),
                path: format!("/tipoffs/{id}/attachments/{}", one.number),
            };
            Ok(Some(tipoff::attachments(inquiry, &self.0)?.into_iter().map(attachment).collect()))
        })
    }

    /// The day on which it was submitted.
    async fn submitted_on(&self) -> Date {
        Date(self.0.row().submitted_on)
    }

    /// The day on which it was answered.
    async fn answered_on(&self) -> Option<Date> {
        self.0.row().answered_on.map(Date)
    }

    /// What came of it.
    async fn outcome(&self) -> Option<TipoffOutcome> {
        self.0.row().outcome
    }

    /// What whoever reported was told.
    async fn answer(&self, ctx: &Context<'_>) -> Nullable<String> {
        nullable(|| Ok(tipoff::answer(ctx.inquiry()?, &self.0)?))
    }

    /// The steps that were taken, in order; each reading of the reporter's name is one.
    async fn steps(&self, ctx: &Context<'_>) -> Nullable<Vec<TipoffStep>> {
        nullable(|| {
            let steps = tipoff::steps(ctx.inquiry()?, &self.0)?.into_iter().map(|step| TipoffStep {
                step: step.step,
                at: DateTime(step.at),
                entry: step.entry.to_string(),
            });
            Ok(Some(steps.collect()))
        })
    }
}

/// A file that is attached to a tip-off.
#[derive(Clone, Debug, SimpleObject)]
pub struct TipoffAttachment {
    /// Which, from 1.
    number: i32,
    /// What it is.
    kind: AttachmentKind,
    /// Its length in bytes.
    bytes: i32,
    /// Where the officer who handles the tip-off fetches it: a path of this gateway, with the officer's token.
    path: String,
}

/// A step of a tip-off.
#[derive(Clone, Debug, SimpleObject)]
pub struct TipoffStep {
    /// What was done.
    step: WorkflowStep,
    /// When.
    at: DateTime,
    /// The index of the ledger entry that announced it, a decimal number.
    entry: String,
}
