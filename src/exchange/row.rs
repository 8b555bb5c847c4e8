//! A record as a row of its item's newest vintage: what a department would send for it.

use std::collections::{BTreeMap, BTreeSet};

use super::fault::Fault;
use super::inquiry::Inquiry;
use super::record::{self, HeadValue, RecordView, ShownValue};
use crate::access::HeadField;
use crate::catalogue::Item;
use crate::domain::identifier::IdentifierKind;
use crate::store;

/// Cells by column.
pub type Row = BTreeMap<String, Option<String>>;

/// What a record's subject is told by.
const CATEGORY: &str = "subject.category";
const USCC: &str = "subject.uscc";

/// The column of a data file that fills a target, as the item's newest vintage reads it: a field's title where that is read, else the first
/// name that is.
pub fn column_of(item: &Item, target: &str) -> Option<String> {
    let vintage = item.vintage(None)?;
    let fills = |name: &str| vintage.targets(name).is_some_and(|targets| targets.iter().any(|one| one == target));
    let title = item.field(target).map(|(_, field)| field.title.zh.clone());
    title.filter(|title| fills(title)).or_else(|| {
        let names = vintage.columns.iter().filter(|(_, targets)| targets.iter().any(|one| one == target));
        names.map(|(name, _)| name.clone()).next()
    })
}

/// The column that somebody means: by its own name, or by the title or the name of a field.
pub fn column_named(item: &Item, name: &str) -> Option<String> {
    if let Some(targets) = item.vintage(None)?.targets(name) {
        // Under one name, however it was written.
        return targets.iter().find_map(|target| column_of(item, target)).or_else(|| Some(name.to_owned()));
    }
    let is_meant = |titles: [&str; 3]| titles.contains(&name);
    let field = item.fields.iter().find(|field| is_meant([&field.title.zh, &field.title.en, &field.name]))?;
    column_of(item, &field.name)
}

/// The targets of a row, each with the column that fills it: subject first, then the fields in the catalogue's order.
pub fn columns(item: &Item) -> Vec<(String, String)> {
    let subject = [CATEGORY, USCC].into_iter().map(str::to_owned);
    let targets = subject.chain(item.fields.iter().map(|field| field.name.clone()));
    targets.filter_map(|target| column_of(item, &target).map(|column| (target, column))).collect()
}

/// A cell as files write it: the words that the vintage reads.
pub fn cell(inquiry: &Inquiry, view: &RecordView, target: &str) -> Result<String, Fault> {
    let item = view.item();
    let text = match target {
        CATEGORY => view.category().name().to_owned(),
        USCC => uscc(inquiry, view)?,
        _ => {
            let Some((at, _)) = item.field(target) else { return Ok(String::new()) };
            match record::show_quietly(inquiry, view, at)? {
                ShownValue::Null => String::new(),
                ShownValue::Text(text) => text,
                ShownValue::Json(serde_json::Value::Array(parts)) => {
                    parts.iter().filter_map(|part| part.as_str()).collect::<Vec<_>>().join(";")
                }
                ShownValue::Json(value) => value.to_string(),
            }
        }
    };
    Ok(sent_as(item, target, text))
}

/// The word that the newest vintage reads for a canonical one.
pub fn sent_as(item: &Item, target: &str, text: String) -> String {
    let words = item.vintage(None).and_then(|vintage| vintage.values.get(target));
    let sent = words.and_then(|words| words.iter().find(|(_, canonical)| **canonical == text));
    sent.map_or(text, |(sent, _)| sent.clone())
}

fn uscc(inquiry: &Inquiry, view: &RecordView) -> Result<String, Fault> {
    let Some(HeadValue::Subject(subject)) = record::show_head(inquiry, view, HeadField::Subject) else {
        return Ok(String::new());
    };
    let identifiers = inquiry.gateway().registry.read(|connection| store::subject::identifiers(connection, subject))?;
    let code = identifiers.into_iter().find(|(kind, _)| *kind == IdentifierKind::Uscc);
    Ok(code.map(|(_, value)| value).unwrap_or_default())
}

/// Which targets of a record the caller sees as they are, with nothing masked or replaced in them.
pub fn whole<'r>(inquiry: &'r Inquiry, view: &'r RecordView) -> Result<impl Fn(&str) -> bool + use<'r>, Fault> {
    let masked: BTreeSet<usize> = record::show_all(inquiry, view)?
        .into_iter()
        .filter(|shown| shown.masked.is_some())
        .map(|shown| shown.at)
        .collect();
    Ok(move |target: &str| {
        let Some((at, _)) = view.item().field(target) else { return true };
        // What would be masked and is not there is empty.
        let decision = inquiry.permit().cell(view.item(), at, &view.facts()).decision();
        decision.is_open() && !masked.contains(&at)
    })
}

/// The row of a record with some cells replaced. The inner error names the columns that have to be given too: what the caller sees masked
/// or not at all cannot be sent again in its place.
pub fn completed(inquiry: &Inquiry, view: &RecordView, given: Row) -> Result<Result<Row, Vec<String>>, Fault> {
    let (item, is_whole) = (view.item(), whole(inquiry, view)?);
    let is_own = record::is_own(inquiry, view);
    let (mut row, mut wanting) = (given, Vec::new());
    for (target, column) in columns(item) {
        if row.contains_key(&column) {
            continue;
        }
        if is_whole(&target) {
            let text = cell(inquiry, view, &target)?;
            row.insert(column, Some(text).filter(|text| !text.is_empty()));
        } else if is_own && !view.holds(&target) {
            // Of what it sent itself it may know that there is nothing.
            row.insert(column, None);
        } else {
            wanting.push(column);
        }
    }
    Ok(if wanting.is_empty() { Ok(row) } else { Err(wanting) })
}
