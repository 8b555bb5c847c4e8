//! `chengxin import` from file to database: real licences, the same file twice, a kill in the middle.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use chengxin::config::Config;
use chengxin::store::schema::{batches, record_index, record_versions, records, subjects};
use chengxin::store::{Database, MigrationSet};
use diesel::prelude::*;
use serde_json::{Value, json};

use crate::support::process::Place;

/// How many rows each table has.
#[derive(Debug, PartialEq, Eq)]
struct Rows {
    records: i64,
    versions: i64,
    subjects: i64,
    index: i64,
}

fn registry(place: &Place) -> Database {
    let config = Config::load(&place.path("chengxin.toml")).unwrap();
    Database::open(&config.registry, MigrationSet::Registry, 1).unwrap()
}

fn rows(database: &Database) -> Rows {
    let count = |connection: &mut _| {
        Ok(Rows {
            records: records::table.count().get_result(connection)?,
            versions: record_versions::table.count().get_result(connection)?,
            subjects: subjects::table.count().get_result(connection)?,
            index: record_index::table.count().get_result(connection)?,
        })
    };
    database.snapshot(count).unwrap()
}

/// A file of another item, or with its columns under other names, is no success because nothing broke.
#[test]
fn a_file_of_which_no_row_is_accepted_ends_as_failed_with_its_report_and_its_entry() {
    let place = Place::empty("sqlite:registry.db", "sqlite:ledger.db");
    std::fs::write(place.path("wrong.csv"), "XK_XDR_MC,XK_XDR_SHXYM\n东营样例有限公司,91370502MA9AAAA011\n").unwrap();
    let output = place.run(&["import", "--config", "chengxin.toml", "--item", "administrative-licence", "wrong.csv"]);
    let (told, reported) = (String::from_utf8_lossy(&output.stderr), String::from_utf8_lossy(&output.stdout));
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(told.contains("no row of `wrong.csv` was accepted"), "{told}");
    assert!(reported.contains("拒收 rejected"), "{reported}");
    assert!(place.path("wrong.csv.rejects.csv").exists());
    let entries = place.succeed(&[
        "ledger",
        "export",
        "--config",
        "chengxin.toml",
        "--by",
        "me",
        "--reason",
        "test",
        "--format",
        "csv",
    ]);
    assert_eq!(entries.matches(",IMPORT,").count(), 1, "{entries}");
}

fn import(place: &Place, file: &str) -> Value {
    let arguments = ["import", "--config", "chengxin.toml", "--item", "administrative-licence", "--json", file];
    serde_json::from_str(&place.succeed(&arguments)).unwrap()
}

#[test]
fn the_real_licences_are_all_taken_once_and_what_they_lack_is_told() {
    let Some(folder) = std::env::var_os("CHENGXIN_REAL_DATA") else {
        println!("CHENGXIN_REAL_DATA is not set: the published licences were left out");
        return;
    };
    let place = Place::empty("sqlite:registry.db", "sqlite:ledger.db");
    std::fs::copy(PathBuf::from(folder).join("licences.csv"), place.path("real.csv")).unwrap();
    let first = import(&place, "real.csv");
    assert_eq!([&first["rows"], &first["accepted"], &first["inserted"]], [47, 47, 47], "{first}");
    assert_eq!((&first["rejected"], &first["duplicates"]), (&json!(0), &json!(0)), "{first}");
    // What the public report leaves out and the exchange standard asks for.
    assert_eq!(first["incomplete"], 47);
    let lacking = json!({ "XK_FRDB": 47, "XK_LYDWDM": 47, "XK_XKJGDM": 47, "XK_YXQZ": 8, "XK_YXQZI": 1, "XK_ZT": 47 });
    assert_eq!(first["incompleteByColumn"], lacking);
    let database = registry(&place);
    let after_first = rows(&database);
    assert_eq!((after_first.records, after_first.versions, after_first.subjects), (47, 47, 6), "{after_first:?}");
    let again = import(&place, "real.csv");
    assert_eq!(
        [&again["accepted"], &again["inserted"], &again["updated"], &again["unchanged"]],
        [47, 0, 0, 47],
        "{again}"
    );
    assert_eq!(rows(&database), after_first);
    assert!(!place.path("real.csv.rejects.csv").exists(), "there is nothing to list");
}

/// Licences of ten fictitious firms.
fn many(rows: usize) -> String {
    let firms: Vec<_> = (0..10)
        .map(|firm| chengxin::domain::identifier::Uscc::with_check(&format!("91370502MA9AAAA{firm}0")).unwrap())
        .collect();
    let mut text = String::from(
        "XK_XDR_MC,XK_XDR_LB,XK_XDR_SHXYM,XK_FRDB,XK_FR_ZJLX,XK_FR_ZJHM,XK_XKWS,XK_WSH,XK_XKLB,XK_NR,XK_JDRQ,XK_YXQZ,XK_YXQZI,XK_XKJG,XK_LYDW\n",
    );
    for row in 0..rows {
        let firm = row % firms.len();
        writeln!(
            text,
            "东营测试{firm}有限公司,法人及非法人组织,{},张测试,身份证,11010519491231002X,准予行政许可决定书,东测许〔2026〕{row}号,普通,道路货物运输,2026-11-16,2026-11-16,2099-12-31,市行政审批服务局,市行政审批服务局",
            firms[firm].as_str()
        )
        .unwrap();
    }
    text
}

/// Records whose versions or index rows are not those that a whole record of this file has.
fn halves(database: &Database) -> Vec<Vec<u8>> {
    let tally = |ids: Vec<Vec<u8>>| {
        ids.into_iter().fold(BTreeMap::<Vec<u8>, usize>::new(), |mut counts, id| {
            *counts.entry(id).or_default() += 1;
            counts
        })
    };
    database
        .snapshot(|on| {
            let all: Vec<Vec<u8>> = records::table.select(records::id).load(on)?;
            let versions = tally(record_versions::table.select(record_versions::id).load(on)?);
            let index = tally(record_index::table.select(record_index::record).load(on)?);
            assert_eq!(versions.len(), all.len(), "a version without a record");
            let whole = index.values().copied().max().unwrap_or(0);
            Ok(all
                .into_iter()
                .filter(|id| versions.get(id) != Some(&1) || index.get(id).copied().unwrap_or(0) != whole)
                .collect())
        })
        .unwrap()
}

#[test]
fn an_import_that_is_killed_leaves_whole_records_and_the_next_one_completes_it() {
    const TOTAL: usize = 20_000;
    let place = Place::empty("sqlite:registry.db", "sqlite:ledger.db");
    std::fs::write(place.path("many.csv"), many(TOTAL)).unwrap();
    let database = registry(&place);
    let mut found = Vec::new();
    for _ in 0..3 {
        let before = rows(&database).records;
        let arguments = ["import", "--config", "chengxin.toml", "--item", "administrative-licence", "many.csv"];
        let mut child = place.command(&arguments).stdout(std::process::Stdio::null()).spawn().unwrap();
        let deadline = Instant::now() + Duration::from_mins(1);
        while rows(&database).records == before {
            assert!(Instant::now() < deadline, "nothing is imported");
            assert!(child.try_wait().unwrap().is_none(), "the import ended before it could be killed");
            std::thread::park_timeout(Duration::from_millis(1));
        }
        child.kill().unwrap();
        child.wait().unwrap();
        let left = rows(&database);
        assert_eq!(left.records, left.versions);
        assert_eq!(halves(&database), Vec::<Vec<u8>>::new());
        found.push(left.records);
    }
    let killed = *found.last().unwrap();
    assert!(killed > 0 && killed < i64::try_from(TOTAL).unwrap(), "{found:?}");
    let report = import(&place, "many.csv");
    let total = i64::try_from(TOTAL).unwrap();
    assert_eq!((&report["inserted"], &report["unchanged"]), (&json!(total - killed), &json!(killed)), "{report}");
    let after = rows(&database);
    assert_eq!((after.records, after.versions, after.subjects), (total, total, 10), "{after:?}");
    assert_eq!(halves(&database), Vec::<Vec<u8>>::new());
    // Only the batch that came to its end has a report.
    let reports: Vec<String> = database.read(|on| Ok(batches::table.select(batches::report).load(on)?)).unwrap();
    assert_eq!((reports.len(), reports.iter().filter(|report| !report.is_empty()).count()), (4, 1));
    println!("killed after {found:?} of {TOTAL} rows; nothing half, nothing twice");
}

#[test]
fn a_file_that_is_not_there_or_of_another_item_is_refused_and_nothing_is_written() {
    let place = Place::empty("sqlite:registry.db", "sqlite:ledger.db");
    std::fs::write(place.path("other.csv"), "a,b\n1,2\n").unwrap();
    for (item, file, told) in [
        ("administrative-licence", "nothing.csv", "nothing.csv"),
        ("no-such-item", "other.csv", "no-such-item"),
        ("administrative-licence", "other.csv", "other.csv"),
    ] {
        let output = place.run(&["import", "--config", "chengxin.toml", "--item", item, file]);
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{text}");
        assert!(text.lines().any(|line| line.starts_with("chengxin: ") && line.contains(told)), "{text}");
    }
    assert_eq!(rows(&registry(&place)).records, 0);
}
