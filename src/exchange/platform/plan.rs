//! What a platform is to be sent: the difference between what it may see and what it was sent before.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use super::super::gateway::Gateway;
use super::super::inquiry::Inquiry;
use super::super::record::{self, Selection};
use super::{Stopped, permitted};
use crate::authentication::Caller;
use crate::catalogue::Platform;
use crate::domain::{ExchangeOperation, ExchangeState, Instant, ItemCode, PackageState, RecordId, SubjectCategory};
use crate::store;
use crate::store::exchange::{ItemRow, PackageRow};

/// How many records are looked at at a time.
const CHUNK: usize = 500;

/// What a platform may see of one item: each record and its version.
pub(super) fn visible(inquiry: &Inquiry, item: &ItemCode) -> Result<BTreeMap<RecordId, i64>, Stopped> {
    let selection = Selection { item: Some(item.clone()), ..Selection::default() };
    let (mut found, mut after) = (BTreeMap::new(), None);
    loop {
        let page = record::look(inquiry, &selection, after, CHUNK)?;
        after = page.records.last().map(|view| view.position());
        let organizations = page.records.iter().filter(|view| view.category() == SubjectCategory::Organization);
        found.extend(organizations.map(|view| (view.id(), view.version())));
        if !page.has_next {
            return Ok(found);
        }
    }
}

/// Plans the packages that a platform is to be sent now. `again` sends what was refused, and what has no receipt yet, whatever their time.
/// Blocks.
pub fn plan(
    gateway: &Arc<Gateway>,
    caller: &Caller,
    platform: &Platform,
    again: bool,
) -> Result<Vec<PackageRow>, Stopped> {
    let inquiry = Inquiry::open(gateway, caller)?;
    permitted(&inquiry, platform)?;
    let (held, packages) = gateway.registry.read(|connection| {
        let held = store::exchange::items(connection, &platform.id, None)?;
        Ok((held, store::exchange::packages(connection, &platform.id)?))
    })?;
    let created: HashMap<i64, Instant> = packages.iter().map(|package| (package.number, package.created_at)).collect();
    let open: HashSet<i64> =
        packages.iter().filter(|package| package.state == PackageState::Open).map(|package| package.number).collect();
    let stale_before = gateway.ambient.now().plus_seconds(-3_600 * i64::from(platform.retry_hours));
    let is_due = |row: &ItemRow| match row.state {
        // What is planned and not written yet is written first.
        _ if open.contains(&row.package) => false,
        ExchangeState::Sent => again || created.get(&row.package).is_none_or(|&at| at < stale_before),
        ExchangeState::Refused => again,
        ExchangeState::Accepted => false,
    };
    let held: HashMap<RecordId, ItemRow> = held.into_iter().map(|row| (row.record, row)).collect();
    let mut planned = Vec::new();
    for entry in &platform.item {
        let seen = visible(&inquiry, &entry.item)?;
        let mut lines = Vec::new();
        for (&record, &version) in &seen {
            let operation = match held.get(&record) {
                None => ExchangeOperation::Add,
                Some(row) if open.contains(&row.package) => continue,
                Some(row) if row.operation == ExchangeOperation::Revoke => ExchangeOperation::Add,
                Some(row) if row.version != version => ExchangeOperation::Change,
                Some(row) if is_due(row) => row.operation,
                Some(_) => continue,
            };
            lines.push(line(record, &entry.item, (version, operation)));
        }
        for row in held.values().filter(|row| row.item == entry.item && !seen.contains_key(&row.record)) {
            let is_new = row.operation != ExchangeOperation::Revoke && !open.contains(&row.package);
            if is_new || is_due(row) {
                lines.push(line(row.record, &entry.item, (row.version, ExchangeOperation::Revoke)));
            }
        }
        lines.sort_by_key(|line| line.record);
        for chunk in lines.chunks(usize::try_from(platform.rows).unwrap_or(usize::MAX)) {
            planned.push(write(gateway, platform, (&entry.item, &entry.code), chunk)?);
        }
    }
    Ok(planned)
}

fn line(record: RecordId, item: &ItemCode, (version, operation): (i64, ExchangeOperation)) -> ItemRow {
    let (package, state, told) = (0, ExchangeState::Sent, String::new());
    ItemRow { record, item: item.clone(), version, operation, package, state, told }
}

fn write(
    gateway: &Gateway,
    platform: &Platform,
    (item, code): (&ItemCode, &str),
    lines: &[ItemRow],
) -> Result<PackageRow, Stopped> {
    let now = gateway.ambient.now();
    let package = PackageRow {
        platform: platform.id.clone(),
        number: 0,
        item: item.clone(),
        name: String::new(),
        state: PackageState::Open,
        lines: i64::try_from(lines.len()).unwrap_or(i64::MAX),
        digest: String::new(),
        created_at: now,
        entry: 0,
    };
    let name = |number| platform.name_of(code, &now.hour_in_shanghai(), number);
    Ok(gateway.registry.write(|connection| store::exchange::plan(connection, package, name, lines))?)
}

/// The packages of a platform that are planned and not written yet, the oldest first.
pub fn open(gateway: &Gateway, platform: &Platform) -> Result<Vec<PackageRow>, Stopped> {
    let mut packages = gateway.registry.read(|connection| store::exchange::packages(connection, &platform.id))?;
    packages.retain(|package| package.state == PackageState::Open);
    Ok(packages)
}
