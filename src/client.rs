//! HTTP clients for what the gateway asks of others: key sets, cosignatures, and the events it sends. All block.
//!
//! Deliberately absent: redirects, which could lead to a host nobody has configured, and proxies of the environment.

use std::fs::File;
use std::io::Read;
use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use ureq::tls::{PemItem, RootCerts, TlsConfig, parse_pem};

/// The largest file of certificate authorities that is read, in bytes.
const AUTHORITIES_BYTES_MAX: u64 = 1 << 20;

/// Why a client cannot be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClientFault {
    /// The file of certificate authorities cannot be read.
    #[error("`{path}` cannot be read: {reason}")]
    File {
        /// The file.
        path: String,
        /// What the system said.
        reason: String,
    },
    /// It holds none.
    #[error("`{0}` holds no certificate in PEM")]
    NoAuthority(String),
}

/// How long a client waits.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// For a connection.
    pub connect: Duration,
    /// For the whole answer.
    pub whole: Duration,
}

/// A client. `authorities` is a PEM file with the certificate authorities to believe; without it the public ones are. An answer of any
/// status is an answer.
pub fn agent(patience: Patience, authorities: Option<&Path>) -> Result<ureq::Agent, ClientFault> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let roots = authorities.map_or(Ok(RootCerts::WebPki), read_authorities)?;
    let tls = TlsConfig::builder().unversioned_rustls_crypto_provider(provider).root_certs(roots).build();
    Ok(ureq::Agent::config_builder()
        .tls_config(tls)
        .timeout_connect(Some(patience.connect))
        .timeout_global(Some(patience.whole))
        .max_redirects(0)
        .max_redirects_will_error(false)
        .http_status_as_error(false)
        .proxy(None)
        .user_agent("chengxin")
        .build()
        .new_agent())
}

fn read_authorities(path: &Path) -> Result<RootCerts, ClientFault> {
    let fault =
        |error: std::io::Error| ClientFault::File { path: path.display().to_string(), reason: error.to_string() };
    let mut bytes = Vec::new();
    File::open(path).map_err(fault)?.take(AUTHORITIES_BYTES_MAX).read_to_end(&mut bytes).map_err(fault)?;
    let certificates: Vec<_> = parse_pem(&bytes)
        .filter_map(|item| match item {
            Ok(PemItem::Certificate(certificate)) => Some(certificate),
            Ok(_) | Err(_) => None,
        })
        .collect();
    if certificates.is_empty() {
        return Err(ClientFault::NoAuthority(path.display().to_string()));
    }
    Ok(RootCerts::from(certificates))
}

/// The host of an `http` or `https` URL that names no user: lower case, IPv6 without brackets.
pub fn host_of(url: &str) -> Option<String> {
    let uri = url.parse::<ureq::http::Uri>().ok()?;
    let is_web = matches!(uri.scheme_str(), Some("http" | "https"));
    let names_nobody = !uri.authority()?.as_str().contains('@');
    let host = uri.host()?.trim_start_matches('[').trim_end_matches(']').to_ascii_lowercase();
    (is_web && names_nobody && !host.is_empty()).then_some(host)
}

/// Whether a URL is of a site as a whole: scheme and host, without path.
pub fn is_site(url: &str) -> bool {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    host_of(url).is_some() && rest.is_some_and(|rest| !rest.contains(['/', '?', '#']))
}

/// Whether what is exchanged under a URL is encrypted, or stays on this machine.
pub fn is_secure(url: &str) -> bool {
    let Some(host) = host_of(url) else { return false };
    let is_loopback = host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
    url.parse::<ureq::http::Uri>().is_ok_and(|uri| uri.scheme_str() == Some("https")) || is_loopback
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_exchanged_travels_encrypted_or_stays_on_the_machine() {
        for url in [
            "https://id.example/keys",
            "HTTPS://id.example/keys",
            "http://127.0.0.1:8080/keys",
            "http://[::1]/keys",
            "http://localhost/k",
        ] {
            assert!(is_secure(url), "{url}");
        }
        for url in [
            "http://id.example/keys",
            "http://127.0.0.1.id.example/",
            "ftp://id.example/",
            "id.example",
            "https://",
            "http://127.0.0.1@id.example/",
            "https://user:word@id.example/",
        ] {
            assert!(!is_secure(url), "{url}");
        }
        assert!(is_site("https://credit.example") && is_site("http://127.0.0.1:8080"));
        for url in [
            "credit.example",
            "https://",
            "https://credit.example/x",
            "https://credit.example?x",
            "ftp://credit.example",
        ] {
            assert!(!is_site(url), "{url}");
        }
        assert_eq!(host_of("https://ID.Example:8443/x").as_deref(), Some("id.example"));
        assert_eq!(host_of("http://[::1]:80/").as_deref(), Some("::1"));
    }

    #[test]
    fn a_file_without_a_certificate_makes_no_client() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("authorities.pem");
        std::fs::write(&file, "nothing").unwrap();
        let patience = Patience { connect: Duration::from_secs(1), whole: Duration::from_secs(1) };
        assert!(matches!(agent(patience, Some(&file)), Err(ClientFault::NoAuthority(_))));
        assert!(matches!(agent(patience, Some(&folder.path().join("none"))), Err(ClientFault::File { .. })));
    }
}
