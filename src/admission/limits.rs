//! The limits of each role, as `policies/limits.toml` says them. Every role must be there; every fault is reported.

use std::fmt;
use std::path::Path;

use strum::IntoEnumIterator;
use toml::de::DeTable;

use super::limits_reader::{Reader, Section};
use crate::domain::Role;

/// The limits that ship with the gateway.
const SHIPPED: &str = include_str!("../../policies/limits.toml");

/// A bucket: how fast it fills, how much it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// Units per minute.
    pub per_minute: u32,
    /// Units that may be used at once.
    pub burst: u32,
}

/// What the guard accepts of a document, before anything parses it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DocumentLimits {
    /// Bytes of the document.
    pub bytes: u32,
    /// Lexical tokens.
    pub tokens: u32,
    /// Nesting of fields.
    pub depth: u32,
    /// Aliases.
    pub aliases: u32,
    /// Fields of the operation's root, fragments included.
    pub root_fields: u32,
    /// Fields after every fragment is written out.
    pub expanded_fields: u32,
    /// Directives.
    pub directives: u32,
    /// Bytes of the variables' JSON.
    pub variables_bytes: u32,
}

/// What a role may ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RoleLimits {
    /// Requests.
    pub requests: Rate,
    /// The price of queries.
    pub cost: Rate,
    /// The dearest single query; at most `cost.burst`.
    pub query_cost: u32,
    /// The largest `first`.
    pub page_size: u32,
    /// The document.
    pub document: DocumentLimits,
}

/// How large the stores are. Fixed at start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemoryLimits {
    /// Buckets that addresses share before authentication.
    pub address_slots: u32,
    /// Buckets that anonymous callers share.
    pub anonymous_slots: u32,
    /// Known clients of a role with a bucket of their own.
    pub clients_per_role: u32,
    /// Buckets that the known clients beyond share.
    pub overflow_slots: u32,
    /// Windows of folded refusals held at once.
    pub folded_windows: u32,
}

/// Every limit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The rate of an address before authentication.
    pub address: Rate,
    /// The rate of tip-offs of a network.
    pub tipoff: Rate,
    /// The size of the stores.
    pub memory: MemoryLimits,
    roles: [RoleLimits; ROLES],
}

const ROLES: usize = 8;

/// One fault in a file of limits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LimitsFault {
    /// The line, from 1; 0 for the file as a whole.
    pub line: usize,
    /// What is wrong.
    pub reason: String,
}

/// Every fault in a file of limits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LimitsFaults {
    /// The file.
    pub file: String,
    /// The faults, by line.
    pub faults: Vec<LimitsFault>,
}

impl fmt::Display for LimitsFaults {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, fault) in self.faults.iter().enumerate() {
            let separator = if index == 0 { "" } else { "\n" };
            write!(formatter, "{separator}{}:{}: {}", self.file, fault.line, fault.reason)?;
        }
        Ok(())
    }
}

impl std::error::Error for LimitsFaults {}

impl Limits {
    /// The limits that ship with the gateway.
    pub fn shipped() -> Result<Self, LimitsFaults> {
        Self::parse(SHIPPED, "policies/limits.toml")
    }

    /// Reads a file of limits.
    pub fn load(path: &Path) -> Result<Self, LimitsFaults> {
        let file = path.display().to_string();
        match std::fs::read_to_string(path) {
            Ok(text) => Self::parse(&text, &file),
            Err(error) => Err(LimitsFaults { file, faults: vec![LimitsFault { line: 0, reason: error.to_string() }] }),
        }
    }

    /// Reads the text of a file of limits; `file` is its name for the faults.
    pub fn parse(text: &str, file: &str) -> Result<Self, LimitsFaults> {
        let refused = |mut faults: Vec<LimitsFault>| {
            faults.sort_by_key(|fault| fault.line);
            LimitsFaults { file: file.to_owned(), faults }
        };
        let table = DeTable::parse(text).map_err(|error| {
            let offset = error.span().map_or(0, |span| span.start);
            let line = text.get(..offset).unwrap_or(text).matches('\n').count() + 1;
            refused(vec![LimitsFault { line, reason: error.message().to_owned() }])
        })?;
        let mut reader = Reader::new(text);
        let limits = read(&mut reader, Section::root(table.get_ref()));
        match limits {
            Some(limits) if reader.faults.is_empty() => Ok(limits),
            _ => Err(refused(reader.faults)),
        }
    }

    /// The limits of a role.
    #[expect(clippy::indexing_slicing, reason = "the array has one place per role, in the order of the enum")]
    pub fn role(&self, role: Role) -> &RoleLimits {
        &self.roles[role as usize]
    }

    /// The limits of a role, to be changed by what measures or tests.
    #[expect(clippy::indexing_slicing, reason = "the array has one place per role, in the order of the enum")]
    pub fn role_mut(&mut self, role: Role) -> &mut RoleLimits {
        &mut self.roles[role as usize]
    }
}

fn read<'t>(reader: &mut Reader<'t>, root: Section<'t>) -> Option<Limits> {
    reader.refuse_others(root, &["address", "tipoff", "memory", "role"]);
    let [address, tipoff] = ["address", "tipoff"].map(|name| {
        reader.section(root, name).map(|section| {
            reader.refuse_others(section, &["requests_per_minute", "burst"]);
            read_rate(reader, section, ["requests_per_minute", "burst"])
        })
    });
    let memory = reader.section(root, "memory").map(|section| read_memory(reader, section));
    let by_role = reader.section(root, "role")?;
    let names: Vec<&'static str> = Role::iter().map(Role::name).collect();
    reader.refuse_others(by_role, &names);
    let mut roles = Vec::with_capacity(ROLES);
    for name in names {
        let section = reader.section(by_role, name);
        roles.extend(section.map(|section| read_role(reader, section)));
    }
    let Ok(roles) = <[RoleLimits; ROLES]>::try_from(roles) else { return None };
    Some(Limits { address: address?, tipoff: tipoff?, memory: memory?, roles })
}

fn read_memory<'t>(reader: &mut Reader<'t>, section: Section<'t>) -> MemoryLimits {
    let keys = ["address_slots", "anonymous_slots", "clients_per_role", "overflow_slots", "folded_windows"];
    reader.refuse_others(section, &keys);
    let [address_slots, anonymous_slots, clients_per_role, overflow_slots, folded_windows] =
        keys.map(|key| reader.number(section, key, 1..=1 << 20));
    MemoryLimits { address_slots, anonymous_slots, clients_per_role, overflow_slots, folded_windows }
}

fn read_rate<'t>(reader: &mut Reader<'t>, section: Section<'t>, keys: [&str; 2]) -> Rate {
    let [per_minute, burst] = keys.map(|key| reader.number(section, key, 1..=100_000_000));
    Rate { per_minute, burst }
}

fn read_role<'t>(reader: &mut Reader<'t>, section: Section<'t>) -> RoleLimits {
    let known =
        ["requests_per_minute", "burst", "cost_per_minute", "cost_burst", "query_cost", "page_size", "document"];
    reader.refuse_others(section, &known);
    let requests = read_rate(reader, section, ["requests_per_minute", "burst"]);
    let cost = read_rate(reader, section, ["cost_per_minute", "cost_burst"]);
    let query_cost = reader.number(section, "query_cost", 1..=100_000_000);
    if query_cost > cost.burst {
        let reason =
            format!("`query_cost` of `{}` is more than `cost_burst`: such a query could never run", section.name);
        reader.fault_in(section, reason);
    }
    let page_size = reader.number(section, "page_size", 1..=100);
    let document = reader.section(section, "document").map(|section| read_document(reader, section));
    // A missing table is a fault already: nobody sees the stand-in.
    let document = document.unwrap_or(DocumentLimits {
        bytes: 0,
        tokens: 0,
        depth: 0,
        aliases: 0,
        root_fields: 0,
        expanded_fields: 0,
        directives: 0,
        variables_bytes: 0,
    });
    RoleLimits { requests, cost, query_cost, page_size, document }
}

fn read_document<'t>(reader: &mut Reader<'t>, section: Section<'t>) -> DocumentLimits {
    let keys =
        ["bytes", "tokens", "depth", "aliases", "root_fields", "expanded_fields", "directives", "variables_bytes"];
    reader.refuse_others(section, &keys);
    let [bytes, tokens, depth, aliases, root_fields, expanded_fields, directives, variables_bytes] =
        keys.map(|key| reader.number(section, key, 0..=1 << 20));
    DocumentLimits { bytes, tokens, depth, aliases, root_fields, expanded_fields, directives, variables_bytes }
}
