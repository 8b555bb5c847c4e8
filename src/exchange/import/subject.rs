//! Whom a row is about: category, identifiers, name.

use crate::catalogue::Item;
use crate::domain::identifier::{CitizenNumber, IdentifierKind, OrganizationCode, RegistrationNumber, Uscc};
use crate::domain::text::normalise_name;
use crate::domain::{Sensitive, SubjectCategory};

use super::cells::{Cells, Present};
use super::layout::HeadTarget;
use super::prepare::Values;
use super::problem::{Problem, Reason, Severity, ValueClass};
use super::record::{Content, PreparedSubject};

/// The longest code of the standards' columns, in characters.
const CODE_CHARS_MAX: usize = 50;

/// Resolves the subject. `None` when a problem rejects the row.
pub(super) fn resolve(cells: &Cells<'_>, values: &Values<'_>, problems: &mut Vec<Problem>) -> Option<PreparedSubject> {
    let uscc = read_uscc(cells, problems);
    let certificate = values.of_head(cells.item.head.subject.certificate_no.as_deref()).is_some();
    let category = category(cells, uscc.as_ref(), certificate, problems)?;
    let mut identifiers = Vec::new();
    if category == SubjectCategory::NaturalPerson {
        reject_code_of_enterprise(cells, uscc.as_ref(), problems);
        identifiers.extend(certificate_of(cells, values, problems));
    } else {
        identifiers.extend(uscc.map(|uscc| (IdentifierKind::Uscc, Content::Clear(uscc.into()))));
        identifiers.extend(secondary_codes(cells, problems));
    }
    let name = values.of_head(cells.item.head.subject.name.as_deref()).map(|value| match category {
        SubjectCategory::Organization => Content::Clear(value.text()),
        SubjectCategory::IndividualBusiness | SubjectCategory::NaturalPerson => {
            Content::Private(Sensitive::new(value.text()))
        }
    });
    if identifiers.is_empty() && name.is_none() {
        problems.push(Problem::of_row(Reason::NoSubject));
    }
    let rejected = problems.iter().any(|problem| problem.severity() == Severity::Reject);
    (!rejected).then_some(PreparedSubject { category, identifiers, name })
}

/// The subject's part of a natural key: its first identifier, else its name.
pub(super) fn key_of(subject: &PreparedSubject) -> Option<(&'static str, Sensitive)> {
    match (subject.identifiers.first(), &subject.name) {
        (Some((kind, value)), _) => Some((kind.name(), Sensitive::new(value.expose()))),
        (None, Some(name)) => Some(("NAME", Sensitive::new(normalise_name(name.expose())))),
        (None, None) => None,
    }
}

fn read_uscc(cells: &Cells<'_>, problems: &mut Vec<Problem>) -> Option<Uscc> {
    let present = cells.head(HeadTarget::Uscc)?;
    let column = cells.layout.name(present.column);
    problems.extend(cells.head_fault(&present));
    let Ok(uscc) = Uscc::parse(&present.text) else {
        problems.push(Problem::of(Reason::InvalidCode, &column, ValueClass::Uscc));
        return None;
    };
    if !uscc.embedded_check_holds() {
        problems.push(Problem::of(Reason::SecondaryCheck, &column, ValueClass::Uscc));
    }
    Some(uscc)
}

/// The only category of the item; else the one as sent; else what code and certificate show.
fn category(
    cells: &Cells<'_>,
    uscc: Option<&Uscc>,
    certificate: bool,
    problems: &mut Vec<Problem>,
) -> Option<SubjectCategory> {
    let known = &cells.item.head.subject.categories;
    if let [only] = known.as_slice() {
        return Some(*only);
    }
    let sent = cells.head(HeadTarget::Category).and_then(|present| parse_category(&present.text));
    let category = sent.or_else(|| infer_category(uscc, certificate)).filter(|category| known.contains(category));
    let reason = match (category, sent) {
        (Some(_), Some(_)) => return category,
        (Some(_), None) => Reason::CategoryInferred,
        (None, _) => Reason::UnknownCategory,
    };
    let column = cells.layout.name_of_head(HeadTarget::Category);
    problems.push(Problem::of(reason, &column, ValueClass::Word));
    category
}

fn infer_category(uscc: Option<&Uscc>, certificate: bool) -> Option<SubjectCategory> {
    match uscc.map(Uscc::class) {
        Some("92") => Some(SubjectCategory::IndividualBusiness),
        Some(_) => Some(SubjectCategory::Organization),
        None => certificate.then_some(SubjectCategory::NaturalPerson),
    }
}

fn parse_category(text: &str) -> Option<SubjectCategory> {
    match text {
        "法人及非法人组织" | "法人和非法人组织" | "法人" | "非法人组织" | "企业" => {
            Some(SubjectCategory::Organization)
        }
        "个体工商户" | "个体" => Some(SubjectCategory::IndividualBusiness),
        "自然人" | "个人" => Some(SubjectCategory::NaturalPerson),
        other => other.parse().ok(),
    }
}

fn reject_code_of_enterprise(cells: &Cells<'_>, uscc: Option<&Uscc>, problems: &mut Vec<Problem>) {
    if let Some(uscc) = uscc {
        let reason = if uscc.class() == "91" { Reason::CategoryContradictsCode } else { Reason::CodeWithPerson };
        problems.push(Problem::of(reason, &cells.layout.name_of_head(HeadTarget::Uscc), ValueClass::Uscc));
    }
}

fn secondary_codes(cells: &Cells<'_>, problems: &mut Vec<Problem>) -> Vec<(IdentifierKind, Content)> {
    let targets = [
        (HeadTarget::RegistrationNo, IdentifierKind::RegistrationNumber),
        (HeadTarget::OrganizationCode, IdentifierKind::OrganizationCode),
        (HeadTarget::TaxRegistrationNo, IdentifierKind::TaxRegistrationNumber),
        (HeadTarget::InstitutionCertificateNo, IdentifierKind::InstitutionCertificate),
        (HeadTarget::SocialOrganizationNo, IdentifierKind::SocialOrganization),
    ];
    let mut codes = Vec::new();
    for (target, kind) in targets {
        let Some(present) = cells.head(target) else { continue };
        let column = cells.layout.name(present.column);
        let fault = cells.head_fault(&present);
        let damaged = fault.as_ref().is_some_and(|fault| fault.reason == Reason::DigitsLost);
        let code = secondary_code(kind, &present).filter(|_| !damaged);
        match (&code, fault) {
            (None, _) => problems.push(Problem::of(Reason::SecondaryCode, &column, ValueClass::Code)),
            (Some(_), fault) => problems.extend(fault),
        }
        if let Some((code, check_holds)) = code {
            if !check_holds {
                problems.push(Problem::of(Reason::SecondaryCheck, &column, ValueClass::Code));
            }
            codes.push((kind, Content::Clear(code)));
        }
    }
    codes
}

/// The code, and whether its check character holds.
fn secondary_code(kind: IdentifierKind, present: &Present) -> Option<(String, bool)> {
    match kind {
        IdentifierKind::RegistrationNumber => {
            let number = RegistrationNumber::parse(&present.text).ok()?;
            let holds = number.check_holds();
            Some((number.into(), holds))
        }
        IdentifierKind::OrganizationCode => OrganizationCode::parse(&present.text).ok().map(|code| (code.into(), true)),
        IdentifierKind::Uscc
        | IdentifierKind::TaxRegistrationNumber
        | IdentifierKind::InstitutionCertificate
        | IdentifierKind::SocialOrganization
        | IdentifierKind::CitizenNumber
        | IdentifierKind::Passport
        | IdentifierKind::OtherCertificate => {
            let code = normalise_name(&present.text);
            (code.chars().count() <= CODE_CHARS_MAX && !holds_citizen_number(&code)).then_some((code, true))
        }
    }
}

/// Tax numbers of traders were made of their citizen numbers. Such a code is not kept: it would lie in the clear.
fn holds_citizen_number(code: &str) -> bool {
    let start: String = code.chars().take(18).collect();
    CitizenNumber::parse(&start).is_ok()
}

/// A person's certificate. A citizen number must be a right one; of other certificates nothing is known.
fn certificate_of(
    cells: &Cells<'_>,
    values: &Values<'_>,
    problems: &mut Vec<Problem>,
) -> Option<(IdentifierKind, Content)> {
    let mapping = &cells.item.head.subject;
    let number = values.of_head(mapping.certificate_no.as_deref())?.text();
    let kind = values.of_head(mapping.certificate_type.as_deref()).map(|value| certificate_kind(&value.text()));
    let private = |text: &str| Content::Private(Sensitive::new(text));
    let citizen = CitizenNumber::parse(&number);
    match (kind, citizen) {
        (None | Some(IdentifierKind::CitizenNumber), Ok(citizen)) => {
            Some((IdentifierKind::CitizenNumber, private(citizen.expose())))
        }
        (Some(IdentifierKind::CitizenNumber), Err(_)) => {
            problems.push(Problem::of(
                Reason::InvalidCertificate,
                &column_of_number(cells.item, cells),
                ValueClass::Certificate,
            ));
            None
        }
        (kind, _) => {
            let kind = kind.unwrap_or(IdentifierKind::OtherCertificate);
            Some((kind, private(&normalise_name(&number))))
        }
    }
}

fn column_of_number(item: &Item, cells: &Cells<'_>) -> std::sync::Arc<str> {
    let field = item.head.subject.certificate_no.as_deref().and_then(|name| item.field(name));
    field.map(|(at, _)| cells.layout.name_of_field(at)).unwrap_or_default()
}

/// The kind of a certificate from its name, or from a code of the provincial and national sets.
pub(super) fn certificate_kind(text: &str) -> IdentifierKind {
    match text {
        "10" | "111" | "CITIZEN_NUMBER" => IdentifierKind::CitizenNumber,
        "50" | "414" | "PASSPORT" => IdentifierKind::Passport,
        // 外国人永久居留身份证 is a certificate of its own, with a number of its own.
        other if other.contains("身份证") && !other.contains("外国人") && !other.contains("军") => {
            IdentifierKind::CitizenNumber
        }
        other if other.contains("护照") => IdentifierKind::Passport,
        _ => IdentifierKind::OtherCertificate,
    }
}
