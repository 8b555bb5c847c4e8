//! HTTP/1.1 over a plain socket: a test sees every byte, and whether an answer stopped half-way.

use std::io::{Error, ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::Value;

/// How long one answer may take before the test fails.
const PATIENCE: Duration = Duration::from_secs(30);

/// An answer that arrived whole.
#[derive(Clone, Debug)]
pub struct Response {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

/// Why there is no whole answer.
#[allow(dead_code, reason = "the causes are shown when a test fails")]
#[derive(Debug)]
pub enum Lost {
    /// Not one byte of it came: the request may or may not have been read.
    Before(Error),
    /// It began and broke off.
    Midway(Error),
}

/// A connection that is kept alive.
#[derive(Debug)]
pub struct Wire {
    stream: TcpStream,
    rest: Vec<u8>,
}

impl Wire {
    pub fn open(address: SocketAddr) -> std::io::Result<Self> {
        let stream = TcpStream::connect_timeout(&address, PATIENCE)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, rest: Vec::new() })
    }

    /// Sends bytes as they are.
    pub fn send(&mut self, bytes: &[u8]) -> Result<(), Lost> {
        self.stream.write_all(bytes).map_err(Lost::Before)
    }

    /// Says that nothing more will be sent.
    pub fn end(&self) {
        self.stream.shutdown(Shutdown::Write).unwrap();
    }

    /// Sends a request and waits for the answer.
    pub fn exchange(&mut self, request: &[u8]) -> Result<Response, Lost> {
        self.send(request)?;
        self.receive()
    }

    /// Waits for an answer. Whether it is one to HEAD must be said, since such an answer has a length and no body.
    pub fn receive(&mut self) -> Result<Response, Lost> {
        self.answer_to("GET")
    }

    /// Waits for the answer to a request with this method.
    pub fn answer_to(&mut self, method: &str) -> Result<Response, Lost> {
        let end = self.until_blank_line()?;
        let head = String::from_utf8_lossy(&self.rest[..end]).into_owned();
        self.rest.drain(..end);
        let mut lines = head.split("\r\n");
        let status = lines.next().and_then(|line| line.split(' ').nth(1)).and_then(|code| code.parse().ok());
        let status = status.ok_or_else(|| Lost::Midway(Error::new(ErrorKind::InvalidData, head.clone())))?;
        let headers: Vec<(String, String)> = lines
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
            .collect();
        let mut response = Response { status, headers, body: Vec::new() };
        if method != "HEAD" && status != 204 && status != 304 {
            response.body = self.body(&response)?;
        }
        Ok(response)
    }

    fn body(&mut self, response: &Response) -> Result<Vec<u8>, Lost> {
        if let Some(length) = response.header("content-length") {
            return self.take(length.parse().expect("a length"));
        }
        let mut body = Vec::new();
        loop {
            let line = self.line()?;
            let length = usize::from_str_radix(line.trim(), 16).expect("the length of a chunk");
            body.extend(self.take(length)?);
            self.take(2)?;
            if length == 0 {
                return Ok(body);
            }
        }
    }

    fn line(&mut self) -> Result<String, Lost> {
        loop {
            if let Some(at) = self.rest.windows(2).position(|pair| pair == b"\r\n") {
                let line: Vec<u8> = self.rest.drain(..at + 2).collect();
                return Ok(String::from_utf8_lossy(&line).into_owned());
            }
            self.more().map_err(Lost::Midway)?;
        }
    }

    fn take(&mut self, length: usize) -> Result<Vec<u8>, Lost> {
        while self.rest.len() < length {
            self.more().map_err(Lost::Midway)?;
        }
        Ok(self.rest.drain(..length).collect())
    }

    fn until_blank_line(&mut self) -> Result<usize, Lost> {
        loop {
            if let Some(at) = self.rest.windows(4).position(|four| four == b"\r\n\r\n") {
                return Ok(at + 4);
            }
            let begun = !self.rest.is_empty();
            self.more().map_err(|error| if begun { Lost::Midway(error) } else { Lost::Before(error) })?;
        }
    }

    fn more(&mut self) -> std::io::Result<()> {
        let mut buffer = [0; 16 * 1024];
        match self.stream.read(&mut buffer)? {
            0 => Err(ErrorKind::UnexpectedEof.into()),
            read => {
                self.rest.extend_from_slice(&buffer[..read]);
                Ok(())
            }
        }
    }
}

impl Response {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub fn text(&self) -> String {
        String::from_utf8(self.body.clone()).expect("text")
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }
}

/// The bytes of a request.
pub fn request(method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Vec<u8> {
    let mut text = format!("{method} {path} HTTP/1.1\r\nhost: localhost\r\n");
    for (name, value) in headers {
        text.extend([name, ": ", value, "\r\n"]);
    }
    if !body.is_empty() || method == "POST" {
        text.extend(["content-length: ", &body.len().to_string(), "\r\n"]);
    }
    text.push_str("\r\n");
    [text.as_bytes(), body].concat()
}

/// The bytes of a POST of a query.
pub fn query(text: &str) -> Vec<u8> {
    let headers = [("content-type", "application/json"), ("accept", "application/graphql-response+json")];
    request("POST", "/graphql", &headers, serde_json::json!({ "query": text }).to_string().as_bytes())
}
