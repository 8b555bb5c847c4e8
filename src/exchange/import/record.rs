//! A row after all checks: what the store takes in.

use std::collections::BTreeMap;
use std::fmt::Write;

use crate::domain::identifier::IdentifierKind;
use crate::domain::period::Windows;
use crate::domain::{Date, DepartmentId, ItemCode, RecordState, Sensitive, SubjectCategory};

use super::problem::Problem;

/// Text that is stored as it is, or never in the clear.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// Stored as it is.
    Clear(String),
    /// Sealed, or stored as a blind index.
    Private(Sensitive),
}

impl Content {
    /// The text, for digests and indexes.
    pub fn expose(&self) -> &str {
        match self {
            Self::Clear(text) => text,
            Self::Private(text) => text.expose(),
        }
    }
}

/// Whom a record is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PreparedSubject {
    /// The category.
    pub category: SubjectCategory,
    /// The identifiers the row has, each kind once. Empty: the subject is known by its name alone, one per record.
    pub identifiers: Vec<(IdentifierKind, Content)>,
    /// The name as sent; private unless the subject is an organization.
    pub name: Option<Content>,
}

/// Who provided a record.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PreparedProvider {
    /// The unit's name as sent.
    pub name: Option<String>,
    /// The unit's unified social credit code.
    pub code: Option<String>,
    /// The registered department, when the unit is one; the item's own provider when the row names nobody.
    pub department: Option<DepartmentId>,
}

/// What a row was marked with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, strum::IntoStaticStr)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum Flag {
    /// A required column or cell is absent.
    Incomplete,
    /// Reported later than seven working days after the decision.
    Late,
    /// The publication window is doubtful.
    Unclassified,
    /// The publication window rests on a calendar that is not published yet.
    Provisional,
}

/// A row, ready for the store.
#[derive(Clone, Debug)]
pub struct PreparedRecord {
    /// The line it starts on in the file.
    pub line: u64,
    /// The catalogue item.
    pub item: ItemCode,
    /// Whom it is about.
    pub subject: PreparedSubject,
    /// Who provided it.
    pub provider: PreparedProvider,
    /// The date of the decision, the listing or the event.
    pub decided_on: Option<Date>,
    /// 公示截止期 as sent.
    pub published_until_sent: Option<Date>,
    /// The state the row says; `CURRENT` when it says none.
    pub state: RecordState,
    /// The publication windows under the rule pack in force today.
    pub windows: Windows,
    /// The values of PLAIN fields, by field name.
    pub plain: BTreeMap<String, serde_json::Value>,
    /// The values of PERSONAL and SENSITIVE fields, by field name: texts and words as they are, dates in ISO 8601,
    /// numbers in digits, lists joined by `;`.
    pub private: BTreeMap<String, Sensitive>,
    /// The values of indexed fields in the form of `index_form`, by field name; one entry per element of a list.
    pub indexed: Vec<(String, Content)>,
    /// The canonical text of the natural key.
    pub key_text: Sensitive,
    /// The day the row was received.
    pub received_on: Date,
    /// Whether it came within seven working days; `None` where that is not asked or the decision has no date.
    pub on_time: Option<bool>,
    /// What it was marked with, each flag once.
    pub flags: Vec<Flag>,
    /// What was found, without any `REJECT`.
    pub problems: Vec<Problem>,
    /// Filled and demanded cells among those that were required of this row.
    pub completeness: (u32, u32),
}

impl PreparedRecord {
    /// The canonical text of everything the row says, for the content digest: two rows of the same record with the
    /// same text are one version.
    pub fn content_text(&self) -> Sensitive {
        let mut text = String::with_capacity(512);
        let written = write!(
            text,
            "{:?}\u{1f}{:?}\u{1f}{:?}\u{1f}{}\u{1f}{:?}\u{1e}",
            self.decided_on, self.published_until_sent, self.state, self.subject.category, self.provider,
        );
        debug_assert!(written.is_ok(), "writing to a string cannot fail");
        for (kind, value) in &self.subject.identifiers {
            push(&mut text, kind.name(), value.expose());
        }
        push(&mut text, "name", self.subject.name.as_ref().map_or("", Content::expose));
        for (name, value) in &self.plain {
            push(&mut text, name, &value.to_string());
        }
        for (name, value) in &self.private {
            push(&mut text, name, value.expose());
        }
        Sensitive::new(text)
    }
}

/// Adds a part whose name and value cannot run into their neighbours.
pub(super) fn push(text: &mut String, name: &str, value: &str) {
    text.push_str(name);
    text.push('\u{1f}');
    text.push_str(value);
    text.push('\u{1e}');
}
