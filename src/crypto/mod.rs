//! Keys, sealing and opening of private values, blind indexes.
//!
//! Deliberately absent: any way to open an envelope without a `Cell` of the caller's permit, and any
//! trial of several keys. Keys never leave the gateway.

mod columns;
mod envelope;
pub mod index;
pub mod key;
mod keyfile;
pub mod keyring;
mod padding;
pub mod sealing;
#[cfg(test)]
mod tests;
pub mod tipoff;

pub use key::{Algorithm, KeyInfo, KeyState, Purpose};
pub use keyring::{Keyring, KeyringError};
pub use sealing::{OpenError, OpenFault, RewrapError, SECRETS, SealError};
