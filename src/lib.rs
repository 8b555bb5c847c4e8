//! chengxin (诚信): a GraphQL gateway over a city's public credit information.
//!
//! Every caller gets exactly what the three tiers allow (社会公开, 政务共享, 授权查询), private fields
//! are masked, and no byte of an answer leaves before the query stands in a tamper-evident ledger.
//! The modules stand in walking order: each step of a query hands the next a value that only it can make.

/// The words: identifiers, dates and working days, tiers, roles, sensitive values. Pure.
pub mod domain;

/// Time, ids and randomness, passed in.
pub mod clock;

/// What the city's resource catalogue says of each item and field.
pub mod catalogue;

/// HTTP clients for what the gateway asks of others.
pub mod client;

/// From a bearer token to a `Caller`.
pub mod authentication;

/// How much a caller may ask for.
pub mod admission;

/// What a caller may see: Cedar policies, purposes, authorizations, the `Permit`.
pub mod access;

/// Keys, sealing and opening of private values, blind indexes.
pub mod crypto;

/// The only road from a sensitive value to text.
pub mod masking;

/// Rows in, rows out. Knows no policy.
pub mod store;

/// The tamper-evident record of every query.
pub mod ledger;

/// Somebody else's word that the ledger has only grown.
pub mod witness;

/// Sending events to those who want them sent.
pub mod webhook;

/// The use cases, one public function each.
pub mod exchange;

/// The schema, the guard before it, the answers behind it.
pub mod graphql;

/// The public's pages, in Chinese and English.
pub mod portal;

/// Routes and middleware, in order.
pub mod http;

/// Settings, typed, all faults at once.
pub mod config;

/// Builds each long-lived part once.
pub mod app;

/// One file per subcommand.
pub mod cli;
