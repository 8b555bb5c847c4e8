//! A pool of connections to one set of tables, and the three ways to use one: read, snapshot, write.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use diesel::connection::SimpleConnection;
use diesel::r2d2::{ManageConnection, NopErrorHandler, Pool};
use diesel::result::{DatabaseErrorKind, Error as DieselError};

use super::connection::{Address, AnyConnection, MigrationSet};
use super::error::StoreError;

/// How long a caller waits for a free connection before it is told that the database is unavailable.
const CHECK_OUT_WAIT: Duration = Duration::from_secs(5);

/// A pooled connection, and whether it may go back to the pool.
#[derive(Debug)]
struct Lent {
    connection: AnyConnection,
    is_broken: bool,
}

#[derive(Clone)]
struct Manager {
    address: Address,
    set: MigrationSet,
    page_limit: Arc<AtomicU32>,
}

impl ManageConnection for Manager {
    type Connection = Lent;
    type Error = StoreError;

    fn connect(&self) -> Result<Lent, StoreError> {
        let mut connection = self.address.connect(self.set)?;
        connection.limit_pages(self.page_limit.load(Ordering::Relaxed))?;
        Ok(Lent { connection, is_broken: false })
    }

    fn is_valid(&self, lent: &mut Lent) -> Result<(), StoreError> {
        Ok(lent.connection.batch_execute("SELECT 1")?)
    }

    fn has_broken(&self, lent: &mut Lent) -> bool {
        lent.is_broken || std::thread::panicking()
    }
}

/// A database: a pool of connections to one set of tables.
#[derive(Clone)]
pub struct Database {
    pool: Pool<Manager>,
    manager: Manager,
}

impl std::fmt::Debug for Database {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Database({})", self.manager.set)
    }
}

impl Database {
    /// Opens an existing, migrated database with at most `size` connections.
    ///
    /// # Errors
    /// `Address`, `Unavailable` when it cannot be reached or the file does not exist (none is created),
    /// `NotMigrated` when its tables are absent or old.
    pub fn open(url: &str, set: MigrationSet, size: u32) -> Result<Self, StoreError> {
        let address = Address::parse(url)?;
        if address.connect(set)?.lacks_migrations(set)? {
            return Err(StoreError::NotMigrated(set));
        }
        let manager = Manager { address, set, page_limit: Arc::default() };
        let pool = Pool::builder()
            .max_size(size.max(1))
            .min_idle(Some(1))
            .test_on_check_out(false)
            .connection_timeout(CHECK_OUT_WAIT)
            .error_handler(Box::new(NopErrorHandler))
            .build_unchecked(manager.clone());
        Ok(Self { pool, manager })
    }

    /// Creates the SQLite file where it does not exist, and brings the tables of `set` to this version.
    pub fn create_and_migrate(url: &str, set: MigrationSet) -> Result<(), StoreError> {
        let address = Address::parse(url)?;
        address.create()?;
        address.connect(set)?.migrate(set)
    }

    /// Takes every table of `set` away again, with all that is in it. For the test that holds that each migration has
    /// a way back; no command offers it.
    #[doc(hidden)]
    pub fn revert_all(url: &str, set: MigrationSet) -> Result<(), StoreError> {
        Address::parse(url)?.connect(set)?.revert_all(set)
    }

    /// Whether it is a file of this machine, so that a read never waits for another.
    pub fn is_local(&self) -> bool {
        self.manager.address.is_file()
    }

    /// Runs `work` on a connection, without a transaction: each statement sees the latest state.
    pub fn read<T>(&self, work: impl FnOnce(&mut AnyConnection) -> Result<T, StoreError>) -> Result<T, StoreError> {
        self.lend(work)
    }

    /// Runs `work` in one read-only transaction, for reads that must agree with one another.
    pub fn snapshot<T>(&self, work: impl FnOnce(&mut AnyConnection) -> Result<T, StoreError>) -> Result<T, StoreError> {
        self.lend(|connection| connection.snapshot(work))
    }

    /// Runs `work` in one transaction that may write; an error rolls everything back.
    pub fn write<T>(&self, work: impl FnOnce(&mut AnyConnection) -> Result<T, StoreError>) -> Result<T, StoreError> {
        self.lend(|connection| connection.write(work))
    }

    /// The same for work with errors of its own kind.
    pub fn write_with<T, E: From<StoreError> + From<DieselError>>(
        &self,
        work: impl FnOnce(&mut AnyConnection) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut lent = self.pool.get().map_err(|error| StoreError::Unavailable(error.to_string()))?;
        let done = lent.connection.write(work);
        // The kind of error is the caller's; the connection is put back only after a success.
        lent.is_broken = done.is_err();
        done
    }

    /// A connection of one's own, outside the pool, for a thread that lives long.
    pub fn connect(&self) -> Result<AnyConnection, StoreError> {
        Ok(self.manager.connect()?.connection)
    }

    /// Keeps an SQLite file from growing beyond `pages` pages (4 KiB of the registry, 8 KiB of the ledger), so that a disk is never filled to the last
    /// byte: what would not fit is refused as a whole. Holds for connections made from now on; 0 lifts it.
    pub fn limit_pages(&self, pages: u32) {
        self.manager.page_limit.store(pages, Ordering::Relaxed);
    }

    fn lend<T>(&self, work: impl FnOnce(&mut AnyConnection) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let mut lent = self.pool.get().map_err(|error| StoreError::Unavailable(error.to_string()))?;
        let done = work(&mut lent.connection);
        // No probe at check-out (it costs a round trip per request), so a doubtful connection is not put back.
        lent.is_broken = done.as_ref().is_err_and(is_doubtful);
        done
    }
}

/// Does this error leave in doubt whether the connection still works?
fn is_doubtful(error: &StoreError) -> bool {
    match error {
        StoreError::Unavailable(_) => true,
        StoreError::Database(DieselError::DatabaseError(kind, _)) => matches!(
            kind,
            DatabaseErrorKind::Unknown | DatabaseErrorKind::ClosedConnection | DatabaseErrorKind::UnableToSendCommand
        ),
        StoreError::Database(error) => !matches!(error, DieselError::NotFound | DieselError::DeserializationError(_)),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use diesel::connection::SimpleConnection;
    use diesel::prelude::*;

    use super::*;

    diesel::table! {
        note (id) {
            id -> BigInt,
            text -> Text,
        }
    }

    #[derive(Insertable)]
    #[diesel(table_name = note)]
    struct Note {
        id: i64,
        text: String,
    }

    fn notes() -> (tempfile::TempDir, Database) {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("a file?.db").display());
        Database::create_and_migrate(&url, MigrationSet::Ledger).unwrap();
        let database = Database::open(&url, MigrationSet::Ledger, 2).unwrap();
        database
            .write(|connection| Ok(connection.batch_execute("CREATE TABLE note (id BIGINT PRIMARY KEY, text TEXT)")?))
            .unwrap();
        (folder, database)
    }

    fn count(database: &Database) -> i64 {
        database.snapshot(|connection| Ok(note::table.count().get_result(connection)?)).unwrap()
    }

    #[test]
    fn a_missing_file_is_refused_and_not_created() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("none.db");
        let opened = Database::open(&format!("sqlite:{}", path.display()), MigrationSet::Registry, 1);
        assert!(matches!(opened, Err(StoreError::Unavailable(_))));
        assert!(!path.exists());
    }

    #[test]
    fn an_unmigrated_file_is_refused_with_the_command_to_run() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("empty.db");
        std::fs::write(&path, b"").unwrap();
        let error = Database::open(&format!("sqlite:{}", path.display()), MigrationSet::Ledger, 1).unwrap_err();
        assert!(matches!(error, StoreError::NotMigrated(MigrationSet::Ledger)));
        assert!(error.to_string().contains("chengxin migrate"));
    }

    #[test]
    fn other_addresses_are_refused() {
        for url in ["mysql://host/db", "sqlite:", "sqlite::memory:", "ledger.db"] {
            assert!(matches!(Database::open(url, MigrationSet::Registry, 1), Err(StoreError::Address)), "{url}");
        }
    }

    #[test]
    fn a_failed_transaction_leaves_nothing_and_the_next_one_works() {
        let (_folder, database) = notes();
        let rows = || vec![Note { id: 1, text: "a".into() }, Note { id: 2, text: "b".into() }];
        let failed: Result<(), _> = database.write(|connection| {
            connection.insert_rows(note::table, rows())?;
            Err(StoreError::Conflict)
        });
        assert!(matches!(failed, Err(StoreError::Conflict)));
        assert_eq!(count(&database), 0);
        let inserted = database.write(|connection| Ok(connection.insert_rows(note::table, rows())?)).unwrap();
        assert_eq!((inserted, count(&database)), (2, 2));
    }
}
