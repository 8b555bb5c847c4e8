//! Blind indexes and digests: HMAC-SHA256 under a key per column, so that sameness can be told and nothing else.
//!
//! Without the keyring neither can be computed, so a stolen table cannot be searched by guessing numbers.

use hmac::{Hmac, Mac as _};
use sha2::Sha256;
use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

use super::Keyring;
use super::key::Purpose;

/// A started HMAC of one column.
pub(super) type Mac = Hmac<Sha256>;

impl Keyring {
    /// The blind index of `value` in `column`, such as `person.certificateNo`. The value is normalised first (NFKC,
    /// which folds full-width characters, upper case, no white space); raising a 15-digit number to 18 is the
    /// caller's business. Two columns never have equal indexes.
    pub fn blind_index(&self, column: &str, value: &str) -> [u8; 32] {
        self.mac(Purpose::Index, column, normalised(value).as_bytes())
    }

    /// The digest of `bytes` under `label`, such as `key` or `content`: equal bytes give equal digests.
    pub fn digest(&self, label: &str, bytes: &[u8]) -> [u8; 32] {
        self.mac(Purpose::Digest, label, bytes)
    }

    fn mac(&self, purpose: Purpose, label: &str, bytes: &[u8]) -> [u8; 32] {
        let key = self.active(purpose);
        let make = || super::key::mac(&key.derive(label.as_bytes()));
        let mut mac = self.macs.get(key.info.id, [purpose.into(), label], make).as_ref().clone();
        mac.update(bytes);
        mac.finalize().into_bytes().into()
    }
}

fn normalised(value: &str) -> Zeroizing<String> {
    let fit = |text: &mut Zeroizing<String>, c: char| {
        if !c.is_whitespace() && !c.is_control() {
            text.extend(c.to_uppercase());
        }
    };
    let mut text = Zeroizing::new(String::with_capacity(value.len() * 2));
    if value.is_ascii() {
        value.chars().for_each(|c| fit(&mut text, c));
    } else {
        value.nfkc().for_each(|c| fit(&mut text, c));
    }
    text
}
