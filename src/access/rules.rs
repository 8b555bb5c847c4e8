//! One loaded set of policies and purposes over one catalogue: asks, remembers, and decides single fields.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use parking_lot::Mutex;

use super::cache::Generations;
use super::cedar::Policies;
use super::folder::Folder;
use super::head::HeadField;
use super::mentions::Look;
use super::profile::{Profile, ProfileKey};
use super::purposes::{Purpose, Purposes};
use super::question::{Action, Answer, Asker, FieldFacts, Question, Target};
use super::reach::{Ceiling, ceiling, mask_under, reached, relation_for};
use super::{Decision, PolicyFault, Withheld, check};
use crate::catalogue::{Catalogue, Field, Item, Reach};
use crate::domain::{DataClass, Date, DepartmentId, PurposeCode, Relation, SubjectCategory, Tier};

/// Answers are remembered up to this number; then they are forgotten together.
const ANSWERS_MAX: usize = 1 << 16;
/// Profiles kept, twice over: a department, a purpose and a day make one.
const PROFILES_MAX: usize = 256;

/// Policies, purposes and catalogue that belong together. Replaced as a whole, its caches with it.
#[derive(Debug)]
pub(super) struct Rules {
    catalogue: Arc<Catalogue>,
    positions: HashMap<usize, usize>,
    policies: Policies,
    purposes: Purposes,
    purposes_text: Arc<str>,
    hash: [u8; 32],
    answers: Mutex<HashMap<Question, Answer>>,
    profiles: Generations<ProfileKey, Arc<Profile>>,
}

/// A field or a head column of an item, for one category of subject.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shown<'a> {
    /// The item.
    pub(super) item: &'a Item,
    /// The field, or the head column.
    pub(super) column: Column<'a>,
    /// The category of subject.
    pub(super) category: SubjectCategory,
}

/// What holds a value of a record.
#[derive(Clone, Copy, Debug)]
pub(super) enum Column<'a> {
    /// A field of the item.
    Field(&'a Field),
    /// A column every record has.
    Head(HeadField),
}

impl Shown<'_> {
    pub(super) fn reach(&self) -> Reach {
        match self.column {
            Column::Field(field) => field.reach(self.category),
            Column::Head(head) => head.reach(self.category),
        }
    }

    pub(super) fn self_only(&self) -> bool {
        matches!(self.column, Column::Field(field) if field.self_only)
    }

    pub(super) fn indexed(&self) -> bool {
        matches!(self.column, Column::Field(field) if field.indexed)
    }

    /// `item.field`, as policies and faults name it.
    pub(super) fn name(&self) -> String {
        match self.column {
            Column::Field(field) => field.name.clone(),
            Column::Head(head) => format!("_head.{}", head.name()),
        }
    }

    fn class(&self) -> DataClass {
        match self.column {
            Column::Field(field) => field.class,
            Column::Head(head) => head.class(self.category),
        }
    }
}

/// A decision and the policies that made it.
#[derive(Clone, Debug)]
pub(super) struct Settled {
    /// The decision.
    pub(super) decision: Decision,
    /// The ids of the policies.
    pub(super) policies: Arc<[Arc<str>]>,
}

impl Rules {
    /// Reads and checks a policy folder, or tells every fault.
    pub(super) fn load(dir: &Path, catalogue: Arc<Catalogue>) -> Result<Self, Vec<PolicyFault>> {
        let folder = Folder::read(dir)?;
        let (policies, purposes) = match (Policies::load(&folder), Purposes::parse(&folder.purposes)) {
            (Ok(policies), Ok(purposes)) => (policies, purposes),
            (policies, purposes) => {
                return Err(policies.err().into_iter().chain(purposes.err()).flatten().collect());
            }
        };
        let positions = catalogue.items().iter().enumerate().map(|(at, item)| (address(item), at)).collect();
        let rules = Self {
            positions,
            catalogue,
            policies,
            purposes,
            hash: folder.hash(),
            purposes_text: folder.purposes.as_str().into(),
            answers: Mutex::default(),
            profiles: Generations::new(PROFILES_MAX),
        };
        let faults = check::faults(&rules);
        if faults.is_empty() { Ok(rules) } else { Err(faults) }
    }

    pub(super) fn purposes_text(&self) -> &Arc<str> {
        &self.purposes_text
    }

    pub(super) fn catalogue(&self) -> &Arc<Catalogue> {
        &self.catalogue
    }

    pub(super) fn policies(&self) -> &Policies {
        &self.policies
    }

    pub(super) fn purposes(&self) -> &Purposes {
        &self.purposes
    }

    pub(super) fn hash(&self) -> &[u8; 32] {
        &self.hash
    }

    pub(super) fn profiles(&self) -> &Generations<ProfileKey, Arc<Profile>> {
        &self.profiles
    }

    /// The position of this very item in the catalogue that the policies were checked against. An item of any other
    /// catalogue, even of the same code, has none: its fields may stand in another order.
    pub(super) fn position(&self, item: &Item) -> Option<usize> {
        self.positions.get(&address(item)).copied()
    }

    /// The caller as the policies see it, under a usable purpose or none.
    pub(super) fn asker(&self, key: &ProfileKey, purpose: Option<&Purpose>) -> Arc<Asker> {
        let mentions = self.policies.mentions();
        let department = seen(mentions.look("department"), key.department.as_ref(), || DepartmentId::parse("X"));
        let organization = seen(mentions.look("organization"), key.organization.as_ref(), || Some(String::new()));
        let code = purpose.map(|purpose| &purpose.code);
        Arc::new(Asker {
            role: key.role,
            department,
            organization,
            purpose: seen(mentions.look("purpose"), code, || PurposeCode::parse("x")),
            allows_lookup: purpose.is_some_and(|purpose| purpose.allows_lookup),
            today: if mentions.any("today") { key.today } else { Date::constant(2000, 1, 1) },
        })
    }

    /// A column as the policies see it.
    pub(super) fn facts(&self, shown: &Shown<'_>) -> Arc<FieldFacts> {
        let mentions = self.policies.mentions();
        let reach = shown.reach();
        Arc::new(FieldFacts {
            item: mentions.identity().then(|| shown.item.code.clone()),
            name: mentions.identity().then(|| shown.name()),
            class: if mentions.any("class") { shown.class() } else { DataClass::Plain },
            tier: reach.tier,
            masked_from: reach.masked_from,
            mask: reach.mask.filter(|_| mentions.any("mask")),
            category: if mentions.any("subjectCategory") { shown.category } else { SubjectCategory::Organization },
            self_only: shown.self_only(),
            indexed: shown.indexed(),
            item_category: mentions.any("itemCategory").then(|| shown.item.category.clone()),
            sharing: shown.item.sharing.into(),
            provider: mentions.any("provider").then(|| shown.item.provider.clone()),
        })
    }

    /// Answers a question, from memory when it was asked before. A question that cannot be put is answered no.
    pub(super) fn ask(&self, asker: &Arc<Asker>, action: Action, target: Target) -> Answer {
        let question = Question { asker: Arc::clone(asker), action, target };
        if let Some(answer) = self.answers.lock().get(&question) {
            return answer.clone();
        }
        let answer =
            self.policies.answer(&question).unwrap_or_else(|_| Answer { allowed: false, policies: Arc::default() });
        let mut answers = self.answers.lock();
        if answers.len() >= ANSWERS_MAX {
            answers.clear();
        }
        answers.insert(question, answer.clone());
        answer
    }

    /// Decides a column for a caller that stands in `relation` to the record.
    pub(super) fn decide(
        &self,
        asker: &Arc<Asker>,
        tier: Option<Tier>,
        shown: &Shown<'_>,
        relation: Relation,
    ) -> Settled {
        let reach = shown.reach();
        let counts = relation_for(shown.self_only(), relation);
        let ceiling = ceiling(reach, reached(asker.role, counts, tier, shown.item.sharing));
        if ceiling == Ceiling::Withheld {
            return Settled { decision: Decision::Withheld(Withheld::BeyondReach), policies: Arc::default() };
        }
        let facts = self.facts(shown);
        let ask = |action| self.ask(asker, action, Target::Field(Arc::clone(&facts), relation));
        let mut denied = Arc::default();
        if ceiling == Ceiling::Clear {
            let answer = ask(Action::Read);
            if answer.allowed {
                return Settled { decision: Decision::Clear, policies: answer.policies };
            }
            denied = answer.policies;
        }
        if let Some(rule) = mask_under(reach, ceiling) {
            let answer = ask(Action::ReadMasked);
            if answer.allowed {
                return Settled { decision: Decision::Masked(rule), policies: answer.policies };
            }
            denied = if denied.is_empty() { answer.policies } else { denied };
        }
        Settled { decision: Decision::Withheld(Withheld::BeyondReach), policies: denied }
    }
}

/// What the policies see of an optional attribute: nothing, that it is there, or what it is.
fn seen<T: Clone>(look: Look, value: Option<&T>, stand_in: impl FnOnce() -> Option<T>) -> Option<T> {
    let value = value?;
    match look {
        Look::Never => None,
        Look::Presence => stand_in(),
        Look::Value => Some(value.clone()),
    }
}

fn address(item: &Item) -> usize {
    std::ptr::from_ref(item).addr()
}
