//! Publication windows computed anew under the rule pack in force today: after a pack has changed, or a new one began.
//!
//! A record's content and version stay as they are; only until when it is seen changes.

use serde_json::{Map, Value};

use super::fault::Fault;
use super::gateway::Gateway;
use super::import::{PENALTY_KINDS, PROCEDURE};
use crate::domain::penalty::{PenaltyKind, Procedure};
use crate::domain::period::{PublicationFacts, RulePack, windows};
use crate::domain::{Date, RecordId};
use crate::store;
use crate::store::windows::{StoredWindows, WindowedRecord};

/// Records looked at in one transaction.
const CHUNK: i64 = 1_000;

/// How many records were looked at, and how many changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Recomputed {
    /// Looked at.
    pub records: u64,
    /// With other windows than before.
    pub changed: u64,
}

/// Computes every record's windows; `watch` is told after each chunk. Killed, it is simply run again.
pub fn recompute(gateway: &Gateway, mut watch: impl FnMut(Recomputed)) -> Result<Recomputed, Fault> {
    let pack = gateway.rules.packs.in_force(gateway.ambient.today());
    let mut done = Recomputed::default();
    let mut after: Option<RecordId> = None;
    loop {
        let found = gateway.registry.read(|connection| store::windows::page(connection, after, CHUNK))?;
        let Some(last) = found.last() else { return Ok(done) };
        after = Some(last.id);
        let changes = changes(gateway, pack, &found)?;
        gateway.registry.write(|connection| {
            changes.iter().try_for_each(|(id, windows)| store::windows::set(connection, *id, windows))
        })?;
        done.records += u64::try_from(found.len()).unwrap_or(0);
        done.changed += u64::try_from(changes.len()).unwrap_or(0);
        watch(done);
    }
}

fn changes(
    gateway: &Gateway,
    pack: &RulePack,
    records: &[WindowedRecord],
) -> Result<Vec<(RecordId, StoredWindows)>, Fault> {
    let mut changes = Vec::new();
    for record in records {
        let Some(item) = gateway.catalogue.item_by_text(&record.item) else { continue };
        let plain: Map<String, Value> = serde_json::from_str(&record.plain)
            .map_err(|_| Fault::Corrupt(format!("records.plain of {}", record.id)))?;
        let text = |name: &str| plain.get(name).and_then(Value::as_str);
        let date = |text: &str| text.parse::<Date>().ok();
        let kinds = kinds(plain.get(PENALTY_KINDS));
        let facts = PublicationFacts {
            rule: &item.publication,
            decided_on: date(&record.decided_on),
            valid_to: item.head.valid_to.as_deref().and_then(text).and_then(date),
            published_until_sent: date(&record.published_until_sent),
            procedure: text(PROCEDURE).and_then(Procedure::parse),
            kinds: &kinds,
            term_months: item.term_months,
        };
        let now = stored(pack, &facts);
        if now != record.windows {
            changes.push((record.id, now));
        }
    }
    Ok(changes)
}

fn kinds(value: Option<&Value>) -> Vec<PenaltyKind> {
    let text = match value {
        Some(Value::Array(parts)) => parts.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(";"),
        Some(Value::String(text)) => text.clone(),
        _ => return Vec::new(),
    };
    PenaltyKind::parse_list(&text).known
}

/// The windows as the columns hold them.
fn stored(pack: &RulePack, facts: &PublicationFacts<'_>) -> StoredWindows {
    let computed = windows(pack, facts);
    let text = |date: Option<Date>| date.map(|date| date.to_string()).unwrap_or_default();
    StoredWindows {
        level: computed.level.map(|level| level.name().to_owned()).unwrap_or_default(),
        level_source: computed.level_source.map(|source| source.name().to_owned()).unwrap_or_default(),
        rule_pack: pack.id.clone(),
        public_until: text(computed.public_until),
        shared_until: text(computed.shared_until),
    }
}
