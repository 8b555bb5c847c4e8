//! The program: arguments, logs, run.

use std::process::ExitCode;

use clap::Parser;
use tracing_subscriber::EnvFilter;

use chengxin::cli::{self, Arguments};
use chengxin::clock::Ambient;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(usage) => {
            // Where it cannot be printed, nobody reads it.
            let _unheard = usage.print();
            return if usage.use_stderr() { cli::usage_exit_code(std::env::args_os()) } else { ExitCode::SUCCESS };
        }
    };
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info,actix_server=warn"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    match cli::run(arguments, &Ambient::system()) {
        Ok(code) => code,
        // Whoever read the output, such as `head`, has read enough.
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("chengxin: {error:#}");
            cli::exit_code(&error)
        }
    }
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let causes = error.chain().filter_map(|cause| cause.downcast_ref::<std::io::Error>());
    causes.map(std::io::Error::kind).any(|kind| kind == std::io::ErrorKind::BrokenPipe)
}
