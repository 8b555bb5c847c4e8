//! The folder of a load: policies whose limits nobody reaches, keys, an issuer, databases filled by the importer.

use std::fmt::Write as _;
use std::fs;
use std::io::BufWriter;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, ensure};
use chengxin::app;
use chengxin::authentication::{DemoIssuer, KEY_SET_FILE};
use chengxin::cli::sample::{LargePart, LargeSample};
use chengxin::clock::Ambient;
use chengxin::config::Config;
use chengxin::crypto::Keyring;

const SEED: u64 = 100;
/// A log-in that nobody goes to: the sessions of the desks are begun without it.
const NOBODY: &str = "http://127.0.0.1:9";

/// Every part of the sample.
pub const ALL: [LargePart; 7] = [
    LargePart::Registration,
    LargePart::AdministrativeLicence,
    LargePart::AdministrativePenalty,
    LargePart::TaxClassA,
    LargePart::CreditCommitment,
    LargePart::CreditEvaluation,
    LargePart::SocialInsurancePayment,
];

/// A folder that is ready to be served.
#[derive(Debug)]
pub struct Folder {
    pub path: PathBuf,
    pub sample: LargeSample,
}

impl Folder {
    /// Makes the folder, or uses it again.
    pub fn ready(
        path: &Path,
        (firms, parts): (u32, &[LargePart]),
        postgres: Option<&str>,
        ambient: &Ambient,
    ) -> anyhow::Result<Self> {
        let sample = LargeSample::new(SEED, firms, ambient.today());
        let folder = Self { path: path.to_owned(), sample };
        let filled = path.join("filled");
        match fs::read_to_string(&filled) {
            Ok(found) => {
                ensure!(found == firms.to_string(), "`{}` holds {found} firms: take another folder", path.display());
            }
            Err(_) => {
                folder.set_up(postgres, ambient)?;
                folder.fill(parts)?;
                fs::write(&filled, firms.to_string())?;
            }
        }
        Ok(folder)
    }

    pub fn config(&self) -> PathBuf {
        self.path.join("chengxin.toml")
    }

    pub fn issuer(&self, ambient: &Ambient) -> anyhow::Result<DemoIssuer> {
        Ok(DemoIssuer::open(&self.path.join("issuer"), ambient.clone())?)
    }

    fn set_up(&self, postgres: Option<&str>, ambient: &Ambient) -> anyhow::Result<()> {
        fs::create_dir_all(&self.path)?;
        let policies = self.path.join("policies");
        copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("policies"), &policies)?;
        let limits = policies.join("limits.toml");
        let raised = without_limits(&fs::read_to_string(&limits)?)?;
        fs::write(&limits, raised)?;
        let issuer_folder = self.path.join("issuer");
        fs::create_dir_all(&issuer_folder)?;
        let issuer = DemoIssuer::create(&issuer_folder, ambient.clone())?.settings();
        Keyring::create(&self.path.join("keys.json"), ambient)?;
        let (registry, ledger) = match postgres {
            Some(url) => (url.to_owned(), url.to_owned()),
            None => ("sqlite:registry.db".to_owned(), "sqlite:ledger.db".to_owned()),
        };
        let settings = format!(
            "listen = \"127.0.0.1:0\"\norigin = \"load.chengxin.example/ledger\"\nregistry = \"{registry}\"\n\
             ledger = \"{ledger}\"\npolicies = \"policies\"\nkeys = \"keys.json\"\nworkers = 2\n\n\
             [[issuer]]\nissuer = \"{}\"\naudience = \"{}\"\nkeys = {{ file = \"issuer/{KEY_SET_FILE}\" }}\n\n\
             [[issuer]]\nissuer = \"{NOBODY}\"\naudience = \"load\"\nkeys = {{ file = \"issuer/{KEY_SET_FILE}\" }}\n\n\
             [login]\nissuer = \"{NOBODY}\"\nclient_id = \"load\"\n",
            issuer.issuer, issuer.audience,
        );
        fs::write(self.config(), settings)?;
        app::migrate(&Config::load(&self.config())?, ambient)?;
        Ok(())
    }

    /// Imports the sample with the program itself, and prints how fast that was.
    fn fill(&self, parts: &[LargePart]) -> anyhow::Result<()> {
        let file = self.path.join("rows.csv");
        let (mut rows, begun) = (0, Instant::now());
        let mut writing = 0.0;
        for &part in parts {
            let made = Instant::now();
            let written = self.sample.write(part, BufWriter::new(fs::File::create(&file)?))?;
            writing += made.elapsed().as_secs_f64();
            let import = Instant::now();
            self.import(part, &file)?;
            println!("import {:<28} {:>8.0} rows/s", part.item(), rate(written, import.elapsed().as_secs_f64()));
            rows += written;
        }
        let seconds = begun.elapsed().as_secs_f64() - writing;
        println!("import of {rows} rows over all {:>14.0} rows/s", rate(rows, seconds));
        fs::remove_file(&file)?;
        Ok(())
    }

    fn import(&self, part: LargePart, file: &Path) -> anyhow::Result<()> {
        let output = Command::new(env!("CARGO_BIN_EXE_chengxin"))
            .args(["import", "--json", "--item", part.item(), "--vintage", part.vintage(), "--config"])
            .args([&self.config(), file])
            .stderr(Stdio::inherit())
            .output()?;
        ensure!(output.status.success(), "the import of `{}` failed", part.item());
        let report: serde_json::Value = serde_json::from_slice(&output.stdout).context("the report is no JSON")?;
        ensure!(report["rejected"] == 0, "rows of `{}` were rejected: {report}", part.item());
        Ok(())
    }
}

fn rate(rows: u64, seconds: f64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "a rate for people to read")]
    let rows = rows as f64;
    rows / seconds
}

fn copy(from: &Path, to: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

/// The limits with rates that this load cannot reach. Whatever is counted and priced is still counted and priced.
fn without_limits(limits: &str) -> anyhow::Result<String> {
    const RAISED: [&str; 4] = ["requests_per_minute", "burst", "cost_per_minute", "cost_burst"];
    let mut text = String::new();
    for line in limits.lines() {
        match line.split_once(" = ") {
            Some((name, _)) if RAISED.contains(&name.trim()) => writeln!(text, "{name} = 100_000_000")?,
            _ => writeln!(text, "{line}")?,
        }
    }
    Ok(text)
}
