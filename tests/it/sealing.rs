//! Sealing: opens at its place and nowhere else.
