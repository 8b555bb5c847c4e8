//! The requests that the demo makes and prints.

use anyhow::Context;
use serde_json::{Value, json};

use crate::domain::Instant;

/// One subject with its records: what the three printed requests ask.
const QUERY: &str = "query($uscc: Uscc!) { subject(uscc: $uscc) { name uscc counts { item { code } count } records(first: 5) { nodes { __typename decidedOn publishedUntil ... on AdministrativeLicense { decisionNo content legalRepresentative legalRepresentativeCertificateNo } ... on AdministrativePenalty { decisionNo violationFacts fineAmountWan legalRepresentativeCertificateNo } ... on CreditEvaluation { grade } ... on SocialInsurancePayment { period paymentStatus } } } } }";

/// The variables of the mutation that grants the sample's authorization.
pub fn grant_input(grantee: &str, purpose: &str, valid_to: Instant) -> Value {
    json!({
        "grantee": grantee,
        "purpose": purpose,
        "items": [
            { "item": "administrative-licence" },
            { "item": "administrative-penalty" },
            { "item": "registration" },
            { "item": "social-insurance-payment" },
        ],
        "usesAllowed": 100,
        "validTo": valid_to.rfc3339(),
    })
}

/// Grants an authorization through the gateway and gives its id.
pub fn grant(graphql: &str, token: &str, input: &Value) -> anyhow::Result<String> {
    let query = "mutation($input: GrantAuthorizationInput!) { grantAuthorization(input: $input) { \
                 ... on GrantAuthorizationSuccess { authorization { id } } \
                 ... on InvalidInput { problems { path code message } } } }";
    let answer = Desk { graphql, token, purpose: None, case: None }.post(query, input)?;
    let id = answer.pointer("/data/grantAuthorization/authorization/id").and_then(Value::as_str);
    Ok(id.with_context(|| format!("the sample's authorization was not granted: {answer}"))?.to_owned())
}

/// Where the demo sits when it asks its own gateway.
#[derive(Clone, Copy, Debug)]
pub struct Desk<'d> {
    /// The endpoint.
    pub graphql: &'d str,
    /// Whose token.
    pub token: &'d str,
    /// The purpose, where one is declared.
    pub purpose: Option<&'d str>,
    /// The case, where one is declared.
    pub case: Option<&'d str>,
}

impl Desk<'_> {
    /// Sends a mutation with its `input`.
    pub fn post(&self, query: &str, input: &Value) -> anyhow::Result<Value> {
        let body = json!({ "query": query, "variables": { "input": input } });
        let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
        let mut request = agent
            .post(self.graphql)
            .header("authorization", &format!("Bearer {}", self.token))
            .header("content-type", "application/json");
        if let Some(purpose) = self.purpose {
            request = request.header("chengxin-purpose", purpose);
        }
        if let Some(case) = self.case {
            request = request.header("chengxin-case", case);
        }
        let text = request.send(body.to_string().as_bytes())?.body_mut().read_to_string()?;
        serde_json::from_str(&text).with_context(|| format!("the gateway did not answer with JSON: {text}"))
    }
}

/// Three `curl` requests: the public, a department, a grantee, each asking the same of the same subject.
pub fn three(demo: &Value) -> String {
    let text = |pointer: &str| demo.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
    let body = json!({ "query": QUERY, "variables": { "uscc": text("/samples/uscc") } });
    let curl = |headers: &[String]| {
        let headers: Vec<String> = headers.iter().map(|header| format!(" \\\n  -H '{header}'")).collect();
        let headers = headers.concat();
        format!("curl -s {} -H 'content-type: application/json'{headers} \\\n  -d '{body}'\n", text("/graphql"))
    };
    let bearer = |name: &str| format!("authorization: Bearer {}", text(&format!("/tokens/{name}")));
    let department = [
        bearer("department"),
        format!("chengxin-purpose: {}", text("/samples/purpose")),
        format!("chengxin-case: {}", text("/samples/case")),
    ];
    let grantee = [
        bearer("grantee"),
        format!("chengxin-purpose: {}", text("/samples/granteePurpose")),
        format!("chengxin-authorization: {}", text("/samples/authorization")),
    ];
    format!(
        "\n# 社会公开: anybody\n{}\n# 政务共享: a department with a purpose and a case\n{}\n# 授权查询: a bank with the firm's authorization\n{}",
        curl(&[]),
        curl(&department),
        curl(&grantee),
    )
}
