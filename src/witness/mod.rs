//! Witnesses (C2SP tlog-witness): somebody else's word that a ledger has only grown. One side cosigns checkpoints and
//! remembers the largest of each ledger; the other asks for cosignatures and stores them with the checkpoint.
//!
//! Deliberately absent: entries. A witness sees sizes, roots and proofs, never who asked for what. Nor the routes of its server, which stand
//! with the others in `http`.

pub mod collector;
pub mod cosigner;
pub mod request;
