//! Mandatory checks (应查必查): for which decisions a check of the subject must stand in the ledger before the decision.
//!
//! Deliberately absent: how a check is found. This is the file's rules and nothing else.

use std::collections::BTreeSet;
use std::path::Path;

use serde::Deserialize;

use super::PolicyFault;
use super::purposes::Purposes;
use crate::catalogue::Catalogue;
use crate::domain::{DataClass, ItemCode, PurposeCode, Role};

/// The file's name within the policy folder.
pub const FILE: &str = "must-check.toml";

/// A kind of decision that needs a check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MustCheckRule {
    /// The item of the decisions.
    pub item: ItemCode,
    /// The fields in which the case may stand.
    pub case: Vec<String>,
    /// The purposes under which a check counts.
    pub purposes: BTreeSet<PurposeCode>,
    /// The law or document that asks for it.
    pub basis: String,
}

/// Every kind of decision that needs a check, in the order of the file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MustCheck(Vec<MustCheckRule>);

impl MustCheck {
    /// The rules.
    pub fn rules(&self) -> &[MustCheckRule] {
        &self.0
    }

    /// Reads the folder's file and holds it against catalogue and purposes, or tells every fault. Without a file nothing
    /// must be checked.
    pub fn load(folder: &Path, catalogue: &Catalogue, purposes: &Purposes) -> Result<Self, Vec<PolicyFault>> {
        let text = match std::fs::read_to_string(folder.join(FILE)) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => return Err(vec![PolicyFault::of_file(FILE, error.to_string())]),
        };
        Self::parse(&text, catalogue, purposes)
    }

    fn parse(text: &str, catalogue: &Catalogue, purposes: &Purposes) -> Result<Self, Vec<PolicyFault>> {
        let file: File = toml::from_str(text).map_err(|error| {
            let fault = PolicyFault::of_file(FILE, error.message().trim());
            vec![match error.span() {
                Some(span) => fault.at(text, span.start),
                None => fault,
            }]
        })?;
        let mut seen = BTreeSet::new();
        let mut faults = Vec::new();
        let mut rules = Vec::new();
        for entry in file.decision {
            let mut reasons = entry.faults(catalogue, purposes);
            if !seen.insert(entry.item.clone()) {
                reasons.push("the item stands twice".to_owned());
            }
            faults.extend(reasons.into_iter().map(|reason| PolicyFault::of_file(FILE, reason).named(&entry.item)));
            rules.extend(entry.into_rule());
        }
        if faults.is_empty() { Ok(Self(rules)) } else { Err(faults) }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    decision: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    item: String,
    case: Vec<String>,
    purposes: Vec<String>,
    basis: String,
}

impl Entry {
    fn faults(&self, catalogue: &Catalogue, purposes: &Purposes) -> Vec<String> {
        let Some(item) = catalogue.item_by_text(&self.item) else {
            return vec!["the catalogue has no item of this code".to_owned()];
        };
        let mut faults = Vec::new();
        let lacks = [
            (item.head.decided_on.is_none(), "its records have no day of decision (`head.decided_on`)"),
            (self.case.is_empty(), "`case` names no field"),
            (self.purposes.is_empty(), "`purposes` names no purpose"),
            (self.basis.trim().is_empty(), "the legal basis is empty"),
        ];
        faults.extend(lacks.into_iter().filter(|(lacks, _)| *lacks).map(|(_, reason)| reason.to_owned()));
        for name in &self.case {
            match item.field(name) {
                None => faults.push(format!("the item has no field `{name}`")),
                Some((_, field)) if field.class != DataClass::Plain => {
                    faults.push(format!("`{name}` is sealed: a case number stands in a field of class PLAIN"));
                }
                Some((_, field)) if !field.indexed => {
                    faults.push(format!("`{name}` is not indexed: decisions are found by it"));
                }
                Some(_) => {}
            }
        }
        for code in &self.purposes {
            let is_claimed = |purpose: &super::Purpose| {
                purpose.roles.contains(&Role::Department) || purpose.roles.contains(&Role::Coordinator)
            };
            if !purposes.get(code).is_some_and(is_claimed) {
                faults.push(format!("no department may claim a purpose `{code}`"));
            }
        }
        faults
    }

    fn into_rule(self) -> Option<MustCheckRule> {
        // What does not parse was told as a fault before.
        Some(MustCheckRule {
            item: ItemCode::parse(&self.item)?,
            case: self.case,
            purposes: self.purposes.iter().filter_map(|code| PurposeCode::parse(code)).collect(),
            basis: self.basis,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shipped() -> (std::path::PathBuf, std::sync::Arc<Catalogue>, Purposes) {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("policies");
        let catalogue = std::sync::Arc::new(Catalogue::load(&folder.join("catalogue")).unwrap());
        let purposes = Purposes::parse(&std::fs::read_to_string(folder.join("purposes.toml")).unwrap()).unwrap();
        (folder, catalogue, purposes)
    }

    #[test]
    fn the_shipped_rules_fit_catalogue_and_purposes() {
        let (folder, catalogue, purposes) = shipped();
        let rules = MustCheck::load(&folder, &catalogue, &purposes).unwrap();
        assert_eq!(rules.rules()[0].item.as_str(), "administrative-licence");
    }

    #[test]
    fn every_fault_is_told_and_no_file_asks_for_nothing() {
        let (_, catalogue, purposes) = shipped();
        let text = "[[decision]]\nitem = \"administrative-licence\"\ncase = [\"nope\", \"certificateNo\"]\n\
                    purposes = [\"loan-review\"]\nbasis = \" \"\n\
                    [[decision]]\nitem = \"nothing\"\ncase = []\npurposes = []\nbasis = \"x\"\n";
        let faults = MustCheck::parse(text, &catalogue, &purposes).unwrap_err();
        let told: Vec<String> = faults.iter().map(ToString::to_string).collect();
        for part in
            ["no field `nope`", "`certificateNo` is sealed", "`loan-review`", "legal basis", "no item of this code"]
        {
            assert!(told.iter().any(|fault| fault.contains(part)), "{part}: {told:#?}");
        }
        let twice = "[[decision]]\nitem = \"administrative-licence\"\ncase = [\"decisionNo\"]\n\
                     purposes = [\"licence-review\"]\nbasis = \"x\"\n";
        let told = MustCheck::parse(&format!("{twice}{twice}"), &catalogue, &purposes).unwrap_err();
        assert!(told[0].to_string().contains("stands twice"), "{told:?}");
        let told = MustCheck::parse("[[decision]]\nitems = 1\n", &catalogue, &purposes).unwrap_err();
        assert!(told[0].to_string().starts_with("must-check.toml:"), "{told:?}");
        let empty = tempfile::tempdir().unwrap();
        assert_eq!(MustCheck::load(empty.path(), &catalogue, &purposes).unwrap(), MustCheck::default());
    }
}
