//! A leaf as it is read: what an entry says in the open.

use std::collections::BTreeMap;

use super::canonical;
use super::entry::{Decision, EntryKind, FieldCounts};
use crate::domain::Instant;

/// What a leaf says. Hashes read `sha256:HEX`.
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Leaf {
    /// The checkpoint that a recovered ledger does not hold: its name, size and root in base64, with blanks between.
    #[serde(rename = "ack")]
    pub acknowledged: Option<String>,
    /// The committed names, each with its commitment in base64url.
    #[serde(rename = "c")]
    pub commitments: BTreeMap<String, String>,
    /// The catalogue's hash.
    #[serde(rename = "cat")]
    pub catalogue: Option<String>,
    /// The price of the query.
    pub cost: u64,
    /// The hash of the credential's id.
    #[serde(rename = "cred")]
    pub credential: Option<String>,
    /// What was decided.
    #[serde(rename = "dec")]
    pub decision: Decision,
    /// The error code of the answer.
    #[serde(rename = "err")]
    pub error_code: Option<String>,
    /// How many fields were given in which form.
    pub fields: FieldCounts,
    /// Marks for the auditor.
    #[serde(default)]
    pub flags: Vec<String>,
    /// The entry's id, a UUIDv7.
    pub id: String,
    /// The instance that wrote it.
    #[serde(rename = "ins")]
    pub instance: String,
    /// Its number within the instance.
    #[serde(rename = "iseq")]
    pub number: u64,
    /// The items that were touched.
    #[serde(default)]
    pub items: Vec<String>,
    /// What kind of entry.
    #[serde(rename = "k")]
    pub kind: EntryKind,
    /// How long the work took, in milliseconds.
    #[serde(rename = "ms")]
    pub duration_ms: u64,
    /// The hash of the normalised document.
    #[serde(rename = "op")]
    pub operation: Option<String>,
    /// The consuming organisation.
    #[serde(rename = "org")]
    pub consumer: Option<String>,
    /// The hash of the policies.
    #[serde(rename = "pol")]
    pub policy: Option<String>,
    /// The purpose.
    #[serde(rename = "pur")]
    pub purpose: Option<String>,
    /// The index of the entry that this one follows up.
    #[serde(rename = "ref")]
    pub reference: Option<u64>,
    /// The caller's role.
    pub role: Option<String>,
    /// How many records were given.
    pub rows: u64,
    /// The schema's hash.
    #[serde(rename = "sch")]
    pub schema: Option<String>,
    /// How many subjects the answer is about.
    pub subjects: u64,
    /// When, microseconds UTC.
    #[serde(rename = "t")]
    pub time_micros: i64,
    /// The tier the caller reached.
    pub tier: Option<String>,
    /// The version of the format: 1.
    #[serde(rename = "v")]
    pub version: u8,
}

/// The bytes are not a leaf of this version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a leaf of version 1 in canonical form")]
pub struct NotALeaf;

impl Leaf {
    /// Reads a leaf. Refused unless it is canonical, so that its bytes can have no second reading.
    pub fn parse(bytes: &[u8]) -> Result<Self, NotALeaf> {
        canonical::members(bytes).map_err(|_| NotALeaf)?;
        let leaf: Self = serde_json::from_slice(bytes).map_err(|_| NotALeaf)?;
        if leaf.version == 1 { Ok(leaf) } else { Err(NotALeaf) }
    }

    /// When.
    pub fn time(&self) -> Instant {
        Instant::from_micros(self.time_micros)
    }

    /// The entry's id as bytes. `None` when it is no UUID.
    pub fn id_bytes(&self) -> Option<[u8; 16]> {
        // A text that is no UUID has no bytes; that is all there is to say.
        uuid::Uuid::parse_str(&self.id).ok().map(uuid::Uuid::into_bytes)
    }

    /// The items as the searching column holds them.
    pub(super) fn items_column(&self) -> String {
        if self.items.is_empty() { String::new() } else { format!(" {} ", self.items.join(" ")) }
    }
}
