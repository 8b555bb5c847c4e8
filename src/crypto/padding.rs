//! Padding before sealing, so that the length of a sealed value tells little: the value, one byte 80, zeros up to
//! the next of 16, 32, 64, 128 and then every 256 bytes (the shape of ISO/IEC 7816-4).
//!
//! A citizen number of 18 or 15 digits, a name and a mobile number so come in one or two sizes.

use zeroize::Zeroizing;

const MARK: u8 = 0x80;

/// The padded length of a value of `length` bytes.
fn bucket(length: usize) -> usize {
    let least = length + 1;
    [16, 32, 64, 128].into_iter().find(|size| least <= *size).unwrap_or_else(|| least.next_multiple_of(256))
}

/// A buffer with the padded value and room for `trailing` more bytes.
pub(super) fn pad(value: &str, trailing: usize) -> Zeroizing<Vec<u8>> {
    let size = bucket(value.len());
    let mut padded = Zeroizing::new(Vec::with_capacity(size + trailing));
    padded.extend_from_slice(value.as_bytes());
    padded.push(MARK);
    padded.resize(size, 0);
    padded
}

/// The length of the value in a padded buffer. `None` when the buffer was not padded this way.
pub(super) fn value_length(padded: &[u8]) -> Option<usize> {
    let last = padded.iter().rposition(|byte| *byte != 0)?;
    (padded.get(last) == Some(&MARK) && bucket(last) == padded.len()).then_some(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_fall_into_few_sizes_and_come_back() {
        for length in 0..600 {
            let value = "\0".repeat(length);
            let padded = pad(&value, 16);
            assert!([16, 32, 64, 128, 256, 512, 768].contains(&padded.len()), "{length} became {}", padded.len());
            assert_eq!(value_length(&padded), Some(length));
        }
    }

    #[test]
    fn what_was_not_padded_this_way_is_refused() {
        assert_eq!(value_length(&[]), None);
        assert_eq!(value_length(&[0; 16]), None);
        assert_eq!(value_length(b"fifteen bytes..."), None);
        let mut long = pad("a", 0).to_vec();
        long.resize(32, 0);
        assert_eq!(value_length(&long), None, "more padding than its bucket");
    }
}
