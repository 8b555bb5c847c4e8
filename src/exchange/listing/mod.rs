//! Entries on lists (名单认定) as cases: drafted by the department that decides, told to the party, decided after it was heard, withdrawn
//! when what they rest on falls. What is decided becomes a record by the road of every row that a department reports; publication,
//! sharing and the end of its term follow from that record's state and dates, as do repair and objection.
//!
//! Deliberately absent: any listing by counting.

pub mod decide;
pub mod draft;
pub mod hearing;

use super::audit::one_more;
use super::authorization::InputProblem;
use super::case::{self, CaseStep, NewStep};
use super::fault::Fault;
use super::inquiry::Inquiry;
use super::node_id::NodeRef;
use super::page;
use super::push::notices;
use crate::access::{CaseAction, Concern};
use crate::catalogue::ListKind;
use crate::domain::listing::{self, Facts, Step};
use crate::domain::{CaseId, ListingStage, Role, WorkflowStep};
use crate::store;
pub use crate::store::listing::ListingRow;
use crate::store::listing::Which;

/// An entry on a list that the caller may see.
#[derive(Clone, Debug)]
pub struct ListingView {
    row: ListingRow,
    concern: Concern,
}

/// What a step leads to: the entry after it, or what was wrong with the input.
pub type Taken = Result<ListingView, Vec<InputProblem>>;

/// A page of entries, each with its cursor.
#[derive(Debug)]
pub struct ListingPage {
    /// The newest first.
    pub listings: Vec<(ListingView, String)>,
    /// Whether more follow.
    pub has_next: bool,
}

impl ListingView {
    /// The stored row.
    pub fn row(&self) -> &ListingRow {
        &self.row
    }

    /// How the caller stands to it.
    pub fn concern(&self) -> Concern {
        self.concern
    }

    /// The stage after a step, or what to tell the caller.
    fn after(&self, inquiry: &Inquiry, step: Step) -> Result<ListingStage, Vec<InputProblem>> {
        let kind = inquiry.gateway().catalogue.item(&self.row.item).and_then(|item| item.list);
        let facts = Facts {
            is_burden: kind != Some(ListKind::Red),
            is_time_over: self.row.state_by.is_some_and(|by| by < inquiry.today()),
        };
        listing::after(self.row.stage, step, facts)
            .map_err(|order| InputProblem::one("id", order.into(), order.to_string()))
    }
}

fn concern(inquiry: &Inquiry, row: &ListingRow) -> Concern {
    let is_own = inquiry.standings().standing.subject == Some(row.subject);
    Concern {
        initiator: inquiry.caller().claims().department.as_ref() == Some(&row.decider),
        // A draft is nobody's business but the department's.
        subject: is_own && row.notified_on.is_some(),
        ..Concern::default()
    }
}

/// The row as the caller sees it; nothing when it may not know of it.
fn view(inquiry: &Inquiry, row: ListingRow) -> Option<ListingView> {
    let concern = concern(inquiry, &row);
    inquiry.permit().case(CaseAction::View, concern)?;
    inquiry.tally(|tally| {
        tally.subjects.insert(row.subject);
        tally.cost = tally.cost.saturating_add(1);
    });
    Some(ListingView { row, concern })
}

/// An entry by its opaque id, when the caller may know of it.
pub fn by_id(inquiry: &Inquiry, id: &str) -> Result<Option<ListingView>, Fault> {
    match inquiry.gateway().node_ids.decode(id) {
        Some(NodeRef::Listing(id)) => find(inquiry, id),
        _ => Ok(None),
    }
}

/// The same by its own id.
pub fn find(inquiry: &Inquiry, id: CaseId) -> Result<Option<ListingView>, Fault> {
    let found = inquiry.gateway().registry.read(|connection| store::listing::find(connection, id))?;
    Ok(found.and_then(|row| view(inquiry, row)))
}

/// Entries: for the coordinator all, for a department those that it decides on, for a subject those that it was told of.
pub fn list(
    inquiry: &Inquiry,
    stage: Option<ListingStage>,
    after: Option<&str>,
    first: usize,
) -> Result<ListingPage, Fault> {
    let claims = inquiry.caller().claims();
    let which = match (claims.role, &claims.department) {
        (Role::Coordinator, Some(_)) => Which::All,
        (Role::Department, Some(own)) => Which::DecidedBy(own.clone()),
        (Role::Subject, _) => Which::About(inquiry.own_subject()?),
        _ => return Err(Fault::Forbidden),
    };
    let list = format!("listings {which:?} {stage:?}");
    let below = page::place(inquiry, &list, after, |place| place.parse().ok())?;
    let limit = i64::from(one_more(first));
    let registry = &inquiry.gateway().registry;
    let mut found = registry.read(|connection| store::listing::list(connection, (&which, stage), below, limit))?;
    let has_next = found.len() > first;
    found.truncate(first);
    let with_cursor = |row: ListingRow| {
        let cursor = page::cursor(inquiry, &list, &row.entry.to_string());
        Some((view(inquiry, row)?, cursor))
    };
    Ok(ListingPage { listings: found.into_iter().filter_map(with_cursor).collect(), has_next })
}

/// The steps that were taken, in order: all for the department that decides and the coordinator, for the subject those from the notice on.
pub fn steps(inquiry: &Inquiry, view: &ListingView) -> Result<Vec<CaseStep>, Fault> {
    let mut steps = inquiry.gateway().registry.read(|connection| store::case_step::of_case(connection, view.row.id))?;
    if view.concern.subject {
        steps.retain(|step| step.step != WorkflowStep::Draft);
    }
    Ok(steps)
}

/// The entry behind an id, when the caller may do this with it and the step may follow.
fn permitted(
    inquiry: &Inquiry,
    id: &str,
    (action, step): (CaseAction, Step),
) -> Result<Result<(ListingView, ListingStage), Vec<InputProblem>>, Fault> {
    let Some(view) = by_id(inquiry, id)? else {
        return Ok(Err(InputProblem::one("id", "ID", "there is no entry of this id")));
    };
    if let Err(refused) = case::permit(inquiry, action, view.concern, "id") {
        return Ok(Err(refused));
    }
    Ok(view.after(inquiry, step).map(|stage| (view, stage)))
}

/// A step's row, with the entry advanced to it.
fn advance(
    inquiry: &Inquiry,
    row: &mut ListingRow,
    (stage, step): (ListingStage, WorkflowStep),
    (facts, texts): (serde_json::Value, &[(&str, &str)]),
) -> Result<CaseStep, Fault> {
    row.stage = stage;
    row.steps += 1;
    let (case, number) = (row.id, row.steps);
    case::row(inquiry, &NewStep { case, number, step, assignment: None, due_on: None, facts, texts })
}

/// Writes a step that changes nothing but the entry.
fn write(inquiry: &Inquiry, row: ListingRow, step: &CaseStep) -> Result<Taken, Fault> {
    let events = notices::of_listing(inquiry.gateway(), &row, &[], step);
    inquiry.gateway().registry.write(|connection| {
        store::listing::advance(connection, &row)?;
        store::case_step::append(connection, step)?;
        store::event::append(connection, events)
    })?;
    let concern = concern(inquiry, &row);
    Ok(Ok(ListingView { row, concern }))
}
