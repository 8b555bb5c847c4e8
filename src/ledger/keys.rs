//! The keys of one ledger, and the public halves that others verify with.

use std::sync::Arc;

use ed25519_dalek::SigningKey;
use zeroize::Zeroizing;

use super::body::BodyKeys;
use super::note::{KeyKind, VerifierKey};
use super::receipt::ReceiptKey;

/// The keys of one ledger. Nothing of them is printed.
#[derive(Clone)]
pub struct LedgerKeys {
    pub(super) origin: Arc<str>,
    pub(super) checkpoint: SigningKey,
    pub(super) receipt: Arc<ReceiptKey>,
    pub(super) bodies: Arc<dyn BodyKeys>,
    pub(super) subject_index: Zeroizing<[u8; 32]>,
    log: VerifierKey,
    receipts: VerifierKey,
}

/// The ledger's name is no key name: empty, or with blanks, control characters or `+`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a ledger's origin is a URL without scheme, blanks and `+`, and does not end like `/e2`: that is the mark of an epoch"
)]
pub struct BadOrigin;

/// The two signing keys of a ledger. They must differ.
#[derive(Debug)]
pub struct SigningKeys {
    /// Signs checkpoints.
    pub checkpoint: SigningKey,
    /// Signs receipts.
    pub receipt: SigningKey,
}

impl LedgerKeys {
    /// Joins the keys of the ledger `origin`, whose name carries no mark of an epoch. `subject_index` keys the side table of subjects.
    pub fn new(
        origin: &str,
        signing: SigningKeys,
        bodies: Arc<dyn BodyKeys>,
        subject_index: Zeroizing<[u8; 32]>,
    ) -> Result<Self, BadOrigin> {
        if first_name(origin) != origin {
            return Err(BadOrigin);
        }
        let log = VerifierKey::new(origin, KeyKind::Note, signing.checkpoint.verifying_key()).ok_or(BadOrigin)?;
        let receipts = VerifierKey::new(origin, KeyKind::Receipt, signing.receipt.verifying_key()).ok_or(BadOrigin)?;
        let receipt = Arc::new(ReceiptKey::new(&signing.receipt));
        Ok(Self {
            origin: origin.into(),
            checkpoint: signing.checkpoint,
            receipt,
            bodies,
            subject_index,
            log,
            receipts,
        })
    }

    /// The same keys under the name that the ledger goes by in an epoch: the first has the name alone, the second `NAME/e2`.
    #[must_use]
    pub fn in_epoch(mut self, epoch: i64) -> Self {
        let origin = name_in(first_name(&self.origin), epoch);
        self.log = self.log.renamed(&origin);
        self.receipts = self.receipts.renamed(&origin);
        self.origin = origin.into();
        self
    }

    /// The key that checkpoints verify under.
    pub fn log(&self) -> &VerifierKey {
        &self.log
    }

    /// The key that receipts verify under.
    pub fn receipts(&self) -> &VerifierKey {
        &self.receipts
    }

    /// The keys of the bodies.
    pub fn bodies(&self) -> &dyn BodyKeys {
        self.bodies.as_ref()
    }
}

fn name_in(base: &str, epoch: i64) -> String {
    if epoch > 1 { format!("{base}/e{epoch}") } else { base.to_owned() }
}

/// A ledger's name without the mark of an epoch.
pub(super) fn first_name(name: &str) -> &str {
    let is_mark = |mark: &str| mark.strip_prefix('e').is_some_and(|number| number.parse::<u32>().is_ok());
    name.rsplit_once('/').filter(|(_, mark)| is_mark(mark)).map_or(name, |(base, _)| base)
}

impl std::fmt::Debug for LedgerKeys {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "LedgerKeys({})", self.log)
    }
}
