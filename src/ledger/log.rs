//! The ledger as others hold it: append, read the state, close. Opening it checks that what is stored is what was
//! signed, and refuses otherwise.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{self, SyncSender, TrySendError};
use std::thread::JoinHandle;
use std::time::Duration;

use parking_lot::{Mutex, RwLock};
use tokio::sync::oneshot;

use super::append::{Command, Durable, Flusher, Instance};
use super::checkpoint::Checkpoint;
use super::disk::{DiskSettings, Watch};
use super::draft::Draft;
use super::entry::NewEntry;
use super::high_water::{self, HighWater};
use super::integrate::{Ask, IntegrateError, Integrator, SignedTree, checked_hash, load, tree_row};
use super::keys::LedgerKeys;
use super::note::NoteError;
use super::receipt::Receipt;
use super::state::{Reason, Shared, State, Unavailable};
use super::tile::{Edge, WIDTH};
use super::tree::CompactRange;
use crate::clock::Ambient;
use crate::store::ledger::tree::{self as rows, CheckpointRow};
use crate::store::ledger::{entry, head};
use crate::store::{AnyConnection, Database, StoreError};

/// The largest leaf, in bytes (C2SP tlog-tiles: a u16 length).
const LEAF_SIZE_BYTES_MAX: usize = 65_535;

/// Why a ledger is not opened.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// There are tables, but no ledger was created in them.
    #[error("there is no ledger here yet")]
    NotCreated,
    /// There is one already.
    #[error("there is a ledger here already")]
    Exists,
    /// The ledger here has another name.
    #[error("the ledger here is `{0}`")]
    OtherOrigin(String),
    /// The last checkpoint does not verify under the ledger's key.
    #[error("the last checkpoint is not signed by the ledger's key: {0}")]
    Checkpoint(#[from] NoteError),
    /// The last checkpoint and the stored tree differ.
    #[error("the last checkpoint covers {signed} entries, the stored tree {stored}, or their roots differ")]
    Fork {
        /// The size that was signed.
        signed: u64,
        /// The size that is stored.
        stored: u64,
    },
    /// Fewer entries are stored than were signed.
    #[error("{signed} entries were signed, {stored} are stored")]
    Rollback {
        /// The size that was signed.
        signed: u64,
        /// How many entries are stored.
        stored: u64,
    },
    /// The file that keeps the newest checkpoint keeps a larger one.
    #[error(
        "LEDGER_ROLLBACK: `{path}` keeps a checkpoint of {kept} entries, {stored} are signed in the database. Find out which copy \
         is the true one before you go on"
    )]
    RolledBack {
        /// The file.
        path: PathBuf,
        /// The size that it keeps.
        kept: u64,
        /// The size that is signed in the database.
        stored: u64,
    },
    /// The file that keeps the newest checkpoint keeps one of another tree.
    #[error(
        "LEDGER_FORK: `{path}` keeps a checkpoint of {kept} entries with another root than the database. Find out which copy \
         is the true one before you go on"
    )]
    Forked {
        /// The file.
        path: PathBuf,
        /// The size that it keeps.
        kept: u64,
    },
    /// The file that keeps the newest checkpoint keeps something else.
    #[error("`{path}` keeps no checkpoint that the ledger's key has signed: {cause}")]
    Kept {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        cause: NoteError,
    },
    /// The file that keeps the newest checkpoint cannot be read or written.
    #[error("`{path}`, which keeps the newest checkpoint outside of the database, cannot be read or written: {cause}")]
    HighWater {
        /// The file.
        path: PathBuf,
        /// What the system says.
        cause: std::io::Error,
    },
    /// What is stored contradicts itself.
    #[error(transparent)]
    Contradiction(#[from] IntegrateError),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A thread could not be started.
    #[error("a thread of the ledger cannot be started: {0}")]
    Thread(#[from] std::io::Error),
}

impl LedgerError {
    /// Whether it shows that what is stored is not what was signed.
    pub fn is_contradiction(&self) -> bool {
        match self {
            Self::Checkpoint(_)
            | Self::Fork { .. }
            | Self::Rollback { .. }
            | Self::RolledBack { .. }
            | Self::Forked { .. }
            | Self::Kept { .. } => true,
            Self::Contradiction(error) => !matches!(error, IntegrateError::Store(_) | IntegrateError::ClockWentBack),
            Self::NotCreated
            | Self::Exists
            | Self::OtherOrigin(_)
            | Self::HighWater { .. }
            | Self::Store(_)
            | Self::Thread(_) => false,
        }
    }
}

/// How the ledger works. The defaults suit most.
#[derive(Clone, Debug)]
pub struct LedgerSettings {
    /// The name of this instance in the leaves; a random part is added at each start.
    pub instance: String,
    /// Entries per commit at most.
    pub batch: usize,
    /// Entries that may wait for a commit.
    pub pool: usize,
    /// How often the tree is grown and signed.
    pub integrate_every: Duration,
    /// How often a ledger that could not write is tried again.
    pub retry_every: Duration,
    /// The file that keeps the newest checkpoint outside of the database; nowhere when absent.
    pub high_water: Option<PathBuf>,
    /// The volume that is watched; none when absent.
    pub disk: Option<DiskSettings>,
}

impl Default for LedgerSettings {
    fn default() -> Self {
        Self {
            instance: "chengxin".to_owned(),
            batch: 256,
            pool: 4096,
            integrate_every: Duration::from_millis(200),
            retry_every: Duration::from_millis(500),
            high_water: None,
            disk: None,
        }
    }
}

/// The ledger. Clones are handles to the same one.
#[derive(Clone, Debug)]
pub struct Ledger {
    pub(super) parts: Arc<Parts>,
}

#[derive(Debug)]
pub(super) struct Parts {
    pub(super) database: Database,
    pub(super) keys: LedgerKeys,
    ambient: Ambient,
    instance: Arc<str>,
    shared: Arc<Shared>,
    latest: Arc<RwLock<CheckpointRow>>,
    submit: RwLock<Option<SyncSender<Command>>>,
    integrate: Mutex<Option<mpsc::Sender<Ask>>>,
    threads: Mutex<Vec<JoinHandle<()>>>,
    watch: Mutex<Option<(mpsc::Sender<()>, JoinHandle<()>)>>,
}

impl std::fmt::Debug for Command {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Command")
    }
}

impl Ledger {
    /// Creates an empty ledger in migrated tables and signs its first checkpoint, of size 0. Never done by `open`:
    /// a ledger that is suddenly empty is a loss, not a beginning.
    pub fn create(database: &Database, keys: &LedgerKeys, ambient: &Ambient) -> Result<(), LedgerError> {
        let tree = tree_row(&CompactRange::default(), &Edge::default());
        let checkpoint = Checkpoint { origin: keys.origin.to_string(), size: 0, root: CompactRange::default().root() };
        let note = checkpoint.sign(&keys.checkpoint, keys.log());
        let first = CheckpointRow { size: 0, t: ambient.now().micros(), note };
        let mut connection = database.connect()?;
        if head::load(&mut connection)?.is_some() {
            return Err(LedgerError::Exists);
        }
        Ok(connection.write(|connection| {
            head::create(connection, &keys.origin)?;
            rows::create(connection, &tree)?;
            rows::insert_checkpoint(connection, &first, None)
        })?)
    }

    /// Opens a ledger and starts its threads.
    ///
    /// # Errors
    /// Anything that shows that what is stored is not what was signed; see `LedgerError`.
    pub fn open(
        database: Database,
        keys: LedgerKeys,
        ambient: Ambient,
        settings: &LedgerSettings,
    ) -> Result<Self, LedgerError> {
        let mut connection = database.connect()?;
        // One state of the database: another instance may be growing the tree at this moment.
        let found = connection.snapshot(|connection| Ok::<_, StoreError>(check(connection, &keys)))??;
        if let Some(path) = &settings.high_water {
            high_water::check(&mut connection, path, keys.log())?;
            high_water::begin(path, &found.checkpoint.note)?;
        }
        let boot: [u8; 6] = ambient.bytes();
        let instance: Arc<str> = format!("{}/{}", settings.instance, hex::encode(boot)).into();
        let shared = Arc::new(Shared::new(found.head.next.unsigned_abs(), settings.pool.max(1)));
        let latest = Arc::new(RwLock::new(found.checkpoint));
        let flusher = Flusher {
            database: database.clone(),
            keys: keys.clone(),
            ambient: ambient.clone(),
            shared: Arc::clone(&shared),
            instance: Instance {
                name: Arc::clone(&instance),
                epoch: found.head.epoch,
                next_number: 0,
                last_time: i64::MIN,
            },
            batch: settings.batch.max(1),
            retry: settings.retry_every,
            connection: Some(connection),
            in_doubt: false,
        };
        let integrator = Integrator {
            database: database.clone(),
            keys: keys.clone(),
            ambient: ambient.clone(),
            shared: Arc::clone(&shared),
            latest: Arc::clone(&latest),
            tree: Some(found.tree),
            high_water: settings.high_water.clone().map(HighWater::new),
        };
        let (submit, commands) = mpsc::sync_channel(settings.pool.max(1));
        let watch = match settings.disk.clone() {
            Some(settings) => Some(Watch { settings, shared: Arc::clone(&shared), writer: submit.clone() }.start()?),
            None => None,
        };
        let (integrate, asked) = mpsc::channel();
        let every = settings.integrate_every;
        let threads = vec![
            std::thread::Builder::new().name("ledger-append".into()).spawn(move || flusher.run(&commands))?,
            std::thread::Builder::new().name("ledger-tree".into()).spawn(move || integrator.run(&asked, every))?,
        ];
        let parts = Parts {
            database,
            keys,
            ambient,
            instance,
            shared,
            latest,
            submit: RwLock::new(Some(submit)),
            integrate: Mutex::new(Some(integrate)),
            threads: Mutex::new(threads),
            watch: Mutex::new(watch),
        };
        Ok(Self { parts: Arc::new(parts) })
    }

    /// Appends an entry and waits until it is durable. Only then is there a receipt.
    pub async fn append(&self, entry: NewEntry) -> Result<Receipt, Unavailable> {
        let (result, answer) = self.parts.submit(entry)?;
        let durable = answer.await.map_err(|_| Unavailable(Reason::Stopped))??;
        Ok(self.parts.receipt(durable, result))
    }

    /// `append` for callers that are not in an asynchronous context.
    pub fn append_blocking(&self, entry: NewEntry) -> Result<Receipt, Unavailable> {
        let (result, answer) = self.parts.submit(entry)?;
        let durable = answer.blocking_recv().map_err(|_| Unavailable(Reason::Stopped))??;
        Ok(self.parts.receipt(durable, result))
    }

    /// `append_blocking` for several entries that belong together: they are handed over at once and share commits.
    pub fn append_all_blocking(&self, entries: Vec<NewEntry>) -> Result<Vec<Receipt>, Unavailable> {
        let submitted: Vec<_> = entries.into_iter().map(|entry| self.parts.submit(entry)).collect::<Result<_, _>>()?;
        let receipt = |(result, answer): (_, oneshot::Receiver<Result<Durable, Unavailable>>)| {
            let durable = answer.blocking_recv().map_err(|_| Unavailable(Reason::Stopped))??;
            Ok(self.parts.receipt(durable, result))
        };
        submitted.into_iter().map(receipt).collect()
    }

    /// Can the ledger write?
    pub fn is_ready(&self) -> bool {
        !matches!(self.state(), State::Closed(_))
    }

    /// Open, degraded or closed, and why.
    pub fn state(&self) -> State {
        self.parts.shared.health()
    }

    /// How many entries there are, as far as this instance knows.
    pub fn size(&self) -> u64 {
        self.parts.shared.next()
    }

    /// The latest signed checkpoint, as a note.
    pub fn checkpoint(&self) -> String {
        self.parts.latest.read().note.clone()
    }

    /// Public keys, and the keys of the bodies.
    pub fn keys(&self) -> &LedgerKeys {
        &self.parts.keys
    }

    /// The database that the ledger stands in, for exports and checks.
    pub fn database(&self) -> &Database {
        &self.parts.database
    }

    /// Tries at once whether a ledger that could not write can write again, instead of waiting for the interval.
    pub fn try_reopen_blocking(&self) -> State {
        let (reply, answer) = oneshot::channel();
        let sent = match self.parts.submit.read().as_ref() {
            Some(submit) => submit.send(Command::Reopen(reply)).is_ok(),
            None => false,
        };
        if sent { answer.blocking_recv().unwrap_or_else(|_| self.state()) } else { self.state() }
    }

    /// Grows and signs the tree over every entry there is, and gives its size.
    pub fn integrate_blocking(&self) -> Result<u64, IntegrateError> {
        let (reply, answer) = oneshot::channel();
        let gone = || StoreError::Unavailable("the ledger was closed".to_owned());
        match self.parts.integrate.lock().as_ref() {
            Some(integrate) => integrate.send(reply).map_err(|_| gone())?,
            None => return Err(gone().into()),
        }
        answer.blocking_recv().map_err(|_| gone())?
    }

    /// Something outside contradicts what is stored: nothing is given out any more until a person has looked.
    pub fn distrust(&self) {
        self.parts.shared.close(Reason::Tampered);
    }

    pub(super) fn now(&self) -> crate::domain::Instant {
        self.parts.ambient.now()
    }

    pub(super) fn write_gate(&self) -> &Mutex<()> {
        &self.parts.shared.write_gate
    }

    /// Takes no more entries, writes those that wait, signs the tree over all of them, and ends the threads.
    pub fn close(&self) {
        self.parts.close();
    }
}

impl Parts {
    #[expect(clippy::type_complexity, reason = "a pair for the two callers above")]
    fn submit(
        &self,
        entry: NewEntry,
    ) -> Result<(Option<[u8; 32]>, oneshot::Receiver<Result<Durable, Unavailable>>), Unavailable> {
        if let State::Closed(reason) = self.shared.state() {
            return Err(Unavailable(reason));
        }
        let draft = Draft::new(entry, &self.keys, &self.instance, &self.ambient).map_err(Unavailable)?;
        if draft.leaf_size_max() > LEAF_SIZE_BYTES_MAX {
            return Err(Unavailable(Reason::EntryTooLarge));
        }
        let result = draft.result;
        let (reply, answer) = oneshot::channel();
        let submit = self.submit.read();
        let Some(submit) = submit.as_ref() else { return Err(Unavailable(Reason::Stopped)) };
        self.shared.entered();
        match submit.try_send(Command::Append(Box::new(draft), reply)) {
            Ok(()) => Ok((result, answer)),
            Err(TrySendError::Full(_)) => {
                self.shared.left(1);
                self.shared.close(Reason::PoolFull);
                Err(Unavailable(Reason::PoolFull))
            }
            Err(TrySendError::Disconnected(_)) => Err(Unavailable(Reason::Stopped)),
        }
    }

    fn receipt(&self, durable: Durable, result: Option<[u8; 32]>) -> Receipt {
        Receipt {
            origin: Arc::clone(&self.keys.origin),
            index: durable.index,
            leaf_hash: durable.leaf_hash,
            time: durable.time,
            result,
            key: Arc::clone(&self.keys.receipt),
        }
    }

    fn close(&self) {
        // Who watches the volume holds the way to the writer.
        if let Some((stop, watch)) = self.watch.lock().take() {
            drop(stop);
            join(watch);
        }
        let mut threads = std::mem::take(&mut *self.threads.lock());
        // The writer first: the tree then covers what it has written.
        drop(self.submit.write().take());
        let integrator = threads.pop();
        for thread in threads {
            join(thread);
        }
        drop(self.integrate.lock().take());
        if let Some(thread) = integrator {
            join(thread);
            self.shared.close(Reason::Stopped);
        }
    }
}

fn join(thread: JoinHandle<()>) {
    if thread.join().is_err() {
        tracing::error!("a thread of the ledger had panicked");
    }
}

impl Drop for Parts {
    fn drop(&mut self) {
        self.close();
    }
}

struct Found {
    head: head::Head,
    tree: SignedTree,
    checkpoint: CheckpointRow,
}

/// What is signed against what is stored: head, tree, right edge, the last entries.
fn check(connection: &mut AnyConnection, keys: &LedgerKeys) -> Result<Found, LedgerError> {
    let head = head::load(connection)?.ok_or(LedgerError::NotCreated)?;
    if *head.origin != *keys.origin {
        return Err(LedgerError::OtherOrigin(head.origin));
    }
    let checkpoint = rows::latest_checkpoint(connection)?.ok_or(LedgerError::NotCreated)?;
    let signed = Checkpoint::open(&checkpoint.note, keys.log())?;
    let tree = load(connection)?;
    if (signed.size, signed.root) != (tree.range.size(), tree.range.root()) {
        return Err(LedgerError::Fork { signed: signed.size, stored: tree.range.size() });
    }
    let stored = entry::last_index(connection)?.map_or(0, |last| last + 1);
    if head.next < tree.row.size || stored != head.next {
        return Err(LedgerError::Rollback { signed: signed.size, stored: stored.unsigned_abs() });
    }
    check_last_entries(connection, &tree, head.next)?;
    Ok(Found { head, tree, checkpoint })
}

/// Hashes the entries of the last tile again, and those that wait for the tree.
fn check_last_entries(connection: &mut AnyConnection, tree: &SignedTree, next: i64) -> Result<(), LedgerError> {
    let tile = i64::try_from(WIDTH).unwrap_or(i64::MAX);
    let first_on_edge = tree.row.size - tree.row.size.rem_euclid(tile);
    let start = (first_on_edge.max(1) - 1) / tile * tile;
    for row_and_index in entry::page(connection, start, next - start)?.iter().zip(start..) {
        let hash = checked_hash(row_and_index.0, row_and_index.1)?;
        let on_edge = usize::try_from(row_and_index.1 - first_on_edge).ok().and_then(|at| tree.edge.leaves().get(at));
        if on_edge.is_some_and(|edge| *edge != hash) {
            return Err(IntegrateError::WrongHash(row_and_index.1.unsigned_abs()).into());
        }
    }
    Ok(())
}
