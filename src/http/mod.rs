//! Routes and middleware, in the order a request meets them. Knows no store, no cipher, no ledger.

pub mod bundle_route;
pub mod fold;
mod form;
pub mod graphql_route;
pub mod health;
pub mod ledger_route;
mod login_route;
pub mod metrics;
mod portal_route;
pub mod query_page;
pub mod request;
pub mod respond;
mod returns_route;
pub mod server;
pub mod service;
pub mod socket;
mod tipoff_route;
pub mod witness_server;
