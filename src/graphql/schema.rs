//! Builds the schema from the platform's own types and the catalogue, and prints its SDL.

use std::sync::Arc;

use async_graphql::{EmptySubscription, Schema, ValidationMode};

use super::guard::HEIGHT;
use super::mutation::Mutation;
use super::object::node::Node;
use super::object::record::RecordObject;
use super::query::Query;
use super::scope;
use crate::catalogue::Catalogue;

/// The schema of one catalogue.
pub type GatewaySchema = Schema<Query, Mutation, EmptySubscription>;

/// Builds the schema of a catalogue.
pub fn build(catalogue: &Arc<Catalogue>) -> GatewaySchema {
    build_with(catalogue, ValidationMode::Strict)
}

/// The same schema for operations that are known to be valid: it does not look at that again.
pub(super) fn build_for_valid(catalogue: &Arc<Catalogue>) -> GatewaySchema {
    build_with(catalogue, ValidationMode::Fast)
}

fn build_with(catalogue: &Arc<Catalogue>, validation: ValidationMode) -> GatewaySchema {
    scope::with(catalogue, || {
        Schema::build(Query, Mutation, EmptySubscription)
            .register_output_type::<Node>()
            .register_output_type::<RecordObject>()
            .disable_suggestions()
            .validation_mode(validation)
            .limit_recursive_depth(HEIGHT)
            .finish()
    })
}

/// The schema as SDL, as `schema.graphql` holds it.
pub fn sdl(schema: &GatewaySchema) -> String {
    let options = async_graphql::SDLExportOptions::new().sorted_arguments().sorted_enum_items();
    let mut sdl = schema.sdl_with_options(options);
    if !sdl.ends_with('\n') {
        sdl.push('\n');
    }
    sdl
}
