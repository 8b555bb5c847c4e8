//! `chengxin ledger`: export, offline verification, the newest checkpoint.

use std::fs::File;
use std::io::{BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context;
use clap::{ArgGroup, Args, Subcommand, ValueEnum};

use crate::app;
use crate::clock::Ambient;
use crate::config::Config;
use crate::crypto::Keyring;
use crate::ledger::{Disclosures, Expectation, Export, Exported, Report, VerifierKey, verify_database, verify_export};
use crate::store::{Database, MigrationSet};

/// Subcommands of `chengxin ledger`.
#[derive(Debug, Subcommand)]
pub enum LedgerCommand {
    /// Write every entry to a file, with the checkpoint that covers them.
    Export(ExportArgs),
    /// Check an exported file, or the database itself: signature, tree and every leaf.
    Verify(VerifyArgs),
    /// Print the newest signed checkpoint and the keys to verify with.
    Checkpoint(CheckpointArgs),
}

/// The format of an export.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// One JSON object a line; everything that can be verified.
    Ndjson,
    /// A table for people, with the exact leaves beside.
    Csv,
}

/// Arguments of `chengxin ledger export`.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  chengxin ledger export --config chengxin.toml --format ndjson --out ledger.ndjson")]
pub struct ExportArgs {
    /// The configuration file.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// The format.
    #[arg(long, value_enum, default_value = "ndjson")]
    format: Format,
    /// Open the sealed bodies and write what the leaves commit to. For whoever may see it.
    #[arg(long)]
    disclose: bool,
    /// The file to write; standard output when absent. Never overwritten.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// Arguments of `chengxin ledger verify`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  chengxin ledger verify ledger.ndjson --key 'ledger.example/chengxin+…'\n  \
chengxin ledger verify --config chengxin.toml\n\nExit codes: 0 sound, 1 usage, 2 signature, 3 fork or rollback, 4 content, 5 incomplete.")]
#[command(group(ArgGroup::new("what").required(true)))]
pub struct VerifyArgs {
    /// An exported file.
    #[arg(value_name = "FILE", group = "what")]
    file: Option<PathBuf>,
    /// Verify the database that this configuration names.
    #[arg(long, value_name = "FILE", group = "what")]
    config: Option<PathBuf>,
    /// The key that the ledger's checkpoints must be signed with, as `ledger checkpoint` prints it.
    #[arg(long, value_name = "VKEY")]
    key: Option<String>,
    /// A checkpoint from earlier (a file): the ledger must have grown from it.
    #[arg(long, value_name = "FILE")]
    known: Option<PathBuf>,
    /// The checkpoint that covers the entries (a file): for a CSV export, which does not carry its own. The export has
    /// written it beside, as `FILE.checkpoint`.
    #[arg(long, value_name = "FILE")]
    checkpoint: Option<PathBuf>,
    /// Print the report as JSON.
    #[arg(long)]
    json: bool,
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
pub fn run(command: &LedgerCommand, _ambient: &Ambient, out: &mut impl Write) -> anyhow::Result<ExitCode> {
    match command {
        LedgerCommand::Export(arguments) => export(arguments, out).map(|()| ExitCode::SUCCESS),
        LedgerCommand::Verify(arguments) => verify(arguments, out),
        LedgerCommand::Checkpoint(arguments) => checkpoint(arguments, out).map(|()| ExitCode::SUCCESS),
    }
}

struct Opened {
    database: Database,
    keys: crate::ledger::LedgerKeys,
}

fn open(config: &std::path::Path) -> anyhow::Result<Opened> {
    let config = Config::load(config)?;
    let keyring = Arc::new(Keyring::load(&config.keys)?);
    let keys = app::ledger_keys(&config.origin, &keyring)?;
    let database = Database::open(&config.ledger, MigrationSet::Ledger, 2)?;
    Ok(Opened { database, keys })
}

fn export(arguments: &ExportArgs, out: &mut impl Write) -> anyhow::Result<()> {
    let Opened { database, keys } = open(&arguments.config)?;
    let disclosures = if arguments.disclose { Disclosures::All(keys.bodies()) } else { Disclosures::None };
    let export = Export { database: &database, log: keys.log(), receipts: keys.receipts(), disclosures };
    let (exported, beside) = match &arguments.out {
        None => (write_as(&export, arguments.format, out)?, None),
        Some(path) => write_files(&export, arguments.format, path)?,
    };
    let beside = match (arguments.format, beside) {
        (_, Some(path)) => format!(" --checkpoint '{}'", path.display()),
        (Format::Csv, None) => " and the checkpoint of this moment, which a CSV does not carry: use --out".to_owned(),
        (Format::Ndjson, None) => String::new(),
    };
    eprintln!("{} entries exported; verify with --key '{}'{beside}", exported.entries, keys.log());
    Ok(())
}

/// Writes an export, and for a CSV the checkpoint that covers it beside it, whose path is given. Both files are made
/// before anything is written.
fn write_files(export: &Export<'_>, format: Format, path: &Path) -> anyhow::Result<(Exported, Option<PathBuf>)> {
    let mut file = BufWriter::new(create_private(path)?);
    let beside = match format {
        Format::Ndjson => None,
        Format::Csv => {
            let mut name = path.as_os_str().to_owned();
            name.push(".checkpoint");
            let name = PathBuf::from(name);
            Some((create_private(&name)?, name))
        }
    };
    let exported = write_as(export, format, &mut file)?;
    file.into_inner()?.sync_all()?;
    let Some((mut file, name)) = beside else { return Ok((exported, None)) };
    file.write_all(exported.checkpoint.as_bytes())?;
    file.sync_all()?;
    Ok((exported, Some(name)))
}

/// A new file that only its owner may read: with `--disclose` it holds officers, addresses and queries.
fn create_private(path: &Path) -> anyhow::Result<File> {
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).with_context(|| format!("`{}` cannot be made (an export never replaces a file)", path.display()))
}

fn write_as(export: &Export<'_>, format: Format, out: &mut impl Write) -> Result<Exported, crate::ledger::ExportError> {
    match format {
        Format::Ndjson => export.ndjson(out),
        Format::Csv => export.csv(out),
    }
}

fn verify(arguments: &VerifyArgs, out: &mut impl Write) -> anyhow::Result<ExitCode> {
    let key = arguments.key.as_deref().map(VerifierKey::parse).transpose().context("`--key` is not a verifier key")?;
    let known = arguments.known.as_ref().map(std::fs::read_to_string).transpose()?;
    let checkpoint = arguments.checkpoint.as_ref().map(std::fs::read_to_string).transpose()?;
    let mut expectation = Expectation { log: key, checkpoint, known };
    let report = match (&arguments.file, &arguments.config) {
        (Some(file), _) => {
            let file = File::open(file).with_context(|| format!("`{}` cannot be read", file.display()))?;
            verify_export(BufReader::new(file), &expectation)?
        }
        (None, Some(config)) => {
            let Opened { database, keys } = open(config)?;
            expectation.log.get_or_insert_with(|| keys.log().clone());
            verify_database(&database, &expectation, Some(keys.bodies()))?
        }
        (None, None) => anyhow::bail!("name a file, or a configuration with --config"),
    };
    print(&report, arguments.json, out)?;
    Ok(ExitCode::from(report.exit_code()))
}

fn print(report: &Report, as_json: bool, out: &mut impl Write) -> anyhow::Result<()> {
    if as_json {
        serde_json::to_writer_pretty(&mut *out, &report.to_json())?;
        writeln!(out)?;
    } else {
        writeln!(out, "{report}")?;
    }
    Ok(())
}

fn checkpoint(arguments: &CheckpointArgs, out: &mut impl Write) -> anyhow::Result<()> {
    let Opened { database, keys } = open(&arguments.config)?;
    let newest = database.read(crate::store::ledger::tree::latest_checkpoint)?;
    let note = newest.context("the ledger has no checkpoint yet")?.note;
    write!(out, "{note}")?;
    eprintln!("checkpoint key: {}\nreceipt key:    {}", keys.log(), keys.receipts());
    Ok(())
}
