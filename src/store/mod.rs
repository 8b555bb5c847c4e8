//! Rows in, rows out. Knows no policy; what a row means is for the rooms that ask.
//!
//! `connection` alone names a backend.

pub mod connection;
pub mod database;
pub mod error;

pub use connection::{AnyConnection, MigrationSet};
pub use database::Database;
pub use error::StoreError;
