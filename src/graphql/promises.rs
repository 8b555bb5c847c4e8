//! The roots of accepting matters with missing papers (容缺受理). Merged into `Query` and `Mutation`.

use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject, Union};

use super::context::{ContextExt, Nullable, nullable};
use super::mutation::{InvalidInput, invalid};
use super::object::connection::{PromiseConnection, page_size};
use super::object::promise::Promise;
use super::scalar::{Date, Uscc};
use crate::domain::PromiseStage;
use crate::exchange::promise::{self, Taken, Wanted};

/// What can be asked of promises.
#[derive(Clone, Copy, Debug, Default)]
pub struct PromiseQuery;

/// What can be done about promises.
#[derive(Clone, Copy, Debug, Default)]
pub struct PromiseMutation;

/// What can be asked of promises.
#[Object]
impl PromiseQuery {
    /// Promises to hand papers in later (容缺受理), the newest first: those that it accepted for a department, its own for a subject.
    async fn promises(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Of this stage alone; BROKEN are those whose day is over.")] stage: Option<PromiseStage>,
        #[graphql(desc = "How many, 1 to 100.", default = 20)] first: i32,
        #[graphql(desc = "After this cursor.")] after: Option<String>,
    ) -> Nullable<PromiseConnection> {
        nullable(|| {
            let inquiry = ctx.inquiry()?;
            let page = promise::list(inquiry, stage, after.as_deref(), page_size(ctx, first)?)?;
            Ok(Some(Promise::connection(page, after.is_some())))
        })
    }
}

/// A promise to accept.
#[derive(Clone, Debug, InputObject)]
pub struct AcceptPromiseInput {
    /// The unified social credit code of who promises.
    uscc: Uscc,
    /// Which papers are owed, and for which matter; 1 to 2,000 characters. Kept sealed.
    documents: String,
    /// The SHA-256 of the promise that was signed, 64 hexadecimal digits.
    sha256: String,
    /// By when the papers have to be there, that day included; within 366 days.
    due_on: Date,
}

/// A promise that was kept.
#[derive(Clone, Debug, InputObject)]
pub struct KeepPromiseInput {
    /// Its opaque id.
    id: ID,
}

/// The promise as it stands now.
#[derive(Debug, SimpleObject)]
pub struct PromiseSuccess {
    /// It.
    promise: Promise,
}

/// The promise, or why the step was not taken.
#[derive(Debug, Union)]
pub enum PromisePayload {
    /// The step was taken.
    Success(Box<PromiseSuccess>),
    /// Nothing was done.
    Invalid(InvalidInput),
}

impl From<Taken> for PromisePayload {
    fn from(taken: Taken) -> Self {
        match taken {
            Ok(view) => Self::Success(Box::new(PromiseSuccess { promise: Promise(view) })),
            Err(problems) => Self::Invalid(invalid(problems)),
        }
    }
}

/// What can be done about promises.
#[Object]
impl PromiseMutation {
    /// Takes a matter in hand before all papers are there, on a written promise (容缺受理). For those who deserve the measure
    /// `DEFERRED_DOCUMENTS`, as `eligibility` says; who has broken a promise to your department deserves it no more.
    async fn accept_promise(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whose, of what, by when.")] input: AcceptPromiseInput,
    ) -> Result<PromisePayload> {
        let wanted =
            Wanted { uscc: input.uscc.0, documents: input.documents, sha256: input.sha256, due_on: input.due_on.0 };
        Ok(promise::accept(ctx.inquiry()?, &wanted)?.into())
    }

    /// Says that the papers are there, in time or late.
    async fn keep_promise(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which.")] input: KeepPromiseInput,
    ) -> Result<PromisePayload> {
        Ok(promise::keep(ctx.inquiry()?, &input.id)?.into())
    }
}
