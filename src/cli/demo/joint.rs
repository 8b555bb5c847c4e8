//! The joint work of the demo's last weeks (联合奖惩), played through a gateway of its own whose clock goes from day to day: an action
//! in force, one that waits to be dispatched too long, one with an answer that is late, one that rests while an objection is
//! examined, one in an inbox, an application for repair, a promise that was kept and one that was not, an entry on a list whose party is
//! heard, a tip-off. On firms that do not exist.

use std::fmt::Write as _;
use std::net::TcpListener;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, ensure};
use jiff::ToSpan;
use serde_json::{Value, json};

use super::tokens::{CASE, DEPARTMENT_PURPOSE};
use super::{files, requests};
use crate::app;
use crate::authentication::{DemoIssuer, TokenClaims};
use crate::clock::{Ambient, Clock as _, FixedClock, OsEntropy};
use crate::config::Config;
use crate::domain::calendar::WorkingCalendar;
use crate::domain::identifier::Uscc;
use crate::domain::{Date, Instant, Role};
use crate::http::server::serve_while;

/// How long ago each firm was listed, in days.
const LISTED_DAYS_AGO: [i32; 6] = [40, 39, 38, 37, 36, 800];
/// The number of the firm that is honoured and makes promises.
const HONOURED: usize = 6;
/// The measures of every action, and who gets them.
const MEASURES: [(&str, &[&str]); 2] = [("RESTRICT_PREFERENCES", &["AAS", "TAX"]), ("KEY_SUPERVISION", &["HUD"])];

/// The code of a firm of the story.
pub fn uscc(serial: usize) -> anyhow::Result<String> {
    let code = Uscc::with_check(&format!("91370502MA9Y{serial:04}0"));
    Ok(code.context("a code of the story is none")?.as_str().to_owned())
}

fn name(serial: usize) -> String {
    let kinds = ["化工", "建材", "食品", "运输", "装备", "商贸"];
    format!("东营测试联合{}有限公司", kinds.get(serial % kinds.len()).unwrap_or(&"商贸"))
}

/// Plays the story, on databases that have nothing in them yet.
pub fn play(config: &Config, folder: &Path, today: Date) -> anyhow::Result<()> {
    let policies = app::Policies::load(&config.policies)?;
    let days = Days { calendar: policies.rules.calendar.clone(), today };
    let clock = Arc::new(FixedClock::new(days.noon(16)));
    let ambient = Ambient::new(Arc::clone(&clock) as _, Arc::new(OsEntropy));
    let service = app::service_with(config, policies, &ambient)?;
    files::make_private_folder(&folder.join("files"))?;
    for (item, rows) in [("serious-dishonesty", listing(today)?), ("tax-class-a", honour(today)?)] {
        let list = folder.join("files").join(format!("joint-work-{item}.csv"));
        files::write_whole(&list, rows.as_bytes())?;
        let arguments = crate::cli::import::ImportArgs {
            config: folder.join("chengxin.toml"),
            item: item.to_owned(),
            vintage: None,
            received: Some(ambient.today()),
            rejects: None,
            json: false,
            files: vec![list.clone()],
        };
        crate::cli::import::deposit_file(&arguments, &service.gateway, &list, &mut Vec::new())?;
    }
    let issuer = DemoIssuer::open(&folder.join("issuer"), ambient)?;
    let listener = TcpListener::bind("127.0.0.1:0").context("no port for the story")?;
    let graphql = format!("http://{}/graphql", listener.local_addr()?);
    let ledger = service.gateway.ledger.clone();
    let stage = Stage { graphql, issuer, clock, days };
    let played = actix_web::rt::System::new().block_on(serve_while(service, listener, move || stage.act()));
    ledger.close();
    played?
}

/// A file as a department sends it.
fn listing(today: Date) -> anyhow::Result<String> {
    let mut csv = "信用主体类别,统一社会信用代码,单位名称,名单名称,列入事由,列入依据,认定文号,列入决定机关,列入日期,数据来源单位\n".to_owned();
    for (serial, days) in LISTED_DAYS_AGO.into_iter().enumerate() {
        let (name, code, on) = (name(serial), uscc(serial)?, today.saturating_sub(days.days()));
        writeln!(
            csv,
            "法人及非法人组织,{code},{name},市场监督管理严重违法失信名单（样例）,（合成样例）逾期未履行处罚决定,《市场监督管理严重违法失信名单管理办法》,\
             东营样例联字〔{}〕{serial:03}号,东营市市场监督管理局,{on},东营市市场监督管理局",
            on.year()
        )?;
    }
    Ok(csv)
}

/// The firm whose tax credit was graded A.
fn honour(today: Date) -> anyhow::Result<String> {
    let (name, code, on) = (name(HONOURED), uscc(HONOURED)?, today.saturating_sub(200.days()));
    let row = format!("{name},{code},{},{on},国家税务总局东营市税务局", on.year() - 1);
    Ok(format!("纳税人名称,纳税人识别号,评价年度,评定日期,数据来源单位\n{row}\n"))
}

/// Days counted back from today.
struct Days {
    calendar: WorkingCalendar,
    today: Date,
}

impl Days {
    /// Noon in Shanghai, so many working days ago.
    fn noon(&self, ago: u32) -> Instant {
        Instant::start_of(self.ago(ago)).plus_seconds(12 * 3600)
    }

    fn ago(&self, ago: u32) -> Date {
        let mut day = self.today;
        let is_far_enough = |day| self.calendar.working_days_between(day, self.today).count >= ago;
        while !is_far_enough(day) || !self.calendar.is_working_day(day).working {
            let Ok(before) = day.yesterday() else { break };
            day = before;
        }
        day
    }
}

/// Where the story is played.
struct Stage {
    graphql: String,
    issuer: DemoIssuer,
    clock: Arc<FixedClock>,
    days: Days,
}

impl Stage {
    /// The whole story, in the order in which it happened.
    fn act(&self) -> anyhow::Result<()> {
        self.clock.set(self.days.noon(14));
        let actions = (0..4).map(|serial| self.initiate(serial)).collect::<anyhow::Result<Vec<_>>>()?;
        let promise = self.promise(self.days.ago(12))?;
        self.clock.set(self.days.noon(12));
        for id in actions.iter().take(3) {
            self.dispatch(id, "HUD")?;
        }
        self.take(
            &self.department(Role::Department, "TAX")?,
            "keepPromise",
            "KeepPromiseInput",
            &json!({ "id": promise }),
        )?;
        self.clock.set(self.days.noon(10));
        self.answer_and_report(&actions)?;
        self.promise(self.days.ago(5))?;
        self.clock.set(self.days.noon(3));
        let newest = &self.initiate(4)?;
        self.clock.set(self.days.noon(2));
        self.dispatch(newest, "AMR")?;
        self.clock.set(self.days.noon(1));
        let objection = json!({ "record": self.record(1)?, "reason": "（合成样例）罚款已于列入前缴清，请核实" });
        self.take(&self.firm(1)?, "fileObjection", "FileObjectionInput", &objection)?;
        let digest = "00".repeat(32);
        let repair = json!({ "record": self.record(5)?, "commitment": "（合成样例）承诺依法经营，不再违法失信", "papers": [
            { "kind": "PERFORMANCE_PROOF", "name": "履行完毕证明.pdf", "sha256": digest },
            { "kind": "COMMITMENT", "name": "信用承诺书.pdf", "sha256": digest }
        ] });
        self.take(&self.firm(5)?, "applyForRepair", "ApplyForRepairInput", &repair)?;
        self.hear()?;
        self.report()
    }

    /// An entry on a list is drafted about a firm, which is told and may state its case.
    fn hear(&self) -> anyhow::Result<()> {
        let (office, on) = (self.department(Role::Department, "AMR")?, self.clock_today().to_string());
        let draft = json!({
            "item": "serious-dishonesty", "legalBasis": "《市场监督管理严重违法失信名单管理办法》（样例）",
            "reason": "（合成样例）再次逾期未履行", "row": {
                "信用主体类别": "法人及非法人组织", "统一社会信用代码": uscc(1)?, "单位名称": name(1),
                "名单名称": "市场监督管理严重违法失信名单（样例）", "列入事由": "（合成样例）再次逾期未履行处罚决定",
                "列入依据": "《市场监督管理严重违法失信名单管理办法》", "认定文号": "东营样例拟列字001号",
                "列入决定机关": "东营市市场监督管理局", "列入日期": on, "数据来源单位": "东营市市场监督管理局",
            },
        });
        let drafted = self.take(&office, "draftListing", "DraftListingInput", &draft)?;
        let notice = json!({ "id": drafted.pointer("/listing/id"), "notifiedOn": on,
            "notice": "（合成样例）拟将你单位列入名单，可在五个工作日内陈述申辩" });
        self.take(&office, "notifyListing", "NotifyListingInput", &notice).map(drop)
    }

    /// Somebody reports a firm; the coordinator names the tax officer who handles it.
    fn report(&self) -> anyhow::Result<()> {
        let tipoff = json!({ "uscc": uscc(0)?, "field": "MARKET_ORDER", "conduct": "（合成样例）门店无照经营",
            "reporter": { "name": "样例举报人", "contact": "（样例）无" } });
        self.take(&self.firm(2)?, "submitTipoff", "SubmitTipoffInput", &tipoff)?;
        let coordinator = self.department(Role::Coordinator, "DRC")?;
        let answer = self.post(&coordinator, "{ tipoffs(first: 1) { nodes { id } } }", &Value::Null)?;
        let id =
            answer.pointer("/data/tipoffs/nodes/0/id").with_context(|| format!("the story's tip-off: {answer}"))?;
        let to = json!({ "id": id, "department": "TAX", "officer": "tax-officer-1" });
        self.take(&coordinator, "assignTipoff", "AssignTipoffInput", &to).map(drop)
    }

    /// Of the first action all answer and report, of the second all answer, of the third one department is silent.
    fn answer_and_report(&self, actions: &[Value]) -> anyhow::Result<()> {
        for (at, id) in actions.iter().take(3).enumerate() {
            for (department, assignment) in self.assignments(id)? {
                if at == 2 && department == "TAX" {
                    continue;
                }
                let token = self.department(Role::Department, &department)?;
                let answer = json!({ "assignment": assignment, "answer": "TAKEN" });
                self.take(&token, "respondJointAction", "RespondJointActionInput", &answer)?;
                if at == 0 {
                    let report = json!({ "assignment": assignment, "report": "（合成样例）已纳入审核规则", "amountYuan": "120000.00" });
                    self.take(&token, "submitExecutionFeedback", "SubmitExecutionFeedbackInput", &report)?;
                }
            }
        }
        Ok(())
    }

    /// The tax office takes a matter of the honoured firm in hand before all papers are there.
    fn promise(&self, due_on: Date) -> anyhow::Result<Value> {
        let token = self.department(Role::Department, "TAX")?;
        let input = json!({ "uscc": uscc(HONOURED)?, "documents": "（合成样例）注册地址产权证明复印件",
            "sha256": "00".repeat(32), "dueOn": due_on.to_string() });
        let accepted = self.take(&token, "acceptPromise", "AcceptPromiseInput", &input)?;
        accepted.pointer("/promise/id").cloned().context("a promise without an id")
    }

    fn initiate(&self, serial: usize) -> anyhow::Result<Value> {
        let today = self.clock_today();
        let input = json!({
            "basis": self.record(serial)?, "kind": "PUNISHMENT", "measures": MEASURES.map(|(measure, _)| measure),
            "legalBasis": "《市场监督管理严重违法失信名单管理办法》（样例）", "notifiedOn": today.to_string(),
            "endsOn": today.saturating_add(1.years()).to_string(), "reason": "（合成样例）列入严重违法失信名单",
        });
        let token = self.department(Role::Department, "AMR")?;
        let answer = self.take(&token, "initiateJointAction", "InitiateJointActionInput", &input)?;
        answer.pointer("/action/id").cloned().context("an action without an id")
    }

    fn dispatch(&self, id: &Value, supervisor: &str) -> anyhow::Result<()> {
        let to = MEASURES.map(|(measure, departments)| {
            let departments = if measure == "KEY_SUPERVISION" { vec![supervisor] } else { departments.to_vec() };
            json!({ "measure": measure, "departments": departments })
        });
        let token = self.department(Role::Coordinator, "DRC")?;
        let input = json!({ "id": id, "assignments": to });
        self.take(&token, "dispatchJointAction", "DispatchJointActionInput", &input).map(drop)
    }

    fn assignments(&self, id: &Value) -> anyhow::Result<Vec<(String, Value)>> {
        let query = "query($input: ID!) { jointAction(id: $input) { assignments { id department { id } } } }";
        let answer = self.post(&self.department(Role::Coordinator, "DRC")?, query, id)?;
        let found = answer.pointer("/data/jointAction/assignments").and_then(Value::as_array);
        let found = found.with_context(|| format!("the story's assignments: {answer}"))?;
        let pair = |one: &Value| {
            let department = one.pointer("/department/id").and_then(Value::as_str)?;
            Some((department.to_owned(), one.get("id")?.clone()))
        };
        Ok(found.iter().filter_map(pair).collect())
    }

    fn record(&self, serial: usize) -> anyhow::Result<Value> {
        let query = "query($input: Uscc!) { subject(uscc: $input) { records(first: 1) { nodes { id } } } }";
        let answer = self.post(&self.department(Role::Department, "AMR")?, query, &json!(uscc(serial)?))?;
        let id = answer.pointer("/data/subject/records/nodes/0/id").cloned();
        id.with_context(|| format!("the story's record: {answer}"))
    }

    /// Takes a step; what came of it.
    fn take(&self, token: &str, field: &str, input_type: &str, input: &Value) -> anyhow::Result<Value> {
        let success = match field {
            "initiateJointAction" | "dispatchJointAction" => "JointActionSuccess { action { id } }",
            "respondJointAction" | "submitExecutionFeedback" => "AssignmentSuccess { assignment { id } }",
            "acceptPromise" | "keepPromise" => "PromiseSuccess { promise { id } }",
            "draftListing" | "notifyListing" => "ListingSuccess { listing { id } }",
            "submitTipoff" => "SubmitTipoffSuccess { code }",
            "assignTipoff" => "TipoffSuccess { tipoff { id } }",
            _ => "ApplicationSuccess { application { id } }",
        };
        let is_promise = field == "acceptPromise";
        let (purpose, case) = if is_promise { (Some(DEPARTMENT_PURPOSE), Some(CASE)) } else { (None, None) };
        let query = format!(
            "mutation($input: {input_type}!) {{ {field}(input: $input) {{ ... on {success} \
             ... on InvalidInput {{ problems {{ path code message }} }} }} }}"
        );
        let answer = requests::Desk { graphql: &self.graphql, token, purpose, case }.post(&query, input)?;
        let taken = answer.pointer(&format!("/data/{field}")).cloned().unwrap_or_default();
        ensure!(taken.is_object() && taken.get("problems").is_none(), "the story's `{field}` was not taken: {answer}");
        Ok(taken)
    }

    fn post(&self, token: &str, query: &str, input: &Value) -> anyhow::Result<Value> {
        requests::Desk { graphql: &self.graphql, token, purpose: None, case: None }.post(query, input)
    }

    fn department(&self, role: Role, id: &str) -> anyhow::Result<String> {
        let actor = format!("{}-officer-1", id.to_lowercase());
        self.token(&TokenClaims { department: Some(id.to_owned()), ..TokenClaims::new(role, &actor) })
    }

    fn firm(&self, serial: usize) -> anyhow::Result<String> {
        let subject = format!("uscc:{}", uscc(serial)?);
        self.token(&TokenClaims { subject: Some(subject), ..TokenClaims::new(Role::Subject, "listed-firm-1") })
    }

    fn token(&self, claims: &TokenClaims) -> anyhow::Result<String> {
        Ok(self.issuer.issue(&TokenClaims { client: Some("demo".to_owned()), ..claims.clone() }, 3600)?)
    }

    fn clock_today(&self) -> Date {
        self.clock.now().date_in_shanghai()
    }
}
