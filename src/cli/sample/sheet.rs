//! From rows to a file as a department sends it: some rows dirty, some incomplete, a few refused, a few twice.

use std::io::Write;

use encoding_rs::GB18030;

use crate::catalogue::{Catalogue, Item, Vintage};
use crate::domain::Date;

use super::draw::Draw;
use super::row::{Kind, Row};
use super::soil::{Break, break_row, soil};
use super::{Expected, SampleEncoding, SampleFile};

/// What a file is like.
#[derive(Clone, Copy, Debug)]
pub(super) struct Recipe {
    pub(super) item: &'static str,
    pub(super) vintage: &'static str,
    /// The file's name without date and ending.
    pub(super) stem: &'static str,
    pub(super) received_on: Date,
    pub(super) encoding: SampleEncoding,
    pub(super) header: Header,
    pub(super) breaks: &'static [Break],
    /// Required columns of which some rows lack the cell.
    pub(super) lacks: &'static [&'static str],
}

/// How the columns are named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Header {
    /// As the rows name them.
    Given,
    /// By the Chinese titles of the fields that they fill, with the star of "required" where it is due.
    Titles,
}

/// One row in so many gets dirt, in percent.
const DIRTY_PERCENT: usize = 20;
/// A file of so many rows has one more row of each kind of fault.
const ROWS_PER_FAULT: usize = 80;

/// Head targets have no field whose title they could have.
const HEAD_TITLES: [(&str, &str); 3] = [
    ("subject.category", "行政相对人类别"),
    ("subject.uscc", "行政相对人代码_1（统一社会信用代码）"),
    ("subject.registrationNo", "行政相对人代码_2（工商注册号）"),
];

/// The file; `None` when the catalogue has no such item or vintage, or there are no rows.
pub(super) fn finish(
    recipe: &Recipe,
    mut rows: Vec<Row>,
    (catalogue, today): (&Catalogue, Date),
    draw: &mut Draw,
) -> Option<SampleFile> {
    let item = catalogue.item_by_text(recipe.item)?;
    let vintage = item.vintage(Some(recipe.vintage))?;
    let columns: Vec<&'static str> = rows.first()?.cells.iter().map(|cell| cell.column).collect();
    let faults = 1 + rows.len() / ROWS_PER_FAULT;
    let broken = broken_rows(recipe, &rows, (faults, today), draw);
    lack(recipe, &mut rows, faults, draw);
    for row in rows.iter_mut().filter(|row| !row.exact) {
        if draw.chance(DIRTY_PERCENT) {
            soil(row, draw);
        }
    }
    let twice: Vec<Row> = (0..faults).filter_map(|_| rows.get(draw.below(rows.len())).cloned()).collect();
    let expected = Expected {
        rows: count(rows.len() + broken.len() + twice.len()),
        rejected: count(broken.len()),
        duplicates: count(twice.len()),
        incomplete: count(rows.iter().filter(|row| row.incomplete).count()),
        late: count(rows.iter().filter(|row| row.late).count()),
    };
    rows.extend(broken.into_iter().chain(twice));
    draw.shuffle(&mut rows);
    let header: Vec<String> = match recipe.header {
        Header::Given => columns.iter().map(ToString::to_string).collect(),
        Header::Titles => columns.iter().map(|column| title(column, item, vintage)).collect(),
    };
    Some(SampleFile {
        item: item.code.clone(),
        vintage: recipe.vintage.to_owned(),
        name: format!("{}_{}.csv", recipe.stem, recipe.received_on.strftime("%Y%m%d")),
        received_on: recipe.received_on,
        encoding: recipe.encoding,
        bytes: encode(&header, &rows, recipe.encoding),
        expected,
    })
}

fn count(rows: usize) -> u64 {
    rows as u64
}

/// Rows that the importer must refuse: `each` of every kind that fits some row.
fn broken_rows(recipe: &Recipe, rows: &[Row], (each, today): (usize, Date), draw: &mut Draw) -> Vec<Row> {
    let mut broken = Vec::new();
    for &how in recipe.breaks {
        for _ in 0..each {
            let start = draw.below(rows.len());
            let candidates = rows.iter().cycle().skip(start).take(rows.len()).cloned();
            broken.extend(candidates.map(|mut row| break_row(&mut row, how, today).then_some(row)).find_map(|row| row));
        }
    }
    broken
}

/// Takes a required cell from some rows.
fn lack(recipe: &Recipe, rows: &mut [Row], each: usize, draw: &mut Draw) {
    for column in recipe.lacks {
        for _ in 0..each {
            let at = draw.below(rows.len());
            let Some(row) = rows.get_mut(at).filter(|row| !row.exact) else { continue };
            if let Some(cell) = row.filled_column(column) {
                cell.text.clear();
                cell.kind = Kind::Spare;
                row.incomplete = true;
            }
        }
    }
}

fn title(column: &str, item: &Item, vintage: &Vintage) -> String {
    let target = vintage.targets(column).and_then(<[String]>::first).map_or(column, String::as_str);
    let head = HEAD_TITLES.iter().find(|(head, _)| *head == target).map(|(_, title)| format!("{title}*"));
    let field = || item.field(target).map(|(_, field)| field.title.zh.clone());
    head.or_else(field).unwrap_or_else(|| column.to_owned())
}

fn encode(header: &[String], rows: &[Row], encoding: SampleEncoding) -> Vec<u8> {
    let terminator = match encoding {
        SampleEncoding::Utf8 => csv::Terminator::Any(b'\n'),
        SampleEncoding::Utf8BomCrlf | SampleEncoding::Gb18030Crlf => csv::Terminator::CRLF,
    };
    let mut text = Vec::new();
    let mut writer = csv::WriterBuilder::new().terminator(terminator).from_writer(&mut text);
    let written = write(&mut writer, header, rows);
    // INVARIANT: writing rows of one width into memory cannot fail.
    debug_assert!(written.is_ok(), "{written:?}");
    drop(writer);
    match encoding {
        SampleEncoding::Utf8 => text,
        SampleEncoding::Utf8BomCrlf => [b"\xef\xbb\xbf".as_slice(), &text].concat(),
        SampleEncoding::Gb18030Crlf => GB18030.encode(&String::from_utf8_lossy(&text)).0.into_owned(),
    }
}

fn write(writer: &mut csv::Writer<impl Write>, header: &[String], rows: &[Row]) -> csv::Result<()> {
    writer.write_record(header)?;
    for row in rows {
        writer.write_record(row.cells.iter().map(|cell| &cell.text))?;
    }
    writer.flush().map_err(csv::Error::from)
}
