//! L16: what strangers hand in is read or refused, whatever its bytes: nothing panics, and what is read means one thing only.
//! Spoilt copies of true files find more than noise does, so both are tried.

use std::sync::LazyLock;

use chengxin::ledger::canonical;
use chengxin::ledger::checkpoint::Checkpoint;
use chengxin::ledger::leaf::Leaf;
use chengxin::ledger::manifest::Manifest;
use chengxin::ledger::note::{Note, VerifierKey};
use chengxin::ledger::{
    Expectation, KeyKind, Policy, ProofFile, ShownReceipt, TileName, verify_export, verify_receipt,
};
use chengxin::store::ledger::entry;
use chengxin::witness::request::AddCheckpoint;
use proptest::prelude::*;

use crate::ledger_log::setting::{append, keys, ledgers};

/// True files of a ledger of 300 entries.
static TRUE: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let place = ledgers().into_iter().next().unwrap();
    let ledger = place.open_with(keys(1), &chengxin::ledger::LedgerSettings::default()).unwrap();
    let receipts = append(&ledger, 0..300);
    ledger.integrate_blocking().unwrap();
    let note = ledger.checkpoint();
    let proof = ledger.proof_of(77).unwrap();
    let log = keys(1).log().clone();
    let witness = VerifierKey::new("w.example", KeyKind::Cosignature, *keys(7).log().key()).unwrap();
    let policy = format!("log {log}\nwitness w1 {witness}\ngroup g 1 w1\nquorum g\n");
    let grown = AddCheckpoint { old: 20, proof: vec![[7; 32], [9; 32]], note: note.clone() };
    let manifest = r#"{"format":"chengxin/ledger-bundle/v1","origin":"a","range":[0,300],"export":{"entry":3,"order":{"created":"2026-11-23T04:00:00Z","disclosed":false,"proofs":[7],"reason":"r","requester":"me","tool":"t"},"salt":"00"},"files":{"checkpoint":{"bytes":3,"sha256":"00"}}}"#;
    let signed = note.split_inclusive('\n').take(3).collect::<String>();
    let page = place.database().read(|connection| entry::page(connection, 5, 1)).unwrap();
    let receipt = serde_json::to_string(&receipts[3].shown()).unwrap();
    ledger.close();
    let texts = [note.clone(), proof.to_string(), log.to_string(), policy, grown.to_string(), manifest.to_owned()];
    let names = ["0/x001/234", "entries/001.p/44", "3/000.p/1", receipt.as_str(), signed.as_str()];
    let all = texts.into_iter().chain(names.map(str::to_owned)).map(String::into_bytes);
    all.chain([page[0].leaf.clone()]).collect()
});

/// One way to spoil bytes.
#[derive(Clone, Debug)]
enum Spoil {
    Flip(prop::sample::Index, u8),
    Cut(prop::sample::Index, usize),
    Double(prop::sample::Index, usize),
    Put(prop::sample::Index, Vec<u8>),
}

fn spoil() -> impl Strategy<Value = Spoil> {
    let at = || any::<prop::sample::Index>();
    let pieces = prop::sample::select(vec![
        "\n",
        "\n\n",
        "\u{2014} ",
        " ",
        "+",
        "/",
        "=",
        "-1",
        "0",
        "18446744073709551616",
        "99999999999999999999999999",
        "\u{feff}",
        "é",
        "\\u0000",
        "{",
        "[[[[[[[[",
        "quorum none\n",
        "old 0\n",
        "\r\n",
    ]);
    prop_oneof![
        (at(), 0..8_u8).prop_map(|(at, bit)| Spoil::Flip(at, bit)),
        (at(), 1..40_usize).prop_map(|(at, length)| Spoil::Cut(at, length)),
        (at(), 1..40_usize).prop_map(|(at, length)| Spoil::Double(at, length)),
        (at(), pieces).prop_map(|(at, piece)| Spoil::Put(at, piece.as_bytes().to_vec())),
        (at(), prop::collection::vec(any::<u8>(), 1..4)).prop_map(|(at, bytes)| Spoil::Put(at, bytes)),
    ]
}

fn spoilt(mut bytes: Vec<u8>, how: &[Spoil]) -> Vec<u8> {
    for spoil in how {
        if bytes.is_empty() {
            break;
        }
        let range = |at: &prop::sample::Index, length: usize| {
            let from = at.index(bytes.len());
            from..(from + length).min(bytes.len())
        };
        match spoil {
            Spoil::Flip(at, bit) => {
                let at = at.index(bytes.len());
                bytes[at] ^= 1 << bit;
            }
            Spoil::Cut(at, length) => drop(bytes.drain(range(at, *length))),
            Spoil::Double(at, length) => {
                let range = range(at, *length);
                let (piece, end) = (bytes[range.clone()].to_vec(), range.end);
                bytes.splice(end..end, piece);
            }
            Spoil::Put(at, piece) => {
                let at = at.index(bytes.len());
                bytes.splice(at..at, piece.iter().copied());
            }
        }
    }
    bytes
}

/// Hands bytes to every reader. How many took them.
fn read_by_all(bytes: &[u8]) -> usize {
    let mut taken = 0;
    let mut took = |it: bool| taken += usize::from(it);
    if let Ok(leaf) = Leaf::parse(bytes) {
        took(true);
        assert!(canonical::members(bytes).is_ok(), "{leaf:?}");
    }
    // A file that is no export is told as faults, not as a failure to read.
    let report = verify_export(bytes, &Expectation::default()).unwrap();
    assert_ne!(report.exit_code(), 0, "{report}");
    let Ok(text) = std::str::from_utf8(bytes) else { return taken };
    took(Policy::parse(text).is_ok());
    if let Ok(proof) = ProofFile::parse(text) {
        took(true);
        let again = proof.to_string();
        assert_eq!(ProofFile::parse(&again).unwrap().to_string(), again, "{text:?}");
    }
    took(Checkpoint::parse(text).is_ok_and(|it| Checkpoint::parse(&it.text()).unwrap() == it));
    took(Note::parse(text).is_ok());
    if let Ok(key) = VerifierKey::parse(text) {
        took(true);
        assert_eq!(key.to_string(), text);
    }
    if let Some(name) = TileName::parse(text) {
        took(true);
        assert_eq!(name.to_string(), text);
    }
    if let Some(grown) = AddCheckpoint::parse(text) {
        took(true);
        assert_eq!(AddCheckpoint::parse(&grown.to_string()), Some(grown));
    }
    took(serde_json::from_str::<Manifest>(text).is_ok());
    if let Ok(receipt) = serde_json::from_str::<ShownReceipt>(text) {
        took(true);
        // A changed receipt is signed by nobody; a blank beside its members changes nothing.
        let whole: ShownReceipt = serde_json::from_slice(&TRUE[9]).unwrap();
        assert!(receipt == whole || !verify_receipt(&receipt, keys(1).receipts()), "{text:?}");
    }
    taken
}

#[test]
fn every_true_file_is_taken_by_its_reader() {
    Policy::parse(std::str::from_utf8(&TRUE[3]).unwrap()).unwrap();
    let taken: Vec<usize> = TRUE.iter().map(|bytes| read_by_all(bytes)).collect();
    assert!(taken.iter().all(|taken| *taken > 0), "{taken:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(6000))]

    #[test]
    fn spoilt_files_are_read_or_refused(at in any::<prop::sample::Index>(), how in prop::collection::vec(spoil(), 1..5)) {
        let file = TRUE[at.index(TRUE.len())].clone();
        read_by_all(&spoilt(file, &how));
    }

    #[test]
    fn noise_is_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        read_by_all(&bytes);
    }
}
