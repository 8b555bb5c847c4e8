//! From the text of one file to a draft of its item. What the values mean together is checked elsewhere.

use std::collections::BTreeMap;

use crate::domain::{DepartmentId, ItemCode, SubjectCategory, Tier};

use super::draft::{ClearFrom, ColumnDraft, FieldDraft, HeadDraft, ItemDraft, ReachDraft, ValuesDraft, VintageDraft};
use super::section::{At, Section, Source};

/// Reads the file's text; `None` when it is not TOML. Faults are left in `source`.
pub(super) fn read_item(source: &Source, text: &str) -> Option<ItemDraft> {
    let table = source.parse(text)?;
    let mut item = Section::root(source, table.get_ref(), "the item");
    let draft = ItemDraft {
        code: item.text("code").and_then(|code| read_code(&item, &code)),
        edition: item.text("edition").map(|edition| edition.value),
        type_name: item.text("type_name"),
        title: item.bilingual("title").map(|title| title.value),
        description: item.bilingual("description").map(|description| description.value),
        category: item.text("category"),
        provider: item.text("provider").and_then(|id| read_provider(&item, &id)),
        sharing: item.word("sharing"),
        update_frequency: item.text("update_frequency"),
        natural_key: item.alternatives("natural_key"),
        publication: item.text("publication"),
        term_months: item.optional_count("term_months"),
        list: item.optional_word("list"),
        collection_forbidden: read_collection(&mut item),
        lowest_tier: read_lowest_tiers(&mut item),
        head: item.section("head").map(read_head),
        fields: item.sections("field").into_iter().map(read_field).collect(),
        vintages: item.sections("vintage").into_iter().map(read_vintage).collect(),
    };
    item.finish();
    Some(draft)
}

fn read_code(item: &Section<'_, '_>, text: &At<String>) -> Option<At<ItemCode>> {
    let code = ItemCode::parse(&text.value);
    if code.is_none() {
        let reason = format!("`{}` is not an item code; write lower-case letters, digits and hyphens", text.value);
        item.fault(text.line, reason);
    }
    Some(At { value: code?, line: text.line })
}

fn read_provider(item: &Section<'_, '_>, text: &At<String>) -> Option<At<DepartmentId>> {
    let provider = DepartmentId::parse(&text.value);
    if provider.is_none() {
        item.fault(
            text.line,
            format!("`{}` is not a department id; write upper-case letters, such as `AMR`", text.value),
        );
    }
    Some(At { value: provider?, line: text.line })
}

fn read_collection(item: &mut Section<'_, '_>) -> Option<String> {
    let mut collection = item.optional_section("collection")?;
    let condition = collection.text("forbidden_unless");
    collection.finish();
    condition.map(|condition| condition.value)
}

fn read_lowest_tiers(item: &mut Section<'_, '_>) -> BTreeMap<SubjectCategory, Tier> {
    let tiers = item.by_word::<SubjectCategory>("lowest_tier");
    let read = |(category, value): (At<SubjectCategory>, _)| {
        let text = item.as_text("lowest_tier", &value)?;
        Some((category.value, item.as_word("lowest_tier", &text)?.value))
    };
    tiers.into_iter().filter_map(read).collect()
}

fn read_head(mut head: Section<'_, '_>) -> HeadDraft {
    let subject = head.section("subject");
    let mut draft = HeadDraft {
        line: head.line,
        decided_on: head.optional_text("decided_on"),
        valid_to: head.optional_text("valid_to"),
        provider_name: head.optional_text("provider_name"),
        provider_code: head.optional_text("provider_code"),
        categories: Vec::new(),
        name: None,
        certificate_no: None,
        certificate_type: None,
    };
    if let Some(mut subject) = subject {
        draft.categories = subject.words("categories");
        draft.name = subject.optional_text("name");
        draft.certificate_no = subject.optional_text("certificate_no");
        draft.certificate_type = subject.optional_text("certificate_type");
        subject.finish();
    }
    head.finish();
    draft
}

fn read_field(mut field: Section<'_, '_>) -> FieldDraft {
    let name = field.text("name");
    if let Some(name) = &name {
        field.rename(format!("field `{}`", name.value));
    }
    let draft = FieldDraft {
        line: name.as_ref().map_or(field.line, |name| name.line),
        title: field.bilingual("title"),
        description: field.bilingual("description").map(|description| description.value),
        national_code: field.optional_text("national_code"),
        data_type: field.word("data_type"),
        data_format: field.optional_text("data_format"),
        required: field.word("required"),
        class: field.word("class"),
        indexed: field.flag("indexed"),
        scanned: field.flag("scanned"),
        self_only: field.flag("self_only"),
        reach: read_reach(&mut field),
        overrides: read_overrides(&mut field),
        name,
    };
    field.finish();
    draft
}

fn read_overrides(field: &mut Section<'_, '_>) -> BTreeMap<SubjectCategory, ReachDraft> {
    let overrides = field.by_word::<SubjectCategory>("for");
    let read = |(category, value): (At<SubjectCategory>, _)| {
        let mut section = field.as_section(&format!("for.{}", category.value), &value)?;
        let reach = read_reach(&mut section);
        section.finish();
        Some((category.value, reach))
    };
    overrides.into_iter().filter_map(read).collect()
}

/// The three keys of a reach: of a field, or of one of its overrides.
fn read_reach(section: &mut Section<'_, '_>) -> ReachDraft {
    let tier = match section.text("tier") {
        Some(text) if text.value == "NONE" => Some(ClearFrom::Nobody),
        Some(text) => section.as_word("tier", &text).map(|tier| ClearFrom::Tier(tier.value)),
        None => None,
    };
    let (masked_from, mask) = (section.optional_word("masked_from"), section.optional_word("mask"));
    let is_paired = section.has("masked_from") == section.has("mask");
    ReachDraft { line: section.line, tier, masked_from, mask, is_paired }
}

fn read_vintage(mut vintage: Section<'_, '_>) -> VintageDraft {
    let id = vintage.text("id");
    if let Some(id) = &id {
        vintage.rename(format!("vintage `{}`", id.value));
    }
    let columns = vintage.section("columns").as_ref().map(read_columns).unwrap_or_default();
    let values = vintage.optional_section("values").as_ref().map(read_values).unwrap_or_default();
    vintage.finish();
    VintageDraft { id, columns, values }
}

fn read_columns(columns: &Section<'_, '_>) -> Vec<ColumnDraft> {
    let read = |(name, value): (At<String>, _)| {
        let targets = columns.as_texts(&name.value, &value);
        ColumnDraft { name, targets }
    };
    columns.entries().into_iter().map(read).collect()
}

fn read_values(values: &Section<'_, '_>) -> Vec<ValuesDraft> {
    let mut read = Vec::new();
    for (target, table) in values.entries() {
        let Some(section) = values.as_section(&target.value, &table) else { continue };
        let mut pairs = Vec::new();
        for (sent, value) in section.entries() {
            match section.as_texts(&sent.value, &value).as_slice() {
                [canonical] => pairs.push((sent, canonical.clone())),
                _ => section.fault(sent.line, format!("`{}` must be translated to one text", sent.value)),
            }
        }
        read.push(ValuesDraft { target, pairs });
    }
    read
}
