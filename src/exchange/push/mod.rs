//! Push (信息推送): steps of the joint work as events, for those who have to know of them. An event is written in the transaction of
//! its step; its receiver reads it (`feed`), is sent it over an open connection, or has it sent to a webhook (`sending`).
//!
//! An event says that something was done, about what, and when: what it was is read under the receiver's own permit. At least once, in
//! the receiver's order; its id tells repeats.

pub mod feed;
pub(super) mod notices;
pub mod sending;
pub mod webhook;

pub use crate::store::delivery::DeliveryRow;
pub use crate::store::event::EventRow;
pub use crate::store::webhook::WebhookRow;
