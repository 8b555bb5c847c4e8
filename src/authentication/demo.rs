//! An issuer in a folder: a private key and the key set beside it. For the demo, for tests, for development.
//!
//! Not for a city: whoever reads the folder can be anybody.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use super::settings::{ClaimNames, IssuerSettings, KeyOrigin};
use super::signer::{SigningFault, TokenClaims, TokenLife, TokenSigner};
use crate::clock::Ambient;

/// The `iss` of its tokens.
pub const DEMO_ISSUER: &str = "urn:chengxin:demo-issuer";
/// The `aud` of its tokens.
pub const DEMO_AUDIENCE: &str = "urn:chengxin:demo";
/// The file with the private key, mode 0600.
pub const PRIVATE_KEY_FILE: &str = "issuer-key.pem";
/// The file with the key set.
pub const KEY_SET_FILE: &str = "issuer-keys.json";

/// The issuer's folder could not be made or read.
#[derive(Debug, thiserror::Error)]
pub enum DemoFault {
    /// A file could not be written or read; a key that is there already is never overwritten.
    #[error("`{path}`: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The key is none.
    #[error("`{path}`: {source}")]
    Key {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: SigningFault,
    },
}

/// The issuer of a demo.
#[derive(Debug)]
pub struct DemoIssuer {
    signer: TokenSigner,
    folder: PathBuf,
    ambient: Ambient,
}

impl DemoIssuer {
    /// Makes an Ed25519 key and writes `issuer-key.pem` (mode 0600) and `issuer-keys.json` into `folder`, which
    /// must exist. Refuses to overwrite a key.
    pub fn create(folder: &Path, ambient: Ambient) -> Result<Self, DemoFault> {
        let pem = TokenSigner::generate_pem(&ambient);
        let path = folder.join(PRIVATE_KEY_FILE);
        let signer =
            TokenSigner::from_pem(pem.as_bytes()).map_err(|source| DemoFault::Key { path: path.clone(), source })?;
        write_private(&path, pem.as_bytes()).map_err(|source| DemoFault::File { path, source })?;
        let issuer = Self { signer, folder: folder.to_owned(), ambient };
        issuer.publish()?;
        Ok(issuer)
    }

    /// Reads the key that `create` has written into `folder`.
    pub fn open(folder: &Path, ambient: Ambient) -> Result<Self, DemoFault> {
        let path = folder.join(PRIVATE_KEY_FILE);
        let pem = fs::read(&path).map_err(|source| DemoFault::File { path: path.clone(), source })?;
        let signer =
            TokenSigner::from_pem(&zeroize::Zeroizing::new(pem)).map_err(|source| DemoFault::Key { path, source })?;
        Ok(Self { signer, folder: folder.to_owned(), ambient })
    }

    /// What a gateway is told of this issuer.
    pub fn settings(&self) -> IssuerSettings {
        IssuerSettings {
            issuer: DEMO_ISSUER.to_owned(),
            audience: DEMO_AUDIENCE.to_owned(),
            keys: KeyOrigin::File(self.folder.join(KEY_SET_FILE)),
            algorithms: vec!["EdDSA".to_owned()],
            claims: ClaimNames::default(),
            role_values: std::collections::BTreeMap::new(),
            leeway_seconds: 0,
            token_type: None,
            certificate_authorities: None,
        }
    }

    /// A token for `claims` that lives `seconds` from now.
    pub fn issue(&self, claims: &TokenClaims, seconds: u32) -> Result<String, SigningFault> {
        let life = TokenLife::from_now(DEMO_ISSUER, DEMO_AUDIENCE, seconds, &self.ambient);
        self.signer.issue(claims, &ClaimNames::default(), &life)
    }

    /// The key, to sign whatever a test wants to see refused.
    pub fn signer(&self) -> &TokenSigner {
        &self.signer
    }

    fn publish(&self) -> Result<(), DemoFault> {
        let path = self.folder.join(KEY_SET_FILE);
        let text = format!("{:#}\n", TokenSigner::key_set([&self.signer]));
        fs::write(&path, text).map_err(|source| DemoFault::File { path, source })
    }
}

fn write_private(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}
