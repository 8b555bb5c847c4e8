//! From a draft without faults to the item that the other rooms use.

use strum::IntoEnumIterator;

use crate::domain::SubjectCategory;

use super::check_field::effective_reach;
use super::check_vintage::build_vintage;
use super::draft::{FieldDraft, HeadDraft, ItemDraft};
use super::model::{Field, Head, Item, NaturalKey, SubjectMapping};
use super::section::At;

/// The item of a draft; `None` when something that must be there is absent, which the checks have reported.
pub(super) fn build_item(draft: &ItemDraft) -> Option<Item> {
    let key = draft.natural_key.as_ref()?;
    let part = |part: &Vec<At<String>>| part.iter().map(|name| name.value.clone()).collect();
    Some(Item {
        code: draft.code.as_ref()?.value.clone(),
        edition: draft.edition.clone()?,
        type_name: text(draft.type_name.as_ref())?,
        title: draft.title.clone()?,
        description: draft.description.clone()?,
        category: text(draft.category.as_ref())?,
        provider: draft.provider.as_ref()?.value.clone(),
        sharing: draft.sharing.as_ref()?.value,
        update_frequency: text(draft.update_frequency.as_ref())?,
        natural_key: NaturalKey { parts: key.value.iter().map(part).collect() },
        publication: text(draft.publication.as_ref())?,
        term_months: draft.term_months.as_ref().map(|term| term.value),
        list: draft.list.as_ref().map(|list| list.value),
        collection_forbidden: draft.collection_forbidden.clone(),
        head: build_head(draft.head.as_ref()?),
        fields: draft.fields.iter().map(|field| build_field(draft, field)).collect::<Option<_>>()?,
        vintages: draft.vintages.iter().map(|vintage| build_vintage(draft, vintage)).collect::<Option<_>>()?,
    })
}

fn build_head(head: &HeadDraft) -> Head {
    Head {
        subject: SubjectMapping {
            categories: head.categories.iter().map(|category| category.value).collect(),
            name: text(head.name.as_ref()),
            certificate_no: text(head.certificate_no.as_ref()),
            certificate_type: text(head.certificate_type.as_ref()),
        },
        decided_on: text(head.decided_on.as_ref()),
        valid_to: text(head.valid_to.as_ref()),
        provider_name: text(head.provider_name.as_ref()),
        provider_code: text(head.provider_code.as_ref()),
    }
}

fn build_field(item: &ItemDraft, field: &FieldDraft) -> Option<Field> {
    let reach = |category| Some((category, effective_reach(item, field, category)?));
    Some(Field {
        name: text(field.name.as_ref())?,
        title: field.title.as_ref()?.value.clone(),
        description: field.description.clone()?,
        national_code: text(field.national_code.as_ref()),
        data_type: field.data_type.as_ref()?.value,
        data_format: text(field.data_format.as_ref()),
        required: field.required.as_ref()?.value,
        class: field.class.as_ref()?.value,
        indexed: field.indexed.value,
        scanned: field.scanned.value,
        self_only: field.self_only.value,
        reach: SubjectCategory::iter().map(reach).collect::<Option<_>>()?,
    })
}

fn text(at: Option<&At<String>>) -> Option<String> {
    at.map(|at| at.value.clone())
}
