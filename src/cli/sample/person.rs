//! Persons who cannot exist.
//!
//! Born 1900–1905, older than anybody has become; numbers under 370500, the code of the city as a whole, while
//! citizen numbers begin with a county's. The given name always has 样 (sample) or 例 (example) and a cyclical sign.
//! Mobile numbers begin with 140, a prefix of connected things whose numbers are longer.

use jiff::ToSpan;

use crate::domain::Date;
use crate::domain::identifier::CitizenNumber;

const SURNAMES: [&str; 7] = ["贾", "甄", "梅", "吴", "欧阳", "司徒", "于"];
const MARKS: [&str; 2] = ["样", "例"];
const SIGNS: [&str; 22] = [
    "甲", "乙", "丙", "丁", "戊", "己", "庚", "辛", "壬", "癸", "子", "丑", "寅", "卯", "辰", "巳", "午", "未", "申",
    "酉", "戌", "亥",
];
const FIRST_BIRTH: Date = jiff::civil::date(1900, 1, 1);
/// Days from 1900-01-01 to 1905-12-31, both included; a prime times 7.
const BIRTH_DAYS: u32 = 2191;

/// A fictitious person.
#[derive(Clone, Debug)]
pub(super) struct Person {
    pub(super) name: String,
    pub(super) citizen_number: String,
    pub(super) born: Date,
    pub(super) sex: &'static str,
    pub(super) phone: String,
    pub(super) address: String,
}

impl Person {
    /// Person number `serial`. Numbers below two million give different citizen numbers.
    pub(super) fn of(serial: u32) -> Self {
        let born = FIRST_BIRTH.saturating_add(i64::from(serial % BIRTH_DAYS * 37 % BIRTH_DAYS).days());
        let sequence = 1 + (serial % (BIRTH_DAYS * 999) * 7 + serial / BIRTH_DAYS) % 999;
        let first17 = format!("370500{}{sequence:03}", born.strftime("%Y%m%d"));
        // INVARIANT: six digits of a division, a real day after 1800 and three digits are a citizen number.
        let citizen_number = CitizenNumber::with_check(&first17).map(|number| number.expose().to_owned());
        let at = serial as usize;
        Self {
            name: [part(&SURNAMES, at), part(&MARKS, at / 7), part(&SIGNS, at / 3)].concat(),
            citizen_number: citizen_number.unwrap_or_default(),
            born,
            sex: if sequence % 2 == 1 { "男" } else { "女" },
            phone: format!("140{:08}", serial % 100_000_000),
            address: format!("山东省东营市东营区样例小区{}号楼{}单元{}室", 1 + at % 40, 1 + at % 4, 101 + at % 9 * 100),
        }
    }
}

/// Element `at` of a list that repeats without end.
pub(super) fn part<'a>(list: &[&'a str], at: usize) -> &'a str {
    list.get(at % list.len().max(1)).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn persons_have_different_right_numbers_and_cannot_be_alive() {
        let numbers: HashSet<String> = (0..20_000).map(|serial| Person::of(serial).citizen_number).collect();
        assert_eq!(numbers.len(), 20_000);
        for number in numbers {
            assert!((1900..=1905).contains(&CitizenNumber::parse(&number).unwrap().birth_date().year()), "{number}");
            assert!(number.starts_with("370500"), "{number}");
        }
    }

    #[test]
    fn the_largest_serial_is_harmless() {
        assert_eq!(Person::of(u32::MAX).citizen_number.len(), 18);
    }
}
