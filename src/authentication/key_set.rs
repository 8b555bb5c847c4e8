//! A JWK set (RFC 7517) as the verifier uses it: each key with the algorithms it may be used with.
//!
//! Keys we cannot use are passed over, as the RFC asks; a set with a private key in it, or with two keys of one
//! name, is refused whole.

use std::collections::BTreeSet;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey};
use serde::Deserialize;

/// More keys than any issuer rotates through.
const KEYS_MAX: usize = 64;
/// What an RSA key can sign with, unless it says so itself.
const RSA: &[Algorithm] =
    &[Algorithm::RS256, Algorithm::RS384, Algorithm::RS512, Algorithm::PS256, Algorithm::PS384, Algorithm::PS512];

/// Why a document is not a key set we take keys from.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum KeySetFault {
    /// Not JSON, or not of the shape of a JWK set.
    #[error("the document is not a JWK set")]
    Malformed,
    /// More keys than any issuer needs.
    #[error("the key set holds {0} keys, at most {KEYS_MAX} are allowed")]
    TooMany(usize),
    /// The issuer has published a private key.
    #[error("the key set holds a private key: it is public now and must be replaced")]
    Private,
    /// A `kid` stands for two keys.
    #[error("the key set holds two keys named `{0}`")]
    Ambiguous(String),
    /// No key can be used with the allowed algorithms.
    #[error("the key set holds no key that fits the allowed algorithms")]
    Nothing,
}

/// The usable keys of an issuer.
#[derive(Debug)]
pub(super) struct KeySet {
    keys: Vec<VerificationKey>,
    identity: BTreeSet<String>,
}

/// One public key.
#[derive(Debug)]
pub(super) struct VerificationKey {
    key_id: Option<String>,
    algorithms: Vec<Algorithm>,
    key: DecodingKey,
}

#[derive(Deserialize)]
struct Document {
    keys: Vec<Key>,
}

#[derive(Deserialize)]
struct Key {
    kty: String,
    kid: Option<String>,
    alg: Option<String>,
    #[serde(rename = "use")]
    purpose: Option<String>,
    key_ops: Option<Vec<String>>,
    crv: Option<String>,
    x: Option<String>,
    y: Option<String>,
    n: Option<String>,
    e: Option<String>,
    d: Option<serde::de::IgnoredAny>,
}

impl KeySet {
    /// Reads a JWK set and keeps the keys that fit `allowed`.
    pub(super) fn parse(bytes: &[u8], allowed: &[Algorithm]) -> Result<Self, KeySetFault> {
        let document: Document = serde_json::from_slice(bytes).map_err(|_| KeySetFault::Malformed)?;
        if document.keys.len() > KEYS_MAX {
            return Err(KeySetFault::TooMany(document.keys.len()));
        }
        if document.keys.iter().any(|key| key.d.is_some()) {
            return Err(KeySetFault::Private);
        }
        let mut names = BTreeSet::new();
        let mut set = Self { keys: Vec::new(), identity: BTreeSet::new() };
        for key in &document.keys {
            let Some(usable) = key.usable(allowed) else { continue };
            if let Some(name) = key.kid.as_deref().filter(|name| !names.insert((*name).to_owned())) {
                return Err(KeySetFault::Ambiguous(name.to_owned()));
            }
            set.identity.insert(key.identity());
            set.keys.push(usable);
        }
        if set.keys.is_empty() { Err(KeySetFault::Nothing) } else { Ok(set) }
    }

    /// Whether both sets say the same of the same keys, in whatever order.
    pub(super) fn is_same_as(&self, other: &Self) -> bool {
        self.identity == other.identity
    }

    /// The key named `key_id`.
    pub(super) fn named(&self, key_id: &str) -> Option<&VerificationKey> {
        self.keys.iter().find(|key| key.key_id.as_deref() == Some(key_id))
    }

    /// The only key for `algorithm`; `None` when there are more, or none.
    pub(super) fn only_for(&self, algorithm: Algorithm) -> Option<&VerificationKey> {
        let mut fitting = self.keys.iter().filter(|key| key.algorithms.contains(&algorithm));
        match (fitting.next(), fitting.next()) {
            (Some(key), None) => Some(key),
            _ => None,
        }
    }
}

impl VerificationKey {
    /// The key, when it may be used with `algorithm`.
    pub(super) fn for_algorithm(&self, algorithm: Algorithm) -> Option<&DecodingKey> {
        self.algorithms.contains(&algorithm).then_some(&self.key)
    }
}

impl Key {
    fn usable(&self, allowed: &[Algorithm]) -> Option<VerificationKey> {
        let signs = self.purpose.as_deref().is_none_or(|purpose| purpose == "sig")
            && self.key_ops.as_ref().is_none_or(|operations| operations.iter().any(|operation| operation == "verify"));
        if !signs {
            return None;
        }
        let (fitting, key) = self.material()?;
        let named = |algorithm: &Algorithm| match self.alg.as_deref() {
            Some(name) => super::settings::public_key_algorithm(name) == Some(*algorithm),
            None => true,
        };
        let algorithms: Vec<Algorithm> =
            fitting.iter().copied().filter(|algorithm| allowed.contains(algorithm) && named(algorithm)).collect();
        (!algorithms.is_empty()).then(|| VerificationKey { key_id: self.kid.clone(), algorithms, key })
    }

    /// The key and what its type and curve can sign with. The curve decides, never the token.
    fn material(&self) -> Option<(&'static [Algorithm], DecodingKey)> {
        match (self.kty.as_str(), self.crv.as_deref()) {
            ("OKP", Some("Ed25519")) => {
                let x = decoded(self.x.as_ref()?, 32..=32)?;
                Some((&[Algorithm::EdDSA], DecodingKey::from_ed_der(&x)))
            }
            ("EC", Some("P-256")) => Some((&[Algorithm::ES256], self.point(32)?)),
            ("EC", Some("P-384")) => Some((&[Algorithm::ES384], self.point(48)?)),
            ("RSA", _) => {
                // 2,048 to 8,192 bits: what the backend verifies, and what RFC 7518 section 3.3 asks at least.
                let n = decoded(self.n.as_ref()?, 256..=1024)?;
                let e = decoded(self.e.as_ref()?, 1..=8)?;
                Some((RSA, DecodingKey::from_rsa_raw_components(&n, &e)))
            }
            _ => None,
        }
    }

    fn point(&self, size: usize) -> Option<DecodingKey> {
        let mut point = vec![0x04];
        point.extend(decoded(self.x.as_ref()?, size..=size)?);
        point.extend(decoded(self.y.as_ref()?, size..=size)?);
        Some(DecodingKey::from_ec_der(&point))
    }

    fn identity(&self) -> String {
        let parts = [&self.kid, &self.alg, &self.crv, &self.x, &self.y, &self.n, &self.e];
        parts.iter().fold(self.kty.clone(), |mut text, part| {
            text.push('\n');
            text.push_str(part.as_deref().unwrap_or("-"));
            text
        })
    }
}

fn decoded(text: &str, size: std::ops::RangeInclusive<usize>) -> Option<Vec<u8>> {
    let Ok(bytes) = URL_SAFE_NO_PAD.decode(text) else { return None };
    size.contains(&bytes.len()).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const X: &str = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"; // RFC 8037 appendix A, public half

    fn parse(keys: &Value) -> Result<KeySet, KeySetFault> {
        KeySet::parse(json!({ "keys": keys }).to_string().as_bytes(), &[Algorithm::EdDSA, Algorithm::ES256])
    }

    #[test]
    fn a_key_is_used_with_the_algorithm_of_its_curve_and_with_no_other() {
        let set = parse(&json!([{ "kty": "OKP", "crv": "Ed25519", "x": X, "kid": "a" }])).unwrap();
        assert!(set.named("a").unwrap().for_algorithm(Algorithm::EdDSA).is_some());
        assert!(set.named("a").unwrap().for_algorithm(Algorithm::ES256).is_none());
        assert!(set.named("b").is_none());
        assert!(set.only_for(Algorithm::EdDSA).is_some() && set.only_for(Algorithm::ES256).is_none());
    }

    #[test]
    fn keys_we_cannot_use_are_passed_over() {
        for useless in [
            json!({ "kty": "oct", "k": "c2VjcmV0", "kid": "b" }),
            json!({ "kty": "OKP", "crv": "X25519", "x": X, "kid": "b" }),
            json!({ "kty": "OKP", "crv": "Ed25519", "x": X, "kid": "b", "use": "enc" }),
            json!({ "kty": "OKP", "crv": "Ed25519", "x": X, "kid": "b", "key_ops": ["deriveKey"] }),
            json!({ "kty": "OKP", "crv": "Ed25519", "x": "AAAA", "kid": "b" }),
            json!({ "kty": "OKP", "crv": "Ed25519", "x": X, "kid": "b", "alg": "HS256" }),
            json!({ "kty": "EC", "crv": "P-384", "x": X, "y": X, "kid": "b" }),
            json!({ "kty": "RSA", "n": "AQAB", "e": "AQAB", "kid": "b" }),
        ] {
            let good = json!({ "kty": "OKP", "crv": "Ed25519", "x": X, "kid": "a" });
            let set = parse(&json!([useless, good])).unwrap();
            assert!(set.named("b").is_none(), "{useless}");
            assert_eq!(parse(&json!([useless])).unwrap_err(), KeySetFault::Nothing, "{useless}");
        }
    }

    #[test]
    fn a_set_that_cannot_be_trusted_is_refused_whole() {
        let key = json!({ "kty": "OKP", "crv": "Ed25519", "x": X, "kid": "a" });
        let private = json!({ "kty": "OKP", "crv": "Ed25519", "x": X, "kid": "b", "d": X });
        assert_eq!(parse(&json!([key, private])).unwrap_err(), KeySetFault::Private);
        assert_eq!(parse(&json!([key, key])).unwrap_err(), KeySetFault::Ambiguous("a".to_owned()));
        assert_eq!(parse(&json!(vec![key.clone(); 65])).unwrap_err(), KeySetFault::TooMany(65));
        assert_eq!(parse(&json!("keys")).unwrap_err(), KeySetFault::Malformed);
        assert_eq!(KeySet::parse(b"<html>", &[]).unwrap_err(), KeySetFault::Malformed);
    }

    #[test]
    fn the_order_of_keys_does_not_make_another_set_but_a_new_name_does() {
        let (a, b) = (
            json!({ "kty": "OKP", "crv": "Ed25519", "x": X, "kid": "a" }),
            json!({ "kty": "OKP", "crv": "Ed25519", "x": X, "kid": "b" }),
        );
        let both = parse(&json!([a, b])).unwrap();
        assert!(both.is_same_as(&parse(&json!([b, a])).unwrap()));
        assert!(!both.is_same_as(&parse(&json!([a])).unwrap()));
    }
}
