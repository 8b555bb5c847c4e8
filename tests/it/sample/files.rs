//! The files as such: repeatable, complete in their kinds, encoded as declared, with headers that their vintage knows.

use std::collections::BTreeSet;

use chengxin::catalogue::Requirement;
use chengxin::cli::sample::{Sample, SampleEncoding, SampleSize};
use strum::IntoEnumIterator;

use super::support::{POLICIES, SAMPLE, SIZE, TODAY, rows, sample, text};

#[test]
fn the_same_seed_and_day_give_the_same_bytes_and_others_do_not() {
    let (first, again, other) = (sample(7), sample(7), sample(8));
    let bytes = |sample: &Sample| sample.files.iter().map(|file| file.bytes.clone()).collect::<Vec<_>>();
    assert_eq!(bytes(&first), bytes(&again));
    assert_eq!(first.facts.uscc, again.facts.uscc);
    assert_ne!(bytes(&first), bytes(&other));
    assert_ne!(first.facts.uscc, other.facts.uscc);
    let tomorrow = Sample::generate(7, SIZE, &POLICIES.catalogue, TODAY.tomorrow().unwrap());
    assert_ne!(bytes(&first), bytes(&tomorrow));
}

#[test]
fn every_item_occurs_and_penalties_in_all_three_vintages() {
    let shipped: BTreeSet<&str> = POLICIES.catalogue.items().iter().map(|item| item.code.as_str()).collect();
    let occurring: BTreeSet<&str> = SAMPLE.files.iter().map(|file| file.item.as_str()).collect();
    assert_eq!(occurring, shipped);
    assert_eq!(SAMPLE.facts.records.len(), shipped.len());
    assert!(SAMPLE.facts.records.values().all(|count| *count > 0), "{:?}", SAMPLE.facts.records);
    let penalties = SAMPLE.files.iter().filter(|file| file.item.as_str() == "administrative-penalty");
    let vintages: BTreeSet<&str> = penalties.map(|file| file.vintage.as_str()).collect();
    assert_eq!(vintages, BTreeSet::from(["2015", "2018", "provincial"]));
}

#[test]
fn names_of_files_are_different() {
    let names: BTreeSet<&str> = SAMPLE.files.iter().map(|file| file.name.as_str()).collect();
    assert_eq!(names.len(), SAMPLE.files.len());
}

#[test]
fn every_column_is_one_of_the_vintage_and_no_mandatory_one_is_missing() {
    for file in &SAMPLE.files {
        let item = POLICIES.catalogue.item(&file.item).unwrap();
        let vintage = item.vintage(Some(&file.vintage)).unwrap();
        let header = rows(&text(file)).swap_remove(0);
        let mut filled = BTreeSet::new();
        for column in &header {
            let targets = vintage.targets(column);
            filled.extend(targets.unwrap_or_else(|| panic!("{}: `{column}` is not known", file.name)));
        }
        for field in item.fields.iter().filter(|field| field.required == Requirement::Mandatory) {
            assert!(filled.contains(&field.name), "{} has no column for {}", file.name, field.name);
        }
    }
}

#[test]
fn files_are_encoded_as_declared_and_every_encoding_occurs() {
    for file in &SAMPLE.files {
        let text = text(file);
        let (lines, carriage_returns) = (text.matches('\n').count(), text.matches("\r\n").count());
        match file.encoding {
            SampleEncoding::Utf8 => assert_eq!(carriage_returns, 0, "{}", file.name),
            SampleEncoding::Utf8BomCrlf | SampleEncoding::Gb18030Crlf => assert_eq!(carriage_returns, lines),
        }
        if file.encoding == SampleEncoding::Gb18030Crlf {
            assert!(std::str::from_utf8(&file.bytes).is_err(), "{} is UTF-8 as well", file.name);
        }
        assert_eq!(lines as u64, file.expected.rows + 1, "{}", file.name);
    }
    let occurring: BTreeSet<SampleEncoding> = SAMPLE.files.iter().map(|file| file.encoding).collect();
    assert!(SampleEncoding::iter().all(|encoding| occurring.contains(&encoding)));
}

#[test]
fn the_smallest_sample_still_has_its_showcase() {
    let size = SampleSize { firms: 0, individual_businesses: 0, persons: 0 };
    let sample = Sample::generate(1, size, &POLICIES.catalogue, TODAY);
    assert!(sample.files.iter().any(|file| file.item.as_str() == "administrative-licence"));
    assert_ne!(sample.facts.uscc, sample.facts.other_uscc);
    assert!(!sample.facts.citizen_number.is_empty());
}

#[test]
fn items_that_the_catalogue_does_not_have_are_left_out() {
    let empty = chengxin::catalogue::Catalogue::for_tests(Vec::new());
    assert!(Sample::generate(1, SIZE, &empty, TODAY).files.is_empty());
}
