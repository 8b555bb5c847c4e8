//! A document that passed the guard, and its operations: what execution, the ledger and the limits need of them.
//!
//! INVARIANT: made from a `Checked` alone, so whatever reaches the library has been bounded.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use async_graphql::parser::types::{
    BaseType, DocumentOperations, ExecutableDocument, OperationDefinition, OperationType, Selection, SelectionSet,
};
use async_graphql::{Name, Request, Variables};
use async_graphql_value::ConstValue as Value;

use super::cost::{CostTable, Formula, Price};
use super::guard::Checked;
use super::normalise::{Argument, Normalised};

/// Root fields that find what they answer by a key.
const LOOKUPS: [&str; 4] = ["subject", "person", "viewer", "__typename"];

/// What an operation does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OperationKind {
    /// Reads.
    Query,
    /// Changes.
    Mutation,
    /// Reads again and again.
    Subscription,
}

/// The request does not say which operation of the document it means. Code `GRAPHQL_UNKNOWN_OPERATION_NAME`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnknownOperation {
    /// No operation has the given name.
    #[error("the document has no operation of this name")]
    NoSuchName,
    /// There are several, and no name is given.
    #[error("the document has several operations: `operationName` must name one")]
    NameRequired,
}

impl UnknownOperation {
    /// The code in the error table.
    pub fn code(self) -> &'static str {
        "GRAPHQL_UNKNOWN_OPERATION_NAME"
    }
}

/// A bounded, parsed document.
#[derive(Debug)]
pub struct Document {
    hash: [u8; 32],
    parsed: Arc<ExecutableDocument>,
    table: Arc<CostTable>,
    /// By name; an anonymous operation has none.
    prepared: HashMap<Option<Name>, Prepared>,
}

/// What is worked out when an operation is first asked for: a document may hold many that nobody runs.
#[derive(Debug, Default)]
struct Prepared {
    normalised: OnceLock<Normalised>,
    formula: OnceLock<Formula>,
    is_valid: AtomicBool,
    is_lookup: OnceLock<bool>,
}

impl Document {
    /// From what the guard let through, to be priced by `table`.
    pub fn new(checked: &Checked, table: Arc<CostTable>) -> Self {
        let parsed = checked.parsed().clone();
        let prepared = parsed.operations.iter().map(|(name, _)| (name.cloned(), Prepared::default())).collect();
        Self { hash: *checked.hash(), parsed, table, prepared }
    }

    /// SHA-256 of the text as sent.
    pub fn hash(&self) -> &[u8; 32] {
        &self.hash
    }

    /// The parsed document.
    pub fn parsed(&self) -> &ExecutableDocument {
        &self.parsed
    }

    /// The operation that a request means: the named one, or the only one.
    ///
    /// # Errors
    /// `NoSuchName` or `NameRequired`.
    pub fn operation(self: &Arc<Self>, name: Option<&str>) -> Result<Operation, UnknownOperation> {
        let name = match (name, &self.parsed.operations) {
            (None, DocumentOperations::Single(_)) => None,
            (None, DocumentOperations::Multiple(operations)) => {
                let mut names = operations.keys();
                match (names.next(), names.next()) {
                    (Some(only), None) => Some(only.clone()),
                    _ => return Err(UnknownOperation::NameRequired),
                }
            }
            (Some(name), DocumentOperations::Multiple(operations)) => {
                let (name, _) = operations.get_key_value(name).ok_or(UnknownOperation::NoSuchName)?;
                Some(name.clone())
            }
            (Some(_), DocumentOperations::Single(_)) => return Err(UnknownOperation::NoSuchName),
        };
        let kind = match self.find(name.as_ref()).ok_or(UnknownOperation::NoSuchName)?.ty {
            OperationType::Query => OperationKind::Query,
            OperationType::Mutation => OperationKind::Mutation,
            OperationType::Subscription => OperationKind::Subscription,
        };
        Ok(Operation { document: self.clone(), name, kind })
    }

    fn collect_fields(&self, selections: &SelectionSet, fields: &mut Vec<String>) {
        for selection in &selections.items {
            match &selection.node {
                Selection::Field(field) => fields.push(field.node.name.node.to_string()),
                Selection::InlineFragment(fragment) => self.collect_fields(&fragment.node.selection_set.node, fields),
                Selection::FragmentSpread(spread) => {
                    if let Some(fragment) = self.parsed.fragments.get(&spread.node.fragment_name.node) {
                        self.collect_fields(&fragment.node.selection_set.node, fields);
                    }
                }
            }
        }
    }

    fn find(&self, name: Option<&Name>) -> Option<&OperationDefinition> {
        let mut operations = self.parsed.operations.iter();
        operations.find(|(given, _)| *given == name).map(|(_, operation)| &operation.node)
    }
}

/// One operation of a document.
#[derive(Clone, Debug)]
pub struct Operation {
    document: Arc<Document>,
    name: Option<Name>,
    kind: OperationKind,
}

impl Operation {
    /// What it does.
    pub fn kind(&self) -> OperationKind {
        self.kind
    }

    /// The name the client gave it. Chosen by the client: not for logs or the ledger.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// The document it belongs to.
    pub fn document(&self) -> &Arc<Document> {
        &self.document
    }

    /// The names of its root fields, those of fragments included. The guard has seen that no fragment spreads itself.
    pub fn root_fields(&self) -> Vec<String> {
        let mut fields = Vec::new();
        self.document.collect_fields(&self.definition().selection_set.node, &mut fields);
        fields
    }

    /// Its text without values, and the hash of that: what the ledger records once validation has passed.
    pub fn normalised(&self) -> &Normalised {
        let document = &self.document;
        let normalise = || Normalised::new(&document.parsed, self.definition());
        self.prepared().normalised.get_or_init(normalise)
    }

    /// Its arguments with the values of this request.
    pub fn arguments(&self, variables: &Variables) -> Vec<Argument> {
        self.normalised().arguments(variables)
    }

    /// The same as one object: placeholder → value.
    pub fn variables_committed(&self, variables: &Variables) -> serde_json::Value {
        let arguments = self.arguments(variables).into_iter();
        serde_json::Value::Object(arguments.map(|argument| (argument.placeholder, argument.value)).collect())
    }

    /// Its price under these variables.
    pub fn price(&self, variables: &Variables) -> Price {
        let document = &self.document;
        let compile = || Formula::compile(&document.parsed, self.definition(), &document.table);
        self.prepared().formula.get_or_init(compile).price(variables)
    }

    /// Whether it only reads subjects by their codes and numbers.
    pub fn is_lookup(&self) -> bool {
        *self.prepared().is_lookup.get_or_init(|| {
            let fields = self.root_fields();
            self.kind == OperationKind::Query && fields.iter().all(|field| LOOKUPS.contains(&field.as_str()))
        })
    }

    /// Whether validation would pass again: it did once, under the schema this document was cached for, and nothing
    /// in these variables can change that. Their values are all that validation has not seen, and only scalars whose
    /// validity is a matter of the JSON type are let through; the resolvers parse them in any case.
    pub fn is_known_valid(&self, variables: &Variables) -> bool {
        self.prepared().is_valid.load(Ordering::Relaxed)
            && self.definition().variable_definitions.iter().all(|declared| {
                let BaseType::Named(name) = &declared.node.var_type.node.base else { return false };
                match (name.as_str(), variables.get(&declared.node.name.node)) {
                    ("String" | "ID" | "Uscc" | "CitizenNumber" | "Date" | "DateTime", Some(Value::String(_))) => true,
                    ("Int", Some(Value::Number(number))) => {
                        number.as_i64().is_some_and(|number| i32::try_from(number).is_ok())
                    }
                    _ => false,
                }
            })
    }

    /// Remembers that the operation passed validation.
    pub fn found_valid(&self) {
        self.prepared().is_valid.store(true, Ordering::Relaxed);
    }

    /// The request for the library: the parsed document, never the text.
    pub fn into_request(self, variables: Variables) -> Request {
        let mut request = Request::new(String::new()).variables(variables);
        if let Some(name) = &self.name {
            request = request.operation_name(name.as_str());
        }
        request.set_parsed_query(ExecutableDocument::clone(&self.document.parsed));
        request
    }

    #[expect(clippy::expect_used, reason = "an `Operation` is made only for one that its document holds")]
    fn definition(&self) -> &OperationDefinition {
        self.document.find(self.name.as_ref()).expect("the document holds its operation")
    }

    #[expect(clippy::expect_used, reason = "a document prepares a place for each of its operations")]
    fn prepared(&self) -> &Prepared {
        self.document.prepared.get(&self.name).expect("the document prepared a place for its operation")
    }
}
