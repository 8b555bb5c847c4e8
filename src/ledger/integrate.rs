//! Growing the tree and signing it. Every leaf is hashed a second time from the bytes read back from storage, and
//! nothing is signed unless both hashes agree: a bit that flips between submission and signing is found before the
//! root is signed, when it can still be repaired.
//!
//! Any instance may do it. The signature leaves the process only after the compare-and-swap of the tree row.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use parking_lot::RwLock;
use tokio::sync::oneshot;

use super::checkpoint::Checkpoint;
use super::high_water::HighWater;
use super::keys::LedgerKeys;
use super::state::{Reason, Shared};
use super::tile::{Edge, FullTile, WIDTH, levels_of, width};
use super::tree::{CompactRange, Hash, hashes_of, leaf_hash, root_of};
use crate::clock::Ambient;
use crate::store::ledger::entry::{self, EntryRow};
use crate::store::ledger::head;
use crate::store::ledger::subject;
use crate::store::ledger::tree::{self as rows, CheckpointRow, TileRow, TreeRow};
use crate::store::{AnyConnection, Database, StoreError};

/// Entries read at a time.
pub(super) const PAGE: i64 = 1024;
/// Entries per signed step, so that a long backlog is signed piece by piece.
const STEP: i64 = 65_536;

/// What is wrong with what is stored.
#[derive(Debug, thiserror::Error)]
pub enum IntegrateError {
    /// An entry is missing.
    #[error("entry {0} is missing")]
    Missing(u64),
    /// An entry's bytes do not give its stored hash.
    #[error("entry {0} does not hash to its stored hash")]
    WrongHash(u64),
    /// Tiles, subtree roots and root do not agree.
    #[error("the stored tree contradicts itself at size {0}")]
    Tree(u64),
    /// The ledger was recovered and goes by another name now.
    #[error("the ledger was recovered and goes by another name now: start again")]
    OtherEpoch,
    /// The clock stands before the previous checkpoint.
    #[error("the clock stands before the previous checkpoint: nothing is signed")]
    ClockWentBack,
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Asks for a step now; the answer is the size of the signed tree.
pub(super) type Ask = oneshot::Sender<Result<u64, IntegrateError>>;

/// The tree as far as it is signed.
#[derive(Clone, Debug)]
pub(super) struct SignedTree {
    pub(super) row: TreeRow,
    pub(super) range: CompactRange,
    pub(super) edge: Edge,
}

/// The thread that grows and signs the tree.
pub(super) struct Integrator {
    pub(super) database: Database,
    pub(super) keys: LedgerKeys,
    pub(super) ambient: Ambient,
    pub(super) shared: Arc<Shared>,
    pub(super) latest: Arc<RwLock<CheckpointRow>>,
    pub(super) tree: Option<SignedTree>,
    pub(super) high_water: Option<HighWater>,
}

impl Integrator {
    /// Serves until every sender is gone, then integrates what is left.
    pub(super) fn run(mut self, asked: &Receiver<Ask>, every: Duration) {
        loop {
            match asked.recv_timeout(every) {
                Ok(reply) => {
                    let done = self.integrate();
                    // Whoever asked may have gone; the tree has grown all the same.
                    let _ = reply.send(done);
                }
                Err(RecvTimeoutError::Timeout) => {
                    self.tick();
                    self.keep(false);
                }
                Err(RecvTimeoutError::Disconnected) => {
                    self.tick();
                    return self.keep(true);
                }
            }
        }
    }

    fn tick(&mut self) {
        let signed = self.tree.as_ref().map_or(0, |tree| tree.range.size());
        if self.tree.is_some() && self.shared.next() <= signed {
            return;
        }
        if let Err(error) = self.integrate() {
            tracing::warn!(%error, "the ledger's tree does not grow");
        }
    }

    /// Keeps the newest checkpoint outside of the database too.
    fn keep(&mut self, is_last: bool) {
        let (Some(high_water), Some(tree)) = (&mut self.high_water, &self.tree) else { return };
        let latest = self.latest.read().clone();
        if latest.size == tree.row.size {
            high_water.keep(tree.range.size(), &latest.note, self.ambient.now().micros(), is_last);
        }
    }

    fn integrate(&mut self) -> Result<u64, IntegrateError> {
        let done = self.integrate_all();
        if let Err(
            IntegrateError::Missing(_)
            | IntegrateError::WrongHash(_)
            | IntegrateError::Tree(_)
            | IntegrateError::OtherEpoch,
        ) = &done
        {
            self.shared.close(Reason::Tampered);
        }
        if done.is_err() {
            self.tree = None;
        }
        done
    }

    fn integrate_all(&mut self) -> Result<u64, IntegrateError> {
        let mut connection = self.database.connect()?;
        loop {
            let head = head::load(&mut connection)?;
            if head.as_ref().is_some_and(|head| *head.origin != *self.keys.origin) {
                return Err(IntegrateError::OtherEpoch);
            }
            let next = head.map_or(0, |head| head.next);
            let tree = match self.tree.take() {
                Some(tree) => tree,
                None => load(&mut connection)?,
            };
            if tree.row.size >= next {
                let size = tree.range.size();
                self.tree = Some(tree);
                if let Err(error) = self.tidy_up(&mut connection, next) {
                    tracing::warn!(%error, "the ledger is not tidied up; it is tried again");
                }
                return Ok(size);
            }
            match self.step(&mut connection, &tree, next.min(tree.row.size + STEP)) {
                Ok(grown) => self.tree = Some(grown),
                // Another instance was first: read what it has made and go on from there.
                Err(IntegrateError::Store(StoreError::Conflict)) => {
                    if let Some(latest) = rows::latest_checkpoint(&mut connection)? {
                        *self.latest.write() = latest;
                    }
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// What the writer leaves to this thread, so that no answer waits for it: subjects are put in order, and the write-ahead
    /// log is copied into the file, first while the writer goes on, then the little that came meanwhile.
    fn tidy_up(&self, connection: &mut AnyConnection, next: i64) -> Result<(), StoreError> {
        while let Some(segment) = subject::unsettled(connection, next)? {
            let _gate = self.shared.write_gate.lock();
            subject::settle(connection, segment)?;
        }
        connection.checkpoint()?;
        let _gate = self.shared.write_gate.lock();
        Ok(connection.checkpoint()?)
    }

    fn step(&self, connection: &mut AnyConnection, tree: &SignedTree, end: i64) -> Result<SignedTree, IntegrateError> {
        let grown = grow(connection, tree, end)?;
        let previous = self.latest.read().clone();
        let now = self.ambient.now().micros();
        if now < previous.t {
            return Err(IntegrateError::ClockWentBack);
        }
        let _gate = self.shared.write_gate.lock();
        let signed =
            connection.write(|connection| sign(connection, (tree, &grown), &self.keys, now, Some(&previous)))?;
        *self.latest.write() = signed;
        Ok(grown.tree)
    }
}

/// A tree that has grown, with the tiles that it has filled, nothing of it stored yet.
pub(super) struct Grown {
    pub(super) tree: SignedTree,
    full: Vec<FullTile>,
}

/// Grows a tree over the entries up to `end`, each hashed again from its bytes.
pub(super) fn grow(connection: &mut AnyConnection, tree: &SignedTree, end: i64) -> Result<Grown, IntegrateError> {
    let (mut range, mut edge, mut full) = (tree.range.clone(), tree.edge.clone(), Vec::new());
    let mut index = tree.row.size;
    while index < end {
        for row in entry::page(connection, index, PAGE.min(end - index))? {
            let hash = checked_hash(&row, index)?;
            range.push(hash);
            edge.push(hash, &mut full);
            index += 1;
        }
        if i64::try_from(range.size()) != Ok(index) || index == tree.row.size {
            return Err(IntegrateError::Missing(index.unsigned_abs()));
        }
    }
    let row = tree_row(&range, &edge);
    Ok(Grown { tree: SignedTree { row, range, edge }, full })
}

/// Puts a grown tree in the place of the old one, and signs it. Within a transaction.
pub(super) fn sign(
    connection: &mut AnyConnection,
    (old, grown): (&SignedTree, &Grown),
    keys: &LedgerKeys,
    now: i64,
    previous: Option<&CheckpointRow>,
) -> Result<CheckpointRow, StoreError> {
    let SignedTree { row, range, .. } = &grown.tree;
    rows::swap(connection, &old.row, row)?;
    rows::insert_tiles(connection, grown.full.iter().map(tile_row).collect())?;
    let checkpoint = Checkpoint { origin: keys.origin.to_string(), size: range.size(), root: range.root() };
    let signed = CheckpointRow { size: row.size, t: now, note: checkpoint.sign(&keys.checkpoint, keys.log()) };
    rows::insert_checkpoint(connection, &signed, previous)?;
    Ok(signed)
}

/// Hashes an entry's bytes as they are stored and compares.
pub(super) fn checked_hash(row: &EntryRow, index: i64) -> Result<Hash, IntegrateError> {
    if row.idx != index {
        return Err(IntegrateError::Missing(index.unsigned_abs()));
    }
    let hash = leaf_hash(&row.leaf);
    if row.leaf_hash == hash { Ok(hash) } else { Err(IntegrateError::WrongHash(index.unsigned_abs())) }
}

/// The row of a tree.
pub(super) fn tree_row(range: &CompactRange, edge: &Edge) -> TreeRow {
    TreeRow {
        size: i64::try_from(range.size()).unwrap_or(i64::MAX),
        root: range.root().to_vec(),
        subtrees: range.subtrees().concat(),
        edge: edge.leaves().concat(),
    }
}

fn tile_row(tile: &FullTile) -> TileRow {
    TileRow {
        level: i32::try_from(tile.level).unwrap_or(i32::MAX),
        idx: i64::try_from(tile.number).unwrap_or(i64::MAX),
        hashes: tile.hashes.concat(),
    }
}

/// Reads the stored tree and holds root, subtree roots and tiles against one another.
pub(super) fn load(connection: &mut AnyConnection) -> Result<SignedTree, IntegrateError> {
    let row = rows::load(connection)?.ok_or(IntegrateError::Tree(0))?;
    let size = u64::try_from(row.size).map_err(|_| IntegrateError::Tree(0))?;
    let contradiction = || IntegrateError::Tree(size);
    let mut levels = vec![hashes_of(&row.edge).ok_or_else(contradiction)?];
    for level in 1..levels_of(size) {
        let level = u32::try_from(level).unwrap_or(u32::MAX);
        levels.push(roots_of_tiles(connection, level - 1, size)?);
    }
    let edge = Edge::new(size, levels).ok_or_else(contradiction)?;
    let range = edge.range().ok_or_else(contradiction)?;
    if range.subtrees().concat() != row.subtrees || range.root().as_slice() != row.root {
        return Err(contradiction());
    }
    Ok(SignedTree { row, range, edge })
}

/// The roots of the tiles of `level` that stand in the unfinished tile of the level above.
fn roots_of_tiles(connection: &mut AnyConnection, level: u32, size: u64) -> Result<Vec<Hash>, IntegrateError> {
    let count = width(size, level + 1);
    let from = (size >> (8 * (level + 1))) - count;
    let row_level = i32::try_from(level).unwrap_or(i32::MAX);
    let (from_row, limit) = (i64::try_from(from).unwrap_or(i64::MAX), i64::try_from(count).unwrap_or(0));
    let tiles = rows::tiles(connection, row_level, from_row, limit)?;
    let mut roots = Vec::with_capacity(tiles.len());
    for (tile, number) in tiles.iter().zip(from_row..) {
        let hashes = hashes_of(&tile.hashes).filter(|hashes| hashes.len() as u64 == WIDTH && tile.idx == number);
        roots.push(root_of(hashes.ok_or(IntegrateError::Tree(size))?));
    }
    Ok(roots)
}
