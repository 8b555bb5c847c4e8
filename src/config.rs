//! Settings, typed, all faults at once.
