//! Limits: just under and just over.
