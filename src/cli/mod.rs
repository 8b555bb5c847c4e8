//! The command line: one file per subcommand, its arguments and what it does.

mod approval;
pub mod demo;
pub mod exchange;
pub mod import;
pub mod keys;
pub mod ledger;
pub mod migrate;
pub mod policy;
pub mod rules;
pub mod sample;
pub mod schema;
pub mod serve;
pub mod token;
pub mod witness;

use std::ffi::OsString;
use std::process::ExitCode;
use std::sync::Arc;

use clap::{Parser, Subcommand};

use crate::app::NotStarted;
use crate::catalogue::{Catalogue, Item};
use crate::clock::Ambient;
use crate::ledger::LedgerError;

/// chengxin (诚信): a GraphQL gateway over a city's public credit information.
#[derive(Debug, Parser)]
#[command(
    version,
    about,
    after_help = "Example:\n  chengxin demo\n\nExit codes: 0 done, 1 failed, 2 usage; `ledger verify` has its own."
)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// A gateway with generated data and nothing to set up (演示).
    Demo(demo::DemoArgs),
    /// Serve with a configuration file (启动服务).
    Serve(serve::ServeArgs),
    /// Make the databases, or bring them to this version (建库与升级).
    Migrate(migrate::MigrateArgs),
    /// Import files of a catalogue item (导入数据).
    Import(import::ImportArgs),
    /// Print the GraphQL schema (输出接口定义).
    Schema(schema::SchemaArgs),
    /// Sign a token for development (签发开发用令牌).
    Token(token::TokenArgs),
    /// Check policies, or explain a decision (检查和解释策略).
    #[command(subcommand, after_help = "Example:\n  chengxin policy check --policies policies")]
    Policy(policy::PolicyCommand),
    /// Compute publication windows again (重算公示期).
    #[command(subcommand, after_help = "Example:\n  chengxin rules recompute --config chengxin.toml")]
    Rules(rules::RulesCommand),
    /// Export the ledger, verify it, print its checkpoint (查询日志).
    #[command(subcommand, after_help = "Example:\n  chengxin ledger verify --config chengxin.toml")]
    Ledger(ledger::LedgerCommand),
    /// Cosign the checkpoints of ledgers that only grow (见证).
    Witness(witness::WitnessArgs),
    /// Exchange packages of records with other platforms (与其他平台交换).
    #[command(
        subcommand,
        after_help = "Example:\n  chengxin exchange send --config chengxin.toml --platform PROVINCE --outbox out"
    )]
    Exchange(exchange::ExchangeCommand),
    /// List keys, or make a new one (密钥).
    Keys(keys::KeysArgs),
}

/// The exit code for a command line that is none: 2, but 1 for `ledger verify` and `verify-receipt`, where 2 says that a
/// signature is wrong.
pub fn usage_exit_code(words: impl IntoIterator<Item = OsString>) -> ExitCode {
    let mut words = words.into_iter().skip(1);
    let is_verify = words.next().is_some_and(|word| word == "ledger")
        && words.next().is_some_and(|word| word == "verify" || word == "verify-receipt");
    ExitCode::from(if is_verify { 1 } else { 2 })
}

/// The exit code for an error: 1, but 3 when the ledger is not the one that was signed.
pub fn exit_code(error: &anyhow::Error) -> ExitCode {
    let is_contradicted = error.chain().any(|cause| {
        cause.downcast_ref::<NotStarted>().is_some_and(|not| not.is_contradicted)
            || cause.downcast_ref::<LedgerError>().is_some_and(LedgerError::is_contradiction)
    });
    ExitCode::from(if is_contradicted { 3 } else { 1 })
}

/// Does what the arguments say.
pub fn run(arguments: Arguments, ambient: &Ambient) -> anyhow::Result<ExitCode> {
    let mut out = std::io::stdout();
    match arguments.command {
        Command::Demo(arguments) => demo::run(&arguments, ambient)?,
        Command::Serve(arguments) => serve::run(&arguments, ambient)?,
        Command::Migrate(arguments) => migrate::run(&arguments, ambient)?,
        Command::Import(arguments) => import::run(&arguments, ambient, &mut out)?,
        Command::Schema(arguments) => schema::run(&arguments, &mut out)?,
        Command::Token(arguments) => {
            use std::io::Write;
            writeln!(out, "{}", token::sign_token(&arguments, ambient)?)?;
        }
        Command::Policy(command) => policy::run(&command, ambient, &mut out)?,
        Command::Rules(command) => rules::run(&command, ambient, &mut out)?,
        Command::Ledger(command) => return ledger::run(&command, ambient, &mut out),
        Command::Witness(arguments) => witness::run(&arguments, ambient, &mut out)?,
        Command::Exchange(command) => exchange::run(&command, ambient, &mut out)?,
        Command::Keys(arguments) => keys::run(&arguments, ambient, &mut out)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// The value with this name, for an argument.
///
/// # Errors
/// When there is none; the error lists those that there are.
fn among<T: Copy + AsRef<str>>(text: &str, values: impl Iterator<Item = T> + Clone) -> Result<T, String> {
    values.clone().find(|value| value.as_ref() == text).ok_or_else(|| {
        let values: Vec<T> = values.collect();
        let names: Vec<&str> = values.iter().map(AsRef::as_ref).collect();
        format!("it is none of {}", names.join(", "))
    })
}

/// The item with this code.
///
/// # Errors
/// When there is none; the error lists those that there are.
fn item<'c>(catalogue: &'c Catalogue, code: &str) -> anyhow::Result<&'c Arc<Item>> {
    catalogue.item_by_text(code).ok_or_else(|| {
        let mut codes: Vec<&str> = catalogue.items().iter().map(|item| item.code.as_str()).collect();
        codes.sort_unstable();
        anyhow::anyhow!("no item has the code `{code}`; there are: {}", codes.join(", "))
    })
}
