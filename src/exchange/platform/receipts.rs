//! Receipts of a platform: what it did with each line of a package. Reading one again changes nothing.

use std::collections::HashMap;
use std::path::Path;

use serde::Deserialize;

use super::super::fault::Fault;
use super::super::gateway::Gateway;
use super::super::node_id::NodeRef;
use super::{Stopped, file_error};
use crate::catalogue::Platform;
use crate::domain::{ExchangeState, PackageState, RecordId};
use crate::ledger::{Decision, EntryKind, NewEntry};
use crate::store;
use crate::store::exchange::{ItemRow, PackageRow};

/// The ending of a receipt's name.
pub const ENDING: &str = ".receipt.csv";
/// The longest reason that is kept, in characters.
const TOLD_MAX: usize = 200;

/// What the receipts in a folder said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Read {
    /// Receipts of packages of ours.
    pub packages: u64,
    /// Lines that were accepted.
    pub accepted: u64,
    /// Lines that were refused.
    pub refused: u64,
    /// Lines about records that were sent anew since, or never in that package.
    pub outdated: u64,
    /// Lines that cannot be read: file, line, what.
    pub unreadable: Vec<String>,
    /// Receipts of packages that we have not sent.
    pub unknown: Vec<String>,
}

#[derive(Deserialize)]
struct Line {
    #[serde(rename = "信息标识")]
    id: String,
    #[serde(rename = "处理结果")]
    result: String,
    #[serde(rename = "原因", default)]
    reason: String,
}

/// Reads every receipt in a folder. Blocks.
pub fn read(gateway: &Gateway, platform: &Platform, folder: &Path) -> Result<Read, Stopped> {
    let packages = gateway.registry.read(|connection| store::exchange::packages(connection, &platform.id))?;
    let by_name: HashMap<&str, &PackageRow> = packages.iter().map(|package| (package.name.as_str(), package)).collect();
    let (mut read, mut is_news) = (Read::default(), false);
    for name in names(folder, ENDING)? {
        match by_name.get(name.trim_end_matches(ENDING)) {
            Some(package) if package.state != PackageState::Open => {
                is_news |= take(gateway, package, &folder.join(&name), &mut read)?;
            }
            // Nobody answers what was not sent.
            _ => read.unknown.push(name),
        }
    }
    if is_news {
        let mut entry = NewEntry::new(EntryKind::Admin, Decision::Allowed);
        entry.consumer = Some(platform.id.clone());
        entry.flags =
            vec!["EXCHANGE".to_owned(), format!("ACCEPTED:{}", read.accepted), format!("REFUSED:{}", read.refused)];
        gateway.ledger.append_blocking(entry).map_err(|_| Fault::AuditUnavailable)?;
    }
    Ok(read)
}

/// One receipt. Whether it says anything that was not known.
fn take(gateway: &Gateway, package: &PackageRow, path: &Path, read: &mut Read) -> Result<bool, Stopped> {
    let bytes = std::fs::read(path).map_err(|error| file_error(path, &error))?;
    let text = super::receive::decoded(&bytes);
    let mut lines = Vec::new();
    for (found, at) in csv::Reader::from_reader(text.as_bytes()).deserialize::<Line>().zip(2..) {
        let line = found.ok().and_then(|line| {
            let NodeRef::Record(record) = gateway.node_ids.decode(line.id.trim())? else { return None };
            let told: String = line.reason.chars().filter(|c| !c.is_control()).take(TOLD_MAX).collect();
            Some((record, ExchangeState::of_zh(line.result.trim())?, told))
        });
        match line {
            Some(line) => lines.push(line),
            None => read.unreadable.push(format!("{}:{at}: no line of a receipt", path.display())),
        }
    }
    read.packages += 1;
    let answered = PackageRow { state: PackageState::Answered, ..package.clone() };
    let before = gateway
        .registry
        .read(|connection| store::exchange::items(connection, &package.platform, Some(package.number)))?;
    let before: HashMap<RecordId, &ItemRow> = before.iter().map(|item| (item.record, item)).collect();
    let is_known = |(record, state, told): &(RecordId, ExchangeState, String)| {
        before.get(record).is_none_or(|item| item.state == *state && item.told == *told)
    };
    let is_news = package.state != PackageState::Answered || !lines.iter().all(is_known);
    gateway.registry.write(|connection| {
        for (record, state, told) in &lines {
            let of = (package.platform.as_str(), package.number);
            if !store::exchange::answer(connection, of, *record, (*state, told))? {
                read.outdated += 1;
            } else if *state == ExchangeState::Accepted {
                read.accepted += 1;
            } else {
                read.refused += 1;
            }
        }
        store::exchange::update(connection, &answered)
    })?;
    Ok(is_news)
}

/// The names of the files in a folder with this ending, sorted.
pub(super) fn names(folder: &Path, ending: &str) -> Result<Vec<String>, Stopped> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(|error| file_error(folder, &error))? {
        let entry = entry.map_err(|error| file_error(folder, &error))?;
        names.extend(entry.file_name().into_string().ok().filter(|name| name.ends_with(ending)));
    }
    names.sort();
    Ok(names)
}
