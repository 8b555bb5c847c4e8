//! Waiting with an end: for something to come true, and for another program. What never comes fails its test, and does not hold up the run.

use std::io::Read;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

/// Looks again and again until there is something.
pub fn until<T>(what: &str, patience: Duration, mut look: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + patience;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < deadline, "after {patience:?} still not: {what}");
        std::thread::park_timeout(Duration::from_millis(20));
    }
}

/// Runs a program to its end. One that takes longer is killed, and what it said is told.
pub fn output(command: &mut Command, patience: Duration) -> std::io::Result<Output> {
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    Ok(ended(child, patience))
}

/// The same for one that is running.
pub fn ended(mut child: Child, patience: Duration) -> Output {
    let reader = |from: Option<Box<dyn Read + Send>>| {
        std::thread::spawn(move || {
            let mut bytes = Vec::new();
            if let Some(mut from) = from {
                from.read_to_end(&mut bytes).unwrap();
            }
            bytes
        })
    };
    let stdout = reader(child.stdout.take().map(|from| Box::new(from) as Box<dyn Read + Send>));
    let stderr = reader(child.stderr.take().map(|from| Box::new(from) as Box<dyn Read + Send>));
    let deadline = Instant::now() + patience;
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break Some(status);
        }
        if Instant::now() > deadline {
            child.kill().unwrap();
            child.wait().unwrap();
            break None;
        }
        std::thread::park_timeout(Duration::from_millis(5));
    };
    // Whoever it has started may hold its pipes: of one that was killed as much is told as has come.
    if status.is_none() {
        std::thread::park_timeout(Duration::from_millis(500));
    }
    let told = |reader: std::thread::JoinHandle<Vec<u8>>| {
        if status.is_some() || reader.is_finished() { reader.join().unwrap() } else { Vec::new() }
    };
    let (stdout, stderr) = (told(stdout), told(stderr));
    let Some(status) = status else {
        let [stdout, stderr] = [stdout, stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        panic!("it has not ended after {patience:?}, and was killed: {stdout}{stderr}");
    };
    Output { status, stdout, stderr }
}

#[test]
fn what_does_not_end_is_killed_and_what_it_said_is_told() {
    let told = std::panic::catch_unwind(|| {
        let mut talks = Command::new("sh");
        output(talks.args(["-c", "echo said; exec sleep 600"]), Duration::from_millis(300))
    });
    let told = told.unwrap_err();
    assert!(told.downcast_ref::<String>().unwrap().contains("said"));
    let mut ends = Command::new("sh");
    ends.args(["-c", "echo out; echo err >&2; exit 3"]);
    let Output { status, stdout, stderr } = output(&mut ends, Duration::from_mins(1)).unwrap();
    assert_eq!((status.code(), stdout.as_slice(), stderr.as_slice()), (Some(3), &b"out\n"[..], &b"err\n"[..]));
}
