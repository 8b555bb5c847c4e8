//! Structures of Apache Thrift's compact protocol, as far as the footer of a Parquet file needs them. Writing alone:
//! nothing here reads.

/// The types of list elements.
#[derive(Clone, Copy, Debug)]
pub(super) enum Element {
    /// A 32-bit integer.
    I32 = 5,
    /// Text or bytes.
    Binary = 8,
    /// A structure.
    Struct = 12,
}

const I64: u8 = 6;
const LIST: u8 = 9;

/// A structure that is being written; fields in the order of their ids.
#[derive(Clone, Debug, Default)]
pub(super) struct Struct {
    bytes: Vec<u8>,
    last: u8,
}

impl Struct {
    pub(super) fn i32(self, id: u8, value: i32) -> Self {
        self.field(id, Element::I32 as u8, &varint(zigzag(value.into())))
    }

    pub(super) fn i64(self, id: u8, value: i64) -> Self {
        self.field(id, I64, &varint(zigzag(value)))
    }

    pub(super) fn text(self, id: u8, value: &str) -> Self {
        self.field(id, Element::Binary as u8, &text(value))
    }

    pub(super) fn nested(self, id: u8, value: Self) -> Self {
        self.field(id, Element::Struct as u8, &value.finish())
    }

    /// `count` elements, one behind the other in `elements`.
    pub(super) fn list(self, id: u8, kind: Element, count: usize, elements: &[u8]) -> Self {
        let mut value = match u8::try_from(count) {
            Ok(few @ 0..15) => vec![few << 4 | kind as u8],
            _ => [vec![0xf0 | kind as u8], varint(count as u64)].concat(),
        };
        value.extend_from_slice(elements);
        self.field(id, LIST, &value)
    }

    /// Its bytes with the mark of the end.
    pub(super) fn finish(mut self) -> Vec<u8> {
        self.bytes.push(0);
        self.bytes
    }

    fn field(mut self, id: u8, kind: u8, value: &[u8]) -> Self {
        self.bytes.push((id - self.last) << 4 | kind);
        self.bytes.extend_from_slice(value);
        self.last = id;
        self
    }
}

/// A text with its length before it.
pub(super) fn text(value: &str) -> Vec<u8> {
    [varint(value.len() as u64).as_slice(), value.as_bytes()].concat()
}

/// A 32-bit integer as an element of a list.
pub(super) fn element(value: i32) -> Vec<u8> {
    varint(zigzag(value.into()))
}

fn zigzag(value: i64) -> u64 {
    ((value << 1) ^ (value >> 63)).cast_unsigned()
}

fn varint(mut value: u64) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(3);
    loop {
        let [low, ..] = value.to_le_bytes();
        if value < 0x80 {
            bytes.push(low);
            return bytes;
        }
        bytes.push(low | 0x80);
        value >>= 7;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_are_written_as_the_protocol_says() {
        assert_eq!((element(0), element(-1), element(1)), (vec![0], vec![1], vec![2]));
        assert_eq!(varint(300), [0xac, 0x02]);
        assert_eq!(zigzag(i64::MIN), u64::MAX);
        assert_eq!(Struct::default().i32(1, 1).text(3, "x").finish(), [0x15, 2, 0x28, 1, b'x', 0]);
        assert_eq!(Struct::default().list(1, Element::I32, 20, &[0; 20]).finish()[..3], [0x19, 0xf5, 20]);
    }
}
