//! The real program as a process of its own, in a folder of its own, on a port that the system chooses.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use chengxin::authentication::demo::{DEMO_AUDIENCE, DEMO_ISSUER};
use chengxin::authentication::{DemoIssuer, TokenClaims};
use chengxin::clock::Ambient;
use chengxin::domain::identifier::Uscc;

use super::patience;
use super::wire::{self, Response, Wire};

/// How long a start or a stop may take before the test fails.
const PATIENCE: Duration = Duration::from_mins(1);

/// How long a subcommand may run.
const RUN_MAX: Duration = Duration::from_mins(5);

/// A folder with everything a gateway needs: configuration, policies, keys, issuer, databases, a few licences.
pub struct Place {
    pub folder: tempfile::TempDir,
    pub issuer: DemoIssuer,
    pub uscc: String,
}

impl Place {
    /// On SQLite files, with limits too wide to matter and two licences of one fictitious firm.
    pub fn new() -> Self {
        Self::on("sqlite:registry.db", "sqlite:ledger.db")
    }

    /// The same on other databases.
    pub fn on(registry: &str, ledger: &str) -> Self {
        let place = Self::empty(registry, ledger);
        let path = place.path("licences.csv");
        std::fs::write(&path, licences(&place.uscc)).unwrap();
        place.succeed(&["import", "--config", "chengxin.toml", "--item", "administrative-licence", "licences.csv"]);
        place
    }

    /// The same without data.
    pub fn empty(registry: &str, ledger: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let policies = folder.path().join("policies");
        copy_folder(&Path::new(env!("CARGO_MANIFEST_DIR")).join("policies"), &policies);
        widen_limits(&policies.join("limits.toml"));
        std::fs::create_dir(folder.path().join("issuer")).unwrap();
        let issuer = DemoIssuer::create(&folder.path().join("issuer"), Ambient::system()).unwrap();
        let configuration = format!(
            "listen = \"127.0.0.1:0\"\norigin = \"test.chengxin.example/ledger\"\nregistry = \"{registry}\"\n\
             ledger = \"{ledger}\"\nconnections = 4\npolicies = \"policies\"\nkeys = \"keys.json\"\n\n[[issuer]]\n\
             issuer = \"{DEMO_ISSUER}\"\naudience = \"{DEMO_AUDIENCE}\"\nkeys = {{ file = \"issuer/issuer-keys.json\" }}\n\
             algorithms = [\"EdDSA\"]\n"
        );
        std::fs::write(folder.path().join("chengxin.toml"), configuration).unwrap();
        let uscc = Uscc::with_check("91370502MA9AAAA00").unwrap().as_str().to_owned();
        let place = Self { folder, issuer, uscc };
        place.succeed(&["migrate", "--config", "chengxin.toml", "--create-keys"]);
        place
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The ledger's database as it lies on disk, its write-ahead log included. Nobody may have it open.
    pub fn ledger_files(&self) -> Vec<(PathBuf, Option<Vec<u8>>)> {
        let files = ["ledger.db", "ledger.db-wal", "ledger.db-shm"].map(|name| self.path(name));
        files.map(|path| (path.clone(), std::fs::read(path).ok())).into()
    }

    /// Puts the ledger's database back, as from a backup.
    pub fn put_back(files: &[(PathBuf, Option<Vec<u8>>)]) {
        for (path, bytes) in files {
            match bytes {
                Some(bytes) => std::fs::write(path, bytes).unwrap(),
                None => drop(std::fs::remove_file(path)),
            }
        }
    }

    /// The program, to be run in this folder.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_chengxin"));
        command.args(arguments).current_dir(self.folder.path()).env("RUST_LOG", "info").stdin(Stdio::null());
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Output {
        patience::output(&mut self.command(arguments), RUN_MAX).unwrap()
    }

    /// Runs a subcommand that must succeed; what it printed.
    pub fn succeed(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// A token for an hour.
    pub fn token(&self, claims: &TokenClaims) -> String {
        self.issuer.issue(claims, 3600).unwrap()
    }

    /// Starts the gateway and waits until it is ready.
    pub fn serve(&self) -> Process {
        Process::start(self, "info")
    }

    /// The same with all that can be logged.
    pub fn serve_talking(&self) -> Process {
        Process::start(self, "trace")
    }
}

/// A running gateway. It is killed when this is dropped.
pub struct Process {
    child: Child,
    pub address: SocketAddr,
    log: Option<JoinHandle<String>>,
}

impl Process {
    fn start(place: &Place, level: &str) -> Self {
        let mut command = place.command(&["serve", "--config", "chengxin.toml"]);
        let mut child = command.env("RUST_LOG", level).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let (tell, told) = mpsc::channel();
        let lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let log = std::thread::spawn(move || {
            let mut log = String::new();
            for line in lines.map_while(Result::ok) {
                if let Some(address) = line.split("listening address=").nth(1) {
                    // Nobody listens after the first.
                    let _unheard = tell.send(address.trim().parse::<SocketAddr>().unwrap());
                }
                writeln!(log, "{line}").unwrap();
            }
            log
        });
        let address = match told.recv_timeout(PATIENCE) {
            Ok(address) => address,
            Err(RecvTimeoutError::Timeout) => panic!("the gateway does not listen after {PATIENCE:?}"),
            Err(RecvTimeoutError::Disconnected) => {
                let status = child.wait().unwrap();
                panic!("the gateway did not start ({status}): {}", log.join().unwrap())
            }
        };
        let process = Self { child, address, log: Some(log) };
        // It listens already, so the request waits in the system's queue until it is served.
        let ready = process.get("/health/ready");
        assert_eq!((ready.status, ready.text().as_str()), (200, "ready\n"));
        process
    }

    pub fn wire(&self) -> Wire {
        Wire::open(self.address).unwrap()
    }

    pub fn get(&self, path: &str) -> Response {
        self.send("GET", path, &[], b"")
    }

    /// A request on a connection of its own.
    pub fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Response {
        let mut wire = self.wire();
        wire.send(&wire::request(method, path, headers, body)).unwrap();
        wire.answer_to(method).unwrap_or_else(|lost| panic!("{method} {path}: {lost:?}"))
    }

    /// Ends the process as a loss of power would: no handler runs.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Asks the process to stop.
    pub fn terminate(&self) {
        let told = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().unwrap();
        assert!(told.success(), "kill: {told}");
    }

    /// Tells it to read its policies anew.
    pub fn hang_up(&self) {
        let told = Command::new("kill").args(["-HUP", &self.child.id().to_string()]).status().unwrap();
        assert!(told.success(), "kill: {told}");
    }

    /// Waits for the end; the status and the log.
    pub fn ended(mut self) -> (ExitStatus, String) {
        let log = self.log.take().unwrap();
        let deadline = Instant::now() + PATIENCE;
        // The log ends when the process does.
        while !log.is_finished() {
            assert!(Instant::now() < deadline, "the gateway has not ended after {PATIENCE:?}");
            std::thread::park_timeout(Duration::from_millis(5));
        }
        (self.child.wait().unwrap(), log.join().unwrap())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ended = self.child.kill();
        let _status = self.child.wait();
    }
}

/// Two licences of one fictitious firm, the newest vintage.
pub fn licences(uscc: &str) -> String {
    format!(
        "XK_XDR_MC,XK_XDR_LB,XK_XDR_SHXYM,XK_FRDB,XK_FR_ZJLX,XK_FR_ZJHM,XK_XKWS,XK_WSH,XK_XKLB,XK_NR,XK_JDRQ,XK_YXQZ,XK_YXQZI,XK_XKJG,XK_LYDW\n\
         东营测试甲有限公司,法人及非法人组织,{uscc},张测试,身份证,11010519491231002X,准予行政许可决定书,东测许〔2026〕1号,普通,建设工程施工,2026-11-16,2026-11-16,2099-12-31,市行政审批服务局,市行政审批服务局\n\
         东营测试甲有限公司,法人及非法人组织,{uscc},张测试,身份证,11010519491231002X,准予行政许可决定书,东测许〔2026〕2号,普通,道路货物运输,2026-11-17,2026-11-17,2099-12-31,市行政审批服务局,市行政审批服务局\n"
    )
}

/// Copies a folder with all that is in it.
pub fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_folder(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// Makes every rate so wide that no test meets it.
fn widen_limits(path: &Path) {
    let text = std::fs::read_to_string(path).unwrap();
    let wide = |line: &str| {
        let (key, _) = line.split_once(" = ")?;
        let number = match key {
            "requests_per_minute" | "burst" => "1_000_000",
            "cost_per_minute" | "cost_burst" => "100_000_000",
            _ => return None,
        };
        Some(format!("{key} = {number}"))
    };
    let lines: Vec<String> = text.lines().map(|line| wide(line).unwrap_or_else(|| line.to_owned())).collect();
    std::fs::write(path, lines.join("\n")).unwrap();
}
