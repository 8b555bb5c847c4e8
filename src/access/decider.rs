//! Decides, and keeps the good policies when new ones are bad.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use arc_swap::ArcSwap;

use super::head::HeadField;
use super::profile::{Asking, Declared, Profile, ProfileKey};
use super::purposes::Purposes;
use super::rules::Rules;
use super::{Decision, Permit, PolicyFault, PurposeNotAllowed, Standing};
use crate::authentication::Caller;
use crate::catalogue::{Catalogue, Item};
use crate::domain::{Date, PurposeCode, Relation, Role, SubjectCategory};

/// The policies in force, over one catalogue. A new catalogue needs a new decider.
#[derive(Debug)]
pub struct Decider {
    rules: ArcSwap<Rules>,
}

/// What came of one field, for somebody who asks why.
#[derive(Clone, Debug)]
pub struct Explained {
    /// The field's name; `_head.` and a name for the columns every record has.
    pub field: String,
    /// The decision.
    pub decision: Decision,
    /// Whether records may be found by it, for a caller without a relation to them.
    pub filterable: bool,
    /// The `@id`s of the policies that decided; none when the catalogue's reach alone did.
    pub policies: Vec<Arc<str>>,
}

impl Decider {
    /// Reads `*.cedar`, `chengxin.cedarschema` and `purposes.toml` in `policy_dir` and checks them against the
    /// catalogue, or tells every fault: files that cannot be read or parsed, policies without an `@id` of their own, that
    /// do not fit the schema, that name what does not exist, or that open more than the catalogue does.
    pub fn load(policy_dir: &Path, catalogue: Arc<Catalogue>) -> Result<Self, Vec<PolicyFault>> {
        Ok(Self { rules: ArcSwap::from_pointee(Rules::load(policy_dir, catalogue)?) })
    }

    /// Reads the folder anew. When anything is wrong with it, or `accepts` has something against the text of its purposes, the
    /// policies in force stay and the faults are returned.
    pub fn reload(
        &self,
        policy_dir: &Path,
        accepts: impl FnOnce(&str) -> Result<(), PolicyFault>,
    ) -> Result<(), Vec<PolicyFault>> {
        let catalogue = Arc::clone(self.rules.load().catalogue());
        let rules = Rules::load(policy_dir, catalogue)?;
        accepts(rules.purposes_text()).map_err(|fault| vec![fault])?;
        self.rules.store(Arc::new(rules));
        Ok(())
    }

    /// The catalogue that the policies were checked against. Items of any other open nothing.
    pub fn catalogue(&self) -> Arc<Catalogue> {
        Arc::clone(self.rules.load().catalogue())
    }

    /// SHA-256 over the files in force.
    pub fn policy_hash(&self) -> [u8; 32] {
        *self.rules.load().hash()
    }

    /// The purposes in force.
    pub fn purposes(&self) -> Purposes {
        self.rules.load().purposes().clone()
    }

    /// The text that the purposes in force were read from.
    pub fn purposes_text(&self) -> Arc<str> {
        Arc::clone(self.rules.load().purposes_text())
    }

    /// The `@id`s of the policies in force, sorted.
    pub fn policy_ids(&self) -> Vec<String> {
        self.rules.load().policies().ids().map(str::to_owned).collect()
    }

    /// The text of each policy in force, by its `@id`.
    pub fn policy_texts(&self) -> BTreeMap<String, String> {
        self.rules.load().policies().texts()
    }

    /// What `caller` may see on the day `today`. `standing` is what the request could prove about itself: a grant in
    /// it has been found valid in the store; here its purpose is held against the declared one.
    ///
    /// A purpose that needs a case number and has none is no error: the permit is then that of the public, and says for
    /// which fields a purpose is wanting.
    pub fn permit(&self, caller: &Caller, today: Date, standing: Standing) -> Result<Permit, PurposeNotAllowed> {
        self.permit_for(&Asking::from(caller), today, standing)
    }

    /// INVARIANT: reachable from outside only by `permit`, with a `Caller` that authentication made.
    pub(super) fn permit_for(
        &self,
        asking: &Asking<'_>,
        today: Date,
        standing: Standing,
    ) -> Result<Permit, PurposeNotAllowed> {
        let rules = self.rules.load_full();
        let key = ProfileKey::new(&rules, asking, today)?;
        let profile = profile(&rules, key);
        let standing = trimmed(&profile, standing);
        Ok(Permit::new(rules, profile, standing))
    }

    /// What a caller of this kind gets of each field of an item, and why. Opens nothing: for administrators and tests.
    pub fn explain(
        &self,
        asking: &Asking<'_>,
        today: Date,
        item: &Item,
        row: (SubjectCategory, Relation),
    ) -> Result<Vec<Explained>, PurposeNotAllowed> {
        let rules = self.rules.load_full();
        let profile = profile(&rules, ProfileKey::new(&rules, asking, today)?);
        let Some(table) = profile.table(&rules, item) else {
            let fields = item.fields.iter().map(|field| nothing(field.name.clone()));
            return Ok(fields.chain(HeadField::ALL.map(|head| nothing(head_name(head)))).collect());
        };
        let row = table.row(row.0, row.1);
        let fields = item.fields.iter().enumerate().filter_map(|(at, field)| {
            let settled = row.field(at)?;
            Some(Explained {
                field: field.name.clone(),
                decision: settled.decision,
                filterable: table.filterable(at),
                policies: settled.policies.to_vec(),
            })
        });
        let heads = HeadField::ALL.into_iter().map(|head| {
            let decision = row.head(head);
            Explained { decision, ..nothing(head_name(head)) }
        });
        Ok(fields.chain(heads).collect())
    }
}

fn nothing(field: String) -> Explained {
    let decision = Decision::Withheld(super::Withheld::BeyondReach);
    Explained { field, decision, filterable: false, policies: Vec::new() }
}

fn head_name(head: HeadField) -> String {
    format!("_head.{}", head.name())
}

fn profile(rules: &Arc<Rules>, key: ProfileKey) -> Arc<Profile> {
    rules.profiles().get_or_insert(&key.clone(), || Arc::new(Profile::new(rules, key)))
}

/// The standing as far as role and purpose bear it out: a subject has its own view, a grantee its grant, a department
/// its records and, for a purpose of emergencies, its opening. A grant for another purpose than the declared one counts
/// as refused; one without a declared purpose stays, and opens nothing for want of it.
fn trimmed(profile: &Profile, standing: Standing) -> Standing {
    let key = profile.key();
    let held = standing.grant.is_some();
    let fits = |purpose: &PurposeCode| match &key.declared {
        Declared::Nothing => true,
        Declared::Usable(declared) | Declared::WithoutCase(declared) => declared == purpose,
    };
    let may_hold = key.role == Role::Grantee || profile.is_break_glass();
    let grant = standing.grant.filter(|grant| may_hold && fits(&grant.purpose));
    Standing {
        subject: standing.subject.filter(|_| key.role == Role::Subject),
        department: key.department.clone().filter(|_| matches!(key.role, Role::Department | Role::Coordinator)),
        authorization_refused: standing.authorization_refused || (held && grant.is_none()),
        grant,
    }
}
