//! The ledger's rows. What they mean, and whether they are true, is for the room `ledger`.

pub mod delay;
pub mod entry;
pub mod epoch;
pub mod head;
pub mod period;
pub mod redaction;
pub mod review;
pub mod schema;
pub mod subject;
pub mod tree;
