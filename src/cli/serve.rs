//! `chengxin serve`: the gateway, with a configuration file.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use clap::Args;

use crate::access::PolicyFault;
use crate::app::{self, NotStarted};
use crate::clock::Ambient;
use crate::config::Config;
use crate::exchange::gateway::Gateway;
use crate::exchange::push::sending;
use crate::exchange::{case, joint_action, purposes, register, review};
use crate::http::fold;
use crate::http::server::serve;
use crate::http::service::Service;
use crate::witness::collector::Collector;

/// Arguments of `chengxin serve`.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  chengxin serve --config chengxin.toml")]
pub struct ServeArgs {
    /// The configuration file.
    #[arg(long, value_name = "FILE")]
    pub config: PathBuf,
}

/// How often witnesses are asked for what is new.
const COSIGN_EVERY: Duration = Duration::from_secs(1);
/// How often it is looked for events that another gateway has written, or that are due again.
const SEND_EVERY: Duration = Duration::from_secs(1);
/// How many thousand entries are looked through for review in a minute.
const REVIEW_CHUNKS: usize = 1_000;

/// Serves until stopped. Exit code 3 when a witness has seen another ledger than is stored.
pub fn run(arguments: &ServeArgs, ambient: &Ambient) -> anyhow::Result<()> {
    let config = Config::load(&arguments.config)?;
    let service = app::service(&config, ambient)?;
    assert_approved(&service.gateway, &service.gateway.decider.purposes_text())
        .map_err(|fault| anyhow::Error::msg(fault.to_string()))?;
    let mut collector = Collector::new(service.gateway.ledger.clone(), &config.witnesses)?;
    let (_, faults) = collector.collect();
    for fault in &faults {
        tracing::warn!(%fault, "a witness did not cosign");
    }
    if let Some(fault) = faults.iter().find(|fault| fault.is_contradiction()) {
        service.gateway.ledger.close();
        let fault = format!("{fault}. Find out which copy of the ledger is the true one before you go on");
        return Err(NotStarted::contradicted(fault).into());
    }
    let collecting = if config.witnesses.is_empty() { None } else { Some(collector.start(COSIGN_EVERY)?) };
    let listener =
        TcpListener::bind(config.listen).with_context(|| format!("`{}` cannot be listened on", config.listen))?;
    tracing::info!(address = %listener.local_addr()?, "listening");
    let served = until_stopped(service, Listening { listener, config: &config }, || Ok(()));
    drop(collecting);
    served
}

/// A port that is open, and the configuration it is served with.
#[derive(Debug)]
pub struct Listening<'c> {
    /// The port.
    pub listener: TcpListener,
    /// The configuration.
    pub config: &'c Config,
}

/// Serves until stopped; `once_open` runs beside it when the port is open.
pub fn until_stopped(
    service: Arc<Service>,
    Listening { listener, config }: Listening<'_>,
    once_open: impl FnOnce() -> anyhow::Result<()> + Send + 'static,
) -> anyhow::Result<()> {
    let (workers, policies) = (config.workers, config.policies.clone());
    let high_water = config.ledger_settings().high_water;
    tell_policies(&service);
    let ledger = service.gateway.ledger.clone();
    let result = actix_web::rt::System::new().block_on(async move {
        let folding = actix_web::rt::spawn(fold::write_past_minutes(Arc::clone(&service)));
        let beside = actix_web::rt::task::spawn_blocking(once_open);
        let (keys, high_water) = (Arc::clone(&service), high_water.clone());
        let maintenance = actix_web::rt::spawn(async move {
            let mut ticks = tokio::time::interval(std::time::Duration::from_mins(1));
            loop {
                ticks.tick().await;
                let (keys, kept) = (Arc::clone(&keys), high_water.clone());
                // A failed fetch is told by the authenticator itself; the keys at hand go on serving.
                let _done = actix_web::rt::task::spawn_blocking(move || maintain(&keys, kept.as_deref())).await;
            }
        });
        let pushing = actix_web::rt::spawn(push_events(Arc::clone(&service)));
        let reloading = actix_web::rt::spawn(reload_on_hangup(Arc::clone(&service), policies));
        let served = serve(Arc::clone(&service), listener, workers).await;
        reloading.abort();
        pushing.abort();
        folding.abort();
        maintenance.abort();
        fold::write_all(&service).await;
        match beside.await {
            Ok(opened) => opened.and(served.map_err(Into::into)),
            Err(_) => served.map_err(Into::into),
        }
    });
    ledger.close();
    result
}

/// Sends events to webhooks as they come, and again what failed. What a gateway is about to send when it stops is sent by the next.
async fn push_events(service: Arc<Service>) {
    loop {
        let gateway = Arc::clone(&service.gateway);
        let moved = gateway.moved.notified();
        tokio::pin!(moved);
        moved.as_mut().enable();
        let working = Arc::clone(&service);
        let sent = actix_web::rt::task::spawn_blocking(move || sending::send_due(&working.gateway)).await;
        match sent {
            Ok(Ok(round)) if !round.is_idle() => continue,
            Ok(Ok(_)) => {}
            // It is tried again in a second; that the ledger is closed is told where it was closed.
            Ok(Err(_)) | Err(_) => tracing::debug!("events cannot be sent now"),
        }
        tokio::select! {
            () = moved => {}
            () = tokio::time::sleep(SEND_EVERY) => {}
        }
    }
}

/// Purposes that differ from those in force want two persons' word.
fn assert_approved(gateway: &Gateway, text: &str) -> Result<(), PolicyFault> {
    let refused = |why: &str| Err(PolicyFault::of_file("purposes.toml", why));
    match purposes::may_come_into_force(&gateway.ledger, text) {
        Ok(true) => Ok(()),
        Ok(false) => refused(
            "these are not the purposes in force, and two persons have not agreed to them: `chengxin policy approve` takes their \
             tokens",
        ),
        Err(_) => refused("whether two persons have agreed to them cannot be read from the ledger"),
    }
}

/// Which policies are in force is an entry. A ledger that cannot write refuses every answer too, so nothing is answered
/// under policies that it was not told of.
fn tell_policies(service: &Service) {
    if register::register_policies(&service.gateway).is_err() {
        tracing::error!("the ledger could not be told which policies are in force");
    }
}

/// What is done every minute: key sets of issuers, the newest checkpoint kept outside, the queue of reviews.
fn maintain(service: &Service, high_water: Option<&Path>) {
    service.authenticator.maintain();
    if let Some(Err(error)) = high_water.map(|path| service.gateway.ledger.recheck_high_water(path)) {
        tracing::error!(
            error = &error as &dyn std::error::Error,
            "the ledger is not what was signed, or cannot be held against it"
        );
    }
    // Whoever asks for reviews catches up too; here it is only done ahead.
    if review::catch_up(&service.gateway, REVIEW_CHUNKS).is_err() {
        tracing::warn!("new queries could not be looked through for review; it is tried again in a minute");
    }
    if let Some(Err(error)) =
        service.gateway.bundles.as_ref().map(|bundles| bundles.sweep(service.gateway.ambient.now()))
    {
        tracing::warn!(%error, "bundles that have lain for a week cannot be removed");
    }
    if let Ok(counts) = review::register_counts(&service.gateway) {
        service.metrics.set_register(counts);
    }
    maintain_joint_work(service);
}

/// Steps without an outcome are told, actions past their last day are ended, what is late is counted.
fn maintain_joint_work(service: &Service) {
    let gateway = &service.gateway;
    if case::settle(gateway).is_err() || joint_action::end::expire(gateway).is_err() {
        tracing::warn!("the joint work could not be looked through; it is tried again in a minute");
    }
    if let Ok(counts) = joint_action::overdue::counts(gateway) {
        service.metrics.set_overdue(counts);
    }
    if let Ok(counts) = sending::counts(gateway) {
        service.metrics.set_deliveries(counts);
    }
}

/// SIGHUP: the Cedar policies and the purposes are read anew. A bad set is refused and the good one stays; the catalogue, the
/// rules and the limits are read at start alone.
async fn reload_on_hangup(service: Arc<Service>, policies: PathBuf) {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut hangups) = signal(SignalKind::hangup()) else {
        tracing::error!("SIGHUP cannot be awaited: policies are read at start alone");
        return;
    };
    while hangups.recv().await.is_some() {
        let (service, policies) = (Arc::clone(&service), policies.clone());
        let work = actix_web::rt::task::spawn_blocking(move || {
            let reloaded =
                service.gateway.decider.reload(&policies, |purposes| assert_approved(&service.gateway, purposes));
            if reloaded.is_ok() {
                tell_policies(&service);
            }
            reloaded
        });
        match work.await {
            Ok(Ok(())) => tracing::info!("policies read anew"),
            Ok(Err(faults)) => {
                for fault in faults {
                    tracing::error!(%fault, "the policies were not taken: those in force stay");
                }
            }
            Err(error) => tracing::error!(%error, "the policies could not be read anew"),
        }
    }
}
