//! What each field of the schema costs, read from the printed schema: `@cost` and `@listSize` where they stand
//! (names and meaning of IBM's GraphQL Cost Directives specification), else defaults.

use std::collections::{HashMap, HashSet};

use async_graphql::parser::parse_schema;
use async_graphql::parser::types::{
    BaseType, ConstDirective, FieldDefinition, Type, TypeDefinition, TypeKind, TypeSystemDefinition,
};
use async_graphql::{Name, Positioned};
use async_graphql_value::Value;

use super::PAGE_MAX;

/// How many elements a list has that says nothing of its size.
const LIST_ASSUMED: u64 = 10;

/// What a composite field without `@cost` weighs. A leaf weighs nothing.
const OBJECT_WEIGHT: u64 = 1;

/// The schema cannot be priced.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum CostTableError {
    /// The text is not a schema.
    #[error("the schema does not parse at line {line}, column {column}")]
    Unreadable {
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
    },
    /// A weight is not a whole number of 0 or more.
    #[error("`@cost` on `{at}` has a weight that is not a whole number")]
    Weight {
        /// `Type`, `Type.field` or `Type.field(argument)`.
        at: String,
    },
    /// `@listSize` has an argument of the wrong type.
    #[error("`@listSize` on `{at}` has an argument of the wrong type")]
    ListSize {
        /// `Type.field`.
        at: String,
    },
}

/// The price of every field, by type.
#[derive(Clone, Debug)]
pub struct CostTable {
    types: HashMap<Name, TypeCost>,
    query: Name,
    mutation: Name,
    subscription: Name,
}

/// A composite type as the price engine sees it.
#[derive(Clone, Debug, Default)]
pub(super) struct TypeCost {
    /// Its fields.
    pub(super) fields: HashMap<Name, FieldCost>,
    /// The object types it can be. An object is itself alone.
    pub(super) possible: Vec<Name>,
    /// The abstract types it belongs to, for type conditions.
    pub(super) within: HashSet<Name>,
}

/// One field.
#[derive(Clone, Debug)]
pub(super) struct FieldCost {
    /// Charged for each time the field is resolved.
    pub(super) weight: u64,
    /// Charged when the argument is given.
    pub(super) argument_weights: Vec<(Name, u64)>,
    /// The composite type it returns; `None` for a leaf.
    pub(super) returns: Option<Name>,
    /// Whether it returns a list.
    pub(super) list: bool,
    /// How many elements it asks for.
    pub(super) pages: Option<Pages>,
}

/// How many elements a list field, or the lists directly below it, can have.
#[derive(Clone, Debug)]
pub(super) struct Pages {
    /// Arguments that set the size, with their defaults.
    pub(super) slicing: Vec<(Name, Option<u64>)>,
    /// The size when no such argument has one.
    pub(super) assumed: u64,
    /// Fields of the returned object that have this size; empty when the field itself is the list.
    pub(super) sized_fields: Vec<Name>,
}

impl CostTable {
    /// Reads the printed schema.
    ///
    /// # Errors
    /// `Unreadable` when the text is no schema, `Weight` and `ListSize` when a directive has a wrong argument.
    pub fn from_sdl(sdl: &str) -> Result<Self, CostTableError> {
        let document = parse_schema(sdl).map_err(|error| {
            let at = error.positions().next().unwrap_or_default();
            CostTableError::Unreadable { line: at.line, column: at.column }
        })?;
        let mut table = Self {
            types: HashMap::new(),
            query: Name::new("Query"),
            mutation: Name::new("Mutation"),
            subscription: Name::new("Subscription"),
        };
        let mut definitions = Vec::new();
        for definition in document.definitions {
            match definition {
                TypeSystemDefinition::Schema(schema) => {
                    let roots = schema.node;
                    table.query = roots.query.map_or(table.query, |name| name.node);
                    table.mutation = roots.mutation.map_or(table.mutation, |name| name.node);
                    table.subscription = roots.subscription.map_or(table.subscription, |name| name.node);
                }
                TypeSystemDefinition::Type(definition) => definitions.push(definition.node),
                TypeSystemDefinition::Directive(_) => {}
            }
        }
        table.fill(&definitions)?;
        Ok(table)
    }

    pub(super) fn get(&self, name: &str) -> Option<&TypeCost> {
        self.types.get(name)
    }

    pub(super) fn query(&self) -> &Name {
        &self.query
    }

    pub(super) fn mutation(&self) -> &Name {
        &self.mutation
    }

    pub(super) fn subscription(&self) -> &Name {
        &self.subscription
    }

    fn fill(&mut self, definitions: &[TypeDefinition]) -> Result<(), CostTableError> {
        let mut weights = HashMap::new();
        for definition in definitions {
            let name = &definition.name.node;
            match &definition.kind {
                TypeKind::Object(_) | TypeKind::Interface(_) | TypeKind::Union(_) => {
                    let declared = weight(&definition.directives, name)?.unwrap_or(OBJECT_WEIGHT);
                    weights.insert(name.clone(), declared);
                    self.types.entry(name.clone()).or_default();
                }
                TypeKind::Scalar | TypeKind::Enum(_) | TypeKind::InputObject(_) => {}
            }
        }
        for definition in definitions {
            self.link(definition);
            let fields = match &definition.kind {
                TypeKind::Object(object) => &object.fields,
                TypeKind::Interface(interface) => &interface.fields,
                _ => continue,
            };
            let mut priced = HashMap::new();
            for field in fields {
                priced.insert(field.node.name.node.clone(), self.price(&definition.name.node, &field.node, &weights)?);
            }
            self.types.entry(definition.name.node.clone()).or_default().fields.extend(priced);
        }
        Ok(())
    }

    /// Notes which objects an abstract type can be.
    fn link(&mut self, definition: &TypeDefinition) {
        let name = &definition.name.node;
        let pairs: Vec<(&Name, &Name)> = match &definition.kind {
            TypeKind::Object(object) => {
                let pairs = object.implements.iter().map(|interface| (&interface.node, name));
                pairs.chain(std::iter::once((name, name))).collect()
            }
            TypeKind::Union(union) => union.members.iter().map(|member| (name, &member.node)).collect(),
            _ => return,
        };
        for (abstracted, object) in pairs {
            self.types.entry(abstracted.clone()).or_default().possible.push(object.clone());
            self.types.entry(object.clone()).or_default().within.insert(abstracted.clone());
        }
    }

    fn price(
        &self,
        owner: &Name,
        field: &FieldDefinition,
        weights: &HashMap<Name, u64>,
    ) -> Result<FieldCost, CostTableError> {
        let at = format!("{owner}.{}", field.name.node);
        let (named, list) = unwrap(&field.ty.node);
        let returns = self.types.contains_key(named).then(|| named.clone());
        let default = returns.as_ref().map_or(0, |name| weights.get(name).copied().unwrap_or(OBJECT_WEIGHT));
        let mut argument_weights = Vec::new();
        for argument in &field.arguments {
            let name = &argument.node.name.node;
            if let Some(weight) = weight(&argument.node.directives, &format!("{at}({name})"))? {
                argument_weights.push((name.clone(), weight));
            }
        }
        Ok(FieldCost {
            weight: weight(&field.directives, &at)?.unwrap_or(default),
            argument_weights,
            pages: pages(field, &at)?,
            returns,
            list,
        })
    }
}

/// `@listSize`, or else: a field with `first` and a result with `nodes` or `edges` is a Relay connection of that
/// size; a list has the size of its `first`; any other list is assumed short.
fn pages(field: &FieldDefinition, at: &str) -> Result<Option<Pages>, CostTableError> {
    let (named, list) = unwrap(&field.ty.node);
    if let Some(directive) = find(&field.directives, "listSize") {
        let wrong = || CostTableError::ListSize { at: at.to_owned() };
        let slicing = names(directive, "slicingArguments").map_err(|()| wrong())?;
        let assumed = match directive.get_argument("assumedSize") {
            None => PAGE_MAX,
            Some(value) => whole_number(&value.node.clone().into_value()).ok_or_else(wrong)?,
        };
        let sized_fields = names(directive, "sizedFields").map_err(|()| wrong())?;
        let slicing = slicing.into_iter().map(|name| (default_of(field, &name), name));
        let slicing = slicing.map(|(default, name)| (name, default)).collect();
        return Ok(Some(Pages { slicing, assumed, sized_fields }));
    }
    let first = Name::new("first");
    let sliced = field.arguments.iter().any(|argument| argument.node.name.node == first);
    let slicing = if sliced { vec![(first.clone(), default_of(field, &first))] } else { Vec::new() };
    if list {
        let assumed = if sliced { PAGE_MAX } else { LIST_ASSUMED };
        return Ok(Some(Pages { slicing, assumed, sized_fields: Vec::new() }));
    }
    let connection = sliced && named.ends_with("Connection");
    let sized_fields = vec![Name::new("edges"), Name::new("nodes")];
    Ok(connection.then_some(Pages { slicing, assumed: PAGE_MAX, sized_fields }))
}

fn unwrap(ty: &Type) -> (&Name, bool) {
    match &ty.base {
        BaseType::Named(name) => (name, false),
        BaseType::List(inner) => (unwrap(inner).0, true),
    }
}

fn find<'d>(directives: &'d [Positioned<ConstDirective>], name: &str) -> Option<&'d ConstDirective> {
    directives.iter().map(|directive| &directive.node).find(|directive| directive.name.node == name)
}

fn weight(directives: &[Positioned<ConstDirective>], at: &str) -> Result<Option<u64>, CostTableError> {
    let Some(directive) = find(directives, "cost") else { return Ok(None) };
    let given = directive.get_argument("weight").map(|value| value.node.clone().into_value());
    let weight = match &given {
        Some(Value::String(text)) => text.parse().ok(),
        Some(value) => whole_number(value),
        None => None,
    };
    weight.map(Some).ok_or_else(|| CostTableError::Weight { at: at.to_owned() })
}

fn whole_number(value: &Value) -> Option<u64> {
    match value {
        Value::Number(number) => number.as_u64(),
        _ => None,
    }
}

/// A list of names in a directive's argument; empty when absent.
fn names(directive: &ConstDirective, argument: &str) -> Result<Vec<Name>, ()> {
    let Some(value) = directive.get_argument(argument) else { return Ok(Vec::new()) };
    let name = |value: &Value| match value {
        Value::String(text) => Ok(Name::new(text)),
        _ => Err(()),
    };
    match &value.node.clone().into_value() {
        Value::List(items) => items.iter().map(name).collect(),
        single => Ok(vec![name(single)?]),
    }
}

fn default_of(field: &FieldDefinition, argument: &str) -> Option<u64> {
    let argument = field.arguments.iter().find(|given| given.node.name.node == *argument)?;
    whole_number(&argument.node.default_value.as_ref()?.node.clone().into_value())
}
