//! One way to a database, whichever of the two it is. The only file that names a backend.
//!
//! Deliberately absent: any table. What differs between the backends is offered here as a helper:
//! `AnyConnection::insert_rows` for many rows, `on_each_backend!` for what does not compile over the enum.

use std::path::{Path, PathBuf};

use diesel::backend::Backend;
use diesel::connection::SimpleConnection;
use diesel::migration::MigrationSource;
use diesel::pg::Pg;
use diesel::query_builder::InsertStatement;
use diesel::query_dsl::methods::ExecuteDsl;
use diesel::result::Error as DieselError;
use diesel::sqlite::Sqlite;
use diesel::{Connection, Insertable, PgConnection, QueryResult, RunQueryDsl, SqliteConnection, Table};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::error::StoreError;

const SQLITE_REGISTRY: EmbeddedMigrations = embed_migrations!("migrations/sqlite/registry");
const SQLITE_LEDGER: EmbeddedMigrations = embed_migrations!("migrations/sqlite/ledger");
const POSTGRES_REGISTRY: EmbeddedMigrations = embed_migrations!("migrations/postgres/registry");
const POSTGRES_LEDGER: EmbeddedMigrations = embed_migrations!("migrations/postgres/ledger");

/// Which tables: each set has its own migrations and its own care for durability.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::Display)]
#[strum(serialize_all = "lowercase")]
pub enum MigrationSet {
    /// Records, subjects, authorizations, keys.
    Registry,
    /// The ledger. On SQLite a file of its own, on PostgreSQL tables of its own.
    Ledger,
}

pub use either::AnyConnection;

mod either {
    use diesel::{PgConnection, SqliteConnection};

    /// A connection to either backend.
    #[derive(diesel::MultiConnection)]
    pub enum AnyConnection {
        /// SQLite, the default: nothing to set up.
        Sqlite(SqliteConnection),
        /// PostgreSQL, for more than one machine.
        Postgres(PgConnection),
    }
}

impl std::fmt::Debug for AnyConnection {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::Sqlite(_) => "AnyConnection::Sqlite",
            Self::Postgres(_) => "AnyConnection::Postgres",
        })
    }
}

/// Runs one diesel statement on whichever backend `$connection` (an `&mut AnyConnection`) is.
///
/// For upserts and multi-row inserts, which do not compile over the enum:
/// `on_each_backend!(connection, |backend| diesel::insert_into(…).on_conflict(…).do_nothing().execute(backend))`.
macro_rules! on_each_backend {
    ($connection:expr, |$backend:ident| $statement:expr) => {
        match $connection {
            $crate::store::connection::AnyConnection::Sqlite($backend) => $statement,
            $crate::store::connection::AnyConnection::Postgres($backend) => $statement,
        }
    };
}
pub(crate) use on_each_backend;

/// One of the backends, for tests that look at the text of a statement.
#[cfg(test)]
pub(super) type OneBackend = Sqlite;

impl AnyConnection {
    /// Is this PostgreSQL?
    pub fn is_postgres(&self) -> bool {
        matches!(self, Self::Postgres(_))
    }

    /// Inserts many rows: one cached statement per row on SQLite, where a call costs nothing, one statement for
    /// all on PostgreSQL, where a round trip does. Gives the number of rows inserted.
    ///
    /// The caller keeps rows × columns under 65,535, PostgreSQL's limit on bound values.
    pub fn insert_rows<T, R>(&mut self, table: T, rows: Vec<R>) -> QueryResult<usize>
    where
        T: Table + Copy,
        R: Insertable<T>,
        Vec<R>: Insertable<T>,
        InsertStatement<T, R::Values>: ExecuteDsl<SqliteConnection>,
        InsertStatement<T, <Vec<R> as Insertable<T>>::Values>: ExecuteDsl<PgConnection>,
    {
        if rows.is_empty() {
            return Ok(0);
        }
        match self {
            Self::Sqlite(connection) => rows.into_iter().try_fold(0, |count, row| {
                Ok(count + ExecuteDsl::execute(diesel::insert_into(table).values(row), connection)?)
            }),
            Self::Postgres(connection) => ExecuteDsl::execute(diesel::insert_into(table).values(rows), connection),
        }
    }

    /// Refuses to grow the file beyond `pages` pages, 4 KiB of the registry, 8 KiB of the ledger. No limit for 0; PostgreSQL has its own quotas.
    pub(super) fn limit_pages(&mut self, pages: u32) -> QueryResult<()> {
        if pages == 0 || self.is_postgres() {
            return Ok(());
        }
        self.batch_execute(&format!("PRAGMA max_page_count = {pages}"))
    }

    /// Copies what SQLite's write-ahead log holds into the file, as far as no reader is in the way, and waits for none.
    /// PostgreSQL does so by itself.
    pub fn checkpoint(&mut self) -> QueryResult<()> {
        if self.is_postgres() { Ok(()) } else { self.batch_execute("PRAGMA wal_checkpoint(PASSIVE)") }
    }

    /// Runs `work` in a transaction that may write. On SQLite the write lock is taken at once (`BEGIN IMMEDIATE`),
    /// so that two writers queue instead of failing half-way.
    pub fn write<T, E: From<DieselError>>(&mut self, work: impl FnOnce(&mut Self) -> Result<T, E>) -> Result<T, E> {
        self.within("BEGIN IMMEDIATE", "BEGIN", work)
    }

    /// Runs `work` in a read-only transaction that sees one state of the database from beginning to end.
    pub fn snapshot<T, E: From<DieselError>>(&mut self, work: impl FnOnce(&mut Self) -> Result<T, E>) -> Result<T, E> {
        self.within("BEGIN DEFERRED", "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", work)
    }

    // Transactions are opened by hand: diesel's manager has no `BEGIN IMMEDIATE` over the enum. They do not nest.
    fn within<T, E: From<DieselError>>(
        &mut self,
        on_sqlite: &str,
        on_postgres: &str,
        work: impl FnOnce(&mut Self) -> Result<T, E>,
    ) -> Result<T, E> {
        self.batch_execute(if self.is_postgres() { on_postgres } else { on_sqlite })?;
        let done = work(self).and_then(|value| {
            self.batch_execute("COMMIT")?;
            Ok(value)
        });
        if done.is_err() {
            // After a failed statement SQLite may have rolled back by itself; then this says so, and all is well.
            if let Err(error) = self.batch_execute("ROLLBACK") {
                tracing::debug!(%error, "rollback after a failed transaction");
            }
        }
        done
    }

    pub(super) fn migrate(&mut self, set: MigrationSet) -> Result<(), StoreError> {
        let done = match self {
            Self::Sqlite(connection) => connection.run_pending_migrations(sqlite_migrations(set)).map(drop),
            Self::Postgres(connection) => connection.run_pending_migrations(postgres_migrations(set)).map(drop),
        };
        done.map_err(|cause| StoreError::Migration { set, cause: cause.to_string() })
    }

    // The last one first. On PostgreSQL both sets share one list of what is applied, so each is named.
    pub(super) fn revert_all(&mut self, set: MigrationSet) -> Result<(), StoreError> {
        let done = match self {
            Self::Sqlite(connection) => reverted(connection, &sqlite_migrations(set)),
            Self::Postgres(connection) => reverted(connection, &postgres_migrations(set)),
        };
        done.map_err(|cause| StoreError::Migration { set, cause: cause.to_string() })
    }

    // Only reads, so that the program's own role needs no right to create tables.
    pub(super) fn lacks_migrations(&mut self, set: MigrationSet) -> Result<bool, StoreError> {
        let has_table = if self.is_postgres() {
            "SELECT count(*) AS found FROM pg_class WHERE oid = to_regclass('__diesel_schema_migrations')"
        } else {
            "SELECT count(*) AS found FROM sqlite_master WHERE name = '__diesel_schema_migrations'"
        };
        if diesel::sql_query(has_table).get_result::<Count>(self)?.found == 0 {
            return Ok(true);
        }
        let applied: Vec<Applied> = diesel::sql_query("SELECT version FROM __diesel_schema_migrations").load(self)?;
        let known = match self {
            Self::Sqlite(_) => versions::<Sqlite>(&sqlite_migrations(set)),
            Self::Postgres(_) => versions::<Pg>(&postgres_migrations(set)),
        };
        let known = known.map_err(|cause| StoreError::Migration { set, cause: cause.to_string() })?;
        Ok(!known.iter().all(|version| applied.iter().any(|row| row.version == *version)))
    }
}

#[derive(diesel::QueryableByName)]
struct Count {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    found: i64,
}

#[derive(diesel::QueryableByName)]
struct Applied {
    #[diesel(sql_type = diesel::sql_types::Text)]
    version: String,
}

fn reverted<DB, C>(connection: &mut C, migrations: &EmbeddedMigrations) -> diesel::migration::Result<()>
where
    DB: Backend,
    C: MigrationHarness<DB>,
{
    let migrations = MigrationSource::<DB>::migrations(migrations)?;
    migrations.iter().rev().try_for_each(|migration| connection.revert_migration(migration).map(drop))
}

fn versions<DB: Backend>(migrations: &EmbeddedMigrations) -> diesel::migration::Result<Vec<String>> {
    let migrations = MigrationSource::<DB>::migrations(migrations)?;
    Ok(migrations.iter().map(|migration| migration.name().version().to_string()).collect())
}

fn sqlite_migrations(set: MigrationSet) -> EmbeddedMigrations {
    match set {
        MigrationSet::Registry => SQLITE_REGISTRY,
        MigrationSet::Ledger => SQLITE_LEDGER,
    }
}

fn postgres_migrations(set: MigrationSet) -> EmbeddedMigrations {
    match set {
        MigrationSet::Registry => POSTGRES_REGISTRY,
        MigrationSet::Ledger => POSTGRES_LEDGER,
    }
}

/// Where a database is, and how to reach it. Its `Debug` and its errors never show a password.
#[derive(Clone)]
pub(super) enum Address {
    File(PathBuf),
    Server(String),
}

impl Address {
    pub(super) fn parse(url: &str) -> Result<Self, StoreError> {
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            return Ok(Self::Server(url.to_owned()));
        }
        match url.strip_prefix("sqlite:") {
            Some(path) if !path.is_empty() && path != ":memory:" => Ok(Self::File(PathBuf::from(path))),
            _ => Err(StoreError::Address),
        }
    }

    pub(super) fn is_file(&self) -> bool {
        matches!(self, Self::File(_))
    }

    /// Creates the file where there is none. A server's database must exist.
    pub(super) fn create(&self) -> Result<(), StoreError> {
        let Self::File(path) = self else { return Ok(()) };
        create_file(path)
            .map_err(|error| StoreError::Unavailable(format!("`{}` cannot be created: {error}", path.display())))
    }

    pub(super) fn connect(&self, set: MigrationSet) -> Result<AnyConnection, StoreError> {
        let mut connection = match self {
            Self::File(path) if !path.is_file() => {
                return Err(StoreError::Unavailable(format!("there is no file `{}`", path.display())));
            }
            Self::File(path) => SqliteConnection::establish(&uri_of(path)).map(AnyConnection::Sqlite),
            Self::Server(url) => PgConnection::establish(url).map(AnyConnection::Postgres),
        }
        .map_err(|error| StoreError::Unavailable(error.to_string()))?;
        let settings = match (&connection, set) {
            // No memory map: each connection would have its own, and each counts what it has touched as resident.
            (AnyConnection::Sqlite(_), MigrationSet::Registry) => {
                "PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;
                 PRAGMA foreign_keys = ON; PRAGMA cache_size = -8000;
                 PRAGMA temp_store = MEMORY; PRAGMA trusted_schema = OFF;"
            }
            // FULL: an acknowledged entry survives a loss of power. No memory map: an I/O error is an error, not a signal.
            // The log is copied into the file by `checkpoint`, in a thread for which nobody waits; a commit does it only
            // when that has fallen 64 MiB behind. Five rows fit on a page of 8 KiB, on one of 4 KiB only two.
            (AnyConnection::Sqlite(_), MigrationSet::Ledger) => {
                "PRAGMA page_size = 8192; PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
                 PRAGMA fullfsync = ON; PRAGMA checkpoint_fullfsync = ON; PRAGMA foreign_keys = ON;
                 PRAGMA cache_size = -8000; PRAGMA temp_store = MEMORY; PRAGMA trusted_schema = OFF;
                 PRAGMA wal_autocheckpoint = 8192;"
            }
            (AnyConnection::Postgres(_), MigrationSet::Registry) => "SET TIME ZONE 'UTC'; SET lock_timeout = '10s';",
            (AnyConnection::Postgres(_), MigrationSet::Ledger) => {
                "SET TIME ZONE 'UTC'; SET lock_timeout = '10s'; SET synchronous_commit = on;"
            }
        };
        connection.batch_execute(settings).map_err(|error| StoreError::Unavailable(error.to_string()))?;
        Ok(connection)
    }
}

/// An SQLite URI that opens an existing file and never creates one.
fn uri_of(path: &Path) -> String {
    let path = path.to_string_lossy().replace('%', "%25").replace('?', "%3f").replace('#', "%23");
    format!("file:{path}?mode=rw")
}

#[cfg(unix)]
fn create_file(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::OpenOptionsExt;
    // Only the owner may read it: what is sealed inside is still not everybody's to copy.
    std::fs::OpenOptions::new().create(true).append(true).mode(0o600).open(path).map(drop)
}

#[cfg(not(unix))]
fn create_file(path: &Path) -> std::io::Result<()> {
    std::fs::OpenOptions::new().create(true).append(true).open(path).map(drop)
}
