//! The tamper-evident record of every query, durable before any answer leaves.
//!
//! The formats are public ones: the RFC 6962 tree, C2SP signed notes, checkpoints and tiles. An entry (`entry`) becomes
//! a leaf with salted commitments and a sealed body (`draft`, `commitment`, `body`); one thread writes (`append`), one
//! grows and signs the tree (`integrate`); callers get a `receipt` and, with it, their answer (`undisclosed`).
//! Auditors take an `export` and check it with `verify`, on another machine, without us.

mod append;
pub mod audit;
pub mod body;
pub mod bundle;
pub mod canonical;
pub mod checkpoint;
pub mod commitment;
pub mod cosignature;
pub mod delay;
pub mod disk;
mod draft;
pub mod entry;
pub mod export;
mod high_water;
pub mod integrate;
pub mod keys;
pub mod leaf;
mod line;
mod log;
pub mod manifest;
pub mod note;
mod parquet;
pub mod period_keys;
pub mod policy;
pub mod proof;
pub mod proof_file;
pub mod published;
pub mod read;
pub mod receipt;
pub mod recover;
pub mod redaction;
pub mod report;
pub mod retention;
pub mod review;
pub mod small_file;
pub mod state;
mod table;
mod thrift;
pub mod tile;
pub mod tile_name;
pub mod tree;
pub mod undisclosed;
pub mod verify;
pub mod verify_bundle;
pub mod verify_database;
pub mod verify_index;

pub use audit::Expectation;
pub use body::BodyKeys;
pub use entry::{Committed, Decision, EntryKind, FieldCounts, NewEntry};
pub use export::{Disclosures, Export, ExportError, Exported};
pub use keys::{LedgerKeys, SigningKeys};
pub use log::{Ledger, LedgerError, LedgerSettings};
pub use note::{KeyKind, VerifierKey};
pub use policy::{Policy, PolicyFault};
pub use proof_file::{ProofFault, ProofFile};
pub use published::ProofError;
pub use read::{Entry, EntryQuery};
pub use receipt::{Receipt, ShownReceipt, verify_receipt};
pub use report::{Fault, Outcome, Report};
pub use state::{Reason, Shortage, State, Unavailable};
pub use tile_name::TileName;
pub use undisclosed::{NotItsReceipt, Undisclosed, release};
pub use verify::verify_export;
pub use verify_bundle::{Trust, Verified, verify_bundle};
pub use verify_database::verify_database;
pub use verify_index::verify_index;
