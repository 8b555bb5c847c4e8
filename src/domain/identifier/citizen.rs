//! 公民身份号码, the citizen identity number (GB 11643-1999).
//!
//! Deliberately absent: `Display`, serde, `Hash`, `Ord`, and any error that repeats a character of the number.

use zeroize::Zeroizing;

use super::{compact, weighted_sum};
use crate::domain::sensitive::Sensitive;
use crate::domain::time::Date;

const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];

/// Check characters by the weighted sum modulo 11 (ISO 7064 MOD 11-2).
const CHECKS: &str = "10X98765432";

const LABELS: [&str; 5] = ["公民身份号码", "居民身份证号码", "身份证号码", "身份证号", "身份证"];

/// A citizen number of 18 characters, birth date and check character verified. The old form of 15 digits is
/// raised to 18, so that one person has one number.
#[derive(Clone, PartialEq, Eq)]
pub struct CitizenNumber(Sensitive);

/// Why a text is not a citizen number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CitizenNumberError {
    /// Neither 18 nor 15 characters.
    #[error("{found} characters instead of 18 or 15")]
    Length {
        /// What was found, blanks and labels not counted.
        found: usize,
    },
    /// A character that may not stand there.
    #[error("a forbidden character at position {position}")]
    Character {
        /// Where it stands, from 1.
        position: usize,
    },
    /// The calendar has no such birth date, or it lies before 1800.
    #[error("an impossible birth date")]
    BirthDate,
    /// The check character does not belong to the others.
    #[error("wrong check character")]
    Check,
}

impl CitizenNumber {
    /// Reads a number of 18 characters, or of 15 digits, which gets its century (19) and its check character.
    /// Blanks, full-width characters, a lower-case x and the label 身份证号： are put right first.
    ///
    /// # Errors
    /// [`CitizenNumberError`] when the length, a character, the birth date or the check character is wrong.
    pub fn parse(cell: &str) -> Result<Self, CitizenNumberError> {
        let text = compact(cell, &LABELS);
        match text.chars().count() {
            18 => {
                let number = Self::with_check_of(&text)?;
                if number.expose() == text.as_str() { Ok(number) } else { Err(CitizenNumberError::Check) }
            }
            15 => {
                check_digits(&text, 15)?;
                let (division, rest) = text.split_at(6);
                Self::with_check(&Zeroizing::new(format!("{division}19{rest}")))
            }
            found => Err(CitizenNumberError::Length { found }),
        }
    }

    /// The number that begins with these 17 digits.
    ///
    /// # Errors
    /// [`CitizenNumberError`] when the length, a character or the birth date is wrong.
    pub fn with_check(first17: &str) -> Result<Self, CitizenNumberError> {
        match first17.chars().count() {
            17 => Self::with_check_of(first17),
            found => Err(CitizenNumberError::Length { found }),
        }
    }

    /// The number that begins with the first 17 characters of `text`.
    fn with_check_of(text: &str) -> Result<Self, CitizenNumberError> {
        check_digits(text, 17)?;
        let last = text.chars().nth(17);
        if last.is_some_and(|last| !last.is_ascii_digit() && last != 'X') {
            return Err(CitizenNumberError::Character { position: 18 });
        }
        // INVARIANT: the first 17 characters are ASCII digits, so bytes are characters.
        let first17 = text.get(..17).unwrap_or_default();
        let sum = weighted_sum(first17, &WEIGHTS, |character| character.to_digit(10).unwrap_or_default());
        let check = CHECKS.chars().nth((sum % 11) as usize).unwrap_or_default();
        birth_date(first17).ok_or(CitizenNumberError::BirthDate)?;
        let mut number = String::with_capacity(18);
        number.push_str(first17);
        number.push(check);
        Ok(Self(Sensitive::new(number)))
    }

    /// The date of birth.
    pub fn birth_date(&self) -> Date {
        // INVARIANT: both ways to make a number have read this date before.
        birth_date(self.expose()).unwrap_or(Date::ZERO)
    }

    /// The number as a sensitive value.
    pub fn sensitive(&self) -> &Sensitive {
        &self.0
    }

    /// The one greppable way out, as for [`Sensitive::expose`].
    pub fn expose(&self) -> &str {
        self.0.expose()
    }
}

impl std::fmt::Debug for CitizenNumber {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("CitizenNumber(…)")
    }
}

/// Checks that the first `count` characters are digits, the first of them not 0: no division begins so.
fn check_digits(text: &str, count: usize) -> Result<(), CitizenNumberError> {
    let wrong = |&(at, character): &(usize, char)| !character.is_ascii_digit() || (at == 0 && character == '0');
    match text.chars().take(count).enumerate().find(wrong) {
        Some((at, _)) => Err(CitizenNumberError::Character { position: at + 1 }),
        None => Ok(()),
    }
}

fn birth_date(number: &str) -> Option<Date> {
    let year: i16 = number.get(6..10)?.parse().ok()?;
    let month: i8 = number.get(10..12)?.parse().ok()?;
    let day: i8 = number.get(12..14)?.parse().ok()?;
    Date::new(year, month, day).ok().filter(|date| date.year() >= 1800)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_specimens_of_the_standard_read() {
        let number = CitizenNumber::parse("11010519491231002X").unwrap();
        assert_eq!(number.birth_date(), date(1949, 12, 31));
        assert_eq!(CitizenNumber::parse("440524188001010014").unwrap().birth_date(), date(1880, 1, 1));
    }

    #[test]
    fn fifteen_digits_become_the_same_number_as_eighteen() {
        let old = CitizenNumber::parse("130503670401001").unwrap();
        assert_eq!(old.expose(), "130503196704010016");
        assert_eq!(old, CitizenNumber::parse("130503196704010016").unwrap());
    }

    #[test]
    fn untidy_cells_give_the_same_number() {
        let number = CitizenNumber::parse("11010519491231002X").unwrap();
        for cell in [
            "11010519491231002x",
            "１１０１０５１９４９１２３１００２Ｘ",
            " 110105 19491231 002X\u{3000}",
            "身份证号：11010519491231002X",
            "\u{feff}11010519491231002ｘ",
        ] {
            assert_eq!(CitizenNumber::parse(cell).unwrap(), number);
        }
    }

    #[test]
    fn a_wrong_number_says_what_is_wrong_and_repeats_nothing() {
        for (text, error) in [
            ("", CitizenNumberError::Length { found: 0 }),
            ("undefined", CitizenNumberError::Length { found: 9 }),
            ("1101051949123100", CitizenNumberError::Length { found: 16 }),
            ("11010519491231002Y", CitizenNumberError::Character { position: 18 }),
            ("1101051949123100XX", CitizenNumberError::Character { position: 17 }),
            ("01010519491231002X", CitizenNumberError::Character { position: 1 }),
            ("13050367040100X", CitizenNumberError::Character { position: 15 }),
            ("11010519491301002X", CitizenNumberError::BirthDate),
            ("130503670431001", CitizenNumberError::BirthDate),
            ("110105194912310021", CitizenNumberError::Check),
            ("身份11010519491231002", CitizenNumberError::Length { found: 19 }),
        ] {
            assert_eq!(CitizenNumber::parse(text), Err(error), "{text:?}");
            assert!(!error.to_string().contains("1949"), "{error}");
        }
    }

    #[test]
    fn debug_output_hides_the_number() {
        assert_eq!(format!("{:?}", CitizenNumber::parse("11010519491231002X").unwrap()), "CitizenNumber(…)");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn any_single_changed_character_fails(
            division in "[1-9][0-9]{5}", days in 0i32..60_000, sequence in "[0-9]{3}", at in 0usize..18, other in "[0-9X]",
        ) {
            let born = date(1900, 1, 1).checked_add(jiff::Span::new().days(days)).unwrap();
            let number = CitizenNumber::with_check(&format!("{division}{}{sequence}", born.strftime("%Y%m%d"))).unwrap();
            prop_assert_eq!(number.birth_date(), born);
            let mut changed = number.expose().to_owned();
            changed.replace_range(at..=at, &other);
            prop_assert_eq!(CitizenNumber::parse(&changed).is_ok(), changed == number.expose());
        }

        #[test]
        fn no_text_makes_the_parser_panic(text in any::<String>()) {
            let _ = CitizenNumber::parse(&text);
        }
    }
}
