//! What can be wrong with policy files, and with a declared purpose.

use std::fmt;

/// One fault of a policy file: where, which policy, what.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub struct PolicyFault {
    /// The file's name inside the folder, or the folder itself.
    pub file: String,
    /// The line, counted from 1, where one is known.
    pub line: Option<usize>,
    /// The `@id` of the policy, or the code of the purpose, where one is known.
    pub name: Option<String>,
    /// What is wrong.
    pub reason: String,
}

impl PolicyFault {
    /// A fault of a whole file.
    pub fn of_file(file: &str, reason: impl Into<String>) -> Self {
        Self { file: file.to_owned(), line: None, name: None, reason: reason.into() }
    }

    /// The same fault at the line on which the byte `offset` of `text` stands.
    #[must_use]
    pub(super) fn at(mut self, text: &str, offset: usize) -> Self {
        let before = text.as_bytes().get(..offset).unwrap_or(text.as_bytes());
        self.line = Some(before.split(|&byte| byte == b'\n').count());
        self
    }

    /// The same fault, of the policy or purpose `name`.
    #[must_use]
    pub(super) fn named(mut self, name: &str) -> Self {
        self.name = Some(name.to_owned());
        self
    }
}

impl fmt::Display for PolicyFault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.file)?;
        if let Some(line) = self.line {
            write!(formatter, ":{line}")?;
        }
        if let Some(name) = &self.name {
            write!(formatter, ": `{name}`")?;
        }
        write!(formatter, ": {}", self.reason)
    }
}

/// A declared purpose that is unknown, or not this caller's to claim (HTTP 403 `PURPOSE_NOT_ALLOWED`).
/// The two print the same text: the list of purposes that others may claim is not told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PurposeNotAllowed {
    /// No entry of the list has this code.
    #[error("the declared purpose is not one this caller may claim")]
    Unknown,
    /// The entry names other roles or departments.
    #[error("the declared purpose is not one this caller may claim")]
    NotClaimable,
}
