//! A gateway in a process of its own, ended when it is dropped.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};

use super::folder::Folder;

/// The longest that a gateway may take to start.
const START_MAX: Duration = Duration::from_secs(30);

#[derive(Debug)]
pub struct Gateway {
    child: Child,
    address: SocketAddr,
    started_in: Duration,
}

impl Gateway {
    /// The program itself.
    pub fn program(folder: &Folder) -> anyhow::Result<Self> {
        let address = free_address(folder)?;
        let mut command = Command::new(env!("CARGO_BIN_EXE_chengxin"));
        command.args(["serve", "--config"]).arg(folder.config());
        Self::start(command, address)
    }

    /// This bench once more, as a gateway that answers with and without its ledger.
    pub fn with_and_without_ledger(folder: &Folder) -> anyhow::Result<Self> {
        let address = free_address(folder)?;
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("--serve").arg(folder.config());
        Self::start(command, address)
    }

    fn start(mut command: Command, address: SocketAddr) -> anyhow::Result<Self> {
        let begun = Instant::now();
        let child = command.env("RUST_LOG", "warn").stdin(Stdio::null()).stdout(Stdio::null()).spawn()?;
        let mut gateway = Self { child, address, started_in: Duration::ZERO };
        while !is_ready(address) {
            if let Some(status) = gateway.child.try_wait()? {
                bail!("the gateway ended at once: {status}");
            }
            if begun.elapsed() > START_MAX {
                bail!("the gateway does not answer");
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        gateway.started_in = begun.elapsed();
        Ok(gateway)
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// From the start of the process to its first answer.
    pub fn started_in(&self) -> Duration {
        self.started_in
    }

    pub fn resident_megabytes(&self) -> anyhow::Result<f64> {
        self.memory("VmRSS:")
    }

    pub fn peak_megabytes(&self) -> anyhow::Result<f64> {
        self.memory("VmHWM:")
    }

    fn memory(&self, line: &str) -> anyhow::Result<f64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let value = status.lines().find_map(|text| text.strip_prefix(line)).context("the system does not say")?;
        let kibibytes: f64 = value.trim().trim_end_matches(" kB").parse()?;
        Ok(kibibytes * 1024.0 / 1e6)
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        // Whatever was answered is durable: ending it by force loses nothing.
        if let Err(error) = self.child.kill().and_then(|()| self.child.wait().map(drop)) {
            eprintln!("the gateway could not be ended: {error}");
        }
    }
}

fn is_ready(address: SocketAddr) -> bool {
    let ask = || -> std::io::Result<bool> {
        let mut stream = TcpStream::connect(address)?;
        stream.write_all(b"GET /health/ready HTTP/1.1\r\nhost: load\r\nconnection: close\r\n\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer.starts_with("HTTP/1.1 200"))
    };
    ask().unwrap_or(false)
}

/// Writes a port that was free a moment ago into the configuration.
fn free_address(folder: &Folder) -> anyhow::Result<SocketAddr> {
    let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    let text = fs::read_to_string(folder.config())?;
    let rest = text.split_once('\n').context("an empty configuration")?.1;
    fs::write(folder.config(), format!("listen = \"{address}\"\n{rest}"))?;
    Ok(address)
}
