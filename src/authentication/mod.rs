//! From a bearer token to a `Caller`. Nothing else makes one.
//!
//! Deliberately absent: login, sessions, users. Identities live with the issuers; this room only verifies
//! what they signed (RFC 7519, RFC 7517, RFC 8725) and refuses the rest with a reason for the ledger.

pub mod authenticator;
pub mod caller;
pub mod demo;
pub mod headers;
pub mod refusal;
pub mod settings;
pub mod signer;
pub mod source;

mod backend;
mod claims;
mod issuer;
mod key_ring;
mod key_set;
mod token_cache;

pub use authenticator::{Attempt, Authenticator, Background};
pub use backend::{BackendFault, install_crypto_backend, self_test};
pub use caller::{Caller, Claims, Proof, SubjectClaim};
pub use demo::{DemoFault, DemoIssuer, KEY_SET_FILE};
pub use headers::RequestHeaders;
pub use refusal::{Refusal, RefusalReason};
pub use settings::{ClaimNames, IssuerSettings, KeyOrigin, SettingsFault, SettingsFaults};
pub use signer::{SigningFault, TokenClaims, TokenSigner};
pub use source::{KeySource, SourceFault};
