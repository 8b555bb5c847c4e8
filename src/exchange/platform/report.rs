//! The reconciliation of both sides: what the platform may see, what it was sent, what it said, and, against a list of what it holds, what is
//! missing on either side.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use serde::Serialize;

use super::super::gateway::Gateway;
use super::super::inquiry::Inquiry;
use super::super::node_id::NodeRef;
use super::plan::visible;
use super::{ID, Stopped, file_error, permitted};
use crate::authentication::Caller;
use crate::catalogue::Platform;
use crate::domain::{ExchangeOperation, ExchangeState, RecordId};
use crate::store;

/// One item of a reconciliation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Reconciled {
    /// Records that the platform may see now.
    pub visible: u64,
    /// Of these, accepted in their present version.
    pub accepted: u64,
    /// Refused in their present version.
    pub refused: u64,
    /// Sent in their present version, without a receipt yet.
    pub awaiting: u64,
    /// Never sent, or in an older version alone.
    pub unsent: u64,
    /// Records that the platform may see no more, and has not been told, or has not confirmed.
    pub to_revoke: u64,
    /// With a list of what the platform holds: accepted by its receipts, and not in the list.
    pub missing_there: Option<u64>,
}

/// The reconciliation of a platform, by item.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// The platform.
    pub platform: String,
    /// By item.
    pub items: BTreeMap<String, Reconciled>,
    /// Why lines were refused, and how many.
    pub reasons: BTreeMap<String, u64>,
    /// With a list of what the platform holds: in it, and not to be seen here.
    pub missing_here: Option<u64>,
}

/// Reconciles. `holdings` is a CSV file with the ids that the platform holds. Blocks.
pub fn report(
    gateway: &Arc<Gateway>,
    caller: &Caller,
    platform: &Platform,
    holdings: Option<&Path>,
) -> Result<Report, Stopped> {
    let inquiry = Inquiry::open(gateway, caller)?;
    permitted(&inquiry, platform)?;
    let holdings = holdings.map(|path| held_there(gateway, path)).transpose()?;
    let sent = gateway.registry.read(|connection| store::exchange::items(connection, &platform.id, None))?;
    let mut report =
        Report { platform: platform.id.clone(), items: BTreeMap::new(), reasons: BTreeMap::new(), missing_here: None };
    let mut seen_anywhere = BTreeSet::new();
    for entry in &platform.item {
        let seen = visible(&inquiry, &entry.item)?;
        let mut one = Reconciled { visible: seen.len() as u64, ..Reconciled::default() };
        let mut accepted = BTreeSet::new();
        for row in sent.iter().filter(|row| row.item == entry.item) {
            let is_present = seen.get(&row.record) == Some(&row.version) && row.operation != ExchangeOperation::Revoke;
            match (is_present, row.state) {
                (true, ExchangeState::Accepted) => {
                    one.accepted += 1;
                    accepted.insert(row.record);
                }
                (true, ExchangeState::Refused) => one.refused += 1,
                (true, ExchangeState::Sent) => one.awaiting += 1,
                (false, state) => {
                    let is_confirmed = row.operation == ExchangeOperation::Revoke && state == ExchangeState::Accepted;
                    one.to_revoke += u64::from(!seen.contains_key(&row.record) && !is_confirmed);
                }
            }
            if row.state == ExchangeState::Refused {
                *report.reasons.entry(row.told.clone()).or_default() += 1;
            }
        }
        one.unsent = one.visible - one.accepted - one.refused - one.awaiting;
        if let Some(holdings) = &holdings {
            one.missing_there = Some(accepted.difference(holdings).count() as u64);
        }
        seen_anywhere.extend(seen.into_keys());
        report.items.insert(entry.item.to_string(), one);
    }
    report.missing_here = holdings.map(|holdings| holdings.difference(&seen_anywhere).count() as u64);
    Ok(report)
}

/// The records in a list of what the platform holds; ids that are none of ours are told.
fn held_there(gateway: &Gateway, path: &Path) -> Result<BTreeSet<RecordId>, Stopped> {
    let bytes = std::fs::read(path).map_err(|error| file_error(path, &error))?;
    let text = super::receive::decoded(&bytes);
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let broken = |what: String| Stopped::File(format!("`{}`: {what}", path.display()));
    let header = reader.headers().map_err(|error| broken(error.to_string()))?.clone();
    let at = header.iter().position(|column| column == ID).ok_or_else(|| broken(format!("no column `{ID}`")))?;
    let mut held = BTreeSet::new();
    for (record, line) in reader.records().zip(2..) {
        let record = record.map_err(|error| broken(error.to_string()))?;
        match gateway.node_ids.decode(record.get(at).unwrap_or_default().trim()) {
            Some(NodeRef::Record(id)) => drop(held.insert(id)),
            _ => return Err(broken(format!("line {line}: no id of a record that was sent from here"))),
        }
    }
    Ok(held)
}
