//! What is wrong with what was sent in a form, by the field that it stands at.

/// The first fault of each field, in words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Faults(Vec<(String, String)>);

impl Faults {
    /// Another one; of a field the first stays.
    pub(super) fn add(&mut self, field: &str, text: String) {
        if self.at(field).is_none() {
            self.0.push((field.to_owned(), text));
        }
    }

    /// That of a field.
    pub(super) fn at(&self, field: &str) -> Option<&str> {
        self.0.iter().find(|(of, _)| of == field).map(|(_, text)| text.as_str())
    }

    /// Whether all is well.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
