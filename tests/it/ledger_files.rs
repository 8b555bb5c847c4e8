//! The ledger's promises to an auditor: what was changed is found, in an export and in the database, and named.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a helper of tests may stop them")]

use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use chengxin::ledger::proof::{verify_consistency, verify_inclusion};
use chengxin::ledger::tree::{Hash, leaf_hash, root_of};
use chengxin::ledger::{
    Disclosures, Expectation, Export, LedgerKeys, Report, VerifierKey, verify_database, verify_export,
};
use proptest::prelude::*;

use crate::ledger_log::setting::{NOW, ORIGIN, Place, TestBodies, append, keys, ledgers};

fn pinned() -> Expectation {
    Expectation { log: Some(keys(1).log().clone()), ..Expectation::default() }
}

fn verify(file: &[u8], expectation: &Expectation) -> Report {
    verify_export(file, expectation).unwrap()
}

fn export(place: &Place, disclosures: Disclosures<'_>) -> Vec<u8> {
    let (database, keys) = (place.database(), keys(1));
    let mut file = Vec::new();
    let export = Export {
        database: &database,
        log: keys.log(),
        receipts: keys.receipts(),
        disclosures,
        checkpoint: None,
        first: 0,
    };
    export.ndjson(&mut file).unwrap();
    file
}

/// A closed ledger of 600 entries: two full tiles and a part of one.
fn six_hundred() -> Vec<Place> {
    let places = ledgers();
    for place in &places {
        append(&place.open(), 0..600);
    }
    places
}

#[test]
fn an_untouched_ledger_verifies_with_and_without_disclosures() {
    for place in six_hundred() {
        let plain = verify(&export(&place, Disclosures::None), &pinned());
        assert_eq!((plain.exit_code(), plain.entries, plain.opened, plain.withheld), (0, 600, 0, 3600), "{plain}");
        assert!(plain.is_key_pinned);
        let opened = verify(&export(&place, Disclosures::All(&TestBodies::default())), &pinned());
        assert_eq!((opened.exit_code(), opened.opened, opened.withheld), (0, 3600, 0), "{opened}");
        // A destroyed key redacts; every proof holds.
        let redacted = verify(&export(&place, Disclosures::All(&TestBodies::without("2026-11"))), &pinned());
        assert_eq!((redacted.exit_code(), redacted.opened, redacted.withheld), (0, 0, 3600), "{redacted}");
        let unpinned = verify(&export(&place, Disclosures::None), &Expectation::default());
        assert!(unpinned.exit_code() == 0 && !unpinned.is_key_pinned);
        assert!(unpinned.to_string().contains("NOT given by you"));
        let in_place = verify_database(&place.database(), &pinned(), Some(&TestBodies::default())).unwrap();
        assert_eq!((in_place.exit_code(), in_place.root.clone()), (0, plain.root.clone()), "{in_place}");
        assert_eq!(in_place.to_json()["exit_code"], 0);
        assert_eq!(verify_database(&place.database(), &Expectation::default(), None).unwrap().exit_code(), 1);
    }
}

#[test]
fn a_table_for_people_verifies_against_the_checkpoint_kept_beside_it() {
    for place in six_hundred() {
        let (database, keys) = (place.database(), keys(1));
        let mut file = Vec::new();
        let export = Export {
            database: &database,
            log: keys.log(),
            receipts: keys.receipts(),
            disclosures: Disclosures::None,
            checkpoint: None,
            first: 0,
        };
        let exported = export.csv(&mut file).unwrap();
        assert_eq!(exported.entries, 600);
        let beside = Expectation { checkpoint: Some(exported.checkpoint), ..pinned() };
        let report = verify(&file, &beside);
        assert_eq!((report.exit_code(), report.entries), (0, 600), "{report}");
        assert_eq!(verify(&file, &pinned()).exit_code(), 5);
        // A person reads the columns, so they must say what the leaf says.
        let text = String::from_utf8(file).unwrap();
        let changed = text.replacen(",market-regulation,", ",tax-bureau,", 1);
        let report = verify(changed.as_bytes(), &beside);
        assert_eq!((report.exit_code(), report.first_bad_index), (4, Some(0)), "{report}");
        let cut: Vec<&str> = text.lines().take(500).collect();
        let report = verify((cut.join("\n") + "\n").as_bytes(), &beside);
        assert_eq!((report.exit_code(), report.first_bad_index), (5, Some(499)), "{report}");
    }
}

/// Where the entry `index` stands among the lines: behind the header and the tiles before it.
fn line_of(index: usize) -> usize {
    index + 2 + index / 256
}

/// Puts another purpose into a line's leaf; `rehash` also puts the hash of the new leaf beside it.
fn with_other_leaf(line: &str, rehash: bool) -> String {
    let mut line: serde_json::Value = serde_json::from_str(line).unwrap();
    let leaf = BASE64_STANDARD.decode(line["leaf"].as_str().unwrap()).unwrap();
    let leaf = String::from_utf8(leaf).unwrap().replace("ADMINISTRATIVE_LICENSING", "ADMINISTRATIVE_LICENSING_");
    line["leaf"] = BASE64_STANDARD.encode(&leaf).into();
    if rehash {
        line["h"] = BASE64_STANDARD.encode(leaf_hash(leaf.as_bytes())).into();
    }
    line.to_string()
}

fn renumbered(line: &str, index: usize) -> String {
    let mut line: serde_json::Value = serde_json::from_str(line).unwrap();
    line["i"] = index.into();
    line.to_string()
}

/// Signs the export's header again with another key, as somebody would who owns file and tools but not the key.
fn signed_by(header: &str, keys: &LedgerKeys, seed: u8) -> String {
    let mut header: serde_json::Value = serde_json::from_str(header).unwrap();
    let note = header["checkpoint"].as_str().unwrap();
    let (text, _) = note.split_once("\n\n").unwrap();
    let key = ed25519_dalek::SigningKey::from_bytes(&[seed; 32]);
    header["checkpoint"] = chengxin::ledger::note::sign(&format!("{text}\n"), &key, keys.log()).into();
    header["log"] = keys.log().to_string().into();
    header.to_string()
}

#[test]
fn whatever_is_done_to_an_export_is_found_and_the_first_bad_entry_named() {
    type Change = fn(&mut Vec<String>);
    let cases: [(&str, Change, u8, Option<u64>); 17] = [
        ("an entry deleted", |lines| drop(lines.remove(line_of(300))), 5, Some(300)),
        (
            "an entry deleted and the rest renumbered",
            |lines| {
                lines.remove(line_of(300));
                for index in 300..511 {
                    lines[line_of(index)] = renumbered(&lines[line_of(index)], index);
                }
            },
            4,
            Some(300),
        ),
        ("a leaf edited", |lines| lines[line_of(7)] = with_other_leaf(&lines[line_of(7)], false), 4, Some(7)),
        (
            "leaf and hash edited",
            |lines| lines[line_of(257)] = with_other_leaf(&lines[line_of(257)], true),
            4,
            Some(257),
        ),
        ("two lines swapped", |lines| lines.swap(line_of(10), line_of(11)), 4, Some(10)),
        (
            "two entries swapped and renumbered",
            |lines| {
                let (one, two) = (renumbered(&lines[line_of(20)], 10), renumbered(&lines[line_of(10)], 20));
                (lines[line_of(10)], lines[line_of(20)]) = (one, two);
            },
            4,
            Some(10),
        ),
        ("an entry twice", |lines| lines.insert(line_of(5), lines[line_of(5)].clone()), 4, Some(5)),
        ("an entry added", |lines| lines.push(renumbered(&lines[line_of(599)], 600)), 4, Some(600)),
        ("the end cut off", |lines| lines.truncate(line_of(590)), 5, Some(590)),
        ("all entries cut off", |lines| lines.truncate(1), 5, Some(0)),
        ("the header gone", |lines| drop(lines.remove(0)), 5, None),
        ("the checkpoint gone", |lines| lines[0] = without_checkpoint(&lines[0]), 5, None),
        ("another key", |lines| lines[0] = signed_by(&lines[0], &keys(9), 9), 2, None),
        ("the right name, the wrong key", |lines| lines[0] = signed_by(&lines[0], &keys(1), 9), 2, None),
        ("another size in the header", |lines| lines[0] = lines[0].replace("\"size\":600", "\"size\":599"), 4, None),
        (
            "a tile's hash edited",
            |lines| lines[1] = lines[1].replacen("\"hashes\":\"", "\"hashes\":\"AAAA", 1),
            4,
            Some(0),
        ),
        ("noise", |lines| lines[line_of(3)] = "{}".to_owned(), 4, Some(3)),
    ];
    for place in six_hundred() {
        let file = String::from_utf8(export(&place, Disclosures::None)).unwrap();
        for (what, change, exit_code, first_bad) in &cases {
            let mut lines: Vec<String> = file.lines().map(str::to_owned).collect();
            change(&mut lines);
            let report = verify((lines.join("\n") + "\n").as_bytes(), &pinned());
            assert_eq!((report.exit_code(), report.first_bad_index), (*exit_code, *first_bad), "{what}\n{report}");
        }
        let half = &file.as_bytes()[..file.len() - 40];
        let report = verify(half, &pinned());
        assert_eq!((report.exit_code(), report.first_bad_index), (5, Some(599)), "{report}");
        assert_eq!(verify(b"", &pinned()).exit_code(), 5);
    }
}

fn without_checkpoint(header: &str) -> String {
    let mut header: serde_json::Value = serde_json::from_str(header).unwrap();
    header["checkpoint"] = serde_json::Value::Null;
    header.to_string()
}

#[test]
fn a_disclosed_value_that_is_not_the_committed_one_is_found() {
    for place in ledgers() {
        append(&place.open(), 0..3);
        let file = String::from_utf8(export(&place, Disclosures::All(&TestBodies::default()))).unwrap();
        assert_eq!(verify(file.as_bytes(), &pinned()).exit_code(), 0);
        for (from, to) in [
            ("officer 0117", "officer 0118"),
            ("\"actor\":", "\"reason\":"),
            ("\"subjects\":[{", "\"subjects\":[{\"s\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\",\"v\":\"x\"},{"),
        ] {
            assert!(file.contains(from), "{from}");
            let report = verify(file.replacen(from, to, 1).as_bytes(), &pinned());
            assert_eq!((report.exit_code(), report.first_bad_index), (4, Some(0)), "{from}\n{report}");
        }
    }
}

#[test]
fn every_flipped_bit_of_an_export_is_found() {
    for place in ledgers().into_iter().filter(Place::is_sqlite) {
        append(&place.open(), 0..2);
        let file = export(&place, Disclosures::All(&TestBodies::default()));
        for at in 0..file.len() {
            let mut flipped = file.clone();
            flipped[at] ^= 1 << (at % 8);
            let report = verify(&flipped, &pinned());
            assert_ne!(
                report.exit_code(),
                0,
                "bit {} of byte {at}: {}",
                at % 8,
                String::from_utf8_lossy(&file[at - 40..=at])
            );
        }
    }
}

#[test]
fn whatever_is_done_to_a_database_is_found_and_the_first_bad_entry_named() {
    let edit = "leaf = (SELECT leaf FROM ledger_entry WHERE idx = 9)";
    let hash = "leaf_hash = (SELECT leaf_hash FROM ledger_entry WHERE idx = 9)";
    let swap = "UPDATE ledger_entry SET idx = 9999 WHERE idx = 10; UPDATE ledger_entry SET idx = 10 WHERE idx = 20;
                UPDATE ledger_entry SET idx = 20 WHERE idx = 9999";
    let insert =
        "INSERT INTO ledger_entry SELECT 600, 'other', 0, t, kind, role, consumer, decision, items, leaf, leaf_hash
                  FROM ledger_entry WHERE idx = 9";
    let truncate = "DELETE FROM ledger_entry WHERE idx >= 590";
    let cases = [
        ("an entry deleted", "DELETE FROM ledger_entry WHERE idx = 300".to_owned(), 5, Some(300)),
        ("a leaf edited", format!("UPDATE ledger_entry SET {edit} WHERE idx = 17"), 4, Some(17)),
        ("leaf and hash edited", format!("UPDATE ledger_entry SET {edit}, {hash} WHERE idx = 300"), 4, Some(300)),
        ("the same at the end", format!("UPDATE ledger_entry SET {edit}, {hash} WHERE idx = 598"), 4, Some(598)),
        ("two entries swapped", swap.to_owned(), 4, Some(10)),
        ("an entry added", insert.to_owned(), 4, Some(600)),
        ("the end cut off", truncate.to_owned(), 5, Some(590)),
        ("the end cut off, head row too", format!("{truncate}; UPDATE ledger_head SET next = 590"), 3, Some(590)),
        ("a column edited", "UPDATE ledger_entry SET consumer = 'tax' WHERE idx = 33".to_owned(), 4, Some(33)),
        (
            "a body moved",
            "DELETE FROM ledger_body WHERE idx = 5; UPDATE ledger_body SET idx = 5 WHERE idx = 6".to_owned(),
            4,
            Some(5),
        ),
        ("a tile gone", "DELETE FROM ledger_tile WHERE idx = 1".to_owned(), 4, Some(256)),
        (
            "tiles swapped",
            "UPDATE ledger_tile SET idx = idx + 100; UPDATE ledger_tile SET idx = 101 - idx".to_owned(),
            4,
            Some(0),
        ),
        ("the first entry of a tile deleted", "DELETE FROM ledger_entry WHERE idx = 256".to_owned(), 5, Some(256)),
        ("more than a tile deleted", "DELETE FROM ledger_entry WHERE idx BETWEEN 200 AND 520".to_owned(), 5, Some(200)),
        (
            "the checkpoint edited",
            "UPDATE ledger_checkpoint SET note = replace(note, '600', '599')".to_owned(),
            2,
            Some(512),
        ),
        ("the checkpoint gone", "DELETE FROM ledger_checkpoint".to_owned(), 5, None),
    ];
    for place in six_hundred() {
        for (what, statements, exit_code, first_bad) in &cases {
            let copy = place.copy();
            copy.tamper(statements);
            let report = verify_database(&copy.database(), &pinned(), Some(&TestBodies::default())).unwrap();
            assert_eq!((report.exit_code(), report.first_bad_index), (*exit_code, *first_bad), "{what}\n{report}");
        }
        let other_key = Expectation { log: Some(keys(9).log().clone()), ..Expectation::default() };
        assert_eq!(verify_database(&place.database(), &other_key, None).unwrap().exit_code(), 2);
    }
}

#[test]
fn a_fork_and_a_rollback_show_against_a_checkpoint_that_was_kept() {
    for place in ledgers() {
        append(&place.open(), 0..300);
        let (yesterday, other) = (place.copy(), place.copy());
        let ledger = place.open();
        append(&ledger, 300..400);
        ledger.integrate_blocking().unwrap();
        let kept = ledger.checkpoint();
        drop(ledger);
        let expectation = Expectation { known: vec![kept], ..pinned() };
        let found = |place: &Place| {
            let file = verify(&export(place, Disclosures::None), &expectation).exit_code();
            (file, verify_database(&place.database(), &expectation, None).unwrap().exit_code())
        };
        assert_eq!(found(&place), (0, 0));
        assert_eq!(found(&yesterday), (3, 3));
        append(&other.open(), 1300..1400);
        assert_eq!(found(&other), (3, 3));
        append(&other.open(), 1400..1410);
        assert_eq!(found(&other), (3, 3));
        append(&place.open(), 400..410);
        assert_eq!(found(&place), (0, 0));
    }
}

#[test]
fn the_sample_leaf_hashes_as_published() {
    let leaf = br#"{"c":{"query":"OWGXq4OqYmZxIVZFAGTAOr37PsRt3A_aV51ljwrG72Q","subject":"QVLE-M3aQJeUaHx0ln0feC2U1ZrCgJkG4gpMvAD8y5Y"},"dec":"allow","ins":"gw-1/0191d6","iseq":42,"k":"query","org":"tax-bureau","pol":"sha256:0000000000000000000000000000000000000000000000000000000000000000","pur":"P-2026-0017","rows":1,"t":1700000000123456,"tier":"private","v":1}"#;
    assert_eq!(leaf.len(), 345);
    assert!(chengxin::ledger::canonical::members(leaf).is_ok());
    let hash: Hash = std::array::from_fn(|at| {
        let hex = "b5c2adae35d0eaf651b6e887e878251c5b060fd2fc64d29def671df04747ab14";
        u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).unwrap()
    });
    assert_eq!(leaf_hash(leaf), hash);
}

#[test]
fn leaves_hold_no_value_that_was_committed() {
    for place in ledgers() {
        append(&place.open(), 0..2);
        let file = String::from_utf8(export(&place, Disclosures::None)).unwrap();
        let second = file.lines().nth(2).unwrap();
        let line: serde_json::Value = serde_json::from_str(second).unwrap();
        let leaf = String::from_utf8(BASE64_STANDARD.decode(line["leaf"].as_str().unwrap()).unwrap()).unwrap();
        for value in ["officer", "uscc", "Subject.name", "11111111"] {
            assert!(!leaf.contains(value), "{value} in {leaf}");
        }
        assert_eq!(BASE64_URL_SAFE_NO_PAD.decode(leaf.split('"').nth(5).unwrap()).unwrap().len(), 32);
        assert!(leaf.contains(&format!("\"t\":{NOW}")) && file.contains(ORIGIN));
    }
}

#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct Vectors {
    inclusion: Vec<Inclusion>,
    consistency: Vec<Consistency>,
}

#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct Inclusion {
    name: String,
    leaf_idx: u64,
    tree_size: u64,
    root: String,
    leaf_hash: String,
    proof: Vec<String>,
    want_err: bool,
}

#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct Consistency {
    name: String,
    size1: u64,
    size2: u64,
    root1: String,
    root2: String,
    proof: Vec<String>,
    want_err: bool,
}

fn hash(text: &str) -> Option<Hash> {
    BASE64_STANDARD.decode(text).unwrap().try_into().ok()
}

#[test]
fn the_published_proof_vectors_are_accepted_and_refused_as_they_say() {
    let Some(folder) = std::env::var_os("CHENGXIN_REAL_DATA") else {
        println!("CHENGXIN_REAL_DATA is not set: the 196 proof vectors were left out");
        return;
    };
    let file = std::fs::read(std::path::Path::new(&folder).join("merkle_vectors.json")).unwrap();
    let vectors: Vectors = serde_json::from_slice(&file).unwrap();
    assert_eq!((vectors.inclusion.len(), vectors.consistency.len()), (98, 98));
    for vector in vectors.inclusion {
        let path: Option<Vec<Hash>> = vector.proof.iter().map(|text| hash(text)).collect();
        let (root, leaf) =
            (BASE64_STANDARD.decode(&vector.root).unwrap(), BASE64_STANDARD.decode(&vector.leaf_hash).unwrap());
        let is_good = path.is_some_and(|path| verify_inclusion(vector.leaf_idx, vector.tree_size, &leaf, &path, &root));
        assert_eq!(is_good, !vector.want_err, "{}", vector.name);
    }
    for vector in vectors.consistency {
        // Its roots have 12 bytes: a verifier of SHA-256 hashes may refuse it.
        if vector.name == "consistency/additional/sizes-are-equal-one-and-proof-is-empty" {
            continue;
        }
        let path: Option<Vec<Hash>> = vector.proof.iter().map(|text| hash(text)).collect();
        let is_good = match (path, hash(&vector.root1), hash(&vector.root2)) {
            (Some(path), Some(old), Some(new)) => verify_consistency((vector.size1, &old), (vector.size2, &new), &path),
            _ => false,
        };
        assert_eq!(is_good, !vector.want_err, "{}", vector.name);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn another_implementation_has_the_same_roots_and_accepts_our_proofs(size in 1_usize..700, old in 1_usize..700, at in 0_usize..700) {
        use chengxin::ledger::proof::{Subtrees, consistency, inclusion};

        struct Leaves(Vec<Hash>);
        impl Subtrees for Leaves {
            type Error = std::convert::Infallible;
            fn perfect(&mut self, start: u64, end: u64) -> Result<Hash, Self::Error> {
                Ok(root_of(self.0[usize::try_from(start).unwrap()..usize::try_from(end).unwrap()].iter().copied()))
            }
        }

        let (old, at) = (old.min(size), at % size);
        let values: Vec<Vec<u8>> = (0..size).map(|value| value.to_be_bytes().to_vec()).collect();
        let mut theirs = ct_merkle::mem_backed_tree::MemoryBackedTree::<sha2::Sha256, Vec<u8>>::new();
        let mut their_old_root = None;
        for (count, value) in values.iter().enumerate() {
            theirs.push(value.clone());
            if count + 1 == old {
                their_old_root = Some(theirs.root());
            }
        }
        let mut ours = Leaves(values.iter().map(|value| leaf_hash(value)).collect());
        let root = root_of(ours.0.iter().copied());
        prop_assert!(theirs.root().as_bytes().as_slice() == root.as_slice());
        let Ok(path) = inclusion(&mut ours, at as u64, size as u64);
        let their_proof = theirs.prove_inclusion(at);
        prop_assert!(their_proof.as_bytes() == path.concat().as_slice());
        prop_assert!(theirs.root().verify_inclusion(&values[at], at as u64, &their_proof).is_ok());
        if old < size {
            let Ok(path) = consistency(&mut ours, old as u64, size as u64);
            prop_assert!(theirs.prove_consistency(size - old).as_bytes() == path.concat().as_slice());
            let old_root: Hash = their_old_root.unwrap().as_bytes().as_slice().try_into().unwrap();
            prop_assert!(verify_consistency((old as u64, &old_root), (size as u64, &root), &path));
        }
    }

    #[test]
    fn no_bytes_make_a_verifier_panic(bytes in prop::collection::vec(any::<u8>(), 0..200), text in "\\PC{0,80}") {
        let _ = verify(&bytes, &pinned());
        let _ = verify(format!("{{{text}").as_bytes(), &pinned());
        let _ = VerifierKey::parse(&text);
        let _ = chengxin::ledger::note::Note::parse(&text);
    }
}
