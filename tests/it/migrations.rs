//! Migrations go up, down and up again on each backend, and give both the same tables and columns.
//!
//! PostgreSQL is asked when `CHENGXIN_TEST_POSTGRES` names a server on which databases may be created.

use std::collections::BTreeSet;

use chengxin::store::{AnyConnection, Database, MigrationSet, StoreError};
use diesel::connection::SimpleConnection;
use diesel::sql_types::Text;
use diesel::{Connection, PgConnection, QueryableByName, RunQueryDsl};

const SETS: [MigrationSet; 2] = [MigrationSet::Registry, MigrationSet::Ledger];

/// The index of names by their parts is a table on SQLite (FTS5), and an index on PostgreSQL.
const SQLITE_COLUMNS: &str = "SELECT t.name || '.' || c.name AS name FROM sqlite_master t \
     JOIN pragma_table_info(t.name) c WHERE t.type = 'table' AND t.name NOT LIKE '\\_\\_%' ESCAPE '\\' \
     AND t.name NOT LIKE 'subject_name_grams%'";
const POSTGRES_COLUMNS: &str = "SELECT table_name || '.' || column_name AS name FROM information_schema.columns \
     WHERE table_schema = 'public' AND table_name NOT LIKE '\\_\\_%'";

/// Whatever a migration may have made beside tables and indexes.
const SQLITE_REST: &str = "SELECT name FROM sqlite_master WHERE type IN ('trigger', 'view')";
const POSTGRES_REST: &str = "SELECT proname::text AS name FROM pg_proc WHERE pronamespace = 'public'::regnamespace \
     UNION ALL SELECT tgname::text FROM pg_trigger WHERE NOT tgisinternal \
     UNION ALL SELECT typname::text FROM pg_type t WHERE typnamespace = 'public'::regnamespace AND typelem = 0 \
     AND NOT EXISTS (SELECT FROM pg_class c WHERE c.reltype = t.oid)";

#[derive(QueryableByName)]
struct Named {
    #[diesel(sql_type = Text)]
    name: String,
}

fn names(connection: &mut AnyConnection, query: &str) -> BTreeSet<String> {
    let rows: Vec<Named> = diesel::sql_query(query).load(connection).unwrap();
    rows.into_iter().map(|row| row.name).collect()
}

/// The columns (`table.column`) at this address.
fn columns(url: &str, set: MigrationSet) -> BTreeSet<String> {
    let mut connection = Database::open(url, set, 1).unwrap().connect().unwrap();
    let query = if connection.is_postgres() { POSTGRES_COLUMNS } else { SQLITE_COLUMNS };
    names(&mut connection, query)
}

/// Up, down and up again; gives the columns, and leaves a connection that saw nothing left after the way down.
fn up_down_up(url: &str, set: MigrationSet) -> BTreeSet<String> {
    Database::create_and_migrate(url, set).unwrap();
    let first = columns(url, set);
    let mut connection = Database::open(url, set, 1).unwrap().connect().unwrap();
    let (table_columns, rest) =
        if connection.is_postgres() { (POSTGRES_COLUMNS, POSTGRES_REST) } else { (SQLITE_COLUMNS, SQLITE_REST) };

    Database::revert_all(url, set).unwrap();
    assert_eq!(names(&mut connection, table_columns), BTreeSet::new(), "{set} leaves tables behind");
    assert_eq!(names(&mut connection, rest), BTreeSet::new(), "{set} leaves something behind");
    assert!(matches!(Database::open(url, set, 1), Err(StoreError::NotMigrated(refused)) if refused == set));

    Database::create_and_migrate(url, set).unwrap();
    assert_eq!(columns(url, set), first, "{set} comes back as it was");
    assert!(first.len() > 10, "{set} has tables: {first:?}");
    first
}

/// A database of its own on the server named in the environment; dropped with this.
struct Fresh {
    server: String,
    name: String,
}

impl Fresh {
    /// `None`, with a plain line, when no server is named.
    fn database(test: &str) -> Option<Self> {
        let Some(server) = std::env::var_os("CHENGXIN_TEST_POSTGRES") else {
            println!("left out on PostgreSQL: CHENGXIN_TEST_POSTGRES is not set");
            return None;
        };
        let fresh =
            Self { server: server.into_string().unwrap(), name: format!("migrations_{test}_{}", std::process::id()) };
        fresh.run(&format!("CREATE DATABASE {}", fresh.name));
        Some(fresh)
    }

    fn run(&self, statement: &str) {
        PgConnection::establish(&self.server).unwrap().batch_execute(statement).unwrap();
    }

    fn url(&self) -> String {
        let (server, _) = self.server.rsplit_once('/').unwrap();
        format!("{server}/{}", self.name)
    }
}

impl Drop for Fresh {
    fn drop(&mut self) {
        self.run(&format!("DROP DATABASE {} WITH (FORCE)", self.name));
    }
}

fn on_sqlite(folder: &tempfile::TempDir, set: MigrationSet) -> BTreeSet<String> {
    up_down_up(&format!("sqlite:{}", folder.path().join(format!("{set}.db")).display()), set)
}

#[test]
fn sqlite_goes_up_down_and_up_again() {
    let folder = tempfile::tempdir().unwrap();
    for set in SETS {
        on_sqlite(&folder, set);
    }
}

#[test]
fn postgres_goes_up_down_and_up_again_and_has_the_same_tables() {
    let folder = tempfile::tempdir().unwrap();
    for set in SETS {
        let Some(fresh) = Fresh::database(&set.to_string()) else { return };
        assert_eq!(up_down_up(&fresh.url(), set), on_sqlite(&folder, set), "the backends differ in the {set}");
    }
}

#[test]
fn one_set_goes_and_the_other_stays_where_both_share_a_database() {
    let Some(fresh) = Fresh::database("both") else { return };
    let url = fresh.url();
    for set in SETS {
        Database::create_and_migrate(&url, set).unwrap();
    }
    let both = columns(&url, MigrationSet::Ledger);
    Database::revert_all(&url, MigrationSet::Registry).unwrap();
    let ledger = columns(&url, MigrationSet::Ledger);
    assert!(ledger.len() < both.len() && ledger.iter().all(|column| column.starts_with("ledger_")), "{ledger:?}");
}

#[test]
fn names_from_before_the_index_of_their_parts_are_found_by_them() {
    use chengxin::domain::SubjectId;
    use chengxin::store::subject_name;
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("registry.db").display());
    let before =
        "DELETE FROM __diesel_schema_migrations WHERE version = '20261127220000'; DROP TABLE subject_name_grams;";
    let names = "INSERT INTO subjects VALUES (x'07070707070707070707070707070701', 'ORGANIZATION', 0); \
         INSERT INTO subject_names VALUES ('东营星程物流有限公司', x'07070707070707070707070707070701'), ('甲', x'07070707070707070707070707070701');";
    Database::create_and_migrate(&url, MigrationSet::Registry).unwrap();
    let mut connection = Database::open(&url, MigrationSet::Registry, 1).unwrap().connect().unwrap();
    connection.batch_execute(&format!("{before}{names}")).unwrap();
    Database::create_and_migrate(&url, MigrationSet::Registry).unwrap();
    let found = subject_name::holding(&mut connection, "程物流", None, 10).unwrap();
    let found: Vec<_> = found.into_iter().map(|found| (found.name_key, found.subject)).collect();
    assert_eq!(
        found,
        [("东营星程物流有限公司".to_owned(), SubjectId::new([7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 1]))]
    );
}
