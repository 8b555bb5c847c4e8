//! The publication windows of records, for computing them anew after a rule pack has changed.

use diesel::prelude::*;

use super::connection::AnyConnection;
use super::schema::records;
use super::{StoreError, row_id};
use crate::domain::RecordId;

/// What the windows of one record are computed from, and what they are now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WindowedRecord {
    /// The record.
    pub id: RecordId,
    /// Its item's code.
    pub item: String,
    /// The date of the decision, ISO or empty.
    pub decided_on: String,
    /// 公示截止期 as sent, ISO or empty.
    pub published_until_sent: String,
    /// Its plain values, a JSON object.
    pub plain: String,
    /// The windows it has.
    pub windows: StoredWindows,
}

/// The columns that a rule pack decides.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, AsChangeset)]
#[diesel(table_name = records)]
pub struct StoredWindows {
    /// Level or empty.
    pub level: String,
    /// What the level was taken from, or empty.
    pub level_source: String,
    /// The rule pack.
    pub rule_pack: String,
    /// Last day of publication, ISO or empty.
    pub public_until: String,
    /// Last day of sharing, ISO or empty.
    pub shared_until: String,
}

/// Records in the order of their ids, after a given one.
pub fn page(
    connection: &mut AnyConnection,
    after: Option<RecordId>,
    limit: i64,
) -> Result<Vec<WindowedRecord>, StoreError> {
    type Row = (Vec<u8>, String, String, String, String, StoredWindows);
    let mut query = records::table
        .select((
            records::id,
            records::item,
            records::decided_on,
            records::published_until_sent,
            records::plain,
            StoredWindows::as_select(),
        ))
        .order(records::id)
        .limit(limit)
        .into_boxed();
    if let Some(after) = after {
        query = query.filter(records::id.gt(after.bytes().to_vec()));
    }
    let rows: Vec<Row> = query.load(connection)?;
    rows.into_iter()
        .map(|(id, item, decided_on, published_until_sent, plain, windows)| {
            let id = row_id(RecordId::from_slice, "records", "id", &id)?;
            Ok(WindowedRecord { id, item, decided_on, published_until_sent, plain, windows })
        })
        .collect()
}

/// Writes the windows of a record.
pub fn set(connection: &mut AnyConnection, id: RecordId, windows: &StoredWindows) -> Result<(), StoreError> {
    let changed = diesel::update(records::table.filter(records::id.eq(id.bytes().as_slice())))
        .set(windows)
        .execute(connection)?;
    StoreError::expect_count("records", 1, changed)
}
