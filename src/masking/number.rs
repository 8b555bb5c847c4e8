//! Masks of numbers: what stays is decided by place, never by a hidden digit.
//!
//! A star counts as a digit, so that a value its provider has masked already keeps its form.

use super::compact;

/// A citizen number at the fixed width of 18. `kept` says which places (from 0) stay. An old number of 15 digits is
/// laid on the same places, its century being 19 and its missing check character a star: computing it would tell
/// of the hidden digits.
pub(super) fn citizen_number(text: &str, kept: fn(usize) -> bool) -> String {
    let characters = upper(text);
    let digits = characters.iter().take_while(|&&character| is_digit(character)).count();
    let places: Vec<char> = match (characters.len(), digits) {
        (18, 18) => characters,
        (18, 17) if characters.last() == Some(&'X') => characters,
        (15, 15) => {
            let (division, rest) = characters.split_at(6);
            [division, &['1', '9'], rest, &['*']].concat()
        }
        _ => return "*".repeat(18),
    };
    places.into_iter().enumerate().map(|(at, character)| if kept(at) { character } else { '*' }).collect()
}

/// A mobile number of 11 digits, with or without +86.
pub(super) fn mobile(text: &str) -> String {
    let own = dialled(text).filter(|number| number.digits.len() == 11 && number.digits.first() == Some(&'1'));
    own.and_then(|number| between(&number.digits, (3, 4), "****")).unwrap_or_else(|| "*".repeat(11))
}

/// A landline number with its area code: three digits for 010 and 02x, else four.
pub(super) fn landline(text: &str) -> String {
    shown_landline(text).unwrap_or_else(|| "****-*******".to_owned())
}

fn shown_landline(text: &str) -> Option<String> {
    let Dialled { mut digits, international } = dialled(text)?;
    if international && digits.first() != Some(&'0') {
        // After +86 the trunk 0 is left out.
        digits.insert(0, '0');
    }
    let area = match digits.as_slice() {
        ['0', '1' | '2', ..] => 3,
        ['0', '3'..='9', ..] => 4,
        _ => return None,
    };
    let (area, local) = digits.split_at_checked(area)?;
    match local {
        [.., y, z] if matches!(local.len(), 7 | 8) => Some(format!("{}-*****{y}{z}", area.iter().collect::<String>())),
        _ => None,
    }
}

/// A telephone number without separators and country code.
struct Dialled {
    digits: Vec<char>,
    international: bool,
}

/// `None` when anything but digits and separators is in it.
fn dialled(text: &str) -> Option<Dialled> {
    let characters: Vec<char> =
        compact(text).into_iter().filter(|character| !matches!(character, '-' | '—' | '–' | '(' | ')')).collect();
    let (digits, international) = match characters.as_slice() {
        ['+', '8', '6', rest @ ..] | ['0', '0', '8', '6', rest @ ..] => (rest, true),
        ['8', '6', rest @ ..] if rest.len() == 11 => (rest, true),
        rest => (rest, false),
    };
    digits.iter().copied().all(is_digit).then(|| Dialled { digits: digits.to_vec(), international })
}

/// A bank card or account number of 12 to 19 digits.
pub(super) fn bank_card(text: &str) -> String {
    let digits: Vec<char> = compact(text).into_iter().filter(|&character| character != '-').collect();
    let is_card = (12..=19).contains(&digits.len()) && digits.iter().copied().all(is_digit);
    let shown = if is_card { between(&digits, (0, 4), "**** **** **** ") } else { None };
    shown.unwrap_or_else(|| "**** **** **** ****".to_owned())
}

/// The one-character names of the provinces on number plates.
const PROVINCES: &str = "京津冀晋蒙辽吉黑沪苏浙皖闽赣鲁豫鄂湘粤桂琼渝川贵云藏陕甘青宁新";

/// A number plate: province, city letter and five or six characters, the last of which may be 挂, 学, 警, 港 or 澳.
pub(super) fn plate(text: &str) -> String {
    let plate: Vec<char> =
        upper(text).into_iter().filter(|character| !matches!(character, '·' | '•' | '.' | '-')).collect();
    let [province, city, rest @ .., last] = plate.as_slice() else { return "***".to_owned() };
    let is_plate = matches!(rest.len(), 4 | 5)
        && PROVINCES.contains(*province)
        && city.is_ascii_alphabetic()
        && rest.iter().copied().all(is_letter_or_digit)
        && (is_letter_or_digit(*last) || "挂学警港澳".contains(*last));
    let shown = if is_plate { between(&plate, (2, 2), "***") } else { None };
    shown.unwrap_or_else(|| "***".to_owned())
}

/// A passport or travel permit of 7 to 18 letters and digits. Of a shorter one too little would be hidden.
pub(super) fn pass(text: &str) -> String {
    let characters = upper(text);
    let is_pass = (7..=18).contains(&characters.len()) && characters.iter().copied().all(is_letter_or_digit);
    let shown = if is_pass { between(&characters, (2, 2), "*****") } else { None };
    shown.unwrap_or_else(|| "*****".to_owned())
}

/// The first and the last characters with stars between them; `None` when there are no more than these.
fn between(characters: &[char], (first, last): (usize, usize), stars: &str) -> Option<String> {
    let last = characters.len().checked_sub(last).filter(|&from| from > first)?;
    let (head, tail) = (characters.get(..first)?, characters.get(last..)?);
    Some(head.iter().copied().chain(stars.chars()).chain(tail.iter().copied()).collect())
}

fn upper(text: &str) -> Vec<char> {
    compact(text).into_iter().map(|character| character.to_ascii_uppercase()).collect()
}

fn is_digit(character: char) -> bool {
    character.is_ascii_digit() || character == '*'
}

fn is_letter_or_digit(character: char) -> bool {
    character.is_ascii_alphanumeric() || character == '*'
}
