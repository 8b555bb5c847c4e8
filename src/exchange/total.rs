//! How many records exist for a caller, without reading them: what is counted is what a list of them would hold.

use std::sync::Arc;

use super::fault::Fault;
use super::inquiry::Inquiry;
use super::record::rows;
use crate::access::{Facts, Window};
use crate::catalogue::Item;
use crate::domain::{Relation, SubjectCategory, SubjectId};
use crate::store;
use crate::store::record::{Rows, Selection};

/// How many selected records exist for the caller. `None` where some of them are decided by who provided them and
/// others are not: such a list is read, not counted.
pub fn of(inquiry: &Inquiry, selection: &Selection) -> Result<Option<i64>, Fault> {
    let Some(item) = selection.item.as_ref().and_then(|code| inquiry.gateway().catalogue.item(code)) else {
        return total_of_subject(inquiry, selection);
    };
    let has_grant = inquiry.permit().standing().grant.is_some();
    let applies = |own: &SubjectId| selection.subject.is_none_or(|subject| has_grant && subject == *own);
    let Some(related) = related(inquiry, item).filter(applies) else {
        return total_alike(inquiry, selection, item);
    };
    // Records about one subject are decided otherwise than those about all others.
    let about = Selection { subject: Some(related), ..selection.clone() };
    let openly = total_unrelated(inquiry, &about, item)?;
    let Some(own) = total_alike(inquiry, &about, item)? else { return Ok(None) };
    count_as_used(inquiry, own - openly);
    if selection.subject.is_some() {
        return Ok(Some(own));
    }
    Ok(Some(total_unrelated(inquiry, selection, item)? - openly + own))
}

/// The same, but no more than `most` are counted: for who only wants to know whether a list is long.
pub fn up_to(inquiry: &Inquiry, selection: &Selection, most: i64) -> Result<Option<i64>, Fault> {
    let item = selection.item.as_ref().and_then(|code| inquiry.gateway().catalogue.item(code));
    match item.filter(|item| related(inquiry, item).is_none()) {
        None => of(inquiry, selection),
        Some(item) => Ok(alike(inquiry, selection, item, Some(most))?.map(|total| total.min(most))),
    }
}

/// Enters in the tally that so many records were counted which the authorization alone opens.
fn count_as_used(inquiry: &Inquiry, by_authorization: i64) {
    let has_grant = inquiry.permit().standing().grant.is_some();
    inquiry.tally(|tally| tally.authorization_used |= has_grant && by_authorization > 0);
}

/// The subject whose records of an item are opened by the caller's relation to it.
fn related(inquiry: &Inquiry, item: &Item) -> Option<SubjectId> {
    let standing = inquiry.permit().standing();
    let grant = || standing.grant.as_ref().filter(|grant| grant.covers(item, None));
    standing.subject.or_else(|| grant().map(|grant| grant.subject))
}

/// How many selected records the caller meets without a relation to them.
fn total_unrelated(inquiry: &Inquiry, selection: &Selection, item: &Item) -> Result<i64, Fault> {
    let permit = inquiry.permit();
    count(inquiry, (selection, None), |category| {
        rows_within(inquiry, permit.window(item, Relation::None))
            .filter(|_| permit.opens(item, &Facts::unrelated(category)))
    })
}

fn rows_within(inquiry: &Inquiry, window: Window) -> Option<Rows> {
    match window {
        Window::Published => Some(Rows::PublishedOn(inquiry.today())),
        Window::Shared => Some(Rows::SharedOn(inquiry.today())),
        Window::Archive => Some(Rows::All),
        Window::Closed => None,
    }
}

/// Counts the selected records, of each category of subject those among the rows that `among` gives.
fn count(
    inquiry: &Inquiry,
    (selection, most): (&Selection, Option<i64>),
    among: impl Fn(SubjectCategory) -> Option<Rows>,
) -> Result<i64, Fault> {
    use strum::IntoEnumIterator;
    let mut total = 0;
    for category in SubjectCategory::iter() {
        let Some(rows) = among(category) else { continue };
        let registry = &inquiry.gateway().registry;
        total += registry.read(|connection| match most {
            None => store::record::count(connection, selection, &rows, category),
            Some(most) => store::record::count_up_to(connection, selection, &rows, category, most),
        })?;
    }
    Ok(total)
}

/// The total of a list whose records are all decided alike, but for who provided them.
fn total_alike(inquiry: &Inquiry, selection: &Selection, item: &Item) -> Result<Option<i64>, Fault> {
    alike(inquiry, selection, item, None)
}

fn alike(inquiry: &Inquiry, selection: &Selection, item: &Item, most: Option<i64>) -> Result<Option<i64>, Fault> {
    use strum::IntoEnumIterator;
    let Some(rows) = rows(inquiry, selection) else { return Ok(Some(0)) };
    let facts = |category, provider| {
        let unrelated = Facts::unrelated(category);
        Facts { subject: selection.subject.unwrap_or(unrelated.subject), provider, ..unrelated }
    };
    let opens = |category, provider| inquiry.permit().opens(item, &facts(category, provider));
    if let Rows::SharedOnOrProvidedBy(_, own) = &rows
        && SubjectCategory::iter().any(|category| opens(category, Some(own)) != opens(category, None))
    {
        return Ok(None);
    }
    let among = |category| {
        let is_authorized = inquiry.permit().relation(item, &facts(category, None)) == Relation::Authorized;
        let own = || rows_within(inquiry, inquiry.permit().window_of(item, &facts(category, None)));
        let rows = if is_authorized { own() } else { Some(rows.clone()) };
        rows.filter(|_| opens(category, None))
    };
    count(inquiry, (selection, most), among).map(Some)
}

fn total_of_subject(inquiry: &Inquiry, selection: &Selection) -> Result<Option<i64>, Fault> {
    let whole = Selection { subject: selection.subject, ..Selection::default() };
    let Some(subject) = selection.subject.filter(|_| *selection == whole) else { return Ok(None) };
    Ok(Some(of_subject(inquiry, subject)?.iter().map(|(_, count)| count).sum()))
}

/// How many records of one subject exist for the caller, by item. Each item's own window counts, not the widest.
pub(super) fn of_subject(inquiry: &Inquiry, subject: SubjectId) -> Result<Vec<(Arc<Item>, i64)>, Fault> {
    let selection = Selection { subject: Some(subject), ..Selection::default() };
    let Some(widest) = rows(inquiry, &selection) else { return Ok(Vec::new()) };
    let published = Rows::PublishedOn(inquiry.today());
    let permit = inquiry.permit();
    let (mut counts, mut by_authorization): (Vec<(Arc<Item>, i64)>, i64) = (Vec::new(), 0);
    for rows in [&widest, &published] {
        let read = |connection: &mut store::AnyConnection| store::record::counts_of_subject(connection, subject, rows);
        for group in inquiry.gateway().registry.read(read)? {
            let Some(item) = inquiry.gateway().catalogue.item(&group.item) else { continue };
            let provider = group.provider.as_ref();
            let facts = Facts { subject, category: group.category, provider, by_authorization: false };
            let window = permit.window_of(item, &facts);
            if permit.relation(item, &facts) == Relation::Authorized && window == Window::Shared {
                let openly = *rows == published && permit.opens(item, &Facts::unrelated(group.category));
                by_authorization += if *rows == widest { group.count } else { 0 };
                by_authorization -= if openly { group.count } else { 0 };
            }
            let is_counted_here = (window == Window::Published) == (*rows == published);
            if !is_counted_here || window == Window::Closed || !permit.opens(item, &facts) {
                continue;
            }
            match counts.iter_mut().find(|(counted, _)| counted.code == item.code) {
                Some((_, count)) => *count += group.count,
                None => counts.push((Arc::clone(item), group.count)),
            }
        }
        if widest == published {
            break;
        }
    }
    count_as_used(inquiry, by_authorization);
    counts.sort_by(|(a, _), (b, _)| a.code.cmp(&b.code));
    Ok(counts)
}
