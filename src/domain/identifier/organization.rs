//! 组织机构代码, the organisation code (GB 11714-1997), now the core of the unified social credit code.

use serde::{Deserialize, Serialize};

use super::{IdentifierError, check_shape, code_type, compact, weighted_sum};

const WEIGHTS: [u32; 8] = [3, 7, 9, 10, 5, 8, 4, 2];

const LABELS: [&str; 2] = ["组织机构代码", "机构代码"];

/// An organisation code: 8 characters and a check character, kept and printed without the hyphen.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct OrganizationCode(String);

code_type!(OrganizationCode);

impl OrganizationCode {
    /// Reads a code with or without its hyphen (`D2143569-X`, `D2143569X`); form is put right as for the unified code.
    ///
    /// # Errors
    /// [`IdentifierError`] when the length, a character or the check character is wrong.
    pub fn parse(cell: &str) -> Result<Self, IdentifierError> {
        let mut text = compact(cell, &LABELS);
        if let Some((hyphen, _)) = text.char_indices().nth(8).filter(|&(_, c)| matches!(c, '-' | '—' | '–' | '‐'))
        {
            text.remove(hyphen);
        }
        check_shape(&text, 9, may_stand)?;
        if !text.ends_with(check_character(&text)) {
            return Err(IdentifierError::Check);
        }
        Ok(Self(text.as_str().to_owned()))
    }

    /// The code that begins with these 8 characters.
    ///
    /// # Errors
    /// [`IdentifierError`] when the length or a character is wrong.
    pub fn with_check(prefix: &str) -> Result<Self, IdentifierError> {
        check_shape(prefix, 8, may_stand)?;
        Ok(Self(format!("{prefix}{}", check_character(prefix))))
    }
}

fn may_stand(at: usize, character: char) -> bool {
    character.is_ascii_digit() || if at < 8 { character.is_ascii_uppercase() } else { character == 'X' }
}

fn check_character(text: &str) -> char {
    // Base 36 gives letters the values that GB 11714 does: A = 10 … Z = 35.
    let sum = weighted_sum(text, &WEIGHTS, |character| character.to_digit(36).unwrap_or_default());
    match 11 - sum % 11 {
        10 => 'X',
        11 => '0',
        check => char::from_digit(check, 10).unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_example_of_the_standard_reads_with_and_without_hyphen() {
        for cell in
            ["D2143569-X", "D2143569X", "d2143569-x", "组织机构代码：D2143569－X", " D2143569 - X ", "D2143569—X"]
        {
            assert_eq!(OrganizationCode::parse(cell).unwrap().as_str(), "D2143569X", "{cell:?}");
        }
    }

    #[test]
    fn a_wrong_code_says_what_is_wrong() {
        assert_eq!(OrganizationCode::parse("D2143569-1"), Err(IdentifierError::Check));
        assert_eq!(OrganizationCode::parse("D2143569"), Err(IdentifierError::Length { expected: 9, found: 8 }));
        assert_eq!(OrganizationCode::parse("D2-1435-69X"), Err(IdentifierError::Length { expected: 9, found: 11 }));
        assert_eq!(
            OrganizationCode::parse("D2143569Y"),
            Err(IdentifierError::Character { character: 'Y', position: 9 })
        );
        assert_eq!(
            OrganizationCode::parse("D214356_X"),
            Err(IdentifierError::Character { character: '_', position: 8 })
        );
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn a_computed_check_parses_and_any_other_fails(prefix in "[0-9A-Z]{8}", other in "[0-9X]") {
            let code = OrganizationCode::with_check(&prefix).unwrap();
            prop_assert_eq!(OrganizationCode::parse(code.as_str()), Ok(code.clone()));
            let changed = format!("{prefix}{other}");
            prop_assert_eq!(OrganizationCode::parse(&changed).is_ok(), changed == code.as_str());
        }
    }
}
