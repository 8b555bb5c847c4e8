//! Inclusion and consistency proofs: building them from any source of hashes, and verifying them
//! (RFC 9162, sections 2.1.3 and 2.1.4).

use super::tree::{Hash, empty_root, node_hash};

/// A tree's hashes, by range of leaves.
pub trait Subtrees {
    /// What reading may end in.
    type Error;

    /// The root over the leaves `start..end`, where `end - start` is a power of two that divides `start`.
    fn perfect(&mut self, start: u64, end: u64) -> Result<Hash, Self::Error>;
}

/// A step of an inclusion proof, from a leaf towards the root.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rung {
    /// The hash that the proof gives.
    pub sibling: Hash,
    /// Whether it stands on the left.
    pub is_left: bool,
    /// The hash over both.
    pub node: Hash,
}

/// The steps from the leaf hash at `index` to the root of a tree of `size` leaves; `None` when `path` does not lead there.
pub fn climb(index: u64, size: u64, leaf: &Hash, path: &[Hash]) -> Option<Vec<Rung>> {
    if index >= size {
        return None;
    }
    let (mut rungs, mut node) = (Vec::with_capacity(path.len()), *leaf);
    let (mut first, mut last) = (index, size - 1);
    for sibling in path {
        if last == 0 {
            return None;
        }
        let is_left = first % 2 == 1 || first == last;
        if is_left {
            node = node_hash(sibling, &node);
            while first.is_multiple_of(2) && first != 0 {
                first >>= 1;
                last >>= 1;
            }
        } else {
            node = node_hash(&node, sibling);
        }
        rungs.push(Rung { sibling: *sibling, is_left, node });
        first >>= 1;
        last >>= 1;
    }
    (last == 0).then_some(rungs)
}

/// Does `path` lead from the leaf hash at `index` to the root of a tree of `size` leaves?
pub fn verify_inclusion(index: u64, size: u64, leaf: &[u8], path: &[Hash], root: &[u8]) -> bool {
    let Ok(leaf) = Hash::try_from(leaf) else { return false };
    let top = climb(index, size, &leaf, path).map(|rungs| rungs.last().map_or(leaf, |rung| rung.node));
    top.is_some_and(|top| top == root)
}

/// Is the tree of `old_size` leaves a beginning of the tree of `new_size` leaves?
///
/// Growth from size 0 needs no proof and is decided before the call; here it is refused.
pub fn verify_consistency(old: (u64, &Hash), new: (u64, &Hash), path: &[Hash]) -> bool {
    let ((old_size, old_root), (new_size, new_root)) = (old, new);
    if old_size == 0 || old_size > new_size {
        return false;
    }
    if old_size == new_size {
        return path.is_empty() && old_root == new_root;
    }
    let (seed, path) = match path.split_first() {
        None => return false,
        Some(_) if old_size.is_power_of_two() => (old_root, path),
        Some((seed, rest)) => (seed, rest),
    };
    let shift = (old_size - 1).trailing_ones();
    let (mut first, mut last) = ((old_size - 1) >> shift, (new_size - 1) >> shift);
    let (mut old_node, mut new_node) = (*seed, *seed);
    for sibling in path {
        if last == 0 {
            return false;
        }
        if first % 2 == 1 || first == last {
            old_node = node_hash(sibling, &old_node);
            new_node = node_hash(sibling, &new_node);
            while first.is_multiple_of(2) && first != 0 {
                first >>= 1;
                last >>= 1;
            }
        } else {
            new_node = node_hash(&new_node, sibling);
        }
        first >>= 1;
        last >>= 1;
    }
    last == 0 && old_node == *old_root && new_node == *new_root
}

/// The proof that the leaf at `index` stands in the tree of `size` leaves, leaf sibling first.
/// Empty when `index` is not below `size`.
pub fn inclusion<S: Subtrees>(source: &mut S, index: u64, size: u64) -> Result<Vec<Hash>, S::Error> {
    let mut path = Vec::new();
    let (mut start, mut end) = (0, size);
    while index < size && end - start > 1 {
        let middle = start + split(end - start);
        let sibling = if index < middle { (middle, end) } else { (start, middle) };
        path.push(range(source, sibling.0, sibling.1)?);
        if index < middle {
            end = middle;
        } else {
            start = middle;
        }
    }
    path.reverse();
    Ok(path)
}

/// The proof that the tree of `old` leaves is a beginning of the tree of `new` leaves.
/// Empty when `old` is 0 or not below `new`.
pub fn consistency<S: Subtrees>(source: &mut S, old: u64, new: u64) -> Result<Vec<Hash>, S::Error> {
    let mut path = Vec::new();
    if old == 0 || old >= new {
        return Ok(path);
    }
    let (mut start, mut end) = (0, new);
    while old != end {
        let middle = start + split(end - start);
        if old <= middle {
            path.push(range(source, middle, end)?);
            end = middle;
        } else {
            path.push(range(source, start, middle)?);
            start = middle;
        }
    }
    if start != 0 {
        path.push(range(source, start, end)?);
    }
    path.reverse();
    Ok(path)
}

/// The root of the tree of the first `size` leaves.
pub fn root<S: Subtrees>(source: &mut S, size: u64) -> Result<Hash, S::Error> {
    if size == 0 { Ok(empty_root()) } else { range(source, 0, size) }
}

/// The largest power of two below `count`, which is at least 2.
fn split(count: u64) -> u64 {
    1 << (u64::BITS - 1 - (count - 1).leading_zeros())
}

fn range<S: Subtrees>(source: &mut S, start: u64, end: u64) -> Result<Hash, S::Error> {
    let count = end - start;
    if count.is_power_of_two() {
        return source.perfect(start, end);
    }
    let middle = start + split(count);
    let left = source.perfect(start, middle)?;
    Ok(node_hash(&left, &range(source, middle, end)?))
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::prelude::BASE64_STANDARD;

    use super::*;
    use crate::ledger::tree::tests::LEAVES;
    use crate::ledger::tree::{leaf_hash, root_of};

    impl Subtrees for Vec<Hash> {
        type Error = std::convert::Infallible;

        fn perfect(&mut self, start: u64, end: u64) -> Result<Hash, Self::Error> {
            let (start, end) = (usize::try_from(start).unwrap(), usize::try_from(end).unwrap());
            Ok(root_of(self[start..end].iter().copied()))
        }
    }

    fn leaves() -> Vec<Hash> {
        LEAVES.iter().map(|leaf| leaf_hash(leaf)).collect()
    }

    fn hashes(texts: &[&str]) -> Vec<Hash> {
        texts.iter().map(|text| BASE64_STANDARD.decode(text).unwrap().try_into().unwrap()).collect()
    }

    #[test]
    fn proofs_are_those_of_the_published_vectors() {
        let inclusion_of_5 = hashes(&[
            "vBoGQ7EuTS18d5GPROD095qDi2z57FtcKD4fTYhZnms=",
            "yoVOoSjtBQtBs1/8G4e46yveRh6eO1WW7Oa51ZdaCuA=",
            "037kGJdt2VdTwcc4Yrk5j6Kiz5tP8P3+izDNlSCWFLc=",
        ]);
        let consistency_of_6 = hashes(&[
            "DrxdNDf74tsVi58Sah0RjjCBgQMdCpSfje3t68VY72o=",
            "yoVOoSjtBQtBs1/8G4e46yveRh6eO1WW7Oa51ZdaCuA=",
            "037kGJdt2VdTwcc4Yrk5j6Kiz5tP8P3+izDNlSCWFLc=",
        ]);
        assert_eq!(inclusion(&mut leaves(), 5, 8), Ok(inclusion_of_5));
        assert_eq!(consistency(&mut leaves(), 6, 8), Ok(consistency_of_6));
    }

    #[test]
    fn every_proof_of_a_small_tree_verifies_and_no_other_index_or_size_does() {
        let all: Vec<Hash> = (0..40_u8).map(|byte| leaf_hash(&[byte])).collect();
        for size in 1..=40 {
            let root = root_of(all[..size].iter().copied());
            for index in 0..size {
                let (at, of) = (index as u64, size as u64);
                let Ok(path) = inclusion(&mut all.clone(), at, of);
                assert!(verify_inclusion(at, of, &all[index], &path, &root));
                assert!(!verify_inclusion(at, of, &all[(index + 1) % 40], &path, &root));
                assert!(!verify_inclusion(at + 1, of, &all[index], &path, &root) || size == 1);
                let old_root = root_of(all[..=index].iter().copied());
                let Ok(path) = consistency(&mut all.clone(), at + 1, of);
                assert!(verify_consistency((at + 1, &old_root), (of, &root), &path));
                assert!(!verify_consistency((at + 1, &root), (of, &root), &path) || index + 1 == size);
            }
        }
    }

    #[test]
    fn growth_from_nothing_and_out_of_range_proofs_are_refused() {
        let root = root_of(leaves());
        assert!(!verify_consistency((0, &root), (8, &root), &[]));
        assert!(!verify_consistency((9, &root), (8, &root), &[]));
        assert!(!verify_inclusion(8, 8, &root, &[], &root));
        assert!(!verify_inclusion(0, 1, b"", &[], b""));
        assert_eq!(inclusion(&mut leaves(), 8, 8), Ok(vec![]));
    }
}
