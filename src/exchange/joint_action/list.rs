//! Joint actions as lists: those that concern the caller, and the inbox of an implementing department.

use std::sync::Arc;

use super::super::audit::one_more;
use super::super::fault::Fault;
use super::super::inquiry::Inquiry;
use super::super::page;
use super::{AssignmentView, JointActionView, view};
use crate::domain::{AssignmentId, AssignmentStage, DepartmentId, JointActionStage, Role, SubjectId};
use crate::store;
use crate::store::assignment::Inbox;
use crate::store::joint_action::{Narrowing, Which};

/// A page of joint actions, each with its cursor.
#[derive(Debug)]
pub struct JointActionPage {
    /// The newest first.
    pub actions: Vec<(JointActionView, String)>,
    /// Whether more follow.
    pub has_next: bool,
}

/// A page of assignments, each with its cursor.
#[derive(Debug)]
pub struct AssignmentPage {
    /// By the day they are due.
    pub assignments: Vec<(AssignmentView, String)>,
    /// Whether more follow.
    pub has_next: bool,
}

/// The joint actions that the caller may see: the coordinator all, a department those that concern it, a subject its own,
/// everybody else what is published.
pub fn actions(
    inquiry: &Inquiry,
    stage: Option<JointActionStage>,
    subject: Option<SubjectId>,
    after: Option<&str>,
    first: usize,
) -> Result<JointActionPage, Fault> {
    let claims = inquiry.caller().claims();
    let which = match (claims.role, &claims.department, inquiry.standings().standing.subject) {
        (Role::Coordinator, Some(_), _) => Which::All,
        (Role::Department, Some(own), _) => Which::Concerning(own.clone()),
        (Role::Subject, _, Some(own)) => Which::About(own),
        // Of whom nothing has been reported there is nothing.
        (Role::Subject, _, None) => return Ok(JointActionPage { actions: Vec::new(), has_next: false }),
        _ => Which::PublishedOn(inquiry.today()),
    };
    let narrowing = Narrowing { stage, subject, ..Narrowing::default() };
    let list = format!("jointActions {which:?} {narrowing:?}");
    let below = page::place(inquiry, &list, after, |place| place.parse().ok())?;
    let limit = i64::from(one_more(first));
    let registry = &inquiry.gateway().registry;
    let mut found =
        registry.read(|connection| store::joint_action::list(connection, &which, &narrowing, below, limit))?;
    let has_next = found.len() > first;
    found.truncate(first);
    let mut actions = Vec::with_capacity(found.len());
    for row in found {
        let cursor = page::cursor(inquiry, &list, &row.entry.to_string());
        // What became invisible between the two reads is left out.
        actions.extend(view(inquiry, row)?.map(|view| (view, cursor)));
    }
    Ok(JointActionPage { actions, has_next })
}

/// The assignments of the caller's department; for the coordinator those of one or of all.
pub fn assignments(
    inquiry: &Inquiry,
    (department, stage, is_late): (Option<&DepartmentId>, Option<AssignmentStage>, bool),
    after: Option<&str>,
    first: usize,
) -> Result<AssignmentPage, Fault> {
    let department = whose(inquiry, department)?;
    let inbox = Inbox { department, stage, late_on: is_late.then(|| inquiry.today()) };
    let list = format!("assignments {inbox:?}");
    let after = page::place(inquiry, &list, after, |place| {
        let (due, id) = place.split_once('|')?;
        // What is no id is no place.
        Some((due.to_owned(), AssignmentId::new(*uuid::Uuid::try_parse(id).ok()?.as_bytes())))
    })?;
    let limit = i64::from(one_more(first));
    let registry = &inquiry.gateway().registry;
    let mut found = registry.read(|connection| store::assignment::list(connection, &inbox, after.as_ref(), limit))?;
    let has_next = found.len() > first;
    found.truncate(first);
    let mut assignments = Vec::with_capacity(found.len());
    for row in found {
        let due = row.due_on.map(|date| date.to_string()).unwrap_or_default();
        let cursor = page::cursor(inquiry, &list, &format!("{due}|{}", row.id));
        let action = super::find(inquiry, row.action)?;
        assignments.extend(action.map(|action| (AssignmentView { row, action: Arc::new(action) }, cursor)));
    }
    Ok(AssignmentPage { assignments, has_next })
}

/// The measures on a subject that the caller's department has taken: they bind what it decides about the subject.
pub fn binding(inquiry: &Inquiry, subject: SubjectId) -> Result<Vec<AssignmentView>, Fault> {
    let Some(department) = &inquiry.caller().claims().department else { return Ok(Vec::new()) };
    let taken = inquiry
        .gateway()
        .registry
        .read(|connection| store::assignment::binding(connection, (department, subject), inquiry.today()))?;
    let mut found = Vec::with_capacity(taken.len());
    for row in taken {
        let action = super::find(inquiry, row.action)?;
        found.extend(action.map(|action| AssignmentView { row, action: Arc::new(action) }));
    }
    Ok(found)
}

/// Whose assignments the caller may list: a department its own, the coordinator those of `wanted` or of all.
pub(in crate::exchange) fn whose(
    inquiry: &Inquiry,
    wanted: Option<&DepartmentId>,
) -> Result<Option<DepartmentId>, Fault> {
    let claims = inquiry.caller().claims();
    match (claims.role, &claims.department) {
        (Role::Coordinator, Some(_)) => Ok(wanted.cloned()),
        (Role::Department, Some(own)) if wanted.is_none_or(|wanted| wanted == own) => Ok(Some(own.clone())),
        _ => Err(Fault::Forbidden),
    }
}
