//! A value that must not be printed by accident.
//!
//! Deliberately absent: `Display`, `Serialize`, any GraphQL output type.

use zeroize::Zeroizing;

/// Text that is personal or secret. Its memory is cleared when it is dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct Sensitive(Zeroizing<String>);

impl Sensitive {
    /// Takes `text` in.
    pub fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    /// The one greppable way out. Callers are `crypto`, `masking` and the importer's checks.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Sensitive {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Sensitive(…)")
    }
}
