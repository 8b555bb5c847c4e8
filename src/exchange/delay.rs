//! Telling a subject later who asked (推迟告知): a supervisor of the department proposes it on a legal ground, an auditor or the
//! security administrator agrees. Nothing is kept from auditors, and every delay ends.

use jiff::ToSpan;

use super::authorization::InputProblem;
use super::fault::Fault;
use super::inquiry::Inquiry;
use crate::domain::text::parse_index;
use crate::domain::{Date, Role};
pub use crate::ledger::delay::Delay;
use crate::ledger::delay::DelayFault;

/// Who may propose a delay: supervisors of the department that made the query.
pub const PROPOSERS: &[Role] = &[Role::Department, Role::Coordinator];
/// Who may agree to one.
pub const APPROVERS: &[Role] = &[Role::Auditor, Role::SecurityAdmin];
/// The longest delay, in days.
const DAYS_MAX: i32 = 366;
/// The longest ground, in characters.
const GROUND_MAX: usize = 500;
/// How many delays are listed.
const LISTED_MAX: u32 = 100;

type Answered = Result<Result<Delay, Vec<InputProblem>>, Fault>;

/// The delays that were proposed last, for those who may agree to one.
pub fn list(inquiry: &Inquiry) -> Result<Vec<Delay>, Fault> {
    inquiry.voice(APPROVERS)?;
    Ok(inquiry.gateway().ledger.delays(LISTED_MAX)?)
}

/// Proposes to tell the subjects of a query later. It holds at once, and lapses after three days unless somebody agrees.
pub fn propose(inquiry: &Inquiry, index: &str, until: Date, ground: &str) -> Answered {
    let voice = inquiry.voice(PROPOSERS)?;
    let claims = inquiry.caller().claims();
    let (true, Some(department)) = (claims.supervisor, &claims.department) else { return Err(Fault::Forbidden) };
    let today = inquiry.today();
    if until <= today || until > today.saturating_add(DAYS_MAX.days()) {
        return Ok(Err(InputProblem::one("until", "UNTIL", format!("the last day lies 1 to {DAYS_MAX} days ahead"))));
    }
    let ground = ground.trim();
    if ground.is_empty() || ground.chars().count() > GROUND_MAX {
        return Ok(Err(InputProblem::one(
            "ground",
            "GROUND",
            format!("name law and order, in 1 to {GROUND_MAX} characters"),
        )));
    }
    let Some(index) = parse_index(index) else { return told(Err(DelayFault::NoQuery)) };
    told(inquiry.gateway().ledger.propose_delay(index, department.as_str(), (until, ground), &voice))
}

/// Agrees to a delay.
pub fn agree(inquiry: &Inquiry, index: &str) -> Answered {
    let voice = inquiry.voice(APPROVERS)?;
    let Some(index) = parse_index(index) else { return told(Err(DelayFault::NotProposed)) };
    told(inquiry.gateway().ledger.agree_to_delay_blocking(index, &voice))
}

fn told(done: Result<Delay, DelayFault>) -> Answered {
    let fault = match done {
        Ok(delay) => return Ok(Ok(delay)),
        Err(DelayFault::Unavailable(_)) => return Err(Fault::AuditUnavailable),
        Err(DelayFault::Store(error)) => return Err(error.into()),
        Err(fault) => fault,
    };
    let code: &'static str = (&fault).into();
    Ok(Err(InputProblem::one("index", code, fault.to_string())))
}
