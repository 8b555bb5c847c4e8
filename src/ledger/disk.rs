//! Room on the volume that the ledger stands on: told when it runs short, closed before it runs out, and a ballast that is
//! given back then, so that what waits can still be written and the gateway can end in order.
//!
//! Deliberately absent: the volume of a database server. Its own operators watch that.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, SyncSender};
use std::thread::JoinHandle;
use std::time::Duration;

use super::append::Command;
use super::state::{Reason, Shared, State};

/// How often the volume is looked at.
const EVERY: Duration = Duration::from_secs(1);
/// The name of the ballast in the ledger's folder.
const BALLAST: &str = "ledger.ballast";

/// Tells how much room there is.
pub trait Volume: Send + Sync + std::fmt::Debug {
    /// The bytes that may still be written in a folder.
    fn free(&self, folder: &Path) -> io::Result<u64>;
}

/// What the system says.
#[derive(Clone, Copy, Debug)]
pub struct SystemVolume;

impl Volume for SystemVolume {
    fn free(&self, folder: &Path) -> io::Result<u64> {
        let found = rustix::fs::statvfs(folder)?;
        Ok(found.f_bavail.saturating_mul(found.f_frsize))
    }
}

/// Which volume is watched, and from when on. All sizes in bytes.
#[derive(Clone, Debug)]
pub struct DiskSettings {
    /// The folder of the ledger's file.
    pub folder: PathBuf,
    /// With less than this free the ledger says so.
    pub warn_below: u64,
    /// With less than this free the ledger is closed.
    pub close_below: u64,
    /// How much is kept for the end.
    pub ballast: u64,
    /// Where the numbers come from.
    pub volume: Arc<dyn Volume>,
}

/// The thread that looks.
pub(super) struct Watch {
    pub(super) settings: DiskSettings,
    pub(super) shared: Arc<Shared>,
    pub(super) writer: SyncSender<Command>,
}

impl Watch {
    /// Looks for the first time at once, then from a thread of its own until the sender is dropped.
    pub(super) fn start(self) -> io::Result<(mpsc::Sender<()>, JoinHandle<()>)> {
        self.look();
        let (stop, stopped) = mpsc::channel();
        let thread = std::thread::Builder::new().name("ledger-disk".into()).spawn(move || self.run(&stopped))?;
        Ok((stop, thread))
    }

    /// Looks until the other end of `stopped` is gone.
    fn run(self, stopped: &Receiver<()>) {
        loop {
            self.look();
            if stopped.recv_timeout(EVERY) != Err(RecvTimeoutError::Timeout) {
                return;
            }
        }
    }

    /// Looks once. A volume that cannot be looked at changes nothing: a commit that fails closes the ledger by itself.
    fn look(&self) {
        let DiskSettings { folder, warn_below, close_below, ballast, volume } = &self.settings;
        let free = match volume.free(folder) {
            Ok(free) => free,
            Err(error) => {
                return tracing::warn!(%error, folder = %folder.display(), "the room for the ledger is not known");
            }
        };
        self.shared.room_is_short(free < *warn_below);
        let is_closed = self.shared.state() == State::Closed(Reason::DiskLow);
        if free < *close_below {
            self.shared.close(Reason::DiskLow);
            self.give_back();
        } else if free >= close_below.saturating_add(*ballast) {
            // The ballast is there again before the ledger is, else it would be closed by its own ballast.
            self.keep();
            if is_closed {
                // A full pool is emptied first; the next look asks again.
                let _ = self.writer.try_send(Command::RoomIsBack);
            }
        }
    }

    fn ballast(&self) -> PathBuf {
        self.settings.folder.join(BALLAST)
    }

    fn keep(&self) {
        let path = self.ballast();
        if self.settings.ballast == 0 || path.exists() {
            return;
        }
        if let Err(error) = reserve(&path, self.settings.ballast) {
            tracing::warn!(%error, path = %path.display(), "no ballast is kept for a full disk");
            // What was begun of it is of no use.
            let _ = fs::remove_file(&path);
        }
    }

    fn give_back(&self) {
        let path = self.ballast();
        match fs::remove_file(&path) {
            Ok(()) => tracing::warn!(path = %path.display(), "the ballast is given back"),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => tracing::error!(%error, path = %path.display(), "the ballast cannot be given back"),
        }
    }
}

/// Takes real blocks, not the promise of some.
fn reserve(path: &Path, bytes: u64) -> io::Result<()> {
    let file = File::create_new(path)?;
    Ok(rustix::fs::fallocate(&file, rustix::fs::FallocateFlags::empty(), 0, bytes)?)
}
