//! What may follow what on the way to an entry on a list (名单认定): pure and exhaustive.
//!
//! An entry that burdens its subject is drafted, told to the party, and decided when the party has stated its case or its time is over.
//! One that honours needs no notice. What was listed is withdrawn when what it rests on falls; its term, repair and objection end it by
//! themselves.

use super::vocabulary::vocabulary;

vocabulary! {
    /// How far an entry on a list has come.
    ListingStage {
        /// 初步认定: drafted.
        Drafted,
        /// 已告知: the party may state its case.
        Notified,
        /// 已陈述申辩: the party has stated its case.
        Stated,
        /// 已认定: the entry is on the list.
        Listed,
        /// 不予认定.
        Dropped,
        /// 已撤销.
        Withdrawn,
    }
}

vocabulary! {
    /// What is decided about an entry.
    ListingDecision {
        /// 认定: it goes on the list.
        List,
        /// 不予认定: it does not.
        Drop,
    }
}

/// A step that is to be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::EnumIter)]
pub enum Step {
    /// 告知.
    Notify,
    /// 陈述申辩, by the party.
    State,
    /// 认定.
    List,
    /// 不予认定.
    Drop,
    /// 撤销.
    Withdraw,
}

/// Why a step is not the next one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error, strum::IntoStaticStr, strum::EnumIter)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum OutOfOrder {
    /// The party has not been told.
    #[error("tell the party first, and let it state its case")]
    NotNotified,
    /// The party's time is not over.
    #[error("the party may still state its case")]
    TimeNotOver,
    /// The party was told before.
    #[error("the party was told before")]
    AlreadyNotified,
    /// The party has stated its case.
    #[error("the party has stated its case before")]
    AlreadyStated,
    /// It was decided.
    #[error("it was decided before")]
    Closed,
    /// It is not on the list.
    #[error("it is not on the list")]
    NotListed,
}

/// What the order of steps depends on beside the stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Facts {
    /// Whether the entry burdens its subject, so that the party is heard first.
    pub is_burden: bool,
    /// Whether the time in which the party may state its case is over.
    pub is_time_over: bool,
}

/// The stage after a step.
///
/// # Errors
/// When the step is not one that may follow.
pub fn after(stage: ListingStage, step: Step, facts: Facts) -> Result<ListingStage, OutOfOrder> {
    use ListingStage::{Drafted, Dropped, Listed, Notified, Stated, Withdrawn};
    match (stage, step) {
        (Listed, Step::Withdraw) => Ok(Withdrawn),
        (_, Step::Withdraw) => Err(OutOfOrder::NotListed),
        (Listed | Dropped | Withdrawn, _) => Err(OutOfOrder::Closed),
        (Drafted, Step::Notify) => Ok(Notified),
        (Notified | Stated, Step::Notify) => Err(OutOfOrder::AlreadyNotified),
        (Drafted, Step::State) => Err(OutOfOrder::NotNotified),
        (Notified, Step::State) => Ok(Stated),
        (Stated, Step::State) => Err(OutOfOrder::AlreadyStated),
        (Drafted | Notified | Stated, Step::Drop) => Ok(Dropped),
        (Drafted, Step::List) if facts.is_burden => Err(OutOfOrder::NotNotified),
        (Notified, Step::List) if facts.is_burden && !facts.is_time_over => Err(OutOfOrder::TimeNotOver),
        (Drafted | Notified | Stated, Step::List) => Ok(Listed),
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use strum::IntoEnumIterator;

    use super::*;

    /// The whole table, to be read.
    #[test]
    fn every_stage_and_step_is_placed() {
        let mut table = String::new();
        for stage in ListingStage::iter() {
            for step in Step::iter() {
                for (is_burden, is_time_over) in [(true, false), (true, true), (false, false)] {
                    let next = after(stage, step, Facts { is_burden, is_time_over });
                    let told = next.map_or_else(<&'static str>::from, ListingStage::name);
                    let kind = if is_burden { "burden" } else { "honour" };
                    let time = if is_time_over { "over" } else { "running" };
                    writeln!(table, "{stage} {step:?} {kind} {time} -> {told}").unwrap();
                }
            }
        }
        insta::assert_snapshot!("listing_steps", table);
        for refusal in OutOfOrder::iter() {
            assert!(table.contains(<&'static str>::from(refusal)), "{refusal} is never told");
        }
    }

    #[test]
    fn nobody_is_burdened_unheard() {
        let facts = Facts { is_burden: true, is_time_over: false };
        for stage in ListingStage::iter().filter(|stage| *stage != ListingStage::Stated) {
            assert!(after(stage, Step::List, facts).is_err(), "{stage}");
        }
    }
}
