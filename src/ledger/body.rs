//! The body of an entry: salts and values behind its commitments, sealed, beside the tree and not in it. Destroying
//! the row or the period's key redacts the entry; every proof stays valid.
//!
//! Envelope: `u8 version 1 | u8 algorithm 1 | nonce[12] | AES-256-GCM ciphertext and tag`. The key is drawn by HKDF
//! from the period's key and the entry's id, so that no key ever seals two bodies (NIST SP 800-38D, 8.3).

use aes_gcm::aead::{Aead as _, Payload};
use aes_gcm::{Aes256Gcm, KeyInit as _};
use hkdf::Hkdf;
use sha2::Sha256;
use zeroize::Zeroizing;

use super::commitment::Opening;
use super::keys::first_name;
use crate::clock::Ambient;

/// The keys that seal bodies, one per period (`2026-11`).
pub trait BodyKeys: Send + Sync + std::fmt::Debug {
    /// The key of a period; `None` when it does not exist, or exists no more.
    fn key_for(&self, period: &str) -> Option<Zeroizing<[u8; 32]>>;

    /// The key of a period that bodies are to be sealed under: drawn when there was none yet.
    fn key_to_seal(&self, period: &str) -> Option<Zeroizing<[u8; 32]>> {
        self.key_for(period)
    }
}

/// Which body this is. It opens nowhere else.
#[derive(Clone, Copy, Debug)]
pub struct BodyPlace<'a> {
    /// The ledger's name, in whichever epoch.
    pub origin: &'a str,
    /// The period.
    pub period: &'a str,
    /// The entry's id.
    pub entry: &'a [u8; 16],
}

const HEADER: [u8; 2] = [1, 1];

impl BodyPlace<'_> {
    fn associated_data(&self) -> Vec<u8> {
        let mut data = b"chengxin/ledger-body/v1\0".to_vec();
        // What was sealed opens in every epoch.
        for part in [first_name(self.origin), self.period] {
            data.extend_from_slice(&u32::try_from(part.len()).unwrap_or(u32::MAX).to_be_bytes());
            data.extend_from_slice(part.as_bytes());
        }
        data.extend_from_slice(self.entry);
        data
    }

    /// Seals the openings. `None` only when the cipher refuses the length, 64 GiB.
    pub fn seal(&self, openings: &[Opening], period_key: &[u8; 32], ambient: &Ambient) -> Option<Vec<u8>> {
        let data = self.associated_data();
        let nonce: [u8; 12] = ambient.bytes();
        let plain = encode(openings);
        let payload = Payload { msg: &plain, aad: &data };
        let sealed = cipher(period_key, &data).encrypt((&nonce).into(), payload).ok()?;
        Some([HEADER.as_slice(), &nonce, &sealed].concat())
    }

    /// Opens an envelope. `None` when it is not one of this place under this key.
    pub fn open(&self, envelope: &[u8], period_key: &[u8; 32]) -> Option<Vec<Opening>> {
        let (nonce, sealed) = envelope.strip_prefix(&HEADER)?.split_first_chunk::<12>()?;
        let data = self.associated_data();
        let payload = Payload { msg: sealed, aad: &data };
        let plain = Zeroizing::new(cipher(period_key, &data).decrypt(nonce.into(), payload).ok()?);
        decode(&plain)
    }
}

fn cipher(period_key: &[u8; 32], data: &[u8]) -> Aes256Gcm {
    let mut key = Zeroizing::new([0; 32]);
    // HKDF-SHA256 gives up to 8160 bytes; 32 cannot fail.
    match Hkdf::<Sha256>::new(None, period_key).expand(data, key.as_mut()) {
        Ok(()) => Aes256Gcm::new((&*key).into()),
        Err(error) => unreachable!("HKDF-SHA256 gives 32 bytes: {error}"),
    }
}

/// For each opening: u8 length, name, 32 bytes of salt, u32be length, value.
fn encode(openings: &[Opening]) -> Zeroizing<Vec<u8>> {
    let size: usize = openings.iter().map(|opening| 37 + opening.name.len() + opening.value.len()).sum();
    let mut bytes = Zeroizing::new(Vec::with_capacity(size));
    for opening in openings {
        bytes.push(u8::try_from(opening.name.len()).unwrap_or(u8::MAX));
        bytes.extend_from_slice(opening.name.as_bytes());
        bytes.extend_from_slice(&opening.salt);
        bytes.extend_from_slice(&u32::try_from(opening.value.len()).unwrap_or(u32::MAX).to_be_bytes());
        bytes.extend_from_slice(opening.value.as_bytes());
    }
    bytes
}

fn decode(mut bytes: &[u8]) -> Option<Vec<Opening>> {
    let mut openings = Vec::new();
    while let Some((&length, rest)) = bytes.split_first() {
        let (name, rest) = rest.split_at_checked(usize::from(length))?;
        let (salt, rest) = rest.split_first_chunk::<32>()?;
        let (length, rest) = rest.split_first_chunk::<4>()?;
        let (value, rest) = rest.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)?;
        openings.push(Opening {
            name: std::str::from_utf8(name).ok()?.to_owned(),
            salt: *salt,
            value: std::str::from_utf8(value).ok()?.to_owned(),
        });
        bytes = rest;
    }
    Some(openings)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Instant;

    #[test]
    fn a_body_opens_in_its_place_and_nowhere_else() {
        let ambient = Ambient::fixed(Instant::from_micros(0), 1);
        let openings = vec![
            Opening { name: "query".into(), salt: [1; 32], value: "{ viewer { role } }".into() },
            Opening { name: "subject".into(), salt: [2; 32], value: String::new() },
        ];
        let place = BodyPlace { origin: "ledger.example/a", period: "2026-11", entry: &[7; 16] };
        let sealed = place.seal(&openings, &[9; 32], &ambient).unwrap();
        assert_eq!(place.open(&sealed, &[9; 32]), Some(openings));
        assert_eq!(place.open(&sealed, &[8; 32]), None);
        for elsewhere in [
            BodyPlace { origin: "ledger.example/b", ..place },
            BodyPlace { period: "2026-12", ..place },
            BodyPlace { entry: &[6; 16], ..place },
        ] {
            assert_eq!(elsewhere.open(&sealed, &[9; 32]), None);
        }
        for at in 0..sealed.len() {
            let mut flipped = sealed.clone();
            flipped[at] ^= 1;
            assert_eq!(place.open(&flipped, &[9; 32]), None, "byte {at}");
        }
    }

    #[test]
    fn a_cut_body_is_refused() {
        let whole = encode(&[Opening { name: "ip".into(), salt: [3; 32], value: "2001:db8::1".into() }]);
        for length in 1..whole.len() {
            assert_eq!(decode(&whole[..length]), None, "{length}");
        }
    }
}
