//! Publication windows: until when a record is shown to the public and shared between departments.
//!
//! Pure: the numbers come from a dated rule pack (信用修复管理办法 and its predecessors), never from constants here.
//! The day after a window's last day the record has left that tier.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use strum::{Display, EnumString, IntoStaticStr};

use super::calendar::add_months;
use super::deadlines::Deadlines;
use super::penalty::{PenaltyKind, Procedure};
use super::text::is_no_end;
use super::time::{Date, NO_END};
use super::vocabulary::Level;

/// The rules in force from one date on. The loader checks that every level named is in `levels`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RulePack {
    /// Its id, kept with every record it decided on: `order36-2026`.
    pub id: String,
    /// The first day it is in force.
    pub in_force_from: Date,
    /// Its title in Chinese.
    pub title_zh: String,
    /// Its title in English.
    pub title_en: String,
    /// The papers it follows, each with the part followed.
    pub legal_basis: Vec<String>,
    /// What each level means.
    pub levels: BTreeMap<Level, LevelPeriod>,
    /// The level that a procedure alone decides.
    pub procedures: BTreeMap<Procedure, Level>,
    /// The level of each kind of penalty. A kind that is absent cannot be classified.
    pub kinds: BTreeMap<PenaltyKind, Level>,
    /// The rules that catalogue items name as their `publication`.
    pub rules: BTreeMap<String, PublicationRule>,
    /// How long each step of the joint work may take.
    pub deadlines: Deadlines,
    /// Below how many a count about natural persons is not told in returns.
    pub small_count_below: u32,
}

/// What a level means: where it is shown and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LevelPeriod {
    /// Whether the public sees it.
    pub public: bool,
    /// Whether departments share it.
    pub shared: bool,
    /// 最短公示期 in months: before it ends repair cannot be applied for.
    pub min_months: u32,
    /// 最长公示期 in months.
    pub max_months: u32,
}

/// How the window of one kind of record is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "window", rename_all = "SCREAMING_SNAKE_CASE", deny_unknown_fields)]
pub enum PublicationRule {
    /// By the level of the penalty, counted from its decision.
    Level {},
    /// While valid (licences, honours). Without an end of validity there is no end.
    Validity {},
    /// For a term counted from the listing. The facts may name another term, as the item does for its list.
    Term {
        /// The level of such a listing.
        level: Level,
        /// The term.
        months: u32,
    },
    /// Until removal from the list, which stands in the facts as the end of validity.
    Removal {
        /// The level of such a listing.
        level: Level,
        /// The longest it is shown without a removal; `None` = as long as it is listed.
        max_months: Option<u32>,
    },
    /// Public and shared without end.
    Unlimited {},
    /// Never public, shared without end.
    SharedOnly {},
}

/// What is known of a record when its windows are computed.
#[derive(Clone, Copy, Debug, Default)]
pub struct PublicationFacts<'a> {
    /// The item's `publication`, such as `penalty`.
    pub rule: &'a str,
    /// The date of the decision, the listing or the event.
    pub decided_on: Option<Date>,
    /// The end of validity, or the date of removal from a list; included.
    pub valid_to: Option<Date>,
    /// 公示截止期 as sent; included. It counts only where it is earlier.
    pub published_until_sent: Option<Date>,
    /// The procedure, if sent.
    pub procedure: Option<Procedure>,
    /// The kinds of penalty that are known kinds.
    pub kinds: &'a [PenaltyKind],
    /// The term of the list this record is on, where it differs from the rule's.
    pub term_months: Option<u32>,
}

/// Until when a record is seen in each tier. Dates are last days included, [`NO_END`] is no end, `None` is never.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Windows {
    /// How serious the act is, where the rule has levels.
    pub level: Option<Level>,
    /// What the level was taken from.
    pub level_source: Option<LevelSource>,
    /// The last day in the public tier.
    pub public_until: Option<Date>,
    /// The last day in the sharing tier.
    pub shared_until: Option<Date>,
    /// The first day on which repair may be applied for (最短公示期 over).
    pub repairable_from: Option<Date>,
    /// What the provider should be told.
    pub reported: Option<Reported>,
}

/// What a level was taken from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Display, EnumString, IntoStaticStr)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum LevelSource {
    /// The procedure of the case.
    Procedure,
    /// The kinds of penalty.
    Kinds,
    /// The list itself.
    List,
}

/// What makes a window doubtful. A doubt never widens a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Display, EnumString, IntoStaticStr)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum Reported {
    /// The rule pack has no such publication rule: shown nowhere.
    UnknownRule,
    /// The date that the period counts from is absent: shown nowhere.
    NoDecisionDate,
    /// Neither procedure nor kinds give a level: not public, shared for the shortest period.
    Unclassifiable,
    /// The level is that of some kinds while others have none.
    SomeKindsUnclassified,
    /// The procedure says less than SERIOUS, a kind says SERIOUS; the procedure counted.
    ProcedureContradictsKinds,
}

impl LevelSource {
    /// The name as it stands in the database.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

impl Reported {
    /// The name as it stands in import reports.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

impl Windows {
    /// Whether the public sees the record on `date`.
    pub fn is_public_on(&self, date: Date) -> bool {
        self.public_until.is_some_and(|until| date <= until)
    }

    /// Whether departments share the record on `date`.
    pub fn is_shared_on(&self, date: Date) -> bool {
        self.shared_until.is_some_and(|until| date <= until)
    }

    fn nowhere(reported: Reported) -> Self {
        Self { reported: Some(reported), ..Self::default() }
    }

    fn both(until: Date) -> Self {
        Self { public_until: Some(until), shared_until: Some(until), ..Self::default() }
    }
}

/// The windows of a record under a rule pack.
pub fn windows(pack: &RulePack, facts: &PublicationFacts<'_>) -> Windows {
    match pack.rules.get(facts.rule) {
        None => Windows::nowhere(Reported::UnknownRule),
        Some(PublicationRule::Level {}) => by_level(pack, facts),
        Some(PublicationRule::Validity {}) => Windows::both(end(facts, NO_END)),
        Some(PublicationRule::Unlimited {}) => Windows::both(NO_END),
        Some(PublicationRule::SharedOnly {}) => Windows { public_until: None, ..Windows::both(NO_END) },
        Some(&PublicationRule::Term { level, months }) => {
            listed(pack, facts, level, Some(facts.term_months.unwrap_or(months)))
        }
        Some(&PublicationRule::Removal { level, max_months }) => listed(pack, facts, level, max_months),
    }
}

/// A list entry: public and shared for its term, whatever its level means for penalties.
fn listed(pack: &RulePack, facts: &PublicationFacts<'_>, level: Level, months: Option<u32>) -> Windows {
    let limit = match (months, facts.decided_on) {
        (None, _) => Some(NO_END),
        (Some(months), Some(decided_on)) => Some(add_months(decided_on, months)),
        (Some(_), None) => None,
    };
    Windows {
        level: Some(level),
        level_source: Some(LevelSource::List),
        repairable_from: repairable_from(pack, level, facts.decided_on),
        ..limit.map_or(Windows::nowhere(Reported::NoDecisionDate), |limit| Windows::both(end(facts, limit)))
    }
}

fn by_level(pack: &RulePack, facts: &PublicationFacts<'_>) -> Windows {
    let Some(decided_on) = facts.decided_on else { return Windows::nowhere(Reported::NoDecisionDate) };
    let Some((level, source, reported)) = classify(pack, facts) else {
        let shortest = pack.levels.values().filter(|level| level.shared).map(|level| level.max_months).min();
        let shared_until = shortest.map(|months| end_of_penalty(facts, add_months(decided_on, months)));
        return Windows { shared_until, ..Windows::nowhere(Reported::Unclassifiable) };
    };
    let period = pack.levels.get(&level);
    let until = |shown: fn(&LevelPeriod) -> bool| {
        period
            .filter(|period| shown(period))
            .map(|period| end_of_penalty(facts, add_months(decided_on, period.max_months)))
    };
    Windows {
        level: Some(level),
        level_source: Some(source),
        public_until: until(|period| period.public),
        shared_until: until(|period| period.shared),
        repairable_from: repairable_from(pack, level, facts.decided_on),
        reported,
    }
}

/// The procedure decides if the pack says so; else the gravest of the kinds.
fn classify(pack: &RulePack, facts: &PublicationFacts<'_>) -> Option<(Level, LevelSource, Option<Reported>)> {
    let gravest = facts.kinds.iter().filter_map(|kind| pack.kinds.get(kind)).max().copied();
    if let Some(&level) = facts.procedure.as_ref().and_then(|procedure| pack.procedures.get(procedure)) {
        let contradicted = level < Level::Serious && gravest == Some(Level::Serious);
        return Some((level, LevelSource::Procedure, contradicted.then_some(Reported::ProcedureContradictsKinds)));
    }
    let incomplete = facts.kinds.iter().any(|kind| !pack.kinds.contains_key(kind));
    gravest.map(|level| (level, LevelSource::Kinds, incomplete.then_some(Reported::SomeKindsUnclassified)))
}

fn repairable_from(pack: &RulePack, level: Level, decided_on: Option<Date>) -> Option<Date> {
    Some(add_months(decided_on?, pack.levels.get(&level)?.min_months))
}

/// The earliest of a limit, the end of validity and the end as sent.
fn end(facts: &PublicationFacts<'_>, limit: Date) -> Date {
    earlier(end_of_penalty(facts, limit), facts.valid_to)
}

/// The end of validity of a penalty (处罚有效期) is not the end of its publication.
fn end_of_penalty(facts: &PublicationFacts<'_>, limit: Date) -> Date {
    earlier(limit, facts.published_until_sent)
}

fn earlier(limit: Date, sent: Option<Date>) -> Date {
    match sent.filter(|&date| !is_no_end(date)) {
        Some(date) => limit.min(date),
        None if is_no_end(limit) => NO_END,
        None => limit,
    }
}

#[cfg(test)]
#[path = "period_tests.rs"]
mod tests;
