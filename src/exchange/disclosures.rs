//! What a caller would see of an item, before asking for any record.

use strum::IntoEnumIterator;

use super::inquiry::Inquiry;
use crate::access::{Decision, Facts};
use crate::domain::{ItemCode, SubjectCategory};

/// What the caller would see of one field for one category of subject.
#[derive(Clone, Debug)]
pub struct FieldDisclosure {
    /// The field.
    pub field: String,
    /// The category of subject.
    pub category: SubjectCategory,
    /// The decision.
    pub decision: Decision,
    /// Whether the caller may filter on it.
    pub filterable: bool,
    /// The ids of the policies that decided.
    pub policies: Vec<String>,
}

/// Every field of an item, for every category of subject that the item knows, without a relation to the record.
pub fn of(inquiry: &Inquiry, item: &ItemCode) -> Vec<FieldDisclosure> {
    let Some(item) = inquiry.gateway().catalogue.item(item) else { return Vec::new() };
    let categories = SubjectCategory::iter().filter(|category| item.head.subject.categories.contains(category));
    categories
        .flat_map(|category| {
            item.fields.iter().enumerate().map(move |(at, field)| {
                let facts = Facts::unrelated(category);
                FieldDisclosure {
                    field: field.name.clone(),
                    category,
                    decision: inquiry.permit().preview(item, at, category),
                    filterable: inquiry.permit().may_filter(item, at),
                    policies: inquiry.permit().policies(item, at, &facts).iter().map(ToString::to_string).collect(),
                }
            })
        })
        .collect()
}
