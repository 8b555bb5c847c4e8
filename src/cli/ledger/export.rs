//! `chengxin ledger export`.

use std::fs::File;
use std::io::{BufWriter, IsTerminal, Write};
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::{Args, ValueEnum};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::Opened;
use crate::clock::Ambient;
use crate::ledger::bundle::{self, Begun, BundleProgress};
use crate::ledger::manifest::Order;
use crate::ledger::{Decision, Disclosures, EntryKind, Export, ExportError, Ledger, NewEntry, VerifierKey};
use crate::witness::collector::{Collector, WitnessSettings};

/// Files between two plain progress lines.
const FILES_PER_LINE: u64 = 1_000;

/// The format of an export.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, strum::IntoStaticStr)]
pub enum Format {
    /// A folder with all there is: lines, table, exact leaves and tiles, checkpoints, trust file, proofs, manifest.
    Bundle,
    /// One JSON object a line; everything that can be verified.
    Ndjson,
    /// A table for people, with the exact leaves beside.
    Csv,
}

/// Arguments of `chengxin ledger export`.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  chengxin ledger export --config chengxin.toml --by 'Wang, audit office' --reason 'yearly audit 2026' \\\n      \
                  --out ledger-2026\n\nA bundle that was broken off is gone on with by the same command."
)]
pub struct ExportArgs {
    /// The configuration file.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// The format.
    #[arg(long, value_enum, default_value = "bundle")]
    format: Format,
    /// Who asks for it. Goes into the entry, sealed.
    #[arg(long, value_name = "NAME")]
    by: String,
    /// What for. Goes into the entry, sealed.
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// Open the sealed bodies and write what the leaves commit to. For whoever may see it.
    #[arg(long)]
    disclose: bool,
    /// Put the proof of this entry into the bundle, as a file of its own. May be repeated.
    #[arg(long, value_name = "INDEX")]
    proof: Vec<u64>,
    /// The first entry that is wanted: the bundle begins with its tile of 256 and shows what the entries before amount to. With the
    /// size of the checkpoint you have verified last, it holds what came since.
    #[arg(long, value_name = "INDEX", default_value_t = 0)]
    from: u64,
    /// The folder of the bundle, or the file to write; standard output when absent. Never overwritten.
    #[arg(long, value_name = "PATH", required_unless_present = "format", required_if_eq("format", "bundle"))]
    out: Option<PathBuf>,
}

pub(super) fn run(arguments: &ExportArgs, ambient: &Ambient, out: &mut impl Write) -> anyhow::Result<()> {
    let Opened { database, keys, config } = super::open(&arguments.config, ambient)?;
    let ledger = Ledger::open(database.clone(), keys.clone(), ambient.clone(), &config.ledger_settings())?;
    let disclosures = if arguments.disclose { Disclosures::All(keys.bodies()) } else { Disclosures::None };
    let export = Export {
        database: &database,
        log: keys.log(),
        receipts: keys.receipts(),
        disclosures,
        checkpoint: None,
        first: 0,
    };
    let is_bundle = arguments.format == Format::Bundle;
    anyhow::ensure!(is_bundle || arguments.proof.is_empty(), "`--proof` is for a bundle");
    anyhow::ensure!(is_bundle || arguments.from == 0, "`--from` is for a bundle");
    let task = Task { arguments, ledger: &ledger, export: &export, ambient, witnesses: &config.witnesses };
    let done = match (arguments.format, &arguments.out) {
        (Format::Bundle, Some(folder)) => task.to_bundle(folder),
        (Format::Bundle, None) => Err(anyhow::anyhow!("name the folder of the bundle: --out DIR")),
        (Format::Ndjson | Format::Csv, path) => task.to_file(path.as_deref(), out),
    };
    ledger.close();
    let hint = done?;
    eprintln!("verify with {hint}");
    Ok(())
}

struct Task<'a> {
    arguments: &'a ExportArgs,
    ledger: &'a Ledger,
    export: &'a Export<'a>,
    ambient: &'a Ambient,
    witnesses: &'a [WitnessSettings],
}

impl Task<'_> {
    fn register(&self) -> anyhow::Result<Begun> {
        let Self { arguments, ledger, ambient, .. } = self;
        let order = Order {
            created: ambient.now().rfc3339(),
            disclosed: arguments.disclose,
            from: arguments.from,
            proofs: arguments.proof.clone(),
            reason: arguments.reason.clone(),
            requester: arguments.by.clone(),
            tool: concat!("chengxin ", env!("CARGO_PKG_VERSION")).to_owned(),
        };
        let mut entry = NewEntry::new(EntryKind::Export, Decision::Allowed);
        entry.committed.actor = Some(arguments.by.clone());
        let mut begun = bundle::register_blocking(ledger, arguments.format.into(), order, entry)?;
        if !self.witnesses.is_empty() {
            let (checkpoint, faults) = Collector::new((*ledger).clone(), self.witnesses)?.collect();
            for fault in faults {
                eprintln!("chengxin: {fault}");
            }
            begun.checkpoint = checkpoint;
        }
        Ok(begun)
    }

    /// Makes a bundle, or goes on with one, and gives the way to verify it.
    fn to_bundle(&self, folder: &Path) -> anyhow::Result<String> {
        let Self { arguments, export, .. } = self;
        let refused = || format!("`{}` (an export never replaces anything)", folder.display());
        let begun = match bundle::begun(folder).with_context(refused)? {
            Some(begun) => {
                let order = &begun.export.order;
                let is_same = order.disclosed == arguments.disclose
                    && (&order.proofs, order.from) == (&arguments.proof, arguments.from)
                    && (&order.requester, &order.reason) == (&arguments.by, &arguments.reason);
                anyhow::ensure!(
                    is_same,
                    "`{}` was begun with other arguments: give the same, or another folder",
                    folder.display()
                );
                eprintln!("going on with the export of entry {}", begun.export.entry);
                begun
            }
            None => self.register()?,
        };
        let bar = bar();
        let mut tell = |progress: BundleProgress<'_>| tell(bar.as_ref(), progress);
        let manifest = bundle::write(export, folder, &begun, &mut tell)?;
        if let Some(bar) = bar {
            bar.finish_and_clear();
        }
        let [first, size] = manifest.range;
        eprintln!("entries {first} to {}, {} files", size.saturating_sub(1), manifest.files.len() + 1);
        Ok(format!(
            "chengxin ledger verify '{}' --policy POLICY, where POLICY is\nlog {}\nquorum none",
            folder.display(),
            export.log
        ))
    }

    /// Writes one file, and for a CSV the checkpoint that covers it beside it. Both are made before anything is written.
    fn to_file(&self, path: Option<&Path>, out: &mut impl Write) -> anyhow::Result<String> {
        let Self { arguments, export, .. } = self;
        let files = match path {
            None => None,
            Some(path) if arguments.format == Format::Csv => {
                let mut name = path.as_os_str().to_owned();
                name.push(".checkpoint");
                let name = PathBuf::from(name);
                Some((create_private(path)?, Some((create_private(&name)?, name))))
            }
            Some(path) => Some((create_private(path)?, None)),
        };
        let begun = self.register()?;
        let export = Export { checkpoint: Some(&begun.checkpoint), ..**export };
        let Some((file, beside)) = files else {
            write_as(&export, arguments.format, out)?;
            return Ok(how(
                export.log,
                "FILE",
                arguments.format,
                "the checkpoint of this moment, which a CSV does not carry: use --out",
            ));
        };
        let mut file = BufWriter::new(file);
        write_as(&export, arguments.format, &mut file)?;
        file.into_inner()?.sync_all()?;
        let mut checkpoint = String::new();
        if let Some((mut file, name)) = beside {
            file.write_all(begun.checkpoint.as_bytes())?;
            file.sync_all()?;
            checkpoint = format!("'{}'", name.display());
        }
        let path = path.map(|path| path.display().to_string()).unwrap_or_default();
        Ok(how(export.log, &path, arguments.format, &checkpoint))
    }
}

fn bar() -> Option<ProgressBar> {
    let bar =
        std::io::stderr().is_terminal().then(|| ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr()))?;
    if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos}/{len} files  {msg}") {
        bar.set_style(style);
    }
    Some(bar)
}

fn tell(bar: Option<&ProgressBar>, progress: BundleProgress<'_>) {
    match bar {
        Some(bar) => {
            bar.set_length(progress.total);
            bar.set_position(progress.done);
            bar.set_message(progress.file.to_owned());
        }
        None if progress.done.is_multiple_of(FILES_PER_LINE) => {
            eprintln!("{} of {} files", progress.done, progress.total);
        }
        None => {}
    }
}

fn how(log: &VerifierKey, file: &str, format: Format, checkpoint: &str) -> String {
    let checkpoint = if format == Format::Csv { format!(" --checkpoint {checkpoint}") } else { String::new() };
    format!("chengxin ledger verify '{file}' --key '{log}'{checkpoint}")
}

/// A new file that only its owner may read: with `--disclose` it holds officers, addresses and queries.
fn create_private(path: &Path) -> anyhow::Result<File> {
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).with_context(|| format!("`{}` cannot be made (an export never replaces a file)", path.display()))
}

fn write_as(export: &Export<'_>, format: Format, out: &mut impl Write) -> Result<(), ExportError> {
    match format {
        Format::Csv => export.csv(out),
        Format::Bundle | Format::Ndjson => export.ndjson(out),
    }
    .map(drop)
}
