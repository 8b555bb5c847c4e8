//! Builds each long-lived part once, from settings, a clock and a source of randomness. Tests build it the same way.

use std::path::Path;
use std::sync::Arc;

use tokio::sync::{Notify, Semaphore};

use crate::access::{Decider, Findings, MustCheck, hash_of_rules};
use crate::admission::{Admission, Cidr, Folding, Limits};
use crate::authentication::{Authenticator, OpenId, SessionSeal};
use crate::catalogue::{Catalogue, Departments, Measures, Platforms, RulePacks, load_calendar};
use crate::clock::Ambient;
use crate::config::Config;
use crate::crypto::{Keyring, Purpose};
use crate::exchange::bundles::Bundles;
use crate::exchange::cursor::Cursors;
use crate::exchange::gateway::{Gateway, Rules};
use crate::exchange::node_id::NodeIds;
use crate::exchange::statistics::Kept;
use crate::graphql::Engine;
use crate::http::metrics::Metrics;
use crate::http::service::{Edge, PAGES_AT_ONCE, SOCKETS_AT_ONCE, Service, UPLOADS_AT_ONCE};
use crate::ledger::period_keys::PeriodKeys;
use crate::ledger::retention::Retention;
use crate::ledger::review::ReviewRules;
use crate::ledger::{Ledger, LedgerError, LedgerKeys, SigningKeys};
use crate::store::{Database, MigrationSet};
use crate::webhook::Sender;
use crate::witness::collector::WitnessSettings;

/// Why the gateway does not start: every fault that was found, one a line.
#[derive(Debug, thiserror::Error)]
#[error("{}", .faults.join("\n"))]
pub struct NotStarted {
    /// Every fault, a sentence each.
    pub faults: Vec<String>,
    /// Whether what is stored is not what was signed: the program ends with exit code 3.
    pub is_contradicted: bool,
}

impl NotStarted {
    fn one(fault: impl std::fmt::Display) -> Self {
        Self { faults: vec![fault.to_string()], is_contradicted: false }
    }

    /// The ledger cannot be opened, or somebody outside contradicts it.
    pub fn contradicted(fault: impl std::fmt::Display) -> Self {
        Self { is_contradicted: true, ..Self::one(fault) }
    }

    /// The ledger cannot be opened.
    pub fn ledger(error: LedgerError) -> Self {
        if error.is_contradiction() { Self::contradicted(error) } else { Self::one(error) }
    }

    fn all(faults: Vec<impl std::fmt::Display>) -> Self {
        Self { faults: faults.into_iter().map(|fault| fault.to_string()).collect(), is_contradicted: false }
    }
}

/// What the policy folder holds.
#[derive(Debug)]
pub struct Policies {
    /// The items.
    pub catalogue: Arc<Catalogue>,
    /// The departments and the division.
    pub departments: Arc<Departments>,
    /// Who sees what.
    pub decider: Decider,
    /// Rule packs and the working calendar.
    pub rules: Rules,
    /// What may be done to the trustworthy and the untrustworthy.
    pub measures: Measures,
    /// The platforms that records are exchanged with by files.
    pub platforms: Platforms,
    /// For which decisions a check must stand in the ledger.
    pub must_check: MustCheck,
    /// What in the register deserves a look.
    pub findings: Findings,
    /// Which queries are reviewed.
    pub review: ReviewRules,
    /// How much each role may ask for.
    pub limits: Limits,
    /// SHA-256 over the files of all these but catalogue, Cedar policies and purposes.
    pub rules_hash: [u8; 32],
}

impl Policies {
    /// Loads a policy folder, or tells every fault in it.
    pub fn load(folder: &Path) -> Result<Self, NotStarted> {
        let mut faults: Vec<String> = Vec::new();
        let rules_hash = hash_of_rules(folder).ok();
        let departments = keep(Departments::load(&folder.join("departments.toml")), &mut faults);
        let catalogue = match &departments {
            Some(departments) => Catalogue::load_among(&folder.join("catalogue"), departments),
            None => Catalogue::load(&folder.join("catalogue")),
        };
        let catalogue = keep(catalogue, &mut faults).map(Arc::new);
        let measures = departments
            .as_ref()
            .and_then(|departments| keep(Measures::load(folder, departments), &mut faults))
            .unwrap_or_default();
        let platforms = catalogue
            .as_ref()
            .and_then(|catalogue| keep(Platforms::load(folder, catalogue), &mut faults))
            .unwrap_or_default();
        let packs = keep(RulePacks::load(&folder.join("rules")), &mut faults);
        let calendar = keep(load_calendar(&folder.join("calendar.toml")), &mut faults);
        let limits = match Limits::load(&folder.join("limits.toml")) {
            Ok(limits) => Some(limits),
            Err(found) => {
                faults.push(found.to_string());
                None
            }
        };
        if let Err(fault) = Retention::load(&folder.join("retention.toml")) {
            faults.push(fault.to_string());
        }
        let decider =
            catalogue.as_ref().and_then(|catalogue| keep(Decider::load(folder, Arc::clone(catalogue)), &mut faults));
        let review = match ReviewRules::load(&folder.join("review.toml")) {
            Ok(review) => Some(review),
            Err(fault) => {
                faults.push(fault.to_string());
                None
            }
        };
        let findings = keep(Findings::load(folder), &mut faults).unwrap_or_default();
        let must_check = match (&catalogue, &decider) {
            (Some(catalogue), Some(decider)) => {
                keep(MustCheck::load(folder, catalogue, &decider.purposes()), &mut faults).unwrap_or_default()
            }
            _ => MustCheck::default(),
        };
        // Read a second time: what is told to the ledger is what was read.
        if faults.is_empty() && (rules_hash.is_none() || hash_of_rules(folder).ok() != rules_hash) {
            faults.push(format!("the files in `{}` changed while they were read: start again", folder.display()));
        }
        let rules_hash = rules_hash.unwrap_or_default();
        let rules = packs.zip(calendar).map(|(packs, calendar)| Rules { packs, calendar });
        match (catalogue, departments, decider, rules, review, limits) {
            (Some(catalogue), Some(departments), Some(decider), Some(rules), Some(review), Some(limits))
                if faults.is_empty() =>
            {
                let departments = Arc::new(departments);
                Ok(Self {
                    catalogue,
                    departments,
                    decider,
                    rules,
                    measures,
                    platforms,
                    must_check,
                    findings,
                    review,
                    limits,
                    rules_hash,
                })
            }
            _ => Err(NotStarted { faults, is_contradicted: false }),
        }
    }
}

fn keep<T, E: std::fmt::Display>(loaded: Result<T, Vec<E>>, faults: &mut Vec<String>) -> Option<T> {
    loaded.map_err(|found| faults.extend(found.iter().map(ToString::to_string))).ok()
}

/// The ledger's keys out of the keyring.
pub fn ledger_keys(
    origin: &str,
    keyring: &Keyring,
    database: &Database,
    ambient: &Ambient,
) -> Result<LedgerKeys, NotStarted> {
    let signing = SigningKeys { checkpoint: keyring.checkpoint_signing_key(), receipt: keyring.receipt_signing_key() };
    let secret = keyring.derive(Purpose::LedgerBody, "period-keys");
    let bodies = Arc::new(PeriodKeys::new(database.clone(), origin, secret, ambient.clone()));
    let subject_index = keyring.derive(Purpose::Index, "ledger.subject-table");
    let keys = LedgerKeys::new(origin, signing, bodies, subject_index).map_err(NotStarted::one)?;
    let head = database.read(crate::store::ledger::head::load).map_err(NotStarted::one)?;
    Ok(keys.in_epoch(head.map_or(1, |head| head.epoch)))
}

/// Makes both databases where they do not exist, brings their tables to this version, and begins the ledger if its
/// tables are empty.
pub fn migrate(config: &Config, ambient: &Ambient) -> Result<(), NotStarted> {
    let keyring = Keyring::load(&config.keys).map_err(NotStarted::one)?;
    Database::create_and_migrate(&config.registry, MigrationSet::Registry).map_err(NotStarted::one)?;
    Database::create_and_migrate(&config.ledger, MigrationSet::Ledger).map_err(NotStarted::one)?;
    let ledger = Database::open(&config.ledger, MigrationSet::Ledger, 1).map_err(NotStarted::one)?;
    let keys = ledger_keys(&config.origin, &keyring, &ledger, ambient)?;
    match Ledger::create(&ledger, &keys, ambient) {
        Ok(()) | Err(LedgerError::Exists) => Ok(()),
        Err(error) => Err(NotStarted::one(error)),
    }
}

/// Builds the use cases' parts: policies, keys, both databases.
pub fn gateway(config: &Config, policies: Policies, ambient: &Ambient) -> Result<Arc<Gateway>, NotStarted> {
    let keyring = Arc::new(Keyring::load(&config.keys).map_err(NotStarted::one)?);
    let registry =
        Database::open(&config.registry, MigrationSet::Registry, config.connections).map_err(NotStarted::one)?;
    let ledger_database =
        Database::open(&config.ledger, MigrationSet::Ledger, config.connections).map_err(NotStarted::one)?;
    let keys = ledger_keys(&config.origin, &keyring, &ledger_database, ambient)?;
    let ledger =
        Ledger::open(ledger_database, keys, ambient.clone(), &config.ledger_settings()).map_err(NotStarted::ledger)?;
    let witnesses: Result<_, _> = config.witnesses.iter().map(WitnessSettings::verifier).collect();
    let witnesses = witnesses.map_err(NotStarted::one)?;
    Ok(Arc::new(Gateway {
        catalogue: policies.catalogue,
        departments: policies.departments,
        decider: policies.decider,
        rules: policies.rules,
        measures: policies.measures,
        platforms: policies.platforms,
        must_check: policies.must_check,
        findings: policies.findings,
        review: policies.review,
        rules_hash: policies.rules_hash,
        registry,
        ledger,
        webhooks: Sender::new(&config.webhooks).map_err(NotStarted::one)?,
        moved: Notify::new(),
        statistics: Kept::default(),
        node_ids: NodeIds::new(keyring.derive(Purpose::NodeId, "node-id")),
        cursors: Cursors::new(&keyring.derive(Purpose::Cursor, "cursor")),
        keyring,
        ambient: ambient.clone(),
        collection_basis: config.collection_basis.clone(),
        bundles: config.exports.clone().map(|folder| Arc::new(Bundles::new(folder))),
        policies: config.policies.clone(),
        witnesses,
    }))
}

/// Builds everything that the routes need.
pub fn service(config: &Config, ambient: &Ambient) -> Result<Arc<Service>, NotStarted> {
    service_with(config, Policies::load(&config.policies)?, ambient)
}

/// The same from policies that are loaded already.
pub fn service_with(config: &Config, policies: Policies, ambient: &Ambient) -> Result<Arc<Service>, NotStarted> {
    crate::authentication::install_crypto_backend();
    crate::authentication::self_test(ambient).map_err(NotStarted::one)?;
    let authenticator =
        Authenticator::new(config.issuers.clone(), ambient.clone()).map_err(|faults| NotStarted::all(faults.0))?;
    let proxies: Result<Vec<Cidr>, _> = config.trusted_proxies.iter().map(|range| range.parse()).collect();
    let trusted_proxies = proxies.map_err(NotStarted::one)?;
    let limits = policies.limits.clone();
    let gateway = gateway(config, policies, ambient)?;
    let authenticator =
        authenticator.for_departments(gateway.departments.iter().map(|department| department.id.clone()));
    let engine = Engine::new(&gateway.catalogue).map_err(NotStarted::one)?;
    let subgraph =
        config.subgraph.then(|| Engine::subgraph(&gateway.catalogue)).transpose().map_err(NotStarted::one)?;
    let documents = crate::http::service::document_limits(&limits);
    for (role, limits) in &documents {
        if let Some((limit, ceiling)) = limits.beyond_ceiling() {
            let fault = format!("limits.toml: role {role}: `{}` is beyond its ceiling of {ceiling}", limit.name());
            return Err(NotStarted::one(fault));
        }
    }
    if let Some(url) = config.public_url.as_deref().filter(|url| !crate::client::is_site(url)) {
        return Err(NotStarted::one(format!(
            "public_url: `{url}` is no address of a site, such as https://credit.example"
        )));
    }
    let session_seal = SessionSeal::new(&gateway.keyring.derive(Purpose::Cursor, "session"));
    let turns = turns(config, &gateway.registry)?;
    let folding = Folding::new(limits.memory.folded_windows, ambient.clone());
    Ok(Arc::new(Service {
        gateway,
        engine,
        subgraph,
        authenticator,
        login: login(config)?,
        session_seal,
        admission: Admission::new(limits, ambient),
        folding,
        documents,
        metrics: Metrics::default(),
        turns: Arc::new(Semaphore::new(turns)),
        sockets: Arc::new(Semaphore::new(SOCKETS_AT_ONCE)),
        places: Arc::default(),
        pages: Arc::new(Semaphore::new(PAGES_AT_ONCE)),
        uploads: Semaphore::new(UPLOADS_AT_ONCE),
        edge: Edge {
            trusted_proxies,
            statuses: config.statuses,
            public_url: config.public_url.clone(),
            ..Edge::default()
        },
    }))
}

/// With whom people log in. What proves who somebody is is an identity token, so its issuer is one of those of tokens.
fn login(config: &Config) -> Result<Option<OpenId>, NotStarted> {
    let Some(settings) = &config.login else { return Ok(None) };
    let issuer = config.issuers.iter().find(|issuer| issuer.issuer == settings.issuer);
    let Some(issuer) = issuer.filter(|issuer| issuer.audience == settings.client_id) else {
        let (name, client) = (&settings.issuer, &settings.client_id);
        let fault = format!("login: `{name}` must stand among the issuers too, with the audience `{client}`");
        return Err(NotStarted::one(fault));
    };
    OpenId::new(settings.clone(), issuer.certificate_authorities.as_deref()).map(Some).map_err(NotStarted::one)
}

/// How many inquiries may hold a connection from a thread of their own: all connections but those that the workers take
/// for short look-ups, so that a worker never waits for one.
fn turns(config: &Config, registry: &Database) -> Result<usize, NotStarted> {
    let (connections, workers) = (usize::try_from(config.connections).unwrap_or(usize::MAX), config.workers.max(2));
    if let Some(turns @ 1..) = connections.checked_sub(if registry.is_local() { workers } else { 0 }) {
        return Ok(turns);
    }
    let fault = format!(
        "`connections` = {connections} is not enough: with a registry on SQLite it must be more than `workers`, which is \
         {workers}"
    );
    Err(NotStarted::one(fault))
}
