//! An entry made ready by the caller's thread, so that the one thread that writes has next to nothing left to do: the
//! leaf lacks only its number and time, the body is sealed.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use super::body::BodyPlace;
use super::canonical::{self, Members};
use super::commitment::{Opening, Salts, commit_subjects};
use super::entry::{Committed, NewEntry};
use super::keys::LedgerKeys;
use super::state::Reason;
use super::tree::Hash;
use crate::clock::Ambient;

/// An entry that lacks only number, time and index.
#[derive(Debug)]
pub(super) struct Draft {
    before_number: String,
    before_time: String,
    rest: String,
    pub(super) kind: &'static str,
    pub(super) role: &'static str,
    pub(super) consumer: String,
    pub(super) decision: &'static str,
    pub(super) items: String,
    pub(super) period: String,
    pub(super) sealed: Vec<u8>,
    pub(super) subjects: Vec<[u8; 32]>,
    pub(super) result: Option<[u8; 32]>,
}

impl Draft {
    /// Commits, seals and writes all of the leaf that does not depend on the order of entries.
    pub(super) fn new(entry: NewEntry, keys: &LedgerKeys, instance: &str, ambient: &Ambient) -> Result<Self, Reason> {
        let id = ambient.uuid7();
        let period = period_of(ambient);
        let key = keys.bodies.key_to_seal(&period).ok_or(Reason::KeyUnavailable)?;
        let openings = open(&entry.committed, &mut Salts::new(ambient));
        let place = BodyPlace { origin: &keys.origin, period: &period, entry: &id };
        let sealed = place.seal(&openings, &key, ambient).ok_or(Reason::EntryTooLarge)?;
        let items = sorted(entry.items.clone());
        let mut leaf = Members::begin();
        leaf.optional("ack", entry.acknowledged.as_deref());
        write_commitments(leaf.key("c"), &openings);
        let (before_number, before_time, rest) = write_members(leaf, &entry, &items, (&id, instance));
        Ok(Self {
            before_number,
            before_time,
            rest,
            kind: entry.kind.into(),
            role: entry.role.map_or("", crate::domain::Role::name),
            decision: entry.decision.into(),
            items: if items.is_empty() { String::new() } else { format!(" {} ", items.join(" ")) },
            period,
            sealed,
            subjects: entry.committed.subjects.iter().map(|subject| side_index(subject, keys)).collect(),
            result: entry.committed.result,
            consumer: entry.consumer.unwrap_or_default(),
        })
    }

    /// The leaf with its number within the instance and its time in microseconds.
    pub(super) fn leaf(&self, number: i64, time: i64) -> Vec<u8> {
        let parts = [&self.before_number, &number.to_string(), &self.before_time, &time.to_string(), &self.rest];
        let parts: [&str; 5] = parts.map(String::as_str);
        parts.concat().into_bytes()
    }

    /// An upper bound of the leaf's length in bytes.
    pub(super) fn leaf_size_max(&self) -> usize {
        self.before_number.len() + self.before_time.len() + self.rest.len() + 40
    }
}

/// The key of the side table: keyed once more, so that it matches no other table's blind index.
pub(super) fn side_index(subject: &[u8; 32], keys: &LedgerKeys) -> [u8; 32] {
    match Hmac::<Sha256>::new_from_slice(keys.subject_index.as_ref()) {
        Ok(mac) => mac.chain_update(subject).finalize().into_bytes().into(),
        Err(error) => unreachable!("HMAC takes a key of any length: {error}"),
    }
}

/// The month in Shanghai, such as `2026-11`.
fn period_of(ambient: &Ambient) -> String {
    let today = ambient.today();
    format!("{:04}-{:02}", today.year(), today.month())
}

fn open(committed: &Committed, salts: &mut Salts<'_>) -> Vec<Opening> {
    let fields = (!committed.fields.is_empty()).then(|| {
        let mut text = String::new();
        canonical::strings(&mut text, committed.fields.iter().map(String::as_str));
        text
    });
    // Ascending by name, as the leaf wants them.
    let values = [
        ("actor", committed.actor.clone()),
        ("case", committed.case.clone()),
        ("fields", fields),
        ("ip", committed.ip.clone()),
        ("query", committed.query.clone()),
        ("reason", committed.reason.clone()),
        ("result", committed.result.map(hex::encode)),
        ("vars", committed.variables.clone()),
    ];
    let single = values.into_iter().filter_map(|(name, value)| Some((name, value?)));
    let subjects = committed.subjects.iter().map(|subject| ("subject", hex::encode(subject)));
    single.chain(subjects).map(|(name, value)| Opening { name: name.to_owned(), salt: salts.draw(), value }).collect()
}

fn write_commitments(text: &mut String, openings: &[Opening]) {
    let (subjects, single): (Vec<_>, Vec<_>) = openings.iter().partition(|opening| opening.name == "subject");
    let mut commitments: Vec<(&str, Hash)> =
        single.into_iter().map(|opening| (opening.name.as_str(), opening.commitment())).collect();
    if !subjects.is_empty() {
        commitments.push(("subjects", commit_subjects(subjects)));
    }
    commitments.sort_unstable();
    let mut object = Members::begin();
    for (name, commitment) in commitments {
        object.string(name, &BASE64_URL_SAFE_NO_PAD.encode(commitment));
    }
    text.push_str(&object.end());
}

/// Writes the members behind `c` in ascending order, cut where number and time go.
fn write_members(
    mut leaf: Members,
    entry: &NewEntry,
    items: &[String],
    (id, instance): (&[u8; 16], &str),
) -> (String, String, String) {
    leaf.optional("cat", digest(entry.catalogue_hash).as_deref());
    leaf.integer("cost", entry.cost.into());
    leaf.optional("cred", digest(entry.credential).as_deref());
    leaf.string("dec", entry.decision.into());
    leaf.optional("err", entry.error_code.as_deref());
    let mut fields = Members::begin();
    fields.integer("clear", entry.fields.clear.into());
    fields.integer("masked", entry.fields.masked.into());
    fields.integer("withheld", entry.fields.withheld.into());
    leaf.key("fields").push_str(&fields.end());
    let flags = sorted(entry.flags.clone());
    if !flags.is_empty() {
        leaf.strings("flags", flags.iter().map(String::as_str));
    }
    leaf.string("id", &uuid::Uuid::from_bytes(*id).to_string());
    leaf.string("ins", instance);
    leaf.key("iseq");
    let before_number = leaf.cut();
    if !items.is_empty() {
        leaf.strings("items", items.iter().map(String::as_str));
    }
    leaf.string("k", entry.kind.into());
    leaf.integer("ms", entry.duration_ms.into());
    leaf.optional("op", digest(entry.operation_hash).as_deref());
    leaf.optional("org", entry.consumer.as_deref());
    leaf.optional("pol", digest(entry.policy_hash).as_deref());
    leaf.optional("pur", entry.purpose.as_deref());
    if let Some(reference) = entry.reference {
        leaf.integer("ref", reference);
    }
    leaf.optional("role", entry.role.map(crate::domain::Role::name));
    leaf.integer("rows", entry.rows.into());
    leaf.optional("sch", digest(entry.schema_hash).as_deref());
    leaf.integer("subjects", entry.committed.subjects.len() as u64);
    leaf.key("t");
    let before_time = leaf.cut();
    leaf.optional("tier", entry.tier.map(crate::domain::Tier::name));
    leaf.integer("v", 1);
    (before_number, before_time, leaf.end())
}

fn sorted(mut values: Vec<String>) -> Vec<String> {
    values.sort_unstable();
    values.dedup();
    values
}

fn digest(hash: Option<Hash>) -> Option<String> {
    hash.map(|hash| format!("sha256:{}", hex::encode(hash)))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use ed25519_dalek::SigningKey;
    use parking_lot::Mutex;
    use zeroize::Zeroizing;

    use super::*;
    use crate::clock::{Entropy, FixedClock};
    use crate::domain::{Instant, Role, Tier};
    use crate::ledger::entry::{Decision, EntryKind, FieldCounts};
    use crate::ledger::keys::SigningKeys;
    use crate::ledger::leaf::Leaf;
    use crate::ledger::tree::leaf_hash;
    use crate::ledger::{BodyKeys, canonical};

    /// Bytes that count up, so that the leaf below can be made again in any language.
    #[derive(Debug, Default)]
    struct Counting(Mutex<u8>);

    impl Entropy for Counting {
        fn fill(&self, bytes: &mut [u8]) {
            let mut next = self.0.lock();
            for byte in bytes {
                *byte = *next;
                *next = next.wrapping_add(1);
            }
        }
    }

    #[derive(Debug)]
    struct OnePeriod;

    impl BodyKeys for OnePeriod {
        fn key_for(&self, period: &str) -> Option<Zeroizing<[u8; 32]>> {
            (period == "2023-11").then(|| Zeroizing::new([9; 32]))
        }
    }

    fn keys() -> LedgerKeys {
        let signing =
            SigningKeys { checkpoint: SigningKey::from_bytes(&[1; 32]), receipt: SigningKey::from_bytes(&[2; 32]) };
        LedgerKeys::new("ledger.example/a", signing, Arc::new(OnePeriod), Zeroizing::new([3; 32])).unwrap()
    }

    fn ambient(micros: i64) -> Ambient {
        Ambient::new(Arc::new(FixedClock::new(Instant::from_micros(micros))), Arc::new(Counting::default()))
    }

    fn entry() -> NewEntry {
        NewEntry {
            role: Some(Role::Department),
            consumer: Some("market-regulation".into()),
            credential: Some([2; 32]),
            purpose: Some("ADMINISTRATIVE_LICENSING".into()),
            tier: Some(Tier::GovernmentSharing),
            policy_hash: Some([4; 32]),
            schema_hash: Some([5; 32]),
            catalogue_hash: Some([1; 32]),
            operation_hash: Some([3; 32]),
            rows: 3,
            fields: FieldCounts { clear: 7, masked: 2, withheld: 1 },
            error_code: Some("FIELD_WITHHELD".into()),
            duration_ms: 5,
            items: vec!["XYSD_D01_01".into(), "QYSX_001".into(), "QYSX_001".into()],
            cost: 12,
            flags: vec!["OVERREACH".into()],
            reference: Some(41),
            committed: Committed {
                query: Some("query($a:ID!){subject(uscc:$a){name}}".into()),
                variables: Some("{\"a\":\"1\"}".into()),
                actor: Some("officer 0117".into()),
                ip: Some("2001:db8::1".into()),
                case: Some("东市监案〔2026〕17号".into()),
                reason: Some("yearly \"check\"\n".into()),
                fields: vec!["Subject.name".into(), "Subject.uscc".into()],
                subjects: vec![[0x11; 32], [0x22; 32], [0x33; 32]],
                result: Some([0xaa; 32]),
            },
            ..NewEntry::new(EntryKind::Query, Decision::Masked)
        }
    }

    /// Test vector, made a second time by another program.
    const LEAF: &str = r#"{"c":{"actor":"Ztobd_y8fsm8ygQoir-ja2Z0N0deufaZMSBo-JHVx2k","case":"bXINydSE8d7EpMwU2HohvBCZIDSRk9LKokEhtZKDx44","fields":"Ys6j0_CqAWHFiWIRkXkA5Ejt6UbfW_NrJcUYS_nvYWs","ip":"lNquehMgCCzdJSdC2tynKYn9LNLQvpoI8z2NMdhhAMU","query":"Zhf-eMHJZBsUIzLDCEviVp3C2E3mnwLJmzzh--ksYOc","reason":"-p5OPnYi79Odemcyrf1DlrXKcIrADDqE9nypjlofpBQ","result":"KqP6l5SD3LGJ0o071-2FSOTu1gWytrMUI1XOJZU2ajY","subjects":"J19dG_CENMumdh1pjmzmjYY5w1GsTc9y0FmSntySH0A","vars":"h2Qa2RKK0MyFWNYPck4m0Kta5dYr-OG65nfzzRQzj0w"},"cat":"sha256:0101010101010101010101010101010101010101010101010101010101010101","cost":12,"cred":"sha256:0202020202020202020202020202020202020202020202020202020202020202","dec":"masked","err":"FIELD_WITHHELD","fields":{"clear":7,"masked":2,"withheld":1},"flags":["OVERREACH"],"id":"018bcfe5-687b-7607-8809-0a0b0c0d0e0f","ins":"gw-1/0191d6000000","iseq":42,"items":["QYSX_001","XYSD_D01_01"],"k":"query","ms":5,"op":"sha256:0303030303030303030303030303030303030303030303030303030303030303","org":"market-regulation","pol":"sha256:0404040404040404040404040404040404040404040404040404040404040404","pur":"ADMINISTRATIVE_LICENSING","ref":41,"role":"DEPARTMENT","rows":3,"sch":"sha256:0505050505050505050505050505050505050505050505050505050505050505","subjects":3,"t":1700000000123456,"tier":"GOVERNMENT_SHARING","v":1}"#;
    const LEAF_HASH: &str = "8c991289d16cf7d5d51ae386cf18a0510630efa40ebdf381b8b333821f1a2134";

    #[test]
    fn the_golden_leaf_is_made_again_byte_for_byte() {
        let draft = Draft::new(entry(), &keys(), "gw-1/0191d6000000", &ambient(1_700_000_000_123_456)).unwrap();
        let leaf = draft.leaf(42, 1_700_000_000_123_456);
        assert_eq!(std::str::from_utf8(&leaf).unwrap(), LEAF);
        assert_eq!(hex::encode(leaf_hash(&leaf)), LEAF_HASH);
        assert!(leaf.len() <= draft.leaf_size_max());
    }

    #[test]
    fn a_leaf_reads_back_and_the_body_opens_its_commitments() {
        let draft = Draft::new(entry(), &keys(), "gw-1/0191d6000000", &ambient(1_700_000_000_123_456)).unwrap();
        let leaf = Leaf::parse(&draft.leaf(0, 1)).unwrap();
        assert_eq!((leaf.kind, leaf.decision, leaf.subjects), (EntryKind::Query, Decision::Masked, 3));
        let id = leaf.id_bytes().unwrap();
        let place = BodyPlace { origin: "ledger.example/a", period: "2023-11", entry: &id };
        let openings = place.open(&draft.sealed, &[9; 32]).unwrap();
        for opening in openings.iter().filter(|opening| opening.name != "subject") {
            let commitment = BASE64_URL_SAFE_NO_PAD.encode(opening.commitment());
            assert_eq!(leaf.commitments[&opening.name], commitment, "{}", opening.name);
        }
    }

    #[test]
    fn the_emptiest_leaf_is_canonical_too() {
        let draft = Draft::new(
            NewEntry::new(EntryKind::Folded, Decision::Refused),
            &keys(),
            "a/b",
            &ambient(1_700_000_000_000_000),
        );
        let leaf = draft.unwrap().leaf(0, 1);
        assert!(canonical::members(&leaf).is_ok());
        assert_eq!(Leaf::parse(&leaf).unwrap().kind, EntryKind::Folded);
    }

    #[test]
    fn without_the_key_of_the_period_there_is_no_entry() {
        let draft = Draft::new(entry(), &keys(), "a/b", &ambient(1_800_000_000_000_000));
        assert_eq!(draft.err(), Some(Reason::KeyUnavailable));
    }
}
