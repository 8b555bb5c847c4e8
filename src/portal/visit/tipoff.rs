//! What is sent with the pages of tip-offs. Nothing of it shows in a log.

use super::Attached;

/// A tip-off as it was typed. Its `Debug` shows nothing of it.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct TipoffForm {
    /// The code of whom it is about.
    pub uscc: String,
    /// In which field.
    pub field: String,
    /// What was seen.
    pub conduct: String,
    /// Who reports, and how to reach them; empty for who does not say.
    pub name: String,
    /// How to reach them.
    pub contact: String,
    /// What the form itself carries.
    pub form: String,
}

impl TipoffForm {
    /// As it was sent, by the names of the fields.
    pub(super) fn of(sent: impl Fn(&str) -> String) -> Self {
        Self {
            uscc: sent("uscc"),
            field: sent("field"),
            conduct: sent("conduct"),
            name: sent("name"),
            contact: sent("contact"),
            form: sent("form"),
        }
    }
}

impl std::fmt::Debug for TipoffForm {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("TipoffForm(…)")
    }
}

/// A query code as it was typed. Its `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct QueryCode(pub String);

impl std::fmt::Debug for QueryCode {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("QueryCode(…)")
    }
}

/// Files for a tip-off as they were sent. Their names say who sends them, so they are not kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TipoffFiles {
    /// Its query code.
    pub code: QueryCode,
    /// What is in them.
    pub files: Vec<Attached>,
}

impl TipoffFiles {
    /// Those in the field `files`.
    pub(super) fn of(code: QueryCode, files: Vec<(String, Attached)>) -> Self {
        let named = files.into_iter().filter(|(name, _)| name == "files");
        Self { code, files: named.map(|(_, file)| Attached { name: String::new(), ..file }).collect() }
    }
}
