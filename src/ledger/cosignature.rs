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

/// Who cosigned a checkpoint beside its log, each with the instant of it: told by name, not verified. Whoever collects
/// cosignatures has verified them; whoever reads them elsewhere verifies them with the witness' key.
pub fn witnesses(note: &str, log: &str) -> Vec<(String, Instant)> {
    let line = |line: &str| {
        let (name, blob) = line.strip_prefix("\u{2014} ")?.split_once(' ')?;
        let blob = BASE64_STANDARD.decode(blob).ok()?;
        let seconds: [u8; 8] = blob.get(4..12)?.try_into().ok()?;
        let micros = i64::try_from(u64::from_be_bytes(seconds)).ok()?.checked_mul(1_000_000)?;
        Some((name.to_owned(), Instant::from_micros(micros))).filter(|(name, _)| name != log)
    };
    note.lines().filter_map(line).collect()
}

/// Which of these witnesses have cosigned a checkpoint, each with the instant of it: verified by their keys.
pub fn verified<'k>(note: &str, keys: &'k [VerifierKey]) -> Vec<(&'k VerifierKey, Instant)> {
    let Ok(parsed) = Note::parse(note) else { return Vec::new() };
    let told = witnesses(note, "");
    let of = |key: &'k VerifierKey| {
        let is_signed = parsed.signers(std::slice::from_ref(key)).is_ok_and(|signers| !signers.is_empty());
        let at = told.iter().find(|(name, _)| name == key.name()).map(|(_, at)| *at)?;
        is_signed.then_some((key, at))
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
