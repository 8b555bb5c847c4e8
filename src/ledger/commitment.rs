//! Salted commitments: a leaf shows that a value was fixed without showing the value.
//!
//! `C = SHA-256("chengxin/commit/v1" 00 | u8 length, name | salt[32] | u32be length, value)`. The salt hides
//! (subjects are few enough to be guessed), SHA-256 binds. Losing body and salt redacts the value; proofs stay valid.

use sha2::{Digest, Sha256};

use super::tree::{Hash, leaf_hash, root_of};
use crate::clock::Ambient;

/// 32 random bytes, drawn for one field of one entry.
pub type Salt = [u8; 32];

/// A committed value with what opens its commitment.
#[derive(Clone, PartialEq, Eq)]
pub struct Opening {
    /// The field's name, at most 255 bytes.
    pub name: String,
    /// The salt.
    pub salt: Salt,
    /// The value.
    pub value: String,
}

impl std::fmt::Debug for Opening {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Opening({})", self.name)
    }
}

impl Opening {
    /// The commitment that this opens.
    pub fn commitment(&self) -> Hash {
        commit(&self.name, &self.salt, self.value.as_bytes())
    }
}

/// The commitment to `value` under `name`.
pub fn commit(name: &str, salt: &Salt, value: &[u8]) -> Hash {
    Sha256::new()
        .chain_update(b"chengxin/commit/v1\0")
        .chain_update([u8::try_from(name.len()).unwrap_or(u8::MAX)])
        .chain_update(name)
        .chain_update(salt)
        .chain_update(u32::try_from(value.len()).unwrap_or(u32::MAX).to_be_bytes())
        .chain_update(value)
        .finalize()
        .into()
}

/// One commitment to many subjects: the root of the tree over the sorted commitments to each. One person's access
/// can be shown by an inclusion path without showing the others.
pub fn commit_subjects<'a>(subjects: impl IntoIterator<Item = &'a Opening>) -> Hash {
    let mut commitments: Vec<Hash> = subjects.into_iter().map(Opening::commitment).collect();
    commitments.sort_unstable();
    root_of(commitments.iter().map(|commitment| leaf_hash(commitment)))
}

/// Salts, drawn sixteen at a time: one call of the operating system serves most entries.
pub struct Salts<'a> {
    ambient: &'a Ambient,
    bytes: [u8; 512],
    used: usize,
}

impl<'a> Salts<'a> {
    /// Salts from the given randomness.
    pub fn new(ambient: &'a Ambient) -> Self {
        Self { ambient, bytes: ambient.bytes(), used: 0 }
    }

    /// The next salt. None is given twice.
    pub fn draw(&mut self) -> Salt {
        if let Some(salt) = self.bytes.as_chunks::<32>().0.get(self.used) {
            self.used += 1;
            return *salt;
        }
        self.bytes = self.ambient.bytes();
        self.used = 0;
        self.draw()
    }
}

impl std::fmt::Debug for Salts<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Salts")
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::domain::Instant;

    fn salt(first: u8) -> Salt {
        std::array::from_fn(|index| first + u8::try_from(index).unwrap())
    }

    #[test]
    fn commitments_are_the_golden_ones() {
        let query = commit("query", &salt(0), b"query($id:ID!){person(id:$id){name}}");
        assert_eq!(hex::encode(query), "396197ab83aa6266712156450064c03abdfb3ec46ddc0fda579d658f0ac6ef64");
        let subject = commit("subject", &salt(0x20), b"11010519491231002X");
        assert_eq!(hex::encode(subject), "4152c4f8cdda409794687c74967d1f782d94d59ac2809906e20a4cbc00fccb96");
    }

    #[test]
    fn name_and_value_cannot_be_shifted_into_one_another() {
        assert_ne!(commit("ab", &salt(0), b"c"), commit("a", &salt(0), b"bc"));
        assert_ne!(commit("a", &salt(0), b"b"), commit("a", &salt(1), b"b"));
    }

    #[test]
    fn the_order_of_subjects_does_not_matter() {
        let openings: Vec<_> =
            (0..5_u8).map(|at| Opening { name: "subject".into(), salt: salt(at), value: at.to_string() }).collect();
        assert_eq!(commit_subjects(&openings), commit_subjects(openings.iter().rev()));
        assert_ne!(commit_subjects(&openings), commit_subjects(&openings[..4]));
    }

    #[test]
    fn no_salt_comes_twice() {
        let ambient = Ambient::fixed(Instant::from_micros(0), 7);
        let mut salts = Salts::new(&ambient);
        let drawn: HashSet<Salt> = (0..100).map(|_| salts.draw()).collect();
        assert_eq!(drawn.len(), 100);
    }
}
