//! Free text with other persons' numbers and names replaced by fixed marks, in one pass.
//!
//! What it finds: citizen numbers (18 and 15), mobile and landline numbers, card and account numbers, names after
//! words such as 申诉人, and 张某 in any form. What it does not: a name that nothing announces, an address, a passport,
//! an e-mail address, a name in Latin letters. Such text needs a person's eye before it is published.

mod number;
mod person;

use crate::domain::identifier::Uscc;
use crate::domain::text::fold_width;

const NUMBER_OF_CITIZEN: &str = "[证件号码已隐去]";
const NUMBER_OF_TELEPHONE: &str = "[电话已隐去]";
const NUMBER_OF_ACCOUNT: &str = "[账号已隐去]";
const OTHER_NUMBER: &str = "[号码已隐去]";
const NAME: &str = "[姓名已隐去]";

/// What is replaced at a place: characters from there, and the mark that stands for them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Finding {
    length: usize,
    mark: &'static str,
}

/// The text with its findings replaced; `None` when there are none.
pub(super) fn replace(text: &str) -> Option<String> {
    // One for one, so that places in both are the same.
    let folded: Vec<char> = text.chars().map(fold_width).collect();
    let mut output = String::new();
    let (mut at, mut copied) = (0, 0);
    while at < folded.len() {
        let (kept, finding) = match step(&folded, at) {
            Step::Keep(length) => {
                at += length;
                continue;
            }
            Step::Replace(finding) => (0, finding),
            Step::ReplaceAfter(kept, finding) => (kept, finding),
        };
        output.extend(text.chars().skip(copied).take(at + kept - copied));
        output.push_str(finding.mark);
        at += kept + finding.length;
        copied = at;
    }
    let changed = copied > 0;
    changed.then(|| {
        output.extend(text.chars().skip(copied));
        output
    })
}

enum Step {
    Keep(usize),
    Replace(Finding),
    ReplaceAfter(usize, Finding),
}

/// What to do at a place. Looks a bounded number of characters ahead and behind.
fn step(text: &[char], at: usize) -> Step {
    let (before, rest) = text.split_at(at);
    let begins_word = !before.last().is_some_and(char::is_ascii_alphanumeric);
    match rest {
        [first, ..] if begins_word && first.is_ascii_alphanumeric() && is_uscc(rest) => Step::Keep(18),
        ['+', digits @ ..] => match number::find(before, digits) {
            Some(finding) => Step::Replace(Finding { length: finding.length + 1, ..finding }),
            None => Step::Keep(1),
        },
        [first, ..] if first.is_ascii_digit() => match number::find(before, rest) {
            Some(finding) => Step::Replace(finding),
            None => Step::Keep(number::digits_at(rest)),
        },
        _ => match person::find(rest) {
            Some((kept, length)) => Step::ReplaceAfter(kept, Finding { length, mark: NAME }),
            None => Step::Keep(1),
        },
    }
}

/// Whether a word of exactly 18 characters begins here that is a unified code and has no date of birth where a citizen
/// number has it.
fn is_uscc(rest: &[char]) -> bool {
    let word: String = rest.iter().take(19).take_while(|character| character.is_ascii_alphanumeric()).collect();
    word.len() == 18 && !word.get(6..14).is_some_and(number::is_birth_date) && Uscc::parse(&word).is_ok()
}

#[cfg(test)]
mod tests;
