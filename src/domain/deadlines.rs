//! How long each step of the joint work may take (联合奖惩, 异议, 信用修复).
//!
//! Pure: the numbers come from the rule pack in force. Working days are counted by the calendar, the day a period begins with
//! is not one of them (民法典 article 201).

use serde::Deserialize;

use super::calendar::WorkingCalendar;
use super::time::Date;

/// The deadlines of a rule pack. Working days, or days of a month.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Deadlines {
    /// 发起: working days from the act to the initiation of a joint action.
    pub initiate: u32,
    /// 信息推送: working days from the initiation to the dispatch.
    pub dispatch: u32,
    /// 响应: working days from the dispatch to the answer of each implementing department.
    pub respond: u32,
    /// 执行反馈: the day of the month by which the month before is reported.
    pub execution_return: i8,
    /// 汇总反馈: the day of the month by which the summary of the month before goes to the initiators.
    pub initiator_return: i8,
    /// 陈述申辩: working days that a party has from the notice of an entry on a list.
    pub statement: u32,
    /// 异议核实: working days from an objection to the provider's answer.
    pub objection: u32,
    /// 修复受理: working days from an application for repair to the word whether it is accepted; where the rules fix them.
    pub repair_accept: Option<u32>,
    /// 修复办结: working days from an application for repair to its decision; where the rules fix them.
    pub repair_answer: Option<u32>,
    /// For how many months nobody whose papers were false applies again; where the rules fix it.
    pub repair_ban_months: Option<u32>,
}

impl Deadlines {
    /// What is impossible about them, a sentence each.
    pub fn faults(&self) -> impl Iterator<Item = &'static str> + use<> {
        let days = [self.execution_return, self.initiator_return];
        let wrong = [
            (!days.iter().all(|day| (1..=28).contains(day)), "a return is due on a day of every month, 1 to 28"),
            (self.execution_return >= self.initiator_return, "the summary is due after the returns that it is made of"),
            (
                [self.initiate, self.dispatch, self.respond, self.statement, self.objection].contains(&0),
                "a step needs one working day at least",
            ),
        ];
        wrong.into_iter().filter_map(|(is_wrong, reason)| is_wrong.then_some(reason))
    }

    /// By when the month in which `day` lies is to be reported by those who implement measures.
    pub fn execution_return_of(&self, day: Date) -> Date {
        in_next_month(day, self.execution_return)
    }

    /// By when the month in which `day` lies is to be summed up for the initiators.
    pub fn initiator_return_of(&self, day: Date) -> Date {
        in_next_month(day, self.initiator_return)
    }
}

fn in_next_month(day: Date, of_month: i8) -> Date {
    let next = day.last_of_month().tomorrow().unwrap_or(Date::MAX);
    // Every month has the days 1 to 28.
    Date::new(next.year(), next.month(), of_month).unwrap_or(Date::MAX)
}

/// A deadline as it stood when something stopped the work, moved by as many working days as were left then.
pub fn moved(calendar: &WorkingCalendar, due: Date, stopped: Date, resumed: Date) -> Date {
    let left = calendar.working_days_between(stopped, due).count;
    if due < stopped { due } else { calendar.add_working_days(resumed, left).date }
}

/// The plan's, for tests.
#[cfg(test)]
pub(super) const OF_THE_PLAN: Deadlines = Deadlines {
    initiate: 30,
    dispatch: 5,
    respond: 5,
    execution_return: 10,
    initiator_return: 15,
    statement: 5,
    objection: 3,
    repair_accept: Some(3),
    repair_answer: Some(10),
    repair_ban_months: Some(12),
};

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use jiff::civil::date;

    use super::*;

    #[test]
    fn a_month_is_reported_in_the_next_one() {
        assert_eq!(OF_THE_PLAN.execution_return_of(date(2026, 11, 30)), date(2026, 12, 10));
        assert_eq!(OF_THE_PLAN.execution_return_of(date(2026, 12, 1)), date(2027, 1, 10));
        assert_eq!(OF_THE_PLAN.initiator_return_of(date(2028, 2, 29)), date(2028, 3, 15));
    }

    #[test]
    fn what_cannot_be_met_is_told() {
        assert_eq!(OF_THE_PLAN.faults().count(), 0);
        assert_eq!(Deadlines { execution_return: 31, initiator_return: 15, ..OF_THE_PLAN }.faults().count(), 2);
        assert_eq!(Deadlines { initiator_return: 10, respond: 0, ..OF_THE_PLAN }.faults().count(), 2);
    }

    #[test]
    fn a_deadline_is_moved_by_what_was_left_of_it_and_one_that_was_missed_stays_missed() {
        let calendar = WorkingCalendar::new(BTreeMap::new(), BTreeSet::new());
        // Due on a Friday, stopped on the Wednesday before: two working days were left.
        let at = |day| moved(&calendar, date(2026, 11, 27), day, date(2026, 12, 4));
        assert_eq!(at(date(2026, 11, 25)), date(2026, 12, 8));
        assert_eq!(at(date(2026, 11, 27)), date(2026, 12, 4));
        assert_eq!(at(date(2026, 11, 30)), date(2026, 11, 27));
    }
}
