//! A receiver of webhooks: a small HTTP server that keeps what it was sent and answers what it is told to.

use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use chengxin::webhook::Secret;
use serde_json::Value;

/// What was received: headers in lower case, and the body.
#[derive(Clone, Debug)]
pub struct Received {
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Received {
    pub fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(header, _)| header == name);
        &found.unwrap_or_else(|| panic!("no header `{name}`: {self:?}")).1
    }

    pub fn id(&self) -> &str {
        self.header("webhook-id")
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    /// Whether one of its signatures is by this secret.
    pub fn is_signed_by(&self, secret: &str) -> bool {
        let secret = Secret::parse(secret).unwrap();
        let seconds: i64 = self.header("webhook-timestamp").parse().unwrap();
        let signature = secret.sign(self.id(), seconds, &self.body);
        self.header("webhook-signature").split(' ').any(|one| one == signature)
    }
}

/// The answer to the message of an id: a status line and further headers.
type Answer = Box<dyn Fn(&Received) -> String + Send + Sync>;

/// A server on a port of its own. It stops when this is dropped.
pub struct Receiver {
    pub url: String,
    received: Arc<Mutex<Vec<Received>>>,
    stops: Arc<AtomicBool>,
    serving: Option<JoinHandle<()>>,
}

impl Receiver {
    /// One that takes everything.
    pub fn willing() -> Self {
        Self::answering(|_| "204 No Content".to_owned())
    }

    /// One that answers by what it gets.
    pub fn answering(answer: impl Fn(&Received) -> String + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/chengxin", listener.local_addr().unwrap());
        let (received, stops) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicBool::new(false)));
        let (kept, stopped, answer) = (Arc::clone(&received), Arc::clone(&stops), Box::new(answer) as Answer);
        let serving = std::thread::spawn(move || {
            for stream in listener.incoming() {
                if stopped.load(Ordering::Relaxed) {
                    return;
                }
                // A gateway that is killed while it sends leaves half a message, or a connection that is reset.
                let _broken_off = stream.and_then(|stream| serve(&stream, &kept, &answer));
            }
        });
        Self { url, received, stops, serving: Some(serving) }
    }

    /// What came so far.
    pub fn received(&self) -> Vec<Received> {
        self.received.lock().unwrap().clone()
    }

    /// Takes what came so far.
    pub fn take(&self) -> Vec<Received> {
        std::mem::take(&mut *self.received.lock().unwrap())
    }
}

/// Takes one message and answers it. What does not come whole is not kept.
fn serve(stream: &TcpStream, kept: &Mutex<Vec<Received>>, answer: &Answer) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream);
    let (mut headers, mut line) = (Vec::new(), String::new());
    // The request line, then headers up to an empty line. Whoever only knocks sends none.
    if reader.read_line(&mut line)? == 0 {
        return Ok(());
    }
    loop {
        line.clear();
        if reader.read_line(&mut line)? == 0 {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let length =
        headers.iter().find(|(name, _)| name == "content-length").map_or(0, |(_, value)| value.parse().unwrap());
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let received = Received { headers, body: String::from_utf8(body).unwrap() };
    let status = answer(&received);
    kept.lock().unwrap().push(received);
    let text = format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
    (&mut &*stream).write_all(text.as_bytes())
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.stops.store(true, Ordering::Relaxed);
        let address = self.url.trim_start_matches("http://").trim_end_matches("/chengxin").to_owned();
        // Wakes the thread, which then sees that it is to stop.
        drop(TcpStream::connect(address));
        if let Some(serving) = self.serving.take() {
            let ended = serving.join();
            if !std::thread::panicking() {
                ended.unwrap();
            }
        }
    }
}

#[test]
fn a_sender_that_breaks_off_leaves_no_message_and_the_next_one_is_taken() {
    let receiver = Receiver::willing();
    let address = receiver.url.trim_start_matches("http://").trim_end_matches("/chengxin").to_owned();
    let head = "POST /chengxin HTTP/1.1\r\nwebhook-id: a\r\ncontent-length: 2\r\n\r\n";
    for said in ["", "POST /chengxin HTTP/1.1\r\n", &head[..40], head, &format!("{head}{{")] {
        let mut sender = TcpStream::connect(&address).unwrap();
        sender.write_all(said.as_bytes()).unwrap();
    }
    let mut sender = TcpStream::connect(&address).unwrap();
    sender.write_all(format!("{head}{{}}").as_bytes()).unwrap();
    let mut answer = String::new();
    sender.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 204"), "{answer}");
    let ids: Vec<String> = receiver.received().iter().map(|message| message.id().to_owned()).collect();
    assert_eq!(ids, ["a"]);
}
