//! What in the register deserves a look: the rules of `findings.toml`, and whom officers have declared to be related to.
//!
//! Deliberately absent: how anything is found. This is the file's rules and nothing else.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::Deserialize;
use strum::IntoStaticStr;

use super::PolicyFault;
use crate::catalogue::Bilingual;
use crate::domain::SubjectId;
use crate::domain::identifier::Uscc;

/// The file's name within the policy folder.
pub const FILE: &str = "findings.toml";

/// A rule with its numbers.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct FindingRule {
    /// Its code, unique in the file.
    pub code: String,
    /// Its title.
    pub title: Bilingual,
    /// What is looked for.
    #[serde(flatten)]
    pub kind: FindingKind,
}

/// What is looked for.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, IntoStaticStr)]
#[serde(tag = "kind", rename_all = "SCREAMING_SNAKE_CASE")]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum FindingKind {
    /// One person, one operation, many different arguments.
    Enumeration {
        /// How many.
        different: u32,
        /// Within how many minutes.
        minutes: u32,
    },
    /// Many more records than the person's own days have.
    Bulk {
        /// At least so many records in a day.
        rows_min: u32,
        /// So many times the median.
        factor: u32,
        /// Over so many days before.
        baseline_days: u32,
    },
    /// Outside office hours.
    OffHours {
        /// The hour at which the office opens, 0 to 23.
        from: i8,
        /// The hour at which it closes, 1 to 24.
        to: i8,
        /// So many queries in a day.
        queries: u32,
    },
    /// The same subject again and again.
    SameSubject {
        /// So many queries.
        queries: u32,
        /// Within so many days.
        days: u32,
    },
    /// A subject that the person has declared.
    Related,
    /// A case that no decision followed.
    NoDecision {
        /// Within so many days.
        days: u32,
    },
}

/// A subject as `findings.toml` names it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Relative {
    /// `uscc:…`
    Uscc(String),
    /// `person:…`
    Person(SubjectId),
}

/// The rules, and the declared relations by actor.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Findings {
    rules: Vec<FindingRule>,
    related: BTreeMap<String, Vec<Relative>>,
}

impl Findings {
    /// The rules, in the order of the file.
    pub fn rules(&self) -> &[FindingRule] {
        &self.rules
    }

    /// Whom each actor has declared.
    pub fn related(&self) -> &BTreeMap<String, Vec<Relative>> {
        &self.related
    }

    /// For how many days before a period queries are needed to judge it.
    pub fn days_before(&self) -> u32 {
        let days = |rule: &FindingRule| match rule.kind {
            FindingKind::Bulk { baseline_days, .. } => baseline_days,
            FindingKind::SameSubject { days, .. } => days,
            FindingKind::Enumeration { .. } => 1,
            FindingKind::OffHours { .. } | FindingKind::Related | FindingKind::NoDecision { .. } => 0,
        };
        self.rules.iter().map(days).max().unwrap_or(0)
    }

    /// Reads the folder's file, or tells every fault. Without a file nothing is looked for.
    pub fn load(folder: &Path) -> Result<Self, Vec<PolicyFault>> {
        match std::fs::read_to_string(folder.join(FILE)) {
            Ok(text) => Self::parse(&text),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(vec![PolicyFault::of_file(FILE, error.to_string())]),
        }
    }

    fn parse(text: &str) -> Result<Self, Vec<PolicyFault>> {
        let file: File = toml::from_str(text).map_err(|error| {
            let fault = PolicyFault::of_file(FILE, error.message().trim());
            vec![error.span().map_or(fault.clone(), |span| fault.at(text, span.start))]
        })?;
        let mut faults = Vec::new();
        let mut found = Self::default();
        let mut codes = BTreeSet::new();
        for table in file.finding {
            let named = table.get("code").and_then(toml::Value::as_str).unwrap_or("a rule without a code").to_owned();
            let mut fault = |reason: &str| faults.push(PolicyFault::of_file(FILE, reason).named(&named));
            if let Some(key) = unknown_key(&table) {
                fault(&format!("unknown key `{key}` for its kind"));
            }
            match table.try_into::<FindingRule>() {
                Err(error) => fault(error.message().trim()),
                Ok(rule) => {
                    if !rule.kind.is_sound() {
                        fault("a number of it is out of range");
                    }
                    if !codes.insert(rule.code.clone()) {
                        fault("the code is used twice");
                    }
                    found.rules.push(rule);
                }
            }
        }
        for related in file.related {
            let subjects: Option<Vec<_>> = related.subjects.iter().map(|text| relative(text)).collect();
            match subjects {
                Some(subjects) => found.related.entry(related.actor).or_default().extend(subjects),
                None => faults.push(
                    PolicyFault::of_file(FILE, "`subjects` are `uscc:CODE` or `person:UUID`").named(&related.actor),
                ),
            }
        }
        if faults.is_empty() { Ok(found) } else { Err(faults) }
    }
}

impl FindingKind {
    fn is_sound(&self) -> bool {
        match *self {
            Self::Enumeration { different, minutes } => different >= 2 && (1..=1_440).contains(&minutes),
            Self::Bulk { rows_min, factor, baseline_days } => {
                rows_min >= 1 && factor >= 1 && (1..=90).contains(&baseline_days)
            }
            Self::OffHours { from, to, queries } => (0..24).contains(&from) && (1..=24).contains(&to) && queries >= 1,
            Self::SameSubject { queries, days } => queries >= 2 && (1..=90).contains(&days),
            Self::Related => true,
            Self::NoDecision { days } => (1..=730).contains(&days),
        }
    }

    fn keys(word: &str) -> &'static [&'static str] {
        match word {
            "ENUMERATION" => &["different", "minutes"],
            "BULK" => &["rows_min", "factor", "baseline_days"],
            "OFF_HOURS" => &["from", "to", "queries"],
            "SAME_SUBJECT" => &["queries", "days"],
            "NO_DECISION" => &["days"],
            _ => &[],
        }
    }
}

/// A key that does not belong to the rule's kind; a kind that does not exist is told by the parser.
fn unknown_key(table: &toml::Table) -> Option<String> {
    let keys = FindingKind::keys(table.get("kind").and_then(toml::Value::as_str).unwrap_or_default());
    let is_known = |key: &str| ["code", "kind", "title"].contains(&key) || keys.contains(&key);
    table.keys().find(|key| !is_known(key)).cloned()
}

fn relative(text: &str) -> Option<Relative> {
    if let Some(code) = text.strip_prefix("uscc:") {
        // What is no code is told as a fault of the file.
        return Uscc::parse(code).ok().map(|code| Relative::Uscc(code.as_str().to_owned()));
    }
    let uuid = uuid::Uuid::try_parse(text.strip_prefix("person:")?).ok()?;
    Some(Relative::Person(SubjectId::new(uuid.into_bytes())))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    finding: Vec<toml::Table>,
    #[serde(default)]
    related: Vec<Related>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Related {
    actor: String,
    subjects: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_rules_are_read_and_no_file_looks_for_nothing() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("policies");
        let found = Findings::load(&folder).unwrap();
        assert_eq!(found.rules().len(), 6);
        assert_eq!(found.days_before(), 30);
        assert_eq!(Findings::load(tempfile::tempdir().unwrap().path()).unwrap(), Findings::default());
    }

    #[test]
    fn every_fault_is_told_by_the_rules_code() {
        let rule = |body: &str| format!("[[finding]]\ntitle = {{ zh = \"一\", en = \"a\" }}\n{body}\n");
        for (text, told) in [
            (rule("code = \"a\"\nkind = \"GUESS\""), "GUESS"),
            (rule("code = \"a\"\nkind = \"RELATED\"\ndays = 3"), "unknown key `days`"),
            (rule("code = \"a\"\nkind = \"SAME_SUBJECT\"\nqueries = 1\ndays = 3"), "out of range"),
            (rule("code = \"a\"\nkind = \"BULK\"\nrows_min = 1"), "factor"),
            (rule("code = \"a\"\nkind = \"RELATED\"").repeat(2), "twice"),
            ("[[related]]\nactor = \"a\"\nsubjects = [\"11010519491231002X\"]\n".to_owned(), "person:UUID"),
            ("findings = 1\n".to_owned(), "findings.toml:1"),
        ] {
            let faults = Findings::parse(&text).unwrap_err();
            assert!(faults.iter().any(|fault| fault.to_string().contains(told)), "{told}: {faults:?}");
        }
    }
}
