//! Steps of the joint work (联合奖惩): which of them a caller may take, by how it stands to the case.
//!
//! INVARIANT: a `CasePermit` is made here alone. Taking a step and opening a text need one of that very action.

use std::sync::Arc;

use super::question::{Action, Target};
use super::rules::Rules;
use crate::domain::Role;

/// What is done with a case. The names stand in the policies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, strum::EnumIter)]
pub enum CaseAction {
    /// Initiate a joint action.
    Initiate,
    /// Dispatch it to the implementing departments.
    Dispatch,
    /// Answer to an assignment.
    Respond,
    /// Report an assignment.
    Feedback,
    /// End it.
    End,
    /// See that it is there, and how it stands.
    View,
    /// Read reasons and reports.
    ReadTexts,
    /// File an objection or an application for repair.
    File,
    /// Retract one.
    Retract,
    /// Decide on one.
    Decide,
    /// Accept a promise to hand papers in later, and say that it was kept.
    Promise,
    /// Draft an entry on a list.
    DraftListing,
    /// Tell the party of it, decide on it, withdraw it.
    DecideListing,
    /// State the party's case.
    StateListing,
    /// See that a tip-off is there, and how it stands.
    ViewTipoff,
    /// Name who handles it.
    AssignTipoff,
    /// Read what was seen and its attachments as they came, and answer.
    HandleTipoff,
    /// Read who reported.
    ReadReporter,
}

impl CaseAction {
    pub(super) fn as_question(self) -> Action {
        match self {
            Self::Initiate => Action::Initiate,
            Self::Dispatch => Action::Dispatch,
            Self::Respond => Action::Respond,
            Self::Feedback => Action::Feedback,
            Self::End => Action::End,
            Self::View => Action::ViewCase,
            Self::ReadTexts => Action::ReadCaseTexts,
            Self::File => Action::File,
            Self::Retract => Action::Retract,
            Self::Decide => Action::Decide,
            Self::Promise => Action::Promise,
            Self::DraftListing => Action::DraftListing,
            Self::DecideListing => Action::DecideListing,
            Self::StateListing => Action::StateListing,
            Self::ViewTipoff => Action::ViewTipoff,
            Self::AssignTipoff => Action::AssignTipoff,
            Self::HandleTipoff => Action::HandleTipoff,
            Self::ReadReporter => Action::ReadReporter,
        }
    }

    /// Whether any policy may permit it to the role. The administrators take part in nothing; a subject files and retracts, the
    /// departments do the rest.
    pub(super) fn is_open_to(self, role: Role) -> bool {
        let (office, own) = (matches!(role, Role::Department | Role::Coordinator), role == Role::Subject);
        match self {
            Self::Initiate
            | Self::Dispatch
            | Self::Respond
            | Self::Feedback
            | Self::End
            | Self::Decide
            | Self::Promise
            | Self::DraftListing
            | Self::DecideListing
            | Self::ViewTipoff
            | Self::AssignTipoff
            | Self::HandleTipoff
            | Self::ReadReporter => office,
            Self::File | Self::Retract | Self::StateListing => own,
            Self::ReadTexts => office || own,
            Self::View => office || own || matches!(role, Role::Public | Role::Grantee),
        }
    }
}

/// How a caller stands to a case. Facts that the case and the caller's token give; more than one may hold.
#[expect(clippy::struct_excessive_bools, reason = "independent facts, each of which a policy asks for by itself")]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Concern {
    /// The caller's department initiated it.
    pub initiator: bool,
    /// The caller's department was assigned a measure, after it was dispatched.
    pub implementer: bool,
    /// The caller's department provided the record that it rests on.
    pub provider: bool,
    /// It is about the caller.
    pub subject: bool,
    /// The record that it rests on is public today, and the action is in force.
    pub published: bool,
    /// Whoever has to act has let the day pass.
    pub escalated: bool,
    /// The caller is the officer who was named to handle it.
    pub handler: bool,
}

impl Concern {
    /// None, each alone, and all: for looking a policy through.
    pub(super) fn probes() -> impl Iterator<Item = Self> {
        [0_u8, 1, 2, 4, 8, 16, 32, 64, 127].into_iter().map(|bits| {
            let has = |bit: u8| bits & (1 << bit) != 0;
            Self {
                initiator: has(0),
                implementer: has(1),
                provider: has(2),
                subject: has(3),
                published: has(4),
                escalated: has(5),
                handler: has(6),
            }
        })
    }
}

/// The right to do one thing with one case.
#[derive(Clone, Debug)]
pub struct CasePermit {
    action: CaseAction,
    policies: Arc<[Arc<str>]>,
}

impl CasePermit {
    /// What may be done.
    pub fn action(&self) -> CaseAction {
        self.action
    }

    /// The policies that permit it.
    pub fn policies(&self) -> &[Arc<str>] {
        &self.policies
    }
}

/// Decides one action on one case; `None` = not permitted.
pub(super) fn decide(
    rules: &Rules,
    asker: &Arc<super::question::Asker>,
    action: CaseAction,
    concern: Concern,
) -> Option<CasePermit> {
    if !action.is_open_to(asker.role) {
        return None;
    }
    let answer = rules.ask(asker, action.as_question(), Target::Case(concern));
    answer.allowed.then_some(CasePermit { action, policies: answer.policies })
}
