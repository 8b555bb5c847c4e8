//! Cursors: sealed places in a list, bound to who asks, what is listed, and an expiry.
//!
//! A cursor that was altered, has expired, or belongs to another caller or list says nothing at all.

use aes_gcm::aead::{Aead, KeyInit, Payload};
use aes_gcm::{Aes256Gcm, Nonce};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::clock::Ambient;
use crate::domain::Instant;

/// How long a cursor may be used.
const LIFETIME_SECONDS: i64 = 24 * 3600;
const NONCE_SIZE: usize = 12;
/// The longest cursor: one with a name of 200 characters in it.
const CHARACTERS_MAX: usize = 2_048;

/// Makes and reads cursors under one key.
#[derive(Clone)]
pub struct Cursors {
    cipher: Aes256Gcm,
}

impl std::fmt::Debug for Cursors {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Cursors(…)")
    }
}

/// What a cursor is bound to: SHA-256 over the caller's profile and the list's own description.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CursorScope([u8; 32]);

impl CursorScope {
    /// The scope of a list (`what`, with its filters) for a caller (`who`).
    pub fn new(who: &[u8], what: &str) -> Self {
        let mut hash = Sha256::new();
        hash.update(b"chengxin/cursor/v1\0");
        hash.update(u64::try_from(who.len()).unwrap_or(u64::MAX).to_be_bytes());
        hash.update(who);
        hash.update(what.as_bytes());
        Self(hash.finalize().into())
    }
}

impl Cursors {
    /// Cursors under `key`.
    pub fn new(key: &Zeroizing<[u8; 32]>) -> Self {
        Self { cipher: Aes256Gcm::new(key.as_slice().try_into().unwrap_or_else(|_| unreachable!())) }
    }

    /// Seals a place.
    pub fn encode(&self, scope: CursorScope, place: &str, ambient: &Ambient) -> String {
        let expires = ambient.now().plus_seconds(LIFETIME_SECONDS).seconds();
        let mut plain = expires.to_be_bytes().to_vec();
        plain.extend_from_slice(place.as_bytes());
        let nonce: [u8; NONCE_SIZE] = ambient.bytes();
        let sealed = self
            .cipher
            .encrypt(&Nonce::from(nonce), Payload { msg: &plain, aad: &scope.0 })
            .unwrap_or_else(|_| unreachable!("a cursor is far below the cipher's limit"));
        let mut bytes = nonce.to_vec();
        bytes.extend_from_slice(&sealed);
        BASE64_URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Reads a place; `None` when the cursor is not one of this list, for this caller, now.
    pub fn decode(&self, scope: CursorScope, text: &str, now: Instant) -> Option<String> {
        if text.len() > CHARACTERS_MAX {
            return None;
        }
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(text).ok()?;
        let (nonce, sealed) = bytes.split_first_chunk::<NONCE_SIZE>()?;
        let plain = self.cipher.decrypt(&Nonce::from(*nonce), Payload { msg: sealed, aad: &scope.0 }).ok()?;
        let (expires, place) = plain.split_first_chunk::<8>()?;
        if i64::from_be_bytes(*expires) < now.seconds() {
            return None;
        }
        String::from_utf8(place.to_vec()).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_reads_back_for_its_list_its_caller_and_its_time_alone() {
        let start = Instant::from_micros(1_764_000_000_000_000);
        let ambient = Ambient::fixed(start, 1);
        let cursors = Cursors::new(&Zeroizing::new([1; 32]));
        let scope = CursorScope::new(b"public", "records/a");
        let text = cursors.encode(scope, "2026-01-01|x", &ambient);
        assert_eq!(cursors.decode(scope, &text, start).as_deref(), Some("2026-01-01|x"));
        assert_eq!(cursors.decode(CursorScope::new(b"other", "records/a"), &text, start), None, "another caller");
        assert_eq!(cursors.decode(CursorScope::new(b"public", "records/b"), &text, start), None, "another list");
        assert_eq!(cursors.decode(scope, &text, start.plus_seconds(LIFETIME_SECONDS + 1)), None, "expired");
        assert_eq!(cursors.decode(scope, &text[..text.len() - 1], start), None, "cut");
        assert!(!text.contains("2026"), "the place is not legible");
    }
}
