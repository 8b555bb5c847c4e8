//! Firms and individual businesses that do not exist: every name has 测试 (test) or 样例 (sample), every code the
//! sequence MA9….

use jiff::ToSpan;

use crate::domain::identifier::{OrganizationCode, RegistrationNumber, Uscc};
use crate::domain::{Date, SubjectCategory};

use super::person::{Person, part};

/// The characters of GB 32100, in which sequences are counted.
const DIGITS: [&str; 31] = [
    "0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "A", "B", "C", "D", "E", "F", "G", "H", "J", "K", "L", "M", "N",
    "P", "Q", "R", "T", "U", "W", "X", "Y",
];
/// Divisions with their names: 东营市 itself and what lies in it.
const DIVISIONS: [(&str, &str); 6] = [
    ("370500", "东营经济技术开发区"),
    ("370502", "东营区"),
    ("370503", "河口区"),
    ("370505", "垦利区"),
    ("370522", "利津县"),
    ("370523", "广饶县"),
];
/// Names without a number in them: 2 marks, 20 words, 8 trades, and 19 other words or none.
const NAMES: usize = 2 * 20 * 8 * 20;
/// Where the numbers of individual businesses begin.
const INDIVIDUALS_FROM: u32 = 14_000_000;
const MARKS: [&str; 2] = ["东营测试", "东营样例"];
const WORDS: [&str; 20] = [
    "青禾", "海岳", "润泽", "鼎和", "清河", "黄蓝", "渤东", "星程", "云帆", "瑞麟", "金穗", "北渠", "芦荡", "碧滩",
    "长汀", "晨曦", "同舟", "新垦", "盐蒿", "柽柳",
];
const TRADES: [Trade; 8] = [
    Trade {
        name: "商贸", shop: "便利店", section: "F", industry: "批发和零售业", scope: "日用百货销售"
    },
    Trade { name: "食品", shop: "糕点铺", section: "C", industry: "制造业", scope: "糕点生产、销售" },
    Trade { name: "餐饮管理", shop: "面馆", section: "H", industry: "住宿和餐饮业", scope: "餐饮服务" },
    Trade { name: "建筑工程", shop: "装饰部", section: "E", industry: "建筑业", scope: "建筑劳务分包" },
    Trade {
        name: "物流", shop: "配货站", section: "G", industry: "交通运输、仓储和邮政业", scope: "道路货物运输"
    },
    Trade {
        name: "农业科技", shop: "农资店", section: "A", industry: "农、林、牧、渔业", scope: "谷物种植"
    },
    Trade {
        name: "软件",
        shop: "电脑维修部",
        section: "I",
        industry: "信息传输、软件和信息技术服务业",
        scope: "软件开发",
    },
    Trade {
        name: "检测技术", shop: "打印部", section: "M", industry: "科学研究和技术服务业", scope: "检验检测服务"
    },
];

/// What a firm does.
#[derive(Clone, Copy, Debug)]
pub(super) struct Trade {
    pub(super) name: &'static str,
    pub(super) shop: &'static str,
    /// The section of GB/T 4754-2017.
    pub(super) section: &'static str,
    pub(super) industry: &'static str,
    pub(super) scope: &'static str,
}

/// A fictitious organization or individual business.
#[derive(Clone, Debug)]
pub(super) struct Firm {
    pub(super) category: SubjectCategory,
    pub(super) uscc: String,
    pub(super) name: String,
    pub(super) registration_no: String,
    pub(super) division: &'static str,
    pub(super) address: String,
    pub(super) trade: Trade,
    pub(super) representative: Person,
    pub(super) established: Date,
}

impl Firm {
    /// Organization number `serial`, run by person `serial`.
    pub(super) fn organization(serial: u32) -> Self {
        Self::of(serial, SubjectCategory::Organization, Person::of(serial))
    }

    /// Individual business number `serial` of this trader.
    pub(super) fn individual_business(serial: u32, trader: Person) -> Self {
        Self::of(serial, SubjectCategory::IndividualBusiness, trader)
    }

    fn of(serial: u32, category: SubjectCategory, representative: Person) -> Self {
        let at = serial as usize;
        let is_firm = category == SubjectCategory::Organization;
        let (division, place) = DIVISIONS.get(at % DIVISIONS.len()).copied().unwrap_or(DIVISIONS[0]);
        let (name, trade) = name(at, is_firm);
        // What identifies an individual business lies in a range of its own: no two subjects share a code.
        let number = if is_firm { serial } else { INDIVIDUALS_FROM + serial };
        Self {
            category,
            uscc: uscc(if is_firm { "91" } else { "92" }, division, &sequence(number)),
            name,
            registration_no: registration_no(division, number),
            division,
            address: format!("山东省东营市{place}测试路{}号", 1 + at % 998),
            trade,
            representative,
            established: jiff::civil::date(2008, 1, 1).saturating_add(i64::from(serial % 5000).days()),
        }
    }
}

/// A name that no other serial has, and the trade that it tells.
fn name(serial: usize, is_firm: bool) -> (String, Trade) {
    // 1009 and the number of names have no common factor: neighbours get unlike names, and no two the same.
    let at = serial * 1009 % NAMES;
    let trade = TRADES.get(at / 40 % 8).copied().unwrap_or(TRADES[0]);
    let (word, more) = (at / 2 % 20, at / 320);
    let second = if more == 0 { "" } else { part(&WORDS, word + more) };
    let count = if serial < NAMES { String::new() } else { format!("{}号", serial / NAMES) };
    let tail = if is_firm { [trade.name, "有限公司"].concat() } else { trade.shop.to_owned() };
    ([part(&MARKS, at), part(&WORDS, word), second, &count, &tail].concat(), trade)
}

/// A code of this class and division whose organisation part begins with this sequence.
pub(super) fn uscc(class: &str, division: &str, sequence: &str) -> String {
    let code = OrganizationCode::with_check(sequence)
        .and_then(|part| Uscc::with_check(&[class, division, part.as_str()].concat()));
    // INVARIANT: class, division and sequence come from the lists here, all of the alphabet of GB 32100.
    code.map(String::from).unwrap_or_default()
}

/// `MA9` and five characters, different for different numbers below 28 million.
fn sequence(serial: u32) -> String {
    // 7919 and 31 have no common factor, so no two numbers meet.
    let mut rest = u64::from(serial) * 7919 % 31_u64.pow(5);
    let mut text = vec!["MA9"];
    for _ in 0..5 {
        text.push(part(&DIGITS, usize::try_from(rest % 31).unwrap_or_default()));
        rest /= 31;
    }
    text.concat()
}

fn registration_no(division: &str, serial: u32) -> String {
    let number = RegistrationNumber::with_check(&format!("{division}{:08}", serial % 100_000_000));
    number.map(String::from).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn firms_have_different_right_codes_and_names_that_say_what_they_are() {
        let firms: Vec<Firm> = (0..10_000).map(Firm::organization).collect();
        assert_eq!(Uscc::parse(&Firm::organization(u32::MAX).uscc).map(|code| code.embedded_check_holds()), Ok(true));
        let (mut codes, mut names) = (HashSet::new(), HashSet::new());
        for firm in &firms {
            let code = Uscc::parse(&firm.uscc).unwrap();
            assert!(code.embedded_check_holds() && code.class() == "91" && &code.as_str()[8..11] == "MA9", "{code}");
            assert!(firm.name.contains("测试") || firm.name.contains("样例"), "{}", firm.name);
            assert!(RegistrationNumber::parse(&firm.registration_no).unwrap().check_holds());
            codes.insert(firm.uscc.clone());
            names.insert(firm.name.clone());
        }
        assert_eq!((codes.len(), names.len()), (firms.len(), firms.len()));
    }

    #[test]
    fn a_firm_and_a_trader_of_one_serial_share_no_identifier() {
        let (firm, trader) = (Firm::organization(5), Firm::individual_business(5, Person::of(9)));
        assert!(trader.uscc.starts_with("92"));
        assert_ne!(firm.uscc[8..17], trader.uscc[8..17]);
        assert_ne!(firm.registration_no, trader.registration_no);
        assert_ne!(firm.name, trader.name);
    }
}
