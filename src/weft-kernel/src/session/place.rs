//! The folder that a session works in.

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::PoisonError;

use super::{Failure, Options};
use crate::sys;
use crate::template::{self, Template};

/// The variable through which evcxr learns its folder.
const EVCXR_FOLDER: &str = "EVCXR_TMPDIR";

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
    let sessions = std::env::var_os("WEFT_KERNEL_SESSIONS").map_or_else(beside, PathBuf::from);
    sys::set_env(EVCXR_FOLDER, Some(sessions.join(name).join("cells").as_os_str()));
    // A cell is compiled once, so what would make the second time quicker only costs.
    sys::set_env("CARGO_INCREMENTAL", Some("0".as_ref()));
}

/// A session's folders: one for sockets, and one for evcxr. Dropped, they are removed.
#[derive(Debug)]
pub(super) struct Place {
    sockets: tempfile::TempDir,
    folder: PathBuf,
    template: Option<Template>,
    has_std_source: bool,
    /// What a reader should know, once.
    pub(super) note: Option<String>,
}

impl Place {
    /// Makes the folders, with the prebuilt crates in them.
    pub(super) fn prepare(options: &Options) -> Result<Place, Failure> {
        let cells = std::env::var_os(EVCXR_FOLDER).map(PathBuf::from);
        let Some((cells, folder)) = cells.as_deref().and_then(|cells| Some((cells, cells.parent()?))) else {
            return Err(Failure::new(
                "Start",
                "weft_kernel::entry() was not called first thing in main",
            ));
        };
        let failed =
            |error: std::io::Error| Failure::new("Start", format!("cannot make {}: {error}", folder.display()));
        let mut taken = TAKEN.lock().unwrap_or_else(PoisonError::into_inner);
        if *taken {
            return Err(Failure::new("Start", "a process can have one session at a time"));
        }
        make_private(folder).map_err(failed)?;
        let sockets = tempfile::Builder::new()
            .prefix("weft-kernel-")
            .tempdir()
            .map_err(failed)?;
        let (template, note) = match &options.templates {
            Some(templates) => template_in(templates),
            None => (None, None),
        };
        match &template {
            Some(template) => template.copy_to(cells),
            None => std::fs::create_dir_all(cells).and_then(|()| template::write_config(folder)),
        }
        .map_err(failed)?;
        *taken = true;
        Ok(Place {
            sockets,
            folder: folder.to_owned(),
            template,
            has_std_source: has_std_source(),
            note,
        })
    }

    /// Where the sockets are.
    pub(super) fn sockets(&self) -> &Path {
        self.sockets.path()
    }

    /// What evcxr is to depend on, so that the prebuilt crates are found.
    pub(super) fn dependency(&self) -> Option<(String, String)> {
        self.template.as_ref().map(Template::dependency)
    }

    /// The code without `:dep` lines of crates that are there already; all else stays on its line.
    pub(super) fn without_preloaded(&self, code: &str) -> String {
        if self.template.is_none() || !code.contains(":dep") {
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

fn make_private(folder: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    let _left_behind = std::fs::remove_dir_all(folder);
    std::fs::DirBuilder::new().mode(0o700).recursive(true).create(folder)
}

/// Where the toolchain's own libraries are.
pub(super) fn libraries() -> Option<PathBuf> {
    let output = std::process::Command::new("rustc")
        .args(["--print", "target-libdir"])
        .output()
        .ok()?;
    let path = String::from_utf8(output.stdout).ok()?;
    Some(PathBuf::from(path.trim())).filter(|path| path.is_dir())
}

/// Whether rust-analyzer finds the standard library's source.
#[must_use]
pub fn has_std_source() -> bool {
    if let Some(path) = std::env::var_os("RUST_SRC_PATH") {
        return Path::new(&path).join("core").is_dir();
    }
    let sysroot = std::process::Command::new("rustc")
        .args(["--print", "sysroot"])
        .output();
    sysroot.is_ok_and(|output| {
        let sysroot = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        Path::new(&sysroot).join("lib/rustlib/src/rust/library/core").is_dir()
    })
}
