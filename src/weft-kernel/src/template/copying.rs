//! Copying a built folder for a session.

use std::fs;
use std::io;
use std::path::Path;

/// A smaller file is copied: cargo writes over small ones in place, and a template must stay as it is.
const LINKED_FROM: u64 = 64 << 10;

/// Copies a folder. Large files, which compilers replace and never write over, are hard links where that is possible.
pub(super) fn copy(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let name = entry.file_name();
        // The template's own last cell is nobody's.
        let is_own = name
            .to_str()
            .is_some_and(|name| name.starts_with("libcode_") || name == "incremental");
        if is_own {
            continue;
        }
        let (source, target) = (entry.path(), to.join(&name));
        let about = entry.metadata()?;
        if about.is_dir() {
            copy(&source, &target)?;
        } else if about.len() < LINKED_FROM || fs::hard_link(&source, &target).is_err() {
            fs::copy(&source, &target)?;
            // What is newer than its inputs counts as built.
            let times = fs::FileTimes::new().set_modified(about.modified()?);
            fs::File::options().write(true).open(&target)?.set_times(times)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::MetadataExt;

    #[test]
    fn large_files_are_links_and_small_ones_keep_their_time() {
        let place = tempfile::tempdir().unwrap();
        let (from, to) = (place.path().join("a"), place.path().join("b"));
        fs::create_dir_all(from.join("deep")).unwrap();
        fs::write(from.join("deep/large"), vec![0; 100 << 10]).unwrap();
        fs::write(from.join("small"), "x").unwrap();
        fs::write(from.join("libcode_3.so"), "x").unwrap();
        copy(&from, &to).unwrap();
        assert_eq!(fs::metadata(to.join("deep/large")).unwrap().nlink(), 2);
        let small = fs::metadata(to.join("small")).unwrap();
        assert_eq!(small.nlink(), 1);
        assert_eq!(
            small.modified().unwrap(),
            fs::metadata(from.join("small")).unwrap().modified().unwrap()
        );
        assert!(!to.join("libcode_3.so").exists());
    }
}
