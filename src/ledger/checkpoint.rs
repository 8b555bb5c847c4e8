//! Checkpoints (C2SP tlog-checkpoint v1.0.0): origin, size and root of the tree, as a signed note.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use ed25519_dalek::SigningKey;

use super::note::{self, Note, NoteError, VerifierKey};
use super::tree::Hash;

/// What a checkpoint says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// The ledger's name: a URL without scheme.
    pub origin: String,
    /// How many entries the tree covers.
    pub size: u64,
    /// The root of the tree.
    pub root: Hash,
}

impl Checkpoint {
    /// Reads the text of a checkpoint's note. Further lines are extensions and are passed over.
    pub fn parse(text: &str) -> Result<Self, NoteError> {
        let mut lines = text.strip_suffix('\n').ok_or(NoteError::Malformed)?.split('\n');
        let (Some(origin), Some(size), Some(root)) = (lines.next(), lines.next(), lines.next()) else {
            return Err(NoteError::Malformed);
        };
        let number: u64 = size.parse().map_err(|_| NoteError::Malformed)?;
        let bytes = BASE64_STANDARD.decode(root).map_err(|_| NoteError::Malformed)?;
        let root = Hash::try_from(bytes.as_slice()).map_err(|_| NoteError::Malformed)?;
        if origin.is_empty() || number.to_string() != size || lines.any(str::is_empty) {
            return Err(NoteError::Malformed);
        }
        Ok(Self { origin: origin.to_owned(), size: number, root })
    }

    /// Reads a signed checkpoint that `key` must have signed, for the origin that the key names.
    pub fn open(note: &str, key: &VerifierKey) -> Result<Self, NoteError> {
        let note = Note::parse(note)?;
        note.verify(std::slice::from_ref(key))?;
        let checkpoint = Self::parse(note.text)?;
        if checkpoint.origin == key.name() { Ok(checkpoint) } else { Err(NoteError::Unsigned) }
    }

    /// The text that is signed.
    pub fn text(&self) -> String {
        format!("{}\n{}\n{}\n", self.origin, self.size, BASE64_STANDARD.encode(self.root))
    }

    /// The signed note.
    pub fn sign(&self, key: &SigningKey, verifier: &VerifierKey) -> String {
        note::sign(&self.text(), key, verifier)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::note::KeyKind;
    use crate::ledger::tree::tests::LEAVES;
    use crate::ledger::tree::{leaf_hash, root_of};

    const LOG: &str = "ledger.dongying.example/chengxin+9910aafe+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4";
    const WITNESS: &str = "witness.dongying.example/w1+9a9856e5+BCmsuuFBvMrwsi4alNNNC8c2HlJtC/4SyJeUvJMilm3X";

    /// Test vectors: the log's seed is the bytes 0x00..0x1f, the witness' 0x20..0x3f, the tree the eight leaves.
    const NOTES: [(u64, &str); 3] = [
        (
            0,
            "ledger.dongying.example/chengxin\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n\n\
             \u{2014} ledger.dongying.example/chengxin mRCq/swY7LbvNvbeyrR8lyO79HpQ0KUJnfImAC+2zj9ZwW24KNAF6OP3EH8jx1FMcUtKalK6YLNNbFmn5oDEC2VJhwk=\n\
             \u{2014} witness.dongying.example/w1 mphW5QAAAABlU/EA7Hj8RlwJbR4VjeH6b+mfRvTCon056JBnqUHWNk2s34jis2AK/7CLDLwAn7EoyMhfOTWkPZyCe6ec1t1YCJreAw==\n",
        ),
        (
            7,
            "ledger.dongying.example/chengxin\n7\n3bib5AOAnjJXUNPSY814kpwpQreUKjS3fhIslZSnTIw=\n\n\
             \u{2014} ledger.dongying.example/chengxin mRCq/kh8G8s79gqrKeO5i6XIHpw9ZCgmTtapljUVnSlc/67co4DrgW27wALbYiTTK5j6m0Bar1dukpFOjhkDJa78bQw=\n\
             \u{2014} witness.dongying.example/w1 mphW5QAAAABlU/EAgsvOoqXAW6PkQ/NuSFJ+zOXn+BCArA0m5SbsN8HYzLsFcZSXZA5JzOQUsAHS1Edh2pb2w/6Obyrl90CU61TECQ==\n",
        ),
        (
            8,
            "ledger.dongying.example/chengxin\n8\nXcnaeacGWamtVZy3Ad7ZoqudgjqtL0lgz+Nw7/RgQyg=\n\n\
             \u{2014} ledger.dongying.example/chengxin mRCq/qn83zgZOLxLnHpbrSO6xxkIZ8TuAJ3knqiil+U5ja0axZqCADdVHk+Agc/rfzJkMRUc3qGPLMt6GoV83ox3bAI=\n\
             \u{2014} witness.dongying.example/w1 mphW5QAAAABlU/EAyfIM/ItafyscvjdM4fExLlEyabA+mia/KXN1/vtFNF4e67mITgIcuLmdA/IVkElCL0NAxhEo+EAxFctRieSQAw==\n",
        ),
    ];

    #[test]
    fn the_golden_checkpoints_verify_and_are_signed_again_byte_for_byte() {
        let keys = [VerifierKey::parse(LOG).unwrap(), VerifierKey::parse(WITNESS).unwrap()];
        assert_eq!((keys[0].kind(), keys[1].kind()), (KeyKind::Note, KeyKind::Cosignature));
        let seed: [u8; 32] = std::array::from_fn(|index| u8::try_from(index).unwrap());
        let key = SigningKey::from_bytes(&seed);
        for (size, text) in NOTES {
            let note = Note::parse(text).unwrap();
            assert_eq!(note.verify(&keys).unwrap().len(), 2);
            let checkpoint = Checkpoint::open(text, &keys[0]).unwrap();
            let leaves = &LEAVES[..usize::try_from(size).unwrap()];
            assert_eq!(checkpoint.size, size);
            assert_eq!(checkpoint.root, root_of(leaves.iter().map(|leaf| leaf_hash(leaf))));
            assert!(text.starts_with(&checkpoint.sign(&key, &keys[0])));
        }
    }

    #[test]
    fn a_cosignature_with_another_time_is_refused() {
        let keys = [VerifierKey::parse(WITNESS).unwrap()];
        let changed = NOTES[2].1.replace("mphW5QAAAABlU/EA", "mphW5QAAAABlU/EB");
        assert_eq!(Note::parse(&changed).unwrap().verify(&keys), Err(NoteError::BadSignature));
    }

    #[test]
    fn crooked_texts_are_refused() {
        let good = "origin\n8\nXcnaeacGWamtVZy3Ad7ZoqudgjqtL0lgz+Nw7/RgQyg=\n";
        assert!(Checkpoint::parse(good).is_ok());
        assert!(Checkpoint::parse(&format!("{good}extension\n")).is_ok());
        for wrong in [
            good.replace("\n8\n", "\n08\n"),
            good.replace("\n8\n", "\n-8\n"),
            good.replace("\n8\n", "\n+8\n"),
            good.replace("\n8\n", "\n99999999999999999999\n"),
            good.replace("Xcna", "Xcn"),
            good.replace("origin", ""),
            format!("{good}\n"),
            good.trim_end().to_owned(),
        ] {
            assert_eq!(Checkpoint::parse(&wrong), Err(NoteError::Malformed), "{wrong:?}");
        }
    }
}
