//! The policy folder as read from disk: `*.cedar`, the schema, the purposes. Reads every file once.

use std::path::Path;

use sha2::{Digest, Sha256};

use super::PolicyFault;

/// The schema's file name.
pub(super) const SCHEMA: &str = "chengxin.cedarschema";
/// The purposes' file name.
pub(super) const PURPOSES: &str = "purposes.toml";
/// No policy file is that large; a larger one is a mistake, not a policy.
const FILE_SIZE_BYTES_MAX: u64 = 1 << 20;

/// The files of one policy folder.
#[derive(Clone, Debug)]
pub(super) struct Folder {
    /// `*.cedar`, in the order of their names: name and text.
    pub(super) policies: Vec<(String, String)>,
    /// The text of the schema.
    pub(super) schema: String,
    /// The text of the purposes.
    pub(super) purposes: String,
}

impl Folder {
    /// Reads `dir`, or tells everything that is missing from it.
    pub(super) fn read(dir: &Path) -> Result<Self, Vec<PolicyFault>> {
        let mut faults = Vec::new();
        let mut policies = Vec::new();
        for name in policy_names(dir).unwrap_or_else(|fault| {
            faults.push(fault);
            Vec::new()
        }) {
            let text = read(dir, &name, &mut faults);
            policies.push((name, text));
        }
        if policies.is_empty() && faults.is_empty() {
            faults.push(PolicyFault::of_file(&dir.display().to_string(), "no `*.cedar` file"));
        }
        let schema = read(dir, SCHEMA, &mut faults);
        let purposes = read(dir, PURPOSES, &mut faults);
        if faults.is_empty() { Ok(Self { policies, schema, purposes }) } else { Err(faults) }
    }

    /// SHA-256 over the files in the order of their names: for each u64be length and bytes of name and text.
    pub(super) fn hash(&self) -> [u8; 32] {
        let mut files: Vec<(&str, &str)> = self.policies.iter().map(|(name, text)| (&**name, &**text)).collect();
        files.extend([(SCHEMA, &*self.schema), (PURPOSES, &*self.purposes)]);
        files.sort_unstable();
        let mut hasher = Sha256::new();
        for part in files.into_iter().flat_map(|(name, text)| [name, text]) {
            hasher.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            hasher.update(part.as_bytes());
        }
        hasher.finalize().into()
    }
}

/// SHA-256 over the files that are read at start alone, so all but Cedar's, the purposes and the catalogue: what is reviewed, what
/// is found, what must be checked, limits, retention, departments, calendar, rule packs. In the order of their paths, each
/// with the lengths of path and bytes before them (u64be).
pub fn hash_of_rules(dir: &Path) -> std::io::Result<[u8; 32]> {
    let mut hasher = Sha256::new();
    for name in rule_names(dir)? {
        let bytes = std::fs::read(dir.join(&name))?;
        for part in [name.as_bytes(), &bytes] {
            hasher.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            hasher.update(part);
        }
    }
    Ok(hasher.finalize().into())
}

/// `*.toml` in the folder and in `rules/`, as paths with `/`, sorted.
fn rule_names(dir: &Path) -> std::io::Result<Vec<String>> {
    let mut names = Vec::new();
    for (folder, prefix) in [(dir.to_owned(), ""), (dir.join("rules"), "rules/")] {
        for entry in std::fs::read_dir(folder)? {
            let name = entry?.file_name().to_string_lossy().into_owned();
            if Path::new(&name).extension().is_some_and(|extension| extension == "toml") && name != PURPOSES {
                names.push(format!("{prefix}{name}"));
            }
        }
    }
    names.sort_unstable();
    Ok(names)
}

fn policy_names(dir: &Path) -> Result<Vec<String>, PolicyFault> {
    let fault = |error: std::io::Error| PolicyFault::of_file(&dir.display().to_string(), error.to_string());
    let mut names = Vec::new();
    for entry in std::fs::read_dir(dir).map_err(fault)? {
        let name = entry.map_err(fault)?.file_name();
        if Path::new(&name).extension().is_some_and(|extension| extension == "cedar") {
            names.push(name.to_string_lossy().into_owned());
        }
    }
    names.sort_unstable();
    Ok(names)
}

fn read(dir: &Path, name: &str, faults: &mut Vec<PolicyFault>) -> String {
    let path = dir.join(name);
    let text = std::fs::metadata(&path).and_then(|metadata| {
        if metadata.len() > FILE_SIZE_BYTES_MAX {
            return Err(std::io::Error::other("larger than one mebibyte"));
        }
        std::fs::read_to_string(&path)
    });
    text.unwrap_or_else(|error| {
        faults.push(PolicyFault::of_file(name, error.to_string()));
        String::new()
    })
}
