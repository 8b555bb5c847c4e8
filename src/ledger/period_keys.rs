//! The keys of bodies: one a month, drawn by itself, so that it can be destroyed by itself. In the database they lie
//! sealed under the key file's secret. What a destroyed key has sealed is redacted, wherever a copy of it lies; every
//! proof stays valid.
//!
//! What that is worth is honest only with the backups in mind: as long as a backup of the database holds the sealed key,
//! and the key file exists, its bodies can be opened from there.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use aes_gcm::aead::{Aead as _, Payload};
use aes_gcm::{Aes256Gcm, KeyInit as _};
use parking_lot::RwLock;
use zeroize::Zeroizing;

use super::body::BodyKeys;
use crate::clock::Ambient;
use crate::store::ledger::period::{self, PeriodKeyRow};
use crate::store::{Database, StoreError};

/// How long a key is remembered: so long after its destruction another gateway may still open what it sealed.
const REMEMBERED: Duration = Duration::from_secs(10);

type Key = Zeroizing<[u8; 32]>;

/// The keys of the bodies of one ledger.
pub struct PeriodKeys {
    database: Database,
    origin: String,
    secret: Key,
    ambient: Ambient,
    remembered: RwLock<HashMap<String, (Key, Instant)>>,
}

impl std::fmt::Debug for PeriodKeys {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "PeriodKeys({})", self.origin)
    }
}

impl PeriodKeys {
    /// The keys in `database`, sealed under `secret`.
    pub fn new(database: Database, origin: &str, secret: Key, ambient: Ambient) -> Self {
        Self { database, origin: origin.to_owned(), secret, ambient, remembered: RwLock::default() }
    }

    fn remembered(&self, period: &str) -> Option<Key> {
        let remembered = self.remembered.read();
        remembered.get(period).filter(|(_, since)| since.elapsed() < REMEMBERED).map(|(key, _)| key.clone())
    }

    fn remember(&self, period: &str, key: Option<&Key>) {
        let mut remembered = self.remembered.write();
        match key {
            Some(key) => drop(remembered.insert(period.to_owned(), (key.clone(), Instant::now()))),
            None => drop(remembered.remove(period)),
        }
    }

    fn stored(&self, period: &str) -> Option<Key> {
        let row = told(self.database.read(|connection| period::find(connection, period)))??;
        self.opened(&row)
    }

    fn drawn(&self, period: &str) -> Option<Key> {
        let key: Key = Zeroizing::new(self.ambient.bytes());
        let row = PeriodKeyRow {
            period: period.to_owned(),
            wrapped: self.wrap(period, &key)?,
            created_at: self.ambient.now().micros(),
            destroyed_at: None,
        };
        let row = told(self.database.write(|connection| period::insert_or_find(connection, &row)))?;
        self.opened(&row)
    }

    fn associated_data(&self, period: &str) -> Vec<u8> {
        let mut data = b"chengxin/ledger-period-key/v1\0".to_vec();
        for part in [self.origin.as_str(), period] {
            data.extend_from_slice(&u32::try_from(part.len()).unwrap_or(u32::MAX).to_be_bytes());
            data.extend_from_slice(part.as_bytes());
        }
        data
    }

    /// `nonce[12] | AES-256-GCM ciphertext and tag`.
    fn wrap(&self, period: &str, key: &Key) -> Option<Vec<u8>> {
        let nonce: [u8; 12] = self.ambient.bytes();
        let payload = Payload { msg: key.as_slice(), aad: &self.associated_data(period) };
        // The cipher refuses nothing but lengths beyond 64 GiB.
        let sealed = Aes256Gcm::new((&*self.secret).into()).encrypt((&nonce).into(), payload).ok()?;
        Some([nonce.as_slice(), &sealed].concat())
    }

    fn opened(&self, row: &PeriodKeyRow) -> Option<Key> {
        if row.destroyed_at.is_some() {
            return None;
        }
        let opened = row.wrapped.split_first_chunk::<12>().and_then(|(nonce, sealed)| {
            let payload = Payload { msg: sealed, aad: &self.associated_data(&row.period) };
            // Whatever is wrong with it, it is not a key that we have sealed.
            let plain = Aes256Gcm::new((&*self.secret).into()).decrypt(nonce.into(), payload).ok()?;
            <[u8; 32]>::try_from(Zeroizing::new(plain).as_slice()).ok().map(Zeroizing::new)
        });
        if opened.is_none() {
            tracing::error!(period = row.period, "the key of this period's bodies does not open");
        }
        opened
    }
}

impl BodyKeys for PeriodKeys {
    fn key_for(&self, period: &str) -> Option<Key> {
        if let Some(key) = self.remembered(period) {
            return Some(key);
        }
        let key = self.stored(period);
        self.remember(period, key.as_ref());
        key
    }

    fn key_to_seal(&self, period: &str) -> Option<Key> {
        self.key_for(period).or_else(|| {
            let key = self.drawn(period);
            self.remember(period, key.as_ref());
            key
        })
    }
}

fn told<T>(result: Result<T, StoreError>) -> Option<T> {
    result.inspect_err(|error| tracing::error!(%error, "the keys of the ledger's bodies cannot be read")).ok()
}
