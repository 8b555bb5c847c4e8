//! Measures of joint actions, each in one implementing department. A change belongs to a step of the action, in whose
//! transaction it is made.

use diesel::prelude::*;

use super::connection::AnyConnection;
use super::schema::{assignments, joint_actions};
use super::{StoreError, optional, row_id};
use crate::domain::time::Date;
use crate::domain::{AssignmentId, AssignmentStage, CaseId, DepartmentId, JointActionStage, MeasureCode, SubjectId};

/// A measure in one department, as the database holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AssignmentRow {
    /// Its id.
    pub id: AssignmentId,
    /// The joint action.
    pub action: CaseId,
    /// Its order in the dispatch.
    pub place: i64,
    /// The department.
    pub department: DepartmentId,
    /// The measure.
    pub measure: MeasureCode,
    /// How far it has come.
    pub stage: AssignmentStage,
    /// The day of the dispatch.
    pub assigned_on: Date,
    /// The day of the department's answer.
    pub answered_on: Option<Date>,
    /// The day of its newest report.
    pub reported_on: Option<Date>,
    /// By when the department has to answer, or to report.
    pub due_on: Option<Date>,
}

#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = assignments)]
struct Row {
    id: Vec<u8>,
    action: Vec<u8>,
    place: i64,
    department: String,
    measure: String,
    stage: String,
    assigned_on: String,
    answered_on: String,
    reported_on: String,
    due_on: String,
}

impl From<&AssignmentRow> for Row {
    fn from(assignment: &AssignmentRow) -> Self {
        let text = |date: Option<Date>| date.map(|date| date.to_string()).unwrap_or_default();
        Self {
            id: assignment.id.bytes().to_vec(),
            action: assignment.action.bytes().to_vec(),
            place: assignment.place,
            department: assignment.department.as_str().to_owned(),
            measure: assignment.measure.as_str().to_owned(),
            stage: assignment.stage.name().to_owned(),
            assigned_on: assignment.assigned_on.to_string(),
            answered_on: text(assignment.answered_on),
            reported_on: text(assignment.reported_on),
            due_on: text(assignment.due_on),
        }
    }
}

impl TryFrom<Row> for AssignmentRow {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let corrupt = |column| StoreError::corrupt("assignments", column, &row.id);
        let date = |text: &str, column| text.parse::<Date>().map_err(|_| corrupt(column));
        let day = |text: &str, column| optional(text, |text| text.parse().ok()).map_err(|()| corrupt(column));
        Ok(Self {
            id: row_id(AssignmentId::from_slice, "assignments", "id", &row.id)?,
            action: row_id(CaseId::from_slice, "assignments", "action", &row.action)?,
            place: row.place,
            department: DepartmentId::parse(&row.department).ok_or_else(|| corrupt("department"))?,
            measure: MeasureCode::parse(&row.measure).ok_or_else(|| corrupt("measure"))?,
            stage: row.stage.parse().map_err(|_| corrupt("stage"))?,
            assigned_on: date(&row.assigned_on, "assigned_on")?,
            answered_on: day(&row.answered_on, "answered_on")?,
            reported_on: day(&row.reported_on, "reported_on")?,
            due_on: day(&row.due_on, "due_on")?,
        })
    }
}

/// The assignment with this id.
pub fn find(connection: &mut AnyConnection, id: AssignmentId) -> Result<Option<AssignmentRow>, StoreError> {
    let query = assignments::table.filter(assignments::id.eq(id.bytes().as_slice())).select(Row::as_select());
    let row: Option<Row> = query.get_result(connection).optional()?;
    row.map(AssignmentRow::try_from).transpose()
}

/// The assignments of a joint action, in the order of its dispatch.
pub fn of_action(connection: &mut AnyConnection, action: CaseId) -> Result<Vec<AssignmentRow>, StoreError> {
    let query = assignments::table
        .filter(assignments::action.eq(action.bytes().as_slice()))
        .select(Row::as_select())
        .order(assignments::place.asc());
    let rows: Vec<Row> = query.load(connection)?;
    rows.into_iter().map(AssignmentRow::try_from).collect()
}

/// Stores those of a dispatch.
pub fn insert(connection: &mut AnyConnection, rows: &[AssignmentRow]) -> Result<(), StoreError> {
    let inserted = connection.insert_rows(assignments::table, rows.iter().map(Row::from).collect())?;
    StoreError::expect_count("assignments", rows.len(), inserted)
}

/// Replaces one. The action's own row is advanced in the same transaction, which keeps two from doing so.
pub fn update(connection: &mut AnyConnection, assignment: &AssignmentRow) -> Result<(), StoreError> {
    let row = Row::from(assignment);
    let changed =
        diesel::update(assignments::table.filter(assignments::id.eq(row.id.clone()))).set(row).execute(connection)?;
    StoreError::expect_count("assignments", 1, changed)
}

/// Which assignments are wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inbox {
    /// Of this department; of all when absent.
    pub department: Option<DepartmentId>,
    /// Of this stage.
    pub stage: Option<AssignmentStage>,
    /// Those alone that were due before this day, and do not rest.
    pub late_on: Option<Date>,
}

/// A place in the order of an inbox: due day, then id. What has no due day comes first.
pub type Place = (String, AssignmentId);

/// Assignments by due day, after a place.
pub fn list(
    connection: &mut AnyConnection,
    inbox: &Inbox,
    after: Option<&Place>,
    limit: i64,
) -> Result<Vec<AssignmentRow>, StoreError> {
    let mut query = assignments::table
        .select(Row::as_select())
        .order((assignments::due_on.asc(), assignments::id.asc()))
        .limit(limit)
        .into_boxed();
    if let Some(department) = &inbox.department {
        query = query.filter(assignments::department.eq(department.as_str().to_owned()));
    }
    if let Some(stage) = inbox.stage {
        query = query.filter(assignments::stage.eq(stage.name()));
    }
    if let Some(day) = inbox.late_on {
        let going_on = joint_actions::table
            .filter(joint_actions::suspensions.eq(0))
            .filter(joint_actions::stage.ne(JointActionStage::Ended.name()))
            .select(joint_actions::id);
        query = query
            .filter(assignments::due_on.ne(""))
            .filter(assignments::due_on.lt(day.to_string()))
            .filter(assignments::action.eq_any(going_on));
    }
    if let Some((due, id)) = after {
        query = query.filter(
            assignments::due_on
                .gt(due.clone())
                .or(assignments::due_on.eq(due.clone()).and(assignments::id.gt(id.bytes().to_vec()))),
        );
    }
    query.load(connection)?.into_iter().map(AssignmentRow::try_from).collect()
}

/// The assignments of a department that it has taken, of joint actions on a subject that go on and do not rest.
pub fn binding(
    connection: &mut AnyConnection,
    (department, subject): (&DepartmentId, SubjectId),
    day: Date,
) -> Result<Vec<AssignmentRow>, StoreError> {
    let going_on = joint_actions::table
        .filter(joint_actions::subject.eq(subject.bytes().to_vec()))
        .filter(joint_actions::suspensions.eq(0))
        .filter(joint_actions::stage.ne(JointActionStage::Ended.name()))
        .filter(joint_actions::ends_on.ge(day.to_string()))
        .select(joint_actions::id);
    let taken = [AssignmentStage::Taken.name(), AssignmentStage::Executed.name()];
    let query = assignments::table
        .filter(assignments::department.eq(department.as_str()))
        .filter(assignments::stage.eq_any(taken))
        .filter(assignments::action.eq_any(going_on))
        .select(Row::as_select())
        .order((assignments::assigned_on.asc(), assignments::id.asc()));
    let rows: Vec<Row> = query.load(connection)?;
    rows.into_iter().map(AssignmentRow::try_from).collect()
}
