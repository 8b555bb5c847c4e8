//! The root of writing. Expected outcomes are data; faults and refusals are errors.

use std::sync::Arc;

use async_graphql::{Context, ID, InputObject, Json, Object, Result, SimpleObject, Union};

use super::context::ContextExt;
use super::object::authorization::Authorization;
use super::object::break_glass::{BreakGlassInput, BreakGlassOpening};
use super::object::credit_check::{CreditCheckInput, CreditCheckSuccess};
use super::object::delay::{AgreeToDelayInput, Delay, ProposeDelayInput};
use super::object::redaction::Redaction;
use super::object::review::{Review, ReviewQueryInput};
use super::scalar::DateTime;
use crate::domain::Role;
use crate::exchange::authorization::{self, NewAuthorization};
use crate::exchange::submission;
use crate::exchange::{break_glass, credit_check, delay, push, redaction, review};

/// Everything that can be changed.
#[derive(Clone, Copy, Debug)]
pub struct RegisterMutation;

/// The roles that may use each mutation. Asked before the intent is written, so a refusal is one entry.
pub(super) fn roles_of(field: &str) -> &'static [Role] {
    match field {
        "grantAuthorization"
        | "revokeAuthorization"
        | "fileObjection"
        | "applyForRepair"
        | "retractApplication"
        | "stateOnListing" => &[Role::Subject],
        "breakGlass" => break_glass::OPENERS,
        "proposeRedaction" => redaction::PROPOSERS,
        "agreeToRedaction" => redaction::APPROVERS,
        "proposeDelay" => delay::PROPOSERS,
        "agreeToDelay" => delay::APPROVERS,
        "reviewQuery" => review::REVIEWERS,
        "submitRecords"
        | "creditCheck"
        | "initiateJointAction"
        | "respondJointAction"
        | "submitExecutionFeedback"
        | "endJointAction"
        | "answerObjection"
        | "decideRepair"
        | "revokeRepair"
        | "acceptPromise"
        | "keepPromise"
        | "draftListing"
        | "notifyListing"
        | "decideListing"
        | "withdrawListing"
        | "answerTipoff"
        | "revealReporter" => &[Role::Department, Role::Coordinator],
        "submitTipoff" => &[Role::Public],
        "assignTipoff" | "dispatchJointAction" => &[Role::Coordinator],
        "acknowledgeTombstones" | "registerWebhook" | "rotateWebhookSecret" | "removeWebhook" | "redeliver" => {
            push::feed::RECEIVERS
        }
        _ => &[],
    }
}

/// An authorization to grant.
#[derive(Clone, Debug, InputObject)]
pub struct GrantAuthorizationInput {
    /// The organization that may use it, as its tokens name it.
    grantee: String,
    /// The items it covers.
    items: Vec<AuthorizedItemInput>,
    /// The code of the purpose it is for.
    purpose: String,
    /// The first instant of its validity; now when left out.
    valid_from: Option<DateTime>,
    /// The first instant after its validity; two years at most.
    valid_to: DateTime,
    /// How often it may be used; as often as wanted when left out.
    uses_allowed: Option<i32>,
}

/// An item that an authorization covers.
#[derive(Clone, Debug, InputObject)]
pub struct AuthorizedItemInput {
    /// The item's code.
    item: String,
    /// Its fields; the whole item when left out.
    #[graphql(default)]
    fields: Vec<String>,
}

/// An authorization to revoke.
#[derive(Clone, Debug, InputObject)]
pub struct RevokeAuthorizationInput {
    /// Its id.
    id: ID,
}

/// The authorization, or what was wrong with the input.
#[derive(Debug, Union)]
pub enum GrantAuthorizationPayload {
    /// It was granted.
    Success(GrantAuthorizationSuccess),
    /// It was not.
    Invalid(InvalidInput),
}

/// The authorization was granted.
#[derive(Debug, SimpleObject)]
pub struct GrantAuthorizationSuccess {
    /// It.
    authorization: Authorization,
}

/// The authorization, or what was wrong with the input.
#[derive(Debug, Union)]
pub enum RevokeAuthorizationPayload {
    /// It was revoked.
    Success(RevokeAuthorizationSuccess),
    /// There was none to revoke.
    Invalid(InvalidInput),
}

/// The authorization was revoked and opens nothing from now on.
#[derive(Debug, SimpleObject)]
pub struct RevokeAuthorizationSuccess {
    /// It.
    authorization: Authorization,
}

/// Nothing was done.
#[derive(Debug, SimpleObject)]
pub struct InvalidInput {
    /// What was wrong.
    problems: Vec<InputProblem>,
}

/// One thing that was wrong with an input.
#[derive(Clone, Debug, SimpleObject)]
pub struct InputProblem {
    /// Where, within `input`.
    path: Vec<String>,
    /// A stable code.
    code: String,
    /// What to do about it.
    message: String,
}

impl From<authorization::InputProblem> for InputProblem {
    fn from(problem: authorization::InputProblem) -> Self {
        Self { path: problem.path, code: problem.code.to_owned(), message: problem.message }
    }
}

/// A redaction to propose.
#[derive(Clone, Debug, InputObject)]
pub struct ProposeRedactionInput {
    /// The index of the entry, a decimal number.
    index: String,
    /// Why its body must go. Kept with the redaction, and sealed in the entry that says so.
    reason: String,
}

/// A redaction to agree to.
#[derive(Clone, Debug, InputObject)]
pub struct AgreeToRedactionInput {
    /// The index of the entry, a decimal number.
    index: String,
}

/// The redaction, or why it goes no further.
#[derive(Debug, Union)]
pub enum RedactionPayload {
    /// How far it has come.
    Success(RedactionSuccess),
    /// Nothing was done.
    Invalid(InvalidInput),
}

/// The redaction as it stands now.
#[derive(Debug, SimpleObject)]
pub struct RedactionSuccess {
    /// It.
    redaction: Redaction,
}

impl From<Result<redaction::Redaction, Vec<authorization::InputProblem>>> for RedactionPayload {
    fn from(done: Result<redaction::Redaction, Vec<authorization::InputProblem>>) -> Self {
        match done {
            Ok(done) => Self::Success(RedactionSuccess { redaction: Redaction(done) }),
            Err(problems) => Self::Invalid(invalid(problems)),
        }
    }
}

/// What the checks found, or what was wrong with the input.
#[derive(Debug, Union)]
pub enum CreditCheckPayload {
    /// They were made.
    Success(CreditCheckSuccess),
    /// None was made.
    Invalid(InvalidInput),
}

/// The opening, or what was wrong with the input.
#[derive(Debug, Union)]
pub enum BreakGlassPayload {
    /// It is in force.
    Success(BreakGlassSuccess),
    /// Nothing was opened.
    Invalid(InvalidInput),
}

/// The records are open to you.
#[derive(Debug, SimpleObject)]
pub struct BreakGlassSuccess {
    /// The opening.
    opening: BreakGlassOpening,
}

/// The delay, or why it goes no further.
#[derive(Debug, Union)]
pub enum DelayPayload {
    /// How far it has come.
    Success(DelaySuccess),
    /// Nothing was done.
    Invalid(InvalidInput),
}

/// The delay as it stands now.
#[derive(Debug, SimpleObject)]
pub struct DelaySuccess {
    /// It.
    delay: Delay,
}

impl From<Result<delay::Delay, Vec<authorization::InputProblem>>> for DelayPayload {
    fn from(done: Result<delay::Delay, Vec<authorization::InputProblem>>) -> Self {
        match done {
            Ok(done) => Self::Success(DelaySuccess { delay: Delay(done) }),
            Err(problems) => Self::Invalid(invalid(problems)),
        }
    }
}

/// The review, or why it was not taken.
#[derive(Debug, Union)]
pub enum ReviewQueryPayload {
    /// It was taken.
    Success(ReviewQuerySuccess),
    /// It was not.
    Invalid(InvalidInput),
}

/// The review was taken.
#[derive(Debug, SimpleObject)]
pub struct ReviewQuerySuccess {
    /// It.
    review: Review,
}

/// Rows that a department reports.
#[derive(Clone, Debug, InputObject)]
pub struct SubmitRecordsInput {
    /// The code of the catalogue item.
    item: String,
    /// The vintage whose column names are used; the newest when left out.
    vintage: Option<String>,
    /// Up to 1,000 rows: objects from column name to text.
    rows: Vec<Json<std::collections::BTreeMap<String, Option<String>>>>,
}

/// What became of the rows.
#[derive(Debug, Union)]
pub enum SubmitRecordsPayload {
    /// They were read; each row says what became of it.
    Success(SubmitRecordsSuccess),
    /// None was read.
    Invalid(InvalidInput),
}

/// The rows were read.
#[derive(Debug, SimpleObject)]
pub struct SubmitRecordsSuccess {
    /// How many were new.
    inserted: i32,
    /// How many replaced an older version.
    updated: i32,
    /// How many were there already.
    unchanged: i32,
    /// How many were rejected.
    rejected: i32,
    /// What became of each row, in the order sent.
    rows: Vec<SubmittedRow>,
}

/// What became of one row.
#[derive(Clone, Debug, SimpleObject)]
pub struct SubmittedRow {
    /// Its place among the rows sent, from 1.
    row: i32,
    /// INSERTED, UPDATED, UNCHANGED, DUPLICATE or REJECTED.
    outcome: String,
    /// What was wrong or worth knowing, without private values.
    problems: Vec<InputProblem>,
}

/// Everything that can be changed.
#[Object]
impl RegisterMutation {
    /// Grants an authorization over your own records.
    async fn grant_authorization(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to grant.")] input: GrantAuthorizationInput,
    ) -> Result<GrantAuthorizationPayload> {
        let wanted = NewAuthorization {
            grantee: input.grantee,
            items: input.items.into_iter().map(|item| (item.item, item.fields)).collect(),
            purpose: input.purpose,
            valid_from: input.valid_from.map(|instant| instant.0),
            valid_to: input.valid_to.0,
            uses_allowed: input.uses_allowed.map(i64::from),
        };
        Ok(match authorization::grant(ctx.inquiry()?, &wanted)? {
            Ok(granted) => GrantAuthorizationPayload::Success(GrantAuthorizationSuccess {
                authorization: Authorization(Arc::new(granted)),
            }),
            Err(problems) => GrantAuthorizationPayload::Invalid(invalid(problems)),
        })
    }

    /// Revokes an authorization you granted, at once.
    async fn revoke_authorization(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which one.")] input: RevokeAuthorizationInput,
    ) -> Result<RevokeAuthorizationPayload> {
        Ok(match authorization::revoke(ctx.inquiry()?, &input.id)? {
            Some(revoked) => RevokeAuthorizationPayload::Success(RevokeAuthorizationSuccess {
                authorization: Authorization(Arc::new(revoked)),
            }),
            None => RevokeAuthorizationPayload::Invalid(InvalidInput {
                problems: vec![InputProblem {
                    path: vec!["id".to_owned()],
                    code: "ID".to_owned(),
                    message: "you have no authorization of this id that could be revoked".to_owned(),
                }],
            }),
        })
    }

    /// Proposes to redact the body of an entry: who asked, from where, with which query. Two others of different roles must agree.
    async fn propose_redaction(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which entry, and why.")] input: ProposeRedactionInput,
    ) -> Result<RedactionPayload> {
        Ok(redaction::propose(ctx.inquiry()?, &input.index, &input.reason)?.into())
    }

    /// Agrees to a redaction. With the second who agrees, an entry says so and the body is gone for good.
    async fn agree_to_redaction(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which one.")] input: AgreeToRedactionInput,
    ) -> Result<RedactionPayload> {
        Ok(redaction::agree(ctx.inquiry()?, &input.index)?.into())
    }

    /// Checks up to 500 subjects, each for a case of its own, under the purpose of the request (应查必查). Answers the lists
    /// that they stand on, and a receipt for each check, which proves that it was made. `Chengxin-Case` is not needed.
    async fn credit_check(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whom to check, and for which cases.")] input: CreditCheckInput,
    ) -> Result<CreditCheckPayload> {
        let wanted = input.checks.into_iter().map(Into::into).collect();
        Ok(match credit_check::run(ctx.inquiry()?, wanted)? {
            Ok(checks) => CreditCheckPayload::Success(checks.into()),
            Err(problems) => CreditCheckPayload::Invalid(invalid(problems)),
        })
    }

    /// Opens the records of one subject to you in an emergency (紧急查询, break-glass), for the minutes and as many times in a day as the purpose
    /// says. Needs `Chengxin-Purpose` (one for emergencies) and `Chengxin-Case`; then send what you are given as `Chengxin-Authorization`.
    /// The departments whose records it opens learn of it at once, the subject in its access log, and a reviewer has to judge it.
    async fn break_glass(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whose records, which, and why.")] input: BreakGlassInput,
    ) -> Result<BreakGlassPayload> {
        let inquiry = ctx.inquiry()?;
        Ok(match break_glass::open(inquiry, &input.into())? {
            Ok(opening) => BreakGlassPayload::Success(BreakGlassSuccess {
                opening: BreakGlassOpening(Arc::new(break_glass::shown(inquiry, opening)?)),
            }),
            Err(problems) => BreakGlassPayload::Invalid(invalid(problems)),
        })
    }

    /// Says of a query whether it was justified (查询审查), as a supervisor of the department that made it or an auditor, and not of
    /// one's own. An entry says so; nothing can be unsaid.
    async fn review_query(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which query, and what to say of it.")] input: ReviewQueryInput,
    ) -> Result<ReviewQueryPayload> {
        Ok(match review::judge(ctx.inquiry()?, &input.index, input.justified, &input.reason)? {
            Ok((review, entry)) => {
                ReviewQueryPayload::Success(ReviewQuerySuccess { review: Review::new(review, entry) })
            }
            Err(problems) => ReviewQueryPayload::Invalid(invalid(problems)),
        })
    }

    /// Proposes to tell the subjects of a query later (推迟告知), as a supervisor of the department that made it. Holds at once, and lapses
    /// after three days unless an auditor or the security administrator agrees. One proposal for each query.
    async fn propose_delay(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which query, until when, and on what ground.")] input: ProposeDelayInput,
    ) -> Result<DelayPayload> {
        Ok(delay::propose(ctx.inquiry()?, &input.index, input.until.0, &input.ground)?.into())
    }

    /// Agrees to a delay; an entry says so.
    async fn agree_to_delay(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which one.")] input: AgreeToDelayInput,
    ) -> Result<DelayPayload> {
        Ok(delay::agree(ctx.inquiry()?, &input.index)?.into())
    }

    /// Reports rows of a catalogue item, up to 1,000 at once: your department is their provider, and no other department's record is replaced.
    async fn submit_records(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The rows.")] input: SubmitRecordsInput,
    ) -> Result<SubmitRecordsPayload> {
        let rows = input.rows.into_iter().map(|row| row.0).collect();
        let wanted = submission::Submission { item: input.item, vintage: input.vintage, rows };
        Ok(match submission::submit(ctx.inquiry()?, &wanted)? {
            Ok(report) => SubmitRecordsPayload::Success(report.into()),
            Err(problems) => SubmitRecordsPayload::Invalid(invalid(problems)),
        })
    }
}

pub(super) fn invalid(problems: Vec<authorization::InputProblem>) -> InvalidInput {
    InvalidInput { problems: problems.into_iter().map(InputProblem::from).collect() }
}

impl From<submission::SubmissionReport> for SubmitRecordsSuccess {
    fn from(report: submission::SubmissionReport) -> Self {
        let count = |outcome: &str| {
            let rows = report.rows.iter().filter(|row| row.outcome == outcome).count();
            i32::try_from(rows).unwrap_or(i32::MAX)
        };
        Self {
            inserted: count("INSERTED"),
            updated: count("UPDATED"),
            unchanged: count("UNCHANGED"),
            rejected: count("REJECTED"),
            rows: report
                .rows
                .iter()
                .zip(1..)
                .map(|(row, at)| SubmittedRow {
                    row: at,
                    outcome: row.outcome.to_owned(),
                    problems: row.problems.iter().cloned().map(InputProblem::from).collect(),
                })
                .collect(),
        }
    }
}
