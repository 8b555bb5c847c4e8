//! `chengxin serve`: the gateway, with a configuration file.

use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context;
use clap::Args;

use crate::app;
use crate::clock::Ambient;
use crate::config::Config;
use crate::http::fold;
use crate::http::server::serve;
use crate::http::service::Service;

/// Arguments of `chengxin serve`.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  chengxin serve --config chengxin.toml")]
pub struct ServeArgs {
    /// The configuration file.
    #[arg(long, value_name = "FILE")]
    pub config: PathBuf,
}

/// Serves until stopped.
pub fn run(arguments: &ServeArgs, ambient: &Ambient) -> anyhow::Result<()> {
    let config = Config::load(&arguments.config)?;
    let service = app::service(&config, ambient)?;
    let listener =
        TcpListener::bind(config.listen).with_context(|| format!("`{}` cannot be listened on", config.listen))?;
    tracing::info!(address = %listener.local_addr()?, "listening");
    until_stopped(service, listener, config.workers, || Ok(()))
}

/// Serves on `listener` until stopped; `once_open` runs beside it when the port is open.
pub fn until_stopped(
    service: Arc<Service>,
    listener: TcpListener,
    workers: usize,
    once_open: impl FnOnce() -> anyhow::Result<()> + Send + 'static,
) -> anyhow::Result<()> {
    let ledger = service.gateway.ledger.clone();
    let result = actix_web::rt::System::new().block_on(async move {
        let folding = actix_web::rt::spawn(fold::write_past_minutes(Arc::clone(&service)));
        let beside = actix_web::rt::task::spawn_blocking(once_open);
        let keys = Arc::clone(&service);
        let maintenance = actix_web::rt::spawn(async move {
            let mut ticks = tokio::time::interval(std::time::Duration::from_secs(60));
            loop {
                ticks.tick().await;
                let keys = Arc::clone(&keys);
                // A failed fetch is told by the authenticator itself; the keys at hand go on serving.
                let _done = actix_web::rt::task::spawn_blocking(move || keys.authenticator.maintain()).await;
            }
        });
        let served = serve(Arc::clone(&service), listener, workers).await;
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
