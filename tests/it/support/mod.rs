//! The real application for a test: a fixed clock, seeded randomness, a temporary folder, kinds of callers.

mod asker;
pub mod databases;
pub mod patience;
pub mod process;
pub mod seat;
pub mod wire;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use chengxin::app::{self, Policies};
use chengxin::authentication::{DemoIssuer, IssuerSettings, LoginSettings, TokenClaims};
use chengxin::clock::{Ambient, FixedClock, SeededEntropy};
use chengxin::config::Config;
use chengxin::crypto::Keyring;
use chengxin::domain::{Instant, Role};
use chengxin::exchange::deposit::{Authority, BatchOrigin, Depositor};
use chengxin::exchange::import::{self, ImportContext, Progress, QualityReport, Reject, Watch};
use chengxin::http::service::Service;
use strum::IntoEnumIterator;

pub use asker::{Answered, Asker};

/// Monday 2026-11-23, noon in Shanghai.
pub const NOW: &str = "2026-11-23T04:00:00Z";

/// The application and what it was built from.
pub struct TestApp {
    pub service: Arc<Service>,
    pub config: Config,
    pub clock: Arc<FixedClock>,
    pub ambient: Ambient,
    pub issuer: DemoIssuer,
    pub folder: tempfile::TempDir,
}

/// How a test wants its application.
pub struct Wanted {
    /// The folder of policies; the shipped one unless said otherwise.
    pub policies: PathBuf,
    /// Whether the shipped limits hold; otherwise they are too wide to matter.
    pub shipped_limits: bool,
    /// The databases; SQLite files in the folder unless said otherwise.
    pub databases: Option<(String, String)>,
    /// The instant at which it begins.
    pub now: &'static str,
}

impl Default for Wanted {
    fn default() -> Self {
        let policies = Path::new(env!("CARGO_MANIFEST_DIR")).join("policies");
        Self { policies, shipped_limits: false, databases: None, now: NOW }
    }
}

impl TestApp {
    /// The application with the shipped policies and no data.
    pub fn new() -> Self {
        Self::with(Wanted::default())
    }

    /// The application as wanted.
    pub fn with(wanted: Wanted) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(FixedClock::new(Instant::parse_rfc3339(wanted.now).unwrap()));
        let ambient = Ambient::new(Arc::clone(&clock) as _, Arc::new(SeededEntropy::new(7)));
        let issuer_folder = folder.path().join("issuer");
        std::fs::create_dir(&issuer_folder).unwrap();
        let issuer = DemoIssuer::create(&issuer_folder, ambient.clone()).unwrap();
        let keys = folder.path().join("keys.json");
        Keyring::create(&keys, &ambient).unwrap();
        let file = |name: &str| format!("sqlite:{}", folder.path().join(name).display());
        let (registry, ledger) = wanted.databases.unwrap_or_else(|| (file("registry.db"), file("ledger.db")));
        let config = Config {
            listen: "127.0.0.1:0".parse().unwrap(),
            workers: 2,
            origin: "test.chengxin.example/ledger".to_owned(),
            registry,
            ledger,
            connections: 4,
            policies: wanted.policies,
            keys,
            issuers: vec![issuer.settings(), at_the_door(&issuer)],
            public_url: None,
            login: Some(LoginSettings {
                issuer: PROVIDER.to_owned(),
                client_id: CLIENT.to_owned(),
                client_secret: None,
                scopes: Vec::new(),
                idle_minutes: 30,
                absolute_hours: 8,
            }),
            trusted_proxies: Vec::new(),
            statuses: chengxin::graphql::media::Statuses::default(),
            high_water: None,
            exports: Some(folder.path().join("exports")),
            // A full disk under a hundred tests must not fail those that are about something else.
            disk: chengxin::config::DiskConfig { warn_below_mib: 0, close_below_mib: 0, ballast_mib: 0 },
            witnesses: Vec::new(),
            subgraph: true,
            webhooks: chengxin::webhook::WebhookSettings { hosts: vec!["127.0.0.1".to_owned()], ..Default::default() },
            collection_basis: ["practitioner-health-certificate", "religious-personnel-filing"]
                .map(|item| (item.to_owned(), "synthetic".to_owned()))
                .into(),
        };
        app::migrate(&config, &ambient).unwrap();
        let service = build(&config, &ambient, wanted.shipped_limits);
        Self { service, config, clock, ambient, issuer, folder }
    }

    /// Stops the application and starts it again on the same databases.
    pub fn restart(&mut self) {
        self.service.gateway.ledger.close();
        self.service = build(&self.config, &self.ambient, false);
    }

    /// Imports CSV text as a file of an item's newest vintage.
    pub fn import(&self, item: &str, csv: &str) -> QualityReport {
        let path = self.folder.path().join(format!("{item}.csv"));
        std::fs::write(&path, csv).unwrap();
        self.import_file(item, None, &path)
    }

    /// Imports a file.
    pub fn import_file(&self, item: &str, vintage: Option<&str>, path: &Path) -> QualityReport {
        let gateway = &self.service.gateway;
        let item = gateway.catalogue.item_by_text(item).unwrap();
        let vintage = item.vintage(vintage).unwrap();
        let today = self.ambient.today();
        let context = ImportContext {
            item,
            vintage,
            departments: &gateway.departments,
            pack: gateway.rules.packs.in_force(today),
            calendar: &gateway.rules.calendar,
            received_on: today,
            legal_basis: gateway.collection_basis.get(item.code.as_str()).map(String::as_str),
        };
        let table = import::open(path, vintage).unwrap();
        let origin = BatchOrigin {
            item: item.code.to_string(),
            vintage: vintage.id.clone(),
            provider: item.provider.to_string(),
            digest: table.origin.sha256,
        };
        let mut depositor = Depositor::begin(gateway, origin, Authority::Operator).unwrap();
        let report = import::run(table, &context, &mut depositor, &mut Silent).unwrap();
        depositor.finish(&serde_json::to_string(&report).unwrap()).unwrap();
        report
    }

    /// Anybody, without a token.
    pub fn public(&self) -> Asker<'_> {
        Asker::new(self)
    }

    /// An officer of a department, with a purpose and a case.
    pub fn department(&self, id: &str) -> Asker<'_> {
        self.officer(Role::Department, id)
    }

    /// An officer of the coordinator, with a purpose and a case.
    pub fn coordinator(&self) -> Asker<'_> {
        self.officer(Role::Coordinator, "DRC")
    }

    fn officer(&self, role: Role, id: &str) -> Asker<'_> {
        Asker::new(self)
            .claiming(role, |claims| claims.department = Some(id.to_owned()))
            .header("chengxin-purpose", "licence-review")
            .header("chengxin-case", "T-1")
    }

    /// The own view of a subject: `uscc:…` or `person:…`.
    pub fn subject(&self, subject: &str) -> Asker<'_> {
        Asker::new(self).claiming(Role::Subject, |claims| claims.subject = Some(subject.to_owned()))
    }

    /// An organization with an authorization.
    pub fn grantee(&self, organization: &str, authorization: &str) -> Asker<'_> {
        Asker::new(self)
            .claiming(Role::Grantee, |claims| claims.organization = Some(organization.to_owned()))
            .header("chengxin-purpose", "loan-review")
            .header("chengxin-authorization", authorization)
    }

    /// One of the administrators.
    pub fn administrator(&self, role: Role) -> Asker<'_> {
        self.administrator_as(role, |_| ())
    }

    /// The same with other claims: another person, say.
    pub fn administrator_as(&self, role: Role, say: impl FnOnce(&mut TokenClaims)) -> Asker<'_> {
        Asker::new(self).claiming(role, say)
    }
}

/// Where the identity tokens of people who log in would come from; nobody listens there.
const PROVIDER: &str = "http://127.0.0.1:9";
/// What the provider calls the gateway.
const CLIENT: &str = "chengxin-portal";

fn at_the_door(issuer: &DemoIssuer) -> IssuerSettings {
    IssuerSettings { issuer: PROVIDER.to_owned(), audience: CLIENT.to_owned(), ..issuer.settings() }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        self.service.gateway.ledger.close();
    }
}

fn build(config: &Config, ambient: &Ambient, shipped_limits: bool) -> Arc<Service> {
    let mut policies = Policies::load(&config.policies).unwrap();
    if !shipped_limits {
        policies.limits.address.per_minute = 1_000_000;
        policies.limits.address.burst = 1_000_000;
        policies.limits.tipoff = policies.limits.address;
        for role in Role::iter() {
            let limits = policies.limits.role_mut(role);
            limits.requests.per_minute = 1_000_000;
            limits.requests.burst = 1_000_000;
            limits.cost.per_minute = 1_000_000_000;
            limits.cost.burst = 1_000_000_000;
        }
    }
    app::service_with(config, policies, ambient).unwrap()
}

struct Silent;

impl Watch for Silent {
    fn rejected(&mut self, _reject: &Reject) -> std::io::Result<()> {
        Ok(())
    }

    fn progress(&mut self, _progress: Progress) {}
}
