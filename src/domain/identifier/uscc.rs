//! 统一社会信用代码, the unified social credit code (GB 32100-2015).
//!
//! Deliberately absent: a list of allowed prefixes. Law firms (31), trade unions (81) and villages (N1) have
//! codes as good as any enterprise's.

use serde::{Deserialize, Serialize};

use super::{IdentifierError, OrganizationCode, check_shape, code_type, compact, weighted_sum};

/// The 31 characters of GB 32100 (no I, O, S, V, Z); a character's value is its place.
const ALPHABET: &str = "0123456789ABCDEFGHJKLMNPQRTUWXY";

/// Powers of 3 modulo 31, for positions 1 to 17.
const WEIGHTS: [u32; 17] = [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28];

const LABELS: [&str; 4] = ["统一社会信用代码", "社会信用代码", "信用代码", "USCC"];

/// A unified social credit code (GB 32100-2015), 18 characters, check character verified.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Uscc(String);

code_type!(Uscc);

impl Uscc {
    /// Reads a code; lower case, blanks, full-width characters, the label 统一社会信用代码： and counters such as
    /// （1/1） are put right first.
    ///
    /// # Errors
    /// [`IdentifierError`] when the length, a character or the check character is wrong.
    pub fn parse(cell: &str) -> Result<Self, IdentifierError> {
        let text = compact(cell, &LABELS);
        check_shape(&text, 18, may_stand)?;
        if !text.ends_with(check_character(&text)) {
            return Err(IdentifierError::Check);
        }
        Ok(Self(text.as_str().to_owned()))
    }

    /// The code that begins with these 17 characters.
    ///
    /// # Errors
    /// [`IdentifierError`] when the length or a character is wrong.
    pub fn with_check(prefix: &str) -> Result<Self, IdentifierError> {
        check_shape(prefix, 17, may_stand)?;
        Ok(Self(format!("{prefix}{}", check_character(prefix))))
    }

    /// The registering authority and the kind of body, such as `91` for an enterprise.
    pub fn class(&self) -> &str {
        self.0.get(..2).unwrap_or_default()
    }

    /// The division of the registering authority (GB/T 2260), such as `370500`.
    pub fn division(&self) -> &str {
        self.0.get(2..8).unwrap_or_default()
    }

    /// The organisation code inside, characters 9 to 17.
    ///
    /// # Errors
    /// [`IdentifierError::Check`] for the few codes in circulation whose inner check character is wrong.
    pub fn organization_part(&self) -> Result<OrganizationCode, IdentifierError> {
        OrganizationCode::parse(self.0.get(8..17).unwrap_or_default())
    }

    /// Whether the check character of the organisation code inside is right. A warning when not: GB 32100
    /// itself is satisfied.
    pub fn embedded_check_holds(&self) -> bool {
        self.organization_part().is_ok()
    }
}

/// Positions 3 to 8 are a division of six digits; everywhere else stands any character of the alphabet.
fn may_stand(at: usize, character: char) -> bool {
    if (2..8).contains(&at) { character.is_ascii_digit() } else { ALPHABET.contains(character) }
}

fn check_character(text: &str) -> char {
    let sum = weighted_sum(text, &WEIGHTS, |character| {
        // INVARIANT: `check_shape` came first, so the character is in the alphabet, whose places fit.
        ALPHABET.find(character).and_then(|place| u32::try_from(place).ok()).unwrap_or_default()
    });
    ALPHABET.chars().nth(((31 - sum % 31) % 31) as usize).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Fictitious: division 370500, sequence MA9….
    fn sample() -> Uscc {
        let organization = OrganizationCode::with_check("MA900000").unwrap();
        Uscc::with_check(&format!("91370500{organization}")).unwrap()
    }

    #[test]
    fn a_code_shows_its_parts() {
        let code = sample();
        assert_eq!(code.class(), "91");
        assert_eq!(code.division(), "370500");
        assert_eq!(code.organization_part().unwrap().as_str(), &code.as_str()[8..17]);
        assert!(code.embedded_check_holds());
    }

    #[test]
    fn untidy_cells_give_the_same_code() {
        let code = sample();
        let text = code.as_str();
        let spaced = format!("{} {}", &text[..9], &text[9..]);
        let wide: String = text.chars().map(|c| char::from_u32(u32::from(c) + 0xfee0).unwrap()).collect();
        for cell in [
            text.to_ascii_lowercase(),
            format!("统一社会信用代码：{text}"),
            format!("统一社会信用代码:{text}（1/1）"),
            format!("（1/1）{text}"),
            format!("\u{feff}{text}\u{3000}"),
            spaced,
            wide,
        ] {
            assert_eq!(Uscc::parse(&cell).as_ref(), Ok(&code), "{cell:?}");
        }
    }

    #[test]
    fn a_wrong_code_says_what_is_wrong() {
        let code = sample();
        let text = code.as_str();
        assert_eq!(Uscc::parse(""), Err(IdentifierError::Length { expected: 18, found: 0 }));
        assert_eq!(Uscc::parse(&text[1..]), Err(IdentifierError::Length { expected: 18, found: 17 }));
        assert_eq!(Uscc::parse(&text.repeat(2)), Err(IdentifierError::Length { expected: 18, found: 36 }));
        for letter in ['I', 'O', 'S', 'V', 'Z'] {
            let error = IdentifierError::Character { character: letter, position: 10 };
            assert_eq!(Uscc::parse(&format!("{}{letter}{}", &text[..9], &text[10..])), Err(error));
        }
        let error = IdentifierError::Character { character: 'A', position: 3 };
        assert_eq!(Uscc::parse(&format!("91A{}", &text[3..])), Err(error));
        assert_eq!(error.to_string(), "`A` may not stand at position 3");
        let other = if text.ends_with('0') { '1' } else { '0' };
        assert_eq!(Uscc::parse(&format!("{}{other}", &text[..17])), Err(IdentifierError::Check));
    }

    #[test]
    fn a_wrong_inner_check_is_a_warning_only() {
        let organization = OrganizationCode::with_check("MA900000").unwrap();
        let wrong = if organization.as_str().ends_with('3') { '4' } else { '3' };
        let code = Uscc::with_check(&format!("91370500MA900000{wrong}")).unwrap();
        assert!(!code.embedded_check_holds());
        assert_eq!(code.organization_part(), Err(IdentifierError::Check));
        assert_eq!(Uscc::parse(code.as_str()), Ok(code));
    }

    #[test]
    fn serde_reads_through_the_parser() {
        let code = sample();
        let json = serde_json::to_string(&code).unwrap();
        assert_eq!(serde_json::from_str::<Uscc>(&json).unwrap(), code);
        assert!(serde_json::from_str::<Uscc>("\"91370500MA9\"").is_err());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn any_single_changed_character_fails(
            prefix in "[0-9A-HJ-NPQRTUWXY]{2}[0-9]{6}[0-9A-HJ-NPQRTUWXY]{9}", at in 0usize..18, other in "[0-9A-Z]",
        ) {
            let code = Uscc::with_check(&prefix).unwrap();
            prop_assert_eq!(Uscc::parse(code.as_str()), Ok(code.clone()));
            let mut changed = code.as_str().to_owned();
            changed.replace_range(at..=at, &other);
            prop_assert_eq!(Uscc::parse(&changed).is_ok(), changed == code.as_str());
        }

        #[test]
        fn no_text_makes_the_parser_panic(text in any::<String>()) {
            let _ = Uscc::parse(&text);
        }
    }
}
