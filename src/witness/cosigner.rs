//! The witness itself: decides on a checkpoint, stores it, then answers. Never the other way round.
//!
//! INVARIANT: for each origin the stored size only grows, and what was cosigned is what is stored. One file per ledger,
//! written beside its place, synced and renamed; the folder is locked for as long as the witness runs.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use ed25519_dalek::SigningKey;
use parking_lot::Mutex;
use sha2::{Digest, Sha256};

use super::request::AddCheckpoint;
use crate::clock::Ambient;
use crate::ledger::VerifierKey;
use crate::ledger::checkpoint::Checkpoint;
use crate::ledger::cosignature::cosign;
use crate::ledger::note::{KeyKind, Note};
use crate::ledger::proof::verify_consistency;
use crate::ledger::small_file;
use crate::ledger::tree::empty_root;

const KEY: &str = "witness.key";
const LOCK: &str = "lock";

/// What becomes of a checkpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// 200: it is stored; the signature line.
    Cosigned(String),
    /// 400: the body is none, or its old size is larger than the checkpoint's.
    Malformed,
    /// 403: the ledger has not signed it.
    Unsigned,
    /// 404: nobody told this witness of the ledger.
    Unknown,
    /// 409: the witness has seen another size last.
    Conflict(u64),
    /// 422: it is not grown from what the witness has seen.
    Inconsistent,
}

/// A witness that cannot start.
#[derive(Debug, thiserror::Error)]
pub enum NotAWitness {
    /// The folder.
    #[error("`{path}`: {cause}")]
    Folder {
        /// Which file or folder.
        path: PathBuf,
        /// What the system says.
        cause: io::Error,
    },
    /// Another process is the witness of this folder.
    #[error("another witness runs on `{0}`")]
    Locked(PathBuf),
    /// The key file holds no key.
    #[error("`{0}` holds no witness key")]
    Key(PathBuf),
    /// The name is no key name.
    #[error("a witness' name is a URL without scheme, blanks and `+`")]
    Name,
}

/// A witness.
#[derive(Debug)]
pub struct Cosigner {
    folder: PathBuf,
    key: SigningKey,
    verifier: VerifierKey,
    logs: Vec<VerifierKey>,
    ambient: Ambient,
    /// One checkpoint at a time: the old size is compared and replaced together.
    turn: Mutex<()>,
    _lock: File,
}

impl Cosigner {
    /// Makes the folder and the key of a new witness.
    pub fn create(folder: &Path, ambient: &Ambient) -> Result<(), NotAWitness> {
        let fault = |cause| NotAWitness::Folder { path: folder.to_owned(), cause };
        fs::create_dir_all(folder).map_err(fault)?;
        let seed: [u8; 32] = ambient.bytes();
        let mut options = File::options();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(folder.join(KEY)).map_err(fault)?;
        file.write_all(format!("{}\n", hex::encode(seed)).as_bytes()).map_err(fault)?;
        file.sync_all().map_err(fault)
    }

    /// Opens a witness that was created. `logs` are the ledgers that it cosigns for.
    pub fn open(folder: &Path, name: &str, logs: Vec<VerifierKey>, ambient: Ambient) -> Result<Self, NotAWitness> {
        let path = folder.join(KEY);
        let text = fs::read_to_string(&path).map_err(|cause| NotAWitness::Folder { path: path.clone(), cause })?;
        let mut seed = [0; 32];
        hex::decode_to_slice(text.trim_end(), &mut seed).map_err(|_| NotAWitness::Key(path))?;
        let key = SigningKey::from_bytes(&seed);
        let verifier = VerifierKey::new(name, KeyKind::Cosignature, key.verifying_key()).ok_or(NotAWitness::Name)?;
        let lock =
            File::create(folder.join(LOCK)).map_err(|cause| NotAWitness::Folder { path: folder.to_owned(), cause })?;
        lock.try_lock().map_err(|_| NotAWitness::Locked(folder.to_owned()))?;
        let folder = folder.to_owned();
        Ok(Self { folder, key, verifier, logs, ambient, turn: Mutex::new(()), _lock: lock })
    }

    /// The key that the cosignatures verify under.
    pub fn verifier(&self) -> &VerifierKey {
        &self.verifier
    }

    /// The latest cosigned checkpoint of the ledger whose origin has this SHA-256, in hexadecimal.
    pub fn latest(&self, origin_hash: &str) -> io::Result<Option<String>> {
        let is_hash =
            origin_hash.len() == 64 && origin_hash.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        if !is_hash {
            return Ok(None);
        }
        match fs::read_to_string(self.folder.join(origin_hash)) {
            Ok(note) => Ok(Some(note)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Decides on a checkpoint, and stores it if it is cosigned.
    ///
    /// # Errors
    /// When it could not be stored: then nothing was cosigned.
    pub fn add_checkpoint(&self, body: &str) -> io::Result<Answer> {
        let Some(request) = AddCheckpoint::parse(body) else { return Ok(Answer::Malformed) };
        let Ok(note) = Note::parse(&request.note) else { return Ok(Answer::Malformed) };
        let Ok(new) = Checkpoint::parse(note.text) else { return Ok(Answer::Malformed) };
        let logs: Vec<VerifierKey> = self.logs.iter().filter(|log| log.name() == new.origin).cloned().collect();
        if logs.is_empty() {
            return Ok(Answer::Unknown);
        }
        if note.verify(&logs).is_err() {
            return Ok(Answer::Unsigned);
        }
        if request.old > new.size {
            return Ok(Answer::Malformed);
        }
        let _turn = self.turn.lock();
        let name = hex::encode(Sha256::digest(new.origin.as_bytes()));
        let seen = match self.latest(&name)? {
            None => Checkpoint { origin: new.origin.clone(), size: 0, root: empty_root() },
            Some(seen) => stored(&seen)?,
        };
        if request.old != seen.size {
            return Ok(Answer::Conflict(seen.size));
        }
        let has_grown = if seen.size == 0 || seen.size == new.size {
            // From nothing to anything is growth, from anything to as much only if it is the same.
            request.proof.is_empty() && (new.size > seen.size || new.root == seen.root)
        } else {
            verify_consistency((seen.size, &seen.root), (new.size, &new.root), &request.proof)
        };
        if !has_grown {
            return Ok(Answer::Inconsistent);
        }
        let seconds = self.ambient.now().micros().div_euclid(1_000_000);
        let line = cosign(note.text, u64::try_from(seconds).unwrap_or(0), &self.key, &self.verifier);
        small_file::replace(&self.folder.join(&name), &format!("{}{line}", request.note))?;
        Ok(Answer::Cosigned(line))
    }
}

/// What was stored must be a checkpoint, or the witness knows nothing and must not sign.
fn stored(note: &str) -> io::Result<Checkpoint> {
    let unreadable = |_| io::Error::new(io::ErrorKind::InvalidData, "the stored checkpoint cannot be read");
    Checkpoint::parse(Note::parse(note).map_err(unreadable)?.text).map_err(unreadable)
}
