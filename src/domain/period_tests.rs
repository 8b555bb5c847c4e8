//! Windows under a small rule pack of its own; the shipped packs are tested from their files.

use jiff::civil::date;
use proptest::prelude::*;

use super::*;

const DECIDED: Date = date(2026, 5, 31);

fn pack() -> RulePack {
    let period = |public, min_months, max_months| LevelPeriod { public, shared: true, min_months, max_months };
    RulePack {
        id: "test".to_owned(),
        in_force_from: date(2026, 4, 1),
        title_zh: String::new(),
        title_en: String::new(),
        legal_basis: vec![],
        levels: [
            (Level::Minor, period(false, 0, 3)),
            (Level::General, period(true, 3, 12)),
            (Level::Serious, period(true, 12, 36)),
        ]
        .into(),
        procedures: [(Procedure::Summary, Level::Minor)].into(),
        kinds: [
            (PenaltyKind::Warning, Level::Minor),
            (PenaltyKind::Fine, Level::General),
            (PenaltyKind::OrderToClose, Level::Serious),
        ]
        .into(),
        rules: [
            ("penalty", PublicationRule::Level {}),
            ("licence", PublicationRule::Validity {}),
            ("list", PublicationRule::Term { level: Level::Serious, months: 36 }),
            ("abnormal", PublicationRule::Removal { level: Level::Minor, max_months: None }),
            ("permanent", PublicationRule::Unlimited {}),
            ("none", PublicationRule::SharedOnly {}),
        ]
        .map(|(name, rule)| (name.to_owned(), rule))
        .into(),
        deadlines: crate::domain::deadlines::OF_THE_PLAN,
        small_count_below: 10,
    }
}

fn penalty(kinds: &[PenaltyKind]) -> PublicationFacts<'_> {
    PublicationFacts { rule: "penalty", decided_on: Some(DECIDED), kinds, ..PublicationFacts::default() }
}

fn facts(rule: &str) -> PublicationFacts<'_> {
    PublicationFacts { rule, decided_on: Some(DECIDED), ..PublicationFacts::default() }
}

#[test]
fn a_fine_of_unknown_procedure_is_general_and_public_for_a_year() {
    let windows = windows(&pack(), &penalty(&[PenaltyKind::Fine]));
    assert_eq!((windows.level, windows.level_source), (Some(Level::General), Some(LevelSource::Kinds)));
    assert_eq!(windows.public_until, Some(date(2027, 5, 31)));
    assert_eq!(windows.shared_until, Some(date(2027, 5, 31)));
    assert_eq!(windows.repairable_from, Some(date(2026, 8, 31)));
    assert_eq!(windows.reported, None);
}

#[test]
fn the_last_day_is_included_and_the_day_after_is_not() {
    let windows = windows(&pack(), &penalty(&[PenaltyKind::Fine]));
    assert!(windows.is_public_on(date(2027, 5, 31)) && windows.is_shared_on(date(2027, 5, 31)));
    assert!(!windows.is_public_on(date(2027, 6, 1)) && !windows.is_shared_on(date(2027, 6, 1)));
}

#[test]
fn the_gravest_kind_wins() {
    let windows = windows(&pack(), &penalty(&[PenaltyKind::Warning, PenaltyKind::OrderToClose, PenaltyKind::Fine]));
    assert_eq!(windows.level, Some(Level::Serious));
    assert_eq!(windows.public_until, Some(date(2029, 5, 31)));
}

#[test]
fn a_minor_penalty_is_shared_and_never_public() {
    let windows = windows(&pack(), &penalty(&[PenaltyKind::Warning]));
    assert_eq!(windows.public_until, None);
    assert_eq!(windows.shared_until, Some(date(2026, 8, 31)));
    assert_eq!(windows.repairable_from, Some(DECIDED));
}

#[test]
fn a_procedure_that_was_sent_decides_before_the_kinds() {
    let pack = pack();
    let summary = PublicationFacts { procedure: Some(Procedure::Summary), ..penalty(&[PenaltyKind::Fine]) };
    let windows_of_summary = windows(&pack, &summary);
    assert_eq!(windows_of_summary.level, Some(Level::Minor));
    assert_eq!(windows_of_summary.level_source, Some(LevelSource::Procedure));
    assert_eq!((windows_of_summary.public_until, windows_of_summary.reported), (None, None));

    let ordinary = PublicationFacts { procedure: Some(Procedure::Ordinary), ..penalty(&[PenaltyKind::Fine]) };
    assert_eq!(windows(&pack, &ordinary).level_source, Some(LevelSource::Kinds));
}

#[test]
fn a_summary_closure_is_reported_and_not_published() {
    let kinds = [PenaltyKind::OrderToClose];
    let facts = PublicationFacts { procedure: Some(Procedure::Summary), ..penalty(&kinds) };
    let windows = windows(&pack(), &facts);
    assert_eq!(windows.public_until, None);
    assert_eq!(windows.reported, Some(Reported::ProcedureContradictsKinds));
}

#[test]
fn what_cannot_be_classified_is_not_public_and_reported() {
    for kinds in [&[][..], &[PenaltyKind::Other], &[PenaltyKind::AdministrativeDetention]] {
        let windows = windows(&pack(), &penalty(kinds));
        assert_eq!((windows.level, windows.level_source, windows.public_until), (None, None, None));
        assert_eq!(windows.shared_until, Some(date(2026, 8, 31)));
        assert_eq!(windows.reported, Some(Reported::Unclassifiable));
    }
    let partly = windows(&pack(), &penalty(&[PenaltyKind::Other, PenaltyKind::Fine]));
    assert_eq!((partly.level, partly.reported), (Some(Level::General), Some(Reported::SomeKindsUnclassified)));
}

#[test]
fn the_end_as_sent_counts_only_where_it_is_earlier() {
    let pack = pack();
    for (sent, end) in [
        (date(2026, 9, 1), date(2026, 9, 1)),
        (date(2028, 1, 1), date(2027, 5, 31)),
        (date(2099, 12, 31), date(2027, 5, 31)),
    ] {
        let facts = PublicationFacts { published_until_sent: Some(sent), ..penalty(&[PenaltyKind::Fine]) };
        let windows = windows(&pack, &facts);
        assert_eq!((windows.public_until, windows.shared_until), (Some(end), Some(end)), "{sent}");
    }
    let minor = PublicationFacts { published_until_sent: Some(date(2026, 6, 9)), ..penalty(&[PenaltyKind::Warning]) };
    assert_eq!(windows(&pack, &minor).shared_until, Some(date(2026, 6, 9)));
}

#[test]
fn the_term_of_the_penalty_itself_does_not_end_its_publication() {
    let facts = PublicationFacts { valid_to: Some(date(2026, 6, 1)), ..penalty(&[PenaltyKind::Fine]) };
    assert_eq!(windows(&pack(), &facts).public_until, Some(date(2027, 5, 31)));
}

#[test]
fn without_its_date_a_penalty_or_listing_is_shown_nowhere() {
    let kinds = [PenaltyKind::Fine];
    for facts in [
        PublicationFacts { decided_on: None, ..penalty(&kinds) },
        PublicationFacts { decided_on: None, ..facts("list") },
    ] {
        let windows = windows(&pack(), &facts);
        assert_eq!((windows.public_until, windows.shared_until), (None, None));
        assert_eq!(windows.reported, Some(Reported::NoDecisionDate));
    }
}

#[test]
fn licences_are_shown_while_valid() {
    let pack = pack();
    for (valid_to, end) in [
        (None, NO_END),
        (Some(date(2026, 12, 31)), date(2026, 12, 31)),
        (Some(date(2099, 1, 31)), NO_END),
        (Some(date(9999, 9, 9)), NO_END),
    ] {
        let windows = windows(&pack, &PublicationFacts { valid_to, ..facts("licence") });
        assert_eq!((windows.public_until, windows.shared_until), (Some(end), Some(end)), "{valid_to:?}");
        assert_eq!(windows.level, None);
    }
}

#[test]
fn listings_are_shown_for_their_term_or_until_removal() {
    let pack = pack();
    let serious = windows(&pack, &facts("list"));
    assert_eq!((serious.level, serious.level_source), (Some(Level::Serious), Some(LevelSource::List)));
    assert_eq!(serious.public_until, Some(date(2029, 5, 31)));
    let debtor = PublicationFacts { term_months: Some(24), ..facts("list") };
    assert_eq!(windows(&pack, &debtor).shared_until, Some(date(2028, 5, 31)));
    let removed = PublicationFacts { valid_to: Some(date(2027, 1, 1)), ..facts("list") };
    assert_eq!(windows(&pack, &removed).public_until, Some(date(2027, 1, 1)));

    let abnormal = windows(&pack, &facts("abnormal"));
    assert_eq!((abnormal.level, abnormal.public_until), (Some(Level::Minor), Some(NO_END)));
    let removed = PublicationFacts { valid_to: Some(date(2026, 7, 1)), ..facts("abnormal") };
    assert_eq!(windows(&pack, &removed).public_until, Some(date(2026, 7, 1)));
}

#[test]
fn permanent_has_no_end_and_none_is_never_public() {
    let permanent = windows(&pack(), &facts("permanent"));
    assert_eq!((permanent.public_until, permanent.shared_until), (Some(NO_END), Some(NO_END)));
    let none = windows(&pack(), &facts("none"));
    assert_eq!((none.public_until, none.shared_until), (None, Some(NO_END)));
}

#[test]
fn an_unknown_rule_shows_nothing() {
    let windows = windows(&pack(), &facts("penalties"));
    assert_eq!((windows.public_until, windows.shared_until), (None, None));
    assert_eq!(windows.reported, Some(Reported::UnknownRule));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    /// Sharing covers publication, and no sent date makes a window longer.
    #[test]
    fn what_is_public_is_shared_and_a_sent_end_only_shortens(
        rule in prop_oneof!["penalty", "licence", "list", "abnormal", "permanent", "none"],
        kinds in proptest::sample::subsequence(vec![PenaltyKind::Warning, PenaltyKind::Fine, PenaltyKind::OrderToClose, PenaltyKind::Other], 0..=4),
        summary in any::<bool>(),
        sent in 0i32..3000,
    ) {
        let sent = date(2024, 1, 1).checked_add(jiff::Span::new().days(sent)).unwrap();
        let procedure = summary.then_some(Procedure::Summary);
        let facts = PublicationFacts { kinds: &kinds, procedure, ..facts(&rule) };
        let free = windows(&pack(), &facts);
        let bound = windows(&pack(), &PublicationFacts { published_until_sent: Some(sent), ..facts });
        for windows in [free, bound] {
            prop_assert!(windows.public_until <= windows.shared_until);
        }
        prop_assert!(bound.public_until <= free.public_until && bound.shared_until <= free.shared_until);
    }
}
