//! Reads a TOML file key by key and remembers the line of everything it reads.
//!
//! Not serde: a derived reader stops at the first fault, and a data officer wants them all at once.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::ops::Range;
use std::str::FromStr;

use strum::IntoEnumIterator;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::fault::CatalogueFault;
use super::model::Bilingual;

/// A value and the line it stands on.
#[derive(Clone, Debug)]
pub(super) struct At<T> {
    pub value: T,
    pub line: usize,
}

/// An enum whose values have names, all of which can be listed.
pub(super) trait Word: FromStr + IntoEnumIterator + Into<&'static str> {}

impl<T: FromStr + IntoEnumIterator + Into<&'static str>> Word for T {}

/// One file being read, and the faults found in it so far.
pub(super) struct Source {
    name: String,
    line_starts: Vec<usize>,
    faults: RefCell<Vec<CatalogueFault>>,
}

impl Source {
    pub fn new(name: &str, text: &str) -> Self {
        let breaks = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1);
        let line_starts = std::iter::once(0).chain(breaks).collect();
        Self { name: name.to_owned(), line_starts, faults: RefCell::default() }
    }

    /// The root of the file; `None` when it is not TOML, with a fault for every place where it is not.
    pub fn parse<'t>(&self, text: &'t str) -> Option<Spanned<DeTable<'t>>> {
        let (table, faults) = DeTable::parse_recoverable(text);
        for fault in &faults {
            let line = fault.span().map_or(1, |span| self.line(&span));
            self.fault(line, format!("this is not TOML: {}", fault.message().replace('\n', ", ")));
        }
        faults.is_empty().then_some(table)
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn fault(&self, line: usize, reason: impl Into<String>) {
        let fault = CatalogueFault { file: self.name.clone(), line: Some(line), reason: reason.into() };
        self.faults.borrow_mut().push(fault);
    }

    pub fn into_faults(self) -> Vec<CatalogueFault> {
        self.faults.into_inner()
    }

    fn line(&self, span: &Range<usize>) -> usize {
        self.line_starts.partition_point(|&start| start <= span.start)
    }
}

/// One table of a file. Every key asked for counts as known; `finish` reports the others.
pub(super) struct Section<'s, 't> {
    pub line: usize,
    source: &'s Source,
    table: &'s DeTable<'t>,
    place: String,
    known: BTreeSet<&'static str>,
}

impl<'s, 't> Section<'s, 't> {
    pub fn root(source: &'s Source, table: &'s DeTable<'t>, place: &str) -> Self {
        Self { line: 1, source, table, place: place.to_owned(), known: BTreeSet::new() }
    }

    fn inner(&self, table: &'s DeTable<'t>, line: usize, place: String) -> Self {
        Self { line, source: self.source, table, place, known: BTreeSet::new() }
    }

    pub fn fault(&self, line: usize, reason: impl Into<String>) {
        self.source.fault(line, reason);
    }

    /// Names the section in its faults, once its own name is known.
    pub fn rename(&mut self, place: String) {
        self.place = place;
    }

    fn find(&mut self, key: &'static str) -> Option<At<&'s DeValue<'t>>> {
        self.known.insert(key);
        let value = self.table.iter().find(|(name, _)| name.get_ref() == key)?;
        Some(At { value: value.1.get_ref(), line: self.source.line(&value.0.span()) })
    }

    /// Whether the table has this key, readable or not.
    pub fn has(&self, key: &str) -> bool {
        self.table.keys().any(|name| name.get_ref() == key)
    }

    fn element(&self, value: &'s Spanned<DeValue<'t>>) -> At<&'s DeValue<'t>> {
        At { value: value.get_ref(), line: self.source.line(&value.span()) }
    }

    fn demand(&mut self, key: &'static str) -> Option<At<&'s DeValue<'t>>> {
        let found = self.find(key);
        if found.is_none() {
            self.fault(self.line, format!("{} has no `{key}`", self.place));
        }
        found
    }

    fn wrong(&self, key: &str, line: usize, wanted: &str) {
        self.fault(line, format!("`{key}` of {} must be {wanted}", self.place));
    }

    /// Reads a found value as a text that is not empty.
    pub fn as_text(&self, key: &str, found: &At<&DeValue<'_>>) -> Option<At<String>> {
        match found.value.as_str().map(str::trim) {
            Some(text) if !text.is_empty() => Some(At { value: text.to_owned(), line: found.line }),
            Some(_) => {
                self.fault(found.line, format!("`{key}` of {} is empty", self.place));
                None
            }
            None => {
                self.wrong(key, found.line, "a text in quotation marks");
                None
            }
        }
    }

    /// A text that must be there.
    pub fn text(&mut self, key: &'static str) -> Option<At<String>> {
        let found = self.demand(key)?;
        self.as_text(key, &found)
    }

    /// A text that may be absent.
    pub fn optional_text(&mut self, key: &'static str) -> Option<At<String>> {
        let found = self.find(key)?;
        self.as_text(key, &found)
    }

    /// A switch; absent is `false`.
    pub fn flag(&mut self, key: &'static str) -> At<bool> {
        let Some(found) = self.find(key) else { return At { value: false, line: self.line } };
        let value = found.value.as_bool();
        if value.is_none() {
            self.wrong(key, found.line, "`true` or `false`, without quotation marks");
        }
        At { value: value.unwrap_or(false), line: found.line }
    }

    /// A whole number from 1 that may be absent.
    pub fn optional_count(&mut self, key: &'static str) -> Option<At<u32>> {
        let found = self.find(key)?;
        let number = found.value.as_integer().and_then(|number| number.as_str().parse().ok()).filter(|&n| n > 0);
        if number.is_none() {
            self.wrong(key, found.line, "a whole number from 1, without quotation marks");
        }
        Some(At { value: number?, line: found.line })
    }

    /// Reads a text as one of the words of a closed vocabulary.
    pub fn as_word<T: Word>(&self, key: &str, text: &At<String>) -> Option<At<T>> {
        if let Ok(value) = T::from_str(&text.value) {
            return Some(At { value, line: text.line });
        }
        let words: Vec<&str> = T::iter().map(Into::into).collect();
        let none = if key == "tier" { ", or `NONE` when no tier sees it clear" } else { "" };
        let reason = format!("`{}` is not a `{key}` of {}; write {}{none}", text.value, self.place, one_of(&words));
        self.fault(text.line, reason);
        None
    }

    /// A word of a closed vocabulary that must be there.
    pub fn word<T: Word>(&mut self, key: &'static str) -> Option<At<T>> {
        let text = self.text(key)?;
        self.as_word(key, &text)
    }

    /// A word of a closed vocabulary that may be absent.
    pub fn optional_word<T: Word>(&mut self, key: &'static str) -> Option<At<T>> {
        let text = self.optional_text(key)?;
        self.as_word(key, &text)
    }

    /// A list of words of a closed vocabulary that must be there.
    pub fn words<T: Word>(&mut self, key: &'static str) -> Vec<At<T>> {
        let texts = self.demand(key).map(|found| self.as_texts(key, &found)).unwrap_or_default();
        texts.iter().filter_map(|text| self.as_word(key, text)).collect()
    }

    /// A table whose keys are words of a closed vocabulary, such as categories of subject.
    pub fn by_word<T: Word>(&mut self, key: &'static str) -> Vec<(At<T>, At<&'s DeValue<'t>>)> {
        let Some(section) = self.optional_section(key) else { return Vec::new() };
        let read = |(name, value)| Some((self.as_word(key, &name)?, value));
        section.entries().into_iter().filter_map(read).collect()
    }

    /// A title or description in both languages.
    pub fn bilingual(&mut self, key: &'static str) -> Option<At<Bilingual>> {
        let found = self.demand(key)?;
        let Some(table) = found.value.as_table() else {
            self.wrong(key, found.line, "in both languages: { zh = \"…\", en = \"…\" }");
            return None;
        };
        let mut inner = self.inner(table, found.line, format!("`{key}` of {}", self.place));
        let (zh, en) = (inner.text("zh"), inner.text("en"));
        inner.finish();
        Some(At { value: Bilingual { zh: zh?.value, en: en?.value }, line: found.line })
    }

    /// A list of texts that may be absent.
    pub fn optional_texts(&mut self, key: &'static str) -> Vec<At<String>> {
        self.find(key).map(|found| self.as_texts(key, &found)).unwrap_or_default()
    }

    /// A text or a list of texts.
    pub fn as_texts(&self, key: &str, found: &At<&'s DeValue<'t>>) -> Vec<At<String>> {
        let Some(list) = found.value.as_array() else {
            return self.as_text(key, found).into_iter().collect();
        };
        list.iter().filter_map(|value| self.as_text(key, &self.element(value))).collect()
    }

    /// A list whose elements are texts or lists of texts, which must be there.
    pub fn alternatives(&mut self, key: &'static str) -> Option<At<Vec<Vec<At<String>>>>> {
        let found = self.demand(key)?;
        let Some(list) = found.value.as_array() else {
            self.wrong(
                key,
                found.line,
                "a list, such as [\"decisionNo\", [\"authorityUscc\", \"authority\"], \"subject\"]",
            );
            return None;
        };
        let parts = list.iter().map(|value| self.as_texts(key, &self.element(value))).collect();
        Some(At { value: parts, line: found.line })
    }

    /// A table that must be there.
    pub fn section(&mut self, key: &'static str) -> Option<Self> {
        let found = self.demand(key)?;
        self.as_section(key, &found)
    }

    /// A table that may be absent.
    pub fn optional_section(&mut self, key: &'static str) -> Option<Self> {
        let found = self.find(key)?;
        self.as_section(key, &found)
    }

    /// Reads a found value as a table.
    pub fn as_section(&self, key: &str, found: &At<&'s DeValue<'t>>) -> Option<Self> {
        let table = found.value.as_table();
        if table.is_none() {
            self.wrong(key, found.line, "a table: { key = value, … }");
        }
        Some(self.inner(table?, found.line, format!("`{key}` of {}", self.place)))
    }

    /// The tables under `[[key]]`, of which there must be at least one.
    pub fn sections(&mut self, key: &'static str) -> Vec<Self> {
        let Some(found) = self.demand(key) else { return Vec::new() };
        let Some(list) = found.value.as_array() else {
            self.wrong(key, found.line, &format!("tables, each under a line `[[{key}]]`"));
            return Vec::new();
        };
        let mut sections = Vec::new();
        for value in list {
            let line = self.source.line(&value.span());
            match value.get_ref().as_table() {
                Some(table) => sections.push(self.inner(table, line, format!("a `[[{key}]]`"))),
                None => self.wrong(key, line, &format!("tables, each under a line `[[{key}]]`")),
            }
        }
        sections
    }

    /// Every key of the table with its value, for tables whose keys are data.
    pub fn entries(&self) -> Vec<(At<String>, At<&'s DeValue<'t>>)> {
        let mut entries = Vec::new();
        for (name, value) in self.table {
            let line = self.source.line(&name.span());
            entries.push((At { value: name.get_ref().to_string(), line }, At { value: value.get_ref(), line }));
        }
        entries
    }

    /// Reports every key that nobody asked for.
    pub fn finish(self) {
        for (name, _) in self.table {
            if !self.known.contains(name.get_ref().as_ref()) {
                let known: Vec<&str> = self.known.iter().copied().collect();
                let line = self.source.line(&name.span());
                let reason = format!("unknown key `{}` in {}; known are {}", name.get_ref(), self.place, list(&known));
                self.fault(line, reason);
            }
        }
    }
}

/// `a`, `b`, `c`.
pub(super) fn list(words: &[&str]) -> String {
    words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
}

/// `a`, or one of `a`, `b`, `c`.
pub(super) fn one_of(words: &[&str]) -> String {
    if let [only] = words { format!("`{only}`") } else { format!("one of {}", list(words)) }
}
