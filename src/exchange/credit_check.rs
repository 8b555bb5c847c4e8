//! Credit checks (信用核查) of many subjects at once, each for its own case: the lists that they stand on, the measures that bind the
//! department, and a receipt for each that a department keeps as proof that it did check (应查必查).
//!
//! INVARIANT: every check is an entry of its own, durable before the answer is made: one subject, one case.

use serde_json::json;

use super::authorization::InputProblem;
use super::fault::Fault;
use super::inquiry::{Inquiry, Intent, NotOpened};
use super::joint_action::AssignmentView;
use super::joint_action::list::binding;
use super::node_id::NodeRef;
use super::record::{self, HeadValue, RecordView, Selection};
use super::register::{self, Asked, EntryKind, NewEntry, Outcome, Receipt};
use super::subject;
use crate::access::HeadField;
use crate::access::purposes::is_case_number;
use crate::catalogue::{Item, ListKind};
use crate::domain::identifier::{CitizenNumber, IdentifierKind, Uscc};
use crate::domain::{Date, DepartmentId, MaskRule, MeasureCode, Role, SubjectId};
use crate::masking;
use crate::store;

/// How many checks one mutation makes at most.
pub const CHECKS_MAX: usize = 500;
/// How many entries of one list are told of one subject.
const HITS_OF_ITEM_MAX: usize = 20;

/// Whom to check.
#[derive(Clone, Debug)]
pub enum Checked {
    /// The body with this code.
    Uscc(Uscc),
    /// The person with this number.
    Person(CitizenNumber),
}

/// A check that is wanted.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// Of whom; `None` when the input names nobody, or two.
    pub whom: Option<Checked>,
    /// For which case.
    pub case: String,
}

/// What a check found.
#[derive(Debug)]
pub struct Check {
    /// Whom: the code, or the number masked.
    pub whom: String,
    /// The case.
    pub case: String,
    /// The subject's opaque id and name, when the caller may know of it.
    pub subject: Option<(String, Option<String>)>,
    /// The entries of lists that the subject stands on, as far as the caller may see them.
    pub hits: Vec<Hit>,
    /// The measures on the subject that the caller's department has taken.
    pub measures: Vec<Binding>,
    /// The receipt of the check's own entry.
    pub receipt: Receipt,
}

/// An entry of a list.
#[derive(Debug)]
pub struct Hit {
    /// The kind of list.
    pub list: ListKind,
    /// The list.
    pub item: std::sync::Arc<Item>,
    /// The opaque id of the record.
    pub record: String,
    /// Who put the subject there: a department, or the name of an unverified unit.
    pub provider: Option<(Option<DepartmentId>, String)>,
    /// When.
    pub decided_on: Option<Date>,
    /// The last day on which it is published.
    pub published_until: Option<Date>,
}

/// A measure that binds the department.
#[derive(Debug)]
pub struct Binding {
    /// The measure.
    pub measure: MeasureCode,
    /// The opaque id of the joint action.
    pub action: String,
    /// The law and article.
    pub legal_basis: String,
    /// Its last day.
    pub ends_on: Date,
}

/// A check that was made and awaits its entry.
struct Made {
    whom: String,
    case: String,
    subject: Option<(String, Option<String>)>,
    hits: Vec<Hit>,
    measures: Vec<Binding>,
    entry: NewEntry,
}

/// Makes the checks. The outer error is a fault, the inner what is wrong with the input; then nothing was checked.
pub fn run(inquiry: &Inquiry, wanted: Vec<Wanted>) -> Result<Result<Vec<Check>, Vec<InputProblem>>, Fault> {
    if !matches!(inquiry.caller().role(), Role::Department | Role::Coordinator) {
        return Err(Fault::Forbidden);
    }
    let Some(intent) = inquiry.intent() else { return Err(Fault::AuditUnavailable) };
    let problems = problems(&wanted);
    if !problems.is_empty() {
        return Ok(Err(problems));
    }
    let made: Vec<Made> = wanted.into_iter().map(|wanted| check(inquiry, intent, wanted)).collect::<Result<_, _>>()?;
    let entries = made.iter().map(|made| made.entry.clone()).collect();
    let receipts = inquiry.gateway().ledger.append_all_blocking(entries).map_err(|_| Fault::AuditUnavailable)?;
    let told = |(made, receipt): (Made, Receipt)| {
        let Made { whom, case, subject, hits, measures, entry: _ } = made;
        Check { whom, case, subject, hits, measures, receipt }
    };
    Ok(Ok(made.into_iter().zip(receipts).map(told).collect()))
}

fn problems(wanted: &[Wanted]) -> Vec<InputProblem> {
    if wanted.is_empty() || wanted.len() > CHECKS_MAX {
        return vec![InputProblem::new(&["checks"], "CHECKS", format!("send 1 to {CHECKS_MAX} checks at once"))];
    }
    let mut problems = Vec::new();
    for (wanted, at) in wanted.iter().zip(0..) {
        let at = at.to_string();
        if wanted.whom.is_none() {
            problems.push(InputProblem::new(&["checks", &at], "SUBJECT", "give either `uscc` or `citizenNumber`"));
        }
        if !is_case_number(&wanted.case) {
            problems.push(InputProblem::new(
                &["checks", &at, "case"],
                "CASE",
                "give the number of the case, 1 to 128 bytes",
            ));
        }
    }
    problems
}

fn check(inquiry: &Inquiry, intent: &Intent, wanted: Wanted) -> Result<Made, Fault> {
    let case = wanted.case.trim().to_owned();
    let own = inquiry.under_case(&case).map_err(|not_opened| match not_opened {
        NotOpened::PurposeNotAllowed => Fault::Forbidden,
        NotOpened::Fault(fault) => fault,
    })?;
    if own.permit().purpose().is_none() {
        return Err(Fault::PurposeRequired);
    }
    let whom = wanted.whom.ok_or(Fault::PurposeRequired)?;
    let (kind, value) = identifier(&own, &whom);
    let found = match &whom {
        Checked::Uscc(uscc) => subject::by_uscc(&own, uscc)?,
        Checked::Person(number) => subject::by_citizen_number(&own, number)?,
    };
    let (mut told, mut hits, mut measures) = (None, Vec::new(), Vec::new());
    if let Some(view) = &found {
        told = Some((own.node_id(NodeRef::Subject(view.id())), view.name(&own)?));
        hits = hits_of(&own, view.id())?;
        measures = binding(&own, view.id())?.iter().map(|taken| bound(&own, taken)).collect();
    }
    let entry = entry(&own, intent, &whom, (kind, &value))?;
    merge(inquiry, &own);
    let whom = match &whom {
        Checked::Uscc(uscc) => uscc.as_str().to_owned(),
        Checked::Person(number) => masking::apply(MaskRule::IdStd, number.expose()),
    };
    Ok(Made { whom, case, subject: told, hits, measures, entry })
}

fn identifier(inquiry: &Inquiry, whom: &Checked) -> (IdentifierKind, String) {
    match whom {
        Checked::Uscc(uscc) => (IdentifierKind::Uscc, uscc.as_str().to_owned()),
        Checked::Person(number) => {
            let kind = IdentifierKind::CitizenNumber;
            (kind, inquiry.gateway().certificate_index(kind, number.expose()))
        }
    }
}

fn hits_of(inquiry: &Inquiry, subject: SubjectId) -> Result<Vec<Hit>, Fault> {
    let mut hits = Vec::new();
    for item in inquiry.gateway().catalogue.items() {
        let Some(list) = item.list else { continue };
        let selection = Selection { subject: Some(subject), item: Some(item.code.clone()), ..Selection::default() };
        let page = record::page(inquiry, &selection, None, HITS_OF_ITEM_MAX)?;
        hits.extend(page.records.iter().map(|view| hit(inquiry, list, view)));
    }
    Ok(hits)
}

fn bound(inquiry: &Inquiry, taken: &AssignmentView) -> Binding {
    let action = taken.action().row();
    Binding {
        measure: taken.row().measure.clone(),
        action: inquiry.node_id(NodeRef::JointAction(action.id)),
        legal_basis: action.legal_basis.clone(),
        ends_on: action.ends_on,
    }
}

fn hit(inquiry: &Inquiry, list: ListKind, view: &RecordView) -> Hit {
    let date = |field| match record::show_head(inquiry, view, field) {
        Some(HeadValue::Date(date)) => Some(date),
        _ => None,
    };
    let provider = match record::show_head(inquiry, view, HeadField::Provider) {
        Some(HeadValue::Provider(id, name)) => Some((id, name)),
        _ => None,
    };
    Hit {
        list,
        item: std::sync::Arc::clone(view.item()),
        record: inquiry.node_id(NodeRef::Record(view.id())),
        provider,
        decided_on: date(HeadField::DecidedOn),
        published_until: date(HeadField::PublishedUntil),
    }
}

/// The entry of one check. Whoever is not known yet stands in it by the identifier that was asked by, so that a check
/// before the first record of a subject counts all the same.
fn entry(
    own: &Inquiry,
    intent: &Intent,
    whom: &Checked,
    (kind, value): (IdentifierKind, &str),
) -> Result<NewEntry, Fault> {
    let gateway = own.gateway();
    let known = gateway.registry.read(|connection| store::subject::find_by_identifier(connection, kind, value))?;
    let arguments = match whom {
        Checked::Uscc(uscc) => json!({ "uscc": uscc.as_str() }),
        Checked::Person(number) => json!({ "citizenNumber": number.expose() }),
    };
    let asked = Asked { arguments, cost: 0, ..intent.asked.clone() };
    let outcome = Outcome { kind: EntryKind::Check, error_code: None, is_refused: false, intent: Some(intent.index) };
    let mut entry = register::entry(own, &asked, &outcome, None);
    entry.committed.subjects = vec![match known {
        Some(subject) => gateway.subject_index(subject.id),
        None => gateway.identifier_index(kind, value),
    }];
    Ok(entry)
}

/// Counts what a check showed as shown by the whole. The subjects stand in the checks' entries alone: told once, not twice.
fn merge(inquiry: &Inquiry, own: &Inquiry) {
    let of = own.tally_so_far();
    inquiry.tally(|tally| {
        tally.items.extend(of.items);
        tally.fields.extend(of.fields);
        tally.masked.extend(of.masked);
        tally.flags.extend(of.flags);
        tally.rows = tally.rows.saturating_add(of.rows);
        tally.cells.clear += of.cells.clear;
        tally.cells.masked += of.cells.masked;
        tally.cells.withheld += of.cells.withheld;
        tally.cost = tally.cost.saturating_add(of.cost).saturating_add(1);
    });
}
