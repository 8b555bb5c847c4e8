//! One pass over the tokens: counts and nesting, and just enough grammar that the library's reading cannot
//! hold more than ours. No recursion.

use async_graphql::Pos;

use super::Work;
use super::lexer::{Fault, Kind, Lexer, Token};
use super::limits::{DocumentLimits, Limit, NAME_BYTES};
use super::rejection::Rejection;

/// What a bracket opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Open {
    Selection,
    Arguments,
    List,
    Object,
}

/// Counts what the text holds and refuses it at the first excess.
#[derive(Debug)]
pub(super) struct Structure<'t> {
    text: &'t str,
    limits: &'t DocumentLimits,
    open: Vec<Open>,
    selections: usize,
    values: usize,
    aliases: usize,
    directives: usize,
    fragments: usize,
    previous: Option<Kind>,
    /// Between definitions: a brace or one of the four keywords must follow.
    definition_starts: bool,
}

/// Reads the whole text once. Nothing is built: what it leaves is counts in `work`, or a refusal.
pub(super) fn scan(text: &str, limits: &DocumentLimits, work: &mut Work) -> Result<(), Rejection> {
    let mut structure = Structure::new(text, limits);
    let mut lexer = Lexer::new(text);
    loop {
        let next = lexer.next();
        work.bytes = u64::try_from(lexer.read()).unwrap_or(u64::MAX);
        let Some(token) = next.map_err(|fault| structure.syntax(fault))? else { break };
        work.tokens += 1;
        if work.tokens > u64::try_from(limits.tokens).unwrap_or(u64::MAX) {
            return Err(structure.excess(Limit::Tokens, limits.tokens, token.span.start));
        }
        structure.take(&token, lexer.bytes(&token))?;
        structure.previous = Some(token.kind);
    }
    if structure.open.is_empty() && structure.definition_starts && work.tokens > 0 {
        Ok(())
    } else {
        Err(structure.syntax(Fault(text.len())))
    }
}

impl<'t> Structure<'t> {
    fn new(text: &'t str, limits: &'t DocumentLimits) -> Self {
        Self {
            text,
            limits,
            open: Vec::new(),
            selections: 0,
            values: 0,
            aliases: 0,
            directives: 0,
            fragments: 0,
            previous: None,
            definition_starts: true,
        }
    }

    fn take(&mut self, token: &Token, bytes: &[u8]) -> Result<(), Rejection> {
        let at = token.span.start;
        if self.definition_starts {
            self.start_definition(token.kind, bytes, at)?;
        }
        match token.kind {
            Kind::Punctuator(byte) => self.punctuator(byte, at),
            Kind::Name => self.name(bytes, at),
            Kind::Text if bytes.len() > self.limits.string_literal_bytes => {
                Err(self.excess(Limit::StringLiteralBytes, self.limits.string_literal_bytes, at))
            }
            Kind::Text | Kind::Number if !self.in_value() => Err(self.syntax(Fault(at))),
            Kind::Text | Kind::Number | Kind::Spread => Ok(()),
        }
    }

    /// The library takes `queryx` for `query x`; here a keyword is a whole name.
    fn start_definition(&mut self, kind: Kind, bytes: &[u8], at: usize) -> Result<(), Rejection> {
        match (kind, bytes) {
            (Kind::Punctuator(b'{'), _) | (Kind::Name, b"query" | b"mutation" | b"subscription") => {}
            (Kind::Name, b"fragment") => {
                self.fragments += 1;
                if self.fragments > self.limits.fragments {
                    return Err(self.excess(Limit::Fragments, self.limits.fragments, at));
                }
            }
            _ => return Err(self.syntax(Fault(at))),
        }
        self.definition_starts = false;
        Ok(())
    }

    fn name(&self, bytes: &[u8], at: usize) -> Result<(), Rejection> {
        if bytes.len() > NAME_BYTES {
            return Err(self.excess(Limit::NameBytes, NAME_BYTES, at));
        }
        // The library reads `truetrue` in a list as two values. No enum value of ours begins so.
        let in_list = self.open.last() == Some(&Open::List);
        let literal = [&b"true"[..], b"false", b"null"].into_iter().find(|literal| bytes.starts_with(literal));
        if in_list && literal.is_some_and(|literal| literal.len() < bytes.len()) {
            return Err(self.syntax(Fault(at)));
        }
        Ok(())
    }

    fn punctuator(&mut self, byte: u8, at: usize) -> Result<(), Rejection> {
        match byte {
            b'{' if self.in_value() => self.open_value(Open::Object, at),
            b'{' => self.open_selection(at),
            b'[' if self.in_value() => self.open_value(Open::List, at),
            b'(' => self.open_arguments(at),
            b'}' => self.close(&[Open::Selection, Open::Object], at),
            b']' => self.close(&[Open::List], at),
            b')' => self.close(&[Open::Arguments], at),
            b':' if self.open.last() == Some(&Open::Selection) && self.previous == Some(Kind::Name) => {
                self.aliases += 1;
                self.within(self.aliases, Limit::Aliases, self.limits.aliases, at)
            }
            b'@' => {
                self.directives += 1;
                self.within(self.directives, Limit::Directives, self.limits.directives, at)
            }
            b'!' | b'$' | b'=' if self.in_value() => Ok(()),
            b':' => Ok(()),
            _ => Err(self.syntax(Fault(at))),
        }
    }

    fn in_value(&self) -> bool {
        matches!(self.open.last(), Some(Open::Arguments | Open::List | Open::Object))
    }

    fn open_selection(&mut self, at: usize) -> Result<(), Rejection> {
        self.open.push(Open::Selection);
        self.selections += 1;
        let allowed = self.limits.braces();
        if self.selections > allowed {
            return Err(self.excess(Limit::SelectionNesting, self.limits.selection_nesting, at));
        }
        Ok(())
    }

    fn open_value(&mut self, open: Open, at: usize) -> Result<(), Rejection> {
        self.open.push(open);
        self.values += 1;
        self.within(self.values, Limit::ValueNesting, self.limits.value_brackets(), at)
    }

    /// Arguments lie in a selection, after an operation's name, or once more in a directive of a variable.
    fn open_arguments(&mut self, at: usize) -> Result<(), Rejection> {
        let allowed = matches!(self.open.as_slice(), [] | [.., Open::Selection] | [Open::Arguments]);
        if !allowed {
            return Err(self.syntax(Fault(at)));
        }
        self.open.push(Open::Arguments);
        Ok(())
    }

    fn close(&mut self, expected: &[Open], at: usize) -> Result<(), Rejection> {
        match self.open.pop() {
            Some(open) if expected.contains(&open) => match open {
                Open::Selection => {
                    self.selections -= 1;
                    self.definition_starts = self.open.is_empty();
                }
                Open::List | Open::Object => self.values -= 1,
                Open::Arguments => {}
            },
            _ => return Err(self.syntax(Fault(at))),
        }
        Ok(())
    }

    fn within(&self, count: usize, limit: Limit, allowed: usize, at: usize) -> Result<(), Rejection> {
        if count > allowed { Err(self.excess(limit, allowed, at)) } else { Ok(()) }
    }

    fn excess(&self, limit: Limit, allowed: usize, at: usize) -> Rejection {
        Rejection::limit(limit, allowed, Some(position(self.text, at)))
    }

    fn syntax(&self, Fault(at): Fault) -> Rejection {
        Rejection::Syntax { position: Some(position(self.text, at)) }
    }
}

/// Line and column from 1, columns in characters, of a byte.
fn position(text: &str, at: usize) -> Pos {
    let before = text.get(..at).unwrap_or(text);
    let line_start = before.rfind(['\n', '\r']).map_or(0, |end| end + 1);
    let breaks = before.replace("\r\n", "\n").matches(['\n', '\r']).count();
    Pos { line: breaks + 1, column: before.get(line_start..).unwrap_or_default().chars().count() + 1 }
}
