//! The mask of a person's name.

use super::compact;
use super::surnames::is_compound;

/// A name longer than this is no name.
const NAME_CHARACTERS_MAX: usize = 40;

/// Keeps the first character of two, the first and the last of more, a compound surname whole. One star stands for
/// the rest, whatever its length. Anything but letters and the middle dot of transcribed names (digits, commas,
/// brackets: two names, a note, a number) is doubtful and hides all, as does a single character.
pub(super) fn name(text: &str) -> String {
    let characters: Vec<char> = compact(text).into_iter().map(one_dot).collect();
    let is_name = |&character: &char| character.is_alphabetic() || matches!(character, '·' | '*');
    if characters.len() > NAME_CHARACTERS_MAX || !characters.iter().all(is_name) {
        return "*".to_owned();
    }
    match characters.as_slice() {
        ['·', ..] | [.., '·'] | [] | [_] => "*".to_owned(),
        [first, _] => format!("{first}*"),
        [first, second, ..] if is_compound(*first, *second) => format!("{first}{second}*"),
        [first, .., last] => format!("{first}*{last}"),
    }
}

fn one_dot(character: char) -> char {
    if matches!(character, '•' | '・' | '‧' | '∙' | '⋅' | '.') { '·' } else { character }
}
