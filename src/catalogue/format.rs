//! The notation of data formats in credit data standards (GB/T 39445 style, DB15/T 1102-2024).
//!
//! `C..6` up to 6 characters, `C18` exactly 18, `N2..7` 2 to 7 digits, `N..8,2` up to 8 digits with 2 decimals,
//! `YYYYMMDD` a date (GB/T 7408). Absent: the format of the cells in a file, which is the importer's business.

use super::model::FieldType;

/// A parsed data format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DataFormat {
    /// `C`: characters, at least and at most.
    Characters {
        /// The least number of characters; 0 when the notation names none.
        min: u32,
        /// The greatest number of characters.
        max: u32,
    },
    /// `N`: digits, at least and at most, of them decimals.
    Digits {
        /// The least number of digits; 0 when the notation names none.
        min: u32,
        /// The greatest number of digits, decimals included.
        max: u32,
        /// How many of them may stand after the decimal point.
        decimals: u32,
    },
    /// `YYYYMMDD`.
    Date,
}

impl DataFormat {
    /// Reads the notation; `None` when it is not one.
    pub fn parse(notation: &str) -> Option<Self> {
        if notation == "YYYYMMDD" {
            return Some(Self::Date);
        }
        if let Some(rest) = notation.strip_prefix('C') {
            let (min, max) = parse_bounds(rest)?;
            return Some(Self::Characters { min, max });
        }
        let rest = notation.strip_prefix('N')?;
        let (bounds, decimals) = match rest.split_once(',') {
            Some((bounds, decimals)) => (bounds, parse_number(decimals)?),
            None => (rest, 0),
        };
        let (min, max) = parse_bounds(bounds)?;
        (decimals < max).then_some(Self::Digits { min, max, decimals })
    }

    /// Whether values of `data_type` can be written in this format.
    pub fn suits(self, data_type: FieldType) -> bool {
        match data_type {
            FieldType::Text | FieldType::TextList => !matches!(self, Self::Date | Self::Digits { decimals: 1.., .. }),
            FieldType::Date => self == Self::Date,
            FieldType::Decimal => matches!(self, Self::Digits { .. }),
            FieldType::Integer => matches!(self, Self::Digits { decimals: 0, .. }),
            FieldType::Boolean => false,
        }
    }

    /// Whether `text` keeps to the format. A sign and leading zeros of a number do not count as digits.
    pub fn admits(self, text: &str) -> bool {
        match self {
            Self::Characters { min, max } => {
                let length = text.chars().count();
                (min as usize..=max as usize).contains(&length)
            }
            Self::Digits { min, max, decimals } => admits_number(text, min..=max, decimals),
            Self::Date => text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_digit()),
        }
    }
}

fn admits_number(text: &str, digits: std::ops::RangeInclusive<u32>, decimals: u32) -> bool {
    let unsigned = if decimals > 0 { text.strip_prefix('-').unwrap_or(text) } else { text };
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !all_digits(whole) || !all_digits(fraction) || fraction.len() > decimals as usize {
        return false;
    }
    let whole_length = if decimals > 0 { whole.trim_start_matches('0').len() } else { whole.len() };
    let whole_max = (*digits.end() - decimals) as usize;
    whole_length <= whole_max && whole_length + fraction.len() >= *digits.start() as usize
}

fn parse_bounds(text: &str) -> Option<(u32, u32)> {
    let (min, max) = match text.split_once("..") {
        Some(("", max)) => (0, parse_number(max)?),
        Some((min, max)) => (parse_number(min)?, parse_number(max)?),
        None => (parse_number(text)?, parse_number(text)?),
    };
    (min <= max).then_some((min, max))
}

fn parse_number(text: &str) -> Option<u32> {
    let digits_only = text.len() <= 6 && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|&number| digits_only && number > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_notations_of_the_standard_are_read() {
        assert_eq!(DataFormat::parse("C..6"), Some(DataFormat::Characters { min: 0, max: 6 }));
        assert_eq!(DataFormat::parse("C18"), Some(DataFormat::Characters { min: 18, max: 18 }));
        assert_eq!(DataFormat::parse("N2..7"), Some(DataFormat::Digits { min: 2, max: 7, decimals: 0 }));
        assert_eq!(DataFormat::parse("N..8,2"), Some(DataFormat::Digits { min: 0, max: 8, decimals: 2 }));
        assert_eq!(DataFormat::parse("YYYYMMDD"), Some(DataFormat::Date));
    }

    #[test]
    fn what_is_no_notation_is_not_read() {
        for text in
            ["", "C", "C0", "C..", "C6..", "C9..3", "C+6", "N2,2", "N..2,3", "X6", "c6", "C 6", "C..6,2", "YYYY"]
        {
            assert_eq!(DataFormat::parse(text), None, "`{text}` was taken for a data format");
        }
    }

    #[test]
    fn a_value_is_measured_in_characters_and_in_digits_before_and_after_the_point() {
        let money = DataFormat::parse("N..18,6").unwrap();
        for good in ["0", "10", "0.5", "000010.500000", "999999999999.999999", "-3.2"] {
            assert!(money.admits(good), "`{good}` keeps to N..18,6");
        }
        for bad in ["", ".", ".5", "1.0000001", "1000000000000", "1,000", "ten", "１０"] {
            assert!(!money.admits(bad), "`{bad}` does not keep to N..18,6");
        }
        assert!(DataFormat::parse("C..2").unwrap().admits("东营"));
        assert!(!DataFormat::parse("C..2").unwrap().admits("东营市"));
        assert!(DataFormat::parse("N4").unwrap().admits("2026"));
        assert!(!DataFormat::parse("N4").unwrap().admits("26"));
    }

    #[test]
    fn a_format_suits_its_types_alone() {
        let suits = |notation: &str, data_type| DataFormat::parse(notation).unwrap().suits(data_type);
        assert!(suits("YYYYMMDD", FieldType::Date) && !suits("YYYYMMDD", FieldType::Text));
        assert!(suits("N..18,6", FieldType::Decimal) && !suits("N..18,6", FieldType::Integer));
        assert!(suits("C..18", FieldType::Text) && !suits("C..18", FieldType::Date));
        assert!(suits("C..18", FieldType::TextList) && !suits("C..18", FieldType::Boolean));
    }
}
