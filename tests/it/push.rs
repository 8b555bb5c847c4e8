//! Push (信息推送): who is told of what, over three ways, at least once, in order, and what nobody else learns.

mod clients;
pub mod feed;
mod receiver;
mod sockets;
mod survival;
mod webhooks;
