//! The contract: `schema.graphql` is what the gateway prints, every part of it is described, and no field that a tier may
//! withhold is non-null.

use std::path::Path;

use async_graphql::parser::types::{
    FieldDefinition, InputValueDefinition, TypeDefinition, TypeKind, TypeSystemDefinition,
};
use async_graphql::{Positioned, parser};

use crate::support::TestApp;

#[test]
fn the_printed_schema_is_the_one_in_the_repository() {
    let app = TestApp::new();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("schema.graphql");
    let stored = std::fs::read_to_string(path).unwrap_or_default();
    let is_same = stored == app.service.engine.sdl();
    assert!(is_same, "schema.graphql is stale: run `cargo run -- schema > schema.graphql` and read the difference");
}

fn types(sdl: &str) -> Vec<TypeDefinition> {
    let document = parser::parse_schema(sdl).unwrap();
    let definitions = document.definitions.into_iter();
    definitions
        .filter_map(|definition| match definition {
            TypeSystemDefinition::Type(definition) => Some(definition.node),
            TypeSystemDefinition::Schema(_) | TypeSystemDefinition::Directive(_) => None,
        })
        .collect()
}

fn fields(definition: &TypeDefinition) -> &[Positioned<FieldDefinition>] {
    match &definition.kind {
        TypeKind::Object(object) => &object.fields,
        TypeKind::Interface(interface) => &interface.fields,
        _ => &[],
    }
}

fn inputs(definition: &TypeDefinition) -> &[Positioned<InputValueDefinition>] {
    match &definition.kind {
        TypeKind::InputObject(input) => &input.fields,
        _ => &[],
    }
}

#[test]
fn every_type_field_argument_and_value_is_described() {
    let app = TestApp::new();
    let mut undescribed = Vec::new();
    let mut see = |name: String, description: Option<&Positioned<String>>| {
        if description.is_none_or(|description| description.node.trim().is_empty()) {
            undescribed.push(name);
        }
    };
    let types = types(&app.service.engine.sdl());
    assert!(types.len() > 60, "{}", types.len());
    for definition in &types {
        let name = &definition.name.node;
        see(name.to_string(), definition.description.as_ref());
        for field in fields(definition) {
            let field = &field.node;
            see(format!("{name}.{}", field.name.node), field.description.as_ref());
            for argument in &field.arguments {
                let argument = &argument.node;
                see(format!("{name}.{}({})", field.name.node, argument.name.node), argument.description.as_ref());
            }
        }
        for input in inputs(definition) {
            see(format!("{name}.{}", input.node.name.node), input.node.description.as_ref());
        }
        if let TypeKind::Enum(values) = &definition.kind {
            for value in &values.values {
                see(format!("{name}.{}", value.node.value.node), value.node.description.as_ref());
            }
        }
    }
    assert!(undescribed.is_empty(), "without a description: {undescribed:?}");
}

#[test]
fn no_field_of_a_record_type_that_may_be_withheld_is_non_null() {
    let app = TestApp::new();
    let types = types(&app.service.engine.sdl());
    for item in app.service.gateway.catalogue.items() {
        let definition = types.iter().find(|definition| definition.name.node == item.type_name.as_str()).unwrap();
        for field in fields(definition) {
            let field = &field.node;
            let name = field.name.node.as_str();
            let is_of_item = item.field(name).is_some();
            let is_head = ["subject", "provider", "decidedOn", "publishedUntil", "state"].contains(&name);
            assert!(field.ty.node.nullable || !(is_of_item || is_head), "{}.{name}", item.type_name);
            let disclosure = field.directives.iter().any(|directive| directive.node.name.node == "disclosure");
            assert_eq!(disclosure, is_of_item, "{}.{name}", item.type_name);
        }
        assert!(
            item.fields
                .iter()
                .all(|known| fields(definition).iter().any(|field| field.node.name.node == known.name.as_str()))
        );
    }
    let subject = types.iter().find(|definition| definition.name.node == "Subject").unwrap();
    let nullable =
        |name: &str| fields(subject).iter().find(|field| field.node.name.node == name).unwrap().node.ty.node.nullable;
    assert!(nullable("name") && nullable("uscc"));
}
