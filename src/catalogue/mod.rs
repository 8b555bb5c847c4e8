//! The resource catalogue (信用信息资源目录) as data: what each item holds and who may see which field.
//!
//! Items are TOML files. A file that leaves anything open stops the start: nothing is public by default.

pub mod calendar;
pub mod columns;
pub mod departments;
pub mod fault;
pub mod format;
pub mod measures;
pub mod model;
pub mod platforms;
pub mod rules;
pub mod terms;

mod build;
mod check;
mod check_field;
mod check_vintage;
mod draft;
mod file;
mod load;
mod section;

pub use calendar::{load_calendar, read_calendar};
pub use columns::column_key;
pub use departments::{Department, Departments, Division};
pub use fault::CatalogueFault;
pub use format::DataFormat;
pub use measures::{BasisKind, Measure, Measures};
pub use model::{
    Bilingual, Catalogue, Field, FieldType, Head, Item, ListKind, NaturalKey, Reach, Requirement, Sharing,
    SubjectMapping, Vintage,
};
pub use platforms::{DateFormat, FileEncoding, FileFormat, Platform, Platforms};
pub use rules::{PUBLICATION_RULES, RulePacks};
pub use terms::CATEGORIES;
