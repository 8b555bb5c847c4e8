//! Receipts: the ledger's word, signed, that an entry stands at an index. A department keeps it as proof that it did
//! check where a rule told it to (应查必查); a caller holds evidence against a later omission.

use std::sync::Arc;

use aws_lc_rs::signature::Ed25519KeyPair;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use ed25519_dalek::SigningKey;

use super::note::{KeyKind, VerifierKey};
use super::tree::Hash;
use crate::domain::Instant;

/// The key that signs receipts. Every answer waits for one signature, so this is the fastest Ed25519 at hand; checkpoints
/// and verification use the other. Both make the same bytes (RFC 8032).
#[derive(Debug)]
pub(super) struct ReceiptKey(Ed25519KeyPair);

impl ReceiptKey {
    pub(super) fn new(key: &SigningKey) -> Self {
        match Ed25519KeyPair::from_seed_and_public_key(key.as_bytes(), key.verifying_key().as_bytes()) {
            Ok(pair) => Self(pair),
            Err(error) => unreachable!("a seed and its own public half are a pair: {error}"),
        }
    }
}

/// Proof that an entry is durable. Made by appending and in no other way.
#[derive(Clone)]
pub struct Receipt {
    pub(super) origin: Arc<str>,
    pub(super) index: u64,
    pub(super) leaf_hash: Hash,
    pub(super) time: Instant,
    pub(super) result: Option<[u8; 32]>,
    pub(super) key: Arc<ReceiptKey>,
}

impl Receipt {
    /// The ledger's name.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// The entry's index.
    pub fn index(&self) -> u64 {
        self.index
    }

    /// The entry's leaf hash, standard base64.
    pub fn leaf_hash(&self) -> String {
        BASE64_STANDARD.encode(self.leaf_hash)
    }

    /// The entry's time, RFC 3339 with six decimals, UTC.
    pub fn time(&self) -> String {
        self.time.rfc3339()
    }

    /// Ed25519 over the receipt's text, standard base64. Signed when asked for: many receipts are never shown.
    pub fn signature(&self) -> String {
        let text = text_of(&self.origin, &self.index.to_string(), &self.leaf_hash(), &self.time());
        BASE64_STANDARD.encode(self.key.0.sign(text.as_bytes()))
    }

    /// The receipt as it is shown: `origin`, `index` (decimal string), `leafHash`, `time`, `signature`.
    pub fn shown(&self) -> ShownReceipt {
        ShownReceipt {
            origin: self.origin.to_string(),
            index: self.index.to_string(),
            leaf_hash: self.leaf_hash(),
            time: self.time(),
            signature: self.signature(),
        }
    }

    /// `shown` as JSON.
    pub fn to_json(&self) -> serde_json::Value {
        let ShownReceipt { origin, index, leaf_hash, time, signature } = self.shown();
        serde_json::json!({
            "origin": origin, "index": index, "leafHash": leaf_hash, "time": time, "signature": signature,
        })
    }
}

impl std::fmt::Debug for Receipt {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Receipt({} {})", self.origin, self.index)
    }
}

/// A receipt as text, as callers keep it.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ShownReceipt {
    /// The ledger's name.
    pub origin: String,
    /// The entry's index, decimal.
    pub index: String,
    /// The entry's leaf hash, standard base64.
    pub leaf_hash: String,
    /// The entry's time, RFC 3339 with six decimals, UTC.
    pub time: String,
    /// Ed25519 over the text, standard base64.
    pub signature: String,
}

/// Is this a receipt signed by `key`, for the ledger that the key names?
pub fn verify_receipt(receipt: &ShownReceipt, key: &VerifierKey) -> bool {
    let ShownReceipt { origin, index, leaf_hash, time, signature } = receipt;
    let text = text_of(origin, index, leaf_hash, time);
    key.kind() == KeyKind::Receipt
        && key.name() == origin
        && BASE64_STANDARD.decode(signature).is_ok_and(|signature| key.verify_bytes(text.as_bytes(), &signature))
}

fn text_of(origin: &str, index: &str, leaf_hash: &str, time: &str) -> String {
    format!("chengxin/receipt/v1\n{origin}\n{index}\n{leaf_hash}\n{time}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Test vector: the key's seed is the bytes 0x40..0x5f.
    fn receipt() -> (Receipt, VerifierKey) {
        let key = SigningKey::from_bytes(&std::array::from_fn(|index| 0x40 + u8::try_from(index).unwrap()));
        let origin = "ledger.dongying.example/chengxin";
        let verifier = VerifierKey::new(origin, KeyKind::Receipt, key.verifying_key()).unwrap();
        let receipt = Receipt {
            origin: origin.into(),
            index: 42,
            leaf_hash: super::super::tree::leaf_hash(b""),
            time: Instant::from_micros(1_700_000_000_123_456),
            result: None,
            key: Arc::new(ReceiptKey::new(&key)),
        };
        (receipt, verifier)
    }

    #[test]
    fn the_golden_receipt_is_made_again_byte_for_byte() {
        let (receipt, verifier) = receipt();
        assert_eq!(
            verifier.to_string(),
            "ledger.dongying.example/chengxin+9c135c43+/2NoZW5neGluL3JlY2VpcHQvdjElQ7kv8QlVEUdq3INp223ckzZloRl43aFATuEGbKlVnQ=="
        );
        let golden = ShownReceipt {
            origin: "ledger.dongying.example/chengxin".into(),
            index: "42".into(),
            leaf_hash: "bjQLnP+zepicpUTmu3gKLHiQHT+zNzh2hRGjBhevoB0=".into(),
            time: "2023-11-14T22:13:20.123456Z".into(),
            signature: "KbWgT6jZB+0aHPMD39/C2BkBSX7cN4OVvywb1KtR22e109rkX9WgsMJUksFC1JNAND3fC3Jq4P35/mLX1VY8DA=="
                .into(),
        };
        assert_eq!(receipt.shown(), golden);
        assert_eq!(receipt.to_json(), serde_json::to_value(&golden).unwrap());
        assert!(verify_receipt(&receipt.shown(), &verifier));
    }

    #[test]
    fn a_receipt_with_any_part_changed_or_under_a_key_of_another_kind_is_refused() {
        let (receipt, verifier) = receipt();
        let shown = receipt.shown();
        let other_leaf = BASE64_STANDARD.encode([1; 32]);
        for changed in [
            ShownReceipt { origin: "ledger.dongying.example/other".into(), ..shown.clone() },
            ShownReceipt { index: "43".into(), ..shown.clone() },
            ShownReceipt { leaf_hash: other_leaf, ..shown.clone() },
            ShownReceipt { time: "2023-11-14T22:13:20.123457Z".into(), ..shown.clone() },
            ShownReceipt { signature: "AAAA".into(), ..shown.clone() },
        ] {
            assert!(!verify_receipt(&changed, &verifier), "{changed:?}");
        }
        let note_key = VerifierKey::new(verifier.name(), KeyKind::Note, *verifier.key()).unwrap();
        assert!(!verify_receipt(&shown, &note_key));
    }
}
