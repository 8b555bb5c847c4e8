//! What was sent along with a visit: fields by name, and files.

use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

/// A form as it was posted. Nothing of it is known yet.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Posted {
    /// Names and values, in order.
    pub fields: Vec<(String, String)>,
    /// Names of fields, and the files in them.
    pub files: Vec<(String, Attached)>,
}

impl Posted {
    /// The value of a field.
    pub fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(of, _)| of == name).map(|(_, value)| value.as_str())
    }
}

impl std::fmt::Debug for Posted {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_set().entries(self.fields.iter().map(|(name, _)| name)).finish()
    }
}

impl std::fmt::Debug for Attached {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Attached({} bytes)", self.bytes.len())
    }
}

/// A file as it was sent.
#[derive(Clone, PartialEq, Eq)]
pub struct Attached {
    /// Its name.
    pub name: String,
    /// What is in it.
    pub bytes: Vec<u8>,
}

impl Attached {
    /// SHA-256 of it, in hexadecimal digits.
    pub fn digest(&self) -> String {
        hex::encode(Sha256::digest(&self.bytes))
    }
}

/// What a page knows by name of what was sent. Its `Debug` shows no value.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Sent {
    fields: Vec<(String, String)>,
    files: Vec<(String, Attached)>,
}

impl Sent {
    /// What is known by these names; the rest is dropped, as is what is empty.
    pub(super) fn of(names: &[&str], fields: &[(String, String)]) -> Self {
        let known = fields.iter().filter(|(name, _)| names.contains(&name.as_str()));
        // Browsers end lines of a form as the network does.
        let trimmed = known.map(|(name, value)| (name.clone(), value.trim().replace("\r\n", "\n")));
        Self { fields: trimmed.filter(|(_, value)| !value.is_empty()).collect(), files: Vec::new() }
    }

    /// The same of a form, with its files.
    pub(super) fn of_form(names: &[&str], posted: Posted) -> Self {
        let files = posted.files.into_iter().filter(|(name, _)| names.contains(&name.as_str())).collect();
        Self { files, ..Self::of(names, &posted.fields) }
    }

    /// The value of this name; empty when it was not sent.
    pub fn get(&self, name: &str) -> &str {
        self.find(name).unwrap_or_default()
    }

    /// The value of this name, when it was sent.
    pub fn find(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(of, _)| of == name).map(|(_, value)| value.as_str())
    }

    /// All values of this name.
    pub fn all<'s>(&'s self, name: &'s str) -> impl Iterator<Item = &'s str> {
        self.fields.iter().filter(move |(of, _)| of == name).map(|(_, value)| value.as_str())
    }

    /// The file of this name, when it was sent.
    pub fn file(&self, name: &str) -> Option<&Attached> {
        self.files.iter().find(|(of, _)| of == name).map(|(_, file)| file)
    }

    /// Whether nothing was sent.
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty() && self.files.is_empty()
    }

    /// What was sent, for the ledger: of files name, length and digest.
    pub(super) fn tell(&self, members: &mut Map<String, Value>) {
        for (name, value) in &self.fields {
            let member = members.entry(name.as_str()).or_insert(Value::Null);
            *member = match member.take() {
                Value::Null => value.as_str().into(),
                Value::Array(mut values) => {
                    values.push(value.as_str().into());
                    values.into()
                }
                first => vec![first, value.as_str().into()].into(),
            };
        }
        for (name, file) in &self.files {
            let told = json!({ "name": file.name, "bytes": file.bytes.len(), "sha256": file.digest() });
            members.insert(format!("{name} file"), told);
        }
    }
}

impl std::fmt::Debug for Sent {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_set().entries(self.fields.iter().map(|(name, _)| name)).finish()
    }
}
