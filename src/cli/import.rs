//! `chengxin import`: arguments, progress, the report. The store behind the sink is the caller's.

use std::fs::File;
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Args;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::app::{self, Policies};
use crate::clock::Ambient;
use crate::config::Config;
use crate::exchange::deposit::{Authority, BatchOrigin, Depositor};
use crate::exchange::gateway::Gateway;
use crate::exchange::import::{
    self, ImportContext, Progress, QualityReport, RecordSink, Reject, RejectsFile, Table, Watch,
};
use crate::exchange::register;

/// Rows between two plain progress lines.
const ROWS_PER_LINE: u64 = 50_000;

/// Arguments of `chengxin import`.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  chengxin import --config chengxin.toml --item administrative-licence licences.csv")]
pub struct ImportArgs {
    /// The configuration file.
    #[arg(long, value_name = "FILE")]
    pub config: PathBuf,
    /// The catalogue item the rows belong to.
    #[arg(long, value_name = "CODE")]
    pub item: String,
    /// Which names the columns have, such as `2018`, `2015` or `provincial`; the item's first when absent.
    #[arg(long, value_name = "ID")]
    pub vintage: Option<String>,
    /// The day the files were received (YYYY-MM-DD), for rows that do not say it; today when absent.
    #[arg(long, value_name = "DATE")]
    pub received: Option<jiff::civil::Date>,
    /// The folder for `NAME.rejects.csv`; the file's own when absent.
    #[arg(long, value_name = "DIR")]
    pub rejects: Option<PathBuf>,
    /// Print the report as JSON.
    #[arg(long)]
    pub json: bool,
    /// CSV files (UTF-8 or GB18030) and workbooks.
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
}

/// Imports every file that the arguments name.
pub fn run(args: &ImportArgs, ambient: &Ambient, out: &mut impl Write) -> anyhow::Result<()> {
    let config = Config::load(&args.config)?;
    let policies = Policies::load(&config.policies)?;
    let gateway = app::gateway(&config, policies, ambient)?;
    let result = args.files.iter().try_for_each(|file| deposit_file(args, &gateway, file, out));
    gateway.ledger.close();
    result
}

/// Imports one file into the registry, and puts in the ledger that it was done.
///
/// # Errors
/// Also when every row of the file was rejected, for then it is hardly a file of this item and vintage.
pub fn deposit_file(args: &ImportArgs, gateway: &Gateway, file: &Path, out: &mut impl Write) -> anyhow::Result<()> {
    let item = super::item(&gateway.catalogue, &args.item)?;
    let vintage = item.vintage(args.vintage.as_deref()).with_context(|| {
        let known: Vec<&str> = item.vintages.iter().map(|vintage| vintage.id.as_str()).collect();
        let wanted = args.vintage.as_deref().unwrap_or_default();
        format!("`{}` has no vintage `{wanted}`; it has {}", item.code, known.join(", "))
    })?;
    let today = gateway.ambient.today();
    let context = ImportContext {
        item,
        vintage,
        departments: &gateway.departments,
        pack: gateway.rules.packs.in_force(today),
        calendar: &gateway.rules.calendar,
        received_on: args.received.unwrap_or(today),
        legal_basis: gateway.collection_basis.get(item.code.as_str()).map(String::as_str),
    };
    let table = import::open(file, vintage).with_context(|| format!("`{}`", file.display()))?;
    let origin = BatchOrigin {
        item: item.code.to_string(),
        vintage: vintage.id.clone(),
        provider: item.provider.to_string(),
        digest: table.origin.sha256,
    };
    let mut depositor = Depositor::begin(gateway, origin, Authority::Operator)?;
    let report = run_table(args, (file, table), (&context, &mut depositor), out)?;
    depositor.finish(&serde_json::to_string(&report)?)?;
    register::register_import(gateway, item, &report).map_err(|_| anyhow::anyhow!("the ledger cannot write"))?;
    let is_refused = report.accepted == 0 && report.rejected > 0;
    anyhow::ensure!(!is_refused, "no row of `{}` was accepted", file.display());
    Ok(())
}

/// Imports one file and prints its report. Rejected rows are listed beside the file, or in `args.rejects`.
pub fn run_table<S: RecordSink>(
    args: &ImportArgs,
    (file, table): (&Path, Table),
    (context, sink): (&ImportContext<'_>, &mut S),
    out: &mut impl Write,
) -> anyhow::Result<QualityReport> {
    let mut watcher = Watcher::new(&table, rejects_path(args, file));
    let report = import::run(table, context, sink, &mut watcher).with_context(|| format!("`{}`", file.display()))?;
    watcher.finish()?;
    if args.json {
        serde_json::to_writer_pretty(&mut *out, &report)?;
        writeln!(out)?;
    } else {
        write!(out, "{report}")?;
    }
    Ok(report)
}

fn rejects_path(args: &ImportArgs, file: &Path) -> PathBuf {
    let mut name = file.file_name().unwrap_or_default().to_owned();
    name.push(".rejects.csv");
    args.rejects.as_deref().map_or_else(|| file.with_file_name(&name), |folder| folder.join(&name))
}

/// A bar on a terminal, plain lines elsewhere, and the list of rejects.
struct Watcher {
    bar: Option<ProgressBar>,
    next_line: u64,
    path: PathBuf,
    rejects: Option<RejectsFile<File>>,
}

impl Watcher {
    fn new(table: &Table, path: PathBuf) -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::with_draw_target(Some(table.origin.bytes), ProgressDrawTarget::stderr());
            if let Ok(style) = ProgressStyle::with_template("{bar:30} {percent:>3} %  {msg}  {eta} left") {
                bar.set_style(style);
            }
            bar
        });
        Self { bar, next_line: ROWS_PER_LINE, path, rejects: None }
    }

    fn finish(self) -> anyhow::Result<()> {
        if let Some(bar) = self.bar {
            bar.finish_and_clear();
        }
        if let Some(mut rejects) = self.rejects {
            rejects.finish()?;
            writeln!(std::io::stderr(), "rejected rows are listed in {}", self.path.display())?;
        }
        Ok(())
    }
}

impl Watch for Watcher {
    fn rejected(&mut self, reject: &Reject) -> std::io::Result<()> {
        let rejects = match &mut self.rejects {
            Some(rejects) => rejects,
            empty @ None => empty.insert(RejectsFile::new(File::create(&self.path)?)),
        };
        rejects.add(reject)
    }

    fn progress(&mut self, progress: Progress) {
        let Progress { rows, rejected, bytes } = progress;
        match &self.bar {
            Some(bar) => {
                bar.set_position(bytes);
                bar.set_message(format!("{rows} rows, {rejected} rejected"));
            }
            None if rows >= self.next_line => {
                self.next_line = rows + ROWS_PER_LINE;
                // Progress is a courtesy: an import does not fail because nobody listens.
                let _unheard = writeln!(std::io::stderr(), "{rows} rows, {rejected} rejected");
            }
            None => {}
        }
    }
}
