//! The only road from a sensitive value to text.
//!
//! A value is shown through a permit's cell alone. Masks keep what their rule keeps and print a fixed number of
//! stars for the rest, so neither the hidden characters nor their number reach the output; a value whose shape is
//! doubtful is hidden whole. Deliberately absent: noise, pseudonyms, and any rule that depends on a key.

mod address;
mod name;
mod number;
mod scan;
mod surnames;

use crate::access::{CaseAction, CasePermit, Cell, Decision};
use crate::domain::text::{fold_width, is_blank, parse_date};
use crate::domain::{MaskRule, Sensitive};

/// A value as a caller sees it.
#[derive(Clone, PartialEq, Eq)]
pub struct Shown {
    /// The text for the response.
    pub text: String,
    /// The rule that changed it; `None` = it is clear.
    pub masked: Option<MaskRule>,
}

impl std::fmt::Debug for Shown {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Shown").field("masked", &self.masked).finish_non_exhaustive()
    }
}

/// What a caller sees of a sensitive value: the text when the cell is clear (other persons' data replaced where the
/// field is scanned), its masked form, or nothing. The one place outside `crypto` where a sensitive value is exposed.
pub fn show(cell: &Cell<'_>, value: &Sensitive) -> Option<Shown> {
    show_plain(cell, value.expose())
}

/// As [`show`], for the text of a field that is not sealed.
pub fn show_plain(cell: &Cell<'_>, value: &str) -> Option<Shown> {
    reveal(cell.decision(), cell.field().scanned, value)
}

/// A reason or a report of a case, for whoever may read its texts: other persons' numbers and names are replaced. Nothing for a
/// permit of another kind.
pub fn show_case_text(permit: &CasePermit, value: &Sensitive) -> Option<String> {
    let shown = reveal(Decision::Clear, true, value.expose())?;
    (permit.action() == CaseAction::ReadTexts).then_some(shown.text)
}

fn reveal(decision: Decision, scanned: bool, value: &str) -> Option<Shown> {
    match decision {
        Decision::Withheld(_) | Decision::Masked(MaskRule::Drop | MaskRule::Secret) => None,
        Decision::Masked(rule) => Some(Shown { text: apply(rule, value), masked: Some(rule) }),
        Decision::Clear if scanned => {
            let replaced = scan::replace(value);
            let masked = replaced.is_some().then_some(MaskRule::TextScan);
            Some(Shown { text: replaced.unwrap_or_else(|| value.to_owned()), masked })
        }
        Decision::Clear => Some(Shown { text: value.to_owned(), masked: None }),
    }
}

/// The masked form of `text`. What each rule keeps, and what it prints when the shape is doubtful:
///
/// | rule | keeps | example | doubtful |
/// |---|---|---|---|
/// | `NAME` | two characters: the first; more: first and last; a compound surname whole; always one star | 张\*, 王\*明, 欧阳\*, 阿\*提 | \* |
/// | `ID_STD` | first six, last four of 18; of 15 digits the same places, the check character unknown | 110105\*\*\*\*\*\*\*\*002X | 18 stars |
/// | `ID_PUBLIC` | first and last of 18 | 1\*…\*X | 18 stars |
/// | `ID_BIRTH` | all but month and day of birth | 1101051949\*\*\*\*002X | 18 stars |
/// | `PHONE` | first three, last four of a mobile number | 138\*\*\*\*5678 | 11 stars |
/// | `TEL` | area code, last two | 0546-\*\*\*\*\*78 | \*\*\*\*-\*\*\*\*\*\*\* |
/// | `ADDRESS` | down to the district or county | 山东省东营市东营区\*\*\*\*\*\* | 6 stars |
/// | `BANK` | last four | \*\*\*\* \*\*\*\* \*\*\*\* 1234 | \*\*\*\* \*\*\*\* \*\*\*\* \*\*\*\* |
/// | `EMAIL` | first character, domain; the domain alone after one character | z\*\*\*@example.com | \*\*\* |
/// | `PLATE` | province and city letter, last two | 鲁E\*\*\*12 | \*\*\* |
/// | `PASS` | first two, last two | EA\*\*\*\*\*34 | 5 stars |
/// | `BIRTH` | the year | 1980 | \*\*\*\* |
/// | `DROP`, `SECRET` | nothing | empty | empty |
/// | `TEXT_SCAN` | all but other persons' numbers and names | 申诉人\[姓名已隐去\] | – |
pub fn apply(rule: MaskRule, text: &str) -> String {
    match rule {
        MaskRule::Name => name::name(text),
        MaskRule::IdStd => number::citizen_number(text, |at| !(6..14).contains(&at)),
        MaskRule::IdPublic => number::citizen_number(text, |at| at == 0 || at == 17),
        MaskRule::IdBirth => number::citizen_number(text, |at| !(10..14).contains(&at)),
        MaskRule::Phone => number::mobile(text),
        MaskRule::Tel => number::landline(text),
        MaskRule::Address => address::address(text),
        MaskRule::Bank => number::bank_card(text),
        MaskRule::Email => email(text),
        MaskRule::Plate => number::plate(text),
        MaskRule::Pass => number::pass(text),
        MaskRule::Birth => birth(text),
        MaskRule::Drop | MaskRule::Secret => String::new(),
        MaskRule::TextScan => scan::replace(text).unwrap_or_else(|| text.to_owned()),
    }
}

/// The characters of a value without blanks, half-width.
fn compact(text: &str) -> Vec<char> {
    text.chars().filter(|&character| !is_blank(character)).map(fold_width).collect()
}

fn email(text: &str) -> String {
    let hidden = "***".to_owned();
    let text: String = text.trim_matches(is_blank).chars().map(fold_width).collect();
    let Some((local, domain)) = text.split_once('@') else { return hidden };
    let named = |character: char| character.is_ascii_alphanumeric() || matches!(character, '.' | '-');
    let domain_is_sound = domain.len() <= 253
        && domain.contains('.')
        && domain.chars().all(named)
        && !domain.starts_with('.')
        && !domain.ends_with('.');
    let mut characters = local.chars();
    match (characters.next(), characters.next()) {
        _ if !domain_is_sound || local.contains(is_blank) => hidden,
        (Some(_), None) | (Some('*'), Some(_)) => format!("***@{domain}"),
        (Some(first), Some(_)) if first.is_alphanumeric() => format!("{first}***@{domain}"),
        _ => hidden,
    }
}

fn birth(text: &str) -> String {
    match compact(text).as_slice() {
        year @ ['1' | '2', b, c, d] if [b, c, d].iter().all(|digit| digit.is_ascii_digit()) => year.iter().collect(),
        _ => parse_date(text).map_or_else(|_| "****".to_owned(), |date| format!("{:04}", date.year())),
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
