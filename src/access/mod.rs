//! What a caller may see, decided once per caller profile and carried as a `Permit`.

pub mod permit;

pub use permit::{Cell, Decision, Facts, Grant, ItemTable, Permit, Standing, Window, Withheld};
