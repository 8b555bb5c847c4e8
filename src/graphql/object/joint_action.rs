//! Joint actions, their assignments and steps.

use std::sync::Arc;

use async_graphql::{Context, ID, Object};

use super::catalogue_item::known_department;
use super::connection::{AssignmentConnection, JointActionConnection, OverdueStepConnection};
use super::department::Department;
use super::measure::Measure;
use super::record::RecordObject;
use super::subject::Subject;
use crate::access::Concern;
use crate::domain::{AssignmentStage, JointActionEnding, JointActionKind, JointActionStage, Role, WorkflowStep};
use crate::exchange::case::{self, CaseStep as Step};

use crate::exchange::joint_action::list::{AssignmentPage, JointActionPage};
use crate::exchange::joint_action::overdue::{self, OverduePage};
use crate::exchange::joint_action::{self, AssignmentView, JointActionView};
use crate::exchange::node_id::NodeRef;
use crate::exchange::record;
use crate::graphql::context::{ContextExt, Nullable, nullable};
use crate::graphql::scalar::{Date, DateTime};

/// Joint incentive or joint punishment of one subject (联合奖惩), resting on one record.
#[derive(Clone, Debug)]
pub struct JointAction(pub Arc<JointActionView>);

impl JointAction {
    pub(in crate::graphql) fn connection(page: JointActionPage, has_previous: bool) -> JointActionConnection {
        let rows = page.actions.into_iter().map(|(view, cursor)| (Self(Arc::new(view)), cursor));
        JointActionConnection::new(rows.collect(), page.has_next, has_previous)
    }
}

/// Joint incentive or joint punishment of one subject (联合奖惩), resting on one record.
#[Object]
impl JointAction {
    /// Its opaque id.
    async fn id(&self, ctx: &Context<'_>) -> async_graphql::Result<ID> {
        Ok(ID(ctx.inquiry()?.node_id(NodeRef::JointAction(self.0.row().id))))
    }

    /// Whether it rewards or punishes.
    async fn kind(&self) -> JointActionKind {
        self.0.row().kind
    }

    /// Whom it is about, as far as you may know of the subject.
    async fn subject(&self, ctx: &Context<'_>) -> Nullable<Subject> {
        nullable(|| Ok(Subject::find(ctx.inquiry()?, self.0.row().subject)?))
    }

    /// The record that it rests on, as far as you may see it.
    async fn basis(&self, ctx: &Context<'_>) -> Nullable<RecordObject> {
        nullable(|| Ok(record::by_id(ctx.inquiry()?, self.0.row().basis)?.map(RecordObject)))
    }

    /// The law and article.
    async fn legal_basis(&self) -> &str {
        &self.0.row().legal_basis
    }

    /// Its measures.
    async fn measures(&self, ctx: &Context<'_>) -> async_graphql::Result<Vec<Measure>> {
        let inquiry = ctx.inquiry()?;
        Ok(self.0.row().measures.iter().filter_map(|code| Measure::find(inquiry, code.as_str())).collect())
    }

    /// The department that initiated it.
    async fn initiator(&self, ctx: &Context<'_>) -> Nullable<Department> {
        nullable(|| Ok(known_department(ctx.inquiry()?, &self.0.row().initiator)))
    }

    /// How far it has come today.
    async fn stage(&self) -> JointActionStage {
        self.0.stage()
    }

    /// Why it ended.
    async fn ending(&self) -> Option<JointActionEnding> {
        self.0.ending()
    }

    /// Whether its measures rest, because an objection is being examined.
    async fn suspended(&self) -> bool {
        self.0.is_suspended()
    }

    /// The day of the act.
    async fn act_on(&self) -> Date {
        Date(self.0.row().act_on)
    }

    /// The day on which the party was notified.
    async fn notified_on(&self) -> Date {
        Date(self.0.row().notified_on)
    }

    /// The day on which it was initiated.
    async fn initiated_on(&self) -> Date {
        Date(self.0.row().initiated_on)
    }

    /// Its last day.
    async fn ends_on(&self) -> Date {
        Date(self.0.row().ends_on)
    }

    /// By when it has to be dispatched, while it waits for that.
    async fn due_on(&self) -> Option<Date> {
        self.0.row().due_on.filter(|_| !self.0.is_suspended() && self.0.ending().is_none()).map(Date)
    }

    /// The measures in the departments: all for those concerned, those that are carried out for others.
    async fn assignments(&self, ctx: &Context<'_>) -> async_graphql::Result<Vec<Assignment>> {
        Ok(self.0.assignments(ctx.inquiry()?).into_iter().map(Assignment).collect())
    }

    /// What was done so far, for those concerned; empty for others.
    async fn steps(&self, ctx: &Context<'_>) -> async_graphql::Result<Vec<CaseStep>> {
        let steps = joint_action::steps(ctx.inquiry()?, &self.0)?;
        Ok(steps.into_iter().map(|step| CaseStep { step, concern: self.0.concern() }).collect())
    }
}

/// A measure of a joint action in one implementing department.
#[derive(Clone, Debug)]
pub struct Assignment(pub AssignmentView);

impl Assignment {
    pub(in crate::graphql) fn connection(page: AssignmentPage, has_previous: bool) -> AssignmentConnection {
        let rows = page.assignments.into_iter().map(|(view, cursor)| (Self(view), cursor));
        AssignmentConnection::new(rows.collect(), page.has_next, has_previous)
    }
}

/// A measure of a joint action in one implementing department.
#[Object]
impl Assignment {
    /// Its opaque id.
    async fn id(&self, ctx: &Context<'_>) -> async_graphql::Result<ID> {
        Ok(ID(ctx.inquiry()?.node_id(NodeRef::Assignment(self.0.row().id))))
    }

    /// The joint action.
    async fn action(&self) -> JointAction {
        JointAction(Arc::clone(self.0.action()))
    }

    /// The department.
    async fn department(&self, ctx: &Context<'_>) -> Nullable<Department> {
        nullable(|| Ok(known_department(ctx.inquiry()?, &self.0.row().department)))
    }

    /// The measure.
    async fn measure(&self, ctx: &Context<'_>) -> Nullable<Measure> {
        nullable(|| Ok(Measure::find(ctx.inquiry()?, self.0.row().measure.as_str())))
    }

    /// How far it has come today.
    async fn stage(&self) -> AssignmentStage {
        self.0.stage()
    }

    /// The day of the dispatch.
    async fn assigned_on(&self) -> Date {
        Date(self.0.row().assigned_on)
    }

    /// The day of the department's answer.
    async fn answered_on(&self) -> Option<Date> {
        self.0.row().answered_on.map(Date)
    }

    /// The day of its newest report.
    async fn reported_on(&self) -> Option<Date> {
        self.0.row().reported_on.map(Date)
    }

    /// By when the department has to answer, or to report, for those concerned; null while the measure rests and when it is over.
    async fn due_on(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<Date>> {
        Ok(self.0.due_on(ctx.inquiry()?).map(Date))
    }

    /// Working days left until then; 0 on the day itself, negative when it is over. Working days by the calendar of the State Council.
    async fn working_days_left(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<i32>> {
        let inquiry = ctx.inquiry()?;
        Ok(self.0.due_on(inquiry).map(|due| case::working_days_left(inquiry, due)))
    }
}

/// A step of a case that was taken.
#[derive(Clone, Debug)]
pub struct CaseStep {
    /// The stored step.
    pub step: Step,
    /// How the caller stands to the case.
    pub concern: Concern,
}

/// A step of a case that was taken.
#[Object]
impl CaseStep {
    /// Which of the steps, from 1.
    async fn number(&self) -> i32 {
        i32::try_from(self.step.number).unwrap_or(i32::MAX)
    }

    /// What was done.
    async fn step(&self) -> WorkflowStep {
        self.step.step
    }

    /// The assignment that it is about.
    async fn assignment(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<ID>> {
        let inquiry = ctx.inquiry()?;
        Ok(self.step.assignment.map(|id| ID(inquiry.node_id(NodeRef::Assignment(id)))))
    }

    /// The role of whoever did it; null when the gateway did, because a last day was over.
    async fn role(&self) -> Option<Role> {
        self.step.role
    }

    /// The department.
    async fn department(&self, ctx: &Context<'_>) -> Nullable<Department> {
        nullable(|| {
            let inquiry = ctx.inquiry()?;
            Ok(self.step.department.as_ref().and_then(|id| known_department(inquiry, id)))
        })
    }

    /// When.
    async fn at(&self) -> DateTime {
        DateTime(self.step.at)
    }

    /// By when it had to be done; null when it has no deadline.
    async fn due_on(&self) -> Option<Date> {
        self.step.due_on.map(Date)
    }

    /// Whether it was done in time.
    async fn on_time(&self) -> bool {
        !self.step.is_late()
    }

    /// What was decided, as JSON.
    async fn facts(&self) -> &str {
        &self.step.facts
    }

    /// The reason, the report, or the statement of the party; other persons' names and numbers in it are replaced.
    async fn text(&self, ctx: &Context<'_>) -> Nullable<String> {
        nullable(|| {
            let inquiry = ctx.inquiry()?;
            for name in ["reason", "report", "statement"] {
                if let Some(text) = case::text(inquiry, &self.step, name, self.concern)? {
                    return Ok(Some(text));
                }
            }
            Ok(None)
        })
    }

    /// The notice: what a party was told of a draft (告知), or what restores its reputation (恢复信誉).
    async fn notice(&self, ctx: &Context<'_>) -> Nullable<String> {
        nullable(|| Ok(case::text(ctx.inquiry()?, &self.step, "notice", self.concern)?))
    }

    /// The names of the papers that go with an application for repair, one a line.
    async fn papers(&self, ctx: &Context<'_>) -> Nullable<String> {
        nullable(|| Ok(case::text(ctx.inquiry()?, &self.step, "papers", self.concern)?))
    }

    /// The index of the ledger entry that announced it, a decimal number.
    async fn entry(&self) -> String {
        self.step.entry.to_string()
    }
}

/// A step that was not taken in time.
#[derive(Clone, Debug)]
pub struct OverdueStep(pub overdue::OverdueStep);

impl OverdueStep {
    pub(in crate::graphql) fn connection(page: OverduePage, has_previous: bool) -> OverdueStepConnection {
        let rows = page.steps.into_iter().map(|(step, cursor)| (Self(step), cursor));
        OverdueStepConnection::new(rows.collect(), page.has_next, has_previous)
    }
}

/// A step that was not taken in time.
#[Object]
impl OverdueStep {
    /// What has to be done.
    async fn step(&self) -> WorkflowStep {
        self.0.step
    }

    /// Whose it is; null when it is the coordinator's.
    async fn department(&self, ctx: &Context<'_>) -> Nullable<Department> {
        nullable(|| {
            let inquiry = ctx.inquiry()?;
            Ok(self.0.department.as_ref().and_then(|id| known_department(inquiry, id)))
        })
    }

    /// By when it had to be done.
    async fn due_on(&self) -> Date {
        Date(self.0.due_on)
    }

    /// Working days since then, at least 1.
    async fn working_days_late(&self, ctx: &Context<'_>) -> async_graphql::Result<i32> {
        Ok(-case::working_days_left(ctx.inquiry()?, self.0.due_on))
    }

    /// The joint action.
    async fn action(&self) -> JointAction {
        JointAction(Arc::clone(&self.0.action))
    }

    /// The assignment, for an answer or a report.
    async fn assignment(&self) -> Option<Assignment> {
        self.0.assignment.clone().map(Assignment)
    }
}
