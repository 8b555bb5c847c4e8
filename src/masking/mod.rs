//! The only road from a sensitive value to text.
