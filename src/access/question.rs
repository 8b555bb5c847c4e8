//! What is asked of the policies, in our own words.
//!
//! A question carries only what the loaded policies read; everything else is left at one fixed value. Two questions
//! that no policy can tell apart are therefore equal, and each is answered once.

use std::sync::Arc;

use super::case::Concern;
use crate::domain::{
    DataClass, Date, DepartmentId, ItemCode, MaskRule, PurposeCode, Relation, Role, SubjectCategory, Tier,
};

/// What a caller wants to do. The names stand in the policies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, strum::EnumIter, strum::IntoStaticStr)]
#[strum(serialize_all = "camelCase")]
pub(super) enum Action {
    /// See a field clear.
    Read,
    /// See a field masked.
    ReadMasked,
    /// Find records by a field's value, without a relation to them.
    Filter,
    /// Look a natural person up by citizen number.
    Lookup,
    /// Initiate a joint action.
    #[strum(serialize = "initiateJointAction")]
    Initiate,
    /// Dispatch one.
    #[strum(serialize = "dispatchJointAction")]
    Dispatch,
    /// Answer to an assignment.
    #[strum(serialize = "respondJointAction")]
    Respond,
    /// Report an assignment.
    #[strum(serialize = "submitExecutionFeedback")]
    Feedback,
    /// End a joint action.
    #[strum(serialize = "endJointAction")]
    End,
    /// See a case.
    ViewCase,
    /// Read the texts of a case.
    ReadCaseTexts,
    /// File an application.
    #[strum(serialize = "fileApplication")]
    File,
    /// Retract one.
    #[strum(serialize = "retractApplication")]
    Retract,
    /// Decide on one.
    #[strum(serialize = "decideApplication")]
    Decide,
    /// Accept a promise.
    #[strum(serialize = "acceptPromise")]
    Promise,
    /// Draft an entry on a list.
    DraftListing,
    /// Decide on one.
    DecideListing,
    /// State the party's case.
    StateListing,
    /// See that a tip-off is there.
    ViewTipoff,
    /// Name who handles one.
    AssignTipoff,
    /// Handle one.
    HandleTipoff,
    /// Read who reported.
    ReadReporter,
}

/// Who asks, with what right, on which day.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Asker {
    /// The role.
    pub(super) role: Role,
    /// The department of a `DEPARTMENT` or `COORDINATOR`.
    pub(super) department: Option<DepartmentId>,
    /// The organization code of a `GRANTEE`.
    pub(super) organization: Option<String>,
    /// The usable purpose.
    pub(super) purpose: Option<PurposeCode>,
    /// Whether that purpose allows looking persons up.
    pub(super) allows_lookup: bool,
    /// Today in Asia/Shanghai.
    pub(super) today: Date,
}

/// One field for one category of subject, as the policies see it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct FieldFacts {
    /// The item, when a policy names one.
    pub(super) item: Option<ItemCode>,
    /// The field's name, when a policy names one; `_head.` and a name for the columns every record has.
    pub(super) name: Option<String>,
    /// How sensitive it is.
    pub(super) class: DataClass,
    /// The lowest tier that sees it clear.
    pub(super) tier: Option<Tier>,
    /// The lowest tier that sees it masked.
    pub(super) masked_from: Option<Tier>,
    /// The rule that masks it.
    pub(super) mask: Option<MaskRule>,
    /// The category of subject.
    pub(super) category: SubjectCategory,
    /// No authorization opens it.
    pub(super) self_only: bool,
    /// Found by exact match.
    pub(super) indexed: bool,
    /// The item's chapter, when a policy reads it.
    pub(super) item_category: Option<String>,
    /// The item's sharing attribute.
    pub(super) sharing: &'static str,
    /// The item's provider, when a policy reads it.
    pub(super) provider: Option<DepartmentId>,
}

/// What it is about.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Target {
    /// A field, for a caller that stands so to the record.
    Field(Arc<FieldFacts>, Relation),
    /// The register of persons; `granted` when a subject has authorized the caller.
    Register {
        /// Whether the caller holds an authorization for its purpose.
        granted: bool,
    },
    /// A case of the joint work, for a caller that stands so to it.
    Case(Concern),
}

/// One question.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Question {
    /// Who asks.
    pub(super) asker: Arc<Asker>,
    /// To do what.
    pub(super) action: Action,
    /// With what.
    pub(super) target: Target,
}

/// The policies' answer.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    /// Whether a policy permits it and none forbids it.
    pub(super) allowed: bool,
    /// The ids of the policies that decided, sorted: the permits when allowed, the forbids when not.
    pub(super) policies: Arc<[Arc<str>]>,
}
