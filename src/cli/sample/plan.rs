//! Which files there are, who stands in them, and when each came in.

use jiff::ToSpan;

use crate::domain::Date;

use super::draw::Draw;
use super::facts::ShowcasePenalties;
use super::licence::{self, Grant};
use super::penalty::{self, Case, GENERAL, MINOR, OFFENCES, Offence, SERIOUS, SUMMARY};
use super::row::Row;
use super::sheet::{Header, Recipe};
use super::soil::Break;
use super::subject::Subject;
use super::world::World;
use super::{SampleEncoding, listing, standing};

type Sheet = (Recipe, Vec<Row>);

/// The files of penalties in the layout of 2018: days since they came in, and what the showcase firm has in each.
const DELIVERIES_2018: [(i32, Offence); 4] = [(3, MINOR), (120, GENERAL), (420, SERIOUS), (800, GENERAL)];
const PROVINCIAL_DAYS: i32 = 60;
const OLD_DAYS: i32 = 2_600;
/// Serials of one file begin at a multiple of this.
const SERIALS: usize = 100_000;
/// Days from a decision of the showcase firm to its delivery.
const PROMPT_DAYS: i32 = 2;

const PENALTY_BREAKS: &[Break] =
    &[Break::WrongCheck, Break::NoDecisionNo, Break::FutureDecision, Break::FineWithoutAmount, Break::ImpossibleDate];
const LICENCE_BREAKS: &[Break] =
    &[Break::WrongCheck, Break::NoDecisionNo, Break::FutureDecision, Break::WrongCitizenNumber];

/// The numbers of the showcase firm's decisions.
pub(super) fn showcase_penalties(today: Date) -> ShowcasePenalties {
    let number = |at: usize, days: i32| penalty::number(at * SERIALS + 1, before(today, days + PROMPT_DAYS));
    let [(minor, _), (general, _), (serious, _), (over, _)] = DELIVERIES_2018;
    ShowcasePenalties {
        minor: number(0, minor),
        summary: number(4, PROVINCIAL_DAYS),
        general: number(1, general),
        serious: number(2, serious),
        over: number(3, over),
    }
}

/// Every file, with its rows before anything is done to them.
pub(super) fn sheets(world: &World, seed: u64) -> Vec<Sheet> {
    let draw = &mut Draw::new(seed, 1);
    let mut sheets = vec![registrations(world)];
    sheets.extend(licences(world, draw));
    sheets.extend(penalties_2018(world, draw));
    sheets.extend([penalties_provincial(world, draw), penalties_2015(world, draw)]);
    sheets.extend([abnormal(world, draw), serious(world, draw), debtors(world, draw)]);
    sheets.extend([tax(world, draw), customs(world, draw), commitments(world, draw)]);
    sheets.extend([evaluations(world, draw), social_insurance(world, draw), health(world), religion(world)]);
    sheets.push(watched(world, draw));
    sheets
}

/// The usual shape of a file; what differs is put in its place.
fn recipe(item: &'static str, stem: &'static str, received_on: Date) -> Recipe {
    Recipe {
        item,
        vintage: "2024",
        stem,
        received_on,
        encoding: SampleEncoding::Utf8,
        header: Header::Given,
        breaks: &[Break::WrongCheck],
        lacks: &["数据来源单位统一社会信用代码"],
    }
}

fn before(date: Date, days: i32) -> Date {
    date.saturating_sub(days.days())
}

/// A day of decision before a delivery, and whether that is late. Seven working days are never more than 25 days.
fn decision(received_on: Date, draw: &mut Draw) -> (Date, bool) {
    let late = draw.chance(12);
    let range = if late { 30..=60 } else { 0..=4 };
    (received_on.saturating_sub(i64::from(draw.between(range)).days()), late)
}

fn registrations(world: &World) -> Sheet {
    let received_on = before(world.today, 1);
    let exact = [&world.showcase, &world.other].map(|firm| listing::registration(firm, received_on).exactly());
    let others = world.firms.iter().chain(&world.traders).map(|firm| listing::registration(firm, received_on));
    let recipe = Recipe {
        encoding: SampleEncoding::Utf8BomCrlf,
        breaks: &[Break::WrongCheck, Break::ImpossibleDate],
        lacks: &["登记机关", "统一社会信用代码"],
        ..recipe("registration", "登记注册基本信息", received_on)
    };
    (recipe, exact.into_iter().chain(others).collect())
}

/// One file of last week by national codes, one of two years ago by Chinese titles in GB18030.
fn licences(world: &World, draw: &mut Draw) -> [Sheet; 2] {
    let received_on = before(world.today, 1);
    let mut rows = grants(world, (0, received_on), &[Some(3), None], draw);
    let grant = Grant { serial: SERIALS - 1, decided_on: before(received_on, PROMPT_DAYS), years: Some(5) };
    rows.push(licence::row(Subject::Body(&world.other), &grant).exactly());
    let recent = Recipe {
        vintage: "2018",
        encoding: SampleEncoding::Utf8BomCrlf,
        breaks: LICENCE_BREAKS,
        lacks: &["XK_XKJGDM", "XK_XKWS", "XK_XDR_SHXYM"],
        ..recipe("administrative-licence", "行政许可", received_on)
    };
    let older = Recipe {
        received_on: before(world.today, 700),
        encoding: SampleEncoding::Gb18030Crlf,
        header: Header::Titles,
        lacks: &["XK_YXQZ", "XK_LYDWDM"],
        ..recent
    };
    [(recent, rows), (older, grants(world, (SERIALS, older.received_on), &[Some(1)], draw))]
}

/// The licences of one file; the showcase firm has one of each of these validities.
fn grants(world: &World, (first, received_on): (usize, Date), showcase: &[Option<i32>], draw: &mut Draw) -> Vec<Row> {
    let decided_on = before(received_on, PROMPT_DAYS);
    let own = (first..).zip(showcase).map(|(serial, &years)| {
        licence::row(Subject::Body(&world.showcase), &Grant { serial, decided_on, years }).exactly()
    });
    let mut rows: Vec<Row> = own.collect();
    for (serial, subject) in (first + 10..).zip(world.everybody()) {
        if draw.chance(60) {
            let (decided_on, late) = decision(received_on, draw);
            let years = draw.pick(&[Some(1), Some(3), Some(5), None]);
            rows.push(licence::row(subject, &Grant { serial, decided_on, years }).late(late));
        }
    }
    rows
}

fn penalties_2018(world: &World, draw: &mut Draw) -> [Sheet; 4] {
    let mut delivery = 0;
    DELIVERIES_2018.map(|(days, offence)| {
        let received_on = before(world.today, days);
        let cases = Cases { first: delivery * SERIALS, received_on, percent: 15, showcase: Some(offence) };
        let rows = cases.rows(world, world.everybody(), penalty::row_2018, draw);
        delivery += 1;
        let recipe = Recipe {
            vintage: "2018",
            encoding: if delivery == 1 { SampleEncoding::Utf8BomCrlf } else { SampleEncoding::Utf8 },
            header: if delivery == 4 { Header::Titles } else { Header::Given },
            breaks: PENALTY_BREAKS,
            lacks: &["CF_WFXW", "CF_CFJGDM", "CF_SY"],
            ..recipe("administrative-penalty", "行政处罚", received_on)
        };
        (recipe, rows)
    })
}

/// The feed of the province, without persons.
fn penalties_provincial(world: &World, draw: &mut Draw) -> Sheet {
    let received_on = before(world.today, PROVINCIAL_DAYS);
    let cases = Cases { first: 4 * SERIALS, received_on, percent: 12, showcase: Some(SUMMARY) };
    let recipe = Recipe {
        vintage: "provincial",
        breaks: PENALTY_BREAKS,
        lacks: &["implement_institution_code", "illegal_fact"],
        ..recipe("administrative-penalty", "省市回流_行政处罚", received_on)
    };
    (recipe, cases.rows(world, world.bodies(), penalty::row_provincial, draw))
}

fn penalties_2015(world: &World, draw: &mut Draw) -> Sheet {
    let received_on = before(world.today, OLD_DAYS);
    let cases = Cases { first: 5 * SERIALS, received_on, percent: 10, showcase: None };
    let recipe = Recipe {
        vintage: "2015",
        encoding: SampleEncoding::Utf8BomCrlf,
        breaks: &[Break::WrongCheck, Break::NoDecisionNo, Break::FutureDecision],
        lacks: &["CF_FR"],
        ..recipe("administrative-penalty", "双公示_行政处罚", received_on)
    };
    (recipe, cases.rows(world, world.bodies(), penalty::row_2015, draw))
}

/// The cases of one file of penalties.
struct Cases {
    first: usize,
    received_on: Date,
    percent: usize,
    showcase: Option<Offence>,
}

impl Cases {
    fn rows<'w>(
        &self,
        world: &'w World,
        subjects: impl Iterator<Item = Subject<'w>>,
        row: fn(Subject<'_>, &Case<'_>) -> Row,
        draw: &mut Draw,
    ) -> Vec<Row> {
        let of = |subject, at: usize, offence, decided_on| {
            let serial = self.first + at;
            row(subject, &Case { serial, decided_on, offence, bystander: world.bystander(serial) })
        };
        let mut rows = Vec::new();
        for (at, offence) in (1..).zip(self.showcase) {
            rows.push(of(Subject::Body(&world.showcase), at, offence, before(self.received_on, PROMPT_DAYS)).exactly());
        }
        for (at, subject) in (2..).zip(subjects) {
            if draw.chance(self.percent) {
                let (decided_on, late) = decision(self.received_on, draw);
                let offence = draw.pick(&OFFENCES);
                rows.push(of(subject, at, offence, decided_on).late(late));
            }
        }
        rows
    }
}

fn abnormal(world: &World, draw: &mut Draw) -> Sheet {
    let received_on = before(world.today, 2);
    let mut rows = vec![listing::abnormal(&world.showcase, before(received_on, 90), None).exactly()];
    for firm in world.bodies().filter_map(Subject::body) {
        if draw.chance(10) {
            let listed_on = received_on.saturating_sub(i64::from(draw.between(100..=900)).days());
            let removed_on = draw.chance(40).then(|| listed_on.saturating_add(80.days()));
            rows.push(listing::abnormal(firm, listed_on, removed_on));
        }
    }
    let recipe =
        Recipe { lacks: &["法定代表人"], ..recipe("abnormal-operation", "经营异常名录", received_on) };
    (recipe, rows)
}

fn watched(world: &World, draw: &mut Draw) -> Sheet {
    let received_on = before(world.today, 2);
    let entry = |firm, days: i32, removed_on| listing::watched(firm, before(received_on, days), removed_on);
    let mut rows = Vec::new();
    for firm in world.bodies().filter_map(Subject::body) {
        if rows.is_empty() || draw.chance(6) {
            let removed_on = draw.chance(30).then(|| before(received_on, 20));
            rows.push(entry(firm, draw.pick(&[40, 120, 300]), removed_on));
        }
    }
    (recipe("watch-list", "重点关注名单", received_on), rows)
}

fn serious(world: &World, draw: &mut Draw) -> Sheet {
    let received_on = before(world.today, 5);
    let mut rows = Vec::new();
    for (serial, subject) in world.everybody().enumerate() {
        if rows.is_empty() || draw.chance(4) {
            let (listed_on, late) = decision(received_on, draw);
            rows.push(listing::serious(subject, serial, listed_on).late(late));
        }
    }
    let recipe = Recipe {
        breaks: &[Break::WrongCheck, Break::FutureDecision],
        lacks: &["法定代表人"],
        ..recipe("serious-dishonesty", "严重失信主体名单", received_on)
    };
    (recipe, rows)
}

fn debtors(world: &World, draw: &mut Draw) -> Sheet {
    let received_on = before(world.today, 4);
    let entry = |subject, serial: usize, days| {
        listing::debtor(subject, serial, (before(received_on, days), world.bystander(serial)))
    };
    let mut rows = vec![entry(Subject::Person(&world.citizen), 0, 40).exactly()];
    let persons = world.persons.iter().map(Subject::Person);
    for (serial, subject) in (1..).zip(world.firms.iter().map(Subject::Body).chain(persons)) {
        if draw.chance(8) {
            // Some are past their two years.
            let days = draw.pick(&[30, 200, 400, 900]);
            rows.push(entry(subject, serial, days));
        }
    }
    let recipe = Recipe {
        encoding: SampleEncoding::Gb18030Crlf,
        breaks: &[Break::WrongCheck, Break::WrongCitizenNumber],
        lacks: &["法定代表人"],
        ..recipe("judgment-debtor", "失信被执行人", received_on)
    };
    (recipe, rows)
}

fn tax(world: &World, draw: &mut Draw) -> Sheet {
    let year = world.today.year().saturating_sub(2);
    let mut rows = vec![standing::tax_class_a(&world.showcase, year).exactly()];
    rows.extend(world.firms.iter().filter(|_| draw.chance(30)).map(|firm| standing::tax_class_a(firm, year)));
    (recipe("tax-class-a", "纳税信用A级纳税人", before(world.today, 30)), rows)
}

fn customs(world: &World, draw: &mut Draw) -> Sheet {
    let received_on = before(world.today, 30);
    let mut rows = vec![standing::customs(&world.showcase, 0, before(received_on, 500)).exactly()];
    for (serial, firm) in (1..).zip(&world.firms) {
        if draw.chance(8) {
            rows.push(standing::customs(firm, serial, before(received_on, 100)));
        }
    }
    (recipe("customs-aeo", "海关高级认证企业", received_on), rows)
}

fn commitments(world: &World, draw: &mut Draw) -> Sheet {
    let received_on = before(world.today, 10);
    let mut rows: Vec<Row> = (0..2)
        .map(|serial| standing::commitment(Subject::Body(&world.showcase), serial, before(received_on, 20)).exactly())
        .collect();
    for (serial, subject) in (10..).zip(world.everybody()) {
        if draw.chance(40) {
            rows.push(standing::commitment(subject, serial, before(received_on, 30)));
        }
    }
    let recipe = Recipe {
        breaks: &[Break::WrongCheck, Break::FutureDecision, Break::WrongCitizenNumber],
        lacks: &["承诺受理单位", "数据来源单位"],
        ..recipe("credit-commitment", "信用承诺", received_on)
    };
    (recipe, rows)
}

fn evaluations(world: &World, draw: &mut Draw) -> Sheet {
    let received_on = before(world.today, 20);
    let mut rows = vec![standing::evaluation(&world.showcase, "B", before(received_on, 5)).exactly()];
    for firm in &world.firms {
        let grade = draw.pick(&["A", "A", "B", "B", "C", "D"]);
        rows.push(standing::evaluation(firm, grade, before(received_on, 5)));
    }
    (Recipe { lacks: &["评价等级"], ..recipe("credit-evaluation", "公共信用综合评价", received_on) }, rows)
}

fn social_insurance(world: &World, draw: &mut Draw) -> Sheet {
    let received_on = before(world.today, 15);
    let mut rows = vec![standing::social_insurance(&world.showcase, 42, before(received_on, 3)).exactly()];
    for firm in world.bodies().filter_map(Subject::body) {
        rows.push(standing::social_insurance(firm, draw.between(1..=200), before(received_on, 3)));
    }
    let recipe = Recipe {
        encoding: SampleEncoding::Utf8BomCrlf,
        lacks: &["缴费状态"],
        ..recipe("social-insurance-payment", "社会保险缴纳", received_on)
    };
    (recipe, rows)
}

fn health(world: &World) -> Sheet {
    let received_on = before(world.today, 12);
    let issued_on = before(received_on, 60);
    let mut rows = vec![standing::health(&world.citizen, 0, issued_on).exactly()];
    rows.extend((1..).zip(&world.persons).map(|(serial, person)| standing::health(person, serial, issued_on)));
    let recipe = Recipe {
        breaks: &[Break::WrongCitizenNumber],
        lacks: &["发证机构"],
        ..recipe("practitioner-health-certificate", "从业人员健康证明", received_on)
    };
    (recipe, rows)
}

fn religion(world: &World) -> Sheet {
    let received_on = before(world.today, 12);
    let filed_on = before(received_on, 400);
    let mut rows = vec![standing::religion(&world.citizen, 0, filed_on).exactly()];
    let some = (1..).zip(world.persons.iter().step_by(6));
    rows.extend(some.map(|(serial, person)| standing::religion(person, serial, filed_on)));
    let recipe = Recipe {
        breaks: &[Break::WrongCitizenNumber],
        lacks: &["宗教信仰"],
        ..recipe("religious-personnel-filing", "宗教教职人员备案", received_on)
    };
    (recipe, rows)
}
