//! One file per subcommand: its arguments and what it does.

pub mod keys;
pub mod policy;
pub mod token;
