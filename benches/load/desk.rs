//! Load on a department's desk: what stands in its inbox, and a query for a purpose and a case, by an officer who logged in.

use chengxin::app;
use chengxin::authentication::{RequestHeaders, TokenClaims};
use chengxin::clock::Ambient;
use chengxin::config::Config;
use chengxin::domain::Role;
use chengxin::exchange::session::{self, Lifetimes, NewSession};
use chengxin::portal::visit::with_parameters;

use super::client::{self, Load};
use super::folder::Folder;
use super::gateway::Gateway;
use super::show;

const LIFETIMES: Lifetimes = Lifetimes { idle_seconds: 1_800, absolute_seconds: 28_800 };

/// An officer's session: what its cookie holds, and what its forms carry.
#[derive(Debug)]
pub struct Seat {
    cookie: String,
    form_token: String,
}

impl Seat {
    /// Begins one, before the gateway is started that it is for.
    pub fn begin(folder: &Folder, ambient: &Ambient) -> anyhow::Result<Self> {
        let service = app::service(&Config::load(&folder.config())?, ambient)?;
        let claims = TokenClaims {
            client: Some("load".to_owned()),
            department: Some("AMR".to_owned()),
            ..TokenClaims::new(Role::Department, "load-officer-1")
        };
        let bearer = format!("Bearer {}", folder.issuer(ambient)?.issue(&claims, 24 * 3600)?);
        let headers = RequestHeaders { authorization: vec![bearer.as_bytes()], ..RequestHeaders::default() };
        let caller = service.authenticator.authenticate(&headers).unwrap();
        let cookie = session::new_cookie(&service.gateway);
        let id = session::id_of(&cookie);
        let sealed = service.session_seal.seal(&caller, &id, ambient).unwrap();
        let new = NewSession { id, sealed, provider_session: None };
        session::begin(&service.gateway, &caller, new, (LIFETIMES, "127.0.0.1")).unwrap();
        let form_token = session::form_token(&service.gateway, &id);
        service.gateway.ledger.close();
        Ok(Self { cookie, form_token })
    }

    fn head(&self, buffer: &mut Vec<u8>, line: &str) {
        let text = format!(
            "{line} HTTP/1.1\r\nhost: load\r\naccept: text/html\r\ncookie: __Host-chengxin-session={}\r\n",
            self.cookie
        );
        buffer.extend_from_slice(text.as_bytes());
    }

    fn get(&self, buffer: &mut Vec<u8>, path: &str) {
        self.head(buffer, &format!("GET {path}"));
        buffer.extend_from_slice(b"\r\n");
    }

    fn query(&self, buffer: &mut Vec<u8>, uscc: &str) {
        let fields =
            [("token", self.form_token.as_str()), ("purpose", "licence-review"), ("case", "LOAD-1"), ("q", uscc)];
        let form = with_parameters("", &fields);
        let form = form.trim_start_matches('?');
        self.head(buffer, "POST /desk/query");
        let rest =
            format!("content-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n{form}", form.len());
        buffer.extend_from_slice(rest.as_bytes());
    }
}

/// Measures an officer's pages.
pub fn measure(load: &Load, rounds: usize, folder: &Folder, (seat, program): (&Seat, &Gateway)) -> anyhow::Result<()> {
    let count = u64::from(folder.sample.firms());
    let query = |random: u64, buffer: &mut Vec<u8>| {
        let at = u32::try_from((random >> 16) % count).unwrap_or_default();
        seat.query(buffer, &folder.sample.uscc(at));
    };
    let (mut queries, mut homes) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        queries.push(client::drive(load, &query)?);
        homes.push(client::drive(load, &|_, buffer| seat.get(buffer, "/desk"))?);
    }
    show("a query at a desk", queries);
    show("a desk", homes);
    let single = Load { connections: 1, ..*load };
    show("  a query, one connection", vec![client::drive(&single, &query)?]);
    show("an inbox", vec![client::drive(load, &|_, buffer| seat.get(buffer, "/desk/inbox"))?]);
    println!("resident after the desks         {:>8.1} MB", program.resident_megabytes()?);
    Ok(())
}
