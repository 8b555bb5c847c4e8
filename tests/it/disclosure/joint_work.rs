//! What the joint work leads to is seen through the one enforcement point as well: a joint action's basis, an application's record, an
//! act that waits show no more of a record than any other path.

use std::collections::BTreeSet;
use std::sync::Arc;

use actix_web::http::header::HeaderMap;
use chengxin::catalogue::Item;
use chengxin::domain::{
    ApplicationKind, ApplicationStage, AssignmentId, AssignmentStage, CaseId, Date, DepartmentId, EventId, EventKind,
    JointActionKind, JointActionStage, MeasureCode, RecordId, WorkflowStep,
};
use chengxin::exchange::inquiry::Inquiry;
use chengxin::exchange::node_id::NodeRef;
use chengxin::exchange::push::feed;
use chengxin::graphql::RateLimit;
use chengxin::graphql::engine::Envelope;
use chengxin::graphql::guard::Reveal;
use chengxin::store;
use chengxin::store::application::ApplicationRow;
use chengxin::store::assignment::AssignmentRow;
use chengxin::store::event::EventRow;
use chengxin::store::joint_action::JointActionRow;

use super::actors::{self, Actor};
use super::emergencies;
use super::fields::check;
use super::paths::{Question, question, whole};
use super::world::{Row, World};
use crate::support::Answered;

/// The department that was assigned every measure.
const IMPLEMENTER: &str = "CUS";

fn record_of(world: &World, row: &Row) -> RecordId {
    let Some(NodeRef::Record(id)) = world.app.service.gateway.node_ids.decode(&row.id) else { panic!("{}", row.id) };
    id
}

fn case(kind: u8, at: usize) -> CaseId {
    let mut bytes = [kind; 16];
    bytes[8..].copy_from_slice(&(at as u64).to_be_bytes());
    CaseId::new(bytes)
}

/// A joint action in force and an open objection for every record, whatever it is, and an event of both for everybody who has
/// events: more than the steps would ever let in.
fn stage(world: &World, receivers: &BTreeSet<String>) {
    let day: Date = "2026-11-20".parse().unwrap();
    let gateway = &world.app.service.gateway;
    for (at, row) in world.rows.iter().enumerate() {
        let record = gateway
            .registry
            .read(|connection| store::record::find(connection, record_of(world, row)))
            .unwrap()
            .unwrap();
        let entry = 1_000 + at as u64;
        let action = JointActionRow {
            id: case(1, at),
            kind: JointActionKind::Punishment,
            subject: record.subject,
            basis: record.id,
            initiator: DepartmentId::parse("AMR").unwrap(),
            legal_basis: "样例条例第十条".to_owned(),
            measures: vec![MeasureCode::parse("KEY_SUPERVISION").unwrap()],
            act_on: day,
            notified_on: day,
            initiated_on: day,
            ends_on: "2099-01-01".parse().unwrap(),
            stage: JointActionStage::InForce,
            ending: None,
            suspensions: 0,
            suspended_on: None,
            due_on: None,
            steps: 1,
            entry,
        };
        let assignment = AssignmentRow {
            id: AssignmentId::new(*case(2, at).bytes()),
            action: action.id,
            place: 0,
            department: DepartmentId::parse(IMPLEMENTER).unwrap(),
            measure: MeasureCode::parse("KEY_SUPERVISION").unwrap(),
            stage: AssignmentStage::Executed,
            assigned_on: day,
            answered_on: Some(day),
            reported_on: Some(day),
            due_on: Some("2026-12-10".parse().unwrap()),
        };
        let application = ApplicationRow {
            id: case(3, at),
            kind: ApplicationKind::Objection,
            subject: record.subject,
            record: record.id,
            record_version: record.version,
            provider: row.item.provider.clone(),
            stage: ApplicationStage::Filed,
            decided_as: None,
            filed_on: day,
            decided_on: None,
            due_on: Some(day),
            steps: 1,
            entry,
        };
        let event = |receiver: &String, kind, about: CaseId| EventRow {
            id: EventId::new(world.app.ambient.uuid7()),
            receiver: receiver.clone(),
            sequence: 0,
            subject: record.subject,
            kind,
            about: *about.bytes(),
            step: WorkflowStep::File,
            at: world.app.ambient.now(),
            entry,
        };
        let mut events = Vec::new();
        for receiver in receivers {
            events.push(event(receiver, EventKind::JointAction, action.id));
            events.push(event(receiver, EventKind::Application, application.id));
        }
        let staged = gateway.registry.write(|connection| {
            store::joint_action::insert(connection, &action)?;
            store::assignment::insert(connection, &[assignment])?;
            store::application::insert(connection, &application)?;
            store::event::append(connection, events)
        });
        staged.unwrap();
    }
}

fn questions(world: &World, item: &Item) -> Vec<Question> {
    let whole = whole(item);
    let ids = &world.app.service.gateway.node_ids;
    let mut all = vec![
        question(
            "joint work: list",
            format!("{{ jointActions(first: 50) {{ nodes {{ basis {{ {whole} }} }} }} }}"),
            |_| true,
        ),
        question(
            "joint work: inbox",
            format!("{{ assignments(first: 50) {{ nodes {{ action {{ basis {{ {whole} }} }} }} }} }}"),
            |_| true,
        ),
        question(
            "joint work: applications",
            format!("{{ applications(first: 50) {{ nodes {{ record {{ {whole} }} }} }} }}"),
            |_| true,
        ),
        question(
            "joint work: events",
            format!("{{ events(first: 50) {{ nodes {{ {} }} }} }}", of_event(&whole)),
            |_| true,
        ),
        question(
            "joint work: waiting",
            format!("{{ actsAwaitingInitiation(first: 50) {{ nodes {{ record {{ {whole} }} }} }} }}"),
            |_| true,
        ),
    ];
    for (at, row) in world.rows.iter().enumerate().filter(|(_, row)| row.item.code == item.code) {
        let (action, application) =
            (ids.encode(NodeRef::JointAction(case(1, at))), ids.encode(NodeRef::Application(case(3, at))));
        let (id, same) = (row.id.clone(), row.id.clone());
        let document = format!("{{ jointAction(id: \"{action}\") {{ basis {{ {whole} }} }} }}");
        all.push(question("joint work: basis", document, move |row| row.id == id));
        let document = format!("{{ application(id: \"{application}\") {{ record {{ {whole} }} }} }}");
        all.push(question("joint work: record", document, move |row| row.id == same));
    }
    all
}

fn of_event(whole: &str) -> String {
    format!("action {{ basis {{ {whole} }} }} application {{ record {{ {whole} }} }}")
}

/// The same events as a subscription tells them, each under a permit of its own. Whether any record was seen.
fn subscribed(world: &World, actor: &Actor<'_>, item: &Item) -> bool {
    let (service, caller) = (&world.app.service, actor.asker.caller());
    let Ok(receiver) = feed::receiver(&caller) else { return false };
    let query = format!("subscription {{ events {{ {} }} }}", of_event(&whole(item)));
    let limits = service.document_limits(caller.role());
    let prepared = service.engine.prepare(&Envelope { query, ..Envelope::default() }, &limits, Reveal::Limits).unwrap();
    let rate = RateLimit::new(1, 1, 1, world.app.ambient.now(), 100);
    let question = question("joint work: subscription", String::new(), |_| true);
    let mut has_seen = false;
    for event in feed::next(&service.gateway, receiver, 0, 1_000).unwrap() {
        let inquiry = Arc::new(Inquiry::open(&service.gateway, &caller).unwrap());
        let text = service.engine.execute_event(&inquiry, &prepared, &event, &rate).body;
        let json = serde_json::from_str(&text).unwrap();
        let answered = Answered { status: 200, headers: HeaderMap::new(), text, json };
        check(
            world,
            (actor, item, &question),
            &answered,
            &format!("{} is told of {} by subscription", actor.title, item.code),
        );
        has_seen |= answered.text.contains("__typename");
    }
    has_seen
}

async fn hold(world: &World, actors: &[Actor<'_>]) -> BTreeSet<(&'static str, &'static str)> {
    let mut seen = BTreeSet::new();
    for (turn, actor) in actors.iter().enumerate() {
        for item in world.app.service.gateway.catalogue.items() {
            for question in questions(world, item).into_iter().skip(turn % actor.shares).step_by(actor.shares) {
                let answered = actor.asker.ask_with(&question.document, question.variables.clone()).await;
                let what = format!("{} asks for {} by {}", actor.title, item.code, question.path);
                let is_closed = matches!(answered.codes()[..], ["FORBIDDEN" | "PURPOSE_REQUIRED"]);
                if is_closed && !answered.text.contains("__typename") {
                    continue;
                }
                check(world, (actor, item, &question), &answered, &what);
                if answered.text.contains("__typename") {
                    seen.insert((actor.title, question.path));
                }
            }
            if subscribed(world, actor, item) {
                seen.insert((actor.title, "joint work: subscription"));
            }
        }
    }
    seen
}

#[actix_web::test]
async fn a_record_shows_no_more_through_the_joint_work_than_by_any_other_path() {
    let world = World::new().find_ids().await;
    let mut actors = actors::outsiders(&world);
    actors.extend(actors::departments(&world));
    actors.extend(actors::subjects(&world));
    actors.extend(actors::grantees(&world).await);
    actors.extend(emergencies::officers(&world).await);
    let consumers = actors.iter().filter_map(|actor| actor.asker.caller().consumer().map(str::to_owned));
    stage(&world, &consumers.collect());
    let seen = hold(&world, &actors).await;
    for expected in [
        ("public", "joint work: basis"),
        ("public", "joint work: list"),
        ("department", "joint work: basis"),
        ("department", "joint work: inbox"),
        ("no purpose", "joint work: inbox"),
        ("market regulation", "joint work: record"),
        ("coordinator", "joint work: applications"),
        ("department", "joint work: events"),
        ("department", "joint work: subscription"),
        ("coordinator", "joint work: events"),
        ("coordinator", "joint work: subscription"),
        ("firm", "joint work: basis"),
        ("firm", "joint work: record"),
        ("person", "joint work: record"),
    ] {
        assert!(seen.contains(&expected), "{expected:?} led to no record, so that nothing was looked at: {seen:?}");
    }
    for administrator in ["auditor", "security administrator", "system administrator"] {
        assert!(!seen.iter().any(|(title, _)| *title == administrator), "{administrator}: {seen:?}");
    }
}

#[actix_web::test]
async fn an_act_that_waits_shows_no_more_of_its_record_than_any_other_path() {
    let world = World::new().find_ids().await;
    let seen = hold(&world, &actors::departments(&world)).await;
    for expected in [("market regulation", "joint work: waiting"), ("coordinator", "joint work: waiting")] {
        assert!(seen.contains(&expected), "{expected:?} led to no record: {seen:?}");
    }
}
