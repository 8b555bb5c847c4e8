//! Export bundles that auditors order and fetch over the network: one file each, made beside the gateway's work.
//!
//! An order is an entry before anything is made. A bundle that was broken off, by a restart say, is gone on with when it is
//! asked for. Deliberately absent: bundles for anybody else; the ledger's pages are open to everybody.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use parking_lot::Mutex;

use super::gateway::Gateway;
use crate::authentication::{Caller, Proof};
use crate::domain::{Instant, Role};
use crate::ledger::bundle::{self, BundleProgress};
use crate::ledger::manifest::Order;
use crate::ledger::{Decision, Disclosures, EntryKind, Export, ExportError, NewEntry};

/// How long a finished bundle is kept.
const KEPT: Duration = Duration::from_hours(7 * 24);
/// The longest reason, in characters.
const REASON_MAX: usize = 500;
/// How many proofs a bundle may hold.
const PROOFS_MAX: usize = 1_000;

/// The bundles of a gateway. One is made at a time.
#[derive(Debug)]
pub struct Bundles {
    folder: PathBuf,
    making: Mutex<Option<Making>>,
}

/// How far the bundle that is being made has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Making {
    /// The index of its entry; none before the order is entered.
    pub export: Option<u64>,
    /// Files that are there.
    pub done: u64,
    /// Files that there will be; 0 while that is not known.
    pub total: u64,
}

/// What an auditor wants.
#[derive(Clone, Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wanted {
    /// What for. Goes into the entry, sealed.
    pub reason: String,
    /// Entries whose proofs are wanted as files of their own.
    #[serde(default)]
    pub proofs: Vec<u64>,
    /// The first entry that is wanted; the bundle begins with its tile of 256.
    #[serde(default)]
    pub from: u64,
    /// Whether the sealed bodies are opened.
    #[serde(default)]
    pub disclose: bool,
}

/// Where a bundle stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BundleState {
    /// It is being made.
    Making(Making),
    /// It was broken off, and can be gone on with.
    BrokenOff,
    /// It can be fetched.
    Ready {
        /// Its length.
        bytes: u64,
    },
}

/// Why a bundle is not made.
#[derive(Debug, thiserror::Error)]
pub enum NotMade {
    /// Not an auditor.
    #[error("bundles are for auditors")]
    Forbidden,
    /// Another one is being made.
    #[error("another bundle is being made: ask again later")]
    Busy,
    /// What was sent cannot be meant.
    #[error("{0}")]
    BadInput(String),
    /// The ledger, its database or the folder of bundles.
    #[error(transparent)]
    Export(#[from] ExportError),
}

impl From<io::Error> for NotMade {
    fn from(error: io::Error) -> Self {
        Self::Export(error.into())
    }
}

impl Bundles {
    /// Bundles in a folder of their own.
    pub fn new(folder: PathBuf) -> Self {
        Self { folder, making: Mutex::new(None) }
    }

    /// Puts an order in the ledger and begins to make the bundle. Gives the index of the order's entry. Blocks for as long as an
    /// entry takes; the bundle is made by a thread of its own.
    pub fn order(self: &Arc<Self>, gateway: &Arc<Gateway>, caller: &Caller, wanted: Wanted) -> Result<u64, NotMade> {
        let (Role::Auditor, Proof::Bearer { digest, .. }, Some(requester)) =
            (caller.role(), caller.proof(), caller.person())
        else {
            return Err(NotMade::Forbidden);
        };
        let reason = wanted.reason.trim().to_owned();
        if reason.is_empty() || reason.chars().count() > REASON_MAX {
            return Err(NotMade::BadInput(format!("say in `reason` what for, in 1 to {REASON_MAX} characters")));
        }
        if wanted.proofs.len() > PROOFS_MAX {
            return Err(NotMade::BadInput(format!("`proofs` names {PROOFS_MAX} entries at most")));
        }
        let turn = self.turn(None)?;
        let order = Order {
            created: gateway.ambient.now().rfc3339(),
            disclosed: wanted.disclose,
            from: wanted.from,
            proofs: wanted.proofs,
            reason,
            requester,
            tool: concat!("chengxin ", env!("CARGO_PKG_VERSION")).to_owned(),
        };
        let mut entry = NewEntry::new(EntryKind::Export, Decision::Allowed);
        entry.role = Some(caller.role());
        entry.consumer = caller.consumer().map(str::to_owned);
        entry.credential = Some(*digest);
        entry.committed.actor = Some(caller.claims().actor.clone());
        let begun = match bundle::register_blocking(&gateway.ledger, "bundle", order, entry) {
            Err(
                error @ (ExportError::NoProof { .. } | ExportError::NoStart { .. } | ExportError::ProofBefore { .. }),
            ) => return Err(NotMade::BadInput(error.to_string())),
            begun => begun?,
        };
        let export = begun.export.entry;
        bundle::begin(&self.part(export), &begun)?;
        self.spawn(gateway, turn, export)?;
        Ok(export)
    }

    /// Puts in the ledger who takes a finished bundle away, before it leaves.
    pub fn register_fetch(&self, gateway: &Gateway, caller: &Caller, export: u64) -> Result<(), NotMade> {
        let mut entry = NewEntry::new(EntryKind::Export, Decision::Allowed);
        entry.flags = vec!["FETCHED".to_owned()];
        entry.reference = Some(export);
        entry.role = Some(caller.role());
        entry.consumer = caller.consumer().map(str::to_owned);
        entry.committed.actor = Some(caller.claims().actor.clone());
        gateway.ledger.append_blocking(entry).map(drop).map_err(|error| NotMade::Export(error.into()))
    }

    /// Where the bundle of an export stands; `None` when there is none.
    pub fn state(&self, export: u64) -> io::Result<Option<BundleState>> {
        if let Some(making) = self.making.lock().filter(|making| making.export == Some(export)) {
            return Ok(Some(BundleState::Making(making)));
        }
        match fs::metadata(self.whole(export)) {
            Ok(file) => Ok(Some(BundleState::Ready { bytes: file.len() })),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                Ok(self.part(export).exists().then_some(BundleState::BrokenOff))
            }
            Err(error) => Err(error),
        }
    }

    /// Goes on with a bundle that was broken off.
    pub fn resume(self: &Arc<Self>, gateway: &Arc<Gateway>, export: u64) -> Result<(), NotMade> {
        let turn = self.turn(Some(export))?;
        self.spawn(gateway, turn, export)
    }

    /// The file of a finished bundle.
    pub fn whole(&self, export: u64) -> PathBuf {
        self.folder.join(format!("{export}.tar"))
    }

    fn part(&self, export: u64) -> PathBuf {
        self.folder.join(export.to_string())
    }

    fn turn(self: &Arc<Self>, export: Option<u64>) -> Result<Turn, NotMade> {
        let mut making = self.making.lock();
        if making.is_some() {
            return Err(NotMade::Busy);
        }
        *making = Some(Making { export, done: 0, total: 0 });
        Ok(Turn(Arc::clone(self)))
    }

    fn spawn(self: &Arc<Self>, gateway: &Arc<Gateway>, turn: Turn, export: u64) -> Result<(), NotMade> {
        *self.making.lock() = Some(Making { export: Some(export), done: 0, total: 0 });
        let gateway = Arc::clone(gateway);
        let work = move || match turn.0.make(&gateway, export) {
            Ok(()) => tracing::info!(export, "the bundle is ready"),
            Err(error) => {
                tracing::error!(export, %error, "the bundle was broken off; it is gone on with when asked for");
            }
        };
        std::thread::Builder::new().name("bundle".to_owned()).spawn(work)?;
        Ok(())
    }

    fn make(&self, gateway: &Gateway, export: u64) -> Result<(), ExportError> {
        let (part, keys) = (self.part(export), gateway.ledger.keys());
        if !bundle::is_finished(&part) {
            let Some(begun) = bundle::begun(&part)? else { return Err(ExportError::Entry(export)) };
            let disclosures =
                if begun.export.order.disclosed { Disclosures::All(keys.bodies()) } else { Disclosures::None };
            let database = gateway.ledger.database();
            let source = Export {
                database,
                log: keys.log(),
                receipts: keys.receipts(),
                disclosures,
                checkpoint: None,
                first: 0,
            };
            let mut tell = |progress: BundleProgress<'_>| {
                *self.making.lock() = Some(Making { export: Some(export), done: progress.done, total: progress.total });
            };
            bundle::write(&source, &part, &begun, &mut tell)?;
        }
        pack(&part, &self.whole(export), &format!("ledger-{export}"))?;
        Ok(fs::remove_dir_all(&part)?)
    }

    /// Removes finished bundles that have lain for a week.
    pub fn sweep(&self, now: Instant) -> io::Result<()> {
        let now = SystemTime::UNIX_EPOCH + Duration::from_micros(now.micros().unsigned_abs());
        let Ok(files) = fs::read_dir(&self.folder) else { return Ok(()) };
        for file in files {
            let path = file?.path();
            let is_whole = path.extension().is_some_and(|extension| extension == "tar");
            let age = || Ok::<_, io::Error>(now.duration_since(fs::metadata(&path)?.modified()?).unwrap_or_default());
            if is_whole && age()? > KEPT {
                fs::remove_file(&path)?;
            }
        }
        Ok(())
    }
}

/// The turn of one bundle; given up when dropped, whatever happened.
struct Turn(Arc<Bundles>);

impl Drop for Turn {
    fn drop(&mut self) {
        *self.0.making.lock() = None;
    }
}

/// Packs a folder into one file, which gets its name when it is whole and on disk.
fn pack(folder: &Path, whole: &Path, root: &str) -> io::Result<()> {
    let part = whole.with_extension("tar.part");
    let mut options = File::options();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut archive = tar::Builder::new(io::BufWriter::with_capacity(1 << 16, options.open(&part)?));
    archive.mode(tar::HeaderMode::Deterministic);
    archive.append_dir_all(root, folder)?;
    archive.into_inner()?.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
    fs::rename(part, whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_bundle_is_made_at_a_time_and_a_turn_ends_whatever_happens() {
        let bundles = Arc::new(Bundles::new(PathBuf::from("nowhere")));
        let turn = bundles.turn(Some(7)).unwrap();
        assert!(matches!(bundles.turn(Some(8)), Err(NotMade::Busy)));
        assert_eq!(bundles.state(7).unwrap(), Some(BundleState::Making(Making { export: Some(7), done: 0, total: 0 })));
        drop(turn);
        assert!(bundles.turn(Some(8)).is_ok());
        assert_eq!(bundles.state(7).unwrap(), None);
    }

    #[test]
    fn a_bundle_is_kept_for_a_week_and_nothing_else_is_removed() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["7.tar", "8.tar.part", "notes"] {
            fs::write(folder.path().join(name), "x").unwrap();
        }
        let bundles = Bundles::new(folder.path().to_owned());
        let made = fs::metadata(bundles.whole(7)).unwrap().modified().unwrap();
        let at = |days: u64| {
            let since = made.duration_since(SystemTime::UNIX_EPOCH).unwrap() + Duration::from_hours(24 * days);
            Instant::from_micros(i64::try_from(since.as_micros()).unwrap())
        };
        bundles.sweep(at(7)).unwrap();
        assert_eq!(bundles.state(7).unwrap(), Some(BundleState::Ready { bytes: 1 }));
        bundles.sweep(at(8)).unwrap();
        assert_eq!(bundles.state(7).unwrap(), None);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
    }
}
