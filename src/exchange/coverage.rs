//! Must-check coverage (应查必查): of the decisions that a department recorded, for how many does a check of that subject
//! under that case stand in the ledger before the decision.
//!
//! A decision has a day and no hour, so a check of the same day counts. A check is any answered query or credit check
//! of the department, under one of the rule's purposes, whose case is the decision's.

use std::collections::BTreeMap;

use super::audit::{self, Entry, EntryKind, EntryQuery};
use super::fault::Fault;
use super::import::index_form;
use super::inquiry::Inquiry;
use super::record::{self, RecordView, Selection};
use crate::access::must_check::MustCheckRule;
use crate::catalogue::Item;
use crate::domain::{Date, DepartmentId, Instant, Role};
use crate::ledger::Decision;
use crate::store;
use crate::store::record::{Position, Record, Rows};

/// How many decisions one question looks at.
pub const DECISIONS_MAX: usize = 5_000;
/// How many missing checks are named.
pub const NAMED_MAX: usize = 100;
/// How many entries about one subject are looked at for one decision.
const ENTRIES_MAX: usize = 1_000;
const PAGE: u32 = 100;
const RECORDS: i64 = 500;

/// The coverage of one period.
#[derive(Debug, Default)]
pub struct Coverage {
    /// By month of decision, such as `2026-11`.
    pub months: BTreeMap<String, Counts>,
    /// The decisions without a check, newest first, `NAMED_MAX` at most.
    pub missing: Vec<Missing>,
}

/// How many decisions there were, and what was found of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// All.
    pub decisions: u32,
    /// With a check before them.
    pub checked: u32,
    /// Without one.
    pub missing: u32,
    /// Undecidable: there are queries about the subject, and their bodies, with the case, are gone by redaction or age.
    pub withheld: u32,
}

impl Counts {
    /// The part of the decidable ones that was checked, 0 to 1; `None` when there were none.
    pub fn rate(&self) -> Option<f64> {
        let decidable = self.checked + self.missing;
        (decidable > 0).then(|| f64::from(self.checked) / f64::from(decidable))
    }

    fn add(&mut self, other: Self) {
        self.decisions += other.decisions;
        self.checked += other.checked;
        self.missing += other.missing;
        self.withheld += other.withheld;
    }
}

/// A decision without a check.
#[derive(Debug)]
pub struct Missing {
    /// The item.
    pub item: std::sync::Arc<Item>,
    /// The day of the decision.
    pub decided_on: Date,
    /// The record, as the caller may see it.
    pub record: Option<std::sync::Arc<RecordView>>,
}

impl Coverage {
    /// The sum over the months.
    pub fn total(&self) -> Counts {
        let mut total = Counts::default();
        self.months.values().for_each(|&counts| total.add(counts));
        total
    }
}

/// What was found of one decision.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Found {
    Check,
    Nothing,
    Withheld,
}

/// The coverage of a department between two days, both included: for the department itself, the coordinator, auditors.
pub fn of(inquiry: &Inquiry, department: &DepartmentId, (from, to): (Date, Date)) -> Result<Coverage, Fault> {
    let claims = inquiry.caller().claims();
    match claims.role {
        Role::Coordinator | Role::Auditor => {}
        Role::Department if claims.department.as_ref() == Some(department) => {}
        _ => return Err(Fault::Forbidden),
    }
    if from > to {
        return Err(Fault::BadInput("`from` lies after `to`".into()));
    }
    let gateway = inquiry.gateway();
    if gateway.departments.by_id(department).is_none() {
        return Err(Fault::BadInput("`department` is the id of a partner department, such as `AMR`".into()));
    }
    let mut coverage = Coverage::default();
    let mut left = DECISIONS_MAX;
    for rule in gateway.must_check.rules() {
        let Some(item) = gateway.catalogue.item(&rule.item) else { continue };
        let selection = Selection {
            item: Some(rule.item.clone()),
            provider: Some(department.clone()),
            decided_from: Some(from),
            decided_to: Some(to),
            ..Selection::default()
        };
        let mut after = None;
        while let Some(chunk) = decisions(inquiry, &selection, after.as_ref())? {
            after = chunk.last().map(Record::position);
            left = left.checked_sub(chunk.len()).ok_or_else(|| {
                Fault::BadInput(format!("there are more than {DECISIONS_MAX} decisions: ask for a shorter time"))
            })?;
            for decision in &chunk {
                let found = look(inquiry, rule, department, decision)?;
                enter(inquiry, &mut coverage, (item, decision), found)?;
            }
        }
    }
    coverage.missing.sort_by_key(|missing| std::cmp::Reverse(missing.decided_on));
    Ok(coverage)
}

/// The next decisions, whatever their window: they are counted, and shown through the permit alone.
fn decisions(inquiry: &Inquiry, selection: &Selection, after: Option<&Position>) -> Result<Option<Vec<Record>>, Fault> {
    let chunk = inquiry
        .gateway()
        .registry
        .read(|connection| store::record::page(connection, selection, &Rows::All, after, RECORDS))?;
    inquiry.tally(|tally| tally.cost = tally.cost.saturating_add(chunk.len() as u64));
    Ok(Some(chunk).filter(|chunk| !chunk.is_empty()))
}

fn enter(
    inquiry: &Inquiry,
    coverage: &mut Coverage,
    (item, decision): (&std::sync::Arc<Item>, &Record),
    found: Found,
) -> Result<(), Fault> {
    let Some(decided_on) = decision.decided_on else { return Ok(()) };
    let month = format!("{:04}-{:02}", decided_on.year(), decided_on.month());
    let counts = coverage.months.entry(month).or_default();
    counts.decisions += 1;
    match found {
        Found::Check => counts.checked += 1,
        Found::Withheld => counts.withheld += 1,
        Found::Nothing => {
            counts.missing += 1;
            if coverage.missing.len() < NAMED_MAX {
                let record = record::by_id(inquiry, decision.id)?;
                coverage.missing.push(Missing { item: std::sync::Arc::clone(item), decided_on, record });
            }
        }
    }
    Ok(())
}

/// Looks for a check before the end of the decision's day.
fn look(inquiry: &Inquiry, rule: &MustCheckRule, department: &DepartmentId, decision: &Record) -> Result<Found, Fault> {
    let Some(decided_on) = decision.decided_on else { return Ok(Found::Nothing) };
    let cases = cases(rule, decision)?;
    let query = EntryQuery {
        consumer: Some(department.as_str().to_owned()),
        to: Some(Instant::end_of(decided_on)),
        ..EntryQuery::default()
    };
    let names = inquiry.gateway().names_in_ledger(decision.subject)?;
    let (mut below, mut seen, mut found) = (None, 0, Found::Nothing);
    loop {
        let entries = audit::about_any(inquiry, &query, &names, below, PAGE)?;
        for entry in entries.iter().filter(|entry| counts(rule, entry)) {
            match audit::case(inquiry, entry)? {
                Some(case) if cases.contains(&index_form(&case)) => return Ok(Found::Check),
                None if audit::is_withheld(inquiry, entry)? => found = Found::Withheld,
                Some(_) | None => {}
            }
        }
        seen += entries.len();
        below = entries.last().map(|entry| entry.index);
        if entries.len() < usize::try_from(PAGE).unwrap_or(usize::MAX) || seen >= ENTRIES_MAX {
            return Ok(found);
        }
    }
}

/// Whether an entry can be a check under the rule.
fn counts(rule: &MustCheckRule, entry: &Entry) -> bool {
    let leaf = &entry.leaf;
    let is_answered = matches!(leaf.kind, EntryKind::Query | EntryKind::Check) && leaf.decision != Decision::Refused;
    is_answered && rule.purposes.iter().any(|purpose| leaf.purpose.as_deref() == Some(purpose.as_str()))
}

/// The case numbers that a decision may have been prepared under.
fn cases(rule: &MustCheckRule, decision: &Record) -> Result<Vec<String>, Fault> {
    let plain: serde_json::Map<String, serde_json::Value> = serde_json::from_str(&decision.plain)
        .map_err(|_| Fault::Corrupt(format!("records.plain of {}", decision.id)))?;
    let values = rule.case.iter().filter_map(|field| plain.get(field)?.as_str());
    Ok(values.map(index_form).filter(|case| !case.is_empty()).collect())
}
