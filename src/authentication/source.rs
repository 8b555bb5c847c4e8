//! Where key sets come from: a file, or HTTPS.
//!
//! Both block. Nothing here is called on an asynchronous worker: see `Authenticator::authenticate_cached`.

use std::fmt::Debug;
use std::fs::File;
use std::io::Read;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use ureq::tls::{PemItem, RootCerts, TlsConfig, parse_pem};

/// The largest key set that is read, in bytes.
const BYTES_MAX: u64 = 256 * 1024;

/// Why a key set could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SourceFault {
    /// A file could not be read.
    #[error("`{path}` cannot be read: {reason}")]
    File {
        /// The file.
        path: String,
        /// What the system said.
        reason: String,
    },
    /// The document is larger than a key set can be.
    #[error("the key set is larger than 256 KiB")]
    TooLarge,
    /// Keys fetched in the clear could be anybody's.
    #[error("`{0}` is neither https nor http on a loopback address")]
    Insecure(String),
    /// A file of certificate authorities holds none.
    #[error("`{0}` holds no certificate in PEM")]
    NoAuthority(String),
    /// The fetch failed.
    #[error("the key set cannot be fetched: {0}")]
    Fetch(String),
}

/// Gives the bytes of a JWK set. May block for some seconds.
pub trait KeySource: Send + Sync + Debug {
    /// Reads the key set as it is now.
    fn fetch(&self) -> Result<Vec<u8>, SourceFault>;
}

/// A key set in a file.
#[derive(Debug)]
pub struct FileSource(PathBuf);

impl FileSource {
    /// The key set in `path`.
    pub fn new(path: PathBuf) -> Self {
        Self(path)
    }
}

impl KeySource for FileSource {
    fn fetch(&self) -> Result<Vec<u8>, SourceFault> {
        let bytes = read_capped(&self.0)?;
        if bytes.len() as u64 > BYTES_MAX { Err(SourceFault::TooLarge) } else { Ok(bytes) }
    }
}

fn read_capped(path: &Path) -> Result<Vec<u8>, SourceFault> {
    let fault =
        |error: std::io::Error| SourceFault::File { path: path.display().to_string(), reason: error.to_string() };
    let mut bytes = Vec::new();
    File::open(path).map_err(fault)?.take(BYTES_MAX + 1).read_to_end(&mut bytes).map_err(fault)?;
    Ok(bytes)
}

/// A key set behind a URL.
#[derive(Debug)]
pub struct UrlSource {
    url: String,
    agent: ureq::Agent,
}

impl UrlSource {
    /// The key set at `url`: `https`, or `http` on a loopback address. `authorities` is a PEM file with the
    /// certificate authorities to believe; without it the public ones are.
    pub fn new(url: &str, authorities: Option<&Path>) -> Result<Self, SourceFault> {
        if !is_secure(url) {
            return Err(SourceFault::Insecure(url.to_owned()));
        }
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let roots = authorities.map_or(Ok(RootCerts::WebPki), read_authorities)?;
        let tls = TlsConfig::builder().unversioned_rustls_crypto_provider(provider).root_certs(roots).build();
        let agent = ureq::Agent::config_builder()
            .tls_config(tls)
            .timeout_connect(Some(Duration::from_secs(2)))
            .timeout_global(Some(Duration::from_secs(5)))
            // A redirect could lead to a host nobody has configured.
            .max_redirects(0)
            .max_redirects_will_error(true)
            .proxy(None)
            .user_agent("chengxin")
            .build()
            .new_agent();
        Ok(Self { url: url.to_owned(), agent })
    }
}

impl KeySource for UrlSource {
    fn fetch(&self) -> Result<Vec<u8>, SourceFault> {
        let request = self.agent.get(&self.url).header("accept", "application/jwk-set+json, application/json");
        let mut response = request.call().map_err(fetch_fault)?;
        // A redirect is an answer like any other here, and not a key set.
        if response.status() != ureq::http::StatusCode::OK {
            return Err(SourceFault::Fetch(format!("the issuer answered {}", response.status())));
        }
        response.body_mut().with_config().limit(BYTES_MAX).read_to_vec().map_err(fetch_fault)
    }
}

fn fetch_fault(error: ureq::Error) -> SourceFault {
    match error {
        ureq::Error::BodyExceedsLimit(_) => SourceFault::TooLarge,
        other => SourceFault::Fetch(other.to_string()),
    }
}

fn read_authorities(path: &Path) -> Result<RootCerts, SourceFault> {
    let bytes = read_capped(path)?;
    let certificates: Vec<_> = parse_pem(&bytes)
        .filter_map(|item| match item {
            Ok(PemItem::Certificate(certificate)) => Some(certificate),
            Ok(_) | Err(_) => None,
        })
        .collect();
    if certificates.is_empty() {
        return Err(SourceFault::NoAuthority(path.display().to_string()));
    }
    Ok(RootCerts::from(certificates))
}

fn is_secure(url: &str) -> bool {
    let Ok(uri) = url.parse::<ureq::http::Uri>() else { return false };
    let host = uri.host().unwrap_or_default();
    let literal = host.trim_start_matches('[').trim_end_matches(']');
    let loopback = literal == "localhost" || literal.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
    match uri.scheme_str() {
        Some("https") => !host.is_empty(),
        Some("http") => loopback,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_travel_encrypted_or_stay_on_the_machine() {
        for url in ["https://id.example/keys", "http://127.0.0.1:8080/keys", "http://[::1]/keys", "http://localhost/k"]
        {
            assert!(UrlSource::new(url, None).is_ok(), "{url}");
        }
        for url in
            ["http://id.example/keys", "http://127.0.0.1.id.example/", "ftp://id.example/", "id.example", "https://"]
        {
            let refused = UrlSource::new(url, None).unwrap_err();
            assert_eq!(refused, SourceFault::Insecure(url.to_owned()));
        }
        assert!(is_secure("HTTPS://id.example/keys"));
    }
}
