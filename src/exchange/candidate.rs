//! Organisations by a part of their name: candidates with their codes, never one merged subject.
//!
//! Those whose name begins with what was asked stand first, in the order of their names; then those that hold it further on.

use std::collections::BTreeSet;

use super::fault::Fault;
use super::inquiry::Inquiry;
use super::page;
use super::record::{self, Selection};
use super::subject::{self, SubjectView, by_id};
use crate::domain::SubjectId;
use crate::domain::text::normalise_name;
use crate::store::subject_name::{self, FoundName};

/// Candidates, each with its cursor.
#[derive(Debug, Default)]
pub struct Candidates {
    /// The candidates.
    pub subjects: Vec<(SubjectView, String)>,
    /// Whether more follow.
    pub has_next: bool,
}

/// How many names one look into the database takes.
const NAMES: i64 = 64;
/// How many names cost as much as a record.
const NAMES_A_COST: u64 = 8;
/// How many names one search looks at: those of subjects that exist for nobody could be many.
const LOOKED_MAX: usize = 4_096;

/// The fewest characters that are searched for.
pub const CHARACTERS_MIN: usize = 2;
/// The most: the longest name that the standard of licences and penalties allows (C..200).
pub const CHARACTERS_MAX: usize = 200;

/// Where a search goes on.
enum Place {
    /// Among the names that begin with the part, behind this one.
    Beginning(Option<(String, SubjectId)>),
    /// Among those that hold it further on.
    Within(Option<FoundName>),
}

impl Place {
    fn read(text: &str) -> Option<Self> {
        let mut parts = text.splitn(4, '|');
        let (phase, place) = (parts.next()?, parts.next()?.parse().ok()?);
        let subject = SubjectId::new(*uuid::Uuid::try_parse(parts.next()?).ok()?.as_bytes());
        let name_key = parts.next()?.to_owned();
        match phase {
            "B" => Some(Self::Beginning(Some((name_key, subject)))),
            "W" => Some(Self::Within(Some(FoundName { name_key, subject, place }))),
            _ => None,
        }
    }

    /// The names from here on, as many as one look takes; each with the text of its place.
    fn look(&self, inquiry: &Inquiry, part: &str) -> Result<Vec<(FoundName, String)>, Fault> {
        let registry = &inquiry.gateway().registry;
        let found = match self {
            Self::Beginning(after) => registry
                .read(|connection| subject_name::beginning_with(connection, part, after.as_ref(), NAMES))?
                .into_iter()
                .map(|(name_key, subject)| FoundName { name_key, subject, place: 0 })
                .collect(),
            Self::Within(after) => {
                registry.read(|connection| subject_name::holding(connection, part, after.as_ref(), NAMES))?
            }
        };
        let phase = if matches!(self, Self::Beginning(_)) { 'B' } else { 'W' };
        let placed = |found: FoundName| {
            let text = format!("{phase}|{}|{}|{}", found.place, found.subject, found.name_key);
            (found, text)
        };
        Ok(found.into_iter().map(placed).collect())
    }

    /// The place behind the last of the names found, or the next phase, or the end.
    fn behind(self, found: Option<&FoundName>) -> Option<Self> {
        match (self, found.cloned()) {
            (Self::Beginning(_), Some(last)) => Some(Self::Beginning(Some((last.name_key, last.subject)))),
            (Self::Within(_), Some(last)) => Some(Self::Within(Some(last))),
            (Self::Beginning(_), None) => Some(Self::Within(None)),
            (Self::Within(_), None) => None,
        }
    }
}

/// Organisations whose name holds `name`.
///
/// # Errors
/// `BadInput` for a part that is too short or too long, or for a cursor of another list.
pub fn candidates(inquiry: &Inquiry, name: &str, after: Option<&str>, first: usize) -> Result<Candidates, Fault> {
    let part = normalise_name(name);
    let length = part.chars().count();
    if length < CHARACTERS_MIN {
        return Err(Fault::BadInput("`name` needs at least two characters".into()));
    }
    if length > CHARACTERS_MAX {
        return Err(Fault::BadInput("`name` has at most 200 characters".into()));
    }
    if record::rows(inquiry, &Selection::default()).is_none() {
        // For whoever sees no record there is nobody.
        return Ok(Candidates::default());
    }
    let list = format!("subjects {part}");
    let start = page::place(inquiry, &list, after, Place::read)?;
    let mut place = start.unwrap_or(Place::Beginning(None));
    let (mut found, mut seen, mut looked) = (Candidates::default(), BTreeSet::new(), 0);
    loop {
        let chunk = place.look(inquiry, &part)?;
        let last = chunk.last().map(|(name, _)| name.clone());
        let is_last = i64::try_from(chunk.len()).unwrap_or(0) < NAMES;
        inquiry.tally(|tally| tally.cost = tally.cost.saturating_add(chunk.len() as u64 / NAMES_A_COST));
        looked += chunk.len();
        for (name, text) in chunk {
            let is_of_first_phase = matches!(place, Place::Within(_)) && name.name_key.starts_with(&part);
            if is_of_first_phase || !seen.insert(name.subject) {
                continue;
            }
            if found.subjects.len() == first {
                // Whether there is one more is looked at without meeting it: it is not shown.
                found.has_next = subject::exists(inquiry, name.subject)?;
                if found.has_next {
                    return Ok(found);
                }
                continue;
            }
            // A name may stand in a record that the caller cannot see.
            let Some(view) = by_id(inquiry, name.subject)? else { continue };
            if !view.is_known_as(inquiry, &part)? {
                continue;
            }
            found.subjects.push((view, page::cursor(inquiry, &list, &text)));
        }
        let next = place.behind(last.as_ref().filter(|_| !is_last));
        let Some(next) = next.filter(|_| looked < LOOKED_MAX) else { return Ok(found) };
        place = next;
    }
}
