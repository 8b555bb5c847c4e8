//! Pages of the public and of the desks: the gateway for whoever writes no GraphQL, as HTML, in Chinese and English.
//!
//! A page view is a query: it is made under an `Inquiry` with its permit, enclosed, and released with the receipt of its
//! entry, which then stands on the page. Pages ask the use cases of `exchange` and nothing below them. Every task works
//! without a script; nothing comes from another host. Deliberately absent: any decision on what may be seen, any SQL,
//! and HTTP: `http::portal_route` brings a `Visit` and takes a page.

pub mod assets;
mod card;
mod faults;
mod filter;
mod frame;
pub mod made;
mod pages;
mod sheet;
pub mod texts;
pub mod visit;

pub use made::{Made, Refused, log_in_again, logged_out, make, refusal, with_receipt};
pub use visit::{Place, Visit};
