//! A caller that sends requests through the real routes.

use std::sync::Arc;

use actix_web::App;
use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use actix_web::test::{TestRequest, call_service, init_service, read_body};
use actix_web::web::Data;
use chengxin::authentication::{Caller, TokenClaims};
use chengxin::domain::Role;
use chengxin::http::request;
use chengxin::http::server::routes;
use serde_json::{Value, json};

use super::TestApp;

/// A caller with its headers.
#[derive(Clone)]
pub struct Asker<'a> {
    app: &'a TestApp,
    headers: Vec<(String, String)>,
}

/// An answer.
#[derive(Debug)]
pub struct Answered {
    pub status: u16,
    pub headers: actix_web::http::header::HeaderMap,
    pub text: String,
    pub json: Value,
}

impl<'a> Asker<'a> {
    pub(super) fn new(app: &'a TestApp) -> Self {
        Self { app, headers: Vec::new() }
    }

    pub(super) fn claiming(self, role: Role, say: impl FnOnce(&mut TokenClaims)) -> Self {
        let mut claims = TokenClaims { client: Some("test".to_owned()), ..TokenClaims::new(role, "actor-1") };
        say(&mut claims);
        let token = self.app.issuer.issue(&claims, 3600).unwrap();
        self.header("authorization", &format!("Bearer {token}"))
    }

    /// With this header, in place of an earlier one of its name.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.retain(|(earlier, _)| earlier != name);
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Without this header.
    pub fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(earlier, _)| earlier != name);
        self
    }

    /// The application that it asks.
    pub fn app(&self) -> &'a TestApp {
        self.app
    }

    /// The value of a header.
    pub(super) fn sent(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(of, _)| of == name).map(|(_, value)| value.as_str())
    }

    /// The caller that its headers prove.
    pub fn caller(&self) -> Caller {
        let header = |(name, value): &(String, String)| {
            (HeaderName::from_bytes(name.as_bytes()).unwrap(), HeaderValue::from_str(value).unwrap())
        };
        let headers: HeaderMap = self.headers.iter().map(header).collect();
        self.app.service.authenticator.authenticate(&request::identity(&headers)).unwrap()
    }

    /// Asks a query without variables.
    pub async fn ask(&self, query: &str) -> Answered {
        self.ask_with(query, json!({})).await
    }

    /// Asks a query.
    pub async fn ask_with(&self, query: &str, variables: Value) -> Answered {
        let body = json!({ "query": query, "variables": variables }).to_string();
        let request = TestRequest::post().uri("/graphql").insert_header(("content-type", "application/json"));
        self.send(request.set_payload(body)).await
    }

    /// Sends any request with the caller's headers.
    pub async fn send(&self, mut request: TestRequest) -> Answered {
        for (name, value) in &self.headers {
            request = request.insert_header((name.as_str(), value.as_str()));
        }
        if !self.headers.iter().any(|(name, _)| name == "accept") {
            request = request.insert_header(("accept", "application/graphql-response+json"));
        }
        let data = Data::new(Arc::clone(&self.app.service));
        let app = init_service(App::new().app_data(data).configure(routes)).await;
        let response = call_service(&app, request.peer_addr("192.0.2.7:4000".parse().unwrap()).to_request()).await;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = String::from_utf8(read_body(response).await.to_vec()).unwrap();
        let json = serde_json::from_str(&text).unwrap_or(Value::Null);
        Answered { status, headers, text, json }
    }
}

impl Answered {
    /// The value at a JSON pointer below `data`.
    pub fn data(&self, pointer: &str) -> &Value {
        self.json.pointer(&format!("/data{pointer}")).unwrap_or(&Value::Null)
    }

    /// The codes of the errors, in order.
    pub fn codes(&self) -> Vec<&str> {
        let errors = self.json["errors"].as_array().map(Vec::as_slice).unwrap_or_default();
        errors.iter().filter_map(|error| error["extensions"]["code"].as_str()).collect()
    }

    /// The index of its entry in the ledger.
    pub fn index(&self) -> u64 {
        self.json["extensions"]["audit"]["index"].as_str().and_then(|index| index.parse().ok()).expect("a receipt")
    }
}
