//! One issuer: its settings as the verifier uses them, and its keys.

use std::collections::BTreeMap;
use std::sync::Arc;

use jsonwebtoken::{Algorithm, Validation};
use serde::Deserialize;

use super::backend;
use super::caller::Claims;
use super::claims::{ClaimMap, Validity};
use super::headers::Bearer;
use super::key_ring::{Held, KeyRing};
use super::log_out;
use super::refusal::RefusalReason;
use super::settings::{ClaimNames, IssuerSettings, KeyOrigin, public_key_algorithm};
use super::source::{FileSource, KeySource, SourceFault, UrlSource};
use crate::clock::Ambient;
use crate::domain::{Instant, Role};

/// How long keys from a file are taken for fresh, in seconds: a read costs little, and a withdrawn key must go.
const FILE_FRESH_SECONDS: i64 = 5;
/// How long fetched keys are taken for fresh, in seconds.
const URL_FRESH_SECONDS: i64 = 300;

/// One issuer.
#[derive(Debug)]
pub(super) struct Issuer {
    pub(super) name: String,
    pub(super) ring: KeyRing,
    validations: Vec<(Algorithm, Validation)>,
    names: ClaimNames,
    roles: BTreeMap<String, Role>,
    leeway_seconds: u32,
    token_type: Option<String>,
}

/// The JOSE header of a token (RFC 7515 section 4): what we read of it. `jwk`, `jku`, `x5c` and `x5u` are never
/// looked at: a token does not say which key to believe.
#[derive(Deserialize)]
pub(super) struct JoseHeader {
    alg: String,
    kid: Option<String>,
    typ: Option<String>,
    crit: Option<serde::de::IgnoredAny>,
}

impl JoseHeader {
    /// The type of the token in lower case, without the `application/` that may be left out (RFC 7515 section 4.1.9).
    pub(super) fn media_type(&self) -> Option<String> {
        let given = self.typ.as_deref()?.to_ascii_lowercase();
        Some(given.strip_prefix("application/").map_or(given.clone(), str::to_owned))
    }
}

/// Why a token cannot be verified now.
pub(super) enum Halt {
    /// It never will be.
    Refused(RefusalReason),
    /// It may be, with keys that are not held yet.
    NeedsKeys(RefusalReason),
}

impl From<RefusalReason> for Halt {
    fn from(reason: RefusalReason) -> Self {
        Self::Refused(reason)
    }
}

impl Issuer {
    /// Takes settings without fault.
    pub(super) fn new(settings: &IssuerSettings, source: Arc<dyn KeySource>, ambient: &Ambient) -> Self {
        let allowed: Vec<Algorithm> =
            settings.algorithms.iter().filter_map(|name| public_key_algorithm(name)).collect();
        let validations = allowed
            .iter()
            .map(|&algorithm| (algorithm, backend::validation(algorithm, &settings.issuer, &settings.audience)))
            .collect();
        let fresh_seconds = match settings.keys {
            KeyOrigin::File(_) => FILE_FRESH_SECONDS,
            KeyOrigin::Url(_) => URL_FRESH_SECONDS,
        };
        Self {
            name: settings.issuer.clone(),
            ring: KeyRing::new(source, allowed, fresh_seconds, ambient.clone()),
            validations,
            names: settings.claims.clone(),
            roles: settings.role_values.clone(),
            leeway_seconds: settings.leeway_seconds,
            token_type: settings.token_type.clone(),
        }
    }

    /// Verifies a token of this issuer with the keys held.
    pub(super) fn verify(
        &self,
        bearer: &Bearer<'_>,
        header: &JoseHeader,
        now: Instant,
    ) -> Result<(Claims, Validity, u64), Halt> {
        if let Some(expected) = &self.token_type {
            let given = header.media_type().ok_or(RefusalReason::WrongType)?;
            if !given.eq_ignore_ascii_case(expected) {
                return Err(RefusalReason::WrongType.into());
            }
        }
        let (claims, validity, generation) = self.signed(bearer, header, now)?;
        if header.media_type().as_deref() == Some(log_out::TYPE) || log_out::is_said(&claims) {
            return Err(RefusalReason::WrongType.into());
        }
        Ok((claims.read(&self.names, &self.roles)?, validity, generation))
    }

    /// The claims of a token of this issuer for us that is valid now, whatever it is for.
    pub(super) fn signed(
        &self,
        bearer: &Bearer<'_>,
        header: &JoseHeader,
        now: Instant,
    ) -> Result<(ClaimMap, Validity, u64), Halt> {
        let (algorithm, validation) = self.check_header(header)?;
        let held = self.ring.held().ok_or(Halt::NeedsKeys(RefusalReason::KeysUnavailable))?;
        let key = find_key(&held, header.kid.as_deref(), algorithm)?;
        let claims: ClaimMap = backend::verify(bearer.token, key, validation)?;
        let validity = claims.validity(&self.name, self.leeway_seconds, now)?;
        Ok((claims, validity, held.generation))
    }

    fn check_header(&self, header: &JoseHeader) -> Result<(Algorithm, &Validation), RefusalReason> {
        if header.crit.is_some() {
            return Err(RefusalReason::CriticalExtension);
        }
        let named = public_key_algorithm(&header.alg).ok_or(RefusalReason::AlgorithmRefused)?;
        let allowed = self.validations.iter().find(|(algorithm, _)| *algorithm == named);
        allowed.map(|(algorithm, validation)| (*algorithm, validation)).ok_or(RefusalReason::AlgorithmRefused)
    }
}

fn find_key<'a>(
    held: &'a Held,
    key_id: Option<&str>,
    algorithm: Algorithm,
) -> Result<&'a jsonwebtoken::DecodingKey, Halt> {
    let key = match key_id {
        Some(key_id) => held.keys.named(key_id).ok_or(Halt::NeedsKeys(RefusalReason::UnknownKey))?,
        None => held.keys.only_for(algorithm).ok_or(RefusalReason::KeyIdMissing)?,
    };
    Ok(key.for_algorithm(algorithm).ok_or(RefusalReason::AlgorithmRefused)?)
}

/// Where an issuer's keys come from.
pub(super) fn source_of(settings: &IssuerSettings) -> Result<Arc<dyn KeySource>, SourceFault> {
    Ok(match &settings.keys {
        KeyOrigin::File(path) => Arc::new(FileSource::new(path.clone())),
        KeyOrigin::Url(url) => Arc::new(UrlSource::new(url, settings.certificate_authorities.as_deref())?),
    })
}
