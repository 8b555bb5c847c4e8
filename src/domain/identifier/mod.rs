//! Identifiers of organisations and persons, as parsed types with their check characters.
//!
//! Parsing is lenient in form (width, case, blanks, labels in the cell) and strict in substance.
//! Positions in errors count characters from 1, after the form has been put right.

mod citizen;
mod kind;
mod organization;
mod registration;
mod uscc;

pub use citizen::{CitizenNumber, CitizenNumberError};
pub use kind::IdentifierKind;
pub use organization::OrganizationCode;
pub use registration::RegistrationNumber;
pub use uscc::Uscc;

use zeroize::Zeroizing;

use crate::domain::text::{fold_width, is_blank};

/// Why a text is not the code of an organisation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdentifierError {
    /// The wrong number of characters.
    #[error("{found} characters instead of {expected}")]
    Length {
        /// What the standard asks for.
        expected: usize,
        /// What was found, blanks and labels not counted.
        found: usize,
    },
    /// A character that may not stand there.
    #[error("`{character}` may not stand at position {position}")]
    Character {
        /// The character.
        character: char,
        /// Where it stands, from 1.
        position: usize,
    },
    /// The check character does not belong to the others.
    #[error("wrong check character")]
    Check,
}

/// The text of a cell without blanks, labels and page counters such as `（1/1）`, half-width and upper-case.
/// Cleared from memory when dropped: it may be a citizen number.
fn compact(cell: &str, labels: &[&str]) -> Zeroizing<String> {
    let mut folded = Zeroizing::new(String::with_capacity(cell.len()));
    folded.extend(
        cell.chars()
            .filter(|&character| !is_blank(character))
            .map(|character| fold_width(character).to_ascii_uppercase()),
    );
    let mut rest = folded.as_str();
    loop {
        let before = rest.len();
        rest = strip_counter_before(strip_counter_behind(rest));
        for label in labels {
            rest = rest.strip_prefix(label).map_or(rest, |rest| rest.trim_start_matches(':'));
        }
        if rest.len() == before {
            return Zeroizing::new(rest.to_owned());
        }
    }
}

fn strip_counter_before(text: &str) -> &str {
    let digit = |character: char| character.is_ascii_digit();
    text.strip_prefix('(')
        .and_then(|rest| rest.trim_start_matches(digit).strip_prefix('/'))
        .and_then(|rest| rest.trim_start_matches(digit).strip_prefix(')'))
        .unwrap_or(text)
}

fn strip_counter_behind(text: &str) -> &str {
    let digit = |character: char| character.is_ascii_digit();
    text.strip_suffix(')')
        .and_then(|rest| rest.trim_end_matches(digit).strip_suffix('/'))
        .and_then(|rest| rest.trim_end_matches(digit).strip_suffix('('))
        .unwrap_or(text)
}

/// Checks that `text` has `expected` characters, all of them allowed at their position (from 0).
fn check_shape(text: &str, expected: usize, allowed: fn(usize, char) -> bool) -> Result<(), IdentifierError> {
    let found = text.chars().count();
    if found != expected {
        return Err(IdentifierError::Length { expected, found });
    }
    match text.chars().enumerate().find(|&(at, character)| !allowed(at, character)) {
        Some((at, character)) => Err(IdentifierError::Character { character, position: at + 1 }),
        None => Ok(()),
    }
}

/// The sum of values times weights, over as many characters as there are weights.
fn weighted_sum(text: &str, weights: &[u32], value: fn(char) -> u32) -> u32 {
    text.chars().zip(weights).map(|(character, weight)| value(character) * weight).sum()
}

/// The usual shape of the three public codes: text inside, parsed on the way in, printed as it is.
macro_rules! code_type {
    ($name:ident) => {
        impl $name {
            /// The code as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str(&self.0)
            }
        }

        impl std::str::FromStr for $name {
            type Err = crate::domain::identifier::IdentifierError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Self::parse(text)
            }
        }

        impl TryFrom<String> for $name {
            type Error = crate::domain::identifier::IdentifierError;

            fn try_from(text: String) -> Result<Self, Self::Error> {
                Self::parse(&text)
            }
        }

        impl From<$name> for String {
            fn from(code: $name) -> Self {
                code.0
            }
        }
    };
}

use code_type;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_counters_blanks_and_widths_fall_away() {
        let labels = ["统一社会信用代码", "代码"];
        for cell in [
            "统一社会信用代码：ab1",
            "（1/1）ＡＢ１",
            "AB1（1/12）",
            " a b\u{a0}1 ",
            "代码:代码：ab1",
            "(1/1)代码：AB1(2/2)",
        ] {
            assert_eq!(compact(cell, &labels).as_str(), "AB1", "{cell:?}");
        }
        assert_eq!(compact("AB1(1)", &labels).as_str(), "AB1(1)");
        assert_eq!(compact("", &labels).as_str(), "");
    }
}
