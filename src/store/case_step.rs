//! The steps of the cases of the joint work: appended, never changed.

use diesel::prelude::*;
use diesel::result::{DatabaseErrorKind, Error as DieselError};

use super::connection::AnyConnection;
use super::schema::case_steps;
use super::{StoreError, optional, row_id};
use crate::domain::time::Date;
use crate::domain::{AssignmentId, CaseId, DepartmentId, Instant, Role, SealedFields, WorkflowStep};

/// A step that was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaseStep {
    /// The case.
    pub case: CaseId,
    /// Which of its steps, from 1.
    pub number: i64,
    /// What was done.
    pub step: WorkflowStep,
    /// The assignment that it is about.
    pub assignment: Option<AssignmentId>,
    /// The role of whoever did it; nobody's when the gateway did.
    pub role: Option<Role>,
    /// The department.
    pub department: Option<DepartmentId>,
    /// When.
    pub at: Instant,
    /// By when it had to be done.
    pub due_on: Option<Date>,
    /// What was decided, as JSON without private values.
    pub facts: String,
    /// Reasons and reports.
    pub texts: SealedFields,
    /// The index of the entry that announced it.
    pub entry: u64,
}

impl CaseStep {
    /// Whether it was taken after its day.
    pub fn is_late(&self) -> bool {
        self.due_on.is_some_and(|due| due < self.at.date_in_shanghai())
    }
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = case_steps)]
struct Row {
    case_id: Vec<u8>,
    number: i64,
    step: String,
    assignment: Option<Vec<u8>>,
    role: String,
    department: String,
    at: i64,
    due_on: String,
    facts: String,
    sealed: Vec<u8>,
    entry: i64,
}

impl TryFrom<Row> for CaseStep {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let corrupt = |column| StoreError::corrupt("case_steps", column, &row.case_id);
        let assignment = row.assignment.as_deref();
        let assignment =
            assignment.map(|id| row_id(AssignmentId::from_slice, "case_steps", "assignment", id)).transpose()?;
        Ok(Self {
            case: row_id(CaseId::from_slice, "case_steps", "case_id", &row.case_id)?,
            number: row.number,
            step: row.step.parse().map_err(|_| corrupt("step"))?,
            assignment,
            role: optional(&row.role, |text| text.parse().ok()).map_err(|()| corrupt("role"))?,
            department: optional(&row.department, DepartmentId::parse).map_err(|()| corrupt("department"))?,
            at: Instant::from_micros(row.at),
            due_on: optional(&row.due_on, |text| text.parse().ok()).map_err(|()| corrupt("due_on"))?,
            texts: SealedFields::from_bytes(&row.sealed).ok_or_else(|| corrupt("sealed"))?,
            entry: u64::try_from(row.entry).map_err(|_| corrupt("entry"))?,
            facts: row.facts,
        })
    }
}

/// Appends a step.
///
/// # Errors
/// `Conflict` when somebody else has taken the step of that number.
pub fn append(connection: &mut AnyConnection, step: &CaseStep) -> Result<(), StoreError> {
    let row = Row {
        case_id: step.case.bytes().to_vec(),
        number: step.number,
        step: step.step.name().to_owned(),
        assignment: step.assignment.map(|id| id.bytes().to_vec()),
        role: step.role.map(Role::name).unwrap_or_default().to_owned(),
        department: step.department.as_ref().map(|id| id.as_str().to_owned()).unwrap_or_default(),
        at: step.at.micros(),
        due_on: step.due_on.map(|date| date.to_string()).unwrap_or_default(),
        facts: step.facts.clone(),
        sealed: step.texts.to_bytes(),
        entry: i64::try_from(step.entry).map_err(|_| StoreError::corrupt("case_steps", "entry", step.case.bytes()))?,
    };
    match diesel::insert_into(case_steps::table).values(row).execute(connection) {
        Err(DieselError::DatabaseError(DatabaseErrorKind::UniqueViolation, _)) => Err(StoreError::Conflict),
        inserted => StoreError::expect_count("case_steps", 1, inserted?),
    }
}

/// The steps of a case, in the order in which they were taken.
pub fn of_case(connection: &mut AnyConnection, case: CaseId) -> Result<Vec<CaseStep>, StoreError> {
    let query = case_steps::table
        .filter(case_steps::case_id.eq(case.bytes().as_slice()))
        .select(Row::as_select())
        .order(case_steps::number.asc());
    let rows: Vec<Row> = query.load(connection)?;
    rows.into_iter().map(CaseStep::try_from).collect()
}

/// The steps of any case that were announced last, the newest first.
pub fn newest(connection: &mut AnyConnection, limit: i64) -> Result<Vec<CaseStep>, StoreError> {
    let query = case_steps::table.select(Row::as_select()).order(case_steps::entry.desc()).limit(limit);
    let rows: Vec<Row> = query.load(connection)?;
    rows.into_iter().map(CaseStep::try_from).collect()
}
