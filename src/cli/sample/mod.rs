//! The sample of the demo and of the load benchmark: files as departments really send them, about firms and persons
//! that cannot exist. Seeded: the same seed, size and day give the same bytes.
//!
//! Deliberately absent: the importer. The files go through it like anybody's, and `Expected` says what it must count.

mod authority;
mod draw;
mod facts;
mod firm;
mod large;
mod licence;
mod listing;
mod penalty;
mod person;
mod plan;
mod row;
mod sheet;
mod soil;
mod standing;
mod subject;
mod world;

use strum::{EnumIter, IntoStaticStr};

use crate::catalogue::Catalogue;
use crate::domain::{Date, ItemCode};

pub use facts::{SampleFacts, ShowcasePenalties};
pub use large::{LargePart, LargeSample};

use draw::Draw;
use world::World;

/// How many subjects a sample is about, at most [`SampleSize::MAX`] of each kind; [`LargeSample`] has no such limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SampleSize {
    /// Organizations, the showcase firm and the firm beside it among them; at least 2 are made.
    pub firms: u32,
    /// Individual businesses (个体工商户).
    pub individual_businesses: u32,
    /// Natural persons, the showcase person among them; at least 1 is made.
    pub persons: u32,
}

impl SampleSize {
    /// The most subjects of one kind.
    pub const MAX: u32 = 30_000;
    /// Enough to look at, quick to import.
    pub const DEMO: Self = Self { firms: 300, individual_businesses: 60, persons: 60 };
}

impl Default for SampleSize {
    fn default() -> Self {
        Self::DEMO
    }
}

/// Generated files and what is known of them.
#[derive(Clone, Debug)]
pub struct Sample {
    /// The files, in the order in which they came in.
    pub files: Vec<SampleFile>,
    /// Where to look, and what must be found.
    pub facts: SampleFacts,
}

/// One file as a department sends it: CSV with a header row.
#[derive(Clone, Debug)]
pub struct SampleFile {
    /// The catalogue item it holds.
    pub item: ItemCode,
    /// The vintage of its columns.
    pub vintage: String,
    /// Its name, such as `行政许可_20261122.csv`.
    pub name: String,
    /// The day it came in, from which timeliness is counted. The importer must be given it: taken as of another day,
    /// other rows are late.
    pub received_on: Date,
    /// How its text is encoded and its lines end.
    pub encoding: SampleEncoding,
    /// The file itself.
    pub bytes: Vec<u8>,
    /// What the importer must count.
    pub expected: Expected,
}

/// How the text of a file is encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, EnumIter, IntoStaticStr)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum SampleEncoding {
    /// UTF-8, lines ended by LF.
    Utf8,
    /// UTF-8 with a byte order mark, lines ended by CR LF, as a spreadsheet saves it.
    Utf8BomCrlf,
    /// GB18030, lines ended by CR LF.
    Gb18030Crlf,
}

/// What the importer must count in a file, under the shipped catalogue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Expected {
    /// Rows below the header.
    pub rows: u64,
    /// Rows that must be refused.
    pub rejected: u64,
    /// Rows that repeat an earlier one.
    pub duplicates: u64,
    /// Accepted rows that lack something required.
    pub incomplete: u64,
    /// Accepted rows that came later than seven working days after the decision, where the item asks for that.
    pub late: u64,
}

impl Expected {
    /// Rows that must be imported.
    pub fn accepted(&self) -> u64 {
        self.rows - self.rejected - self.duplicates
    }
}

impl Sample {
    /// Generates a sample as of `today`. Items that the catalogue does not have are left out.
    pub fn generate(seed: u64, size: SampleSize, catalogue: &Catalogue, today: Date) -> Self {
        let world = World::new(seed, size, today);
        let mut files = Vec::new();
        for (stream, (recipe, rows)) in (1_000..).zip(plan::sheets(&world, seed)) {
            let mut draw = Draw::new(seed, stream);
            files.extend(sheet::finish(&recipe, rows, (catalogue, today), &mut draw));
        }
        files.sort_by_key(|file| file.received_on);
        let facts = SampleFacts::of(&world, &files);
        Self { files, facts }
    }
}
