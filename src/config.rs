//! Settings: one TOML file, parsed into final types, unknown keys refused, all faults told at once.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Deserialize;

use crate::authentication::{IssuerSettings, KeyOrigin, LoginSettings};
use crate::graphql::media::Statuses;
use crate::ledger::LedgerSettings;
use crate::ledger::disk::{DiskSettings, SystemVolume};
use crate::webhook::WebhookSettings;
use crate::witness::collector::WitnessSettings;

/// The settings of a gateway.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Where to listen.
    #[serde(default = "default_listen")]
    pub listen: SocketAddr,
    /// Worker threads; two at least.
    #[serde(default = "default_workers")]
    pub workers: usize,
    /// The ledger's origin: a URL without scheme, such as `ledger.dongying.example/chengxin`.
    pub origin: String,
    /// The registry: `sqlite:PATH` or `postgres://…`.
    pub registry: String,
    /// The ledger: `sqlite:PATH`, a file of its own, or `postgres://…`.
    pub ledger: String,
    /// Connections to each database.
    #[serde(default = "default_pool")]
    pub connections: u32,
    /// The file that keeps the newest checkpoint outside of the ledger's database, on another volume if possible;
    /// `ledger.highwater` beside the key file when absent.
    pub high_water: Option<PathBuf>,
    /// The folder of bundles that auditors order over HTTP; none are made when absent. A bundle of a million entries takes some
    /// gigabytes, twice over while it is made.
    pub exports: Option<PathBuf>,
    /// The folder of policies: catalogue, departments, rules, calendar, purposes, limits, Cedar.
    pub policies: PathBuf,
    /// The key file.
    pub keys: PathBuf,
    /// The issuers of tokens.
    #[serde(default, rename = "issuer")]
    pub issuers: Vec<IssuerSettings>,
    /// Where the gateway is to be found, such as `https://credit.dongying.example`: it stands in the code of printed reports.
    /// The name that a page was asked under when absent.
    pub public_url: Option<String>,
    /// With whom people log in to the desks; nobody does when absent.
    #[serde(default)]
    pub login: Option<LoginSettings>,
    /// Networks of proxies whose `X-Forwarded-For` is believed.
    #[serde(default)]
    pub trusted_proxies: Vec<String>,
    /// Which edition of the GraphQL-over-HTTP status codes answers carry.
    #[serde(default)]
    pub statuses: Statuses,
    /// How much room the ledger needs on its volume, when it stands in a file of this machine.
    #[serde(default)]
    pub disk: DiskConfig,
    /// Witnesses that are asked to cosign checkpoints.
    #[serde(default, rename = "witness")]
    pub witnesses: Vec<WitnessSettings>,
    /// Whether the schema is served as a Federation 2 subgraph too, at `/subgraph`.
    #[serde(default)]
    pub subgraph: bool,
    /// Where events may be sent; nowhere when absent.
    #[serde(default)]
    pub webhooks: WebhookSettings,
    /// Items whose collection needs a law, each with the law that is relied on.
    #[serde(default)]
    pub collection_basis: BTreeMap<String, String>,
}

/// From when on a full disk is told of, and from when on the ledger is closed. In MiB.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DiskConfig {
    /// With less free the ledger is degraded: it works, and says so.
    pub warn_below_mib: u64,
    /// With less free the ledger is closed.
    pub close_below_mib: u64,
    /// Taken at the start and given back when the ledger is closed, so that it can end in order.
    pub ballast_mib: u64,
}

impl Default for DiskConfig {
    fn default() -> Self {
        Self { warn_below_mib: 1024, close_below_mib: 256, ballast_mib: 64 }
    }
}

fn default_listen() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 8080))
}

fn default_workers() -> usize {
    2
}

fn default_pool() -> u32 {
    8
}

/// Why the settings cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("`{path}` cannot be read: {cause}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        cause: std::io::Error,
    },
    /// The file is not what it must be.
    #[error("`{path}`: {cause}")]
    Malformed {
        /// The file.
        path: PathBuf,
        /// Where and what.
        cause: Box<toml::de::Error>,
    },
}

impl Config {
    /// Reads the settings from a file. Relative paths in it are taken from the file's folder.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        let text =
            std::fs::read_to_string(path).map_err(|cause| ConfigError::Unreadable { path: path.to_owned(), cause })?;
        let mut config: Self = toml::from_str(&text)
            .map_err(|cause| ConfigError::Malformed { path: path.to_owned(), cause: Box::new(cause) })?;
        let folder = path.parent().unwrap_or(Path::new("."));
        config.policies = folder.join(&config.policies);
        config.keys = folder.join(&config.keys);
        config.high_water = config.high_water.map(|path| folder.join(path));
        config.exports = config.exports.map(|path| folder.join(path));
        for issuer in &mut config.issuers {
            if let KeyOrigin::File(path) = &mut issuer.keys {
                *path = folder.join(&path);
            }
            if let Some(path) = &mut issuer.certificate_authorities {
                *path = folder.join(&path);
            }
        }
        let authorities = config.webhooks.certificate_authorities.as_ref();
        config.webhooks.certificate_authorities = authorities.map(|path| folder.join(path));
        config.public_url = config.public_url.map(|url| url.trim_end_matches('/').to_owned());
        config.registry = in_folder(folder, &config.registry);
        config.ledger = in_folder(folder, &config.ledger);
        Ok(config)
    }
}

impl Config {
    /// How the ledger works.
    pub fn ledger_settings(&self) -> LedgerSettings {
        let high_water = self.high_water.clone().unwrap_or_else(|| self.keys.with_file_name("ledger.highwater"));
        LedgerSettings { high_water: Some(high_water), disk: self.disk_settings(), ..LedgerSettings::default() }
    }

    fn disk_settings(&self) -> Option<DiskSettings> {
        let file = Path::new(self.ledger.strip_prefix("sqlite:")?);
        let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let DiskConfig { warn_below_mib, close_below_mib, ballast_mib } = self.disk;
        let bytes = |mib: u64| mib.saturating_mul(1024 * 1024);
        Some(DiskSettings {
            folder: folder.to_owned(),
            warn_below: bytes(warn_below_mib),
            close_below: bytes(close_below_mib),
            ballast: bytes(ballast_mib),
            volume: Arc::new(SystemVolume),
        })
    }
}

fn in_folder(folder: &Path, url: &str) -> String {
    match url.strip_prefix("sqlite:") {
        Some(path) => format!("sqlite:{}", folder.join(path).display()),
        None => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_key_is_refused_with_its_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("chengxin.toml");
        std::fs::write(&path, "origin = \"x\"\nregistri = \"sqlite:a\"\n").unwrap();
        let error = Config::load(&path).unwrap_err().to_string();
        assert!(error.contains("registri") && error.contains("line 2"), "{error}");
    }

    #[test]
    fn paths_are_taken_from_the_files_folder() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("chengxin.toml");
        let text =
            "origin = \"x\"\nregistry = \"sqlite:r.db\"\nledger = \"postgres://h/d\"\npolicies = \"p\"\nkeys = \"k\"\n";
        std::fs::write(&path, text).unwrap();
        let config = Config::load(&path).unwrap();
        assert_eq!(config.policies, folder.path().join("p"));
        assert_eq!(config.registry, format!("sqlite:{}", folder.path().join("r.db").display()));
        assert_eq!(config.ledger, "postgres://h/d");
    }
}
