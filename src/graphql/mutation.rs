//! The root of writing. Expected outcomes are data; faults and refusals are errors.

use std::sync::Arc;

use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject, Union};

use super::context::ContextExt;
use super::object::authorization::Authorization;
use super::scalar::DateTime;
use crate::domain::Role;
use crate::exchange::authorization::{self, NewAuthorization};

/// Everything that can be changed.
#[derive(Clone, Copy, Debug)]
pub struct Mutation;

/// The roles that may use each mutation. Asked before the intent is written, so a refusal is one entry.
pub(super) fn roles_of(field: &str) -> &'static [Role] {
    match field {
        "grantAuthorization" | "revokeAuthorization" => &[Role::Subject],
        _ => &[],
    }
}

/// An authorization to grant.
#[derive(Clone, Debug, InputObject)]
pub struct GrantAuthorizationInput {
    /// The organization that may use it, as its tokens name it.
    grantee: String,
    /// The items it covers.
    items: Vec<AuthorizedItemInput>,
    /// The code of the purpose it is for.
    purpose: String,
    /// The first instant of its validity; now when left out.
    valid_from: Option<DateTime>,
    /// The first instant after its validity; two years at most.
    valid_to: DateTime,
    /// How often it may be used; as often as wanted when left out.
    uses_allowed: Option<i32>,
}

/// An item that an authorization covers.
#[derive(Clone, Debug, InputObject)]
pub struct AuthorizedItemInput {
    /// The item's code.
    item: String,
    /// Its fields; the whole item when left out.
    #[graphql(default)]
    fields: Vec<String>,
}

/// An authorization to revoke.
#[derive(Clone, Debug, InputObject)]
pub struct RevokeAuthorizationInput {
    /// Its id.
    id: ID,
}

/// The authorization, or what was wrong with the input.
#[derive(Debug, Union)]
pub enum GrantAuthorizationPayload {
    /// It was granted.
    Success(GrantAuthorizationSuccess),
    /// It was not.
    Invalid(InvalidInput),
}

/// The authorization was granted.
#[derive(Debug, SimpleObject)]
pub struct GrantAuthorizationSuccess {
    /// It.
    authorization: Authorization,
}

/// The authorization, or what was wrong with the input.
#[derive(Debug, Union)]
pub enum RevokeAuthorizationPayload {
    /// It was revoked.
    Success(RevokeAuthorizationSuccess),
    /// There was none to revoke.
    Invalid(InvalidInput),
}

/// The authorization was revoked and opens nothing from now on.
#[derive(Debug, SimpleObject)]
pub struct RevokeAuthorizationSuccess {
    /// It.
    authorization: Authorization,
}

/// Nothing was done.
#[derive(Debug, SimpleObject)]
pub struct InvalidInput {
    /// What was wrong.
    problems: Vec<InputProblem>,
}

/// One thing that was wrong with an input.
#[derive(Clone, Debug, SimpleObject)]
pub struct InputProblem {
    /// Where, within `input`.
    path: Vec<String>,
    /// A stable code.
    code: String,
    /// What to do about it.
    message: String,
}

impl From<authorization::InputProblem> for InputProblem {
    fn from(problem: authorization::InputProblem) -> Self {
        Self { path: problem.path, code: problem.code.to_owned(), message: problem.message }
    }
}

#[Object]
impl Mutation {
    /// Grants an authorization over your own records.
    async fn grant_authorization(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to grant.")] input: GrantAuthorizationInput,
    ) -> Result<GrantAuthorizationPayload> {
        let wanted = NewAuthorization {
            grantee: input.grantee,
            items: input.items.into_iter().map(|item| (item.item, item.fields)).collect(),
            purpose: input.purpose,
            valid_from: input.valid_from.map(|instant| instant.0),
            valid_to: input.valid_to.0,
            uses_allowed: input.uses_allowed.map(i64::from),
        };
        Ok(match authorization::grant(ctx.inquiry()?, &wanted)? {
            Ok(granted) => GrantAuthorizationPayload::Success(GrantAuthorizationSuccess {
                authorization: Authorization(Arc::new(granted)),
            }),
            Err(problems) => GrantAuthorizationPayload::Invalid(invalid(problems)),
        })
    }

    /// Revokes an authorization you granted, at once.
    async fn revoke_authorization(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which one.")] input: RevokeAuthorizationInput,
    ) -> Result<RevokeAuthorizationPayload> {
        Ok(match authorization::revoke(ctx.inquiry()?, &input.id)? {
            Some(revoked) => RevokeAuthorizationPayload::Success(RevokeAuthorizationSuccess {
                authorization: Authorization(Arc::new(revoked)),
            }),
            None => RevokeAuthorizationPayload::Invalid(InvalidInput {
                problems: vec![InputProblem {
                    path: vec!["id".to_owned()],
                    code: "ID".to_owned(),
                    message: "you have no authorization of this id that could be revoked".to_owned(),
                }],
            }),
        })
    }
}

fn invalid(problems: Vec<authorization::InputProblem>) -> InvalidInput {
    InvalidInput { problems: problems.into_iter().map(InputProblem::from).collect() }
}
