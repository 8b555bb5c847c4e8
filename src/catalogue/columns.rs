//! Column names of files as people write them, and what a vintage does with them.

use unicode_normalization::UnicodeNormalization;

use super::model::{Item, Vintage};

/// A column name as vintages know it: full-width forms made narrow, blanks, byte order marks and the stars of
/// "required" taken out, upper case.
pub fn column_key(header: &str) -> String {
    let is_noise = |c: char| c.is_whitespace() || c.is_control() || matches!(c, '*' | '\u{feff}' | '\u{200b}');
    header.nfkc().filter(|&c| !is_noise(c)).flat_map(char::to_uppercase).collect()
}

impl Vintage {
    /// The targets of the column named `header`, in the order the catalogue gives them; `None` for a column that
    /// this vintage does not know.
    pub fn targets(&self, header: &str) -> Option<&[String]> {
        self.columns.get(&column_key(header)).map(Vec::as_slice)
    }

    /// Whether some column of this vintage fills `target`.
    pub fn fills(&self, target: &str) -> bool {
        self.columns.values().flatten().any(|filled| filled == target)
    }

    /// The canonical text for `text` as sent to `target`; `None` when the vintage does not translate it.
    pub fn translated(&self, target: &str, text: &str) -> Option<&str> {
        self.values.get(target)?.get(text).map(String::as_str)
    }

    /// Whether `text` is one that the vintage translates for `target`, or what it translates to. Always, where it
    /// translates nothing.
    pub fn knows(&self, target: &str, text: &str) -> bool {
        let words = self.values.get(target);
        words.is_none_or(|words| words.iter().any(|(sent, canonical)| sent == text || canonical == text))
    }
}

impl Item {
    /// The Chinese word that files use for a canonical value of `target`, such as 有效 for `VALID`: the shortest that the newest
    /// vintage with one has. `None` for what is no word of a closed list, and shown as it is.
    pub fn word(&self, target: &str, canonical: &str) -> Option<&str> {
        let is_chinese = |word: &&str| word.chars().all(|character| !character.is_ascii());
        let mut words = self.vintages.iter().filter_map(|vintage| {
            let words = vintage.values.get(target)?.iter().filter(|(_, value)| *value == canonical);
            words.map(|(word, _)| word.as_str()).filter(is_chinese).min_by_key(|word| word.chars().count())
        });
        words.next()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_is_known_however_it_is_written() {
        for header in ["XK_XDR_MC", " xk_xdr_mc ", "\u{feff}XK_XDR_MC", "ＸＫ_XDR_MC*", "XK_XDR\u{3000}_MC"] {
            assert_eq!(column_key(header), "XK_XDR_MC");
        }
        assert_eq!(column_key("罚款金额（万元）"), "罚款金额(万元)");
        assert_eq!(column_key("罚款金额（万元）"), column_key("罚款金额 (万元)"));
        assert_ne!(column_key("处罚类别"), column_key("处罚类别1"));
    }
}
