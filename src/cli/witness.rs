//! `chengxin witness`: cosigns the checkpoints of ledgers that only grow.

use std::io::Write;
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, ensure};
use clap::Args;

use crate::clock::Ambient;
use crate::http::witness_server;
use crate::ledger::{KeyKind, VerifierKey};
use crate::witness::cosigner::Cosigner;

/// Arguments of `chengxin witness`.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  chengxin witness --state /var/lib/witness --create --name witness.example/w1 \\\n      \
                  --log 'ledger.example/chengxin+…' --listen 127.0.0.1:8090"
)]
pub struct WitnessArgs {
    /// The folder with its key and what it has seen. Its loss makes it forget: never restore it from a copy.
    #[arg(long, value_name = "DIR")]
    state: PathBuf,
    /// Make the folder and a key first. Refused where there is a key.
    #[arg(long)]
    create: bool,
    /// The witness' name: a URL without scheme.
    #[arg(long)]
    name: String,
    /// The key of a ledger that it cosigns for: the first line of `/ledger/keys`. May be repeated.
    #[arg(long, value_name = "VKEY", required = true)]
    log: Vec<String>,
    /// Where to listen.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8090")]
    listen: SocketAddr,
}

/// Serves until stopped. Prints the witness' key and address first.
pub fn run(arguments: &WitnessArgs, ambient: &Ambient, out: &mut impl Write) -> anyhow::Result<()> {
    let mut logs = Vec::new();
    for text in &arguments.log {
        let log = VerifierKey::parse(text).with_context(|| format!("`{text}` is not a verifier key"))?;
        ensure!(log.kind() == KeyKind::Note, "`{text}` is not the key of a ledger");
        logs.push(log);
    }
    if arguments.create {
        Cosigner::create(&arguments.state, ambient)?;
    }
    let cosigner = Cosigner::open(&arguments.state, &arguments.name, logs, ambient.clone())?;
    let listener =
        TcpListener::bind(arguments.listen).with_context(|| format!("`{}` cannot be listened on", arguments.listen))?;
    writeln!(out, "{}\nlistening on http://{}", cosigner.verifier(), listener.local_addr()?)?;
    out.flush()?;
    actix_web::rt::System::new().block_on(witness_server::serve(Arc::new(cosigner), listener))?;
    Ok(())
}
