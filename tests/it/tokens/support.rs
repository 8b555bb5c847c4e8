//! An issuer, a gateway that believes it, a clock to move, and key sets that count how often they are read.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chengxin::authentication::demo::{DEMO_AUDIENCE, DEMO_ISSUER, KEY_SET_FILE};
use chengxin::authentication::{
    Attempt, Authenticator, Background, Caller, DemoIssuer, IssuerSettings, KeySource, Refusal, RefusalReason,
    RequestHeaders, SourceFault, TokenClaims, TokenSigner,
};
use chengxin::clock::{Ambient, FixedClock, SeededEntropy};
use chengxin::domain::{Instant, Role};
use parking_lot::Mutex;
use serde_json::{Value, json};
use tempfile::TempDir;

pub(super) const NOW: i64 = 1_795_000_000; // 2026-11-18
pub(super) const PERSON: &str = "person:0190a7b2-0000-7000-8000-000000000001";

/// An issuer in a folder, a gateway that believes it, and a clock to move.
pub(super) struct World {
    pub(super) clock: Arc<FixedClock>,
    pub(super) ambient: Ambient,
    pub(super) issuer: DemoIssuer,
    pub(super) gateway: Authenticator,
    pub(super) jobs: Jobs,
    pub(super) folder: TempDir,
}

pub(super) type Jobs = Arc<Mutex<VecDeque<Box<dyn FnOnce() + Send>>>>;

impl World {
    pub(super) fn new() -> Self {
        Self::with(|_| {})
    }

    pub(super) fn with(change: impl FnOnce(&mut IssuerSettings)) -> Self {
        let (clock, ambient) = ambient();
        let folder = tempfile::tempdir().unwrap();
        let issuer = DemoIssuer::create(folder.path(), ambient.clone()).unwrap();
        let mut settings = issuer.settings();
        change(&mut settings);
        let source = Arc::new(FileOf(folder.path().join(KEY_SET_FILE)));
        let (jobs, background) = queue();
        let gateway = Authenticator::with_sources(vec![(settings, source)], ambient.clone(), background).unwrap();
        Self { clock, ambient, issuer, gateway, jobs, folder }
    }

    pub(super) fn token(&self, claims: &TokenClaims) -> String {
        self.issuer.issue(claims, 3600).unwrap()
    }

    pub(super) fn auditor(&self) -> String {
        self.token(&TokenClaims::new(Role::Auditor, "auditor-1"))
    }

    pub(super) fn publish(&self, signers: &[&TokenSigner]) {
        let text = TokenSigner::key_set(signers.iter().copied()).to_string();
        std::fs::write(self.folder.path().join(KEY_SET_FILE), text).unwrap();
    }

    pub(super) fn run_background(&self) -> usize {
        let jobs: Vec<_> = self.jobs.lock().drain(..).collect();
        let count = jobs.len();
        for job in jobs {
            job();
        }
        count
    }

    pub(super) fn advance(&self, seconds: i64) {
        self.clock.advance_micros(seconds * 1_000_000);
    }

    pub(super) fn ask(&self, token: &str) -> Result<Caller, RefusalReason> {
        ask(&self.gateway, token).map_err(|refusal| refusal.reason())
    }
}

#[derive(Debug)]
pub(super) struct FileOf(std::path::PathBuf);

impl KeySource for FileOf {
    fn fetch(&self) -> Result<Vec<u8>, SourceFault> {
        std::fs::read(&self.0).map_err(|error| SourceFault::Fetch(error.to_string()))
    }
}

/// A key set in memory that counts how often it is asked for.
#[derive(Debug, Default)]
pub(super) struct Counted {
    pub(super) keys: Mutex<Option<Value>>,
    pub(super) fetches: AtomicUsize,
}

impl Counted {
    pub(super) fn of(signer: &TokenSigner) -> Arc<Self> {
        Arc::new(Self { keys: Mutex::new(Some(TokenSigner::key_set([signer]))), fetches: AtomicUsize::new(0) })
    }

    pub(super) fn fetches(&self) -> usize {
        self.fetches.load(Ordering::SeqCst)
    }
}

impl KeySource for Counted {
    fn fetch(&self) -> Result<Vec<u8>, SourceFault> {
        self.fetches.fetch_add(1, Ordering::SeqCst);
        let keys = self.keys.lock().clone();
        keys.map(|keys| keys.to_string().into_bytes()).ok_or(SourceFault::Fetch("the issuer is down".to_owned()))
    }
}

pub(super) fn ambient() -> (Arc<FixedClock>, Ambient) {
    let clock = Arc::new(FixedClock::new(Instant::from_micros(NOW * 1_000_000)));
    let ambient = Ambient::new(Arc::<FixedClock>::clone(&clock), Arc::new(SeededEntropy::new(7)));
    (clock, ambient)
}

pub(super) fn queue() -> (Jobs, Background) {
    let jobs = Jobs::default();
    let queued = Arc::clone(&jobs);
    (jobs, Box::new(move |job| queued.lock().push_back(job)))
}

pub(super) fn url_settings() -> IssuerSettings {
    toml::from_str(&format!(
        "issuer = '{DEMO_ISSUER}'\naudience = '{DEMO_AUDIENCE}'\nkeys = {{ url = 'https://id.example/keys' }}"
    ))
    .unwrap()
}

pub(super) fn remote(source: &Arc<Counted>, ambient: &Ambient) -> (Authenticator, Jobs) {
    let (jobs, background) = queue();
    let source: Arc<dyn KeySource> = Arc::<Counted>::clone(source);
    (Authenticator::with_sources(vec![(url_settings(), source)], ambient.clone(), background).unwrap(), jobs)
}

pub(super) fn ask(gateway: &Authenticator, token: &str) -> Result<Caller, Refusal> {
    let value = format!("Bearer {token}");
    gateway.authenticate(&RequestHeaders { authorization: vec![value.as_bytes()], ..Default::default() })
}

pub(super) fn attempt(gateway: &Authenticator, token: &str) -> Result<Attempt, Refusal> {
    let value = format!("Bearer {token}");
    gateway.authenticate_cached(&RequestHeaders { authorization: vec![value.as_bytes()], ..Default::default() })
}

pub(super) fn claims() -> Value {
    json!({
        "iss": DEMO_ISSUER, "aud": DEMO_AUDIENCE, "sub": "auditor-1", "role": "AUDITOR",
        "iat": NOW, "exp": NOW + 3600
    })
}

pub(super) fn claims_with(name: &str, value: Value) -> Value {
    let mut claims = claims();
    claims[name] = value;
    claims
}

pub(super) fn claims_without(name: &str) -> Value {
    let mut claims = claims();
    claims.as_object_mut().unwrap().remove(name);
    claims
}

/// A token with a header of one's own choice and a signature that fits nothing.
pub(super) fn unsigned(header: &Value, claims: &Value) -> String {
    let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}.{}", encode(header), encode(claims), URL_SAFE_NO_PAD.encode([0; 64]))
}
