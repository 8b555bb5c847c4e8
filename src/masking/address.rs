//! The mask of a home address: down to the district or county.
//!
//! It reads no gazetteer of the whole country. An address is kept only as far as a province by name, a city and a
//! district of ordinary shape follow one another; anything else is hidden whole.

use crate::domain::text::{fold_width, is_blank, is_ideograph};

const HIDDEN: &str = "******";

/// The provinces, in full.
const PROVINCES: [&str; 30] = [
    "河北省",
    "山西省",
    "辽宁省",
    "吉林省",
    "黑龙江省",
    "江苏省",
    "浙江省",
    "安徽省",
    "福建省",
    "江西省",
    "山东省",
    "河南省",
    "湖北省",
    "湖南省",
    "广东省",
    "海南省",
    "四川省",
    "贵州省",
    "云南省",
    "陕西省",
    "甘肃省",
    "青海省",
    "台湾省",
    "内蒙古自治区",
    "广西壮族自治区",
    "西藏自治区",
    "宁夏回族自治区",
    "新疆维吾尔自治区",
    "香港特别行政区",
    "澳门特别行政区",
];

/// The cities that are provinces.
const MUNICIPALITIES: [&str; 4] = ["北京市", "天津市", "上海市", "重庆市"];

/// The city's own districts, counties and zones: known by name, whatever their shape.
const OWN_PROVINCE: &str = "山东省";
const OWN_CITY: &str = "东营市";
const OWN_DISTRICTS: [&str; 12] = [
    "东营经济技术开发区",
    "东营港经济开发区",
    "黄河三角洲农业高新技术产业示范区",
    "农业高新技术产业示范区",
    "现代畜牧业示范区",
    "经济技术开发区",
    "东营区",
    "河口区",
    "垦利区",
    "垦利县",
    "利津县",
    "广饶县",
];

/// Endings of districts whose names are longer than four characters.
const LONG_ENDINGS: [&str; 9] = ["自治县", "自治旗", "联合旗", "左旗", "右旗", "中旗", "前旗", "后旗", "特区"];

/// Characters of streets, villages and houses: no district that is read here has them.
const BELOW_DISTRICT: &str = "街路镇乡村号道巷弄楼小社校厂院室幢栋苑园庄屯组队场站库基";

/// Keeps the province, city and district, and prints six stars for the rest, whatever its length.
pub(super) fn address(text: &str) -> String {
    let text: String = text.chars().filter(|&character| !is_blank(character)).map(fold_width).collect();
    match district_end(&text) {
        Some(kept) => format!("{kept}{HIDDEN}"),
        None => HIDDEN.to_owned(),
    }
}

/// The beginning of the address up to its district.
fn district_end(text: &str) -> Option<&str> {
    let province = PROVINCES.iter().find(|province| text.starts_with(**province)).map_or(0, |province| province.len());
    let rest = text.get(province..)?;
    if let Some(rest) = rest.strip_prefix(OWN_CITY) {
        return own_district(rest).and_then(|district| text.get(..province + OWN_CITY.len() + district));
    }
    if (province == 0 || text.starts_with(OWN_PROVINCE))
        && let Some(district) = own_district(rest)
    {
        return text.get(..province + district);
    }
    let city = match MUNICIPALITIES.iter().find(|city| rest.starts_with(**city)) {
        Some(city) => city.len(),
        None if province > 0 => city_length(rest)?,
        None => return None,
    };
    let district = district_length(rest.get(city..)?)?;
    text.get(..province + city + district)
}

fn own_district(rest: &str) -> Option<usize> {
    OWN_DISTRICTS.iter().find(|district| rest.starts_with(**district)).map(|district| district.len())
}

/// A city, prefecture or league of two to five characters and its ending.
fn city_length(rest: &str) -> Option<usize> {
    let endings = ["市", "地区", "盟"];
    if let Some((at, ending)) = rest.find("自治州").map(|at| (at, "自治州")) {
        let name = rest.get(..at)?;
        if name.chars().count() <= 12
            && name.chars().all(is_ideograph)
            && !endings.iter().any(|ending| name.contains(ending))
        {
            return Some(at + ending.len());
        }
    }
    ends(rest, 5).find(|&end| rest.get(..end).is_some_and(|name| endings.iter().any(|ending| name.ends_with(ending))))
}

/// A district, county, banner or county-level city: up to four characters, or longer with an ending that no street has.
fn district_length(rest: &str) -> Option<usize> {
    let name = |end: &usize| rest.get(..*end).unwrap_or_default();
    let is_below = |name: &str| name.contains(|character| BELOW_DISTRICT.contains(character));
    let short = ends(rest, 4).find(|end| name(end).ends_with(['区', '县', '旗', '市']));
    let end =
        short.or_else(|| ends(rest, 15).find(|end| LONG_ENDINGS.iter().any(|ending| name(end).ends_with(ending))))?;
    let numbered = [
        "一区", "二区", "三区", "四区", "五区", "六区", "七区", "八区", "九区", "十区", "东区", "西区", "南区", "北区",
    ];
    let doubtful = is_below(name(&end))
        || (name(&end).chars().count() > 3 && numbered.iter().any(|ending| name(&end).ends_with(ending)));
    (!doubtful).then_some(end)
}

/// The byte ends of the first 2, 3, … `characters_max` ideographs.
fn ends(rest: &str, characters_max: usize) -> impl Iterator<Item = usize> {
    rest.char_indices()
        .take_while(|&(_, character)| is_ideograph(character))
        .take(characters_max)
        .map(|(at, character)| at + character.len_utf8())
        .skip(1)
}
