//! What a witness is sent: the size it has seen last, the proof of growth from there, and the checkpoint.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use crate::ledger::tree::Hash;

/// The longest proof that may be sent.
pub const PROOF_MAX: usize = 63;

/// The body of `add-checkpoint`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddCheckpoint {
    /// The size that the witness has seen last, as the sender believes.
    pub old: u64,
    /// The consistency proof from there.
    pub proof: Vec<Hash>,
    /// The checkpoint, a signed note.
    pub note: String,
}

impl AddCheckpoint {
    /// Reads a body. `None` when it is none.
    pub fn parse(body: &str) -> Option<Self> {
        let (head, note) = body.split_once("\n\n")?;
        let mut lines = head.split('\n');
        let size = lines.next()?.strip_prefix("old ")?;
        // What is no number is no size.
        let old: u64 = size.parse().ok().filter(|old: &u64| old.to_string() == size)?;
        let hash = |line: &str| BASE64_STANDARD.decode(line).ok().and_then(|bytes| Hash::try_from(bytes).ok());
        let proof: Vec<Hash> = lines.map(hash).collect::<Option<_>>()?;
        (proof.len() <= PROOF_MAX).then(|| Self { old, proof, note: note.to_owned() })
    }
}

impl std::fmt::Display for AddCheckpoint {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(formatter, "old {}", self.old)?;
        for hash in &self.proof {
            writeln!(formatter, "{}", BASE64_STANDARD.encode(hash))?;
        }
        write!(formatter, "\n{}", self.note)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_read_as_it_was_written_and_no_other_is() {
        for proof in [vec![], vec![[7; 32]], vec![[1; 32]; 63]] {
            let body = AddCheckpoint { old: 20, proof, note: "text\n\n— name AAAAAAA=\n".to_owned() };
            assert_eq!(AddCheckpoint::parse(&body.to_string()), Some(body));
        }
        let long = AddCheckpoint { old: 20, proof: vec![[1; 32]; 64], note: String::new() }.to_string();
        for wrong in
            ["", "old 1\n", "old 01\n\nx", "old -1\n\nx", "new 1\n\nx", "old 1\nAAAA\n\nx", "old 1\n!\n\nx", &long]
        {
            assert_eq!(AddCheckpoint::parse(wrong), None, "{wrong:?}");
        }
    }
}
