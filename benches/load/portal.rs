//! Load on the portal's pages: a subject's page, the start, searches by common and rare parts of a name.

use chengxin::cli::sample::LargePart;
use chengxin::clock::Ambient;
use chengxin::portal::visit::with_parameters;

use super::client::{self, Load};
use super::desk::{self, Seat};
use super::folder::Folder;
use super::gateway::Gateway;
use super::{Arguments, load_on, question, show};

/// What each firm has: what is public of a million firms fits a disk that way.
pub const PARTS_OF_FIRMS: [LargePart; 3] = [LargePart::Registration, LargePart::TaxClassA, LargePart::CreditCommitment];

/// Parts of names, from those in every name to one in none.
const PARTS: [&str; 5] = ["东营", "有限公司", "物流", "程物", "乌有乡"];

/// Measures the pages beside `/health/live`, in one run.
pub fn measure(arguments: &Arguments, folder: &Folder, ambient: &Ambient) -> anyhow::Result<()> {
    let seat = Seat::begin(folder, ambient)?;
    let program = Gateway::program(folder)?;
    let load: Load = load_on(arguments, &program);
    let count = u64::from(folder.sample.firms());
    let (mut live, mut pages) = (Vec::new(), Vec::new());
    let subject = |random: u64, buffer: &mut Vec<u8>| {
        let at = u32::try_from((random >> 16) % count).unwrap_or_default();
        get(buffer, &format!("/subjects/{}", folder.sample.uscc(at)));
    };
    for _ in 0..arguments.rounds {
        live.push(client::drive(&load, &|_, buffer| question::live(buffer))?);
        pages.push(client::drive(&load, &subject)?);
    }
    show("/health/live", live);
    show("a subject's page", pages);
    show("home", vec![client::drive(&load, &|_, buffer| get(buffer, "/"))?]);
    for part in PARTS {
        let path = with_parameters("/search", &[("q", part)]);
        show(&format!("search for {part}"), vec![client::drive(&load, &|_, buffer| get(buffer, &path))?]);
        let single = Load { connections: 1, ..load };
        show("  the same, one connection", vec![client::drive(&single, &|_, buffer| get(buffer, &path))?]);
    }
    println!("resident under load              {:>8.1} MB", program.resident_megabytes()?);
    desk::measure(&load, arguments.rounds, folder, (&seat, &program))
}

fn get(buffer: &mut Vec<u8>, path: &str) {
    buffer.extend_from_slice(b"GET ");
    buffer.extend_from_slice(path.as_bytes());
    buffer.extend_from_slice(b" HTTP/1.1\r\nhost: load\r\naccept: text/html\r\n\r\n");
}
