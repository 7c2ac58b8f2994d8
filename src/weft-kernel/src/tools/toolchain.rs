//! The compiler that is there, without rustup in between.

use std::ffi::OsString;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::own;

/// Where the real programs are.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct Toolchain {
    /// What `rustc -vV` says: a template is for one of these.
    pub(crate) version: String,
    pub(crate) sysroot: PathBuf,
    pub(crate) rustc: PathBuf,
    pub(crate) cargo: PathBuf,
}

impl Toolchain {
    /// The one that the reader's environment names.
    pub(crate) fn find() -> std::io::Result<Toolchain> {
        let ask = |arguments: &[&str]| {
            let output = own("rustc")
                .args(arguments)
                .output()
                .map_err(|error| std::io::Error::new(error.kind(), format!("cannot run rustc: {error}")))?;
            Ok::<_, std::io::Error>(String::from_utf8_lossy(&output.stdout).trim().to_owned())
        };
        let version = ask(&["-vV"])?;
        let sysroot = PathBuf::from(ask(&["--print", "sysroot"])?);
        let program = |name: &str| {
            let own = sysroot.join("bin").join(name);
            if own.is_file() { own } else { PathBuf::from(name) }
        };
        Ok(Toolchain {
            version,
            rustc: program("rustc"),
            cargo: program("cargo"),
            sysroot,
        })
    }

    /// The triple of this machine.
    fn host(&self) -> &str {
        let line = self.version.lines().find_map(|line| line.strip_prefix("host: "));
        line.unwrap_or_default()
    }

    /// What `LD_LIBRARY_PATH` must be for a process that loads cells: their standard library is the toolchain's,
    /// wherever the loader would look by itself.
    pub(crate) fn library_path(&self) -> OsString {
        let own = std::env::var_os("LD_LIBRARY_PATH").unwrap_or_default();
        let libraries = self.sysroot.join("lib/rustlib").join(self.host()).join("lib");
        let paths = std::iter::once(libraries).chain(std::env::split_paths(&own));
        std::env::join_paths(paths).unwrap_or(own)
    }
}
