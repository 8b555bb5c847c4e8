//! The price of an operation as a formula, compiled once per document and evaluated per request: only page sizes
//! can depend on variables.
//!
//! Terms refer to earlier terms alone, so evaluating is one pass without recursion. A selection set is compiled once per
//! concrete type, so interfaces within interfaces do not multiply. `@skip` and `@include` are not looked at: the
//! price is an upper bound.

use std::collections::HashMap;

use async_graphql::parser::types::{
    ExecutableDocument, Field, OperationDefinition, OperationType, Selection, SelectionSet,
};
use async_graphql::{Name, Variables};
use async_graphql_value::Value;

use super::shape::{CostTable, FieldCost, Pages, TypeCost};
use super::{INTROSPECTION_PRICE, PAGE_MAX, Price};

/// A part of a price.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Term {
    /// A weight and earlier terms, added.
    Sum { weight: u64, parts: Vec<usize> },
    /// The largest of earlier terms: what an interface or a union may turn out to be.
    Largest(Vec<usize>),
    /// An earlier term for each element of a page.
    Each { page: usize, term: usize },
}

/// How many elements a page has.
#[derive(Clone, Debug, PartialEq)]
struct Page {
    /// Slicing arguments: what the query gives, and the schema's default.
    slicing: Vec<(Option<Value>, Option<u64>)>,
    assumed: u64,
}

/// The price of an operation, waiting for variables.
#[derive(Clone, Debug)]
pub struct Formula {
    terms: Vec<Term>,
    pages: Vec<Page>,
    root: usize,
    defaults: HashMap<Name, Value>,
}

impl Formula {
    /// Compiles an operation of a document that the guard has checked.
    pub fn compile(document: &ExecutableDocument, operation: &OperationDefinition, table: &CostTable) -> Self {
        let mut compiler = Compiler { document, table, terms: Vec::new(), pages: Vec::new(), known: HashMap::new() };
        let root_type = match operation.ty {
            OperationType::Query => table.query(),
            OperationType::Mutation => table.mutation(),
            OperationType::Subscription => table.subscription(),
        };
        let root = compiler.set(&operation.selection_set.node, root_type, None);
        let defaults = operation.variable_definitions.iter().filter_map(|definition| {
            let default = definition.node.default_value.as_ref()?;
            Some((definition.node.name.node.clone(), default.node.clone().into_value()))
        });
        Self { terms: compiler.terms, pages: compiler.pages, root, defaults: defaults.collect() }
    }

    /// The price under these variables.
    pub fn price(&self, variables: &Variables) -> Price {
        let mut refused_pages = 0;
        let sizes: Vec<u64> = self.pages.iter().map(|page| self.size(page, variables, &mut refused_pages)).collect();
        let mut values: Vec<u64> = Vec::with_capacity(self.terms.len());
        for term in &self.terms {
            let value = |index: &usize| values.get(*index).copied().unwrap_or(u64::MAX);
            let priced = match term {
                Term::Sum { weight, parts } => parts.iter().map(value).fold(*weight, u64::saturating_add),
                Term::Largest(parts) => parts.iter().map(value).max().unwrap_or(0),
                Term::Each { page, term } => sizes.get(*page).copied().unwrap_or(PAGE_MAX).saturating_mul(value(term)),
            };
            values.push(priced);
        }
        Price { requested: values.get(self.root).copied().unwrap_or(u64::MAX), refused_pages }
    }

    /// How many terms it has.
    pub fn terms(&self) -> usize {
        self.terms.len()
    }

    fn size(&self, page: &Page, variables: &Variables, refused: &mut usize) -> u64 {
        let sizes = page.slicing.iter().filter_map(|(given, default)| match self.given(given.as_ref(), variables) {
            Some(Value::Number(number)) => Some(match (number.as_u64(), number.as_i64()) {
                (Some(size), _) if size <= PAGE_MAX => size,
                // Too large, negative or no whole number: the resolver refuses it, the price keeps the worst.
                (Some(size), _) => refuse(refused, size),
                (None, Some(_)) => refuse(refused, PAGE_MAX),
                (None, None) => refuse(refused, u64::MAX),
            }),
            Some(Value::Null) | None => *default,
            Some(_) => Some(refuse(refused, PAGE_MAX)),
        });
        sizes.max().unwrap_or(page.assumed)
    }

    /// What a query gives for an argument, variables and their defaults filled in.
    fn given(&self, value: Option<&Value>, variables: &Variables) -> Option<Value> {
        match value? {
            Value::Variable(name) => match variables.get(name) {
                Some(value) => Some(value.clone().into_value()),
                None => self.defaults.get(name).cloned(),
            },
            value => Some(value.clone()),
        }
    }
}

fn refuse(refused: &mut usize, size: u64) -> u64 {
    *refused += 1;
    size
}

/// The page that a field sets for the lists directly below it.
#[derive(Clone, Copy)]
struct Sized<'t> {
    page: usize,
    fields: &'t [Name],
}

struct Compiler<'c> {
    document: &'c ExecutableDocument,
    table: &'c CostTable,
    terms: Vec<Term>,
    pages: Vec<Page>,
    /// (address of a selection set, type, page) → its term.
    known: HashMap<(usize, &'c str, Option<usize>), usize>,
}

impl<'c> Compiler<'c> {
    fn add(&mut self, term: Term) -> usize {
        self.terms.push(term);
        self.terms.len() - 1
    }

    /// INVARIANT: recursion is bounded, through fragments too: the guard has refused cycles and greater heights.
    fn set(&mut self, set: &'c SelectionSet, type_name: &'c Name, sized: Option<Sized<'c>>) -> usize {
        let key = (std::ptr::from_ref(set).addr(), type_name.as_str(), sized.map(|sized| sized.page));
        if let Some(term) = self.known.get(&key) {
            return *term;
        }
        let table = self.table;
        let term = match table.get(type_name) {
            None => Term::Sum { weight: 0, parts: Vec::new() },
            Some(ty) if ty.within.contains(type_name) => {
                let mut weight = 0_u64;
                let mut parts = Vec::new();
                for selection in &set.items {
                    match self.selection(&selection.node, ty, type_name, sized) {
                        Some(Part::Weight(own)) => weight = weight.saturating_add(own),
                        Some(Part::Term(part)) => parts.push(part),
                        None => {}
                    }
                }
                Term::Sum { weight, parts }
            }
            Some(ty) => Term::Largest(ty.possible.iter().map(|object| self.set(set, object, sized)).collect()),
        };
        let term = self.add(term);
        self.known.insert(key, term);
        term
    }

    fn selection(
        &mut self,
        selection: &'c Selection,
        ty: &'c TypeCost,
        type_name: &'c Name,
        sized: Option<Sized<'c>>,
    ) -> Option<Part> {
        let (condition, set) = match selection {
            Selection::Field(field) => return self.field(&field.node, ty, sized),
            Selection::InlineFragment(inline) => (
                inline.node.type_condition.as_ref().map(|condition| &condition.node.on.node),
                &inline.node.selection_set.node,
            ),
            Selection::FragmentSpread(spread) => {
                let fragment = self.document.fragments.get(&spread.node.fragment_name.node)?;
                (Some(&fragment.node.type_condition.node.on.node), &fragment.node.selection_set.node)
            }
        };
        let applies = condition.is_none_or(|condition| ty.within.contains(condition));
        applies.then(|| Part::Term(self.set(set, type_name, sized)))
    }

    fn field(&mut self, field: &'c Field, ty: &'c TypeCost, sized: Option<Sized<'c>>) -> Option<Part> {
        let name = &field.name.node;
        if matches!(name.as_str(), "__schema" | "__type") {
            return Some(Part::Weight(INTROSPECTION_PRICE));
        }
        // An unknown field is refused by validation, and `__typename` is free.
        let cost = ty.fields.get(name)?;
        let own_page = cost.pages.as_ref().map(|pages| (self.page(field, pages), pages.sized_fields.as_slice()));
        let below = own_page.and_then(|(page, fields)| (!fields.is_empty()).then_some(Sized { page, fields }));
        let inner = cost.returns.as_ref().map(|returns| self.set(&field.selection_set.node, returns, below));
        let weight = weigh(field, cost);
        let page = match (sized, own_page) {
            (Some(sized), _) if cost.list && sized.fields.contains(name) => Some(sized.page),
            (_, Some((page, []))) => Some(page),
            _ => None,
        };
        if inner.is_none() && page.is_none() {
            return Some(Part::Weight(weight));
        }
        let term = self.add(Term::Sum { weight, parts: inner.into_iter().collect() });
        Some(Part::Term(page.map_or(term, |page| self.add(Term::Each { page, term }))))
    }

    fn page(&mut self, field: &Field, pages: &Pages) -> usize {
        let slicing = pages.slicing.iter();
        let slicing =
            slicing.map(|(name, default)| (field.get_argument(name).map(|value| value.node.clone()), *default));
        self.pages.push(Page { slicing: slicing.collect(), assumed: pages.assumed });
        self.pages.len() - 1
    }
}

/// What a selection adds to its set.
enum Part {
    Weight(u64),
    Term(usize),
}

fn weigh(field: &Field, cost: &FieldCost) -> u64 {
    let given = cost.argument_weights.iter().filter(|(name, _)| field.get_argument(name).is_some());
    given.map(|(_, weight)| *weight).fold(cost.weight, u64::saturating_add)
}
