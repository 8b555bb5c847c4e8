//! The sample for load: made row by row, ten clean records a firm, five of them public.

use std::collections::BTreeMap;

use chengxin::cli::sample::{LargePart, LargeSample};
use chengxin::domain::RecordState;
use strum::IntoEnumIterator;

use super::support::{TODAY, import};

#[test]
fn each_firm_has_ten_records_of_which_five_are_public() {
    let sample = LargeSample::new(1, 40, TODAY);
    let (mut records, mut public) = (BTreeMap::<String, u32>::new(), BTreeMap::<String, u32>::new());
    for part in LargePart::iter() {
        let mut bytes = Vec::new();
        let written = sample.write(part, &mut bytes).unwrap();
        let (report, prepared) = import(&bytes, (part.item(), part.vintage()), TODAY);
        assert_eq!((report.rows, report.accepted, report.incomplete), (written, written, 0), "{report}");
        assert_eq!(report.unknown_columns, Vec::<String>::new());
        for record in prepared {
            let code = record.subject.identifiers[0].1.expose().to_owned();
            *records.entry(code.clone()).or_default() += 1;
            if record.state == RecordState::Current && record.windows.is_public_on(TODAY) {
                *public.entry(code).or_default() += 1;
            }
        }
    }
    let codes: Vec<String> = (0..sample.firms()).map(|at| sample.uscc(at)).collect();
    assert_eq!(records.len(), codes.len());
    for code in codes {
        assert_eq!((records[&code], public[&code]), (LargeSample::RECORDS_PER_FIRM, LargeSample::PUBLIC_PER_FIRM));
    }
}

#[test]
fn rows_come_one_by_one() {
    // Ten million records would not be there at once: what is asked for is made, and no more.
    let sample = LargeSample::new(1, LargeSample::FIRMS_MAX, TODAY);
    let rows: Vec<Vec<String>> = sample.rows(LargePart::AdministrativeLicence).take(10_000).collect();
    assert_eq!(rows.len(), 10_000);
    assert!(rows.iter().all(|row| row.len() == rows[0].len()));
    let last = sample.rows(LargePart::Registration).take(3).last().unwrap();
    assert!(last.contains(&sample.uscc(1)), "the third line is about the second firm");
}

#[test]
fn the_same_seed_gives_the_same_firms_and_no_more_than_there_are() {
    let sample = LargeSample::new(5, u32::MAX, TODAY);
    assert_eq!(sample.firms(), LargeSample::FIRMS_MAX);
    assert_eq!(sample.uscc(17), LargeSample::new(5, 20, TODAY).uscc(17));
    assert_ne!(sample.uscc(17), LargeSample::new(6, 20, TODAY).uscc(17));
    let first = |seed| LargeSample::new(seed, 3, TODAY).rows(LargePart::AdministrativePenalty).collect::<Vec<_>>();
    assert_eq!(first(5), first(5));
}
