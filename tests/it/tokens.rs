//! Tokens: accepted, refused, cached, rotated.
