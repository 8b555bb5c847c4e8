//! Every integration test, in one binary: files by promise, not by module.

mod catalogue;
mod guard;
mod import;
mod ledger_files;
mod ledger_log;
mod limits;
mod masks;
mod matrix;
mod policies;
mod rules;
mod sample;
mod sealing;
mod tokens;
mod words;
