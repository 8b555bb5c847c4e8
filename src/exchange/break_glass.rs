//! Opening one subject's records in an emergency (紧急查询, break-glass): by an officer, for some minutes, with a case and a
//! reason, told at once to the departments whose records it opens.
//!
//! INVARIANT: an opening is in force only when its entry stands in the ledger. It is a right to read and nothing else:
//! every query under it is priced, limited and registered like any other, and reviewed.

use std::collections::BTreeSet;

use super::audit;
use super::authorization::InputProblem;
use super::fault::Fault;
use super::gateway::Gateway;
use super::inquiry::Inquiry;
use super::node_id::NodeRef;
use super::page;
use super::register::{self, Asked, EntryKind, Outcome};
use super::review::whose;
use super::standing::AuthorizationRefusal;
use super::subject;
use crate::access::{BreakGlass as Bounds, Grant};
use crate::authentication::Caller;
use crate::catalogue::Sharing;
use crate::domain::{BreakGlassId, DepartmentId, Instant, ItemCode, Role, SubjectId};
use crate::ledger::Entry;
use crate::store;
pub use crate::store::break_glass::BreakGlass;

/// Who may open records in an emergency, where a purpose of theirs says so.
pub const OPENERS: &[Role] = &[Role::Department, Role::Coordinator];
/// The longest reason, in characters.
const REASON_MAX: usize = 500;

/// An opening to make.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// The opaque id of the subject.
    pub subject: String,
    /// The codes of the items whose records are needed.
    pub items: Vec<String>,
    /// Why.
    pub reason: String,
}

/// Opens the records. The outer error is a fault, the inner what is wrong with the input; then nothing was opened. Blocks.
pub fn open(inquiry: &Inquiry, wanted: &Wanted) -> Result<Result<BreakGlass, Vec<InputProblem>>, Fault> {
    let (Some(intent), Some(department)) = (inquiry.intent(), inquiry.caller().claims().department.clone()) else {
        return Err(Fault::Forbidden);
    };
    let officer = officer(inquiry.gateway(), inquiry.caller()).ok_or(Fault::Forbidden)?;
    let (purpose, bounds, case) = emergency(inquiry)?;
    // With a tally of its own: the subject stands in the entry of the opening, and is told once.
    let own = inquiry.under_case(&case).map_err(|_| Fault::Forbidden)?;
    let (subject, items) = match soundness(&own, wanted)? {
        Ok(sound) => sound,
        Err(problems) => return Ok(Err(problems)),
    };
    let gateway = inquiry.gateway();
    let providers = providers(gateway, subject, &items)?;
    let mut opening = BreakGlass {
        id: BreakGlassId::new(gateway.ambient.uuid7()),
        subject,
        department,
        officer,
        day: inquiry.today(),
        purpose,
        case_index: case_index(gateway, &case),
        items: items.iter().map(ToString::to_string).collect(),
        valid_from: inquiry.now(),
        valid_to: inquiry.now().plus_seconds(60 * i64::from(bounds.minutes)),
        entry: None,
    };
    let insert = |connection: &mut store::AnyConnection| {
        store::break_glass::insert(connection, &opening, &providers, bounds.daily)
    };
    if !gateway.registry.write(insert)? {
        let told = format!("you have opened {} times today: that is all of a day", bounds.daily);
        return Ok(Err(vec![InputProblem::new(&["subject"], "DAILY_LIMIT", told)]));
    }
    let asked = Asked { cost: 0, ..intent.asked.clone() };
    let outcome =
        Outcome { kind: EntryKind::BreakGlass, error_code: None, is_refused: false, intent: Some(intent.index) };
    let mut entry = register::entry(inquiry, &asked, &outcome, None);
    entry.items.clone_from(&opening.items);
    entry.committed.subjects = vec![gateway.subject_index(subject)];
    entry.flags.push(format!("UNTIL:{}", opening.valid_to.rfc3339()));
    entry.flags.extend(providers.iter().map(|provider| format!("NOTICE:{provider}")));
    entry.committed.reason = Some(wanted.reason.trim().to_owned());
    let receipt = gateway.ledger.append_blocking(entry).map_err(|_| Fault::AuditUnavailable)?;
    gateway.registry.write(|connection| store::break_glass::enter(connection, opening.id, receipt.index()))?;
    opening.entry = Some(receipt.index());
    tracing::warn!(entry = receipt.index(), department = %opening.department, "records were opened in an emergency");
    Ok(Ok(opening))
}

/// The emergency that the request declares: purpose, bounds, case.
fn emergency(inquiry: &Inquiry) -> Result<(crate::domain::PurposeCode, Bounds, String), Fault> {
    let code = inquiry.permit().purpose().ok_or(Fault::PurposeRequired)?;
    let purposes = inquiry.gateway().decider.purposes();
    let bounds = purposes.get(code.as_str()).and_then(|purpose| purpose.break_glass).ok_or(Fault::PurposeRequired)?;
    let case = inquiry.caller().case().ok_or(Fault::PurposeRequired)?;
    Ok((code.clone(), bounds, case.to_owned()))
}

type Sound = Result<(SubjectId, BTreeSet<ItemCode>), Vec<InputProblem>>;

fn soundness(inquiry: &Inquiry, wanted: &Wanted) -> Result<Sound, Fault> {
    let gateway = inquiry.gateway();
    let mut problems = Vec::new();
    let subject = match gateway.node_ids.decode(&wanted.subject) {
        Some(NodeRef::Subject(id)) => subject::by_id(inquiry, id)?.map(|view| view.id()),
        _ => None,
    };
    if subject.is_none() {
        problems.push(InputProblem::new(&["subject"], "SUBJECT", "there is no subject of this id".to_owned()));
    }
    let length = wanted.reason.trim().chars().count();
    if !(1..=REASON_MAX).contains(&length) {
        problems.push(InputProblem::new(&["reason"], "REASON", format!("say why, in 1 to {REASON_MAX} characters")));
    }
    if wanted.items.is_empty() {
        problems.push(InputProblem::new(&["items"], "ITEMS", "name the items that you need, and no more".to_owned()));
    }
    let mut items = BTreeSet::new();
    for (code, at) in wanted.items.iter().zip(0..) {
        if let Some(item) = gateway.catalogue.item_by_text(code).filter(|item| item.sharing != Sharing::NotShared) {
            items.insert(item.code.clone());
        } else {
            let told = "the catalogue has no item of this code that is shared".to_owned();
            problems.push(InputProblem::new(&["items", &format!("{at}")], "ITEM", told));
        }
    }
    Ok(subject.filter(|_| problems.is_empty()).map(|subject| (subject, items)).ok_or(problems))
}

/// The departments whose records are opened: those that provide the items, and those that have provided records of them.
fn providers(gateway: &Gateway, subject: SubjectId, items: &BTreeSet<ItemCode>) -> Result<Vec<DepartmentId>, Fault> {
    let all = store::record::Rows::All;
    let groups = gateway.registry.read(|connection| store::record::counts_of_subject(connection, subject, &all))?;
    let of_records = groups.into_iter().filter(|group| items.contains(&group.item)).filter_map(|group| group.provider);
    let of_items = items.iter().filter_map(|code| gateway.catalogue.item(code)).map(|item| item.provider.clone());
    Ok(of_items.chain(of_records).collect::<BTreeSet<_>>().into_iter().collect())
}

/// The officer behind a token, as openings know them; nobody behind a token without a person.
fn officer(gateway: &Gateway, caller: &Caller) -> Option<String> {
    let person = caller.person()?;
    Some(hex::encode(gateway.keyring.blind_index("break_glass.officer", &person)))
}

fn case_index(gateway: &Gateway, case: &str) -> String {
    hex::encode(gateway.keyring.blind_index("break_glass.case", case.trim()))
}

/// The opening behind an id, when it is this caller's, for this purpose and case, and in force.
pub(super) fn named(
    gateway: &Gateway,
    caller: &Caller,
    id: &str,
) -> Result<Result<(BreakGlass, Grant), AuthorizationRefusal>, Fault> {
    use AuthorizationRefusal::{Expired, OtherCase, OtherGrantee, OtherPurpose, Unknown};
    let Some(NodeRef::BreakGlass(id)) = gateway.node_ids.decode(id) else { return Ok(Err(Unknown)) };
    let found = gateway.registry.read(|connection| store::break_glass::find(connection, id))?;
    let Some(opening) = found.filter(|opening| opening.entry.is_some()) else { return Ok(Err(Unknown)) };
    let is_own = officer(gateway, caller).as_ref() == Some(&opening.officer)
        && caller.claims().department.as_ref() == Some(&opening.department);
    let refused = if !is_own {
        Some(OtherGrantee)
    } else if !is_in_force(&opening, gateway.ambient.now()) {
        Some(Expired)
    } else if caller.declared_purpose() != Some(opening.purpose.as_str()) {
        Some(OtherPurpose)
    } else if caller.case().map(|case| case_index(gateway, case)).as_ref() != Some(&opening.case_index) {
        Some(OtherCase)
    } else {
        None
    };
    if let Some(refusal) = refused {
        return Ok(Err(refusal));
    }
    let corrupt = || Fault::Corrupt(format!("break_glass.items of {}", opening.id));
    let item = |code: &String| Some((ItemCode::parse(code)?, Vec::new()));
    let items = opening.items.iter().map(item).collect::<Option<_>>().ok_or_else(corrupt)?;
    let (id, purpose) = (*opening.id.bytes(), opening.purpose.clone());
    Ok(Ok((opening.clone(), Grant { id, subject: opening.subject, purpose, items })))
}

/// Whether an opening holds at an instant.
pub fn is_in_force(opening: &BreakGlass, now: Instant) -> bool {
    opening.valid_from <= now && now < opening.valid_to
}

/// An opening as it is shown: with its entry.
#[derive(Clone, Debug)]
pub struct Shown {
    /// It.
    pub opening: BreakGlass,
    /// Whom it was told.
    pub providers: Vec<DepartmentId>,
    /// Its entry, whose sealed body holds officer, case and reason.
    pub entry: Entry,
}

/// A page of openings, each with its cursor.
#[derive(Debug)]
pub struct OpeningPage {
    /// The openings, the newest first.
    pub openings: Vec<(Shown, String)>,
    /// Whether more follow.
    pub has_next: bool,
}

/// The openings that the caller's department made or was told of, for its supervisors; for auditors all, or one department's.
pub fn list(
    inquiry: &Inquiry,
    department: Option<&DepartmentId>,
    after: Option<&str>,
    first: usize,
) -> Result<OpeningPage, Fault> {
    let concerned = whose(inquiry, department)?.as_deref().and_then(DepartmentId::parse);
    let list = format!("breakGlassOpenings {concerned:?}");
    let below = page::place(inquiry, &list, after, |place| place.parse().ok())?;
    let limit = i64::from(audit::one_more(first));
    let registry = &inquiry.gateway().registry;
    let mut found =
        registry.read(|connection| store::break_glass::list(connection, concerned.as_ref(), below, limit))?;
    let has_next = found.len() > first;
    found.truncate(first);
    inquiry.tally(|tally| tally.cost = tally.cost.saturating_add(found.len() as u64));
    let with_cursor = |opening: BreakGlass| {
        let shown = shown(inquiry, opening)?;
        let cursor = page::cursor(inquiry, &list, &shown.entry.index.to_string());
        Ok((shown, cursor))
    };
    Ok(OpeningPage { openings: found.into_iter().map(with_cursor).collect::<Result<_, Fault>>()?, has_next })
}

/// An opening with its entry.
pub fn shown(inquiry: &Inquiry, opening: BreakGlass) -> Result<Shown, Fault> {
    let gateway = inquiry.gateway();
    let entry = opening.entry.map_or(Ok(None), |index| gateway.ledger.entry(index))?;
    let entry = entry.ok_or_else(|| Fault::Corrupt(format!("break_glass.entry of {}", opening.id)))?;
    let providers = gateway.registry.read(|connection| store::break_glass::providers(connection, opening.id))?;
    Ok(Shown { opening, providers, entry })
}

/// How many openings were made in the month of an instant, in Shanghai. Becoming routine is how break-glass fails.
pub fn count_of_month(gateway: &Gateway) -> Result<u64, Fault> {
    let first = gateway.ambient.today().first_of_month();
    let since = Instant::start_of(first);
    Ok(gateway.registry.read(|connection| store::break_glass::count_since(connection, since))?)
}
