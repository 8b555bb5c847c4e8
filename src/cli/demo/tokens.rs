//! Tokens for every role, the authorization of the sample, `demo.json`, and three requests to paste.

use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::Context;
use serde_json::{Value, json};

use super::{files, joint, month, requests};
use crate::authentication::{DemoIssuer, TokenClaims};
use crate::cli::sample::SampleFacts;
use crate::domain::identifier::IdentifierKind;
use crate::domain::{Instant, Role, SubjectId};
use crate::exchange::gateway::Gateway;
use crate::store;

/// How long the demo's tokens live, in seconds: a day.
const LIFE_SECONDS: u32 = 24 * 3600;
/// The organization of the demo's grantee.
const GRANTEE: &str = "demo-bank";
/// The purpose of the demo's grantee.
const GRANTEE_PURPOSE: &str = "loan-review";
/// The purpose and the case of the demo's department.
pub(super) const DEPARTMENT_PURPOSE: &str = "licence-review";
pub(super) const CASE: &str = "DEMO-2026-001";

/// What the demo tells its user.
#[derive(Debug)]
pub struct Demo {
    /// Signs the tokens.
    pub issuer: DemoIssuer,
    /// What the sample holds.
    pub facts: SampleFacts,
    /// Where everything lies.
    pub folder: PathBuf,
    /// When the demo began.
    pub now: Instant,
    /// Where the gateway listens.
    pub address: SocketAddr,
}

impl Demo {
    /// The opaque id of the sample's person.
    pub fn person(&self, gateway: &Gateway) -> anyhow::Result<SubjectId> {
        let index = gateway.certificate_index(IdentifierKind::CitizenNumber, &self.facts.citizen_number);
        let found = gateway
            .registry
            .read(|connection| store::subject::find_by_identifier(connection, IdentifierKind::CitizenNumber, &index))?;
        Ok(found.context("the sample's person was not imported")?.id)
    }

    /// Grants the sample's authorization through the gateway itself, writes `demo.json`, prints three requests.
    pub fn announce(&self, person: &SubjectId) -> anyhow::Result<()> {
        let tokens = self.tokens(person)?;
        let url = format!("http://{}", self.address);
        let graphql = format!("{url}/graphql");
        let input = requests::grant_input(GRANTEE, GRANTEE_PURPOSE, self.now.plus_seconds(365 * 24 * 3600));
        let subject_token = tokens.get("subject").and_then(Value::as_str).unwrap_or_default();
        let authorization = requests::grant(&graphql, subject_token, &input)?;
        let desk = requests::Desk {
            graphql: &graphql,
            token: tokens.get("department").and_then(Value::as_str).unwrap_or_default(),
            purpose: Some(DEPARTMENT_PURPOSE),
            case: None,
        };
        let must_check = month::play(&desk, &self.facts.applicants, self.now.date_in_shanghai())?;
        let samples = json!({
            "uscc": self.facts.uscc,
            "citizenNumber": self.facts.citizen_number,
            "authorization": authorization,
            "purpose": DEPARTMENT_PURPOSE,
            "case": CASE,
            "granteePurpose": GRANTEE_PURPOSE,
            "otherUscc": self.facts.other_uscc,
            "mustCheck": must_check,
            "listedUscc": joint::uscc(1)?,
        });
        let demo = json!({ "url": url, "graphql": graphql, "tokens": tokens, "samples": samples });
        let path = self.folder.join("demo.json");
        files::write_whole(&path, serde_json::to_string_pretty(&demo)?.as_bytes())?;
        print!("{}", requests::three(&demo));
        println!(
            "\ntokens and samples: {}\nportal: {url}/\ndesks, for whom you choose to be: {url}/desk\nquery page: {graphql}\nstop with Ctrl+C",
            path.display()
        );
        Ok(())
    }

    /// Who there is, by name.
    pub fn accounts(&self, person: &SubjectId) -> anyhow::Result<Vec<(&'static str, TokenClaims)>> {
        let claims =
            |role, actor: &str| TokenClaims { client: Some("demo".to_owned()), ..TokenClaims::new(role, actor) };
        let department = |role, actor, id: &str| TokenClaims { department: Some(id.to_owned()), ..claims(role, actor) };
        let subject = |actor, subject: String| TokenClaims { subject: Some(subject), ..claims(Role::Subject, actor) };
        let grantee = TokenClaims { organization: Some(GRANTEE.to_owned()), ..claims(Role::Grantee, "bank-clerk-1") };
        Ok(vec![
            ("department", department(Role::Department, "amr-officer-1", "AMR")),
            ("supervisor", TokenClaims { supervisor: true, ..department(Role::Department, "amr-supervisor-1", "AMR") }),
            ("coordinator", department(Role::Coordinator, "drc-officer-1", "DRC")),
            ("implementer", department(Role::Department, "tax-officer-1", "TAX")),
            ("listed_firm", subject("listed-firm-1", format!("uscc:{}", joint::uscc(1)?))),
            ("subject", subject("firm-1", format!("uscc:{}", self.facts.uscc))),
            ("person", subject("person-1", format!("person:{person}"))),
            ("grantee", grantee),
            ("auditor", claims(Role::Auditor, "auditor-1")),
            ("security_admin", claims(Role::SecurityAdmin, "security-1")),
            ("system_admin", claims(Role::SystemAdmin, "system-1")),
        ])
    }

    fn tokens(&self, person: &SubjectId) -> anyhow::Result<Value> {
        let mut tokens = serde_json::Map::new();
        for (name, claims) in self.accounts(person)? {
            tokens.insert(name.to_owned(), Value::from(self.issuer.issue(&claims, LIFE_SECONDS)?));
        }
        Ok(Value::Object(tokens))
    }
}
