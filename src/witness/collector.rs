//! The ledger's side: asks each witness for its cosignature of the newest checkpoint, and stores what they answer.
//!
//! A witness that has seen more than is stored, or something else, is how a rollback or a fork is noticed from outside.

use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread::JoinHandle;
use std::time::Duration;

use serde::Deserialize;

use super::request::AddCheckpoint;
use crate::client::{self, ClientFault, Patience};
use crate::ledger::checkpoint::Checkpoint;
use crate::ledger::note::Note;
use crate::ledger::{KeyKind, Ledger, ProofError, VerifierKey};

/// The longest answer that is read.
const ANSWER_BYTES_MAX: u64 = 64 * 1024;

/// A witness in the configuration.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WitnessSettings {
    /// Its key, `name+id+base64`.
    pub key: String,
    /// The prefix under which it takes `add-checkpoint`.
    pub url: String,
}

impl WitnessSettings {
    /// Its key.
    pub fn verifier(&self) -> Result<VerifierKey, WitnessFault> {
        let key = VerifierKey::parse(&self.key).ok().filter(|key| key.kind() == KeyKind::Cosignature);
        key.ok_or_else(|| WitnessFault::Key(self.key.clone()))
    }
}

/// Why a witness did not cosign.
#[derive(Debug, thiserror::Error)]
pub enum WitnessFault {
    /// The configuration.
    #[error("`{0}` is not the key of a witness")]
    Key(String),
    /// No client can be made to ask it with.
    #[error(transparent)]
    Client(#[from] ClientFault),
    /// It did not answer, or refused.
    #[error("witness {name}: {cause}")]
    Refused {
        /// Whose.
        name: String,
        /// What it said, or what went wrong.
        cause: String,
    },
    /// It has seen more entries than there are: the ledger was rolled back.
    #[error("LEDGER_ROLLBACK: witness {name} has cosigned {seen} entries, {stored} are signed here")]
    Rollback {
        /// Whose.
        name: String,
        /// What it has seen.
        seen: u64,
        /// What is here.
        stored: u64,
    },
    /// What it has seen is no beginning of what there is.
    #[error("LEDGER_FORK: witness {name} has cosigned another tree of {seen} entries")]
    Fork {
        /// Whose.
        name: String,
        /// How large it was.
        seen: u64,
    },
    /// The proof of growth.
    #[error(transparent)]
    Proof(#[from] ProofError),
}

impl WitnessFault {
    /// Whether it shows that the ledger is not the one that was signed.
    pub fn is_contradiction(&self) -> bool {
        matches!(self, Self::Rollback { .. } | Self::Fork { .. })
    }
}

#[derive(Debug)]
struct Asked {
    key: VerifierKey,
    url: String,
    /// What it has seen last, as far as we know.
    seen: u64,
}

/// Asks witnesses.
#[derive(Debug)]
pub struct Collector {
    ledger: Ledger,
    witnesses: Vec<Asked>,
    agent: ureq::Agent,
    cosigned: u64,
}

impl Collector {
    /// A collector for these witnesses.
    pub fn new(ledger: Ledger, settings: &[WitnessSettings]) -> Result<Self, WitnessFault> {
        let witness = |one: &WitnessSettings| {
            let key = VerifierKey::parse(&one.key).ok().filter(|key| key.kind() == KeyKind::Cosignature);
            let key = key.ok_or_else(|| WitnessFault::Key(one.key.clone()))?;
            Ok(Asked { key, url: format!("{}/add-checkpoint", one.url.trim_end_matches('/')), seen: 0 })
        };
        let witnesses = settings.iter().map(witness).collect::<Result<_, WitnessFault>>()?;
        let patience = Patience { connect: Duration::from_secs(1), whole: Duration::from_secs(3) };
        let agent = client::agent(patience, None)?;
        Ok(Self { ledger, witnesses, agent, cosigned: 0 })
    }

    /// Asks every witness for the newest checkpoint and stores it with what they answer. Gives the note, and what went wrong.
    pub fn collect(&mut self) -> (String, Vec<WitnessFault>) {
        let note = self.ledger.newest_checkpoint().unwrap_or_else(|_| self.ledger.checkpoint());
        let mut faults = Vec::new();
        let Some(checkpoint) = Note::parse(&note).ok().and_then(|note| Checkpoint::parse(note.text).ok()) else {
            return (note, faults);
        };
        let mut cosigned = note.clone();
        let Self { ledger, witnesses, agent, .. } = self;
        for witness in witnesses.iter_mut() {
            match ask(ledger, agent, witness, &checkpoint, &note) {
                Ok(line) => cosigned = with(&cosigned, witness.key.name(), &line),
                Err(fault) => faults.push(fault),
            }
        }
        if faults.is_empty() {
            self.cosigned = checkpoint.size;
        }
        if cosigned != note
            && let Err(error) = self.ledger.store_cosigned(checkpoint.size, &cosigned, faults.is_empty())
        {
            tracing::warn!(%error, "cosignatures cannot be stored");
        }
        (cosigned, faults)
    }

    /// Asks for each new checkpoint, at most so often, until the answer is dropped.
    pub fn start(mut self, every: Duration) -> std::io::Result<Collecting> {
        let (stop, stopped) = mpsc::channel::<()>();
        let run = move || {
            while stopped.recv_timeout(every) == Err(RecvTimeoutError::Timeout) {
                if self.ledger.signed_size() != self.cosigned {
                    self.collect_and_tell();
                }
            }
        };
        let thread = std::thread::Builder::new().name("witnesses".into()).spawn(run)?;
        Ok(Collecting { stop: Some(stop), thread: Some(thread) })
    }

    fn collect_and_tell(&mut self) {
        let (_, faults) = self.collect();
        for fault in &faults {
            tracing::warn!(%fault, "a witness did not cosign");
        }
        if faults.iter().any(WitnessFault::is_contradiction) {
            self.ledger.distrust();
        }
    }
}

/// A collector at work. Stops when dropped.
#[derive(Debug)]
pub struct Collecting {
    stop: Option<mpsc::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Drop for Collecting {
    fn drop(&mut self) {
        drop(self.stop.take());
        if self.thread.take().is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the thread that asks witnesses had panicked");
        }
    }
}

/// The note with this signature line in place of the one that the same witness gave before.
fn with(note: &str, name: &str, line: &str) -> String {
    let earlier = format!("\u{2014} {name} ");
    let mut note: String = note.split_inclusive('\n').filter(|line| !line.starts_with(&earlier)).collect();
    note.push_str(line);
    note
}

/// How often a witness is asked about one checkpoint.
const TRIES: usize = 4;

/// The signature line of one witness.
fn ask(
    ledger: &Ledger,
    agent: &ureq::Agent,
    witness: &mut Asked,
    checkpoint: &Checkpoint,
    note: &str,
) -> Result<String, WitnessFault> {
    let name = witness.key.name().to_owned();
    let refused = |cause: String| WitnessFault::Refused { name: name.clone(), cause };
    // After the first, with the size that the witness itself names; somebody else may have told it of a longer one meanwhile.
    for _ in 0..TRIES {
        let old = witness.seen;
        if old > checkpoint.size {
            return Err(WitnessFault::Rollback { name, seen: old, stored: checkpoint.size });
        }
        let proof = ledger.consistency_proof(old, checkpoint.size)?;
        let body = AddCheckpoint { old, proof, note: note.to_owned() }.to_string();
        let mut response = agent.post(&witness.url).send(&body).map_err(|error| refused(error.to_string()))?;
        let text = response.body_mut().with_config().limit(ANSWER_BYTES_MAX).read_to_string();
        let text = text.map_err(|error| refused(error.to_string()))?;
        match response.status().as_u16() {
            200 => {
                let lines = text.split_inclusive('\n');
                let line = lines.into_iter().find(|line| is_cosignature(checkpoint, line, &witness.key));
                let line = line.ok_or_else(|| refused("its cosignature does not verify".to_owned()))?;
                witness.seen = checkpoint.size;
                return Ok(line.to_owned());
            }
            409 => {
                let seen = text.trim_end().parse();
                witness.seen = seen.map_err(|_| refused("it names no size".to_owned()))?;
            }
            422 => return Err(WitnessFault::Fork { name, seen: old }),
            status => return Err(refused(format!("{status} {}", text.trim_end()))),
        }
    }
    Err(refused("it changes its mind about what it has seen".to_owned()))
}

fn is_cosignature(checkpoint: &Checkpoint, line: &str, key: &VerifierKey) -> bool {
    let note = format!("{}\n{line}", checkpoint.text());
    Note::parse(&note).is_ok_and(|note| note.verify(std::slice::from_ref(key)).is_ok())
}
