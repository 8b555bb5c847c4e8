//! How large a document may be before anything of the library sees it.
//!
//! Deliberately absent: which role gets which numbers. That is admission's data.

use serde::{Deserialize, Serialize};

/// The longest name in bytes. The library reads `[nullnullnull]` as three values where the language has one
/// name, so the length of a name bounds how far its reading can outgrow our count.
pub const NAME_BYTES: usize = 128;

/// How many selection sets may lie within each other once fragments are spread, whatever the role. The library's
/// own recursion (`limit_recursive_depth`) has to allow as many.
pub const HEIGHT: usize = 60;

/// How many lists and objects may lie within each other, whatever the role. The library's parser recurses on them
/// on the 2 MiB stack of a worker, and somewhat over a thousand would abort the process.
pub const VALUE_NESTING: usize = 64;

/// The largest sensible limit on bytes: the library reads 256 KiB of comment lines in about 35 ms.
pub const BYTES: usize = 262_144;

/// The largest sensible limit on tokens: the library parses 20,000 in about 20 ms.
pub const TOKENS: usize = 20_000;

/// How many fields may lie within each other below `__schema` and `__type`: the published introspection query
/// of graphql-js needs 14.
pub const INTROSPECTION_DEPTH: usize = 20;

/// How many list fields of the introspection schema may lie within each other: `types`, `fields`, `args`.
pub const INTROSPECTION_LISTS: usize = 3;

/// How many nodes the selections below all `__schema` and `__type` of a document may have once fragments are spread:
/// the published introspection query has about 400.
pub const INTROSPECTION_SIZE: u64 = 1_500;

/// What a document and its variables may measure. Two equal sets of limits share cached documents.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DocumentLimits {
    /// Bytes of the document's text.
    pub bytes: usize,
    /// Lexical tokens, comments and commas left out (GraphQL, 2.1.6).
    pub tokens: usize,
    /// Fields within fields once fragments are spread; the subtrees of `__schema` and `__type` have caps of their own.
    pub selection_nesting: usize,
    /// Lists, objects and list types within each other in one value or type.
    pub value_nesting: usize,
    /// Aliases as written.
    pub aliases: usize,
    /// Root fields of an operation once fragments are spread.
    pub root_fields: usize,
    /// Selections, directives and argument values of all operations once fragments are spread; the subtrees of
    /// `__schema` and `__type` have a cap of their own.
    pub expanded_size: usize,
    /// Directives as written.
    pub directives: usize,
    /// Fragment definitions.
    pub fragments: usize,
    /// Bytes of the variables as JSON.
    pub variables_bytes: usize,
    /// Arrays and objects within each other in the variables, the outermost object included.
    pub variables_depth: usize,
    /// Bytes of one string literal between its quotes.
    pub string_literal_bytes: usize,
}

impl DocumentLimits {
    /// The first limit that is set beyond its ceiling, with the ceiling. Settings are refused for it at start: past the
    /// ceilings on bytes and tokens a refusal may cost more than 50 ms. The ceilings on nesting hold in any case.
    pub fn beyond_ceiling(&self) -> Option<(Limit, usize)> {
        let ceilings = [
            (self.bytes, Limit::Bytes, BYTES),
            (self.tokens, Limit::Tokens, TOKENS),
            (self.selection_nesting, Limit::SelectionNesting, HEIGHT),
            (self.value_nesting, Limit::ValueNesting, VALUE_NESTING),
        ];
        let beyond = ceilings.into_iter().find(|(set, _, ceiling)| set > ceiling);
        beyond.map(|(_, limit, ceiling)| (limit, ceiling))
    }

    /// How deep values may lie.
    pub(super) fn value_brackets(&self) -> usize {
        self.value_nesting.min(VALUE_NESTING)
    }

    /// How deep braces of selections may lie as written. Inline fragments take braces and no depth, and the
    /// introspection query is exempt from the role's depth, so this is wider than `selection_nesting`.
    pub(super) fn braces(&self) -> usize {
        self.selection_nesting.saturating_mul(2).clamp(24, HEIGHT)
    }
}

impl Default for DocumentLimits {
    /// Numbers that fit a hand-written query of a known caller and the published introspection query.
    fn default() -> Self {
        Self {
            bytes: 65_536,
            tokens: 4_000,
            selection_nesting: 12,
            value_nesting: 8,
            aliases: 30,
            root_fields: 20,
            expanded_size: 4_000,
            directives: 50,
            fragments: 50,
            variables_bytes: 262_144,
            variables_depth: 12,
            string_literal_bytes: 4_096,
        }
    }
}

/// What a document had too much of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Limit {
    /// Bytes of text.
    Bytes,
    /// Tokens.
    Tokens,
    /// Bytes of one name.
    NameBytes,
    /// Bytes of one string literal.
    StringLiteralBytes,
    /// Nesting of selections.
    SelectionNesting,
    /// Nesting of values or types.
    ValueNesting,
    /// Aliases.
    Aliases,
    /// Directives.
    Directives,
    /// Fragment definitions.
    Fragments,
    /// Root fields of an operation.
    RootFields,
    /// Size once fragments are spread.
    ExpandedSize,
    /// Depth, nested lists or size below `__schema` or `__type`.
    Introspection,
    /// Bytes of the variables.
    VariablesBytes,
    /// Nesting of the variables.
    VariablesDepth,
}

impl Limit {
    /// Its name, as in the settings.
    pub fn name(self) -> &'static str {
        self.into()
    }
}
