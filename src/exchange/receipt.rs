//! Checking a receipt for whoever brings one: is it ours, and does its entry stand where it says?

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use super::fault::Fault;
use super::gateway::Gateway;
use crate::domain::text::parse_index;
use crate::ledger::checkpoint::Checkpoint;
use crate::ledger::proof::verify_inclusion;
use crate::ledger::{ProofError, verify_receipt};

pub use crate::ledger::ShownReceipt;

/// What came of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Signed by this ledger, and its entry stands at its index under the newest checkpoint.
    Stands,
    /// Signed by this ledger; no published checkpoint covers its entry yet.
    NotCoveredYet,
    /// Not signed by this ledger's key, or changed since.
    BadSignature,
    /// Of another ledger.
    AnotherLedger,
    /// Signed by this ledger, and another entry stands at its index: evidence against whoever runs it.
    Contradicted,
}

/// Checks a receipt. Nothing of it is believed, and nothing private is asked.
pub fn check(gateway: &Gateway, receipt: &ShownReceipt) -> Result<Verdict, Fault> {
    let keys = gateway.ledger.keys();
    if receipt.origin != keys.receipts().name() {
        return Ok(Verdict::AnotherLedger);
    }
    if !verify_receipt(receipt, keys.receipts()) {
        return Ok(Verdict::BadSignature);
    }
    // What is signed was printed by us: an index, a hash.
    let index = parse_index(&receipt.index);
    let leaf = BASE64_STANDARD.decode(&receipt.leaf_hash);
    let (Some(index), Ok(leaf)) = (index, leaf) else { return Ok(Verdict::BadSignature) };
    let proof = match gateway.ledger.proof_of(index) {
        Ok(proof) => proof,
        Err(ProofError::NotSigned { .. }) => return Ok(Verdict::NotCoveredYet),
        Err(ProofError::Store(error)) => return Err(error.into()),
        Err(error @ ProofError::Checkpoint(_)) => return Err(Fault::Corrupt(error.to_string())),
    };
    let signed = Checkpoint::open(&proof.checkpoint, keys.log());
    let stands = signed.is_ok_and(|signed| verify_inclusion(index, signed.size, &leaf, &proof.path, &signed.root));
    Ok(if stands { Verdict::Stands } else { Verdict::Contradicted })
}
