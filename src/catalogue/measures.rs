//! The measures of reward and punishment (奖惩措施) of `policies/measures.toml`, data with an edition.
//!
//! A punishment that neither stands in the national list nor rests on a local regulation is refused, and so is the whole file.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::path::Path;

use serde::Deserialize;
use toml::Spanned;

use super::rules::Source;
use super::{Bilingual, CatalogueFault, Departments, Item, ListKind};
use crate::domain::{DepartmentId, JointActionKind, MeasureCode, MeasureGroup, SubjectCategory};

/// The file's name within the policy folder.
pub const FILE: &str = "measures.toml";

/// A measure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Measure {
    /// Its code.
    pub code: MeasureCode,
    /// Whether it rewards or punishes.
    pub kind: JointActionKind,
    /// What it does to its subject.
    pub group: MeasureGroup,
    /// The edition of the list that it stands in.
    pub edition: String,
    /// Whether it stands in the national basic list.
    pub is_national: bool,
    /// The local regulation that it rests on, where it does not stand in the national list.
    pub local_regulation: Option<String>,
    /// Its title.
    pub title: Bilingual,
    /// What is done.
    pub content: Bilingual,
    /// Whom it can meet.
    pub subjects: BTreeSet<SubjectCategory>,
    /// Who may be assigned it.
    pub implementers: Implementers,
    /// What a joint action with it may rest on.
    pub rests_on: BTreeSet<BasisKind>,
    /// The papers that it rests on, each with its part.
    pub basis: Vec<String>,
    /// Who deserves it, for an incentive.
    pub eligible: Option<Eligible>,
}

/// What kind of record a joint action rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, strum::Display)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum BasisKind {
    /// 红名单.
    Red,
    /// 严重失信主体名单.
    Serious,
    /// 重点关注名单.
    Watch,
    /// 经营异常名录.
    Abnormal,
    /// 行政处罚.
    Penalty,
}

impl BasisKind {
    /// What records of an item are; `None` for items that nothing rests on.
    pub fn of(item: &Item) -> Option<Self> {
        match item.list {
            Some(ListKind::Red) => Some(Self::Red),
            Some(ListKind::Serious) => Some(Self::Serious),
            Some(ListKind::Watch) => Some(Self::Watch),
            Some(ListKind::Abnormal) => Some(Self::Abnormal),
            None => (item.publication == "penalty").then_some(Self::Penalty),
        }
    }
}

/// Who may be assigned a measure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Implementers {
    /// Every partner department.
    All,
    /// These alone; nobody where others than public bodies take it of their own will.
    Listed(BTreeSet<DepartmentId>),
}

/// Who deserves an incentive; one of the conditions is enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Eligible {
    /// Whoever stands on a RED list.
    #[serde(default)]
    pub honoured: bool,
    /// Whoever has had no bad record for so many months.
    pub clean_months: Option<u32>,
}

impl Measure {
    /// Whether a department may be assigned it.
    pub fn may_be_taken_by(&self, department: &DepartmentId) -> bool {
        match &self.implementers {
            Implementers::All => true,
            Implementers::Listed(listed) => listed.contains(department),
        }
    }
}

/// All measures, in the order of the file.
#[derive(Clone, Debug, Default)]
pub struct Measures(Vec<Measure>);

impl Measures {
    /// All measures, in the order of the file.
    pub fn iter(&self) -> impl Iterator<Item = &Measure> {
        self.0.iter()
    }

    /// The measure with this code.
    pub fn get(&self, code: &str) -> Option<&Measure> {
        self.0.iter().find(|measure| measure.code.as_str() == code)
    }

    /// Reads the folder's file.
    ///
    /// # Errors
    /// All faults found: an unreadable file, unknown keys or departments, a code twice, a punishment without a place in the
    /// national list or a local regulation, a measure without a basis.
    pub fn load(folder: &Path, departments: &Departments) -> Result<Self, Vec<CatalogueFault>> {
        match std::fs::read_to_string(folder.join(FILE)) {
            Ok(text) => Self::parse(&text, departments),
            Err(error) => Err(vec![CatalogueFault::of_file(FILE, format!("cannot be read: {error}"))]),
        }
    }

    /// Reads them from the file's text.
    ///
    /// # Errors
    /// As [`Measures::load`].
    pub fn parse(text: &str, departments: &Departments) -> Result<Self, Vec<CatalogueFault>> {
        let source = Source { name: FILE, text };
        let file: File = source.read().map_err(|fault| vec![fault])?;
        let (mut faults, mut measures) = (Vec::new(), BTreeMap::new());
        let mut order = Vec::new();
        for entry in file.measure {
            let span: Range<usize> = entry.span();
            let entry = entry.into_inner();
            let mut reasons = entry.faults(departments);
            if measures.contains_key(&entry.code) {
                reasons.push("the code stands twice".to_owned());
            }
            let told = |reason| source.fault(Some(span.start), format!("`{}`: {reason}", entry.code));
            faults.extend(reasons.into_iter().map(told));
            order.push(entry.code.clone());
            measures.insert(entry.code.clone(), entry.into_measure());
        }
        if faults.is_empty() {
            Ok(Self(order.iter().filter_map(|code| measures.remove(code)).collect()))
        } else {
            Err(faults)
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    measure: Vec<Spanned<Entry>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    code: MeasureCode,
    kind: JointActionKind,
    group: MeasureGroup,
    edition: String,
    #[serde(default)]
    national: bool,
    local_regulation: Option<String>,
    title: Bilingual,
    content: Bilingual,
    subjects: BTreeSet<SubjectCategory>,
    implementers: Vec<String>,
    rests_on: BTreeSet<BasisKind>,
    basis: Vec<String>,
    eligible: Option<Eligible>,
}

impl Entry {
    fn faults(&self, departments: &Departments) -> Vec<String> {
        let is_incentive = self.kind == JointActionKind::Incentive;
        let is_blank = |text: &String| text.trim().is_empty();
        let is_based = self.national || self.local_regulation.as_ref().is_some_and(|law| !is_blank(law));
        let is_open = |eligible: Eligible| !eligible.honoured && eligible.clean_months.is_none();
        let wrong = [
            (is_incentive != (self.group == MeasureGroup::Incentive), "kind and group do not go together"),
            (
                !is_incentive && !is_based,
                "a punishment stands in the national list (`national = true`) or names its `local_regulation`",
            ),
            (is_incentive && self.national, "the national list holds punishments alone"),
            (self.basis.is_empty() || self.basis.iter().any(is_blank), "it names no basis"),
            (is_blank(&self.edition), "it names no edition"),
            (self.rests_on.is_empty(), "it rests on nothing: `rests_on` is empty"),
            (
                self.rests_on.iter().any(|basis| is_incentive != (*basis == BasisKind::Red)),
                "an incentive rests on a RED list, a punishment never does",
            ),
            (self.subjects.is_empty(), "it can meet nobody: `subjects` is empty"),
            (
                (self.group == MeasureGroup::Voluntary) != self.implementers.is_empty(),
                "others take a VOLUNTARY measure: it has no `implementers`, and every other one has",
            ),
            (
                self.implementers.len() > 1 && self.implementers.iter().any(|id| id == "*"),
                "`*` stands alone in `implementers`",
            ),
            (is_incentive != self.eligible.is_some(), "an incentive says who is `eligible`, a punishment does not"),
            (self.eligible.is_some_and(is_open), "`eligible` names no condition"),
        ];
        let known =
            |id: &String| id == "*" || DepartmentId::parse(id).is_some_and(|id| departments.by_id(&id).is_some());
        let strangers = self.implementers.iter().filter(|id| !known(id));
        let strangers = strangers.map(|id| format!("there is no department `{id}`"));
        let wrong = wrong.into_iter().filter(|(wrong, _)| *wrong).map(|(_, reason)| reason.to_owned());
        wrong.chain(strangers).collect()
    }

    fn into_measure(self) -> Measure {
        let implementers = if self.implementers.iter().any(|id| id == "*") {
            Implementers::All
        } else {
            // What is no id was told as a fault before.
            Implementers::Listed(self.implementers.iter().filter_map(|id| DepartmentId::parse(id)).collect())
        };
        Measure {
            code: self.code,
            kind: self.kind,
            group: self.group,
            edition: self.edition,
            is_national: self.national,
            local_regulation: self.local_regulation,
            title: self.title,
            content: self.content,
            subjects: self.subjects,
            implementers,
            rests_on: self.rests_on,
            basis: self.basis,
            eligible: self.eligible,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shipped() -> (std::path::PathBuf, Departments) {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("policies");
        let departments = Departments::load(&folder.join("departments.toml")).unwrap();
        (folder, departments)
    }

    #[test]
    fn every_shipped_punishment_stands_in_the_national_list_and_every_incentive_says_who_deserves_it() {
        let (folder, departments) = shipped();
        let measures = Measures::load(&folder, &departments).unwrap();
        let of = |kind| measures.iter().filter(move |measure| measure.kind == kind);
        assert_eq!((of(JointActionKind::Punishment).count(), of(JointActionKind::Incentive).count()), (13, 5));
        assert!(of(JointActionKind::Punishment).all(|measure| measure.is_national));
        let exit = measures.get("RESTRICT_EXIT").unwrap();
        assert!(exit.may_be_taken_by(&DepartmentId::parse("PS").unwrap()));
        assert!(!exit.may_be_taken_by(&DepartmentId::parse("AMR").unwrap()));
        assert_eq!(exit.subjects, [SubjectCategory::NaturalPerson].into());
    }

    #[test]
    fn a_punishment_outside_the_national_list_and_every_other_fault_is_told_with_its_line() {
        let (_, departments) = shipped();
        let entry = |lines: &str| {
            format!(
                "[[measure]]\ntitle = {{ zh = \"甲\", en = \"A\" }}\ncontent = {{ zh = \"乙\", en = \"B\" }}\n\
                 edition = \"2024\"\n{lines}\n"
            )
        };
        let good = "code = \"A\"\nkind = \"PUNISHMENT\"\ngroup = \"RIGHTS\"\nnational = true\n\
                    subjects = [\"ORGANIZATION\"]\nimplementers = [\"AMR\"]\nrests_on = [\"SERIOUS\"]\nbasis = [\"law\"]";
        assert!(Measures::parse(&entry(good), &departments).is_ok());
        for (from, to, told) in [
            ("national = true", "", "measures.toml:1: `A`: a punishment stands in the national list"),
            ("national = true", "local_regulation = \" \"", "a punishment stands in the national list"),
            ("\"PUNISHMENT\"", "\"INCENTIVE\"", "kind and group do not go together"),
            ("\"SERIOUS\"", "\"RED\"", "a punishment never does"),
            ("[\"SERIOUS\"]", "[]", "it rests on nothing"),
            ("[\"law\"]", "[]", "it names no basis"),
            ("[\"ORGANIZATION\"]", "[]", "it can meet nobody"),
            ("[\"AMR\"]", "[]", "others take a VOLUNTARY measure"),
            ("[\"AMR\"]", "[\"*\", \"AMR\"]", "`*` stands alone"),
            ("[\"AMR\"]", "[\"NOPE\"]", "there is no department `NOPE`"),
            ("basis", "eligible = { honoured = true }\nbasis", "an incentive says who is `eligible`"),
            ("code = \"A\"", "code = \"a\"", "is not a measure code"),
        ] {
            assert!(good.contains(from), "{from}");
            let faults = Measures::parse(&entry(&good.replace(from, to)), &departments).unwrap_err();
            assert!(faults.iter().any(|fault| fault.to_string().contains(told)), "{to}: {faults:?}");
        }
        let local = good.replace("national = true", "local_regulation = \"某条例第十条\"");
        assert!(Measures::parse(&entry(&local), &departments).is_ok());
        let twice = Measures::parse(&format!("{}{}", entry(good), entry(good)), &departments).unwrap_err();
        assert!(twice[0].to_string().contains("stands twice"));
    }
}
