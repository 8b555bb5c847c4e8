//! Sessions of people who logged in. What is sealed in a row, and how long a row counts, is for others to know.

use diesel::prelude::*;

use super::connection::AnyConnection;
use super::schema::sessions;
use super::{StoreError, row_id};
use crate::domain::Instant;

/// A session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// SHA-256 of what stands in the browser's cookie.
    pub id: [u8; 32],
    /// A blind index of who it is.
    pub person: String,
    /// What was proved, sealed.
    pub sealed: Vec<u8>,
    /// When it began.
    pub begun_at: Instant,
    /// When it was used last, to the minute.
    pub seen_at: Instant,
    /// A blind index of the session at the provider; empty when it is not known.
    pub provider_session: String,
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = sessions)]
struct SessionRow {
    id: Vec<u8>,
    person: String,
    sealed: Vec<u8>,
    begun_at: i64,
    seen_at: i64,
    provider_session: String,
}

impl TryFrom<SessionRow> for Session {
    type Error = StoreError;

    fn try_from(row: SessionRow) -> Result<Self, StoreError> {
        Ok(Self {
            id: row_id(|bytes| bytes.try_into().ok(), "sessions", "id", &row.id)?,
            person: row.person,
            sealed: row.sealed,
            begun_at: Instant::from_micros(row.begun_at),
            seen_at: Instant::from_micros(row.seen_at),
            provider_session: row.provider_session,
        })
    }
}

/// The session of this id.
pub fn find(connection: &mut AnyConnection, id: &[u8; 32]) -> Result<Option<Session>, StoreError> {
    let query = sessions::table.filter(sessions::id.eq(id.as_slice())).select(SessionRow::as_select());
    let row: Option<SessionRow> = query.get_result(connection).optional()?;
    row.map(Session::try_from).transpose()
}

/// The sessions of a person, or of one session at the provider, the newest first.
pub fn of(connection: &mut AnyConnection, whose: &Whose) -> Result<Vec<Session>, StoreError> {
    let all = sessions::table.select(SessionRow::as_select()).order(sessions::begun_at.desc()).into_boxed();
    let rows: Vec<SessionRow> = match whose {
        Whose::Person(person) => all.filter(sessions::person.eq(person)).load(connection)?,
        Whose::ProviderSession(session) => all.filter(sessions::provider_session.eq(session)).load(connection)?,
    };
    rows.into_iter().map(Session::try_from).collect()
}

/// Whose sessions, by blind index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Whose {
    /// A person's.
    Person(String),
    /// Those of one session at the provider.
    ProviderSession(String),
}

/// Adds a session.
pub fn insert(connection: &mut AnyConnection, session: &Session) -> Result<(), StoreError> {
    let row = SessionRow {
        id: session.id.to_vec(),
        person: session.person.clone(),
        sealed: session.sealed.clone(),
        begun_at: session.begun_at.micros(),
        seen_at: session.seen_at.micros(),
        provider_session: session.provider_session.clone(),
    };
    let inserted = diesel::insert_into(sessions::table).values(row).execute(connection)?;
    StoreError::expect_count("sessions", 1, inserted)
}

/// Notes that a session was used. One that ended meanwhile stays ended.
pub fn touch(connection: &mut AnyConnection, id: &[u8; 32], at: Instant) -> Result<(), StoreError> {
    diesel::update(sessions::table.filter(sessions::id.eq(id.as_slice())))
        .set(sessions::seen_at.eq(at.micros()))
        .execute(connection)?;
    Ok(())
}

/// Ends a session; whether there was one.
pub fn delete(connection: &mut AnyConnection, id: &[u8; 32]) -> Result<bool, StoreError> {
    Ok(diesel::delete(sessions::table.filter(sessions::id.eq(id.as_slice()))).execute(connection)? > 0)
}

/// Ends every session of a person; how many there were.
pub fn delete_of(connection: &mut AnyConnection, person: &str) -> Result<usize, StoreError> {
    Ok(diesel::delete(sessions::table.filter(sessions::person.eq(person))).execute(connection)?)
}

/// Removes sessions that were used or begun too long ago.
pub fn delete_old(
    connection: &mut AnyConnection,
    (seen_before, begun_before): (Instant, Instant),
) -> Result<usize, StoreError> {
    let seen = sessions::seen_at.lt(seen_before.micros());
    let old = sessions::table.filter(seen.or(sessions::begun_at.lt(begun_before.micros())));
    Ok(diesel::delete(old).execute(connection)?)
}
