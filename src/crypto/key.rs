//! One key: what it is for, where it stands in its life, and 32 secret bytes that are never printed.

use hkdf::Hkdf;
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretBox};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use strum::{Display, EnumIter, EnumString, IntoStaticStr};
use zeroize::Zeroizing;

use crate::domain::Instant;

/// The length of every secret, in bytes.
pub const SECRET_BYTES: usize = 32;

/// What a key is for. A key serves one purpose alone.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Display,
    EnumIter,
    EnumString,
    IntoStaticStr,
    Serialize,
    Deserialize,
)]
#[strum(serialize_all = "kebab-case")]
#[serde(rename_all = "kebab-case")]
pub enum Purpose {
    /// Sealing of record fields.
    Field,
    /// Blind indexes of private values.
    Index,
    /// Digests that tell sameness without telling the value.
    Digest,
    /// Sealing of ledger bodies, one derived key per period.
    LedgerBody,
    /// Signing of ledger checkpoints.
    Checkpoint,
    /// Signing of receipts.
    Receipt,
    /// Tags of `Node.id`.
    NodeId,
    /// Sealing of cursors.
    Cursor,
    /// Sealing of tip-offs and of who reported.
    Tipoff,
}

impl Purpose {
    /// The algorithm of a new key for this purpose.
    pub(super) fn algorithm(self) -> Algorithm {
        match self {
            Self::Field | Self::LedgerBody | Self::Cursor => Algorithm::Aes256Gcm,
            Self::Tipoff => Algorithm::Xaes256Gcm,
            Self::Index | Self::Digest | Self::NodeId => Algorithm::HmacSha256,
            Self::Checkpoint | Self::Receipt => Algorithm::Ed25519,
        }
    }

    /// Whether a key with `algorithm` can serve this purpose.
    pub(super) fn allows(self, algorithm: Algorithm) -> bool {
        algorithm == self.algorithm() || (self == Self::Field && algorithm == Algorithm::Xaes256Gcm)
    }

    /// Whether a new key can take over while old values stay readable: what it made names the key, or is short-lived.
    pub fn rotates(self) -> bool {
        matches!(self, Self::Field | Self::Cursor | Self::Tipoff)
    }
}

/// What a key is used with.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, Display, EnumIter, EnumString, IntoStaticStr, Serialize, Deserialize,
)]
pub enum Algorithm {
    /// AES-256-GCM (NIST SP 800-38D), 96-bit random nonces.
    #[strum(serialize = "AES-256-GCM")]
    #[serde(rename = "AES-256-GCM")]
    Aes256Gcm,
    /// XAES-256-GCM (C2SP), 192-bit random nonces.
    #[strum(serialize = "XAES-256-GCM")]
    #[serde(rename = "XAES-256-GCM")]
    Xaes256Gcm,
    /// HMAC-SHA256 (RFC 2104).
    #[strum(serialize = "HMAC-SHA256")]
    #[serde(rename = "HMAC-SHA256")]
    HmacSha256,
    /// Ed25519 (RFC 8032); the secret is the seed.
    Ed25519,
}

/// Where a key stands in its life.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, Display, EnumIter, EnumString, IntoStaticStr, Serialize, Deserialize,
)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum KeyState {
    /// Makes new values and reads old ones. One per purpose.
    Active,
    /// Reads old values alone.
    DecryptOnly,
}

/// What may be shown of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct KeyInfo {
    /// Its id, unique in the key file and never zero.
    pub id: u32,
    /// What it is for.
    pub purpose: Purpose,
    /// What it is used with.
    pub algorithm: Algorithm,
    /// Where it stands in its life.
    pub state: KeyState,
    /// When it was made.
    #[serde(serialize_with = "as_rfc3339")]
    pub created: Instant,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
fn as_rfc3339<S: serde::Serializer>(created: &Instant, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&created.rfc3339())
}

/// A started HMAC-SHA256. The key fills half a block; HMAC pads it with zeros.
pub(super) fn mac(secret: &[u8; SECRET_BYTES]) -> Hmac<Sha256> {
    let mut block = Zeroizing::new([0; 64]);
    block.iter_mut().zip(secret).for_each(|(to, from)| *to = *from);
    Hmac::new((&*block).into())
}

/// A key. `Debug` shows what may be shown.
pub(super) struct Key {
    pub(super) info: KeyInfo,
    secret: SecretBox<[u8; SECRET_BYTES]>,
}

impl std::fmt::Debug for Key {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.info.fmt(formatter)
    }
}

impl Key {
    pub(super) fn new(info: KeyInfo, secret: &Zeroizing<[u8; SECRET_BYTES]>) -> Self {
        Self {
            info,
            secret: SecretBox::init_with_mut(|bytes: &mut [u8; SECRET_BYTES]| bytes.copy_from_slice(&**secret)),
        }
    }

    /// The secret itself: for the key file and the signing keys alone.
    pub(super) fn secret(&self) -> &[u8; SECRET_BYTES] {
        self.secret.expose_secret()
    }

    /// HKDF-SHA256 (RFC 5869) without salt; `label` is the info.
    pub(super) fn derive(&self, label: &[u8]) -> Zeroizing<[u8; SECRET_BYTES]> {
        let mut derived = Zeroizing::new([0; SECRET_BYTES]);
        // INVARIANT: 32 bytes are one block of SHA-256, which `expand` never refuses.
        let expanded = Hkdf::<Sha256>::new(None, self.secret()).expand(label, derived.as_mut());
        debug_assert!(expanded.is_ok(), "one block is always within HKDF's limit");
        derived
    }

    /// Eight bytes that tell a damaged or misplaced secret from a whole one, and tell nothing of it.
    pub(super) fn check(&self) -> [u8; 8] {
        let mut mac = mac(self.secret());
        let KeyInfo { id, purpose, algorithm, .. } = self.info;
        mac.update(format!("chengxin/key-check/v1\n{id}\n{purpose}\n{algorithm}\n").as_bytes());
        let mut check = [0; 8];
        check.iter_mut().zip(mac.finalize().into_bytes()).for_each(|(to, from)| *to = from);
        check
    }
}
