//! Every integration test, in one binary: files by promise, not by module.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test or helper that cannot go on fails its test, which is what it is for"
)]
#![allow(clippy::format_collect, clippy::format_push_string, reason = "texts of tests are short")]

mod answers;
mod applications;
mod authorizations;
mod backends;
mod break_glass;
mod bundles_http;
mod catalogue;
mod commands;
mod conformance;
mod delays;
mod disclosure;
mod disk;
mod durability;
mod exchange;
mod faults;
mod federation;
mod findings;
mod guard;
mod import;
mod imports;
mod joint_actions;
mod kills;
mod ledger_bundles;
mod ledger_files;
mod ledger_log;
mod ledger_public;
mod limits;
mod listings;
mod masks;
mod matrix;
mod migrations;
mod must_check;
mod new_item;
mod parsers;
mod policies;
mod portal;
mod push;
mod receipts;
mod recompute;
mod recovery;
mod redactions;
mod retention;
mod reviews;
mod rules;
mod sample;
mod schema;
mod sealing;
mod situations;
mod submissions;
mod support;
mod tidy;
mod tipoffs;
mod tokens;
mod witnesses;
mod words;
