//! Four eyes and two more over what is taken out of the ledger's bodies.

use super::authorization::InputProblem;
use super::fault::Fault;
use super::inquiry::Inquiry;
use crate::domain::Role;
use crate::domain::text::parse_index;
pub use crate::ledger::redaction::Redaction;
use crate::ledger::redaction::RedactionFault;

/// Who may propose a redaction.
pub const PROPOSERS: &[Role] = &[Role::Coordinator, Role::SecurityAdmin, Role::SystemAdmin];
/// Who may agree to one; the two must be of different roles.
pub const APPROVERS: &[Role] = &[Role::Auditor, Role::Coordinator, Role::SecurityAdmin];
/// The longest reason, in characters.
const REASON_MAX: usize = 500;
/// How many redactions are listed.
const LISTED_MAX: u32 = 100;

type Answered = Result<Result<Redaction, Vec<InputProblem>>, Fault>;

/// The redactions that were proposed last, for those who may propose one or agree to one.
pub fn list(inquiry: &Inquiry) -> Result<Vec<Redaction>, Fault> {
    let role = inquiry.caller().role();
    if !PROPOSERS.contains(&role) && !APPROVERS.contains(&role) {
        return Err(Fault::Forbidden);
    }
    Ok(inquiry.gateway().ledger.redactions(LISTED_MAX)?)
}

/// Proposes to redact the body of an entry.
pub fn propose(inquiry: &Inquiry, index: &str, reason: &str) -> Answered {
    let voice = inquiry.voice(PROPOSERS)?;
    let Some(index) = parse_index(index) else { return Ok(Err(not_an_index())) };
    let reason = reason.trim();
    if reason.is_empty() || reason.chars().count() > REASON_MAX {
        return Ok(Err(InputProblem::one("reason", "REASON", format!("say why, in 1 to {REASON_MAX} characters"))));
    }
    told(inquiry.gateway().ledger.propose_redaction(index, reason, &voice))
}

/// Agrees to a redaction.
pub fn agree(inquiry: &Inquiry, index: &str) -> Answered {
    let voice = inquiry.voice(APPROVERS)?;
    let Some(index) = parse_index(index) else { return Ok(Err(not_an_index())) };
    told(inquiry.gateway().ledger.agree_to_redaction(index, &voice))
}

fn not_an_index() -> Vec<InputProblem> {
    InputProblem::one("index", "INDEX", "the index of an entry is a decimal number".to_owned())
}

fn told(done: Result<Redaction, RedactionFault>) -> Answered {
    let fault = match done {
        Ok(redaction) => return Ok(Ok(redaction)),
        Err(RedactionFault::Unavailable(_)) => return Err(Fault::AuditUnavailable),
        Err(RedactionFault::Store(error)) => return Err(error.into()),
        Err(fault) => fault,
    };
    let code: &'static str = (&fault).into();
    Ok(Err(InputProblem::one("index", code, fault.to_string())))
}
