//! What anybody may fetch of the ledger without a token: checkpoint, tiles, keys, trust file, the proof of an entry.
//! Nothing of it is private, and nothing of it is an entry: whoever mirrors the ledger must not make it grow.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use super::fault::Fault;
use super::gateway::Gateway;
use crate::domain::Instant;
use crate::domain::text::parse_index;
use crate::ledger::checkpoint::Checkpoint;
use crate::ledger::cosignature;
use crate::ledger::published::policy_of;
use crate::ledger::{ProofError, TileName, VerifierKey};

/// A page, ready to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LedgerPage {
    /// Text that changes while the ledger grows.
    Text(String),
    /// Bytes that never change under their path.
    Immutable(Vec<u8>),
}

/// The page at a path below `/ledger/`; `None` when there is none, or none yet.
pub fn page(gateway: &Gateway, path: &str) -> Result<Option<LedgerPage>, Fault> {
    let ledger = &gateway.ledger;
    let keys = ledger.keys();
    match path {
        "checkpoint" => Ok(Some(LedgerPage::Text(ledger.published_checkpoint()?))),
        "keys" => Ok(Some(LedgerPage::Text(format!("{}\n{}\n", keys.log(), keys.receipts())))),
        "policy" => Ok(Some(LedgerPage::Text(policy_of(keys.log())))),
        path => match (path.strip_prefix("tile/"), path.strip_prefix("proof/")) {
            (Some(tile), _) => tile_page(gateway, tile),
            (_, Some(index)) => proof_page(gateway, index),
            _ => Ok(None),
        },
    }
}

/// How the ledger stands, as everybody may know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Its name.
    pub origin: String,
    /// How many entries the published checkpoint covers.
    pub size: u64,
    /// The root over them, standard base64.
    pub root: String,
    /// The checkpoint, a signed note.
    pub checkpoint: String,
    /// Who is asked to cosign it, and who else has.
    pub witnesses: Vec<Cosigned>,
    /// The key that signs checkpoints.
    pub log_key: String,
    /// The key that signs receipts.
    pub receipt_key: String,
}

/// A witness, as far as a checkpoint shows of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cosigned {
    /// Its name.
    pub name: String,
    /// Its key, when it is one of those that are asked.
    pub key: Option<String>,
    /// When it cosigned; of one that is asked only when its cosignature verifies.
    pub at: Option<Instant>,
}

/// The witnesses that are asked, each with its cosignature when that verifies; then those that stand in the note beside them.
fn cosigned(note: &str, log: &str, asked: &[VerifierKey]) -> Vec<Cosigned> {
    let verified = cosignature::verified(note, asked);
    let of = |key: &VerifierKey| Cosigned {
        name: key.name().to_owned(),
        key: Some(key.to_string()),
        at: verified.iter().find(|(by, _)| *by == key).map(|(_, at)| *at),
    };
    let others = cosignature::witnesses(note, log).into_iter();
    let others = others.filter(|(name, _)| !asked.iter().any(|key| key.name() == name));
    asked.iter().map(of).chain(others.map(|(name, at)| Cosigned { name, key: None, at: Some(at) })).collect()
}

/// How the ledger stands.
pub fn standing(gateway: &Gateway) -> Result<Standing, Fault> {
    let (ledger, keys) = (&gateway.ledger, gateway.ledger.keys());
    let checkpoint = ledger.published_checkpoint()?;
    let unreadable = |error| Fault::Corrupt(format!("the published checkpoint: {error}"));
    let signed = Checkpoint::open(&checkpoint, keys.log()).map_err(unreadable)?;
    Ok(Standing {
        origin: signed.origin,
        size: signed.size,
        root: BASE64_STANDARD.encode(signed.root),
        witnesses: cosigned(&checkpoint, keys.log().name(), &gateway.witnesses),
        log_key: keys.log().to_string(),
        receipt_key: keys.receipts().to_string(),
        checkpoint,
    })
}

fn tile_page(gateway: &Gateway, path: &str) -> Result<Option<LedgerPage>, Fault> {
    let Some(name) = TileName::parse(path) else { return Ok(None) };
    Ok(gateway.ledger.tile(name)?.map(LedgerPage::Immutable))
}

fn proof_page(gateway: &Gateway, index: &str) -> Result<Option<LedgerPage>, Fault> {
    let Some(number) = parse_index(index) else { return Ok(None) };
    Ok(proof(gateway, number)?.map(LedgerPage::Text))
}

/// The proof file of an entry; `None` while no published checkpoint covers it.
pub(super) fn proof(gateway: &Gateway, index: u64) -> Result<Option<String>, Fault> {
    match gateway.ledger.proof_of(index) {
        Ok(proof) => Ok(Some(proof.to_string())),
        Err(ProofError::NotSigned { .. }) => Ok(None),
        Err(ProofError::Store(error)) => Err(error.into()),
        Err(error @ ProofError::Checkpoint(_)) => Err(Fault::Corrupt(error.to_string())),
    }
}
