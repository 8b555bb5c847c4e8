//! Export bundles: a folder with everything an auditor needs, and nothing that must be believed. Exact leaves and hash
//! tiles in the C2SP layout, the entries as lines and as a table, checkpoints, trust file, proofs, and last of all the
//! manifest.
//!
//! A bundle that was broken off is gone on with: files that are whole stay, under the same checkpoint. Memory does not
//! grow with the number of entries.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::checkpoint::Checkpoint;
use super::entry::NewEntry;
use super::export::{Disclosures, Export, ExportError};
use super::log::Ledger;
use super::manifest::{self, Digester, FileDigest, Manifest, Order, Registered};
use super::proof;
use super::proof_file::ProofFile;
use super::published::{self, StoredTiles};
use super::tile_name::TileName;
use crate::store::ledger::tree as rows;

/// What an unfinished bundle was begun with; gone when it is finished.
const BEGUN: &str = "begun.json";

/// What is told of a bundle while it is made.
#[derive(Clone, Copy, Debug)]
pub struct BundleProgress<'a> {
    /// The file that was made or found whole.
    pub file: &'a str,
    /// How many files are there.
    pub done: u64,
    /// How many there will be.
    pub total: u64,
}

/// A bundle that stands in the ledger, and the checkpoint that covers its own entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Begun {
    /// The order and its entry.
    pub export: Registered,
    /// The signed note that the bundle is made under.
    pub checkpoint: String,
}

/// Puts an export in the ledger. `entry` says who; what for is filled in here.
pub fn register_blocking(
    ledger: &Ledger,
    format: &str,
    order: Order,
    mut entry: NewEntry,
) -> Result<Begun, ExportError> {
    // Its own entry comes next, so that one may be proven too.
    if let Some(&missing) = order.proofs.iter().find(|&&index| index > ledger.size()) {
        return Err(ExportError::NoProof { index: missing, size: ledger.size() });
    }
    if order.from > ledger.size() {
        return Err(ExportError::NoStart { index: order.from, size: ledger.size() });
    }
    if let Some(&before) = order.proofs.iter().find(|&&index| index < order.first()) {
        return Err(ExportError::ProofBefore { index: before, first: order.first() });
    }
    entry.flags.push(format.to_uppercase());
    if order.disclosed {
        entry.flags.push("DISCLOSED".to_owned());
    }
    entry.committed.reason = Some(order.text());
    let index = ledger.append_blocking(entry)?.index();
    ledger.integrate_blocking()?;
    let missing = || ExportError::Entry(index);
    let body = ledger.body(&ledger.entry(index)?.ok_or_else(missing)?)?.ok_or_else(missing)?;
    let opening = body.iter().find(|opening| opening.name == "reason").ok_or_else(missing)?;
    let export = Registered { entry: index, order, salt: hex::encode(opening.salt) };
    Ok(Begun { export, checkpoint: ledger.newest_checkpoint()? })
}

/// What an unfinished bundle in `folder` was begun with.
///
/// # Errors
/// `AlreadyExists` when there is a finished bundle, or a folder with something else in it.
pub fn begun(folder: &Path) -> io::Result<Option<Begun>> {
    let refuse = |what| Err(io::Error::new(io::ErrorKind::AlreadyExists, what));
    if folder.join(manifest::NAME).exists() {
        return refuse("there is a finished bundle");
    }
    match fs::read(folder.join(BEGUN)) {
        Ok(bytes) => Ok(Some(serde_json::from_slice(&bytes)?)),
        Err(_) if fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some()) => {
            refuse("the folder holds something else than an unfinished bundle")
        }
        Err(_) => Ok(None),
    }
}

/// Begins a bundle: from here on it can be gone on with.
pub fn begin(folder: &Path, begun: &Begun) -> Result<(), ExportError> {
    make(&folder.join(BEGUN), |file| Ok(serde_json::to_writer(file, begun)?)).map(drop)
}

/// Whether a folder holds a bundle that lacks nothing.
pub fn is_finished(folder: &Path) -> bool {
    folder.join(manifest::NAME).exists()
}

/// Writes a bundle, or what it still lacks, under the export's checkpoint.
pub fn write(
    export: &Export<'_>,
    folder: &Path,
    begun: &Begun,
    progress: &mut dyn FnMut(BundleProgress<'_>),
) -> Result<Manifest, ExportError> {
    // What the entry does not say was opened stays sealed.
    let disclosures = if begun.export.order.disclosed { export.disclosures } else { Disclosures::None };
    let first = begun.export.order.first();
    let export = &Export { checkpoint: Some(&begun.checkpoint), disclosures, first, ..*export };
    let (note, signed) = export.checkpoint()?;
    let proofs = &begun.export.order.proofs;
    if !folder.join(BEGUN).exists() {
        begin(folder, begun)?;
    }
    let mut history = export.database.read(|connection| rows::checkpoints_below(connection, size_of(&signed)))?;
    history.retain(|old| old.size.unsigned_abs() >= first);
    let total = TileName::since(first, signed.size).count() + history.len() + proofs.len() + 5;
    let mut bundle = Bundle { folder, files: BTreeMap::new(), total: total as u64, progress };
    bundle.put("checkpoint", |file| Ok(file.write_all(note.as_bytes())?))?;
    bundle.put("policy", |file| Ok(file.write_all(published::policy_of(export.log).as_bytes())?))?;
    for name in TileName::since(first, signed.size) {
        bundle.put(&format!("tile/{name}"), |file| {
            let tile = export.database.snapshot(|connection| published::tile(connection, name))?;
            Ok(file.write_all(&tile.ok_or(ExportError::NoCheckpoint)?)?)
        })?;
    }
    for old in history {
        bundle.put(&format!("checkpoints/{}", old.size), |file| Ok(file.write_all(old.note.as_bytes())?))?;
    }
    for &index in proofs {
        let proof = proof(export, index, &signed, &note)?;
        bundle.put(&format!("proofs/{index}.tlog-proof"), |file| Ok(write!(file, "{proof}")?))?;
    }
    bundle.put("entries.ndjson", |file| export.ndjson(file).map(drop))?;
    bundle.put("entries.csv", |file| export.csv(file).map(drop))?;
    bundle.put("entries.parquet", |file| export.parquet(file).map(drop))?;
    let manifest = Manifest {
        format: manifest::FORMAT.to_owned(),
        origin: signed.origin,
        range: [first, signed.size],
        export: begun.export.clone(),
        files: std::mem::take(&mut bundle.files),
    };
    // From here on it is either finished or nothing: whoever finds the manifest finds no trace of the making.
    let part = make_part(&folder.join(manifest::NAME), |file| Ok(serde_json::to_writer_pretty(file, &manifest)?))?.0;
    fs::remove_file(folder.join(BEGUN))?;
    fs::rename(part, folder.join(manifest::NAME))?;
    Ok(manifest)
}

fn size_of(signed: &Checkpoint) -> i64 {
    i64::try_from(signed.size).unwrap_or(i64::MAX)
}

fn proof(export: &Export<'_>, index: u64, signed: &Checkpoint, note: &str) -> Result<ProofFile, ExportError> {
    if index >= signed.size {
        return Err(ExportError::Entry(index));
    }
    let path = export.database.snapshot(|connection| {
        let mut tiles = StoredTiles::open(connection)?;
        proof::inclusion(&mut tiles, index, signed.size)
    })?;
    Ok(ProofFile { extra: None, index, path, checkpoint: note.to_owned() })
}

struct Bundle<'a> {
    folder: &'a Path,
    files: BTreeMap<String, FileDigest>,
    total: u64,
    progress: &'a mut dyn FnMut(BundleProgress<'_>),
}

impl Bundle<'_> {
    /// Makes a file, unless it is there: what has its name was whole when it got it.
    fn put(
        &mut self,
        path: &str,
        write: impl FnOnce(&mut dyn Write) -> Result<(), ExportError>,
    ) -> Result<(), ExportError> {
        let whole = self.folder.join(path);
        let digest = if whole.exists() { FileDigest::of(File::open(&whole)?)? } else { make(&whole, write)? };
        self.files.insert(path.to_owned(), digest);
        let done = self.files.len() as u64;
        (self.progress)(BundleProgress { file: path, done, total: self.total });
        Ok(())
    }
}

/// Writes a file beside its place, and puts it there when it is whole and on disk.
fn make(path: &Path, write: impl FnOnce(&mut dyn Write) -> Result<(), ExportError>) -> Result<FileDigest, ExportError> {
    let (part, digest) = make_part(path, write)?;
    fs::rename(part, path)?;
    Ok(digest)
}

fn make_part(
    path: &Path,
    write: impl FnOnce(&mut dyn Write) -> Result<(), ExportError>,
) -> Result<(PathBuf, FileDigest), ExportError> {
    let mut part = path.to_owned().into_os_string();
    part.push(".part");
    let part = PathBuf::from(part);
    let mut file = Digester::new(BufWriter::with_capacity(1 << 16, private(&part)?));
    write(&mut file)?;
    let (file, digest) = file.finish();
    file.into_inner().map_err(io::IntoInnerError::into_error)?.sync_data()?;
    Ok((part, digest))
}

/// A file, and the folders above it, that only the owner may read.
fn private(path: &Path) -> io::Result<File> {
    let mut folders = fs::DirBuilder::new();
    folders.recursive(true);
    let mut options = File::options();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    {
        std::os::unix::fs::DirBuilderExt::mode(&mut folders, 0o700);
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    }
    folders.create(path.parent().unwrap_or_else(|| Path::new(".")))?;
    options.open(path)
}
