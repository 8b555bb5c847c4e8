//! Numbers of persons in free text, by shape. A shape that fits two kinds is replaced.

use super::{Finding, NUMBER_OF_ACCOUNT, NUMBER_OF_CITIZEN, NUMBER_OF_TELEPHONE, OTHER_NUMBER};
use crate::domain::time::Date;

/// Groups of digits that may make up one number: a card has five.
const GROUPS_MAX: usize = 5;

/// Blanks and hyphens that may stand between two groups.
const SEPARATORS_MAX: usize = 2;

/// A run of more digits than this belongs to nothing else.
const DIGITS_MAX: usize = 20;

/// Words before a telephone number that has no area code.
const TELEPHONE_WORDS: [&str; 6] = ["电话", "座机", "传真", "手机", "联系方式", "Tel"];

/// One or more groups of digits, as they may belong together.
struct Candidate {
    /// All digits.
    digits: String,
    /// Digits of each group.
    groups: Vec<usize>,
    /// An X follows the seventeenth and last digit.
    ends_with_x: bool,
    /// Characters from the start, the X included.
    length: usize,
}

/// The length of the run of digits that begins here.
pub(super) fn digits_at(rest: &[char]) -> usize {
    rest.iter().take_while(|character| character.is_ascii_digit()).count()
}

/// The number that begins here, if it is one of a person. `before` is the text that leads to it.
pub(super) fn find(before: &[char], rest: &[char]) -> Option<Finding> {
    let run = digits_at(rest);
    if run >= DIGITS_MAX {
        let holds_number = rest.get(..run).is_some_and(begins_or_ends_with_number);
        return holds_number.then_some(Finding { length: run, mark: OTHER_NUMBER });
    }
    let candidates = candidates(rest);
    let whole = candidates
        .iter()
        .rev()
        .find_map(|candidate| Some(Finding { length: candidate.length, mark: classify(candidate)? }));
    whole.or_else(|| {
        let first = candidates.first().filter(|first| matches!(first.digits.len(), 7 | 8) && is_announced(before))?;
        Some(Finding { length: first.length, mark: NUMBER_OF_TELEPHONE })
    })
}

/// Numbers written without a gap: a long run that begins or ends with a citizen or mobile number holds one. Other
/// long runs are file numbers.
fn begins_or_ends_with_number(run: &[char]) -> bool {
    let text = |part: Option<&[char]>| part.unwrap_or_default().iter().collect::<String>();
    let is_citizen = |part: String| part.get(6..14).is_some_and(is_birth_date);
    let is_mobile = |part: String| is_own_mobile(&part);
    is_citizen(text(run.get(..18)))
        || is_citizen(text(run.len().checked_sub(18).and_then(|from| run.get(from..))))
        || is_mobile(text(run.get(..11)))
        || is_mobile(text(run.len().checked_sub(11).and_then(|from| run.get(from..))))
}

/// The first group, the first two, and so on, as far as they may belong together.
fn candidates(rest: &[char]) -> Vec<Candidate> {
    let mut found: Vec<Candidate> = Vec::new();
    let mut at = 0;
    while found.len() < GROUPS_MAX {
        let tail = rest.get(at..).unwrap_or_default();
        let length = digits_at(tail);
        if length == 0 || length >= DIGITS_MAX {
            break;
        }
        let (mut digits, mut groups) =
            found.last().map_or((String::new(), Vec::new()), |last| (last.digits.clone(), last.groups.clone()));
        digits.extend(tail.iter().take(length));
        groups.push(length);
        at += length;
        let ends_with_x = digits.len() == 17 && matches!(tail.get(length), Some('X' | 'x'));
        found.push(Candidate { digits, groups, ends_with_x, length: at + usize::from(ends_with_x) });
        let separators = separators_at(rest.get(at..).unwrap_or_default(), length);
        if ends_with_x || separators == 0 {
            break;
        }
        at += separators;
    }
    found
}

/// Blanks, hyphens, or the bracket behind an area code.
fn separators_at(rest: &[char], digits_before: usize) -> usize {
    let is_separator = |character: &&char| {
        matches!(character, ' ' | '-' | '—' | '–') || (**character == ')' && matches!(digits_before, 3 | 4))
    };
    let count = rest.iter().take(SEPARATORS_MAX + 1).take_while(is_separator).count();
    if count > SEPARATORS_MAX { 0 } else { count }
}

fn classify(candidate: &Candidate) -> Option<&'static str> {
    let Candidate { digits, groups, ends_with_x, .. } = candidate;
    let single = groups.len() == 1;
    let is_born = |from: usize| is_birth_date(digits.get(from..from + 8).unwrap_or_default());
    match (digits.len(), ends_with_x) {
        (17, true) if single || is_born(6) => Some(NUMBER_OF_CITIZEN),
        (18, false) if is_born(6) => Some(NUMBER_OF_CITIZEN),
        (15, false) if is_birth_date(&format!("19{}", digits.get(6..12).unwrap_or_default())) => {
            Some(NUMBER_OF_CITIZEN)
        }
        (16..=19, _) if single || is_card_grouping(groups) => Some(NUMBER_OF_ACCOUNT),
        _ if is_mobile(candidate) || is_landline(candidate) => Some(NUMBER_OF_TELEPHONE),
        _ => None,
    }
}

/// Fours, the last group being shorter or not: 6222 0200 1234 5678 901.
fn is_card_grouping(groups: &[usize]) -> bool {
    groups.len() >= 4
        && groups.split_last().is_some_and(|(last, others)| *last <= 4 && others.iter().all(|&digits| digits == 4))
}

/// 11 digits from 13 to 19, with 86 or 0086 before them or not.
fn is_mobile(candidate: &Candidate) -> bool {
    let digits = candidate.digits.as_str();
    let (own, country_groups) = match digits.len() {
        11 => (Some(digits), 0),
        13 => (digits.strip_prefix("86"), usize::from(candidate.groups.first() == Some(&2))),
        15 => (digits.strip_prefix("0086"), usize::from(candidate.groups.first() == Some(&4))),
        _ => (None, 0),
    };
    own.is_some_and(is_own_mobile) && candidate.groups.iter().skip(country_groups).all(|&digits| digits >= 3)
}

/// Whether 11 digits are a mobile number.
fn is_own_mobile(digits: &str) -> bool {
    matches!(digits.as_bytes(), [b'1', b'3'..=b'9', ..])
}

/// An area code from 0 (three digits for 010 and 02x, else four) and seven or eight digits.
fn is_landline(candidate: &Candidate) -> bool {
    let digits = candidate.digits.as_bytes();
    let area = match digits {
        [b'0', b'1' | b'2', ..] => 3,
        [b'0', b'3'..=b'9', ..] => 4,
        _ => return false,
    };
    let local_fits = matches!(digits.len(), length if length == area + 7 || length == area + 8);
    let grouped = match candidate.groups.as_slice() {
        [_] => true,
        [first, others @ ..] => *first == area && others.iter().all(|&digits| digits >= 3),
        [] => false,
    };
    local_fits && grouped && matches!(digits.get(area), Some(b'2'..=b'9'))
}

/// Whether the words before a number say that it is a telephone's.
fn is_announced(before: &[char]) -> bool {
    let filler = |character: &&char| matches!(**character, ':' | ' ' | '为' | '是' | '号' | '码' | '(');
    let words: String =
        before.iter().rev().take(12).skip_while(filler).take(4).collect::<Vec<_>>().into_iter().rev().collect();
    TELEPHONE_WORDS.iter().any(|word| words.ends_with(word))
}

/// Whether eight digits are a date of birth (YYYYMMDD).
pub(super) fn is_birth_date(digits: &str) -> bool {
    let part = |from: usize, to: usize| digits.get(from..to).and_then(|part| part.parse::<i16>().ok());
    let (Some(year), Some(month), Some(day)) = (part(0, 4), part(4, 6), part(6, 8)) else { return false };
    let narrow = |number: i16| i8::try_from(number).unwrap_or(0);
    (1850..=2099).contains(&year) && Date::new(year, narrow(month), narrow(day)).is_ok()
}
