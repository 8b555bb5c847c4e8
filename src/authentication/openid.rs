//! Logging in with an OpenID provider (OpenID Connect Core 1.0): the authorization code flow with PKCE, state and nonce.
//!
//! The identity token that comes of it is verified by the `Authenticator`, as any token of that issuer is. Deliberately
//! absent: access to the provider's other interfaces, refresh tokens, users of our own. Everything here blocks.

use std::path::Path;
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use oauth2::basic::{
    BasicErrorResponse, BasicRevocationErrorResponse, BasicTokenIntrospectionResponse, BasicTokenType,
};
use oauth2::{
    AuthUrl, AuthorizationCode, Client, ClientId, ClientSecret, CsrfToken, EndpointNotSet, EndpointSet,
    ExtraTokenFields, HttpRequest, HttpResponse, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, Scope,
    StandardRevocableToken, StandardTokenResponse, TokenUrl,
};
use parking_lot::Mutex;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use crate::client::{self, ClientFault, Patience};

/// The largest answer of a provider that is read, in bytes.
const BYTES_MAX: u64 = 256 * 1024;

/// With whom people log in.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LoginSettings {
    /// The provider: an issuer that is configured as one of tokens, with `client_id` as its audience.
    pub issuer: String,
    /// What the provider calls us.
    pub client_id: String,
    /// The secret that it gave us; none for a public client.
    #[serde(default)]
    pub client_secret: Option<SecretString>,
    /// What is asked for beside `openid`, such as the scope that brings role and department.
    #[serde(default)]
    pub scopes: Vec<String>,
    /// How long a session lasts without being used, in minutes.
    #[serde(default = "default_idle")]
    pub idle_minutes: u32,
    /// How long it lasts at most, in hours.
    #[serde(default = "default_absolute")]
    pub absolute_hours: u32,
}

fn default_idle() -> u32 {
    30
}

fn default_absolute() -> u32 {
    8
}

/// Why nobody could be logged in. No text holds a code, a token or a secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpenIdFault {
    /// The provider's address is neither https nor on a loopback address.
    #[error("`{0}` is neither https nor http on a loopback address")]
    Insecure(String),
    /// No client can be made.
    #[error(transparent)]
    Client(#[from] ClientFault),
    /// The provider does not say what it must, or not at all.
    #[error("the provider cannot be asked: {0}")]
    Provider(String),
    /// It did not take the code.
    #[error("the provider did not take the code: {0}")]
    Refused(String),
}

/// What a provider says of itself (OpenID Connect Discovery 1.0).
#[derive(Clone, Debug, Deserialize)]
struct Discovered {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    #[serde(default)]
    end_session_endpoint: Option<String>,
}

/// What is known of the provider.
#[derive(Debug, Default)]
struct Known {
    found: Option<Discovered>,
    /// When it did not answer last.
    failed_at: Option<std::time::Instant>,
    /// How many ask it now.
    asking: u8,
}

/// How long it is left alone after it did not answer.
const QUIET: Duration = Duration::from_secs(3);
/// How many ask it at once.
const ASKING_MAX: u8 = 4;

/// The identity token beside the access token.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct IdToken {
    id_token: String,
}

impl ExtraTokenFields for IdToken {}

type TokenResponse = StandardTokenResponse<IdToken, BasicTokenType>;
type Party = Client<
    BasicErrorResponse,
    TokenResponse,
    BasicTokenIntrospectionResponse,
    StandardRevocableToken,
    BasicRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointSet,
>;

/// What binds an answer of the provider to the browser that began: fresh for each log-in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binding {
    /// Comes back with the code.
    pub state: String,
    /// Comes back within the identity token.
    pub nonce: String,
    /// Proves that the code is redeemed by whoever asked for it (RFC 7636): 43 characters at least.
    pub verifier: String,
}

/// A relying party of one provider.
#[derive(Debug)]
pub struct OpenId {
    settings: LoginSettings,
    agent: ureq::Agent,
    discovered: Mutex<Known>,
}

impl OpenId {
    /// A relying party. `authorities` is a PEM file with the certificate authorities to believe. The provider is asked
    /// when somebody logs in, not now.
    pub fn new(settings: LoginSettings, authorities: Option<&Path>) -> Result<Self, OpenIdFault> {
        if !client::is_secure(&settings.issuer) {
            return Err(OpenIdFault::Insecure(settings.issuer));
        }
        let patience = Patience { connect: Duration::from_secs(2), whole: Duration::from_secs(5) };
        let agent = client::agent(patience, authorities)?;
        Ok(Self { settings, agent, discovered: Mutex::new(Known::default()) })
    }

    /// The settings.
    pub fn settings(&self) -> &LoginSettings {
        &self.settings
    }

    /// Where the browser goes to log in.
    pub fn authorization_url(&self, redirect: &str, binding: &Binding) -> Result<String, OpenIdFault> {
        let verifier = PkceCodeVerifier::new(binding.verifier.clone());
        let state = CsrfToken::new(binding.state.clone());
        let party = self.party(redirect)?;
        let mut request = party
            .authorize_url(|| state)
            .set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier))
            .add_extra_param("nonce", binding.nonce.as_str())
            .add_scope(Scope::new("openid".to_owned()));
        for scope in &self.settings.scopes {
            request = request.add_scope(Scope::new(scope.clone()));
        }
        Ok(request.url().0.to_string())
    }

    /// Redeems a code for an identity token, which nobody has verified yet.
    pub fn redeem(&self, redirect: &str, code: String, binding: &Binding) -> Result<String, OpenIdFault> {
        let party = self.party(redirect)?;
        let request = party
            .exchange_code(AuthorizationCode::new(code))
            .set_pkce_verifier(PkceCodeVerifier::new(binding.verifier.clone()));
        let answer: TokenResponse = request
            .request(&|request: HttpRequest| self.send(request))
            .map_err(|error| OpenIdFault::Refused(reason(&error)))?;
        Ok(answer.extra_fields().id_token.clone())
    }

    /// Where the browser goes to log out of the provider too (RP-Initiated Logout 1.0); `None` when it has no such place.
    pub fn end_session_url(&self, then: &str) -> Option<String> {
        let end = self.discover().ok()?.end_session_endpoint?;
        let encoded =
            |text: &str| percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string();
        let separator = if end.contains('?') { '&' } else { '?' };
        let client = encoded(&self.settings.client_id);
        Some(format!("{end}{separator}client_id={client}&post_logout_redirect_uri={}", encoded(then)))
    }

    fn party(&self, redirect: &str) -> Result<Party, OpenIdFault> {
        let found = self.discover()?;
        let unreadable = |error: oauth2::url::ParseError| OpenIdFault::Provider(error.to_string());
        let party = Client::new(ClientId::new(self.settings.client_id.clone()))
            .set_auth_uri(AuthUrl::new(found.authorization_endpoint).map_err(unreadable)?)
            .set_token_uri(TokenUrl::new(found.token_endpoint).map_err(unreadable)?)
            .set_redirect_uri(RedirectUrl::new(redirect.to_owned()).map_err(unreadable)?);
        Ok(match &self.settings.client_secret {
            Some(secret) => party.set_client_secret(ClientSecret::new(secret.expose_secret().to_owned())),
            None => party,
        })
    }

    /// What the provider says of itself; asked once. After a failure, or while others ask, nobody waits behind them.
    fn discover(&self) -> Result<Discovered, OpenIdFault> {
        let later = || OpenIdFault::Provider("it did not answer a moment ago, or is being asked".to_owned());
        {
            let mut known = self.discovered.lock();
            if let Some(found) = &known.found {
                return Ok(found.clone());
            }
            let is_quiet = known.failed_at.is_some_and(|at| at.elapsed() < QUIET);
            if is_quiet || known.asking >= ASKING_MAX {
                return Err(later());
            }
            known.asking += 1;
        }
        let answer = self.ask();
        let mut known = self.discovered.lock();
        known.asking -= 1;
        known.failed_at = answer.is_err().then(std::time::Instant::now);
        let found = answer?;
        known.found = Some(found.clone());
        Ok(found)
    }

    fn ask(&self) -> Result<Discovered, OpenIdFault> {
        let url = format!("{}/.well-known/openid-configuration", self.settings.issuer.trim_end_matches('/'));
        let fault = |error: ureq::Error| OpenIdFault::Provider(error.to_string());
        let mut response = self.agent.get(&url).header("accept", "application/json").call().map_err(fault)?;
        if response.status() != ureq::http::StatusCode::OK {
            return Err(OpenIdFault::Provider(format!("it answered {}", response.status())));
        }
        let bytes = response.body_mut().with_config().limit(BYTES_MAX).read_to_vec().map_err(fault)?;
        let found: Discovered =
            serde_json::from_slice(&bytes).map_err(|error| OpenIdFault::Provider(error.to_string()))?;
        if found.issuer != self.settings.issuer {
            return Err(OpenIdFault::Provider("it names another issuer".to_owned()));
        }
        for endpoint in [&found.authorization_endpoint, &found.token_endpoint] {
            if !client::is_secure(endpoint) {
                return Err(OpenIdFault::Insecure(endpoint.clone()));
            }
        }
        Ok(found)
    }

    fn send(&self, request: HttpRequest) -> Result<HttpResponse, ureq::Error> {
        let mut response = self.agent.run(request)?;
        let body = response.body_mut().with_config().limit(BYTES_MAX).read_to_vec()?;
        let (parts, _) = response.into_parts();
        Ok(HttpResponse::from_parts(parts, body))
    }
}

/// Why a code was not taken, without it.
fn reason<E: std::error::Error>(error: &oauth2::RequestTokenError<E, BasicErrorResponse>) -> String {
    match error {
        oauth2::RequestTokenError::ServerResponse(response) => response.error().to_string(),
        oauth2::RequestTokenError::Request(error) => error.to_string(),
        oauth2::RequestTokenError::Parse(..) => "its answer cannot be read".to_owned(),
        oauth2::RequestTokenError::Other(text) => text.clone(),
    }
}

/// What binds an identity token that was verified: to a log-in here, and to a session at the provider.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Bound {
    /// Of which log-in it is.
    #[serde(default)]
    pub nonce: Option<String>,
    /// Of which session at the provider; not every provider says.
    #[serde(default)]
    pub sid: Option<String>,
}

impl Bound {
    /// Reads it; nothing binds what cannot be read.
    pub fn of(id_token: &str) -> Self {
        let payload = id_token.split('.').nth(1).and_then(|part| BASE64_URL_SAFE_NO_PAD.decode(part).ok());
        payload.and_then(|payload| serde_json::from_slice(&payload).ok()).unwrap_or_default()
    }
}
