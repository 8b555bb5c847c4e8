//! What may follow what in an objection (异议) and in an application for repair (信用修复): pure and exhaustive.
//!
//! An objection is filed, and upheld or rejected. An application for repair is filed, accepted or not, then approved or rejected;
//! between the two it may be shielded for a while (暂时屏蔽), and what was approved is revoked when its papers were false. Either is retracted by its author while it is open. Time is absent:
//! deadlines are told, they stop nothing.

use super::workflow::{ApplicationKind, ApplicationStage};

/// A step that is to be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::EnumIter)]
pub enum Step {
    /// 受理.
    Accept,
    /// 不予受理.
    NotAccept,
    /// 异议成立.
    Uphold,
    /// 暂时屏蔽, until a court's plan is carried out.
    Shield,
    /// 同意修复.
    Approve,
    /// 异议不成立, 不予修复.
    Reject,
    /// 撤回, by its author.
    Retract,
    /// 撤销修复, for false papers or a broken promise.
    Revoke,
}

/// Why a step is not the next one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error, strum::IntoStaticStr, strum::EnumIter)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum OutOfOrder {
    /// It was decided.
    #[error("it was decided, or retracted, before")]
    Closed,
    /// It was not accepted yet.
    #[error("say first whether it is accepted")]
    NotAccepted,
    /// It was accepted before.
    #[error("it was accepted before")]
    AlreadyAccepted,
    /// It is shielded already.
    #[error("it is shielded: approve it when the plan was carried out, or reject it")]
    AlreadyShielded,
    /// Repair was not approved.
    #[error("there is no approved repair to revoke")]
    NotApproved,
    /// The step belongs to the other kind.
    #[error("an objection is upheld or rejected; an application for repair is accepted, then approved or rejected")]
    OtherKind,
}

/// The stage after a step.
///
/// # Errors
/// When the step is not one that may follow.
pub fn after(kind: ApplicationKind, stage: ApplicationStage, step: Step) -> Result<ApplicationStage, OutOfOrder> {
    use ApplicationKind::{Objection, Repair};
    use ApplicationStage::{Accepted, Approved, Filed, NotAccepted, Rejected, Retracted, Revoked, Shielded, Upheld};
    match (kind, stage, step) {
        (Repair, Approved, Step::Revoke) => Ok(Revoked),
        (Objection, _, Step::Accept | Step::NotAccept | Step::Shield | Step::Approve | Step::Revoke)
        | (Repair, _, Step::Uphold) => Err(OutOfOrder::OtherKind),
        (Repair, _, Step::Revoke) => Err(OutOfOrder::NotApproved),
        (_, Upheld | Rejected | Approved | NotAccepted | Retracted | Revoked, _) | (Objection, Shielded, _) => {
            Err(OutOfOrder::Closed)
        }
        (_, Filed | Accepted | Shielded, Step::Retract) => Ok(Retracted),
        (Objection, Filed | Accepted, Step::Uphold) => Ok(Upheld),
        (Objection, Filed | Accepted, Step::Reject) | (Repair, Accepted | Shielded, Step::Reject) => Ok(Rejected),
        (Repair, Filed, Step::Accept) => Ok(Accepted),
        (Repair, Filed, Step::NotAccept) => Ok(NotAccepted),
        (Repair, Accepted | Shielded, Step::Accept | Step::NotAccept) => Err(OutOfOrder::AlreadyAccepted),
        (Repair, Shielded, Step::Shield) => Err(OutOfOrder::AlreadyShielded),
        (Repair, Accepted, Step::Shield) => Ok(Shielded),
        (Repair, Filed, Step::Shield | Step::Approve | Step::Reject) => Err(OutOfOrder::NotAccepted),
        (Repair, Accepted | Shielded, Step::Approve) => Ok(Approved),
    }
}

/// Whether it is still being worked on.
pub fn is_open(stage: ApplicationStage) -> bool {
    matches!(stage, ApplicationStage::Filed | ApplicationStage::Accepted | ApplicationStage::Shielded)
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use strum::IntoEnumIterator;

    use super::*;

    /// The whole table, to be read.
    #[test]
    fn every_stage_and_step_is_placed() {
        let mut table = String::new();
        for kind in ApplicationKind::iter() {
            for stage in ApplicationStage::iter() {
                for step in Step::iter() {
                    let next = after(kind, stage, step);
                    let told = next.map_or_else(<&'static str>::from, ApplicationStage::name);
                    writeln!(table, "{kind} {stage} {step:?} -> {told}").unwrap();
                }
            }
        }
        insta::assert_snapshot!("application_steps", table);
        for refusal in OutOfOrder::iter() {
            assert!(table.contains(<&'static str>::from(refusal)), "{refusal} is never told");
        }
    }

    #[test]
    fn what_is_closed_stays_closed_but_for_the_revocation_of_a_repair() {
        for kind in ApplicationKind::iter() {
            for stage in ApplicationStage::iter().filter(|stage| !is_open(*stage)) {
                let going_on: Vec<Step> = Step::iter().filter(|step| after(kind, stage, *step).is_ok()).collect();
                let is_repaired = (kind, stage) == (ApplicationKind::Repair, ApplicationStage::Approved);
                assert_eq!(going_on, if is_repaired { vec![Step::Revoke] } else { vec![] }, "{kind} {stage}");
            }
        }
    }
}
