//! `chengxin ledger recover`.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use clap::Args;

use super::Opened;
use crate::cli::approval::two_voices;
use crate::clock::Ambient;
use crate::ledger::recover::{Acknowledgement, Recovered, keep, loss, recover, unfinished};
use crate::ledger::{Expectation, LedgerKeys, verify_database};
use crate::store::Database;

/// Arguments of `chengxin ledger recover`.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  chengxin ledger recover --config chengxin.toml --reason 'Disk lost, copy of 02:00 put back' \
                  \\\n    --approval auditor.token --approval security.token\n\n\
                  For a gateway that does not start because of LEDGER_ROLLBACK or LEDGER_FORK, when no better copy is left. Stop \
                  every gateway first. The ledger goes on under the name ORIGIN/e2: tell witnesses and auditors, whose policies \
                  name the old one."
)]
pub struct RecoverArgs {
    /// The configuration file.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// Why the database does not hold all that was signed. Goes into the entry, sealed.
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// A file with the token of somebody who agrees; twice, two persons of two roles among auditor, coordinator and security
    /// administrator.
    #[arg(long, value_name = "FILE", required_unless_present = "rehearse")]
    approval: Vec<PathBuf>,
    /// The checkpoint that the database contradicts, such as one that a witness holds; the one in the file of `high_water` when
    /// absent.
    #[arg(long, value_name = "FILE")]
    checkpoint: Option<PathBuf>,
    /// Say what was lost, and do nothing.
    #[arg(long)]
    rehearse: bool,
}

pub(super) fn run(arguments: &RecoverArgs, ambient: &Ambient, out: &mut impl Write) -> anyhow::Result<()> {
    let Opened { database, keys, config } = super::open(&arguments.config, ambient)?;
    let file =
        config.ledger_settings().high_water.context("the configuration names no place for the newest checkpoint")?;
    let kept = text(arguments.checkpoint.as_deref().unwrap_or(&file))?;
    ensure!(
        !arguments.reason.trim().is_empty(),
        "`--reason` is empty: say why the database does not hold all that was signed"
    );
    if let Some(checkpoint) = unfinished(&database, &kept)? {
        keep(&file, &kept, &checkpoint)?;
        writeln!(out, "recovered already: the first checkpoint of {} is kept now", keys.log().name())?;
        return Ok(());
    }
    let lost = loss(&database, &keys, &kept)?;
    writeln!(out, "signed      {} entries, by the checkpoint that was kept", lost.kept)?;
    writeln!(out, "stored      {} entries", lost.stored)?;
    assert_sound(&database, &keys)?;
    if arguments.rehearse {
        writeln!(out, "rehearsed   nothing was done")?;
        return Ok(());
    }
    let [one, other] = two_voices(&arguments.approval, &config, ambient)?;
    let reason = arguments.reason.trim();
    let acknowledgement = Acknowledgement { kept: &kept, reason, voices: [&one, &other] };
    let Recovered { keys: next, index, checkpoint } = recover(&database, &keys, ambient, acknowledgement)?;
    keep(&file, &kept, &checkpoint)?;
    writeln!(out, "recovered   as {}, acknowledged by entry {index}", next.log().name())?;
    writeln!(out, "key         {}", next.log())?;
    Ok(())
}

/// What goes on must at least agree with itself, from the first entry to the last.
fn assert_sound(database: &Database, keys: &LedgerKeys) -> anyhow::Result<()> {
    let expectation = Expectation { log: Some(keys.log().clone()), ..Expectation::default() };
    let report = verify_database(database, &expectation, Some(keys.bodies()))?;
    ensure!(report.fault_count == 0, "the database contradicts itself, so it is no true copy either:\n{report}");
    Ok(())
}

fn text(path: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("`{}` cannot be read", path.display()))
}
