//! What is written down of one request: the public members, which never hide and hold nothing private, and the
//! committed values, which the leaf fixes without showing.

use strum::{AsRefStr, Display, EnumIter, EnumString, IntoStaticStr};

use super::tree::Hash;
use crate::domain::{Role, Tier};

/// What kind of entry. The leaf holds the lower-case name.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, AsRefStr, Display, EnumIter, EnumString, IntoStaticStr, serde::Deserialize,
)]
#[strum(serialize_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum EntryKind {
    /// A read that was answered.
    Query,
    /// A request that was refused or failed.
    Deny,
    /// A mutation is about to be tried.
    MutationIntent,
    /// What became of a mutation; refers to its intent.
    MutationOutcome,
    /// The ledger or data was exported.
    Export,
    /// Something an administrator did, or the ledger itself.
    Admin,
    /// A step in a key's life.
    Key,
    /// The policies in force changed.
    Policy,
    /// A subject granted or revoked an authorization.
    Grant,
    /// Refusals of one address and minute, counted together.
    Folded,
    /// The ledger goes on under another name, because what is stored is not all that was signed.
    ForkAck,
    /// A check of one subject for one case that had to be made (应查必查); refers to the intent of its mutation.
    Check,
    /// An officer opened one subject's records in an emergency; refers to the intent of its mutation.
    BreakGlass,
}

/// What was decided. The leaf holds the lower-case name.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, AsRefStr, Display, EnumIter, EnumString, IntoStaticStr, serde::Deserialize,
)]
#[strum(serialize_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// Everything asked for was given in clear.
    Allowed,
    /// Something was given in masked form.
    Masked,
    /// Something was withheld.
    Withheld,
    /// Nothing was given.
    Refused,
}

/// How many fields were given in which form.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
pub struct FieldCounts {
    /// In clear.
    pub clear: u32,
    /// Masked.
    pub masked: u32,
    /// Withheld.
    pub withheld: u32,
}

/// The values that the leaf commits to. The caller has replaced citizen numbers and names by blind indexes.
#[derive(Clone, Default)]
pub struct Committed {
    /// The normalised document, literals replaced by variables.
    pub query: Option<String>,
    /// The variables as JSON, private values replaced by their blind index.
    pub variables: Option<String>,
    /// The natural person or system behind the credential.
    pub actor: Option<String>,
    /// The caller's address.
    pub ip: Option<String>,
    /// The case number that goes with the purpose.
    pub case: Option<String>,
    /// A free reason.
    pub reason: Option<String>,
    /// The names of the fields that were asked for.
    pub fields: Vec<String>,
    /// The blind index of each subject that the answer is about.
    pub subjects: Vec<[u8; 32]>,
    /// SHA-256 of the exact body of the answer.
    pub result: Option<[u8; 32]>,
}

impl std::fmt::Debug for Committed {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Committed(…)")
    }
}

/// An entry about to be appended.
#[derive(Clone, Debug)]
pub struct NewEntry {
    /// What kind of entry.
    pub kind: EntryKind,
    /// What was decided.
    pub decision: Decision,
    /// The caller's role, where one was established.
    pub role: Option<Role>,
    /// The consuming organisation: a department's id or a grantee's code.
    pub consumer: Option<String>,
    /// SHA-256 of the credential's id.
    pub credential: Option<Hash>,
    /// The registered purpose.
    pub purpose: Option<String>,
    /// The tier the caller reached.
    pub tier: Option<Tier>,
    /// Hash of the policies that decided.
    pub policy_hash: Option<Hash>,
    /// Hash of the schema.
    pub schema_hash: Option<Hash>,
    /// Hash of the catalogue.
    pub catalogue_hash: Option<Hash>,
    /// Hash of the normalised document.
    pub operation_hash: Option<Hash>,
    /// How many records were given.
    pub rows: u32,
    /// How many fields were given in which form.
    pub fields: FieldCounts,
    /// The error code of the answer.
    pub error_code: Option<String>,
    /// How long the work took, in milliseconds.
    pub duration_ms: u32,
    /// The catalogue items that were touched. Sorted and freed of repeats when the entry is written.
    pub items: Vec<String>,
    /// The price of the query.
    pub cost: u32,
    /// Marks for the auditor, such as `OVERREACH`. Sorted and freed of repeats when the entry is written.
    pub flags: Vec<String>,
    /// The checkpoint that a recovered ledger does not hold: its name, size and root.
    pub acknowledged: Option<String>,
    /// The index of the entry that this one follows up: the intent of a mutation.
    pub reference: Option<u64>,
    /// What the leaf commits to.
    pub committed: Committed,
}

impl NewEntry {
    /// An entry of this kind and decision, with everything else absent.
    pub fn new(kind: EntryKind, decision: Decision) -> Self {
        Self {
            kind,
            decision,
            role: None,
            consumer: None,
            credential: None,
            purpose: None,
            tier: None,
            policy_hash: None,
            schema_hash: None,
            catalogue_hash: None,
            operation_hash: None,
            rows: 0,
            fields: FieldCounts::default(),
            error_code: None,
            duration_ms: 0,
            items: Vec::new(),
            cost: 0,
            flags: Vec::new(),
            acknowledged: None,
            reference: None,
            committed: Committed::default(),
        }
    }
}
