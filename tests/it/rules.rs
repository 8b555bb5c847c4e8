//! Rule packs: windows of publication and sharing, from the files that are shipped.

use std::path::Path;

use chengxin::catalogue::RulePacks;
use chengxin::domain::Level;
use chengxin::domain::penalty::{PenaltyKind, Procedure};
use chengxin::domain::period::{LevelSource, PublicationFacts, Reported, RulePack, Windows, windows};
use chengxin::domain::time::{Date, NO_END};
use jiff::civil::date;
use strum::IntoEnumIterator;

const TODAY: Date = date(2026, 11, 23);

fn packs() -> RulePacks {
    RulePacks::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("policies/rules"))
        .unwrap_or_else(|faults| panic!("{}", faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")))
}

fn penalty(pack: &RulePack, kinds: &str, procedure: Option<Procedure>) -> Windows {
    let kinds = PenaltyKind::parse_list(kinds).known;
    let decided_on = Some(date(2026, 5, 8));
    windows(pack, &PublicationFacts { rule: "penalty", decided_on, procedure, kinds: &kinds, ..Default::default() })
}

#[test]
fn each_day_has_the_pack_of_its_time() {
    let packs = packs();
    for (day, id) in [
        (date(2015, 1, 1), "dongying-2018"),
        (date(2018, 10, 1), "dongying-2018"),
        (date(2019, 7, 1), "notice527-2019"),
        (date(2023, 4, 30), "notice527-2019"),
        (date(2023, 5, 1), "order58-2023"),
        (date(2026, 3, 31), "order58-2023"),
        (date(2026, 4, 1), "order36-2026"),
        (TODAY, "order36-2026"),
    ] {
        assert_eq!(packs.in_force(day).id, id, "{day}");
    }
}

#[test]
fn under_order_36_the_kinds_make_the_levels() {
    let packs = packs();
    let pack = packs.in_force(TODAY);
    for (kinds, level, public_until, shared_until) in [
        ("警告", Level::Minor, None, date(2026, 8, 8)),
        ("通报批评", Level::Minor, None, date(2026, 8, 8)),
        ("罚款", Level::General, Some(date(2027, 5, 8)), date(2027, 5, 8)),
        ("警告;罚款", Level::General, Some(date(2027, 5, 8)), date(2027, 5, 8)),
        ("没收违法所得、没收非法财物", Level::General, Some(date(2027, 5, 8)), date(2027, 5, 8)),
        ("降低资质等级", Level::General, Some(date(2027, 5, 8)), date(2027, 5, 8)),
        ("暂扣许可证件", Level::General, Some(date(2027, 5, 8)), date(2027, 5, 8)),
        ("罚款;暂扣或者吊销许可证", Level::Serious, Some(date(2029, 5, 8)), date(2029, 5, 8)),
        ("责令停产停业", Level::Serious, Some(date(2029, 5, 8)), date(2029, 5, 8)),
        ("限制从业；责令关闭", Level::Serious, Some(date(2029, 5, 8)), date(2029, 5, 8)),
    ] {
        let windows = penalty(pack, kinds, None);
        assert_eq!((windows.level, windows.level_source), (Some(level), Some(LevelSource::Kinds)), "{kinds}");
        assert_eq!((windows.public_until, windows.shared_until), (public_until, Some(shared_until)), "{kinds}");
    }
}

#[test]
fn under_order_36_summary_procedure_keeps_a_fine_from_the_public() {
    let packs = packs();
    let pack = packs.in_force(TODAY);
    let summary = penalty(pack, "罚款", Some(Procedure::Summary));
    assert_eq!((summary.level, summary.level_source), (Some(Level::Minor), Some(LevelSource::Procedure)));
    assert_eq!((summary.public_until, summary.shared_until), (None, Some(date(2026, 8, 8))));
    let ordinary = penalty(pack, "罚款", Some(Procedure::Ordinary));
    assert_eq!(ordinary.public_until, Some(date(2027, 5, 8)));
}

#[test]
fn under_order_36_what_cannot_be_classified_is_reported_and_not_public() {
    let packs = packs();
    for kinds in ["", "其他", "行政拘留"] {
        let windows = penalty(packs.in_force(TODAY), kinds, None);
        assert_eq!((windows.public_until, windows.reported), (None, Some(Reported::Unclassifiable)), "{kinds}");
    }
}

#[test]
fn earlier_packs_keep_their_own_periods() {
    let packs = packs();
    let plan = packs.in_force(date(2018, 10, 1));
    assert_eq!(penalty(plan, "警告", Some(Procedure::Summary)).public_until, Some(date(2027, 5, 8)));
    assert_eq!(penalty(plan, "吊销许可证件", None).public_until, Some(date(2029, 5, 8)));
    let notice = packs.in_force(date(2020, 1, 1));
    assert_eq!(penalty(notice, "罚款", None).repairable_from, Some(date(2026, 8, 8)));
    assert_eq!(penalty(notice, "责令关闭", None).repairable_from, Some(date(2026, 11, 8)));
    let trial = packs.in_force(date(2024, 1, 1));
    assert_eq!(penalty(trial, "警告", None).public_until, None);
    assert_eq!(penalty(trial, "罚款", Some(Procedure::Summary)).public_until, None);
    assert_eq!(penalty(trial, "罚款", None).public_until, Some(date(2029, 5, 8)));
}

#[test]
fn the_other_rules_answer_alike_in_every_pack() {
    for pack in packs().iter() {
        let facts = |rule| PublicationFacts { rule, decided_on: Some(date(2025, 3, 31)), ..Default::default() };
        let both = |windows: Windows| (windows.public_until, windows.shared_until);
        let licence = PublicationFacts { valid_to: Some(date(2027, 6, 30)), ..facts("licence") };
        assert_eq!(both(windows(pack, &licence)), (Some(date(2027, 6, 30)), Some(date(2027, 6, 30))));
        assert_eq!(both(windows(pack, &facts("licence"))), (Some(NO_END), Some(NO_END)));
        assert_eq!(both(windows(pack, &facts("list"))), (Some(date(2028, 3, 31)), Some(date(2028, 3, 31))));
        let debtor = PublicationFacts { term_months: Some(24), ..facts("list") };
        assert_eq!(both(windows(pack, &debtor)), (Some(date(2027, 3, 31)), Some(date(2027, 3, 31))));
        assert_eq!(both(windows(pack, &facts("abnormal"))), (Some(NO_END), Some(NO_END)));
        assert_eq!(both(windows(pack, &facts("permanent"))), (Some(NO_END), Some(NO_END)));
        assert_eq!(both(windows(pack, &facts("none"))), (None, Some(NO_END)));
    }
}

#[test]
fn every_pack_shares_what_it_publishes_whatever_the_kind() {
    for pack in packs().iter() {
        for kind in PenaltyKind::iter() {
            let windows = penalty(pack, kind.name(), None);
            assert!(windows.public_until <= windows.shared_until, "{} {kind}", pack.id);
            assert!(windows.shared_until.is_some(), "{} {kind}", pack.id);
        }
    }
}

#[test]
fn a_folder_that_is_not_there_is_refused() {
    let faults = RulePacks::load(Path::new("/nonexistent/rules")).unwrap_err();
    assert!(faults[0].to_string().contains("cannot be read"), "{}", faults[0]);
}
