//! A small HTTP/1.1 client for load: so many keep-alive connections, so many seconds, on one thread.
//!
//! Deliberately absent: everything of HTTP that our own answers do not use. A body has a `content-length`.

use std::cell::RefCell;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

use actix_web::rt;
use actix_web::rt::net::TcpStream;
use anyhow::{Context, bail, ensure};

/// What is let before the measurement begins, so that caches and connections are warm.
const WARM_UP: Duration = Duration::from_millis(700);
/// The most latencies that are kept.
const LATENCIES_MAX: usize = 8_000_000;

/// How much is asked.
#[derive(Clone, Copy, Debug)]
pub struct Load {
    pub address: SocketAddr,
    pub connections: usize,
    pub time: Duration,
}

/// What came of it.
#[derive(Debug, Default)]
pub struct Measured {
    pub answered: u64,
    pub failed: u64,
    time: Duration,
    /// Microseconds, ascending.
    latencies: Vec<u32>,
}

impl Measured {
    pub fn per_second(&self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "a rate for people to read")]
        let answered = self.answered as f64;
        answered / self.time.as_secs_f64()
    }

    /// The latency that `share` of the answers stayed within, in microseconds.
    pub fn micros_at(&self, share: f64) -> u32 {
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a rank"
        )]
        let rank = (self.latencies.len() as f64 * share) as usize;
        self.latencies.get(rank.min(self.latencies.len().saturating_sub(1))).copied().unwrap_or_default()
    }
}

/// Asks for as long as the load says. `write` makes a request out of a random number, into an empty buffer.
pub fn drive(load: &Load, write: &impl Fn(u64, &mut Vec<u8>)) -> anyhow::Result<Measured> {
    rt::System::new().block_on(async {
        let measured = Rc::new(RefCell::new(Measured { time: load.time, ..Measured::default() }));
        let begin = Instant::now() + WARM_UP;
        let span = (begin, begin + load.time);
        let connections = (1..=load.connections as u64).map(|seed| {
            let measured = Rc::clone(&measured);
            async move { converse(load.address, span, seed, write, &measured).await }
        });
        let all = futures_util::future::join_all(connections).await;
        all.into_iter().collect::<anyhow::Result<()>>()?;
        let mut measured = measured.take();
        measured.latencies.sort_unstable();
        Ok(measured)
    })
}

async fn converse(
    address: SocketAddr,
    (begin, end): (Instant, Instant),
    seed: u64,
    write: &impl Fn(u64, &mut Vec<u8>),
    measured: &RefCell<Measured>,
) -> anyhow::Result<()> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let mut random = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let (mut request, mut answer) = (Vec::new(), Vec::new());
    loop {
        random = next(random);
        request.clear();
        write(random, &mut request);
        let asked = Instant::now();
        if asked >= end {
            return Ok(());
        }
        send(&stream, &request).await?;
        let body_at = receive(&stream, &mut answer).await?;
        if asked < begin {
            continue;
        }
        let is_good = answer.starts_with(b"HTTP/1.1 200") && is_an_answer(&answer[body_at..]);
        let mut measured = measured.borrow_mut();
        if !is_good && measured.failed == 0 {
            eprintln!("the first failure: {}", String::from_utf8_lossy(&answer));
        }
        measured.failed += u64::from(!is_good);
        measured.answered += u64::from(is_good);
        if measured.latencies.len() < LATENCIES_MAX {
            measured.latencies.push(u32::try_from(asked.elapsed().as_micros()).unwrap_or(u32::MAX));
        }
    }
}

fn is_an_answer(body: &[u8]) -> bool {
    body == b"live\n" || body.starts_with(b"<!DOCTYPE html>") || body.starts_with(br#"{"data":{"subject":{"#)
}

/// Asks once and gives the body.
pub fn once(address: SocketAddr, request: &[u8]) -> anyhow::Result<String> {
    rt::System::new().block_on(async {
        let stream = TcpStream::connect(address).await?;
        let mut answer = Vec::new();
        send(&stream, request).await?;
        let body_at = receive(&stream, &mut answer).await?;
        Ok(String::from_utf8(answer.split_off(body_at))?)
    })
}

async fn send(stream: &TcpStream, mut request: &[u8]) -> anyhow::Result<()> {
    while !request.is_empty() {
        match stream.try_write(request) {
            Ok(written) => request = &request[written..],
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => stream.writable().await?,
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

/// Reads one answer and gives where its body begins.
async fn receive(stream: &TcpStream, answer: &mut Vec<u8>) -> anyhow::Result<usize> {
    answer.clear();
    let mut chunk = [0; 16 * 1024];
    let mut whole = None;
    loop {
        stream.readable().await?;
        match stream.try_read(&mut chunk) {
            Ok(0) => bail!("the gateway closed the connection: {}", String::from_utf8_lossy(answer)),
            Ok(read) => answer.extend_from_slice(&chunk[..read]),
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => continue,
            Err(error) => return Err(error.into()),
        }
        if whole.is_none()
            && let Some(head) = answer.windows(4).position(|four| four == b"\r\n\r\n")
        {
            whole = Some((head + 4, head + 4 + length(&answer[..head])?));
        }
        if let Some((body_at, end)) = whole
            && answer.len() >= end
        {
            ensure!(answer.len() == end, "more came than was asked for");
            return Ok(body_at);
        }
    }
}

fn length(head: &[u8]) -> anyhow::Result<usize> {
    let head = std::str::from_utf8(head)?;
    let mut lines = head.lines().filter_map(|line| line.split_once(": "));
    let (_, value) =
        lines.find(|(name, _)| name.eq_ignore_ascii_case("content-length")).context("no content-length")?;
    Ok(value.parse()?)
}

/// Marsaglia's xorshift.
fn next(mut random: u64) -> u64 {
    random ^= random << 13;
    random ^= random >> 7;
    random ^= random << 17;
    random
}
