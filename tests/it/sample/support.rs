//! What the tests of the sample share: the shipped policies, a sink that keeps records, files as text.

use std::convert::Infallible;
use std::path::Path;
use std::sync::LazyLock;

use chengxin::catalogue::{Catalogue, Departments, RulePacks, load_calendar};
use chengxin::cli::sample::{Sample, SampleEncoding, SampleFile, SampleSize};
use chengxin::domain::Date;
use chengxin::domain::calendar::WorkingCalendar;
use chengxin::exchange::import::{
    self, ImportContext, PreparedRecord, Progress, QualityReport, RecordSink, Reject, Watch, Written,
};

pub const TODAY: Date = jiff::civil::date(2026, 11, 23);
pub const SIZE: SampleSize = SampleSize { firms: 120, individual_businesses: 40, persons: 40 };

pub struct Policies {
    pub catalogue: Catalogue,
    pub departments: Departments,
    pub packs: RulePacks,
    pub calendar: WorkingCalendar,
}

pub static POLICIES: LazyLock<Policies> = LazyLock::new(|| {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("policies");
    let departments = Departments::load(&folder.join("departments.toml")).unwrap();
    let catalogue = Catalogue::load_among(&folder.join("catalogue"), &departments).unwrap();
    let packs = RulePacks::load(&folder.join("rules")).unwrap();
    Policies { catalogue, departments, packs, calendar: load_calendar(&folder.join("calendar.toml")).unwrap() }
});

pub static SAMPLE: LazyLock<Sample> = LazyLock::new(|| sample(7));

pub fn sample(seed: u64) -> Sample {
    Sample::generate(seed, SIZE, &POLICIES.catalogue, TODAY)
}

/// The text of a file, read as its encoding says.
pub fn text(file: &SampleFile) -> String {
    let bytes = file.bytes.as_slice();
    match file.encoding {
        SampleEncoding::Utf8 => String::from_utf8(bytes.to_vec()).unwrap(),
        SampleEncoding::Utf8BomCrlf => {
            String::from_utf8(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap().to_vec()).unwrap()
        }
        SampleEncoding::Gb18030Crlf => {
            encoding_rs::GB18030.decode_without_bom_handling_and_without_replacement(bytes).unwrap().into_owned()
        }
    }
}

/// Header and rows of a text.
pub fn rows(text: &str) -> Vec<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes());
    reader.records().map(|row| row.unwrap().iter().map(str::to_owned).collect()).collect()
}

/// Keeps every record.
#[derive(Default)]
pub struct Kept(pub Vec<PreparedRecord>);

impl RecordSink for Kept {
    type Error = Infallible;

    fn write(&mut self, batch: &[PreparedRecord]) -> Result<Vec<Written>, Infallible> {
        self.0.extend(batch.iter().cloned());
        Ok(vec![Written::Inserted; batch.len()])
    }
}

struct Nobody;

impl Watch for Nobody {
    fn rejected(&mut self, _: &Reject) -> std::io::Result<()> {
        Ok(())
    }

    fn progress(&mut self, _: Progress) {}
}

/// Imports bytes as a file of an item that came in on this day.
pub fn import(bytes: &[u8], (item, vintage): (&str, &str), received_on: Date) -> (QualityReport, Vec<PreparedRecord>) {
    let item = POLICIES.catalogue.item_by_text(item).unwrap();
    let vintage = item.vintage(Some(vintage)).unwrap();
    let context = ImportContext {
        item,
        vintage,
        departments: &POLICIES.departments,
        pack: POLICIES.packs.in_force(TODAY),
        calendar: &POLICIES.calendar,
        received_on,
        legal_basis: Some("a test"),
    };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rows.csv");
    std::fs::write(&path, bytes).unwrap();
    let mut sink = Kept::default();
    let report = import::run(import::open(&path, vintage).unwrap(), &context, &mut sink, &mut Nobody).unwrap();
    (report, sink.0)
}

/// Imports a file of the sample.
pub fn import_file(file: &SampleFile) -> (QualityReport, Vec<PreparedRecord>) {
    import(&file.bytes, (file.item.as_str(), &file.vintage), file.received_on)
}
