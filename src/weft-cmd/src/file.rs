//! Files that are written whole or not at all.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Writes a file whole or not at all: into a new file of the same folder, which then takes the name.
///
/// What is there and no regular file (a pipe, `/dev/stderr`) is written to as it is, for it must not be replaced.
pub(crate) fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    match fs::metadata(path) {
        Ok(found) if found.is_dir() => Err(io::ErrorKind::IsADirectory.into()),
        Ok(found) if !found.is_file() => OpenOptions::new().write(true).open(path)?.write_all(bytes),
        // A link stays a link; what it leads to is replaced.
        Ok(_) => replace(&fs::canonicalize(path)?, bytes),
        Err(_) => replace(path, bytes),
    }
}

fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = folder_of(path);
    let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?;
    let part = folder.join(format!(".{}.{}.part", name.to_string_lossy(), std::process::id()));
    let written = write_new(&part, bytes).and_then(|()| fs::rename(&part, path));
    if written.is_err() {
        let _was_not_made = fs::remove_file(&part);
        return written;
    }
    // The name itself is on the disk only when the folder is. Some file systems can't do that, and need not.
    let _synced = File::open(&folder).and_then(|folder| folder.sync_all());
    Ok(())
}

fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::create_new(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// The folder in which a file stands or will stand.
pub(crate) fn folder_of(path: &Path) -> PathBuf {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => PathBuf::from("."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect()
    }

    #[test]
    fn a_file_is_replaced_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.json");
        write_whole(&path, b"old").unwrap();
        write_whole(&path, b"new").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert_eq!(names(folder.path()), ["a.json"]);
    }

    #[test]
    fn a_link_stays_a_link() {
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("file"), folder.path().join("link"));
        fs::write(&file, "old").unwrap();
        std::os::unix::fs::symlink(&file, &link).unwrap();
        write_whole(&link, b"new").unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read(&file).unwrap(), b"new");
    }

    #[test]
    fn what_fails_leaves_nothing_and_the_old_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("taken");
        fs::create_dir(&path).unwrap();
        assert_eq!(
            write_whole(&path, b"new").unwrap_err().kind(),
            io::ErrorKind::IsADirectory
        );
        assert!(write_whole(&folder.path().join("no/such/folder"), b"new").is_err());
        assert_eq!(names(folder.path()), ["taken"]);
    }

    #[test]
    fn a_device_is_written_to_and_not_replaced() {
        use std::os::unix::fs::FileTypeExt;
        let full = Path::new("/dev/full");
        assert_eq!(
            write_whole(full, b"new").unwrap_err().kind(),
            io::ErrorKind::StorageFull
        );
        assert!(fs::metadata(full).unwrap().file_type().is_char_device());
        write_whole(Path::new("/dev/null"), b"new").unwrap();
    }
}
