//! Masks: every rule with its edge cases.
