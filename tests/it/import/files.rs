//! Whole files: encodings, delimiters, workbooks, broken and hostile ones, repeated imports.

use chengxin::exchange::import::{self, ImportError, PreparedRecord, Reason, RecordSink, Written};
use proptest::prelude::*;

use super::support::*;

/// What must not depend on how a file is written.
fn said(outcome: &Outcome) -> Vec<String> {
    outcome.records.iter().map(|record| record.content_text().expose().to_owned()).collect()
}

#[test]
fn one_content_is_read_alike_in_every_encoding_delimiter_and_order() {
    let rows: Vec<Cells> = (1..=5).map(licence).collect();
    let text = csv(&rows, ',');
    let expected = said(&import(&licences(), &text).unwrap());
    assert_eq!(expected.len(), 5);
    let gb18030 = encoding_rs::GB18030.encode(&text).0.into_owned();
    let turned: Vec<Cells> = rows.iter().map(|row| Cells(row.0.iter().rev().cloned().collect())).collect();
    let titled = text.replacen("XK_XDR_MC", "行政相对人名称", 1).replacen("XK_JDRQ", "xk_jdrq", 1);
    for (what, bytes, format) in [
        ("BOM", [b"\xef\xbb\xbf", text.as_bytes()].concat(), "CSV, UTF-8, comma"),
        ("GB18030", gb18030, "CSV, gb18030, comma"),
        ("CRLF", text.replace('\n', "\r\n").into_bytes(), "CSV, UTF-8, comma"),
        ("tabs", csv(&rows, '\t').into_bytes(), "CSV, UTF-8, tab"),
        ("semicolons", csv(&rows, ';').into_bytes(), "CSV, UTF-8, semicolon"),
        ("columns turned round", csv(&turned, ',').into_bytes(), "CSV, UTF-8, comma"),
        ("a Chinese title and a lower-case code", titled.into_bytes(), "CSV, UTF-8, comma"),
        (
            "a title above and blank lines",
            format!("行政许可信息,,\n\n{text}\n,,,\n\n").into_bytes(),
            "CSV, UTF-8, comma",
        ),
    ] {
        let outcome = import(&licences(), bytes).unwrap_or_else(|error| panic!("{what}: {error}"));
        assert_eq!(said(&outcome), expected, "{what}");
        assert_eq!(outcome.report.format, format, "{what}");
        assert_eq!(outcome.report.rows, 5, "{what}");
    }
}

#[test]
fn quoted_line_breaks_stay_in_their_cell_and_lines_stay_right() {
    let rows = [licence(1).with("XK_NR", "第一项\r\n第二项，\"引号\""), licence(2).with("XK_JDRQ", "x")];
    let outcome = import(&licences(), csv(&rows, ',')).unwrap();
    assert_eq!(outcome.records[0].private["content"].expose(), "第一项\r\n第二项，\"引号\"");
    assert_eq!(outcome.rejects[0].line, 4);
}

#[test]
fn unknown_columns_are_named_once_and_left_out() {
    let rows: Vec<Cells> = (1..=3).map(|number| licence(number).with("内部编号", "17")).collect();
    let outcome = import(&licences(), csv(&rows, ',')).unwrap();
    assert_eq!(outcome.report.unknown_columns, ["内部编号"]);
    assert_eq!(outcome.report.warnings[&Reason::UnknownColumn], 1);
    assert_eq!(outcome.report.accepted, 3);
}

#[test]
fn a_duplicated_header_rejects_the_file() {
    let text = licence(1).csv().replacen("XK_XKWS", " xk_wsh ", 1);
    let error = import(&licences(), text).map(|_| ()).unwrap_err();
    assert_eq!(error, "the file is rejected: column `XK_WSH` stands twice in the header (columns 5 and 6)");
}

#[test]
fn files_that_are_no_table_are_refused_with_a_reason_and_without_their_content() {
    let text = licence(1).csv();
    let binary: Vec<u8> = (0..4096_u32).map(|at| at.wrapping_mul(2_654_435_761).to_be_bytes()[1]).collect();
    let no_header = text.lines().skip(1).collect::<Vec<_>>().join("\n");
    let mut cut = text.clone().into_bytes();
    cut[text.find("测试").unwrap() + 1] = b'!';
    let utf_16: Vec<u8> = [0xff, 0xfe].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    let other = penalty(1).csv();
    for (what, bytes, expected) in [
        ("empty", Vec::new(), "the file has no rows"),
        ("blank", b"\n\n  \n".to_vec(), "the file has no rows"),
        ("binary", binary, "this is neither text nor a workbook"),
        ("no header", no_header.into_bytes(), "no known column name was found"),
        ("another item's header", other.into_bytes(), "no known column name was found"),
        ("damaged UTF-8", cut, "the text is not UTF-8"),
        ("neither encoding", b"XK_WSH,XK_NR\n\x81\x20,\xff\xff\n".to_vec(), "the text is not UTF-8 nor GB18030"),
        ("UTF-16", utf_16, "UTF-16"),
        ("a zip that is no workbook", b"PK\x03\x04 and nothing more".to_vec(), "the workbook cannot be read"),
        (
            "an old workbook's first bytes",
            [&[0xd0, 0xcf, 0x11, 0xe0][..], &[7; 600]].concat(),
            "the workbook cannot be read",
        ),
    ] {
        let error = import(&licences(), bytes).map(|_| ()).expect_err(what);
        assert!(error.contains(expected), "{what}: {error}");
        assert!(!error.contains("测试") && !error.contains("91370500"), "{what}: {error}");
    }
}

#[test]
fn a_huge_cell_rejects_its_row_and_an_open_quotation_mark_cannot_fill_the_memory() {
    let rows = [licence(1).with("XK_NR", "长".repeat(30_000)), licence(2)];
    let outcome = import(&licences(), csv(&rows, ',')).unwrap();
    assert_eq!((outcome.report.accepted, outcome.reasons()), (1, vec![Reason::CellTooLong]));

    let long = licence(1).with("XK_NR", "长".repeat(4001));
    assert_eq!(import(&licences(), long.csv()).unwrap().report.warnings[&Reason::OverLength], 1);

    let open = format!("{}\"{}", licence(1).csv(), "a,b\n".repeat(2_000_000));
    let error = import(&licences(), open).map(|_| ()).unwrap_err();
    assert!(error.contains("a quotation mark is probably not closed") && error.contains("(after 1 rows)"), "{error}");
}

#[test]
fn a_row_wider_than_the_header_is_rejected_since_its_values_may_have_moved() {
    let text = licence(1).csv();
    let wider = format!("{},17\n", text.trim_end());
    assert_eq!(import(&licences(), wider).unwrap().reasons(), [Reason::TooManyCells]);
    let empty_cells = format!("{},,,\n", text.trim_end());
    assert_eq!(import(&licences(), empty_cells).unwrap().report.accepted, 1);
    let shorter = text.trim_end().rsplit_once(',').unwrap().0;
    let outcome = import(&licences(), shorter).unwrap();
    assert_eq!(outcome.report.warnings[&Reason::FewerCells], 1);
    assert_eq!(outcome.report.incomplete, 1);
}

#[test]
fn repeated_rows_come_in_once_and_a_differing_one_is_pointed_out() {
    let rows = [licence(1), licence(2), licence(1), licence(2).with("XK_NR", "更正后的内容")];
    let outcome = import(&licences(), csv(&rows, ',')).unwrap();
    let report = &outcome.report;
    assert_eq!((report.rows, report.accepted, report.duplicates), (4, 3, 1));
    assert_eq!((report.inserted, report.updated), (2, 1));
    assert_eq!(report.warnings[&Reason::SameKey], 1);
    assert_eq!(outcome.records[1].private["content"].expose(), "更正后的内容");
}

/// Fails at its second chunk, as a killed import does.
struct Failing(Memory, usize);

#[derive(Debug, thiserror::Error)]
#[error("disk full")]
struct DiskFull;

impl RecordSink for Failing {
    type Error = DiskFull;

    fn write(&mut self, batch: &[PreparedRecord]) -> Result<Vec<Written>, DiskFull> {
        self.1 += 1;
        if self.1 == 2 { Err(DiskFull) } else { Ok(self.0.write(batch).unwrap()) }
    }
}

#[test]
fn an_import_that_broke_off_is_simply_run_again() {
    let rows: Vec<Cells> = (1..=1200).map(licence).collect();
    let (_folder, path) = file("rows.csv", csv(&rows, ','));
    let open = || import::open(&path, licences().vintage).unwrap();
    let mut sink = Failing(Memory::default(), 0);
    let mut notes = Notes::default();
    let error = import::run(open(), &licences(), &mut sink, &mut notes).unwrap_err();
    assert!(matches!(error, ImportError::Sink { rows: 1000, .. }), "{error}");
    let report = import::run(open(), &licences(), &mut sink, &mut notes).unwrap();
    assert_eq!((report.inserted, report.unchanged, report.accepted), (700, 500, 1200));
    let again = import::run(open(), &licences(), &mut sink, &mut notes).unwrap();
    assert_eq!((again.inserted, again.updated, again.unchanged), (0, 0, 1200));
    let last = notes.progress.last().unwrap();
    assert_eq!((last.rows, last.bytes), (1200, std::fs::metadata(&path).unwrap().len()));
}

#[test]
fn an_item_that_may_not_be_collected_needs_a_legal_basis() {
    let item = item("religious-personnel-filing");
    let vintage = &item.vintages[0].id;
    let header: Vec<&str> = item.vintages[0].columns.keys().map(String::as_str).collect();
    let bytes = format!("{}\n", header.join("\t"));
    let error = import(&context(item, vintage), &bytes).map(|_| ()).unwrap_err();
    assert!(error.contains("collecting it is forbidden"), "{error}");
    let mut allowed = context(item, vintage);
    allowed.legal_basis = Some("宗教事务条例");
    assert!(import(&allowed, &bytes).map(|_| ()).is_ok_and(|()| true), "with the law named it is read");
}

#[test]
fn a_workbook_reads_like_its_csv_and_damaged_numbers_are_seen() {
    use rust_xlsxwriter::{Format, Workbook};
    let row = licence(1);
    let mut workbook = Workbook::new();
    workbook.add_worksheet().set_name("说明").unwrap().write_string(0, 0, "填表说明").unwrap();
    let sheet = workbook.add_worksheet();
    sheet.set_name("许可").unwrap().write_string(0, 0, "行政许可信息").unwrap();
    for (column, (name, text)) in (0..).zip(&row.0) {
        sheet.write_string(1, column, *name).unwrap();
        match *name {
            "XK_JDRQ" => sheet.write_number_with_format(2, column, 46_342.0, &Format::new().set_num_format("yyyy/m/d")),
            "XK_YXQZ" => sheet.write_number(2, column, 46_342.0),
            _ => sheet.write_string(2, column, text),
        }
        .unwrap();
    }
    let (_folder, path) = file("rows.xlsx", workbook.save_to_buffer().unwrap());
    let outcome = import_path(&licences(), &path).unwrap();
    assert_eq!(said(&outcome), said(&import(&licences(), row.csv()).unwrap()));
    assert_eq!(outcome.report.format, "workbook, sheet 许可");

    let sheet = workbook.worksheet_from_name("许可").unwrap();
    let column = |name: &str| u16::try_from(row.0.iter().position(|(column, _)| *column == name).unwrap()).unwrap();
    sheet.write_number(2, column("XK_WSH"), 7.0).unwrap();
    let (_folder, path) = file("rows.xlsx", workbook.save_to_buffer().unwrap());
    assert_eq!(import_path(&licences(), &path).unwrap().report.warnings[&Reason::NumberAsText], 1);

    let sheet = workbook.worksheet_from_name("许可").unwrap();
    sheet.write_number(2, column("XK_WSH"), 370_502_199_001_010_017.0).unwrap();
    sheet.write_formula(2, column("XK_NR"), rust_xlsxwriter::Formula::new("=1/0").set_result("#DIV/0!")).unwrap();
    let (_folder, path) = file("rows.xlsx", workbook.save_to_buffer().unwrap());
    assert!(import_path(&licences(), &path).unwrap().reasons().contains(&Reason::DigitsLost));
}

#[test]
fn a_report_speaks_both_languages_and_serializes() {
    let rows = [licence(1), licence(2).with("XK_JDRQ", "x"), licence(3).with("XK_NR", "")];
    let report = import(&licences(), csv(&rows, ',')).unwrap().report;
    let table = report.to_string();
    for part in ["入库 accepted", "合规率 conformity", "33.3 %", "日期无效", "INVALID_DATE", "XK_NR"] {
        assert!(table.contains(part), "{part} in\n{table}");
    }
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(json["rejectedByReason"]["INVALID_DATE"], 1);
    assert_eq!(json["acceptanceRate"], 2.0 / 3.0);
    assert_eq!(json["sha256"].as_str().unwrap().len(), 64);
}

#[test]
fn every_published_licence_passes_as_it_is() {
    #[expect(clippy::disallowed_methods, reason = "a test reads where the real data lie")]
    let Ok(folder) = std::env::var("CHENGXIN_REAL_DATA") else {
        println!("left out: CHENGXIN_REAL_DATA names no folder with licences.csv");
        return;
    };
    let outcome = import_path(&licences(), &std::path::Path::new(&folder).join("licences.csv")).unwrap();
    let report = &outcome.report;
    println!("{report}");
    assert_eq!((report.rows, report.accepted, report.rejected, report.duplicates), (47, 47, 0, 0));
    assert_eq!(report.incomplete, 47, "the file has 12 of the 28 columns");
    for column in ["XK_FRDB", "XK_XKJGDM", "XK_ZT", "XK_LYDWDM"] {
        assert_eq!(report.incomplete_by_column[column], 47, "{column}");
    }
    assert!(report.missing_columns.is_empty(), "no column that every vintage has is missing");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn no_bytes_make_the_reader_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = import(&licences(), [b"XK_WSH,XK_NR,XK_JDRQ\n", &bytes[..]].concat());
        let _ = import(&licences(), [b"PK\x03\x04", &bytes[..]].concat());
    }

    #[test]
    fn no_cell_makes_the_checks_panic(at in 0_usize..22, text in "\\PC{0,40}|[0-9A-Z]{15,19}|[0-9/年月日.-]{6,12}") {
        let mut row = penalty(1);
        row.0[at].1 = text;
        let outcome = import(&penalties(), row.csv()).unwrap();
        prop_assert_eq!(outcome.report.accepted + outcome.report.rejected, outcome.report.rows);
    }
}
