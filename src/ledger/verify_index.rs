//! Whether the index of subjects is complete: every entry about a subject is found under it, and nothing else is. What a
//! subject reads under "who asked about me" is then all there is.
//!
//! The index is no evidence; what it is held against is: the subjects that each leaf commits to, opened from its body.
//! Of an entry whose body is gone, the leaf still says how many subjects it was about.

use std::collections::BTreeSet;

use super::draft::side_index;
use super::integrate::PAGE;
use super::keys::LedgerKeys;
use super::leaf::Leaf;
use super::read::open_row;
use super::report::{Outcome, Report};
use crate::store::ledger::entry::{self, BodyRow, EntryRow};
use crate::store::ledger::subject;
use crate::store::{AnyConnection, Database, StoreError};

/// Holds the index in `database` against every entry, and adds what is wrong with it to `report`.
pub fn verify_index(database: &Database, keys: &LedgerKeys, report: &mut Report) -> Result<(), StoreError> {
    database.connect()?.snapshot(|connection| verify(connection, keys, report))
}

fn verify(connection: &mut AnyConnection, keys: &LedgerKeys, report: &mut Report) -> Result<(), StoreError> {
    let mut next = 0;
    loop {
        let page = entry::page(connection, next, PAGE)?;
        let Some(last) = page.last().map(|row| row.idx) else { break };
        let bodies = entry::bodies(connection, next, last)?;
        let rows = subject::rows(connection, next, last)?;
        for row in &page {
            let body = bodies.iter().find(|body| body.idx == row.idx);
            let from = rows.partition_point(|found| found.idx < row.idx);
            let found = rows.iter().skip(from).take_while(|found| found.idx == row.idx);
            let found = found.map(|found| found.subject.as_slice()).collect();
            compare(row, body, &found, keys, report);
        }
        next = last + 1;
    }
    for stray in subject::rows(connection, next, i64::MAX)? {
        report.fault(
            Outcome::Content,
            Some(stray.idx.unsigned_abs()),
            "the index of subjects names an entry that is not there",
        );
    }
    Ok(())
}

fn compare(row: &EntryRow, body: Option<&BodyRow>, found: &BTreeSet<&[u8]>, keys: &LedgerKeys, report: &mut Report) {
    // A leaf or a body that does not open is told where the entries themselves are verified.
    let Ok(leaf) = Leaf::parse(&row.leaf) else { return };
    let index = Some(row.idx.unsigned_abs());
    let openings = match body.map(|body| open_row(body, &leaf, keys.bodies(), &keys.origin)) {
        Some(Ok(Some(openings))) => openings,
        Some(Err(_)) => return,
        Some(Ok(None)) | None => {
            if found.len() as u64 != leaf.subjects {
                report.fault(
                    Outcome::Incomplete,
                    index,
                    "the index of subjects finds the entry under another number of subjects",
                );
            }
            return;
        }
    };
    let mut missing: u64 = 0;
    let mut wanted = BTreeSet::new();
    for opening in openings.iter().filter(|opening| opening.name == "subject") {
        let mut name = [0; 32];
        if hex::decode_to_slice(&opening.value, &mut name).is_err() {
            report.fault(Outcome::Content, index, "the entry names a subject that is no blind index");
            continue;
        }
        let name = side_index(&name, keys);
        missing += u64::from(!found.contains(name.as_slice()));
        wanted.insert(name);
    }
    if missing > 0 {
        report.fault(
            Outcome::Incomplete,
            index,
            format!("the index of subjects does not find the entry under {missing} of its subjects"),
        );
    }
    if found.iter().any(|found| !wanted.iter().any(|wanted| wanted == found)) {
        report.fault(
            Outcome::Content,
            index,
            "the index of subjects finds the entry under a subject that it is not about",
        );
    }
}
