//! Verification of a ledger database in place: everything an export shows, and the tables around it: head, tree row,
//! tiles of every level, searching columns, sealed bodies.

use super::audit::{Auditor, Disclosure, Evidence, Expectation, examine, examine_all};
use super::body::BodyKeys;
use super::integrate::{PAGE, load};
use super::leaf::Leaf;
use super::read::{differing_column, open_row};
use super::report::{Outcome, Report};
use super::tile::{Edge, FullTile, WIDTH};
use super::tree::{Hash, hashes_of};
use crate::store::ledger::entry::{self, BodyRow, EntryRow};
use crate::store::ledger::tree as rows;
use crate::store::ledger::{head, tree};
use crate::store::{AnyConnection, Database, StoreError};

/// Verifies the ledger in `database`. With `bodies`, sealed values are opened and held against their commitments.
/// The ledger may be in use; the key must be given, since a database does not vouch for itself.
pub fn verify_database(
    database: &Database,
    expectation: &Expectation,
    bodies: Option<&dyn BodyKeys>,
) -> Result<Report, StoreError> {
    let mut connection = database.connect()?;
    connection.snapshot(|connection| verify(connection, expectation, bodies))
}

fn verify(
    connection: &mut AnyConnection,
    expectation: &Expectation,
    bodies: Option<&dyn BodyKeys>,
) -> Result<Report, StoreError> {
    let latest = rows::latest_checkpoint(connection)?.map(|row| row.note);
    let mut auditor = Auditor::new(latest.as_deref(), None, expectation);
    auditor.allow_unsigned();
    check_tree(connection, &mut auditor)?;
    let stored_edge = rows::load(connection)?.and_then(|row| hashes_of(&row.edge)).unwrap_or_default();
    let size = auditor.size().unwrap_or(0);
    let origin = expectation.log.as_ref().map_or("", |log| log.name());
    let (mut next, mut edge, mut last_tile) = (0, Edge::default(), None);
    loop {
        let page = entry::page(connection, next, PAGE)?;
        let Some(last) = page.last().map(|row| row.idx) else { break };
        let found = match bodies {
            Some(_) => entry::bodies(connection, next, last)?,
            None => Vec::new(),
        };
        let pairs: Vec<_> = page.iter().map(|row| (row, found.iter().find(|body| body.idx == row.idx))).collect();
        let examined = examine_all(&pairs, |(row, body)| examine(&evidence_of(row, *body, bodies, origin)));
        for (row, examined) in page.iter().zip(examined) {
            let index = row.idx.unsigned_abs();
            if last_tile.replace(index / WIDTH) != Some(index / WIDTH) {
                expect_stored_tile(connection, index / WIDTH, &stored_edge, &mut auditor)?;
            }
            let mut full = Vec::new();
            if index < size {
                edge.push(super::tree::leaf_hash(&row.leaf), &mut full);
            }
            auditor.take(&examined);
            check_tiles(connection, &full, &mut auditor)?;
        }
        next = last + 1;
    }
    check_head(connection, next, &mut auditor)?;
    Ok(auditor.finish())
}

fn evidence_of(row: &EntryRow, body: Option<&BodyRow>, keys: Option<&dyn BodyKeys>, origin: &str) -> Evidence {
    let mut evidence = Evidence {
        index: row.idx.unsigned_abs(),
        leaf: row.leaf.clone(),
        claimed: row.leaf_hash.clone(),
        disclosure: Disclosure::Unasked,
        fault: None,
    };
    let Ok(leaf) = Leaf::parse(&row.leaf) else {
        evidence.fault = Some("the leaf is not one of version 1".to_owned());
        return evidence;
    };
    if let Some(column) = differing_column(row, &leaf) {
        evidence.fault = Some(format!("the column `{column}` says something else than the leaf"));
    }
    if let (Some(keys), Some(body)) = (keys, body) {
        match open_row(body, &leaf, keys, origin) {
            Ok(Some(openings)) => evidence.disclosure = Disclosure::Shown(openings, Vec::new()),
            // The period's key is gone: redacted, which is allowed.
            Ok(None) => {}
            Err(_) => evidence.fault = Some("the sealed body does not open".to_owned()),
        }
    }
    evidence
}

/// Gives the auditor the stored tile: a full one, or the right edge. One that should be full and is not there is the
/// business of `check_tiles`.
fn expect_stored_tile(
    connection: &mut AnyConnection,
    number: u64,
    edge: &[Hash],
    auditor: &mut Auditor,
) -> Result<(), StoreError> {
    let row = i64::try_from(number).unwrap_or(i64::MAX);
    let tiles = tree::tiles(connection, 0, row, 1)?;
    let stored = tiles.iter().find(|tile| tile.idx == row).and_then(|tile| hashes_of(&tile.hashes));
    let size = auditor.size().unwrap_or(0);
    match stored {
        Some(hashes) => auditor.expect_tile(number, hashes),
        None if number == size / WIDTH => auditor.expect_tile(number, edge.to_vec()),
        None => {}
    }
    Ok(())
}

/// Each tile that the entries fill must be stored as it is.
fn check_tiles(connection: &mut AnyConnection, full: &[FullTile], auditor: &mut Auditor) -> Result<(), StoreError> {
    for tile in full {
        let (level, number) =
            (i32::try_from(tile.level).unwrap_or(i32::MAX), i64::try_from(tile.number).unwrap_or(i64::MAX));
        let stored = tree::tiles(connection, level, number, 1)?;
        let stored = stored.iter().find(|stored| stored.idx == number);
        let first = tile.number << (8 * (tile.level + 1));
        match stored {
            // The leaves' own level is compared entry by entry.
            Some(stored) if tile.level == 0 || stored.hashes == tile.hashes.concat() => {}
            Some(_) => auditor.report.fault(
                Outcome::Content,
                Some(first),
                format!("a tile of level {level} is not that of its entries"),
            ),
            None => {
                auditor.report.fault(Outcome::Incomplete, Some(first), format!("a tile of level {level} is missing"));
            }
        }
    }
    Ok(())
}

/// Tree row, subtree roots, right edge and checkpoint must agree.
fn check_tree(connection: &mut AnyConnection, auditor: &mut Auditor) -> Result<(), StoreError> {
    match load(connection) {
        Ok(tree) if auditor.size().is_some_and(|size| size != tree.range.size()) => {
            auditor.report.fault(Outcome::Inconsistent, None, "tree row and checkpoint are of different sizes");
        }
        Ok(tree) => {
            let root = base64::Engine::encode(&base64::prelude::BASE64_STANDARD, tree.range.root());
            if auditor.report.root.as_ref().is_some_and(|signed| *signed != root) {
                auditor.report.fault(Outcome::Inconsistent, None, "tree row and checkpoint have different roots");
            }
        }
        Err(super::integrate::IntegrateError::Store(error)) => return Err(error),
        Err(error) => auditor.report.fault(Outcome::Content, None, error.to_string()),
    }
    Ok(())
}

fn check_head(connection: &mut AnyConnection, found: i64, auditor: &mut Auditor) -> Result<(), StoreError> {
    let Some(head) = head::load(connection)? else {
        auditor.report.fault(Outcome::Incomplete, None, "there is no head row");
        return Ok(());
    };
    if auditor.report.origin.as_ref().is_some_and(|origin| *origin != head.origin) {
        auditor.report.fault(Outcome::Content, None, "head row and checkpoint name different ledgers");
    }
    if head.next > found {
        auditor.report.fault(
            Outcome::Incomplete,
            Some(found.unsigned_abs()),
            "entries up to the head row's are missing",
        );
    }
    if head.next < found {
        let index = Some(head.next.unsigned_abs());
        auditor.report.fault(Outcome::Content, index, "there are entries that the head row does not know of");
    }
    if auditor.size().is_some_and(|size| head.next.unsigned_abs() < size) {
        auditor.report.fault(Outcome::Inconsistent, None, "more entries were signed than the head row knows of");
    }
    Ok(())
}
