//! What may follow what in a joint action (联合奖惩): the whole of it on one screen, pure and exhaustive.
//!
//! Initiated → dispatched → every implementing department answers to each measure, and reports those that it takes → in force →
//! ended. While an objection is examined everything rests but the end. Time is absent: deadlines are told, they stop nothing.

use std::collections::BTreeMap;

use super::id::AssignmentId;
use super::workflow::{AssignmentAnswer, AssignmentStage, JointActionEnding, JointActionStage};

/// How a joint action stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JointAction {
    /// How far it has come.
    pub stage: JointActionStage,
    /// Why it ended, when it has.
    pub ending: Option<JointActionEnding>,
    /// How many objections are examined that rest it.
    pub suspensions: u32,
    /// The measures, each in one department.
    pub assignments: BTreeMap<AssignmentId, AssignmentStage>,
}

/// A step that is to be taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// To these departments and measures.
    Dispatch(Vec<AssignmentId>),
    /// A department answers to one of them.
    Respond(AssignmentId, AssignmentAnswer),
    /// A department reports one of them.
    Feedback(AssignmentId),
    /// An objection is examined.
    Suspend,
    /// It was examined.
    Resume,
    /// It is over.
    End(JointActionEnding),
}

/// Why a step is not the next one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error, strum::IntoStaticStr, strum::EnumIter)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum OutOfOrder {
    /// It ended.
    #[error("the joint action has ended")]
    Ended,
    /// Measures rest.
    #[error("an objection is being examined: until it is answered the measures rest")]
    Suspended,
    /// Nothing rests.
    #[error("no objection is being examined")]
    NotSuspended,
    /// It was dispatched before.
    #[error("the joint action was dispatched before")]
    AlreadyDispatched,
    /// It was not dispatched yet.
    #[error("the joint action was not dispatched yet")]
    NotDispatched,
    /// Nobody would get it.
    #[error("a dispatch needs one department at least")]
    NobodyAssigned,
    /// There is no such assignment in it.
    #[error("the joint action has no such assignment")]
    NoSuchAssignment,
    /// The department has answered.
    #[error("the department has answered before")]
    AlreadyAnswered,
    /// The department has not taken the measure.
    #[error("the department has not taken the measure: answer first")]
    NotTaken,
}

impl JointAction {
    /// As it is initiated.
    pub fn initiated() -> Self {
        Self { stage: JointActionStage::Initiated, ending: None, suspensions: 0, assignments: BTreeMap::new() }
    }

    /// How it stands after a step.
    ///
    /// # Errors
    /// When the step is not one that may follow.
    pub fn after(&self, step: &Step) -> Result<Self, OutOfOrder> {
        let mut next = self.clone();
        match (self.stage, step) {
            (JointActionStage::Ended, _) => return Err(OutOfOrder::Ended),
            (_, Step::End(ending)) => next.end(*ending),
            (_, Step::Suspend) => next.suspensions += 1,
            (_, Step::Resume) => {
                next.suspensions = self.suspensions.checked_sub(1).ok_or(OutOfOrder::NotSuspended)?;
            }
            _ if self.suspensions > 0 => return Err(OutOfOrder::Suspended),
            (JointActionStage::Initiated, Step::Dispatch(assignments)) => {
                if assignments.is_empty() {
                    return Err(OutOfOrder::NobodyAssigned);
                }
                next.assignments = assignments.iter().map(|&id| (id, AssignmentStage::Assigned)).collect();
                next.stage = JointActionStage::Dispatched;
            }
            (JointActionStage::Dispatched | JointActionStage::InForce, Step::Dispatch(_)) => {
                return Err(OutOfOrder::AlreadyDispatched);
            }
            (JointActionStage::Initiated, Step::Respond(..) | Step::Feedback(_)) => {
                return Err(OutOfOrder::NotDispatched);
            }
            (JointActionStage::Dispatched | JointActionStage::InForce, Step::Respond(id, answer)) => {
                next.answer(*id, *answer)?;
            }
            (JointActionStage::Dispatched | JointActionStage::InForce, Step::Feedback(id)) => next.report(*id)?,
        }
        Ok(next)
    }

    fn answer(&mut self, id: AssignmentId, answer: AssignmentAnswer) -> Result<(), OutOfOrder> {
        let stage = self.assignments.get_mut(&id).ok_or(OutOfOrder::NoSuchAssignment)?;
        *stage = match (*stage, answer) {
            (AssignmentStage::Assigned, AssignmentAnswer::Taken) => AssignmentStage::Taken,
            (AssignmentStage::Assigned, AssignmentAnswer::NotApplicable) => AssignmentStage::NotApplicable,
            _ => return Err(OutOfOrder::AlreadyAnswered),
        };
        self.settle();
        Ok(())
    }

    fn report(&mut self, id: AssignmentId) -> Result<(), OutOfOrder> {
        let stage = self.assignments.get_mut(&id).ok_or(OutOfOrder::NoSuchAssignment)?;
        match stage {
            AssignmentStage::Taken | AssignmentStage::Executed => *stage = AssignmentStage::Executed,
            AssignmentStage::Assigned | AssignmentStage::NotApplicable | AssignmentStage::Lifted => {
                return Err(OutOfOrder::NotTaken);
            }
        }
        self.settle();
        Ok(())
    }

    /// In force once nobody has to answer or to report for the first time; over when nobody takes anything.
    fn settle(&mut self) {
        let is_open = |stage: &AssignmentStage| matches!(stage, AssignmentStage::Assigned | AssignmentStage::Taken);
        if self.assignments.values().any(is_open) {
            return;
        }
        if self.assignments.values().all(|&stage| stage == AssignmentStage::NotApplicable) {
            self.end(JointActionEnding::NotApplicable);
        } else {
            self.stage = JointActionStage::InForce;
        }
    }

    fn end(&mut self, ending: JointActionEnding) {
        self.stage = JointActionStage::Ended;
        self.ending = Some(ending);
        self.suspensions = 0;
        for stage in self.assignments.values_mut().filter(|stage| **stage != AssignmentStage::NotApplicable) {
            *stage = AssignmentStage::Lifted;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use strum::IntoEnumIterator;

    use super::*;

    const A: AssignmentId = AssignmentId::new([1; 16]);
    const B: AssignmentId = AssignmentId::new([2; 16]);
    const UNKNOWN: AssignmentId = AssignmentId::new([3; 16]);

    fn steps() -> Vec<Step> {
        use AssignmentAnswer::{NotApplicable, Taken};
        vec![
            Step::Dispatch(vec![A, B]),
            Step::Dispatch(vec![]),
            Step::Respond(A, Taken),
            Step::Respond(A, NotApplicable),
            Step::Respond(B, Taken),
            Step::Respond(B, NotApplicable),
            Step::Respond(UNKNOWN, Taken),
            Step::Feedback(A),
            Step::Feedback(B),
            Step::Feedback(UNKNOWN),
            Step::Suspend,
            Step::Resume,
            Step::End(JointActionEnding::Repaired),
        ]
    }

    fn walk(steps: &[Step]) -> JointAction {
        steps.iter().fold(JointAction::initiated(), |action, step| action.after(step).unwrap())
    }

    #[test]
    fn it_is_in_force_when_all_have_answered_and_reported_what_they_take() {
        let dispatched = walk(&[Step::Dispatch(vec![A, B])]);
        assert_eq!(dispatched.stage, JointActionStage::Dispatched);
        let answered = walk(&[
            Step::Dispatch(vec![A, B]),
            Step::Respond(A, AssignmentAnswer::Taken),
            Step::Respond(B, AssignmentAnswer::NotApplicable),
        ]);
        assert_eq!(answered.stage, JointActionStage::Dispatched, "not reported yet");
        let reported = answered.after(&Step::Feedback(A)).unwrap();
        assert_eq!(reported.stage, JointActionStage::InForce);
        let ended = reported.after(&Step::End(JointActionEnding::Expired)).unwrap();
        assert_eq!(ended.assignments[&A], AssignmentStage::Lifted);
        assert_eq!(ended.assignments[&B], AssignmentStage::NotApplicable);
    }

    #[test]
    fn an_action_that_nobody_takes_ends_by_itself() {
        let ended = walk(&[Step::Dispatch(vec![A]), Step::Respond(A, AssignmentAnswer::NotApplicable)]);
        assert_eq!((ended.stage, ended.ending), (JointActionStage::Ended, Some(JointActionEnding::NotApplicable)));
    }

    #[test]
    fn while_an_objection_is_examined_everything_rests_but_the_end() {
        let resting = walk(&[Step::Dispatch(vec![A]), Step::Suspend, Step::Suspend, Step::Resume]);
        assert_eq!(resting.after(&Step::Respond(A, AssignmentAnswer::Taken)), Err(OutOfOrder::Suspended));
        assert!(resting.after(&Step::End(JointActionEnding::Revoked)).is_ok());
        let going_on = resting.after(&Step::Resume).unwrap();
        assert!(going_on.after(&Step::Respond(A, AssignmentAnswer::Taken)).is_ok());
        assert_eq!(going_on.after(&Step::Resume), Err(OutOfOrder::NotSuspended));
    }

    /// Every state that any steps can lead to, every step in each: what must hold of all of them.
    #[test]
    fn whatever_the_steps_the_stage_follows_from_the_assignments_and_an_end_is_the_end() {
        let mut seen = HashSet::new();
        let mut refusals = HashSet::new();
        let mut open = vec![JointAction::initiated()];
        while let Some(action) = open.pop() {
            if action.suspensions > 2 || !seen.insert(format!("{action:?}")) {
                continue;
            }
            let stages: Vec<_> = action.assignments.values().copied().collect();
            let waits = stages.iter().any(|stage| matches!(stage, AssignmentStage::Assigned | AssignmentStage::Taken));
            match action.stage {
                JointActionStage::Initiated => assert!(stages.is_empty()),
                JointActionStage::Dispatched => assert!(waits, "{action:?}"),
                JointActionStage::InForce => {
                    assert!(!waits && stages.contains(&AssignmentStage::Executed), "{action:?}");
                }
                JointActionStage::Ended => assert!(!waits && action.suspensions == 0, "{action:?}"),
            }
            assert_eq!(action.ending.is_some(), action.stage == JointActionStage::Ended);
            for step in steps() {
                match action.after(&step) {
                    Ok(next) => {
                        assert_ne!(action.stage, JointActionStage::Ended, "{action:?} {step:?}");
                        open.push(next);
                    }
                    Err(refusal) => drop(refusals.insert(refusal.to_string())),
                }
            }
        }
        let all: HashSet<String> = OutOfOrder::iter().map(|refusal| refusal.to_string()).collect();
        assert_eq!(refusals, all, "every refusal is met");
        assert!(seen.len() > 40, "{}", seen.len());
    }
}
