//! What a caller may see, decided once per caller profile and carried as a `Permit`.
//!
//! The catalogue supplies the facts and the widest reach (`reach`), Cedar policies decide below it (`cedar`), a purpose
//! from a closed list opens government sharing (`purposes`). Deliberately absent: any record, any value, any I/O but
//! the reading of policy files.

mod cache;
pub mod case;
mod cedar;
mod check;
mod decider;
mod fault;
pub mod findings;
#[cfg(test)]
mod fixture;
mod folder;
mod head;
#[cfg(test)]
mod load_tests;
mod mentions;
pub mod must_check;
pub mod permit;
#[cfg(test)]
mod permit_tests;
mod profile;
pub mod purposes;
mod question;
mod reach;
mod rules;
mod table;

pub use case::{CaseAction, CasePermit, Concern};
pub use decider::{Decider, Explained};
pub use fault::{PolicyFault, PurposeNotAllowed};
pub use findings::Findings;
pub use folder::hash_of_rules;
pub use head::HeadField;
pub use must_check::MustCheck;
pub use permit::{Cell, Decision, Facts, Grant, Permit, Standing, Window, Withheld};
pub use profile::Asking;
pub use purposes::{BreakGlass, Departments, Purpose, Purposes};
pub use reach::may_stand;
pub use table::ItemTable;
