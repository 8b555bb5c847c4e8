//! What a field must fulfil: its name, its type, and above all who sees it.

use std::collections::HashSet;

use crate::domain::{DataClass, SubjectCategory, Tier};
use strum::IntoEnumIterator;

use super::columns::column_key;
use super::draft::{ClearFrom, FieldDraft, ItemDraft, ReachDraft};
use super::format::DataFormat;
use super::model::{FieldType, Reach, Sharing};
use super::section::Source;
use super::terms::field_name_fault;

/// Checks all fields of an item. Faults are left in `source`.
pub(super) fn check_fields(source: &Source, item: &ItemDraft) {
    let (mut names, mut titles) = (HashSet::new(), HashSet::new());
    for field in &item.fields {
        if let Some(name) = &field.name {
            if !names.insert(&name.value) {
                source.fault(name.line, format!("the item has a second field `{}`; names must differ", name.value));
            }
            if let Some(fault) = field_name_fault(&name.value) {
                source.fault(name.line, fault);
            }
        }
        if let Some(title) = &field.title
            && !titles.insert(column_key(&title.value.zh))
        {
            let reason =
                format!("a second field has the title `{}`; a column of that name could fill either", title.value.zh);
            source.fault(title.line, reason);
        }
        check_type(source, field);
        check_reach(source, item, field);
    }
}

fn check_type(source: &Source, field: &FieldDraft) {
    let Some(data_type) = &field.data_type else { return };
    let word: &str = data_type.value.into();
    if let Some(notation) = &field.data_format {
        match DataFormat::parse(&notation.value) {
            None => {
                let reason = format!(
                    "`{}` is not a data format; write `C..200`, `C18`, `N2..7`, `N..18,6` or `YYYYMMDD`",
                    notation.value
                );
                source.fault(notation.line, reason);
            }
            Some(format) if !format.suits(data_type.value) => {
                let reason = format!("data format `{}` does not suit the data type `{word}`", notation.value);
                source.fault(notation.line, reason);
            }
            Some(_) => {}
        }
    }
    let exact = matches!(data_type.value, FieldType::Text | FieldType::Date | FieldType::Integer);
    if field.indexed.value && !exact {
        let reason = format!(
            "field `{}` of type `{word}` cannot be indexed; only `TEXT`, `DATE` and `INTEGER` can",
            field.label()
        );
        source.fault(field.indexed.line, reason);
    }
    if field.scanned.value && data_type.value != FieldType::Text {
        let reason = format!("field `{}` of type `{word}` cannot be scanned; only `TEXT` can", field.label());
        source.fault(field.scanned.line, reason);
    }
    if field.indexed.value && field.scanned.value {
        let reason = format!(
            "field `{}` cannot be both indexed and scanned: what is shown is not what would be found",
            field.label()
        );
        source.fault(field.indexed.line, reason);
    }
}

fn check_reach(source: &Source, item: &ItemDraft, field: &FieldDraft) {
    check_mask(source, field, &field.reach, "");
    for (category, draft) in &field.overrides {
        check_mask(source, field, draft, &format!(" for {category}"));
        check_override(source, item, field, *category, draft);
    }
    check_limits(source, item, field);
}

fn check_mask(source: &Source, field: &FieldDraft, reach: &ReachDraft, whom: &str) {
    let name = field.label();
    match (&reach.masked_from, &reach.mask) {
        (Some(from), None) if !reach.is_paired => {
            let reason =
                format!("field `{name}`{whom} has `masked_from` without `mask`; name the rule, such as `ID_STD`");
            source.fault(from.line, reason);
        }
        (None, Some(mask)) if !reach.is_paired => {
            let reason = format!(
                "field `{name}`{whom} has `mask` without `masked_from`; name the lowest tier that sees the masked form"
            );
            source.fault(mask.line, reason);
        }
        _ => {}
    }
    if let (Some(from), Some(tier)) = (&reach.masked_from, reach.tier.and_then(ClearFrom::tier))
        && from.value >= tier
    {
        let reason = format!(
            "field `{name}`{whom} is masked from `{}`, which is not below its tier `{tier}`: nobody would see the masked form",
            from.value
        );
        source.fault(from.line, reason);
    }
    if let (Some(mask), Some(data_type)) = (&reach.mask, &field.data_type)
        && data_type.value != FieldType::Text
    {
        let reason = format!(
            "field `{name}`{whom} cannot be masked: only `TEXT` can, its stars would be no value of another type"
        );
        source.fault(mask.line, reason);
    }
}

fn check_override(
    source: &Source,
    item: &ItemDraft,
    field: &FieldDraft,
    category: SubjectCategory,
    draft: &ReachDraft,
) {
    let name = field.label();
    if !occurs(item, category) {
        let reason = format!("field `{name}` speaks of {category}, which `subject.categories` of `head` does not name");
        source.fault(draft.line, reason);
    }
    let Some(floor) = item.lowest_tier.get(&category) else { return };
    let below = |tier: Tier| tier < *floor;
    if draft.tier.and_then(ClearFrom::tier).is_some_and(below)
        || draft.masked_from.as_ref().is_some_and(|from| below(from.value))
    {
        let reason = format!("field `{name}` reaches below `{floor}`, the `lowest_tier` of the item for {category}");
        source.fault(draft.line, reason);
    }
}

/// What no reach may give, whatever the file says.
fn check_limits(source: &Source, item: &ItemDraft, field: &FieldDraft) {
    let name = field.label();
    let class = field.class.as_ref().map(|class| class.value);
    let is_public = |reach: &Reach| reach.tier == Some(Tier::PublicDisclosure);
    let lowest = |reach: &Reach| reach.masked_from.into_iter().chain(reach.tier).min();
    if class == Some(DataClass::Sensitive) {
        report(
            source,
            item,
            field,
            |_, reach| is_public(reach),
            |whom| {
                format!(
                    "field `{name}` is `SENSITIVE` and public for {whom}; raise its `tier`, and mask what a law orders to be public"
                )
            },
        );
    }
    if class == Some(DataClass::Personal) {
        let person = SubjectCategory::NaturalPerson;
        report(
            source,
            item,
            field,
            |category, reach| category == person && is_public(reach),
            |whom| {
                format!(
                    "field `{name}` is `PERSONAL` and public for {whom}; raise its `tier` in `for.{person}`, or give the item a `lowest_tier`"
                )
            },
        );
    }
    if field.self_only.value {
        report(
            source,
            item,
            field,
            |_, reach| lowest(reach) == Some(Tier::PublicDisclosure),
            |whom| format!("field `{name}` is `self_only` and public for {whom}; drop one of the two"),
        );
    }
    if item.sharing.as_ref().is_some_and(|sharing| sharing.value == Sharing::NotShared) {
        report(
            source,
            item,
            field,
            |_, reach| lowest(reach).is_some_and(|tier| tier < Tier::AuthorizedQuery),
            |whom| {
                format!(
                    "field `{name}` is seen below `AUTHORIZED_QUERY` for {whom}, but the item has `sharing = \"NOT_SHARED\"`"
                )
            },
        );
    }
}

/// One fault for all categories of the item whose reach offends, on the line of the first.
fn report(
    source: &Source,
    item: &ItemDraft,
    field: &FieldDraft,
    offends: impl Fn(SubjectCategory, &Reach) -> bool,
    reason: impl Fn(&str) -> String,
) {
    let reach = |category| effective_reach(item, field, category);
    let offends = |category: &SubjectCategory| reach(*category).is_some_and(|reach| offends(*category, &reach));
    let offenders: Vec<_> =
        SubjectCategory::iter().filter(|category| occurs(item, *category)).filter(offends).collect();
    let Some(first) = offenders.first() else { return };
    let line = field.overrides.get(first).map_or(field.line, |draft| draft.line);
    let names: Vec<&str> = offenders.iter().map(|category| category.name()).collect();
    source.fault(line, reason(&names.join(", ")));
}

/// Whether the item has records about this category of subject.
fn occurs(item: &ItemDraft, category: SubjectCategory) -> bool {
    item.head.as_ref().is_none_or(|head| head.categories.iter().any(|known| known.value == category))
}

/// The reach for a category: the override or the field's own, raised to the item's lowest tier for that category.
pub(super) fn effective_reach(item: &ItemDraft, field: &FieldDraft, category: SubjectCategory) -> Option<Reach> {
    let draft = field.overrides.get(&category).unwrap_or(&field.reach);
    let floor = item.lowest_tier.get(&category).copied().unwrap_or(Tier::PublicDisclosure);
    let tier = draft.tier?.tier().map(|tier| tier.max(floor));
    let masked = draft.masked_from.as_ref().zip(draft.mask.as_ref());
    let masked = masked.map(|(from, mask)| (from.value.max(floor), mask.value));
    let masked = masked.filter(|(from, _)| tier.is_none_or(|tier| *from < tier));
    Some(Reach { tier, masked_from: masked.map(|(from, _)| from), mask: masked.map(|(_, mask)| mask) })
}
