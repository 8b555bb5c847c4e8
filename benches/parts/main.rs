//! The single parts of an answer, each by itself: guard, price, permit, record resolution, sealing, ledger.
//!
//! `cargo bench --bench parts` runs all, `cargo bench --bench parts -- guard` those whose name holds `guard`. They work on
//! a folder of 200 firms that is made by the importer and thrown away.
#![allow(
    clippy::disallowed_methods,
    clippy::indexing_slicing,
    clippy::single_match_else,
    clippy::unwrap_used,
    missing_docs,
    reason = "a bench: it takes times and stops at whatever is amiss"
)]

#[path = "../load/folder.rs"]
mod folder;

use std::fs::File;
use std::hint::black_box;
use std::io::BufReader;
use std::path::Path;
use std::sync::Arc;

use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use chengxin::access::{Decider, Facts};
use chengxin::app;
use chengxin::authentication::{Caller, TokenClaims};
use chengxin::clock::Ambient;
use chengxin::config::Config;
use chengxin::crypto::Keyring;
use chengxin::domain::{DataClass, ItemCode, Place, RecordId, Role, Sensitive, SubjectCategory, SubjectId};
use chengxin::exchange::inquiry::Inquiry;
use chengxin::graphql::RateLimit;
use chengxin::graphql::engine::Envelope;
use chengxin::graphql::guard::{self, DocumentLimits, Reveal};
use chengxin::http::request;
use chengxin::http::service::Service;
use chengxin::ledger::{Decision, Disclosures, EntryKind, Expectation, Export, NewEntry, Outcome, verify_export};
use criterion::{BatchSize, Criterion, Throughput};

use folder::Folder;

// The program's.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const FIRMS: u32 = 200;

const QUERY: &str = "query($uscc: Uscc!) { subject(uscc: $uscc) { id uscc name records(first: 5) { nodes { \
    __typename id decidedOn state ... on Registration { name legalRepresentative legalRepresentativeCertificateNo } \
    ... on AdministrativeLicense { decisionNo content legalRepresentative } } } } }";

/// What the benches share: a service over a filled folder, and an officer who asks.
struct Bench {
    folder: Folder,
    ambient: Ambient,
    service: Arc<Service>,
    officer: Caller,
}

impl Bench {
    fn new(path: &Path) -> anyhow::Result<Self> {
        let ambient = Ambient::system();
        let folder = Folder::ready(path, (FIRMS, &folder::ALL), None, &ambient)?;
        let service = app::service(&Config::load(&folder.config())?, &ambient)?;
        let claims = TokenClaims {
            department: Some("AMR".to_owned()),
            client: Some("bench".to_owned()),
            ..TokenClaims::new(Role::Department, "bench-officer")
        };
        let token = folder.issuer(&ambient)?.issue(&claims, 24 * 3600)?;
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("authorization", format!("Bearer {token}")),
            ("chengxin-purpose", "licence-review".to_owned()),
            ("chengxin-case", "BENCH-1".to_owned()),
        ] {
            headers.insert(HeaderName::from_static(name), HeaderValue::from_str(&value)?);
        }
        let officer = service.authenticator.authenticate(&request::identity(&headers)).unwrap();
        Ok(Self { folder, ambient, service, officer })
    }

    fn envelope(&self, firm: u32) -> Envelope {
        let variables = serde_json::json!({ "uscc": self.folder.sample.uscc(firm) }).to_string();
        Envelope { query: QUERY.to_owned(), operation_name: None, variables: Some(variables) }
    }

    fn inquiry(&self) -> Arc<Inquiry> {
        Arc::new(Inquiry::open(&self.service.gateway, &self.officer).unwrap())
    }

    fn limits(&self) -> DocumentLimits {
        self.service.document_limits(Role::Department)
    }
}

fn main() -> anyhow::Result<()> {
    if !std::env::args().any(|argument| argument == "--bench") {
        return Ok(());
    }
    let path = tempfile::tempdir()?;
    let bench = Bench::new(path.path())?;
    let mut criterion = Criterion::default().configure_from_args();
    guard_and_price(&mut criterion, &bench);
    permit(&mut criterion, &bench);
    resolution(&mut criterion, &bench);
    sealing(&mut criterion, &bench);
    ledger(&mut criterion, &bench, path.path())?;
    criterion.final_summary();
    Ok(())
}

/// What a document costs when it is new, when it is known, and when it is hostile: 1 MB of brackets.
fn guard_and_price(criterion: &mut Criterion, bench: &Bench) {
    let limits = bench.limits();
    criterion.bench_function("guard/new document", |b| b.iter(|| guard::check(black_box(QUERY), &limits).unwrap()));
    let hostile = "{".repeat(1_000_000);
    let wide = DocumentLimits { bytes: hostile.len(), ..limits };
    criterion.bench_function("guard/1 MB of brackets, refused", |b| {
        b.iter(|| guard::check(black_box(&hostile), &wide).unwrap_err());
    });
    let envelope = bench.envelope(0);
    criterion.bench_function("price/known document", |b| {
        b.iter(|| bench.service.engine.prepare(black_box(&envelope), &limits, Reveal::Limits).unwrap().price());
    });
}

/// The first decision of a profile makes its tables; later ones find them.
fn permit(criterion: &mut Criterion, bench: &Bench) {
    let gateway = &bench.service.gateway;
    criterion.bench_function("permit/known profile, one inquiry", |b| b.iter(|| bench.inquiry()));
    let item = gateway.catalogue.item(&ItemCode::parse("registration").unwrap()).unwrap();
    let subject = SubjectId::new([1; 16]);
    let facts = Facts { subject, category: SubjectCategory::Organization, provider: None, by_authorization: false };
    let policies = bench.folder.path.join("policies");
    criterion.bench_function("permit/new profile, tables of one item", |b| {
        let today = bench.ambient.today();
        b.iter_batched(
            || Decider::load(&policies, Arc::clone(&gateway.catalogue)).unwrap(),
            |decider| {
                let standing = bench.inquiry().permit().standing().clone();
                decider.permit(&bench.officer, today, standing).unwrap().cell(item, 0, &facts).decision()
            },
            BatchSize::PerIteration,
        );
    });
    let inquiry = bench.inquiry();
    criterion.bench_function("permit/one cell", |b| {
        b.iter(|| inquiry.permit().cell(black_box(item), 0, &facts).decision());
    });
}

/// Execution of a known query, with all reads, cells and masks; no ledger, no HTTP.
fn resolution(criterion: &mut Criterion, bench: &Bench) {
    let limits = bench.limits();
    let rate = RateLimit::new(1_000, 1, 999, bench.ambient.now(), 100);
    let mut firm = 0;
    criterion.bench_function("resolution/one subject, five records", |b| {
        b.iter(|| {
            firm = (firm + 1) % FIRMS;
            let prepared = bench.service.engine.prepare(&bench.envelope(firm), &limits, Reveal::Limits).unwrap();
            let answer = bench.service.engine.execute(&bench.inquiry(), &prepared, &rate);
            assert!(answer.has_data);
            answer
        });
    });
}

fn sealing(criterion: &mut Criterion, bench: &Bench) {
    let gateway = &bench.service.gateway;
    let item = gateway.catalogue.item(&ItemCode::parse("registration").unwrap()).unwrap();
    let inquiry = bench.inquiry();
    let facts = Facts {
        subject: SubjectId::new([1; 16]),
        category: SubjectCategory::Organization,
        provider: None,
        by_authorization: false,
    };
    let cells = (0..item.fields.len()).map(|at| inquiry.permit().cell(item, at, &facts));
    let cell = cells.clone().find(|cell| cell.decision().is_open() && cell.field().class != DataClass::Plain).unwrap();
    let keyring: &Keyring = &gateway.keyring;
    let place = |record| Place { division: "370500", item: &item.code, field: &cell.field().name, record, version: 1 };
    let value = Sensitive::new("11010519491231002X");
    let record = RecordId::new([9; 16]);
    criterion
        .bench_function("sealing/seal", |b| b.iter(|| keyring.seal(&place(record), &value, &bench.ambient).unwrap()));
    let envelope = keyring.seal(&place(record), &value, &bench.ambient).unwrap();
    criterion.bench_function("sealing/open", |b| b.iter(|| keyring.open(&place(record), &envelope, &cell).unwrap()));
}

/// One durable entry after another; then the verification of an export of all.
fn ledger(criterion: &mut Criterion, bench: &Bench, folder: &Path) -> anyhow::Result<()> {
    let ledger = &bench.service.gateway.ledger;
    criterion.bench_function("ledger/append one, durable", |b| {
        b.iter(|| ledger.append_blocking(entry()).unwrap());
    });
    while ledger.size() < 10_000 {
        ledger.append_blocking(entry()).unwrap();
    }
    ledger.integrate_blocking()?;
    let file = folder.join("export.ndjson");
    let (log, receipts) = (ledger.keys().log(), ledger.keys().receipts());
    let export = Export {
        database: ledger.database(),
        log,
        receipts,
        disclosures: Disclosures::None,
        checkpoint: None,
        first: 0,
    };
    let entries = export.ndjson(File::create(&file)?)?.entries;
    let expectation = Expectation { log: Some(log.clone()), ..Expectation::default() };
    let mut group = criterion.benchmark_group("ledger");
    group.throughput(Throughput::Elements(entries)).sample_size(10);
    group.bench_function("verify an export", |b| {
        b.iter(|| {
            let report = verify_export(BufReader::new(File::open(&file).unwrap()), &expectation).unwrap();
            assert_eq!(report.outcome(), Outcome::Ok);
        });
    });
    group.finish();
    Ok(())
}

fn entry() -> NewEntry {
    let mut entry = NewEntry::new(EntryKind::Query, Decision::Masked);
    entry.role = Some(Role::Department);
    entry.operation_hash = Some([4; 32]);
    entry.items = vec!["registration".to_owned()];
    entry.committed.query = Some(QUERY.to_owned());
    entry.committed.actor = Some("bench-officer".to_owned());
    entry.committed.subjects = vec![[7; 32]];
    entry.committed.result = Some([6; 32]);
    entry
}
