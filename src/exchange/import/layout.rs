//! Which column of a file fills which field: by the column's name, never by its position.

use std::collections::BTreeMap;
use std::sync::Arc;

use strum::{EnumIter, EnumString, IntoEnumIterator, IntoStaticStr};

use crate::catalogue::{Item, Requirement, Vintage, column_key};

/// A target of a column beside the item's fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, EnumIter, EnumString, IntoStaticStr)]
pub(super) enum HeadTarget {
    #[strum(serialize = "subject.category")]
    Category,
    #[strum(serialize = "subject.uscc")]
    Uscc,
    #[strum(serialize = "subject.registrationNo")]
    RegistrationNo,
    #[strum(serialize = "subject.organizationCode")]
    OrganizationCode,
    #[strum(serialize = "subject.taxRegistrationNo")]
    TaxRegistrationNo,
    #[strum(serialize = "subject.institutionCertificateNo")]
    InstitutionCertificateNo,
    #[strum(serialize = "subject.socialOrganizationNo")]
    SocialOrganizationNo,
    #[strum(serialize = "head.publishedUntil")]
    PublishedUntil,
    #[strum(serialize = "head.receivedOn")]
    ReceivedOn,
    #[strum(serialize = "head.state")]
    State,
    #[strum(serialize = "ignore")]
    Ignore,
}

/// Why a header cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HeaderError {
    /// Two columns have one name, so it is not known which holds the value.
    #[error("column `{name}` stands twice in the header (columns {first} and {second})")]
    Duplicate {
        /// The name.
        name: String,
        /// The first column, from 1.
        first: usize,
        /// The second column, from 1.
        second: usize,
    },
}

/// The longest column name that is repeated in reports, in characters.
const NAME_CHARS_MAX: usize = 40;

/// The columns of each field and head target.
#[derive(Debug)]
pub(super) struct Layout {
    fields: Vec<Vec<usize>>,
    heads: BTreeMap<HeadTarget, Vec<usize>>,
    names: Vec<Arc<str>>,
    field_names: Vec<Arc<str>>,
    /// By field: whether the vintage knows a column for it.
    expected: Vec<bool>,
    expected_heads: Vec<HeadTarget>,
    width: usize,
    /// Columns that the vintage does not know.
    pub(super) unknown: Vec<Arc<str>>,
    /// Mandatory fields that no column fills.
    pub(super) missing: Vec<Arc<str>>,
}

impl Layout {
    pub(super) fn of(header: &[String], item: &Item, vintage: &Vintage) -> Result<Self, HeaderError> {
        let names = header.iter().map(|name| shown(name)).collect();
        let field_names =
            item.fields.iter().map(|field| field.national_code.as_deref().unwrap_or(&field.name).into()).collect();
        let mut layout = Self {
            fields: vec![Vec::new(); item.fields.len()],
            heads: BTreeMap::new(),
            names,
            field_names,
            expected: item.fields.iter().map(|field| vintage.fills(&field.name)).collect(),
            expected_heads: HeadTarget::iter().filter(|target| vintage.fills(target.into())).collect(),
            width: header.len(),
            unknown: Vec::new(),
            missing: Vec::new(),
        };
        let mut seen = BTreeMap::new();
        for (at, name) in header.iter().enumerate().filter(|(_, name)| !column_key(name).is_empty()) {
            if let Some(first) = seen.insert(column_key(name), at) {
                let name = shown(name).to_string();
                return Err(HeaderError::Duplicate { name, first: first + 1, second: at + 1 });
            }
            layout.place(at, vintage.targets(name), item);
        }
        let is_missing = |(at, field): &(usize, &crate::catalogue::Field)| {
            field.required == Requirement::Mandatory && !layout.has_field(*at)
        };
        let missing =
            item.fields.iter().enumerate().filter(is_missing).map(|(at, _)| layout.name_of_field(at)).collect();
        layout.missing = missing;
        Ok(layout)
    }

    fn place(&mut self, at: usize, targets: Option<&[String]>, item: &Item) {
        let Some(targets) = targets else {
            self.unknown.extend(self.names.get(at).cloned());
            return;
        };
        for target in targets {
            if let Ok(head) = target.parse::<HeadTarget>() {
                self.heads.entry(head).or_default().push(at);
            } else if let Some(columns) = item.field(target).and_then(|(field, _)| self.fields.get_mut(field)) {
                columns.push(at);
            }
        }
    }

    /// How many columns the header has.
    pub(super) fn width(&self) -> usize {
        self.width
    }

    pub(super) fn field(&self, at: usize) -> &[usize] {
        self.fields.get(at).map_or(&[], Vec::as_slice)
    }

    pub(super) fn has_field(&self, at: usize) -> bool {
        !self.field(at).is_empty()
    }

    /// Whether the vintage knows a column for a field.
    pub(super) fn expects(&self, at: usize) -> bool {
        self.expected.get(at).copied().unwrap_or(false)
    }

    /// Whether the vintage knows a column for a head target.
    pub(super) fn expects_head(&self, target: HeadTarget) -> bool {
        self.expected_heads.contains(&target)
    }

    pub(super) fn head(&self, target: HeadTarget) -> &[usize] {
        self.heads.get(&target).map_or(&[], Vec::as_slice)
    }

    /// The column's name as written, or its number.
    pub(super) fn name(&self, column: usize) -> Arc<str> {
        self.names.get(column).cloned().unwrap_or_else(|| format!("#{}", column + 1).into())
    }

    /// The name of the column that fills a field, or the national code of the absent one.
    pub(super) fn name_of_field(&self, at: usize) -> Arc<str> {
        match self.field(at).first() {
            Some(&column) => self.name(column),
            None => self.field_names.get(at).cloned().unwrap_or_default(),
        }
    }

    /// The name of the column that fills a head target, or the target's own.
    pub(super) fn name_of_head(&self, target: HeadTarget) -> Arc<str> {
        match self.head(target).first() {
            Some(&column) => self.name(column),
            None => <&str>::from(target).into(),
        }
    }
}

fn shown(name: &str) -> Arc<str> {
    let name = name.trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
    name.chars().filter(|c| !c.is_control()).take(NAME_CHARS_MAX).collect::<String>().into()
}
