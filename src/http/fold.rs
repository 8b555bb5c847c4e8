//! Writes the folded refusals of past minutes into the ledger, one entry for each address bucket and minute.

use std::sync::Arc;
use std::time::Duration;

use super::service::Service;
use crate::admission::{FoldedBucket, FoldedRefusals};
use crate::exchange::register;

/// How often past minutes are looked for.
const EVERY: Duration = Duration::from_secs(5);

/// Writes past minutes until the task is aborted.
pub async fn write_past_minutes(service: Arc<Service>) {
    let mut ticks = tokio::time::interval(EVERY);
    loop {
        ticks.tick().await;
        let now = service.gateway.ambient.now();
        write(&service, service.folding.drain(now)).await;
    }
}

/// Writes everything that is still counted: for the end of the process.
pub async fn write_all(service: &Service) {
    write(service, service.folding.drain_all()).await;
}

async fn write(service: &Service, windows: Vec<FoldedRefusals>) {
    for window in windows {
        let bucket = match window.bucket {
            FoldedBucket::Network(network) => network.to_string(),
            FoldedBucket::Everybody => "everybody else".to_owned(),
        };
        if register::register_folded(&service.gateway, &bucket, window.minute, &window.counts).await.is_err() {
            tracing::error!("folded refusals could not be written: the ledger is closed");
        }
    }
}
