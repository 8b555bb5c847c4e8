//! `chengxin ledger expire`.

use std::io::Write;
use std::path::PathBuf;

use clap::Args;

use super::Opened;
use crate::clock::Ambient;
use crate::ledger::Ledger;
use crate::ledger::retention::{Retention, expire_blocking};

/// Arguments of `chengxin ledger expire`.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  chengxin ledger expire --config chengxin.toml --by 'Li, operations' --rehearse\n\n\
                  What is kept how long stands in `retention.toml` in the folder of policies. Once a month is enough."
)]
pub struct ExpireArgs {
    /// The configuration file.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// Who asks for it. Goes into the entries, sealed.
    #[arg(long, value_name = "NAME")]
    by: String,
    /// Say what would be done, and do nothing.
    #[arg(long)]
    rehearse: bool,
}

pub(super) fn run(arguments: &ExpireArgs, ambient: &Ambient, out: &mut impl Write) -> anyhow::Result<()> {
    let Opened { database, keys, config } = super::open(&arguments.config, ambient)?;
    let retention = Retention::load(&config.policies.join("retention.toml"))?;
    let ledger = Ledger::open(database, keys, ambient.clone(), &config.ledger_settings())?;
    let by = Some(arguments.by.as_str()).filter(|_| !arguments.rehearse);
    let expired = expire_blocking(&ledger, retention, ambient.today(), by);
    ledger.close();
    let expired = expired?;
    for one in &expired {
        match by {
            Some(_) => writeln!(out, "{}: key destroyed, {} bodies removed", one.period, one.bodies)?,
            None => writeln!(out, "{}: would be destroyed", one.period)?,
        }
    }
    if expired.is_empty() {
        writeln!(out, "nothing is older than {} months", retention.body_months)?;
    }
    Ok(())
}
