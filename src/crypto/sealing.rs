//! Sealing a private value at its place, and opening it there under a cell of the caller's permit.
//!
//! Every column has a key of its own, derived by HKDF with info `item|field`. Nonces are random. NIST SP 800-38D
//! lets one AES-256-GCM key seal 2^32 values; each column counts what this process sealed, warns once at 2^28 and
//! refuses at 2^32. The count starts anew with the process: rotate the `field` key before columns grow that large.

use std::sync::atomic::{AtomicU64, Ordering};

use aes_gcm::Aes256Gcm;
use aes_gcm::aead::{AeadInOut, KeyInit};
use xaes_256_gcm::Xaes256Gcm;
use zeroize::Zeroizing;

use super::envelope::{self, TAG_BYTES};
use super::key::{Algorithm, Key, Purpose};
use super::{Keyring, padding};
use crate::access::{CaseAction, CasePermit, Cell, Decision};
use crate::clock::Ambient;
use crate::domain::{Envelope, ItemCode, Place, RecordId, Sensitive};

/// The longest value that is sealed, in bytes.
pub const VALUE_BYTES_MAX: usize = 1 << 20;
/// What the platform's own secrets are sealed under; no catalogue item may have this code.
pub const SECRETS: &str = "webhook";
const SEALED_SOFT_MAX: u64 = 1 << 28;
const SEALED_HARD_MAX: u64 = 1 << 32;

/// Why a value was not sealed.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// The column's key has sealed as much as one key may.
    #[error("the key of `{item}`.`{field}` has sealed 2^32 values: rotate the `field` key")]
    Exhausted {
        /// The item.
        item: ItemCode,
        /// The field.
        field: String,
    },
    /// The value is longer than `VALUE_BYTES_MAX`.
    #[error("a value of `{item}`.`{field}` is longer than {VALUE_BYTES_MAX} bytes")]
    TooLong {
        /// The item.
        item: ItemCode,
        /// The field.
        field: String,
    },
}

/// A value that was not opened: where, and why. Never the value.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("field `{field}` of record {record} ({item}) does not open: {fault}")]
pub struct OpenError {
    /// The item.
    pub item: ItemCode,
    /// The record.
    pub record: RecordId,
    /// The field.
    pub field: String,
    /// Why.
    pub fault: OpenFault,
}

/// Why a value was not opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpenFault {
    /// The permit withholds it.
    #[error("the permit withholds it")]
    Withheld,
    /// The permit's cell is for another item or field.
    #[error("the permit's cell is for another field")]
    OtherCell,
    /// The bytes are no envelope of a known version and algorithm.
    #[error("it is no envelope of a known version and algorithm")]
    Malformed,
    /// The keyring has no such key for fields.
    #[error(
        "key {0} is unknown to this process: if it was made after the start, restart this gateway; otherwise the key file lacks it"
    )]
    UnknownKey(u32),
    /// The envelope was changed, or belongs to another place, version or key.
    #[error("it was changed or belongs elsewhere")]
    Forged,
}

/// Why an envelope was not sealed anew.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum RewrapError {
    /// It did not open.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// It was not sealed.
    #[error(transparent)]
    Seal(#[from] SealError),
}

/// The expanded key of one column and what it has sealed.
pub(super) struct ColumnCipher {
    cipher: Cipher,
    sealed: AtomicU64,
}

enum Cipher {
    Aes(Aes256Gcm),
    Xaes(Xaes256Gcm),
}

impl ColumnCipher {
    fn new(key: &Key, item: &ItemCode, field: &str) -> Self {
        let derived = key.derive(format!("{item}|{field}").as_bytes());
        let cipher = match key.info.algorithm {
            Algorithm::Xaes256Gcm => Cipher::Xaes(Xaes256Gcm::new((&*derived).into())),
            // INVARIANT: `Purpose::allows` lets no other algorithm seal fields.
            Algorithm::Aes256Gcm | Algorithm::HmacSha256 | Algorithm::Ed25519 => {
                Cipher::Aes(Aes256Gcm::new((&*derived).into()))
            }
        };
        Self { cipher, sealed: AtomicU64::new(0) }
    }

    /// Counts one more value. `false` when the key may seal no more.
    fn may_seal(&self, place: &Place<'_>) -> bool {
        let sealed = self.sealed.fetch_add(1, Ordering::Relaxed);
        if sealed == SEALED_SOFT_MAX {
            tracing::warn!(item = %place.item, field = place.field, "this column has sealed 2^28 values: rotate the field key");
        }
        sealed < SEALED_HARD_MAX || matches!(self.cipher, Cipher::Xaes(_))
    }

    #[cfg(test)]
    pub(super) fn set_sealed(&self, sealed: u64) {
        self.sealed.store(sealed, Ordering::Relaxed);
    }
}

impl Keyring {
    /// Seals `value` at `place` under the active `field` key, padded to few lengths.
    pub fn seal(&self, place: &Place<'_>, value: &Sensitive, ambient: &Ambient) -> Result<Envelope, SealError> {
        let text = value.expose();
        if text.len() > VALUE_BYTES_MAX {
            return Err(SealError::TooLong { item: place.item.clone(), field: place.field.to_owned() });
        }
        let key = self.active(Purpose::Field);
        let column = self.column(key, place);
        if !column.may_seal(place) {
            return Err(SealError::Exhausted { item: place.item.clone(), field: place.field.to_owned() });
        }
        let mut padded = padding::pad(text, 0);
        let (number, tag, nonce) = match &column.cipher {
            Cipher::Aes(cipher) => {
                let nonce: [u8; 12] = ambient.bytes();
                let data = envelope::associated_data(place, 1, key.info.id);
                let tag = cipher.encrypt_inout_detached((&nonce).into(), &data, padded.as_mut_slice().into());
                (1, tag, nonce.to_vec())
            }
            Cipher::Xaes(cipher) => {
                let nonce: [u8; 24] = ambient.bytes();
                let data = envelope::associated_data(place, 2, key.info.id);
                let tag = cipher.encrypt_inout_detached((&nonce).into(), &data, padded.as_mut_slice().into());
                (2, tag, nonce.to_vec())
            }
        };
        // INVARIANT: GCM refuses lengths near 2^36 bytes alone, and the value is bounded above.
        let tag = tag.map_err(|_| SealError::TooLong { item: place.item.clone(), field: place.field.to_owned() })?;
        let mut bytes = envelope::start(number, key.info.id, &nonce, padded.len() + TAG_BYTES);
        bytes.extend_from_slice(&padded);
        bytes.extend_from_slice(&tag);
        Ok(Envelope::new(bytes))
    }

    /// Opens the envelope of `place` under `cell`. The key is the one the envelope names; no other is tried.
    pub fn open(&self, place: &Place<'_>, envelope: &Envelope, cell: &Cell<'_>) -> Result<Sensitive, OpenError> {
        let fault = match cell.decision() {
            Decision::Withheld(_) => Some(OpenFault::Withheld),
            _ if cell.item().code != *place.item || cell.field().name != place.field => Some(OpenFault::OtherCell),
            Decision::Clear | Decision::Masked(_) => None,
        };
        match fault {
            Some(fault) => Err(open_error(place, fault)),
            None => self.unseal(place, envelope).map_err(|fault| open_error(place, fault)),
        }
    }

    /// Whether two envelopes hold the same value. Nothing of either comes out.
    pub fn hold_the_same(
        &self,
        (one, its_place): (&Envelope, &Place<'_>),
        (other, other_place): (&Envelope, &Place<'_>),
    ) -> Result<bool, OpenError> {
        let one = self.unseal(its_place, one).map_err(|fault| open_error(its_place, fault))?;
        let other = self.unseal(other_place, other).map_err(|fault| open_error(other_place, fault))?;
        Ok(one.expose() == other.expose())
    }

    /// Opens a text of a case, by the right to read the texts of that case.
    pub fn open_case_text(
        &self,
        place: &Place<'_>,
        envelope: &Envelope,
        permit: &CasePermit,
    ) -> Result<Sensitive, OpenError> {
        if permit.action() != CaseAction::ReadTexts {
            return Err(open_error(place, OpenFault::Withheld));
        }
        self.unseal(place, envelope).map_err(|fault| open_error(place, fault))
    }

    /// Opens a secret of the platform's own, as it keeps one for each webhook: never a value of a record, nor a text of a case.
    pub fn open_secret(&self, place: &Place<'_>, envelope: &Envelope) -> Result<Sensitive, OpenError> {
        if place.item.as_str() != SECRETS {
            return Err(open_error(place, OpenFault::Withheld));
        }
        self.unseal(place, envelope).map_err(|fault| open_error(place, fault))
    }

    /// Seals an envelope anew, at the same record and field or at its next version, under the active key.
    /// Nothing of the value comes out.
    pub fn rewrap(
        &self,
        (from, to): (&Place<'_>, &Place<'_>),
        envelope: &Envelope,
        ambient: &Ambient,
    ) -> Result<Envelope, RewrapError> {
        let value = self.unseal(from, envelope).map_err(|fault| open_error(from, fault))?;
        Ok(self.seal(to, &value, ambient)?)
    }

    /// The id of the key an envelope names, for counting what an old key still has to read.
    pub fn key_id_of(envelope: &Envelope) -> Option<u32> {
        envelope::parse(envelope.bytes()).map(|parts| parts.key_id)
    }

    pub(super) fn column(&self, key: &Key, place: &Place<'_>) -> std::sync::Arc<ColumnCipher> {
        let make = || ColumnCipher::new(key, place.item, place.field);
        self.ciphers.get(key.info.id, [place.item.as_str(), place.field], make)
    }

    pub(super) fn unseal(&self, place: &Place<'_>, envelope: &Envelope) -> Result<Sensitive, OpenFault> {
        let parts = envelope::parse(envelope.bytes()).ok_or(OpenFault::Malformed)?;
        let key = self.key(Purpose::Field, parts.key_id).ok_or(OpenFault::UnknownKey(parts.key_id))?;
        if key.info.algorithm != parts.algorithm {
            return Err(OpenFault::Malformed);
        }
        let number = envelope::coding(parts.algorithm).ok_or(OpenFault::Malformed)?.0;
        let data = envelope::associated_data(place, number, parts.key_id);
        let mut buffer = Zeroizing::new(parts.ciphertext.to_vec());
        let column = self.column(key, place);
        let opened = match &column.cipher {
            Cipher::Aes(cipher) => {
                let nonce = parts.nonce.try_into().map_err(|_| OpenFault::Malformed)?;
                cipher.decrypt_inout_detached(nonce, &data, buffer.as_mut_slice().into(), parts.tag.into())
            }
            Cipher::Xaes(cipher) => {
                let nonce = parts.nonce.try_into().map_err(|_| OpenFault::Malformed)?;
                cipher.decrypt_inout_detached(nonce, &data, buffer.as_mut_slice().into(), parts.tag.into())
            }
        };
        opened.map_err(|_| OpenFault::Forged)?;
        let length = padding::value_length(&buffer).ok_or(OpenFault::Forged)?;
        buffer.truncate(length);
        String::from_utf8(std::mem::take(&mut buffer)).map(Sensitive::new).map_err(|_| OpenFault::Forged)
    }
}

fn open_error(place: &Place<'_>, fault: OpenFault) -> OpenError {
    OpenError { item: place.item.clone(), record: place.record, field: place.field.to_owned(), fault }
}
