//! What other platforms were sent by files, and what came from them.

use diesel::prelude::*;

use super::connection::{AnyConnection, on_each_backend};
use super::schema::{exchange_items, exchange_packages, exchange_received};
use super::{StoreError, row_id};
use crate::domain::{ExchangeOperation, ExchangeState, Instant, ItemCode, PackageState, RecordId};

/// A package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackageRow {
    /// The platform's id.
    pub platform: String,
    /// Which of its packages, from 1.
    pub number: i64,
    /// The item that its lines are of.
    pub item: ItemCode,
    /// The name of its files, without their endings.
    pub name: String,
    /// Whether its files are written.
    pub state: PackageState,
    /// How many lines it has.
    pub lines: i64,
    /// SHA-256 of the data file, lower-case hexadecimal; empty when it is not written yet.
    pub digest: String,
    /// When it was planned.
    pub created_at: Instant,
    /// The index of the entry of its writing; 0 when it is not written yet.
    pub entry: u64,
}

/// What a platform was last sent of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ItemRow {
    /// The record.
    pub record: RecordId,
    /// Its item.
    pub item: ItemCode,
    /// Which version.
    pub version: i64,
    /// What the platform was asked to do.
    pub operation: ExchangeOperation,
    /// In which package.
    pub package: i64,
    /// What it answered.
    pub state: ExchangeState,
    /// Why it refused; empty when it did not.
    pub told: String,
}

#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = exchange_packages)]
struct Package {
    platform: String,
    number: i64,
    item: String,
    name: String,
    state: String,
    lines: i64,
    digest: String,
    created_at: i64,
    entry: i64,
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = exchange_items)]
struct Item {
    platform: String,
    record: Vec<u8>,
    item: String,
    version: i64,
    operation: String,
    package: i64,
    state: String,
    told: String,
}

impl TryFrom<Package> for PackageRow {
    type Error = StoreError;

    fn try_from(row: Package) -> Result<Self, StoreError> {
        let corrupt = |column| StoreError::corrupt("exchange_packages", column, row.name.as_bytes());
        Ok(Self {
            number: row.number,
            item: ItemCode::parse(&row.item).ok_or_else(|| corrupt("item"))?,
            state: row.state.parse().map_err(|_| corrupt("state"))?,
            lines: row.lines,
            created_at: Instant::from_micros(row.created_at),
            entry: u64::try_from(row.entry).map_err(|_| corrupt("entry"))?,
            platform: row.platform,
            name: row.name,
            digest: row.digest,
        })
    }
}

impl From<&PackageRow> for Package {
    fn from(package: &PackageRow) -> Self {
        Self {
            platform: package.platform.clone(),
            number: package.number,
            item: package.item.as_str().to_owned(),
            name: package.name.clone(),
            state: package.state.name().to_owned(),
            lines: package.lines,
            digest: package.digest.clone(),
            created_at: package.created_at.micros(),
            entry: i64::try_from(package.entry).unwrap_or(i64::MAX),
        }
    }
}

impl TryFrom<Item> for ItemRow {
    type Error = StoreError;

    fn try_from(row: Item) -> Result<Self, StoreError> {
        let corrupt = |column| StoreError::corrupt("exchange_items", column, &row.record);
        Ok(Self {
            record: row_id(RecordId::from_slice, "exchange_items", "record", &row.record)?,
            item: ItemCode::parse(&row.item).ok_or_else(|| corrupt("item"))?,
            version: row.version,
            operation: row.operation.parse().map_err(|_| corrupt("operation"))?,
            package: row.package,
            state: row.state.parse().map_err(|_| corrupt("state"))?,
            told: row.told,
        })
    }
}

/// Plans a package: it gets the next number of its platform, and its lines replace what the platform was sent of each record before.
pub fn plan(
    connection: &mut AnyConnection,
    mut package: PackageRow,
    name: impl FnOnce(i64) -> String,
    items: &[ItemRow],
) -> Result<PackageRow, StoreError> {
    let newest: Option<i64> = exchange_packages::table
        .filter(exchange_packages::platform.eq(&package.platform))
        .order(exchange_packages::number.desc())
        .select(exchange_packages::number)
        .first(connection)
        .optional()?;
    package.number = newest.unwrap_or(0) + 1;
    package.name = name(package.number);
    let inserted = diesel::insert_into(exchange_packages::table).values(Package::from(&package)).execute(connection)?;
    StoreError::expect_count("exchange_packages", 1, inserted)?;
    for item in items {
        put(connection, &package, item)?;
    }
    Ok(package)
}

/// Replaces what a line of a package says.
pub fn resend(connection: &mut AnyConnection, package: &PackageRow, item: &ItemRow) -> Result<(), StoreError> {
    put(connection, package, item)
}

fn put(connection: &mut AnyConnection, package: &PackageRow, item: &ItemRow) -> Result<(), StoreError> {
    let row = || Item {
        platform: package.platform.clone(),
        record: item.record.bytes().to_vec(),
        item: item.item.as_str().to_owned(),
        version: item.version,
        operation: item.operation.name().to_owned(),
        package: package.number,
        state: ExchangeState::Sent.name().to_owned(),
        told: String::new(),
    };
    let set = (
        exchange_items::version.eq(item.version),
        exchange_items::operation.eq(item.operation.name()),
        exchange_items::package.eq(package.number),
        exchange_items::state.eq(ExchangeState::Sent.name()),
        exchange_items::told.eq(""),
    );
    on_each_backend!(&mut *connection, |backend| diesel::insert_into(exchange_items::table)
        .values(row())
        .on_conflict((exchange_items::platform, exchange_items::record))
        .do_update()
        .set(set)
        .execute(backend))?;
    Ok(())
}

/// Replaces a package's row.
pub fn update(connection: &mut AnyConnection, package: &PackageRow) -> Result<(), StoreError> {
    let own = exchange_packages::table
        .filter(exchange_packages::platform.eq(&package.platform))
        .filter(exchange_packages::number.eq(package.number));
    let changed = diesel::update(own).set(Package::from(package)).execute(connection)?;
    StoreError::expect_count("exchange_packages", 1, changed)
}

/// The packages of a platform, the oldest first.
pub fn packages(connection: &mut AnyConnection, platform: &str) -> Result<Vec<PackageRow>, StoreError> {
    let query = exchange_packages::table
        .filter(exchange_packages::platform.eq(platform))
        .select(Package::as_select())
        .order(exchange_packages::number.asc());
    let rows: Vec<Package> = query.load(connection)?;
    rows.into_iter().map(PackageRow::try_from).collect()
}

/// What a platform was last sent of each record; of one package, or of all.
pub fn items(connection: &mut AnyConnection, platform: &str, package: Option<i64>) -> Result<Vec<ItemRow>, StoreError> {
    let mut query = exchange_items::table
        .filter(exchange_items::platform.eq(platform.to_owned()))
        .select(Item::as_select())
        .order(exchange_items::record.asc())
        .into_boxed();
    if let Some(package) = package {
        query = query.filter(exchange_items::package.eq(package));
    }
    query.load(connection)?.into_iter().map(ItemRow::try_from).collect()
}

/// Enters what a platform answered to a line of a package; whether the line is still its newest.
pub fn answer(
    connection: &mut AnyConnection,
    (platform, package): (&str, i64),
    record: RecordId,
    (state, told): (ExchangeState, &str),
) -> Result<bool, StoreError> {
    let line = exchange_items::table
        .filter(exchange_items::platform.eq(platform))
        .filter(exchange_items::record.eq(record.bytes().as_slice()))
        .filter(exchange_items::package.eq(package));
    let set = (exchange_items::state.eq(state.name()), exchange_items::told.eq(told));
    Ok(diesel::update(line).set(set).execute(connection)? == 1)
}

/// A package of a platform's that was taken in.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = exchange_received)]
pub struct ReceivedRow {
    /// The platform.
    pub platform: String,
    /// The package's name.
    pub name: String,
    /// SHA-256 of its data file, lower-case hexadecimal.
    pub digest: String,
    /// How many lines were accepted.
    pub accepted: i64,
    /// How many were refused.
    pub refused: i64,
    /// When, in microseconds since 1970.
    pub received_at: i64,
    /// What was answered: a CSV file.
    pub receipt: String,
}

/// The package of this name, when it was taken in.
pub fn received(connection: &mut AnyConnection, platform: &str, name: &str) -> Result<Option<ReceivedRow>, StoreError> {
    let query = exchange_received::table
        .filter(exchange_received::platform.eq(platform))
        .filter(exchange_received::name.eq(name))
        .select(ReceivedRow::as_select());
    Ok(query.get_result(connection).optional()?)
}

/// Remembers that a package was taken in.
pub fn receive(connection: &mut AnyConnection, package: ReceivedRow) -> Result<(), StoreError> {
    let inserted = diesel::insert_into(exchange_received::table).values(package).execute(connection)?;
    StoreError::expect_count("exchange_received", 1, inserted)
}
