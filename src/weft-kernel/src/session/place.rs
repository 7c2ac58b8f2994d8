//! The folder that a session works in.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::PoisonError;

use super::{Failure, Options};
use crate::sys;
use crate::template::{self, Template};
use crate::tools::{self, Toolchain};

/// The variable through which evcxr learns its folder.
const EVCXR_FOLDER: &str = "EVCXR_TMPDIR";

/// The variable by which a sandbox says where sessions are.
const SESSIONS: &str = "WEFT_KERNEL_SESSIONS";

/// Locked by the session whose folder it is in.
const IN_USE: &str = "in-use";

/// A link to the folder with the session's sockets.
const SOCKETS: &str = "sockets";

/// What the names of such folders begin with.
const SOCKETS_PREFIX: &str = "weft-kernel-";

/// Whether a session of this process is in its folder.
static TAKEN: Mutex<bool> = Mutex::new(false);

/// Chooses the folder of this process's session. While the process has one thread: evcxr looks for it in the
/// environment.
///
/// Beside the templates, so that files of them can be linked; only the sockets, whose names must be short, are elsewhere.
pub(crate) fn choose() {
    let name = format!("{}-{:08x}", std::process::id(), fastrand::u32(..));
    let beside = || {
        template::default_folder()
            .unwrap_or_else(std::env::temp_dir)
            .join("sessions")
    };
    // In a sandbox the templates' folder is not to be written to.
    let sessions = std::env::var_os(SESSIONS).map_or_else(beside, PathBuf::from);
    for (name, value) in template::environment(&sessions.join(name)) {
        sys::set_env(name, value.as_deref());
    }
}

/// A session's folders: one for sockets, and one for evcxr. Dropped, they are removed.
#[derive(Debug)]
pub(super) struct Place {
    sockets: tempfile::TempDir,
    folder: PathBuf,
    is_preloaded: bool,
    has_std_source: bool,
    pub(super) toolchain: Toolchain,
    /// Nobody removes it while the session reads it.
    _template: Option<Template>,
    /// Locked while the session is there.
    _in_use: File,
    /// What a reader should know, once.
    pub(super) note: Option<String>,
}

impl Place {
    /// Makes the folders, with the prebuilt crates in them.
    pub(super) fn prepare(options: &Options) -> Result<Place, Failure> {
        let cells = std::env::var_os(EVCXR_FOLDER).map(PathBuf::from);
        let Some(folder) = cells.as_deref().and_then(Path::parent) else {
            return Err(Failure::new(
                "Start",
                "weft_kernel::entry() was not called first thing in main",
            ));
        };
        let failed =
            |error: std::io::Error| Failure::new("Start", format!("cannot prepare {}: {error}", folder.display()));
        let mut taken = TAKEN.lock().unwrap_or_else(PoisonError::into_inner);
        if *taken {
            return Err(Failure::new("Start", "a process can have one session at a time"));
        }
        make_private(folder).map_err(failed)?;
        let in_use = mark_in_use(folder).map_err(failed)?;
        remove_abandoned(folder);
        // A sandbox's guard empties the folder for what is temporary when cells have filled it.
        let beside = std::env::var_os(SESSIONS).map_or_else(std::env::temp_dir, PathBuf::from);
        let sockets = tempfile::Builder::new()
            .prefix(SOCKETS_PREFIX)
            .tempdir_in(beside)
            .map_err(failed)?;
        std::os::unix::fs::symlink(sockets.path(), folder.join(SOCKETS)).map_err(failed)?;
        let (template, note) = match &options.templates {
            Some(templates) => template_in(templates),
            None => (None, None),
        };
        let toolchain = match &template {
            Some(template) => template.copy_to(folder).map(|()| template.toolchain().clone()),
            None => template::without(folder),
        }
        .map_err(failed)?;
        *taken = true;
        Ok(Place {
            sockets,
            folder: folder.to_owned(),
            is_preloaded: template.is_some(),
            has_std_source: tools::std_source(&toolchain).is_some(),
            toolchain,
            _template: template,
            _in_use: in_use,
            note,
        })
    }

    /// Where the sockets are.
    pub(super) fn sockets(&self) -> &Path {
        self.sockets.path()
    }

    /// Lets rust-analyzer find the crates and the standard library's source when it looks next.
    pub(super) fn show_crates(&self) -> std::io::Result<()> {
        tools::show_crates(&self.folder, &self.toolchain)
    }

    /// Heeds evcxr's commands by which a reader chooses the form of values.
    pub(super) fn heed(&self, code: &str) {
        let mut lines = code.lines().map(str::trim_start);
        if lines.any(|line| line.starts_with(":fmt") || line.starts_with(":types")) {
            tools::values_in_a_chosen_form(&self.folder);
        }
    }

    /// The code without `:dep` lines of crates that are there already; all else stays on its line.
    pub(super) fn without_preloaded(&self, code: &str) -> String {
        if !self.is_preloaded || !code.contains(":dep") {
            return code.to_owned();
        }
        let kept = |line| if template::is_preloaded(line) { "" } else { line };
        code.split('\n').map(kept).collect::<Vec<_>>().join("\n")
    }

    /// Says what is missing, where evcxr only says what it cannot do.
    pub(super) fn explained(&self, failure: Failure) -> Failure {
        if self.has_std_source || !failure.evalue.contains("determine type") {
            return failure;
        }
        let hint = "types of variables are found with the standard library's source, which is not installed: \
                    run `rustup component add rust-src` and restart the kernel, or write the type";
        Failure::new(failure.ename, format!("{}\n{hint}", failure.evalue.trim_end()))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _best = std::fs::remove_dir_all(&self.folder);
        *TAKEN.lock().unwrap_or_else(PoisonError::into_inner) = false;
    }
}

/// The template of this compiler. One that was made with another is made anew; where none was made, none is wanted.
fn template_in(templates: &Path) -> (Option<Template>, Option<String>) {
    let found = match template::find(templates) {
        Ok(Some(template)) => return (Some(template), None),
        Ok(None) if template::any_in(templates) => template::prepare(templates),
        Ok(None) => {
            let note = "weft-lab is not preloaded: `weft-kernel install` builds it once";
            return (None, Some(note.to_owned()));
        }
        Err(error) => Err(error),
    };
    match found {
        Ok(template) => {
            let note = "the compiler or weft-lab has changed, so weft-lab was built anew for this notebook";
            (Some(template), Some(note.to_owned()))
        }
        Err(error) => (None, Some(format!("weft-lab is not preloaded: {error}"))),
    }
}

/// Removes the folders of sessions whose kernels were killed.
fn remove_abandoned(own: &Path) {
    let sessions = own.parent().and_then(|folder| std::fs::read_dir(folder).ok());
    for entry in sessions.into_iter().flatten().flatten() {
        let lock = File::open(entry.path().join(IN_USE));
        // A folder without a lock may be one that is being made.
        if entry.path() != own && lock.is_ok_and(|lock| lock.try_lock().is_ok()) {
            if let Ok(sockets) = std::fs::read_link(entry.path().join(SOCKETS)) {
                remove_sockets(&sockets);
            }
            let _best = std::fs::remove_dir_all(entry.path());
        }
    }
}

/// Removes a folder of sockets, and nothing else: a cell may have changed where the link points.
fn remove_sockets(folder: &Path) {
    use std::os::unix::fs::FileTypeExt;
    let is_ours = |name: &std::ffi::OsStr| name.as_encoded_bytes().starts_with(SOCKETS_PREFIX.as_bytes());
    if !folder.file_name().is_some_and(is_ours) {
        return;
    }
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_socket()) {
            let _best = std::fs::remove_file(entry.path());
        }
    }
    let _best = std::fs::remove_dir(folder);
}

/// Gives the lock. Under its name the file is never seen without it: another kernel that starts would remove the folder.
fn mark_in_use(folder: &Path) -> std::io::Result<File> {
    let unlocked = folder.join("unlocked");
    let in_use = File::create(&unlocked)?;
    in_use.lock()?;
    std::fs::rename(unlocked, folder.join(IN_USE))?;
    Ok(in_use)
}

fn make_private(folder: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    let _left_behind = std::fs::remove_dir_all(folder);
    std::fs::DirBuilder::new().mode(0o700).recursive(true).create(folder)
}

/// Whether rust-analyzer finds the standard library's source.
#[must_use]
pub fn has_std_source() -> bool {
    Toolchain::find().is_ok_and(|toolchain| tools::std_source(&toolchain).is_some())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;
    use std::os::unix::net::UnixListener;

    use super::*;

    /// A session's folder, with a folder of sockets of this name; and whether both are there afterwards.
    fn abandoned(sockets: &str, locked: bool, more: Option<&str>) -> (bool, bool) {
        let scratch = tempfile::tempdir().unwrap();
        let sessions = scratch.path().join("sessions");
        let (session, own) = (sessions.join("killed"), sessions.join("own"));
        let sockets = scratch.path().join(sockets);
        for folder in [&session, &own, &sockets] {
            std::fs::create_dir_all(folder).unwrap();
        }
        let in_use = mark_in_use(&session).unwrap();
        if !locked {
            in_use.unlock().unwrap();
        }
        let _listener = UnixListener::bind(sockets.join("kernel")).unwrap();
        if let Some(name) = more {
            std::fs::write(sockets.join(name), "a reader's").unwrap();
        }
        symlink(&sockets, session.join(SOCKETS)).unwrap();
        remove_abandoned(&own);
        assert!(own.is_dir());
        assert!(more.is_none_or(|name| sockets.join(name).is_file()));
        (session.is_dir(), sockets.is_dir())
    }

    #[test]
    fn what_killed_kernels_left_is_removed_and_nothing_else() {
        assert_eq!(abandoned("weft-kernel-x", false, None), (false, false));
        assert_eq!(abandoned("weft-kernel-x", true, None), (true, true), "it is in use");
        assert_eq!(abandoned("home", false, None), (false, true), "it is no folder of ours");
        assert_eq!(abandoned("weft-kernel-x", false, Some("notes")), (false, true));
    }
}
