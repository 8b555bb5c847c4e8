//! The right edge of the tree in tiles of 256 hashes (C2SP tlog-tiles): what a writer keeps to know which tile is
//! full next.

use super::tree::{CompactRange, Hash, root_of};

/// Hashes per tile.
pub const WIDTH: u64 = 256;

/// A full tile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FullTile {
    /// 0 holds leaf hashes.
    pub level: u32,
    /// The tile's number in its level.
    pub number: u64,
    /// 256 hashes.
    pub hashes: Vec<Hash>,
}

/// The unfinished tile of each level.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Edge {
    size: u64,
    levels: Vec<Vec<Hash>>,
}

impl Edge {
    /// Joins the unfinished tiles of a tree of `size` leaves. `None` unless each has the width that `size` gives it.
    pub fn new(size: u64, levels: Vec<Vec<Hash>>) -> Option<Self> {
        let widths = levels.iter().zip(0..).all(|(hashes, level)| hashes.len() as u64 == width(size, level));
        (widths && levels.len() >= levels_of(size)).then_some(Self { size, levels })
    }

    /// Appends a leaf hash; the tiles that it fills go to `full`, lowest level first.
    pub fn push(&mut self, leaf: Hash, full: &mut Vec<FullTile>) {
        self.size += 1;
        let mut node = leaf;
        for level in 0.. {
            let Some(hashes) = self.levels.get_mut(level) else {
                self.levels.push(vec![node]);
                return;
            };
            hashes.push(node);
            if (hashes.len() as u64) < WIDTH {
                return;
            }
            let hashes = std::mem::take(hashes);
            node = root_of(hashes.iter().copied());
            let level = u32::try_from(level).unwrap_or(u32::MAX);
            full.push(FullTile { level, number: (self.size >> (8 * (level + 1))) - 1, hashes });
        }
    }

    /// The hashes of the unfinished tile of each level, leaves first.
    pub fn levels(&self) -> &[Vec<Hash>] {
        &self.levels
    }

    /// The leaf hashes since the last full tile.
    pub fn leaves(&self) -> &[Hash] {
        self.levels.first().map_or(&[], Vec::as_slice)
    }

    /// The compact range that the edge amounts to: each level's tile is a stretch of its binary digits.
    pub fn range(&self) -> Option<CompactRange> {
        let mut subtrees = Vec::new();
        for hashes in self.levels.iter().rev() {
            let mut range = CompactRange::default();
            for hash in hashes {
                range.push(*hash);
            }
            subtrees.extend_from_slice(range.subtrees());
        }
        CompactRange::new(self.size, subtrees)
    }
}

/// How many levels a tree of `size` leaves has tiles in.
pub fn levels_of(size: u64) -> usize {
    (0..8).take_while(|level| size >> (8 * level) > 0).count()
}

/// The width of the unfinished tile at `level`.
pub fn width(size: u64, level: u32) -> u64 {
    size.checked_shr(8 * level).unwrap_or(0) % WIDTH
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::tree::leaf_hash;

    #[test]
    fn the_edge_amounts_to_the_compact_range_at_every_size() {
        let (mut edge, mut range, mut full) = (Edge::default(), CompactRange::default(), Vec::new());
        for leaf in 0..70_000_u32 {
            let hash = leaf_hash(&leaf.to_be_bytes());
            edge.push(hash, &mut full);
            range.push(hash);
            if leaf % 97 == 0 || leaf > 65_500 && leaf < 65_600 {
                assert_eq!(edge.range().as_ref(), Some(&range), "{leaf}");
            }
        }
        assert_eq!(edge.range(), Some(range));
        // 70000 = 273 full tiles of leaves and 112 more; one full tile of level 1 and 17 more; one hash of level 2.
        assert_eq!(full.iter().filter(|tile| tile.level == 0).count(), 273);
        assert_eq!(full.iter().filter(|tile| tile.level == 1).count(), 1);
        assert_eq!(full.iter().rfind(|tile| tile.level == 0).unwrap().number, 272);
        assert_eq!(edge.levels.iter().map(Vec::len).collect::<Vec<_>>(), [112, 17, 1]);
        assert_eq!(Edge::new(70_000, edge.levels.clone()), Some(edge));
        assert_eq!(Edge::new(70_001, vec![vec![[0; 32]; 112], vec![], vec![]]), None);
    }
}
