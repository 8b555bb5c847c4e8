//! The lexical grammar of GraphQL (2021 edition, 2.1), one token at a time, never backwards.
//!
//! Deliberately absent: escapes inside strings. The library decodes them, and refuses wrong ones.

use std::ops::Range;

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// One of ``! $ & ( ) : = @ [ ] { | }``.
    Punctuator(u8),
    /// `...`
    Spread,
    /// A name or keyword.
    Name,
    /// An integer or a float.
    Number,
    /// A string or a block string; the range is what stands between the quotes.
    Text,
}

/// One token and where it stands, in bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) span: Range<usize>,
}

/// The byte at which the text stops being GraphQL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fault(pub(super) usize);

/// Reads tokens from a text.
#[derive(Debug)]
pub(super) struct Lexer<'t> {
    bytes: &'t [u8],
    at: usize,
}

impl<'t> Lexer<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self { bytes: text.as_bytes(), at: 0 }
    }

    /// How many bytes are read so far.
    pub(super) fn read(&self) -> usize {
        self.at
    }

    /// The bytes of a token.
    pub(super) fn bytes(&self, token: &Token) -> &'t [u8] {
        self.bytes.get(token.span.clone()).unwrap_or_default()
    }

    /// The next token, or `None` at the end of the text.
    pub(super) fn next(&mut self) -> Result<Option<Token>, Fault> {
        self.skip_ignored()?;
        let start = self.at;
        let Some(byte) = self.peek(0) else { return Ok(None) };
        let kind = match byte {
            b'!' | b'$' | b'&' | b'(' | b')' | b':' | b'=' | b'@' | b'[' | b']' | b'{' | b'|' | b'}' => {
                self.at += 1;
                Kind::Punctuator(byte)
            }
            b'.' => self.spread()?,
            b'_' | b'a'..=b'z' | b'A'..=b'Z' => {
                self.advance_while(is_name_continue);
                Kind::Name
            }
            b'-' | b'0'..=b'9' => self.number()?,
            b'"' => return self.text(start).map(Some),
            _ => return Err(Fault(start)),
        };
        Ok(Some(Token { kind, span: start..self.at }))
    }

    fn peek(&self, ahead: usize) -> Option<u8> {
        self.bytes.get(self.at.saturating_add(ahead)).copied()
    }

    fn starts_with(&self, prefix: &[u8]) -> bool {
        self.bytes.get(self.at..).is_some_and(|rest| rest.starts_with(prefix))
    }

    fn advance_while(&mut self, accept: impl Fn(u8) -> bool) -> usize {
        let start = self.at;
        while self.peek(0).is_some_and(&accept) {
            self.at += 1;
        }
        self.at - start
    }

    /// White space, line ends, commas, byte order marks and comments.
    fn skip_ignored(&mut self) -> Result<(), Fault> {
        loop {
            match self.peek(0) {
                Some(b' ' | b'\t' | b'\n' | b'\r' | b',') => self.at += 1,
                Some(0xEF) if self.starts_with("\u{feff}".as_bytes()) => self.at += 3,
                Some(b'#') => {
                    self.advance_while(|byte| !matches!(byte, b'\n' | b'\r') && is_source(byte));
                    if self.peek(0).is_some_and(|byte| !is_source(byte)) {
                        return Err(Fault(self.at));
                    }
                }
                _ => return Ok(()),
            }
        }
    }

    fn spread(&mut self) -> Result<Kind, Fault> {
        if !self.starts_with(b"...") {
            return Err(Fault(self.at));
        }
        self.at += 3;
        Ok(Kind::Spread)
    }

    fn number(&mut self) -> Result<Kind, Fault> {
        if self.peek(0) == Some(b'-') {
            self.at += 1;
        }
        if self.peek(0) == Some(b'0') {
            self.at += 1;
        } else {
            self.digits()?;
        }
        if self.peek(0) == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.peek(0), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(0), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits()?;
        }
        // A number ends where no name, digit or point follows: `00` and `1.5.5` are not two numbers.
        match self.peek(0) {
            Some(byte) if is_name_continue(byte) || byte == b'.' => Err(Fault(self.at)),
            _ => Ok(Kind::Number),
        }
    }

    fn digits(&mut self) -> Result<(), Fault> {
        if self.advance_while(|byte| byte.is_ascii_digit()) == 0 { Err(Fault(self.at)) } else { Ok(()) }
    }

    fn text(&mut self, start: usize) -> Result<Token, Fault> {
        let block = self.starts_with(b"\"\"\"");
        let quotes = if block { 3 } else { 1 };
        self.at += quotes;
        let content = self.at;
        loop {
            match self.peek(0) {
                None => return Err(Fault(start)),
                Some(b'"') if !block || self.starts_with(b"\"\"\"") => break,
                Some(b'\\') if block => self.at += if self.starts_with(b"\\\"\"\"") { 4 } else { 1 },
                // Whatever the escape is, a quote after a backslash does not end the string.
                Some(b'\\') if self.peek(1).is_some_and(|byte| !matches!(byte, b'\n' | b'\r')) => self.at += 2,
                Some(b'\\' | b'\n' | b'\r') if !block => return Err(Fault(self.at)),
                Some(byte) if is_source(byte) => self.at += 1,
                Some(_) => return Err(Fault(self.at)),
            }
        }
        let span = content..self.at;
        self.at += quotes;
        Ok(Token { kind: Kind::Text, span })
    }
}

/// Whether a byte may stand in a document at all: no control character but tab and the line ends.
fn is_source(byte: u8) -> bool {
    byte >= 0x20 || matches!(byte, b'\t' | b'\n' | b'\r')
}

fn is_name_continue(byte: u8) -> bool {
    byte == b'_' || byte.is_ascii_alphanumeric()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(text: &str) -> Result<Vec<Kind>, Fault> {
        let mut lexer = Lexer::new(text);
        let mut kinds = Vec::new();
        while let Some(token) = lexer.next()? {
            kinds.push(token.kind);
        }
        Ok(kinds)
    }

    #[test]
    fn every_token_of_the_grammar_is_one_token() {
        let text = "\u{feff}{ a, ...b @c(d: -1.5e+3) # {{{ \"\n e(f: \"\\\"\\u4e2d\", g: \"\"\" x \\\"\"\" \"\"\", h: 0, i: \"\") }";
        let kinds = kinds(text).unwrap();
        assert_eq!(kinds.iter().filter(|kind| **kind == Kind::Text).count(), 3);
        assert_eq!(kinds.iter().filter(|kind| **kind == Kind::Number).count(), 2);
        assert_eq!(kinds.iter().filter(|kind| **kind == Kind::Spread).count(), 1);
        assert_eq!(kinds.iter().filter(|kind| **kind == Kind::Name).count(), 9);
    }

    #[test]
    fn what_is_no_token_is_refused_where_it_stands() {
        for (text, at) in
            [("{a(b:00)}", 6), ("{a(b:1.)}", 7), ("{a(b:1x)}", 6), ("{a(b:-)}", 6), ("{a(b:1.5.5)}", 8), ("{..}", 1)]
        {
            assert_eq!(kinds(text), Err(Fault(at)), "{text}");
        }
        assert_eq!(kinds("{a(b:\"open"), Err(Fault(5)));
        assert_eq!(kinds("{a(b:\"\"\"open\"\""), Err(Fault(5)));
        assert_eq!(kinds("{a(b:\"two\nlines\")}"), Err(Fault(9)));
        assert_eq!(kinds("{a \u{7}}"), Err(Fault(3)));
        assert_eq!(kinds("{a #\u{0}\n}"), Err(Fault(4)));
        assert_eq!(kinds("{名}"), Err(Fault(1)));
    }

    #[test]
    fn a_backslash_before_the_last_quote_leaves_the_string_open() {
        assert_eq!(kinds("{a(b:\"\\\")}"), Err(Fault(5)));
        assert_eq!(kinds("{a(b:\"\\\\\")}").unwrap().len(), 8);
    }
}
