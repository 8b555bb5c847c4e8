//! Small files that are replaced whole: a reader finds the old one or the new one, after a loss of power too.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

/// Puts `text` in place of the file: written beside it, synced, renamed, and the folder synced. The folder is locked meanwhile
/// (`flock`), because several gateways may keep one file together, and each writes beside it under the same name.
pub fn replace(path: &Path, text: &str) -> io::Result<()> {
    let mut part = path.as_os_str().to_owned();
    part.push(".part");
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let folder = File::open(folder)?;
    match folder.lock() {
        // Where a file system knows no locks, one gateway alone may keep its files.
        Err(error) if error.kind() == io::ErrorKind::Unsupported => {}
        locked => locked?,
    }
    let mut file = File::create(&part)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&part, path)?;
    folder.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_who_replace_one_file_at_once_all_succeed_and_leave_a_whole_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("note");
        let text = |writer: usize| format!("{writer}").repeat(1 + writer * 1_000);
        std::thread::scope(|scope| {
            for writer in 0..8 {
                let path = &path;
                scope.spawn(move || {
                    for _ in 0..20 {
                        replace(path, &text(writer)).unwrap();
                        let found = fs::read_to_string(path).unwrap();
                        assert!((0..8).any(|writer| found == text(writer)), "torn: {} bytes", found.len());
                    }
                });
            }
        });
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing lies beside it");
    }
}
