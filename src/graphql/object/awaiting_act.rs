//! Acts that a joint action has to be initiated for.

use async_graphql::{Context, Object};

use super::catalogue_item::known_department;
use super::connection::AwaitingActConnection;
use super::department::Department;
use super::record::RecordObject;
use crate::exchange::case::working_days_left;
use crate::exchange::joint_action::awaiting::{self, AwaitingPage};
use crate::graphql::context::{ContextExt, Nullable, nullable};
use crate::graphql::scalar::Date;

/// An act that a joint action has to be initiated for (待发起).
#[derive(Clone, Debug)]
pub struct AwaitingAct(pub awaiting::AwaitingAct);

impl AwaitingAct {
    pub(in crate::graphql) fn connection(page: AwaitingPage, has_previous: bool) -> AwaitingActConnection {
        let rows = page.acts.into_iter().map(|(act, cursor)| (Self(act), cursor));
        AwaitingActConnection::new(rows.collect(), page.has_next, has_previous)
    }
}

/// An act that a joint action has to be initiated for (待发起).
#[Object]
impl AwaitingAct {
    /// The record: its `id` is the `basis` of `initiateJointAction`.
    async fn record(&self) -> RecordObject {
        RecordObject(self.0.record.clone())
    }

    /// The department that initiates.
    async fn department(&self, ctx: &Context<'_>) -> Nullable<Department> {
        nullable(|| Ok(known_department(ctx.inquiry()?, &self.0.department)))
    }

    /// The day of the act.
    async fn act_on(&self) -> Date {
        Date(self.0.act_on)
    }

    /// By when the joint action has to be initiated.
    async fn due_on(&self) -> Date {
        Date(self.0.due_on)
    }

    /// Working days left until then; 0 on the day itself, negative when it is over.
    async fn working_days_left(&self, ctx: &Context<'_>) -> async_graphql::Result<i32> {
        Ok(working_days_left(ctx.inquiry()?, self.0.due_on))
    }
}
