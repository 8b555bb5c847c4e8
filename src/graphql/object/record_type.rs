//! Registers the interface `CreditRecord` and one object type per catalogue item.
//!
//! Every field of an item carries `@disclosure`, so that the SDL says what each tier sees.

use async_graphql::indexmap::IndexMap;
use async_graphql::registry::{
    __DirectiveLocation, MetaDirective, MetaDirectiveInvocation, MetaField, MetaInputValue, MetaType, ObjectBuilder,
    Registry,
};
use async_graphql::{ID, Name, OutputType, Value};

use super::catalogue_item::{CatalogueItem, graphql_type};
use super::department::Department;
use super::subject::Subject;
use crate::catalogue::{Field, Item};
use crate::domain::{DataClass, RecordState, SubjectCategory, Tier};
use crate::graphql::object::record::Annotation;
use crate::graphql::scalar::{Date, Decimal};

/// The interface every record type implements.
pub(super) const INTERFACE: &str = "CreditRecord";
/// The interface of everything that has an id.
pub(super) const NODE: &str = "Node";

/// Registers the object types of all items and gives their names.
pub(in crate::graphql) fn register_items(registry: &mut Registry, items: &[std::sync::Arc<Item>]) -> Vec<String> {
    add_directive(registry);
    <Option<Decimal>>::create_type_info(registry);
    let head = head_fields(registry);
    for item in items {
        let mut fields = head.clone();
        fields.extend(item.fields.iter().map(|field| (field.name.clone(), meta_field(item, field))));
        let object = ObjectBuilder::new(&item.type_name, fields)
            .description(Some(format!("{} ({}). {}", item.title.zh, item.title.en, item.description.en)))
            .rust_typename("chengxin::graphql::object::record::RecordObject")
            .build();
        registry.types.insert(item.type_name.clone(), object);
        registry.add_implements(&item.type_name, INTERFACE);
        registry.add_implements(&item.type_name, NODE);
    }
    items.iter().map(|item| item.type_name.clone()).collect()
}

/// The interface itself.
pub(in crate::graphql) fn interface(registry: &mut Registry, type_names: Vec<String>) -> MetaType {
    registry.add_implements(INTERFACE, NODE);
    MetaType::Interface {
        name: INTERFACE.to_owned(),
        description: Some("What every record has, whatever its catalogue item.".to_owned()),
        fields: head_fields(registry),
        possible_types: type_names.into_iter().collect(),
        extends: false,
        keys: None,
        visible: None,
        inaccessible: false,
        tags: Vec::new(),
        rust_typename: Some("chengxin::graphql::object::record::RecordObject"),
        directive_invocations: Vec::new(),
        requires_scopes: Vec::new(),
    }
}

fn head_fields(registry: &mut Registry) -> IndexMap<String, MetaField> {
    let fields = [
        ("id", <ID>::create_type_info(registry), "Its opaque id, the same for every caller."),
        ("item", <CatalogueItem>::create_type_info(registry), "The catalogue item it belongs to."),
        ("subject", <Option<Subject>>::create_type_info(registry), "Whom it is about."),
        ("provider", <Option<Department>>::create_type_info(registry), "Who provided it."),
        (
            "decidedOn",
            <Option<Date>>::create_type_info(registry),
            "The date of the decision, the listing or the event.",
        ),
        (
            "publishedUntil",
            <Option<Date>>::create_type_info(registry),
            "The last day of its publication; 9999-12-31 where it has no end, null where it is not published.",
        ),
        ("state", <Option<RecordState>>::create_type_info(registry), "Where it stands in its life."),
        ("annotations", <Vec<Annotation>>::create_type_info(registry), "Marks on it: under objection, under repair."),
    ];
    fields
        .into_iter()
        .map(|(name, ty, description)| (name.to_owned(), described(name, ty, description.to_owned())))
        .collect()
}

fn described(name: &str, ty: String, description: String) -> MetaField {
    let mut field = MetaField::new(name, ty);
    field.description = Some(description);
    field
}

fn meta_field(item: &Item, field: &Field) -> MetaField {
    let code = field.national_code.as_ref().map(|code| format!(" [{code}]")).unwrap_or_default();
    let description = format!("{} ({}){code}. {}", field.title.zh, field.title.en, field.description.en);
    let mut meta = described(&field.name, graphql_type(field.data_type).to_owned(), description);
    meta.directive_invocations = vec![disclosure(item, field)];
    meta
}

/// `@disclosure` of a field: the values for organizations, or for the first category of subject that the item knows.
fn disclosure(item: &Item, field: &Field) -> MetaDirectiveInvocation {
    let categories = &item.head.subject.categories;
    let category = categories.iter().copied().find(|&category| category == SubjectCategory::Organization);
    let reach = field.reach(category.or(categories.first().copied()).unwrap_or(SubjectCategory::Organization));
    let symbol = |name: &str| Value::Enum(Name::new(name));
    let mut args = IndexMap::new();
    if let Some(tier) = reach.tier {
        args.insert("tier".to_owned(), symbol(tier.name()));
    }
    if let Some(tier) = reach.masked_from {
        args.insert("maskedFrom".to_owned(), symbol(tier.name()));
    }
    args.insert("class".to_owned(), symbol(field.class.name()));
    let scan = field.scanned.then_some(crate::domain::MaskRule::TextScan);
    if let Some(mask) = reach.mask.or(scan) {
        args.insert("mask".to_owned(), Value::String(mask.name().to_owned()));
    }
    MetaDirectiveInvocation { name: "disclosure".to_owned(), args }
}

fn add_directive(registry: &mut Registry) {
    let tier = <Option<Tier> as async_graphql::InputType>::create_type_info(registry);
    let class = <DataClass as async_graphql::InputType>::create_type_info(registry);
    let arguments = [
        ("tier", tier.clone(), "The lowest tier that sees it clear; absent when none does."),
        ("maskedFrom", tier, "The lowest tier that sees its masked form; below, it is withheld."),
        ("class", class, "How sensitive it is."),
        ("mask", "String".to_owned(), "The rule that masks it."),
    ];
    let args = arguments.into_iter().map(|(name, ty, description)| {
        let mut value = MetaInputValue::new(name, ty);
        value.description = Some(description.to_owned());
        (name.to_owned(), value)
    });
    registry.add_directive(MetaDirective {
        name: "disclosure".to_owned(),
        description: Some(
            "Where a field stands in the three tiers, how sensitive it is, how it is masked when it is not clear."
                .to_owned(),
        ),
        locations: vec![__DirectiveLocation::FIELD_DEFINITION],
        args: args.collect(),
        is_repeatable: false,
        visible: None,
        composable: None,
    });
}
