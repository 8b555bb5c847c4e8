//! What the rows of the test data say: one recognisable value for every field, and for the values that a tier must not
//! learn a second one that looks the same from there.

use chengxin::catalogue::{Field, FieldType, Item};
use chengxin::domain::identifier::{CitizenNumber, Uscc};
use chengxin::domain::{Date, SubjectCategory, Tier};
use serde_json::{Value, json};

/// Which of two worlds. They differ in what a caller of `hidden_from` cannot see, and in nothing else.
#[derive(Clone, Copy, Debug)]
pub struct Variant {
    pub hidden_from: Tier,
    pub is_second: bool,
}

impl Variant {
    /// The world that every other test looks at.
    pub const FIRST: Self = Self { hidden_from: Tier::PublicDisclosure, is_second: false };
}

/// A value as a file says it and as whoever sees it clear gets it.
pub struct Cell {
    pub sent: String,
    pub shown: Value,
}

impl Cell {
    fn text(sent: impl Into<String>) -> Self {
        let sent = sent.into();
        Self { shown: json!(sent), sent }
    }
}

pub fn uscc_of(category: SubjectCategory) -> String {
    let prefix = if category == SubjectCategory::Organization { "91370502MA9ABCD01" } else { "92370502MA9ABCD02" };
    Uscc::with_check(prefix).unwrap().as_str().to_owned()
}

/// A citizen number of nobody: of two worlds the first six and the last four characters are the same.
pub fn citizen_number(of: &str, is_second: bool) -> String {
    let numbers: Vec<String> = (1..=28)
        .map(|day| CitizenNumber::with_check(&format!("370502{of}01{day:02}001")).unwrap().expose().to_owned())
        .collect();
    let last = |number: &String| number[14..].to_owned();
    let twin = numbers[1..].iter().find(|number| last(number) == last(&numbers[0])).unwrap();
    if is_second { twin.clone() } else { numbers[0].clone() }
}

pub const PERSON_BORN: &str = "1949";
const REPRESENTATIVE_BORN: &str = "1951";
const THIRD_BORN: &str = "1953";

/// What the file says of a field; `None` leaves the cell empty.
pub fn cell(item: &Item, field: &Field, category: SubjectCategory, (tag, variant): (&str, Variant)) -> Option<Cell> {
    let second = variant.is_second && hides(field, category, variant.hidden_from);
    let heads = &item.head;
    let is = |name: &Option<String>| name.as_deref() == Some(field.name.as_str());
    if is(&heads.provider_name) || is(&heads.provider_code) || field.name == "removalDate" {
        return None;
    }
    if is(&heads.subject.name) {
        return Some(Cell::text(name(category, second)));
    }
    if is(&heads.subject.certificate_no) || is(&heads.subject.certificate_type) {
        let is_number = is(&heads.subject.certificate_no);
        let of_person = category == SubjectCategory::NaturalPerson;
        let text = if is_number { citizen_number(PERSON_BORN, second) } else { "身份证".to_owned() };
        return of_person.then(|| Cell::text(text));
    }
    Some(match field.data_type {
        FieldType::Date => date(item, field),
        FieldType::Decimal => Cell::text(format!("{}.25", number(tag) * 10 + i64::from(second))),
        FieldType::Integer => integer(field, second),
        FieldType::Boolean => Cell { sent: "是".to_owned(), shown: json!(true) },
        FieldType::TextList => list(field, tag, second),
        FieldType::Text if field.scanned => Cell::text(free_text(field, category, (tag, variant))),
        FieldType::Text => Cell::text(text(field, tag, second)),
    })
}

/// Whether a caller of `tier` cannot tell two values of the field apart.
fn hides(field: &Field, category: SubjectCategory, tier: Tier) -> bool {
    let reach = field.reach(category);
    reach.tier.is_none_or(|lowest| lowest > tier)
}

fn name(category: SubjectCategory, second: bool) -> String {
    match (category, second) {
        (SubjectCategory::Organization, _) => "东营试验雀甲有限公司".to_owned(),
        (SubjectCategory::IndividualBusiness, false) => "孙雀乙丁".to_owned(),
        (SubjectCategory::IndividualBusiness, true) => "孙鹤鹭鸥丁".to_owned(),
        (SubjectCategory::NaturalPerson, false) => "钱雀丙戊".to_owned(),
        (SubjectCategory::NaturalPerson, true) => "钱鹤鸥鹭戊".to_owned(),
    }
}

fn date(item: &Item, field: &Field) -> Cell {
    let is_end = item.head.valid_to.as_deref() == Some(field.name.as_str());
    let date: Date = match field.name.as_str() {
        _ if is_end => jiff::civil::date(2099, 12, 31),
        "expiryDate" | "effectiveUntil" => jiff::civil::date(2027, 12, 31),
        "publicationDeadline" => jiff::civil::date(2027, 6, 30),
        _ => jiff::civil::date(2026, 11, 16),
    };
    Cell::text(date.to_string())
}

fn integer(field: &Field, second: bool) -> Cell {
    let number = match field.name.as_str() {
        "evaluationYear" => 2025,
        _ => 47 + i32::from(second),
    };
    Cell { sent: number.to_string(), shown: json!(number) }
}

fn list(field: &Field, tag: &str, second: bool) -> Cell {
    let parts = match field.name.as_str() {
        "penaltyCategories" | "penaltyCategoriesSent" => vec!["罚款".to_owned()],
        _ => vec![secret(tag, second), "乙".to_owned()],
    };
    Cell { sent: parts.join(";"), shown: json!(parts) }
}

fn number(tag: &str) -> i64 {
    tag.trim_start_matches(|character: char| !character.is_ascii_digit()).parse().unwrap()
}

/// The value that must not be found where it is out of reach: not a substring of anything else.
fn secret(tag: &str, second: bool) -> String {
    if second { format!("{tag}zw") } else { tag.to_owned() }
}

fn text(field: &Field, tag: &str, second: bool) -> String {
    let numeral = number(tag) % 10_000;
    match field.name.as_str() {
        "legalRepresentative" if second => "赵鹤鸥鹭己".to_owned(),
        "legalRepresentative" => "赵雀癸己".to_owned(),
        "legalRepresentativeCertificateType" => "身份证".to_owned(),
        "legalRepresentativeCertificateNo" => citizen_number(REPRESENTATIVE_BORN, second),
        "procedure" => "ORDINARY".to_owned(),
        // One column of the oldest files holds the state of the record as well.
        "status" => "CURRENT".to_owned(),
        "creditGrade" | "grade" => "A".to_owned(),
        "period" => "202609".to_owned(),
        "divisionCode" => "370502".to_owned(),
        "birthDate" if second => "1949-07-08".to_owned(),
        "birthDate" => "1949-01-02".to_owned(),
        "phone" | "contactPhone" if second => format!("138{:04}5678", 9_999 - numeral),
        "phone" | "contactPhone" => format!("138{numeral:04}5678"),
        "homeAddress" | "registeredAddress" => format!("山东省东营市东营区{}路1号", secret(tag, second)),
        name if name.ends_with("Uscc") => Uscc::with_check("11370500MB9ABCD07").unwrap().as_str().to_owned(),
        _ => secret(tag, second),
    }
}

/// Free text with another person's number in it, which the scan replaces whoever looks; the rest varies where the
/// field is withheld.
fn free_text(field: &Field, category: SubjectCategory, (tag, variant): (&str, Variant)) -> String {
    let reach = field.reach(category);
    let is_open = |lowest: Option<Tier>| lowest.is_some_and(|lowest| lowest <= variant.hidden_from);
    let is_withheld = !is_open(reach.tier) && !is_open(reach.masked_from);
    let third = citizen_number(THIRD_BORN, variant.is_second);
    format!("{}，身份证号{third}", secret(tag, variant.is_second && is_withheld))
}
