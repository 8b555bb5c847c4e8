//! Builds each long-lived part once.
