//! The demo's folder: private files, written whole or not at all.

use std::fs;
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

use anyhow::Context;

use crate::authentication::{DemoIssuer, KEY_SET_FILE};

/// Makes a folder that its owner alone may enter; one that is there already is left as it is.
pub fn make_private_folder(folder: &Path) -> anyhow::Result<()> {
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .with_context(|| format!("`{}` cannot be made", folder.display()))
}

/// Writes a file with mode 0600, by rename: nobody sees half of it.
pub fn write_whole(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let part = path.with_extension("part");
    let write = || {
        let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&part)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&part, path)
    };
    write().with_context(|| format!("`{}` cannot be written", path.display()))
}

/// The configuration of the demo, which the other subcommands take too. Paths are relative to its folder.
pub fn configuration(issuer: &DemoIssuer) -> String {
    let settings = issuer.settings();
    format!(
        r#"# Made by `chengxin demo`. The other subcommands take it with --config.
origin = "demo.chengxin.example/ledger"
registry = "sqlite:registry.db"
ledger = "sqlite:ledger.db"
policies = "policies"
keys = "keys.json"
exports = "exports"
workers = 2

[webhooks]
hosts = ["127.0.0.1"]

[[issuer]]
issuer = "{}"
audience = "{}"
keys = {{ file = "issuer/{}" }}

# The sample shows the strictest rules. Outside a demo, name the law that permits collecting such data.
[collection_basis]
practitioner-health-certificate = "synthetic sample"
religious-personnel-filing = "synthetic sample"
"#,
        settings.issuer, settings.audience, KEY_SET_FILE
    )
}
