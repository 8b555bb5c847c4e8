//! The roots of objection and repair (异议、信用修复). Merged into `Query` and `Mutation`.

use std::collections::BTreeMap;

use async_graphql::{Context, ID, InputObject, Json, Object, Result, SimpleObject, Union};

use super::context::{ContextExt, Nullable, nullable};
use super::mutation::{InvalidInput, invalid};
use super::object::application::{Application, Tombstone};
use super::object::connection::{ApplicationConnection, TombstoneConnection, page_size};
use crate::domain::{ApplicationKind, ApplicationStage, ObjectionAnswer, PaperKind, RepairDecision};
use crate::exchange::application::objection::{self, Answer};
use crate::exchange::application::repair::{self, Paper};
use crate::exchange::application::{self, Taken, list, tombstone};

/// What can be asked of objections and repairs.
#[derive(Clone, Copy, Debug, Default)]
pub struct ApplicationQuery;

/// What can be done about objections and repairs.
#[derive(Clone, Copy, Debug, Default)]
pub struct ApplicationMutation;

/// What can be asked of objections and repairs.
#[Object]
impl ApplicationQuery {
    /// The objection or application for repair with this id; null when it is unknown, or not for you to know of.
    async fn application(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Its opaque id.")] id: ID,
    ) -> Nullable<Application> {
        nullable(|| Ok(application::by_id(ctx.inquiry()?, &id)?.map(Application)))
    }

    /// Objections and applications for repair, the newest first: your own for a subject, those about its records for a department, all
    /// for the coordinator.
    #[expect(clippy::too_many_arguments, reason = "each is an argument of the field in the schema")]
    async fn applications(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Of this kind alone.")] kind: Option<ApplicationKind>,
        #[graphql(desc = "Of this stage alone.")] stage: Option<ApplicationStage>,
        #[graphql(desc = "Those past their day alone.", default = false)] overdue: bool,
        #[graphql(desc = "How many, 1 to 100.", default = 20)] first: i32,
        #[graphql(desc = "After this cursor.")] after: Option<String>,
    ) -> Nullable<ApplicationConnection> {
        nullable(|| {
            let inquiry = ctx.inquiry()?;
            let page = list::of(inquiry, (kind, stage, overdue), after.as_deref(), page_size(ctx, first)?)?;
            Ok(Some(Application::connection(page, after.is_some())))
        })
    }

    /// What became of records that your organisation had received and has not acknowledged yet (失效通知), the oldest first.
    async fn tombstones(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, 1 to 100.", default = 20)] first: i32,
        #[graphql(desc = "After this cursor.")] after: Option<String>,
    ) -> Nullable<TombstoneConnection> {
        nullable(|| {
            let inquiry = ctx.inquiry()?;
            let page = tombstone::awaiting(inquiry, after.as_deref(), page_size(ctx, first)?)?;
            Ok(Some(Tombstone::connection(page, after.is_some())))
        })
    }
}

/// An objection to file (异议申诉).
#[derive(Clone, Debug, InputObject)]
pub struct FileObjectionInput {
    /// The opaque id of a record about you.
    record: ID,
    /// What is wrong, and why; 1 to 2,000 characters. Kept sealed, read by the department that provided the record.
    reason: String,
}

/// An answer to an objection (异议核实反馈).
#[derive(Clone, Debug, InputObject)]
pub struct AnswerObjectionInput {
    /// Its opaque id.
    id: ID,
    /// What is answered.
    answer: ObjectionAnswer,
    /// Why, 1 to 2,000 characters.
    reason: String,
    /// The notice that restores the subject's reputation (恢复信誉), when the objection is right.
    notice: Option<String>,
    /// For CORRECTED, the record as it should be: from column name to text, as `submitRecords` takes it.
    row: Option<Json<BTreeMap<String, Option<String>>>>,
}

/// An application for repair (信用修复申请).
#[derive(Clone, Debug, InputObject)]
pub struct ApplyForRepairInput {
    /// The opaque id of a record about you.
    record: ID,
    /// The commitment (信用承诺) that you make in public, 1 to 2,000 characters.
    commitment: String,
    /// Its papers: at least a PERFORMANCE_PROOF and a COMMITMENT; with a COURT_RULING the proof may follow.
    papers: Vec<PaperInput>,
}

/// A paper that goes with an application. The paper itself is handed in to the department.
#[derive(Clone, Debug, InputObject)]
pub struct PaperInput {
    /// What kind of paper.
    kind: PaperKind,
    /// Its name, 1 to 200 characters.
    name: String,
    /// The SHA-256 of its file, 64 hexadecimal digits.
    sha256: String,
}

/// A decision on an application for repair.
#[derive(Clone, Debug, InputObject)]
pub struct DecideRepairInput {
    /// Its opaque id.
    id: ID,
    /// What is decided.
    decision: RepairDecision,
    /// Why, 1 to 2,000 characters.
    reason: String,
}

/// A repair to revoke.
#[derive(Clone, Debug, InputObject)]
pub struct RevokeRepairInput {
    /// The opaque id of the application.
    id: ID,
    /// What was false or broken, 1 to 2,000 characters.
    reason: String,
}

/// An application to take back.
#[derive(Clone, Debug, InputObject)]
pub struct RetractApplicationInput {
    /// Its opaque id.
    id: ID,
}

/// Tombstones to acknowledge.
#[derive(Clone, Debug, InputObject)]
pub struct AcknowledgeTombstonesInput {
    /// Their opaque ids, 1 to 100.
    ids: Vec<ID>,
}

/// The application as it stands now.
#[derive(Debug, SimpleObject)]
pub struct ApplicationSuccess {
    /// It.
    application: Application,
}

/// The application, or why the step was not taken.
#[derive(Debug, Union)]
pub enum ApplicationPayload {
    /// The step was taken.
    Success(Box<ApplicationSuccess>),
    /// Nothing was done.
    Invalid(InvalidInput),
}

/// The tombstones were acknowledged.
#[derive(Debug, SimpleObject)]
pub struct AcknowledgeTombstonesSuccess {
    /// How many waited for that; those acknowledged before are not counted.
    acknowledged: i32,
}

/// How many were acknowledged, or what was wrong with the input.
#[derive(Debug, Union)]
pub enum AcknowledgeTombstonesPayload {
    /// They were.
    Success(AcknowledgeTombstonesSuccess),
    /// None was.
    Invalid(InvalidInput),
}

impl From<Taken> for ApplicationPayload {
    fn from(taken: Taken) -> Self {
        match taken {
            Ok(view) => Self::Success(Box::new(ApplicationSuccess { application: Application(view) })),
            Err(problems) => Self::Invalid(invalid(problems)),
        }
    }
}

/// What can be done about objections and repairs.
#[Object]
impl ApplicationMutation {
    /// Files an objection against a record about you (异议申诉). Measures that rest on the record rest from now on; the department that
    /// provided it answers within 3 working days, the coordinator if it does not.
    async fn file_objection(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Against what, and why.")] input: FileObjectionInput,
    ) -> Result<ApplicationPayload> {
        Ok(objection::file(ctx.inquiry()?, &input.record, &input.reason)?.into())
    }

    /// Answers an objection: the record is corrected or withdrawn and the measures that rest on it are lifted, or it stands and they go
    /// on. Whoever had received the record learns what became of it.
    async fn answer_objection(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which, and what.")] input: AnswerObjectionInput,
    ) -> Result<ApplicationPayload> {
        let wanted = Answer {
            id: input.id.0,
            answer: input.answer,
            reason: input.reason,
            notice: input.notice,
            row: input.row.map(|row| row.0),
        };
        Ok(objection::answer(ctx.inquiry()?, &wanted)?.into())
    }

    /// Applies for the repair of a record about you (信用修复), from the end of its shortest period on, with papers and a commitment. The
    /// department that provided it says within 3 working days whether it accepts, and answers within 10. With a court's ruling on a
    /// reorganisation plan or a settlement you may apply earlier, and the record may be shielded (暂时屏蔽) while it is carried out.
    async fn apply_for_repair(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Of what, with which papers.")] input: ApplyForRepairInput,
    ) -> Result<ApplicationPayload> {
        let paper = |paper: PaperInput| Paper { kind: paper.kind, name: paper.name, sha256: paper.sha256 };
        let wanted = repair::Wanted {
            record: input.record.0,
            commitment: input.commitment,
            papers: input.papers.into_iter().map(paper).collect(),
        };
        Ok(repair::apply(ctx.inquiry()?, &wanted)?.into())
    }

    /// Decides on an application for repair. Approval ends publication, sharing and use of the record and lifts the measures that rest
    /// on it, all at once; whoever had received it learns of that. SHIELD, for papers with a COURT_RULING, does the same for a while,
    /// and measures rest; then APPROVE when the plan was carried out, or REJECT, and the record stands again.
    async fn decide_repair(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which, and what.")] input: DecideRepairInput,
    ) -> Result<ApplicationPayload> {
        Ok(repair::decide_on(ctx.inquiry()?, &input.id, input.decision, &input.reason)?.into())
    }

    /// Revokes an approved repair, for false papers or a broken promise. The record stands again, and its subject may not apply for some
    /// time.
    async fn revoke_repair(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which, and why.")] input: RevokeRepairInput,
    ) -> Result<ApplicationPayload> {
        Ok(repair::revoke(ctx.inquiry()?, &input.id, &input.reason)?.into())
    }

    /// Takes an objection or an application for repair back, while it is open.
    async fn retract_application(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which.")] input: RetractApplicationInput,
    ) -> Result<ApplicationPayload> {
        Ok(application::retract(ctx.inquiry()?, &input.id)?.into())
    }

    /// Says that your organisation has done with its copies what became of the records (失效通知确认).
    async fn acknowledge_tombstones(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which.")] input: AcknowledgeTombstonesInput,
    ) -> Result<AcknowledgeTombstonesPayload> {
        let ids: Vec<String> = input.ids.into_iter().map(|id| id.0).collect();
        Ok(match tombstone::acknowledge(ctx.inquiry()?, &ids)? {
            Ok(count) => AcknowledgeTombstonesPayload::Success(AcknowledgeTombstonesSuccess {
                acknowledged: i32::try_from(count).unwrap_or(i32::MAX),
            }),
            Err(problems) => AcknowledgeTombstonesPayload::Invalid(invalid(problems)),
        })
    }
}
