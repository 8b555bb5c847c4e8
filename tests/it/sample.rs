//! The generated sample.
