//! The whole access matrix as a snapshot.
