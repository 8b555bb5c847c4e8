//! The objects of the contract. Those of the platform are derived; records and `Node` are registered from the catalogue.

pub mod access_log;
pub mod application;
pub mod audit_entry;
pub mod authorization;
pub mod awaiting_act;
pub mod break_glass;
pub mod catalogue_item;
pub mod connection;
pub mod coverage;
pub mod credit_check;
pub mod delay;
pub mod department;
pub mod finding;
pub mod joint_action;
pub mod measure;
pub mod node;
pub mod promise;
pub mod rate_limit;
pub mod record;
pub mod record_type;
pub mod redaction;
pub mod returns;
pub mod review;
pub mod subject;
pub mod viewer;
