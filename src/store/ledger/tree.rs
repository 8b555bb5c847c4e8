//! How far the tree has grown: the tree row, full tiles and signed checkpoints.

use diesel::prelude::*;

use super::epoch;
use super::schema::{ledger_checkpoint, ledger_tile, ledger_tree};
use crate::store::connection::AnyConnection;
use crate::store::error::StoreError;

/// Microseconds in a minute: one checkpoint of each is kept.
const MINUTE: i64 = 60_000_000;

/// The tree row.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = ledger_tree)]
pub struct TreeRow {
    /// How many entries the tree covers.
    pub size: i64,
    /// Its root, 32 bytes.
    pub root: Vec<u8>,
    /// The roots of its perfect subtrees, largest first, 32 bytes each.
    pub subtrees: Vec<u8>,
    /// The leaf hashes since the last full tile, 32 bytes each.
    pub edge: Vec<u8>,
}

/// A full tile of 256 hashes.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = ledger_tile)]
pub struct TileRow {
    /// 0 holds leaf hashes, 1 the roots of tiles of level 0, and so on.
    pub level: i32,
    /// The tile's number in its level.
    pub idx: i64,
    /// 256 hashes, 8192 bytes.
    pub hashes: Vec<u8>,
}

/// A signed checkpoint.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = ledger_checkpoint)]
pub struct CheckpointRow {
    /// The tree's size.
    pub size: i64,
    /// When it was signed, microseconds UTC.
    pub t: i64,
    /// The signed note.
    pub note: String,
}

/// The tree row, if a ledger was created here.
pub fn load(connection: &mut AnyConnection) -> Result<Option<TreeRow>, StoreError> {
    Ok(ledger_tree::table.select(TreeRow::as_select()).first(connection).optional()?)
}

/// Creates the tree row.
pub fn create(connection: &mut AnyConnection, row: &TreeRow) -> Result<(), StoreError> {
    let created = diesel::insert_into(ledger_tree::table).values((ledger_tree::id.eq(1), row)).execute(connection)?;
    StoreError::expect_count("ledger_tree", 1, created)
}

/// Compare and swap: puts `new` in place of `old`.
///
/// # Errors
/// `Conflict` when the row is no longer `old`: another integrator was first, drop everything.
pub fn swap(connection: &mut AnyConnection, old: &TreeRow, new: &TreeRow) -> Result<(), StoreError> {
    let current =
        ledger_tree::table.filter(ledger_tree::size.eq(old.size)).filter(ledger_tree::root.eq(old.root.as_slice()));
    match diesel::update(current).set(new).execute(connection)? {
        1 => Ok(()),
        _ => Err(StoreError::Conflict),
    }
}

/// Inserts full tiles. An existing tile is never overwritten: the database refuses.
pub fn insert_tiles(connection: &mut AnyConnection, tiles: Vec<TileRow>) -> Result<(), StoreError> {
    let wanted = tiles.len();
    let mut inserted = 0;
    let mut tiles = tiles.into_iter().peekable();
    while tiles.peek().is_some() {
        inserted += connection.insert_rows(ledger_tile::table, tiles.by_ref().take(256).collect())?;
    }
    StoreError::expect_count("ledger_tile", wanted, inserted)
}

/// The tiles of a level from number `from` on, in order, at most `limit`.
pub fn tiles(connection: &mut AnyConnection, level: i32, from: i64, limit: i64) -> Result<Vec<TileRow>, StoreError> {
    Ok(ledger_tile::table
        .filter(ledger_tile::level.eq(level))
        .filter(ledger_tile::idx.ge(from))
        .order(ledger_tile::idx.asc())
        .limit(limit)
        .select(TileRow::as_select())
        .load(connection)?)
}

/// The checkpoint of the largest tree.
pub fn latest_checkpoint(connection: &mut AnyConnection) -> Result<Option<CheckpointRow>, StoreError> {
    Ok(ledger_checkpoint::table
        .order(ledger_checkpoint::size.desc())
        .select(CheckpointRow::as_select())
        .first(connection)
        .optional()?)
}

/// The checkpoints of trees smaller than `size`, the smallest first, without the empty one and those of epochs that ended.
pub fn checkpoints_below(connection: &mut AnyConnection, size: i64) -> Result<Vec<CheckpointRow>, StoreError> {
    let ended = ended(connection)?;
    Ok(ledger_checkpoint::table
        .filter(ledger_checkpoint::size.lt(size))
        .filter(ledger_checkpoint::size.gt(ended))
        .order(ledger_checkpoint::size.asc())
        .select(CheckpointRow::as_select())
        .load(connection)?)
}

/// The size up to which checkpoints were signed under an earlier name.
fn ended(connection: &mut AnyConnection) -> Result<i64, StoreError> {
    Ok(epoch::last(connection)?.map_or(0, |ended| ended.ended_idx))
}

/// Stores a checkpoint. The one it follows goes if it was signed in the same minute, so that the history
/// stays one checkpoint a minute.
pub fn insert_checkpoint(
    connection: &mut AnyConnection,
    row: &CheckpointRow,
    previous: Option<&CheckpointRow>,
) -> Result<(), StoreError> {
    let inserted = diesel::insert_into(ledger_checkpoint::table).values(row).execute(connection)?;
    StoreError::expect_count("ledger_checkpoint", 1, inserted)?;
    if let Some(previous) = previous.filter(|previous| previous.t.div_euclid(MINUTE) == row.t.div_euclid(MINUTE)) {
        // One that witnesses have cosigned since is not the same any more, and stays.
        let same = ledger_checkpoint::table
            .filter(ledger_checkpoint::size.eq(previous.size))
            .filter(ledger_checkpoint::note.eq(&previous.note));
        diesel::delete(same).execute(connection)?;
    }
    Ok(())
}

/// The checkpoints that were signed within a minute of the newest one, the newest first.
pub fn recent_checkpoints(connection: &mut AnyConnection) -> Result<Vec<CheckpointRow>, StoreError> {
    let Some(newest) = latest_checkpoint(connection)? else { return Ok(Vec::new()) };
    let ended = ended(connection)?;
    Ok(ledger_checkpoint::table
        .filter(ledger_checkpoint::t.ge(newest.t - MINUTE))
        .filter(ledger_checkpoint::size.gt(ended).or(ledger_checkpoint::size.eq(newest.size)))
        .order(ledger_checkpoint::size.desc())
        .select(CheckpointRow::as_select())
        .load(connection)?)
}

/// Stores a checkpoint with its cosignatures. When all have cosigned, the smaller ones of the same minute go.
pub fn store_cosigned(connection: &mut AnyConnection, row: &CheckpointRow, by_all: bool) -> Result<(), StoreError> {
    let same = ledger_checkpoint::table.filter(ledger_checkpoint::size.eq(row.size));
    if diesel::update(same).set(ledger_checkpoint::note.eq(&row.note)).execute(connection)? == 0 {
        diesel::insert_into(ledger_checkpoint::table).values(row).execute(connection)?;
    }
    if by_all {
        let minute = row.t.div_euclid(MINUTE) * MINUTE;
        let smaller = ledger_checkpoint::table
            .filter(ledger_checkpoint::size.lt(row.size))
            .filter(ledger_checkpoint::t.ge(minute));
        diesel::delete(smaller).execute(connection)?;
    }
    Ok(())
}
