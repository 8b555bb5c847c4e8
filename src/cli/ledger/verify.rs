//! `chengxin ledger verify` and `verify-receipt`.

use std::fs::{self, File};
use std::io::{BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use clap::{ArgGroup, Args};

use super::Opened;
use crate::clock::Ambient;
use crate::ledger::small_file;
use crate::ledger::{
    Expectation, Outcome, Policy, ProofFile, Report, ShownReceipt, Trust, VerifierKey, verify_bundle, verify_database,
    verify_export, verify_index, verify_receipt,
};

/// Arguments of `chengxin ledger verify`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  chengxin ledger verify ledger-2026 --policy policy --state seen.checkpoint\n  \
chengxin ledger verify ledger.ndjson --key 'ledger.example/chengxin+…'\n  \
chengxin ledger verify --config chengxin.toml\n\nExit codes: 0 sound, 1 usage, 2 signature or quorum, 3 fork or rollback, 4 content, 5 incomplete.")]
#[command(group(ArgGroup::new("what").required(true)))]
pub struct VerifyArgs {
    /// An exported bundle (a folder) or file.
    #[arg(value_name = "PATH", group = "what")]
    path: Option<PathBuf>,
    /// Verify the database that this configuration names.
    #[arg(long, value_name = "FILE", group = "what")]
    config: Option<PathBuf>,
    /// Whom you trust (C2SP tlog-policy): the ledger's key, witnesses, and how many of them must have cosigned.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["key", "config"])]
    policy: Option<PathBuf>,
    /// The key that the ledger's checkpoints must be signed with, as `ledger checkpoint` prints it.
    #[arg(long, value_name = "VKEY")]
    key: Option<String>,
    /// Your own note of what you have verified before: held against the bundle, and brought up to date when all is sound.
    #[arg(long, value_name = "FILE", conflicts_with = "config")]
    state: Option<PathBuf>,
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

/// Arguments of `chengxin ledger verify-receipt`.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  chengxin ledger verify-receipt answer.json --key 'ledger.example/chengxin+…' \\\n      \
                  --proof 42.tlog-proof --policy policy\n\nExit codes: 0 sound, 1 usage, 2 signature, 3 the ledger has another entry there."
)]
pub struct VerifyReceiptArgs {
    /// The receipt, or the answer with it in `extensions.audit`; `-` for standard input. The receipt alone is verified: what the answer
    /// says is held against `result` of its entry by whoever has that opened (docs/ledger.md, Receipts).
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The key of the ledger's receipts: the second line of `/ledger/keys`.
    #[arg(long, value_name = "VKEY")]
    key: String,
    /// The proof of the entry, as `/ledger/proof/INDEX` gives it.
    #[arg(long, value_name = "FILE", requires = "policy")]
    proof: Option<PathBuf>,
    /// Whom you trust (C2SP tlog-policy).
    #[arg(long, value_name = "FILE", requires = "proof")]
    policy: Option<PathBuf>,
}

pub(super) fn run(arguments: &VerifyArgs, ambient: &Ambient, out: &mut impl Write) -> anyhow::Result<ExitCode> {
    let key = arguments.key.as_deref().map(VerifierKey::parse).transpose().context("`--key` is not a verifier key")?;
    let policy = arguments.policy.as_deref().map(policy).transpose()?;
    let known = arguments.known.as_deref().map(text).transpose()?;
    let checkpoint = arguments.checkpoint.as_deref().map(text).transpose()?;
    let report = match (&arguments.path, &arguments.config) {
        (Some(folder), _) if folder.is_dir() => {
            let policy = policy.or_else(|| key.map(Policy::of_log));
            return bundle(arguments, folder, policy, known, out);
        }
        (Some(_), _) if arguments.policy.is_some() || arguments.state.is_some() => {
            bail!("`--policy` and `--state` are for a bundle: a folder");
        }
        (Some(file), _) => {
            let opened = File::open(file).with_context(|| format!("`{}` cannot be read", file.display()))?;
            let expectation = Expectation { log: key, checkpoint, known: known.into_iter().collect(), left: None };
            verify_export(BufReader::new(opened), &expectation)?
        }
        (None, Some(config)) => {
            let Opened { database, keys, .. } = super::open(config, ambient)?;
            let log = Some(key.unwrap_or_else(|| keys.log().clone()));
            let expectation = Expectation { log, checkpoint, known: known.into_iter().collect(), left: None };
            let mut report = verify_database(&database, &expectation, Some(keys.bodies()))?;
            // The index is held against entries that are sound.
            if report.fault_count == 0 {
                verify_index(&database, &keys, &mut report)?;
            }
            report
        }
        (None, None) => bail!("name a bundle, a file, or a configuration with --config"),
    };
    print(&report, arguments.json, out)?;
    Ok(ExitCode::from(report.exit_code()))
}

fn bundle(
    arguments: &VerifyArgs,
    folder: &Path,
    policy: Option<Policy>,
    known: Option<String>,
    out: &mut impl Write,
) -> anyhow::Result<ExitCode> {
    let state = match &arguments.state {
        Some(path) if path.exists() => Some(text(path)?),
        Some(_) | None => known,
    };
    let trust = Trust { policy, state };
    let verified = verify_bundle(folder, &trust)?;
    let report = verified.report;
    print(&report, arguments.json, out)?;
    if let Some(path) = &arguments.state {
        match (report.outcome(), &verified.checkpoint, &trust.state) {
            (Outcome::Ok, Some(checkpoint), _) => replace(path, checkpoint)?,
            (Outcome::Inconsistent, Some(found), Some(known)) => {
                let evidence = path.with_file_name("fork-evidence.json");
                let json = serde_json::json!({ "known": known, "found": found, "faults": report.faults });
                replace(&evidence, &format!("{json:#}\n"))?;
                eprintln!(
                    "both checkpoints, which the ledger has signed and which contradict one another: {}",
                    evidence.display()
                );
            }
            _ => {}
        }
    }
    Ok(ExitCode::from(report.exit_code()))
}

fn replace(path: &Path, text: &str) -> anyhow::Result<()> {
    small_file::replace(path, text).with_context(|| format!("`{}` cannot be written", path.display()))
}

fn text(path: &Path) -> anyhow::Result<String> {
    fs::read_to_string(path).with_context(|| format!("`{}` cannot be read", path.display()))
}

fn policy(path: &Path) -> anyhow::Result<Policy> {
    Policy::parse(&text(path)?).with_context(|| format!("`{}`", path.display()))
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

pub(super) fn run_receipt(arguments: &VerifyReceiptArgs, out: &mut impl Write) -> anyhow::Result<ExitCode> {
    let key = VerifierKey::parse(&arguments.key).context("`--key` is not a verifier key")?;
    let receipt = receipt(&arguments.file)?;
    if !verify_receipt(&receipt, &key) {
        writeln!(out, "the receipt is not signed by {key}")?;
        return Ok(ExitCode::from(Outcome::BadSignature.exit_code()));
    }
    writeln!(out, "signed      entry {} of {}, {}", receipt.index, receipt.origin, receipt.time)?;
    let (Some(proof_path), Some(policy_path)) = (&arguments.proof, &arguments.policy) else {
        writeln!(out, "proven      no: give --proof and --policy to see the entry in the ledger")?;
        return Ok(ExitCode::SUCCESS);
    };
    let policy = policy(policy_path)?;
    let proof = ProofFile::parse(&text(proof_path)?).with_context(|| format!("`{}`", proof_path.display()))?;
    if proof.index.to_string() != receipt.index {
        bail!("the proof is that of entry {}, the receipt that of entry {}", proof.index, receipt.index);
    }
    let hash = BASE64_STANDARD.decode(&receipt.leaf_hash).ok().and_then(|bytes| bytes.try_into().ok());
    let hash = hash.context("the receipt holds no leaf hash")?;
    match proof.verify(&hash, &policy) {
        Ok(checkpoint) => {
            writeln!(out, "proven      in the tree of {} entries", checkpoint.size)?;
            Ok(ExitCode::SUCCESS)
        }
        Err(crate::ledger::ProofFault::Path) => {
            writeln!(out, "CONTRADICTED the proof does not lead from the entry of the receipt to the signed root")?;
            Ok(ExitCode::from(Outcome::Inconsistent.exit_code()))
        }
        Err(error) => {
            writeln!(out, "the proof: {error}")?;
            Ok(ExitCode::from(Outcome::BadSignature.exit_code()))
        }
    }
}

/// A receipt, out of a file that holds it or the answer that it came with.
fn receipt(path: &Path) -> anyhow::Result<ShownReceipt> {
    let mut text = String::new();
    if path.as_os_str() == "-" {
        std::io::stdin().read_to_string(&mut text)?;
    } else {
        text = self::text(path)?;
    }
    let json: serde_json::Value = serde_json::from_str(&text).context("this is not JSON")?;
    let inner = json.pointer("/extensions/audit").unwrap_or(&json);
    serde_json::from_value(inner.clone()).context("there is no receipt in it")
}
