//! Identifiers of organisations and persons, as parsed types with their check characters.

/// A unified social credit code (GB 32100-2015), 18 characters, check character verified.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Uscc(String);
