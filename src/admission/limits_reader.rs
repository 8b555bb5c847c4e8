//! Reads tables of whole numbers from TOML and collects every fault with its line.

use std::ops::{Range, RangeInclusive};

use toml::de::{DeTable, DeValue};

use super::limits::LimitsFault;

/// A table with the place of its head.
#[derive(Clone, Copy)]
pub(super) struct Section<'t> {
    pub(super) name: &'static str,
    table: &'t DeTable<'t>,
    offset: usize,
}

/// Collects faults while values are taken out.
pub(super) struct Reader<'t> {
    text: &'t str,
    pub(super) faults: Vec<LimitsFault>,
}

impl<'t> Reader<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self { text, faults: Vec::new() }
    }

    /// The table `key` of `parent`.
    pub(super) fn section(&mut self, parent: Section<'t>, key: &'static str) -> Option<Section<'t>> {
        let Some(found) = parent.table.get(key) else {
            self.fault(parent.offset, format!("`{key}` is missing in `{}`", parent.name));
            return None;
        };
        let Some(table) = found.get_ref().as_table() else {
            self.fault(found.span().start, format!("`{key}` is not a table"));
            return None;
        };
        Some(Section { name: key, table, offset: head_of(parent.table, key).unwrap_or(found.span()).start })
    }

    /// The number `key` of `section`, within `range`.
    pub(super) fn number(&mut self, section: Section<'t>, key: &str, range: RangeInclusive<u32>) -> u32 {
        let (least, most) = (*range.start(), *range.end());
        let Some(found) = section.table.get(key) else {
            self.fault(section.offset, format!("`{key}` is missing in `{}`", section.name));
            return least;
        };
        let number = match found.get_ref() {
            DeValue::Integer(integer) => i64::from_str_radix(integer.as_str(), integer.radix()).map_err(drop),
            _ => Err(()),
        };
        let fitting = number.and_then(|number| u32::try_from(number).map_err(drop)).ok().filter(|n| range.contains(n));
        fitting.unwrap_or_else(|| {
            self.fault(found.span().start, format!("`{key}` must be a whole number from {least} to {most}"));
            least
        })
    }

    /// Refuses every key of `section` that is not among `known`.
    pub(super) fn refuse_others(&mut self, section: Section<'t>, known: &[&str]) {
        for key in section.table.keys().filter(|key| !known.contains(&key.get_ref().as_ref())) {
            self.fault(key.span().start, format!("`{}` is not a key of `{}`", key.get_ref(), section.name));
        }
    }

    /// Notes a fault at the head of `section`.
    pub(super) fn fault_in(&mut self, section: Section<'t>, reason: String) {
        self.fault(section.offset, reason);
    }

    fn fault(&mut self, offset: usize, reason: String) {
        let before = self.text.get(..offset).unwrap_or(self.text);
        let line = before.bytes().filter(|b| *b == b'\n').count() + 1;
        self.faults.push(LimitsFault { line, reason });
    }
}

impl<'t> Section<'t> {
    /// The whole file.
    pub(super) fn root(table: &'t DeTable<'t>) -> Self {
        Self { name: "the file", table, offset: 0 }
    }
}

fn head_of(table: &DeTable<'_>, key: &str) -> Option<Range<usize>> {
    table.keys().find(|name| name.get_ref() == key).map(toml::Spanned::span)
}
