//! What is configured of an issuer, and every fault in it at once.

use std::collections::{BTreeMap, HashSet};
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use jsonwebtoken::{Algorithm, AlgorithmFamily};
use serde::Deserialize;

use crate::domain::Role;

/// The largest tolerance between the issuer's clock and ours, in seconds.
const LEEWAY_SECONDS_MAX: u32 = 60;

/// One issuer of tokens.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IssuerSettings {
    /// The `iss` of its tokens, compared exactly.
    pub issuer: String,
    /// The `aud` its tokens must hold.
    pub audience: String,
    /// Where its public keys are.
    pub keys: KeyOrigin,
    /// The algorithms its tokens may use. Signatures by public key only: a shared secret (`HS256` …) is refused.
    #[serde(default = "default_algorithms")]
    pub algorithms: Vec<String>,
    /// The names of the claims.
    #[serde(default)]
    pub claims: ClaimNames,
    /// The issuer's words for roles. When empty, the role claim holds a role's own name, such as `DEPARTMENT`.
    #[serde(default)]
    pub role_values: BTreeMap<String, Role>,
    /// Tolerance between the clocks, in seconds, at most 60.
    #[serde(default = "default_leeway")]
    pub leeway_seconds: u32,
    /// The `typ` its tokens must have in their header, such as `at+jwt` (RFC 9068); any when absent.
    #[serde(default)]
    pub token_type: Option<String>,
    /// PEM file with the certificate authorities to believe when keys are fetched; the public ones when absent.
    #[serde(default)]
    pub certificate_authorities: Option<PathBuf>,
}

/// Where an issuer's JWK set (RFC 7517) is.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyOrigin {
    /// In a file, read again when it has changed.
    File(PathBuf),
    /// At a URL: `https`, or `http` on a loopback address.
    Url(String),
}

/// Under which names an issuer puts what we need to know.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ClaimNames {
    /// The role.
    pub role: String,
    /// The partner department's id.
    pub department: String,
    /// Whether an officer reviews the department's queries: true or false.
    pub supervisor: String,
    /// The code of a grantee.
    pub organization: String,
    /// Whose own view it is: `uscc:…` or `person:<uuid>`.
    pub subject: String,
    /// The client.
    pub client_id: String,
}

impl Default for ClaimNames {
    fn default() -> Self {
        Self {
            role: "role".to_owned(),
            department: "department".to_owned(),
            supervisor: "supervisor".to_owned(),
            organization: "organization".to_owned(),
            subject: "subject".to_owned(),
            client_id: "client_id".to_owned(),
        }
    }
}

fn default_algorithms() -> Vec<String> {
    vec!["EdDSA".to_owned(), "ES256".to_owned()]
}

fn default_leeway() -> u32 {
    30
}

/// One fault in the settings of the issuers.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SettingsFault {
    /// An issuer or an audience is empty.
    #[error("issuer `{issuer}`: `{key}` is empty")]
    Empty {
        /// The issuer.
        issuer: String,
        /// The key.
        key: &'static str,
    },
    /// Two issuers have the same name.
    #[error("issuer `{issuer}` is configured twice")]
    Twice {
        /// The issuer.
        issuer: String,
    },
    /// No algorithm is allowed.
    #[error("issuer `{issuer}`: `algorithms` is empty")]
    NoAlgorithm {
        /// The issuer.
        issuer: String,
    },
    /// An algorithm is unknown or works with a shared secret.
    #[error("issuer `{issuer}`: `{algorithm}` is not an algorithm with a public key (ES256, ES384, EdDSA, RS…, PS…)")]
    Algorithm {
        /// The issuer.
        issuer: String,
        /// The algorithm as written.
        algorithm: String,
    },
    /// The tolerance is too large.
    #[error("issuer `{issuer}`: `leeway_seconds` is {leeway_seconds}, at most 60 is allowed")]
    Leeway {
        /// The issuer.
        issuer: String,
        /// The tolerance as written.
        leeway_seconds: u32,
    },
    /// Two of our claims would be read from one.
    #[error("issuer `{issuer}`: two claims are named `{name}`")]
    ClaimTwice {
        /// The issuer.
        issuer: String,
        /// The name.
        name: String,
    },
    /// A token cannot make a caller the public.
    #[error("issuer `{issuer}`: `{text}` means `PUBLIC`, but who brings a token is not anybody")]
    PublicRole {
        /// The issuer.
        issuer: String,
        /// The issuer's word.
        text: String,
    },
    /// The keys cannot be had from where the settings say.
    #[error("issuer `{issuer}`: {reason}")]
    Keys {
        /// The issuer.
        issuer: String,
        /// What is wrong.
        reason: String,
    },
    /// Signatures cannot be verified at all.
    #[error(transparent)]
    Backend(#[from] super::BackendFault),
}

/// Every fault in the settings of the issuers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingsFaults(pub Vec<SettingsFault>);

impl fmt::Display for SettingsFaults {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, fault) in self.0.iter().enumerate() {
            let separator = if index == 0 { "" } else { "; " };
            write!(formatter, "{separator}{fault}")?;
        }
        Ok(())
    }
}

impl std::error::Error for SettingsFaults {}

/// Everything that is wrong with the text of the settings; keys are looked at later.
pub(super) fn faults_of(all: &[IssuerSettings]) -> Vec<SettingsFault> {
    let mut faults = Vec::new();
    let mut seen = HashSet::new();
    for settings in all {
        if !seen.insert(settings.issuer.as_str()) {
            faults.push(SettingsFault::Twice { issuer: settings.issuer.clone() });
        }
        faults.extend(faults_of_one(settings));
    }
    faults
}

fn faults_of_one(settings: &IssuerSettings) -> Vec<SettingsFault> {
    let issuer = || settings.issuer.clone();
    let mut faults = Vec::new();
    for (key, text) in [("issuer", &settings.issuer), ("audience", &settings.audience)] {
        if text.trim().is_empty() {
            faults.push(SettingsFault::Empty { issuer: issuer(), key });
        }
    }
    if settings.algorithms.is_empty() {
        faults.push(SettingsFault::NoAlgorithm { issuer: issuer() });
    }
    for algorithm in settings.algorithms.iter().filter(|text| public_key_algorithm(text).is_none()) {
        faults.push(SettingsFault::Algorithm { issuer: issuer(), algorithm: algorithm.clone() });
    }
    if settings.leeway_seconds > LEEWAY_SECONDS_MAX {
        faults.push(SettingsFault::Leeway { issuer: issuer(), leeway_seconds: settings.leeway_seconds });
    }
    let names = &settings.claims;
    let mut seen = HashSet::new();
    let all =
        [&names.role, &names.department, &names.supervisor, &names.organization, &names.subject, &names.client_id];
    for name in all {
        if name.is_empty() {
            faults.push(SettingsFault::Empty { issuer: issuer(), key: "claims" });
        } else if !seen.insert(name) {
            faults.push(SettingsFault::ClaimTwice { issuer: issuer(), name: name.clone() });
        }
    }
    for (text, _) in settings.role_values.iter().filter(|(_, role)| **role == Role::Public) {
        faults.push(SettingsFault::PublicRole { issuer: issuer(), text: text.clone() });
    }
    faults
}

/// The algorithm of this name (RFC 7518 section 3.1), when it verifies with a public key.
pub(super) fn public_key_algorithm(name: &str) -> Option<Algorithm> {
    match Algorithm::from_str(name) {
        Ok(algorithm) if algorithm.family() != AlgorithmFamily::Hmac => Some(algorithm),
        Ok(_) | Err(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings() -> IssuerSettings {
        toml::from_str("issuer = 'https://id.example'\naudience = 'chengxin'\nkeys = { file = 'keys.json' }").unwrap()
    }

    #[test]
    fn sound_settings_have_no_fault_and_safe_defaults() {
        let settings = settings();
        assert_eq!(faults_of(std::slice::from_ref(&settings)), []);
        assert_eq!(settings.algorithms, ["EdDSA", "ES256"]);
        assert_eq!(settings.keys, KeyOrigin::File(PathBuf::from("keys.json")));
        assert!(
            toml::from_str::<IssuerSettings>("issuer = 'a'\naudience = 'b'\nkeys = { file = 'c' }\nkey = 'd'").is_err()
        );
    }

    #[test]
    fn every_fault_is_named_at_once() {
        let mut bad = settings();
        bad.audience = " ".to_owned();
        bad.algorithms = vec!["HS256".to_owned(), "none".to_owned(), "ES256".to_owned()];
        bad.leeway_seconds = 61;
        bad.claims.subject = "role".to_owned();
        bad.role_values = BTreeMap::from([("anybody".to_owned(), Role::Public)]);
        let mut empty = settings();
        empty.algorithms.clear();
        let text = SettingsFaults(faults_of(&[bad, empty])).to_string();
        insta::assert_snapshot!(text.replace("; ", "\n"), @r"
        issuer `https://id.example`: `audience` is empty
        issuer `https://id.example`: `HS256` is not an algorithm with a public key (ES256, ES384, EdDSA, RS…, PS…)
        issuer `https://id.example`: `none` is not an algorithm with a public key (ES256, ES384, EdDSA, RS…, PS…)
        issuer `https://id.example`: `leeway_seconds` is 61, at most 60 is allowed
        issuer `https://id.example`: two claims are named `role`
        issuer `https://id.example`: `anybody` means `PUBLIC`, but who brings a token is not anybody
        issuer `https://id.example` is configured twice
        issuer `https://id.example`: `algorithms` is empty
        ");
    }
}
