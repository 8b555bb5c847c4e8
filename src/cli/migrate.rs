//! `chengxin migrate`: makes the databases, or brings their tables to this version.

use std::path::PathBuf;

use clap::Args;

use crate::app;
use crate::clock::Ambient;
use crate::config::Config;
use crate::crypto::Keyring;

/// Arguments of `chengxin migrate`.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  chengxin migrate --config chengxin.toml --create-keys")]
pub struct MigrateArgs {
    /// The configuration file.
    #[arg(long, value_name = "FILE")]
    pub config: PathBuf,
    /// Make the key file too, when there is none. Never for a database that another key file belongs to.
    #[arg(long)]
    pub create_keys: bool,
}

/// Makes or migrates both databases and begins the ledger when it has not begun.
pub fn run(arguments: &MigrateArgs, ambient: &Ambient) -> anyhow::Result<()> {
    let config = Config::load(&arguments.config)?;
    if arguments.create_keys && !config.keys.exists() {
        Keyring::create(&config.keys, ambient)?;
    }
    app::migrate(&config, ambient)?;
    Ok(())
}
