//! Builds the schema from the platform's own types and the catalogue, and prints its SDL.

use std::sync::Arc;

use async_graphql::{MergedObject, ObjectType, Schema, SchemaBuilder, ValidationMode};

use super::applications::{ApplicationMutation, ApplicationQuery};
use super::guard::HEIGHT;
use super::listings::{ListingMutation, ListingQuery};
use super::mutation::RegisterMutation;
use super::object::node::Node;
use super::object::record::RecordObject;
use super::promises::{PromiseMutation, PromiseQuery};
use super::push::{PushMutation, PushQuery, SubscriptionRoot};
use super::query::RegisterQuery;
use super::returns::ReturnQuery;
use super::scope;
use super::subgraph::{EntityQuery, SubgraphSchema};
use super::tipoffs::{TipoffMutation, TipoffQuery};
use super::workflow::{WorkflowMutation, WorkflowQuery};
use crate::catalogue::Catalogue;

/// The schema of one catalogue.
pub type GatewaySchema = Schema<QueryRoot, MutationRoot, SubscriptionRoot>;

/// Everything that can be asked.
#[derive(Clone, Copy, Debug, MergedObject)]
#[graphql(name = "Query")]
pub struct QueryRoot(
    RegisterQuery,
    WorkflowQuery,
    ApplicationQuery,
    PromiseQuery,
    ReturnQuery,
    PushQuery,
    TipoffQuery,
    ListingQuery,
);

/// The same, and entities: the root of the subgraph.
#[derive(Clone, Copy, Debug, MergedObject)]
#[graphql(name = "Query")]
pub struct SubgraphRoot(
    RegisterQuery,
    WorkflowQuery,
    ApplicationQuery,
    PromiseQuery,
    ReturnQuery,
    PushQuery,
    TipoffQuery,
    ListingQuery,
    EntityQuery,
);

/// Everything that can be changed.
#[derive(Clone, Copy, Debug, MergedObject)]
#[graphql(name = "Mutation")]
pub struct MutationRoot(
    RegisterMutation,
    WorkflowMutation,
    ApplicationMutation,
    PromiseMutation,
    PushMutation,
    TipoffMutation,
    ListingMutation,
);

/// Builds the schema of a catalogue.
pub fn build(catalogue: &Arc<Catalogue>) -> GatewaySchema {
    build_with(catalogue, ValidationMode::Strict)
}

/// The same schema for operations that are known to be valid: it does not look at that again.
pub(super) fn build_for_valid(catalogue: &Arc<Catalogue>) -> GatewaySchema {
    build_with(catalogue, ValidationMode::Fast)
}

/// The same schema as a Federation 2 subgraph.
pub(super) fn build_subgraph(catalogue: &Arc<Catalogue>, validation: ValidationMode) -> SubgraphSchema {
    scope::with(catalogue, || finished(Schema::build(SUBGRAPH, MUTATION, SubscriptionRoot), validation))
}

const QUERY: QueryRoot = QueryRoot(
    RegisterQuery,
    WorkflowQuery,
    ApplicationQuery,
    PromiseQuery,
    ReturnQuery,
    PushQuery,
    TipoffQuery,
    ListingQuery,
);
const SUBGRAPH: SubgraphRoot = SubgraphRoot(
    RegisterQuery,
    WorkflowQuery,
    ApplicationQuery,
    PromiseQuery,
    ReturnQuery,
    PushQuery,
    TipoffQuery,
    ListingQuery,
    EntityQuery,
);
const MUTATION: MutationRoot = MutationRoot(
    RegisterMutation,
    WorkflowMutation,
    ApplicationMutation,
    PromiseMutation,
    PushMutation,
    TipoffMutation,
    ListingMutation,
);

fn build_with(catalogue: &Arc<Catalogue>, validation: ValidationMode) -> GatewaySchema {
    scope::with(catalogue, || finished(Schema::build(QUERY, MUTATION, SubscriptionRoot), validation))
}

/// What every schema has, whatever its root.
fn finished<Q: ObjectType + 'static>(
    builder: SchemaBuilder<Q, MutationRoot, SubscriptionRoot>,
    validation: ValidationMode,
) -> Schema<Q, MutationRoot, SubscriptionRoot> {
    builder
        .register_output_type::<Node>()
        .register_output_type::<RecordObject>()
        .disable_suggestions()
        .validation_mode(validation)
        .limit_recursive_depth(HEIGHT)
        .finish()
}

/// The schema as SDL, as `schema.graphql` holds it.
pub fn sdl<Q: ObjectType + 'static>(schema: &Schema<Q, MutationRoot, SubscriptionRoot>) -> String {
    let options = async_graphql::SDLExportOptions::new().sorted_arguments().sorted_enum_items();
    let mut sdl = schema.sdl_with_options(options);
    if !sdl.ends_with('\n') {
        sdl.push('\n');
    }
    sdl
}
