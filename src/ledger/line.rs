//! The lines of an export in NDJSON. First a header, then before each 256 entries the tile of their hashes, then the
//! entries. Readers take each line strictly: an unknown member is a fault.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};

use super::audit::{Disclosure, Evidence};
use super::commitment::{Opening, Salt};
use super::tile::WIDTH;
use super::tree::{CompactRange, Hash, hashes_of};

/// The format's name in the header.
pub(super) const FORMAT: &str = "chengxin/ledger-export/v1";

/// The first line.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Header {
    pub(super) format: String,
    pub(super) origin: String,
    /// How many entries the checkpoint covers: those from `first` on follow.
    pub(super) size: u64,
    /// The index of the first entry; absent when it is 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) first: Option<u64>,
    /// What the entries before `first` amount to: the roots of the perfect subtrees, largest first, standard base64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) left: Option<String>,
    /// The signed note that covers them.
    pub(super) checkpoint: Option<String>,
    /// The key that the checkpoint verifies under.
    pub(super) log: String,
    /// The key that receipts verify under.
    pub(super) receipts: String,
}

impl Header {
    /// What the entries that are not in the file amount to. `None` when it is malformed, or could be left out.
    pub(super) fn left(&self) -> Option<CompactRange> {
        match (self.first, &self.left) {
            (None, None) => Some(CompactRange::default()),
            (Some(first), Some(left)) if first > 0 && first.is_multiple_of(WIDTH) => {
                // What is no base64 is malformed.
                CompactRange::new(first, hashes_of(&BASE64_STANDARD.decode(left).ok()?)?)
            }
            _ => None,
        }
    }
}

/// A tile of leaf hashes, before the entries of the tile.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TileLine {
    pub(super) tile: u64,
    /// Standard base64.
    pub(super) hashes: String,
}

/// An entry.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EntryLine {
    pub(super) i: u64,
    /// The exact bytes, standard base64.
    pub(super) leaf: String,
    /// The leaf hash, standard base64.
    pub(super) h: String,
    /// What is disclosed, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) d: BTreeMap<String, Shown>,
    /// The names that are withheld.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub(super) w: BTreeSet<String>,
}

/// One disclosed value, or the list of subjects.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub(super) enum Shown {
    One(ShownValue),
    Many(Vec<ShownValue>),
}

/// A value with its salt in base64url.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ShownValue {
    s: String,
    v: String,
}

impl ShownValue {
    fn of(opening: &Opening) -> Self {
        Self { s: BASE64_URL_SAFE_NO_PAD.encode(opening.salt), v: opening.value.clone() }
    }

    fn opening(self, name: &str) -> Option<Opening> {
        // A salt that is no base64 is a value without a salt.
        let salt: Salt = BASE64_URL_SAFE_NO_PAD.decode(self.s).ok()?.try_into().ok()?;
        Some(Opening { name: name.to_owned(), salt, value: self.v })
    }
}

/// The line of an entry; without `openings` every committed name is withheld.
pub(super) fn entry_line(index: u64, leaf: &[u8], hash: &[u8], names: &[&str], openings: &[Opening]) -> EntryLine {
    let mut shown = BTreeMap::new();
    let (subjects, single): (Vec<_>, Vec<_>) = openings.iter().partition(|opening| opening.name == "subject");
    for opening in single {
        shown.insert(opening.name.clone(), Shown::One(ShownValue::of(opening)));
    }
    if !subjects.is_empty() {
        shown.insert("subjects".to_owned(), Shown::Many(subjects.into_iter().map(ShownValue::of).collect()));
    }
    let withheld = names.iter().filter(|name| !shown.contains_key(**name)).map(|name| (*name).to_owned()).collect();
    EntryLine { i: index, leaf: BASE64_STANDARD.encode(leaf), h: BASE64_STANDARD.encode(hash), d: shown, w: withheld }
}

/// A line behind the header.
pub(super) enum Line {
    Tile(u64, Vec<Hash>),
    Entry(Evidence),
}

impl Line {
    /// Reads a line. `None` when it is neither a tile nor an entry.
    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        if bytes.starts_with(b"{\"tile\":") {
            // Whatever serde finds wrong, the line is not one of ours; the caller names its place.
            let line: TileLine = serde_json::from_slice(bytes).ok()?;
            return Some(Self::Tile(line.tile, hashes_of(&BASE64_STANDARD.decode(line.hashes).ok()?)?));
        }
        let line: EntryLine = serde_json::from_slice(bytes).ok()?;
        let mut openings = Vec::new();
        for (name, shown) in line.d {
            match (name.as_str(), shown) {
                ("subjects", Shown::Many(values)) => {
                    for value in values {
                        openings.push(value.opening("subject")?);
                    }
                }
                ("subject" | "subjects", _) | (_, Shown::Many(_)) => return None,
                (name, Shown::One(value)) => openings.push(value.opening(name)?),
            }
        }
        Some(Self::Entry(Evidence {
            index: line.i,
            leaf: BASE64_STANDARD.decode(line.leaf).ok()?,
            claimed: BASE64_STANDARD.decode(line.h).ok()?,
            disclosure: Disclosure::Shown(openings, line.w.into_iter().collect()),
            fault: None,
        }))
    }
}
