//! Folders that only root may look into, opened for what a kernel needs in them.
//!
//! A kernel that root starts becomes another user, who could not reach a toolchain in root's home. In a mount namespace of the
//! kernel's own the closed folder is covered by an empty one, in which only what is needed stands at its usual place.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};

/// Opens the way to these paths, where it is closed to other users.
pub(super) fn open_ways(needed: &[PathBuf], home: &Path) -> std::io::Result<()> {
    let mut closed: BTreeMap<PathBuf, Vec<&PathBuf>> = BTreeMap::new();
    for path in needed {
        let above = path.ancestors().skip(1).filter(|above| is_closed(above)).last();
        if let Some(above) = above {
            closed.entry(above.to_owned()).or_default().push(path);
        }
    }
    if closed.is_empty() {
        return Ok(());
    }
    unshare(CloneFlags::CLONE_NEWNS)?;
    let nothing: Option<&str> = None;
    mount(nothing, "/", nothing, MsFlags::MS_PRIVATE | MsFlags::MS_REC, nothing)?;
    let stage = home.join("tmp/ways");
    for (cover, paths) in closed {
        let mut staged = Vec::new();
        for (number, path) in paths.into_iter().enumerate() {
            let place = stage.join(number.to_string());
            make_like(path, &place)?;
            mount(Some(path), &place, nothing, MsFlags::MS_BIND | MsFlags::MS_REC, nothing)?;
            staged.push((place, path));
        }
        mount(
            Some("tmpfs"),
            &cover,
            Some("tmpfs"),
            MsFlags::empty(),
            Some("mode=755,size=1m"),
        )?;
        for (place, path) in staged {
            make_like(&place, path)?;
            mount(Some(&place), path, nothing, MsFlags::MS_MOVE, nothing)?;
        }
    }
    Ok(())
}

fn is_closed(folder: &Path) -> bool {
    fs::metadata(folder).is_ok_and(|about| about.permissions().mode() & 0o001 == 0)
}

/// A folder or an empty file, to mount on.
fn make_like(model: &Path, place: &Path) -> std::io::Result<()> {
    if model.is_dir() {
        return fs::create_dir_all(place);
    }
    fs::create_dir_all(place.parent().unwrap_or(place))?;
    fs::File::create(place).map(drop)
}
