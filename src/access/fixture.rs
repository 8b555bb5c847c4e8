//! A small catalogue and callers for this room's tests. Nothing in it exists.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use super::profile::Asking;
use super::{Decider, Grant, Permit, PurposeNotAllowed, Standing};
use crate::catalogue::{
    Bilingual, Catalogue, Field, FieldType, Head, Item, NaturalKey, Reach, Requirement, Sharing, SubjectMapping,
};
use crate::domain::{
    DataClass, Date, DepartmentId, ItemCode, MaskRule, PurposeCode, Role, SubjectCategory, SubjectId, Tier,
};

pub(super) const TODAY: Date = jiff::civil::date(2026, 11, 23);
pub(super) const P: Option<Tier> = Some(Tier::PublicDisclosure);
pub(super) const G: Option<Tier> = Some(Tier::GovernmentSharing);
pub(super) const A: Option<Tier> = Some(Tier::AuthorizedQuery);
pub(super) const ORG: SubjectCategory = SubjectCategory::Organization;
pub(super) const PERSON: SubjectCategory = SubjectCategory::NaturalPerson;
pub(super) const ME: SubjectId = SubjectId::new([1; 16]);
pub(super) const OTHER: SubjectId = SubjectId::new([2; 16]);

pub(super) fn shipped() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/policies"))
}

/// Two shared items, one that is not shared, one of beliefs.
pub(super) fn catalogue() -> Arc<Catalogue> {
    let open = reach(P, None, None);
    let number = || field("certificateNo", DataClass::Sensitive, reach(A, G, Some(MaskRule::IdStd)), None);
    let penalty = item(
        "penalty",
        Sharing::Unconditional,
        vec![
            field("decisionNo", DataClass::Plain, open, Some(reach(G, None, None))),
            field("name", DataClass::Personal, open, Some(reach(A, G, Some(MaskRule::Name)))),
            number(),
            field("remark", DataClass::Plain, reach(G, None, None), None),
            field("decisionDate", DataClass::Plain, open, Some(reach(G, None, None))),
            field("informer", DataClass::Sensitive, reach(None, None, Some(MaskRule::Secret)), None),
        ],
    );
    let debtor = item(
        "debtor",
        Sharing::Unconditional,
        vec![
            field("caseNo", DataClass::Plain, open, None),
            field("name", DataClass::Personal, open, Some(reach(A, P, Some(MaskRule::Name)))),
            number(),
        ],
    );
    let fund = item(
        "fund",
        Sharing::NotShared,
        vec![
            field("account", DataClass::Personal, reach(G, None, None), None),
            field("decisionDate", DataClass::Plain, reach(G, None, None), None),
            field("name", DataClass::Personal, open, Some(reach(A, G, Some(MaskRule::Name)))),
        ],
    );
    let mut belief =
        item("belief", Sharing::Conditional, vec![field("belief", DataClass::Sensitive, reach(A, None, None), None)]);
    belief.fields[0].self_only = true;
    belief.head.subject.categories = vec![PERSON];
    Arc::new(Catalogue::for_tests(vec![penalty, debtor, fund, belief]))
}

pub(super) fn reach(tier: Option<Tier>, masked_from: Option<Tier>, mask: Option<MaskRule>) -> Reach {
    Reach { tier, masked_from, mask }
}

/// A field, indexed; `person` is its reach for natural persons where that differs.
pub(super) fn field(name: &str, class: DataClass, organization: Reach, person: Option<Reach>) -> Field {
    Field {
        name: name.to_owned(),
        title: Bilingual::default(),
        description: Bilingual::default(),
        national_code: None,
        data_type: FieldType::Text,
        data_format: None,
        required: Requirement::Optional,
        class,
        indexed: name != "remark",
        scanned: false,
        self_only: false,
        reach: BTreeMap::from([
            (ORG, organization),
            (SubjectCategory::IndividualBusiness, organization),
            (PERSON, person.unwrap_or(organization)),
        ]),
    }
}

pub(super) fn item(code: &str, sharing: Sharing, fields: Vec<Field>) -> Item {
    let dated = fields.iter().any(|field| field.name == "decisionDate");
    Item {
        code: ItemCode::parse(code).unwrap(),
        edition: "test".to_owned(),
        type_name: code.to_owned(),
        title: Bilingual::default(),
        description: Bilingual::default(),
        category: "ADMINISTRATIVE".to_owned(),
        provider: DepartmentId::parse("AMR").unwrap(),
        sharing,
        update_frequency: "MONTHLY".to_owned(),
        natural_key: NaturalKey { parts: Vec::new() },
        publication: "none".to_owned(),
        term_months: None,
        list: None,
        collection_forbidden: None,
        head: Head {
            subject: SubjectMapping { categories: vec![ORG, PERSON], ..SubjectMapping::default() },
            decided_on: dated.then(|| "decisionDate".to_owned()),
            ..Head::default()
        },
        fields,
        vintages: Vec::new(),
    }
}

/// A caller as the tests speak of it.
#[derive(Clone, Debug)]
pub(super) struct Who {
    role: Role,
    department: Option<DepartmentId>,
    purpose: Option<&'static str>,
    case: Option<&'static str>,
    standing: Standing,
}

pub(super) fn who(role: Role) -> Who {
    let department = matches!(role, Role::Department | Role::Coordinator).then(|| DepartmentId::parse("AMR")).flatten();
    let subject = (role == Role::Subject).then_some(ME);
    Who { role, department, purpose: None, case: None, standing: Standing { subject, ..Standing::default() } }
}

impl Who {
    pub(super) fn of(mut self, department: &str) -> Self {
        self.department = DepartmentId::parse(department);
        self
    }

    pub(super) fn asking_for(mut self, purpose: &'static str) -> Self {
        self.purpose = Some(purpose);
        self
    }

    pub(super) fn on_case(mut self, case: &'static str) -> Self {
        self.case = Some(case);
        self
    }

    pub(super) fn refused(mut self) -> Self {
        self.standing.authorization_refused = true;
        self
    }

    /// With an authorization of `ME` for an item's fields; none named covers the whole item.
    pub(super) fn authorized_for(mut self, item: &str, fields: &[&str]) -> Self {
        let fields = fields.iter().map(|&field| field.to_owned()).collect();
        self.standing.grant = Some(Grant {
            id: [9; 16],
            subject: ME,
            purpose: PurposeCode::parse("loan-review").unwrap(),
            items: vec![(ItemCode::parse(item).unwrap(), fields)],
        });
        self
    }

    pub(super) fn asking(&self) -> Asking<'_> {
        Asking {
            role: self.role,
            department: self.department.as_ref(),
            organization: (self.role == Role::Grantee).then_some("bank-1"),
            purpose: self.purpose,
            case: self.case,
        }
    }

    pub(super) fn try_permit(&self, decider: &Decider) -> Result<Permit, PurposeNotAllowed> {
        decider.permit_for(&self.asking(), TODAY, self.standing.clone())
    }

    pub(super) fn permit(&self, decider: &Decider) -> Permit {
        self.try_permit(decider).unwrap()
    }
}
