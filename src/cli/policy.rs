//! `chengxin policy check`, `explain` and `approve`: whether the policies are good, what they decide, and who agrees to new
//! purposes.

use std::fmt::Display;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, anyhow, bail, ensure};
use strum::IntoEnumIterator;

use crate::access::{Asking, Decider, Decision, Explained, Withheld, may_stand};
use crate::app::{self, Policies};
use crate::catalogue::{Catalogue, Departments, Item};
use crate::cli::approval::two_voices;
use crate::clock::Ambient;
use crate::config::Config;
use crate::crypto::Keyring;
use crate::domain::{Date, DepartmentId, Relation, Role, SubjectCategory};
use crate::exchange::purposes;
use crate::ledger::Ledger;
use crate::store::{Database, MigrationSet};

/// What to do with the policies.
#[derive(Clone, Debug, clap::Subcommand)]
pub enum PolicyCommand {
    /// Check policies, purposes and catalogue, and print every fault
    #[command(after_help = "Example:\n  chengxin policy check --policies policies")]
    Check(CheckArgs),
    /// Print what a caller gets of each field of an item, and which policies decided
    #[command(
        after_help = "Example:\n  chengxin policy explain --item administrative-penalty --role DEPARTMENT \\\n      \
                            --department AMR --purpose licence-review --case 370500-2026-17"
    )]
    Explain(ExplainArgs),
    /// Agree to a changed list of purposes, which comes into force only then
    #[command(
        after_help = "Example:\n  chengxin policy approve --config chengxin.toml --approval auditor.token --approval security.token\n\n\
                      Then SIGHUP, or start the gateway."
    )]
    Approve(ApproveArgs),
}

/// Who agrees to the purposes of which gateway.
#[derive(Clone, Debug, clap::Args)]
pub struct ApproveArgs {
    /// The configuration file
    #[arg(long, value_name = "FILE")]
    pub config: PathBuf,
    /// A file with the token of somebody who agrees; twice, two persons of two roles among auditor, coordinator and security
    /// administrator
    #[arg(long, value_name = "FILE", required = true)]
    pub approval: Vec<PathBuf>,
}

/// Which policies to check.
#[derive(Clone, Debug, clap::Args)]
pub struct CheckArgs {
    /// Folder with `*.cedar`, `chengxin.cedarschema`, `purposes.toml`, `departments.toml` and `catalogue/`
    #[arg(long, default_value = "policies")]
    pub policies: PathBuf,
}

/// Whose view of what to explain.
#[derive(Clone, Debug, clap::Args)]
pub struct ExplainArgs {
    /// Folder with `*.cedar`, `chengxin.cedarschema`, `purposes.toml`, `departments.toml` and `catalogue/`
    #[arg(long, default_value = "policies")]
    pub policies: PathBuf,
    /// Code of the catalogue item, such as `administrative-penalty`
    #[arg(long)]
    pub item: String,
    /// Role of the caller, such as `DEPARTMENT`
    #[arg(long, value_parser = |text: &str| super::among(text, Role::iter()))]
    pub role: Role,
    /// Id of the caller's department, such as `AMR`
    #[arg(long)]
    pub department: Option<String>,
    /// Organization code of an authorized body
    #[arg(long)]
    pub organization: Option<String>,
    /// Code of the declared purpose
    #[arg(long)]
    pub purpose: Option<String>,
    /// The declared case number
    #[arg(long)]
    pub case: Option<String>,
    /// How the caller stands to the record: `NONE`, `PROVIDER`, `SUBJECT`, `AUTHORIZED` for the whole item
    #[arg(long, default_value = "NONE", value_parser = |text: &str| super::among(text, Relation::iter()))]
    pub relation: Relation,
    /// Category of the subject; all that occur in the item when it is left out
    #[arg(long, value_parser = |text: &str| super::among(text, SubjectCategory::iter()))]
    pub category: Option<SubjectCategory>,
}

/// Does what `command` says, printing to `out`.
pub fn run(command: &PolicyCommand, ambient: &Ambient, out: &mut dyn Write) -> anyhow::Result<()> {
    match command {
        PolicyCommand::Check(arguments) => check(arguments, out),
        PolicyCommand::Explain(arguments) => explain(arguments, ambient.today(), out),
        PolicyCommand::Approve(arguments) => approve(arguments, ambient, out),
    }
}

/// Puts in the ledger that two persons agree to the purposes of the folder, and prints which they are.
fn approve(arguments: &ApproveArgs, ambient: &Ambient, out: &mut dyn Write) -> anyhow::Result<()> {
    let config = Config::load(&arguments.config)?;
    let policies = Policies::load(&config.policies)?;
    let text = policies.decider.purposes_text();
    let [one, other] = two_voices(&arguments.approval, &config, ambient)?;
    let keyring = Keyring::load(&config.keys)?;
    let database = Database::open(&config.ledger, MigrationSet::Ledger, 2)?;
    let keys = app::ledger_keys(&config.origin, &keyring, &database, ambient)?;
    let ledger = Ledger::open(database, keys, ambient.clone(), &config.ledger_settings())?;
    let approved = purposes::approve(&ledger, &text, [&one, &other]);
    ledger.close();
    let index = approved?.index();
    let codes: Vec<String> = policies.decider.purposes().iter().map(|purpose| purpose.code.to_string()).collect();
    writeln!(out, "approved by entry {index}: {}", codes.join(", "))?;
    Ok(())
}

/// Prints `ok` and what was found, or every fault, one a line. Fails when there is one.
pub fn check(arguments: &CheckArgs, out: &mut dyn Write) -> anyhow::Result<()> {
    let (decider, catalogue, _) = load(&arguments.policies, out)?;
    let (policies, purposes) = (decider.policy_ids().len(), decider.purposes().iter().count());
    writeln!(out, "ok: {policies} policies, {purposes} purposes, {} items", catalogue.items().len())?;
    writeln!(out, "policy hash {}", hex::encode(decider.policy_hash()))?;
    Ok(())
}

/// Prints a line per field: what the caller gets, whether records may be found by it, and the policies that decided.
pub fn explain(arguments: &ExplainArgs, today: Date, out: &mut dyn Write) -> anyhow::Result<()> {
    let (decider, catalogue, departments) = load(&arguments.policies, out)?;
    let item = super::item(&catalogue, &arguments.item)?;
    let department = arguments.department.as_deref();
    let department =
        department.map(|id| DepartmentId::parse(id).ok_or_else(|| anyhow!("`{id}` is not a department id")));
    let department = department.transpose()?;
    if let Some(id) = &department {
        ensure!(departments.by_id(id).is_some(), "no department has the id `{id}`: `departments.toml` lists them");
    }
    let (role, relation) = (arguments.role, arguments.relation);
    ensure!(
        may_stand(role, relation),
        "a caller with the role `{role}` never has the relation `{relation}` to a record"
    );
    let asking = Asking {
        role,
        department: department.as_ref(),
        organization: arguments.organization.as_deref(),
        purpose: arguments.purpose.as_deref(),
        case: arguments.case.as_deref(),
    };
    for category in categories(item, arguments.category)? {
        writeln!(out, "{} {category}, relation {relation}", item.code)?;
        for field in decider.explain(&asking, today, item, (category, relation))? {
            writeln!(out, "{}", line(&field))?;
        }
    }
    Ok(())
}

fn categories(item: &Item, asked: Option<SubjectCategory>) -> anyhow::Result<Vec<SubjectCategory>> {
    let occurring = &item.head.subject.categories;
    match asked {
        None => Ok(occurring.clone()),
        Some(category) if occurring.contains(&category) => Ok(vec![category]),
        Some(category) => bail!("`{category}` does not occur in `{}`", item.code),
    }
}

fn line(field: &Explained) -> String {
    let decision = match field.decision {
        Decision::Clear => "CLEAR".to_owned(),
        Decision::Masked(rule) => format!("MASKED {rule}"),
        Decision::Withheld(Withheld::BeyondReach) => "FIELD_WITHHELD".to_owned(),
        Decision::Withheld(Withheld::PurposeRequired) => "PURPOSE_REQUIRED".to_owned(),
        Decision::Withheld(Withheld::AuthorizationInvalid) => "AUTHORIZATION_INVALID".to_owned(),
    };
    let filter = if field.filterable { "filter" } else { "" };
    let line = format!("{:36} {decision:18} {filter:8} {}", field.field, field.policies.join(", "));
    line.trim_end().to_owned()
}

fn load(dir: &Path, out: &mut dyn Write) -> anyhow::Result<(Decider, Arc<Catalogue>, Departments)> {
    ensure!(dir.is_dir(), "there is no folder `{}`: name the one with the policies in `--policies`", dir.display());
    let departments = Departments::load(&dir.join("departments.toml")).or_else(|faults| failed(&faults, out))?;
    let catalogue =
        Catalogue::load_among(&dir.join("catalogue"), &departments).or_else(|faults| failed(&faults, out))?;
    let catalogue = Arc::new(catalogue);
    let decider = Decider::load(dir, Arc::clone(&catalogue)).or_else(|faults| failed(&faults, out))?;
    Ok((decider, catalogue, departments))
}

fn failed<T>(faults: &[impl Display], out: &mut dyn Write) -> anyhow::Result<T> {
    for fault in faults {
        writeln!(out, "{fault}").context("cannot print the faults")?;
    }
    match faults.len() {
        1 => bail!("1 fault"),
        many => bail!("{many} faults"),
    }
}
