//! What a document becomes once its fragments are spread, computed without spreading them: each fragment is
//! measured once, in an order in which what it spreads is already known, with saturating sums.

use std::collections::{BTreeSet, HashMap, HashSet};

use async_graphql::parser::types::{Directive, ExecutableDocument, Field, FragmentDefinition, Selection, SelectionSet};
use async_graphql::{Name, Pos, Positioned};
use async_graphql_value::Value;

use super::Work;
use super::limits::{DocumentLimits, HEIGHT, INTROSPECTION_DEPTH, INTROSPECTION_LISTS, INTROSPECTION_SIZE, Limit};
use super::rejection::Rejection;

/// The lists of the introspection schema (GraphQL, 4.2). `__schema { types { … } }` multiplies at each.
const INTROSPECTION_LIST_FIELDS: [&str; 8] =
    ["types", "directives", "fields", "args", "inputFields", "enumValues", "interfaces", "possibleTypes"];

/// The measure of a selection set with all fragments spread.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Measure {
    /// Selections, directives and value nodes, the subtrees of `__schema` and `__type` left out.
    size: u64,
    /// The same of those subtrees alone.
    introspection: u64,
    /// Selection sets within each other, those of fragments included.
    height: usize,
    /// Fields within each other, the subtrees of `__schema` and `__type` left out.
    depth: usize,
    /// Fields within each other, everything included.
    whole_depth: usize,
    /// Introspection lists within each other.
    lists: usize,
    /// Fields at the top.
    fields: u64,
}

impl Measure {
    fn join(&mut self, other: Self) {
        self.size = self.size.saturating_add(other.size);
        self.introspection = self.introspection.saturating_add(other.introspection);
        self.height = self.height.max(other.height);
        self.depth = self.depth.max(other.depth);
        self.whole_depth = self.whole_depth.max(other.whole_depth);
        self.lists = self.lists.max(other.lists);
        self.fields = self.fields.saturating_add(other.fields);
    }
}

type Fragments<'d> = HashMap<&'d str, Measure>;

/// Refuses a document that outgrows its limits once its fragments are spread.
pub(super) fn check(document: &ExecutableDocument, limits: &DocumentLimits, work: &mut Work) -> Result<(), Rejection> {
    let mut measures = Fragments::new();
    for (name, fragment) in in_order(document)? {
        let measure = measure_set(&fragment.node.selection_set, &measures, work)?;
        check_measure(&measure, limits, fragment.pos)?;
        measures.insert(name, measure);
    }
    let (mut total, mut introspection) = (0_u64, 0_u64);
    for (_, operation) in document.operations.iter() {
        let measure = measure_set(&operation.node.selection_set, &measures, work)?;
        check_operation(&measure, limits, operation.pos)?;
        introspection = introspection.saturating_add(measure.introspection);
        check_introspection_size(introspection, operation.pos)?;
        total = total.saturating_add(measure.size);
        if total > as_u64(limits.expanded_size) {
            return Err(Rejection::limit(Limit::ExpandedSize, limits.expanded_size, Some(operation.pos)));
        }
    }
    Ok(())
}

/// Holds for operations and for fragments alike: validation walks an unused fragment too. A fragment may be one for
/// introspection, which does not count against the role's size where it is spread.
fn check_measure(measure: &Measure, limits: &DocumentLimits, at: Pos) -> Result<(), Rejection> {
    check_introspection_size(measure.introspection, at)?;
    if measure.size > as_u64(limits.expanded_size).max(INTROSPECTION_SIZE) {
        return Err(Rejection::limit(Limit::ExpandedSize, limits.expanded_size, Some(at)));
    }
    if measure.height > HEIGHT {
        return Err(Rejection::limit(Limit::SelectionNesting, limits.selection_nesting, Some(at)));
    }
    Ok(())
}

/// Holds for operations alone: a fragment may be one for introspection, and is exempt from depth where it is spread.
fn check_operation(measure: &Measure, limits: &DocumentLimits, at: Pos) -> Result<(), Rejection> {
    check_measure(measure, limits, at)?;
    if measure.depth > limits.selection_nesting {
        return Err(Rejection::limit(Limit::SelectionNesting, limits.selection_nesting, Some(at)));
    }
    if measure.fields > as_u64(limits.root_fields) {
        return Err(Rejection::limit(Limit::RootFields, limits.root_fields, Some(at)));
    }
    Ok(())
}

/// The fragments, each after all that it spreads; or the one that closes a cycle. Walks with a stack of its own:
/// a chain of fragments may be as long as the document.
fn in_order(document: &ExecutableDocument) -> Result<Vec<(&str, &Positioned<FragmentDefinition>)>, Rejection> {
    enum Step<'d> {
        Enter(&'d str),
        Leave(&'d str),
    }
    let mut names: Vec<&str> = document.fragments.keys().map(Name::as_str).collect();
    names.sort_unstable();
    let (mut ordered, mut entered, mut left) = (Vec::new(), HashSet::new(), HashSet::new());
    for name in names {
        let mut steps = vec![Step::Enter(name)];
        while let Some(step) = steps.pop() {
            match step {
                Step::Enter(name) if left.contains(name) => {}
                Step::Enter(name) => {
                    let Some(fragment) = document.fragments.get(name) else { continue };
                    if !entered.insert(name) {
                        return Err(Rejection::Cycle { position: Some(fragment.pos) });
                    }
                    steps.push(Step::Leave(name));
                    let mut targets = BTreeSet::new();
                    collect_spreads(&fragment.node.selection_set.node, &mut targets);
                    steps.extend(targets.into_iter().map(Step::Enter));
                }
                Step::Leave(name) => {
                    left.insert(name);
                    if let Some(fragment) = document.fragments.get(name) {
                        ordered.push((name, fragment));
                    }
                }
            }
        }
    }
    Ok(ordered)
}

fn collect_spreads<'d>(set: &'d SelectionSet, targets: &mut BTreeSet<&'d str>) {
    for selection in &set.items {
        match &selection.node {
            Selection::Field(field) => collect_spreads(&field.node.selection_set.node, targets),
            Selection::InlineFragment(inline) => collect_spreads(&inline.node.selection_set.node, targets),
            Selection::FragmentSpread(spread) => {
                targets.insert(spread.node.fragment_name.node.as_str());
            }
        }
    }
}

/// INVARIANT: recursion follows braces as written, which the token scan has bounded.
fn measure_set(
    set: &Positioned<SelectionSet>,
    fragments: &Fragments<'_>,
    work: &mut Work,
) -> Result<Measure, Rejection> {
    let mut whole = Measure::default();
    for selection in &set.node.items {
        whole.join(match &selection.node {
            Selection::Field(field) => measure_field(field, fragments, work)?,
            Selection::InlineFragment(inline) => {
                let inner = measure_set(&inline.node.selection_set, fragments, work)?;
                around(inner, weigh_directives(&inline.node.directives, work))
            }
            Selection::FragmentSpread(spread) => {
                let inner = fragments.get(spread.node.fragment_name.node.as_str()).copied().unwrap_or_default();
                around(inner, weigh_directives(&spread.node.directives, work))
            }
        });
    }
    if !set.node.items.is_empty() {
        whole.height = whole.height.saturating_add(1);
    }
    Ok(whole)
}

/// A fragment, spread or inline: as wide and deep as its selections, and one node more.
fn around(inner: Measure, weight: u64) -> Measure {
    Measure { size: inner.size.saturating_add(weight), ..inner }
}

fn measure_field(field: &Positioned<Field>, fragments: &Fragments<'_>, work: &mut Work) -> Result<Measure, Rejection> {
    let name = field.node.name.node.as_str();
    let inner = measure_set(&field.node.selection_set, fragments, work)?;
    let is_introspection = matches!(name, "__schema" | "__type");
    if is_introspection {
        check_introspection(&inner, field.pos)?;
    }
    let values = field.node.arguments.iter().map(|(_, value)| weigh_value(&value.node, work));
    let arguments = values.fold(0, u64::saturating_add);
    let own = weigh_directives(&field.node.directives, work).saturating_add(arguments);
    let (size, introspection) = if is_introspection { (0, inner.size) } else { (inner.size, 0) };
    Ok(Measure {
        size: size.saturating_add(own),
        introspection: inner.introspection.saturating_add(introspection),
        height: inner.height,
        depth: if is_introspection { 1 } else { inner.depth.saturating_add(1) },
        whole_depth: inner.whole_depth.saturating_add(1),
        lists: inner.lists.saturating_add(usize::from(INTROSPECTION_LIST_FIELDS.contains(&name))),
        fields: 1,
    })
}

fn check_introspection(inner: &Measure, at: Pos) -> Result<(), Rejection> {
    let allowed = if inner.lists > INTROSPECTION_LISTS {
        INTROSPECTION_LISTS
    } else if inner.whole_depth > INTROSPECTION_DEPTH {
        INTROSPECTION_DEPTH
    } else {
        return Ok(());
    };
    Err(Rejection::limit(Limit::Introspection, allowed, Some(at)))
}

fn check_introspection_size(size: u64, at: Pos) -> Result<(), Rejection> {
    if size <= INTROSPECTION_SIZE {
        return Ok(());
    }
    let allowed = usize::try_from(INTROSPECTION_SIZE).unwrap_or(usize::MAX);
    Err(Rejection::limit(Limit::Introspection, allowed, Some(at)))
}

/// The selection itself and its directives with their arguments.
fn weigh_directives(directives: &[Positioned<Directive>], work: &mut Work) -> u64 {
    work.nodes = work.nodes.saturating_add(1);
    let mut weight = 1_u64;
    for directive in directives {
        weight = weight.saturating_add(1);
        for (_, value) in &directive.node.arguments {
            weight = weight.saturating_add(weigh_value(&value.node, work));
        }
    }
    weight
}

/// INVARIANT: recursion follows the nesting of values, which the token scan has bounded.
fn weigh_value(value: &Value, work: &mut Work) -> u64 {
    work.nodes = work.nodes.saturating_add(1);
    let inner = match value {
        Value::List(items) => items.iter().map(|item| weigh_value(item, work)).fold(0, u64::saturating_add),
        Value::Object(fields) => fields.values().map(|item| weigh_value(item, work)).fold(0, u64::saturating_add),
        _ => 0,
    };
    inner.saturating_add(1)
}

fn as_u64(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}
