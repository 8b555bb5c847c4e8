//! The envelope's layout: `u8 version = 1 | u8 algorithm | u32be key id | nonce | ciphertext | tag`,
//! and the associated data that binds it to its place.

use crate::domain::Place;

use super::key::Algorithm;

const VERSION: u8 = 1;
const HEADER_BYTES: usize = 6;
/// The length of the tag of both algorithms.
pub(super) const TAG_BYTES: usize = 16;
const PREFIX: &[u8] = b"chengxin/field/v1\0";

/// The number an algorithm has in an envelope and the length of its nonce.
pub(super) fn coding(algorithm: Algorithm) -> Option<(u8, usize)> {
    match algorithm {
        Algorithm::Aes256Gcm => Some((1, 12)),
        Algorithm::Xaes256Gcm => Some((2, 24)),
        Algorithm::HmacSha256 | Algorithm::Ed25519 => None,
    }
}

/// An envelope taken apart.
pub(super) struct Parts<'e> {
    pub(super) algorithm: Algorithm,
    pub(super) key_id: u32,
    pub(super) nonce: &'e [u8],
    pub(super) ciphertext: &'e [u8],
    pub(super) tag: &'e [u8; TAG_BYTES],
}

/// Takes an envelope apart. `None` when it has another version, another algorithm, or is too short.
pub(super) fn parse(bytes: &[u8]) -> Option<Parts<'_>> {
    let (header, rest) = bytes.split_first_chunk::<HEADER_BYTES>()?;
    let [VERSION, algorithm, key_id @ ..] = *header else { return None };
    let algorithm = [Algorithm::Aes256Gcm, Algorithm::Xaes256Gcm]
        .into_iter()
        .find(|known| coding(*known).is_some_and(|(number, _)| number == algorithm))?;
    let (nonce, rest) = rest.split_at_checked(coding(algorithm)?.1)?;
    let (ciphertext, tag) = rest.split_last_chunk::<TAG_BYTES>()?;
    Some(Parts { algorithm, key_id: u32::from_be_bytes(key_id), nonce, ciphertext, tag })
}

/// Starts an envelope: header and nonce, with room for the rest.
pub(super) fn start(number: u8, key_id: u32, nonce: &[u8], rest: usize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(HEADER_BYTES + nonce.len() + rest);
    bytes.push(VERSION);
    bytes.push(number);
    bytes.extend_from_slice(&key_id.to_be_bytes());
    bytes.extend_from_slice(nonce);
    bytes
}

/// The associated data: `chengxin/field/v1` 00, then division, item, field and record id, each after its length
/// (u32be), the version (u64be), the algorithm (u8) and the key id (u32be). A value opens at its place alone.
pub(super) fn associated_data(place: &Place<'_>, number: u8, key_id: u32) -> Vec<u8> {
    let parts: [&[u8]; 4] =
        [place.division.as_bytes(), place.item.as_str().as_bytes(), place.field.as_bytes(), place.record.bytes()];
    let length = parts.iter().map(|part| part.len() + 4).sum::<usize>();
    let mut data = Vec::with_capacity(PREFIX.len() + length + 13);
    data.extend_from_slice(PREFIX);
    for part in parts {
        // INVARIANT: names are short; a longer one than u32 could not be in memory as a name.
        data.extend_from_slice(&u32::try_from(part.len()).unwrap_or(u32::MAX).to_be_bytes());
        data.extend_from_slice(part);
    }
    data.extend_from_slice(&place.version.to_be_bytes());
    data.push(number);
    data.extend_from_slice(&key_id.to_be_bytes());
    data
}
