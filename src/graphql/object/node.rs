//! `Node`: everything that has an id, through the same doors as every other path.

use std::borrow::Cow;

use async_graphql::parser::types::Field as SelectedField;
use async_graphql::registry::{MetaField, MetaType, MetaTypeId, Registry};
use async_graphql::resolver_utils::{Fields, resolve_container};
use async_graphql::{ContainerType, Context, ContextSelectionSet, ID, OutputType, Positioned, ServerResult, Value};

use super::audit_entry::AuditEntry;
use super::authorization::Authorization;
use super::record::RecordObject;
use super::record_type::NODE;
use super::subject::Subject;
use crate::graphql::scope;

/// Something that has an id.
#[derive(Debug)]
pub enum Node {
    /// A credit subject.
    Subject(Subject),
    /// A record.
    Record(RecordObject),
    /// An authorization.
    Authorization(Authorization),
    /// A ledger entry.
    Entry(AuditEntry),
}

impl OutputType for Node {
    fn type_name() -> Cow<'static, str> {
        Cow::Borrowed(NODE)
    }

    fn introspection_type_name(&self) -> Cow<'static, str> {
        match self {
            Self::Subject(_) => Subject::type_name(),
            Self::Record(record) => record.introspection_type_name(),
            Self::Authorization(_) => Authorization::type_name(),
            Self::Entry(_) => AuditEntry::type_name(),
        }
    }

    fn create_type_info(registry: &mut Registry) -> String {
        registry.create_output_type::<Self, _>(MetaTypeId::Interface, |registry| {
            let mut possible_types: Vec<String> = Vec::new();
            RecordObject::create_type_info(registry);
            Subject::create_type_info(registry);
            Authorization::create_type_info(registry);
            AuditEntry::create_type_info(registry);
            for own in [Subject::type_name(), Authorization::type_name(), AuditEntry::type_name()] {
                registry.add_implements(&own, NODE);
                possible_types.push(own.into_owned());
            }
            if let Some(catalogue) = scope::catalogue() {
                possible_types.extend(catalogue.items().iter().map(|item| item.type_name.clone()));
            }
            let mut id = MetaField::new("id", ID::create_type_info(registry));
            id.description = Some("Its opaque id, the same for every caller.".to_owned());
            MetaType::Interface {
                name: NODE.to_owned(),
                description: Some("Something that has an id. Knowing an id permits nothing.".to_owned()),
                fields: [("id".to_owned(), id)].into_iter().collect(),
                possible_types: possible_types.into_iter().collect(),
                extends: false,
                keys: None,
                visible: None,
                inaccessible: false,
                tags: Vec::new(),
                rust_typename: Some("chengxin::graphql::object::node::Node"),
                directive_invocations: Vec::new(),
                requires_scopes: Vec::new(),
            }
        })
    }

    async fn resolve(&self, ctx: &ContextSelectionSet<'_>, _field: &Positioned<SelectedField>) -> ServerResult<Value> {
        resolve_container(ctx, self).await
    }
}

impl ContainerType for Node {
    async fn resolve_field(&self, ctx: &Context<'_>) -> ServerResult<Option<Value>> {
        match self {
            Self::Subject(subject) => subject.resolve_field(ctx).await,
            Self::Record(record) => record.resolve_field(ctx).await,
            Self::Authorization(authorization) => authorization.resolve_field(ctx).await,
            Self::Entry(entry) => entry.resolve_field(ctx).await,
        }
    }

    fn collect_all_fields<'a>(&'a self, ctx: &ContextSelectionSet<'a>, fields: &mut Fields<'a>) -> ServerResult<()> {
        match self {
            Self::Subject(subject) => subject.collect_all_fields(ctx, fields),
            Self::Record(record) => record.collect_all_fields(ctx, fields),
            Self::Authorization(authorization) => authorization.collect_all_fields(ctx, fields),
            Self::Entry(entry) => entry.collect_all_fields(ctx, fields),
        }
    }
}
