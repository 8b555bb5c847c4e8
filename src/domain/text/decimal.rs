//! Amounts as canonical text: the digits as sent, nothing rounded, nothing converted.

use std::fmt;

use super::{fold_width, is_blank};

/// Digits before the point that `decimal(18,6)` holds.
const WHOLE_DIGITS_MAX: usize = 12;

/// Digits after the point that `decimal(18,6)` holds.
const FRACTION_DIGITS_MAX: usize = 6;

/// A decimal number of at most 12 + 6 digits, kept as text: no separators, no sign but `-`, no leading zeros,
/// trailing zeros as sent (`3.500000` stays).
#[derive(Clone, Debug, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(transparent)]
pub struct Decimal(String);

/// Why a text is not such a number. The text itself is never repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecimalError {
    /// Not digits with at most one point; a unit, an exponent or a misplaced comma count too.
    #[error("not a decimal number of plain digits")]
    Unreadable,
    /// More digits than `decimal(18,6)` holds.
    #[error("more than {WHOLE_DIGITS_MAX} digits before or {FRACTION_DIGITS_MAX} after the point")]
    TooLong,
}

impl Decimal {
    /// The canonical text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is below zero.
    pub fn is_negative(&self) -> bool {
        self.0.starts_with('-')
    }

    /// Whether all its digits are zero.
    pub fn is_zero(&self) -> bool {
        !self.0.bytes().any(|byte| matches!(byte, b'1'..=b'9'))
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// Reads a decimal number. Commas may part groups of three digits; zeros beyond the sixth decimal are dropped.
/// A negative number is read as such: the caller knows whether it may be.
///
/// # Errors
/// [`DecimalError`] when the text is no plain number or has too many digits.
pub fn parse_decimal(text: &str) -> Result<Decimal, DecimalError> {
    let folded: String = text.chars().map(fold_width).collect();
    let text = folded.trim_matches(is_blank);
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let whole = ungroup(whole).ok_or(DecimalError::Unreadable)?;
    let is_number = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number(&whole) || !is_number(fraction) || (whole.is_empty() && fraction.is_empty()) {
        return Err(DecimalError::Unreadable);
    }
    let whole = whole.trim_start_matches('0');
    let fraction = match fraction.split_at_checked(FRACTION_DIGITS_MAX) {
        Some((kept, beyond)) if beyond.bytes().all(|byte| byte == b'0') => kept,
        Some(_) => return Err(DecimalError::TooLong),
        None => fraction,
    };
    if whole.len() > WHOLE_DIGITS_MAX {
        return Err(DecimalError::TooLong);
    }
    let mut canonical = if whole.is_empty() { "0".to_owned() } else { whole.to_owned() };
    if !fraction.is_empty() {
        canonical.push('.');
        canonical.push_str(fraction);
    }
    let number = Decimal(canonical);
    Ok(if negative && !number.is_zero() { Decimal(format!("-{number}")) } else { number })
}

/// The digits without commas; `None` when the commas do not part groups of three.
fn ungroup(whole: &str) -> Option<String> {
    if !whole.contains(',') {
        return Some(whole.to_owned());
    }
    let mut groups = whole.split(',');
    let first_fits = groups.next().is_some_and(|first| (1..=3).contains(&first.len()));
    (first_fits && groups.all(|group| group.len() == 3)).then(|| whole.replace(',', ""))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> Result<String, DecimalError> {
        parse_decimal(text).map(|number| number.0)
    }

    #[test]
    fn digits_are_kept_as_sent() {
        for (text, canonical) in [
            ("3.500000", "3.500000"),
            ("0", "0"),
            ("0.00", "0.00"),
            ("00012.5", "12.5"),
            (".5", "0.5"),
            ("5.", "5"),
            ("1,234,567.89", "1234567.89"),
            ("１２．５", "12.5"),
            (" 10 ", "10"),
            ("+7", "7"),
            ("-7.10", "-7.10"),
            ("-0.0", "0.0"),
            ("1.0000000000", "1.000000"),
            ("123456789012.123456", "123456789012.123456"),
        ] {
            assert_eq!(read(text).as_deref(), Ok(canonical), "{text:?}");
        }
        assert!(parse_decimal("-7").unwrap().is_negative());
        assert!(parse_decimal("0.000").unwrap().is_zero());
    }

    #[test]
    fn what_is_no_plain_number_is_refused() {
        for text in
            ["", ".", "-", "1,5", "12,34", ",123", "1,234,", "1e3", "1.2.3", "10万元", "￥10", "--1", "一", "1 2"]
        {
            assert_eq!(read(text), Err(DecimalError::Unreadable), "{text:?}");
        }
        assert_eq!(read("1234567890123"), Err(DecimalError::TooLong));
        assert_eq!(read("1.1234567"), Err(DecimalError::TooLong));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn canonical_text_reads_back_to_itself(whole in 0u64..1_000_000_000_000, fraction in "[0-9]{0,6}") {
            let number = parse_decimal(&format!("{whole}.{fraction}")).unwrap();
            prop_assert_eq!(parse_decimal(number.as_str()), Ok(number.clone()));
        }

        #[test]
        fn no_text_makes_the_reader_panic(text in "[0-9,.+-]{0,24}|.*") {
            let _ = parse_decimal(&text);
        }
    }
}
