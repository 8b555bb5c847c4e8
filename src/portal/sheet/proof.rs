//! An inclusion proof, drawn: from an entry at the bottom to the root of the checkpoint.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use crate::exchange::audit::Rung;
use crate::portal::frame::Frame;

/// Heights and places, in units of the drawing, which is 640 wide.
const STEP: usize = 60;
const BOX: usize = 32;

/// A drawing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::portal) struct ProofDrawing {
    /// Its height.
    pub(in crate::portal) height: usize,
    /// What it shows, in words.
    pub(in crate::portal) label: String,
    /// Hashes on the way, from the root to the entry.
    pub(in crate::portal) nodes: Vec<Node>,
}

/// A hash on the way, with the one beside it that leads to the next higher.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::portal) struct Node {
    /// Its upper edge.
    pub(in crate::portal) y: usize,
    /// Where its text stands.
    pub(in crate::portal) text_y: usize,
    /// The beginning of the hash.
    pub(in crate::portal) hash: String,
    /// What it is: root, entry, or nothing.
    pub(in crate::portal) role: String,
    /// The hash beside it: its left edge, the middle of it, and its beginning.
    pub(in crate::portal) sibling: Option<(usize, usize, String)>,
}

fn short(hash: &[u8; 32]) -> String {
    let text = BASE64_STANDARD.encode(hash);
    text.chars().take(10).chain(['…']).collect()
}

impl ProofDrawing {
    /// Draws the way of an entry.
    pub(in crate::portal) fn of(frame: &Frame, leaf: &[u8; 32], rungs: &[Rung]) -> Self {
        let count = rungs.len();
        let (leaf_word, root_word) = (frame.text("proof-leaf"), frame.text("proof-root"));
        let node = |level: usize, hash: &[u8; 32], sibling: Option<&Rung>| {
            let y = (count - level) * STEP;
            let role = if level == 0 {
                leaf_word.clone()
            } else if level == count {
                root_word.clone()
            } else {
                String::new()
            };
            let beside = sibling.map(|rung| {
                let left = if rung.is_left { 10 } else { 470 };
                (left, left + 80, short(&rung.sibling))
            });
            Node { y, text_y: y + 21, hash: short(hash), role, sibling: beside }
        };
        let lower = std::iter::once(leaf).chain(rungs.iter().map(|rung| &rung.node));
        let mut nodes: Vec<Node> = lower.enumerate().map(|(level, hash)| node(level, hash, rungs.get(level))).collect();
        nodes.reverse();
        Self {
            height: count * STEP + BOX + 4,
            label: frame.count("proof-label", &i64::try_from(count).unwrap_or(0)),
            nodes,
        }
    }
}
