//! What must hold of a set of policies before it is used: it names only what exists, and it opens nothing that the
//! catalogue leaves closed. The second holds at run time by construction; here the policy that tries is named.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use strum::IntoEnumIterator;

use super::PolicyFault;
use super::case::{CaseAction, Concern};
use super::folder::SCHEMA;
use super::head::HeadField;
use super::profile::{Declared, ProfileKey};
use super::purposes::Purpose;
use super::question::{Action, Asker, FieldFacts, Question, Target};
use super::reach::{Ceiling, RELATIONS, ceiling, mask_under, may_stand, reached, relation_for};
use super::rules::{Column, Rules, Shown};
use super::table::categories;
use crate::catalogue::{Item, Sharing};
use crate::domain::{
    DataClass, Date, DepartmentId, ItemCode, MaskRule, PurposeCode, Relation, Role, SubjectCategory, Tier,
};

/// All faults of a loaded set of rules.
pub(super) fn faults(rules: &Rules) -> Vec<PolicyFault> {
    let mut faults: Vec<PolicyFault> = strangers(rules).collect();
    if let Some(fault) = misfit(rules) {
        faults.push(fault);
        return faults;
    }
    faults.extend(Widening::of(rules));
    faults
}

/// Policies that name a purpose, an item or a field that does not exist.
fn strangers(rules: &Rules) -> impl Iterator<Item = PolicyFault> {
    rules.policies().literals().iter().filter_map(|literal| {
        let known = match literal.kind.as_str() {
            "Purpose" => rules.purposes().get(&literal.id).is_some(),
            "Item" => rules.catalogue().item_by_text(&literal.id).is_some(),
            "Field" => field_exists(rules, &literal.id),
            _ => true,
        };
        let reason = format!("names {} `{}`, which does not exist", literal.kind.to_lowercase(), literal.id);
        (!known).then(|| rules.policies().place(&literal.policy, reason))
    })
}

fn field_exists(rules: &Rules, id: &str) -> bool {
    let Some((item, name)) = id.split_once('.') else { return false };
    let Some(item) = ItemCode::parse(item).and_then(|code| rules.catalogue().item(&code)) else { return false };
    item.field(name).is_some() || HeadField::ALL.iter().any(|head| name == format!("_head.{}", head.name()))
}

/// A schema whose attributes are not those the program sends.
fn misfit(rules: &Rules) -> Option<PolicyFault> {
    let full = FieldFacts {
        item: None,
        name: None,
        class: DataClass::Plain,
        tier: Some(Tier::PublicDisclosure),
        masked_from: Some(Tier::PublicDisclosure),
        mask: Some(MaskRule::Drop),
        category: SubjectCategory::Organization,
        self_only: false,
        indexed: false,
        item_category: None,
        sharing: Sharing::Conditional.into(),
        provider: None,
    };
    let bare = FieldFacts { tier: None, masked_from: None, mask: None, ..full.clone() };
    let fields = [full, bare].map(|facts| Target::Field(Arc::new(facts), Relation::None));
    let fields = fields
        .into_iter()
        .flat_map(|target| [Action::Read, Action::ReadMasked, Action::Filter].map(|action| (action, target.clone())));
    let register = (Action::Lookup, Target::Register { granted: false });
    let cases = CaseAction::iter().map(|action| (action.as_question(), Target::Case(Concern::default())));
    let asker = Arc::new(Asker {
        role: Role::Department,
        department: DepartmentId::parse("X"),
        organization: Some(String::new()),
        purpose: PurposeCode::parse("x"),
        allows_lookup: false,
        today: Date::ZERO,
    });
    let mut questions = fields.chain([register]).chain(cases).map(|(action, target)| Question {
        asker: Arc::clone(&asker),
        action,
        target,
    });
    let refusal = questions.find_map(|question| rules.policies().answer(&question).err())?;
    Some(PolicyFault::of_file(SCHEMA, format!("does not fit the program: {refusal}")))
}

/// What distinguishes two columns for policies and catalogue together.
#[derive(PartialEq, Eq, Hash)]
struct Case {
    facts: Arc<FieldFacts>,
    masked: bool,
}

/// The search for policies that permit more than the catalogue.
struct Widening<'a> {
    rules: &'a Rules,
    found: BTreeMap<Arc<str>, String>,
}

impl<'a> Widening<'a> {
    fn of(rules: &'a Rules) -> Vec<PolicyFault> {
        let mut search = Self { rules, found: BTreeMap::new() };
        let profiles = profiles(rules);
        for key in &profiles {
            search.lookups(key);
            search.cases(key);
        }
        let mut seen = HashSet::new();
        for item in rules.catalogue().items() {
            for shown in columns(item) {
                let facts = rules.facts(&shown);
                let masked = shown.reach().mask.is_some();
                if seen.insert(Case { facts, masked }) {
                    for key in &profiles {
                        search.column(key, &shown);
                    }
                }
            }
        }
        search.found.into_iter().map(|(id, reason)| rules.policies().place(&id, reason)).collect()
    }

    fn column(&mut self, key: &(ProfileKey, Option<Purpose>), shown: &Shown<'_>) {
        let (key, purpose) = key;
        let asker = self.rules.asker(key, purpose.as_ref());
        let facts = self.rules.facts(shown);
        let opens = key.role == Role::Grantee || purpose.as_ref().is_some_and(|purpose| purpose.break_glass.is_some());
        let stands =
            |&relation: &Relation| may_stand(key.role, relation) && (relation != Relation::Authorized || opens);
        for relation in RELATIONS.into_iter().filter(stands) {
            let counts = relation_for(shown.self_only(), relation);
            let tier = reached(key.role, counts, purpose.as_ref().map(|purpose| purpose.tier), shown.item.sharing);
            let widest = ceiling(shown.reach(), tier);
            let masked = mask_under(shown.reach(), widest).is_some() || widest == Ceiling::Clear;
            let filtered = relation != Relation::None || (widest == Ceiling::Clear && shown.indexed());
            for (action, open) in
                [(Action::Read, widest == Ceiling::Clear), (Action::ReadMasked, masked), (Action::Filter, filtered)]
            {
                let answer =
                    if open { continue } else { self.ask(&asker, action, Target::Field(Arc::clone(&facts), relation)) };
                for id in answer.iter() {
                    let what = format!("{}.{} ({})", shown.item.code, shown.name(), shown.category);
                    self.widens(id, action, &what, (key, relation));
                }
            }
        }
    }

    fn lookups(&mut self, key: &(ProfileKey, Option<Purpose>)) {
        let (key, purpose) = key;
        let asker = self.rules.asker(key, purpose.as_ref());
        for granted in [false, true] {
            let open = match key.role {
                Role::Department | Role::Coordinator => purpose.as_ref().is_some_and(|purpose| purpose.allows_lookup),
                Role::Grantee => granted && purpose.is_some(),
                Role::Public | Role::Subject | Role::Auditor | Role::SecurityAdmin | Role::SystemAdmin => false,
            };
            if !open {
                for id in self.ask(&asker, Action::Lookup, Target::Register { granted }).iter() {
                    self.widens(id, Action::Lookup, "the register of persons", (key, Relation::None));
                }
            }
        }
    }

    /// Steps of the joint work that the role has no part in.
    fn cases(&mut self, key: &(ProfileKey, Option<Purpose>)) {
        let (key, purpose) = key;
        if purpose.is_some() {
            // Steps do not depend on a purpose.
            return;
        }
        let asker = self.rules.asker(key, None);
        for action in CaseAction::iter().filter(|action| !action.is_open_to(key.role)) {
            for concern in Concern::probes() {
                for id in self.ask(&asker, action.as_question(), Target::Case(concern)).iter() {
                    self.widens(id, action.as_question(), "a case", (key, Relation::None));
                }
            }
        }
    }

    /// The policies that permit it; none when the set as a whole does not.
    fn ask(&self, asker: &Arc<Asker>, action: Action, target: Target) -> Arc<[Arc<str>]> {
        let answer = self.rules.ask(asker, action, target);
        if answer.allowed { answer.policies } else { Arc::default() }
    }

    fn widens(&mut self, id: &Arc<str>, action: Action, what: &str, who: (&ProfileKey, Relation)) {
        let (key, relation) = who;
        let action: &str = action.into();
        self.found.entry(Arc::clone(id)).or_insert_with(|| {
            let purpose = key.purpose().map_or("no purpose".to_owned(), |code| format!("purpose {code}"));
            let role = key.role;
            format!("permits `{action}` of {what} to {role} with {purpose}, relation {relation}: wider than the catalogue's reach")
        });
    }
}

fn columns(item: &Item) -> impl Iterator<Item = Shown<'_>> {
    let heads = HeadField::ALL.into_iter().map(Column::Head);
    let columns: Vec<Column<'_>> = item.fields.iter().map(Column::Field).chain(heads).collect();
    let shown = move |category| columns.clone().into_iter().map(move |column| Shown { item, column, category });
    categories(item).into_iter().flat_map(shown)
}

/// Every role, with each purpose it could declare and with none, in each department that a policy names and in another.
fn profiles(rules: &Rules) -> Vec<(ProfileKey, Option<Purpose>)> {
    let named = rules.policies().literals().iter().filter(|literal| literal.kind == "Department");
    let mut departments: Vec<Option<DepartmentId>> = named.map(|literal| DepartmentId::parse(&literal.id)).collect();
    departments.extend([None, DepartmentId::parse("X")]);
    departments.sort_unstable();
    departments.dedup();
    let days = if rules.policies().mentions().any("today") { vec![Date::ZERO, Date::MAX] } else { vec![Date::ZERO] };
    let mut keys = Vec::new();
    for role in Role::iter() {
        let claimable = rules.purposes().iter().filter(|purpose| purpose.roles.contains(&role));
        let purposes: Vec<Option<&Purpose>> = std::iter::once(None).chain(claimable.map(Some)).collect();
        let in_department = matches!(role, Role::Department | Role::Coordinator);
        for department in departments.iter().filter(|department| in_department || department.is_none()) {
            for (&purpose, &today) in purposes.iter().flat_map(|purpose| days.iter().map(move |day| (purpose, day))) {
                let declared = purpose.map_or(Declared::Nothing, |purpose| Declared::Usable(purpose.code.clone()));
                let organization = (role == Role::Grantee).then(String::new);
                let key = ProfileKey { role, department: department.clone(), organization, declared, today };
                keys.push((key, purpose.cloned()));
            }
        }
    }
    keys
}
