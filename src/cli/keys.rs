//! `chengxin keys`: lists the keys and makes new ones. No secret is ever printed.

use std::io::Write;
use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::clock::Ambient;
use crate::crypto::{Keyring, Purpose};

/// Arguments of `chengxin keys`.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  chengxin keys list --keys /var/lib/chengxin/keys.json\n  \
                        chengxin keys rotate --keys /var/lib/chengxin/keys.json --purpose field")]
pub struct KeysArgs {
    #[command(subcommand)]
    command: KeysCommand,
}

#[derive(Debug, Subcommand)]
enum KeysCommand {
    /// List ids, purposes and states.
    #[command(after_help = "Example:\n  chengxin keys list --keys /var/lib/chengxin/keys.json")]
    List {
        /// The key file.
        #[arg(long, value_name = "FILE")]
        keys: PathBuf,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Make a new active key; the old one goes on opening what it sealed. Gateways take it up at their next start.
    #[command(after_help = "Example:\n  chengxin keys rotate --keys /var/lib/chengxin/keys.json --purpose field")]
    Rotate {
        /// The key file.
        #[arg(long, value_name = "FILE")]
        keys: PathBuf,
        /// What the key is for: `field`, `cursor` or `tipoff`.
        #[arg(long, default_value = "field")]
        purpose: Purpose,
    },
}

/// Runs `chengxin keys` and prints to `out`.
pub fn run(args: &KeysArgs, ambient: &Ambient, out: &mut impl Write) -> anyhow::Result<()> {
    match &args.command {
        KeysCommand::List { keys, json } => {
            let list = Keyring::load(keys)?.list();
            if *json {
                serde_json::to_writer_pretty(&mut *out, &list)?;
                writeln!(out)?;
                return Ok(());
            }
            writeln!(out, "{:>4}  {:<12} {:<13} {:<13} created", "id", "purpose", "algorithm", "state")?;
            for key in list {
                let (purpose, algorithm) = (key.purpose.to_string(), key.algorithm.to_string());
                let (state, created) = (key.state.to_string(), key.created.rfc3339());
                writeln!(out, "{:>4}  {purpose:<12} {algorithm:<13} {state:<13} {created}", key.id)?;
            }
        }
        KeysCommand::Rotate { keys, purpose } => {
            let id = Keyring::load_to_rotate(keys)?.rotate(*purpose, ambient)?;
            writeln!(
                out,
                "key {id} is the active key for `{purpose}`: restart every gateway before the next import, because a running one cannot open what the new key seals"
            )?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::domain::Instant;

    #[derive(Parser)]
    struct Probe {
        #[command(flatten)]
        args: KeysArgs,
    }

    fn run_with(arguments: &[&str]) -> anyhow::Result<String> {
        let ambient = Ambient::system();
        let probe = Probe::try_parse_from([&["keys"], arguments].concat())?;
        let mut out = Vec::new();
        run(&probe.args, &ambient, &mut out)?;
        Ok(String::from_utf8(out)?)
    }

    #[test]
    fn a_rotated_key_shows_in_the_list_and_a_fixed_one_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys.json");
        Keyring::create(&path, &Ambient::fixed(Instant::from_micros(0), 4)).unwrap();
        let keys = path.to_str().unwrap();
        assert_eq!(run_with(&["list", "--keys", keys]).unwrap().lines().count(), 10);
        assert!(run_with(&["rotate", "--keys", keys]).unwrap().contains("key 10"));
        let list = run_with(&["list", "--keys", keys]).unwrap();
        assert!(list.contains("DECRYPT_ONLY") && list.contains("  10  field"), "{list}");
        assert!(run_with(&["rotate", "--keys", keys, "--purpose", "node-id"]).is_err());
        // A file of an earlier version lacks keys of purposes that came later: it is told, and made whole.
        let mut file: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        file["keys"].as_array_mut().unwrap().retain(|key| key["purpose"] != "tipoff");
        std::fs::write(&path, file.to_string()).unwrap();
        let lacking = run_with(&["list", "--keys", keys]).unwrap_err().to_string();
        assert!(lacking.contains("chengxin keys rotate --keys FILE --purpose tipoff"), "{lacking}");
        assert!(run_with(&["rotate", "--keys", keys, "--purpose", "tipoff"]).is_ok());
        assert!(run_with(&["list", "--keys", keys]).unwrap().contains("tipoff"));
        assert!(run_with(&["rotate", "--keys", keys, "--purpose", "everything"]).is_err());
    }
}
