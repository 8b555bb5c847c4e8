//! Masks of numbers: what stays is decided by place, never by a hidden digit.
//!
//! A star counts as a digit, so that a value its provider has masked already keeps its form.

use super::compact;

/// A citizen number at the fixed width of 18. `kept` says which places (from 0) stay. An old number of 15 digits is
/// laid on the same places, its century being 19 and its missing check character a star: computing it would tell
/// of the hidden digits.
pub(super) fn citizen_number(text: &str, kept: fn(usize) -> bool) -> String {
    let characters = upper(text);
    let digits = characters.iter().take_while(|character| is_digit(character)).count();
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
    match dialled(text).as_ref().map(|number| number.digits.as_slice()) {
        Some([a @ '1', b, c, _, _, _, _, w, x, y, z]) => format!("{a}{b}{c}****{w}{x}{y}{z}"),
        _ => "*".repeat(11),
    }
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
        [.., y, z] if matches!(local.len(), 7 | 8) => {
            Some(format!("{}-*****{y}{z}", area.iter().collect::<String>()))
        }
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
    digits.iter().all(is_digit).then(|| Dialled { digits: digits.to_vec(), international })
}

/// A bank card or account number of 12 to 19 digits.
pub(super) fn bank_card(text: &str) -> String {
    let digits: Vec<char> = compact(text).into_iter().filter(|&character| character != '-').collect();
    match digits.as_slice() {
        [.., w, x, y, z] if (12..=19).contains(&digits.len()) && digits.iter().all(is_digit) => {
            format!("**** **** **** {w}{x}{y}{z}")
        }
        _ => "**** **** **** ****".to_owned(),
    }
}

/// The one-character names of the provinces on number plates.
const PROVINCES: &str = "京津冀晋蒙辽吉黑沪苏浙皖闽赣鲁豫鄂湘粤桂琼渝川贵云藏陕甘青宁新";

/// A number plate: province, city letter and five or six characters, the last of which may be 挂, 学, 警, 港 or 澳.
pub(super) fn plate(text: &str) -> String {
    let plate: Vec<char> =
        upper(text).into_iter().filter(|character| !matches!(character, '·' | '•' | '.' | '-')).collect();
    match plate.as_slice() {
        [province, city, middle @ .., y, z]
            if matches!(middle.len(), 3 | 4)
                && PROVINCES.contains(*province)
                && city.is_ascii_alphabetic()
                && middle.iter().all(is_letter_or_digit)
                && is_letter_or_digit(y)
                && (is_letter_or_digit(z) || "挂学警港澳".contains(*z)) =>
        {
            format!("{province}{city}***{y}{z}")
        }
        _ => "***".to_owned(),
    }
}

/// A passport or travel permit of 7 to 18 letters and digits. Of a shorter one too little would be hidden.
pub(super) fn pass(text: &str) -> String {
    let characters = upper(text);
    match characters.as_slice() {
        [a, b, middle @ .., y, z]
            if (3..=14).contains(&middle.len()) && characters.iter().all(is_letter_or_digit) =>
        {
            format!("{a}{b}*****{y}{z}")
        }
        _ => "*****".to_owned(),
    }
}

fn upper(text: &str) -> Vec<char> {
    compact(text).into_iter().map(|character| character.to_ascii_uppercase()).collect()
}

fn is_digit(character: &char) -> bool {
    character.is_ascii_digit() || *character == '*'
}

fn is_letter_or_digit(character: &char) -> bool {
    character.is_ascii_alphanumeric() || *character == '*'
}
