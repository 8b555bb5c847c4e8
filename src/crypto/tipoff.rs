//! Sealing of tip-offs: what was seen, what was attached, and who reported, under a key of its own, so that the key of record fields opens
//! none of it. XAES-256-GCM (C2SP): random nonces of 24 bytes.
//!
//! Layout: u8 1, u32be key id, nonce, ciphertext and tag. Associated data: `chengxin/tipoff/v1` 00 | lp(part) | id | u32be key id.

use xaes_256_gcm::Xaes256Gcm;
use xaes_256_gcm::aead::{Aead, KeyInit, Payload};
use zeroize::Zeroizing;

use super::Keyring;
use super::key::Purpose;
use crate::access::{CaseAction, CasePermit};
use crate::clock::Ambient;
use crate::domain::CaseId;

const VERSION: u8 = 1;
const NONCE_BYTES: usize = 24;
const HEAD_BYTES: usize = 5 + NONCE_BYTES;

/// A part of a tip-off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Who reported: for the handler alone.
    Reporter,
    /// What was seen: for the handler alone, since it often tells who saw it.
    Conduct,
    /// What was answered, for whoever reported.
    Answer,
    /// An attachment, by its number.
    Attachment(u32),
}

impl Part {
    fn label(self) -> String {
        match self {
            Self::Reporter => "reporter".to_owned(),
            Self::Conduct => "conduct".to_owned(),
            Self::Answer => "answer".to_owned(),
            Self::Attachment(number) => format!("attachment/{number}"),
        }
    }

    /// The right that opens it.
    fn opened_by(self, action: CaseAction) -> bool {
        match self {
            Self::Reporter => action == CaseAction::ReadReporter,
            Self::Conduct | Self::Attachment(_) => action == CaseAction::HandleTipoff,
            Self::Answer => matches!(action, CaseAction::HandleTipoff | CaseAction::ViewTipoff),
        }
    }
}

/// A part does not open: without the right, or because it is not what was sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a part of a tip-off does not open")]
pub struct Closed;

fn associated_data(id: CaseId, part: Part, key: u32) -> Vec<u8> {
    let label = part.label();
    let mut data = b"chengxin/tipoff/v1\0".to_vec();
    data.extend_from_slice(&u32::try_from(label.len()).unwrap_or(u32::MAX).to_be_bytes());
    data.extend_from_slice(label.as_bytes());
    data.extend_from_slice(id.bytes());
    data.extend_from_slice(&key.to_be_bytes());
    data
}

impl Keyring {
    /// Seals a part of a tip-off under the active key.
    pub fn seal_tipoff(&self, id: CaseId, part: Part, value: &[u8], ambient: &Ambient) -> Result<Vec<u8>, Closed> {
        let key = self.active(Purpose::Tipoff);
        let nonce: [u8; NONCE_BYTES] = ambient.bytes();
        let cipher = Xaes256Gcm::new(key.secret().into());
        let data = associated_data(id, part, key.info.id);
        let sealed = cipher.encrypt((&nonce).into(), Payload { msg: value, aad: &data }).map_err(|_| Closed)?;
        let mut bytes = vec![VERSION];
        bytes.extend_from_slice(&key.info.id.to_be_bytes());
        bytes.extend_from_slice(&nonce);
        bytes.extend_from_slice(&sealed);
        Ok(bytes)
    }

    /// Opens a part of a tip-off, by the right to that very part.
    pub fn open_tipoff(
        &self,
        id: CaseId,
        part: Part,
        sealed: &[u8],
        permit: &CasePermit,
    ) -> Result<Zeroizing<Vec<u8>>, Closed> {
        if part.opened_by(permit.action()) { self.unseal_tipoff(id, part, sealed) } else { Err(Closed) }
    }

    /// Opens the answer for whoever holds the query code of the tip-off.
    pub fn open_tipoff_answer(&self, id: CaseId, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, Closed> {
        self.unseal_tipoff(id, Part::Answer, sealed)
    }

    fn unseal_tipoff(&self, id: CaseId, part: Part, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, Closed> {
        let (head, sealed) = sealed.split_at_checked(HEAD_BYTES).ok_or(Closed)?;
        let (&[VERSION, a, b, c, d], nonce) = head.split_first_chunk::<5>().ok_or(Closed)? else { return Err(Closed) };
        let key = self.key(Purpose::Tipoff, u32::from_be_bytes([a, b, c, d])).ok_or(Closed)?;
        let nonce: [u8; NONCE_BYTES] = nonce.try_into().map_err(|_| Closed)?;
        let data = associated_data(id, part, key.info.id);
        let cipher = Xaes256Gcm::new(key.secret().into());
        let opened = cipher.decrypt((&nonce).into(), Payload { msg: sealed, aad: &data });
        opened.map(Zeroizing::new).map_err(|_| Closed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Instant;

    #[test]
    fn a_part_opens_at_its_own_place_alone() {
        let ambient = Ambient::fixed(Instant::from_micros(0), 3);
        let (keyring, id) = (Keyring::ephemeral(&ambient), CaseId::new([1; 16]));
        let sealed = keyring.seal_tipoff(id, Part::Answer, "核实属实".as_bytes(), &ambient).unwrap();
        assert_eq!(&*keyring.open_tipoff_answer(id, &sealed).unwrap(), "核实属实".as_bytes());
        assert_eq!(keyring.open_tipoff_answer(CaseId::new([2; 16]), &sealed), Err(Closed), "of another tip-off");
        for part in [Part::Reporter, Part::Conduct, Part::Attachment(1)] {
            assert!(keyring.unseal_tipoff(id, part, &sealed).is_err(), "{part:?}");
        }
        for at in 0..sealed.len() {
            let mut broken = sealed.clone();
            broken[at] ^= 1;
            assert_eq!(keyring.open_tipoff_answer(id, &broken), Err(Closed), "byte {at}");
        }
        let other = Keyring::ephemeral(&Ambient::fixed(Instant::from_micros(0), 4));
        assert_eq!(other.open_tipoff_answer(id, &sealed), Err(Closed));
    }
}
