//! Exports: files that an auditor checks without us. Written page by page; a ledger of any length needs the memory
//! of one page.

use std::io::Write;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use super::body::BodyKeys;
use super::canonical;
use super::checkpoint::Checkpoint;
use super::integrate::{IntegrateError, PAGE};
use super::leaf::Leaf;
use super::line::{FORMAT, Header, TileLine, entry_line};
use super::note::{NoteError, VerifierKey};
use super::parquet::ParquetWriter;
use super::published::StoredTiles;
use super::read::open_row;
use super::state::Unavailable;
use super::table;
use super::tile::WIDTH;
use super::tree::Hash;
use crate::store::ledger::entry::{self, BodyRow, EntryRow};
use crate::store::ledger::tree as rows;
use crate::store::{Database, StoreError};

/// Why an export stopped.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// There is no ledger, or no checkpoint.
    #[error("there is no signed checkpoint to export under")]
    NoCheckpoint,
    /// The checkpoint does not verify.
    #[error("the checkpoint: {0}")]
    Checkpoint(#[from] NoteError),
    /// An entry that the checkpoint covers cannot be read: run `chengxin ledger verify`.
    #[error("entry {0} is missing or is no leaf: run `chengxin ledger verify`")]
    Entry(u64),
    /// A proof is wanted of an entry that is not there.
    #[error("there is no entry {index} to prove: the ledger holds {size} entries")]
    NoProof {
        /// Which entry.
        index: u64,
        /// How many there are.
        size: u64,
    },
    /// An export is wanted from an entry on that is not there.
    #[error("there is no entry {index} to begin with: the ledger holds {size} entries")]
    NoStart {
        /// Which entry.
        index: u64,
        /// How many there are.
        size: u64,
    },
    /// A proof is wanted of an entry before those that are exported.
    #[error("entry {index} is not in an export from entry {first} on: leave its proof out, or begin there")]
    ProofBefore {
        /// Which entry.
        index: u64,
        /// The first one that is exported.
        first: u64,
    },
    /// The export cannot be put in the ledger.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
    /// The tree does not grow over the export's own entry.
    #[error(transparent)]
    Integrate(#[from] IntegrateError),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The file.
    #[error("the export cannot be written: {0}")]
    Write(#[from] std::io::Error),
    /// A line cannot be written.
    #[error("the export cannot be written: {0}")]
    Line(#[from] serde_json::Error),
    /// A row cannot be written.
    #[error("the export cannot be written: {0}")]
    Row(#[from] csv::Error),
}

/// What an export shows beside the leaves.
#[derive(Clone, Copy, Debug)]
pub enum Disclosures<'a> {
    /// Commitments alone.
    None,
    /// The values too, where body and key still exist.
    All(&'a dyn BodyKeys),
}

/// Which ledger is exported, and what is shown of it.
#[derive(Clone, Copy, Debug)]
pub struct Export<'a> {
    /// Where it stands.
    pub database: &'a Database,
    /// The key that checkpoints verify under.
    pub log: &'a VerifierKey,
    /// The key that receipts verify under.
    pub receipts: &'a VerifierKey,
    /// What is shown.
    pub disclosures: Disclosures<'a>,
    /// The signed note to export under; the newest when absent.
    pub checkpoint: Option<&'a str>,
    /// The first entry that is exported: 0, or the first of a tile of 256.
    pub first: u64,
}

/// What was exported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exported {
    /// How many entries.
    pub entries: u64,
    /// The checkpoint that covers them, a signed note. A CSV file carries none: keep this beside it.
    pub checkpoint: String,
}

impl Export<'_> {
    /// Writes the entries that the checkpoint covers as NDJSON.
    pub fn ndjson(&self, mut writer: impl Write) -> Result<Exported, ExportError> {
        let (note, signed) = self.checkpoint()?;
        let header = Header {
            format: FORMAT.to_owned(),
            origin: signed.origin.clone(),
            size: signed.size,
            first: Some(self.first).filter(|first| *first > 0),
            left: self.left()?,
            checkpoint: Some(note.clone()),
            log: self.log.to_string(),
            receipts: self.receipts.to_string(),
        };
        write_line(&mut writer, &header)?;
        self.pages(signed.size, |page, bodies| {
            for row in page {
                let index = row.idx.unsigned_abs();
                if index.is_multiple_of(WIDTH) {
                    write_line(&mut writer, &self.tile(index / WIDTH, signed.size)?)?;
                }
                let body = bodies.iter().find(|body| body.idx == row.idx);
                self.write_entry(&mut writer, row, body)?;
            }
            Ok(())
        })?;
        writer.flush()?;
        Ok(Exported { entries: signed.size - self.first.min(signed.size), checkpoint: note })
    }

    /// Writes the entries that the checkpoint covers as CSV, with a line of column names.
    pub fn csv(&self, writer: impl Write) -> Result<Exported, ExportError> {
        let (note, signed) = self.checkpoint()?;
        let mut writer = csv::Writer::from_writer(writer);
        writer.write_record(table::csv_columns())?;
        self.pages(signed.size, |page, _| {
            for row in page {
                let index = row.idx.unsigned_abs();
                let leaf = Leaf::parse(&row.leaf).map_err(|_| ExportError::Entry(index))?;
                writer.write_record(table::csv_row(&table::cells(index, &leaf, &row.leaf_hash), &row.leaf))?;
            }
            Ok(())
        })?;
        writer.flush()?;
        Ok(Exported { entries: signed.size - self.first.min(signed.size), checkpoint: note })
    }

    /// Writes the entries that the checkpoint covers as Parquet: the columns of the CSV without the leaves.
    pub fn parquet(&self, writer: impl Write) -> Result<Exported, ExportError> {
        let (note, signed) = self.checkpoint()?;
        let mut writer = ParquetWriter::new(writer, self.first)?;
        self.pages(signed.size, |page, _| {
            for row in page {
                let index = row.idx.unsigned_abs();
                let leaf = Leaf::parse(&row.leaf).map_err(|_| ExportError::Entry(index))?;
                writer.push(&table::cells(index, &leaf, &row.leaf_hash))?;
            }
            Ok(())
        })?;
        writer.finish(&note)?;
        Ok(Exported { entries: signed.size - self.first.min(signed.size), checkpoint: note })
    }

    pub(super) fn checkpoint(&self) -> Result<(String, Checkpoint), ExportError> {
        let note = match self.checkpoint {
            Some(note) => note.to_owned(),
            None => self.database.read(rows::latest_checkpoint)?.ok_or(ExportError::NoCheckpoint)?.note,
        };
        let signed = Checkpoint::open(&note, self.log)?;
        Ok((note, signed))
    }

    fn pages(
        &self,
        size: u64,
        mut write: impl FnMut(&[EntryRow], &[BodyRow]) -> Result<(), ExportError>,
    ) -> Result<(), ExportError> {
        let size = i64::try_from(size).unwrap_or(i64::MAX);
        let mut next = i64::try_from(self.first).unwrap_or(i64::MAX);
        while next < size {
            let page = self.database.read(|connection| entry::page(connection, next, PAGE.min(size - next)))?;
            let is_dense = page.iter().zip(next..).all(|(row, index)| row.idx == index);
            let Some(last) = page.last().filter(|_| is_dense).map(|last| last.idx) else {
                return Err(ExportError::Entry(next.unsigned_abs()));
            };
            let bodies = match self.disclosures {
                Disclosures::None => Vec::new(),
                Disclosures::All(_) => self.database.read(|connection| entry::bodies(connection, next, last))?,
            };
            write(&page, &bodies)?;
            next = last + 1;
        }
        Ok(())
    }

    /// What the entries before the first amount to; `None` when there are none.
    fn left(&self) -> Result<Option<String>, ExportError> {
        if self.first == 0 {
            return Ok(None);
        }
        let left = self.database.snapshot(|connection| StoredTiles::open(connection)?.left_of(self.first))?;
        Ok(Some(BASE64_STANDARD.encode(left.subtrees().concat())))
    }

    /// The hashes of a tile as far as the checkpoint covers it; the ledger may have grown since.
    fn tile(&self, number: u64, size: u64) -> Result<TileLine, ExportError> {
        let width = size.saturating_sub(number * WIDTH).min(WIDTH);
        let hashes: Vec<Hash> =
            self.database.snapshot(|connection| StoredTiles::open(connection)?.hashes(0, number, width))?;
        Ok(TileLine { tile: number, hashes: BASE64_STANDARD.encode(hashes.concat()) })
    }

    fn write_entry(&self, writer: &mut impl Write, row: &EntryRow, body: Option<&BodyRow>) -> Result<(), ExportError> {
        let index = row.idx.unsigned_abs();
        let unreadable = || ExportError::Entry(index);
        let members = canonical::members(&row.leaf).map_err(|_| unreadable())?;
        let commitments = members.iter().find(|(name, _)| *name == "c").ok_or_else(unreadable)?;
        let names: Vec<&str> =
            canonical::members(commitments.1).map_err(|_| unreadable())?.iter().map(|(name, _)| *name).collect();
        let openings = match (self.disclosures, body) {
            (Disclosures::All(keys), Some(body)) => {
                let leaf = Leaf::parse(&row.leaf).map_err(|_| unreadable())?;
                open_row(body, &leaf, keys, self.log.name())?.unwrap_or_default()
            }
            _ => Vec::new(),
        };
        write_line(writer, &entry_line(index, &row.leaf, &row.leaf_hash, &names, &openings))
    }
}

fn write_line(writer: &mut impl Write, line: &impl serde::Serialize) -> Result<(), ExportError> {
    serde_json::to_writer(&mut *writer, line)?;
    Ok(writer.write_all(b"\n")?)
}
