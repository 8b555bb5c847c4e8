//! The dated rule packs under `policies/rules/`: which penalty is public, and for how long.
//!
//! A pack that leaves anything open is refused with file, line and reason, all faults at once.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::Deserialize;
use sha2::{Digest, Sha256};
use toml::Spanned;

use super::{Bilingual, CatalogueFault};
use crate::domain::Level;
use crate::domain::deadlines::Deadlines;
use crate::domain::penalty::{PenaltyKind, Procedure};
use crate::domain::period::{LevelPeriod, PublicationRule, RulePack};
use crate::domain::time::Date;

/// The publication rules that a catalogue item can name, and that every pack has. `permanent`: published without an
/// end. `none`: never published, and shared or shown to the authorized while the record is current.
pub const PUBLICATION_RULES: [&str; 6] = ["penalty", "licence", "list", "abnormal", "permanent", "none"];

/// The packs, by the date from which they are in force. There is at least one.
#[derive(Clone, Debug)]
pub struct RulePacks {
    earliest: RulePack,
    later: Vec<RulePack>,
    hash: [u8; 32],
}

impl RulePacks {
    /// Reads every `*.toml` of a folder.
    ///
    /// # Errors
    /// All faults found: unreadable files, unknown keys, levels without periods, missing rules, two packs of one id or date.
    pub fn load(folder: &Path) -> Result<Self, Vec<CatalogueFault>> {
        Self::from_files(&read_folder(folder)?)
    }

    /// Reads packs from (file name, text) pairs.
    ///
    /// # Errors
    /// As [`RulePacks::load`].
    pub fn from_files(files: &[(String, String)]) -> Result<Self, Vec<CatalogueFault>> {
        let mut faults = Vec::new();
        let mut packs: BTreeMap<Date, RulePack> = BTreeMap::new();
        for (name, text) in files {
            let source = Source { name, text };
            match read_pack(source) {
                Err(found) => faults.extend(found),
                Ok(pack) => match packs.get(&pack.in_force_from) {
                    None => drop(packs.insert(pack.in_force_from, pack)),
                    Some(other) => {
                        faults.push(source.fault(None, format!("in force from the same day as `{}`", other.id)));
                    }
                },
            }
        }
        let mut packs = packs.into_values();
        match packs.next() {
            Some(earliest) if faults.is_empty() => Ok(Self { earliest, later: packs.collect(), hash: hash_of(files) }),
            None if faults.is_empty() => Err(vec![CatalogueFault {
                file: "rules".to_owned(),
                line: None,
                reason: "no rule pack (`*.toml`) here".to_owned(),
            }]),
            _ => Err(faults),
        }
    }

    /// The pack in force on a day. Before the first pack's day the first pack answers: there is no record without a rule.
    pub fn in_force(&self, date: Date) -> &RulePack {
        self.later.iter().rev().find(|pack| pack.in_force_from <= date).unwrap_or(&self.earliest)
    }

    /// All packs, oldest first.
    pub fn iter(&self) -> impl Iterator<Item = &RulePack> {
        std::iter::once(&self.earliest).chain(&self.later)
    }

    /// Whether every pack has a publication rule of this name, so that an item may name it.
    pub fn know_rule(&self, name: &str) -> bool {
        self.iter().all(|pack| pack.rules.contains_key(name))
    }

    /// SHA-256 over the files' names and bytes, for cache keys.
    pub fn hash(&self) -> &[u8; 32] {
        &self.hash
    }
}

/// One file while it is being read.
#[derive(Clone, Copy)]
pub(super) struct Source<'a> {
    pub(super) name: &'a str,
    pub(super) text: &'a str,
}

impl Source<'_> {
    /// A fault at a byte offset.
    pub(super) fn fault(&self, at: Option<usize>, reason: impl Into<String>) -> CatalogueFault {
        let line = at.map(|at| 1 + self.text.bytes().take(at).filter(|&byte| byte == b'\n').count());
        CatalogueFault { file: self.name.to_owned(), line, reason: reason.into() }
    }

    /// The file as its TOML shape.
    pub(super) fn read<T: serde::de::DeserializeOwned>(&self) -> Result<T, CatalogueFault> {
        toml::from_str(self.text).map_err(|error| self.fault(error.span().map(|span| span.start), error.message()))
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PackFile {
    id: Spanned<String>,
    in_force_from: Spanned<String>,
    title: Bilingual,
    legal_basis: Spanned<Vec<String>>,
    levels: BTreeMap<Level, Spanned<LevelPeriod>>,
    #[serde(default)]
    procedures: BTreeMap<Procedure, Spanned<Level>>,
    kinds: BTreeMap<PenaltyKind, Spanned<Level>>,
    rules: BTreeMap<String, Spanned<PublicationRule>>,
    deadlines: Spanned<Deadlines>,
    small_count_below: u32,
}

fn read_pack(source: Source<'_>) -> Result<RulePack, Vec<CatalogueFault>> {
    let file: PackFile = source.read().map_err(|fault| vec![fault])?;
    let mut faults = Vec::new();
    check_levels(&file, source, &mut faults);
    let at = |span: std::ops::Range<usize>| Some(span.start);
    if format!("{}.toml", file.id.get_ref()) != source.name {
        faults.push(source.fault(at(file.id.span()), format!("id `{}` is not the file's name", file.id.get_ref())));
    }
    if file.legal_basis.get_ref().is_empty() {
        faults.push(source.fault(at(file.legal_basis.span()), "no legal basis"));
    }
    for reason in file.deadlines.get_ref().faults() {
        faults.push(source.fault(at(file.deadlines.span()), reason));
    }
    for name in PUBLICATION_RULES.iter().filter(|&&name| !file.rules.contains_key(name)) {
        faults.push(source.fault(None, format!("no publication rule `{name}`")));
    }
    let in_force_from: Option<Date> = file.in_force_from.get_ref().parse().ok();
    match in_force_from {
        Some(in_force_from) if faults.is_empty() => Ok(RulePack {
            id: file.id.into_inner(),
            in_force_from,
            title_zh: file.title.zh,
            title_en: file.title.en,
            legal_basis: file.legal_basis.into_inner(),
            levels: plain(file.levels),
            procedures: plain(file.procedures),
            kinds: plain(file.kinds),
            rules: plain(file.rules),
            deadlines: file.deadlines.into_inner(),
            small_count_below: file.small_count_below,
        }),
        Some(_) => Err(faults),
        None => {
            let reason = format!("`{}` is not a date of the form YYYY-MM-DD", file.in_force_from.get_ref());
            faults.push(source.fault(at(file.in_force_from.span()), reason));
            Err(faults)
        }
    }
}

/// Every level that is named has a period, every period is possible, and a graver level is never shown less.
fn check_levels(file: &PackFile, source: Source<'_>, faults: &mut Vec<CatalogueFault>) {
    let known: BTreeSet<Level> = file.levels.keys().copied().collect();
    let of_rules = file.rules.values().filter_map(|rule| match *rule.get_ref() {
        PublicationRule::Term { level, .. } | PublicationRule::Removal { level, .. } => Some((level, rule.span())),
        PublicationRule::Level {}
        | PublicationRule::Validity {}
        | PublicationRule::Unlimited {}
        | PublicationRule::SharedOnly {} => None,
    });
    let of_penalties =
        file.procedures.values().chain(file.kinds.values()).map(|level| (*level.get_ref(), level.span()));
    for (level, span) in of_penalties.chain(of_rules).filter(|(level, _)| !known.contains(level)) {
        faults.push(source.fault(Some(span.start), format!("level `{level}` has no entry under `levels`")));
    }
    let mut graver_than: Option<LevelPeriod> = None;
    for (level, spanned) in &file.levels {
        let period = *spanned.get_ref();
        let mut fault = |reason: String| faults.push(source.fault(Some(spanned.span().start), reason));
        if period.min_months > period.max_months {
            fault(format!(
                "level `{level}` is shown for at least {} and at most {} months",
                period.min_months, period.max_months
            ));
        }
        if period.public && !period.shared {
            fault(format!("level `{level}` is public and not shared"));
        }
        if graver_than.is_some_and(|lesser| lesser.max_months > period.max_months || lesser.public && !period.public) {
            fault(format!("level `{level}` is shown less than a lesser level"));
        }
        graver_than = Some(period);
    }
}

fn plain<K: Ord, V>(map: BTreeMap<K, Spanned<V>>) -> BTreeMap<K, V> {
    map.into_iter().map(|(key, value)| (key, value.into_inner())).collect()
}

fn read_folder(folder: &Path) -> Result<Vec<(String, String)>, Vec<CatalogueFault>> {
    let unreadable = |path: &Path, error: &std::io::Error| CatalogueFault {
        file: path.display().to_string(),
        line: None,
        reason: format!("cannot be read: {error}"),
    };
    let mut faults = Vec::new();
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(|error| vec![unreadable(folder, &error)])? {
        let path = match entry {
            Ok(entry) => entry.path(),
            Err(error) => {
                faults.push(unreadable(folder, &error));
                continue;
            }
        };
        if path.extension().is_none_or(|extension| extension != "toml") {
            continue;
        }
        match std::fs::read_to_string(&path) {
            Ok(text) => files.push((path.file_name().unwrap_or_default().to_string_lossy().into_owned(), text)),
            Err(error) => faults.push(unreadable(&path, &error)),
        }
    }
    files.sort();
    if faults.is_empty() { Ok(files) } else { Err(faults) }
}

/// Length before content, so that no two sets of files give the same bytes.
fn hash_of(files: &[(String, String)]) -> [u8; 32] {
    let mut files: Vec<_> = files.iter().collect();
    files.sort();
    let mut hasher = Sha256::new();
    for part in files.iter().flat_map(|(name, text)| [name, text]) {
        hasher.update((part.len() as u64).to_be_bytes());
        hasher.update(part.as_bytes());
    }
    hasher.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PACK: &str = r#"id = "one"
in_force_from = "2020-01-01"
legal_basis = ["a paper"]
small_count_below = 10
title = { zh = "甲", en = "A" }
levels.GENERAL = { public = true, shared = true, min_months = 3, max_months = 12 }
kinds.FINE = "GENERAL"
rules.penalty = { window = "LEVEL" }
rules.licence = { window = "VALIDITY" }
rules.list = { window = "TERM", level = "GENERAL", months = 36 }
rules.abnormal = { window = "REMOVAL", level = "GENERAL", max_months = 36 }
rules.permanent = { window = "UNLIMITED" }
rules.none = { window = "SHARED_ONLY" }
deadlines = { initiate = 30, dispatch = 5, respond = 5, execution_return = 10, initiator_return = 15, statement = 5, objection = 3 }
"#;

    fn read(texts: &[String]) -> Result<RulePacks, Vec<String>> {
        let files: Vec<(String, String)> = texts
            .iter()
            .map(|text| (format!("{}.toml", text.split('"').nth(1).unwrap_or_default()), text.clone()))
            .collect();
        RulePacks::from_files(&files).map_err(|faults| faults.iter().map(ToString::to_string).collect())
    }

    /// The only fault of the pack with `from` replaced by `to`.
    fn fault(from: &str, to: &str) -> String {
        assert!(PACK.contains(from), "{from}");
        let faults = read(&[PACK.replace(from, to)]).unwrap_err();
        assert_eq!(faults.len(), 1, "{faults:?}");
        faults.into_iter().next().unwrap()
    }

    #[test]
    fn a_complete_pack_reads_and_answers_for_every_day() {
        let second = PACK.replace("\"one\"", "\"two\"").replace("2020-01-01", "2023-05-01");
        let packs = read(&[second, PACK.to_owned()]).unwrap();
        let id_on = |date: &str| packs.in_force(date.parse().unwrap()).id.as_str();
        assert_eq!(id_on("2019-12-31"), "one");
        assert_eq!(id_on("2023-04-30"), "one");
        assert_eq!(id_on("2023-05-01"), "two");
        assert_eq!(id_on("2999-01-01"), "two");
        assert!(packs.know_rule("penalty") && !packs.know_rule("penalties"));
    }

    #[test]
    fn faults_name_file_line_and_reason() {
        assert_eq!(
            fault("\"one\"\n", "\"one\"\ncolour = 1\n").split(',').next().unwrap(),
            "one.toml:2: unknown field `colour`"
        );
        assert_eq!(
            fault("kinds.FINE = \"GENERAL\"", "kinds.FINE = \"MINOR\""),
            "one.toml:7: level `MINOR` has no entry under `levels`"
        );
        assert_eq!(
            fault("level = \"GENERAL\", months", "level = \"SERIOUS\", months"),
            "one.toml:10: level `SERIOUS` has no entry under `levels`"
        );
        assert_eq!(fault("2020-01-01", "2020-02-30"), "one.toml:2: `2020-02-30` is not a date of the form YYYY-MM-DD");
        assert_eq!(
            fault("min_months = 3", "min_months = 13"),
            "one.toml:6: level `GENERAL` is shown for at least 13 and at most 12 months"
        );
        assert_eq!(fault("shared = true", "shared = false"), "one.toml:6: level `GENERAL` is public and not shared");
        assert_eq!(fault("[\"a paper\"]", "[]"), "one.toml:3: no legal basis");
        assert_eq!(fault("rules.none = { window = \"SHARED_ONLY\" }\n", ""), "one.toml: no publication rule `none`");
        assert_eq!(
            fault("initiator_return = 15", "initiator_return = 9"),
            "one.toml:14: the summary is due after the returns that it is made of"
        );
        assert!(fault("kinds.FINE", "kinds.FEE").starts_with("one.toml:7: unknown variant `FEE`"));
        assert_eq!(
            fault("window = \"UNLIMITED\"", "window = \"UNLIMITED\", months = 3"),
            "one.toml:12: unknown field `months`, there are no fields"
        );
        assert!(fault("kinds.FINE = ", "kinds.FINE ").starts_with("one.toml:7: "));
    }

    #[test]
    fn a_graver_level_is_not_shown_less() {
        let line = "levels.SERIOUS = { public = true, shared = true, min_months = 1, max_months = 6 }\nkinds.FINE";
        assert_eq!(fault("kinds.FINE", line), "one.toml:7: level `SERIOUS` is shown less than a lesser level");
    }

    #[test]
    fn a_name_that_is_not_the_id_an_empty_folder_and_a_shared_date_are_refused() {
        let renamed = [("two.toml".to_owned(), PACK.to_owned())];
        assert_eq!(
            RulePacks::from_files(&renamed).unwrap_err()[0].to_string(),
            "two.toml:1: id `one` is not the file's name"
        );
        assert_eq!(read(&[]).unwrap_err(), ["rules: no rule pack (`*.toml`) here"]);
        let twin = PACK.replace("\"one\"", "\"two\"");
        assert_eq!(read(&[PACK.to_owned(), twin]).unwrap_err(), ["two.toml: in force from the same day as `one`"]);
    }

    #[test]
    fn all_faults_of_all_files_come_at_once() {
        let first = PACK.replace("[\"a paper\"]", "[]").replace("min_months = 3", "min_months = 13");
        let second = PACK.replace("\"one\"", "\"two\"").replace("2020-01-01", "soon");
        assert_eq!(read(&[first, second]).unwrap_err().len(), 3);
    }

    #[test]
    fn the_hash_depends_on_every_byte_and_not_on_the_order_of_files() {
        let file = |name: &str, text: &str| (format!("{name}.toml"), text.to_owned());
        let (one, two) = (file("one", PACK), file("two", "x"));
        assert_eq!(hash_of(&[one.clone(), two.clone()]), hash_of(&[two.clone(), one.clone()]));
        assert_ne!(hash_of(&[one.clone(), two]), hash_of(&[one.clone(), file("two", "y")]));
        assert_ne!(hash_of(&[file("a", "b")]), hash_of(&[file("ab", "")]));
    }
}
