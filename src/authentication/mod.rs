//! From a bearer token to a `Caller`. Nothing else makes one; a session gives back what a token has proved.
//!
//! Deliberately absent: users and passwords. Identities live with the issuers; this room only verifies what they signed
//! (RFC 7519, RFC 7517, RFC 8725) and refuses the rest with a reason for the ledger, and sends browsers to them.

pub mod authenticator;
pub mod caller;
pub mod demo;
pub mod headers;
pub mod log_out;
pub mod openid;
pub mod refusal;
pub mod session;
pub mod settings;
pub mod signer;
pub mod source;

mod backend;
mod claims;
mod issuer;
mod key_ring;
mod key_set;
mod token_cache;

pub use authenticator::{Attempt, Authenticator, Background, declaring};
pub use backend::{BackendFault, install_crypto_backend, self_test};
pub use caller::{Caller, Claims, Proof, SubjectClaim};
pub use demo::{DemoFault, DemoIssuer, KEY_SET_FILE};
pub use headers::RequestHeaders;
pub use log_out::LoggedOut;
pub use openid::{Binding, LoginSettings, OpenId, OpenIdFault};
pub use refusal::{Refusal, RefusalReason};
pub use session::SessionSeal;
pub use settings::{ClaimNames, IssuerSettings, KeyOrigin, SettingsFault, SettingsFaults};
pub use signer::{SigningFault, TokenClaims, TokenSigner};
pub use source::{KeySource, SourceFault};
