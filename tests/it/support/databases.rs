//! Databases for tests: SQLite files always, databases of a PostgreSQL server when `CHENGXIN_TEST_POSTGRES` names one.

use std::sync::atomic::{AtomicU32, Ordering};

use diesel::Connection;
use diesel::connection::SimpleConnection;

static COUNTER: AtomicU32 = AtomicU32::new(0);

/// An empty database, gone when this is dropped.
pub struct Scratch {
    pub url: String,
    folder: Option<tempfile::TempDir>,
    server: Option<(String, String)>,
}

impl Scratch {
    /// A file in a folder of its own.
    pub fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("scratch.db").display());
        Self { url, folder: Some(folder), server: None }
    }

    /// A database of the server in `CHENGXIN_TEST_POSTGRES`; says so when there is none.
    pub fn postgres() -> Option<Self> {
        let Some(server) = std::env::var_os("CHENGXIN_TEST_POSTGRES") else {
            println!("CHENGXIN_TEST_POSTGRES is not set: PostgreSQL was left out");
            return None;
        };
        let server = server.into_string().unwrap();
        let name = format!("chengxin_it_{}_{}", std::process::id(), COUNTER.fetch_add(1, Ordering::Relaxed));
        run_on(&server, &format!("CREATE DATABASE {name}"));
        let (base, _) = server.rsplit_once('/').unwrap();
        Some(Self { url: format!("{base}/{name}"), folder: None, server: Some((server, name)) })
    }

    /// One of each kind there is.
    pub fn each() -> Vec<Self> {
        std::iter::once(Self::sqlite()).chain(Self::postgres()).collect()
    }

    pub fn is_sqlite(&self) -> bool {
        self.folder.is_some()
    }

    /// Cuts every connection to a database of a server.
    pub fn cut_connections(&self) {
        if let Some((server, name)) = &self.server {
            run_on(server, &format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"));
        }
    }

    /// Lets nobody connect, and cuts who is; or lets everybody connect again.
    pub fn shut(&self) {
        if let Some((server, name)) = &self.server {
            run_on(server, &format!("ALTER DATABASE {name} ALLOW_CONNECTIONS false"));
            self.cut_connections();
        }
    }

    /// The way back from `shut`.
    pub fn open(&self) {
        if let Some((server, name)) = &self.server {
            run_on(server, &format!("ALTER DATABASE {name} ALLOW_CONNECTIONS true"));
        }
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if let Some((server, name)) = &self.server {
            run_on(server, &format!("DROP DATABASE {name} WITH (FORCE)"));
        }
    }
}

fn run_on(server: &str, statement: &str) {
    diesel::PgConnection::establish(server).unwrap().batch_execute(statement).unwrap();
}
