//! Opening under a permit's cell, and the plain value coming back.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::access::{Cell, Decision, Withheld};
use crate::catalogue::{Bilingual, Field, FieldType, Head, Item, NaturalKey, Requirement, Sharing};
use crate::clock::Ambient;
use crate::domain::{DataClass, DepartmentId, Envelope, Instant, ItemCode, MaskRule, Place, RecordId, Sensitive};

fn ambient() -> Ambient {
    Ambient::fixed(Instant::parse_rfc3339("2026-11-23T08:00:00Z").unwrap(), 7)
}

fn field(name: &str) -> Field {
    Field {
        name: name.to_owned(),
        title: Bilingual::default(),
        description: Bilingual::default(),
        national_code: None,
        data_type: FieldType::Text,
        data_format: None,
        required: Requirement::Optional,
        class: DataClass::Sensitive,
        indexed: false,
        scanned: false,
        self_only: false,
        reach: BTreeMap::new(),
    }
}

fn item(code: &str) -> Item {
    Item {
        code: ItemCode::parse(code).unwrap(),
        edition: "2024".to_owned(),
        type_name: "Probe".to_owned(),
        title: Bilingual::default(),
        description: Bilingual::default(),
        category: "OTHER".to_owned(),
        provider: DepartmentId::parse("AMR").unwrap(),
        sharing: Sharing::Conditional,
        update_frequency: "MONTHLY".to_owned(),
        natural_key: NaturalKey { parts: vec![] },
        publication: "none".to_owned(),
        term_months: None,
        list: None,
        collection_forbidden: None,
        head: Head::default(),
        fields: vec![field("certificateNo"), field("phone")],
        vintages: vec![],
    }
}

fn place<'a>(item: &'a ItemCode, field: &'a str) -> Place<'a> {
    Place { division: "370500", item, field, record: RecordId::new([7; 16]), version: 3 }
}

#[test]
fn a_cell_that_lets_the_field_through_opens_it_and_no_other_does() {
    let keyring = Keyring::ephemeral(&ambient());
    let (item, other) = (item("natural-person"), item("registration"));
    let here = place(&item.code, "certificateNo");
    let sealed = keyring.seal(&here, &Sensitive::new("11010519491231002X"), &ambient()).unwrap();

    for decision in [Decision::Clear, Decision::Masked(MaskRule::IdStd)] {
        let opened = keyring.open(&here, &sealed, &Cell::for_test(&item, 0, decision)).unwrap();
        assert_eq!(opened.expose(), "11010519491231002X");
    }
    let refused = |cell: Cell<'_>| keyring.open(&here, &sealed, &cell).unwrap_err().fault;
    for reason in [Withheld::BeyondReach, Withheld::PurposeRequired, Withheld::AuthorizationInvalid] {
        assert_eq!(refused(Cell::for_test(&item, 0, Decision::Withheld(reason))), OpenFault::Withheld);
    }
    assert_eq!(refused(Cell::for_test(&item, 1, Decision::Clear)), OpenFault::OtherCell, "another field");
    assert_eq!(refused(Cell::for_test(&other, 0, Decision::Clear)), OpenFault::OtherCell, "another item");
}

#[test]
fn two_exchanged_ciphertexts_fail_and_the_error_names_the_place_alone() {
    let keyring = Keyring::ephemeral(&ambient());
    let item = item("natural-person");
    let (number, phone) = (place(&item.code, "certificateNo"), place(&item.code, "phone"));
    let sealed = keyring.seal(&phone, &Sensitive::new("13800005678"), &ambient()).unwrap();
    let error = keyring.open(&number, &sealed, &Cell::for_test(&item, 0, Decision::Clear)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "field `certificateNo` of record 07070707-0707-0707-0707-070707070707 (natural-person) does not open: \
         it was changed or belongs elsewhere"
    );
    assert!(!format!("{error:?}").contains("13800005678"));
}

#[test]
fn both_algorithms_open_and_neither_opens_as_the_other() {
    let item = item("natural-person");
    let here = place(&item.code, "phone");
    let aes = Keyring::ephemeral(&ambient());
    let xaes = Keyring::ephemeral(&ambient()).with_algorithm(Purpose::Field, Algorithm::Xaes256Gcm);
    let by_aes = aes.seal(&here, &Sensitive::new("13800005678"), &ambient()).unwrap();
    let by_xaes = xaes.seal(&here, &Sensitive::new("13800005678"), &ambient()).unwrap();
    assert_eq!(xaes.unseal(&here, &by_xaes).unwrap().expose(), "13800005678");
    assert_eq!(by_xaes.bytes().len(), by_aes.bytes().len() + 12, "a longer nonce");
    assert_eq!(aes.unseal(&here, &by_xaes), Err(OpenFault::Malformed));
    let mut relabelled = by_xaes.bytes().to_vec();
    relabelled[1] = 1;
    assert_eq!(aes.unseal(&here, &Envelope::new(relabelled)), Err(OpenFault::Forged));
}

#[test]
fn a_column_that_has_sealed_its_share_seals_no_more_but_still_opens() {
    let keyring = Keyring::ephemeral(&ambient());
    let item = item("natural-person");
    let here = place(&item.code, "phone");
    let sealed = keyring.seal(&here, &Sensitive::new("13800005678"), &ambient()).unwrap();
    keyring.column(keyring.active(Purpose::Field), &here).set_sealed(1 << 32);
    let error = keyring.seal(&here, &Sensitive::new("13800005678"), &ambient()).unwrap_err();
    assert_eq!(error, SealError::Exhausted { item: item.code.clone(), field: "phone".to_owned() });
    assert!(keyring.unseal(&here, &sealed).is_ok());
    assert!(keyring.seal(&place(&item.code, "certificateNo"), &Sensitive::new("1"), &ambient()).is_ok());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_text_comes_back_as_it_went_in(text in "\\PC{0,300}|[0-9X]{15,18}|\0{0,40}", version in 0_i64..) {
        let keyring = Keyring::ephemeral(&ambient());
        let item = item("natural-person");
        let here = Place { version, ..place(&item.code, "phone") };
        let sealed = keyring.seal(&here, &Sensitive::new(text.as_str()), &ambient()).unwrap();
        let opened = keyring.unseal(&here, &sealed).unwrap();
        prop_assert_eq!(opened.expose(), text.as_str());
    }

    #[test]
    fn no_envelope_with_a_changed_bit_opens(bit in 0_usize..(6 + 12 + 32 + 16) * 8) {
        let keyring = Keyring::ephemeral(&ambient());
        let item = item("natural-person");
        let here = place(&item.code, "certificateNo");
        let sealed = keyring.seal(&here, &Sensitive::new("11010519491231002X"), &ambient()).unwrap();
        let mut bytes = sealed.bytes().to_vec();
        bytes[bit / 8] ^= 1 << (bit % 8);
        prop_assert!(keyring.unseal(&here, &Envelope::new(bytes)).is_err());
    }

    #[test]
    fn arbitrary_bytes_are_refused_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
        let keyring = Keyring::ephemeral(&ambient());
        let item = item("natural-person");
        prop_assert!(keyring.unseal(&place(&item.code, "phone"), &Envelope::new(bytes)).is_err());
    }
}
