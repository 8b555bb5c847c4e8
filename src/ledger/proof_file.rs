//! Proof files of one entry (C2SP tlog-proof v1): index, inclusion path and signed checkpoint in one text that
//! verifies offline.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use super::checkpoint::Checkpoint;
use super::note::Note;
use super::policy::{Policy, PolicyFault};
use super::proof::verify_inclusion;
use super::tree::Hash;

const HEADER: &str = "c2sp.org/tlog-proof@v1";
/// The longest path there can be: one hash a level of a tree of 2^63 leaves.
const PATH_MAX: usize = 63;
/// Longer texts are refused.
const SIZE_BYTES_MAX: usize = 128 * 1024;

/// A proof file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProofFile {
    /// Whatever the maker wished to add; nothing vouches for it.
    pub extra: Option<Vec<u8>>,
    /// The index of the entry.
    pub index: u64,
    /// The inclusion path, the leaf's sibling first.
    pub path: Vec<Hash>,
    /// The signed checkpoint, a note.
    pub checkpoint: String,
}

/// Why a proof file proves nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProofFault {
    /// The text is no proof file.
    #[error("this is not a proof file")]
    Malformed,
    /// The checkpoint is not one that the policy trusts.
    #[error(transparent)]
    Policy(#[from] PolicyFault),
    /// The path does not lead from the leaf to the signed root.
    #[error("the path does not lead from the entry to the signed root")]
    Path,
}

impl ProofFile {
    /// Reads a proof file.
    pub fn parse(text: &str) -> Result<Self, ProofFault> {
        if text.len() > SIZE_BYTES_MAX {
            return Err(ProofFault::Malformed);
        }
        Self::read(text).ok_or(ProofFault::Malformed)
    }

    fn read(text: &str) -> Option<Self> {
        let (head, checkpoint) = text.split_once("\n\n")?;
        let mut lines = head.split('\n').peekable();
        if lines.next() != Some(HEADER) {
            return None;
        }
        let extra = match lines.peek()?.strip_prefix("extra ") {
            None => None,
            Some(extra) => {
                lines.next();
                Some(BASE64_STANDARD.decode(extra).ok()?)
            }
        };
        let index = lines.next()?.strip_prefix("index ")?;
        let number: u64 = index.parse().ok()?;
        let hash = |line: &str| BASE64_STANDARD.decode(line).ok().and_then(|bytes| Hash::try_from(bytes).ok());
        let path: Vec<Hash> = lines.map(hash).collect::<Option<_>>()?;
        // The checkpoint is verified later; here it must be a note at all.
        let is_note = Note::parse(checkpoint).is_ok();
        (number.to_string() == index && path.len() <= PATH_MAX && is_note).then(|| Self {
            extra,
            index: number,
            path,
            checkpoint: checkpoint.to_owned(),
        })
    }

    /// Holds the proof against the hash of an entry's leaf.
    pub fn verify(&self, leaf_hash: &Hash, policy: &Policy) -> Result<Checkpoint, ProofFault> {
        let checkpoint = policy.open(&self.checkpoint)?;
        if verify_inclusion(self.index, checkpoint.size, leaf_hash, &self.path, &checkpoint.root) {
            Ok(checkpoint)
        } else {
            Err(ProofFault::Path)
        }
    }
}

impl std::fmt::Display for ProofFile {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(formatter, "{HEADER}")?;
        if let Some(extra) = &self.extra {
            writeln!(formatter, "extra {}", BASE64_STANDARD.encode(extra))?;
        }
        writeln!(formatter, "index {}", self.index)?;
        for hash in &self.path {
            writeln!(formatter, "{}", BASE64_STANDARD.encode(hash))?;
        }
        write!(formatter, "\n{}", self.checkpoint)
    }
}
