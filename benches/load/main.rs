//! Load on a whole gateway over loopback: one subject with five records against `/health/live`, in one run.
//!
//! `cargo bench --bench load -- --help` tells the arguments. The gateway is the program itself in a process of its own;
//! the same path without the ledger stands in `unaudited`, which is part of this bench and of nothing else.
#![allow(
    clippy::disallowed_methods,
    clippy::indexing_slicing,
    clippy::large_futures,
    clippy::print_stdout,
    clippy::single_match_else,
    clippy::unwrap_used,
    reason = "a bench: it takes times and stops at whatever is amiss"
)]

mod client;
mod desk;
mod folder;
mod gateway;
mod ledger;
mod portal;
mod question;
mod unaudited;

use std::path::PathBuf;
use std::time::Duration;

use chengxin::clock::Ambient;
use clap::Parser;

use client::{Load, Measured};
use folder::Folder;
use gateway::Gateway;
use question::Question;

// The program's.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The bars of the first version: share of `/health/live`, and what the ledger may cost, in per cent.
const SHARE_MIN: f64 = 12.0;
const LEDGER_COST_MAX: f64 = 20.0;

#[derive(Debug, Parser)]
#[command(
    about = "Load on a whole gateway",
    after_help = "Example:\n  cargo bench --bench load -- --firms 10000 --data /tmp/load"
)]
struct Arguments {
    /// Firms; each has ten records.
    #[arg(long, default_value_t = 10_000)]
    firms: u32,
    /// Seconds of each measurement.
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// How often each measurement is taken; the median counts.
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Keep-alive connections.
    #[arg(long, default_value_t = 32)]
    connections: usize,
    /// The folder for policies, keys, files and databases, used again when it is there; a temporary one when absent.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// An empty PostgreSQL database for registry and ledger; SQLite files in the folder when absent.
    #[arg(long, value_name = "URL")]
    postgres: Option<String>,
    /// Measure the portal's pages and a department's desk instead; each firm has three records then.
    #[arg(long)]
    portal: bool,
    /// Measure the ledger alone instead, with so many entries.
    #[arg(long, value_name = "ENTRIES")]
    ledger: Option<u64>,
    /// Serve the folder with and without the ledger: what this bench starts for itself.
    #[arg(long, hide = true, value_name = "FILE")]
    serve: Option<PathBuf>,
    /// What cargo says.
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let ambient = Ambient::system();
    if let Some(config) = &arguments.serve {
        return unaudited::serve(config, &ambient);
    }
    if !arguments.bench {
        println!("not run: this is for `cargo bench --bench load`");
        return Ok(());
    }
    let temporary = tempfile::tempdir()?;
    if let Some(entries) = arguments.ledger {
        return ledger::measure(temporary.path(), arguments.postgres.as_deref(), entries, &ambient);
    }
    let path = arguments.data.clone().unwrap_or_else(|| temporary.path().to_owned());
    let parts: &[_] = if arguments.portal { &portal::PARTS_OF_FIRMS } else { &folder::ALL };
    let folder = Folder::ready(&path, (arguments.firms, parts), arguments.postgres.as_deref(), &ambient)?;
    if arguments.portal {
        return portal::measure(&arguments, &folder, &ambient);
    }
    let question = Question::new(&folder, &ambient)?;
    run(&arguments, &folder, &question)
}

fn run(arguments: &Arguments, folder: &Folder, question: &Question) -> anyhow::Result<()> {
    let load = |gateway: &Gateway| load_on(arguments, gateway);
    let cold: Vec<Duration> =
        (0..3).map(|_| Gateway::program(folder).map(|gateway| gateway.started_in())).collect::<anyhow::Result<_>>()?;
    println!("cold start to the first answer   {:>8.0} ms", cold.iter().min().unwrap().as_secs_f64() * 1000.0);

    let program = Gateway::program(folder)?;
    println!("resident after start             {:>8.1} MB", program.resident_megabytes()?);
    println!("one answer                       {}", question.sample(program.address())?);
    let (mut live, mut audited) = (Vec::new(), Vec::new());
    for _ in 0..arguments.rounds {
        live.push(client::drive(&load(&program), &|_, buffer| question::live(buffer))?);
        audited.push(client::drive(&load(&program), &|random, buffer| question.write(random, buffer))?);
    }
    let live = show("/health/live", live);
    let audited = show("one subject, five records", audited);
    println!(
        "resident under load              {:>8.1} MB (peak {:.1})",
        program.resident_megabytes()?,
        program.peak_megabytes()?
    );
    let single = Load { connections: 1, ..load(&program) };
    let alone = client::drive(&single, &|random, buffer| question.write(random, buffer))?;
    show("one subject, one connection", vec![alone]);
    drop(program);

    let both = Gateway::with_and_without_ledger(folder)?;
    let (mut on, mut off) = (Vec::new(), Vec::new());
    for _ in 0..arguments.rounds {
        on.push(client::drive(&load(&both), &|random, buffer| question.write(random, buffer))?);
        off.push(client::drive(&load(&both), &|random, buffer| question.write_unaudited(random, buffer))?);
    }
    let on = show("the same with the ledger", on);
    let off = show("the same without it", off);

    let share = 100.0 * audited / live;
    let cost = 100.0 * (1.0 - on / off);
    println!("share of /health/live            {share:>8.1} % (at least {SHARE_MIN})");
    println!("cost of the ledger               {cost:>8.1} % (at most {LEDGER_COST_MAX})");
    Ok(())
}

fn load_on(arguments: &Arguments, gateway: &Gateway) -> Load {
    Load {
        address: gateway.address(),
        connections: arguments.connections,
        time: Duration::from_secs(arguments.seconds),
    }
}

/// Prints the median of several measurements and gives its requests per second.
fn show(name: &str, mut measured: Vec<Measured>) -> f64 {
    measured.sort_by(|a, b| a.per_second().total_cmp(&b.per_second()));
    let median = &measured[measured.len() / 2];
    let millis = |share| f64::from(median.micros_at(share)) / 1000.0;
    println!(
        "{name:<32} {:>8.0} /s   p50 {:>7.2} ms   p99 {:>7.2} ms   failed {}",
        median.per_second(),
        millis(0.5),
        millis(0.99),
        measured.iter().map(|measured| measured.failed).sum::<u64>(),
    );
    median.per_second()
}
