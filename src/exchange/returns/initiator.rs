//! 汇总反馈: what became of what each department initiated, summed up by the coordinator for the initiators.

use std::collections::BTreeMap;

use super::super::fault::Fault;
use super::super::inquiry::Inquiry;
use super::super::joint_action::list::whose;
use super::{Material, Month, amount, answer, is_small, materials, small_count};
use crate::domain::{AssignmentAnswer, Date, DepartmentId, JointActionStage, WorkflowStep};
use crate::store::joint_action::Which;

/// The summary for one month.
#[derive(Clone, Debug)]
pub struct InitiatorReturn {
    /// The month.
    pub month: Month,
    /// By when it is due.
    pub due_on: Date,
    /// One for each initiating department, of organizations and of natural persons apart.
    pub rows: Vec<InitiatorRow>,
}

/// What became of what one department initiated.
#[derive(Clone, Debug)]
pub struct InitiatorRow {
    /// The department.
    pub initiator: DepartmentId,
    /// Whether it counts natural persons.
    pub is_about_persons: bool,
    /// The numbers; `None` when they are too small to be told.
    pub counts: Option<InitiatorCounts>,
}

/// The numbers of a month.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct InitiatorCounts {
    /// Initiated.
    pub initiated: u32,
    /// Initiated, and late.
    pub initiated_late: u32,
    /// Dispatched.
    pub dispatched: u32,
    /// Dispatched, and late.
    pub dispatched_late: u32,
    /// Measures that departments took.
    pub taken: u32,
    /// Measures that departments found not applicable.
    pub not_applicable: u32,
    /// Answers that were late.
    pub answered_late: u32,
    /// Reports.
    pub reports: u32,
    /// What they said was concerned, in hundredths of a yuan.
    pub amount_cents: u64,
    /// Actions in force at its end.
    pub in_force: u32,
    /// Actions whose measures rest at its end.
    pub suspended: u32,
    /// Actions that ended.
    pub ended: u32,
}

/// The summary: for the coordinator of all initiators or of one, for a department its own.
pub fn of(inquiry: &Inquiry, month: Month, department: Option<&DepartmentId>) -> Result<InitiatorReturn, Fault> {
    let wanted = whose(inquiry, department)?;
    let which = wanted.clone().map_or(Which::All, Which::Concerning);
    let mut rows: BTreeMap<(DepartmentId, bool), InitiatorCounts> = BTreeMap::new();
    let materials = materials(inquiry, &which, month)?;
    let is_wanted = |material: &&Material| wanted.as_ref().is_none_or(|wanted| material.row.initiator == *wanted);
    for material in materials.iter().filter(is_wanted) {
        let counts = counted(material, month)?;
        if counts != InitiatorCounts::default() {
            rows.entry((material.row.initiator.clone(), material.is_about_a_person)).or_default().add(counts);
        }
    }
    let small = small_count(inquiry);
    let row = |((initiator, is_about_persons), counts): ((DepartmentId, bool), InitiatorCounts)| {
        let is_told = !is_about_persons || !is_small(&counts.numbers(), small);
        InitiatorRow { initiator, is_about_persons, counts: is_told.then_some(counts) }
    };
    let deadlines = inquiry.gateway().rules.packs.in_force(month.last()).deadlines;
    let due_on = deadlines.initiator_return_of(month.first());
    Ok(InitiatorReturn { month, due_on, rows: rows.into_iter().map(row).collect() })
}

fn counted(material: &Material, month: Month) -> Result<InitiatorCounts, Fault> {
    let mut counts = InitiatorCounts::default();
    for step in material.steps.iter().filter(|step| month.holds(step.at)) {
        let late = u32::from(step.is_late());
        match step.step {
            WorkflowStep::Initiate => {
                counts.initiated += 1;
                counts.initiated_late += late;
            }
            WorkflowStep::Dispatch => {
                counts.dispatched += 1;
                counts.dispatched_late += late;
            }
            WorkflowStep::Respond => {
                counts.answered_late += late;
                match answer(step)? {
                    AssignmentAnswer::Taken => counts.taken += 1,
                    AssignmentAnswer::NotApplicable => counts.not_applicable += 1,
                }
            }
            WorkflowStep::Feedback => {
                counts.reports += 1;
                counts.amount_cents = counts.amount_cents.saturating_add(amount(step)?);
            }
            _ => {}
        }
    }
    if let Some(state) = material.at(month.end())? {
        let had_ended = material.at(month.start())?.is_some_and(|before| before.stage == JointActionStage::Ended);
        counts.ended = u32::from(state.stage == JointActionStage::Ended && !had_ended);
        counts.in_force = u32::from(state.stage == JointActionStage::InForce);
        counts.suspended = u32::from(state.suspensions > 0);
    }
    Ok(counts)
}

impl InitiatorCounts {
    fn numbers(self) -> [u32; 11] {
        [
            self.initiated,
            self.initiated_late,
            self.dispatched,
            self.dispatched_late,
            self.taken,
            self.not_applicable,
            self.answered_late,
            self.reports,
            self.in_force,
            self.suspended,
            self.ended,
        ]
    }

    fn add(&mut self, other: Self) {
        self.initiated += other.initiated;
        self.initiated_late += other.initiated_late;
        self.dispatched += other.dispatched;
        self.dispatched_late += other.dispatched_late;
        self.taken += other.taken;
        self.not_applicable += other.not_applicable;
        self.answered_late += other.answered_late;
        self.reports += other.reports;
        self.amount_cents = self.amount_cents.saturating_add(other.amount_cents);
        self.in_force += other.in_force;
        self.suspended += other.suspended;
        self.ended += other.ended;
    }
}
