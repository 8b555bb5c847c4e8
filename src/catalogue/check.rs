//! What an item must fulfil as a whole: its words, its head, its natural key. Fields and vintages have files of
//! their own beside this one.

use crate::domain::{DataClass, SubjectCategory};

use super::departments::Departments;
use super::draft::{FieldDraft, HeadDraft, ItemDraft};
use super::model::FieldType;
use super::rules::PUBLICATION_RULES;
use super::section::{At, Source, list, one_of};
use super::terms::{CATEGORIES, UPDATE_FREQUENCIES, type_name_fault};
use super::{check_field, check_vintage};

/// Checks one item by itself. Faults are left in `source`.
pub(super) fn check_item(source: &Source, item: &ItemDraft, departments: Option<&Departments>) {
    check_words(source, item, departments);
    if let Some(head) = &item.head {
        check_head(source, item, head);
    }
    check_natural_key(source, item);
    check_publication(source, item);
    check_field::check_fields(source, item);
    check_vintage::check_vintages(source, item);
}

fn check_words(source: &Source, item: &ItemDraft, departments: Option<&Departments>) {
    if let Some(name) = &item.type_name
        && let Some(fault) = type_name_fault(&name.value)
    {
        source.fault(name.line, fault);
    }
    check_listed(source, "category", item.category.as_ref(), &CATEGORIES);
    check_listed(source, "update_frequency", item.update_frequency.as_ref(), &UPDATE_FREQUENCIES);
    check_listed(source, "publication", item.publication.as_ref(), &PUBLICATION_RULES);
    if let (Some(provider), Some(departments)) = (&item.provider, departments)
        && departments.by_id(&provider.value).is_none()
    {
        let known: Vec<&str> = departments.iter().map(|department| department.id.as_str()).collect();
        let reason = format!("provider `{}` is not a department; known are {}", provider.value, list(&known));
        source.fault(provider.line, reason);
    }
}

fn check_listed(source: &Source, key: &str, word: Option<&At<String>>, listed: &[&str]) {
    if let Some(word) = word
        && !listed.contains(&word.value.as_str())
    {
        source.fault(word.line, format!("`{}` is not a `{key}`; write {}", word.value, one_of(listed)));
    }
}

fn check_head(source: &Source, item: &ItemDraft, head: &HeadDraft) {
    if head.categories.is_empty() {
        let reason = "`subject.categories` of `head` names nobody; write the categories of subject that occur";
        source.fault(head.line, reason);
    }
    let columns = [
        ("decided_on", &head.decided_on, FieldType::Date),
        ("valid_to", &head.valid_to, FieldType::Date),
        ("provider_name", &head.provider_name, FieldType::Text),
        ("provider_code", &head.provider_code, FieldType::Text),
    ];
    for (key, name, wanted) in columns {
        check_head_field(source, item, key, name.as_ref(), wanted);
        check_head_is_plain(source, item, key, name.as_ref());
    }
    let subject = [
        ("subject.name", &head.name),
        ("subject.certificate_type", &head.certificate_type),
        ("subject.certificate_no", &head.certificate_no),
    ];
    for (key, name) in subject {
        check_head_field(source, item, key, name.as_ref(), FieldType::Text);
    }
    check_person(source, item, head);
}

fn check_head_field(source: &Source, item: &ItemDraft, key: &str, name: Option<&At<String>>, wanted: FieldType) {
    let Some(name) = name else { return };
    let Some(field) = find(item, &name.value) else {
        source.fault(name.line, format!("`{key}` of `head` names `{}`, which is no field of the item", name.value));
        return;
    };
    if let Some(data_type) = &field.data_type
        && data_type.value != wanted
    {
        let wanted: &str = wanted.into();
        let reason = format!("`{key}` of `head` names `{}`, which must have the data type `{wanted}`", name.value);
        source.fault(name.line, reason);
    }
}

/// A head column stands unsealed in its table.
fn check_head_is_plain(source: &Source, item: &ItemDraft, key: &str, name: Option<&At<String>>) {
    let Some(name) = name else { return };
    let class = find(item, &name.value).and_then(|field| field.class.as_ref());
    if let Some(class) = class
        && class.value != DataClass::Plain
    {
        let reason = format!(
            "`{key}` of `head` names `{}` of class `{}`; a head column is not sealed, so it takes fields of class `PLAIN` alone",
            name.value, class.value
        );
        source.fault(name.line, reason);
    }
}

/// What identifies a natural person is never `PLAIN`: it would stand unsealed in the database.
fn check_person(source: &Source, item: &ItemDraft, head: &HeadDraft) {
    if !head.categories.iter().any(|category| category.value == SubjectCategory::NaturalPerson) {
        return;
    }
    let class_of =
        |name: &Option<At<String>>| find(item, &name.as_ref()?.value)?.class.as_ref().map(|class| class.value);
    if let (Some(name), Some(class)) = (&head.certificate_no, class_of(&head.certificate_no))
        && class != DataClass::Sensitive
    {
        let reason = format!(
            "`subject.certificate_no` of `head` names `{}` of class `{class}`; the certificate number of a natural person must be `SENSITIVE`",
            name.value
        );
        source.fault(name.line, reason);
    }
    if let (Some(name), Some(DataClass::Plain)) = (&head.name, class_of(&head.name)) {
        let reason = format!(
            "`subject.name` of `head` names `{}` of class `PLAIN`; the name of a natural person is `PERSONAL`",
            name.value
        );
        source.fault(name.line, reason);
    }
}

fn check_natural_key(source: &Source, item: &ItemDraft) {
    let Some(key) = &item.natural_key else { return };
    if key.value.is_empty() || key.value.iter().any(Vec::is_empty) {
        source.fault(key.line, "`natural_key` has an empty part; name the fields that make two rows the same record");
    }
    for name in key.value.iter().flatten() {
        if name.value != "subject" && find(item, &name.value).is_none() {
            let reason =
                format!("`natural_key` names `{}`, which is neither `subject` nor a field of the item", name.value);
            source.fault(name.line, reason);
        }
    }
}

fn check_publication(source: &Source, item: &ItemDraft) {
    let (Some(rule), Some(head)) = (&item.publication, &item.head) else { return };
    if matches!(rule.value.as_str(), "penalty" | "list" | "abnormal") && head.decided_on.is_none() {
        let reason =
            format!("publication `{}` counts from a date: name its field in `decided_on` of `head`", rule.value);
        source.fault(rule.line, reason);
    }
    if rule.value == "licence" && head.valid_to.is_none() {
        source.fault(rule.line, "publication `licence` ends with the licence: name the field in `valid_to` of `head`");
    }
    match (&item.term_months, rule.value == "list") {
        (None, true) => {
            source.fault(rule.line, "publication `list` needs `term_months`, the months an entry is published");
        }
        (Some(term), false) => {
            source.fault(term.line, format!("`term_months` is for publication `list`; this item has `{}`", rule.value));
        }
        _ => {}
    }
}

/// The field of this name.
pub(super) fn find<'d>(item: &'d ItemDraft, name: &str) -> Option<&'d FieldDraft> {
    item.fields.iter().find(|field| field.label() == name)
}
