//! Numbers about the register for everybody: what is published, how timely departments report, how objections and repairs
//! are answered. Of organisations alone where cases are counted, and none that are too small to be told.
//!
//! They are the public's numbers, whoever asks: one set for all. Counting takes seconds over millions of records, so it is
//! done once an hour, by whoever comes first then; everybody else gets the earlier numbers meanwhile, and nobody waits.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use arc_swap::ArcSwapOption;

use super::fault::Fault;
use super::inquiry::Inquiry;
use super::record::Selection;
use super::returns::quality::{self, AnswerCounts};
use super::total;
use crate::catalogue::Item;
use crate::domain::{ApplicationKind, Date, DepartmentId, Instant};

/// How long numbers are shown before they are counted anew, in seconds.
const KEPT_SECONDS: i64 = 3_600;
/// How far back reports and cases are counted, in days.
const PERIOD_DAYS: i32 = 365;

/// The numbers.
#[derive(Debug)]
pub struct Statistics {
    /// When they were counted.
    pub counted_at: Instant,
    /// The first and the last day of reports and cases.
    pub period: (Date, Date),
    /// Published records of each item, the items with none left out.
    pub records: Vec<(Arc<Item>, i64)>,
    /// How timely each department reported, those with too few rows left out.
    pub timeliness: Vec<Timeliness>,
    /// How objections and repairs about organisations were answered; nothing where there are too few.
    pub answers: Vec<(ApplicationKind, Option<AnswerCounts>)>,
}

/// How timely a department reported licences and penalties (双公示, within seven working days). A part of the whole alone:
/// how much was reported is more than what is published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timeliness {
    /// The department.
    pub department: DepartmentId,
    /// The part in time, in thousandths, rounded down.
    pub thousandths: u64,
}

/// The numbers that were counted last.
#[derive(Debug, Default)]
pub struct Kept {
    last: ArcSwapOption<Statistics>,
    is_counting: AtomicBool,
}

/// Lets the next one count, however the counting ended.
struct Counting<'k>(&'k AtomicBool);

impl Drop for Counting<'_> {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Release);
    }
}

/// The numbers; `None` while they are counted for the first time.
pub fn of(inquiry: &Inquiry) -> Result<Option<Arc<Statistics>>, Fault> {
    let kept = &inquiry.gateway().statistics;
    let last = kept.last.load_full();
    let oldest = inquiry.now().plus_seconds(-KEPT_SECONDS);
    if last.as_ref().is_some_and(|last| last.counted_at > oldest) || kept.is_counting.swap(true, Ordering::Acquire) {
        return Ok(last);
    }
    let _counting = Counting(&kept.is_counting);
    let counted = Arc::new(count(&inquiry.of_anybody()?)?);
    kept.last.store(Some(Arc::clone(&counted)));
    Ok(Some(counted))
}

fn count(inquiry: &Inquiry) -> Result<Statistics, Fault> {
    let gateway = inquiry.gateway();
    let today = inquiry.today();
    let period = (today.saturating_sub(jiff::Span::new().days(PERIOD_DAYS - 1)), today);
    let mut records = Vec::new();
    for item in gateway.catalogue.items() {
        let selection = Selection { item: Some(item.code.clone()), ..Selection::default() };
        let total = total::of(inquiry, &selection)?.unwrap_or(0);
        if total > 0 {
            records.push((Arc::clone(item), total));
        }
    }
    let mut timeliness = Vec::new();
    for department in gateway.departments.iter() {
        let reported = quality::reported(inquiry, &department.id, period)?;
        if reported.timed < quality::fewest(inquiry) {
            continue;
        }
        let in_time = reported.timed.saturating_sub(reported.late);
        let thousandths = in_time.saturating_mul(1_000).checked_div(reported.timed).unwrap_or(0);
        timeliness.push(Timeliness { department: department.id.clone(), thousandths });
    }
    let mut answers = Vec::new();
    for kind in [ApplicationKind::Objection, ApplicationKind::Repair] {
        answers.push((kind, quality::answered_of_organizations(inquiry, kind, period)?));
    }
    Ok(Statistics { counted_at: inquiry.now(), period, records, timeliness, answers })
}
