//! Findings (异常查询): what in the register deserves a look, worked out from the ledger when somebody asks.
//!
//! Deliberately absent: any conclusion, and any table of findings. The entries are the evidence; the same rules over the
//! same entries find the same again.

mod detect;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

use jiff::ToSpan;

use super::fault::Fault;
use super::gateway::Gateway;
use super::inquiry::Inquiry;
use super::{import, review};
use crate::access::findings::{FindingKind, FindingRule, Relative};
use crate::access::must_check::MustCheckRule;
use crate::domain::identifier::IdentifierKind;
use crate::domain::{Date, DepartmentId, Instant, Role};
use crate::ledger::commitment::Opening;
use crate::ledger::leaf::Leaf;
use crate::ledger::{Entry, EntryKind};
use crate::store;
use crate::store::record::{Rows, Selection};

/// The longest time that is judged at once, in days.
pub const DAYS_MAX: i32 = 31;
/// How many queries are looked at.
pub const QUERIES_MAX: usize = 100_000;
/// How many entries a finding names.
pub const NAMED_MAX: usize = 100;

/// Something that deserves a look.
#[derive(Clone, Debug)]
pub struct Finding {
    /// The rule.
    pub rule: FindingRule,
    /// Who asked: the `sub` of the tokens.
    pub actor: String,
    /// For which department.
    pub department: String,
    /// When the first and the last of the entries were made.
    pub time: (Instant, Instant),
    /// How many entries.
    pub count: u32,
    /// The first of them, `NAMED_MAX` at most.
    pub entries: Vec<u64>,
}

/// A query, as far as findings look at it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Seen {
    index: u64,
    micros: i64,
    /// One of many declared at once, each with its case.
    is_check: bool,
    operation: String,
    arguments: String,
    rows: u64,
    subjects: Vec<String>,
    case: String,
    purpose: String,
}

impl Seen {
    fn day(&self) -> Date {
        Instant::from_micros(self.micros).date_in_shanghai()
    }
}

/// The queries of one person for one department, oldest first.
type ByActor = BTreeMap<(String, String), Vec<Seen>>;

/// Judges the queries of a period, both days included: for auditors, and supervisors of the department.
pub fn of(
    inquiry: &Inquiry,
    department: Option<&DepartmentId>,
    (from, to): (Date, Date),
) -> Result<Vec<Finding>, Fault> {
    let consumer = review::whose(inquiry, department)?;
    if from > to || from.saturating_add(DAYS_MAX.days()) <= to {
        return Err(Fault::BadInput(format!("`from` to `to` is 1 to {DAYS_MAX} days")));
    }
    let gateway = inquiry.gateway();
    let before = from.saturating_sub(i64::from(gateway.findings.days_before()).days());
    let seen = read(inquiry, consumer.as_deref(), (Instant::start_of(before), Instant::end_of(to)))?;
    let related = related(gateway)?;
    let mut findings = Vec::new();
    for rule in gateway.findings.rules() {
        for ((department, actor), queries) in &seen {
            let marked = match rule.kind {
                FindingKind::SameSubject { queries: many, days } => detect::same_subject(queries, many, days),
                FindingKind::Enumeration { different, minutes } => {
                    vec![detect::enumeration(queries, different, minutes)]
                }
                FindingKind::Bulk { rows_min, factor, baseline_days } => {
                    vec![detect::bulk(queries, u64::from(rows_min), u64::from(factor), baseline_days)]
                }
                FindingKind::OffHours { from, to, queries: many } => {
                    vec![detect::off_hours(queries, (from, to), many, &gateway.rules.calendar)]
                }
                FindingKind::Related => vec![detect::related(queries, related.get(actor))],
                FindingKind::NoDecision { days } => vec![no_decision(inquiry, department, queries, days)?],
            };
            for marked in marked {
                let in_time = |query: &&Seen| (from..=to).contains(&query.day()) && marked.contains(&query.index);
                let found: Vec<&Seen> = queries.iter().filter(in_time).collect();
                findings.extend(finding(rule, (department, actor), &found));
            }
        }
    }
    Ok(findings)
}

/// What was found of one person's queries, if anything.
fn finding(rule: &FindingRule, (department, actor): (&str, &str), found: &[&Seen]) -> Option<Finding> {
    let (first, last) = (found.first()?, found.last()?);
    Some(Finding {
        rule: rule.clone(),
        actor: actor.to_owned(),
        department: department.to_owned(),
        time: (Instant::from_micros(first.micros), Instant::from_micros(last.micros)),
        count: u32::try_from(found.len()).unwrap_or(u32::MAX),
        entries: found.iter().take(NAMED_MAX).map(|query| query.index).collect(),
    })
}

/// The queries of officers between two instants, by person.
fn read(inquiry: &Inquiry, consumer: Option<&str>, time: (Instant, Instant)) -> Result<ByActor, Fault> {
    let is_wanted = |leaf: &Leaf| {
        let is_officer =
            [Role::Department, Role::Coordinator].iter().any(|role| leaf.role.as_deref() == Some(role.name()));
        let is_theirs = consumer.is_none_or(|consumer| leaf.consumer.as_deref() == Some(consumer));
        is_officer && is_theirs && matches!(leaf.kind, EntryKind::Query | EntryKind::Check)
    };
    let (mut seen, mut count) = (ByActor::new(), 0);
    let ledger = &inquiry.gateway().ledger;
    ledger.walk(time, is_wanted, |entry, body| {
        count += 1;
        // Without its body nobody can tell who asked; what is gone by redaction or age is judged no more.
        if let Some(body) = body {
            let (whom, query) = told(&entry, body);
            seen.entry(whom).or_default().push(query);
        }
        if count > QUERIES_MAX { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })?;
    inquiry.tally(|tally| tally.cost = tally.cost.saturating_add(count as u64 / 10));
    if count > QUERIES_MAX {
        return Err(Fault::BadInput(format!(
            "there are more than {QUERIES_MAX} queries: ask for a shorter time or one department"
        )));
    }
    for queries in seen.values_mut() {
        queries.sort_by_key(|query| (query.micros, query.index));
    }
    Ok(seen)
}

fn told(entry: &Entry, body: Vec<Opening>) -> ((String, String), Seen) {
    let leaf = &entry.leaf;
    let mut actor = String::new();
    let mut query = Seen {
        index: entry.index,
        micros: leaf.time_micros,
        is_check: leaf.kind == EntryKind::Check,
        operation: leaf.operation.clone().unwrap_or_default(),
        rows: leaf.rows,
        purpose: leaf.purpose.clone().unwrap_or_default(),
        ..Seen::default()
    };
    for opening in body {
        match opening.name.as_str() {
            "actor" => actor = opening.value,
            "vars" => query.arguments = opening.value,
            "case" => query.case = opening.value,
            "subject" => query.subjects.push(opening.value),
            _ => {}
        }
    }
    ((leaf.consumer.clone().unwrap_or_default(), actor), query)
}

/// Whom each actor has declared, by every name that the ledger may call them.
fn related(gateway: &Gateway) -> Result<BTreeMap<String, BTreeSet<String>>, Fault> {
    let mut related: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (actor, relatives) in gateway.findings.related() {
        let names = related.entry(actor.clone()).or_default();
        for relative in relatives {
            let id = match relative {
                Relative::Person(id) => Some(*id),
                Relative::Uscc(code) => {
                    names.insert(hex::encode(gateway.identifier_index(IdentifierKind::Uscc, code)));
                    let kind = IdentifierKind::Uscc;
                    let find = |connection: &mut _| store::subject::find_by_identifier(connection, kind, code);
                    gateway.registry.read(find)?.map(|subject| subject.id)
                }
            };
            if let Some(id) = id {
                names.extend(gateway.names_in_ledger(id)?.iter().map(hex::encode));
            }
        }
    }
    Ok(related)
}

/// The queries for cases that no decision of the department has followed within `days`, once they are over.
fn no_decision(inquiry: &Inquiry, department: &str, queries: &[Seen], days: u32) -> Result<BTreeSet<u64>, Fault> {
    let Some(department) = DepartmentId::parse(department) else { return Ok(BTreeSet::new()) };
    let mut marked = BTreeSet::new();
    let mut known: BTreeMap<&str, bool> = BTreeMap::new();
    for query in queries.iter().filter(|query| !query.case.is_empty()) {
        let rules = inquiry.gateway().must_check.rules().iter();
        let rules: Vec<&MustCheckRule> =
            rules.filter(|rule| rule.purposes.iter().any(|purpose| purpose.as_str() == query.purpose)).collect();
        let until = query.day().saturating_add(i64::from(days).days());
        if rules.is_empty() || until >= inquiry.today() {
            continue;
        }
        let is_decided = match known.get(query.case.as_str()) {
            Some(is_decided) => *is_decided,
            None => is_decided(inquiry, &rules, &department, query)?,
        };
        known.insert(&query.case, is_decided);
        if !is_decided {
            marked.insert(query.index);
        }
    }
    Ok(marked)
}

fn is_decided(
    inquiry: &Inquiry,
    rules: &[&MustCheckRule],
    department: &DepartmentId,
    query: &Seen,
) -> Result<bool, Fault> {
    for rule in rules {
        for field in &rule.case {
            let selection = Selection {
                item: Some(rule.item.clone()),
                provider: Some(department.clone()),
                decided_from: Some(query.day()),
                indexed: vec![(field.clone(), import::index_form(&query.case))],
                ..Selection::default()
            };
            let find = |connection: &mut _| store::record::page(connection, &selection, &Rows::All, None, 1);
            if !inquiry.gateway().registry.read(find)?.is_empty() {
                return Ok(true);
            }
        }
    }
    Ok(false)
}
