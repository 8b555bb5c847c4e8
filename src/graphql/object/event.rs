//! Events: that a step was taken of which the caller has to know.

use async_graphql::{Context, ID, Object};

use super::application::{Application, Tombstone};
use super::connection::EventConnection;
use super::joint_action::{Assignment, JointAction};
use super::listing::Listing;
use super::tipoff::Tipoff;
use crate::domain::{EventKind, WorkflowStep};
use crate::exchange::node_id::NodeRef;
use crate::exchange::push::EventRow;
use crate::exchange::push::feed::{self, EventPage};
use crate::graphql::context::{ContextExt, Nullable, nullable};
use crate::graphql::scalar::DateTime;

/// That a step of the joint work was taken of which your organisation has to know (信息推送).
#[derive(Clone, Debug)]
pub struct Event(pub EventRow);

impl Event {
    pub(in crate::graphql) fn connection(page: EventPage, has_previous: bool) -> EventConnection {
        let rows = page.events.into_iter().map(|(event, cursor)| (Self(event), cursor));
        EventConnection::new(rows.collect(), page.has_next, has_previous)
    }
}

/// That a step of the joint work was taken of which your organisation has to know (信息推送). What it is about is told as you may see it
/// now, which may be more or less than when the step was taken.
#[Object]
impl Event {
    /// Its opaque id, the same however often you receive it: drop repeats by it, and give the last one you have as `after`.
    async fn id(&self, ctx: &Context<'_>) -> async_graphql::Result<ID> {
        Ok(ID(ctx.inquiry()?.node_id(NodeRef::Event(self.0.id))))
    }

    /// What it is about.
    async fn kind(&self) -> EventKind {
        self.0.kind
    }

    /// The step that was taken.
    async fn step(&self) -> WorkflowStep {
        self.0.step
    }

    /// When the step was taken.
    async fn at(&self) -> DateTime {
        DateTime(self.0.at)
    }

    /// The index of the ledger entry that announced the step, a decimal number.
    async fn entry(&self) -> String {
        self.0.entry.to_string()
    }

    /// The joint action that it is about, or whose measure it is about.
    async fn action(&self, ctx: &Context<'_>) -> Nullable<JointAction> {
        nullable(|| Ok(feed::action(ctx.inquiry()?, &self.0)?.map(JointAction)))
    }

    /// The measure in one department that it is about.
    async fn assignment(&self, ctx: &Context<'_>) -> Nullable<Assignment> {
        nullable(|| Ok(feed::assignment(ctx.inquiry()?, &self.0)?.map(Assignment)))
    }

    /// The objection or the application for repair that it is about.
    async fn application(&self, ctx: &Context<'_>) -> Nullable<Application> {
        nullable(|| Ok(feed::application(ctx.inquiry()?, &self.0)?.map(Application)))
    }

    /// The entry on a list that it is about.
    async fn listing(&self, ctx: &Context<'_>) -> Nullable<Listing> {
        nullable(|| Ok(feed::listing(ctx.inquiry()?, &self.0)?.map(Listing)))
    }

    /// The tip-off that it is about: for the coordinator and the officer who handles it.
    async fn tipoff(&self, ctx: &Context<'_>) -> Nullable<Tipoff> {
        nullable(|| Ok(feed::tipoff(ctx.inquiry()?, &self.0)?.map(Tipoff)))
    }

    /// What became of a record that your organisation had received.
    async fn tombstone(&self, ctx: &Context<'_>) -> Nullable<Tombstone> {
        nullable(|| Ok(feed::tombstone(ctx.inquiry()?, &self.0)?.map(Tombstone)))
    }
}
