//! Numbers about the register for everybody: what is published, how timely departments report, how objections and repairs
//! are answered. Of organisations alone where cases are counted: numbers about natural persons are small.
//!
//! Counting takes seconds over millions of records, so it is done once an hour for all who may see the same; what is
//! shown says when it was counted.

use std::sync::Arc;

use parking_lot::Mutex;

use super::fault::Fault;
use super::inquiry::Inquiry;
use super::record::Selection;
use super::returns::quality::{self, AnswerCounts};
use super::total;
use crate::catalogue::Item;
use crate::domain::{ApplicationKind, Date, DepartmentId, Instant};

/// How long numbers are shown before they are counted anew, in seconds.
const KEPT_SECONDS: i64 = 3_600;
/// For how many kinds of callers numbers are kept at once.
const KEPT_MAX: usize = 16;
/// How far back reports and cases are counted, in days.
const PERIOD_DAYS: i32 = 365;

/// The numbers.
#[derive(Debug)]
pub struct Statistics {
    /// When they were counted.
    pub counted_at: Instant,
    /// The first and the last day of reports and cases.
    pub period: (Date, Date),
    /// Records of each item that the caller may see, the items with none left out.
    pub records: Vec<(Arc<Item>, i64)>,
    /// How timely each department reported, those that reported nothing of the kind left out.
    pub timeliness: Vec<Timeliness>,
    /// How objections and repairs about organisations were answered.
    pub answers: Vec<(ApplicationKind, AnswerCounts)>,
}

/// How timely a department reported licences and penalties (双公示, within seven working days).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timeliness {
    /// The department.
    pub department: DepartmentId,
    /// Rows whose timeliness is known.
    pub timed: u64,
    /// Of these, in time.
    pub in_time: u64,
}

/// All that the numbers depend on beside the data: who asks for what, under which policies, on which day.
type Key = ([u8; 32], [u8; 32], Date);

/// The numbers that were counted last.
#[derive(Debug, Default)]
pub struct Kept(Mutex<Vec<(Key, Arc<Statistics>)>>);

/// The numbers for the caller. Whoever comes while they are counted waits for them.
pub fn of(inquiry: &Inquiry) -> Result<Arc<Statistics>, Fault> {
    let permit = inquiry.permit();
    let key = (permit.profile_hash(), *permit.policy_hash(), inquiry.today());
    let mut kept = inquiry.gateway().statistics.0.lock();
    let oldest = inquiry.now().plus_seconds(-KEPT_SECONDS);
    kept.retain(|(_, statistics)| statistics.counted_at > oldest);
    if let Some((_, statistics)) = kept.iter().find(|(of, _)| *of == key) {
        return Ok(Arc::clone(statistics));
    }
    let statistics = Arc::new(count(inquiry)?);
    if kept.len() == KEPT_MAX {
        kept.remove(0);
    }
    kept.push((key, Arc::clone(&statistics)));
    Ok(statistics)
}

fn count(inquiry: &Inquiry) -> Result<Statistics, Fault> {
    let gateway = inquiry.gateway();
    let today = inquiry.today();
    let period = (today.saturating_sub(jiff::Span::new().days(PERIOD_DAYS - 1)), today);
    let mut records = Vec::new();
    for item in gateway.catalogue.items() {
        let selection = Selection { item: Some(item.code.clone()), ..Selection::default() };
        // A list that is read and not counted has no number here.
        let total = total::of(inquiry, &selection)?.unwrap_or(0);
        if total > 0 {
            records.push((Arc::clone(item), total));
        }
    }
    let mut timeliness = Vec::new();
    for department in gateway.departments.iter() {
        let reported = quality::reported(inquiry, &department.id, period)?;
        if reported.timed > 0 {
            let in_time = reported.timed.saturating_sub(reported.late);
            timeliness.push(Timeliness { department: department.id.clone(), timed: reported.timed, in_time });
        }
    }
    let mut answers = Vec::new();
    for kind in [ApplicationKind::Objection, ApplicationKind::Repair] {
        answers.push((kind, quality::answered_of_organizations(inquiry, kind, period)?));
    }
    Ok(Statistics { counted_at: inquiry.now(), period, records, timeliness, answers })
}
