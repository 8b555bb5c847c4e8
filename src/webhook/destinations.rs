//! Where events may be sent: hosts that the operator names, and none without. A receiver writes its URL itself; without this list it
//! could have the gateway knock at doors inside the network.

use std::path::PathBuf;

use serde::Deserialize;

use crate::client::{host_of, is_secure};

/// The longest URL, in bytes.
const URL_BYTES_MAX: usize = 500;

/// What the configuration says of webhooks.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WebhookSettings {
    /// The hosts that events may be sent to: a name or an address, or `.example.org` for all names under it.
    #[serde(default)]
    pub hosts: Vec<String>,
    /// A PEM file with the certificate authorities to believe; without it the public ones are.
    pub certificate_authorities: Option<PathBuf>,
}

/// The hosts that events may be sent to.
#[derive(Clone, Debug, Default)]
pub struct Destinations(Vec<String>);

impl Destinations {
    /// These hosts.
    pub fn new(hosts: &[String]) -> Self {
        Self(hosts.iter().map(|host| host.to_ascii_lowercase()).collect())
    }

    /// Why events may not be sent to `url`, if so.
    pub fn refusal(&self, url: &str) -> Option<&'static str> {
        let Some(host) = host_of(url).filter(|_| url.len() <= URL_BYTES_MAX) else {
            return Some("write a URL with `https://`, without a user, of at most 500 bytes");
        };
        if !is_secure(url) {
            return Some("events are sent over https alone");
        }
        let is_named = |named: &String| match named.strip_prefix('.') {
            Some(domain) => host.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.')),
            None => *named == host,
        };
        (!self.0.iter().any(is_named)).then_some("the operator has to name this host first: `[webhooks] hosts`")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_go_to_named_hosts_and_nowhere_else() {
        let hosts = ["push.tax.example".to_owned(), ".city.example".to_owned(), "127.0.0.1".to_owned()];
        let destinations = Destinations::new(&hosts);
        for url in [
            "https://push.tax.example/chengxin",
            "https://PUSH.tax.example:8443/",
            "https://a.b.city.example/",
            "http://127.0.0.1:9000/in",
        ] {
            assert_eq!(destinations.refusal(url), None, "{url}");
        }
        for url in [
            "http://push.tax.example/",
            "https://tax.example/",
            "https://evil.push.tax.example/",
            "https://city.example/",
            "https://evilcity.example/",
            "https://push.tax.example@evil.example/",
            "http://127.0.0.2/",
            "http://[::1]/",
            "file:///etc/passwd",
            "",
        ] {
            assert!(destinations.refusal(url).is_some(), "{url}");
        }
        assert!(Destinations::default().refusal("https://push.tax.example/").is_some(), "nothing is named");
    }
}
