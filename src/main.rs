//! The program: arguments, logs, run.

use std::process::ExitCode;

use clap::Parser;
use tracing_subscriber::EnvFilter;

use chengxin::cli::{self, Arguments};
use chengxin::clock::Ambient;

/// Help and version are no faults; otherwise 2, but 1 for `ledger verify`, whose 2 says that a signature is bad.
fn refused(error: &clap::Error) -> ExitCode {
    // Nothing can be done when not even this can be printed.
    let _printed = error.print();
    let words: Vec<String> = std::env::args().skip(1).take(2).collect();
    match error.exit_code() {
        0 => ExitCode::SUCCESS,
        _ if words == ["ledger", "verify"] => ExitCode::from(1),
        code => ExitCode::from(u8::try_from(code).unwrap_or(2)),
    }
}

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return refused(&error),
    };
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info,actix_server=warn"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    match cli::run(arguments, &Ambient::system()) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("chengxin: {error:#}");
            ExitCode::FAILURE
        }
    }
}
