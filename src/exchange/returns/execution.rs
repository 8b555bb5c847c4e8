//! 执行情况反馈: what one department was assigned in a month, what it answered, and what it carried out, by measure.

use std::collections::BTreeMap;

use super::super::fault::Fault;
use super::super::inquiry::Inquiry;
use super::super::joint_action::list::whose;
use super::{Material, Month, amount, answer, is_small, materials, small_count};
use crate::domain::joint_action::JointAction;
use crate::domain::{
    AssignmentAnswer, AssignmentStage, Date, DepartmentId, JointActionKind, JointActionStage, MeasureCode, WorkflowStep,
};
use crate::store::case_step::CaseStep;
use crate::store::joint_action::Which;

/// The return of one department for one month.
#[derive(Clone, Debug)]
pub struct ExecutionReturn {
    /// The department.
    pub department: DepartmentId,
    /// The month.
    pub month: Month,
    /// By when it is due.
    pub due_on: Date,
    /// One for each measure, of organizations and of natural persons apart.
    pub rows: Vec<ExecutionRow>,
}

/// What became of one measure.
#[derive(Clone, Debug)]
pub struct ExecutionRow {
    /// The measure.
    pub measure: MeasureCode,
    /// Whether it rewards or punishes.
    pub kind: JointActionKind,
    /// Whether it counts natural persons.
    pub is_about_persons: bool,
    /// The numbers; `None` when they are too small to be told.
    pub counts: Option<ExecutionCounts>,
}

/// The numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ExecutionCounts {
    /// Assigned in the month.
    pub assigned: u32,
    /// Taken in the month.
    pub taken: u32,
    /// Answered in the month as not applicable.
    pub not_applicable: u32,
    /// Answered in the month, and late.
    pub answered_late: u32,
    /// Not answered at its end.
    pub unanswered: u32,
    /// Reports handed in in the month.
    pub reports: u32,
    /// What they said was concerned, in hundredths of a yuan.
    pub amount_cents: u64,
    /// Of these reports, late.
    pub reported_late: u32,
    /// Taken and not reported yet at its end.
    pub unreported: u32,
    /// Carried out at its end.
    pub in_force: u32,
    /// Lifted in the month.
    pub lifted: u32,
}

/// The return of the caller's department, for the coordinator that of any.
pub fn of(inquiry: &Inquiry, month: Month, department: Option<&DepartmentId>) -> Result<ExecutionReturn, Fault> {
    let own = inquiry.caller().claims().department.clone();
    let department = whose(inquiry, department)?.or(own).ok_or(Fault::Forbidden)?;
    let materials = materials(inquiry, &Which::Concerning(department.clone()), month)?;
    let mut rows: BTreeMap<(MeasureCode, bool), (JointActionKind, ExecutionCounts)> = BTreeMap::new();
    for material in &materials {
        let states = (material.at(month.start())?, material.at(month.end())?);
        for assignment in material.assignments.iter().filter(|row| row.department == department) {
            let counts = counted(material, assignment, (states.0.as_ref(), states.1.as_ref()), month)?;
            if counts == ExecutionCounts::default() {
                continue;
            }
            let key = (assignment.measure.clone(), material.is_about_a_person);
            rows.entry(key).or_insert((material.row.kind, ExecutionCounts::default())).1.add(counts);
        }
    }
    let small = small_count(inquiry);
    let row =
        |((measure, is_about_persons), (kind, counts)): ((MeasureCode, bool), (JointActionKind, ExecutionCounts))| {
            let is_told = !is_about_persons || !is_small(&counts.numbers(), small);
            ExecutionRow { measure, kind, is_about_persons, counts: is_told.then_some(counts) }
        };
    let deadlines = inquiry.gateway().rules.packs.in_force(month.last()).deadlines;
    let due_on = deadlines.execution_return_of(month.first());
    Ok(ExecutionReturn { department, month, due_on, rows: rows.into_iter().map(row).collect() })
}

fn counted(
    material: &Material,
    assignment: &super::AssignmentRow,
    (before, state): (Option<&JointAction>, Option<&JointAction>),
    month: Month,
) -> Result<ExecutionCounts, Fault> {
    let mut counts = ExecutionCounts {
        assigned: u32::from((month.first()..=month.last()).contains(&assignment.assigned_on)),
        ..ExecutionCounts::default()
    };
    let own = |step: &&CaseStep| step.assignment == Some(assignment.id) && month.holds(step.at);
    for step in material.steps.iter().filter(own) {
        match step.step {
            WorkflowStep::Respond => {
                counts.answered_late += u32::from(step.is_late());
                match answer(step)? {
                    AssignmentAnswer::Taken => counts.taken += 1,
                    AssignmentAnswer::NotApplicable => counts.not_applicable += 1,
                }
            }
            WorkflowStep::Feedback => {
                counts.reports += 1;
                counts.reported_late += u32::from(step.is_late());
                counts.amount_cents = counts.amount_cents.saturating_add(amount(step)?);
            }
            _ => {}
        }
    }
    let stage_in = |state: Option<&JointAction>| state.and_then(|state| state.assignments.get(&assignment.id).copied());
    let (had, stage) = (stage_in(before), stage_in(state));
    let goes_on = state.is_some_and(|state| state.stage != JointActionStage::Ended);
    counts.unanswered = u32::from(goes_on && stage == Some(AssignmentStage::Assigned));
    counts.unreported = u32::from(goes_on && stage == Some(AssignmentStage::Taken));
    counts.in_force = u32::from(goes_on && stage == Some(AssignmentStage::Executed));
    counts.lifted = u32::from(stage == Some(AssignmentStage::Lifted) && had != stage);
    Ok(counts)
}

impl ExecutionCounts {
    fn add(&mut self, other: Self) {
        self.assigned += other.assigned;
        self.taken += other.taken;
        self.not_applicable += other.not_applicable;
        self.answered_late += other.answered_late;
        self.unanswered += other.unanswered;
        self.reports += other.reports;
        self.amount_cents = self.amount_cents.saturating_add(other.amount_cents);
        self.reported_late += other.reported_late;
        self.unreported += other.unreported;
        self.in_force += other.in_force;
        self.lifted += other.lifted;
    }

    fn numbers(self) -> [u32; 10] {
        [
            self.assigned,
            self.taken,
            self.not_applicable,
            self.answered_late,
            self.unanswered,
            self.reports,
            self.reported_late,
            self.unreported,
            self.in_force,
            self.lifted,
        ]
    }
}
