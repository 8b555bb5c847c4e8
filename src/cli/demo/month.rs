//! A day at the counter of the demo's department: it checks those who applied, then grants licences, one of them to a
//! firm that nobody checked. Must-check coverage (应查必查) then has something to show.

use anyhow::ensure;
use serde_json::{Value, json};

use super::requests;
use crate::domain::Date;

/// The department whose day it is.
const DEPARTMENT: &str = "AMR";
/// The firm that is forgotten.
const FORGOTTEN: usize = 7;

const CHECK: &str = "mutation($input: CreditCheckInput!) { creditCheck(input: $input) { \
                     ... on CreditCheckSuccess { subjectsOnLists } ... on InvalidInput { problems { path code message } } } }";
const RECORD: &str = "mutation($input: SubmitRecordsInput!) { submitRecords(input: $input) { \
                      ... on SubmitRecordsSuccess { rejected } ... on InvalidInput { problems { path code message } } } }";

/// Plays the day through the gateway; gives what to ask `mustCheckCoverage` for.
pub fn play(at: &requests::Desk<'_>, applicants: &[(String, String)], today: Date) -> anyhow::Result<Value> {
    let cases = (1..)
        .map(|serial| format!("东营样例食字〔{}〕第{:02}{:02}{serial:02}号", today.year(), today.month(), today.day()));
    let cases: Vec<(String, &(String, String))> = cases.zip(applicants).collect();
    let checked = cases.iter().enumerate().filter(|(place, _)| *place != FORGOTTEN);
    let checks: Vec<Value> = checked.map(|(_, (case, (_, uscc)))| json!({ "uscc": uscc, "case": case })).collect();
    let answer = at.post(CHECK, &json!({ "checks": checks }))?;
    ensure!(answer.pointer("/data/creditCheck/subjectsOnLists").is_some(), "the sample's checks failed: {answer}");
    let rows: Vec<Value> = cases.iter().map(|(case, (name, uscc))| licence(case, name, uscc, today)).collect();
    let answer = at.post(RECORD, &json!({ "item": "administrative-licence", "rows": rows }))?;
    let rejected = answer.pointer("/data/submitRecords/rejected");
    ensure!(rejected == Some(&json!(0)), "the sample's licences were not taken: {answer}");
    let (from, to) = (today.first_of_month().to_string(), today.last_of_month().to_string());
    Ok(json!({ "department": DEPARTMENT, "from": from, "to": to }))
}

fn licence(case: &str, name: &str, uscc: &str, today: Date) -> Value {
    let day = today.to_string();
    json!({
        "XK_XDR_MC": name, "XK_XDR_LB": "法人及非法人组织", "XK_XDR_SHXYM": uscc, "XK_XKWS": "食品经营许可证（样例）",
        "XK_WSH": case, "XK_XKLB": "普通", "XK_XKZS": "食品经营许可证", "XK_NR": "准予从事预包装食品销售（合成样例）",
        "XK_JDRQ": day, "XK_YXQZ": day, "XK_YXQZI": "2099-12-31", "XK_XKJG": "东营市市场监督管理局",
        "XK_LYDW": "东营市市场监督管理局",
    })
}
