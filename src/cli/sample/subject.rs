//! The cells that say whom a row is about, in the two layouts of the vintages.

use crate::domain::SubjectCategory;

use super::authority::Authority;
use super::firm::Firm;
use super::person::Person;
use super::row::{Kind, Row};

/// Whom a row is about.
#[derive(Clone, Copy, Debug)]
pub(super) enum Subject<'a> {
    Body(&'a Firm),
    Person(&'a Person),
}

pub(super) const IDENTITY_CARD: &str = "身份证";
pub(super) const SYNTHETIC: &str = "合成数据 synthetic，主体均为虚构";

impl<'a> Subject<'a> {
    pub(super) fn name(self) -> &'a str {
        match self {
            Self::Body(firm) => &firm.name,
            Self::Person(person) => &person.name,
        }
    }

    fn category(self) -> &'static str {
        match self {
            Self::Body(Firm { category: SubjectCategory::IndividualBusiness, .. }) => "个体工商户",
            Self::Body(_) => "法人及非法人组织",
            Self::Person(_) => "自然人",
        }
    }

    fn uscc(self) -> &'a str {
        self.body().map_or("", |firm| &firm.uscc)
    }

    pub(super) fn body(self) -> Option<&'a Firm> {
        if let Self::Body(firm) = self { Some(firm) } else { None }
    }

    fn representative(self) -> Option<&'a Person> {
        self.body().map(|firm| &firm.representative)
    }
}

/// The subject's columns in the data standard of 2018: name, category, unified code, registration number,
/// representative, their certificate's type and number, the person's certificate's type and number.
pub(super) struct Columns2018(pub(super) [&'static str; 9]);

impl Columns2018 {
    pub(super) fn cells(&self, subject: Subject<'_>) -> Row {
        let [name, category, uscc, registration_no, representative, r_kind, r_number, kind, number] = self.0;
        let person = if let Subject::Person(person) = subject { Some(person) } else { None };
        let runs = subject.representative();
        let card = |holder: Option<&Person>| holder.map_or("", |_| IDENTITY_CARD);
        let number_of =
            |holder: Option<&Person>| holder.map(|holder| holder.citizen_number.clone()).unwrap_or_default();
        Row::default()
            .text(name, subject.name())
            .text(category, subject.category())
            .put(Kind::SubjectCode, uscc, subject.uscc())
            .spare(registration_no, subject.body().map(|firm| firm.registration_no.clone()).unwrap_or_default())
            .text(representative, runs.map(|person| person.name.clone()).unwrap_or_default())
            .text(r_kind, card(runs))
            .put(Kind::Citizen, r_number, number_of(runs))
            .text(kind, card(person))
            .put(Kind::SubjectCitizen, number, number_of(person))
    }
}

/// A row of a newer item: category and code.
pub(super) fn coded(subject: Subject<'_>) -> Row {
    Row::default().text("主体类别", subject.category()).put(Kind::SubjectCode, "统一社会信用代码", subject.uscc())
}

/// The certificate of a natural person, by Chinese title.
pub(super) fn certificate(row: Row, subject: Subject<'_>) -> Row {
    let (kind, number) = match subject {
        Subject::Person(person) => (IDENTITY_CARD, person.citizen_number.as_str()),
        Subject::Body(_) => ("", ""),
    };
    row.text("证件类型", kind).put(Kind::SubjectCitizen, "证件号码", number)
}

/// The representative's name, by Chinese title.
pub(super) fn represented(row: Row, subject: Subject<'_>) -> Row {
    row.text("法定代表人", subject.representative().map(|person| person.name.clone()).unwrap_or_default())
}

/// The last two columns of every newer item.
pub(super) fn sent_by(row: Row, authority: Authority) -> Row {
    row.text("数据来源单位", authority.name).code("数据来源单位统一社会信用代码", authority.uscc())
}
