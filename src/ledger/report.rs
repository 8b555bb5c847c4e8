//! What a verification found, for people and for programs.

/// At most so many faults are listed; all are counted.
const LISTED_MAX: usize = 100;

/// How bad a fault is; the number is the exit code. The first that applies in this order is the outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, strum::Display)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Outcome {
    /// Everything holds: exit code 0.
    Ok,
    /// Nothing could be checked, for want of a key: exit code 1.
    Usage,
    /// A signature is wrong or by another key: exit code 2.
    BadSignature,
    /// Two signed states contradict one another, or signed entries were rolled back: exit code 3.
    Inconsistent,
    /// What is there is not what was signed: exit code 4.
    Content,
    /// Something is missing: exit code 5.
    Incomplete,
}

impl Outcome {
    /// The exit code.
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Ok => 0,
            Self::Usage => 1,
            Self::BadSignature => 2,
            Self::Inconsistent => 3,
            Self::Content => 4,
            Self::Incomplete => 5,
        }
    }
}

/// One fault.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Fault {
    /// What kind of fault.
    pub kind: Outcome,
    /// The entry it shows at, if it shows at one.
    pub index: Option<u64>,
    /// What is wrong, in a sentence without private values.
    pub what: String,
}

/// What a verification found.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Report {
    /// The ledger's name, as the checkpoint says.
    pub origin: Option<String>,
    /// How many entries the checkpoint covers.
    pub size: Option<u64>,
    /// The signed root, standard base64.
    pub root: Option<String>,
    /// The key that the checkpoint verifies under.
    pub signed_by: Option<String>,
    /// Was that key given by the verifier? If not, the file vouches for itself.
    pub is_key_pinned: bool,
    /// The first entry that was asked for.
    pub first: u64,
    /// How many entries were read.
    pub entries: u64,
    /// Entries that stand behind the checkpoint, not yet signed.
    pub unsigned: u64,
    /// How many commitments were opened and found true.
    pub opened: u64,
    /// How many commitments were not opened: withheld or redacted.
    pub withheld: u64,
    /// The smallest index at which something is wrong.
    pub first_bad_index: Option<u64>,
    /// How many faults there are.
    pub fault_count: u64,
    /// The first hundred faults, in the order they were met.
    pub faults: Vec<Fault>,
    #[serde(skip)]
    worst: Option<Outcome>,
}

impl Report {
    /// An empty report.
    pub(super) fn pinned(is_key_pinned: bool) -> Self {
        Self { is_key_pinned, ..Self::default() }
    }

    /// Writes a fault down.
    pub(super) fn fault(&mut self, kind: Outcome, index: Option<u64>, what: impl Into<String>) {
        self.fault_count += 1;
        if let Some(index) = index {
            self.first_bad_index = Some(self.first_bad_index.map_or(index, |first| first.min(index)));
        }
        if self.worst.is_none_or(|worst| kind.exit_code() < worst.exit_code()) {
            self.worst = Some(kind);
        }
        if self.faults.len() < LISTED_MAX {
            self.faults.push(Fault { kind, index, what: what.into() });
        }
    }

    /// Takes over what was found in one part of a bundle; `part` stands before each fault.
    pub(super) fn absorb(&mut self, part: Option<&str>, found: Self) {
        let told = |what: String| part.map_or_else(|| what.clone(), |part| format!("{part}: {what}"));
        if self.origin.is_none() {
            (self.origin, self.size, self.root) = (found.origin, found.size, found.root);
            self.signed_by = found.signed_by;
        }
        self.first = self.first.max(found.first);
        if self.entries < found.entries {
            (self.entries, self.unsigned, self.opened, self.withheld) =
                (found.entries, found.unsigned, found.opened, found.withheld);
        }
        let unlisted = found.fault_count - found.faults.len() as u64;
        for fault in found.faults {
            self.fault(fault.kind, fault.index, told(fault.what));
        }
        if let Some(worst) = found.worst.filter(|_| unlisted > 0) {
            self.fault(worst, None, told(format!("and {unlisted} more")));
        }
    }

    /// The outcome.
    pub fn outcome(&self) -> Outcome {
        self.worst.unwrap_or(Outcome::Ok)
    }

    /// The exit code of `chengxin ledger verify`.
    pub fn exit_code(&self) -> u8 {
        self.outcome().exit_code()
    }

    /// The report as JSON.
    pub fn to_json(&self) -> serde_json::Value {
        let mut json = serde_json::json!(self);
        if let Some(members) = json.as_object_mut() {
            members.insert("outcome".to_owned(), serde_json::json!(self.outcome()));
            members.insert("exit_code".to_owned(), self.exit_code().into());
        }
        json
    }
}

impl std::fmt::Display for Report {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let unknown = || "unknown".to_owned();
        writeln!(formatter, "ledger      {}", self.origin.clone().unwrap_or_else(unknown))?;
        writeln!(formatter, "checkpoint  {} entries", self.size.map_or_else(unknown, |size| size.to_string()))?;
        writeln!(formatter, "root        {}", self.root.clone().unwrap_or_else(unknown))?;
        let pinned = if self.worst == Some(Outcome::BadSignature) {
            "NOT the expected one, or not its signature"
        } else if self.is_key_pinned {
            "the expected one"
        } else {
            "NOT given by you: compare it with the published one"
        };
        writeln!(formatter, "key         {} ({pinned})", self.signed_by.clone().unwrap_or_else(unknown))?;
        let from = if self.first > 0 { format!(" from {} on", self.first) } else { String::new() };
        writeln!(formatter, "read        {} entries{from}, {} of them not yet signed", self.entries, self.unsigned)?;
        writeln!(formatter, "values      {} opened, {} withheld", self.opened, self.withheld)?;
        for fault in &self.faults {
            match fault.index {
                Some(index) => writeln!(formatter, "FAULT       {} at entry {index}: {}", fault.kind, fault.what)?,
                None => writeln!(formatter, "FAULT       {}: {}", fault.kind, fault.what)?,
            }
        }
        if let Some(index) = self.first_bad_index {
            writeln!(formatter, "first bad   entry {index}")?;
        }
        writeln!(formatter, "outcome     {} (exit code {})", self.outcome(), self.exit_code())
    }
}
