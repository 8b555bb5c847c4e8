//! The words of the field, as types. Nothing here does I/O, reads a clock or names another room.

pub mod calendar;
pub mod id;
pub mod identifier;
pub mod penalty;
pub mod period;
pub mod sealed;
pub mod sensitive;
pub mod text;
pub mod time;
pub mod vocabulary;

pub use id::{AuthorizationId, BatchId, BreakGlassId, DepartmentId, ItemCode, PurposeCode, RecordId, SubjectId};
pub use sealed::{Envelope, Place, SealedFields};
pub use sensitive::Sensitive;
pub use time::{Date, Instant};
pub use vocabulary::{
    DataClass, Disclosure, Language, Level, MaskRule, RecordState, Relation, Role, SubjectCategory, Tier,
};
