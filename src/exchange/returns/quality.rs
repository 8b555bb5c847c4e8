//! How well a department reports (数据质量), and how fast it answers objections and repairs.

use serde_json::Value;

use super::super::fault::Fault;
use super::super::inquiry::Inquiry;
use super::super::joint_action::list::whose;
use super::{is_small, small_count};
use crate::domain::{
    ApplicationKind, ApplicationStage, Date, DepartmentId, Instant, SubjectCategory, WorkflowStep, application,
};
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

/// How fast applications of one kind were decided, of organizations or of natural persons.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnswerTimes {
    /// Which kind.
    pub kind: ApplicationKind,
    /// Whether it counts natural persons.
    pub is_about_persons: bool,
    /// The numbers; `None` when they are too small to be told.
    pub counts: Option<AnswerCounts>,
}

/// The numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AnswerCounts {
    /// How many were decided. What was taken back was not.
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
    let quality = reported(inquiry, &department, (from, to))?;
    Ok((department, quality))
}

/// The same for whoever asks.
pub(in crate::exchange) fn reported(
    inquiry: &Inquiry,
    department: &DepartmentId,
    (from, to): (Date, Date),
) -> Result<DataQuality, Fault> {
    let time = (Instant::start_of(from), Instant::end_of(to));
    let reports =
        inquiry.gateway().registry.read(|connection| store::deposit::reports(connection, department.as_str(), time))?;
    let mut quality = DataQuality { batches: reports.len() as u64, ..DataQuality::default() };
    for report in reports {
        if report.is_empty() {
            // A batch that was broken off has none.
            continue;
        }
        let report: Value =
            serde_json::from_str(&report).map_err(|_| Fault::Corrupt(format!("a quality report of {department}")))?;
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
    Ok(quality)
}

/// How fast applications of one kind about organisations, and about nobody who trades in person, were decided in a period,
/// whoever asks; nothing when the numbers are too small to be told.
pub(in crate::exchange) fn answered_of_organizations(
    inquiry: &Inquiry,
    kind: ApplicationKind,
    period: (Date, Date),
) -> Result<Option<AnswerCounts>, Fault> {
    let [organizations, ..] = decided(inquiry, &Which::All, kind, period)?;
    let counts = organizations.counts();
    let is_told = !is_small(&[counts.decided, counts.late, counts.waiting], small_count(inquiry));
    Ok(Some(counts).filter(|_| is_told))
}

/// The fewest rows of which a part is told.
pub(in crate::exchange) fn fewest(inquiry: &Inquiry) -> u64 {
    u64::from(small_count(inquiry).max(1))
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
    let small = small_count(inquiry);
    let mut times = Vec::new();
    for kind in [ApplicationKind::Objection, ApplicationKind::Repair] {
        for (is_about_persons, counts) in counted(inquiry, &which, kind, (from, to))? {
            let is_told = !is_about_persons || !is_small(&[counts.decided, counts.late, counts.waiting], small);
            times.push(AnswerTimes { kind, is_about_persons, counts: is_told.then_some(counts) });
        }
    }
    Ok(times)
}

/// Of organisations with individual businesses, and of natural persons.
fn counted(
    inquiry: &Inquiry,
    which: &Which,
    kind: ApplicationKind,
    period: (Date, Date),
) -> Result<[(bool, AnswerCounts); 2], Fault> {
    let [mut organizations, traders, persons] = decided(inquiry, which, kind, period)?;
    organizations.add(traders);
    Ok([(false, organizations.counts()), (true, persons.counts())])
}

/// Of organisations, of individual businesses, of natural persons.
fn decided(
    inquiry: &Inquiry,
    which: &Which,
    kind: ApplicationKind,
    (from, to): (Date, Date),
) -> Result<[Decided; 3], Fault> {
    let gateway = inquiry.gateway();
    let narrowing = Narrowing { kind: Some(kind), open_or_decided_from: Some(from), ..Narrowing::default() };
    let (mut found, mut below) = ([Decided::default(), Decided::default(), Decided::default()], None);
    loop {
        let rows =
            gateway.registry.read(|connection| store::application::list(connection, which, narrowing, below, CHUNK))?;
        inquiry.tally(|tally| tally.cost = tally.cost.saturating_add(rows.len() as u64));
        let is_last = i64::try_from(rows.len()).unwrap_or(i64::MAX) < CHUNK;
        below = rows.last().map(|row| row.entry);
        for row in rows {
            let (steps, subject) = gateway.registry.read(|connection| {
                let steps = store::case_step::of_case(connection, row.id)?;
                Ok((steps, store::subject::find(connection, row.subject)?))
            })?;
            let [organizations, traders, persons] = &mut found;
            let of = match subject.map(|subject| subject.category) {
                Some(SubjectCategory::Organization) => organizations,
                Some(SubjectCategory::IndividualBusiness) | None => traders,
                Some(SubjectCategory::NaturalPerson) => persons,
            };
            of.waiting += u32::from(application::is_open(row.stage) && row.stage != ApplicationStage::Shielded);
            let Some(decision) = steps.iter().find(|step| decides(step.step)) else { continue };
            let decided_on = decision.at.date_in_shanghai();
            if (from..=to).contains(&decided_on) {
                of.late += u32::from(decision.is_late());
                of.days.push(gateway.rules.calendar.working_days_between(row.filed_on, decided_on).count);
            }
        }
        if is_last {
            break;
        }
    }
    Ok(found)
}

/// Whether a step answers an application. Taking it back does not; the revocation of a repair, and what follows on shielding, come
/// after the answer.
fn decides(step: WorkflowStep) -> bool {
    use WorkflowStep::{Approve, NotAccept, Reject, Shield, Uphold};
    matches!(step, Uphold | Approve | Reject | NotAccept | Shield)
}

#[derive(Debug, Default)]
struct Decided {
    days: Vec<u32>,
    late: u32,
    waiting: u32,
}

impl Decided {
    fn add(&mut self, other: Self) {
        self.days.extend(other.days);
        self.late += other.late;
        self.waiting += other.waiting;
    }

    fn counts(mut self) -> AnswerCounts {
        self.days.sort_unstable();
        AnswerCounts {
            decided: u32::try_from(self.days.len()).unwrap_or(u32::MAX),
            late: self.late,
            median_working_days: self.days.get(self.days.len() / 2).copied(),
            waiting: self.waiting,
        }
    }
}
