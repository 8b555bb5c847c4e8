//! From a bearer token to a `Caller`. Nothing else makes one.

pub mod caller;

pub use caller::{Caller, Claims, Proof, SubjectClaim};
