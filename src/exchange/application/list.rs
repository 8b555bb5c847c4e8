//! Applications as a list: a subject's own, those about a department's records, for the coordinator all.

use super::super::audit::one_more;
use super::super::fault::Fault;
use super::super::inquiry::Inquiry;
use super::super::page;
use super::{ApplicationView, view};
use crate::domain::{ApplicationKind, ApplicationStage, Role};
use crate::store;
use crate::store::application::{Narrowing, Which};

/// A page of applications, each with its cursor.
#[derive(Debug)]
pub struct ApplicationPage {
    /// The newest first.
    pub applications: Vec<(ApplicationView, String)>,
    /// Whether more follow.
    pub has_next: bool,
}

/// The applications that the caller may see.
pub fn of(
    inquiry: &Inquiry,
    (kind, stage, is_late): (Option<ApplicationKind>, Option<ApplicationStage>, bool),
    after: Option<&str>,
    first: usize,
) -> Result<ApplicationPage, Fault> {
    let claims = inquiry.caller().claims();
    let which = match (claims.role, &claims.department) {
        (Role::Coordinator, Some(_)) => Which::All,
        (Role::Department, Some(own)) => Which::ProvidedBy(own.clone()),
        (Role::Subject, _) => Which::By(inquiry.own_subject()?),
        _ => return Err(Fault::Forbidden),
    };
    let narrowing = Narrowing { kind, stage, late_on: is_late.then(|| inquiry.today()), ..Narrowing::default() };
    let list = format!("applications {which:?} {narrowing:?}");
    let below = page::place(inquiry, &list, after, |place| place.parse().ok())?;
    let limit = i64::from(one_more(first));
    let registry = &inquiry.gateway().registry;
    let mut found =
        registry.read(|connection| store::application::list(connection, &which, narrowing, below, limit))?;
    let has_next = found.len() > first;
    found.truncate(first);
    let with_cursor = |row: store::application::ApplicationRow| {
        let cursor = page::cursor(inquiry, &list, &row.entry.to_string());
        view(inquiry, row).map(|view| (view, cursor))
    };
    Ok(ApplicationPage { applications: found.into_iter().filter_map(with_cursor).collect(), has_next })
}
