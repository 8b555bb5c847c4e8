//! The root of reading. A resolver asks one use case and wraps its answer.

use std::sync::Arc;

use async_graphql::{Context, ID, InputObject, Object, Result};

use super::context::{ContextExt, Nullable, nullable};
use super::error::{ApiError, Code};
use super::object::access_log::AccessLogRow;
use super::object::audit_entry::{AuditEntry, AuditFilter};
use super::object::authorization::Authorization;
use super::object::break_glass::BreakGlassOpening;
use super::object::catalogue_item::CatalogueItem;
use super::object::connection::{
    AccessLogConnection, AuditEntryConnection, AuthorizationConnection, BreakGlassConnection, CreditRecordConnection,
    ReviewConnection, SubjectConnection, page_size,
};
use super::object::coverage::MustCheckCoverage;
use super::object::delay::Delay;
use super::object::finding::Finding;
use super::object::node::Node;
use super::object::rate_limit::RateLimit;
use super::object::record::RecordObject;
use super::object::redaction::Redaction;
use super::object::review::{Review, ReviewCounts, ReviewState};
use super::object::subject::Subject;
use super::object::viewer::Viewer;
use super::scalar::{CitizenNumber, Date, Uscc};
use crate::domain::DepartmentId;
use crate::exchange::node_id::NodeRef;
use crate::exchange::record::{self, Selection};
use crate::exchange::{
    access_log, audit, authorization, break_glass, candidate, coverage, delay, filter, findings, redaction, review,
    subject,
};

/// Everything that can be read.
#[derive(Clone, Copy, Debug)]
pub struct RegisterQuery;

/// Narrows a list of records.
#[derive(Clone, Debug, Default, InputObject)]
pub struct RecordFilter {
    /// About this subject (its opaque id).
    subject: Option<ID>,
    /// Provided by this department, such as `AMR`.
    provider: Option<String>,
    /// Decided on this day or later.
    decided_from: Option<Date>,
    /// Decided on this day or earlier.
    decided_to: Option<Date>,
    /// Exact match on fields that the catalogue indexes and you may filter on.
    #[graphql(name = "where", default)]
    equals: Vec<FieldEquals>,
}

/// A field and the exact value it must have.
#[derive(Clone, Debug, InputObject)]
pub struct FieldEquals {
    /// The field's name.
    field: String,
    /// The value.
    value: String,
}

/// Everything that can be read.
#[Object]
impl RegisterQuery {
    /// Who you are to the gateway, and what you would see.
    async fn viewer(&self) -> Viewer {
        Viewer
    }

    /// The resource catalogue (信用信息资源目录): every kind of record and who sees which field.
    async fn catalogue(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Of this category alone, such as `ADMINISTRATIVE`.")] category: Option<String>,
    ) -> Result<Vec<CatalogueItem>> {
        let items = ctx.inquiry()?.gateway().catalogue.items().iter();
        let wanted = items.filter(|item| category.as_ref().is_none_or(|category| item.category == *category));
        Ok(wanted.cloned().map(CatalogueItem).collect())
    }

    /// The subject with this unified social credit code; null when it is unknown or not for you to know of.
    async fn subject(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Its unified social credit code.")] uscc: Uscc,
    ) -> Nullable<Subject> {
        nullable(|| Ok(subject::by_uscc(ctx.inquiry()?, &uscc.0)?.map(|view| Subject(Arc::new(view)))))
    }

    /// The person with this citizen number, by exact match. Needs a purpose or an authorization that allows look-up.
    async fn person(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The citizen number. Send it as a variable.")] citizen_number: CitizenNumber,
    ) -> Nullable<Subject> {
        nullable(|| {
            let found = subject::by_citizen_number(ctx.inquiry()?, &citizen_number.0)?;
            Ok(found.map(|view| Subject(Arc::new(view))))
        })
    }

    /// Organisations whose name holds this: candidates with their codes, never one merged subject. Those whose name begins
    /// so stand first.
    async fn subjects(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "A part of a name, 2 to 200 characters.")] name: String,
        #[graphql(desc = "How many, 1 to 100.", default = 20)] first: i32,
        #[graphql(desc = "After this cursor.")] after: Option<String>,
    ) -> Result<SubjectConnection> {
        let inquiry = ctx.inquiry()?;
        let page = candidate::candidates(inquiry, &name, after.as_deref(), page_size(ctx, first)?)?;
        let nodes = page.subjects.into_iter().map(|(view, cursor)| (Subject(Arc::new(view)), cursor)).collect();
        Ok(SubjectConnection::new(nodes, page.has_next, after.is_some()))
    }

    /// Records of one catalogue item, newest first.
    #[expect(clippy::too_many_arguments, reason = "each is an argument of the field in the schema")]
    async fn records(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The code of a catalogue item.")] item: String,
        #[graphql(desc = "Narrows the list.")] filter: Option<RecordFilter>,
        #[graphql(desc = "How many, 1 to 100.", default = 20)] first: i32,
        #[graphql(desc = "After this cursor.")] after: Option<String>,
    ) -> Result<CreditRecordConnection> {
        let inquiry = ctx.inquiry()?;
        let first = page_size(ctx, first)?;
        let selection = filter.unwrap_or_default().selection(inquiry, &item)?;
        let read = |selection: &Selection, position| record::page(inquiry, selection, position, first);
        Ok(CreditRecordConnection::read(inquiry, selection, after.as_deref(), read)?)
    }

    /// The node with this id; null when it is unknown or not for you to know of.
    async fn node(&self, ctx: &Context<'_>, #[graphql(desc = "An opaque id.")] id: ID) -> Nullable<Node> {
        nullable(|| {
            let inquiry = ctx.inquiry()?;
            let node = match inquiry.gateway().node_ids.decode(&id) {
                None
                | Some(
                    NodeRef::BreakGlass(_)
                    | NodeRef::JointAction(_)
                    | NodeRef::Assignment(_)
                    | NodeRef::Application(_)
                    | NodeRef::Tombstone(_)
                    | NodeRef::Promise(_)
                    | NodeRef::Tipoff(_)
                    | NodeRef::Listing(_)
                    | NodeRef::Event(_)
                    | NodeRef::Webhook(_),
                ) => None,
                Some(NodeRef::Subject(id)) => Subject::find(inquiry, id)?.map(Node::Subject),
                Some(NodeRef::Record(id)) => record::by_id(inquiry, id)?.map(RecordObject).map(Node::Record),
                Some(NodeRef::Authorization(id)) => {
                    let found = authorization::by_id(inquiry, id)?;
                    found.map(|granted| Node::Authorization(Authorization(Arc::new(granted))))
                }
                Some(NodeRef::Entry(index)) => {
                    audit::by_index(inquiry, index)?.map(|entry| Node::Entry(AuditEntry(Arc::new(entry))))
                }
            };
            Ok(node)
        })
    }

    /// The authorizations you granted, or hold, newest first.
    async fn authorizations(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, 1 to 100.", default = 20)] first: i32,
        #[graphql(desc = "After this cursor.")] after: Option<String>,
    ) -> Nullable<AuthorizationConnection> {
        nullable(|| {
            let inquiry = ctx.inquiry()?;
            let page = authorization::page(inquiry, after.as_deref(), page_size(ctx, first)?)?;
            let nodes =
                page.authorizations.into_iter().map(|(granted, cursor)| (Authorization(Arc::new(granted)), cursor));
            Ok(Some(AuthorizationConnection::new(nodes.collect(), page.has_next, after.is_some())))
        })
    }

    /// Who asked about you: every query that touched one of your records, newest first.
    async fn access_log(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, 1 to 100.", default = 20)] first: i32,
        #[graphql(desc = "After this cursor.")] after: Option<String>,
    ) -> Nullable<AccessLogConnection> {
        nullable(|| {
            let inquiry = ctx.inquiry()?;
            let page = access_log::of_own_subject(inquiry, after.as_deref(), page_size(ctx, first)?)?;
            Ok(Some(AccessLogRow::connection(page, after.is_some())))
        })
    }

    /// The ledger's entries, newest first. For auditors.
    async fn audit_entries(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Narrows the list.")] filter: Option<AuditFilter>,
        #[graphql(desc = "How many, 1 to 100.", default = 50)] first: i32,
        #[graphql(desc = "After this cursor.")] after: Option<String>,
    ) -> Nullable<AuditEntryConnection> {
        nullable(|| {
            let inquiry = ctx.inquiry()?;
            let wanted = filter.unwrap_or_default().wanted(inquiry)?;
            let page = audit::page(inquiry, &wanted, after.as_deref(), page_size(ctx, first)?)?;
            let nodes = page.entries.into_iter().map(|(entry, cursor)| (AuditEntry(Arc::new(entry)), cursor)).collect();
            Ok(Some(AuditEntryConnection::new(nodes, page.has_next, after.is_some())))
        })
    }

    /// Must-check coverage (应查必查): of the decisions that a department recorded between two days, for how many does a
    /// check of that subject under that case stand in the ledger before the decision. For the department, the
    /// coordinator and auditors. Looks at 5,000 decisions at most.
    async fn must_check_coverage(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The department's id, such as `AMR`.")] department: String,
        #[graphql(desc = "The first day of decision.")] from: Date,
        #[graphql(desc = "The last day of decision.")] to: Date,
    ) -> Nullable<MustCheckCoverage> {
        nullable(|| {
            let id = department_id(&department)?;
            let found = coverage::of(ctx.inquiry()?, &id, (from.0, to.0))?;
            Ok(Some(MustCheckCoverage { department: id, period: (from.0, to.0), found }))
        })
    }

    /// Queries that are to be reviewed (查询审查), the oldest first: those that an authorization opened, those beyond reach, and a
    /// sample that the leaf hashes draw. For auditors, and for supervisors of the department that made them.
    #[expect(clippy::too_many_arguments, reason = "each is an argument of the field in the schema")]
    async fn reviews(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "In this state alone.")] state: Option<ReviewState>,
        #[graphql(desc = "Awaited and past their day alone.", default = false)] overdue: bool,
        #[graphql(desc = "Of this department alone, such as `AMR`.")] department: Option<String>,
        #[graphql(desc = "How many, 1 to 100.", default = 20)] first: i32,
        #[graphql(desc = "After this cursor.")] after: Option<String>,
    ) -> Nullable<ReviewConnection> {
        nullable(|| {
            let department = department.as_deref().map(department_id).transpose()?;
            let wanted = (department.as_ref(), state.map(Into::into), overdue);
            let page = review::list(ctx.inquiry()?, wanted, after.as_deref(), page_size(ctx, first)?)?;
            Ok(Some(Review::connection(page, after.is_some())))
        })
    }

    /// How many queries await review, are overdue, were found justified or not. For those who may read `reviews`.
    async fn review_counts(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Of this department alone, such as `AMR`.")] department: Option<String>,
    ) -> Nullable<ReviewCounts> {
        nullable(|| {
            let department = department.as_deref().map(department_id).transpose()?;
            Ok(Some(review::counts(ctx.inquiry()?, department.as_ref())?.into()))
        })
    }

    /// Findings (异常查询): what in the register of 1 to 31 days deserves a look, by the rules of `findings.toml`, over the queries of
    /// officers. For those who may read `reviews`. Looks at 100,000 queries at most.
    async fn findings(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The first day.")] from: Date,
        #[graphql(desc = "The last day.")] to: Date,
        #[graphql(desc = "Of this department alone, such as `AMR`.")] department: Option<String>,
    ) -> Nullable<Vec<Finding>> {
        nullable(|| {
            let department = department.as_deref().map(department_id).transpose()?;
            let found = findings::of(ctx.inquiry()?, department.as_ref(), (from.0, to.0))?;
            Ok(Some(found.into_iter().map(Finding).collect()))
        })
    }

    /// What was opened in an emergency (紧急查询, break-glass), the newest first. For auditors, and for supervisors: what their department
    /// opened, and what was opened of its records.
    async fn break_glass_openings(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What concerns this department alone, such as `AMR`.")] department: Option<String>,
        #[graphql(desc = "How many, 1 to 100.", default = 20)] first: i32,
        #[graphql(desc = "After this cursor.")] after: Option<String>,
    ) -> Nullable<BreakGlassConnection> {
        nullable(|| {
            let department = department.as_deref().map(department_id).transpose()?;
            let first = page_size(ctx, first)?;
            let page = break_glass::list(ctx.inquiry()?, department.as_ref(), after.as_deref(), first)?;
            Ok(Some(BreakGlassOpening::connection(page, after.is_some())))
        })
    }

    /// The delays that were proposed last, the newest first, at most 100. For those who may agree to one.
    async fn delays(&self, ctx: &Context<'_>) -> Nullable<Vec<Delay>> {
        nullable(|| Ok(Some(delay::list(ctx.inquiry()?)?.into_iter().map(Delay).collect())))
    }

    /// The redactions that were proposed last, the newest first, at most 100. For those who may propose one or agree to one.
    async fn redactions(&self, ctx: &Context<'_>) -> Nullable<Vec<Redaction>> {
        nullable(|| Ok(Some(redaction::list(ctx.inquiry()?)?.into_iter().map(Redaction).collect())))
    }

    /// What is left of your allowance.
    async fn rate_limit(&self, ctx: &Context<'_>) -> Result<RateLimit> {
        Ok(ctx.data::<RateLimit>()?.clone())
    }
}

pub(super) fn department_id(text: &str) -> Result<DepartmentId, ApiError> {
    let unknown = || ApiError::new(Code::BadUserInput, "`department` is a department id such as `AMR`");
    DepartmentId::parse(text).ok_or_else(unknown)
}

impl RecordFilter {
    fn selection(self, inquiry: &crate::exchange::inquiry::Inquiry, item: &str) -> Result<Selection, ApiError> {
        let item = super::object::catalogue_item::item_code(inquiry, item)?;
        let bad = |message: &str| ApiError::new(Code::BadUserInput, message);
        let subject = match self.subject {
            None => None,
            Some(id) => match inquiry.gateway().node_ids.decode(&id) {
                Some(NodeRef::Subject(id)) => Some(id),
                _ => return Err(bad("`subject` is the id of a subject, as `Subject.id` gives it")),
            },
        };
        let provider = match self.provider {
            None => None,
            Some(id) => {
                Some(DepartmentId::parse(&id).ok_or_else(|| bad("`provider` is a department id such as `AMR`"))?)
            }
        };
        let equals = self.equals.into_iter().map(|equals| (equals.field, equals.value)).collect();
        let indexed = filter::indexed_values(inquiry, &item, equals)?;
        let (decided_from, decided_to) = (self.decided_from.map(|date| date.0), self.decided_to.map(|date| date.0));
        Ok(Selection { subject, item: Some(item), provider, decided_from, decided_to, indexed })
    }
}
