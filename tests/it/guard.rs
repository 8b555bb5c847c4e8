//! The guard before the library: hostile documents are refused in linear time.
