//! The checks that an export and a database have in common. Entries are examined one by one, on any thread; the
//! auditor then takes them in order and needs no more memory than one tile and one line per writing instance.

use std::collections::HashMap;

use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};

use super::canonical;
use super::checkpoint::Checkpoint;
use super::commitment::{Opening, commit_subjects};
use super::note::{Note, VerifierKey};
use super::report::{Outcome, Report};
use super::tile::WIDTH;
use super::tree::{CompactRange, Hash, leaf_hash};

/// What the verifier brings along.
#[derive(Clone, Debug, Default)]
pub struct Expectation {
    /// The ledger's key. Without it a file vouches for itself, and the report says so.
    pub log: Option<VerifierKey>,
    /// The checkpoint to hold the entries against, for files that carry none.
    pub checkpoint: Option<String>,
    /// Older checkpoints: what they cover must not have changed.
    pub known: Vec<String>,
    /// What the entries before the first in the file amount to, when the verifier knows it.
    pub left: Option<CompactRange>,
}

/// What is shown of an entry's commitments.
#[derive(Clone, Debug)]
pub(super) enum Disclosure {
    /// Nothing was asked for.
    Unasked,
    /// These were opened, those withheld; together they must be all.
    Shown(Vec<Opening>, Vec<String>),
}

/// An entry as it was found.
#[derive(Clone, Debug)]
pub(super) struct Evidence {
    pub(super) index: u64,
    pub(super) leaf: Vec<u8>,
    /// The hash that stands beside the leaf.
    pub(super) claimed: Vec<u8>,
    pub(super) disclosure: Disclosure,
    /// A fault that was found while reading.
    pub(super) fault: Option<String>,
}

/// An entry examined by itself.
#[derive(Clone, Debug)]
pub(super) struct Examined {
    index: u64,
    hash: Hash,
    instance: String,
    number: u64,
    time: u64,
    opened: u64,
    withheld: u64,
    fault: Option<String>,
}

/// Examines an entry by itself: hash, canonical form, commitments.
pub(super) fn examine(evidence: &Evidence) -> Examined {
    let hash = leaf_hash(&evidence.leaf);
    let mut examined = Examined {
        index: evidence.index,
        hash,
        instance: String::new(),
        number: 0,
        time: 0,
        opened: 0,
        withheld: 0,
        fault: evidence.fault.clone(),
    };
    if evidence.claimed != hash {
        examined.fault = Some("the leaf does not hash to the hash beside it".to_owned());
    }
    if let Err(fault) = examine_members(evidence, &mut examined) {
        examined.fault.get_or_insert(fault.to_owned());
    }
    examined
}

fn examine_members(evidence: &Evidence, examined: &mut Examined) -> Result<(), &'static str> {
    let members = canonical::members(&evidence.leaf).map_err(|_| "the leaf is not canonical JSON")?;
    let member = |name: &str| members.iter().find(|(key, _)| *key == name).map(|(_, value)| *value);
    let integer = |name: &str| member(name).and_then(canonical::integer);
    if integer("v") != Some(1) {
        return Err("the leaf is not of version 1");
    }
    let instance = member("ins").and_then(|value| serde_json::from_slice(value).ok());
    let (Some(instance), Some(number), Some(time)) = (instance, integer("iseq"), integer("t")) else {
        return Err("the leaf lacks instance, number or time");
    };
    (examined.instance, examined.number, examined.time) = (instance, number, time);
    let commitments = canonical::members(member("c").unwrap_or_default()).map_err(|_| "the leaf commits to nothing")?;
    match &evidence.disclosure {
        Disclosure::Unasked => examined.withheld = commitments.len() as u64,
        Disclosure::Shown(openings, withheld) => {
            let subjects = integer("subjects").unwrap_or(0);
            check_openings(&commitments, openings, withheld, subjects)?;
            examined.withheld = withheld.len() as u64;
            examined.opened = commitments.len() as u64 - examined.withheld;
        }
    }
    Ok(())
}

fn check_openings(
    commitments: &[(&str, &[u8])],
    openings: &[Opening],
    withheld: &[String],
    subjects: u64,
) -> Result<(), &'static str> {
    let (of_subjects, single): (Vec<_>, Vec<_>) = openings.iter().partition(|opening| opening.name == "subject");
    let mut shown: Vec<(&str, Hash)> =
        single.into_iter().map(|opening| (opening.name.as_str(), opening.commitment())).collect();
    if !of_subjects.is_empty() {
        if of_subjects.len() as u64 != subjects {
            return Err("another number of subjects is shown than the leaf says");
        }
        shown.push(("subjects", commit_subjects(of_subjects)));
    }
    for (name, commitment) in commitments {
        let wanted = canonical::plain_string(commitment).and_then(|text| BASE64_URL_SAFE_NO_PAD.decode(text).ok());
        let is_withheld = withheld.iter().filter(|withheld| withheld == name).count();
        let is_shown = shown.iter().filter(|(shown, _)| shown == name).count();
        let is_true = shown.iter().all(|(shown, hash)| shown != name || wanted.as_deref() == Some(hash));
        match (is_shown, is_withheld, is_true) {
            (1, 0, true) | (0, 1, _) => {}
            (_, _, false) => return Err("a value shown is not the value committed to"),
            _ => return Err("the values shown and withheld are not those that the leaf commits to"),
        }
    }
    if shown.len() + withheld.len() == commitments.len() {
        Ok(())
    } else {
        Err("a value is shown or withheld that the leaf does not commit to")
    }
}

/// Takes examined entries in order.
#[derive(Debug)]
pub(super) struct Auditor {
    pub(super) report: Report,
    signed: Option<Checkpoint>,
    /// Those not reached yet, the largest first.
    known: Vec<Checkpoint>,
    range: CompactRange,
    first: u64,
    next: u64,
    has_gap: bool,
    tile: Option<(u64, Vec<Hash>)>,
    instances: HashMap<String, (u64, u64)>,
    allows_unsigned: bool,
    requires_tiles: bool,
}

impl Auditor {
    /// An auditor that holds entries against the checkpoint `note`, if there is one.
    pub(super) fn new(note: Option<&str>, key: Option<&VerifierKey>, expectation: &Expectation) -> Self {
        let mut report = Report::pinned(expectation.log.is_some());
        let key = expectation.log.as_ref().or(key);
        let signed = note.and_then(|note| open(note, key, &mut report, Outcome::BadSignature));
        if note.is_none() {
            report.fault(
                Outcome::Incomplete,
                None,
                "there is no checkpoint: give the one that covers the entries (`--checkpoint FILE`)",
            );
        }
        if let Some(signed) = &signed {
            report.origin = Some(signed.origin.clone());
            report.size = Some(signed.size);
            report.root = Some(BASE64_STANDARD.encode(signed.root));
            report.signed_by = key.map(ToString::to_string);
        }
        let known = expectation.known.iter();
        let mut known: Vec<Checkpoint> =
            known.filter_map(|note| open(note, key, &mut report, Outcome::BadSignature)).collect();
        known.sort_by_key(|known| std::cmp::Reverse(known.size));
        let mut auditor = Self {
            report,
            signed,
            known,
            range: CompactRange::default(),
            first: 0,
            next: 0,
            has_gap: false,
            tile: None,
            instances: HashMap::new(),
            allows_unsigned: false,
            requires_tiles: false,
        };
        auditor.compare_known();
        auditor
    }

    /// Entries before those of `left` are not there; what they amount to is.
    pub(super) fn begin_behind(&mut self, left: CompactRange) {
        (self.first, self.next) = (left.size(), left.size());
        self.report.first = self.first;
        while let Some(known) = self.known.last().filter(|known| known.size < self.first) {
            let what = format!(
                "the entries begin at {}, behind the {} that a known checkpoint covers: export from entry {} on",
                self.first, known.size, known.size
            );
            self.report.fault(Outcome::Incomplete, None, what);
            self.known.pop();
        }
        self.range = left;
        self.compare_known();
    }

    /// Entries behind the checkpoint are no fault: the tree has not reached them yet.
    pub(super) fn allow_unsigned(&mut self) {
        self.allows_unsigned = true;
    }

    /// How many entries the checkpoint covers.
    pub(super) fn size(&self) -> Option<u64> {
        self.signed.as_ref().map(|signed| signed.size)
    }

    /// The stored hashes of tile `number` of level 0, given before the entries of the tile.
    pub(super) fn expect_tile(&mut self, number: u64, hashes: Vec<Hash>) {
        let wanted = self.tile.as_ref().map_or(self.first / WIDTH, |(last, _)| last + 1);
        let width = self.size().map(|size| size.saturating_sub(number.saturating_mul(WIDTH)).min(WIDTH));
        if (self.requires_tiles && number != wanted) || width.is_some_and(|width| width != hashes.len() as u64) {
            self.report.fault(Outcome::Content, Some(self.next), "a hash tile is out of place or of the wrong width");
        }
        self.tile = Some((number, hashes));
    }

    /// Every signed entry must stand in a tile.
    pub(super) fn require_tiles(&mut self) {
        self.requires_tiles = true;
    }

    /// Takes the next entry.
    pub(super) fn take(&mut self, entry: &Examined) {
        self.report.entries += 1;
        let index = entry.index;
        if index < self.next {
            return self.report.fault(Outcome::Content, Some(index), "the entry stands twice or out of order");
        }
        if index > self.next {
            self.lose_count();
            self.report.fault(Outcome::Incomplete, Some(self.next), format!("the entries up to {index} are missing"));
        }
        self.next = index + 1;
        if self.size().is_some_and(|size| index >= size) {
            self.report.unsigned += 1;
            if !self.allows_unsigned {
                self.report.fault(Outcome::Content, Some(index), "the checkpoint does not cover the entry");
            }
        }
        if let Some(fault) = &entry.fault {
            self.report.fault(Outcome::Content, Some(index), fault.clone());
        }
        self.compare_tile(index, &entry.hash);
        self.compare_instance(entry);
        self.report.opened += entry.opened;
        self.report.withheld += entry.withheld;
        if !self.has_gap && self.size().is_none_or(|size| index < size) {
            self.range.push(entry.hash);
            self.compare_known();
        }
    }

    /// An entry that cannot be read at all, in the place of the next one.
    pub(super) fn take_unreadable(&mut self, kind: Outcome, what: &str) {
        self.report.fault(kind, Some(self.next), what);
        self.lose_count();
    }

    /// The root of what was read, once every signed entry was read.
    pub(super) fn finish(mut self) -> Report {
        let Some(signed) = self.signed.take() else { return self.report };
        if self.next < signed.size {
            self.report.fault(
                Outcome::Incomplete,
                Some(self.next),
                format!("the entries up to {} are missing", signed.size),
            );
        } else if !self.has_gap && self.range.root() != signed.root {
            self.report.fault(Outcome::Content, None, "the root over the entries is not the signed root");
        }
        self.report
    }

    /// Entries are missing: the root cannot be computed, and instances go on with a number that is not known.
    fn lose_count(&mut self) {
        self.has_gap = true;
        self.instances.clear();
    }

    fn compare_tile(&mut self, index: u64, hash: &Hash) {
        let is_signed = self.size().is_some_and(|size| index < size);
        let tile = self.tile.as_ref().filter(|(number, _)| index / WIDTH == *number);
        let at = usize::try_from(index % WIDTH).unwrap_or(usize::MAX);
        match tile.map(|(_, hashes)| hashes.get(at)) {
            None if is_signed && self.requires_tiles && index.is_multiple_of(WIDTH) => {
                self.report.fault(Outcome::Incomplete, Some(index), "the hash tile is missing");
            }
            Some(stored) if is_signed && stored != Some(hash) => {
                self.report.fault(Outcome::Content, Some(index), "the leaf is not the one in the hash tile");
            }
            None | Some(_) => {}
        }
    }

    fn compare_instance(&mut self, entry: &Examined) {
        if entry.instance.is_empty() {
            return;
        }
        let seen = self.instances.insert(entry.instance.clone(), (entry.number, entry.time));
        match seen {
            None if entry.number != 0 && !self.has_gap && self.first == 0 => {
                self.report.fault(
                    Outcome::Content,
                    Some(entry.index),
                    "the first entry of its instance is not number 0",
                );
            }
            Some((number, _)) if number + 1 != entry.number => {
                self.report.fault(Outcome::Content, Some(entry.index), "the entry is not the next of its instance");
            }
            Some((_, time)) if entry.time <= time => {
                self.report.fault(Outcome::Content, Some(entry.index), "the entry is not later than the one before");
            }
            None | Some(_) => {}
        }
    }

    /// Holds the known checkpoints that are reached by now, and those that never will be, against what was read.
    fn compare_known(&mut self) {
        while let Some(known) = self.known.last() {
            let what = match &self.signed {
                Some(signed) if known.origin != signed.origin => "a known checkpoint is that of another ledger",
                Some(signed) if known.size > signed.size => "entries that a known checkpoint covers were rolled back",
                Some(signed) if known.size == signed.size && known.root != signed.root => {
                    "two checkpoints of one size have different roots"
                }
                _ if self.range.size() < known.size => return,
                _ if self.range.size() == known.size && self.range.root() != known.root => {
                    "what a known checkpoint covers has changed"
                }
                _ => {
                    self.known.pop();
                    continue;
                }
            };
            self.report.fault(Outcome::Inconsistent, None, what);
            self.known.pop();
        }
    }
}

/// Opens a checkpoint; if its signature is wrong, says so and still gives what it claims, to find what was changed.
fn open(note: &str, key: Option<&VerifierKey>, report: &mut Report, kind: Outcome) -> Option<Checkpoint> {
    let Some(key) = key else {
        report.fault(Outcome::Usage, None, "no key was given to verify the checkpoint with");
        return None;
    };
    match Checkpoint::open(note, key) {
        Ok(checkpoint) => Some(checkpoint),
        Err(error) => {
            report.fault(kind, None, format!("the checkpoint: {error}"));
            Note::parse(note).and_then(|note| Checkpoint::parse(note.text)).ok()
        }
    }
}

/// Examines many entries on all processors, keeping their order.
pub(super) fn examine_all<T: Sync, R: Send>(items: &[T], examine: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let size = items.len().div_ceil(threads).max(64);
    if items.len() <= size {
        return items.iter().map(examine).collect();
    }
    std::thread::scope(|scope| {
        let examine = &examine;
        let parts: Vec<_> =
            items.chunks(size).map(|part| scope.spawn(move || part.iter().map(examine).collect::<Vec<R>>())).collect();
        parts
            .into_iter()
            .flat_map(|part| part.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .collect()
    })
}
