//! Names of persons in free text, where a word announces them or 某 stands for the given name.
//!
//! Chinese text has no blanks, so where a name ends is a guess: two or three characters, a compound surname
//! one more. The guess rather takes a character too many than one too few.

use crate::domain::text::is_ideograph;
use crate::masking::surnames::{is_compound, is_everyday, is_plain_surname, is_surname};

/// Words that announce a person and nothing else.
const OF_PERSONS: [&str; 17] = [
    "现场人员",
    "工作人员",
    "从业人员",
    "联系人",
    "申诉人",
    "被害人",
    "受害人",
    "被告人",
    "劳动者",
    "消费者",
    "证人",
    "死者",
    "伤者",
    "患者",
    "职工",
    "员工",
    "姓名",
];

/// Words that announce a person or an organisation.
const OF_PARTIES: [&str; 11] =
    ["被申诉人", "被申请人", "申请人", "当事人", "举报人", "投诉人", "第三人", "代理人", "负责人", "原告", "被告"];

/// What the words of both lists begin with: most characters are passed over by this alone.
const BEGINNINGS: &str = "现工从联申被受劳消证死伤患职员姓当举投第代负原";

/// What may stand between the word and the name.
const FILLERS: &str = " :(为系是即叫";

/// Characters that go on with the sentence after a name.
const AFTER_NAME: &str = "的与及于在因从对将被未已不或由并其该诉称向和经是系为等支赔提工拒违擅";

/// What the second character of an undefined person's name may be: 张某甲, 张某1.
const SERIALS: &str = "某甲乙丙丁戊己庚辛壬癸0123456789";

/// After 某 these make another word of it: 某种, 某项, 某公司.
const AFTER_SOME: &str = "种些项类个一时日年月地处公厂店村局县市省区镇街路品批次款企单方人物事";

/// What names of organisations end with.
const ORGANIZATIONS: [&str; 25] = [
    "公司",
    "集团",
    "厂",
    "店",
    "中心",
    "合作社",
    "超市",
    "银行",
    "医院",
    "学校",
    "委员会",
    "商行",
    "经营部",
    "工作室",
    "事务所",
    "协会",
    "企业",
    "单位",
    "机关",
    "酒楼",
    "宾馆",
    "酒店",
    "饭店",
    "门市",
    "大队",
];

/// An organisation's name is looked for within this many characters.
const ORGANIZATION_CHARACTERS_MAX: usize = 30;

/// The name that begins, or is announced, here: how many characters are kept before it, and how long it is.
pub(super) fn find(rest: &[char]) -> Option<(usize, usize)> {
    if !rest.first().is_some_and(|&first| is_ideograph(first)) {
        return None;
    }
    if let Some(length) = undefined_person(rest, is_everyday) {
        return Some((0, length));
    }
    if !rest.first().is_some_and(|&first| BEGINNINGS.contains(first)) {
        return None;
    }
    let begins_with = |word: &&&str| word.chars().eq(rest.iter().take(word.chars().count()).copied());
    let (word, may_be_organization) = match OF_PARTIES.iter().find(begins_with) {
        Some(word) => (word, true),
        None => (OF_PERSONS.iter().find(begins_with)?, false),
    };
    let word = word.chars().count();
    let after = rest.get(word..)?;
    let fillers = after.iter().take(6).take_while(|&&character| FILLERS.contains(character)).count();
    let is_explicit = after.iter().take(fillers).any(|character| matches!(character, ':' | '('));
    let name = after.get(fillers..)?;
    if may_be_organization && is_organization(name) {
        return None;
    }
    let length = undefined_person(name, |_| false).or_else(|| {
        let certain: fn(char, char) -> bool = if is_explicit { |first, _| is_surname(first) } else { is_plain_surname };
        full_name(name, certain)
    })?;
    Some((word + fillers, length))
}

/// 张某, 张某某, 张某甲, 欧阳某. `doubtful` surnames are left alone.
fn undefined_person(rest: &[char], doubtful: fn(char) -> bool) -> Option<usize> {
    let surname = match rest {
        [first, second, '某', ..] if is_compound(*first, *second) => 2,
        [first, '某', ..] if is_surname(*first) && !doubtful(*first) => 1,
        _ => return None,
    };
    let after = rest.get(surname + 1..).unwrap_or_default();
    if after.first().is_some_and(|&next| AFTER_SOME.contains(next)) {
        return None;
    }
    let serials = after.iter().take(2).take_while(|&&character| SERIALS.contains(character)).count();
    Some(surname + 1 + serials)
}

/// A surname and one or two characters more.
fn full_name(rest: &[char], certain: fn(char, char) -> bool) -> Option<usize> {
    let goes_on = |character: Option<&char>| {
        character.is_some_and(|&character| is_ideograph(character) && !AFTER_NAME.contains(character))
    };
    let surname = match rest {
        [first, second, third, ..] if is_compound(*first, *second) && is_ideograph(*third) => 2,
        [first, second, ..] if goes_on(Some(second)) && certain(*first, *second) => 1,
        _ => return None,
    };
    Some(surname + 1 + usize::from(goes_on(rest.get(surname + 1))))
}

/// Whether an organisation's name begins here: one of its endings follows, and nothing that goes on with a sentence
/// comes before it.
fn is_organization(rest: &[char]) -> bool {
    let name: String = rest
        .iter()
        .take(ORGANIZATION_CHARACTERS_MAX)
        .take_while(|&&character| {
            (is_ideograph(character) && !AFTER_NAME.contains(character)) || matches!(character, '(' | ')')
        })
        .collect();
    ORGANIZATIONS.iter().filter_map(|ending| name.find(ending)).any(|at| at > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_announcing_word_is_passed_over_by_its_first_character() {
        for word in OF_PERSONS.iter().chain(&OF_PARTIES) {
            assert!(word.chars().next().is_some_and(|first| BEGINNINGS.contains(first)), "{word}");
        }
    }
}
