//! The catalogue: what is refused at start, and what the shipped one holds.
