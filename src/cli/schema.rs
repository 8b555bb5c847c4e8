//! `chengxin schema`: prints the schema of a catalogue.

use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;

use crate::app::Policies;
use crate::graphql::schema;

/// Arguments of `chengxin schema`.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  chengxin schema > schema.graphql")]
pub struct SchemaArgs {
    /// The folder of policies.
    #[arg(long, value_name = "DIR", default_value = "policies")]
    pub policies: PathBuf,
}

/// Prints the SDL.
pub fn run(arguments: &SchemaArgs, out: &mut impl Write) -> anyhow::Result<()> {
    let policies = Policies::load(&arguments.policies)?;
    let built = schema::build(&Arc::clone(&policies.catalogue));
    out.write_all(schema::sdl(&built).as_bytes())?;
    Ok(())
}
