//! The question of an operation, without its values: one text for all documents that ask the same.
//!
//! Argument values, written in place or as variables, become `$_1`, `$_2`, …; names that the client is free to choose
//! (operation, variables, aliases, fragments) are dropped or replaced, so that nothing private can hide in them;
//! selections and arguments are sorted, white space is one blank. Names of fields, arguments, types and directives stay:
//! only a document that passed validation may be recorded in this form.

use std::collections::{BTreeMap, HashMap};

use async_graphql::parser::types::{
    Directive, ExecutableDocument, Field, OperationDefinition, Selection, SelectionSet,
};
use async_graphql::{Name, Positioned, Variables};
use async_graphql_value::Value;
use sha2::{Digest, Sha256};

/// Where a value stands in an operation.
#[derive(Clone, Debug, PartialEq)]
pub struct Slot {
    /// The field it is an argument of; for an argument of a directive `@` and the directive's name.
    pub owner: String,
    /// The argument's name.
    pub argument: Name,
    /// The value as written: a literal, a variable, or a structure of both.
    pub value: Value,
}

/// An operation without its values.
#[derive(Clone, Debug, PartialEq)]
pub struct Normalised {
    text: String,
    hash: [u8; 32],
    slots: Vec<Slot>,
    defaults: HashMap<Name, Value>,
}

/// One argument with the value it has in a request.
#[derive(Clone, Debug, PartialEq)]
pub struct Argument {
    /// Its placeholder in the normalised text, without the `$`: `_1`, `_2`, …
    pub placeholder: String,
    /// `field.argument`, or `@directive.argument`.
    pub path: String,
    /// The value with variables filled in. Enum values are strings.
    pub value: serde_json::Value,
}

impl Normalised {
    /// Normalises an operation and the fragments it reaches.
    pub fn new(document: &ExecutableDocument, operation: &OperationDefinition) -> Self {
        let mut printer = Printer { document, fragments: BTreeMap::new(), labels: HashMap::new() };
        let mut piece = Piece::text(&operation.ty.to_string());
        piece.append(directives(&operation.directives));
        piece.append(printer.set(&operation.selection_set.node));
        for (label, fragment) in std::mem::take(&mut printer.fragments) {
            piece.push(" fragment ");
            piece.push(&label);
            piece.append(fragment);
        }
        let text = number(&piece.text);
        let hash = Sha256::digest(text.as_bytes()).into();
        let defaults = operation.variable_definitions.iter().filter_map(|definition| {
            let default = definition.node.default_value.as_ref()?;
            Some((definition.node.name.node.clone(), default.node.clone().into_value()))
        });
        Self { text, hash, slots: piece.slots, defaults: defaults.collect() }
    }

    /// The normalised text, GraphQL without variable definitions.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// SHA-256 of the normalised text.
    pub fn hash(&self) -> &[u8; 32] {
        &self.hash
    }

    /// What stands behind the placeholders, in their order.
    pub fn slots(&self) -> &[Slot] {
        &self.slots
    }

    /// The arguments with the values they have under these variables, defaults applied. An argument whose variable
    /// is absent and without default is left out, as in execution.
    pub fn arguments(&self, variables: &Variables) -> Vec<Argument> {
        let numbered = self.slots.iter().zip(1_usize..);
        numbered
            .filter_map(|(slot, number)| {
                let value = self.resolve(&slot.value, variables)?;
                let path = format!("{}.{}", slot.owner, slot.argument);
                Some(Argument { placeholder: format!("_{number}"), path, value })
            })
            .collect()
    }

    fn resolve(&self, value: &Value, variables: &Variables) -> Option<serde_json::Value> {
        Some(match value {
            Value::Variable(name) => match variables.get(name) {
                Some(given) => self.resolve(&given.clone().into_value(), variables)?,
                None => self.resolve(self.defaults.get(name)?, variables)?,
            },
            // Binary values exist in the library's type, not in a document.
            Value::Null | Value::Binary(_) => serde_json::Value::Null,
            Value::Number(number) => serde_json::Value::Number(number.clone()),
            Value::String(text) => serde_json::Value::String(text.clone()),
            Value::Boolean(flag) => serde_json::Value::Bool(*flag),
            Value::Enum(name) => serde_json::Value::String(name.to_string()),
            Value::List(items) => {
                let items = items.iter().map(|item| self.resolve(item, variables).unwrap_or_default());
                serde_json::Value::Array(items.collect())
            }
            Value::Object(fields) => {
                let fields = fields.iter();
                let given = fields.filter_map(|(name, item)| Some((name.to_string(), self.resolve(item, variables)?)));
                serde_json::Value::Object(given.collect())
            }
        })
    }
}

/// A printed part: each value is a bare `$` in the text and a slot, both in order. Texts are sorted while they
/// carry no numbers, so the order never depends on a value.
#[derive(Clone, Debug, Default)]
struct Piece {
    text: String,
    slots: Vec<Slot>,
}

impl Piece {
    fn text(text: &str) -> Self {
        Self { text: text.to_owned(), slots: Vec::new() }
    }

    fn push(&mut self, text: &str) {
        self.text.push_str(text);
    }

    fn append(&mut self, other: Self) {
        self.text.push_str(&other.text);
        self.slots.extend(other.slots);
    }

    fn joined(mut pieces: Vec<Self>, separator: &str) -> Self {
        pieces.sort_by(|left, right| left.text.cmp(&right.text));
        let mut whole = Self::default();
        for piece in pieces {
            if !whole.text.is_empty() {
                whole.push(separator);
            }
            whole.append(piece);
        }
        whole
    }
}

struct Printer<'d> {
    document: &'d ExecutableDocument,
    /// Label → `on Type{…}`, for the fragments reached.
    fragments: BTreeMap<String, Piece>,
    labels: HashMap<&'d str, String>,
}

impl<'d> Printer<'d> {
    /// INVARIANT: recursion is bounded, through fragments too: the guard has refused cycles and greater heights.
    fn set(&mut self, set: &'d SelectionSet) -> Piece {
        if set.items.is_empty() {
            return Piece::default();
        }
        let selections = set.items.iter().map(|selection| self.selection(&selection.node)).collect();
        let mut piece = Piece::text("{");
        piece.append(Piece::joined(selections, " "));
        piece.push("}");
        piece
    }

    fn selection(&mut self, selection: &'d Selection) -> Piece {
        match selection {
            Selection::Field(field) => self.field(&field.node),
            Selection::InlineFragment(inline) => {
                let mut piece = Piece::text("...");
                if let Some(condition) = &inline.node.type_condition {
                    piece.push(" on ");
                    piece.push(&condition.node.on.node);
                }
                piece.append(directives(&inline.node.directives));
                piece.append(self.set(&inline.node.selection_set.node));
                piece
            }
            Selection::FragmentSpread(spread) => {
                let label = self.label(spread.node.fragment_name.node.as_str());
                let mut piece = Piece::text("...");
                piece.push(&label);
                piece.append(directives(&spread.node.directives));
                piece
            }
        }
    }

    fn field(&mut self, field: &'d Field) -> Piece {
        let name = field.name.node.as_str();
        let mut piece = Piece::text(name);
        piece.append(arguments(name, &field.arguments));
        piece.append(directives(&field.directives));
        piece.append(self.set(&field.selection_set.node));
        piece
    }

    /// A fragment's label: made of what it selects, so that its name does not matter. Two fragments that differ in
    /// values alone are told apart by a number.
    fn label(&mut self, name: &'d str) -> String {
        if let Some(label) = self.labels.get(name) {
            return label.clone();
        }
        let Some(fragment) = self.document.fragments.get(name) else { return "F".to_owned() };
        let mut piece = Piece::text(" on ");
        piece.push(&fragment.node.type_condition.node.on.node);
        piece.append(directives(&fragment.node.directives));
        piece.append(self.set(&fragment.node.selection_set.node));
        let digest: [u8; 32] = Sha256::digest(piece.text.as_bytes()).into();
        let stem = format!("F{}", hex::encode(&digest[..8]));
        let mut label = stem.clone();
        let mut twin = 1_usize;
        while self.fragments.get(&label).is_some_and(|other| other.slots != piece.slots) {
            twin += 1;
            label = format!("{stem}_{twin}");
        }
        self.fragments.insert(label.clone(), piece);
        self.labels.insert(name, label.clone());
        label
    }
}

fn directives(directives: &[Positioned<Directive>]) -> Piece {
    let mut piece = Piece::default();
    for directive in directives {
        let name = format!("@{}", directive.node.name.node);
        piece.push(&name);
        piece.append(arguments(&name, &directive.node.arguments));
    }
    piece
}

fn arguments(owner: &str, arguments: &[(Positioned<Name>, Positioned<Value>)]) -> Piece {
    if arguments.is_empty() {
        return Piece::default();
    }
    let pieces = arguments.iter().map(|(name, value)| Piece {
        text: format!("{}:$", name.node),
        slots: vec![Slot { owner: owner.to_owned(), argument: name.node.clone(), value: value.node.clone() }],
    });
    let mut piece = Piece::text("(");
    piece.append(Piece::joined(pieces.collect(), ","));
    piece.push(")");
    piece
}

/// Gives each bare `$` its number.
fn number(text: &str) -> String {
    let mut numbered = String::with_capacity(text.len());
    for (part, count) in text.split('$').zip(0_usize..) {
        if count > 0 {
            numbered.push_str("$_");
            numbered.push_str(&count.to_string());
        }
        numbered.push_str(part);
    }
    numbered
}
