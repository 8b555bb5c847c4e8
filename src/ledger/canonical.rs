//! Canonical JSON (RFC 8785), narrowed: ASCII keys in ascending order, strings, integers from 0 to 2^53-1, booleans,
//! arrays and objects; no fractions, no negative numbers, no null. A writer, and a scanner that accepts nothing else.

use std::fmt::Write as _;

/// The largest integer: 2^53 - 1.
pub const INTEGER_MAX: u64 = (1 << 53) - 1;
const DEPTH_MAX: usize = 8;

/// The text is not canonical.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not canonical JSON at byte {at}")]
pub struct NotCanonical {
    /// Where the first fault is.
    pub at: usize,
}

/// Writes an object's members; the caller keeps the keys ascending.
#[derive(Debug, Default)]
pub struct Members {
    text: String,
    has_member: bool,
}

impl Members {
    /// An object about to be written.
    pub fn begin() -> Self {
        Self { text: String::with_capacity(1024), has_member: false }
    }

    /// Writes the key and leaves the value to the caller.
    pub fn key(&mut self, key: &str) -> &mut String {
        self.text.push(if self.has_member { ',' } else { '{' });
        self.has_member = true;
        string(&mut self.text, key);
        self.text.push(':');
        &mut self.text
    }

    /// A string member.
    pub fn string(&mut self, key: &str, value: &str) {
        string(self.key(key), value);
    }

    /// A string member, if there is a value.
    pub fn optional(&mut self, key: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.string(key, value);
        }
    }

    /// An integer member; above 2^53-1 it stays there.
    pub fn integer(&mut self, key: &str, value: u64) {
        let text = self.key(key);
        // Writing to a `String` cannot fail.
        let _ = write!(text, "{}", value.min(INTEGER_MAX));
    }

    /// An array of strings.
    pub fn strings<'a>(&mut self, key: &str, values: impl IntoIterator<Item = &'a str>) {
        strings(self.key(key), values);
    }

    /// Takes the text so far and goes on behind it.
    pub fn cut(&mut self) -> String {
        std::mem::take(&mut self.text)
    }

    /// The text since the last cut, with the closing brace.
    pub fn end(mut self) -> String {
        self.text.push_str(if self.has_member { "}" } else { "{}" });
        self.text
    }
}

/// Writes a string.
pub fn string(text: &mut String, value: &str) {
    text.push('"');
    let mut rest = value;
    // What must be escaped is ASCII, so a cut there is never within a character.
    while let Some((at, byte)) =
        rest.bytes().enumerate().find(|(_, byte)| *byte < b' ' || *byte == b'"' || *byte == b'\\')
    {
        text.push_str(&rest[..at]);
        escape(text, byte);
        rest = &rest[at + 1..];
    }
    text.push_str(rest);
    text.push('"');
}

fn escape(text: &mut String, byte: u8) {
    match byte {
        b'"' => text.push_str("\\\""),
        b'\\' => text.push_str("\\\\"),
        0x08 => text.push_str("\\b"),
        b'\t' => text.push_str("\\t"),
        b'\n' => text.push_str("\\n"),
        0x0c => text.push_str("\\f"),
        b'\r' => text.push_str("\\r"),
        control => {
            text.push_str("\\u00");
            text.push_str(&hex::encode([control]));
        }
    }
}

/// Writes an array of strings.
pub fn strings<'a>(text: &mut String, values: impl IntoIterator<Item = &'a str>) {
    text.push('[');
    for (at, value) in values.into_iter().enumerate() {
        if at > 0 {
            text.push(',');
        }
        string(text, value);
    }
    text.push(']');
}

/// Checks that `bytes` are one canonical object and gives its members: key, and the value's bytes.
pub fn members(bytes: &[u8]) -> Result<Vec<(&str, &[u8])>, NotCanonical> {
    let valid = std::str::from_utf8(bytes).map_err(|error| NotCanonical { at: error.valid_up_to() })?;
    let mut scanner = Scanner { text: valid, at: 0, depth: 0 };
    let mut found = Vec::with_capacity(24);
    scanner.object(&mut |key, value| found.push((key, value)))?;
    if scanner.at == bytes.len() { Ok(found) } else { Err(scanner.fault()) }
}

/// The text of a canonical string without escapes, such as names and hashes.
pub fn plain_string(value: &[u8]) -> Option<&str> {
    let inner = value.strip_prefix(b"\"")?.strip_suffix(b"\"")?;
    if inner.contains(&b'\\') { None } else { std::str::from_utf8(inner).ok() }
}

/// A canonical integer.
pub fn integer(value: &[u8]) -> Option<u64> {
    std::str::from_utf8(value).ok()?.parse().ok()
}

struct Scanner<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
}

impl<'a> Scanner<'a> {
    fn fault(&self) -> NotCanonical {
        NotCanonical { at: self.at }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn eat(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn need(&mut self, byte: u8) -> Result<(), NotCanonical> {
        if self.eat(byte) { Ok(()) } else { Err(self.fault()) }
    }

    fn value(&mut self) -> Result<(), NotCanonical> {
        match self.peek() {
            Some(b'"') => self.string().map(drop),
            Some(b'0'..=b'9') => self.number(),
            Some(b'{') => self.object(&mut |_, _| {}),
            Some(b'[') => self.array(),
            Some(b't') => self.word("true"),
            Some(b'f') => self.word("false"),
            _ => Err(self.fault()),
        }
    }

    fn word(&mut self, word: &str) -> Result<(), NotCanonical> {
        if self.text.get(self.at..).is_some_and(|rest| rest.starts_with(word)) {
            self.at += word.len();
            return Ok(());
        }
        Err(self.fault())
    }

    fn number(&mut self) -> Result<(), NotCanonical> {
        let start = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        let digits = self.text.get(start..self.at).unwrap_or_default();
        let is_canonical = digits == "0" || !digits.starts_with('0');
        if is_canonical && digits.parse().is_ok_and(|number: u64| number <= INTEGER_MAX) {
            Ok(())
        } else {
            Err(NotCanonical { at: start })
        }
    }

    fn string(&mut self) -> Result<&'a str, NotCanonical> {
        self.need(b'"')?;
        let start = self.at;
        loop {
            match self.peek() {
                Some(b'"') => break,
                Some(b'\\') => self.escape()?,
                Some(byte) if byte >= b' ' => self.at += 1,
                _ => return Err(self.fault()),
            }
        }
        let inner = self.text.get(start..self.at).unwrap_or_default();
        self.at += 1;
        Ok(inner)
    }

    fn escape(&mut self) -> Result<(), NotCanonical> {
        self.at += 1;
        if matches!(self.peek(), Some(b'"' | b'\\' | b'b' | b't' | b'n' | b'f' | b'r')) {
            self.at += 1;
            return Ok(());
        }
        let hex = self.text.get(self.at..self.at + 5).and_then(|escape| escape.strip_prefix("u00"));
        let code = hex.and_then(|hex| u8::from_str_radix(hex, 16).ok());
        let is_canonical = hex.is_some_and(|hex| !hex.contains(|c: char| c.is_ascii_uppercase() || c == '+'))
            && code.is_some_and(|code| code < b' ' && !matches!(code, 8 | 9 | 10 | 12 | 13));
        if !is_canonical {
            return Err(self.fault());
        }
        self.at += 5;
        Ok(())
    }

    fn array(&mut self) -> Result<(), NotCanonical> {
        self.enter()?;
        self.need(b'[')?;
        if !self.eat(b']') {
            loop {
                self.value()?;
                if self.eat(b']') {
                    break;
                }
                self.need(b',')?;
            }
        }
        self.depth -= 1;
        Ok(())
    }

    fn object(&mut self, member: &mut dyn FnMut(&'a str, &'a [u8])) -> Result<(), NotCanonical> {
        self.enter()?;
        self.need(b'{')?;
        let mut last = None;
        if !self.eat(b'}') {
            loop {
                let key = self.string()?;
                // Escaped and non-ASCII keys would need another order; there are none.
                if !key.is_ascii() || key.contains('\\') || last.is_some_and(|last| key <= last) {
                    return Err(self.fault());
                }
                last = Some(key);
                self.need(b':')?;
                let start = self.at;
                self.value()?;
                member(key, self.text.as_bytes().get(start..self.at).unwrap_or_default());
                if self.eat(b'}') {
                    break;
                }
                self.need(b',')?;
            }
        }
        self.depth -= 1;
        Ok(())
    }

    fn enter(&mut self) -> Result<(), NotCanonical> {
        self.depth += 1;
        if self.depth > DEPTH_MAX { Err(self.fault()) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_the_one_canonical_form_is_accepted() {
        for good in
            ["{}", r#"{"a":1,"b":{"c":[true,false,"x\n\u0001"]}}"#, r#"{"a":"诚信"}"#, r#"{"a":9007199254740991}"#]
        {
            assert!(members(good.as_bytes()).is_ok(), "{good}");
        }
        for wrong in [
            "",
            "[]",
            r#"{"a":1"#,
            r#"{"a":1} "#,
            r#"{ "a":1}"#,
            r#"{"b":1,"a":1}"#,
            r#"{"a":1,"a":1}"#,
            r#"{"a":01}"#,
            r#"{"a":1.5}"#,
            r#"{"a":-1}"#,
            r#"{"a":1e3}"#,
            r#"{"a":9007199254740992}"#,
            r#"{"a":null}"#,
            r#"{"a":"\/"}"#,
            r#"{"a":"\u0041"}"#,
            r#"{"a":"\u001F"}"#,
            r#"{"a":"\u0009"}"#,
            "{\"a\":\"\t\"}",
            r#"{"诚":1}"#,
            r#"{"a":1,}"#,
            r#"{"a":[[[[[[[[1]]]]]]]]}"#,
        ] {
            assert!(members(wrong.as_bytes()).is_err(), "{wrong}");
        }
        assert!(members(b"{\"a\":\"\xff\"}").is_err());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn what_is_written_is_accepted_and_read_back(value in any::<String>(), number in 0..=INTEGER_MAX) {
            let mut object = Members::begin();
            object.string("a", &value);
            object.integer("b", number);
            let text = object.end();
            let found = members(text.as_bytes()).unwrap();
            prop_assert_eq!(serde_json::from_slice::<String>(found[0].1).unwrap(), value);
            prop_assert_eq!(integer(found[1].1), Some(number));
        }

        #[test]
        fn no_bytes_make_the_scanner_panic(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            let _ = members(&bytes);
        }
    }
}
