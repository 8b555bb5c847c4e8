//! Every kind of caller, and how each stands to each record.

use chengxin::domain::{Role, SubjectCategory, Tier};
use serde_json::json;

use super::emergencies;
use super::oracle::{By, Stands, field_at};
use super::world::{Row, World};
use crate::support::{Asker, NOW};

use Tier::{AuthorizedQuery, GovernmentSharing, PublicDisclosure};

pub const BANK: &str = "BANK-1";

/// A caller under test.
pub struct Actor<'w> {
    pub title: &'static str,
    pub asker: Asker<'w>,
    stands: Box<dyn Fn(&Row) -> Stands + 'w>,
    /// Whether the caller has authorizations to list.
    pub has_authorizations: bool,
    /// Of how many paths one is walked for each item: callers that are refused alike share them out.
    pub shares: usize,
}

impl<'w> Actor<'w> {
    pub fn new(title: &'static str, asker: Asker<'w>, stands: impl Fn(&Row) -> Stands + 'w) -> Self {
        Self { title, asker, stands: Box::new(stands), has_authorizations: false, shares: 1 }
    }

    fn with_authorizations(mut self) -> Self {
        self.has_authorizations = true;
        self
    }

    pub fn sharing(mut self, shares: usize) -> Self {
        self.shares = shares;
        self
    }

    pub fn stands(&self, row: &Row) -> Stands {
        (self.stands)(row)
    }
}

const PUBLIC: Stands = Stands::at(Some(PublicDisclosure));
const SHARING: Stands = Stands::at(Some(GovernmentSharing));
/// How many administrators read no record, all alike.
const ADMINISTRATORS: usize = 3;
/// How many kinds of authorization are refused.
const REFUSALS: usize = 7;
const NOBODY: Stands = Stands::at(None);

/// Every kind of caller.
pub async fn everybody(world: &World) -> Vec<Actor<'_>> {
    let mut all = outsiders(world);
    all.extend(departments(world));
    all.extend(subjects(world));
    all.extend(grantees(world).await);
    all.extend(emergencies::officers(world).await);
    all
}

/// Anybody, and the three administrators, who read no record.
pub fn outsiders(world: &World) -> Vec<Actor<'_>> {
    let admin = |role| world.app.administrator(role);
    vec![
        Actor::new("public", world.app.public(), |_| PUBLIC),
        Actor::new("auditor", admin(Role::Auditor), |_| NOBODY).sharing(ADMINISTRATORS),
        Actor::new("security administrator", admin(Role::SecurityAdmin), |_| NOBODY).sharing(ADMINISTRATORS),
        Actor::new("system administrator", admin(Role::SystemAdmin), |_| NOBODY).sharing(ADMINISTRATORS),
    ]
}

/// Departments with and without purpose and case, the provider, the coordinator.
pub fn departments(world: &World) -> Vec<Actor<'_>> {
    let lacking = |department: &'static str| {
        move |row: &Row| {
            let provides = row.item.provider.as_str() == department;
            Stands { pending: Some((GovernmentSharing, "PURPOSE_REQUIRED")), provides, ..PUBLIC }
        }
    };
    let sharing = |department: &'static str| {
        move |row: &Row| {
            let provides = row.item.provider.as_str() == department;
            Stands { provides, archive: provides, ..SHARING }
        }
    };
    let app = &world.app;
    vec![
        Actor::new("department", app.department("CUS"), sharing("CUS")),
        Actor::new("market regulation", app.department("AMR"), sharing("AMR")),
        Actor::new("health", app.department("HEA"), sharing("HEA")),
        Actor::new("civil affairs", app.department("CA"), sharing("CA")),
        Actor::new("coordinator", app.coordinator(), sharing("DRC")),
        Actor::new("no purpose", app.department("CUS").without("chengxin-purpose"), lacking("CUS")),
        Actor::new("no case", app.department("CUS").without("chengxin-case"), lacking("CUS")),
        Actor::new("coordinator without purpose", app.coordinator().without("chengxin-purpose"), lacking("DRC")),
    ]
}

/// Each subject in its own view, which of others is the public's.
pub fn subjects(world: &World) -> Vec<Actor<'_>> {
    let own = |category| {
        move |row: &Row| {
            if row.category == category {
                Stands { archive: true, ..Stands::at(Some(AuthorizedQuery)) }
            } else {
                PUBLIC
            }
        }
    };
    let categories = [
        ("firm", SubjectCategory::Organization),
        ("trader", SubjectCategory::IndividualBusiness),
        ("person", SubjectCategory::NaturalPerson),
    ];
    let actor = |(title, category)| Actor::new(title, world.own(category), own(category)).with_authorizations();
    categories.map(actor).into()
}

/// Grants every item of a subject to the bank, or those named; gives the authorization's id.
pub async fn grant(world: &World, category: SubjectCategory, items: &[&str], wanted: serde_json::Value) -> String {
    let all = world.app.service.gateway.catalogue.items().iter().map(|item| item.code.as_str());
    let named = all.filter(|code| items.is_empty() || items.contains(code)).map(|code| json!({ "item": code }));
    let mut input = json!({
        "grantee": BANK,
        "purpose": "loan-review",
        "validTo": "2027-01-01T00:00:00Z",
        "items": named.collect::<Vec<_>>(),
    });
    for (name, value) in wanted.as_object().unwrap() {
        input[name] = value.clone();
    }
    let query = "mutation($input: GrantAuthorizationInput!) { grantAuthorization(input: $input) { \
                 ... on GrantAuthorizationSuccess { authorization { id } } ... on InvalidInput { problems { path code message } } } }";
    let answered = world.own(category).ask_with(query, json!({ "input": input })).await;
    let id = answered.data("/grantAuthorization/authorization/id").as_str();
    id.unwrap_or_else(|| panic!("{}", answered.text)).to_owned()
}

/// Grants one field of every item, the one at so many quarters of its length.
async fn grant_one_field(world: &World, category: SubjectCategory, quarter: usize) -> String {
    let items = world.app.service.gateway.catalogue.items().iter();
    let each = items.map(|item| json!({ "item": item.code.as_str(), "fields": [field_at(item, quarter).name] }));
    grant(world, category, &[], json!({ "items": each.collect::<Vec<_>>() })).await
}

/// Bodies that are authorized to a single field of each item.
pub async fn grantees_of_one_field(world: &World) -> Vec<Actor<'_>> {
    let mut actors = Vec::new();
    for category in [SubjectCategory::Organization, SubjectCategory::NaturalPerson] {
        for quarter in 0..=4 {
            let id = grant_one_field(world, category, quarter).await;
            let stands = move |row: &Row| {
                if row.category == category {
                    let tier = Some(AuthorizedQuery);
                    Stands { by: Some(By::Authorization), covers: Some(quarter), ..Stands::at(tier) }
                } else {
                    PUBLIC
                }
            };
            actors.push(Actor::new("authorized for one field of each item", world.app.grantee(BANK, &id), stands));
        }
    }
    actors
}

/// Revokes an authorization.
pub async fn revoke(world: &World, category: SubjectCategory, id: &str) {
    let query = "mutation($id: ID!) { revokeAuthorization(input: { id: $id }) { __typename } }";
    let answered = world.own(category).ask_with(query, json!({ "id": id })).await;
    assert_eq!(answered.data("/revokeAuthorization/__typename"), "RevokeAuthorizationSuccess", "{}", answered.text);
}

/// Bodies with authorizations that hold, and with every kind that does not.
pub async fn grantees(world: &World) -> Vec<Actor<'_>> {
    const FIRM: SubjectCategory = SubjectCategory::Organization;
    let whole = grant(world, FIRM, &[], json!({})).await;
    let of_person = grant(world, SubjectCategory::NaturalPerson, &[], json!({})).await;
    let one_item = grant(world, FIRM, &["registration"], json!({})).await;
    let other_purpose = grant(world, FIRM, &[], json!({ "purpose": "bid-review" })).await;
    let other_grantee = grant(world, FIRM, &[], json!({ "grantee": "BANK-2" })).await;
    let later = grant(world, FIRM, &[], json!({ "validFrom": "2026-12-01T00:00:00Z" })).await;
    let revoked = grant(world, FIRM, &[], json!({})).await;
    revoke(world, FIRM, &revoked).await;
    let used_up = grant(world, FIRM, &["registration"], json!({ "usesAllowed": 1 })).await;
    let read = "query($id: ID!) { node(id: $id) { ... on Subject { records { nodes { ... on Registration { contactPhone } } } } } }";
    let firm = json!({ "id": world.subjects[&FIRM].id });
    world.app.grantee(BANK, &used_up).ask_with(read, firm).await;
    let expired = grant(world, FIRM, &[], json!({ "validTo": "2026-11-23T04:00:01Z" })).await;
    world.app.clock.set(chengxin::domain::Instant::parse_rfc3339(NOW).unwrap().plus_seconds(2));

    let app = &world.app;
    let holding = |category| {
        move |row: &Row| {
            if row.category == category {
                Stands { by: Some(By::Authorization), ..Stands::at(Some(AuthorizedQuery)) }
            } else {
                PUBLIC
            }
        }
    };
    let refused = |_: &Row| Stands { pending: Some((AuthorizedQuery, "AUTHORIZATION_INVALID")), ..PUBLIC };
    let of_one_item = |row: &Row| match (row.item.code.as_str(), row.category) {
        ("registration", FIRM) => Stands { by: Some(By::Authorization), ..Stands::at(Some(AuthorizedQuery)) },
        ("registration", _) => PUBLIC,
        _ => Stands { pending: Some((AuthorizedQuery, "AUTHORIZATION_INVALID")), ..PUBLIC },
    };
    let without_purpose = |row: &Row| {
        let pending = (row.category == FIRM).then_some((AuthorizedQuery, "PURPOSE_REQUIRED"));
        Stands { pending, ..PUBLIC }
    };
    let bank = |id: &str| app.grantee(BANK, id);
    vec![
        Actor::new("authorized by the firm", bank(&whole), holding(FIRM)).with_authorizations(),
        Actor::new("authorized by the person", bank(&of_person), holding(SubjectCategory::NaturalPerson)),
        Actor::new("authorized for one item", bank(&one_item), of_one_item),
        Actor::new("authorized, no purpose", bank(&whole).without("chengxin-purpose"), without_purpose),
        Actor::new("without authorization", bank(&whole).without("chengxin-authorization"), |_| PUBLIC),
        Actor::new("for another purpose", bank(&other_purpose), refused).sharing(REFUSALS),
        Actor::new("another's", bank(&other_grantee), refused).sharing(REFUSALS),
        Actor::new("not yet valid", bank(&later), refused).sharing(REFUSALS),
        Actor::new("revoked", bank(&revoked), refused).sharing(REFUSALS),
        Actor::new("used up", bank(&used_up), refused).sharing(REFUSALS),
        Actor::new("expired", bank(&expired), refused).sharing(REFUSALS),
        Actor::new("unknown", bank("AVIAAAAA"), refused).sharing(REFUSALS),
    ]
}
