//! Cosignatures of witnesses (C2SP tlog-cosignature v1, Ed25519): as of a time, this is the largest consistent tree
//! that the witness has seen under this origin.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use ed25519_dalek::{Signer as _, SigningKey};

use super::note::VerifierKey;

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
        assert_eq!(
            cosign(text, 1_700_000_000, &key, &verifier),
            "\u{2014} witness.dongying.example/w1 mphW5QAAAABlU/EAyfIM/ItafyscvjdM4fExLlEyabA+mia/KXN1/vtFNF4e67mITgIcuLmdA/IVkElCL0NAxhEo+EAxFctRieSQAw==\n"
        );
    }
}
