//! What is asked: one subject by its code, with five records, by a department with a token, a purpose and a case.

use std::net::SocketAddr;

use chengxin::authentication::TokenClaims;
use chengxin::clock::Ambient;
use chengxin::domain::Role;
use serde_json::json;

use super::client;
use super::folder::Folder;

const QUERY: &str = "query OneSubject($uscc: Uscc!) { subject(uscc: $uscc) { id uscc name category \
    records(first: 5) { nodes { __typename id decidedOn state \
    ... on Registration { name legalRepresentative legalRepresentativeCertificateNo registeredAddress } \
    ... on AdministrativeLicense { decisionNo content legalRepresentative legalRepresentativeCertificateNo } \
    ... on AdministrativePenalty { decisionNo violationFacts fineAmountWan legalRepresentativeCertificateNo } \
    ... on TaxCreditA { evaluationYear } ... on CreditCommitment { content } \
    ... on CreditEvaluation { grade } ... on SocialInsurancePayment { period paymentStatus } } \
    pageInfo { hasNextPage } } } }";

/// The requests, made once but for the code of the firm.
#[derive(Debug)]
pub struct Question {
    codes: Vec<String>,
    audited: (Vec<u8>, usize),
    unaudited: (Vec<u8>, usize),
}

impl Question {
    pub fn new(folder: &Folder, ambient: &Ambient) -> anyhow::Result<Self> {
        let claims = TokenClaims {
            client: Some("load".to_owned()),
            department: Some("AMR".to_owned()),
            ..TokenClaims::new(Role::Department, "load-officer-1")
        };
        let token = folder.issuer(ambient)?.issue(&claims, 24 * 3600)?;
        let codes: Vec<String> = (0..folder.sample.firms()).map(|at| folder.sample.uscc(at)).collect();
        let request = |path| {
            let body = json!({ "query": QUERY, "variables": { "uscc": codes[0] } }).to_string();
            let head = format!(
                "POST {path} HTTP/1.1\r\nhost: load\r\nauthorization: Bearer {token}\r\nchengxin-purpose: licence-review\r\n\
                 chengxin-case: LOAD-1\r\ncontent-type: application/json\r\naccept: application/json\r\n\
                 content-length: {}\r\n\r\n",
                body.len()
            );
            let text = head + &body;
            let at = text.rfind(&codes[0]).unwrap();
            (text.into_bytes(), at)
        };
        Ok(Self { audited: request("/graphql"), unaudited: request(super::unaudited::PATH), codes })
    }

    pub fn write(&self, random: u64, buffer: &mut Vec<u8>) {
        self.write_as(&self.audited, random, buffer);
    }

    pub fn write_unaudited(&self, random: u64, buffer: &mut Vec<u8>) {
        self.write_as(&self.unaudited, random, buffer);
    }

    /// One answer, shortened.
    pub fn sample(&self, address: SocketAddr) -> anyhow::Result<String> {
        let answer = client::once(address, &self.audited.0)?;
        Ok(answer.chars().take(3000).collect())
    }

    fn write_as(&self, (request, at): &(Vec<u8>, usize), random: u64, buffer: &mut Vec<u8>) {
        let count = self.codes.len() as u64;
        let code = &self.codes[usize::try_from((random >> 16) % count).unwrap()];
        buffer.extend_from_slice(request);
        buffer[*at..*at + code.len()].copy_from_slice(code.as_bytes());
    }
}

/// Whether the process answers: what everything is measured against.
pub fn live(buffer: &mut Vec<u8>) {
    buffer.extend_from_slice(b"GET /health/live HTTP/1.1\r\nhost: load\r\n\r\n");
}
