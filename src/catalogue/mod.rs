//! The resource catalogue (信用信息资源目录) as data: what each item holds and who may see which field.
//!
//! Items are TOML files. A file that leaves anything open stops the start: nothing is public by default.

pub mod model;

pub use model::{
    Bilingual, Catalogue, Field, FieldType, Head, Item, NaturalKey, Reach, Requirement, Sharing, SubjectMapping,
    Vintage,
};
