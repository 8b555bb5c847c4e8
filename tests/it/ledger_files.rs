//! Exported ledgers: verified offline, and every tampering found.
