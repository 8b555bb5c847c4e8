//! Authorizations: granted, used by compare-and-swap, revoked.

use diesel::prelude::*;

use super::connection::AnyConnection;
use super::schema::authorizations;
use super::{StoreError, row_id};
use crate::domain::{AuthorizationId, Instant, PurposeCode, SubjectId};

/// An authorization as the database holds it.
#[derive(Clone, Debug)]
pub struct Authorization {
    /// Its id.
    pub id: AuthorizationId,
    /// Who granted it.
    pub subject: SubjectId,
    /// The organization that may use it.
    pub grantee: String,
    /// The purpose it is for.
    pub purpose: PurposeCode,
    /// Item codes, each with the fields it covers; no fields = the whole item.
    pub items: Vec<(String, Vec<String>)>,
    /// First instant of validity.
    pub valid_from: Instant,
    /// First instant after it.
    pub valid_to: Instant,
    /// How often it may be used; `None` = as often as wanted.
    pub uses_allowed: Option<i64>,
    /// How often it was used.
    pub uses_taken: i64,
    /// When it was revoked.
    pub revoked_at: Option<Instant>,
    /// When it was granted.
    pub created_at: Instant,
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = authorizations)]
struct AuthorizationRow {
    id: Vec<u8>,
    subject: Vec<u8>,
    grantee: String,
    purpose: String,
    items: String,
    valid_from: i64,
    valid_to: i64,
    uses_allowed: Option<i64>,
    uses_taken: i64,
    revoked_at: Option<i64>,
    created_at: i64,
}

impl TryFrom<AuthorizationRow> for Authorization {
    type Error = StoreError;

    fn try_from(row: AuthorizationRow) -> Result<Self, StoreError> {
        let corrupt = |column| StoreError::corrupt("authorizations", column, &row.id);
        Ok(Self {
            id: row_id(AuthorizationId::from_slice, "authorizations", "id", &row.id)?,
            subject: row_id(SubjectId::from_slice, "authorizations", "subject", &row.subject)?,
            purpose: PurposeCode::parse(&row.purpose).ok_or_else(|| corrupt("purpose"))?,
            items: serde_json::from_str(&row.items).map_err(|_| corrupt("items"))?,
            grantee: row.grantee,
            valid_from: Instant::from_micros(row.valid_from),
            valid_to: Instant::from_micros(row.valid_to),
            uses_allowed: row.uses_allowed,
            uses_taken: row.uses_taken,
            revoked_at: row.revoked_at.map(Instant::from_micros),
            created_at: Instant::from_micros(row.created_at),
        })
    }
}

/// Whose authorizations are listed.
#[derive(Clone, Debug)]
pub enum Party {
    /// Those a subject granted.
    Subject(SubjectId),
    /// Those an organization holds.
    Grantee(String),
}

/// The authorization with this id.
pub fn find(connection: &mut AnyConnection, id: AuthorizationId) -> Result<Option<Authorization>, StoreError> {
    let row: Option<AuthorizationRow> = authorizations::table
        .filter(authorizations::id.eq(id.bytes().as_slice()))
        .select(AuthorizationRow::as_select())
        .get_result(connection)
        .optional()?;
    row.map(Authorization::try_from).transpose()
}

/// A party's authorizations, newest first, after a given one.
pub fn list(
    connection: &mut AnyConnection,
    party: &Party,
    after: Option<(Instant, AuthorizationId)>,
    limit: i64,
) -> Result<Vec<Authorization>, StoreError> {
    let mut query = authorizations::table
        .select(AuthorizationRow::as_select())
        .order((authorizations::created_at.desc(), authorizations::id.desc()))
        .limit(limit)
        .into_boxed();
    query = match party {
        Party::Subject(subject) => query.filter(authorizations::subject.eq(subject.bytes().to_vec())),
        Party::Grantee(grantee) => query.filter(authorizations::grantee.eq(grantee.clone())),
    };
    if let Some((created_at, id)) = after {
        query =
            query.filter(authorizations::created_at.lt(created_at.micros()).or(
                authorizations::created_at.eq(created_at.micros()).and(authorizations::id.lt(id.bytes().to_vec())),
            ));
    }
    query.load(connection)?.into_iter().map(Authorization::try_from).collect()
}

/// Stores a new authorization.
pub fn insert(connection: &mut AnyConnection, authorization: &Authorization) -> Result<(), StoreError> {
    let items = serde_json::to_string(&authorization.items)
        .map_err(|_| StoreError::corrupt("authorizations", "items", authorization.id.bytes()))?;
    diesel::insert_into(authorizations::table)
        .values(AuthorizationRow {
            id: authorization.id.bytes().to_vec(),
            subject: authorization.subject.bytes().to_vec(),
            grantee: authorization.grantee.clone(),
            purpose: authorization.purpose.as_str().to_owned(),
            items,
            valid_from: authorization.valid_from.micros(),
            valid_to: authorization.valid_to.micros(),
            uses_allowed: authorization.uses_allowed,
            uses_taken: authorization.uses_taken,
            revoked_at: authorization.revoked_at.map(Instant::micros),
            created_at: authorization.created_at.micros(),
        })
        .execute(connection)?;
    Ok(())
}

/// Takes one use. `false` when somebody else took one meanwhile, when it is used up, revoked, or not valid at `now`.
pub fn take_use(
    connection: &mut AnyConnection,
    authorization: &Authorization,
    now: Instant,
) -> Result<bool, StoreError> {
    let changed = diesel::update(
        authorizations::table
            .filter(authorizations::id.eq(authorization.id.bytes().as_slice()))
            .filter(authorizations::uses_taken.eq(authorization.uses_taken))
            .filter(authorizations::revoked_at.is_null())
            .filter(authorizations::valid_from.le(now.micros()))
            .filter(authorizations::valid_to.gt(now.micros()))
            .filter(
                authorizations::uses_allowed
                    .is_null()
                    .or(authorizations::uses_allowed.gt(Some(authorization.uses_taken))),
            ),
    )
    .set(authorizations::uses_taken.eq(authorization.uses_taken + 1))
    .execute(connection)?;
    Ok(changed == 1)
}

/// Revokes a subject's authorization. `false` when it is not the subject's or was revoked before.
pub fn revoke(
    connection: &mut AnyConnection,
    id: AuthorizationId,
    subject: SubjectId,
    now: Instant,
) -> Result<bool, StoreError> {
    let changed = diesel::update(
        authorizations::table
            .filter(authorizations::id.eq(id.bytes().as_slice()))
            .filter(authorizations::subject.eq(subject.bytes().as_slice()))
            .filter(authorizations::revoked_at.is_null()),
    )
    .set(authorizations::revoked_at.eq(Some(now.micros())))
    .execute(connection)?;
    Ok(changed == 1)
}
