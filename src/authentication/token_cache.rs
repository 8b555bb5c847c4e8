//! Tokens that were verified before, by their SHA-256, so that a signature is checked once and not per request.
//!
//! An entry falls at `exp`, and when the issuer's keys change. Its size is bounded whatever comes.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;

use super::caller::{Claims, Proof};
use super::claims::Validity;
use crate::domain::Instant;

const SHARDS: usize = 16;

/// A token that was verified.
#[derive(Clone, Debug)]
pub(super) struct Verified {
    pub(super) claims: Arc<Claims>,
    pub(super) proof: Arc<Proof>,
    /// The issuer, by its place in the settings.
    pub(super) issuer: usize,
    /// The generation of the keys that verified it.
    pub(super) generation: u64,
    pub(super) validity: Validity,
}

/// Verified tokens by digest.
#[derive(Debug)]
pub(super) struct TokenCache {
    shards: [Mutex<HashMap<[u8; 32], Verified>>; SHARDS],
    shard_size_max: usize,
}

impl TokenCache {
    /// An empty cache for at most about `size_max` tokens.
    pub(super) fn new(size_max: usize) -> Self {
        Self { shards: Default::default(), shard_size_max: (size_max / SHARDS).max(1) }
    }

    /// The verified token of this digest, if it holds at `now`.
    pub(super) fn get(&self, digest: &[u8; 32], now: Instant) -> Option<Verified> {
        let mut shard = self.shard(digest).lock();
        let verified = shard.get(digest)?;
        if now >= verified.validity.expires_at {
            shard.remove(digest);
            return None;
        }
        (now >= verified.validity.not_before).then(|| verified.clone())
    }

    /// Keeps a verified token until it expires. A full shard forgets expired tokens first, then those that expire next.
    pub(super) fn insert(&self, digest: [u8; 32], verified: Verified, now: Instant) {
        if now >= verified.validity.expires_at {
            return;
        }
        let mut shard = self.shard(&digest).lock();
        if shard.len() >= self.shard_size_max {
            shard.retain(|_, held| now < held.validity.expires_at);
        }
        if shard.len() >= self.shard_size_max {
            forget_next_to_expire(&mut shard);
        }
        shard.insert(digest, verified);
    }

    /// Forgets one token.
    pub(super) fn remove(&self, digest: &[u8; 32]) {
        self.shard(digest).lock().remove(digest);
    }

    /// Forgets every token of an issuer.
    pub(super) fn drop_issuer(&self, issuer: usize) {
        for shard in &self.shards {
            shard.lock().retain(|_, held| held.issuer != issuer);
        }
    }

    /// How many tokens are held.
    pub(super) fn len(&self) -> usize {
        self.shards.iter().map(|shard| shard.lock().len()).sum()
    }

    fn shard(&self, digest: &[u8; 32]) -> &Mutex<HashMap<[u8; 32], Verified>> {
        let [first, ..] = digest;
        let [one, ..] = &self.shards;
        self.shards.get(usize::from(*first) % SHARDS).unwrap_or(one)
    }
}

/// An eighth at once, so that a full cache does not sort itself at every token.
fn forget_next_to_expire(shard: &mut HashMap<[u8; 32], Verified>) {
    let mut expiries: Vec<Instant> = shard.values().map(|held| held.validity.expires_at).collect();
    let place = expiries.len() / 8;
    let (_, threshold, _) = expiries.select_nth_unstable(place);
    let threshold = *threshold;
    let mut left = place + 1;
    shard.retain(|_, held| {
        let goes = left > 0 && held.validity.expires_at <= threshold;
        left -= usize::from(goes);
        !goes
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Role;

    fn verified(issuer: usize, expires_at: i64) -> Verified {
        let claims = Claims {
            role: Role::Auditor,
            actor: "a".to_owned(),
            client: String::new(),
            department: None,
            supervisor: false,
            organization: None,
            subject: None,
        };
        let validity =
            Validity { expires_at: Instant::from_micros(expires_at), not_before: Instant::from_micros(i64::MIN) };
        Verified { claims: Arc::new(claims), proof: Arc::new(Proof::Anonymous), issuer, generation: 1, validity }
    }

    fn digest(number: u64) -> [u8; 32] {
        let mut digest = [0; 32];
        digest[..8].copy_from_slice(&number.to_le_bytes());
        digest
    }

    #[test]
    fn an_entry_falls_at_its_expiry_and_with_its_issuer() {
        let cache = TokenCache::new(64);
        let now = Instant::from_micros(0);
        cache.insert(digest(1), verified(0, 10), now);
        cache.insert(digest(2), verified(1, 10), now);
        assert!(cache.get(&digest(1), Instant::from_micros(9)).is_some());
        cache.drop_issuer(1);
        assert!(cache.get(&digest(2), now).is_none() && cache.get(&digest(1), now).is_some());
        assert!(cache.get(&digest(1), Instant::from_micros(10)).is_none());
        assert_eq!(cache.len(), 0);
        cache.insert(digest(3), verified(0, 10), Instant::from_micros(10));
        assert_eq!(cache.len(), 0);
    }

    #[test]
    fn the_size_is_bounded_and_expired_tokens_go_first() {
        let cache = TokenCache::new(SHARDS * 8);
        let now = Instant::from_micros(0);
        for number in 0..10_000 {
            cache.insert(digest(number), verified(0, 1_000 + i64::try_from(number).unwrap()), now);
            assert!(cache.get(&digest(number), now).is_some());
        }
        assert!(cache.len() <= SHARDS * 8, "{}", cache.len());
        assert!(cache.len() >= SHARDS * 4, "{}", cache.len());
        cache.insert(digest(0), verified(0, 100_000), Instant::from_micros(50_000));
        assert!(cache.len() <= SHARDS * 7 + 1, "the expired tokens of the shard stay: {}", cache.len());
    }
}
