//! Tip-offs (举报): anybody reports what a subject does, with a name or without; the coordinator names an officer who handles it; that
//! officer alone learns who reported, reads what was attached, and answers.
//!
//! INVARIANT: who reported leaves `tipoff_reporters` in `handling::reveal` alone, under the right of the named officer. No entry about a
//! tip-off names its subject, which reads who asked about it, or whence it came.

pub mod attachment;
pub mod handling;
pub mod submit;

use serde::{Deserialize, Serialize};

use super::audit::one_more;
use super::authorization::InputProblem;
use super::case;
use super::fault::Fault;
use super::gateway::Gateway;
use super::inquiry::Inquiry;
use super::node_id::NodeRef;
use super::page;
use crate::access::{CaseAction, Concern};
use crate::authentication::Caller;
use crate::crypto::tipoff::Part;
use crate::domain::identifier::IdentifierKind;
use crate::domain::{CaseId, Role, TipoffStage};
use crate::store;
pub use crate::store::tipoff::{Attachment, TipoffRow};

/// Who reported, as far as they say.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reporter {
    /// The name.
    pub name: String,
    /// How to reach them.
    pub contact: String,
}

impl std::fmt::Debug for Reporter {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Reporter(…)")
    }
}

/// A tip-off that the caller may see.
#[derive(Clone, Debug)]
pub struct TipoffView {
    row: TipoffRow,
    concern: Concern,
}

/// What a step leads to: the tip-off after it, or what was wrong with the input.
pub type Taken = Result<TipoffView, Vec<InputProblem>>;

/// A page of tip-offs, each with its cursor.
#[derive(Debug)]
pub struct TipoffPage {
    /// The newest first.
    pub tipoffs: Vec<(TipoffView, String)>,
    /// Whether more follow.
    pub has_next: bool,
}

impl TipoffView {
    /// The stored row.
    pub fn row(&self) -> &TipoffRow {
        &self.row
    }

    /// Whether the caller is the officer who handles it.
    pub fn is_handler(&self) -> bool {
        self.concern.handler
    }
}

/// The keyed hash of an officer, as tip-offs know them.
fn officer(gateway: &Gateway, person: &str) -> String {
    hex::encode(gateway.keyring.blind_index("tipoff.handler", person))
}

fn own_officer(gateway: &Gateway, caller: &Caller) -> Option<String> {
    Some(officer(gateway, &caller.person()?))
}

/// The row as the caller sees it; nothing when it may not know of it.
fn view(inquiry: &Inquiry, row: TipoffRow) -> Option<TipoffView> {
    let caller = inquiry.caller();
    let is_own = own_officer(inquiry.gateway(), caller).is_some_and(|own| own == row.handler);
    let is_there = row.department.is_some() && caller.claims().department == row.department;
    let concern = Concern { handler: is_own && is_there, ..Concern::default() };
    inquiry.permit().case(CaseAction::ViewTipoff, concern)?;
    inquiry.tally(|tally| tally.cost = tally.cost.saturating_add(1));
    Some(TipoffView { row, concern })
}

/// A tip-off by its opaque id, when the caller may know of it.
pub fn by_id(inquiry: &Inquiry, id: &str) -> Result<Option<TipoffView>, Fault> {
    match inquiry.gateway().node_ids.decode(id) {
        Some(NodeRef::Tipoff(id)) => find(inquiry, id),
        _ => Ok(None),
    }
}

/// The same by its own id.
pub fn find(inquiry: &Inquiry, id: CaseId) -> Result<Option<TipoffView>, Fault> {
    let found = inquiry.gateway().registry.read(|connection| store::tipoff::find(connection, id))?;
    Ok(found.and_then(|row| view(inquiry, row)))
}

/// Tip-offs: for the coordinator all, for an officer those that the officer handles.
pub fn list(
    inquiry: &Inquiry,
    stage: Option<TipoffStage>,
    after: Option<&str>,
    first: usize,
) -> Result<TipoffPage, Fault> {
    let gateway = inquiry.gateway();
    let handler = match inquiry.caller().role() {
        Role::Coordinator => None,
        Role::Department => Some(own_officer(gateway, inquiry.caller()).ok_or(Fault::Forbidden)?),
        _ => return Err(Fault::Forbidden),
    };
    let list = format!("tipoffs {handler:?} {stage:?}");
    let below = page::place(inquiry, &list, after, |place| place.parse().ok())?;
    let limit = i64::from(one_more(first));
    let which = (handler.as_deref(), stage);
    let mut found = gateway.registry.read(|connection| store::tipoff::list(connection, which, below, limit))?;
    let has_next = found.len() > first;
    found.truncate(first);
    let with_cursor = |row: TipoffRow| {
        let cursor = page::cursor(inquiry, &list, &row.entry.to_string());
        Some((view(inquiry, row)?, cursor))
    };
    Ok(TipoffPage { tipoffs: found.into_iter().filter_map(with_cursor).collect(), has_next })
}

fn text(
    inquiry: &Inquiry,
    view: &TipoffView,
    (part, sealed): (Part, &[u8]),
    action: CaseAction,
) -> Result<Option<String>, Fault> {
    let permit = inquiry.permit().case(action, view.concern);
    let Some(permit) = permit.filter(|_| !sealed.is_empty()) else { return Ok(None) };
    let corrupt = || Fault::Corrupt(format!("tipoffs of {}", view.row.id));
    let opened = inquiry.gateway().keyring.open_tipoff(view.row.id, part, sealed, &permit).map_err(|_| corrupt())?;
    String::from_utf8(opened.to_vec()).map(Some).map_err(|_| corrupt())
}

/// The code of whom it is about. Read without any trace that the subject could see.
pub fn uscc(inquiry: &Inquiry, view: &TipoffView) -> Result<Option<String>, Fault> {
    let registry = &inquiry.gateway().registry;
    let identifiers = registry.read(|connection| store::subject::identifiers(connection, view.row.subject))?;
    Ok(identifiers.into_iter().find(|(kind, _)| *kind == IdentifierKind::Uscc).map(|(_, value)| value))
}

/// What was seen, for the officer who handles it: as it came.
pub fn conduct(inquiry: &Inquiry, view: &TipoffView) -> Result<Option<String>, Fault> {
    text(inquiry, view, (Part::Conduct, &view.row.conduct), CaseAction::HandleTipoff)
}

/// What was answered.
pub fn answer(inquiry: &Inquiry, view: &TipoffView) -> Result<Option<String>, Fault> {
    text(inquiry, view, (Part::Answer, &view.row.answer), CaseAction::ViewTipoff)
}

/// What is attached, for the officer who handles it: kind and length can tell which file it is, and so whose.
pub fn attachments(inquiry: &Inquiry, view: &TipoffView) -> Result<Vec<Attachment>, Fault> {
    let is_officer = inquiry.permit().case(CaseAction::HandleTipoff, view.concern).is_some();
    if view.row.attachments == 0 || !is_officer {
        return Ok(Vec::new());
    }
    Ok(inquiry.gateway().registry.read(|connection| store::tipoff::attachments(connection, view.row.id))?)
}

/// The steps that were taken, in order.
pub fn steps(inquiry: &Inquiry, view: &TipoffView) -> Result<Vec<case::CaseStep>, Fault> {
    Ok(inquiry.gateway().registry.read(|connection| store::case_step::of_case(connection, view.row.id))?)
}
