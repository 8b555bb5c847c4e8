//! 信用修复: the subject shows that the wrong was put right. Approval ends publication, sharing and use of the record and lifts the
//! measures that rest on it, in one transaction; false papers undo it.

use serde_json::json;

use super::super::authorization::InputProblem;
use super::super::case;
use super::super::fault::Fault;
use super::super::inquiry::Inquiry;
use super::super::joint_action::rest;
use super::objection::find;
use super::{
    ApplicationView, Decision, Effects, Filing, Taken, decide, next, own_record, permitted, shield, tombstone,
};
use crate::access::CaseAction;
use crate::catalogue::BasisKind;
use crate::domain::application::Step;
use crate::domain::calendar::add_months;
use crate::domain::joint_action::Step as ActionStep;
use crate::domain::{
    ApplicationKind, ApplicationStage, Date, JointActionEnding, PaperKind, RecordState, RepairDecision, TombstoneCause,
    WorkflowStep,
};
use crate::store;
use crate::store::application::{Narrowing, Which};
use crate::store::record::Record;

/// How many papers go with an application.
const PAPERS_MAX: usize = 20;
/// How many earlier applications of a subject are looked at.
const LOOKED_AT: i64 = 1_000;

/// A paper that goes with an application; the paper itself is handed in to the department.
#[derive(Clone, Debug)]
pub struct Paper {
    /// What kind of paper.
    pub kind: PaperKind,
    /// Its name.
    pub name: String,
    /// SHA-256 of the file, hexadecimal.
    pub sha256: String,
}

/// An application for repair.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// The opaque id of the record.
    pub record: String,
    /// The commitment that the subject makes in public.
    pub commitment: String,
    /// Its papers.
    pub papers: Vec<Paper>,
}

/// Applies for the repair of a record of one's own. The outer error is a fault, the inner what is wrong with the input. Blocks.
pub fn apply(inquiry: &Inquiry, wanted: &Wanted) -> Result<Taken, Fault> {
    let own = match own_record(inquiry, &wanted.record)? {
        Ok(own) => own,
        Err(problems) => return Ok(Err(problems)),
    };
    let mut problems = paper_problems(wanted);
    problems.extend(obstacles(inquiry, &own.record, has_ruling(wanted))?);
    if !problems.is_empty() {
        return Ok(Err(problems));
    }
    let gateway = inquiry.gateway();
    let days = gateway.rules.packs.in_force(inquiry.today()).deadlines.repair_accept;
    let due_on = days.map(|days| gateway.rules.calendar.add_working_days(inquiry.today(), days).date);
    let paper = |paper: &Paper| json!({ "kind": paper.kind, "sha256": paper.sha256.to_ascii_lowercase() });
    let facts = json!({ "papers": wanted.papers.iter().map(paper).collect::<Vec<_>>() });
    let names: Vec<&str> = wanted.papers.iter().map(|paper| paper.name.trim()).collect();
    let (commitment, names) = (wanted.commitment.trim(), names.join("\n"));
    let texts: &[(&str, &str)] = &[("reason", commitment), ("papers", &names)];
    let filing = Filing { kind: ApplicationKind::Repair, due_on, facts, texts };
    super::file(inquiry, own, filing, &Effects::default()).map(Ok)
}

fn has_ruling(wanted: &Wanted) -> bool {
    wanted.papers.iter().any(|paper| paper.kind == PaperKind::CourtRuling)
}

fn paper_problems(wanted: &Wanted) -> Vec<InputProblem> {
    let mut problems = Vec::new();
    problems.extend(case::text_problem(
        &["commitment"],
        &wanted.commitment,
        "write the commitment that you make in public",
    ));
    // Whoever is being reorganised has not performed yet: the court's ruling stands in.
    let proof = if has_ruling(wanted) { PaperKind::CourtRuling } else { PaperKind::PerformanceProof };
    for kind in [proof, PaperKind::Commitment] {
        if !wanted.papers.iter().any(|paper| paper.kind == kind) {
            problems.push(InputProblem::new(&["papers"], "PAPERS", format!("a paper of the kind {kind} is missing")));
        }
    }
    if wanted.papers.len() > PAPERS_MAX {
        problems.push(InputProblem::new(&["papers"], "PAPERS", format!("at most {PAPERS_MAX} papers")));
    }
    for (paper, at) in wanted.papers.iter().zip(0..) {
        let is_digest = paper.sha256.len() == 64 && paper.sha256.bytes().all(|byte| byte.is_ascii_hexdigit());
        let is_named = (1..=200).contains(&paper.name.trim().chars().count());
        if !is_digest || !is_named {
            let message =
                "a paper has a name of 1 to 200 characters and the SHA-256 of its file, 64 hexadecimal digits";
            problems.push(InputProblem::new(&["papers", &format!("{at}")], "PAPERS", message));
        }
    }
    problems
}

/// What keeps a record from being repaired now. With a court's ruling its shortest period is not waited for: it may be shielded.
fn obstacles(inquiry: &Inquiry, record: &Record, has_ruling: bool) -> Result<Vec<InputProblem>, Fault> {
    let gateway = inquiry.gateway();
    let (today, pack) = (inquiry.today(), gateway.rules.packs.in_force(inquiry.today()));
    let mut problems = Vec::new();
    let kind = gateway.catalogue.item(&record.item).and_then(|item| BasisKind::of(item));
    if kind.is_none_or(|kind| kind == BasisKind::Red) {
        problems.push(InputProblem::new(
            &["record"],
            "NOT_REPAIRABLE",
            "there is nothing untrustworthy in it to repair",
        ));
    }
    if record.state != RecordState::Current {
        problems.push(InputProblem::new(&["record"], "NOT_IN_USE", "the record is shielded, repaired or withdrawn"));
    }
    if let Some(earliest) = earliest(inquiry, record).filter(|day| !has_ruling && today < *day) {
        let message = format!("its shortest period of publication lasts until {earliest}: apply from then on");
        problems.push(InputProblem::new(&["record"], "TOO_EARLY", message));
    }
    if super::is_under_way(inquiry, record.id, ApplicationKind::Repair)? {
        problems.push(InputProblem::new(&["record"], "DUPLICATE", "an application for its repair is being examined"));
    }
    if let Some(months) = pack.deadlines.repair_ban_months {
        let narrowing = Narrowing { stage: Some(ApplicationStage::Revoked), ..Narrowing::default() };
        let which = Which::By(record.subject);
        let revoked = gateway
            .registry
            .read(|connection| store::application::list(connection, &which, narrowing, None, LOOKED_AT))?;
        let until = revoked.iter().filter_map(|row| row.decided_on).map(|day| add_months(day, months)).max();
        if let Some(until) = until.filter(|until| today < *until) {
            let message = format!("a repair of yours was revoked: apply from {until} on");
            problems.push(InputProblem::new(&["record"], "BANNED", message));
        }
    }
    Ok(problems)
}

/// The day from which on a record may be repaired, by its level.
fn earliest(inquiry: &Inquiry, record: &Record) -> Option<Date> {
    let pack = inquiry.gateway().rules.packs.in_force(inquiry.today());
    let period = record.level.and_then(|level| pack.levels.get(&level))?;
    record.decided_on.map(|decided_on| add_months(decided_on, period.min_months))
}

/// What keeps an accepted application from being granted now.
fn not_yet(
    inquiry: &Inquiry,
    view: &ApplicationView,
    record: &Record,
    decision: RepairDecision,
) -> Result<Option<InputProblem>, Fault> {
    let is_used = matches!(record.state, RecordState::Current | RecordState::Shielded);
    Ok(match decision {
        RepairDecision::Approve | RepairDecision::Shield if !is_used => {
            Some(InputProblem::new(&["id"], "NOT_IN_USE", "the record was withdrawn meanwhile: reject the application"))
        }
        RepairDecision::Approve => earliest(inquiry, record).filter(|day| inquiry.today() < *day).map(|day| {
            let message = format!("its shortest period lasts until {day}: SHIELD it, or approve it from then on");
            InputProblem::new(&["decision"], "TOO_EARLY", message)
        }),
        RepairDecision::Shield if !shield::has_ruling(inquiry, view)? => {
            let message = "a paper of the kind COURT_RULING is missing: without a court's ruling nothing is shielded";
            Some(InputProblem::new(&["decision"], "RULING", message))
        }
        _ => None,
    })
}

/// What a decision does, and what became of the record.
fn effects_of(
    inquiry: &Inquiry,
    view: &ApplicationView,
    record: &Record,
    decision: RepairDecision,
) -> Result<(Effects, Option<TombstoneCause>), Fault> {
    match decision {
        RepairDecision::Accept | RepairDecision::NotAccept => Ok((Effects::default(), None)),
        RepairDecision::Shield => Ok((shield::begin(inquiry, view, record)?, Some(TombstoneCause::Shielded))),
        RepairDecision::Reject => {
            let effects = shield::end(inquiry, view, record)?;
            let restored = effects.record.map(|_| TombstoneCause::Restored);
            Ok((effects, restored))
        }
        RepairDecision::Approve => {
            let cause = TombstoneCause::Repaired;
            let ending = json!({ "ending": JointActionEnding::Repaired });
            let step = ActionStep::End(JointActionEnding::Repaired);
            let actions = rest::changes(inquiry, record.id, &step, &ending)?;
            let of = (view.row.id, &view.row.provider);
            let tombstones = tombstone::for_receivers(inquiry, of, record, cause, &actions)?;
            let states = (record.version, record.state, RecordState::Repaired);
            Ok((Effects { actions, record: Some(states), tombstones }, Some(cause)))
        }
    }
}

/// Decides on an application for repair. The outer error is a fault, the inner what is wrong with the input. Blocks.
pub fn decide_on(inquiry: &Inquiry, id: &str, decision: RepairDecision, reason: &str) -> Result<Taken, Fault> {
    let view = match permitted(inquiry, id, CaseAction::Decide)? {
        Ok(view) => view,
        Err(refused) => return Ok(Err(refused)),
    };
    let (step, word) = match decision {
        RepairDecision::Accept => (Step::Accept, WorkflowStep::Accept),
        RepairDecision::NotAccept => (Step::NotAccept, WorkflowStep::NotAccept),
        RepairDecision::Shield => (Step::Shield, WorkflowStep::Shield),
        RepairDecision::Approve => (Step::Approve, WorkflowStep::Approve),
        RepairDecision::Reject => (Step::Reject, WorkflowStep::Reject),
    };
    if let Err(out_of_order) = next(&view, step) {
        return Ok(Err(out_of_order));
    }
    if let Some(problem) = case::text_problem(&["reason"], reason, "say why") {
        return Ok(Err(vec![problem]));
    }
    let record = find(inquiry, &view)?;
    if let Some(problem) = not_yet(inquiry, &view, &record, decision)? {
        return Ok(Err(vec![problem]));
    }
    let gateway = inquiry.gateway();
    let days = gateway.rules.packs.in_force(inquiry.today()).deadlines.repair_answer;
    let answer_due = days.map(|days| gateway.rules.calendar.add_working_days(view.row.filed_on, days).date);
    let due_on = answer_due.filter(|_| decision == RepairDecision::Accept);
    let (effects, decided_as) = effects_of(inquiry, &view, &record, decision)?;
    let texts: &[(&str, &str)] = &[("reason", reason.trim())];
    decide(inquiry, view, Decision { step, word, decided_as, due_on, facts: json!({}), texts }, &effects)
}

/// Revokes an approved repair, for false papers or a broken promise: the record stands again. Blocks.
pub fn revoke(inquiry: &Inquiry, id: &str, reason: &str) -> Result<Taken, Fault> {
    let view = match permitted(inquiry, id, CaseAction::Decide)? {
        Ok(view) => view,
        Err(refused) => return Ok(Err(refused)),
    };
    if let Err(out_of_order) = next(&view, Step::Revoke) {
        return Ok(Err(out_of_order));
    }
    if let Some(problem) = case::text_problem(&["reason"], reason, "say what was false or broken") {
        return Ok(Err(vec![problem]));
    }
    let record = find(inquiry, &view)?;
    let cause = TombstoneCause::Restored;
    let effects = Effects {
        record: Some((record.version, RecordState::Repaired, RecordState::Current)),
        tombstones: tombstone::for_receivers(inquiry, (view.row.id, &view.row.provider), &record, cause, &[])?,
        ..Effects::default()
    };
    let texts: &[(&str, &str)] = &[("reason", reason.trim())];
    let (step, word) = (Step::Revoke, WorkflowStep::Revoke);
    let decision = Decision { step, word, decided_as: Some(cause), due_on: None, facts: json!({}), texts };
    decide(inquiry, view, decision, &effects)
}
