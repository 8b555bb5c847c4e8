//! What is wrong with a policy file, and where.

use std::fmt;

/// One fault in a file of the catalogue or of the departments. A load reports all of them together.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CatalogueFault {
    /// The file's name, without its folder.
    pub file: String,
    /// The line, counted from 1; `None` when the file as a whole is at fault.
    pub line: Option<usize>,
    /// What is wrong and what to write instead.
    pub reason: String,
}

impl CatalogueFault {
    /// A fault of the file as a whole.
    pub(super) fn of_file(file: &str, reason: impl Into<String>) -> Self {
        Self { file: file.to_owned(), line: None, reason: reason.into() }
    }
}

impl fmt::Display for CatalogueFault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(formatter, "{}:{line}: {}", self.file, self.reason),
            None => write!(formatter, "{}: {}", self.file, self.reason),
        }
    }
}

impl std::error::Error for CatalogueFault {}
