//! 工商注册号, the business registration number of the years before the unified code (GS15-2006).

use serde::{Deserialize, Serialize};

use super::{IdentifierError, check_shape, code_type, compact};

const LABELS: [&str; 3] = ["工商注册号", "营业执照注册号", "注册号"];

/// A business registration number: 15 digits. Its check digit is not verified on the way in, since numbers in
/// circulation do not all satisfy it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RegistrationNumber(String);

code_type!(RegistrationNumber);

impl RegistrationNumber {
    /// Reads a number of 15 digits; form is put right as for the unified code.
    ///
    /// # Errors
    /// [`IdentifierError`] when the length or a character is wrong.
    pub fn parse(cell: &str) -> Result<Self, IdentifierError> {
        let text = compact(cell, &LABELS);
        check_shape(&text, 15, may_stand)?;
        Ok(Self(text.as_str().to_owned()))
    }

    /// The number that begins with these 14 digits.
    ///
    /// # Errors
    /// [`IdentifierError`] when the length or a character is wrong.
    pub fn with_check(prefix: &str) -> Result<Self, IdentifierError> {
        check_shape(prefix, 14, may_stand)?;
        Ok(Self(format!("{prefix}{}", check_digit(prefix))))
    }

    /// Whether the check digit is right (GB/T 17710, MOD 11,10). A warning when not.
    pub fn check_holds(&self) -> bool {
        self.0.ends_with(check_digit(&self.0))
    }
}

fn may_stand(_: usize, character: char) -> bool {
    character.is_ascii_digit()
}

fn check_digit(text: &str) -> char {
    let product = text.chars().take(14).fold(10, |product, character| {
        let sum = (product + character.to_digit(10).unwrap_or_default()) % 10;
        (if sum == 0 { 10 } else { sum }) * 2 % 11
    });
    char::from_digit((11 - product) % 10, 10).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_example_in_wide_use_holds() {
        let number = RegistrationNumber::parse("注册号：１１０１０８０００００００１６").unwrap();
        assert_eq!(number.as_str(), "110108000000016");
        assert!(number.check_holds());
    }

    #[test]
    fn a_failing_check_is_a_warning_and_a_wrong_shape_an_error() {
        assert!(!RegistrationNumber::parse("110108000000017").unwrap().check_holds());
        assert_eq!(
            RegistrationNumber::parse("1101080000016"),
            Err(IdentifierError::Length { expected: 15, found: 13 })
        );
        assert_eq!(
            RegistrationNumber::parse("11010800000001X"),
            Err(IdentifierError::Character { character: 'X', position: 15 })
        );
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn exactly_one_check_digit_holds(prefix in "[0-9]{14}") {
            let number = RegistrationNumber::with_check(&prefix).unwrap();
            let holding = (0..10).filter(|digit| {
                RegistrationNumber::parse(&format!("{prefix}{digit}")).unwrap().check_holds()
            }).count();
            prop_assert!(number.check_holds());
            prop_assert_eq!(holding, 1);
        }
    }
}
