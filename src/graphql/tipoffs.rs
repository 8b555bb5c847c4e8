//! The roots of tip-offs (举报). Merged into `Query` and `Mutation`.

use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject, Union};

use super::context::{ContextExt, Nullable, nullable};
use super::mutation::{InvalidInput, invalid};
use super::object::connection::{TipoffConnection, page_size};
use super::object::tipoff::Tipoff;
use super::scalar::{Date, Uscc};
use crate::domain::{TipoffField, TipoffOutcome, TipoffStage};
use crate::exchange::tipoff::handling::{self, Assignee};
use crate::exchange::tipoff::submit::{self, Progress, Wanted};
use crate::exchange::tipoff::{self, Reporter, Taken};

/// Root fields of which nothing is kept that could lead to whoever asks. Each stands alone in its operation.
pub(super) const CONFIDENTIAL: [&str; 2] = ["submitTipoff", "tipoffProgress"];

/// What can be asked of tip-offs.
#[derive(Clone, Copy, Debug, Default)]
pub struct TipoffQuery;

/// What can be done about tip-offs.
#[derive(Clone, Copy, Debug, Default)]
pub struct TipoffMutation;

/// How far a tip-off has come, for whoever reported.
#[derive(Clone, Debug, SimpleObject)]
pub struct TipoffProgress {
    /// How far it has come.
    stage: TipoffStage,
    /// The day on which it was submitted.
    submitted_on: Date,
    /// How many files are attached.
    attachments: i32,
    /// What came of it.
    outcome: Option<TipoffOutcome>,
    /// The day on which it was answered.
    answered_on: Option<Date>,
    /// What was answered.
    answer: Option<String>,
}

impl From<Progress> for TipoffProgress {
    fn from(Progress { row, answer }: Progress) -> Self {
        Self {
            stage: row.stage,
            submitted_on: Date(row.submitted_on),
            attachments: i32::try_from(row.attachments).unwrap_or(i32::MAX),
            outcome: row.outcome,
            answered_on: row.answered_on.map(Date),
            answer,
        }
    }
}

/// What can be asked of tip-offs.
#[Object]
impl TipoffQuery {
    /// How far a tip-off has come, by the query code (查询码) that `submitTipoff` gave; null for any other. Nothing is kept of who asks. Ask it
    /// alone in its operation.
    async fn tipoff_progress(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The query code.")] code: String,
    ) -> Nullable<TipoffProgress> {
        nullable(|| Ok(submit::progress(ctx.inquiry()?, &code)?.map(TipoffProgress::from)))
    }

    /// A tip-off; null when there is none of this id, or it is not for you.
    async fn tipoff(&self, ctx: &Context<'_>, #[graphql(desc = "Its opaque id.")] id: ID) -> Nullable<Tipoff> {
        nullable(|| Ok(tipoff::by_id(ctx.inquiry()?, &id)?.map(Tipoff)))
    }

    /// Tip-offs, the newest first: all for the coordinator, for an officer those that the officer handles.
    async fn tipoffs(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Of this stage alone.")] stage: Option<TipoffStage>,
        #[graphql(desc = "How many, 1 to 100.", default = 20)] first: i32,
        #[graphql(desc = "After this cursor.")] after: Option<String>,
    ) -> Nullable<TipoffConnection> {
        nullable(|| {
            let page = tipoff::list(ctx.inquiry()?, stage, after.as_deref(), page_size(ctx, first)?)?;
            Ok(Some(Tipoff::connection(page, after.is_some())))
        })
    }
}

/// Who reports. Known to the officer who handles the tip-off, and to nobody else.
#[derive(Clone, InputObject)]
pub struct ReporterInput {
    /// The name; at most 50 characters.
    name: String,
    /// How to reach them; at most 100 characters.
    contact: String,
}

/// A tip-off to submit.
#[derive(Clone, InputObject)]
pub struct SubmitTipoffInput {
    /// The unified social credit code of whom it is about.
    uscc: Uscc,
    /// In which field. This and the code are all that anybody but the officer who handles it sees of what was reported.
    field: TipoffField,
    /// What was seen, where and when; 1 to 2,000 characters. Kept sealed.
    conduct: String,
    /// Who reports; leave it out to say nothing.
    reporter: Option<ReporterInput>,
}

/// A tip-off that was submitted.
#[derive(Debug, SimpleObject)]
pub struct SubmitTipoffSuccess {
    /// The query code (查询码): whoever holds it asks `tipoffProgress`, and attaches files by `POST /tipoffs/attachments`. Keep it: it is shown
    /// this once, and nobody can find it again.
    code: String,
}

/// The query code, or what was wrong.
#[derive(Debug, Union)]
pub enum SubmitTipoffPayload {
    /// It was submitted.
    Success(SubmitTipoffSuccess),
    /// Nothing was done.
    Invalid(InvalidInput),
}

/// Who is to handle a tip-off.
#[derive(Clone, Debug, InputObject)]
pub struct AssignTipoffInput {
    /// The opaque id of the tip-off.
    id: ID,
    /// The id of the officer's department.
    department: String,
    /// The officer: `sub` of the officer's tokens.
    officer: String,
    /// Who issues the officer's tokens (`iss`); the issuer of your own when left out.
    issuer: Option<String>,
}

/// What came of a tip-off.
#[derive(Clone, Debug, InputObject)]
pub struct AnswerTipoffInput {
    /// The opaque id of the tip-off.
    id: ID,
    /// What came of it.
    outcome: TipoffOutcome,
    /// What whoever reported is told; 1 to 2,000 characters.
    answer: String,
}

/// A reporter to be named.
#[derive(Clone, Debug, InputObject)]
pub struct RevealReporterInput {
    /// The opaque id of the tip-off.
    id: ID,
    /// Why you have to know; kept with the step.
    reason: String,
}

/// The tip-off as it stands now.
#[derive(Debug, SimpleObject)]
pub struct TipoffSuccess {
    /// It.
    tipoff: Tipoff,
}

/// The tip-off, or why the step was not taken.
#[derive(Debug, Union)]
pub enum TipoffPayload {
    /// The step was taken.
    Success(Box<TipoffSuccess>),
    /// Nothing was done.
    Invalid(InvalidInput),
}

impl From<Taken> for TipoffPayload {
    fn from(taken: Taken) -> Self {
        match taken {
            Ok(view) => Self::Success(Box::new(TipoffSuccess { tipoff: Tipoff(view) })),
            Err(problems) => Self::Invalid(invalid(problems)),
        }
    }
}

/// Who reported.
#[derive(SimpleObject)]
pub struct RevealReporterSuccess {
    /// The name; null when none was given.
    name: Option<String>,
    /// How to reach them; null when nothing was given.
    contact: Option<String>,
}

/// Who reported, or why you are not told.
#[derive(Union)]
pub enum RevealReporterPayload {
    /// You are told.
    Success(RevealReporterSuccess),
    /// Nothing was done.
    Invalid(InvalidInput),
}

/// What can be done about tip-offs.
#[Object]
impl TipoffMutation {
    /// Reports what a subject does (举报). For anybody, without a token; a few at a time. Nothing is kept of whence it came; send it alone in its
    /// operation.
    async fn submit_tipoff(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "About whom, what, by whom.")] input: SubmitTipoffInput,
    ) -> Result<SubmitTipoffPayload> {
        let reporter = input.reporter.map(|given| Reporter { name: given.name, contact: given.contact });
        let wanted = Wanted { uscc: input.uscc.0, field: input.field, conduct: input.conduct, reporter, form: None };
        Ok(match submit::submit(ctx.inquiry()?, &wanted)? {
            Ok(code) => SubmitTipoffPayload::Success(SubmitTipoffSuccess { code }),
            Err(problems) => SubmitTipoffPayload::Invalid(invalid(problems)),
        })
    }

    /// Names the officer who handles a tip-off (交办); another one, as long as it is not answered.
    async fn assign_tipoff(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which, to whom.")] input: AssignTipoffInput,
    ) -> Result<TipoffPayload> {
        let AssignTipoffInput { id, department, officer, issuer } = input;
        let wanted = Assignee { id: id.0, department, officer, issuer };
        Ok(handling::assign(ctx.inquiry()?, &wanted)?.into())
    }

    /// Answers a tip-off, as the officer who handles it.
    async fn answer_tipoff(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which, with what.")] input: AnswerTipoffInput,
    ) -> Result<TipoffPayload> {
        Ok(handling::answer(ctx.inquiry()?, &input.id, input.outcome, &input.answer)?.into())
    }

    /// Tells the officer who handles a tip-off who reported. Each time is a step of its own, with its reason, and an entry.
    async fn reveal_reporter(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Of which tip-off, why.")] input: RevealReporterInput,
    ) -> Result<RevealReporterPayload> {
        Ok(match handling::reveal(ctx.inquiry()?, &input.id, &input.reason)? {
            Ok(reporter) => {
                let given = |text: fn(Reporter) -> String| reporter.clone().map(text).filter(|text| !text.is_empty());
                let (name, contact) = (given(|reporter| reporter.name), given(|reporter| reporter.contact));
                RevealReporterPayload::Success(RevealReporterSuccess { name, contact })
            }
            Err(problems) => RevealReporterPayload::Invalid(invalid(problems)),
        })
    }
}
