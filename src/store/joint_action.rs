//! Joint actions: one row each, changed by compare-and-swap on the number of their steps.

use diesel::prelude::*;

use super::connection::AnyConnection;
use super::record::{published_on, shared_on};
use super::schema::{assignments, joint_actions, records};
use super::{StoreError, optional, row_id};
use crate::domain::time::Date;
use crate::domain::{
    CaseId, DepartmentId, JointActionEnding, JointActionKind, JointActionStage, MeasureCode, RecordId, SubjectCategory,
    SubjectId,
};

/// A joint action as the database holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JointActionRow {
    /// Its id.
    pub id: CaseId,
    /// Whether it rewards or punishes.
    pub kind: JointActionKind,
    /// Whom.
    pub subject: SubjectId,
    /// The record that it rests on.
    pub basis: RecordId,
    /// The department that initiated it.
    pub initiator: DepartmentId,
    /// The law and article.
    pub legal_basis: String,
    /// Its measures.
    pub measures: Vec<MeasureCode>,
    /// The day of the act.
    pub act_on: Date,
    /// The day on which the party was notified.
    pub notified_on: Date,
    /// The day on which it was initiated.
    pub initiated_on: Date,
    /// Its last day.
    pub ends_on: Date,
    /// How far it has come.
    pub stage: JointActionStage,
    /// Why it ended.
    pub ending: Option<JointActionEnding>,
    /// How many objections rest it.
    pub suspensions: u32,
    /// Since when its measures rest.
    pub suspended_on: Option<Date>,
    /// By when it has to be dispatched, while it waits for that.
    pub due_on: Option<Date>,
    /// How many steps were taken.
    pub steps: i64,
    /// The index of the entry that announced it. Lists are in this order.
    pub entry: u64,
}

#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = joint_actions)]
struct Row {
    id: Vec<u8>,
    kind: String,
    subject: Vec<u8>,
    basis: Vec<u8>,
    initiator: String,
    legal_basis: String,
    measures: String,
    act_on: String,
    notified_on: String,
    initiated_on: String,
    ends_on: String,
    stage: String,
    ending: String,
    suspensions: i64,
    suspended_on: String,
    due_on: String,
    steps: i64,
    entry: i64,
}

impl From<&JointActionRow> for Row {
    fn from(action: &JointActionRow) -> Self {
        let text = |date: Option<Date>| date.map(|date| date.to_string()).unwrap_or_default();
        let measures: Vec<&str> = action.measures.iter().map(MeasureCode::as_str).collect();
        Self {
            id: action.id.bytes().to_vec(),
            kind: action.kind.name().to_owned(),
            subject: action.subject.bytes().to_vec(),
            basis: action.basis.bytes().to_vec(),
            initiator: action.initiator.as_str().to_owned(),
            legal_basis: action.legal_basis.clone(),
            measures: measures.join(" "),
            act_on: action.act_on.to_string(),
            notified_on: action.notified_on.to_string(),
            initiated_on: action.initiated_on.to_string(),
            ends_on: action.ends_on.to_string(),
            stage: action.stage.name().to_owned(),
            ending: action.ending.map(JointActionEnding::name).unwrap_or_default().to_owned(),
            suspensions: action.suspensions.into(),
            suspended_on: text(action.suspended_on),
            due_on: text(action.due_on),
            steps: action.steps,
            entry: i64::try_from(action.entry).unwrap_or(i64::MAX),
        }
    }
}

impl TryFrom<Row> for JointActionRow {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let corrupt = |column| StoreError::corrupt("joint_actions", column, &row.id);
        let date = |text: &str, column| text.parse::<Date>().map_err(|_| corrupt(column));
        let day = |text: &str, column| optional(text, |text| text.parse().ok()).map_err(|()| corrupt(column));
        let measures = row.measures.split(' ').map(MeasureCode::parse).collect::<Option<_>>();
        Ok(Self {
            id: row_id(CaseId::from_slice, "joint_actions", "id", &row.id)?,
            kind: row.kind.parse().map_err(|_| corrupt("kind"))?,
            subject: row_id(SubjectId::from_slice, "joint_actions", "subject", &row.subject)?,
            basis: row_id(RecordId::from_slice, "joint_actions", "basis", &row.basis)?,
            initiator: DepartmentId::parse(&row.initiator).ok_or_else(|| corrupt("initiator"))?,
            measures: measures.ok_or_else(|| corrupt("measures"))?,
            act_on: date(&row.act_on, "act_on")?,
            notified_on: date(&row.notified_on, "notified_on")?,
            initiated_on: date(&row.initiated_on, "initiated_on")?,
            ends_on: date(&row.ends_on, "ends_on")?,
            stage: row.stage.parse().map_err(|_| corrupt("stage"))?,
            ending: optional(&row.ending, |text| text.parse().ok()).map_err(|()| corrupt("ending"))?,
            suspensions: u32::try_from(row.suspensions).map_err(|_| corrupt("suspensions"))?,
            suspended_on: day(&row.suspended_on, "suspended_on")?,
            due_on: day(&row.due_on, "due_on")?,
            steps: row.steps,
            entry: u64::try_from(row.entry).map_err(|_| corrupt("entry"))?,
            legal_basis: row.legal_basis,
        })
    }
}

/// Which joint actions are wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Which {
    /// All.
    All,
    /// Those that a department initiated, was assigned a measure of, or provided the record of.
    Concerning(DepartmentId),
    /// Those about a subject.
    About(SubjectId),
    /// Those in force that rest on a record which is public on the day, and that are not about a natural person.
    PublishedOn(Date),
}

/// A narrower choice.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Narrowing {
    /// Of this stage.
    pub stage: Option<JointActionStage>,
    /// About this subject.
    pub subject: Option<SubjectId>,
    /// Resting on this record.
    pub basis: Option<RecordId>,
    /// Initiated by the second of these days, with a last day that is not before the first.
    pub during: Option<(Date, Date)>,
}

/// The joint action with this id.
pub fn find(connection: &mut AnyConnection, id: CaseId) -> Result<Option<JointActionRow>, StoreError> {
    let query = joint_actions::table.filter(joint_actions::id.eq(id.bytes().as_slice())).select(Row::as_select());
    let row: Option<Row> = query.get_result(connection).optional()?;
    row.map(JointActionRow::try_from).transpose()
}

/// Stores a new one.
///
/// # Errors
/// `Conflict` when another one that is under way rests on the same record.
pub fn insert(connection: &mut AnyConnection, action: &JointActionRow) -> Result<(), StoreError> {
    // An update that changes nothing holds the record until the end of the transaction: of two that come at once one is second.
    let basis = records::table.filter(records::id.eq(action.basis.bytes().as_slice()));
    diesel::update(basis).set(records::version.eq(records::version)).execute(connection)?;
    let standing = joint_actions::table
        .filter(joint_actions::basis.eq(action.basis.bytes().as_slice()))
        .filter(joint_actions::stage.ne(JointActionStage::Ended.name()))
        .filter(joint_actions::ends_on.ge(action.initiated_on.to_string()));
    if standing.count().get_result::<i64>(connection)? > 0 {
        return Err(StoreError::Conflict);
    }
    let inserted = diesel::insert_into(joint_actions::table).values(Row::from(action)).execute(connection)?;
    StoreError::expect_count("joint_actions", 1, inserted)
}

/// Replaces one that had a step fewer.
///
/// # Errors
/// `Conflict` when somebody else has taken a step meanwhile.
pub fn advance(connection: &mut AnyConnection, action: &JointActionRow) -> Result<(), StoreError> {
    let row = Row::from(action);
    let before = joint_actions::table
        .filter(joint_actions::id.eq(row.id.clone()))
        .filter(joint_actions::steps.eq(action.steps - 1));
    match diesel::update(before).set(row).execute(connection)? {
        1 => Ok(()),
        _ => Err(StoreError::Conflict),
    }
}

/// Joint actions, the newest first, whose entry lies below `below`.
pub fn list(
    connection: &mut AnyConnection,
    which: &Which,
    narrowing: &Narrowing,
    below: Option<u64>,
    limit: i64,
) -> Result<Vec<JointActionRow>, StoreError> {
    let below = below.map_or(i64::MAX, |below| i64::try_from(below).unwrap_or(i64::MAX));
    let mut query = joint_actions::table
        .select(Row::as_select())
        .filter(joint_actions::entry.lt(below))
        .order(joint_actions::entry.desc())
        .limit(limit)
        .into_boxed();
    match which {
        Which::All => {}
        Which::Concerning(department) => {
            let department = department.as_str().to_owned();
            let assigned =
                assignments::table.filter(assignments::department.eq(department.clone())).select(assignments::action);
            let provided = records::table.filter(records::provider.eq(department.clone())).select(records::id);
            query = query.filter(
                joint_actions::initiator
                    .eq(department)
                    .or(joint_actions::id.eq_any(assigned))
                    .or(joint_actions::basis.eq_any(provided)),
            );
        }
        Which::About(subject) => query = query.filter(joint_actions::subject.eq(subject.bytes().to_vec())),
        Which::PublishedOn(day) => {
            let published = records::table
                .filter(published_on(day.to_string()))
                .filter(records::category.ne(SubjectCategory::NaturalPerson.name()))
                .select(records::id);
            query = query
                .filter(joint_actions::stage.eq(JointActionStage::InForce.name()))
                .filter(joint_actions::ends_on.ge(day.to_string()))
                .filter(joint_actions::basis.eq_any(published));
        }
    }
    if let Some(stage) = narrowing.stage {
        query = query.filter(joint_actions::stage.eq(stage.name()));
    }
    if let Some(subject) = narrowing.subject {
        query = query.filter(joint_actions::subject.eq(subject.bytes().to_vec()));
    }
    if let Some((first, last)) = narrowing.during {
        query = query
            .filter(joint_actions::initiated_on.le(last.to_string()))
            .filter(joint_actions::ends_on.ge(first.to_string()));
    }
    if let Some(basis) = narrowing.basis {
        query = query.filter(joint_actions::basis.eq(basis.bytes().to_vec()));
    }
    query.load(connection)?.into_iter().map(JointActionRow::try_from).collect()
}

/// Those that have not ended though their last day is before `day`.
pub fn expired(connection: &mut AnyConnection, day: Date, limit: i64) -> Result<Vec<JointActionRow>, StoreError> {
    let query = joint_actions::table
        .select(Row::as_select())
        .filter(joint_actions::stage.ne(JointActionStage::Ended.name()))
        .filter(joint_actions::ends_on.lt(day.to_string()))
        .order(joint_actions::entry.asc())
        .limit(limit);
    let rows: Vec<Row> = query.load(connection)?;
    rows.into_iter().map(JointActionRow::try_from).collect()
}

/// Those whose dispatch was due before `day`, by due day, after a place. Measures that rest are not late.
pub fn late(
    connection: &mut AnyConnection,
    day: Date,
    after: Option<&(Date, CaseId)>,
    limit: i64,
) -> Result<Vec<JointActionRow>, StoreError> {
    let mut query = joint_actions::table
        .select(Row::as_select())
        .filter(joint_actions::stage.eq(JointActionStage::Initiated.name()))
        .filter(joint_actions::suspensions.eq(0))
        .filter(joint_actions::due_on.ne(""))
        .filter(joint_actions::due_on.lt(day.to_string()))
        .order((joint_actions::due_on.asc(), joint_actions::id.asc()))
        .limit(limit)
        .into_boxed();
    if let Some((due, id)) = after {
        query = query.filter(
            joint_actions::due_on
                .gt(due.to_string())
                .or(joint_actions::due_on.eq(due.to_string()).and(joint_actions::id.gt(id.bytes().to_vec()))),
        );
    }
    query.load(connection)?.into_iter().map(JointActionRow::try_from).collect()
}

/// A record that no joint action rests on yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Awaiting {
    /// The record.
    pub record: RecordId,
    /// The day of the act.
    pub act_on: Date,
    /// The department that provided it.
    pub provider: DepartmentId,
}

/// Records of these items that are shared on a day and that no joint action rests on, the oldest act first, after a place; of one
/// department, or of all.
pub fn awaiting(
    connection: &mut AnyConnection,
    (provider, items): (Option<&DepartmentId>, &[&str]),
    day: Date,
    after: Option<&(Date, RecordId)>,
    limit: i64,
) -> Result<Vec<Awaiting>, StoreError> {
    let rests_on_it = joint_actions::table.filter(joint_actions::basis.eq(records::id));
    let mut query = records::table
        .select((records::id, records::decided_on, records::provider))
        .filter(records::item.eq_any(items))
        .filter(shared_on(day.to_string()))
        .filter(records::provider.ne(""))
        .filter(records::decided_on.ne(""))
        .filter(diesel::dsl::not(diesel::dsl::exists(rests_on_it)))
        .order((records::decided_on.asc(), records::id.asc()))
        .limit(limit)
        .into_boxed();
    if let Some(provider) = provider {
        query = query.filter(records::provider.eq(provider.as_str().to_owned()));
    }
    if let Some((act_on, id)) = after {
        query = query.filter(
            records::decided_on
                .gt(act_on.to_string())
                .or(records::decided_on.eq(act_on.to_string()).and(records::id.gt(id.bytes().to_vec()))),
        );
    }
    let rows: Vec<(Vec<u8>, String, String)> = query.load(connection)?;
    let read = |(id, act_on, provider): (Vec<u8>, String, String)| {
        Ok(Awaiting {
            record: row_id(RecordId::from_slice, "records", "id", &id)?,
            act_on: act_on.parse().map_err(|_| StoreError::corrupt("records", "decided_on", &id))?,
            provider: DepartmentId::parse(&provider).ok_or_else(|| StoreError::corrupt("records", "provider", &id))?,
        })
    };
    rows.into_iter().map(read).collect()
}
