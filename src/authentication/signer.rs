//! Signing tokens: for the demo's issuer, for tests, for `chengxin token`.
//!
//! Deliberately absent: any way from the gateway's own request path to here. A gateway verifies and never signs.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jsonwebtoken::jwk::{Jwk, PublicKeyUse, ThumbprintHash};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde::Serialize;
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use super::settings::ClaimNames;
use crate::clock::Ambient;
use crate::domain::{Instant, Role};

/// PKCS #8 (RFC 8410) of an Ed25519 key, up to the 32 bytes of its seed.
const ED25519_PKCS8: [u8; 16] =
    [0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];

/// A token could not be signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SigningFault {
    /// Not a private key in PKCS #8 PEM of a kind we sign with.
    #[error("the key is not a private key in PKCS #8 PEM (Ed25519, P-256, P-384 or RSA)")]
    Key,
    /// The backend refused to sign.
    #[error("the token could not be signed")]
    Signing,
    /// The role cannot be had by token.
    #[error("`PUBLIC` is who brings no token")]
    PublicRole,
}

/// Who a token is for.
#[derive(Clone, Debug)]
pub struct TokenClaims {
    /// The role; not `PUBLIC`.
    pub role: Role,
    /// The natural person or system (`sub`).
    pub actor: String,
    /// The client.
    pub client: Option<String>,
    /// The partner department's id.
    pub department: Option<String>,
    /// Whether the officer reviews the department's queries.
    pub supervisor: bool,
    /// The code of a grantee.
    pub organization: Option<String>,
    /// `uscc:…` or `person:<uuid>`.
    pub subject: Option<String>,
}

impl TokenClaims {
    /// A token for `actor` in `role`, with nothing else said.
    pub fn new(role: Role, actor: &str) -> Self {
        Self {
            role,
            actor: actor.to_owned(),
            client: None,
            department: None,
            supervisor: false,
            organization: None,
            subject: None,
        }
    }

    /// The claims as JSON under the issuer's names, with the registered claims of RFC 7519 around them.
    pub fn to_json(&self, names: &ClaimNames, life: &TokenLife<'_>) -> Value {
        let mut claims = Map::new();
        let mut put = |name: &str, text: Option<&str>| {
            if let Some(text) = text {
                claims.insert(name.to_owned(), Value::from(text));
            }
        };
        put("iss", Some(life.issuer));
        put("aud", Some(life.audience));
        put("sub", Some(&self.actor));
        put("jti", Some(&life.id));
        put(&names.role, Some(self.role.name()));
        put(&names.client_id, self.client.as_deref());
        put(&names.department, self.department.as_deref());
        put(&names.organization, self.organization.as_deref());
        put(&names.subject, self.subject.as_deref());
        if self.supervisor {
            claims.insert(names.supervisor.clone(), Value::from(true));
        }
        let issued_at = life.issued_at.seconds();
        claims.insert("iat".to_owned(), Value::from(issued_at));
        claims.insert("exp".to_owned(), Value::from(issued_at.saturating_add(i64::from(life.seconds))));
        Value::Object(claims)
    }
}

/// From whom, for whom and for how long a token is.
#[derive(Clone, Debug)]
pub struct TokenLife<'a> {
    /// `iss`.
    pub issuer: &'a str,
    /// `aud`.
    pub audience: &'a str,
    /// `jti`.
    pub id: String,
    /// `iat`.
    pub issued_at: Instant,
    /// From `iat` to `exp`.
    pub seconds: u32,
}

impl<'a> TokenLife<'a> {
    /// A life of `seconds` from now, with a new id.
    pub fn from_now(issuer: &'a str, audience: &'a str, seconds: u32, ambient: &Ambient) -> Self {
        let id = uuid::Uuid::from_bytes(ambient.uuid7()).to_string();
        Self { issuer, audience, id, issued_at: ambient.now(), seconds }
    }
}

/// A private key with the `kid` under which its public half is published.
#[derive(Clone, Debug)]
pub struct TokenSigner {
    key: EncodingKey,
    algorithm: Algorithm,
    public: Jwk,
}

impl TokenSigner {
    /// A new Ed25519 key, of 32 bytes from the source of randomness.
    pub fn generate(ambient: &Ambient) -> Result<Self, SigningFault> {
        Self::from_pem(Self::generate_pem(ambient).as_bytes())
    }

    /// The PKCS #8 PEM of a new Ed25519 key.
    pub fn generate_pem(ambient: &Ambient) -> Zeroizing<String> {
        let seed = Zeroizing::new(ambient.bytes::<32>());
        let mut der = Zeroizing::new(Vec::with_capacity(48));
        der.extend_from_slice(&ED25519_PKCS8);
        der.extend_from_slice(seed.as_slice());
        let body = Zeroizing::new(STANDARD.encode(der.as_slice()));
        Zeroizing::new(format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", body.as_str()))
    }

    /// Reads a private key in PKCS #8 PEM. Its `kid` is the thumbprint of the public half (RFC 7638).
    pub fn from_pem(pem: &[u8]) -> Result<Self, SigningFault> {
        super::install_crypto_backend();
        let (key, algorithms): (_, &[Algorithm]) = if let Ok(key) = EncodingKey::from_ed_pem(pem) {
            (key, &[Algorithm::EdDSA])
        } else if let Ok(key) = EncodingKey::from_ec_pem(pem) {
            (key, &[Algorithm::ES256, Algorithm::ES384])
        } else {
            (EncodingKey::from_rsa_pem(pem).map_err(|_| SigningFault::Key)?, &[Algorithm::PS256])
        };
        let found = algorithms.iter().find_map(|&algorithm| Some((algorithm, public_half(&key, algorithm)?)));
        let (algorithm, public) = found.ok_or(SigningFault::Key)?;
        Ok(Self { key, algorithm, public })
    }

    /// The same key, published under another `kid`.
    #[must_use]
    pub fn with_key_id(mut self, key_id: &str) -> Self {
        self.public.common.key_id = Some(key_id.to_owned());
        self
    }

    /// The public half, as it stands in the issuer's key set.
    pub fn public_jwk(&self) -> Jwk {
        self.public.clone()
    }

    /// A JWK set (RFC 7517 section 5) of the public halves.
    pub fn key_set<'a>(signers: impl IntoIterator<Item = &'a Self>) -> Value {
        let keys: Vec<Value> = signers.into_iter().map(|signer| serde_json::json!(signer.public)).collect();
        serde_json::json!({ "keys": keys })
    }

    /// Signs `claims` as they are.
    pub fn sign<T: Serialize>(&self, claims: &T) -> Result<String, SigningFault> {
        let mut header = Header::new(self.algorithm);
        header.kid.clone_from(&self.public.common.key_id);
        encode(&header, claims, &self.key).map_err(|_| SigningFault::Signing)
    }

    /// Signs a token for `claims`.
    pub fn issue(
        &self,
        claims: &TokenClaims,
        names: &ClaimNames,
        life: &TokenLife<'_>,
    ) -> Result<String, SigningFault> {
        if claims.role == Role::Public {
            return Err(SigningFault::PublicRole);
        }
        self.sign(&claims.to_json(names, life))
    }
}

fn public_half(key: &EncodingKey, algorithm: Algorithm) -> Option<Jwk> {
    // A P-384 key is no P-256 key: the wrong algorithm is an error here, and the next one is tried.
    let Ok(mut public) = Jwk::from_encoding_key(key, algorithm) else { return None };
    let Ok(thumbprint) = public.thumbprint(ThumbprintHash::SHA256) else { return None };
    public.common.key_id = Some(thumbprint);
    public.common.public_key_use = Some(PublicKeyUse::Signature);
    Some(public)
}
