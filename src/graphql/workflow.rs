//! The roots of the joint work (联合奖惩): what can be asked and done. Merged into `Query` and `Mutation`.

use std::sync::Arc;

use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject, Union};

use super::context::{ContextExt, Nullable, nullable};
use super::error::ApiError;
use super::mutation::{InvalidInput, invalid};
use super::object::awaiting_act::AwaitingAct;
use super::object::connection::{
    AssignmentConnection, AwaitingActConnection, JointActionConnection, OverdueStepConnection, page_size,
};
use super::object::joint_action::{Assignment, JointAction, OverdueStep};
use super::object::measure::{Eligibility, Measure};
use super::object::subject::Subject;
use super::query::department_id;
use super::scalar::{Date, Uscc};
use crate::domain::{
    AssignmentAnswer, AssignmentStage, DepartmentId, JointActionEnding, JointActionKind, JointActionStage,
};
use crate::exchange::authorization::InputProblem;
use crate::exchange::joint_action::answer::{self, Answer, Report};
use crate::exchange::joint_action::{self, JointActionView, awaiting, dispatch, end, initiate, list, overdue};
use crate::exchange::{eligibility, subject};

/// What can be asked of the joint work.
#[derive(Clone, Copy, Debug, Default)]
pub struct WorkflowQuery;

/// What can be done in the joint work.
#[derive(Clone, Copy, Debug, Default)]
pub struct WorkflowMutation;

pub(super) fn wanted_department(id: Option<&String>) -> Result<Option<DepartmentId>, ApiError> {
    id.map(|id| department_id(id)).transpose()
}

/// What can be asked of the joint work.
#[Object]
impl WorkflowQuery {
    /// The measures of joint incentive and joint punishment, with their basis (奖惩措施清单).
    async fn measures(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Of this kind alone.")] kind: Option<JointActionKind>,
    ) -> Result<Vec<Measure>> {
        let measures = ctx.inquiry()?.gateway().measures.iter();
        Ok(measures.filter(|measure| kind.is_none_or(|kind| measure.kind == kind)).cloned().map(Measure).collect())
    }

    /// Whether a subject deserves a measure, with reasons: for departments with a purpose, and for the subject itself. Null when the
    /// subject is unknown, or not for you to know of.
    async fn eligibility(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The unified social credit code of the subject.")] uscc: Uscc,
        #[graphql(desc = "The code of a measure, such as GREEN_CHANNEL.")] measure: String,
    ) -> Nullable<Eligibility> {
        nullable(|| {
            let inquiry = ctx.inquiry()?;
            let Some(found) = eligibility::of(inquiry, &uscc.0, &measure)? else { return Ok(None) };
            let subject = subject::by_id(inquiry, found.subject.id())?.map(|view| Subject(Arc::new(view)));
            Ok(subject.map(|subject| Eligibility(Arc::new(found), subject)))
        })
    }

    /// The joint action with this id; null when it is unknown, or not for you to know of.
    async fn joint_action(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Its opaque id.")] id: ID,
    ) -> Nullable<JointAction> {
        nullable(|| Ok(joint_action::by_id(ctx.inquiry()?, &id)?.map(Arc::new).map(JointAction)))
    }

    /// Joint actions, the newest first: all for the coordinator, those that concern it for a department, its own for a subject, what
    /// is published for everybody.
    async fn joint_actions(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Of this stage alone.")] stage: Option<JointActionStage>,
        #[graphql(desc = "How many, 1 to 100.", default = 20)] first: i32,
        #[graphql(desc = "After this cursor.")] after: Option<String>,
    ) -> Nullable<JointActionConnection> {
        nullable(|| {
            let inquiry = ctx.inquiry()?;
            let page = list::actions(inquiry, stage, None, after.as_deref(), page_size(ctx, first)?)?;
            Ok(Some(JointAction::connection(page, after.is_some())))
        })
    }

    /// The inbox of your department (信息推送): what it was assigned, by the day it is due. For the coordinator that of one department,
    /// or of all.
    #[expect(clippy::too_many_arguments, reason = "each is an argument of the field in the schema")]
    async fn assignments(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Of this department; for the coordinator.")] department: Option<String>,
        #[graphql(desc = "Of this stage alone.")] stage: Option<AssignmentStage>,
        #[graphql(desc = "Those past their day alone.", default = false)] overdue: bool,
        #[graphql(desc = "How many, 1 to 100.", default = 20)] first: i32,
        #[graphql(desc = "After this cursor.")] after: Option<String>,
    ) -> Nullable<AssignmentConnection> {
        nullable(|| {
            let inquiry = ctx.inquiry()?;
            let department = wanted_department(department.as_ref())?;
            let which = (department.as_ref(), stage, overdue);
            let page = list::assignments(inquiry, which, after.as_deref(), page_size(ctx, first)?)?;
            Ok(Some(Assignment::connection(page, after.is_some())))
        })
    }

    /// Steps that were not taken in time, the latest first: your department's; for the coordinator those of one department, or all
    /// with its own.
    async fn overdue_steps(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Of this department; for the coordinator.")] department: Option<String>,
        #[graphql(desc = "How many, 1 to 100.", default = 20)] first: i32,
        #[graphql(desc = "After this cursor.")] after: Option<String>,
    ) -> Nullable<OverdueStepConnection> {
        nullable(|| {
            let inquiry = ctx.inquiry()?;
            let department = wanted_department(department.as_ref())?;
            let page = overdue::list(inquiry, department.as_ref(), after.as_deref(), page_size(ctx, first)?)?;
            Ok(Some(OverdueStep::connection(page, after.is_some())))
        })
    }

    /// Entries on the lists of the seriously untrustworthy that no joint action rests on yet, the oldest first (待发起): your
    /// department's; for the coordinator those of one department, or all. With a purpose, as shared records are read.
    async fn acts_awaiting_initiation(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Of this department; for the coordinator.")] department: Option<String>,
        #[graphql(desc = "How many, 1 to 100.", default = 20)] first: i32,
        #[graphql(desc = "After this cursor.")] after: Option<String>,
    ) -> Nullable<AwaitingActConnection> {
        nullable(|| {
            let inquiry = ctx.inquiry()?;
            let department = wanted_department(department.as_ref())?;
            let page = awaiting::list(inquiry, department.as_ref(), after.as_deref(), page_size(ctx, first)?)?;
            Ok(Some(AwaitingAct::connection(page, after.is_some())))
        })
    }
}

/// A joint action to initiate (发起).
#[derive(Clone, Debug, InputObject)]
pub struct InitiateJointActionInput {
    /// The opaque id of the record that it rests on: an entry of a list or a penalty that your department provided.
    basis: ID,
    /// Whether it rewards or punishes.
    kind: JointActionKind,
    /// The codes of its measures, as `measures` lists them.
    measures: Vec<String>,
    /// The law and article, 1 to 500 characters.
    legal_basis: String,
    /// The day of the act; that of the record's decision when left out.
    act_on: Option<Date>,
    /// The day on which the party was notified; not later than today.
    notified_on: Date,
    /// Its last day; not later than the last day on which the record is shared.
    ends_on: Date,
    /// Why these measures, 1 to 2,000 characters. Kept sealed, read by those concerned.
    reason: String,
}

/// A joint action to dispatch (信息推送).
#[derive(Clone, Debug, InputObject)]
pub struct DispatchJointActionInput {
    /// Its opaque id.
    id: ID,
    /// Which departments get which measure. A measure that is left out goes to every department that its list names.
    #[graphql(default)]
    assignments: Vec<AssignedMeasureInput>,
}

/// A measure and the departments that get it.
#[derive(Clone, Debug, InputObject)]
pub struct AssignedMeasureInput {
    /// The code of the measure.
    measure: String,
    /// The ids of the departments.
    departments: Vec<String>,
}

/// An answer to an assignment (响应).
#[derive(Clone, Debug, InputObject)]
pub struct RespondJointActionInput {
    /// The opaque id of the assignment.
    assignment: ID,
    /// Whether your department takes the measure.
    answer: AssignmentAnswer,
    /// Why it does not apply; may be left out when it is taken.
    reason: Option<String>,
}

/// A report of an assignment (执行反馈).
#[derive(Clone, Debug, InputObject)]
pub struct SubmitExecutionFeedbackInput {
    /// The opaque id of the assignment.
    assignment: ID,
    /// What was done, 1 to 2,000 characters. Kept sealed, read by those concerned.
    report: String,
    /// The amount concerned (涉及金额) in yuan, with two decimals at most.
    amount_yuan: Option<String>,
}

/// An end to a joint action (终止).
#[derive(Clone, Debug, InputObject)]
pub struct EndJointActionInput {
    /// Its opaque id.
    id: ID,
    /// REVOKED, or REPAIRED when the act was put right. The other endings come by themselves.
    ending: JointActionEnding,
    /// Why, 1 to 2,000 characters.
    reason: String,
}

/// The joint action as it stands now.
#[derive(Debug, SimpleObject)]
pub struct JointActionSuccess {
    /// It.
    action: JointAction,
}

/// The assignment as it stands now.
#[derive(Debug, SimpleObject)]
pub struct AssignmentSuccess {
    /// It.
    assignment: Assignment,
}

/// The joint action, or why the step was not taken.
#[derive(Debug, Union)]
pub enum JointActionPayload {
    /// The step was taken.
    Success(JointActionSuccess),
    /// Nothing was done.
    Invalid(InvalidInput),
}

/// The assignment, or why the step was not taken.
#[derive(Debug, Union)]
pub enum AssignmentPayload {
    /// The step was taken.
    Success(AssignmentSuccess),
    /// Nothing was done.
    Invalid(InvalidInput),
}

impl From<Result<JointActionView, Vec<InputProblem>>> for JointActionPayload {
    fn from(taken: Result<JointActionView, Vec<InputProblem>>) -> Self {
        match taken {
            Ok(view) => Self::Success(JointActionSuccess { action: JointAction(Arc::new(view)) }),
            Err(problems) => Self::Invalid(invalid(problems)),
        }
    }
}

impl From<answer::Taken> for AssignmentPayload {
    fn from(taken: answer::Taken) -> Self {
        match taken {
            Ok(view) => Self::Success(AssignmentSuccess { assignment: Assignment(view) }),
            Err(problems) => Self::Invalid(invalid(problems)),
        }
    }
}

/// What can be done in the joint work.
#[Object]
impl WorkflowMutation {
    /// Initiates a joint action (发起), within 30 working days from the act, by the department that provided the record it rests on.
    async fn initiate_joint_action(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to initiate.")] input: InitiateJointActionInput,
    ) -> Result<JointActionPayload> {
        let wanted = initiate::Wanted {
            basis: input.basis.0,
            kind: input.kind,
            measures: input.measures,
            legal_basis: input.legal_basis,
            act_on: input.act_on.map(|date| date.0),
            notified_on: input.notified_on.0,
            ends_on: input.ends_on.0,
            reason: input.reason,
        };
        Ok(initiate::initiate(ctx.inquiry()?, &wanted)?.into())
    }

    /// Dispatches a joint action to the departments that implement it (信息推送), within 5 working days, by the coordinator.
    async fn dispatch_joint_action(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which, and to whom.")] input: DispatchJointActionInput,
    ) -> Result<JointActionPayload> {
        let assignments = input.assignments.into_iter().map(|assigned| (assigned.measure, assigned.departments));
        let wanted = dispatch::Wanted { id: input.id.0, assignments: assignments.collect() };
        Ok(dispatch::dispatch(ctx.inquiry()?, &wanted)?.into())
    }

    /// Answers to an assignment (响应), within 5 working days, by the department that was assigned it.
    async fn respond_joint_action(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which, and what.")] input: RespondJointActionInput,
    ) -> Result<AssignmentPayload> {
        let wanted = Answer { assignment: input.assignment.0, answer: input.answer, reason: input.reason };
        Ok(answer::respond(ctx.inquiry()?, &wanted)?.into())
    }

    /// Reports what came of an assignment (执行反馈), by the 10th of each month while the measure is in force.
    async fn submit_execution_feedback(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which, and what was done.")] input: SubmitExecutionFeedbackInput,
    ) -> Result<AssignmentPayload> {
        let wanted = Report { assignment: input.assignment.0, report: input.report, amount_yuan: input.amount_yuan };
        Ok(answer::report(ctx.inquiry()?, &wanted)?.into())
    }

    /// Ends a joint action before its last day (终止), by the department that initiated it or the coordinator.
    async fn end_joint_action(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which, and why.")] input: EndJointActionInput,
    ) -> Result<JointActionPayload> {
        let wanted = end::Wanted { id: input.id.0, ending: input.ending, reason: input.reason };
        Ok(end::end(ctx.inquiry()?, &wanted)?.into())
    }
}
