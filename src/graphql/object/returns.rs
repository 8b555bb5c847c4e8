//! Monthly returns, and what departments report about themselves.

use async_graphql::SimpleObject;

use super::catalogue_item::known_department;
use super::department::Department;
use super::measure::Measure;
use crate::domain::{ApplicationKind, DepartmentId, JointActionKind};
use crate::exchange::inquiry::Inquiry;
use crate::exchange::returns::execution::{self, ExecutionCounts as Executed};
use crate::exchange::returns::initiator::{self, InitiatorCounts as Initiated};
use crate::exchange::returns::{quality, yuan};
use crate::graphql::scalar::Date;

fn int(count: u64) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}

/// What a department carried out in a month (执行情况反馈).
#[derive(Clone, Debug, SimpleObject)]
pub struct ExecutionReturn {
    /// The month, such as `2026-10`.
    month: String,
    /// The department.
    department: Option<Department>,
    /// By when it is due to the coordinator.
    due_on: Date,
    /// One for each measure, of organizations and of natural persons apart; measures of which nothing happened are left out.
    rows: Vec<ExecutionRow>,
}

impl ExecutionReturn {
    pub(in crate::graphql) fn new(inquiry: &Inquiry, made: execution::ExecutionReturn) -> Self {
        let row = |row: execution::ExecutionRow| ExecutionRow {
            measure: Measure::find(inquiry, row.measure.as_str()),
            kind: row.kind,
            about_persons: row.is_about_persons,
            counts: row.counts.map(ExecutionCounts::from),
        };
        Self {
            month: made.month.to_string(),
            department: known_department(inquiry, &made.department),
            due_on: Date(made.due_on),
            rows: made.rows.into_iter().map(row).collect(),
        }
    }
}

/// What became of one measure.
#[derive(Clone, Debug, SimpleObject)]
pub struct ExecutionRow {
    /// The measure.
    measure: Option<Measure>,
    /// Whether it rewards or punishes.
    kind: JointActionKind,
    /// Whether it counts natural persons.
    about_persons: bool,
    /// The numbers; null when they count so few natural persons that they could tell who it was.
    counts: Option<ExecutionCounts>,
}

/// What a department carried out of one measure in a month.
#[derive(Clone, Debug, SimpleObject)]
pub struct ExecutionCounts {
    /// Assigned in the month.
    assigned: i32,
    /// Taken in the month.
    taken: i32,
    /// Answered in the month as not applicable.
    not_applicable: i32,
    /// Answered in the month, after their day.
    answered_late: i32,
    /// Not answered yet at the end of the month.
    unanswered: i32,
    /// Reports of the month.
    reports: i32,
    /// What they said was concerned, in yuan, a decimal number.
    amount_yuan: String,
    /// Of these reports, after their day.
    reported_late: i32,
    /// Taken, and not reported yet at the end of the month.
    unreported: i32,
    /// Carried out at the end of the month.
    in_force: i32,
    /// Lifted in the month: the action ended.
    lifted: i32,
}

impl From<Executed> for ExecutionCounts {
    fn from(counts: Executed) -> Self {
        Self {
            assigned: int(counts.assigned.into()),
            taken: int(counts.taken.into()),
            not_applicable: int(counts.not_applicable.into()),
            answered_late: int(counts.answered_late.into()),
            unanswered: int(counts.unanswered.into()),
            reports: int(counts.reports.into()),
            amount_yuan: yuan(counts.amount_cents),
            reported_late: int(counts.reported_late.into()),
            unreported: int(counts.unreported.into()),
            in_force: int(counts.in_force.into()),
            lifted: int(counts.lifted.into()),
        }
    }
}

/// What became in a month of what departments initiated (汇总反馈).
#[derive(Clone, Debug, SimpleObject)]
pub struct InitiatorReturn {
    /// The month, such as `2026-10`.
    month: String,
    /// By when it is due to the initiators.
    due_on: Date,
    /// One for each initiating department, of organizations and of natural persons apart.
    rows: Vec<InitiatorRow>,
}

impl InitiatorReturn {
    pub(in crate::graphql) fn new(inquiry: &Inquiry, made: initiator::InitiatorReturn) -> Self {
        let row = |row: initiator::InitiatorRow| InitiatorRow {
            initiator: known_department(inquiry, &row.initiator),
            about_persons: row.is_about_persons,
            counts: row.counts.map(InitiatorCounts::from),
        };
        Self {
            month: made.month.to_string(),
            due_on: Date(made.due_on),
            rows: made.rows.into_iter().map(row).collect(),
        }
    }
}

/// What became of what one department initiated.
#[derive(Clone, Debug, SimpleObject)]
pub struct InitiatorRow {
    /// The department.
    initiator: Option<Department>,
    /// Whether it counts natural persons.
    about_persons: bool,
    /// The numbers; null when they count so few natural persons that they could tell who it was.
    counts: Option<InitiatorCounts>,
}

/// What became in a month of what one department initiated.
#[derive(Clone, Debug, SimpleObject)]
pub struct InitiatorCounts {
    /// Joint actions initiated.
    initiated: i32,
    /// Of these, after their day.
    initiated_late: i32,
    /// Joint actions dispatched.
    dispatched: i32,
    /// Of these, after their day.
    dispatched_late: i32,
    /// Measures that departments took.
    taken: i32,
    /// Measures that departments answered as not applicable.
    not_applicable: i32,
    /// Answers after their day.
    answered_late: i32,
    /// Reports.
    reports: i32,
    /// What they said was concerned, in yuan, a decimal number.
    amount_yuan: String,
    /// Joint actions in force at the end of the month.
    in_force: i32,
    /// Joint actions whose measures rest at the end of the month.
    suspended: i32,
    /// Joint actions that ended.
    ended: i32,
}

impl From<Initiated> for InitiatorCounts {
    fn from(counts: Initiated) -> Self {
        Self {
            initiated: int(counts.initiated.into()),
            initiated_late: int(counts.initiated_late.into()),
            dispatched: int(counts.dispatched.into()),
            dispatched_late: int(counts.dispatched_late.into()),
            taken: int(counts.taken.into()),
            not_applicable: int(counts.not_applicable.into()),
            answered_late: int(counts.answered_late.into()),
            reports: int(counts.reports.into()),
            amount_yuan: yuan(counts.amount_cents),
            in_force: int(counts.in_force.into()),
            suspended: int(counts.suspended.into()),
            ended: int(counts.ended.into()),
        }
    }
}

/// What a department's files and submissions of a period amount to (数据质量).
#[derive(Clone, Debug, SimpleObject)]
pub struct DataQuality {
    /// The department.
    department: Option<Department>,
    /// Files and submissions.
    batches: i32,
    /// Rows that were sent (信息量).
    rows: i32,
    /// Rows that were taken.
    accepted: i32,
    /// Rows that were refused.
    rejected: i32,
    /// Rows that stood twice in one file.
    duplicates: i32,
    /// Rows that replaced an older version (更正).
    corrected: i32,
    /// Rows that came after their day (迟报).
    late: i32,
    /// Rows that were taken and lack something required.
    incomplete: i32,
    /// Rows taken ÷ rows sent without duplicates (入库率), 0 to 1.
    acceptance_rate: Option<f64>,
    /// Rows taken and complete ÷ rows sent without duplicates (合规率), 0 to 1.
    conformity_rate: Option<f64>,
    /// Rows in time ÷ rows whose timeliness is known (及时率), 0 to 1.
    timeliness_rate: Option<f64>,
    /// Required cells that are filled ÷ required cells (完整率), 0 to 1.
    completeness_rate: Option<f64>,
}

impl DataQuality {
    pub(in crate::graphql) fn new(inquiry: &Inquiry, department: &DepartmentId, made: &quality::DataQuality) -> Self {
        Self {
            department: known_department(inquiry, department),
            batches: int(made.batches),
            rows: int(made.rows),
            accepted: int(made.accepted),
            rejected: int(made.rejected),
            duplicates: int(made.duplicates),
            corrected: int(made.corrected),
            late: int(made.late),
            incomplete: int(made.incomplete),
            acceptance_rate: made.acceptance_rate(),
            conformity_rate: made.conformity_rate(),
            timeliness_rate: made.timeliness_rate(),
            completeness_rate: made.completeness_rate(),
        }
    }
}

/// How fast objections or applications for repair were decided in a period, of organizations or of natural persons.
#[derive(Clone, Debug, SimpleObject)]
pub struct AnswerTimes {
    /// Which of the two.
    kind: ApplicationKind,
    /// Whether it counts natural persons.
    about_persons: bool,
    /// The numbers; null when they count so few natural persons that they could tell who it was.
    counts: Option<AnswerCounts>,
}

/// How fast applications were decided in a period.
#[derive(Clone, Debug, SimpleObject)]
pub struct AnswerCounts {
    /// How many were decided; those taken back are not counted.
    decided: i32,
    /// Of these, after their day.
    late: i32,
    /// Working days from filing to decision, of the middle one; null when none was decided.
    median_working_days: Option<i32>,
    /// How many wait today.
    waiting: i32,
}

impl From<quality::AnswerTimes> for AnswerTimes {
    fn from(times: quality::AnswerTimes) -> Self {
        let counts = times.counts.map(|counts| AnswerCounts {
            decided: int(counts.decided.into()),
            late: int(counts.late.into()),
            median_working_days: counts.median_working_days.map(|days| int(days.into())),
            waiting: int(counts.waiting.into()),
        });
        Self { kind: times.kind, about_persons: times.is_about_persons, counts }
    }
}
