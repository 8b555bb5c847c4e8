//! Cosignatures of witnesses (C2SP tlog-cosignature v1, Ed25519): as of a time, this is the largest consistent tree
//! that the witness has seen under this origin.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use ed25519_dalek::{Signer as _, SigningKey};

use super::note::{Note, VerifierKey};
use crate::domain::Instant;

/// What is signed: the time in seconds since 1970, then the whole text of the checkpoint.
pub fn message(text: &str, seconds: u64) -> String {
    format!("cosignature/v1\ntime {seconds}\n{text}")
}

/// A signature line over the text of a checkpoint, with its newline.
pub fn cosign(text: &str, seconds: u64, key: &SigningKey, verifier: &VerifierKey) -> String {
    let signature = key.sign(message(text, seconds).as_bytes()).to_bytes();
    let blob = [verifier.id().as_slice(), &seconds.to_be_bytes(), &signature].concat();
    format!("\u{2014} {} {}\n", verifier.name(), BASE64_STANDARD.encode(blob))
}

/// A cosignature line as it stands, nothing of it verified: whose name, which key, when.
struct Line<'n> {
    name: &'n str,
    id: [u8; 4],
    at: Instant,
}

impl<'n> Line<'n> {
    fn parse(line: &'n str) -> Option<Self> {
        let (name, blob) = line.strip_prefix("\u{2014} ")?.split_once(' ')?;
        let blob = BASE64_STANDARD.decode(blob).ok()?;
        let (id, rest) = blob.split_first_chunk::<4>()?;
        let (seconds, _) = rest.split_first_chunk::<8>()?;
        let micros = i64::try_from(u64::from_be_bytes(*seconds)).ok()?.checked_mul(1_000_000)?;
        Some(Self { name, id: *id, at: Instant::from_micros(micros) })
    }
}

/// Who cosigned a checkpoint beside its log, each with the instant of it: told by name, not verified. Whoever collects
/// cosignatures has verified them; whoever reads them elsewhere verifies them with the witness' key.
pub fn witnesses(note: &str, log: &str) -> Vec<(String, Instant)> {
    let lines = note.lines().filter_map(Line::parse).filter(|line| line.name != log);
    lines.map(|line| (line.name.to_owned(), line.at)).collect()
}

/// Which of these witnesses have cosigned a checkpoint, each with the instant of it: verified by their keys.
pub fn verified<'k>(note: &str, keys: &'k [VerifierKey]) -> Vec<(&'k VerifierKey, Instant)> {
    let Ok(parsed) = Note::parse(note) else { return Vec::new() };
    let of = |key: &'k VerifierKey| {
        let is_signed = parsed.signers(std::slice::from_ref(key)).is_ok_and(|signers| !signers.is_empty());
        // Two keys may have one name.
        let is_its = |line: &Line<'_>| line.name == key.name() && line.id.as_slice() == key.id().as_slice();
        let line = note.lines().filter_map(Line::parse).find(is_its)?;
        is_signed.then_some((key, line.at))
    };
    keys.iter().filter_map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Test vector: the witness' seed is the bytes 0x20..0x3f.
    #[test]
    fn the_golden_cosignature_is_made_again_byte_for_byte() {
        let verifier =
            VerifierKey::parse("witness.dongying.example/w1+9a9856e5+BCmsuuFBvMrwsi4alNNNC8c2HlJtC/4SyJeUvJMilm3X")
                .unwrap();
        let key = SigningKey::from_bytes(&std::array::from_fn(|index| 0x20 + u8::try_from(index).unwrap()));
        assert_eq!(verifier.key(), &key.verifying_key());
        let text = "ledger.dongying.example/chengxin\n8\nXcnaeacGWamtVZy3Ad7ZoqudgjqtL0lgz+Nw7/RgQyg=\n";
        let note = format!(
            "{text}\n\u{2014} ledger.dongying.example/chengxin AAAAAAAA\n{}",
            cosign(text, 1_700_000_000, &key, &verifier)
        );
        let by = ("witness.dongying.example/w1".to_owned(), Instant::from_micros(1_700_000_000_000_000));
        assert_eq!(witnesses(&note, "ledger.dongying.example/chengxin"), std::slice::from_ref(&by));
        let keys = [verifier.clone()];
        assert_eq!(verified(&note, &keys), [(&verifier, by.1)]);
        // Of a text that was changed, or by a key of that name that is another, it is none.
        assert_eq!(verified(&note.replacen("\n8\n", "\n9\n", 1), &keys), []);
        let other = SigningKey::from_bytes(&[7; 32]).verifying_key();
        let other = [VerifierKey::new(verifier.name(), verifier.kind(), other).unwrap()];
        assert_eq!(verified(&note, &other), []);
        assert_eq!(
            cosign(text, 1_700_000_000, &key, &verifier),
            "\u{2014} witness.dongying.example/w1 mphW5QAAAABlU/EAyfIM/ItafyscvjdM4fExLlEyabA+mia/KXN1/vtFNF4e67mITgIcuLmdA/IVkElCL0NAxhEo+EAxFctRieSQAw==\n"
        );
    }
}
