//! How a caller stands: whose own view it is, which department, which authorization holds.

use super::break_glass::{self, BreakGlass};
use super::fault::Fault;
use super::gateway::Gateway;
use super::node_id::NodeRef;
use crate::access::{Grant, Standing};
use crate::authentication::{Caller, SubjectClaim};
use crate::domain::identifier::IdentifierKind;
use crate::domain::{Instant, ItemCode, Role};
use crate::store;
use crate::store::authorization::Authorization;

/// A caller's standing, and the authorization it rests on.
#[derive(Clone, Debug, Default)]
pub struct Standings {
    /// What `access` needs to know.
    pub standing: Standing,
    /// The valid authorization behind `standing.grant`.
    pub authorization: Option<Authorization>,
    /// The opening in an emergency behind `standing.grant`.
    pub opening: Option<BreakGlass>,
    /// Why a named authorization does not hold: for the ledger and the subject's view alone.
    pub refusal: Option<AuthorizationRefusal>,
}

impl Standings {
    /// The same caller, its authorization used up meanwhile.
    #[must_use]
    pub fn without_grant(&self) -> Self {
        let standing = Standing { grant: None, authorization_refused: true, ..self.standing.clone() };
        Self { standing, authorization: None, opening: None, refusal: Some(AuthorizationRefusal::UsedUp) }
    }
}

/// Why an authorization does not hold. Outside there is one code and one text for all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::IntoStaticStr)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum AuthorizationRefusal {
    /// No such authorization.
    Unknown,
    /// Another organization's, or another officer's.
    OtherGrantee,
    /// For another purpose than the one claimed.
    OtherPurpose,
    /// An opening for another case than the one given.
    OtherCase,
    /// Not valid yet.
    NotYetValid,
    /// No longer valid.
    Expired,
    /// Every use is taken.
    UsedUp,
    /// Revoked by the subject.
    Revoked,
}

/// How `caller` stands now.
pub fn of(gateway: &Gateway, caller: &Caller) -> Result<Standings, Fault> {
    let claims = caller.claims();
    let mut standings = Standings::default();
    standings.standing.department.clone_from(&claims.department);
    match (&claims.subject, caller.declared_authorization()) {
        (Some(subject), _) => standings.standing.subject = own_subject(gateway, subject)?,
        (None, Some(id)) if caller.role() == Role::Grantee => name_authorization(gateway, caller, id, &mut standings)?,
        (None, Some(id)) if break_glass::OPENERS.contains(&caller.role()) => {
            match break_glass::named(gateway, caller, id)? {
                Ok((opening, grant)) => {
                    standings.standing.grant = Some(grant);
                    standings.opening = Some(opening);
                }
                Err(refusal) => refuse(&mut standings, refusal),
            }
        }
        (None, Some(_)) => refuse(&mut standings, AuthorizationRefusal::OtherGrantee),
        (None, None) => {}
    }
    Ok(standings)
}

fn own_subject(gateway: &Gateway, claim: &SubjectClaim) -> Result<Option<crate::domain::SubjectId>, Fault> {
    let found = gateway.registry.read(|connection| match claim {
        SubjectClaim::Uscc(uscc) => store::subject::find_by_identifier(connection, IdentifierKind::Uscc, uscc.as_str()),
        SubjectClaim::Person(id) => store::subject::find(connection, *id),
    })?;
    Ok(found.map(|subject| subject.id))
}

fn name_authorization(gateway: &Gateway, caller: &Caller, id: &str, standings: &mut Standings) -> Result<(), Fault> {
    let Some(NodeRef::Authorization(id)) = gateway.node_ids.decode(id) else {
        refuse(standings, AuthorizationRefusal::Unknown);
        return Ok(());
    };
    let Some(authorization) = gateway.registry.read(|connection| store::authorization::find(connection, id))? else {
        refuse(standings, AuthorizationRefusal::Unknown);
        return Ok(());
    };
    if let Err(refusal) = check(&authorization, caller, gateway.ambient.now()) {
        refuse(standings, refusal);
        return Ok(());
    }
    standings.standing.grant = Some(grant(&authorization)?);
    standings.authorization = Some(authorization);
    Ok(())
}

fn refuse(standings: &mut Standings, refusal: AuthorizationRefusal) {
    standings.standing.authorization_refused = true;
    standings.refusal = Some(refusal);
}

fn check(authorization: &Authorization, caller: &Caller, now: Instant) -> Result<(), AuthorizationRefusal> {
    use AuthorizationRefusal::{Expired, NotYetValid, OtherGrantee, OtherPurpose, Revoked, UsedUp};
    let refused = if caller.claims().organization.as_deref() != Some(&authorization.grantee) {
        OtherGrantee
    } else if authorization.revoked_at.is_some() {
        Revoked
    } else if now < authorization.valid_from {
        NotYetValid
    } else if now >= authorization.valid_to {
        Expired
    } else if authorization.uses_allowed.is_some_and(|allowed| authorization.uses_taken >= allowed) {
        UsedUp
    } else if caller.declared_purpose().is_some_and(|purpose| purpose != authorization.purpose.as_str()) {
        OtherPurpose
    } else {
        return Ok(());
    };
    Err(refused)
}

fn grant(authorization: &Authorization) -> Result<Grant, Fault> {
    let items = authorization
        .items
        .iter()
        .map(|(code, fields)| Some((ItemCode::parse(code)?, fields.clone())))
        .collect::<Option<_>>()
        .ok_or_else(|| Fault::Corrupt(format!("authorizations.items of {}", authorization.id)))?;
    Ok(Grant {
        id: *authorization.id.bytes(),
        subject: authorization.subject,
        purpose: authorization.purpose.clone(),
        items,
    })
}
