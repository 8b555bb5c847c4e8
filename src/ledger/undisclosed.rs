//! A finished answer that nobody may see yet. It opens with the receipt of the entry that committed to it, and with
//! nothing else: what was not written down does not leave.

use super::receipt::Receipt;

/// An answer, and the SHA-256 of the exact body it becomes. There is no other way in than `release`.
pub struct Undisclosed<T> {
    value: T,
    digest: [u8; 32],
}

/// The receipt is that of another answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the receipt is not that of this answer")]
pub struct NotItsReceipt;

impl<T> Undisclosed<T> {
    /// Closes an answer. `digest` is what its entry commits to as `result`.
    pub fn new(value: T, digest: [u8; 32]) -> Self {
        Self { value, digest }
    }

    /// What the entry must commit to as `result`.
    pub fn digest(&self) -> [u8; 32] {
        self.digest
    }
}

impl<T> std::fmt::Debug for Undisclosed<T> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Undisclosed(…)")
    }
}

/// Opens an answer with the receipt of its entry.
///
/// # Errors
/// `NotItsReceipt` when the entry committed to another result, or to none.
pub fn release<T>(answer: Undisclosed<T>, receipt: &Receipt) -> Result<T, NotItsReceipt> {
    if receipt.result == Some(answer.digest) { Ok(answer.value) } else { Err(NotItsReceipt) }
}
