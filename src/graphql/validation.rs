//! What kind of fault a document has that does not fit the schema. The library's own texts name what was written, and
//! a document that fits nothing may hold anything; the kind and the place are enough to find it.

/// What the library's text begins with, what else it holds, and how we say it.
const KINDS: [(&str, &str, &str); 21] = [
    ("Unknown field", "", "a type has no field of this name"),
    ("Unknown argument", "\" on directive \"", "a directive has no argument of this name"),
    ("Unknown argument", "", "a field has no argument of this name"),
    ("Unknown type", "", "there is no type of this name"),
    ("Unknown fragment", "", "there is no fragment of this name"),
    ("Unknown directive", "", "there is no directive of this name"),
    ("Duplicate directive", "", "a directive stands twice"),
    ("Directive", "may not be used", "a directive stands where it may not"),
    ("Invalid value for argument", "", "the value of an argument is of another type"),
    ("Invalid default value", "", "the default value of a variable is of another type"),
    ("Fragment", "is never used", "a fragment is not used"),
    ("Fragment", "", "a fragment stands on a type that it cannot be of"),
    ("Variable", "is not defined", "a variable is not declared"),
    ("Variable", "is not used", "a variable is declared and not used"),
    ("Variable", "", "a variable is of another type than its place"),
    ("Fields", "conflict", "two different fields have one name in the answer: give one an alias"),
    ("Field", "must have a selection", "a field of an object type needs a selection of its fields"),
    ("Field", "must not have a selection", "a field of a scalar type has no fields to select"),
    ("There can only be one", "", "a name stands twice"),
    ("Field", "is required but not provided", "a required argument is missing"),
    ("Directive", "is required but not provided", "a required argument of a directive is missing"),
];

/// The fault in a sentence that repeats nothing of the document.
pub(super) fn told(of_the_library: &str) -> String {
    let kind = KINDS.iter().find(|(start, part, _)| of_the_library.starts_with(start) && of_the_library.contains(part));
    match kind {
        Some((_, _, kind)) => format!("the document does not fit the schema here: {kind}"),
        None => "the document does not fit the schema here".to_owned(),
    }
}

/// The library's text about a value of another type, without the value.
pub(super) fn without_value(of_the_library: &str) -> &str {
    of_the_library.split_once(", found ").map_or(of_the_library, |(expected, _)| expected)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_the_document_is_repeated() {
        let told = told("Unknown field \"11010519491231002X\" on type \"Query\".");
        assert_eq!(told, "the document does not fit the schema here: a type has no field of this name");
        assert_eq!(super::told("Something new about 11010519491231002X"), "the document does not fit the schema here");
    }
}
