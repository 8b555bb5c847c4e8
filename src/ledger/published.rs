//! What anybody may read of the ledger: the newest checkpoint, tiles of hashes, tiles of entries, and proofs
//! (C2SP tlog-tiles). Entries are leaves: salted commitments in place of everything private.
//!
//! Deliberately absent: bodies, and whatever no checkpoint covers yet.

use super::checkpoint::Checkpoint;
use super::log::Ledger;
use super::note::NoteError;
use super::proof::{self, Subtrees};
use super::proof_file::ProofFile;
use super::tile::{Edge, WIDTH, levels_of, width};
use super::tile_name::{Content, TileName};
use super::tree::{CompactRange, Hash, hashes_of, root_of};
use crate::store::ledger::entry;
use crate::store::ledger::tree::{self as rows, CheckpointRow, TreeRow};
use crate::store::{AnyConnection, Database, StoreError};

/// Why a proof cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum ProofError {
    /// No checkpoint covers it yet.
    #[error("the newest checkpoint covers {size} entries")]
    NotSigned {
        /// How many entries are covered.
        size: u64,
    },
    /// The stored checkpoint is not one of this ledger's.
    #[error("the stored checkpoint: {0}")]
    Checkpoint(#[from] NoteError),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Ledger {
    /// The newest signed checkpoint, whichever gateway has signed it, with the cosignatures it has.
    pub fn newest_checkpoint(&self) -> Result<String, StoreError> {
        let latest = self.database().read(rows::latest_checkpoint)?;
        Ok(latest.map_or_else(|| self.checkpoint(), |latest| latest.note))
    }

    /// The checkpoint to show: of the last minute's the one that most witnesses have cosigned, the newest of those.
    pub fn published_checkpoint(&self) -> Result<String, StoreError> {
        let published = self.database().read(published)?;
        Ok(published.unwrap_or_else(|| self.checkpoint()))
    }

    /// The checkpoint to show, when it covers the entry at `index`.
    pub fn checkpoint_over(&self, index: u64) -> Result<Option<String>, StoreError> {
        let note = self.published_checkpoint()?;
        Ok(Some(note).filter(|note| size_of(note).is_some_and(|size| index < size)))
    }

    /// How many entries the newest checkpoint covers, as far as this instance knows.
    pub fn signed_size(&self) -> u64 {
        size_of(&self.checkpoint()).unwrap_or(0)
    }

    /// Stores a checkpoint with the cosignatures that were collected for it.
    pub fn store_cosigned(&self, size: u64, note: &str, by_all: bool) -> Result<(), StoreError> {
        let size = i64::try_from(size).unwrap_or(i64::MAX);
        let row = CheckpointRow { size, t: self.now().micros(), note: note.to_owned() };
        let _gate = self.write_gate().lock();
        self.database().write(|connection| rows::store_cosigned(connection, &row, by_all))
    }

    /// The proof that the tree of `new` entries, which is signed, has grown from that of `old`. Empty from nothing.
    pub fn consistency_proof(&self, old: u64, new: u64) -> Result<Vec<Hash>, ProofError> {
        Ok(self.database().snapshot(|connection| {
            let mut tiles = StoredTiles::open(connection)?;
            if new > tiles.size() {
                return Err(missing());
            }
            proof::consistency(&mut tiles, old, new)
        })?)
    }

    /// The bytes of a tile; `None` when no checkpoint covers all of it.
    pub fn tile(&self, name: TileName) -> Result<Option<Vec<u8>>, StoreError> {
        self.database().snapshot(|connection| tile(connection, name))
    }

    /// The proof that the entry at `index` stands in the tree of the newest checkpoint.
    pub fn proof_of(&self, index: u64) -> Result<ProofFile, ProofError> {
        proof_of(self.database(), self.keys().log(), index)
    }
}

/// The proof that the entry at `index` stands in the tree of the newest checkpoint, which `log` has signed.
pub(super) fn proof_of(
    database: &Database,
    log: &super::note::VerifierKey,
    index: u64,
) -> Result<ProofFile, ProofError> {
    let note = database.read(published)?.ok_or_else(missing)?;
    let signed = Checkpoint::open(&note, log)?;
    if index >= signed.size {
        return Err(ProofError::NotSigned { size: signed.size });
    }
    let path =
        database.snapshot(|connection| proof::inclusion(&mut StoredTiles::open(connection)?, index, signed.size))?;
    Ok(ProofFile { extra: None, index, path, checkpoint: note })
}

fn published(connection: &mut AnyConnection) -> Result<Option<String>, StoreError> {
    // Stable: of those that as many have signed the newest comes first.
    let mut recent: Vec<String> = rows::recent_checkpoints(connection)?.into_iter().map(|row| row.note).collect();
    recent.sort_by_key(|note| std::cmp::Reverse(note.lines().count()));
    Ok(recent.into_iter().next())
}

fn size_of(note: &str) -> Option<u64> {
    // The second line of a checkpoint is the size of the tree it signs.
    note.lines().nth(1)?.parse().ok()
}

/// The trust file that goes with a ledger whose key is `log`: it asks for no witness.
pub fn policy_of(log: &super::note::VerifierKey) -> String {
    format!("log {log}\nquorum none\n")
}

/// The bytes of a tile.
pub(super) fn tile(connection: &mut AnyConnection, name: TileName) -> Result<Option<Vec<u8>>, StoreError> {
    let mut tiles = StoredTiles::open(connection)?;
    if name.end().is_none_or(|end| end > tiles.size()) {
        return Ok(None);
    }
    match name.content {
        Content::Hashes(level) => Ok(Some(tiles.hashes(level, name.number, name.width)?.concat())),
        Content::Entries => tiles.entries(name.number, name.width).map(Some),
    }
}

/// The tiles of the signed tree, as they are stored.
pub(super) struct StoredTiles<'c> {
    connection: &'c mut AnyConnection,
    tree: TreeRow,
}

fn missing() -> StoreError {
    StoreError::Corrupt { table: "ledger_tree", column: "size", row: "1".to_owned() }
}

impl<'c> StoredTiles<'c> {
    pub(super) fn open(connection: &'c mut AnyConnection) -> Result<Self, StoreError> {
        let tree = rows::load(connection)?.ok_or_else(missing)?;
        Ok(Self { connection, tree })
    }

    /// How many entries are signed.
    pub(super) fn size(&self) -> u64 {
        self.tree.size.unsigned_abs()
    }

    /// The first `width` hashes of a tile that the signed tree covers.
    pub(super) fn hashes(&mut self, level: u32, number: u64, width: u64) -> Result<Vec<Hash>, StoreError> {
        let corrupt =
            || StoreError::Corrupt { table: "ledger_tile", column: "hashes", row: format!("{level}/{number}") };
        let count = usize::try_from(width).map_err(|_| corrupt())?;
        let stored = match self.full_tile(level, number)? {
            Some(hashes) => Some(hashes),
            None if level == 0 => hashes_of(&self.tree.edge).filter(|_| number == self.size() / WIDTH),
            // Each hash of an unfinished tile is the root of a full tile of the level below.
            None => {
                let below = (number * WIDTH..).take(count);
                let roots = below.map(|below| {
                    let hashes = self.full_tile(level - 1, below)?.ok_or_else(corrupt)?;
                    Ok::<_, StoreError>(root_of(hashes))
                });
                Some(roots.collect::<Result<_, _>>()?)
            }
        };
        let mut hashes = stored.filter(|hashes| hashes.len() >= count).ok_or_else(corrupt)?;
        hashes.truncate(count);
        Ok(hashes)
    }

    /// What the first `size` entries amount to.
    pub(super) fn left_of(&mut self, size: u64) -> Result<CompactRange, StoreError> {
        let mut levels = Vec::new();
        for level in (0..).take(levels_of(size)) {
            let number = size.checked_shr(8 * (level + 1)).unwrap_or(0);
            let width = width(size, level);
            levels.push(if width == 0 { Vec::new() } else { self.hashes(level, number, width)? });
        }
        Edge::new(size, levels).and_then(|edge| edge.range()).ok_or_else(missing)
    }

    fn full_tile(&mut self, level: u32, number: u64) -> Result<Option<Vec<Hash>>, StoreError> {
        let (Ok(level), Ok(number)) = (i32::try_from(level), i64::try_from(number)) else { return Ok(None) };
        let tiles = rows::tiles(self.connection, level, number, 1)?;
        let tile = tiles.into_iter().find(|tile| tile.idx == number);
        Ok(tile.and_then(|tile| hashes_of(&tile.hashes)))
    }

    pub(super) fn entries(&mut self, number: u64, width: u64) -> Result<Vec<u8>, StoreError> {
        let corrupt = |at: i64| StoreError::Corrupt { table: "ledger_entry", column: "leaf", row: at.to_string() };
        let first = i64::try_from(number * WIDTH).unwrap_or(i64::MAX);
        let page = entry::page(self.connection, first, i64::try_from(width).unwrap_or(0))?;
        if page.len() as u64 != width {
            return Err(corrupt(first));
        }
        let mut bundle = Vec::with_capacity(page.iter().map(|row| row.leaf.len() + 2).sum());
        for (row, index) in page.iter().zip(first..) {
            let length =
                u16::try_from(row.leaf.len()).ok().filter(|_| row.idx == index).ok_or_else(|| corrupt(index))?;
            bundle.extend_from_slice(&length.to_be_bytes());
            bundle.extend_from_slice(&row.leaf);
        }
        Ok(bundle)
    }
}

impl Subtrees for StoredTiles<'_> {
    type Error = StoreError;

    fn perfect(&mut self, start: u64, end: u64) -> Result<Hash, StoreError> {
        // A perfect subtree lies within one tile of the level that has it in at most 256 hashes.
        let level = (end - start).trailing_zeros() / 8;
        let (first, count) = (start >> (8 * level), (end - start) >> (8 * level));
        let width = first % WIDTH + count;
        let hashes = self.hashes(level, first / WIDTH, width)?;
        Ok(root_of(hashes.into_iter().skip(usize::try_from(first % WIDTH).unwrap_or(usize::MAX))))
    }
}
