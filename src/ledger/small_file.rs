//! Small files that are replaced whole: a reader finds the old one or the new one, after a loss of power too.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

/// Puts `text` in place of the file: written beside it, synced, renamed, and the folder synced.
pub fn replace(path: &Path, text: &str) -> io::Result<()> {
    let mut part = path.as_os_str().to_owned();
    part.push(".part");
    let mut file = File::create(&part)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&part, path)?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()
}
