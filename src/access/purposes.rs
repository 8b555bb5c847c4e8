//! The closed list of purposes (查询用途): who may claim which, and whether a case number is needed.

use std::collections::BTreeSet;
use std::ops::Range;

use serde::Deserialize;
use toml::Spanned;

use super::PolicyFault;
use super::folder::PURPOSES;
use crate::catalogue::Bilingual;
use crate::domain::{Date, DepartmentId, PurposeCode, Role, Tier};

/// A case number longer than this is none.
const CASE_LENGTH_MAX: usize = 128;

/// A purpose that a query may be made for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Purpose {
    /// Its code, as it stands in `Chengxin-Purpose` and in the ledger.
    pub code: PurposeCode,
    /// Its title.
    pub title: Bilingual,
    /// The law or document it rests on.
    pub basis: String,
    /// The roles that may claim it.
    pub roles: BTreeSet<Role>,
    /// The departments that may claim it.
    pub departments: Departments,
    /// Whether a case number must be given with it.
    pub requires_case: bool,
    /// Whether a natural person may be looked up by citizen number for it.
    pub allows_lookup: bool,
    /// How far it opens; a role's own reach may be nearer.
    pub tier: Tier,
    /// Within which bounds an officer may open one subject's records in an emergency for it; not at all when absent.
    pub break_glass: Option<BreakGlass>,
    /// The first day on which it may be claimed; from the beginning when absent.
    pub valid_from: Option<Date>,
    /// The last day; without end when absent.
    pub valid_to: Option<Date>,
}

/// The bounds of opening one subject's records in an emergency (紧急查询).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BreakGlass {
    /// For how many minutes an opening holds, 1 to 60.
    pub minutes: u8,
    /// How many an officer may make in a day, 1 to 20.
    pub daily: u8,
}

impl BreakGlass {
    fn is_sound(self) -> bool {
        (1..=60).contains(&self.minutes) && (1..=20).contains(&self.daily)
    }
}

/// Which departments may claim a purpose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Departments {
    /// All partner departments.
    All,
    /// These alone.
    Listed(BTreeSet<DepartmentId>),
}

impl Purpose {
    /// Whether it is in force on a day.
    pub fn is_valid_on(&self, today: Date) -> bool {
        self.valid_from.is_none_or(|from| from <= today) && self.valid_to.is_none_or(|to| today <= to)
    }

    /// Whether a caller of this role and department may claim it on a day. A department that is not named may claim nothing.
    pub fn claimable(&self, role: Role, department: Option<&DepartmentId>, today: Date) -> bool {
        let by_department = match role {
            Role::Department | Role::Coordinator => department.is_some_and(|department| match &self.departments {
                Departments::All => true,
                Departments::Listed(listed) => listed.contains(department),
            }),
            Role::Grantee => true,
            Role::Public | Role::Subject | Role::Auditor | Role::SecurityAdmin | Role::SystemAdmin => false,
        };
        by_department && self.roles.contains(&role) && self.is_valid_on(today)
    }

    /// Whether it is usable with this case number: one is there, or none is needed.
    pub fn usable_with(&self, case: Option<&str>) -> bool {
        !self.requires_case || case.is_some_and(is_case_number)
    }
}

/// Whether a text can be a case number: not blank, 128 bytes at most, on one line.
pub fn is_case_number(text: &str) -> bool {
    !text.trim().is_empty() && text.len() <= CASE_LENGTH_MAX && !text.chars().any(char::is_control)
}

/// All purposes, in the order of the file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Purposes(Vec<Purpose>);

impl Purposes {
    /// All purposes, in the order of the file.
    pub fn iter(&self) -> impl Iterator<Item = &Purpose> {
        self.0.iter()
    }

    /// The purpose with this code.
    pub fn get(&self, code: &str) -> Option<&Purpose> {
        self.0.iter().find(|purpose| purpose.code.as_str() == code)
    }

    /// Reads the file's text, or tells every fault of it.
    pub(super) fn parse(text: &str) -> Result<Self, Vec<PolicyFault>> {
        let file: File = toml::from_str(text).map_err(|error| vec![fault(text, error.span(), error.message())])?;
        let mut faults = Vec::new();
        let mut purposes: Vec<Purpose> = Vec::new();
        for entry in file.purpose {
            let span = entry.span();
            match entry.into_inner().try_into::<Entry>() {
                Err(error) => faults.push(fault(text, Some(span), error.message())),
                Ok(entry) => {
                    let again = purposes.iter().any(|purpose| purpose.code == entry.code);
                    let reasons = again.then_some("the code is used twice").into_iter().chain(entry.faults());
                    faults.extend(
                        reasons.map(|reason| fault(text, Some(span.clone()), reason).named(entry.code.as_str())),
                    );
                    purposes.push(entry.into_purpose());
                }
            }
        }
        if faults.is_empty() { Ok(Self(purposes)) } else { Err(faults) }
    }
}

fn fault(text: &str, span: Option<Range<usize>>, reason: &str) -> PolicyFault {
    let fault = PolicyFault::of_file(PURPOSES, reason.trim());
    match span {
        Some(span) => fault.at(text, span.start),
        None => fault,
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    purpose: Vec<Spanned<toml::Table>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    code: PurposeCode,
    title: Bilingual,
    basis: String,
    roles: BTreeSet<Role>,
    departments: Vec<String>,
    requires_case: bool,
    allows_lookup: bool,
    tier: Tier,
    break_glass: Option<BreakGlass>,
    valid_from: Option<String>,
    valid_to: Option<String>,
}

/// A day as the file has it, if it has one.
fn day(text: Option<&String>) -> Result<Option<Date>, jiff::Error> {
    text.map(|text| text.parse()).transpose()
}

impl Entry {
    fn faults(&self) -> impl Iterator<Item = &'static str> + use<> {
        let claimants = [Role::Department, Role::Coordinator, Role::Grantee];
        let by_departments = self.roles.contains(&Role::Department) || self.roles.contains(&Role::Coordinator);
        let (from, to) = (day(self.valid_from.as_ref()), day(self.valid_to.as_ref()));
        let is_no_day = from.is_err() || to.is_err();
        let is_backward = matches!((from, to), (Ok(Some(from)), Ok(Some(to))) if from > to);
        let department_known = |text: &String| text == "*" || DepartmentId::parse(text).is_some();
        let reasons = [
            (self.title.zh.is_empty() || self.title.en.is_empty(), "a title is empty"),
            (self.basis.trim().is_empty(), "the legal basis is empty"),
            (is_no_day, "`valid_from` and `valid_to` are days such as \"2026-01-01\""),
            (is_backward, "`valid_from` lies after `valid_to`"),
            (self.roles.is_empty(), "nobody may claim it: `roles` is empty"),
            (
                !self.roles.iter().all(|role| claimants.contains(role)),
                "only DEPARTMENT, COORDINATOR and GRANTEE claim purposes",
            ),
            (by_departments && self.departments.is_empty(), "no department may claim it: `departments` is empty"),
            (
                !by_departments && !self.departments.is_empty(),
                "`departments` without the role DEPARTMENT or COORDINATOR",
            ),
            (
                !self.departments.iter().all(department_known),
                "a department id is not one (upper-case letters, digits, hyphens)",
            ),
            (
                self.departments.len() > 1 && self.departments.iter().any(|text| text == "*"),
                "`*` stands alone in `departments`",
            ),
            (self.tier == Tier::PublicDisclosure, "public disclosure needs no purpose: `tier` is too low"),
            (
                self.roles.contains(&Role::Grantee) && self.tier != Tier::AuthorizedQuery,
                "a GRANTEE reads by authorization: `tier` must be AUTHORIZED_QUERY",
            ),
            (
                by_departments && (self.tier == Tier::AuthorizedQuery) != self.break_glass.is_some(),
                "a department reaches AUTHORIZED_QUERY in an emergency alone: that tier and `break_glass` go together",
            ),
            (
                self.break_glass.is_some() && (!self.requires_case || self.roles.contains(&Role::Grantee)),
                "`break_glass` is for departments alone, and `requires_case` must be true",
            ),
            (
                self.break_glass.is_some_and(|bounds| !bounds.is_sound()),
                "`break_glass` holds `minutes`, 1 to 60, and `daily`, 1 to 20",
            ),
        ];
        reasons.into_iter().filter_map(|(wrong, reason)| wrong.then_some(reason))
    }

    fn into_purpose(self) -> Purpose {
        let departments = if self.departments.iter().any(|text| text == "*") {
            Departments::All
        } else {
            Departments::Listed(self.departments.iter().filter_map(|text| DepartmentId::parse(text)).collect())
        };
        // A day that does not parse was told as a fault before.
        Purpose {
            code: self.code,
            title: self.title,
            basis: self.basis,
            roles: self.roles,
            departments,
            requires_case: self.requires_case,
            allows_lookup: self.allows_lookup,
            tier: self.tier,
            break_glass: self.break_glass,
            valid_from: day(self.valid_from.as_ref()).ok().flatten(),
            valid_to: day(self.valid_to.as_ref()).ok().flatten(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TODAY: Date = jiff::civil::date(2026, 11, 24);
    const ENTRY: &str = r#"
[[purpose]]
code = "licence-review"
title = { zh = "行政许可审查", en = "Review" }
basis = "法"
roles = ["DEPARTMENT"]
departments = ["AMR"]
requires_case = true
allows_lookup = false
tier = "GOVERNMENT_SHARING"
"#;

    fn faults(text: &str) -> Vec<String> {
        Purposes::parse(text).unwrap_err().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_purpose_is_claimed_by_the_roles_and_departments_it_names_and_by_nobody_else() {
        let purposes = Purposes::parse(ENTRY).unwrap();
        let purpose = purposes.get("licence-review").unwrap();
        let market = DepartmentId::parse("AMR");
        assert!(purpose.claimable(Role::Department, market.as_ref(), TODAY));
        assert!(!purpose.claimable(Role::Department, DepartmentId::parse("PS").as_ref(), TODAY));
        assert!(!purpose.claimable(Role::Department, None, TODAY));
        assert!(!purpose.claimable(Role::Coordinator, market.as_ref(), TODAY));
        assert!(!purpose.claimable(Role::Public, market.as_ref(), TODAY));
    }

    #[test]
    fn a_purpose_is_claimed_from_its_first_day_to_its_last_and_no_other() {
        let text = format!("{ENTRY}valid_from = \"2026-11-24\"\nvalid_to = \"2026-11-25\"\n");
        let purposes = Purposes::parse(&text).unwrap();
        let purpose = purposes.get("licence-review").unwrap();
        let days: Vec<bool> = (23..=26)
            .map(|day| {
                let market = DepartmentId::parse("AMR");
                purpose.claimable(Role::Department, market.as_ref(), jiff::civil::date(2026, 11, day))
            })
            .collect();
        assert_eq!(days, [false, true, true, false]);
        for (line, told) in [
            ("valid_from = \"24.11.2026\"", "are days such as"),
            ("valid_from = \"2026-12-01\"\nvalid_to = \"2026-11-01\"", "lies after"),
        ] {
            assert!(faults(&format!("{ENTRY}{line}\n"))[0].contains(told), "{line}");
        }
    }

    #[test]
    fn a_blank_or_overlong_case_number_is_none() {
        let purposes = Purposes::parse(ENTRY).unwrap();
        let purpose = purposes.get("licence-review").unwrap();
        assert!(purpose.usable_with(Some("370500-2026-0001")));
        for case in [None, Some(""), Some("  "), Some("a\nb"), Some(&*"9".repeat(129))] {
            assert!(!purpose.usable_with(case), "{case:?}");
        }
    }

    #[test]
    fn every_fault_is_told_with_its_line() {
        let text = format!(
            "{ENTRY}{}{}{}",
            ENTRY.replace("[\"DEPARTMENT\"]", "[\"PUBLIC\"]"),
            ENTRY.replace("basis", "base"),
            ENTRY.replace("GOVERNMENT_SHARING", "PUBLIC_DISCLOSURE").replace("licence-review", "other"),
        );
        let found = faults(&text);
        assert!(found.contains(&"purposes.toml:12: `licence-review`: the code is used twice".to_owned()), "{found:#?}");
        assert!(found.iter().any(|fault| fault.contains("only DEPARTMENT, COORDINATOR and GRANTEE")), "{found:#?}");
        assert!(
            found.iter().any(|fault| fault.starts_with("purposes.toml:22: ") && fault.contains("`base`")),
            "{found:#?}"
        );
        assert!(found.iter().any(|fault| fault.starts_with("purposes.toml:32: `other`")), "{found:#?}");
    }

    #[test]
    fn a_file_that_is_no_toml_is_refused_at_its_line() {
        assert!(faults("[[purpose]]\ncode = licence")[0].starts_with("purposes.toml:2: "));
        assert!(faults("purposes = []")[0].contains("purposes"));
    }
}
