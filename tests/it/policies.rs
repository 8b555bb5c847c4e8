//! Policies: validated at start, narrowing only.
