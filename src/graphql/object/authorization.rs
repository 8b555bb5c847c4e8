//! Authorizations, as the subject and the grantee see them.

use std::sync::Arc;

use async_graphql::{Enum, ID, Object};

use super::access_log::AccessLogRow;
use super::catalogue_item::CatalogueItem;
use super::connection::{AccessLogConnection, page_size};
use super::subject::Subject;
use super::viewer::Purpose;
use crate::domain::Instant;
use crate::exchange::access_log;
use crate::exchange::authorization::Authorization as Granted;
use crate::exchange::node_id::NodeRef;
use crate::graphql::context::{ContextExt, Nullable, nullable};
use crate::graphql::scalar::DateTime;

/// Where an authorization stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum AuthorizationState {
    /// It begins later.
    Pending,
    /// It holds now.
    Active,
    /// Every use is taken.
    UsedUp,
    /// Its time is over.
    Expired,
    /// The subject revoked it.
    Revoked,
}

/// A subject's authorization (授权) for an organization to read some of its records.
#[derive(Clone, Debug)]
pub struct Authorization(pub Arc<Granted>);

impl Authorization {
    fn state_at(&self, now: Instant) -> AuthorizationState {
        if self.0.revoked_at.is_some() {
            AuthorizationState::Revoked
        } else if now >= self.0.valid_to {
            AuthorizationState::Expired
        } else if self.0.uses_allowed.is_some_and(|allowed| self.0.uses_taken >= allowed) {
            AuthorizationState::UsedUp
        } else if now < self.0.valid_from {
            AuthorizationState::Pending
        } else {
            AuthorizationState::Active
        }
    }
}

/// A subject's authorization (授权) for an organization to read some of its records.
#[Object]
impl Authorization {
    /// Its opaque id: what the grantee sends in `Chengxin-Authorization`.
    pub async fn id(&self, ctx: &async_graphql::Context<'_>) -> async_graphql::Result<ID> {
        Ok(ID(ctx.inquiry()?.node_id(NodeRef::Authorization(self.0.id))))
    }

    /// Who granted it, as far as you may know of it.
    async fn subject(&self, ctx: &async_graphql::Context<'_>) -> Nullable<Subject> {
        nullable(|| Ok(Subject::find(ctx.inquiry()?, self.0.subject)?))
    }

    /// The organization that may use it.
    async fn grantee(&self) -> &str {
        &self.0.grantee
    }

    /// The catalogue items it covers.
    async fn items(&self, ctx: &async_graphql::Context<'_>) -> async_graphql::Result<Vec<CatalogueItem>> {
        let catalogue = &ctx.inquiry()?.gateway().catalogue;
        Ok(self
            .0
            .items
            .iter()
            .filter_map(|(code, _)| catalogue.item_by_text(code).cloned().map(CatalogueItem))
            .collect())
    }

    /// The fields it covers, as `item.field`; empty when it covers whole items.
    async fn fields(&self) -> Vec<String> {
        self.0
            .items
            .iter()
            .flat_map(|(code, fields)| fields.iter().map(move |field| format!("{code}.{field}")))
            .collect()
    }

    /// The purpose it is for.
    async fn purpose(&self, ctx: &async_graphql::Context<'_>) -> Nullable<Purpose> {
        nullable(|| Ok(Purpose::find(ctx.inquiry()?, &self.0.purpose)))
    }

    /// The first instant of its validity.
    async fn valid_from(&self) -> DateTime {
        DateTime(self.0.valid_from)
    }

    /// The first instant after its validity.
    async fn valid_to(&self) -> DateTime {
        DateTime(self.0.valid_to)
    }

    /// How often it may be used; null = as often as wanted. An answer takes one use when it holds, shows or counts anything
    /// that would not be there without the authorization.
    async fn uses_allowed(&self) -> Option<i64> {
        self.0.uses_allowed
    }

    /// How many uses are left; null = as many as wanted.
    async fn uses_left(&self) -> Option<i64> {
        self.0.uses_allowed.map(|allowed| allowed.saturating_sub(self.0.uses_taken).max(0))
    }

    /// Where it stands now.
    async fn state(&self, ctx: &async_graphql::Context<'_>) -> async_graphql::Result<AuthorizationState> {
        Ok(self.state_at(ctx.inquiry()?.now()))
    }

    /// The queries made with it, newest first. For the subject that granted it.
    async fn uses(
        &self,
        ctx: &async_graphql::Context<'_>,
        #[graphql(desc = "How many, 1 to 100.", default = 20)] first: i32,
        #[graphql(desc = "After this cursor.")] after: Option<String>,
    ) -> Nullable<AccessLogConnection> {
        nullable(|| {
            let inquiry = ctx.inquiry()?;
            let first = page_size(ctx, first)?;
            let page = access_log::uses(inquiry, &self.0, after.as_deref(), first)?;
            Ok(Some(AccessLogRow::connection(page, after.is_some())))
        })
    }
}
