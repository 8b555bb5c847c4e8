//! The words of the field, as types. Nothing here does I/O, reads a clock or names another room.

pub mod application;
pub mod calendar;
pub mod deadlines;
pub mod exchange;
pub mod id;
pub mod identifier;
pub mod joint_action;
pub mod listing;
pub mod penalty;
pub mod period;
pub mod push;
pub mod sealed;
pub mod sensitive;
pub mod text;
pub mod time;
pub mod tipoff;
pub mod vocabulary;
pub mod workflow;

pub use exchange::{ExchangeOperation, ExchangeState, PackageState};
pub use id::{
    AssignmentId, AuthorizationId, BatchId, BreakGlassId, CaseId, DepartmentId, EventId, ItemCode, MeasureCode,
    PurposeCode, RecordId, SubjectId, WebhookId,
};
pub use listing::{ListingDecision, ListingStage};
pub use push::{DeliveryState, EventKind, WebhookState};
pub use sealed::{Envelope, Place, SealedFields};
pub use sensitive::Sensitive;
pub use time::{Date, Instant};
pub use tipoff::{AttachmentKind, TipoffField, TipoffOutcome, TipoffStage};
pub use vocabulary::{
    DataClass, Disclosure, Language, Level, MaskRule, RecordState, Relation, Role, SubjectCategory, Tier,
};
pub use workflow::{
    ApplicationKind, ApplicationStage, AssignmentAnswer, AssignmentStage, JointActionEnding, JointActionKind,
    JointActionStage, MeasureGroup, ObjectionAnswer, PaperKind, PromiseStage, RepairDecision, TombstoneCause,
    WorkflowStep,
};
