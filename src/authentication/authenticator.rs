//! The door: `authenticate` makes a `Caller` of a request's headers, or refuses.
//!
//! No token means the public. A token that is present and not believed is a refusal, never the public.

use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::caller::{Caller, Proof};
use super::claims::ClaimMap;
use super::headers::{Bearer, RequestHeaders};
use super::issuer::{Halt, Issuer, JoseHeader, source_of};
use super::key_ring::{Fetched, RingFault};
use super::refusal::{Refusal, RefusalReason};
use super::settings::{IssuerSettings, KeyOrigin, SettingsFault, SettingsFaults, faults_of};
use super::source::KeySource;
use super::token_cache::{TokenCache, Verified};
use super::{install_crypto_backend, self_test};
use crate::clock::Ambient;
use crate::domain::DepartmentId;

/// How many verified tokens are remembered; about 500 bytes each.
const CACHED_TOKENS_MAX: usize = 32_768;

/// Runs a job that may block, elsewhere.
pub type Background = Box<dyn Fn(Box<dyn FnOnce() + Send>) + Send + Sync>;

/// Verifies bearer tokens.
#[derive(Clone)]
pub struct Authenticator {
    inner: Arc<Inner>,
    departments: Option<Arc<HashSet<DepartmentId>>>,
}

struct Inner {
    issuers: Vec<Issuer>,
    cache: TokenCache,
    ambient: Ambient,
    background: Background,
}

/// What can be said of a request without waiting for anything.
#[derive(Clone, Debug)]
pub enum Attempt {
    /// Who asks.
    Known(Caller),
    /// Keys must be fetched first: call `authenticate` where blocking is allowed.
    NeedsRefresh,
}

impl fmt::Debug for Authenticator {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.inner.issuers.iter().map(|issuer| issuer.name.as_str()).collect();
        formatter.debug_struct("Authenticator").field("issuers", &names).finish_non_exhaustive()
    }
}

impl Authenticator {
    /// Takes the issuers. Key files are read now and a fault in one is a fault of the settings; URLs are fetched
    /// when the first token comes. Also proves that signatures can be verified. All faults are reported at once.
    pub fn new(settings: Vec<IssuerSettings>, ambient: Ambient) -> Result<Self, SettingsFaults> {
        let mut faults = Vec::new();
        let mut sourced = Vec::new();
        for one in settings {
            match source_of(&one) {
                Ok(source) => sourced.push((one, source)),
                Err(fault) => {
                    faults.extend(faults_of(std::slice::from_ref(&one)));
                    faults.push(SettingsFault::Keys { issuer: one.issuer, reason: fault.to_string() });
                }
            }
        }
        let background: Background = Box::new(|job| {
            if std::thread::Builder::new().name("keys".to_owned()).spawn(job).is_err() {
                tracing::warn!("no thread could be started to fetch an issuer's keys; they are fetched later");
            }
        });
        match Self::with_sources(sourced, ambient, background) {
            Ok(authenticator) if faults.is_empty() => Ok(authenticator),
            Ok(_) => Err(SettingsFaults(faults)),
            Err(SettingsFaults(more)) => {
                faults.extend(more);
                Err(SettingsFaults(faults))
            }
        }
    }

    /// The same with sources of keys, and a way to run jobs, of one's own.
    pub fn with_sources(
        issuers: Vec<(IssuerSettings, Arc<dyn KeySource>)>,
        ambient: Ambient,
        background: Background,
    ) -> Result<Self, SettingsFaults> {
        let settings: Vec<IssuerSettings> = issuers.iter().map(|(settings, _)| settings.clone()).collect();
        let mut faults = faults_of(&settings);
        install_crypto_backend();
        faults.extend(self_test(&ambient).map_err(SettingsFault::from).err());
        let issuers: Vec<Issuer> =
            issuers.into_iter().map(|(settings, source)| Issuer::new(&settings, source, &ambient)).collect();
        for (issuer, settings) in issuers.iter().zip(&settings) {
            if matches!(settings.keys, KeyOrigin::File(_))
                && let Err(fault) = issuer.ring.fetch_due()
            {
                faults.push(SettingsFault::Keys { issuer: issuer.name.clone(), reason: fault.to_string() });
            }
        }
        if !faults.is_empty() {
            return Err(SettingsFaults(faults));
        }
        let cache = TokenCache::new(CACHED_TOKENS_MAX);
        Ok(Self { inner: Arc::new(Inner { issuers, cache, ambient, background }), departments: None })
    }

    /// Believes no token of a department that is not among these: an issuer's slip of the pen must not make one.
    #[must_use]
    pub fn for_departments(self, departments: impl IntoIterator<Item = DepartmentId>) -> Self {
        Self { departments: Some(Arc::new(departments.into_iter().collect())), ..self }
    }

    /// Who asks. Blocks only while keys are fetched that a token needs and that are not held: at most five seconds,
    /// and at most three times in a row per issuer, then once in thirty seconds.
    pub fn authenticate(&self, headers: &RequestHeaders<'_>) -> Result<Caller, Refusal> {
        let Some(bearer) = Bearer::read(headers)? else { return Ok(declaring(Caller::anonymous(), headers)) };
        let inner = &self.inner;
        let attempt = inner.attempt(&bearer).or_else(|(halt, wanted)| match (halt, wanted) {
            (Halt::NeedsKeys(_), Some((issuer, attempts))) => {
                inner.fetched(issuer, |one| one.ring.fetch_needed(attempts));
                inner.attempt(&bearer).map_err(|(halt, _)| halt)
            }
            (halt, _) => Err(halt),
        });
        match attempt {
            Ok(caller) => Ok(declaring(self.registered(caller, &bearer)?, headers)),
            Err(Halt::Refused(reason) | Halt::NeedsKeys(reason)) => Err(Refusal::of_token(reason, bearer.digest)),
        }
    }

    /// Who asks, without ever waiting: for an asynchronous worker.
    pub fn authenticate_cached(&self, headers: &RequestHeaders<'_>) -> Result<Attempt, Refusal> {
        let Some(bearer) = Bearer::read(headers)? else {
            return Ok(Attempt::Known(declaring(Caller::anonymous(), headers)));
        };
        match self.inner.attempt(&bearer) {
            Ok(caller) => Ok(Attempt::Known(declaring(self.registered(caller, &bearer)?, headers))),
            Err((Halt::NeedsKeys(_), Some((issuer, _)))) if self.inner.may_fetch(issuer) => Ok(Attempt::NeedsRefresh),
            Err((Halt::Refused(reason) | Halt::NeedsKeys(reason), _)) => Err(Refusal::of_token(reason, bearer.digest)),
        }
    }

    /// The claims of a token of an issuer that is of one of these types, or says none, and is valid now. It proves nobody.
    pub(super) fn verified(&self, issuer: &str, token: &str, types: &[&str]) -> Result<ClaimMap, RefusalReason> {
        let bearer = Bearer::of(token)?;
        let header: JoseHeader = decoded(bearer.header)?;
        if header.media_type().is_some_and(|given| !types.contains(&given.as_str())) {
            return Err(RefusalReason::WrongType);
        }
        let inner = &self.inner;
        let index = inner.issuer_of(&bearer)?;
        let of = inner.issuers.get(index).filter(|of| of.name == issuer).ok_or(RefusalReason::UnknownIssuer)?;
        let attempts = of.ring.attempts();
        let verified = of.signed(&bearer, &header, inner.ambient.now()).or_else(|halt| match halt {
            Halt::NeedsKeys(_) => {
                inner.fetched(index, |one| one.ring.fetch_needed(attempts));
                of.signed(&bearer, &header, inner.ambient.now())
            }
            halt @ Halt::Refused(_) => Err(halt),
        });
        match verified {
            Ok((claims, ..)) => Ok(claims),
            Err(Halt::Refused(reason) | Halt::NeedsKeys(reason)) => Err(reason),
        }
    }

    fn registered(&self, caller: Caller, bearer: &Bearer<'_>) -> Result<Caller, Refusal> {
        match (&caller.claims().department, &self.departments) {
            (Some(own), Some(departments)) if !departments.contains(own) => {
                Err(Refusal::of_token(RefusalReason::DepartmentUnknown, bearer.digest))
            }
            _ => Ok(caller),
        }
    }

    /// Fetches the keys that are due; blocks. Requests see to this by themselves; a timer that calls it keeps
    /// withdrawn keys from serving on a gateway that nobody asks.
    pub fn maintain(&self) {
        for issuer in 0..self.inner.issuers.len() {
            if self.inner.issuers.get(issuer).is_some_and(|one| one.ring.claim_due()) {
                self.inner.fetched(issuer, |one| one.ring.fetch_due());
            }
        }
    }

    /// How many verified tokens are remembered: a number for the metrics.
    pub fn cached_tokens(&self) -> usize {
        self.inner.cache.len()
    }
}

/// Which issuer's keys are missing, and how many fetches had been made when they were looked for.
type Wanted = Option<(usize, u64)>;

impl Inner {
    fn attempt(self: &Arc<Self>, bearer: &Bearer<'_>) -> Result<Caller, (Halt, Wanted)> {
        let now = self.ambient.now();
        if let Some(verified) = self.cache.get(&bearer.digest, now) {
            self.renew_if_due(verified.issuer);
            if self.is_of_held_keys(&verified) {
                return Ok(Caller::proven(verified.claims, verified.proof));
            }
            self.cache.remove(&bearer.digest);
        }
        let refused = |reason| (Halt::Refused(reason), None);
        let header: JoseHeader = decoded(bearer.header).map_err(refused)?;
        let index = self.issuer_of(bearer).map_err(refused)?;
        let issuer = self.issuers.get(index).ok_or(refused(RefusalReason::UnknownIssuer))?;
        self.renew_if_due(index);
        let attempts = issuer.ring.attempts();
        let (claims, validity, generation) =
            issuer.verify(bearer, &header, now).map_err(|halt| (halt, Some((index, attempts))))?;
        let proof = Proof::Bearer { issuer: issuer.name.clone(), digest: bearer.digest };
        let verified =
            Verified { claims: Arc::new(claims), proof: Arc::new(proof), issuer: index, generation, validity };
        let caller = Caller::proven(Arc::clone(&verified.claims), Arc::clone(&verified.proof));
        self.cache.insert(bearer.digest, verified, now);
        Ok(caller)
    }

    /// INVARIANT: a remembered token counts only while the very keys that verified it are held and believed.
    fn is_of_held_keys(&self, verified: &Verified) -> bool {
        let held = self.issuers.get(verified.issuer).and_then(|issuer| issuer.ring.held());
        held.is_some_and(|held| held.generation == verified.generation)
    }

    /// The issuer that the token names. Nothing else is read before the signature is verified.
    fn issuer_of(&self, bearer: &Bearer<'_>) -> Result<usize, RefusalReason> {
        #[derive(Deserialize)]
        struct Named {
            iss: Option<String>,
        }
        let named: Named = decoded(bearer.payload)?;
        let name = named.iss.ok_or(RefusalReason::UnknownIssuer)?;
        self.issuers.iter().position(|issuer| issuer.name == name).ok_or(RefusalReason::UnknownIssuer)
    }

    fn may_fetch(&self, issuer: usize) -> bool {
        self.issuers.get(issuer).is_some_and(|one| one.ring.may_fetch())
    }

    /// Has the keys fetched in the background when they are due; the held ones serve on meanwhile.
    fn renew_if_due(self: &Arc<Self>, issuer: usize) {
        let held_and_due = |one: &Issuer| one.ring.held().is_some() && one.ring.claim_due();
        if self.issuers.get(issuer).is_some_and(held_and_due) {
            let inner = Arc::clone(self);
            (self.background)(Box::new(move || inner.fetched(issuer, |one| one.ring.fetch_due())));
        }
    }

    fn fetched(&self, issuer: usize, fetch: impl FnOnce(&Issuer) -> Result<Fetched, RingFault>) {
        let Some(one) = self.issuers.get(issuer) else { return };
        match fetch(one) {
            Ok(Fetched::Same) => {}
            Ok(Fetched::Changed) => {
                tracing::info!(issuer = one.name, "the issuer's keys have changed");
                self.cache.drop_issuer(issuer);
            }
            Err(fault) => tracing::warn!(issuer = one.name, %fault, "the issuer's keys could not be fetched"),
        }
    }
}

/// A caller with what it declares that it asks for.
pub fn declaring(caller: Caller, headers: &RequestHeaders<'_>) -> Caller {
    let owned = |text: Option<&str>| text.map(str::to_owned);
    caller.declaring(owned(headers.purpose), headers.case.map(case_number), owned(headers.authorization_id))
}

/// Case numbers hold Chinese characters, which many clients can send in a header only percent-encoded (RFC 3986). What is not
/// such an encoding of UTF-8 is taken as it is.
fn case_number(text: &str) -> String {
    let decoded = percent_encoding::percent_decode_str(text).decode_utf8();
    decoded.map_or_else(|_| text.to_owned(), std::borrow::Cow::into_owned)
}

fn decoded<T: DeserializeOwned>(part: &str) -> Result<T, RefusalReason> {
    let bytes = URL_SAFE_NO_PAD.decode(part).map_err(|_| RefusalReason::Malformed)?;
    serde_json::from_slice(&bytes).map_err(|_| RefusalReason::Malformed)
}
