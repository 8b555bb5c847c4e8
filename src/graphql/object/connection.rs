//! Relay connections: pages, cursors, and totals that are computed only when selected.

use std::sync::Arc;

use async_graphql::{Object, SimpleObject};

use super::access_log::AccessLogRow;
use super::application::{Application, Tombstone};
use super::audit_entry::AuditEntry;
use super::authorization::Authorization;
use super::awaiting_act::AwaitingAct;
use super::break_glass::BreakGlassOpening;
use super::event::Event;
use super::joint_action::{Assignment, JointAction, OverdueStep};
use super::listing::Listing;
use super::promise::Promise;
use super::rate_limit::RateLimit;
use super::record::RecordObject;
use super::review::Review;
use super::subject::Subject;
use super::tipoff::Tipoff;
use crate::exchange::cursor::CursorScope;
use crate::exchange::inquiry::Inquiry;
use crate::exchange::record::{self, RecordPage, RecordView, Selection};
use crate::exchange::total;
use crate::graphql::context::{ContextExt, Nullable, nullable, path};
use crate::graphql::error::{ApiError, Code};

/// The largest page.
pub(super) const PAGE_MAX: i32 = 100;

/// Reads `first`: 1 to what the caller's role may ask for, 100 at most.
pub(in crate::graphql) fn page_size(ctx: &async_graphql::Context<'_>, first: i32) -> Result<usize, ApiError> {
    let largest = ctx.data_opt::<RateLimit>().map_or(PAGE_MAX, |rate| rate.page_size_max).clamp(1, PAGE_MAX);
    match usize::try_from(first) {
        Ok(size) if (1..=largest).contains(&first) => Ok(size),
        _ => Err(ApiError::new(Code::BadUserInput, format!("`first` is between 1 and {largest}"))),
    }
}

/// Where a page stands in its list.
#[derive(Clone, Debug, Default, SimpleObject)]
pub struct PageInfo {
    /// Whether more follow.
    pub has_next_page: bool,
    /// Whether something stands before this page. Lists are read forwards.
    pub has_previous_page: bool,
    /// The cursor of the first edge.
    pub start_cursor: Option<String>,
    /// The cursor of the last edge; give it as `after` for the next page.
    pub end_cursor: Option<String>,
}

impl PageInfo {
    pub(in crate::graphql) fn of(cursors: &[&str], has_next_page: bool, has_previous_page: bool) -> Self {
        Self {
            has_next_page,
            has_previous_page,
            start_cursor: cursors.first().map(|&cursor| cursor.to_owned()),
            end_cursor: cursors.last().map(|&cursor| cursor.to_owned()),
        }
    }
}

macro_rules! connection {
    ($connection:ident, $edge:ident, $node:ident, $what:literal) => {
        #[doc = concat!("A page of ", $what, ".")]
        #[derive(Clone, Debug, SimpleObject)]
        pub struct $connection {
            /// The nodes of this page, each with its cursor.
            edges: Vec<$edge>,
            /// The nodes of this page.
            nodes: Vec<$node>,
            /// Where this page stands.
            page_info: PageInfo,
        }

        #[doc = concat!("One of the ", $what, " and its place in the list.")]
        #[derive(Clone, Debug, SimpleObject)]
        pub struct $edge {
            /// The node.
            node: $node,
            /// Its place, for `after`.
            cursor: String,
        }

        impl $connection {
            /// A page of nodes with their cursors.
            pub(in crate::graphql) fn new(nodes: Vec<($node, String)>, has_next: bool, has_previous: bool) -> Self {
                let cursors: Vec<&str> = nodes.iter().map(|(_, cursor)| cursor.as_str()).collect();
                let page_info = PageInfo::of(&cursors, has_next, has_previous);
                let edges: Vec<$edge> = nodes.into_iter().map(|(node, cursor)| $edge { node, cursor }).collect();
                Self { nodes: edges.iter().map(|edge| edge.node.clone()).collect(), edges, page_info }
            }
        }
    };
}

connection!(SubjectConnection, SubjectEdge, Subject, "subjects");
connection!(AuthorizationConnection, AuthorizationEdge, Authorization, "authorizations");
connection!(AccessLogConnection, AccessLogEdge, AccessLogRow, "queries about you");
connection!(AuditEntryConnection, AuditEntryEdge, AuditEntry, "ledger entries");
connection!(ReviewConnection, ReviewEdge, Review, "queries to review");
connection!(ApplicationConnection, ApplicationEdge, Application, "objections and applications for repair");
connection!(EventConnection, EventEdge, Event, "events");
connection!(ListingConnection, ListingEdge, Listing, "entries on lists");
connection!(TipoffConnection, TipoffEdge, Tipoff, "tip-offs");
connection!(PromiseConnection, PromiseEdge, Promise, "promises");
connection!(TombstoneConnection, TombstoneEdge, Tombstone, "tombstones");
connection!(JointActionConnection, JointActionEdge, JointAction, "joint actions");
connection!(AssignmentConnection, AssignmentEdge, Assignment, "assignments");
connection!(AwaitingActConnection, AwaitingActEdge, AwaitingAct, "acts that wait to be initiated");
connection!(OverdueStepConnection, OverdueStepEdge, OverdueStep, "steps that are late");
connection!(BreakGlassConnection, BreakGlassEdge, BreakGlassOpening, "openings in an emergency");

/// A page of records.
#[derive(Debug)]
pub struct CreditRecordConnection {
    page: RecordPage,
    selection: Selection,
    scope: CursorScope,
    has_previous_page: bool,
}

impl CreditRecordConnection {
    /// Reads a page of the selected records; `what` describes the list for its cursors.
    pub(in crate::graphql) fn read(
        inquiry: &Inquiry,
        selection: Selection,
        after: Option<&str>,
        read: impl FnOnce(&Selection, Option<record::Position>) -> Result<RecordPage, crate::exchange::fault::Fault>,
    ) -> Result<Self, ApiError> {
        let scope = inquiry.cursor_scope(&format!("records {selection:?}"));
        let position = after.map(|cursor| record::position(inquiry, scope, cursor)).transpose()?;
        let page = read(&selection, position)?;
        Ok(Self { page, selection, scope, has_previous_page: after.is_some() })
    }

    fn say_if_purpose_is_missing(&self, ctx: &async_graphql::Context<'_>) -> async_graphql::Result<()> {
        if self.page.records.is_empty() {
            let below = |field: async_graphql::SelectionField<'_>| {
                field.selection_set().map(|field| field.name().to_owned()).collect::<Vec<_>>()
            };
            let selected: Vec<String> = ctx
                .field()
                .selection_set()
                .flat_map(|field| if field.name() == "node" { below(field) } else { vec![field.name().to_owned()] })
                .collect();
            let names: Vec<&str> = selected.iter().map(String::as_str).collect();
            record::miss_purpose(ctx.inquiry()?, &self.selection, &names, &path(ctx));
        }
        Ok(())
    }

    fn cursors(&self, inquiry: &Inquiry) -> Vec<String> {
        self.page.records.iter().map(|view| record::cursor(inquiry, self.scope, &view.position())).collect()
    }
}

/// A page of records.
#[Object]
impl CreditRecordConnection {
    /// The records of this page, each with its cursor.
    async fn edges(&self, ctx: &async_graphql::Context<'_>) -> async_graphql::Result<Vec<CreditRecordEdge>> {
        self.say_if_purpose_is_missing(ctx)?;
        let cursors = self.cursors(ctx.inquiry()?);
        let records = self.page.records.iter();
        Ok(records
            .zip(cursors)
            .map(|(view, cursor)| CreditRecordEdge { node: RecordObject(view.clone()), cursor })
            .collect())
    }

    /// The records of this page.
    async fn nodes(&self, ctx: &async_graphql::Context<'_>) -> async_graphql::Result<Vec<RecordObject>> {
        self.say_if_purpose_is_missing(ctx)?;
        Ok(self.page.records.iter().cloned().map(RecordObject).collect())
    }

    /// Where this page stands.
    async fn page_info(&self, ctx: &async_graphql::Context<'_>) -> async_graphql::Result<PageInfo> {
        let inquiry = ctx.inquiry()?;
        // Each cursor is sealed: only for those who ask for it.
        let cursor = |name: &str, view: Option<&Arc<RecordView>>| {
            let view = view.filter(|_| ctx.look_ahead().field(name).exists());
            view.map(|view| record::cursor(inquiry, self.scope, &view.position()))
        };
        Ok(PageInfo {
            has_next_page: self.page.has_next,
            has_previous_page: self.has_previous_page,
            start_cursor: cursor("startCursor", self.page.records.first()),
            end_cursor: cursor("endCursor", self.page.records.last()),
        })
    }

    /// How many records the whole list has for you; computed only when selected, null where it cannot be counted.
    async fn total_count(&self, ctx: &async_graphql::Context<'_>) -> Nullable<i64> {
        nullable(|| Ok(total::of(ctx.inquiry()?, &self.selection)?))
    }
}

/// A record and its place in a list.
#[derive(Clone, Debug, SimpleObject)]
pub struct CreditRecordEdge {
    /// The record.
    node: RecordObject,
    /// Its place, for `after`.
    cursor: String,
}
