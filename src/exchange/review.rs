//! The review of queries (查询审查): what awaits the supervisor of a department or an auditor, and what they say.
//!
//! Deliberately absent: any consequence of an unjustified query. It is told, counted and stands in the ledger.

use super::audit;
use super::authorization::InputProblem;
use super::break_glass;
use super::fault::Fault;
use super::gateway::Gateway;
use super::inquiry::Inquiry;
use super::page;
use crate::domain::text::parse_index;
use crate::domain::{DepartmentId, Role};
use crate::ledger::Entry;
use crate::ledger::review::ReviewFault;
pub use crate::ledger::review::{Review, ReviewQuery, ReviewReason, ReviewState};

/// Who may hold the right to review: an auditor, and officers whose token says that they supervise.
pub const REVIEWERS: &[Role] = &[Role::Auditor, Role::Department, Role::Coordinator];
/// The longest comment, in characters.
const COMMENT_MAX: usize = 500;
/// How many thousand entries a question looks through before it answers.
const CHUNKS: usize = 20;

/// A page of reviews with their entries, each with its cursor.
#[derive(Debug)]
pub struct ReviewPage {
    /// The reviews, the oldest first.
    pub reviews: Vec<(Review, Entry, String)>,
    /// Whether more follow.
    pub has_next: bool,
}

/// How many reviews stand how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReviewCounts {
    /// Awaited.
    pub awaiting: u64,
    /// Awaited, and past their day.
    pub overdue: u64,
    /// Justified.
    pub justified: u64,
    /// Not justified.
    pub unjustified: u64,
}

/// Looks through what is new in the ledger. Whether there may be more. Blocks.
pub fn catch_up(gateway: &Gateway, chunks: usize) -> Result<bool, Fault> {
    let due = |day, days| gateway.rules.calendar.add_working_days(day, days).date;
    Ok(gateway.ledger.queue_reviews_blocking(&gateway.review, due, chunks)?)
}

/// A page of reviews, the oldest first.
pub fn list(
    inquiry: &Inquiry,
    (department, state, is_overdue): (Option<&DepartmentId>, Option<ReviewState>, bool),
    after: Option<&str>,
    first: usize,
) -> Result<ReviewPage, Fault> {
    let consumer = whose(inquiry, department)?;
    let overdue_on = is_overdue.then(|| inquiry.today());
    let query = ReviewQuery { state, consumer, overdue_on };
    catch_up(inquiry.gateway(), CHUNKS)?;
    let list = format!("reviews {query:?}");
    let above = page::place(inquiry, &list, after, |place| place.parse().ok())?;
    let ledger = &inquiry.gateway().ledger;
    let mut found = ledger.reviews(&query, above, audit::one_more(first))?;
    let has_next = found.len() > first;
    found.truncate(first);
    inquiry.tally(|tally| tally.cost = tally.cost.saturating_add(found.len() as u64));
    let with_entry = |review: Review| {
        let gone = || Fault::Corrupt(format!("ledger_review {}", review.index));
        let entry = ledger.entry(review.index)?.ok_or_else(gone)?;
        let cursor = page::cursor(inquiry, &list, &review.index.to_string());
        Ok((review, entry, cursor))
    };
    Ok(ReviewPage { reviews: found.into_iter().map(with_entry).collect::<Result<_, Fault>>()?, has_next })
}

/// How many reviews stand how.
pub fn counts(inquiry: &Inquiry, department: Option<&DepartmentId>) -> Result<ReviewCounts, Fault> {
    let consumer = whose(inquiry, department)?;
    catch_up(inquiry.gateway(), CHUNKS)?;
    let count = |state, overdue_on| {
        inquiry.gateway().ledger.count_reviews(&ReviewQuery { state, consumer: consumer.clone(), overdue_on })
    };
    Ok(ReviewCounts {
        awaiting: count(Some(ReviewState::Awaiting), None)?,
        overdue: count(None, Some(inquiry.today()))?,
        justified: count(Some(ReviewState::Justified), None)?,
        unjustified: count(Some(ReviewState::Unjustified), None)?,
    })
}

/// How much of the register waits, in all departments together: for operators.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RegisterCounts {
    /// Queries that await review.
    pub reviews_awaiting: u64,
    /// Of these, past their day.
    pub reviews_overdue: u64,
    /// Openings in an emergency in this month: becoming routine is how break-glass fails.
    pub openings_of_month: u64,
}

/// Counts them, of what was looked through so far.
pub fn register_counts(gateway: &Gateway) -> Result<RegisterCounts, Fault> {
    let count = |query: ReviewQuery| gateway.ledger.count_reviews(&query);
    let overdue_on = Some(gateway.ambient.today());
    Ok(RegisterCounts {
        reviews_awaiting: count(ReviewQuery { state: Some(ReviewState::Awaiting), ..ReviewQuery::default() })?,
        reviews_overdue: count(ReviewQuery { overdue_on, ..ReviewQuery::default() })?,
        openings_of_month: break_glass::count_of_month(gateway)?,
    })
}

/// Takes what a reviewer says of a query. Nobody reviews a query of their own.
pub fn judge(
    inquiry: &Inquiry,
    index: &str,
    is_justified: bool,
    comment: &str,
) -> Result<Result<(Review, Entry), Vec<InputProblem>>, Fault> {
    let own = whose(inquiry, None)?;
    let caller = inquiry.caller();
    let voice = inquiry.voice(REVIEWERS)?;
    let comment = comment.trim();
    if comment.is_empty() || comment.chars().count() > COMMENT_MAX {
        return Ok(Err(InputProblem::one("reason", "REASON", format!("say why, in 1 to {COMMENT_MAX} characters"))));
    }
    catch_up(inquiry.gateway(), CHUNKS)?;
    let ledger = &inquiry.gateway().ledger;
    let found = parse_index(index).map_or(Ok(None), |index| ledger.review_of(index))?;
    // Another department's query is not there, for a supervisor.
    let found = found.filter(|(_, consumer)| own.as_ref().is_none_or(|own| own == consumer));
    let Some((review, _)) = found else { return Ok(Err(told(&ReviewFault::NotAwaited))) };
    let gone = || Fault::Corrupt(format!("ledger_review {}", review.index));
    let entry = ledger.entry(review.index)?.ok_or_else(gone)?;
    let actor = audit::opened(inquiry, &entry, "actor")?;
    if actor.is_some_and(|actor| actor == caller.claims().actor) {
        return Ok(Err(InputProblem::one(
            "index",
            "OWN_QUERY",
            "it is your own query: somebody else reviews it".to_owned(),
        )));
    }
    let state = if is_justified { ReviewState::Justified } else { ReviewState::Unjustified };
    match ledger.review_blocking(review.index, (&voice, caller.consumer()), (state, comment)) {
        Ok(review) => Ok(Ok((review, entry))),
        Err(ReviewFault::Unavailable(_)) => Err(Fault::AuditUnavailable),
        Err(ReviewFault::Store(error)) => Err(error.into()),
        Err(fault) => Ok(Err(told(&fault))),
    }
}

/// Whose queries the caller may review: those of its own department, for an auditor those of `wanted` or of all.
pub(super) fn whose(inquiry: &Inquiry, wanted: Option<&DepartmentId>) -> Result<Option<String>, Fault> {
    let claims = inquiry.caller().claims();
    let wanted = wanted.map(|department| department.as_str().to_owned());
    match (claims.role, &claims.department) {
        (Role::Auditor, _) => Ok(wanted),
        (Role::Department | Role::Coordinator, Some(own)) if claims.supervisor => {
            let own = own.as_str().to_owned();
            if wanted.is_none_or(|wanted| wanted == own) { Ok(Some(own)) } else { Err(Fault::Forbidden) }
        }
        _ => Err(Fault::Forbidden),
    }
}

fn told(fault: &ReviewFault) -> Vec<InputProblem> {
    InputProblem::one("index", fault.into(), fault.to_string())
}
