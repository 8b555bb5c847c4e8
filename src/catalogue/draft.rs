//! An item as its file says it, before anything is checked: every value with its line, faulty ones absent.

use std::collections::BTreeMap;

use crate::domain::{DataClass, DepartmentId, ItemCode, MaskRule, SubjectCategory, Tier};

use super::model::{Bilingual, FieldType, Requirement, Sharing};
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
    /// `Some(None)` is the word `NONE`: no tier sees it clear.
    pub tier: Option<Option<Tier>>,
    pub masked_from: Option<At<Tier>>,
    pub mask: Option<At<MaskRule>>,
    /// Whether the file has both keys or neither, readable or not.
    pub is_paired: bool,
}

pub(super) struct VintageDraft {
    pub id: Option<At<String>>,
    /// Column as written, with its targets.
    pub columns: Vec<(At<String>, Vec<At<String>>)>,
    /// Target, then text as sent with its canonical text.
    pub values: Vec<(At<String>, Vec<(At<String>, At<String>)>)>,
}
