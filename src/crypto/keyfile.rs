//! The key file: JSON, mode 0600, written beside itself and moved into place.
//!
//! Deliberately absent from every error: the file's content. A parser's own message may quote it.

use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::key::{Algorithm, Key, KeyInfo, KeyState, Purpose, SECRET_BYTES};
use super::keyring::KeyringError;
use crate::clock::Ambient;
use crate::domain::Instant;

const FORMAT: &str = "chengxin-keys/v1";
const FILE_BYTES_MAX: u64 = 1 << 20;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    format: String,
    keys: Vec<Entry>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    id: u32,
    purpose: Purpose,
    algorithm: Algorithm,
    state: KeyState,
    created: String,
    /// Standard base64 of the 32 bytes.
    #[serde(with = "secret_text")]
    secret: Zeroizing<String>,
    /// The key check value, in hexadecimal.
    check: String,
}

mod secret_text {
    use serde::Deserialize;
    use zeroize::Zeroizing;

    pub(super) fn serialize<S: serde::Serializer>(text: &Zeroizing<String>, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(text)
    }

    pub(super) fn deserialize<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Zeroizing<String>, D::Error> {
        String::deserialize(from).map(Zeroizing::new)
    }
}

/// Reads the keys of a file that its owner alone can read.
pub(super) fn read(path: &Path) -> Result<Vec<Key>, KeyringError> {
    let read = |source| KeyringError::Read { path: path.to_owned(), source };
    let malformed = |why: String| KeyringError::Malformed { path: path.to_owned(), why };
    let file = File::open(path).map_err(read)?;
    // INVARIANT: the mode is asked of the open file, not of the path, so nothing can be swapped in between.
    let metadata = file.metadata().map_err(read)?;
    if !metadata.is_file() {
        return Err(malformed("it is not a regular file".to_owned()));
    }
    let mode = metadata.mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(KeyringError::Exposed { path: path.to_owned(), mode });
    }
    if metadata.len() > FILE_BYTES_MAX {
        return Err(malformed(format!("it is larger than {FILE_BYTES_MAX} bytes")));
    }
    let mut text = Zeroizing::new(String::with_capacity(usize::try_from(metadata.len()).unwrap_or(0) + 1));
    file.take(FILE_BYTES_MAX).read_to_string(&mut text).map_err(read)?;
    let document: Document = serde_json::from_str(&text).map_err(|fault| {
        malformed(format!("line {}, column {} is not what a key file holds", fault.line(), fault.column()))
    })?;
    if document.format != FORMAT {
        return Err(malformed(format!("its format is not `{FORMAT}`")));
    }
    document.keys.iter().map(|entry| key(entry).map_err(malformed)).collect()
}

fn key(entry: &Entry) -> Result<Key, String> {
    let id = entry.id;
    let created = Instant::parse_rfc3339(&entry.created).ok_or(format!("key {id}: its time is not RFC 3339"))?;
    let bytes =
        Zeroizing::new(STANDARD.decode(&*entry.secret).map_err(|_| format!("key {id}: its secret is not base64"))?);
    let mut secret = Zeroizing::new([0; SECRET_BYTES]);
    if bytes.len() != SECRET_BYTES {
        return Err(format!("key {id}: its secret is not {SECRET_BYTES} bytes"));
    }
    secret.copy_from_slice(&bytes);
    let info = KeyInfo { id, purpose: entry.purpose, algorithm: entry.algorithm, state: entry.state, created };
    let key = Key::new(info, &secret);
    if hex::encode(key.check()) != entry.check {
        return Err(format!("key {id}: secret and check value do not belong together"));
    }
    Ok(key)
}

/// Writes a new key file; an existing one is never touched.
pub(super) fn create(path: &Path, keys: &[Key], ambient: &Ambient) -> Result<(), KeyringError> {
    let write = |source| KeyringError::Write { path: path.to_owned(), source };
    let beside = write_beside(path, keys, ambient)?;
    // A link, unlike a rename, fails when the name is taken.
    let linked = fs::hard_link(&beside, path);
    fs::remove_file(&beside).map_err(write)?;
    match linked {
        Err(fault) if fault.kind() == std::io::ErrorKind::AlreadyExists => {
            Err(KeyringError::Exists { path: path.to_owned() })
        }
        other => other.map_err(write).and_then(|()| sync_folder(path)),
    }
}

/// Replaces an existing key file.
pub(super) fn replace(path: &Path, keys: &[Key], ambient: &Ambient) -> Result<(), KeyringError> {
    let beside = write_beside(path, keys, ambient)?;
    fs::rename(&beside, path).map_err(|source| KeyringError::Write { path: path.to_owned(), source })?;
    sync_folder(path)
}

fn write_beside(path: &Path, keys: &[Key], ambient: &Ambient) -> Result<PathBuf, KeyringError> {
    let write = |source| KeyringError::Write { path: path.to_owned(), source };
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.new", hex::encode(ambient.bytes::<8>())));
    let beside = path.with_file_name(name);
    let text = Zeroizing::new(print(keys));
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&beside).map_err(write)?;
    file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(write)?;
    Ok(beside)
}

fn sync_folder(path: &Path) -> Result<(), KeyringError> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(|source| KeyringError::Write { path: path.to_owned(), source })
}

fn print(keys: &[Key]) -> String {
    let entry = |key: &Key| Entry {
        id: key.info.id,
        purpose: key.info.purpose,
        algorithm: key.info.algorithm,
        state: key.info.state,
        created: key.info.created.rfc3339(),
        secret: Zeroizing::new(STANDARD.encode(key.secret())),
        check: hex::encode(key.check()),
    };
    let document = Document { format: FORMAT.to_owned(), keys: keys.iter().map(entry).collect() };
    let mut text = String::with_capacity(512 * (keys.len() + 1));
    // INVARIANT: writing strings and numbers to a string cannot fail, and the room reserved keeps it from being moved.
    if let Ok(json) = serde_json::to_string_pretty(&document) {
        text.push_str(&Zeroizing::new(json));
    }
    text.push('\n');
    text
}
