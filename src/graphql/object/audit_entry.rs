//! Ledger entries, as auditors read them.

use std::sync::Arc;

use async_graphql::{Enum, ID, InputObject, Object, SimpleObject};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use super::catalogue_item::{item_code, known_department};
use super::department::Department;
use super::viewer::Purpose;
use crate::domain::{DepartmentId, PurposeCode, Role, Tier};
use crate::exchange::audit::{self, Decision, Entry, EntryKind, EntryQuery};
use crate::exchange::inquiry::Inquiry;
use crate::exchange::node_id::NodeRef;
use crate::graphql::context::{ContextExt, Nullable, nullable};
use crate::graphql::error::{ApiError, Code};
use crate::graphql::scalar::DateTime;

/// What was decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "Decision")]
pub enum AuditDecision {
    /// Everything asked for was given in clear.
    Allowed,
    /// Something was given in masked form.
    Masked,
    /// Something was withheld.
    Withheld,
    /// Nothing was given.
    Refused,
}

/// What kind of entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "EntryKind")]
pub enum AuditKind {
    /// A read that was answered.
    Query,
    /// A request that was refused or failed.
    Deny,
    /// A mutation is about to be tried.
    MutationIntent,
    /// What became of a mutation; refers to its intent.
    MutationOutcome,
    /// The ledger or data was exported.
    Export,
    /// Something an administrator did, or the ledger itself.
    Admin,
    /// A step in a key's life.
    Key,
    /// The policies in force changed.
    Policy,
    /// A subject granted or revoked an authorization.
    Grant,
    /// Refusals of one address and minute, counted together.
    Folded,
    /// The ledger goes on under another name, because what is stored is not all that was signed.
    ForkAck,
    /// A check of one subject for one case that had to be made (应查必查); refers to the intent of its mutation.
    Check,
    /// An officer opened one subject's records in an emergency; refers to the intent of its mutation.
    BreakGlass,
}

/// Narrows a list of entries.
#[derive(Clone, Debug, Default, InputObject)]
pub struct AuditFilter {
    /// At this instant or later.
    from: Option<DateTime>,
    /// Before this instant.
    to: Option<DateTime>,
    /// Of this kind.
    kind: Option<AuditKind>,
    /// By callers of this role.
    role: Option<Role>,
    /// By this department or organization.
    consumer: Option<String>,
    /// About this subject (its opaque id).
    subject: Option<ID>,
    /// That touched records of this catalogue item.
    item: Option<String>,
    /// That were decided so.
    decision: Option<AuditDecision>,
}

impl AuditFilter {
    /// The query behind the filter.
    pub(in crate::graphql) fn wanted(self, inquiry: &Inquiry) -> Result<EntryQuery, ApiError> {
        let subject = match self.subject {
            None => None,
            Some(id) => match inquiry.gateway().node_ids.decode(&id) {
                Some(NodeRef::Subject(id)) => Some(inquiry.gateway().subject_index(id)),
                _ => return Err(ApiError::new(Code::BadUserInput, "`subject` is the id of a subject")),
            },
        };
        if let Some(item) = &self.item {
            item_code(inquiry, item)?;
        }
        Ok(EntryQuery {
            from: self.from.map(|instant| instant.0),
            to: self.to.map(|instant| instant.0),
            kind: self.kind.map(EntryKind::from),
            role: self.role,
            consumer: self.consumer,
            decision: self.decision.map(Decision::from),
            item: self.item,
            subject,
        })
    }
}

/// An entry of the ledger.
#[derive(Clone, Debug)]
pub struct AuditEntry(pub Arc<Entry>);

/// Standard base64.
pub(super) fn base64(bytes: &[u8]) -> String {
    BASE64_STANDARD.encode(bytes)
}

/// An entry of the ledger.
#[Object]
impl AuditEntry {
    /// Its opaque id.
    pub async fn id(&self, ctx: &async_graphql::Context<'_>) -> async_graphql::Result<ID> {
        Ok(ID(ctx.inquiry()?.node_id(NodeRef::Entry(self.0.index))))
    }

    /// Its index in the ledger, a decimal number.
    async fn index(&self) -> String {
        self.0.index.to_string()
    }

    /// When it was written.
    async fn time(&self) -> DateTime {
        DateTime(self.0.leaf.time())
    }

    /// What kind of entry it is.
    async fn kind(&self) -> AuditKind {
        self.0.leaf.kind.into()
    }

    /// The caller's role.
    async fn role(&self) -> Option<Role> {
        self.0.leaf.role.as_deref().and_then(|role| role.parse().ok())
    }

    /// The department or organization that asked, as its token names it.
    async fn consumer(&self) -> Option<&str> {
        self.0.leaf.consumer.as_deref()
    }

    /// The department that asked.
    async fn department(&self, ctx: &async_graphql::Context<'_>) -> Nullable<Department> {
        nullable(|| {
            let id = self.0.leaf.consumer.as_deref().and_then(DepartmentId::parse);
            let inquiry = ctx.inquiry()?;
            Ok(id.and_then(|id| known_department(inquiry, &id)))
        })
    }

    /// The purpose it was made for.
    async fn purpose(&self, ctx: &async_graphql::Context<'_>) -> Nullable<Purpose> {
        nullable(|| {
            let code = self.0.leaf.purpose.as_deref().and_then(PurposeCode::parse);
            let inquiry = ctx.inquiry()?;
            Ok(code.and_then(|code| Purpose::find(inquiry, &code)))
        })
    }

    /// The case number it was made for, out of the sealed body.
    async fn case(&self, ctx: &async_graphql::Context<'_>) -> Nullable<String> {
        nullable(|| Ok(audit::case(ctx.inquiry()?, &self.0)?))
    }

    /// The tier that the caller reached.
    async fn tier(&self) -> Option<Tier> {
        self.0.leaf.tier.as_deref().and_then(|tier| tier.parse().ok())
    }

    /// What was decided.
    async fn decision(&self) -> AuditDecision {
        self.0.leaf.decision.into()
    }

    /// The catalogue items whose records were touched.
    async fn items(&self) -> &[String] {
        &self.0.leaf.items
    }

    /// How many records were given.
    async fn rows(&self) -> i64 {
        whole(self.0.leaf.rows)
    }

    /// How many fields were given in which form.
    async fn fields(&self) -> AuditFieldCounts {
        let counts = self.0.leaf.fields;
        AuditFieldCounts { clear: counts.clear.into(), masked: counts.masked.into(), withheld: counts.withheld.into() }
    }

    /// Of a `FORK_ACK`: the checkpoint that the ledger does not hold any more, as its name, size and root.
    async fn acknowledged(&self) -> Option<&str> {
        self.0.leaf.acknowledged.as_deref()
    }

    /// The code of the error it ended with.
    async fn error_code(&self) -> Option<&str> {
        self.0.leaf.error_code.as_deref()
    }

    /// The hash of the document without its values.
    async fn document_hash(&self) -> Option<&str> {
        self.0.leaf.operation.as_deref()
    }

    /// The hash of the policies that decided.
    async fn policy_hash(&self) -> Option<&str> {
        self.0.leaf.policy.as_deref()
    }

    /// Its price.
    async fn cost(&self) -> i64 {
        whole(self.0.leaf.cost)
    }

    /// Marks for the reviewer, such as `OVERREACH`.
    async fn flags(&self) -> &[String] {
        &self.0.leaf.flags
    }

    /// The entry that this one follows up, such as the intent of a mutation.
    async fn reference(&self) -> Option<String> {
        self.0.leaf.reference.map(|index| index.to_string())
    }

    /// The hash of its leaf, base64.
    async fn leaf_hash(&self) -> String {
        base64(&self.0.leaf_hash)
    }

    /// The checkpoint that `/ledger/checkpoint` shows, when it covers this entry.
    async fn checkpoint(&self, ctx: &async_graphql::Context<'_>) -> Nullable<String> {
        nullable(|| Ok(audit::checkpoint(ctx.inquiry()?, &self.0)?))
    }

    /// The proof that the entry stands in the ledger (C2SP tlog-proof): a text that verifies offline. Null until a published checkpoint covers the entry, a second later at most.
    async fn proof(&self, ctx: &async_graphql::Context<'_>) -> Nullable<String> {
        nullable(|| Ok(audit::proof(ctx.inquiry()?, &self.0)?))
    }
}

fn whole(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// How many fields were given in which form.
#[derive(Clone, Copy, Debug, SimpleObject)]
pub struct AuditFieldCounts {
    /// In clear.
    clear: i64,
    /// Masked.
    masked: i64,
    /// Withheld.
    withheld: i64,
}
