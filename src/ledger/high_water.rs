//! The newest signed checkpoint, kept outside of the database: in a small file, on another volume if possible. A
//! database that was put back from a copy, or gone on with differently, is found when the ledger is opened.
//!
//! Deliberately absent: secrets, and trust in the file. A note in it that the ledger's key has not signed stops the start.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::checkpoint::Checkpoint;
use super::log::{Ledger, LedgerError};
use super::note::VerifierKey;
use super::proof;
use super::published::StoredTiles;
use super::small_file;
use crate::store::{AnyConnection, StoreError};

/// How much time passes between two writes at least, in microseconds: a rollback of less is found by a witness alone.
const EVERY: i64 = 1_000_000;

/// The file.
#[derive(Clone, Debug)]
pub(super) struct HighWater {
    path: PathBuf,
    written: Option<(u64, i64)>,
}

impl HighWater {
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path, written: None }
    }

    /// Keeps a checkpoint, unless another was kept a moment ago. `is_last` keeps it in any case.
    pub(super) fn keep(&mut self, size: u64, note: &str, now: i64, is_last: bool) {
        let is_due = self.written.is_none_or(|(_, at)| is_last || now < at || now - at >= EVERY);
        if !is_due || self.written.is_some_and(|(written, _)| written >= size) {
            return;
        }
        match small_file::replace(&self.path, note) {
            Ok(()) => self.written = Some((size, now)),
            Err(error) => {
                tracing::error!(%error, path = %self.path.display(), "the newest checkpoint is not kept outside of the database");
            }
        }
    }
}

/// Writes the file when the ledger is opened, so that a place where nothing can be kept is known then, not after a loss.
pub(super) fn begin(path: &Path, note: &str) -> Result<(), LedgerError> {
    small_file::replace(path, note).map_err(|cause| LedgerError::HighWater { path: path.to_owned(), cause })
}

impl Ledger {
    /// Holds the ledger against the file again, as when it was opened. A contradiction closes it: somebody has put the
    /// database back, or gone on with another, under a running gateway.
    pub fn recheck_high_water(&self, path: &Path) -> Result<(), LedgerError> {
        let log = self.keys().log();
        // One state of the database, read after the file: it is never behind the file by growing meanwhile.
        let checked =
            self.database().connect()?.snapshot(|connection| Ok::<_, StoreError>(check(connection, path, log)))?;
        if checked.as_ref().is_err_and(LedgerError::is_contradiction) {
            self.distrust();
        }
        checked
    }
}

/// Holds the signed tree of the database against the file, if there is one.
pub(super) fn check(connection: &mut AnyConnection, path: &Path, log: &VerifierKey) -> Result<(), LedgerError> {
    let note = match fs::read_to_string(path) {
        Ok(note) => note,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(cause) => return Err(LedgerError::HighWater { path: path.to_owned(), cause }),
    };
    let kept = Checkpoint::open(&note, log).map_err(|cause| LedgerError::Kept { path: path.to_owned(), cause })?;
    let mut tiles = StoredTiles::open(connection)?;
    let stored = tiles.size();
    if kept.size > stored {
        return Err(LedgerError::RolledBack { path: path.to_owned(), kept: kept.size, stored });
    }
    if proof::root(&mut tiles, kept.size)? != kept.root {
        return Err(LedgerError::Forked { path: path.to_owned(), kept: kept.size });
    }
    Ok(())
}
