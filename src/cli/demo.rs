//! `chengxin demo`: a gateway with generated data and nothing to set up.
//!
//! Everything it makes lies under one folder: policies, keys, databases, an issuer whose key never leaves it, a
//! configuration that the other subcommands take, and `demo.json` for programs.

use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Args;
use include_dir::{Dir, include_dir};

use super::sample::{Sample, SampleSize};
use super::serve;
use crate::app;
use crate::authentication::DemoIssuer;
use crate::clock::Ambient;
use crate::config::Config;
use crate::crypto::Keyring;
use crate::exchange::gateway::Gateway;

mod files;
mod joint;
mod month;
mod provider;
mod requests;
mod tokens;

static POLICIES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/policies");

/// The seed of the sample; the same seed and day give the same data.
const SEED: u64 = 2018;

/// Arguments of `chengxin demo`.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  chengxin demo --data /tmp/chengxin --listen 127.0.0.1:8080")]
pub struct DemoArgs {
    /// The folder for everything; a new temporary one when absent. A folder of an earlier demo is used again.
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// Where to listen.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8080")]
    pub listen: SocketAddr,
}

/// Sets everything up, serves until stopped.
pub fn run(arguments: &DemoArgs, ambient: &Ambient) -> anyhow::Result<()> {
    let folder = match &arguments.data {
        Some(folder) => folder.clone(),
        None => std::env::temp_dir().join(format!("chengxin-demo-{}", uuid::Uuid::from_bytes(ambient.uuid7()))),
    };
    let listener = TcpListener::bind(arguments.listen)
        .with_context(|| format!("`{}` cannot be listened on: choose another with --listen", arguments.listen))?;
    eprintln!("data folder: {}", folder.display());
    let path = folder.join("chengxin.toml");
    let is_of_others = !path.exists() && folder.read_dir().is_ok_and(|mut found| found.next().is_some());
    anyhow::ensure!(
        !is_of_others,
        "`{}` is not empty and no folder of an earlier demo: name another one",
        folder.display()
    );
    let issuer = if path.exists() {
        DemoIssuer::open(&folder.join("issuer"), ambient.clone())?
    } else {
        let issuer = set_up(&folder, ambient)?;
        eprintln!("playing the joint work of the last weeks");
        joint::play(&Config::load(&path)?, &folder, ambient.today())?;
        issuer
    };
    let mut config = Config::load(&path)?;
    let provider = log_in(&mut config, &issuer)?;
    let policies = app::Policies::load(&config.policies)?;
    let sample = Sample::generate(SEED, SampleSize::DEMO, &policies.catalogue, ambient.today());
    let service = app::service_with(&config, policies, ambient)?;
    fill(&service.gateway, &sample, &folder)?;
    let address = listener.local_addr()?;
    let demo = tokens::Demo { issuer, facts: sample.facts, folder, now: ambient.now(), address };
    let person = demo.person(&service.gateway)?;
    if let Some(provider) = provider {
        provider.serve(demo.accounts(&person)?, (demo.issuer.signer().clone(), ambient.clone()), address)?;
    }
    serve::until_stopped(service, serve::Listening { listener, config: &config }, move || demo.announce(&person))
}

/// A log-in for the desks, unless the configuration has one.
fn log_in(config: &mut Config, issuer: &DemoIssuer) -> anyhow::Result<Option<provider::Provider>> {
    if config.login.is_some() {
        return Ok(None);
    }
    let provider = provider::Provider::bind()?;
    let of_issuer = config.issuers.first().cloned().unwrap_or_else(|| issuer.settings());
    let (issuer, login) = provider.settings(&of_issuer);
    config.issuers.push(issuer);
    config.login = Some(login);
    Ok(Some(provider))
}

fn set_up(folder: &Path, ambient: &Ambient) -> anyhow::Result<DemoIssuer> {
    files::make_private_folder(folder)?;
    POLICIES.extract(folder_of_policies(folder)?).context("the policies cannot be written")?;
    let issuer_folder = folder.join("issuer");
    files::make_private_folder(&issuer_folder)?;
    let issuer = DemoIssuer::create(&issuer_folder, ambient.clone())?;
    Keyring::create(&folder.join("keys.json"), ambient)?;
    files::write_whole(&folder.join("chengxin.toml"), files::configuration(&issuer).as_bytes())?;
    app::migrate(&Config::load(&folder.join("chengxin.toml"))?, ambient)?;
    Ok(issuer)
}

fn folder_of_policies(folder: &Path) -> anyhow::Result<PathBuf> {
    let policies = folder.join("policies");
    files::make_private_folder(&policies)?;
    Ok(policies)
}

/// Imports the sample through the importer. A folder of an earlier demo has it already; then nothing changes.
fn fill(gateway: &Gateway, sample: &Sample, folder: &Path) -> anyhow::Result<()> {
    let inbox = folder.join("files");
    files::make_private_folder(&inbox)?;
    let total = sample.files.len();
    eprintln!("filling the sample: some of its rows are faulty on purpose and are rejected, as in real files");
    for (file, at) in sample.files.iter().zip(1..) {
        let path = inbox.join(&file.name);
        files::write_whole(&path, &file.bytes)?;
        eprintln!("importing {at}/{total}: {}", file.name);
        let arguments = super::import::ImportArgs {
            config: folder.join("chengxin.toml"),
            item: file.item.to_string(),
            vintage: Some(file.vintage.clone()),
            received: Some(file.received_on),
            rejects: None,
            json: false,
            files: vec![path.clone()],
        };
        let mut report = Vec::new();
        super::import::deposit_file(&arguments, gateway, &path, &mut report)?;
        files::write_whole(&path.with_extension("report.txt"), &report)?;
    }
    Ok(())
}
