//! The one file that verifies a signature. It installs the cryptography behind `jsonwebtoken` and proves it works.
//!
//! Deliberately absent: time. `jsonwebtoken` would ask the system's clock for `exp` and `nbf`, so its own
//! time checks are off here, and `claims` checks both dates against the clock we were given.

use std::collections::HashSet;
use std::panic::{AssertUnwindSafe, catch_unwind};

use jsonwebtoken::crypto::aws_lc;
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::refusal::RefusalReason;
use super::signer::TokenSigner;
use crate::clock::Ambient;

/// Signatures cannot be verified on this machine, or wrong ones are believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BackendFault {
    /// A token could not be signed or verified.
    #[error("the cryptographic backend cannot sign and verify a token")]
    Refuses,
    /// A token with a changed claim was believed.
    #[error("the cryptographic backend believes a token that was tampered with")]
    Believes,
}

/// Chooses `aws-lc-rs` for the whole process. Calling it again changes nothing.
///
/// Left to itself, `jsonwebtoken` panics at the first token when cargo's feature unification has turned on
/// two backends through somebody else's dependency.
pub fn install_crypto_backend() {
    if aws_lc::DEFAULT_PROVIDER.install_default().is_err() {
        tracing::debug!("a cryptographic backend for tokens was installed before");
    }
}

/// Signs a token with a throw-away key, verifies it, and sees a tampered one refused. For the start of the process.
pub fn self_test(ambient: &Ambient) -> Result<(), BackendFault> {
    let refuses = |_| BackendFault::Refuses;
    let signer = TokenSigner::generate(ambient).map_err(refuses)?;
    let claims = json!({ "iss": "self-test", "aud": "self-test", "sub": "self-test", "exp": 0 });
    let token = signer.sign(&claims).map_err(refuses)?;
    let key = DecodingKey::from_jwk(&signer.public_jwk()).map_err(|_| BackendFault::Refuses)?;
    let validation = validation(Algorithm::EdDSA, "self-test", "self-test");
    let read: Value = verify(&token, &key, &validation).map_err(|_| BackendFault::Refuses)?;
    if read != claims {
        return Err(BackendFault::Refuses);
    }
    let other = TokenSigner::generate(ambient).and_then(|other| other.sign(&claims)).map_err(refuses)?;
    match verify::<Value>(&other, &key, &validation) {
        Err(RefusalReason::BadSignature) => Ok(()),
        Ok(_) | Err(_) => Err(BackendFault::Believes),
    }
}

/// What a token of `issuer` must hold. Every field is spelled out: a default that changes must not change us.
pub(super) fn validation(algorithm: Algorithm, issuer: &str, audience: &str) -> Validation {
    Validation {
        // Whom it is of, `claims` reads: a provider's word about a session may name nobody.
        required_spec_claims: ["exp", "iss", "aud"].into_iter().map(str::to_owned).collect(),
        leeway: 0,
        reject_tokens_expiring_in_less_than: 0,
        validate_exp: false, // by `claims`, against the clock we were given
        validate_nbf: false, // likewise
        validate_aud: true,
        aud: Some(HashSet::from([audience.to_owned()])),
        iss: Some(HashSet::from([issuer.to_owned()])),
        sub: None,
        algorithms: vec![algorithm],
    }
}

/// The claims of a token whose signature, issuer and audience hold.
///
/// A panic in the verifier is a refusal, not the end of a worker.
pub(super) fn verify<T: DeserializeOwned>(
    token: &str,
    key: &DecodingKey,
    validation: &Validation,
) -> Result<T, RefusalReason> {
    match catch_unwind(AssertUnwindSafe(|| decode::<T>(token, key, validation))) {
        Ok(Ok(read)) => Ok(read.claims),
        Ok(Err(error)) => Err(reason(error.kind())),
        Err(_) => {
            tracing::error!("the token verifier panicked; the token was refused");
            Err(RefusalReason::VerifierFault)
        }
    }
}

fn reason(kind: &ErrorKind) -> RefusalReason {
    match kind {
        ErrorKind::InvalidSignature => RefusalReason::BadSignature,
        ErrorKind::InvalidAlgorithm | ErrorKind::MissingAlgorithm | ErrorKind::UnsupportedAlgorithm => {
            RefusalReason::AlgorithmRefused
        }
        ErrorKind::InvalidIssuer => RefusalReason::UnknownIssuer,
        ErrorKind::InvalidAudience => RefusalReason::WrongAudience,
        ErrorKind::MissingRequiredClaim(claim) => match claim.as_str() {
            "exp" => RefusalReason::ExpiryMissing,
            "aud" => RefusalReason::WrongAudience,
            "iss" => RefusalReason::UnknownIssuer,
            _ => RefusalReason::ClaimMalformed,
        },
        ErrorKind::InvalidToken | ErrorKind::Base64(_) | ErrorKind::Json(_) | ErrorKind::Utf8(_) => {
            RefusalReason::Malformed
        }
        _ => RefusalReason::VerifierFault,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Instant;

    #[test]
    fn the_backend_signs_and_verifies_and_sees_tampering() {
        install_crypto_backend();
        install_crypto_backend();
        assert_eq!(self_test(&Ambient::fixed(Instant::from_micros(0), 1)), Ok(()));
    }

    #[test]
    fn a_panic_in_the_verifier_is_a_refusal() {
        struct Explodes;
        impl<'de> serde::Deserialize<'de> for Explodes {
            fn deserialize<D: serde::Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
                panic!("on purpose")
            }
        }
        install_crypto_backend();
        let signer = TokenSigner::generate(&Ambient::fixed(Instant::from_micros(0), 1)).unwrap();
        let token = signer.sign(&json!({ "iss": "i", "aud": "a", "sub": "s", "exp": 0 })).unwrap();
        let key = DecodingKey::from_jwk(&signer.public_jwk()).unwrap();
        let outcome = verify::<Explodes>(&token, &key, &validation(Algorithm::EdDSA, "i", "a"));
        assert_eq!(outcome.err(), Some(RefusalReason::VerifierFault));
    }
}
