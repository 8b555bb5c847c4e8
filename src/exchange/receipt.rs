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

/// Marks the entry of a printed report; its number follows.
pub const REPORT_MARK: &str = "REPORT:";

/// A receipt that was checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    /// What came of it.
    pub verdict: Verdict,
    /// For which report it was given, when it was for one.
    pub report: Option<Report>,
}

/// A report that was made here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Its number.
    pub number: String,
    /// The code of whom it is about; nothing when the entry's body is gone.
    pub uscc: Option<String>,
}

/// Checks a receipt, and tells for which report it was given. Nothing of it is believed.
pub fn check(gateway: &Gateway, receipt: &ShownReceipt) -> Result<Checked, Fault> {
    let verdict = verdict(gateway, receipt)?;
    let is_ours = matches!(verdict, Verdict::Stands | Verdict::NotCoveredYet);
    let index = parse_index(&receipt.index).filter(|_| is_ours);
    let report = index.map(|index| report_of(gateway, index)).transpose()?.flatten();
    Ok(Checked { verdict, report })
}

/// The report that an entry is about: its number stands in the open, the code is one of the values it commits to.
fn report_of(gateway: &Gateway, index: u64) -> Result<Option<Report>, Fault> {
    let Some(entry) = gateway.ledger.entry(index)? else { return Ok(None) };
    let Some(number) = entry.leaf.flags.iter().find_map(|flag| flag.strip_prefix(REPORT_MARK)) else {
        return Ok(None);
    };
    let openings = gateway.ledger.body(&entry)?.unwrap_or_default();
    let arguments = openings.iter().find(|opening| opening.name == "vars").map(|opening| opening.value.as_str());
    let uscc = arguments.and_then(|text| serde_json::from_str::<serde_json::Value>(text).ok());
    let uscc = uscc.and_then(|value| value.get("uscc")?.as_str().map(str::to_owned));
    Ok(Some(Report { number: number.to_owned(), uscc }))
}

fn verdict(gateway: &Gateway, receipt: &ShownReceipt) -> Result<Verdict, Fault> {
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
