//! `chengxin rules`: publication windows computed anew under the rule pack in force today.

use std::io::Write;
use std::path::PathBuf;

use anyhow::bail;
use clap::{Args, Subcommand};

use crate::app::{self, Policies};
use crate::clock::Ambient;
use crate::config::Config;
use crate::exchange::recompute;

/// Subcommands of `chengxin rules`.
#[derive(Debug, Subcommand)]
pub enum RulesCommand {
    /// Compute every record's windows again: after a rule pack has changed, or a new one began.
    Recompute(RecomputeArgs),
}

/// Arguments of `chengxin rules recompute`.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  chengxin rules recompute --config chengxin.toml")]
pub struct RecomputeArgs {
    /// The configuration file.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
}

/// Runs a subcommand.
pub fn run(command: &RulesCommand, ambient: &Ambient, out: &mut impl Write) -> anyhow::Result<()> {
    let RulesCommand::Recompute(arguments) = command;
    let config = Config::load(&arguments.config)?;
    let gateway = app::gateway(&config, Policies::load(&config.policies)?, ambient)?;
    let done = recompute::recompute(&gateway, |so_far| {
        if so_far.records % 50_000 == 0 {
            eprintln!("{} records, {} changed", so_far.records, so_far.changed);
        }
    });
    gateway.ledger.close();
    match done {
        Ok(done) => Ok(writeln!(out, "{} records, {} with other windows than before", done.records, done.changed)?),
        Err(fault) => bail!("the windows were not all computed: {fault:?}"),
    }
}
