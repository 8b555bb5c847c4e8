//! Identifiers and working days, against real data.
