//! The folder that a session works in.

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::PoisonError;

use super::{Failure, Options};
use crate::sys;

/// The variable through which evcxr learns its folder.
const EVCXR_FOLDER: &str = "EVCXR_TMPDIR";

/// Whether a session of this process is in its folder.
static TAKEN: Mutex<bool> = Mutex::new(false);

/// Chooses the folder of this process's session. While the process has one thread: evcxr looks for it in the
/// environment.
pub(crate) fn choose() {
    let name = format!("weft-kernel-{}-{:08x}", std::process::id(), fastrand::u32(..));
    let folder = std::env::temp_dir().join(name).join("cells");
    sys::set_env(EVCXR_FOLDER, Some(folder.as_os_str()));
}

/// A session's folder: sockets, and evcxr's own folder in it. Dropped, it is removed.
#[derive(Debug)]
pub(super) struct Place {
    folder: PathBuf,
    has_std_source: bool,
}

impl Place {
    /// Makes the folder.
    pub(super) fn prepare(options: &Options) -> Result<Place, Failure> {
        let cells = std::env::var_os(EVCXR_FOLDER).map(PathBuf::from);
        let Some(folder) = cells.as_deref().and_then(Path::parent) else {
            return Err(Failure::new(
                "Start",
                "weft_kernel::entry() was not called first thing in main",
            ));
        };
        let mut taken = TAKEN.lock().unwrap_or_else(PoisonError::into_inner);
        if *taken {
            return Err(Failure::new("Start", "a process can have one session at a time"));
        }
        let made = make_private(folder).and_then(|()| std::fs::create_dir_all(folder.join("cells")));
        made.map_err(|error| Failure::new("Start", format!("cannot make {}: {error}", folder.display())))?;
        *taken = true;
        let _ = options;
        Ok(Place {
            folder: folder.to_owned(),
            has_std_source: has_std_source(),
        })
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Gives evcxr the prebuilt crates.
    pub(super) fn preload<T>(&self, _state: &mut T) -> Result<(), evcxr::Error> {
        Ok(())
    }

    /// The code without `:dep` lines of crates that are there already.
    pub(super) fn without_preloaded(&self, code: &str) -> String {
        code.to_owned()
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

fn make_private(folder: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    let _left_behind = std::fs::remove_dir_all(folder);
    std::fs::DirBuilder::new().mode(0o700).create(folder)
}

/// Whether rust-analyzer finds the standard library's source.
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
