//! The roots of entries on lists as cases (名单认定). Merged into `Query` and `Mutation`.

use std::collections::BTreeMap;

use async_graphql::{Context, ID, InputObject, Json, Object, Result, SimpleObject, Union};

use super::context::{ContextExt, Nullable, nullable};
use super::mutation::{InvalidInput, invalid};
use super::object::connection::{ListingConnection, page_size};
use super::object::listing::Listing;
use super::scalar::Date;
use crate::domain::{ListingDecision, ListingStage};
use crate::exchange::listing::draft::{self, Wanted};
use crate::exchange::listing::hearing::{self, Notice};
use crate::exchange::listing::{self, Taken, decide};

/// What can be asked of entries on lists.
#[derive(Clone, Copy, Debug, Default)]
pub struct ListingQuery;

/// What can be done about entries on lists.
#[derive(Clone, Copy, Debug, Default)]
pub struct ListingMutation;

/// What can be asked of entries on lists.
#[Object]
impl ListingQuery {
    /// An entry on a list on its way; null when there is none of this id, or it is not for you.
    async fn listing(&self, ctx: &Context<'_>, #[graphql(desc = "Its opaque id.")] id: ID) -> Nullable<Listing> {
        nullable(|| Ok(listing::by_id(ctx.inquiry()?, &id)?.map(Listing)))
    }

    /// Entries on lists on their way, the newest first: all for the coordinator, for a department those that it decides on, for a subject
    /// those that it was told of.
    async fn listings(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Of this stage alone.")] stage: Option<ListingStage>,
        #[graphql(desc = "How many, 1 to 100.", default = 20)] first: i32,
        #[graphql(desc = "After this cursor.")] after: Option<String>,
    ) -> Nullable<ListingConnection> {
        nullable(|| {
            let page = listing::list(ctx.inquiry()?, stage, after.as_deref(), page_size(ctx, first)?)?;
            Ok(Some(Listing::connection(page, after.is_some())))
        })
    }
}

/// An entry to draft.
#[derive(Clone, Debug, InputObject)]
pub struct DraftListingInput {
    /// The code of the list in the catalogue, such as `serious-dishonesty`.
    item: String,
    /// The row that is to become the record: an object from column name to text, as `submitRecords` takes it. Checked now, kept sealed.
    row: Json<BTreeMap<String, Option<String>>>,
    /// The law and article; 1 to 500 characters. Nobody is listed without.
    legal_basis: String,
    /// Why; 1 to 2,000 characters.
    reason: String,
}

/// A party to tell.
#[derive(Clone, Debug, InputObject)]
pub struct NotifyListingInput {
    /// The opaque id of the entry.
    id: ID,
    /// The day on which the party was told.
    notified_on: Date,
    /// What it was told: facts, reasons, basis; 1 to 2,000 characters.
    notice: String,
}

/// A party's case.
#[derive(Clone, Debug, InputObject)]
pub struct StateOnListingInput {
    /// The opaque id of the entry.
    id: ID,
    /// What the party has to say; 1 to 2,000 characters.
    statement: String,
}

/// A decision on an entry.
#[derive(Clone, Debug, InputObject)]
pub struct DecideListingInput {
    /// The opaque id of the entry.
    id: ID,
    /// What is decided.
    decision: ListingDecision,
    /// Why; 1 to 2,000 characters.
    reason: String,
}

/// An entry to take off its list.
#[derive(Clone, Debug, InputObject)]
pub struct WithdrawListingInput {
    /// The opaque id of the entry.
    id: ID,
    /// What it rested on, and how that fell; 1 to 2,000 characters.
    reason: String,
    /// The notice that restores the subject's reputation (恢复信誉).
    notice: String,
}

/// The entry as it stands now.
#[derive(Debug, SimpleObject)]
pub struct ListingSuccess {
    /// It.
    listing: Listing,
}

/// The entry, or why the step was not taken.
#[derive(Debug, Union)]
pub enum ListingPayload {
    /// The step was taken.
    Success(Box<ListingSuccess>),
    /// Nothing was done.
    Invalid(InvalidInput),
}

impl From<Taken> for ListingPayload {
    fn from(taken: Taken) -> Self {
        match taken {
            Ok(view) => Self::Success(Box::new(ListingSuccess { listing: Listing(view) })),
            Err(problems) => Self::Invalid(invalid(problems)),
        }
    }
}

/// What can be done about entries on lists.
#[Object]
impl ListingMutation {
    /// Drafts an entry on a list (初步认定). Nobody but your department and the coordinator sees it.
    async fn draft_listing(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "On which list, whom, why.")] input: DraftListingInput,
    ) -> Result<ListingPayload> {
        let DraftListingInput { item, row, legal_basis, reason } = input;
        Ok(draft::draft(ctx.inquiry()?, &Wanted { item, row: row.0, legal_basis, reason })?.into())
    }

    /// Says that the party was told of a draft (告知). From then on it sees the entry, and states its case within the working days that the
    /// rules in force give.
    async fn notify_listing(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which, when, of what.")] input: NotifyListingInput,
    ) -> Result<ListingPayload> {
        let notice = Notice { id: input.id.0, notified_on: input.notified_on.0, text: input.notice };
        Ok(hearing::notify(ctx.inquiry()?, &notice)?.into())
    }

    /// States the party's case on an entry that it was told of (陈述申辩).
    async fn state_on_listing(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "On which, what.")] input: StateOnListingInput,
    ) -> Result<ListingPayload> {
        Ok(hearing::state(ctx.inquiry()?, &input.id, &input.statement)?.into())
    }

    /// Decides on an entry (认定、不予认定). What is decided becomes a record; nothing that burdens is decided before the party was heard, or
    /// has let its time pass.
    async fn decide_listing(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "On which, how, why.")] input: DecideListingInput,
    ) -> Result<ListingPayload> {
        Ok(decide::decide(ctx.inquiry()?, &input.id, input.decision, &input.reason)?.into())
    }

    /// Takes an entry off its list because what it rested on fell (撤销认定): it is neither published nor shared any more, measures are
    /// lifted, whoever received it is told.
    async fn withdraw_listing(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which, why, with what notice.")] input: WithdrawListingInput,
    ) -> Result<ListingPayload> {
        Ok(decide::withdraw(ctx.inquiry()?, &input.id, &input.reason, &input.notice)?.into())
    }
}
