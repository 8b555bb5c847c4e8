//! Submitting a tip-off, and asking by its query code how far it has come. Both are anybody's: who asks is not looked at, and stands
//! nowhere.

use subtle::ConstantTimeEq;

use super::super::authorization::InputProblem;
use super::super::case::{self, CaseStep};
use super::super::fault::Fault;
use super::super::gateway::Gateway;
use super::super::inquiry::Inquiry;
use super::super::push::notices;
use super::{Reporter, TipoffRow};
use crate::crypto::tipoff::Part;
use crate::domain::identifier::{IdentifierKind, Uscc};
use crate::domain::{CaseId, Role, SealedFields, TipoffField, TipoffStage, WorkflowStep};
use crate::store::{self, StoreError};

/// The longest name and the longest contact, in characters.
const NAME_MAX: usize = 50;
const CONTACT_MAX: usize = 100;
/// Who reported is sealed at this length, so that its length tells nothing, nor whether anybody gave a name.
const REPORTER_BYTES: usize = 1_024;
/// Query codes: five groups of four out of 32 characters, a hundred bits.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const CODE_CHARACTERS: usize = 20;
/// How much chance a form carries.
const FORM_BYTES: usize = 16;

/// A tip-off to submit.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// Whom it is about.
    pub uscc: Uscc,
    /// In which field.
    pub field: TipoffField,
    /// What was seen.
    pub conduct: String,
    /// Who reports; nobody when left out.
    pub reporter: Option<Reporter>,
    /// What the form of a page carried: the same words that come again in the same form are the same tip-off.
    pub form: Option<String>,
}

/// What a new form carries: chance, and a proof that it is of this gateway, so that nobody chooses it.
pub fn new_form(gateway: &Gateway) -> String {
    let chance = hex::encode(gateway.ambient.bytes::<FORM_BYTES>());
    let proof = proof_of_form(gateway, &chance);
    chance + &proof
}

/// Whether a form is one of this gateway's.
pub fn is_form(gateway: &Gateway, sent: &str) -> bool {
    let parts = sent.split_at_checked(2 * FORM_BYTES);
    parts.is_some_and(|(chance, proof)| proof_of_form(gateway, chance).as_bytes().ct_eq(proof.as_bytes()).into())
}

fn proof_of_form(gateway: &Gateway, chance: &str) -> String {
    hex::encode(gateway.keyring.digest("tipoff.form", chance.as_bytes()))
}

/// Submits a tip-off; its query code. Of the same form with the same words the code that it had. The outer error is a fault, the inner what is wrong with the input. Blocks.
pub fn submit(inquiry: &Inquiry, wanted: &Wanted) -> Result<Result<String, Vec<InputProblem>>, Fault> {
    let (gateway, intent) = (inquiry.gateway(), inquiry.intent().ok_or(Fault::Forbidden)?);
    let mut problems: Vec<InputProblem> =
        case::text_problem(&["conduct"], &wanted.conduct, "say what was seen").into_iter().collect();
    let reporter = wanted.reporter.clone().unwrap_or_default();
    for (name, text, most) in [("name", &reporter.name, NAME_MAX), ("contact", &reporter.contact, CONTACT_MAX)] {
        if text.chars().count() > most || text.chars().any(char::is_control) {
            problems.push(InputProblem::new(&["reporter", name], "TEXT", format!("at most {most} characters")));
        }
    }
    let found = gateway.registry.read(|connection| {
        store::subject::find_by_identifier(connection, IdentifierKind::Uscc, wanted.uscc.as_str())
    })?;
    let Some(subject) = found.filter(|_| problems.is_empty()) else {
        if problems.is_empty() {
            let message = "no subject of this code is known here: turn to the department that is in charge";
            problems.push(InputProblem::new(&["uscc"], "USCC", message));
        }
        return Ok(Err(problems));
    };
    let (id, code) = (CaseId::new(gateway.ambient.uuid7()), code_of(gateway, wanted)?);
    inquiry.tally(|tally| tally.flags.insert("TIPOFF"));
    if by_code(gateway, &code)?.is_some() {
        inquiry.tally(|tally| tally.flags.insert("REPEATED"));
        return Ok(Ok(code));
    }
    let seal = |part, value: &[u8]| {
        let sealed = gateway.keyring.seal_tipoff(id, part, value, &gateway.ambient);
        sealed.map_err(|closed| Fault::Corrupt(closed.to_string()))
    };
    let row = TipoffRow {
        id,
        subject: subject.id,
        code: index_of(gateway, &code).unwrap_or_default(),
        field: wanted.field,
        stage: TipoffStage::Submitted,
        department: None,
        handler: String::new(),
        outcome: None,
        submitted_on: inquiry.today(),
        answered_on: None,
        attachments: 0,
        conduct: seal(Part::Conduct, wanted.conduct.trim().as_bytes())?,
        answer: Vec::new(),
        steps: 1,
        entry: intent.index,
    };
    let mut named = serde_json::to_vec(&reporter).map_err(|error| Fault::Corrupt(error.to_string()))?;
    named.resize(REPORTER_BYTES.max(named.len()), b' ');
    let sealed = seal(Part::Reporter, &named)?;
    let step = first_step(inquiry, id, intent.index);
    let events = notices::of_tipoff(gateway, &row, &step);
    let written = gateway.registry.write(|connection| {
        store::tipoff::insert(connection, &row, &sealed)?;
        store::case_step::append(connection, &step)?;
        store::event::append(connection, events)
    });
    match written {
        // The same form came twice at once, and the other was first.
        Err(StoreError::Conflict) if by_code(gateway, &code)?.is_some() => {
            inquiry.tally(|tally| tally.flags.insert("REPEATED"));
            Ok(Ok(code))
        }
        written => Ok(written.map(|()| Ok(code))?),
    }
}

/// The step that nobody is named in.
fn first_step(inquiry: &Inquiry, case: CaseId, entry: u64) -> CaseStep {
    CaseStep {
        case,
        number: 1,
        step: WorkflowStep::File,
        assignment: None,
        role: Some(Role::Public),
        department: None,
        at: inquiry.now(),
        due_on: None,
        facts: "{}".to_owned(),
        texts: SealedFields::default(),
        entry,
    }
}

/// How far a tip-off has come, for whoever holds its query code.
#[derive(Clone, Debug)]
pub struct Progress {
    /// The stored row.
    pub row: TipoffRow,
    /// What was answered.
    pub answer: Option<String>,
}

/// The tip-off behind a query code.
pub fn progress(inquiry: &Inquiry, code: &str) -> Result<Option<Progress>, Fault> {
    let gateway = inquiry.gateway();
    inquiry.tally(|tally| tally.flags.insert("TIPOFF"));
    let Some(row) = by_code(gateway, code)? else { return Ok(None) };
    let answer = match row.answer.as_slice() {
        [] => None,
        sealed => {
            let corrupt = || Fault::Corrupt(format!("tipoffs.answer of {}", row.id));
            let opened = gateway.keyring.open_tipoff_answer(row.id, sealed).map_err(|_| corrupt())?;
            Some(String::from_utf8(opened.to_vec()).map_err(|_| corrupt())?)
        }
    };
    Ok(Some(Progress { row, answer }))
}

pub(super) fn by_code(gateway: &Gateway, code: &str) -> Result<Option<TipoffRow>, Fault> {
    let Some(index) = index_of(gateway, code) else { return Ok(None) };
    Ok(gateway.registry.read(|connection| store::tipoff::by_code(connection, &index))?)
}

/// The query code of a tip-off: of the form and the words that came in it, or by chance.
fn code_of(gateway: &Gateway, wanted: &Wanted) -> Result<String, Fault> {
    let Some(form) = wanted.form.as_deref().filter(|form| is_form(gateway, form)) else {
        return Ok(written(gateway.ambient.bytes::<CODE_CHARACTERS>()));
    };
    let told = (form, wanted.uscc.as_str(), wanted.field, &wanted.conduct, &wanted.reporter);
    let told = serde_json::to_vec(&told).map_err(|error| Fault::Corrupt(error.to_string()))?;
    Ok(written(gateway.keyring.digest("tipoff.code", &told).into_iter().take(CODE_CHARACTERS)))
}

fn written(bytes: impl IntoIterator<Item = u8>) -> String {
    let mut code = String::new();
    for (at, byte) in bytes.into_iter().enumerate() {
        if at > 0 && at % 4 == 0 {
            code.push('-');
        }
        code.extend(ALPHABET.get(usize::from(byte % 32)).map(|&letter| char::from(letter)));
    }
    code
}

/// The blind index of a query code, however it is typed; nothing for what cannot be one.
fn index_of(gateway: &Gateway, code: &str) -> Option<String> {
    if code.len() > 64 {
        return None;
    }
    let code: String = code.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_uppercase()).collect();
    (code.len() == CODE_CHARACTERS).then(|| hex::encode(gateway.keyring.blind_index("tipoff.code", &code)))
}
