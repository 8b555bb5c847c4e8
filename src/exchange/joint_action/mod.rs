//! Joint incentive and joint punishment (联合奖惩): initiated by the department whose record it rests on, dispatched by the
//! coordinator, answered and reported by the implementing departments, ended by its last day, by repair or by revocation.
//!
//! What may follow what is `domain::joint_action`; who may do what are policies; here the two meet the rows.

pub mod answer;
pub mod awaiting;
pub mod dispatch;
pub mod end;
pub mod history;
pub mod initiate;
pub mod list;
pub mod overdue;
pub(super) mod rest;

use std::collections::BTreeMap;
use std::sync::Arc;

use super::authorization::InputProblem;
use super::case::CaseStep;
use super::fault::Fault;
use super::gateway::Gateway;
use super::inquiry::Inquiry;
use super::node_id::NodeRef;
use super::push::notices;
use crate::access::{CaseAction, Concern};
use crate::domain::joint_action::{JointAction, OutOfOrder, Step};
use crate::domain::{
    AssignmentId, AssignmentStage, CaseId, Date, DepartmentId, JointActionEnding, JointActionStage, RecordState,
    SubjectCategory,
};
pub use crate::store::assignment::AssignmentRow;
pub use crate::store::joint_action::JointActionRow;
use crate::store::record::Record;
use crate::store::{self, StoreError};

/// A joint action that the caller may see.
#[derive(Clone, Debug)]
pub struct JointActionView {
    row: JointActionRow,
    assignments: Vec<AssignmentRow>,
    concern: Concern,
    today: Date,
}

/// What a step leads to: the view after it, or what was wrong with the input.
pub type Taken = Result<JointActionView, Vec<InputProblem>>;

impl JointActionView {
    /// The stored row.
    pub fn row(&self) -> &JointActionRow {
        &self.row
    }

    /// How the caller stands to it.
    pub fn concern(&self) -> Concern {
        self.concern
    }

    /// Whether the caller is among those concerned, and not only somebody who sees what is published.
    pub fn is_concerned(&self, inquiry: &Inquiry) -> bool {
        inquiry.permit().case(CaseAction::ReadTexts, self.concern).is_some()
    }

    /// How far it has come today: its last day ends it, whether or not that was written down yet.
    pub fn stage(&self) -> JointActionStage {
        if self.ending().is_some() { JointActionStage::Ended } else { self.row.stage }
    }

    /// Why it ended.
    pub fn ending(&self) -> Option<JointActionEnding> {
        self.row.ending.or((self.row.ends_on < self.today).then_some(JointActionEnding::Expired))
    }

    /// Whether its measures rest.
    pub fn is_suspended(&self) -> bool {
        self.ending().is_none() && self.row.suspensions > 0
    }

    /// The measures in the departments, in the order of the dispatch, as far as the caller sees them: those concerned all, the
    /// public those that are carried out.
    pub fn assignments(&self, inquiry: &Inquiry) -> Vec<AssignmentView> {
        let is_concerned = self.is_concerned(inquiry);
        let action = Arc::new(self.clone());
        let shown = self.assignments.iter().filter(|row| is_concerned || row.stage == AssignmentStage::Executed);
        shown.map(|row| AssignmentView { row: row.clone(), action: Arc::clone(&action) }).collect()
    }

    fn state(&self) -> JointAction {
        JointAction {
            stage: self.row.stage,
            ending: self.row.ending,
            suspensions: self.row.suspensions,
            assignments: self.assignments.iter().map(|row| (row.id, row.stage)).collect(),
        }
    }

    /// The state after a step, or what to tell the caller.
    fn after(&self, step: &Step, part: &str) -> Result<JointAction, Vec<InputProblem>> {
        let over = self.row.ending.is_none() && self.row.ends_on < self.today;
        let next = if over { Err(OutOfOrder::Ended) } else { self.state().after(step) };
        next.map_err(|order| InputProblem::one(part, order.into(), order.to_string()))
    }

    /// Takes over what the state says after a step: the rows, and which assignments have changed.
    fn apply(&mut self, next: &JointAction) -> Vec<AssignmentRow> {
        self.row.stage = next.stage;
        self.row.ending = next.ending;
        self.row.suspensions = next.suspensions;
        self.row.steps += 1;
        if next.stage == JointActionStage::Ended {
            (self.row.due_on, self.row.suspended_on) = (None, None);
        }
        let stages: BTreeMap<AssignmentId, AssignmentStage> = next.assignments.clone();
        let mut changed = Vec::new();
        for row in &mut self.assignments {
            let Some(&stage) = stages.get(&row.id).filter(|&&stage| stage != row.stage) else { continue };
            row.stage = stage;
            if matches!(stage, AssignmentStage::Lifted | AssignmentStage::NotApplicable) {
                row.due_on = None;
            }
            changed.push(row.clone());
        }
        changed
    }
}

/// A measure in one department, within its action.
#[derive(Clone, Debug)]
pub struct AssignmentView {
    row: AssignmentRow,
    action: Arc<JointActionView>,
}

impl AssignmentView {
    /// The stored row.
    pub fn row(&self) -> &AssignmentRow {
        &self.row
    }

    /// The joint action.
    pub fn action(&self) -> &Arc<JointActionView> {
        &self.action
    }

    /// How far it has come today.
    pub fn stage(&self) -> AssignmentStage {
        match self.row.stage {
            AssignmentStage::NotApplicable => AssignmentStage::NotApplicable,
            _ if self.action.ending().is_some() => AssignmentStage::Lifted,
            stage => stage,
        }
    }

    /// By when the department has to answer or to report, for those concerned; nothing while it rests or when it is over.
    pub fn due_on(&self, inquiry: &Inquiry) -> Option<Date> {
        let is_open = self.action.ending().is_none() && !self.action.is_suspended();
        self.row.due_on.filter(|_| is_open && self.action.is_concerned(inquiry))
    }
}

/// A joint action, when the caller may know of it.
pub fn find(inquiry: &Inquiry, id: CaseId) -> Result<Option<JointActionView>, Fault> {
    let found = inquiry.gateway().registry.read(|connection| store::joint_action::find(connection, id))?;
    found.map_or(Ok(None), |row| view(inquiry, row))
}

/// The same by its opaque id.
pub fn by_id(inquiry: &Inquiry, id: &str) -> Result<Option<JointActionView>, Fault> {
    match inquiry.gateway().node_ids.decode(id) {
        Some(NodeRef::JointAction(id)) => find(inquiry, id),
        _ => Ok(None),
    }
}

/// The row as the caller sees it; nothing when it may not know of it.
fn view(inquiry: &Inquiry, row: JointActionRow) -> Result<Option<JointActionView>, Fault> {
    let registry = &inquiry.gateway().registry;
    let (assignments, basis) = registry.read(|connection| {
        let assignments = store::assignment::of_action(connection, row.id)?;
        Ok((assignments, store::record::find(connection, row.basis)?))
    })?;
    let basis = basis.ok_or_else(|| Fault::Corrupt(format!("joint_actions.basis of {}", row.id)))?;
    let concern = concern(inquiry, &row, &assignments, &basis);
    if inquiry.permit().case(CaseAction::View, concern).is_none() {
        return Ok(None);
    }
    inquiry.tally(|tally| {
        tally.subjects.insert(row.subject);
        tally.cost = tally.cost.saturating_add(1);
    });
    Ok(Some(JointActionView { row, assignments, concern, today: inquiry.today() }))
}

fn concern(inquiry: &Inquiry, row: &JointActionRow, assignments: &[AssignmentRow], basis: &Record) -> Concern {
    let own = inquiry.caller().claims().department.as_ref();
    let is_own = |department: &DepartmentId| own == Some(department);
    let today = inquiry.today();
    Concern {
        initiator: is_own(&row.initiator),
        implementer: assignments.iter().any(|assignment| is_own(&assignment.department)),
        provider: basis.provider.as_ref().is_some_and(is_own),
        subject: inquiry.standings().standing.subject == Some(row.subject),
        published: row.stage == JointActionStage::InForce
            && today <= row.ends_on
            && basis.category != SubjectCategory::NaturalPerson
            && basis.state == RecordState::Current
            && basis.public_until.is_some_and(|until| today <= until),
        escalated: false,
        handler: false,
    }
}

/// The steps that were taken, in order, for those concerned; for others none.
pub fn steps(inquiry: &Inquiry, view: &JointActionView) -> Result<Vec<CaseStep>, Fault> {
    if !view.is_concerned(inquiry) {
        return Ok(Vec::new());
    }
    Ok(inquiry.gateway().registry.read(|connection| store::case_step::of_case(connection, view.row.id))?)
}

/// Writes a step: the action's row, the assignments it changed, the step itself, all or nothing.
fn write(inquiry: &Inquiry, view: &JointActionView, changed: &[AssignmentRow], step: &CaseStep) -> Result<(), Fault> {
    Ok(put(inquiry.gateway(), view, changed, step)?)
}

/// The same for a step that may be the gateway's own.
fn put(
    gateway: &Gateway,
    view: &JointActionView,
    changed: &[AssignmentRow],
    step: &CaseStep,
) -> Result<(), StoreError> {
    let events = notices::of_action(gateway, &view.row, &view.assignments, step);
    gateway.registry.write(|connection| {
        store::joint_action::advance(connection, &view.row)?;
        for assignment in changed {
            store::assignment::update(connection, assignment)?;
        }
        store::case_step::append(connection, step)?;
        store::event::append(connection, events)
    })
}

/// What is told of an id that names nothing the caller may know of.
fn unknown(part: &str, what: &str) -> Vec<InputProblem> {
    InputProblem::one(part, "ID", format!("there is no {what} of this id"))
}
