//! An item as its file says it, before anything is checked: every value with its line, faulty ones absent.

use std::collections::BTreeMap;

use crate::domain::{DataClass, DepartmentId, ItemCode, MaskRule, SubjectCategory, Tier};

use super::model::{Bilingual, FieldType, ListKind, Requirement, Sharing};
use super::section::At;

pub(super) struct ItemDraft {
    pub code: Option<At<ItemCode>>,
    pub edition: Option<String>,
    pub type_name: Option<At<String>>,
    pub title: Option<Bilingual>,
    pub description: Option<Bilingual>,
    pub category: Option<At<String>>,
    pub provider: Option<At<DepartmentId>>,
    pub sharing: Option<At<Sharing>>,
    pub update_frequency: Option<At<String>>,
    pub natural_key: Option<At<Vec<Vec<At<String>>>>>,
    pub publication: Option<At<String>>,
    pub term_months: Option<At<u32>>,
    pub list: Option<At<ListKind>>,
    pub collection_forbidden: Option<String>,
    /// No field reaches below this tier for these categories.
    pub lowest_tier: BTreeMap<SubjectCategory, Tier>,
    pub head: Option<HeadDraft>,
    pub fields: Vec<FieldDraft>,
    pub vintages: Vec<VintageDraft>,
}

pub(super) struct HeadDraft {
    pub line: usize,
    pub decided_on: Option<At<String>>,
    pub valid_to: Option<At<String>>,
    pub provider_name: Option<At<String>>,
    pub provider_code: Option<At<String>>,
    pub categories: Vec<At<SubjectCategory>>,
    pub name: Option<At<String>>,
    pub certificate_no: Option<At<String>>,
    pub certificate_type: Option<At<String>>,
}

pub(super) struct FieldDraft {
    pub line: usize,
    pub name: Option<At<String>>,
    pub title: Option<At<Bilingual>>,
    pub description: Option<Bilingual>,
    pub national_code: Option<At<String>>,
    pub data_type: Option<At<FieldType>>,
    pub data_format: Option<At<String>>,
    pub required: Option<At<Requirement>>,
    pub class: Option<At<DataClass>>,
    pub indexed: At<bool>,
    pub scanned: At<bool>,
    pub self_only: At<bool>,
    pub reach: ReachDraft,
    pub overrides: BTreeMap<SubjectCategory, ReachDraft>,
}

impl FieldDraft {
    /// The name for fault texts.
    pub fn label(&self) -> &str {
        self.name.as_ref().map_or("?", |name| name.value.as_str())
    }
}

pub(super) struct ReachDraft {
    pub line: usize,
    /// Absent when the file names none or none that is known.
    pub tier: Option<ClearFrom>,
    pub masked_from: Option<At<Tier>>,
    pub mask: Option<At<MaskRule>>,
    /// Whether the file has both keys or neither, readable or not.
    pub is_paired: bool,
}

/// What a file says as `tier`: the lowest tier that sees the field clear, or the word `NONE`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum ClearFrom {
    Tier(Tier),
    Nobody,
}

impl ClearFrom {
    pub fn tier(self) -> Option<Tier> {
        match self {
            Self::Tier(tier) => Some(tier),
            Self::Nobody => None,
        }
    }
}

pub(super) struct VintageDraft {
    pub id: Option<At<String>>,
    pub columns: Vec<ColumnDraft>,
    pub values: Vec<ValuesDraft>,
}

/// A column as written, with its targets.
pub(super) struct ColumnDraft {
    pub name: At<String>,
    pub targets: Vec<At<String>>,
}

/// How the texts sent to one target are translated: as sent, then canonical.
pub(super) struct ValuesDraft {
    pub target: At<String>,
    pub pairs: Vec<(At<String>, At<String>)>,
}
