//! `chengxin exchange`: packages of records to other platforms and from them, by files.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use indicatif::{ProgressBar, ProgressStyle};

use crate::app::{self, Policies};
use crate::authentication::{self, Authenticator, Caller, RequestHeaders};
use crate::catalogue::Platform;
use crate::clock::Ambient;
use crate::config::Config;
use crate::domain::PurposeCode;
use crate::exchange::gateway::Gateway;
use crate::exchange::platform::report::{Reconciled, Report};
use crate::exchange::platform::{package, plan, receipts, receive, report};

/// What every subcommand wants to know.
#[derive(Debug, Args)]
pub struct Which {
    /// The configuration file.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// The platform's id in `platforms.toml`.
    #[arg(long, value_name = "ID")]
    platform: String,
}

/// Who reads what is sent.
#[derive(Debug, Args)]
pub struct As {
    /// A file with a token that may claim the platform's purpose; for platforms that are given more than the public.
    #[arg(long, value_name = "FILE")]
    token: Option<PathBuf>,
}

/// Subcommands of `chengxin exchange`.
#[derive(Debug, Subcommand)]
pub enum ExchangeCommand {
    /// Write packages of what a platform has not been sent yet (发送).
    #[command(
        after_help = "Example:\n  chengxin exchange send --config chengxin.toml --platform PROVINCE --outbox /srv/exchange/out"
    )]
    Send {
        /// With which platform.
        #[command(flatten)]
        which: Which,
        /// As whom.
        #[command(flatten)]
        who: As,
        /// The folder that the platform fetches packages from.
        #[arg(long, value_name = "DIR")]
        outbox: PathBuf,
        /// Send again what was refused or has no receipt yet, whatever its time.
        #[arg(long)]
        again: bool,
    },
    /// Read the platform's receipts (读回执).
    #[command(
        after_help = "Example:\n  chengxin exchange receipts --config chengxin.toml --platform PROVINCE --inbox /srv/exchange/in"
    )]
    Receipts {
        /// With which platform.
        #[command(flatten)]
        which: Which,
        /// The folder that the platform puts receipts into.
        #[arg(long, value_name = "DIR")]
        inbox: PathBuf,
    },
    /// Take in packages of a platform, and write their receipts (接收).
    #[command(
        after_help = "Example:\n  chengxin exchange receive --config chengxin.toml --platform PROVINCE --inbox /srv/exchange/in --outbox /srv/exchange/out"
    )]
    Receive {
        /// With which platform.
        #[command(flatten)]
        which: Which,
        /// The folder that the platform puts packages into.
        #[arg(long, value_name = "DIR")]
        inbox: PathBuf,
        /// The folder that the platform fetches receipts from.
        #[arg(long, value_name = "DIR")]
        outbox: PathBuf,
    },
    /// Reconcile both sides (对账).
    #[command(
        after_help = "Example:\n  chengxin exchange report --config chengxin.toml --platform PROVINCE --holdings holdings.csv"
    )]
    Report {
        /// With which platform.
        #[command(flatten)]
        which: Which,
        /// As whom.
        #[command(flatten)]
        who: As,
        /// A CSV file of the platform's with the ids (信息标识) that it holds.
        #[arg(long, value_name = "FILE")]
        holdings: Option<PathBuf>,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
}

/// Runs `chengxin exchange`. Fails when something is left that a person has to look at.
pub fn run(command: &ExchangeCommand, ambient: &Ambient, out: &mut impl Write) -> anyhow::Result<()> {
    let (ExchangeCommand::Send { which, .. }
    | ExchangeCommand::Receipts { which, .. }
    | ExchangeCommand::Receive { which, .. }
    | ExchangeCommand::Report { which, .. }) = command;
    let config = Config::load(&which.config)?;
    let gateway = app::gateway(&config, Policies::load(&config.policies)?, ambient)?;
    let known: Vec<&str> = gateway.platforms.iter().map(|platform| platform.id.as_str()).collect();
    let platform = gateway
        .platforms
        .get(&which.platform)
        .with_context(|| format!("`platforms.toml` has no platform `{}`; it has {}", which.platform, known.join(", ")));
    let done = platform.and_then(|platform| {
        let desk = Desk { gateway: &gateway, platform, config: &config, ambient };
        match command {
            ExchangeCommand::Send { who, outbox, again, .. } => desk.send(who, outbox, *again, out),
            ExchangeCommand::Receipts { inbox, .. } => desk.receipts(inbox, out),
            ExchangeCommand::Receive { inbox, outbox, .. } => desk.receive(inbox, outbox, out),
            ExchangeCommand::Report { who, holdings, json, .. } => desk.report(who, (holdings.as_deref(), *json), out),
        }
    });
    gateway.ledger.close();
    done
}

struct Desk<'d> {
    gateway: &'d Arc<Gateway>,
    platform: &'d Platform,
    config: &'d Config,
    ambient: &'d Ambient,
}

impl Desk<'_> {
    /// The caller under whose permit records are read: the public, or whoever the token proves.
    fn caller(&self, who: &As) -> anyhow::Result<Caller> {
        authentication::install_crypto_backend();
        let issuers = self.config.issuers.clone();
        let authenticator = Authenticator::new(issuers, self.ambient.clone()).map_err(|faults| {
            anyhow::Error::msg(faults.0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
        })?;
        let purpose = self.platform.purpose.as_ref();
        let token = match (purpose, &who.token) {
            (None, _) => None,
            (Some(purpose), None) => bail!(
                "`{}` is given what departments share: name a token that may claim `{purpose}` with --token",
                self.platform.id
            ),
            (Some(_), Some(file)) => {
                let text = std::fs::read_to_string(file);
                Some(format!("Bearer {}", text.with_context(|| format!("`{}` cannot be read", file.display()))?.trim()))
            }
        };
        let headers = RequestHeaders {
            authorization: token.iter().map(String::as_bytes).collect(),
            purpose: purpose.map(PurposeCode::as_str),
            ..RequestHeaders::default()
        };
        authenticator.authenticate(&headers).map_err(|refusal| anyhow::anyhow!("the token is refused: {refusal}"))
    }

    fn send(&self, who: &As, outbox: &Path, again: bool, out: &mut impl Write) -> anyhow::Result<()> {
        let caller = self.caller(who)?;
        anyhow::ensure!(outbox.is_dir(), "there is no folder `{}`", outbox.display());
        // What an earlier run has planned and not written to its end comes first, and then what is new.
        self.write_open(&caller, outbox, out)?;
        plan::plan(self.gateway, &caller, self.platform, again)?;
        let written = self.write_open(&caller, outbox, out)?;
        if written == 0 {
            writeln!(out, "{}: nothing new to send", self.platform.id)?;
        }
        Ok(())
    }

    fn write_open(&self, caller: &Caller, outbox: &Path, out: &mut impl Write) -> anyhow::Result<usize> {
        let open = plan::open(self.gateway, self.platform)?;
        let style = ProgressStyle::with_template("{bar:30} {pos}/{len} packages")
            .unwrap_or_else(|_| ProgressStyle::default_bar());
        let bar = ProgressBar::new(open.len() as u64).with_style(style);
        for package in &open {
            let data = package::write(self.gateway, caller, (self.platform, package), outbox)?;
            bar.inc(1);
            writeln!(out, "{}: {} lines of {} in {}", package.name, package.lines, package.item, data.display())?;
        }
        bar.finish_and_clear();
        Ok(open.len())
    }

    fn receipts(&self, inbox: &Path, out: &mut impl Write) -> anyhow::Result<()> {
        let read = receipts::read(self.gateway, self.platform, inbox)?;
        writeln!(
            out,
            "{}: {} receipts read: {} accepted, {} refused, {} about records that were sent anew since",
            self.platform.id, read.packages, read.accepted, read.refused, read.outdated
        )?;
        for unknown in &read.unknown {
            writeln!(out, "{unknown}: no package of ours")?;
        }
        for unreadable in &read.unreadable {
            writeln!(out, "{unreadable}")?;
        }
        anyhow::ensure!(read.unreadable.is_empty(), "some lines cannot be read");
        Ok(())
    }

    fn receive(&self, inbox: &Path, outbox: &Path, out: &mut impl Write) -> anyhow::Result<()> {
        anyhow::ensure!(outbox.is_dir(), "there is no folder `{}`", outbox.display());
        let received = receive::receive(self.gateway, self.platform, inbox, outbox)?;
        writeln!(
            out,
            "{}: {} packages taken in: {} lines accepted, {} refused; receipts are in {}",
            self.platform.id,
            received.packages,
            received.accepted,
            received.refused,
            outbox.display()
        )?;
        for broken in &received.broken {
            writeln!(out, "{broken}")?;
        }
        anyhow::ensure!(received.broken.is_empty(), "some packages are not what their manifest says");
        Ok(())
    }

    fn report(&self, who: &As, (holdings, json): (Option<&Path>, bool), out: &mut impl Write) -> anyhow::Result<()> {
        let caller = self.caller(who)?;
        let report = report::report(self.gateway, &caller, self.platform, holdings)?;
        if json {
            serde_json::to_writer_pretty(&mut *out, &report)?;
            writeln!(out)?;
            return Ok(());
        }
        table(&report, out)
    }
}

fn table(report: &Report, out: &mut impl Write) -> anyhow::Result<()> {
    writeln!(
        out,
        "{:<28}{:>10}{:>10}{:>10}{:>10}{:>10}{:>10}{:>10}",
        report.platform, "可见", "已接收", "已拒收", "待回执", "未发送", "待撤销", "对方缺"
    )?;
    for (item, one) in &report.items {
        let Reconciled { visible, accepted, refused, awaiting, unsent, to_revoke, missing_there } = one;
        let number = |number: &Option<u64>| number.map_or_else(|| "–".to_owned(), |number| number.to_string());
        let there = number(missing_there);
        writeln!(
            out,
            "{item:<28}{visible:>12}{accepted:>13}{refused:>13}{awaiting:>13}{unsent:>13}{to_revoke:>13}{there:>13}"
        )?;
    }
    if let Some(missing) = report.missing_here {
        writeln!(out, "{missing:>10}  held there and not to be seen here (我方缺)")?;
    }
    for (reason, count) in &report.reasons {
        writeln!(out, "{count:>10}  {reason}")?;
    }
    Ok(())
}
