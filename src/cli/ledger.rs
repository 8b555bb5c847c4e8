//! `chengxin ledger`: export, offline verification, the newest checkpoint.

mod expire;
mod export;
mod recover;
mod verify;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use clap::{Args, Subcommand};

use crate::app;
use crate::clock::Ambient;
use crate::config::Config;
use crate::crypto::Keyring;
use crate::ledger::LedgerKeys;
use crate::store::{Database, MigrationSet};

pub use expire::ExpireArgs;
pub use export::{ExportArgs, Format};
pub use recover::RecoverArgs;
pub use verify::{VerifyArgs, VerifyReceiptArgs};

/// Subcommands of `chengxin ledger`.
#[derive(Debug, Subcommand)]
pub enum LedgerCommand {
    /// Write the entries to a bundle or a file, with the checkpoint that covers them. The export is an entry itself.
    Export(ExportArgs),
    /// Check a bundle, a file, or the database itself: signatures, tree and every leaf.
    Verify(VerifyArgs),
    /// Check a receipt, and with a proof that its entry stands in the ledger.
    VerifyReceipt(VerifyReceiptArgs),
    /// Destroy the keys of months whose bodies have been kept long enough, and remove the bodies.
    Expire(ExpireArgs),
    /// Go on with a database that was put back: under another name, acknowledged by two persons.
    Recover(RecoverArgs),
    /// Print the newest signed checkpoint and the keys to verify with.
    Checkpoint(CheckpointArgs),
}

/// Arguments of `chengxin ledger checkpoint`.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  chengxin ledger checkpoint --config chengxin.toml")]
pub struct CheckpointArgs {
    /// The configuration file.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
}

/// Runs a subcommand.
pub fn run(command: &LedgerCommand, ambient: &Ambient, out: &mut impl Write) -> anyhow::Result<ExitCode> {
    match command {
        LedgerCommand::Export(arguments) => export::run(arguments, ambient, out).map(|()| ExitCode::SUCCESS),
        LedgerCommand::Verify(arguments) => verify::run(arguments, ambient, out),
        LedgerCommand::VerifyReceipt(arguments) => verify::run_receipt(arguments, out),
        LedgerCommand::Expire(arguments) => expire::run(arguments, ambient, out).map(|()| ExitCode::SUCCESS),
        LedgerCommand::Recover(arguments) => recover::run(arguments, ambient, out).map(|()| ExitCode::SUCCESS),
        LedgerCommand::Checkpoint(arguments) => checkpoint(arguments, ambient, out).map(|()| ExitCode::SUCCESS),
    }
}

struct Opened {
    database: Database,
    keys: LedgerKeys,
    config: Config,
}

fn open(config: &Path, ambient: &Ambient) -> anyhow::Result<Opened> {
    let config = Config::load(config)?;
    let keyring = Keyring::load(&config.keys)?;
    let database = Database::open(&config.ledger, MigrationSet::Ledger, 2)?;
    let keys = app::ledger_keys(&config.origin, &keyring, &database, ambient)?;
    Ok(Opened { database, keys, config })
}

fn checkpoint(arguments: &CheckpointArgs, ambient: &Ambient, out: &mut impl Write) -> anyhow::Result<()> {
    let Opened { database, keys, .. } = open(&arguments.config, ambient)?;
    let newest = database.read(crate::store::ledger::tree::latest_checkpoint)?;
    let note = newest.context("the ledger has no checkpoint yet")?.note;
    write!(out, "{note}")?;
    eprintln!("checkpoint key: {}\nreceipt key:    {}", keys.log(), keys.receipts());
    Ok(())
}
