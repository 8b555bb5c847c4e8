//! The use cases, one public function each. Joins the rooms; knows neither HTTP nor GraphQL.

pub mod access_log;
pub mod audit;
pub mod authorization;
pub mod coverage;
pub mod credit_check;
pub mod cursor;
pub mod deposit;
pub mod disclosures;
pub mod fault;
pub mod filter;
pub mod findings;
pub mod gateway;
pub mod import;
pub mod inquiry;
pub mod ledger_pages;
pub mod node_id;
mod page;
pub mod recompute;
pub mod record;
pub mod redaction;
pub mod register;
pub mod review;
pub mod standing;
pub mod subject;
pub mod submission;
pub mod tally;
pub mod total;
