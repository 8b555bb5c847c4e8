//! All keys of one installation, current and past, from one file. A bad file stops the start.
//!
//! Deliberately absent: a way to print a secret, and a way to lose an old key.

use std::path::{Path, PathBuf};

use ed25519_dalek::SigningKey;
use strum::IntoEnumIterator;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::columns::Columns;
use super::index::Mac;
use super::key::{Key, KeyInfo, KeyState, Purpose, SECRET_BYTES};
use super::keyfile;
use super::sealing::ColumnCipher;
use crate::clock::Ambient;

/// Why a keyring cannot be had. No variant holds a secret.
#[derive(Debug, thiserror::Error)]
pub enum KeyringError {
    /// `create` found a file there.
    #[error("the key file `{}` exists already; it is never overwritten", path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// The file cannot be read.
    #[error("the key file `{}` cannot be read: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file cannot be written.
    #[error("the key file `{}` cannot be written: {source}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Others than its owner may use the file.
    #[error("the key file `{}` has mode {mode:03o}: nobody but its owner may read it (chmod 600)", path.display())]
    Exposed {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The file is not a key file, or a key in it is bad.
    #[error("the key file `{}` is not usable: {why}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What is wrong, without any content.
        why: String,
    },
    /// A file of an earlier version has no key for this.
    #[error("the key file `{}` has no active key for `{purpose}` yet: `chengxin keys rotate --keys FILE --purpose {purpose}` makes one", path.display())]
    Lacking {
        /// The file.
        path: PathBuf,
        /// The purpose.
        purpose: Purpose,
    },
    /// Keys for this purpose cannot be replaced: what they made does not say which key made it.
    #[error("keys for `{purpose}` do not rotate: what they made does not name its key")]
    NotRotatable {
        /// The purpose.
        purpose: Purpose,
    },
}

/// All keys, current and past.
pub struct Keyring {
    path: Option<PathBuf>,
    keys: Vec<Key>,
    pub(super) ciphers: Columns<ColumnCipher>,
    pub(super) macs: Columns<Mac>,
}

impl std::fmt::Debug for Keyring {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_list().entries(&self.keys).finish()
    }
}

impl Keyring {
    /// Makes a key for every purpose and writes the file with mode 0600. An existing file is never overwritten.
    pub fn create(path: &Path, ambient: &Ambient) -> Result<Self, KeyringError> {
        let keyring = Self { path: Some(path.to_owned()), ..Self::ephemeral(ambient) };
        keyfile::create(path, &keyring.keys, ambient)?;
        Ok(keyring)
    }

    /// Makes a key for every purpose in memory alone: for tests and benches.
    pub fn ephemeral(ambient: &Ambient) -> Self {
        let keys = Purpose::iter().zip(1..).map(|(purpose, id)| new_key(id, purpose, ambient)).collect();
        Self::of(None, keys)
    }

    /// Reads a key file. Refused: one that others may read, one with an unknown, damaged, repeated or missing key.
    pub fn load(path: &Path) -> Result<Self, KeyringError> {
        let keyring = Self::load_to_rotate(path)?;
        match Purpose::iter().find(|&purpose| keyring.find_active(purpose).is_none()) {
            Some(purpose) => Err(KeyringError::Lacking { path: path.to_owned(), purpose }),
            None => Ok(keyring),
        }
    }

    /// The same for a file that may lack keys of purposes that came later, so that they can be made.
    pub fn load_to_rotate(path: &Path) -> Result<Self, KeyringError> {
        let keys = keyfile::read(path)?;
        check(&keys).map_err(|why| KeyringError::Malformed { path: path.to_owned(), why })?;
        Ok(Self::of(Some(path.to_owned()), keys))
    }

    fn of(path: Option<PathBuf>, keys: Vec<Key>) -> Self {
        Self { path, keys, ciphers: Columns::default(), macs: Columns::default() }
    }

    /// Makes a new active key for `purpose`; the old one goes on reading what it made. Answers the new key's id.
    /// The file is replaced before the keyring changes. Running gateways take the new key up at their next start.
    pub fn rotate(&mut self, purpose: Purpose, ambient: &Ambient) -> Result<u32, KeyringError> {
        if !purpose.rotates() {
            return Err(KeyringError::NotRotatable { purpose });
        }
        let id = self.keys.iter().map(|key| key.info.id).max().unwrap_or(0).saturating_add(1);
        let next = |key: &Key| {
            let state = if key.info.purpose == purpose { KeyState::DecryptOnly } else { key.info.state };
            Key::new(KeyInfo { state, ..key.info }, &Zeroizing::new(*key.secret()))
        };
        let mut keys: Vec<Key> = self.keys.iter().map(next).collect();
        keys.push(new_key(id, purpose, ambient));
        if let Some(path) = &self.path {
            keyfile::replace(path, &keys, ambient)?;
        }
        *self = Self::of(self.path.clone(), keys);
        Ok(id)
    }

    /// What may be shown of the keys, by id.
    pub fn list(&self) -> Vec<KeyInfo> {
        let mut list: Vec<KeyInfo> = self.keys.iter().map(|key| key.info).collect();
        list.sort_by_key(|info| info.id);
        list
    }

    /// A key derived from the active key of `purpose` by HKDF-SHA256 with `label` as info.
    pub fn derive(&self, purpose: Purpose, label: &str) -> Zeroizing<[u8; SECRET_BYTES]> {
        self.active(purpose).derive(label.as_bytes())
    }

    /// The key that signs checkpoints.
    pub fn checkpoint_signing_key(&self) -> SigningKey {
        SigningKey::from_bytes(self.active(Purpose::Checkpoint).secret())
    }

    /// The key that signs receipts.
    pub fn receipt_signing_key(&self) -> SigningKey {
        SigningKey::from_bytes(self.active(Purpose::Receipt).secret())
    }

    /// The id of the active key of `purpose`, for what has to name it.
    pub fn active_key_id(&self, purpose: Purpose) -> u32 {
        self.active(purpose).info.id
    }

    #[expect(clippy::expect_used, reason = "`check` and `ephemeral` leave one active key per purpose")]
    pub(super) fn active(&self, purpose: Purpose) -> &Key {
        self.find_active(purpose).expect("every purpose has an active key")
    }

    fn find_active(&self, purpose: Purpose) -> Option<&Key> {
        self.keys.iter().find(|key| key.info.purpose == purpose && key.info.state == KeyState::Active)
    }

    /// The key of `purpose` with this id, if there is one. No other key is ever tried.
    pub(super) fn key(&self, purpose: Purpose, id: u32) -> Option<&Key> {
        self.keys.iter().find(|key| key.info.id == id && key.info.purpose == purpose)
    }

    #[cfg(test)]
    pub(super) fn with_algorithm(mut self, purpose: Purpose, algorithm: super::Algorithm) -> Self {
        for key in self.keys.iter_mut().filter(|key| key.info.purpose == purpose) {
            key.info.algorithm = algorithm;
        }
        self
    }
}

fn new_key(id: u32, purpose: Purpose, ambient: &Ambient) -> Key {
    let info = KeyInfo { id, purpose, algorithm: purpose.algorithm(), state: KeyState::Active, created: ambient.now() };
    Key::new(info, &Zeroizing::new(ambient.bytes()))
}

fn check(keys: &[Key]) -> Result<(), String> {
    for (at, key) in keys.iter().enumerate() {
        let KeyInfo { id, purpose, algorithm, .. } = key.info;
        if id == 0 {
            return Err("a key has the id 0".to_owned());
        }
        if !purpose.allows(algorithm) {
            return Err(format!("key {id}: `{algorithm}` does not serve `{purpose}`"));
        }
        if key.secret().iter().all(|byte| Some(byte) == key.secret().first()) {
            return Err(format!("key {id}: its secret is one byte repeated"));
        }
        for other in keys.iter().skip(at + 1) {
            if other.info.id == id {
                return Err(format!("two keys have the id {id}"));
            }
            if bool::from(other.secret().ct_eq(key.secret())) {
                return Err(format!("keys {id} and {} have the same secret", other.info.id));
            }
        }
    }
    for purpose in Purpose::iter() {
        let serves = |key: &&Key| key.info.purpose == purpose && key.info.state == KeyState::Active;
        match keys.iter().filter(serves).count() {
            1 => {}
            // Purposes that came later, which old files lack. Without any other there is nothing to open.
            0 if purpose == Purpose::Tipoff => {}
            0 => return Err(format!("no active key for `{purpose}`")),
            _ => return Err(format!("more than one active key for `{purpose}`")),
        }
    }
    Ok(())
}
