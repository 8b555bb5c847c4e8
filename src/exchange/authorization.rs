//! Authorizations: granted and revoked by the subject, counted on use, listed to both sides.

use super::break_glass;
use super::fault::Fault;
use super::inquiry::Inquiry;
use super::node_id::NodeRef;
use super::page;
use crate::domain::{AuthorizationId, Instant, PurposeCode, Role};
use crate::store;
pub use crate::store::authorization::Authorization;
use crate::store::authorization::Party;

/// The longest validity of an authorization, in seconds: two years.
const VALIDITY_MAX_SECONDS: i64 = 2 * 366 * 24 * 3600;

/// What a subject wants to grant.
#[derive(Clone, Debug)]
pub struct NewAuthorization {
    /// The organization that may use it.
    pub grantee: String,
    /// Item codes, each with fields; no fields = the whole item.
    pub items: Vec<(String, Vec<String>)>,
    /// The purpose it is for.
    pub purpose: String,
    /// First instant of validity; now when absent.
    pub valid_from: Option<Instant>,
    /// First instant after it.
    pub valid_to: Instant,
    /// How often it may be used.
    pub uses_allowed: Option<i64>,
}

/// What is wrong with an input: where, a code, and a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputProblem {
    /// The path within `input`.
    pub path: Vec<String>,
    /// A stable code.
    pub code: &'static str,
    /// What to do about it.
    pub message: String,
}

impl InputProblem {
    pub(super) fn new(path: &[&str], code: &'static str, message: impl Into<String>) -> Self {
        Self { path: path.iter().map(|&part| part.to_owned()).collect(), code, message: message.into() }
    }

    /// A single problem with one part of an input.
    pub(super) fn one(part: &str, code: &'static str, message: impl Into<String>) -> Vec<Self> {
        vec![Self::new(&[part], code, message)]
    }
}

/// Grants an authorization over the caller's own records. The outer error is a fault, the inner what is wrong with the input.
pub fn grant(inquiry: &Inquiry, wanted: &NewAuthorization) -> Result<Result<Authorization, Vec<InputProblem>>, Fault> {
    let subject = inquiry.own_subject()?;
    let problems = problems(inquiry, wanted);
    if !problems.is_empty() {
        return Ok(Err(problems));
    }
    let purpose = PurposeCode::parse(&wanted.purpose).ok_or(Fault::Forbidden)?;
    let authorization = Authorization {
        id: AuthorizationId::new(inquiry.gateway().ambient.uuid7()),
        subject,
        grantee: wanted.grantee.trim().to_owned(),
        purpose,
        items: wanted.items.clone(),
        valid_from: wanted.valid_from.unwrap_or(inquiry.now()),
        valid_to: wanted.valid_to,
        uses_allowed: wanted.uses_allowed,
        uses_taken: 0,
        revoked_at: None,
        created_at: inquiry.now(),
    };
    inquiry.tally(|tally| tally.subjects.insert(subject));
    inquiry.gateway().registry.write(|connection| store::authorization::insert(connection, &authorization))?;
    Ok(Ok(authorization))
}

fn problems(inquiry: &Inquiry, wanted: &NewAuthorization) -> Vec<InputProblem> {
    let mut problems = Vec::new();
    let grantee = wanted.grantee.trim();
    // As the `organization` of a token has it: to anything else it would be granted to nobody.
    let is_code = |b: u8| b.is_ascii_alphanumeric() || b"-._:".contains(&b);
    if grantee.is_empty() || grantee.len() > 64 || !grantee.bytes().all(is_code) {
        let message = "give the organization's code: 1 to 64 letters, digits and `-._:`";
        problems.push(InputProblem::new(&["grantee"], "GRANTEE", message));
    }
    let purposes = inquiry.gateway().decider.purposes();
    if !purposes.get(&wanted.purpose).is_some_and(|purpose| purpose.claimable(Role::Grantee, None, inquiry.today())) {
        problems.push(InputProblem::new(&["purpose"], "PURPOSE", "no purpose of this code can be authorized"));
    }
    let from = wanted.valid_from.unwrap_or(inquiry.now());
    if wanted.valid_to <= from || wanted.valid_to <= inquiry.now() {
        problems.push(InputProblem::new(
            &["validTo"],
            "VALIDITY",
            "the end must lie after the beginning and after now",
        ));
    } else if wanted.valid_to > from.plus_seconds(VALIDITY_MAX_SECONDS) {
        problems.push(InputProblem::new(&["validTo"], "VALIDITY", "an authorization holds for two years at most"));
    }
    if wanted.uses_allowed.is_some_and(|uses| uses < 1) {
        problems.push(InputProblem::new(&["usesAllowed"], "USES", "at least one use, or leave it out"));
    }
    if wanted.items.is_empty() {
        problems.push(InputProblem::new(&["items"], "ITEMS", "name at least one catalogue item"));
    }
    for (at, (code, fields)) in wanted.items.iter().enumerate() {
        item_problems(inquiry, at, code, fields, &mut problems);
    }
    problems
}

fn item_problems(inquiry: &Inquiry, at: usize, code: &str, fields: &[String], problems: &mut Vec<InputProblem>) {
    let at = at.to_string();
    let Some(item) = inquiry.gateway().catalogue.item_by_text(code) else {
        problems.push(InputProblem::new(&["items", &at, "item"], "ITEM", "the catalogue has no item of this code"));
        return;
    };
    for field in fields.iter().filter(|field| item.field(field).is_none()) {
        let message = format!("`{}` has no field `{}`", item.code, field.escape_debug());
        problems.push(InputProblem::new(&["items", &at, "fields"], "FIELD", message));
    }
}

/// Revokes an authorization of the caller's own, at once. `None` when there is none of this id to revoke.
pub fn revoke(inquiry: &Inquiry, id: &str) -> Result<Option<Authorization>, Fault> {
    let subject = inquiry.own_subject()?;
    let Some(NodeRef::Authorization(id)) = inquiry.gateway().node_ids.decode(id) else { return Ok(None) };
    inquiry.tally(|tally| tally.subjects.insert(subject));
    let now = inquiry.now();
    Ok(inquiry.gateway().registry.write(|connection| {
        if !store::authorization::revoke(connection, id, subject, now)? {
            return Ok(None);
        }
        store::authorization::find(connection, id)
    })?)
}

/// A page of authorizations, each with its cursor.
#[derive(Debug)]
pub struct AuthorizationPage {
    /// The authorizations.
    pub authorizations: Vec<(Authorization, String)>,
    /// Whether more follow.
    pub has_next: bool,
}

/// The authorizations the caller granted or holds, newest first.
pub fn page(inquiry: &Inquiry, after: Option<&str>, first: usize) -> Result<AuthorizationPage, Fault> {
    const LIST: &str = "authorizations";
    let party = party(inquiry)?;
    let after = page::place(inquiry, LIST, after, |place| {
        let (created_at, id) = place.split_once('|')?;
        let id = AuthorizationId::new(*uuid::Uuid::try_parse(id).ok()?.as_bytes());
        Some((Instant::from_micros(created_at.parse().ok()?), id))
    })?;
    let limit = i64::try_from(first + 1).unwrap_or(i64::MAX);
    let list = |connection: &mut store::AnyConnection| store::authorization::list(connection, &party, after, limit);
    let mut found = inquiry.gateway().registry.read(list)?;
    let has_next = found.len() > first;
    found.truncate(first);
    let with_cursor = |authorization: Authorization| {
        let place = format!("{}|{}", authorization.created_at.micros(), authorization.id);
        let cursor = page::cursor(inquiry, LIST, &place);
        (authorization, cursor)
    };
    Ok(AuthorizationPage { authorizations: found.into_iter().map(with_cursor).collect(), has_next })
}

/// The authorization with this id, when the caller granted or holds it.
pub fn by_id(inquiry: &Inquiry, id: AuthorizationId) -> Result<Option<Authorization>, Fault> {
    let Ok(party) = party(inquiry) else { return Ok(None) };
    let found = inquiry.gateway().registry.read(|connection| store::authorization::find(connection, id))?;
    Ok(found.filter(|authorization| match &party {
        Party::Subject(subject) => authorization.subject == *subject,
        Party::Grantee(grantee) => authorization.grantee == *grantee,
    }))
}

fn party(inquiry: &Inquiry) -> Result<Party, Fault> {
    match inquiry.caller().role() {
        Role::Subject => Ok(Party::Subject(inquiry.own_subject()?)),
        Role::Grantee => {
            let organization = inquiry.caller().claims().organization.clone();
            Ok(Party::Grantee(organization.ok_or(Fault::Forbidden)?))
        }
        Role::Public
        | Role::Department
        | Role::Coordinator
        | Role::Auditor
        | Role::SecurityAdmin
        | Role::SystemAdmin => Err(Fault::Forbidden),
    }
}

/// Takes one use of the authorization behind this inquiry, when the answer needed it. `false`: it is used up or
/// revoked meanwhile, or the time of an opening is over, and the answer must not be given.
///
/// The use is taken before the ledger entry: a crash between the two costs a use and never grants one.
pub fn take_use(inquiry: &Inquiry) -> Result<bool, Fault> {
    if !inquiry.tally(|tally| tally.authorization_used) {
        return Ok(true);
    }
    if let Some(opening) = &inquiry.standings().opening {
        return Ok(break_glass::is_in_force(opening, inquiry.gateway().ambient.now()));
    }
    let Some(authorization) = &inquiry.standings().authorization else { return Ok(false) };
    let registry = &inquiry.gateway().registry;
    let mut current = authorization.clone();
    loop {
        if registry.write(|connection| store::authorization::take_use(connection, &current, inquiry.now()))? {
            return Ok(true);
        }
        let Some(latest) = registry.read(|connection| store::authorization::find(connection, current.id))? else {
            return Ok(false);
        };
        // Only a use taken by somebody else meanwhile is worth another try; each try sees a higher count.
        if latest.uses_taken == current.uses_taken || latest.revoked_at.is_some() {
            return Ok(false);
        }
        current = latest;
    }
}
