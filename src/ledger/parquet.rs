//! The table of an export as an Apache Parquet file, in one form only, so that every byte of it follows from the leaves
//! and the checkpoint: a verifier writes it again and compares, and never reads a file that somebody may have made to
//! harm it.
//!
//! The form: required columns, PLAIN, not compressed, no dictionaries and no statistics, one page per column and row group,
//! row groups of 16,384 rows. Reading is deliberately absent.

use std::io::{self, BufRead, Write};

use super::table::{COLUMNS, Cell, Cells, Kind};
use super::thrift::{self, Element, Struct};

/// The rows of a row group.
const GROUP_ROWS: u64 = 16_384;
const MAGIC: &[u8; 4] = b"PAR1";
/// What the file says made it: a form, not a program, so that it stays the same.
const CREATED_BY: &str = "chengxin/ledger-bundle/v1";
const INT64: i32 = 2;
const BYTE_ARRAY: i32 = 6;
const REQUIRED: i32 = 0;
const PLAIN: i32 = 0;
const RLE: i32 = 3;
const UTF8: i32 = 0;
const TIMESTAMP_MICROS: i32 = 10;

/// Writes rows as they come; holds one row group, and a few bytes per group that is written.
#[derive(Debug)]
pub(super) struct ParquetWriter<W> {
    writer: W,
    /// Bytes written so far.
    at: u64,
    columns: Vec<Vec<u8>>,
    group_rows: u64,
    /// The index of the first row.
    first: u64,
    rows: u64,
    groups: Vec<u8>,
    group_count: usize,
}

impl<W: Write> ParquetWriter<W> {
    /// Begins a file whose first row is that of entry `first`.
    pub(super) fn new(mut writer: W, first: u64) -> io::Result<Self> {
        writer.write_all(MAGIC)?;
        let columns = vec![Vec::new(); COLUMNS.len()];
        Ok(Self { writer, at: 4, columns, group_rows: 0, first, rows: 0, groups: Vec::new(), group_count: 0 })
    }

    /// Takes a row.
    pub(super) fn push(&mut self, cells: &Cells) -> io::Result<()> {
        for (column, cell) in self.columns.iter_mut().zip(cells) {
            match cell {
                Cell::Time(time) => column.extend_from_slice(&time.micros().to_le_bytes()),
                Cell::Integer(value) => column.extend_from_slice(&value.to_le_bytes()),
                Cell::Text(text) => {
                    column.extend_from_slice(&u32::try_from(text.len()).map_err(io::Error::other)?.to_le_bytes());
                    column.extend_from_slice(text.as_bytes());
                }
            }
        }
        self.group_rows += 1;
        self.rows += 1;
        if self.group_rows == GROUP_ROWS { self.end_group() } else { Ok(()) }
    }

    /// Ends the file: what is not written yet, and the footer with the checkpoint that covers the rows.
    pub(super) fn finish(mut self, checkpoint: &str) -> io::Result<W> {
        if self.group_rows > 0 {
            self.end_group()?;
        }
        let footer = self.footer(checkpoint)?;
        self.writer.write_all(&footer)?;
        self.writer.write_all(&u32::try_from(footer.len()).map_err(io::Error::other)?.to_le_bytes())?;
        self.writer.write_all(MAGIC)?;
        self.writer.flush()?;
        Ok(self.writer)
    }

    fn end_group(&mut self) -> io::Result<()> {
        let (first, rows) = (self.at, signed(self.group_rows)?);
        let mut chunks = Vec::new();
        for at in 0..COLUMNS.len() {
            let (Some(values), Some(&(name, kind))) = (self.columns.get_mut(at), COLUMNS.get(at)) else { continue };
            let header = page_header(i32::try_from(values.len()).map_err(io::Error::other)?, rows)?;
            self.writer.write_all(&header)?;
            self.writer.write_all(values)?;
            let size = (header.len() + values.len()) as u64;
            values.clear();
            chunks.extend_from_slice(&chunk(name, kind, rows, (signed(self.at)?, signed(size)?)));
            self.at += size;
        }
        let group = Struct::default()
            .list(1, Element::Struct, COLUMNS.len(), &chunks)
            .i64(2, signed(self.at - first)?)
            .i64(3, rows);
        self.groups.extend_from_slice(&group.finish());
        self.group_count += 1;
        self.group_rows = 0;
        Ok(())
    }

    fn footer(&self, checkpoint: &str) -> io::Result<Vec<u8>> {
        let columns = i32::try_from(COLUMNS.len()).map_err(io::Error::other)?;
        let mut schema = Struct::default().text(4, "entry").i32(5, columns).finish();
        for (name, kind) in COLUMNS {
            let column = Struct::default().i32(1, physical(kind)).i32(3, REQUIRED).text(4, name);
            let column = match kind {
                Kind::Text => column.i32(6, UTF8),
                Kind::Time => column.i32(6, TIMESTAMP_MICROS),
                Kind::Integer => column,
            };
            schema.extend_from_slice(&column.finish());
        }
        let range = format!("[{},{})", self.first, self.first + self.rows);
        let pair = |key: &str, value: &str| Struct::default().text(1, key).text(2, value).finish();
        let metadata = [pair("ledger.checkpoint", checkpoint), pair("ledger.range", &range)].concat();
        Ok(Struct::default()
            .i32(1, 1)
            .list(2, Element::Struct, COLUMNS.len() + 1, &schema)
            .i64(3, signed(self.rows)?)
            .list(4, Element::Struct, self.group_count, &self.groups)
            .list(5, Element::Struct, 2, &metadata)
            .text(6, CREATED_BY)
            .finish())
    }
}

fn signed(value: u64) -> io::Result<i64> {
    i64::try_from(value).map_err(io::Error::other)
}

fn physical(kind: Kind) -> i32 {
    match kind {
        Kind::Text => BYTE_ARRAY,
        Kind::Time | Kind::Integer => INT64,
    }
}

fn page_header(bytes: i32, rows: i64) -> io::Result<Vec<u8>> {
    let rows = i32::try_from(rows).map_err(io::Error::other)?;
    let data = Struct::default().i32(1, rows).i32(2, PLAIN).i32(3, RLE).i32(4, RLE);
    Ok(Struct::default().i32(1, 0).i32(2, bytes).i32(3, bytes).nested(5, data).finish())
}

fn chunk(name: &str, kind: Kind, rows: i64, (at, size): (i64, i64)) -> Vec<u8> {
    let column = Struct::default()
        .i32(1, physical(kind))
        .list(2, Element::I32, 1, &thrift::element(PLAIN))
        .list(3, Element::Binary, 1, &thrift::text(name))
        .i32(4, 0)
        .i64(5, rows)
        .i64(6, size)
        .i64(7, size)
        .i64(9, at);
    Struct::default().i64(2, at).nested(3, column).finish()
}

/// Holds a file against the rows that it should hold.
#[derive(Debug)]
pub(super) struct ParquetCheck<R> {
    writer: ParquetWriter<Comparison<R>>,
}

impl<R: BufRead> ParquetCheck<R> {
    /// Nothing was compared yet; the first row is that of entry `first`.
    pub(super) fn new(reader: R, first: u64) -> io::Result<Self> {
        Ok(Self { writer: ParquetWriter::new(Comparison { reader, is_same: true }, first)? })
    }

    /// Takes the next row that the file should hold.
    pub(super) fn push(&mut self, cells: &Cells) -> io::Result<()> {
        // What differs once needs no more work.
        if self.writer.writer.is_same { self.writer.push(cells) } else { Ok(()) }
    }

    /// Whether the file is what these rows and this checkpoint give, to the last byte.
    pub(super) fn finish(self, checkpoint: &str) -> io::Result<bool> {
        let mut comparison = self.writer.finish(checkpoint)?;
        Ok(comparison.is_same && comparison.reader.fill_buf()?.is_empty())
    }
}

/// Reads as much as is written, and compares.
#[derive(Debug)]
struct Comparison<R> {
    reader: R,
    is_same: bool,
}

impl<R: BufRead> Write for Comparison<R> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if !self.is_same || bytes.is_empty() {
            return Ok(bytes.len());
        }
        let found = self.reader.fill_buf()?;
        let length = found.len().min(bytes.len());
        self.is_same = length > 0 && found.get(..length) == bytes.get(..length);
        self.reader.consume(length);
        Ok(if length == 0 { bytes.len() } else { length })
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use ::parquet::basic::{ConvertedType, Repetition};
    use ::parquet::file::reader::{FileReader, SerializedFileReader};
    use ::parquet::record::RowAccessor;

    use super::*;
    use crate::domain::Instant;

    fn row(index: u64) -> Cells {
        COLUMNS.map(|(name, kind)| match kind {
            Kind::Time => Cell::Time(Instant::from_micros(1_700_000_000_000_000 + index.cast_signed() * 1000)),
            Kind::Integer => Cell::Integer(index * 3),
            Kind::Text if name == "tier" => Cell::Text(String::new()),
            Kind::Text => Cell::Text(format!("{name} 第{index}")),
        })
    }

    fn file(rows: u64) -> Vec<u8> {
        let mut writer = ParquetWriter::new(Vec::new(), 0).unwrap();
        (0..rows).for_each(|index| writer.push(&row(index)).unwrap());
        writer.finish("a checkpoint\n").unwrap()
    }

    fn is_same(bytes: &[u8], rows: u64, checkpoint: &str) -> bool {
        let mut check = ParquetCheck::new(bytes, 0).unwrap();
        (0..rows).for_each(|index| check.push(&row(index)).unwrap());
        check.finish(checkpoint).unwrap()
    }

    #[test]
    fn another_reader_finds_every_cell_in_every_row_group() {
        for rows in [0, 1, GROUP_ROWS, GROUP_ROWS + 1, 2 * GROUP_ROWS + 7] {
            let reader = SerializedFileReader::new(bytes::Bytes::from(file(rows))).unwrap();
            let metadata = reader.metadata();
            let of_file = metadata.file_metadata();
            assert_eq!(of_file.num_rows().unsigned_abs(), rows);
            assert_eq!(metadata.num_row_groups() as u64, rows.div_ceil(GROUP_ROWS));
            let pairs = of_file.key_value_metadata().unwrap();
            assert_eq!(
                (pairs[0].key.as_str(), pairs[0].value.as_deref()),
                ("ledger.checkpoint", Some("a checkpoint\n"))
            );
            assert_eq!(pairs[1].value.as_deref(), Some(format!("[0,{rows})").as_str()));
            for (column, (name, kind)) in of_file.schema_descr().columns().iter().zip(COLUMNS) {
                let type_of = match kind {
                    Kind::Text => ConvertedType::UTF8,
                    Kind::Time => ConvertedType::TIMESTAMP_MICROS,
                    Kind::Integer => ConvertedType::NONE,
                };
                let info = column.self_type().get_basic_info();
                assert_eq!((column.name(), column.converted_type()), (name, type_of));
                assert_eq!(info.repetition(), Repetition::REQUIRED);
            }
            let mut seen = 0;
            for (found, index) in reader.get_row_iter(None).unwrap().zip(0..) {
                let found = found.unwrap();
                for (at, cell) in row(index).iter().enumerate() {
                    match cell {
                        Cell::Text(text) => assert_eq!(found.get_string(at).unwrap(), text),
                        Cell::Integer(value) => assert_eq!(found.get_long(at).unwrap().unsigned_abs(), *value),
                        Cell::Time(time) => assert_eq!(found.get_timestamp_micros(at).unwrap(), time.micros()),
                    }
                }
                seen += 1;
            }
            assert_eq!(seen, rows);
        }
    }

    #[test]
    fn a_file_that_differs_in_one_byte_or_in_its_length_is_not_the_same() {
        let whole = file(3);
        assert!(is_same(&whole, 3, "a checkpoint\n"));
        assert!(!is_same(&whole, 2, "a checkpoint\n") && !is_same(&whole, 4, "a checkpoint\n"));
        assert!(!is_same(&whole, 3, "another one\n"));
        for at in 0..whole.len() {
            let mut other = whole.clone();
            other[at] ^= 1;
            assert!(!is_same(&other, 3, "a checkpoint\n"), "byte {at}");
            assert!(!is_same(&whole[..at], 3, "a checkpoint\n"), "cut at {at}");
        }
        assert!(!is_same(&[whole.as_slice(), b"x"].concat(), 3, "a checkpoint\n"));
    }
}
