//! `chengxin token`: signs a token with an issuer's private key, for development and for trying things out.
//!
//! Deliberately absent: any use of a city's identity provider. Its keys do not lie in a folder.

use std::path::PathBuf;

use clap::Args;
use strum::IntoEnumIterator;
use zeroize::Zeroizing;

use crate::authentication::demo::{DEMO_AUDIENCE, DEMO_ISSUER, PRIVATE_KEY_FILE};
use crate::authentication::signer::TokenLife;
use crate::authentication::{ClaimNames, SigningFault, TokenClaims, TokenSigner};
use crate::clock::Ambient;
use crate::domain::Role;

/// The longest life of a token signed here, in seconds: a day.
const SECONDS_MAX: i64 = 24 * 3600;

/// Sign a token for development with an issuer's private key.
#[derive(Args, Clone, Debug)]
#[command(
    after_help = "Example:\n  chengxin token --folder /tmp/demo/issuer --role DEPARTMENT --department AMR --actor officer-7"
)]
pub struct TokenArgs {
    /// The folder of a demo: its `issuer-key.pem` signs
    #[arg(long, value_name = "DIR", required_unless_present = "key", conflicts_with = "key")]
    pub folder: Option<PathBuf>,
    /// A private key in PKCS #8 PEM
    #[arg(long, value_name = "FILE")]
    pub key: Option<PathBuf>,
    /// The `kid` of the key; its RFC 7638 thumbprint by default
    #[arg(long, value_name = "KID")]
    pub key_id: Option<String>,
    /// The token's `iss`
    #[arg(long, default_value = DEMO_ISSUER)]
    pub issuer: String,
    /// The token's `aud`
    #[arg(long, default_value = DEMO_AUDIENCE)]
    pub audience: String,
    /// The role, such as DEPARTMENT, COORDINATOR, GRANTEE, SUBJECT, AUDITOR
    #[arg(long, value_parser = parse_role)]
    pub role: Role,
    /// The natural person or system that asks (`sub`), by an opaque id
    #[arg(long, default_value = "developer")]
    pub actor: String,
    /// The client
    #[arg(long)]
    pub client: Option<String>,
    /// The id of the partner department, such as AMR
    #[arg(long, required_if_eq_any = [("role", "DEPARTMENT"), ("role", "COORDINATOR")])]
    pub department: Option<String>,
    /// The officer reviews the department's queries
    #[arg(long)]
    pub supervisor: bool,
    /// The code of a grantee
    #[arg(long, required_if_eq("role", "GRANTEE"))]
    pub organization: Option<String>,
    /// Whose own view it is: uscc:CODE or person:UUID
    #[arg(long, required_if_eq("role", "SUBJECT"))]
    pub subject: Option<String>,
    /// How long the token lives
    #[arg(long, value_name = "SECONDS", default_value_t = 3600,
          value_parser = clap::value_parser!(u32).range(1..=SECONDS_MAX))]
    pub ttl: u32,
}

/// A token could not be made.
#[derive(Debug, thiserror::Error)]
pub enum TokenFault {
    /// The key file could not be read.
    #[error("`{path}`: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The key does not sign.
    #[error(transparent)]
    Signing(#[from] SigningFault),
}

/// The signed token, for the caller to print.
pub fn sign_token(arguments: &TokenArgs, ambient: &Ambient) -> Result<String, TokenFault> {
    let in_folder = arguments.folder.as_ref().map(|folder| folder.join(PRIVATE_KEY_FILE));
    let path = arguments.key.clone().or(in_folder).unwrap_or_else(|| PathBuf::from(PRIVATE_KEY_FILE));
    let pem = std::fs::read(&path).map(Zeroizing::new).map_err(|source| TokenFault::File { path, source })?;
    let mut signer = TokenSigner::from_pem(&pem)?;
    if let Some(key_id) = &arguments.key_id {
        signer = signer.with_key_id(key_id);
    }
    let claims = TokenClaims {
        role: arguments.role,
        actor: arguments.actor.clone(),
        client: arguments.client.clone(),
        department: arguments.department.clone(),
        supervisor: arguments.supervisor,
        organization: arguments.organization.clone(),
        subject: arguments.subject.clone(),
    };
    let life = TokenLife::from_now(&arguments.issuer, &arguments.audience, arguments.ttl, ambient);
    Ok(signer.issue(&claims, &ClaimNames::default(), &life)?)
}

fn parse_role(text: &str) -> Result<Role, String> {
    super::among(text, Role::iter().filter(|role| *role != Role::Public))
}
