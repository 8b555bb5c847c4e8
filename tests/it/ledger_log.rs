//! The ledger: append, tree, checkpoints, receipts, on both backends.
