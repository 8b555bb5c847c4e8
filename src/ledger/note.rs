//! Signed notes (C2SP signed-note v1.0.0): text, a blank line, and one line per signature.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use sha2::{Digest, Sha256};

use super::cosignature;

/// Longer notes are refused unread.
const SIZE_BYTES_MAX: usize = 128 * 1024;
/// More signatures than this are refused.
const SIGNATURES_MAX: usize = 64;

/// What is wrong with a note or a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    /// Not a signed note.
    #[error("this is not a signed note")]
    Malformed,
    /// Not a verifier key.
    #[error("a verifier key reads NAME+HEX+BASE64, and its key id must match")]
    Key,
    /// A signature that names a known key does not verify.
    #[error("a signature by a known key does not verify")]
    BadSignature,
    /// No signature by any known key.
    #[error("no signature by a known key")]
    Unsigned,
}

/// What a key signs (signature type bytes of signed-note).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyKind {
    /// `0x01`: Ed25519 over the note's text.
    Note,
    /// `0x04`: a witness' Ed25519 cosignature with a time (C2SP tlog-cosignature).
    Cosignature,
    /// `0xff` and the identifier `chengxin/receipt/v1`: signs receipts, never notes.
    Receipt,
}

const RECEIPT_TYPE: &[u8] = b"\xffchengxin/receipt/v1";

impl KeyKind {
    fn prefix(self) -> &'static [u8] {
        match self {
            Self::Note => &[0x01],
            Self::Cosignature => &[0x04],
            Self::Receipt => RECEIPT_TYPE,
        }
    }
}

/// A public key with its name, as it is handed out: `name+hex(key id)+base64(type | key)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifierKey {
    name: String,
    kind: KeyKind,
    key: VerifyingKey,
}

impl VerifierKey {
    /// Names a public key. `None` when the name is empty or holds blanks, control characters or `+`.
    pub fn new(name: &str, kind: KeyKind, key: VerifyingKey) -> Option<Self> {
        is_name(name).then(|| Self { name: name.to_owned(), kind, key })
    }

    /// Reads the text form.
    pub fn parse(text: &str) -> Result<Self, NoteError> {
        let mut parts = text.splitn(3, '+');
        let (Some(name), Some(id), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(NoteError::Key);
        };
        let bytes = BASE64_STANDARD.decode(key).map_err(|_| NoteError::Key)?;
        let kinds = [KeyKind::Note, KeyKind::Cosignature, KeyKind::Receipt];
        let (kind, key) = kinds
            .into_iter()
            .find_map(|kind| Some((kind, bytes.strip_prefix(kind.prefix())?)))
            .ok_or(NoteError::Key)?;
        let key: &[u8; 32] = key.try_into().map_err(|_| NoteError::Key)?;
        let key = VerifyingKey::from_bytes(key).map_err(|_| NoteError::Key)?;
        let parsed = Self::new(name, kind, key).ok_or(NoteError::Key)?;
        if parsed.to_string() == text && id.len() == 8 { Ok(parsed) } else { Err(NoteError::Key) }
    }

    /// The same key under another name, which makes it another key to whoever verifies.
    pub(super) fn renamed(&self, name: &str) -> Self {
        Self { name: name.to_owned(), ..self.clone() }
    }

    /// The key's name; for a ledger's own key, its origin.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it signs.
    pub fn kind(&self) -> KeyKind {
        self.kind
    }

    /// The bare public key.
    pub fn key(&self) -> &VerifyingKey {
        &self.key
    }

    /// The first four bytes of SHA-256(name | 0x0a | type | key).
    pub fn id(&self) -> [u8; 4] {
        let digest: [u8; 32] = Sha256::new()
            .chain_update(&self.name)
            .chain_update(b"\n")
            .chain_update(self.kind.prefix())
            .chain_update(self.key.as_bytes())
            .finalize()
            .into();
        let [a, b, c, d, ..] = digest;
        [a, b, c, d]
    }

    fn verify(&self, text: &str, signature: &[u8]) -> bool {
        match self.kind {
            KeyKind::Note => self.verify_bytes(text.as_bytes(), signature),
            KeyKind::Cosignature => {
                let Some((time, signature)) = signature.split_first_chunk::<8>() else { return false };
                let signed = cosignature::message(text, u64::from_be_bytes(*time));
                self.verify_bytes(signed.as_bytes(), signature)
            }
            KeyKind::Receipt => false,
        }
    }

    /// Does `signature` over `message` verify (RFC 8032, strict)?
    pub fn verify_bytes(&self, message: &[u8], signature: &[u8]) -> bool {
        Signature::from_slice(signature).is_ok_and(|signature| self.key.verify_strict(message, &signature).is_ok())
    }
}

impl std::fmt::Display for VerifierKey {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let key = [self.kind.prefix(), self.key.as_bytes()].concat();
        write!(formatter, "{}+{:08x}+{}", self.name, u32::from_be_bytes(self.id()), BASE64_STANDARD.encode(key))
    }
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && !name.chars().any(|c| c.is_whitespace() || c.is_control() || c == '+')
}

/// Signs `text`, which ends in a newline, as a note with one signature.
pub fn sign(text: &str, key: &SigningKey, verifier: &VerifierKey) -> String {
    let signature = [verifier.id().as_slice(), &key.sign(text.as_bytes()).to_bytes()].concat();
    format!("{text}\n\u{2014} {} {}\n", verifier.name, BASE64_STANDARD.encode(signature))
}

/// A note taken apart; nothing is verified yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note<'a> {
    /// The signed text, with its final newline.
    pub text: &'a str,
    signatures: Vec<(&'a str, Vec<u8>)>,
}

impl<'a> Note<'a> {
    /// Takes a note apart.
    pub fn parse(note: &'a str) -> Result<Self, NoteError> {
        if note.len() > SIZE_BYTES_MAX || note.chars().any(|c| c < ' ' && c != '\n') {
            return Err(NoteError::Malformed);
        }
        let blank = note.rfind("\n\n").ok_or(NoteError::Malformed)?;
        let (text, lines) = (note.get(..=blank), note.get(blank + 2..));
        let (Some(text), Some(lines)) = (text, lines.and_then(|lines| lines.strip_suffix('\n'))) else {
            return Err(NoteError::Malformed);
        };
        let signatures: Vec<_> = lines.split('\n').map(signature_of).collect::<Result<_, _>>()?;
        if text.len() < 2 || signatures.len() > SIGNATURES_MAX {
            return Err(NoteError::Malformed);
        }
        Ok(Self { text, signatures })
    }

    /// Verifies the signatures by `known` keys and gives the names of those that signed. Unknown keys are passed over.
    ///
    /// # Errors
    /// `BadSignature` when a signature that names a known key fails; `Unsigned` when none is by a known key.
    pub fn verify<'k>(&self, known: &'k [VerifierKey]) -> Result<Vec<&'k str>, NoteError> {
        Ok(self.signers(known)?.into_iter().map(VerifierKey::name).collect())
    }

    /// [`Self::verify`], giving the keys, each once.
    ///
    /// # Errors
    /// The same.
    pub fn signers<'k>(&self, known: &'k [VerifierKey]) -> Result<Vec<&'k VerifierKey>, NoteError> {
        let mut signers = Vec::new();
        for (name, blob) in &self.signatures {
            let Some((id, signature)) = blob.split_first_chunk::<4>() else { return Err(NoteError::Malformed) };
            let Some(key) = known.iter().find(|key| key.name == *name && key.id() == *id) else { continue };
            if !key.verify(self.text, signature) {
                return Err(NoteError::BadSignature);
            }
            if !signers.contains(&key) {
                signers.push(key);
            }
        }
        if signers.is_empty() { Err(NoteError::Unsigned) } else { Ok(signers) }
    }
}

fn signature_of(line: &str) -> Result<(&str, Vec<u8>), NoteError> {
    let (name, blob) =
        line.strip_prefix("\u{2014} ").and_then(|rest| rest.split_once(' ')).ok_or(NoteError::Malformed)?;
    let blob = BASE64_STANDARD.decode(blob).map_err(|_| NoteError::Malformed)?;
    if is_name(name) && blob.len() > 4 { Ok((name, blob)) } else { Err(NoteError::Malformed) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
    const NOTE: &str = "This is an example message.\n\n\u{2014} example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n";

    #[test]
    fn the_note_of_the_specification_verifies_and_a_changed_one_does_not() {
        let key = VerifierKey::parse(KEY).unwrap();
        assert_eq!(key.to_string(), KEY);
        let note = Note::parse(NOTE).unwrap();
        assert_eq!(note.text, "This is an example message.\n");
        assert_eq!(note.verify(std::slice::from_ref(&key)), Ok(vec!["example.com/foo"]));
        let changed = NOTE.replace("example message", "exemplar message");
        let changed = Note::parse(&changed).unwrap();
        assert_eq!(changed.verify(std::slice::from_ref(&key)), Err(NoteError::BadSignature));
        assert_eq!(changed.verify(&[]), Err(NoteError::Unsigned));
    }

    #[test]
    fn key_ids_are_recomputed() {
        let key = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8";
        assert_eq!(VerifierKey::parse(key).unwrap().to_string(), key);
        for wrong in [
            key.replace("033de0ae", "033de0af"),
            key.replace("033de0ae", "033DE0AE"),
            key.replace("sum", "sun"),
            key.replace("+Ac4z", "+Bc4z"),
            "sum.golang.org".to_owned(),
            String::new(),
        ] {
            assert_eq!(VerifierKey::parse(&wrong), Err(NoteError::Key), "{wrong}");
        }
    }

    #[test]
    fn what_is_not_a_note_is_refused() {
        for wrong in [
            "",
            "\n\n",
            "text\n",
            "text\n\n",
            "text\n\nno dash name AAAAAAA=\n",
            "text\n\n\u{2014} name\n",
            "text\n\n\u{2014} name !!!!\n",
            "text\n\n\u{2014} name AAAAAAA=",
            "te\txt\n\n\u{2014} name AAAAAAA=\n",
        ] {
            assert_eq!(Note::parse(wrong), Err(NoteError::Malformed), "{wrong:?}");
        }
    }
}
