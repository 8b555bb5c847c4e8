//! Whether a subject deserves a measure (奖惩措施的适用): for an incentive by its conditions, for a punishment by the joint actions in
//! force. Answers with reasons; a count decides nothing but what a measure's own condition counts.
//!
//! Everything is read as the caller may read it, so the answer is for those who may see shared records: with a purpose, or of
//! the subject itself.

use super::fault::Fault;
use super::inquiry::Inquiry;
use super::joint_action;
use super::promise;
use super::record::{self, HeadValue, RecordView, Selection};
use super::subject::{self, SubjectView};
use crate::access::HeadField;
use crate::catalogue::measures::Eligible;
use crate::catalogue::{BasisKind, Item, Measure};
use crate::domain::identifier::Uscc;
use crate::domain::{Date, ItemCode, JointActionKind, JointActionStage, RecordState, Role, SubjectId, Tier};
use crate::store;
use crate::store::joint_action::{Narrowing, Which};

/// The measure whose subjects get no incentive while it is in force.
const NO_PREFERENCES: &str = "RESTRICT_PREFERENCES";
/// How many records of an item are looked at.
const LOOKED_AT: u8 = 100;

/// Why a measure does or does not apply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// It cannot meet a subject of this category.
    Category,
    /// The subject stands on so many RED lists of an item.
    Honoured(ItemCode, u32),
    /// It stands on none.
    NotHonoured,
    /// It has no bad record since a day.
    Clean(Date),
    /// It has so many bad records of an item since a day.
    BadRecords(ItemCode, u32, Date),
    /// A joint action restricts its preferences.
    Restricted,
    /// So many joint actions with the measure are in force.
    InForce(u32),
    /// None is.
    NotInForce,
    /// It has broken so many promises to the caller's department.
    BrokenPromises(u32),
}

/// The answer.
#[derive(Debug)]
pub struct Eligibility {
    /// The subject.
    pub subject: SubjectView,
    /// The measure.
    pub measure: Measure,
    /// Whether it applies.
    pub eligible: bool,
    /// Why.
    pub reasons: Vec<Reason>,
}

/// Whether a subject deserves a measure; `None` when the subject is unknown, or not to be known.
pub fn of(inquiry: &Inquiry, uscc: &Uscc, measure: &str) -> Result<Option<Eligibility>, Fault> {
    let gateway = inquiry.gateway();
    let Some(measure) = gateway.measures.get(measure).cloned() else {
        return Err(Fault::BadInput("`measure` is the code of a measure, as `measures` lists them".to_owned()));
    };
    let Some(subject) = subject::by_uscc(inquiry, uscc)? else { return Ok(None) };
    let is_own = inquiry.standings().standing.subject == Some(subject.id());
    let may_see_shared = matches!(inquiry.caller().role(), Role::Department | Role::Coordinator)
        && inquiry.permit().tier() >= Some(Tier::GovernmentSharing);
    if !is_own && !may_see_shared {
        inquiry.tally(super::tally::Tally::overreach);
        return Err(Fault::PurposeRequired);
    }
    let mut reasons = Vec::new();
    let eligible = if measure.subjects.contains(&subject.category()) {
        match (measure.kind, measure.eligible) {
            (JointActionKind::Incentive, Some(conditions)) => {
                incentive(inquiry, subject.id(), conditions, &mut reasons)?
                    && keeps_promises(inquiry, subject.id(), &measure, &mut reasons)?
            }
            (JointActionKind::Incentive, None) | (JointActionKind::Punishment, _) => {
                let count = in_force(inquiry, subject.id(), measure.code.as_str())?;
                reasons.push(if count > 0 { Reason::InForce(count) } else { Reason::NotInForce });
                count > 0
            }
        }
    } else {
        reasons.push(Reason::Category);
        false
    };
    Ok(Some(Eligibility { subject, measure, eligible, reasons }))
}

fn incentive(
    inquiry: &Inquiry,
    subject: SubjectId,
    conditions: Eligible,
    reasons: &mut Vec<Reason>,
) -> Result<bool, Fault> {
    let restricted = in_force(inquiry, subject, NO_PREFERENCES)? > 0;
    if restricted {
        reasons.push(Reason::Restricted);
    }
    let mut deserves = false;
    if conditions.honoured {
        let honours = counts(inquiry, subject, |kind| kind == BasisKind::Red, None)?;
        deserves |= !honours.is_empty();
        if honours.is_empty() {
            reasons.push(Reason::NotHonoured);
        }
        reasons.extend(honours.into_iter().map(|(item, count)| Reason::Honoured(item, count)));
    }
    if let Some(months) = conditions.clean_months {
        let since = months_ago(inquiry.today(), months);
        let bad = counts(inquiry, subject, |kind| kind != BasisKind::Red && kind != BasisKind::Watch, Some(since))?;
        deserves |= bad.is_empty();
        if bad.is_empty() {
            reasons.push(Reason::Clean(since));
        }
        reasons.extend(bad.into_iter().map(|(item, count)| Reason::BadRecords(item, count, since)));
    }
    Ok(deserves && !restricted)
}

/// Whether a subject has kept what it promised to the caller's department, where the measure rests on promises.
fn keeps_promises(
    inquiry: &Inquiry,
    subject: SubjectId,
    measure: &Measure,
    reasons: &mut Vec<Reason>,
) -> Result<bool, Fault> {
    if measure.code.as_str() != promise::MEASURE {
        return Ok(true);
    }
    let broken = promise::broken(inquiry, subject)?;
    if broken > 0 {
        reasons.push(Reason::BrokenPromises(broken));
    }
    Ok(broken == 0)
}

fn months_ago(today: Date, months: u32) -> Date {
    let span = i32::try_from(months).ok().and_then(|months| jiff::Span::new().try_months(months).ok());
    span.and_then(|span| today.checked_sub(span).ok()).unwrap_or(Date::MIN)
}

/// How many records in use a subject has of each item of these kinds, decided on `since` or later.
fn counts(
    inquiry: &Inquiry,
    subject: SubjectId,
    is_wanted: impl Fn(BasisKind) -> bool,
    since: Option<Date>,
) -> Result<Vec<(ItemCode, u32)>, Fault> {
    let mut found = Vec::new();
    let items = inquiry.gateway().catalogue.items();
    for item in items.iter().filter(|item| BasisKind::of(item).is_some_and(&is_wanted)) {
        let count = count(inquiry, subject, item, since)?;
        if count > 0 {
            found.push((item.code.clone(), count));
        }
    }
    Ok(found)
}

fn count(inquiry: &Inquiry, subject: SubjectId, item: &Item, since: Option<Date>) -> Result<u32, Fault> {
    let selection = Selection {
        subject: Some(subject),
        item: Some(item.code.clone()),
        decided_from: since,
        ..Selection::default()
    };
    let page = record::page(inquiry, &selection, None, LOOKED_AT.into())?;
    // What is expired, repaired or withdrawn is in use no more, though its subject and its provider still see it.
    let is_in_use = |view: &RecordView| {
        matches!(record::show_head(inquiry, view, HeadField::State), Some(HeadValue::State(RecordState::Current)))
    };
    let count = page.records.iter().filter(|view| is_in_use(view)).count();
    Ok(u32::try_from(count).unwrap_or(u32::MAX))
}

/// How many joint actions with a measure are in force on a subject and do not rest, of those that the caller may see.
fn in_force(inquiry: &Inquiry, subject: SubjectId, measure: &str) -> Result<u32, Fault> {
    let narrowing = Narrowing { stage: Some(JointActionStage::InForce), ..Narrowing::default() };
    let which = Which::About(subject);
    let registry = &inquiry.gateway().registry;
    let found = registry
        .read(|connection| store::joint_action::list(connection, &which, &narrowing, None, LOOKED_AT.into()))?;
    let mut count = 0;
    for row in found.into_iter().filter(|row| row.measures.iter().any(|code| code.as_str() == measure)) {
        let view = joint_action::find(inquiry, row.id)?;
        let holds =
            |view: &joint_action::JointActionView| view.stage() == JointActionStage::InForce && !view.is_suspended();
        count += u32::from(view.as_ref().is_some_and(holds));
    }
    Ok(count)
}
