//! Lenient reading of what real files hold: blanks, widths, empty marks, dates, amounts, names.
//!
//! Nothing here repeats a cell's text in an error: any cell may be about a person.

mod date;
mod decimal;

use unicode_normalization::UnicodeNormalization;

pub use date::{DateError, is_no_end, parse_date};
pub use decimal::{Decimal, DecimalError, parse_decimal};

/// Words that real exports write for "nothing here", lower-case and without blanks.
const ABSENT_WORDS: [&str; 14] =
    ["无", "空", "暂无", "无数据", "null", "(null)", "<null>", "undefined", "none", "nil", "nan", "n/a", "#n/a", "\\n"];

/// The longest of `ABSENT_WORDS` and of a row of dashes that counts as empty, in characters.
const ABSENT_CHARS_MAX: usize = 16;

/// A cell ready to be read: blanks trimmed (U+3000, NBSP, BOM too), invisible and control characters
/// removed, full-width letters and digits made half-width.
///
/// Full-width punctuation is folded only in a cell without Chinese characters: `（１－２）` is a code in
/// disguise, but `《办法》第三条，罚款` is how an official text is written.
pub fn clean(cell: &str) -> String {
    let fold = if cell.chars().any(is_ideograph) { fold_letter_or_digit } else { fold_width };
    let text: String = cell.chars().filter(|&character| !is_invisible(character)).map(fold).collect();
    let trimmed = text.trim();
    if trimmed.len() == text.len() { text } else { trimmed.to_owned() }
}

/// Whether a cell says that there is no value: empty, dashes (`— —` is how Credit China prints it), `无`,
/// `null`, `undefined` and their like.
pub fn is_absent(cell: &str) -> bool {
    let text: String = cell
        .chars()
        .filter(|&character| !is_blank(character))
        .map(|character| fold_width(character).to_ascii_lowercase())
        .take(ABSENT_CHARS_MAX + 1)
        .collect();
    text.chars().all(is_dash) && text.chars().count() <= ABSENT_CHARS_MAX || ABSENT_WORDS.contains(&text.as_str())
}

/// A number such as the index of an entry, written the one way there is: no sign, no leading zero.
pub fn parse_index(text: &str) -> Option<u64> {
    text.parse().ok().filter(|number: &u64| number.to_string() == text)
}

/// A name in the form in which two spellings of it meet: NFKC, one kind of bracket and of middle dot, no
/// blanks, upper-case. For matching alone; what is shown is the name as sent.
pub fn normalise_name(name: &str) -> String {
    // Upper-casing can decompose (ΐ), hence the second pass.
    name.nfkc()
        .flat_map(char::to_uppercase)
        .filter(|&character| !is_blank(character))
        .nfkc()
        .map(|character| match character {
            '〔' | '【' | '[' | '〖' | '{' => '(',
            '〕' | '】' | ']' | '〗' | '}' => ')',
            '•' | '・' | '‧' | '∙' | '⋅' => '·',
            other => other,
        })
        .collect()
}

/// The half-width form of a full-width ASCII character or blank; every other character as it is.
pub fn fold_width(character: char) -> char {
    match character {
        '\u{3000}' | '\u{a0}' => ' ',
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(character) - 0xfee0).unwrap_or(character),
        other => other,
    }
}

fn fold_letter_or_digit(character: char) -> char {
    match fold_width(character) {
        folded if folded.is_ascii_alphanumeric() || folded == ' ' => folded,
        _ => character,
    }
}

/// Whether a character takes room only, or none: white space of any width, BOM, zero-width and bidirectional
/// marks, control characters.
pub fn is_blank(character: char) -> bool {
    character.is_whitespace() || is_invisible(character)
}

fn is_invisible(character: char) -> bool {
    match character {
        '\t' | '\n' | '\r' => false,
        '\u{ad}' | '\u{feff}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' => true,
        other => other.is_control(),
    }
}

/// Whether a character is a Chinese one (CJK ideograph or 〇).
pub fn is_ideograph(character: char) -> bool {
    matches!(character,
        '〇' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

fn is_dash(character: char) -> bool {
    matches!(character, '-' | '_' | '/' | '~' | '‐' | '‑' | '–' | '—' | '―' | '−' | '─' | '－')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn cleaning_trims_every_kind_of_blank_and_folds_letters_and_digits() {
        assert_eq!(clean("\u{feff}\u{3000} ９１３７\u{a0}\t"), "9137");
        assert_eq!(clean("ＡＢ－１２（３）"), "AB-12(3)");
        assert_eq!(clean("东营\u{200b}测试\u{202e}有限公司\u{0}"), "东营测试有限公司");
        assert_eq!(clean("第　３号"), "第 3号");
    }

    #[test]
    fn cleaning_leaves_chinese_punctuation_of_chinese_text_alone() {
        assert_eq!(clean("依据《办法》第３条，罚款（人民币）。"), "依据《办法》第3条，罚款（人民币）。");
    }

    #[test]
    fn marks_for_nothing_are_absent() {
        for cell in [
            "",
            " ",
            "\u{feff}",
            "\u{3000}",
            "— —",
            "——",
            "--",
            "-",
            "/",
            "无",
            " 无 ",
            "null",
            "NULL",
            "undefined",
            "N/A",
            "Ｎ／Ａ",
            "None",
            "NaN",
            "#N/A",
            "\\N",
            "(null)",
            "暂无",
        ] {
            assert!(is_absent(cell), "{cell:?} should count as absent");
        }
    }

    #[test]
    fn values_that_only_resemble_nothing_are_present() {
        for cell in ["0", "无锡", "无证经营", "a", "-1", "nullable", "—一", &"-".repeat(40)] {
            assert!(!is_absent(cell), "{cell:?} should count as present");
        }
    }

    #[test]
    fn spellings_of_one_name_meet() {
        let name = normalise_name("东营测试（集团）有限公司");
        for spelling in ["东营测试(集团)有限公司", " 东营 测试（集团）有限公司\u{3000}", "东营测试〔集团〕有限公司"]
        {
            assert_eq!(normalise_name(spelling), name);
        }
        assert_eq!(normalise_name("阿卜杜拉•买买提"), normalise_name("阿卜杜拉·买买提"));
        assert_eq!(normalise_name("ａｂｃ Co."), "ABCCO.");
        assert_eq!(normalise_name("ΐ"), normalise_name(&normalise_name("ΐ")));
        assert_ne!(normalise_name("东营测试一有限公司"), normalise_name("东营测试二有限公司"));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn cleaning_and_normalising_twice_change_nothing_more(text in any::<String>()) {
            let once = clean(&text);
            prop_assert_eq!(clean(&once), once.clone());
            let name = normalise_name(&text);
            prop_assert_eq!(normalise_name(&name), name.clone());
            let _ = is_absent(&text);
        }
    }
}
