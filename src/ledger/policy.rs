//! Trust files (C2SP tlog-policy): which ledgers a verifier knows, which witnesses, and how many of them must have
//! cosigned a checkpoint.

use std::collections::{BTreeMap, BTreeSet};

use super::checkpoint::Checkpoint;
use super::note::{KeyKind, Note, NoteError, VerifierKey};

/// Longer texts are refused.
const SIZE_BYTES_MAX: usize = 1024 * 1024;

/// What a trust file says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    logs: Vec<VerifierKey>,
    witnesses: BTreeMap<String, Witness>,
    groups: BTreeMap<String, Group>,
    quorum: Quorum,
}

/// Who must have cosigned.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Quorum {
    Nobody,
    /// The witness or group of this name.
    Named(String),
}

/// A witness: its key, and where it is asked for cosignatures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Witness {
    /// Its key.
    pub key: VerifierKey,
    /// The prefix under which it takes checkpoints.
    pub url: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Group {
    threshold: usize,
    members: Vec<String>,
}

/// Why a trust file is refused, or a checkpoint is not trusted under it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PolicyFault {
    /// A line of the file.
    #[error("line {line} of the policy: {what}")]
    Line {
        /// Its number, from 1.
        line: usize,
        /// What is wrong with it.
        what: &'static str,
    },
    /// The file as a whole.
    #[error("the policy {0}")]
    Whole(&'static str),
    /// The note's signatures.
    #[error("the checkpoint: {0}")]
    Note(#[from] NoteError),
    /// The ledger has signed, but too few witnesses have.
    #[error("{cosigned} witnesses have cosigned the checkpoint: too few for the quorum of the policy")]
    Quorum {
        /// How many known witnesses have.
        cosigned: usize,
    },
}

impl Policy {
    /// A policy that trusts one ledger and asks for no witness.
    pub fn of_log(log: VerifierKey) -> Self {
        Self { logs: vec![log], witnesses: BTreeMap::new(), groups: BTreeMap::new(), quorum: Quorum::Nobody }
    }

    /// Reads a trust file.
    pub fn parse(text: &str) -> Result<Self, PolicyFault> {
        if text.len() > SIZE_BYTES_MAX {
            return Err(PolicyFault::Whole("is too long"));
        }
        let mut reader = Reader::default();
        for (at, line) in text.lines().enumerate() {
            let words: Vec<&str> = line.split('#').next().unwrap_or_default().split_ascii_whitespace().collect();
            reader.take(&words).map_err(|what| PolicyFault::Line { line: at + 1, what })?;
        }
        let Reader { logs, witnesses, groups, quorum, .. } = reader;
        if logs.is_empty() {
            return Err(PolicyFault::Whole("names no log"));
        }
        let quorum = quorum.ok_or(PolicyFault::Whole("has no `quorum` line"))?;
        Ok(Self { logs, witnesses, groups, quorum })
    }

    /// The ledgers' keys.
    pub fn logs(&self) -> &[VerifierKey] {
        &self.logs
    }

    /// The witnesses, by their names in the file.
    pub fn witnesses(&self) -> impl Iterator<Item = (&str, &Witness)> {
        self.witnesses.iter().map(|(name, witness)| (name.as_str(), witness))
    }

    /// Reads a checkpoint that a known ledger has signed for its own origin, with as many cosignatures as the quorum asks.
    pub fn open(&self, note: &str) -> Result<Checkpoint, PolicyFault> {
        let note = Note::parse(note)?;
        let checkpoint = Checkpoint::parse(note.text)?;
        let logs: Vec<VerifierKey> = self.logs.iter().filter(|log| log.name() == checkpoint.origin).cloned().collect();
        note.verify(&logs)?;
        let keys: Vec<VerifierKey> = self.witnesses.values().map(|witness| witness.key.clone()).collect();
        let cosigners = match note.signers(&keys) {
            Err(NoteError::Unsigned) => Vec::new(),
            signers => signers?,
        };
        let named = self.witnesses.iter().filter(|(_, witness)| cosigners.contains(&&witness.key));
        let named: BTreeSet<&str> = named.map(|(name, _)| name.as_str()).collect();
        match &self.quorum {
            Quorum::Named(quorum) if !self.is_met(quorum, &named) => Err(PolicyFault::Quorum { cosigned: named.len() }),
            Quorum::Nobody | Quorum::Named(_) => Ok(checkpoint),
        }
    }

    /// Members stand before their group in the file, so this ends.
    fn is_met(&self, name: &str, cosigned: &BTreeSet<&str>) -> bool {
        match self.groups.get(name) {
            None => cosigned.contains(name),
            Some(group) => {
                group.members.iter().filter(|member| self.is_met(member, cosigned)).count() >= group.threshold
            }
        }
    }
}

#[derive(Default)]
struct Reader {
    logs: Vec<VerifierKey>,
    witnesses: BTreeMap<String, Witness>,
    groups: BTreeMap<String, Group>,
    grouped: BTreeSet<String>,
    quorum: Option<Quorum>,
}

impl Reader {
    fn take(&mut self, words: &[&str]) -> Result<(), &'static str> {
        match words {
            [] => Ok(()),
            ["log", key] | ["log", key, _] => {
                let key = self.new_key(key, KeyKind::Note)?;
                self.logs.push(key);
                Ok(())
            }
            ["witness", name, key, rest @ ..] if rest.len() <= 1 => {
                let key = self.new_key(key, KeyKind::Cosignature)?;
                self.new_name(name)?;
                let url = rest.first().map(|url| (*url).to_owned());
                self.witnesses.insert((*name).to_owned(), Witness { key, url });
                Ok(())
            }
            ["group", name, threshold, members @ ..] => self.take_group(name, threshold, members),
            ["quorum", name] => {
                if self.quorum.is_some() {
                    return Err("there is more than one quorum");
                }
                if *name != "none" && !self.is_known(name) {
                    return Err("the quorum is none of the witnesses and groups above");
                }
                let quorum = if *name == "none" { Quorum::Nobody } else { Quorum::Named((*name).to_owned()) };
                self.quorum = Some(quorum);
                Ok(())
            }
            _ => Err("it is no log, witness, group or quorum line"),
        }
    }

    fn take_group(&mut self, name: &str, threshold: &str, members: &[&str]) -> Result<(), &'static str> {
        let threshold = match threshold {
            "all" => members.len(),
            "any" => 1,
            number => number.parse().map_err(|_| "the threshold is `all`, `any` or a number")?,
        };
        if threshold == 0 || threshold > members.len() {
            return Err("the threshold is not between 1 and the number of members");
        }
        for member in members {
            if !self.is_known(member) {
                return Err("a member is none of the witnesses and groups above");
            }
            if !self.grouped.insert((*member).to_owned()) {
                return Err("a member belongs to two groups");
            }
        }
        self.new_name(name)?;
        let members = members.iter().map(|&member| member.to_owned()).collect();
        self.groups.insert(name.to_owned(), Group { threshold, members });
        Ok(())
    }

    fn is_known(&self, name: &str) -> bool {
        self.witnesses.contains_key(name) || self.groups.contains_key(name)
    }

    fn new_name(&self, name: &str) -> Result<(), &'static str> {
        if name == "none" || self.is_known(name) { Err("the name is taken") } else { Ok(()) }
    }

    fn new_key(&self, text: &str, kind: KeyKind) -> Result<VerifierKey, &'static str> {
        let key = VerifierKey::parse(text).map_err(|_| "the key is malformed")?;
        if key.kind() != kind {
            return Err("the key is of another kind");
        }
        let mut known = self.logs.iter().chain(self.witnesses.values().map(|witness| &witness.key));
        if known.any(|known| known.key() == key.key()) { Err("the key stands twice") } else { Ok(key) }
    }
}

#[cfg(test)]
mod tests {
    use ed25519_dalek::SigningKey;

    use super::*;
    use crate::ledger::cosignature::cosign;

    fn key(seed: u8) -> SigningKey {
        SigningKey::from_bytes(&[seed; 32])
    }

    fn verifier(name: &str, kind: KeyKind, seed: u8) -> VerifierKey {
        VerifierKey::new(name, kind, key(seed).verifying_key()).unwrap()
    }

    fn log() -> VerifierKey {
        verifier("ledger.example/a", KeyKind::Note, 1)
    }

    fn witness(seed: u8) -> VerifierKey {
        verifier(&format!("witness.example/{seed}"), KeyKind::Cosignature, seed)
    }

    /// A checkpoint with the cosignatures of these witnesses.
    fn note(witnesses: &[u8]) -> String {
        let checkpoint =
            Checkpoint { origin: "ledger.example/a".into(), size: 0, root: crate::ledger::tree::empty_root() };
        let mut note = checkpoint.sign(&key(1), &log());
        for &seed in witnesses {
            note.push_str(&cosign(&checkpoint.text(), 1_700_000_000, &key(seed), &witness(seed)));
        }
        note
    }

    fn policy(rest: &str) -> Result<Policy, PolicyFault> {
        let witnesses: Vec<String> = (11..14).map(|seed| format!("witness w{seed} {}", witness(seed))).collect();
        Policy::parse(&format!(
            "# whom we trust\nlog {} https://ledger.example\n{}\n{rest}",
            log(),
            witnesses.join("\n")
        ))
    }

    #[test]
    fn a_quorum_is_met_by_as_many_different_witnesses_as_it_asks_for() {
        let two = policy("group g 2 w11 w12 w13\nquorum g\n").unwrap();
        for (witnesses, is_met) in [
            (&[][..], false),
            (&[11], false),
            (&[11, 11], false),
            (&[11, 13], true),
            (&[11, 12, 13], true),
            (&[99, 11], false),
        ] {
            assert_eq!(two.open(&note(witnesses)).is_ok(), is_met, "{witnesses:?}");
        }
        assert_eq!(two.open(&note(&[11])), Err(PolicyFault::Quorum { cosigned: 1 }));
        let nested = policy("group g any w11 w12\ngroup h all g w13\nquorum h # both\n").unwrap();
        assert!(nested.open(&note(&[12, 13])).is_ok() && nested.open(&note(&[11, 12])).is_err());
        assert!(policy("quorum none").unwrap().open(&note(&[])).is_ok());
    }

    #[test]
    fn a_cosignature_that_fails_or_a_ledger_nobody_knows_is_refused() {
        let none = policy("quorum none").unwrap();
        let cosigned = note(&[11]);
        let at = cosigned.len() - 3;
        let other = if cosigned.as_bytes()[at] == b'A' { "B" } else { "A" };
        let broken = [&cosigned[..at], other, &cosigned[at + 1..]].concat();
        assert!(matches!(none.open(&broken), Err(PolicyFault::Note(_))), "{broken}");
        assert_eq!(none.open(&note(&[]).replace("example/a", "example/b")), Err(NoteError::Unsigned.into()));
    }

    #[test]
    fn every_fault_of_a_file_is_refused_with_its_line() {
        for (rest, what) in [
            ("quorum w11\nquorum w11", "more than one quorum"),
            ("quorum w99", "none of the witnesses"),
            ("group g 0 w11\nquorum g", "threshold"),
            ("group g 3 w11 w12\nquorum g", "threshold"),
            ("group g some w11\nquorum g", "threshold"),
            ("group g any\nquorum g", "threshold"),
            ("group g any h\ngroup h any w11\nquorum g", "above"),
            ("group g any w11\ngroup h any w11\nquorum g", "two groups"),
            ("group g all w11 w11\nquorum g", "two groups"),
            ("group w11 any w12\nquorum w11", "taken"),
            ("group none any w12\nquorum none", "taken"),
            ("quorum", "no log, witness"),
            ("trust everybody", "no log, witness"),
        ] {
            let fault = policy(rest).unwrap_err();
            assert!(
                matches!(fault, PolicyFault::Line { line: 6.., .. }) && fault.to_string().contains(what),
                "{fault}"
            );
        }
        assert_eq!(policy(""), Err(PolicyFault::Whole("has no `quorum` line")));
        assert_eq!(Policy::parse("quorum none"), Err(PolicyFault::Whole("names no log")));
        let twice = format!("log {}\nlog {}\nquorum none", log(), log());
        assert_eq!(Policy::parse(&twice), Err(PolicyFault::Line { line: 2, what: "the key stands twice" }));
        let kind = format!("log {}\nquorum none", witness(11));
        assert_eq!(Policy::parse(&kind), Err(PolicyFault::Line { line: 1, what: "the key is of another kind" }));
    }
}
