//! What a vintage must fulfil: every column leads somewhere, every translation ends in a known word.

use std::collections::{BTreeMap, HashSet};
use std::str::FromStr;

use crate::domain::{RecordState, SubjectCategory};

use super::check::find;
use super::columns::column_key;
use super::draft::{ColumnDraft, ItemDraft, ValuesDraft, VintageDraft};
use super::model::{Requirement, Vintage};
use super::section::{At, Source, list};
use super::terms::HEAD_TARGETS;

/// Checks all vintages of an item. Faults are left in `source`.
pub(super) fn check_vintages(source: &Source, item: &ItemDraft) {
    let mut ids = HashSet::new();
    for vintage in &item.vintages {
        if let Some(id) = &vintage.id
            && !ids.insert(&id.value)
        {
            source.fault(id.line, format!("the item has a second vintage `{}`; ids must differ", id.value));
        }
        check_columns(source, item, vintage);
        check_values(source, item, vintage);
        check_mandatory(source, item, vintage);
    }
}

fn check_columns(source: &Source, item: &ItemDraft, vintage: &VintageDraft) {
    let mut keys = HashSet::new();
    for ColumnDraft { name: column, targets } in &vintage.columns {
        if !keys.insert(column_key(&column.value)) {
            source.fault(column.line, format!("column `{}` stands twice in the vintage", column.value));
        }
        for target in targets {
            check_target(source, item, target, &format!("column `{}`", column.value));
        }
        if targets.len() > 1 && targets.iter().any(|target| target.value == "ignore") {
            source.fault(column.line, format!("column `{}` is both ignored and used; drop one", column.value));
        }
    }
}

fn check_target(source: &Source, item: &ItemDraft, target: &At<String>, whose: &str) {
    if !HEAD_TARGETS.contains(&target.value.as_str()) && find(item, &target.value).is_none() {
        let reason = format!(
            "{whose} leads to `{}`, which is neither a field of the item nor one of {}",
            target.value,
            list(&HEAD_TARGETS)
        );
        source.fault(target.line, reason);
    }
}

fn check_values(source: &Source, item: &ItemDraft, vintage: &VintageDraft) {
    for ValuesDraft { target, pairs } in &vintage.values {
        check_target(source, item, target, "a translation of values");
        let mut sent_texts = HashSet::new();
        for (sent, canonical) in pairs {
            if !sent_texts.insert(&sent.value) {
                source.fault(sent.line, format!("`{}` is translated twice", sent.value));
            }
            check_canonical(source, item, &target.value, canonical);
        }
    }
}

fn check_canonical(source: &Source, item: &ItemDraft, target: &str, canonical: &At<String>) {
    if target == "head.state" && RecordState::from_str(&canonical.value).is_err() {
        let reason =
            format!("`{}` is not a state; write `CURRENT`, `EXPIRED`, `REPAIRED` or `WITHDRAWN`", canonical.value);
        source.fault(canonical.line, reason);
    }
    if target == "subject.category" {
        let category = SubjectCategory::from_str(&canonical.value).ok();
        let categories = item.head.iter().flat_map(|head| &head.categories);
        let known: Vec<&str> = categories.map(|category| category.value.name()).collect();
        if !category.is_some_and(|category| known.contains(&category.name())) {
            let reason = format!("`{}` is not a category of this item; it has {}", canonical.value, list(&known));
            source.fault(canonical.line, reason);
        }
    }
}

/// A row cannot carry what its vintage has no column for.
fn check_mandatory(source: &Source, item: &ItemDraft, vintage: &VintageDraft) {
    let columns = build_columns(item, vintage);
    let filled: HashSet<&str> = columns.values().flatten().map(String::as_str).collect();
    for field in &item.fields {
        let mandatory = field.required.as_ref().filter(|required| required.value == Requirement::Mandatory);
        if let (Some(required), Some(id)) = (mandatory, &vintage.id)
            && !filled.contains(field.label())
        {
            let reason = format!(
                "field `{}` is `MANDATORY`, but vintage `{}` has no column for it; add the column or write `CONDITIONAL`",
                field.label(),
                id.value
            );
            source.fault(required.line, reason);
        }
    }
}

/// The columns of a vintage: those the file lists, and the Chinese titles of the fields that they fill. A field
/// without a national code is known by its title in every vintage.
pub(super) fn build_columns(item: &ItemDraft, vintage: &VintageDraft) -> BTreeMap<String, Vec<String>> {
    let targets = |column: &ColumnDraft| column.targets.iter().map(|target| target.value.clone()).collect::<Vec<_>>();
    let mut columns: BTreeMap<_, _> =
        vintage.columns.iter().map(|column| (column_key(&column.name.value), targets(column))).collect();
    for field in &item.fields {
        let Some(title) = &field.title else { continue };
        let leads = |column: &&ColumnDraft| column.targets.first().is_some_and(|first| first.value == field.label());
        let listed = vintage.columns.iter().find(leads).map(targets);
        let own = field.national_code.is_none().then(|| vec![field.label().to_owned()]);
        if let Some(to) = listed.or(own) {
            columns.entry(column_key(&title.value.zh)).or_insert(to);
        }
    }
    columns
}

/// The vintage as the importer uses it; `None` when its id is missing.
pub(super) fn build_vintage(item: &ItemDraft, vintage: &VintageDraft) -> Option<Vintage> {
    let pair = |(sent, canonical): &(At<String>, At<String>)| (sent.value.clone(), canonical.value.clone());
    let translation = |values: &ValuesDraft| (values.target.value.clone(), values.pairs.iter().map(pair).collect());
    Some(Vintage {
        id: vintage.id.as_ref()?.value.clone(),
        columns: build_columns(item, vintage),
        values: vintage.values.iter().map(translation).collect(),
    })
}
