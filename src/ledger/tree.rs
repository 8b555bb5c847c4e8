//! The Merkle tree of RFC 6962, section 2.1 (RFC 9162, section 2.1.1), over SHA-256: leaf and node hashes, and the
//! compact range, which is all a writer needs to keep of a tree.
//!
//! Deliberately absent: storage, and trees held in memory.

use sha2::{Digest, Sha256};

/// A SHA-256 hash.
pub type Hash = [u8; 32];

/// The root of a tree without leaves: SHA-256 of nothing.
pub fn empty_root() -> Hash {
    Sha256::digest([]).into()
}

/// SHA-256(0x00 | leaf).
pub fn leaf_hash(leaf: &[u8]) -> Hash {
    Sha256::new().chain_update([0]).chain_update(leaf).finalize().into()
}

/// SHA-256(0x01 | left | right).
pub fn node_hash(left: &[u8], right: &[u8]) -> Hash {
    Sha256::new().chain_update([1]).chain_update(left).chain_update(right).finalize().into()
}

/// The root over `leaves`, given as leaf hashes.
pub fn root_of(leaves: impl IntoIterator<Item = Hash>) -> Hash {
    let mut range = CompactRange::default();
    for leaf in leaves {
        range.push(leaf);
    }
    range.root()
}

/// The roots of the perfect subtrees that make up a tree, largest first: one per set bit of its size.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CompactRange {
    size: u64,
    subtrees: Vec<Hash>,
}

impl CompactRange {
    /// Joins a size and its subtree roots. `None` unless there is one root per set bit of `size`.
    pub fn new(size: u64, subtrees: Vec<Hash>) -> Option<Self> {
        (usize::try_from(size.count_ones()) == Ok(subtrees.len())).then_some(Self { size, subtrees })
    }

    /// Appends a leaf, given as its leaf hash.
    pub fn push(&mut self, leaf: Hash) {
        let mut node = leaf;
        // One merge per trailing one of the size, as in a binary counter.
        for _ in 0..self.size.trailing_ones() {
            if let Some(left) = self.subtrees.pop() {
                node = node_hash(&left, &node);
            }
        }
        self.subtrees.push(node);
        self.size += 1;
    }

    /// How many leaves.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The subtree roots, largest first.
    pub fn subtrees(&self) -> &[Hash] {
        &self.subtrees
    }

    /// The root of the tree.
    pub fn root(&self) -> Hash {
        self.subtrees.iter().rev().copied().reduce(|right, left| node_hash(&left, &right)).unwrap_or_else(empty_root)
    }
}

/// The hashes in `bytes`. `None` unless the length is a multiple of 32.
pub fn hashes_of(bytes: &[u8]) -> Option<Vec<Hash>> {
    let (hashes, rest) = bytes.as_chunks::<32>();
    rest.is_empty().then(|| hashes.to_vec())
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// The leaves of the vectors of the transparency-dev project.
    pub(crate) const LEAVES: [&[u8]; 8] = [
        b"",
        b"\x00",
        b"\x10",
        b"\x20\x21",
        b"\x30\x31",
        b"\x40\x41\x42\x43",
        b"\x50\x51\x52\x53\x54\x55\x56\x57",
        b"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f",
    ];

    const LEAF_HASHES: [&str; 8] = [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "0298d122906dcfc10892cb53a73992fc5b9f493ea4c9badb27b791b4127a7fe7",
        "07506a85fd9dd2f120eb694f86011e5bb4662e5c415a62917033d4a9624487e7",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "4271a26be0d8a84f0bd54c8c302e7cb3a3b5d1fa6780a40bcce2873477dab658",
        "b08693ec2e721597130641e8211e7eedccb4c26413963eee6c1e2ed16ffb1a5f",
        "46f6ffadd3d06a09ff3c5860d2755c8b9819db7df44251788c7d8e3180de8eb1",
    ];

    const ROOTS: [&str; 9] = [
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];

    #[test]
    fn leaves_and_roots_are_those_of_the_published_vectors() {
        let mut range = CompactRange::default();
        assert_eq!(hex::encode(range.root()), ROOTS[0]);
        for (index, leaf) in LEAVES.iter().enumerate() {
            assert_eq!(hex::encode(leaf_hash(leaf)), LEAF_HASHES[index]);
            range.push(leaf_hash(leaf));
            assert_eq!(hex::encode(range.root()), ROOTS[index + 1]);
        }
    }

    #[test]
    fn a_range_with_too_few_or_too_many_subtrees_is_refused() {
        assert!(CompactRange::new(3, vec![[0; 32]; 2]).is_some());
        assert!(CompactRange::new(3, vec![[0; 32]; 3]).is_none());
        assert!(CompactRange::new(4, vec![]).is_none());
    }
}
