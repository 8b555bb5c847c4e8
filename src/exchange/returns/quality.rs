//! How well a department reports (数据质量), and how fast it answers objections and repairs: what the city publishes about itself.

use serde_json::Value;

use super::super::fault::Fault;
use super::super::inquiry::Inquiry;
use super::super::joint_action::list::whose;
use crate::domain::{ApplicationKind, Date, DepartmentId, Instant};
use crate::store;
use crate::store::application::{Narrowing, Which};

/// The longest period that is looked at, in days.
const DAYS_MAX: i32 = 366;
/// How many applications are read at a time.
const CHUNK: i64 = 500;

/// What a department's files and submissions of a period amount to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DataQuality {
    /// Files and submissions.
    pub batches: u64,
    /// Rows that were sent (信息量).
    pub rows: u64,
    /// Rows that were taken.
    pub accepted: u64,
    /// Rows that were not.
    pub rejected: u64,
    /// Rows that were sent twice in one file.
    pub duplicates: u64,
    /// Rows that replaced an older version (更正).
    pub corrected: u64,
    /// Taken rows whose timeliness is known.
    pub timed: u64,
    /// Of these, late (迟报).
    pub late: u64,
    /// Required cells.
    pub required_cells: u64,
    /// Of these, filled.
    pub required_filled: u64,
    /// Taken rows that lack something required.
    pub incomplete: u64,
}

impl DataQuality {
    /// 入库率: taken ÷ sent, duplicates not counted.
    pub fn acceptance_rate(&self) -> Option<f64> {
        rate(self.accepted, self.rows.saturating_sub(self.duplicates))
    }

    /// 合规率: taken and complete ÷ sent, duplicates not counted.
    pub fn conformity_rate(&self) -> Option<f64> {
        rate(self.accepted.saturating_sub(self.incomplete), self.rows.saturating_sub(self.duplicates))
    }

    /// 及时率: in time ÷ those whose timeliness is known.
    pub fn timeliness_rate(&self) -> Option<f64> {
        rate(self.timed.saturating_sub(self.late), self.timed)
    }

    /// 完整率: required cells that were filled.
    pub fn completeness_rate(&self) -> Option<f64> {
        rate(self.required_filled, self.required_cells)
    }
}

#[expect(clippy::cast_precision_loss, reason = "a rate of counts far below 2^52")]
fn rate(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

/// How fast applications of one kind were decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnswerTimes {
    /// Which kind.
    pub kind: ApplicationKind,
    /// How many were decided.
    pub decided: u32,
    /// Of these, after their day.
    pub late: u32,
    /// The middle one's working days from filing to decision.
    pub median_working_days: Option<u32>,
    /// How many wait.
    pub waiting: u32,
}

fn assert_period(from: Date, to: Date) -> Result<(), Fault> {
    let longest = from.saturating_add(jiff::Span::new().days(DAYS_MAX));
    if from > to || longest <= to {
        return Err(Fault::BadInput(format!("`from` to `to` is 1 to {DAYS_MAX} days")));
    }
    Ok(())
}

/// What a department's files and submissions of a period amount to; for the coordinator any department's.
pub fn of(
    inquiry: &Inquiry,
    department: Option<&DepartmentId>,
    (from, to): (Date, Date),
) -> Result<(DepartmentId, DataQuality), Fault> {
    assert_period(from, to)?;
    let own = inquiry.caller().claims().department.clone();
    let department = whose(inquiry, department)?.or(own).ok_or(Fault::Forbidden)?;
    let time = (Instant::start_of(from), Instant::end_of(to));
    let reports =
        inquiry.gateway().registry.read(|connection| store::deposit::reports(connection, department.as_str(), time))?;
    let mut quality = DataQuality { batches: reports.len() as u64, ..DataQuality::default() };
    for report in reports {
        // A batch that was broken off has no report yet.
        let report: Value = serde_json::from_str(&report).unwrap_or_default();
        let number = |name: &str| report.get(name).and_then(Value::as_u64).unwrap_or(0);
        quality.rows += number("rows");
        quality.accepted += number("accepted");
        quality.rejected += number("rejected");
        quality.duplicates += number("duplicates");
        quality.corrected += number("updated");
        quality.timed += number("timed");
        quality.late += number("late");
        quality.required_cells += number("requiredCells");
        quality.required_filled += number("requiredFilled");
        quality.incomplete += number("incomplete");
    }
    inquiry.tally(|tally| tally.cost = tally.cost.saturating_add(quality.batches));
    Ok((department, quality))
}

/// How fast objections and repairs about a department's records were decided in a period; for the coordinator one department's or
/// all.
pub fn answer_times(
    inquiry: &Inquiry,
    department: Option<&DepartmentId>,
    (from, to): (Date, Date),
) -> Result<Vec<AnswerTimes>, Fault> {
    assert_period(from, to)?;
    let which = whose(inquiry, department)?.map_or(Which::All, Which::ProvidedBy);
    [ApplicationKind::Objection, ApplicationKind::Repair]
        .into_iter()
        .map(|kind| times(inquiry, &which, kind, (from, to)))
        .collect()
}

fn times(
    inquiry: &Inquiry,
    which: &Which,
    kind: ApplicationKind,
    (from, to): (Date, Date),
) -> Result<AnswerTimes, Fault> {
    let gateway = inquiry.gateway();
    let narrowing = Narrowing { kind: Some(kind), ..Narrowing::default() };
    let (mut days, mut times, mut below) =
        (Vec::new(), AnswerTimes { kind, decided: 0, late: 0, median_working_days: None, waiting: 0 }, None);
    loop {
        let rows =
            gateway.registry.read(|connection| store::application::list(connection, which, narrowing, below, CHUNK))?;
        let is_last = i64::try_from(rows.len()).unwrap_or(i64::MAX) < CHUNK;
        below = rows.last().map(|row| row.entry);
        for row in rows {
            times.waiting += u32::from(row.decided_on.is_none());
            let Some(decided_on) = row.decided_on.filter(|day| (from..=to).contains(day)) else { continue };
            let deadlines = gateway.rules.packs.in_force(row.filed_on).deadlines;
            let allowed = match kind {
                ApplicationKind::Objection => Some(deadlines.objection),
                ApplicationKind::Repair => deadlines.repair_answer,
            };
            let taken = gateway.rules.calendar.working_days_between(row.filed_on, decided_on).count;
            times.decided += 1;
            times.late += u32::from(allowed.is_some_and(|allowed| taken > allowed));
            days.push(taken);
        }
        if is_last {
            break;
        }
    }
    days.sort_unstable();
    times.median_working_days = days.get(days.len() / 2).copied();
    Ok(times)
}
