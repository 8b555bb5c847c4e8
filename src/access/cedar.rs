//! The policies themselves. The one file that names the policy engine.
//!
//! Deliberately absent: any rule of who may see what. Questions go in, answers come out, and every doubt is a no.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::str::FromStr;
use std::sync::Arc;

use cedar_policy::ffi::DetailedError;
use cedar_policy::{
    Authorizer, Context, Decision, Entities, Entity, EntityId, EntityTypeName, EntityUid, Policy, PolicyId, PolicySet,
    Request, RestrictedExpression, Schema, SchemaFragment, ValidationMode, Validator,
};
use strum::IntoEnumIterator;

use super::PolicyFault;
use super::case::Concern;
use super::folder::{Folder, SCHEMA};
use super::mentions::Mentions;
use super::question::{Action, Answer, Asker, FieldFacts, Question, Target};
use crate::catalogue::Sharing;
use crate::domain::{DataClass, Date, MaskRule, Relation, Role, SubjectCategory, Tier};

/// A validated set of policies.
#[derive(Debug)]
pub(super) struct Policies {
    set: PolicySet,
    schema: Schema,
    authorizer: Authorizer,
    mentions: Mentions,
    literals: Vec<Literal>,
    places: Places,
}

/// An entity that a policy names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Literal {
    /// The policy's `@id`.
    pub(super) policy: String,
    /// The entity's type, such as `Purpose`.
    pub(super) kind: String,
    /// The entity's id, such as `licence-review`.
    pub(super) id: String,
}

impl Policies {
    /// The text of each policy, by its `@id`.
    pub(super) fn texts(&self) -> BTreeMap<String, String> {
        let text = |policy: &Policy| policy.to_cedar().unwrap_or_default();
        self.set.policies().map(|policy| (policy.id().to_string(), text(policy))).collect()
    }

    /// Parses, names and validates the policies of a folder, or tells every fault.
    pub(super) fn load(folder: &Folder) -> Result<Self, Vec<PolicyFault>> {
        let schema = read_schema(&folder.schema)?;
        let mut named = Named::default();
        for (file, text) in &folder.policies {
            named.read(file, text);
        }
        let Named { set, places, mut faults } = named;
        faults.extend(validate(&set, &schema, &places));
        if !faults.is_empty() {
            return Err(faults);
        }
        let mut mentions = Mentions::default();
        let mut literals = Vec::new();
        for policy in set.policies() {
            mentions.add(&policy.to_json().unwrap_or_default());
            literals.extend(literals_of(policy));
        }
        Ok(Self { set, schema, authorizer: Authorizer::new(), mentions, literals, places })
    }

    /// Which attributes the policies read.
    pub(super) fn mentions(&self) -> &Mentions {
        &self.mentions
    }

    /// The entities that policies name, to be held against catalogue and purposes.
    pub(super) fn literals(&self) -> &[Literal] {
        &self.literals
    }

    /// The `@id`s of all policies, sorted.
    pub(super) fn ids(&self) -> impl Iterator<Item = &str> {
        self.places.keys().map(String::as_str)
    }

    /// A fault of the policy `id`, at the place where it stands.
    pub(super) fn place(&self, id: &str, reason: String) -> PolicyFault {
        placed(id, &self.places, reason)
    }

    /// Answers a question. Where a policy could not be evaluated the answer is no, since it might have forbidden.
    /// The error says that the schema does not fit the program.
    pub(super) fn answer(&self, question: &Question) -> Result<Answer, String> {
        let (request, entities) = self.phrase(question).map_err(|error| error.to_string())?;
        let response = self.authorizer.is_authorized(&request, &self.set, &entities);
        let sound = response.diagnostics().errors().next().is_none();
        let mut policies: Vec<Arc<str>> = response.diagnostics().reason().map(|id| Arc::from(id.as_ref())).collect();
        policies.sort_unstable();
        Ok(Answer { allowed: sound && response.decision() == Decision::Allow, policies: policies.into() })
    }

    fn phrase(&self, question: &Question) -> Result<(Request, Entities), Box<dyn std::error::Error>> {
        let asker = &question.asker;
        let caller = entity("Caller", asker.role.name(), caller_attributes(asker))?;
        let (target, parent, context) = match &question.target {
            Target::Field(facts, relation) => {
                let (field, item) = field_entity(facts)?;
                (field, Some(item), reading_context(asker, *relation)?)
            }
            Target::Register { granted } => {
                (entity("Register", "persons", HashMap::new())?, None, lookup_context(asker, *granted)?)
            }
            Target::Case(concern) => (entity("Case", "case", HashMap::new())?, None, case_context(asker, *concern)?),
        };
        let action = uid("Action", question.action.into());
        let request = Request::new(caller.uid(), action, target.uid(), context, Some(&self.schema))?;
        let all = [Some(caller), Some(target), parent].into_iter().flatten();
        Ok((request, Entities::from_entities(all, Some(&self.schema))?))
    }
}

fn uid(kind: &'static str, id: &str) -> EntityUid {
    #[expect(clippy::expect_used, reason = "the names are this file's own and are identifiers")]
    let kind = EntityTypeName::from_str(kind).expect("an identifier is a type name");
    EntityUid::from_type_name_and_id(kind, EntityId::new(id))
}

fn named(kind: &'static str, id: &str) -> RestrictedExpression {
    RestrictedExpression::new_entity_uid(uid(kind, id))
}

type Attributes = HashMap<String, RestrictedExpression>;

fn entity(kind: &'static str, id: &str, attributes: Attributes) -> Result<Entity, Box<dyn std::error::Error>> {
    Ok(Entity::new(uid(kind, id), attributes, HashSet::new())?)
}

fn attributes<const N: usize>(pairs: [(&str, Option<RestrictedExpression>); N]) -> Attributes {
    pairs.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
}

fn caller_attributes(asker: &Asker) -> Attributes {
    attributes([
        ("role", Some(named("Role", asker.role.name()))),
        ("department", asker.department.as_ref().map(|department| named("Department", department.as_str()))),
        ("organization", asker.organization.clone().map(RestrictedExpression::new_string)),
    ])
}

fn field_entity(facts: &FieldFacts) -> Result<(Entity, Entity), Box<dyn std::error::Error>> {
    let item = facts.item.as_ref().map_or("", |item| item.as_str());
    let name = facts.name.as_deref().unwrap_or_default();
    let provider = facts.provider.as_ref().map_or("", |provider| provider.as_str());
    let pairs = attributes([
        ("class", Some(named("DataClass", facts.class.name()))),
        ("tier", facts.tier.map(|tier| named("Tier", tier.name()))),
        ("maskedFrom", facts.masked_from.map(|tier| named("Tier", tier.name()))),
        ("mask", facts.mask.map(|mask| named("MaskRule", mask.name()))),
        ("subjectCategory", Some(named("SubjectCategory", facts.category.name()))),
        ("selfOnly", Some(RestrictedExpression::new_bool(facts.self_only))),
        ("indexed", Some(RestrictedExpression::new_bool(facts.indexed))),
        ("itemCategory", Some(RestrictedExpression::new_string(facts.item_category.clone().unwrap_or_default()))),
        ("sharing", Some(named("Sharing", facts.sharing))),
        ("provider", Some(named("Department", provider))),
    ]);
    let parents = HashSet::from([uid("Item", item)]);
    let field = Entity::new(uid("Field", &format!("{item}.{name}")), pairs, parents)?;
    Ok((field, entity("Item", item, HashMap::new())?))
}

fn reading_context(asker: &Asker, relation: Relation) -> Result<Context, Box<dyn std::error::Error>> {
    Ok(Context::from_pairs(attributes([
        ("relation", Some(named("Relation", relation.name()))),
        ("purpose", asker.purpose.as_ref().map(|purpose| named("Purpose", purpose.as_str()))),
        ("today", Some(RestrictedExpression::new_long(as_number(asker.today)))),
    ]))?)
}

fn lookup_context(asker: &Asker, granted: bool) -> Result<Context, Box<dyn std::error::Error>> {
    Ok(Context::from_pairs(attributes([
        ("purpose", asker.purpose.as_ref().map(|purpose| named("Purpose", purpose.as_str()))),
        ("allowsLookup", Some(RestrictedExpression::new_bool(asker.allows_lookup))),
        ("granted", Some(RestrictedExpression::new_bool(granted))),
        ("today", Some(RestrictedExpression::new_long(as_number(asker.today)))),
    ]))?)
}

fn case_context(asker: &Asker, concern: Concern) -> Result<Context, Box<dyn std::error::Error>> {
    let Concern { initiator, implementer, provider, subject, published, escalated, handler } = concern;
    let truth = |value| Some(RestrictedExpression::new_bool(value));
    Ok(Context::from_pairs(attributes([
        ("isInitiator", truth(initiator)),
        ("isImplementer", truth(implementer)),
        ("isProvider", truth(provider)),
        ("isSubject", truth(subject)),
        ("isPublished", truth(published)),
        ("isEscalated", truth(escalated)),
        ("isHandler", truth(handler)),
        ("today", Some(RestrictedExpression::new_long(as_number(asker.today)))),
    ]))?)
}

/// `20261123` for 2026-11-23.
fn as_number(date: Date) -> i64 {
    i64::from(date.year()) * 10_000 + i64::from(date.month()) * 100 + i64::from(date.day())
}

/// Where each policy stands: file and line, by id.
type Places = BTreeMap<String, (String, Option<usize>)>;

/// Policies under their own names, and what was wrong on the way.
#[derive(Default)]
struct Named {
    set: PolicySet,
    places: Places,
    faults: Vec<PolicyFault>,
}

impl Named {
    fn read(&mut self, file: &str, text: &str) {
        let parsed = match PolicySet::from_str(text) {
            Ok(parsed) => parsed,
            Err(errors) => return self.faults.extend(engine_faults(file, text, &DetailedError::from(&errors))),
        };
        if parsed.num_of_templates() > 0 {
            self.faults.push(PolicyFault::of_file(file, "a template is no policy: write it out"));
        }
        for policy in parsed.policies() {
            let source = policy.to_cedar().unwrap_or_default();
            let offset = text.find(&source).unwrap_or_default();
            self.add(policy, &PolicyFault::of_file(file, "").at(text, offset));
        }
    }

    fn add(&mut self, policy: &Policy, place: &PolicyFault) {
        let Some(id) = policy.annotation("id").filter(|id| !id.trim().is_empty()) else {
            return self.faults.push(PolicyFault { reason: "a policy without `@id`".to_owned(), ..place.clone() });
        };
        if let Some((file, _)) = self.places.get(id) {
            let reason = format!("the `@id` is used in `{file}` already");
            return self.faults.push(PolicyFault { reason, ..place.clone() }.named(id));
        }
        self.places.insert(id.to_owned(), (place.file.clone(), place.line));
        if let Err(error) = self.set.add(policy.new_id(PolicyId::new(id))) {
            self.faults.push(PolicyFault { reason: error.to_string(), ..place.clone() }.named(id));
        }
    }
}

fn validate(set: &PolicySet, schema: &Schema, places: &Places) -> Vec<PolicyFault> {
    let result = Validator::new(schema.clone()).validate(set, ValidationMode::Strict);
    let errors = result.validation_errors().map(|error| (error.policy_id(), error.to_string()));
    // A warning says that a policy can never apply or hides a look-alike character: nobody means that.
    let warnings = result.validation_warnings().map(|warning| (warning.policy_id(), warning.to_string()));
    let plain = |(id, reason): (&PolicyId, String)| {
        let reason = reason.strip_prefix(&format!("for policy `{id}`, ")).unwrap_or(&reason).to_owned();
        placed(id.as_ref(), places, reason)
    };
    errors.chain(warnings).map(plain).collect()
}

fn placed(id: &str, places: &Places, reason: String) -> PolicyFault {
    let (file, line) = places.get(id).cloned().unwrap_or_default();
    PolicyFault { file, line, name: Some(id.to_owned()), reason }
}

fn literals_of(policy: &Policy) -> Vec<Literal> {
    let literal = |uid: &EntityUid| Literal {
        policy: AsRef::<str>::as_ref(policy.id()).to_owned(),
        kind: uid.type_name().to_string(),
        id: uid.id().unescaped().to_owned(),
    };
    policy.entity_literals().iter().map(literal).collect()
}

fn engine_faults(file: &str, text: &str, error: &DetailedError) -> Vec<PolicyFault> {
    let fault = |error: &DetailedError| {
        let fault = PolicyFault::of_file(file, error.message.clone());
        match error.source_locations.first() {
            Some(label) => fault.at(text, label.loc.start),
            None => fault,
        }
    };
    std::iter::once(error).chain(&error.related).map(fault).collect()
}

fn read_schema(text: &str) -> Result<Schema, Vec<PolicyFault>> {
    let (fragment, _) = SchemaFragment::from_cedarschema_str(text)
        .map_err(|error| engine_faults(SCHEMA, text, &DetailedError::from(&error)))?;
    let as_fault = |error: &dyn std::error::Error| vec![PolicyFault::of_file(SCHEMA, error.to_string())];
    let nouns = fragment.clone().to_json_value().map_err(|error| as_fault(&error))?;
    let strange = noun_faults(&nouns);
    if !strange.is_empty() {
        return Err(strange);
    }
    Schema::from_schema_fragments([fragment]).map_err(|error| as_fault(&error))
}

/// The enumerated types of the schema, as the program knows them.
fn vocabularies() -> [(&'static str, Vec<&'static str>); 7] {
    let sharing = [Sharing::Unconditional, Sharing::Conditional, Sharing::NotShared];
    [
        ("Role", Role::iter().map(Role::name).collect()),
        ("Tier", Tier::iter().map(Tier::name).collect()),
        ("DataClass", DataClass::iter().map(DataClass::name).collect()),
        ("SubjectCategory", SubjectCategory::iter().map(SubjectCategory::name).collect()),
        ("Relation", Relation::iter().map(Relation::name).collect()),
        ("MaskRule", MaskRule::iter().map(MaskRule::name).collect()),
        ("Sharing", sharing.into_iter().map(Into::into).collect()),
    ]
}

fn noun_faults(schema: &serde_json::Value) -> Vec<PolicyFault> {
    let mut faults = Vec::new();
    for (kind, known) in vocabularies() {
        // The unnamed namespace has the empty key.
        let listed = schema.pointer(&format!("//entityTypes/{kind}/enum")).and_then(serde_json::Value::as_array);
        let listed = listed.into_iter().flatten();
        let listed: BTreeSet<&str> = listed.filter_map(serde_json::Value::as_str).collect();
        compare(&format!("entity `{kind}`"), &listed, &known.into_iter().collect(), &mut faults);
    }
    let actions = schema.pointer("//actions").and_then(serde_json::Value::as_object).into_iter().flatten();
    let listed = actions.map(|(name, _)| name.as_str()).collect();
    compare("the actions", &listed, &Action::iter().map(Into::into).collect(), &mut faults);
    faults
}

fn compare(what: &str, listed: &BTreeSet<&str>, known: &BTreeSet<&str>, faults: &mut Vec<PolicyFault>) {
    let missing = known.difference(listed).map(|name| format!("{what}: `{name}` is missing"));
    let strange = listed.difference(known).map(|name| format!("{what}: `{name}` is unknown to the program"));
    faults.extend(missing.chain(strange).map(|reason| PolicyFault::of_file(SCHEMA, reason)));
}
