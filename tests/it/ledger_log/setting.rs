//! A ledger to try things on: SQLite always, PostgreSQL when `CHENGXIN_TEST_POSTGRES` names a server.
#![expect(clippy::unwrap_used, reason = "a helper of tests may stop them")]

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use chengxin::clock::{Ambient, FixedClock, SeededEntropy};
use chengxin::domain::{Instant, Role, Tier};
use chengxin::ledger::{
    BodyKeys, Decision, EntryKind, FieldCounts, Ledger, LedgerError, LedgerKeys, LedgerSettings, NewEntry, SigningKeys,
};
use chengxin::store::{Database, MigrationSet};
use diesel::Connection as _;
use diesel::connection::SimpleConnection;
use ed25519_dalek::SigningKey;
use zeroize::Zeroizing;

pub(crate) const ORIGIN: &str = "ledger.dongying.example/chengxin";
/// 2026-11-23T08:00:00Z.
pub(crate) const NOW: i64 = 1_795_420_800_000_000;

/// The keys of the bodies; those of a period in `gone` are destroyed.
#[derive(Clone, Debug, Default)]
pub(crate) struct TestBodies {
    gone: HashSet<String>,
}

impl TestBodies {
    pub(crate) fn without(period: &str) -> Self {
        Self { gone: HashSet::from([period.to_owned()]) }
    }
}

impl BodyKeys for TestBodies {
    fn key_for(&self, period: &str) -> Option<Zeroizing<[u8; 32]>> {
        (!self.gone.contains(period)).then(|| Zeroizing::new([0x5a; 32]))
    }
}

/// Test keys, made from a number. Never to be used for anything else.
pub(crate) fn keys(seed: u8) -> LedgerKeys {
    let signing = SigningKeys {
        checkpoint: SigningKey::from_bytes(&[seed; 32]),
        receipt: SigningKey::from_bytes(&[seed + 1; 32]),
    };
    LedgerKeys::new(ORIGIN, signing, Arc::new(TestBodies::default()), Zeroizing::new([seed; 32])).unwrap()
}

static COUNTER: AtomicU32 = AtomicU32::new(0);

/// Where a ledger stands. It is gone when this is dropped.
pub(crate) struct Place {
    url: String,
    folder: Option<tempfile::TempDir>,
    server: Option<String>,
    pub(crate) clock: Arc<FixedClock>,
    pub(crate) ambient: Ambient,
}

impl Place {
    fn new(url: String, folder: Option<tempfile::TempDir>, server: Option<String>) -> Self {
        let clock = Arc::new(FixedClock::new(Instant::from_micros(NOW)));
        let seed = COUNTER.fetch_add(1, Ordering::Relaxed);
        let ambient = Ambient::new(Arc::clone(&clock) as _, Arc::new(SeededEntropy::new(seed.into())));
        Self { url, folder, server, clock, ambient }
    }

    fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("ledger.db").display());
        Self::new(url, Some(folder), None)
    }

    fn postgres(server: &str, template: &str) -> Self {
        let name = format!("chengxin_test_{}_{}", std::process::id(), COUNTER.fetch_add(1, Ordering::Relaxed));
        administer(server, &format!("CREATE DATABASE {name} TEMPLATE {template}"));
        let (base, _) = server.rsplit_once('/').unwrap();
        Self::new(format!("{base}/{name}"), None, Some(server.to_owned()))
    }

    fn name(&self) -> &str {
        self.url.rsplit_once('/').map_or("", |(_, name)| name)
    }

    /// The same ledger at another place. Nobody may have it open.
    pub(crate) fn copy(&self) -> Self {
        match (&self.folder, &self.server) {
            (Some(folder), _) => {
                let copy = Self::sqlite();
                for file in std::fs::read_dir(folder.path()).unwrap() {
                    let file = file.unwrap();
                    std::fs::copy(file.path(), copy.folder.as_ref().unwrap().path().join(file.file_name())).unwrap();
                }
                copy
            }
            (None, Some(server)) => Self::postgres(server, self.name()),
            (None, None) => unreachable!("a place is a folder or a database"),
        }
    }

    pub(crate) fn is_sqlite(&self) -> bool {
        self.folder.is_some()
    }

    pub(crate) fn database(&self) -> Database {
        Database::open(&self.url, MigrationSet::Ledger, 4).unwrap()
    }

    pub(crate) fn try_open(&self, keys: LedgerKeys) -> Result<Ledger, LedgerError> {
        let settings = LedgerSettings {
            instance: "test".to_owned(),
            // The tests ask for each step themselves.
            integrate_every: Duration::from_hours(1),
            retry_every: Duration::from_hours(1),
            ..LedgerSettings::default()
        };
        self.open_with(keys, &settings)
    }

    pub(crate) fn open_with(&self, keys: LedgerKeys, settings: &LedgerSettings) -> Result<Ledger, LedgerError> {
        Ledger::open(self.database(), keys, self.ambient.clone(), settings)
    }

    pub(crate) fn open(&self) -> Ledger {
        self.try_open(keys(1)).unwrap()
    }

    pub(crate) fn create(&self) -> Result<(), LedgerError> {
        Ledger::create(&self.database(), &keys(1), &self.ambient)
    }

    /// Does what only somebody with the rights of the database's owner can do.
    pub(crate) fn tamper(&self, statements: &str) {
        let triggers = if self.is_sqlite() {
            "DROP TRIGGER IF EXISTS ledger_entry_update; DROP TRIGGER IF EXISTS ledger_entry_delete;
             DROP TRIGGER IF EXISTS ledger_tile_update; DROP TRIGGER IF EXISTS ledger_tile_delete;"
        } else {
            "DROP TRIGGER IF EXISTS ledger_entry_keep ON ledger_entry;
             DROP TRIGGER IF EXISTS ledger_tile_keep ON ledger_tile;"
        };
        self.run(triggers).unwrap();
        self.run(statements).unwrap();
    }

    /// Every file with its bytes; none where the ledger is on a server.
    pub(crate) fn named_files(&self) -> Vec<(std::path::PathBuf, Vec<u8>)> {
        let Some(folder) = &self.folder else { return Vec::new() };
        let paths = std::fs::read_dir(folder.path()).unwrap().map(|file| file.unwrap().path());
        let read = |path: std::path::PathBuf| match std::fs::read(&path) {
            // SQLite takes its log away when the last connection closes, which may be between the listing and now.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
            read => Some((path, read.unwrap())),
        };
        paths.filter_map(read).collect()
    }

    pub(crate) fn run(&self, statements: &str) -> Result<(), chengxin::store::StoreError> {
        self.database().connect()?.batch_execute(statements).map_err(Into::into)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some(server) = &self.server {
            administer(server, &format!("DROP DATABASE {} WITH (FORCE)", self.name()));
        }
    }
}

fn administer(server: &str, statement: &str) {
    diesel::PgConnection::establish(server).unwrap().batch_execute(statement).unwrap();
}

/// An empty ledger on every backend there is to try on.
pub(crate) fn places() -> Vec<Place> {
    let mut places = vec![Place::sqlite()];
    match std::env::var_os("CHENGXIN_TEST_POSTGRES") {
        Some(server) => places.push(Place::postgres(&server.into_string().unwrap(), "template1")),
        None => println!("CHENGXIN_TEST_POSTGRES is not set: PostgreSQL was left out"),
    }
    for place in &places {
        Database::create_and_migrate(&place.url, MigrationSet::Ledger).unwrap();
    }
    places
}

/// A created ledger on every backend there is to try on.
pub(crate) fn ledgers() -> Vec<Place> {
    let places = places();
    for place in &places {
        place.create().unwrap();
    }
    places
}

/// The blind index of the test subject `number`.
pub(crate) fn subject(number: u32) -> [u8; 32] {
    let mut index = [0x11; 32];
    index[..4].copy_from_slice(&number.to_be_bytes());
    index
}

/// A read of the test record `number`.
pub(crate) fn read(number: u32) -> NewEntry {
    let mut entry = NewEntry::new(EntryKind::Query, Decision::Masked);
    entry.role = Some(Role::Department);
    entry.consumer = Some("market-regulation".to_owned());
    entry.credential = Some([3; 32]);
    entry.purpose = Some("ADMINISTRATIVE_LICENSING".to_owned());
    entry.tier = Some(Tier::GovernmentSharing);
    entry.policy_hash = Some([4; 32]);
    entry.rows = number;
    entry.fields = FieldCounts { clear: 7, masked: 2, withheld: 0 };
    entry.items = vec!["XYSD_D01_01".to_owned(), "QYSX_001".to_owned()];
    entry.cost = 12;
    entry.committed.query = Some("query($a:ID!){subject(uscc:$a){name}}".to_owned());
    entry.committed.variables = Some(format!("{{\"a\":\"{number}\"}}"));
    entry.committed.actor = Some("officer 0117".to_owned());
    entry.committed.fields = vec!["Subject.name".to_owned()];
    entry.committed.subjects = vec![subject(number), subject(number + 1)];
    entry.committed.result = Some([u8::try_from(number % 256).unwrap(); 32]);
    entry
}

/// Appends reads `from..to`, gathered into few commits, and gives the receipts in order.
pub(crate) fn append(ledger: &Ledger, numbers: std::ops::Range<u32>) -> Vec<chengxin::ledger::Receipt> {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let appends = numbers.map(|number| ledger.append(read(number)));
    runtime.block_on(futures_util::future::try_join_all(appends)).unwrap()
}
