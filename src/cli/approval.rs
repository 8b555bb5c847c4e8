//! Who agrees to something on the command line: by tokens that the configured issuers have signed, not by names.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

use crate::authentication::{self, Authenticator, RequestHeaders};
use crate::clock::Ambient;
use crate::config::Config;
use crate::exchange::redaction::APPROVERS;
use crate::ledger::redaction::Voice;

/// The two whose tokens are in the files.
pub(super) fn two_voices(files: &[PathBuf], config: &Config, ambient: &Ambient) -> anyhow::Result<[Voice; 2]> {
    authentication::install_crypto_backend();
    let authenticator = Authenticator::new(config.issuers.clone(), ambient.clone()).map_err(|faults| {
        anyhow::Error::msg(faults.0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
    })?;
    let voices: Vec<Voice> = files.iter().map(|file| voice(file, &authenticator)).collect::<Result<_, _>>()?;
    <[Voice; 2]>::try_from(voices).or_else(|_| bail!("`--approval` is wanted twice: two persons of two roles"))
}

fn voice(file: &Path, authenticator: &Authenticator) -> anyhow::Result<Voice> {
    let token = std::fs::read_to_string(file).with_context(|| format!("`{}` cannot be read", file.display()))?;
    let header = format!("Bearer {}", token.trim());
    let headers = RequestHeaders { authorization: vec![header.as_bytes()], ..RequestHeaders::default() };
    let caller = match authenticator.authenticate(&headers) {
        Ok(caller) => caller,
        Err(refusal) => bail!("the token in `{}` is refused: {refusal}", file.display()),
    };
    let Some(person) = caller.person().filter(|_| APPROVERS.contains(&caller.role())) else {
        let roles: Vec<&str> = APPROVERS.iter().map(|role| role.name()).collect();
        let (file, role, roles) = (file.display(), caller.role(), roles.join(", "));
        bail!("the token in `{file}` is of the role {role}; one of {roles} is wanted");
    };
    Ok(Voice { person, role: caller.role() })
}
