//! The one thread that writes: it takes what waits, up to a batch, and commits it in one transaction. While it
//! commits, the next batch gathers. An idle ledger commits at once; under load it waits a moment for company, because
//! a commit writes the same pages for one entry as for twenty.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use tokio::sync::oneshot;

use super::draft::Draft;
use super::entry::{Decision, EntryKind, NewEntry};
use super::keys::LedgerKeys;
use super::state::{Reason, Shared, State, Unavailable};
use super::tree::{Hash, leaf_hash};
use crate::clock::Ambient;
use crate::domain::Instant;
use crate::store::ledger::entry::{self, BodyRow, EntryRow};
use crate::store::ledger::head;
use crate::store::ledger::subject::SubjectRow;
use crate::store::{AnyConnection, Database, StoreError};

/// How long a batch gathers when the one before held several entries: far less than what an answer may take.
const GATHERING: Duration = Duration::from_micros(600);
/// What an entry became.
#[derive(Clone, Copy, Debug)]
pub(super) struct Durable {
    pub(super) index: u64,
    pub(super) leaf_hash: Hash,
    pub(super) time: Instant,
}

pub(super) type Reply = oneshot::Sender<Result<Durable, Unavailable>>;

/// What the writer is asked to do.
pub(super) enum Command {
    Append(Box<Draft>, Reply),
    /// Try now whether the ledger can write again.
    Reopen(oneshot::Sender<State>),
    /// The same after a volume was short of room.
    RoomIsBack,
}

/// One run of one process: its name in the leaves, and where it stands.
#[derive(Debug)]
pub(super) struct Instance {
    pub(super) name: Arc<str>,
    pub(super) epoch: i64,
    pub(super) next_number: i64,
    pub(super) last_time: i64,
}

/// The writer.
pub(super) struct Flusher {
    pub(super) database: Database,
    pub(super) keys: LedgerKeys,
    pub(super) ambient: Ambient,
    pub(super) shared: Arc<Shared>,
    pub(super) instance: Instance,
    pub(super) batch: usize,
    pub(super) retry: Duration,
    pub(super) connection: Option<AnyConnection>,
    /// A commit failed and nobody knows yet whether its rows are there.
    pub(super) in_doubt: bool,
}

/// A batch written out as rows that lack only their index.
struct Rows {
    entries: Vec<EntryRow>,
    bodies: Vec<BodyRow>,
    subjects: Vec<SubjectRow>,
}

impl Flusher {
    /// Serves until every sender is gone, then writes what is left.
    pub(super) fn run(mut self, commands: &Receiver<Command>) {
        let mut waiting: Vec<(Box<Draft>, Reply)> = Vec::with_capacity(self.batch);
        let mut is_busy = false;
        loop {
            let first = match self.shared.state() {
                State::Closed(Reason::CommitFailed) => commands.recv_timeout(self.retry),
                _ => commands.recv().map_err(|_| RecvTimeoutError::Disconnected),
            };
            match first {
                Ok(command) => self.take(command, &mut waiting),
                Err(RecvTimeoutError::Timeout) => self.reopen(),
                Err(RecvTimeoutError::Disconnected) => return,
            }
            if is_busy {
                // Nobody is woken by what comes meanwhile: that would cost more than the commit it saves.
                std::thread::sleep(GATHERING);
            }
            while waiting.len() < self.batch
                && let Ok(command) = commands.try_recv()
            {
                self.take(command, &mut waiting);
            }
            is_busy = waiting.len() > 1;
            self.flush(&mut waiting);
        }
    }

    fn take(&mut self, command: Command, waiting: &mut Vec<(Box<Draft>, Reply)>) {
        match command {
            Command::Append(draft, reply) => waiting.push((draft, reply)),
            Command::RoomIsBack => self.reopen_for(Reason::DiskLow),
            Command::Reopen(reply) => {
                self.reopen();
                // Whoever asked may have gone; then nobody needs the answer.
                let _ = reply.send(self.shared.state());
            }
        }
    }

    fn flush(&mut self, waiting: &mut Vec<(Box<Draft>, Reply)>) {
        if waiting.is_empty() {
            return;
        }
        self.shared.left(waiting.len());
        let (drafts, replies): (Vec<_>, Vec<_>) = waiting.drain(..).map(|(draft, reply)| (*draft, reply)).unzip();
        match self.commit(&drafts) {
            Ok(written) => {
                for (reply, durable) in replies.into_iter().zip(written) {
                    // A caller that gave up leaves an entry without an answer, which is allowed; never the reverse.
                    let _ = reply.send(Ok(durable));
                }
            }
            Err(reason) => {
                for reply in replies {
                    let _ = reply.send(Err(Unavailable(reason)));
                }
            }
        }
    }

    /// Writes an entry that says the ledger was closed; if that works, it is open again.
    fn reopen(&mut self) {
        if let State::Closed(reason @ (Reason::CommitFailed | Reason::PoolFull)) = self.shared.state() {
            self.reopen_for(reason);
        }
    }

    fn reopen_for(&mut self, reason: Reason) {
        if self.shared.state() != State::Closed(reason) {
            return;
        }
        let mut entry = NewEntry::new(EntryKind::Admin, Decision::Allowed);
        entry.flags = vec!["LEDGER_REOPENED".to_owned()];
        entry.error_code = Some(reason.to_string());
        match Draft::new(entry, &self.keys, &self.instance.name, &self.ambient) {
            Ok(draft) => {
                if self.commit(&[draft]).is_ok() {
                    self.shared.room_is_back();
                }
            }
            Err(reason) => tracing::warn!(%reason, "the ledger cannot be reopened"),
        }
    }

    fn commit(&mut self, drafts: &[Draft]) -> Result<Vec<Durable>, Reason> {
        if self.shared.state() == State::Closed(Reason::Tampered) {
            return Err(Reason::Tampered);
        }
        let mut sent = None;
        // A second try, because the connection may have been cut while it was idle.
        for attempt in 1..=2 {
            match self.try_commit(drafts, &mut sent) {
                Ok(written) => {
                    let next = written.last().map_or(0, |last| last.index + 1);
                    self.shared.written(next);
                    return Ok(written);
                }
                Err(error) => {
                    tracing::warn!(%error, cause = ?std::error::Error::source(&error), attempt, "a ledger commit failed");
                    self.connection = None;
                    self.in_doubt = true;
                }
            }
        }
        self.shared.close(Reason::CommitFailed);
        Err(Reason::CommitFailed)
    }

    /// `sent` keeps what an earlier attempt has sent: if that turns out to be committed, it is the answer.
    fn try_commit(&mut self, drafts: &[Draft], sent: &mut Option<Vec<Durable>>) -> Result<Vec<Durable>, StoreError> {
        let shared = Arc::clone(&self.shared);
        let _gate = shared.write_gate.lock();
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => self.database.connect()?,
        };
        if self.in_doubt
            && let Some(first) = self.resolve(&mut connection, sent.as_deref())?
            && let Some(written) = sent.take()
        {
            self.connection = Some(connection);
            return Ok(indexed(written, first));
        }
        let rows = self.rows(drafts);
        let written: Vec<Durable> = rows.entries.iter().map(durable_of).collect();
        let count = i64::try_from(drafts.len()).unwrap_or(i64::MAX);
        let epoch = self.instance.epoch;
        *sent = Some(written.clone());
        let first = connection.write(|connection| {
            let first = head::advance(connection, epoch, count)?;
            let rows = rows.at(first);
            entry::insert(connection, &rows.entries, &rows.bodies, &rows.subjects)?;
            Ok::<_, StoreError>(first)
        })?;
        self.instance.next_number += count;
        self.connection = Some(connection);
        Ok(indexed(written, first))
    }

    /// Finds out what became of a commit whose outcome is unknown. Behind the lock of the head row nothing of ours
    /// can still be under way. Rows found there stay, and our numbers go on behind them; when they are the rows just
    /// `sent`, gives their first index.
    fn resolve(&mut self, connection: &mut AnyConnection, sent: Option<&[Durable]>) -> Result<Option<i64>, StoreError> {
        let Instance { name, epoch, next_number, .. } = &self.instance;
        let (next, found) = connection.write(|connection| {
            let next = head::advance(connection, *epoch, 0)?;
            Ok::<_, StoreError>((next, entry::hashes_of_instance(connection, name, *next_number)?))
        })?;
        self.in_doubt = false;
        let (Some((_, first, _)), Some((last, ..))) = (found.first(), found.last()) else { return Ok(None) };
        tracing::warn!(entries = found.len(), "a ledger commit of unknown outcome had succeeded");
        self.instance.next_number = last + 1;
        self.shared.written(next.unsigned_abs());
        let is_sent = sent
            .is_some_and(|sent| sent.iter().map(|sent| &sent.leaf_hash[..]).eq(found.iter().map(|found| &found.2[..])));
        Ok(is_sent.then_some(*first))
    }

    fn rows(&mut self, drafts: &[Draft]) -> Rows {
        let mut rows = Rows {
            entries: Vec::with_capacity(drafts.len()),
            bodies: Vec::with_capacity(drafts.len()),
            subjects: Vec::with_capacity(drafts.len()),
        };
        for (at, draft) in (0_i64..).zip(drafts) {
            let number = self.instance.next_number + at;
            let time = self.ambient.now().micros().max(self.instance.last_time + 1);
            self.instance.last_time = time;
            let leaf = draft.leaf(number, time);
            rows.entries.push(EntryRow {
                idx: at,
                ins: self.instance.name.to_string(),
                iseq: number,
                t: time,
                kind: draft.kind.to_owned(),
                role: draft.role.to_owned(),
                consumer: draft.consumer.clone(),
                decision: draft.decision.to_owned(),
                items: draft.items.clone(),
                leaf_hash: leaf_hash(&leaf).to_vec(),
                leaf,
            });
            rows.bodies.push(BodyRow { idx: at, period: draft.period.clone(), sealed: draft.sealed.clone() });
            let mut subjects = draft.subjects.clone();
            subjects.sort_unstable();
            subjects.dedup();
            rows.subjects.extend(subjects.iter().map(|subject| SubjectRow { subject: subject.to_vec(), idx: at }));
        }
        rows
    }
}

fn durable_of(row: &EntryRow) -> Durable {
    let leaf_hash = Hash::try_from(row.leaf_hash.as_slice()).unwrap_or_default();
    Durable { index: 0, leaf_hash, time: Instant::from_micros(row.t) }
}

fn indexed(mut written: Vec<Durable>, first: i64) -> Vec<Durable> {
    for (durable, index) in written.iter_mut().zip(first..) {
        durable.index = index.unsigned_abs();
    }
    written
}

impl Rows {
    /// The rows with indexes from `first` on.
    fn at(mut self, first: i64) -> Self {
        self.entries.iter_mut().for_each(|row| row.idx += first);
        self.bodies.iter_mut().for_each(|row| row.idx += first);
        self.subjects.iter_mut().for_each(|row| row.idx += first);
        self
    }
}

#[cfg(test)]
mod tests {
    use ed25519_dalek::SigningKey;
    use zeroize::Zeroizing;

    use super::*;
    use crate::ledger::{BodyKeys, Ledger, SigningKeys};
    use crate::store::MigrationSet;

    #[derive(Debug)]
    struct OneKey;

    impl BodyKeys for OneKey {
        fn key_for(&self, _: &str) -> Option<Zeroizing<[u8; 32]>> {
            Some(Zeroizing::new([9; 32]))
        }
    }

    fn flusher(folder: &tempfile::TempDir) -> Flusher {
        let url = format!("sqlite:{}", folder.path().join("ledger.db").display());
        Database::create_and_migrate(&url, MigrationSet::Ledger).unwrap();
        let database = Database::open(&url, MigrationSet::Ledger, 1).unwrap();
        let signing =
            SigningKeys { checkpoint: SigningKey::from_bytes(&[1; 32]), receipt: SigningKey::from_bytes(&[2; 32]) };
        let keys = LedgerKeys::new("ledger.example/a", signing, Arc::new(OneKey), Zeroizing::new([3; 32])).unwrap();
        let ambient = Ambient::fixed(Instant::from_micros(1_795_420_800_000_000), 1);
        Ledger::create(&database, &keys, &ambient).unwrap();
        Flusher {
            database,
            keys,
            ambient,
            shared: Arc::new(Shared::new(0, 8)),
            instance: Instance { name: "a/b".into(), epoch: 1, next_number: 0, last_time: i64::MIN },
            batch: 256,
            retry: Duration::from_secs(1),
            connection: None,
            in_doubt: false,
        }
    }

    fn drafts(flusher: &Flusher, count: usize) -> Vec<Draft> {
        let entry = || NewEntry::new(EntryKind::Query, Decision::Allowed);
        let draft = |_| Draft::new(entry(), &flusher.keys, "a/b", &flusher.ambient).unwrap();
        (0..count).map(draft).collect()
    }

    /// Puts the flusher where a connection that breaks after COMMIT was sent would put it.
    fn forget_the_outcome(flusher: &mut Flusher, count: i64) {
        flusher.connection = None;
        flusher.in_doubt = true;
        flusher.instance.next_number -= count;
    }

    fn count(flusher: &Flusher) -> i64 {
        flusher.database.read(|connection| entry::count(connection, &entry::EntryFilter::default())).unwrap()
    }

    #[test]
    fn a_commit_that_had_succeeded_is_acknowledged_and_not_written_twice() {
        let folder = tempfile::tempdir().unwrap();
        let mut flusher = flusher(&folder);
        let (batch, mut sent) = (drafts(&flusher, 3), None);
        let first = flusher.try_commit(&batch, &mut sent).unwrap();
        forget_the_outcome(&mut flusher, 3);
        let second = flusher.try_commit(&batch, &mut sent).unwrap();
        let indexes = |written: &[Durable]| written.iter().map(|durable| durable.index).collect::<Vec<_>>();
        assert_eq!((indexes(&first), indexes(&second)), (vec![0, 1, 2], vec![0, 1, 2]));
        assert_eq!((count(&flusher), flusher.instance.next_number), (3, 3));
    }

    #[test]
    fn rows_of_a_commit_nobody_waits_for_stay_and_the_numbers_go_on_behind_them() {
        let folder = tempfile::tempdir().unwrap();
        let mut flusher = flusher(&folder);
        let batch = drafts(&flusher, 3);
        flusher.try_commit(&batch, &mut None).unwrap();
        forget_the_outcome(&mut flusher, 3);
        let next = drafts(&flusher, 1);
        let written = flusher.try_commit(&next, &mut None).unwrap();
        assert_eq!((written[0].index, count(&flusher), flusher.instance.next_number), (3, 4, 4));
    }

    #[test]
    fn a_commit_that_had_failed_is_written_once() {
        let folder = tempfile::tempdir().unwrap();
        let mut flusher = flusher(&folder);
        let batch = drafts(&flusher, 3);
        forget_the_outcome(&mut flusher, 0);
        let written = flusher.try_commit(&batch, &mut None).unwrap();
        assert_eq!((written[0].index, count(&flusher)), (0, 3));
    }

    #[test]
    fn a_writer_of_an_older_epoch_is_fenced_off() {
        let folder = tempfile::tempdir().unwrap();
        let mut flusher = flusher(&folder);
        flusher.instance.epoch = 0;
        let batch = drafts(&flusher, 1);
        assert!(matches!(flusher.commit(&batch), Err(Reason::CommitFailed)));
        assert_eq!(count(&flusher), 0);
    }
}
