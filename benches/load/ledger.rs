//! The ledger alone: durable entries per second from many callers at once, and offline verification of them all.

use std::fs::File;
use std::io::{BufReader, BufWriter};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::ensure;
use chengxin::clock::Ambient;
use chengxin::crypto::{Keyring, Purpose};
use chengxin::domain::{Role, Tier};
use chengxin::ledger::bundle::{register_blocking, write};
use chengxin::ledger::manifest::Order;
use chengxin::ledger::period_keys::PeriodKeys;
use chengxin::ledger::{
    Decision, Disclosures, EntryKind, Expectation, Export, FieldCounts, Ledger, LedgerKeys, LedgerSettings, NewEntry,
    Outcome, Policy, SigningKeys, Trust, verify_bundle, verify_export,
};
use chengxin::store::{Database, MigrationSet};
use futures_util::future::join_all;

/// Callers that wait for their receipts at the same time, on each of two threads.
const CALLERS: u64 = 512;

/// Appends `entries` entries, exports them, verifies the export, and prints how long each took.
/// `postgres` is an empty database; a file in `folder` when absent.
pub fn measure(folder: &Path, postgres: Option<&str>, entries: u64, ambient: &Ambient) -> anyhow::Result<()> {
    let file = || format!("sqlite:{}", folder.join("alone.db").display());
    let url = postgres.map_or_else(file, str::to_owned);
    Database::create_and_migrate(&url, MigrationSet::Ledger)?;
    let database = Database::open(&url, MigrationSet::Ledger, 2)?;
    let keys = keys(&database, ambient)?;
    Ledger::create(&database, &keys, ambient)?;
    let ledger = Ledger::open(database.clone(), keys.clone(), ambient.clone(), &LedgerSettings::default())?;
    let begun = Instant::now();
    let mut lags = std::thread::scope(|scope| {
        let writers: Vec<_> = (0..2).map(|_| scope.spawn(|| append(&ledger, entries / 2))).collect();
        let mut lags = Vec::new();
        while !writers.iter().all(std::thread::ScopedJoinHandle::is_finished) {
            lags.push(lag(&ledger));
        }
        lags
    });
    tell("durable entries", entries, begun.elapsed());
    ledger.integrate_blocking()?;
    lags.sort_unstable();
    let at = |share: usize| lags.get((lags.len() * share / 100).min(lags.len() - 1)).map_or(0, Duration::as_millis);
    println!("entry to signed checkpoint       p50 {} ms   p99 {} ms   {} samples", at(50), at(99), lags.len());
    let file = folder.join("alone.ndjson");
    let begun = Instant::now();
    let export = Export {
        database: &database,
        log: keys.log(),
        receipts: keys.receipts(),
        disclosures: Disclosures::None,
        checkpoint: None,
        first: 0,
    };
    let exported = export.ndjson(BufWriter::new(File::create(&file)?))?;
    tell("entries exported", exported.entries, begun.elapsed());
    let begun = Instant::now();
    let expectation = Expectation { log: Some(keys.log().clone()), ..Expectation::default() };
    let report = verify_export(BufReader::new(File::open(&file)?), &expectation)?;
    ensure!(report.outcome() == Outcome::Ok && report.entries == exported.entries, "{report}");
    tell("entries verified offline", exported.entries, begun.elapsed());
    bundle(&ledger, &export, &folder.join("bundle"))?;
    ledger.close();
    Ok(())
}

/// How long an entry that is durable now waits for the checkpoint that covers it.
fn lag(ledger: &Ledger) -> Duration {
    let begun = Instant::now();
    let Ok(receipt) = ledger.append_blocking(entry(0)) else { return Duration::MAX };
    while ledger.signed_size() <= receipt.index() {
        std::thread::sleep(Duration::from_millis(1));
    }
    begun.elapsed()
}

/// Writes a bundle and verifies it, and prints how long each took.
fn bundle(ledger: &Ledger, export: &Export<'_>, folder: &Path) -> anyhow::Result<()> {
    let text = |text: &str| text.to_owned();
    let (created, tool) = (text("2026-11-24T00:00:00.000000Z"), text("bench"));
    let (reason, requester) = (text("measuring"), text("bench"));
    let order = Order { created, disclosed: false, from: 0, proofs: vec![0], reason, requester, tool };
    let begun = Instant::now();
    let registered = register_blocking(ledger, "bundle", order, NewEntry::new(EntryKind::Export, Decision::Allowed))?;
    let manifest = write(export, folder, &registered, &mut |_| {})?;
    tell("entries in a bundle", manifest.range[1], begun.elapsed());
    let begun = Instant::now();
    let policy = Some(Policy::of_log(export.log.clone()));
    let report = verify_bundle(folder, &Trust { policy, state: None })?.report;
    ensure!(report.outcome() == Outcome::Ok && report.entries == manifest.range[1], "{report}");
    tell("entries verified in a bundle", manifest.range[1], begun.elapsed());
    Ok(())
}

fn append(ledger: &Ledger, entries: u64) {
    actix_web::rt::System::new().block_on(join_all((0..CALLERS).map(|caller| async move {
        for number in (caller..entries).step_by(usize::try_from(CALLERS).unwrap()) {
            ledger.append(entry(number)).await.unwrap();
        }
    })));
}

/// An entry like that of an answered query.
pub fn entry(number: u64) -> NewEntry {
    let mut entry = NewEntry::new(EntryKind::Query, Decision::Masked);
    entry.role = Some(Role::Department);
    entry.consumer = Some("AMR".to_owned());
    entry.purpose = Some("licence-review".to_owned());
    entry.tier = Some(Tier::GovernmentSharing);
    entry.policy_hash = Some([1; 32]);
    entry.schema_hash = Some([2; 32]);
    entry.catalogue_hash = Some([3; 32]);
    entry.operation_hash = Some([4; 32]);
    entry.credential = Some([5; 32]);
    entry.rows = 5;
    entry.fields = FieldCounts { clear: 12, masked: 3, withheld: 0 };
    entry.items = ["administrative-licence", "registration", "tax-class-a"].map(str::to_owned).to_vec();
    entry.committed.query =
        Some("query{subject(uscc:$_1){id name records(first:$_2){nodes{__typename id decidedOn}}}}".to_owned());
    entry.committed.variables = Some(format!(r#"{{"_1":"91370500{number:010}","_2":5}}"#));
    entry.committed.actor = Some("load-officer-1".to_owned());
    entry.committed.ip = Some("127.0.0.1".to_owned());
    entry.committed.case = Some("LOAD-1".to_owned());
    entry.committed.result = Some([6; 32]);
    let mut subject = [7; 32];
    subject[..8].copy_from_slice(&number.to_be_bytes());
    entry.committed.subjects = vec![subject];
    entry.committed.fields = ["Registration.name", "Registration.legalRepresentative"].map(str::to_owned).to_vec();
    entry
}

fn keys(database: &Database, ambient: &Ambient) -> anyhow::Result<LedgerKeys> {
    let keyring = Keyring::ephemeral(ambient);
    let signing = SigningKeys { checkpoint: keyring.checkpoint_signing_key(), receipt: keyring.receipt_signing_key() };
    let subjects = keyring.derive(Purpose::Index, "ledger.subject-table");
    let origin = "load.chengxin.example/alone";
    let secret = keyring.derive(Purpose::LedgerBody, "period-keys");
    let bodies = PeriodKeys::new(database.clone(), origin, secret, ambient.clone());
    Ok(LedgerKeys::new(origin, signing, Arc::new(bodies), subjects)?)
}

fn tell(what: &str, entries: u64, time: Duration) {
    let seconds = time.as_secs_f64();
    #[expect(clippy::cast_precision_loss, reason = "a rate for people to read")]
    let rate = entries as f64 / seconds;
    println!("{what:<32} {rate:>8.0} /s   {entries} in {seconds:.2} s");
}
