//! Telling a subject later who asked (推迟告知): a supervisor of the department proposes it on a legal ground, an auditor or the
//! security administrator agrees. Nothing is kept from auditors, and every delay ends.

use jiff::ToSpan;

use super::authorization::InputProblem;
use super::fault::Fault;
use super::inquiry::Inquiry;
use crate::authentication::Proof;
use crate::domain::{Date, Role};
pub use crate::ledger::delay::Delay;
use crate::ledger::delay::DelayFault;
use crate::ledger::redaction::Voice;

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
    voice(inquiry, APPROVERS)?;
    Ok(inquiry.gateway().ledger.delays(LISTED_MAX)?)
}

/// Proposes to tell the subjects of a query later. It holds at once, and lapses after three days unless somebody agrees.
pub fn propose(inquiry: &Inquiry, index: &str, until: Date, ground: &str) -> Answered {
    let voice = voice(inquiry, PROPOSERS)?;
    let claims = inquiry.caller().claims();
    let (true, Some(department)) = (claims.supervisor, &claims.department) else { return Err(Fault::Forbidden) };
    let today = inquiry.today();
    if until <= today || until > today.saturating_add(DAYS_MAX.days()) {
        return Ok(Err(problem("until", "UNTIL", format!("the last day lies 1 to {DAYS_MAX} days ahead"))));
    }
    let ground = ground.trim();
    if ground.is_empty() || ground.chars().count() > GROUND_MAX {
        return Ok(Err(problem("ground", "GROUND", format!("name law and order, in 1 to {GROUND_MAX} characters"))));
    }
    let Some(index) = number(index) else { return told(Err(DelayFault::NoQuery)) };
    told(inquiry.gateway().ledger.propose_delay(index, department.as_str(), (until, ground), &voice))
}

/// Agrees to a delay.
pub fn agree(inquiry: &Inquiry, index: &str) -> Answered {
    let voice = voice(inquiry, APPROVERS)?;
    let Some(index) = number(index) else { return told(Err(DelayFault::NotProposed)) };
    told(inquiry.gateway().ledger.agree_to_delay_blocking(index, &voice))
}

fn voice(inquiry: &Inquiry, roles: &[Role]) -> Result<Voice, Fault> {
    let caller = inquiry.caller();
    let (Proof::Bearer { issuer, .. }, true) = (caller.proof(), roles.contains(&caller.role())) else {
        return Err(Fault::Forbidden);
    };
    Ok(Voice { person: format!("{issuer} {}", caller.claims().actor), role: caller.role() })
}

fn number(index: &str) -> Option<u64> {
    // What is no decimal number names no entry.
    index.parse().ok().filter(|number: &u64| number.to_string() == index)
}

fn problem(place: &str, code: &'static str, message: String) -> Vec<InputProblem> {
    vec![InputProblem { path: vec![place.to_owned()], code, message }]
}

fn told(done: Result<Delay, DelayFault>) -> Answered {
    let fault = match done {
        Ok(delay) => return Ok(Ok(delay)),
        Err(DelayFault::Unavailable(_)) => return Err(Fault::AuditUnavailable),
        Err(DelayFault::Store(error)) => return Err(error.into()),
        Err(fault) => fault,
    };
    let code: &'static str = (&fault).into();
    Ok(Err(problem("index", code, fault.to_string())))
}
