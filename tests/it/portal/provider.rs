//! An OpenID provider that answers as a test wants: with a wrong nonce, for another audience, not at all.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use chengxin::authentication::signer::TokenLife;
use chengxin::authentication::{ClaimNames, DemoIssuer, TokenClaims};
use chengxin::clock::Ambient;
use serde_json::json;

/// What the token endpoint answers.
#[derive(Clone, Debug, Default)]
pub(super) struct Script {
    /// The nonce within the identity token; that of the log-in must be told to it.
    pub nonce: String,
    /// The session that the identity token names.
    pub sid: Option<&'static str>,
    /// Whom it proves, when not `officer-1`.
    pub actor: Option<&'static str>,
    /// For whom the identity token is, when not for us.
    pub audience: Option<String>,
    /// A refusal in place of a token.
    pub error: Option<&'static str>,
    /// The issuer that the discovery document names, when not its own.
    pub issuer: Option<String>,
}

/// A provider on a port of its own.
pub(super) struct Provider {
    pub issuer: String,
    pub script: Arc<Mutex<Script>>,
    /// The forms that its token endpoint got.
    pub asked: Arc<Mutex<Vec<String>>>,
    stop: Arc<std::sync::atomic::AtomicBool>,
    serving: Option<JoinHandle<()>>,
}

impl Provider {
    /// Begins to serve; identity tokens are signed by `issuer`.
    pub(super) fn start(signer: DemoIssuer, ambient: Ambient, client: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let issuer = format!("http://{}", listener.local_addr().unwrap());
        let (script, asked) = (Arc::new(Mutex::new(Script::default())), Arc::new(Mutex::new(Vec::new())));
        let stop = Arc::new(std::sync::atomic::AtomicBool::new(false));
        let serving = {
            let (script, asked, stop) = (Arc::clone(&script), Arc::clone(&asked), Arc::clone(&stop));
            let (issuer, client) = (issuer.clone(), client.to_owned());
            std::thread::spawn(move || {
                for stream in listener.incoming().flatten() {
                    if stop.load(std::sync::atomic::Ordering::Relaxed) {
                        return;
                    }
                    let made = Made { signer: &signer, ambient: &ambient, issuer: &issuer, client: &client };
                    made.answer(stream, &script.lock().unwrap().clone(), &asked);
                }
            })
        };
        Self { issuer, script, asked, stop, serving: Some(serving) }
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        self.stop.store(true, std::sync::atomic::Ordering::Relaxed);
        let _ = TcpStream::connect(self.issuer.trim_start_matches("http://"));
        if let Some(serving) = self.serving.take() {
            serving.join().unwrap();
        }
    }
}

struct Made<'p> {
    signer: &'p DemoIssuer,
    ambient: &'p Ambient,
    issuer: &'p str,
    client: &'p str,
}

impl Made<'_> {
    fn answer(&self, mut stream: TcpStream, script: &Script, asked: &Mutex<Vec<String>>) {
        let (head, body) = request(&mut stream);
        let (status, body) = if head.starts_with("GET /.well-known/openid-configuration") {
            ("200 OK", self.discovery(script))
        } else if head.starts_with("POST /token") {
            asked.lock().unwrap().push(body);
            match script.error {
                Some(error) => ("400 Bad Request", json!({ "error": error }).to_string()),
                None => ("200 OK", self.token(script)),
            }
        } else {
            ("404 Not Found", "{}".to_owned())
        };
        let head = format!(
            "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
            body.len()
        );
        let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body.as_bytes()));
    }

    fn discovery(&self, script: &Script) -> String {
        let own = self.issuer;
        json!({
            "issuer": script.issuer.as_deref().unwrap_or(own),
            "authorization_endpoint": format!("{own}/auth"),
            "token_endpoint": format!("{own}/token"),
            "end_session_endpoint": format!("{own}/end"),
        })
        .to_string()
    }

    fn token(&self, script: &Script) -> String {
        let audience = script.audience.as_deref().unwrap_or(self.client);
        let life = TokenLife::from_now(self.issuer, audience, 300, self.ambient);
        let claims = TokenClaims {
            client: Some(self.client.to_owned()),
            department: Some("AMR".to_owned()),
            ..TokenClaims::new(chengxin::domain::Role::Department, script.actor.unwrap_or("officer-1"))
        };
        let mut claims = claims.to_json(&ClaimNames::default(), &life);
        claims["nonce"] = script.nonce.clone().into();
        if let Some(sid) = script.sid {
            claims["sid"] = sid.into();
        }
        let id_token = self.signer.signer().sign(&claims).unwrap();
        json!({ "access_token": "unused", "token_type": "Bearer", "id_token": id_token }).to_string()
    }
}

/// The head and the body of a request.
fn request(stream: &mut TcpStream) -> (String, String) {
    let mut bytes = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head
                .lines()
                .find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ").map(str::to_owned));
            let length: usize = length.and_then(|length| length.trim().parse().ok()).unwrap_or(0);
            if body.len() >= length {
                return (head.to_owned(), body.to_owned());
            }
        }
        match stream.read(&mut chunk) {
            Ok(0) | Err(_) => return (text, String::new()),
            Ok(count) => bytes.extend_from_slice(&chunk[..count]),
        }
    }
}
