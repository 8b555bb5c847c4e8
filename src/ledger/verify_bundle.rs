//! Offline verification of an export bundle: manifest, trust file, checkpoint with its cosignatures, older checkpoints,
//! hash tiles, exact leaves, the files for people, and proofs. Needs no network, no database and no secret.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, BufReader, Read as _};
use std::path::Path;

use super::audit::Expectation;
use super::entry::EntryKind;
use super::leaf::Leaf;
use super::manifest::{self, FileDigest, Manifest};
use super::parquet::ParquetCheck;
use super::policy::{Policy, PolicyFault};
use super::proof_file::ProofFile;
use super::report::{Outcome, Report};
use super::table::Cells;
use super::tile::{Edge, FullTile, WIDTH, levels_of, width};
use super::tile_name::{Content, TileName};
use super::tree::{CompactRange, Hash, hashes_of, leaf_hash};
use super::verify::{verify_csv, verify_export};

/// Small files, such as checkpoints, are read whole up to this length.
const SMALL_BYTES_MAX: u64 = 256 * 1024;
/// The longest manifest: that of a thousand million entries.
const MANIFEST_BYTES_MAX: u64 = 1 << 30;

/// What an auditor brings along.
#[derive(Clone, Debug, Default)]
pub struct Trust {
    /// The auditor's own trust file. Without it the bundle vouches for itself, and the report says so.
    pub policy: Option<Policy>,
    /// The checkpoint that the auditor has kept from the last time.
    pub state: Option<String>,
}

/// What was found, and the checkpoint that it was held against.
#[derive(Clone, Debug)]
pub struct Verified {
    /// What was found.
    pub report: Report,
    /// The bundle's checkpoint, when it could be read.
    pub checkpoint: Option<String>,
}

/// Verifies the bundle in `folder`.
///
/// # Errors
/// When the disk fails. Whatever is wrong with the bundle is in the report.
pub fn verify_bundle(folder: &Path, trust: &Trust) -> io::Result<Verified> {
    let mut report = Report::pinned(trust.policy.is_some());
    let Some(manifest) = manifest(folder, &mut report)? else {
        return Ok(Verified { report, checkpoint: None });
    };
    let Some(checkpoint) = small(folder, "checkpoint")? else {
        report.fault(Outcome::Incomplete, None, "there is no checkpoint");
        return Ok(Verified { report, checkpoint: None });
    };
    let verified = |report| Verified { report, checkpoint: Some(checkpoint.clone()) };
    let Some(policy) = policy(folder, trust, &mut report)? else { return Ok(verified(report)) };
    let signed = policy.open(&checkpoint);
    match &signed {
        Ok(signed) if signed.origin == manifest.origin && signed.size == manifest.range[1] => {}
        Ok(_) => report.fault(Outcome::Content, None, "manifest and checkpoint name different ledgers or sizes"),
        Err(error) => report.fault(outcome_of(error), None, error.to_string()),
    }
    let Some(edge) = edge(folder, manifest.range, &mut report)? else { return Ok(verified(report)) };
    let log = policy.logs().iter().find(|log| log.name() == manifest.origin).cloned();
    let known = trust.state.iter().cloned().chain(history(folder, &manifest)?).collect();
    let expectation = Expectation { log, checkpoint: Some(checkpoint.clone()), known, left: edge.range() };
    // Two halves of the work that share nothing but the disk.
    let (files, entries) = std::thread::scope(|scope| {
        let files = scope.spawn(|| check_contents(folder, &manifest, edge));
        let entries = check_entries(folder, &expectation);
        (files.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)), entries)
    });
    report.absorb(None, files?);
    report.absorb(None, entries?);
    check_proofs(folder, &manifest, &policy, &mut report)?;
    check_order(folder, &manifest, &mut report)?;
    report.is_key_pinned = trust.policy.is_some();
    Ok(verified(report))
}

/// Every file as the manifest lists it, and the leaves in the tiles of every level.
fn check_contents(folder: &Path, manifest: &Manifest, edge: Edge) -> io::Result<Report> {
    let mut report = Report::default();
    check_files(folder, manifest, &mut report)?;
    check_tiles(folder, manifest.range, edge, &mut report)?;
    Ok(report)
}

/// The entries as lines and as tables.
fn check_entries(folder: &Path, expectation: &Expectation) -> io::Result<Report> {
    let mut report = Report::default();
    match open(folder, "entries.ndjson")? {
        None => report.fault(Outcome::Incomplete, None, "there is no entries.ndjson"),
        Some(file) => {
            let found = verify_export(BufReader::with_capacity(1 << 16, file), expectation)?;
            report.absorb(Some("entries.ndjson"), found);
        }
    }
    check_tables(folder, expectation, &mut report)?;
    Ok(report)
}

/// The entries in CSV, and the same in Parquet: that file is what the rows of the other one give, byte by byte.
fn check_tables(folder: &Path, expectation: &Expectation, report: &mut Report) -> io::Result<()> {
    // The older checkpoints are held against the lines; the table has the same root or is wrong by itself.
    let expectation = Expectation { known: Vec::new(), ..expectation.clone() };
    let first = expectation.left.as_ref().map_or(0, CompactRange::size);
    let buffered = |file| BufReader::with_capacity(1 << 16, file);
    let mut parquet =
        open(folder, "entries.parquet")?.map(|file| ParquetCheck::new(buffered(file), first)).transpose()?;
    if parquet.is_none() {
        report.fault(Outcome::Incomplete, None, "there is no entries.parquet");
    }
    let Some(csv) = open(folder, "entries.csv")? else {
        report.fault(Outcome::Incomplete, None, "there is no entries.csv");
        return Ok(());
    };
    let mut each = |cells: &Cells| parquet.as_mut().map_or(Ok(()), |parquet| parquet.push(cells));
    let found = verify_csv(buffered(csv), &expectation, &mut each)?;
    report.absorb(Some("entries.csv"), found);
    let checkpoint = expectation.checkpoint.unwrap_or_default();
    if !parquet.map_or(Ok(true), |parquet| parquet.finish(&checkpoint))? {
        report.fault(Outcome::Content, None, "entries.parquet is not the table that the leaves of entries.csv give");
    }
    Ok(())
}

fn outcome_of(fault: &PolicyFault) -> Outcome {
    match fault {
        PolicyFault::Line { .. } | PolicyFault::Whole(_) => Outcome::Usage,
        PolicyFault::Note(_) | PolicyFault::Quorum { .. } => Outcome::BadSignature,
    }
}

fn open(folder: &Path, name: &str) -> io::Result<Option<File>> {
    match File::open(folder.join(name)) {
        Ok(file) if file.metadata()?.is_file() => Ok(Some(file)),
        Ok(_) => Ok(None),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn bytes(folder: &Path, name: &str, max: u64) -> io::Result<Option<Vec<u8>>> {
    let Some(file) = open(folder, name)? else { return Ok(None) };
    let mut bytes = Vec::new();
    file.take(max).read_to_end(&mut bytes)?;
    Ok(Some(bytes))
}

fn small(folder: &Path, name: &str) -> io::Result<Option<String>> {
    let bytes = bytes(folder, name, SMALL_BYTES_MAX)?;
    Ok(bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()))
}

fn manifest(folder: &Path, report: &mut Report) -> io::Result<Option<Manifest>> {
    let Some(bytes) = bytes(folder, manifest::NAME, MANIFEST_BYTES_MAX)? else {
        report.fault(Outcome::Incomplete, None, "there is no manifest: the export was not finished");
        return Ok(None);
    };
    // What serde finds wrong with it helps nobody: it is not the list that was made.
    let manifest = serde_json::from_slice::<Manifest>(&bytes).ok().filter(|list| list.format == manifest::FORMAT);
    if manifest.is_none() {
        report.fault(Outcome::Content, None, "the manifest cannot be read, or is one of another format");
    }
    Ok(manifest)
}

/// Every file is listed, and every listed file is what the list says.
fn check_files(folder: &Path, manifest: &Manifest, report: &mut Report) -> io::Result<()> {
    for (path, wanted) in &manifest.files {
        if !manifest::is_inside(path) {
            report.fault(Outcome::Content, None, format!("the manifest names `{path}`, which is not in the bundle"));
            continue;
        }
        match open(folder, path)? {
            None => report.fault(Outcome::Incomplete, None, format!("`{path}` is missing")),
            Some(file) => {
                if FileDigest::of(BufReader::new(file))? != *wanted {
                    report.fault(Outcome::Content, None, format!("`{path}` is not the file in the manifest"));
                }
            }
        }
    }
    let mut found = BTreeSet::new();
    list(folder, "", &mut found)?;
    for path in found.iter().filter(|path| *path != manifest::NAME && !manifest.files.contains_key(*path)) {
        report.fault(Outcome::Content, None, format!("`{path}` is not in the manifest"));
    }
    Ok(())
}

fn list(folder: &Path, below: &str, found: &mut BTreeSet<String>) -> io::Result<()> {
    for entry in fs::read_dir(folder.join(below))? {
        let entry = entry?;
        let name = entry.file_name();
        let path = if below.is_empty() {
            name.to_string_lossy().into_owned()
        } else {
            format!("{below}/{}", name.to_string_lossy())
        };
        if entry.file_type()?.is_dir() {
            list(folder, &path, found)?;
        } else {
            found.insert(path);
        }
    }
    Ok(())
}

fn policy(folder: &Path, trust: &Trust, report: &mut Report) -> io::Result<Option<Policy>> {
    if let Some(policy) = &trust.policy {
        return Ok(Some(policy.clone()));
    }
    let Some(text) = small(folder, "policy")? else {
        report.fault(Outcome::Usage, None, "the bundle has no policy: give your own (`--policy FILE`)");
        return Ok(None);
    };
    match Policy::parse(&text) {
        Ok(policy) => Ok(Some(policy)),
        Err(error) => {
            report.fault(Outcome::Usage, None, error.to_string());
            Ok(None)
        }
    }
}

/// The older checkpoints in the bundle.
fn history(folder: &Path, manifest: &Manifest) -> io::Result<Vec<String>> {
    let names = manifest.files.keys().filter(|path| path.starts_with("checkpoints/") && manifest::is_inside(path));
    names.filter_map(|name| small(folder, name).transpose()).collect()
}

/// What the entries before the first amount to: in each level the hashes to the left of the first, in the tile that it lies
/// in. They are as true as the root that comes out.
fn edge(folder: &Path, [first, size]: [u64; 2], report: &mut Report) -> io::Result<Option<Edge>> {
    let mut levels = Vec::new();
    for level in (0..).take(levels_of(first)) {
        let width = width(first, level);
        let number = first.checked_shr(8 * (level + 1)).unwrap_or(0);
        let whole = WIDTH.min(size.checked_shr(8 * level).unwrap_or(0).saturating_sub(number * WIDTH));
        let name = TileName { content: Content::Hashes(level), number, width: whole };
        let found = if width == 0 { Some(Vec::new()) } else { bytes(folder, &format!("tile/{name}"), WIDTH * 32)? };
        let mut hashes = found.and_then(|found| hashes_of(&found)).unwrap_or_default();
        hashes.truncate(usize::try_from(width).unwrap_or(usize::MAX));
        levels.push(hashes);
    }
    let edge = Edge::new(first, levels).filter(|_| first.is_multiple_of(WIDTH) && first <= size);
    if edge.is_none() {
        let what = "the tiles do not say what the entries before the first amount to";
        report.fault(Outcome::Incomplete, None, what);
    }
    Ok(edge)
}

/// The leaves in the entry bundles give the hash tiles of every level.
fn check_tiles(folder: &Path, [first, size]: [u64; 2], mut edge: Edge, report: &mut Report) -> io::Result<()> {
    let mut full = Vec::new();
    let bundles = (first / WIDTH..size.div_ceil(WIDTH)).map(|number| TileName {
        content: Content::Entries,
        number,
        width: WIDTH.min(size - number * WIDTH),
    });
    for name in bundles {
        let first = name.number * WIDTH;
        let found = bytes(folder, &format!("tile/{name}"), 256 * 65_537)?.unwrap_or_default();
        let leaves = leaves(&found).filter(|leaves| leaves.len() as u64 == name.width);
        let Some(leaves) = leaves else {
            report.fault(Outcome::Incomplete, Some(first), format!("`tile/{name}` does not hold its entries"));
            return Ok(());
        };
        for leaf in leaves {
            edge.push(leaf_hash(leaf), &mut full);
        }
        for tile in full.drain(..) {
            check_full(folder, &tile, report)?;
        }
    }
    for (level, hashes) in (0..).zip(edge.levels()).filter(|(_, hashes)| !hashes.is_empty()) {
        let number = size >> (8 * (level + 1));
        let name = TileName { content: Content::Hashes(level), number, width: hashes.len() as u64 };
        check_tile(folder, name, hashes, report)?;
    }
    Ok(())
}

fn check_full(folder: &Path, tile: &FullTile, report: &mut Report) -> io::Result<()> {
    let name = TileName { content: Content::Hashes(tile.level), number: tile.number, width: WIDTH };
    check_tile(folder, name, &tile.hashes, report)
}

fn check_tile(folder: &Path, name: TileName, hashes: &[Hash], report: &mut Report) -> io::Result<()> {
    match bytes(folder, &format!("tile/{name}"), WIDTH * 32 + 1)? {
        None => report.fault(Outcome::Incomplete, None, format!("`tile/{name}` is missing")),
        Some(found) if found == hashes.concat() => {}
        Some(_) => {
            let first = name.end().map(|end| end.saturating_sub(name.width));
            let first = first.filter(|_| name.content == Content::Hashes(0));
            report.fault(Outcome::Content, first, format!("`tile/{name}` does not hold the hashes of its entries"));
        }
    }
    Ok(())
}

/// The leaves in an entry bundle. `None` when it breaks off.
fn leaves(mut bundle: &[u8]) -> Option<Vec<&[u8]>> {
    let mut leaves = Vec::new();
    while !bundle.is_empty() {
        let (length, rest) = bundle.split_first_chunk::<2>()?;
        let (leaf, rest) = rest.split_at_checked(u16::from_be_bytes(*length).into())?;
        leaves.push(leaf);
        bundle = rest;
    }
    Some(leaves)
}

fn check_proofs(folder: &Path, manifest: &Manifest, policy: &Policy, report: &mut Report) -> io::Result<()> {
    for path in manifest.files.keys().filter(|path| path.starts_with("proofs/") && manifest::is_inside(path)) {
        let text = small(folder, path)?.unwrap_or_default();
        let Ok(proof) = ProofFile::parse(&text) else {
            report.fault(Outcome::Content, None, format!("`{path}` is no proof file"));
            continue;
        };
        let leaf = leaf_at(folder, proof.index, manifest.range)?;
        let is_proven = leaf.is_some_and(|leaf| proof.verify(&leaf_hash(&leaf), policy).is_ok());
        if !is_proven || *path != format!("proofs/{}.tlog-proof", proof.index) {
            report.fault(Outcome::Content, Some(proof.index), format!("`{path}` does not prove its entry"));
        }
    }
    Ok(())
}

/// Who asked for the export, and what for, is what its own entry says.
fn check_order(folder: &Path, manifest: &Manifest, report: &mut Report) -> io::Result<()> {
    let export = &manifest.export;
    let leaf = leaf_at(folder, export.entry, manifest.range)?.and_then(|leaf| Leaf::parse(&leaf).ok());
    let is_registered = leaf.is_some_and(|leaf| {
        leaf.kind == EntryKind::Export
            && export.commitment().is_some_and(|wanted| leaf.commitments.get("reason") == Some(&wanted))
    });
    let proofs = manifest.files.keys().filter(|path| path.starts_with("proofs/")).count();
    let is_part = export.order.first() == manifest.range[0];
    if !is_registered || !is_part || proofs != export.order.proofs.iter().collect::<BTreeSet<_>>().len() {
        let what = "who asked for the export, and what for, is not what its entry says";
        report.fault(Outcome::Content, Some(export.entry), what);
    }
    Ok(())
}

fn leaf_at(folder: &Path, index: u64, [first, size]: [u64; 2]) -> io::Result<Option<Vec<u8>>> {
    if !(first..size).contains(&index) {
        return Ok(None);
    }
    let number = index / WIDTH;
    let name = TileName { content: Content::Entries, number, width: WIDTH.min(size - number * WIDTH) };
    let found = bytes(folder, &format!("tile/{name}"), 256 * 65_537)?.unwrap_or_default();
    let at = usize::try_from(index % WIDTH).unwrap_or(usize::MAX);
    Ok(leaves(&found).and_then(|leaves| leaves.get(at).map(|leaf| leaf.to_vec())))
}
