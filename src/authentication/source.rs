//! Where key sets come from: a file, or HTTPS.
//!
//! Both block. Nothing here is called on an asynchronous worker: see `Authenticator::authenticate_cached`.

use std::fmt::Debug;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::client::{self, ClientFault, Patience};

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
    /// No client can be made to fetch it with.
    #[error(transparent)]
    Client(#[from] ClientFault),
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
        if !client::is_secure(url) {
            return Err(SourceFault::Insecure(url.to_owned()));
        }
        let patience = Patience { connect: Duration::from_secs(2), whole: Duration::from_secs(5) };
        let agent = client::agent(patience, authorities)?;
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
    }
}
