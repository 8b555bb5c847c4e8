//! The list of what an export bundle holds: written last, so a bundle without it was not finished.

use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::path::{Component, Path};

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::commitment::{Salt, commit};
use super::tile::WIDTH;

/// The format's name.
pub const FORMAT: &str = "chengxin/ledger-bundle/v1";
/// The file that holds the list.
pub const NAME: &str = "manifest.json";

/// What an export bundle holds, and why it was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// `chengxin/ledger-bundle/v1`.
    pub format: String,
    /// The ledger's name.
    pub origin: String,
    /// The entries in it: from, and up to but not including.
    pub range: [u64; 2],
    /// Who asked for it, and the entry that says so.
    pub export: Registered,
    /// Every file but this one, by its path in the bundle.
    pub files: BTreeMap<String, FileDigest>,
}

/// Who makes an export, when and what for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Order {
    /// When it was begun, RFC 3339, UTC.
    pub created: String,
    /// Whether sealed values were opened.
    pub disclosed: bool,
    /// The entry from which on it was asked for; absent when all were.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub from: u64,
    /// Entries whose proofs are in it as files.
    pub proofs: Vec<u64>,
    /// What for.
    pub reason: String,
    /// Who asked for it.
    pub requester: String,
    /// What made it.
    pub tool: String,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn is_zero(index: &u64) -> bool {
    *index == 0
}

impl Order {
    /// The first entry in the export: that of the tile of 256 which `from` lies in.
    pub fn first(&self) -> u64 {
        self.from / WIDTH * WIDTH
    }

    /// What the export's own entry commits to as `reason`: JSON without blanks, members in the order of their names.
    pub fn text(&self) -> String {
        // Texts, numbers and truth values always serialise.
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// An order with what shows that it stands in the ledger.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Registered {
    /// The index of the export's own entry.
    pub entry: u64,
    /// The order.
    pub order: Order,
    /// What opens the entry's commitment to `reason`, hexadecimal.
    pub salt: String,
}

impl Registered {
    /// The commitment that the entry must hold, base64url; `None` when the salt is none.
    pub fn commitment(&self) -> Option<String> {
        // What is no 32 bytes in hexadecimal opens nothing.
        let salt: Salt = hex::decode(&self.salt).ok()?.try_into().ok()?;
        (hex::encode(salt) == self.salt)
            .then(|| BASE64_URL_SAFE_NO_PAD.encode(commit("reason", &salt, self.order.text().as_bytes())))
    }
}

/// What a file must be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileDigest {
    /// Its length.
    pub bytes: u64,
    /// SHA-256, hexadecimal.
    pub sha256: String,
}

impl FileDigest {
    /// The digest of what a reader gives.
    pub fn of(mut reader: impl Read) -> io::Result<Self> {
        let mut digest = Digester::new(io::sink());
        io::copy(&mut reader, &mut digest)?;
        Ok(digest.finish().1)
    }
}

/// Whether `path` names a file within a bundle and nothing outside of it.
pub fn is_inside(path: &str) -> bool {
    !path.is_empty()
        && !path.contains('\\')
        && Path::new(path).components().all(|component| matches!(component, Component::Normal(_)))
}

/// Passes on what is written and takes its digest.
#[derive(Debug)]
pub struct Digester<W> {
    inner: W,
    hasher: Sha256,
    bytes: u64,
}

impl<W: Write> Digester<W> {
    /// Nothing was written yet.
    pub fn new(inner: W) -> Self {
        Self { inner, hasher: Sha256::new(), bytes: 0 }
    }

    /// The writer, and the digest of what it was given.
    pub fn finish(self) -> (W, FileDigest) {
        let digest = FileDigest { bytes: self.bytes, sha256: hex::encode(self.hasher.finalize()) };
        (self.inner, digest)
    }
}

impl<W: Write> Write for Digester<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(bytes)?;
        self.hasher.update(bytes.get(..written).unwrap_or(bytes));
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_that_leads_out_of_the_bundle_is_none_of_it() {
        assert!(is_inside("tile/0/x001/234.p/7") && is_inside("checkpoint"));
        for path in ["", "/etc/passwd", "../checkpoint", "tile/../../x", "./checkpoint", "a\\..\\b"] {
            assert!(!is_inside(path), "{path}");
        }
    }
}
