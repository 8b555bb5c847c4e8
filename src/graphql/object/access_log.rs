//! Who asked about a subject, as the subject reads it.

use async_graphql::Object;

use super::catalogue_item::{CatalogueItem, known_department};
use super::connection::AccessLogConnection;
use super::department::Department;
use super::viewer::Purpose;
use crate::domain::{DepartmentId, PurposeCode, Role};
use crate::exchange::audit::{self, Decision, Entry, EntryPage};
use crate::graphql::context::{ContextExt, Nullable, nullable};
use crate::graphql::scalar::DateTime;

/// One query that touched your records.
#[derive(Clone, Debug)]
pub struct AccessLogRow(pub std::sync::Arc<Entry>);

impl AccessLogRow {
    pub(in crate::graphql) fn connection(page: EntryPage, has_previous: bool) -> AccessLogConnection {
        let rows = page.entries.into_iter().map(|(entry, cursor)| (Self(std::sync::Arc::new(entry)), cursor));
        AccessLogConnection::new(rows.collect(), page.has_next, has_previous)
    }
}

/// One query that touched your records.
#[Object]
impl AccessLogRow {
    /// The index of its entry in the ledger, a decimal number.
    async fn index(&self) -> String {
        self.0.index.to_string()
    }

    /// When it was made.
    async fn time(&self) -> DateTime {
        DateTime(self.0.leaf.time())
    }

    /// In which role it was made.
    async fn role(&self) -> Option<Role> {
        self.0.leaf.role.as_deref().and_then(|role| role.parse().ok())
    }

    /// The department that made it.
    async fn department(&self, ctx: &async_graphql::Context<'_>) -> Nullable<Department> {
        nullable(|| {
            let id = self.0.leaf.consumer.as_deref().and_then(DepartmentId::parse);
            let inquiry = ctx.inquiry()?;
            Ok(id.and_then(|id| known_department(inquiry, &id)))
        })
    }

    /// The organization that made it with an authorization.
    async fn organization(&self) -> Option<&str> {
        let is_grantee = self.0.leaf.role.as_deref() == Some(Role::Grantee.name());
        self.0.leaf.consumer.as_deref().filter(|_| is_grantee)
    }

    /// The purpose it was made for.
    async fn purpose(&self, ctx: &async_graphql::Context<'_>) -> Nullable<Purpose> {
        nullable(|| {
            let code = self.0.leaf.purpose.as_deref().and_then(PurposeCode::parse);
            let inquiry = ctx.inquiry()?;
            Ok(code.and_then(|code| Purpose::find(inquiry, &code)))
        })
    }

    /// The catalogue items whose records it touched.
    async fn items(&self, ctx: &async_graphql::Context<'_>) -> async_graphql::Result<Vec<CatalogueItem>> {
        let catalogue = &ctx.inquiry()?.gateway().catalogue;
        let items = self.0.leaf.items.iter().filter_map(|code| catalogue.item_by_text(code).cloned());
        Ok(items.map(CatalogueItem).collect())
    }

    /// What became of it.
    async fn decision(&self) -> super::audit_entry::AuditDecision {
        Decision::into(self.0.leaf.decision)
    }

    /// The hash of its leaf in the ledger, base64.
    async fn leaf_hash(&self) -> String {
        super::audit_entry::base64(&self.0.leaf_hash)
    }

    /// The proof that the entry stands in the ledger (C2SP tlog-proof): a text that verifies offline. Null until a published checkpoint covers the entry, a second later at most.
    async fn proof(&self, ctx: &async_graphql::Context<'_>) -> Nullable<String> {
        nullable(|| Ok(audit::proof(ctx.inquiry()?, &self.0)?))
    }
}
