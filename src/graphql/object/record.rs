//! Records of every item as one Rust type that resolves its own selection set.
//!
//! INVARIANT: this is the one place where a record's field becomes a value of an answer, whatever path led to the
//! record: it asks `exchange::record::show` and nothing else.

use std::borrow::Cow;
use std::sync::Arc;

use async_graphql::parser::types::Field as SelectedField;
use async_graphql::registry::{MetaTypeId, Registry};
use async_graphql::resolver_utils::resolve_container;
use async_graphql::{
    ContainerType, Context, ContextSelectionSet, Enum, ID, OutputType, Positioned, ServerError, ServerResult, Value,
};

use super::catalogue_item::{CatalogueItem, known_department};
use super::department::Department;
use super::record_type;
use super::subject::Subject;
use crate::access::HeadField;
use crate::catalogue::FieldType;
use crate::domain::{ApplicationKind, RecordId};
use crate::exchange::application;
use crate::exchange::fault::Fault;
use crate::exchange::inquiry::Inquiry;
use crate::exchange::node_id::NodeRef;
use crate::exchange::record::{self, HeadValue, RecordView, ShownValue};
use crate::graphql::context::{ContextExt, path};
use crate::graphql::scalar::Date;
use crate::graphql::scope;

/// A mark on a record or a subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum Annotation {
    /// An objection to it is being examined.
    UnderObjection,
    /// A credit repair of it is under way.
    UnderRepair,
}

/// The marks on a record.
pub(super) fn annotations(inquiry: &Inquiry, record: RecordId) -> Result<Vec<Annotation>, Fault> {
    let mark = |kind| match kind {
        ApplicationKind::Objection => Annotation::UnderObjection,
        ApplicationKind::Repair => Annotation::UnderRepair,
    };
    Ok(application::annotations(inquiry, record)?.into_iter().map(mark).collect())
}

/// A record of any item.
#[derive(Clone, Debug)]
pub struct RecordObject(pub Arc<RecordView>);

impl OutputType for RecordObject {
    fn type_name() -> Cow<'static, str> {
        Cow::Borrowed(record_type::INTERFACE)
    }

    fn introspection_type_name(&self) -> Cow<'static, str> {
        Cow::Owned(self.0.item().type_name.clone())
    }

    fn create_type_info(registry: &mut Registry) -> String {
        registry.create_output_type::<Self, _>(MetaTypeId::Interface, |registry| {
            let items = scope::catalogue().map(|catalogue| catalogue.items().to_vec()).unwrap_or_default();
            let type_names = record_type::register_items(registry, &items);
            record_type::interface(registry, type_names)
        })
    }

    async fn resolve(&self, ctx: &ContextSelectionSet<'_>, _field: &Positioned<SelectedField>) -> ServerResult<Value> {
        resolve_container(ctx, self).await
    }
}

impl ContainerType for RecordObject {
    async fn resolve_field(&self, ctx: &Context<'_>) -> ServerResult<Option<Value>> {
        let inquiry = ctx.inquiry().map_err(|error| refuse(ctx, error))?;
        let name = ctx.item.node.name.node.as_str();
        if let Some((at, field)) = self.0.item().field(name) {
            let value = match record::show(inquiry, &self.0, at, || path(ctx)) {
                Ok(shown) => value_of(shown, field.data_type),
                Err(fault) => {
                    // Every field of a record is nullable: what cannot be shown costs that field alone.
                    ctx.add_error(refuse(ctx, fault.into()));
                    Value::Null
                }
            };
            return Ok(Some(value));
        }
        self.resolve_head(ctx, inquiry, name).await
    }
}

impl RecordObject {
    async fn resolve_head(&self, ctx: &Context<'_>, inquiry: &Inquiry, name: &str) -> ServerResult<Option<Value>> {
        let nested = ctx.with_selection_set(&ctx.item.node.selection_set);
        let head = |field| record::show_head(inquiry, &self.0, field);
        let value = match name {
            "id" => ID(inquiry.node_id(NodeRef::Record(self.0.id()))).resolve(&nested, ctx.item).await?,
            "item" => CatalogueItem(Arc::clone(self.0.item())).resolve(&nested, ctx.item).await?,
            "subject" => match head(HeadField::Subject) {
                Some(HeadValue::Subject(id)) => {
                    let subject = Subject::find(inquiry, id).map_err(|error| refuse(ctx, error.into()))?;
                    subject.resolve(&nested, ctx.item).await?
                }
                _ => Value::Null,
            },
            "provider" => match head(HeadField::Provider) {
                Some(HeadValue::Provider(Some(id), _)) => {
                    known_department(inquiry, &id).resolve(&nested, ctx.item).await?
                }
                Some(HeadValue::Provider(None, name)) if !name.is_empty() => {
                    Department::unverified(name).resolve(&nested, ctx.item).await?
                }
                _ => Value::Null,
            },
            "decidedOn" => date(head(HeadField::DecidedOn).as_ref()),
            "publishedUntil" => date(head(HeadField::PublishedUntil).as_ref()),
            "state" => match head(HeadField::State) {
                Some(HeadValue::State(state)) => state.resolve(&nested, ctx.item).await?,
                _ => Value::Null,
            },
            "annotations" => match head(HeadField::Annotations) {
                Some(HeadValue::Annotations(id)) => {
                    let marks = annotations(inquiry, id).map_err(|error| refuse(ctx, error.into()))?;
                    marks.resolve(&nested, ctx.item).await?
                }
                _ => Value::List(Vec::new()),
            },
            _ => return Ok(None),
        };
        Ok(Some(value))
    }
}

fn date(head: Option<&HeadValue>) -> Value {
    match head {
        Some(HeadValue::Date(date)) => async_graphql::ScalarType::to_value(&Date(*date)),
        _ => Value::Null,
    }
}

fn refuse(ctx: &Context<'_>, error: async_graphql::Error) -> ServerError {
    ctx.set_error_path(error.into_server_error(ctx.item.pos))
}

/// The value of a catalogue field in an answer. Dates, decimals and masked forms are text; lists keep their parts.
fn value_of(shown: ShownValue, data_type: FieldType) -> Value {
    match (shown, data_type) {
        (ShownValue::Null, _) => Value::Null,
        (ShownValue::Text(text), FieldType::TextList) => Value::List(
            text.split(';').filter(|part| !part.is_empty()).map(|part| Value::String(part.to_owned())).collect(),
        ),
        // Sealed values are kept as text, whatever their type.
        (ShownValue::Text(text), FieldType::Integer) => text.parse::<i32>().map_or(Value::Null, Value::from),
        (ShownValue::Text(text), FieldType::Boolean) => text.parse::<bool>().map_or(Value::Null, Value::from),
        (ShownValue::Text(text), FieldType::Text | FieldType::Date | FieldType::Decimal) => Value::String(text),
        (ShownValue::Json(value), _) => Value::from_json(value).unwrap_or(Value::Null),
    }
}
