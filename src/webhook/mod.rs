//! Sending to webhooks by the Standard Webhooks specification: where may be sent to, the signature, the request.
//!
//! Deliberately absent: what is sent, when, and again; `exchange::push` decides that.

pub mod destinations;
pub mod sender;
pub mod signature;

pub use destinations::{Destinations, WebhookSettings};
pub use sender::{Message, Sender, Sent};
pub use signature::Secret;
