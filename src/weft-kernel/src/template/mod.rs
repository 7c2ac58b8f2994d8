//! `weft-lab` and `plotters`, built once as evcxr would build them, so that each session finds them ready.
//!
//! A template is a folder named by what it was built from and with. Evcxr itself builds it, in a process of its own,
//! so that what a session asks for is to the last flag what is there. A session gets a copy of evcxr's folder in it,
//! whose large files are hard links.

mod copying;
mod manifest;
mod requirement;

use std::collections::hash_map::DefaultHasher;
use std::ffi::OsString;
use std::fs::{self, File};
use std::hash::{Hash, Hasher};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

use evcxr::EvalContext;

use crate::session::HOOK;
use crate::sys;
use crate::tools::{self, Toolchain};
pub(crate) use manifest::dependencies;
pub(crate) use requirement::is_preloaded;

/// The source of `weft-lab`.
const SOURCES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/sources.rs"));
/// Written when a template is whole.
const READY: &str = "ready";
/// The variable that makes a process of this program build a template.
const BUILD: &str = "WEFT_BUILD_TEMPLATE";
/// How dependencies are compiled, beside the reader's cells, which are compiled for speed of compiling.
const CARGO_CONFIG: &str =
    "[profile.dev.package.\"*\"]\nopt-level = 1\ndebug-assertions = false\noverflow-checks = false\n";

/// Evcxr's own setting: cells are compiled for speed of compiling.
const EVCXR_CONFIG: &str = "[evcxr]\nopt_level = \"0\"\n";

/// Why there is no template.
#[derive(Debug, thiserror::Error)]
pub enum TemplateError {
    /// A file or folder.
    #[error("cannot write the template in {folder}")]
    Files {
        /// Which.
        folder: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// There is no compiler.
    #[error("cannot run `rustc -vV`; install Rust 1.90 or newer, with cargo")]
    NoCompiler(#[source] io::Error),
    /// The build failed; it said why on standard error.
    #[error("weft-lab could not be built for notebooks: {0}")]
    Build(String),
}

/// A template that is ready.
#[derive(Debug, Clone)]
pub struct Template {
    folder: PathBuf,
    toolchain: Toolchain,
    /// Locked while somebody may read the template, who needs it to the end.
    _in_use: Arc<File>,
}

/// Where templates are kept where nothing else is said: in the user's cache.
#[must_use]
pub fn default_folder() -> Option<PathBuf> {
    let absolute = |name: &str| {
        std::env::var_os(name)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    let cache = absolute("XDG_CACHE_HOME").or_else(|| absolute("HOME").map(|home| home.join(".cache")))?;
    Some(cache.join("weft-kernel"))
}

/// The template for the compiler that is there now, in the folder `templates`; `None` when it is not built.
///
/// # Errors
///
/// There is no compiler.
pub fn find(templates: &Path) -> Result<Option<Template>, TemplateError> {
    let toolchain = toolchain()?;
    let folder = templates.join(key(&toolchain));
    Ok(Template::used(folder, toolchain))
}

/// Whether a template was built in this folder, with whatever compiler.
pub(crate) fn any_in(templates: &Path) -> bool {
    let entries = fs::read_dir(templates).into_iter().flatten().flatten();
    entries.into_iter().any(|entry| entry.path().join(READY).exists())
}

/// Builds the template for the compiler that is there now, unless it is there; what is compiled is said on standard
/// error. Those of other compilers or versions are removed.
///
/// # Errors
///
/// See [`TemplateError`].
pub fn prepare(templates: &Path) -> Result<Template, TemplateError> {
    let toolchain = toolchain()?;
    let key = key(&toolchain);
    let folder = templates.join(&key);
    let files = |source| TemplateError::Files {
        folder: folder.clone(),
        source,
    };
    fs::create_dir_all(&folder).map_err(files)?;
    // Another process may be at it.
    let lock = File::create(templates.join("lock")).map_err(files)?;
    lock.lock().map_err(files)?;
    if !folder.join(READY).exists() {
        for half_built in ["cells", "answers", "builds", "commands"] {
            let _half_built = fs::remove_dir_all(folder.join(half_built));
        }
        write_sources(&folder).map_err(files)?;
        tools::furnish(&folder, Some(&folder), &toolchain, true).map_err(files)?;
        build(&folder, &toolchain)?;
        tools::build_store(&folder, &toolchain).map_err(files)?;
        fs::write(folder.join(READY), "").map_err(files)?;
        remove_others(templates, &key);
    }
    Template::used(folder.clone(), toolchain).ok_or_else(|| files(io::ErrorKind::NotFound.into()))
}

/// Does the work of [`prepare`] where this process was started for it; it then never returns.
pub(crate) fn entry() {
    if std::env::var_os(BUILD).is_none() {
        return;
    }
    if std::env::var_os("EVCXR_IS_RUNTIME").is_some() {
        // Evcxr's own child, in the process that builds.
        return;
    }
    // What every session begins with, in the same order, so that its builds are kept; then a cell that uses all.
    let built = EvalContext::new().and_then(|(mut context, _)| {
        context.eval(HOOK)?;
        context.eval("use weft_lab as _; use plotters as _; 1")
    });
    if let Err(error) = &built {
        use io::Write as _;
        let _closed = writeln!(io::stderr(), "{error}");
    }
    sys::exit_now(i32::from(built.is_err()));
}

impl Template {
    /// The template in this folder, if it is ready; nobody removes it while this is there.
    fn used(folder: PathBuf, toolchain: Toolchain) -> Option<Template> {
        let ready = File::open(folder.join(READY)).ok()?;
        ready.lock_shared().ok()?;
        Some(Template {
            folder,
            toolchain,
            _in_use: Arc::new(ready),
        })
    }

    /// Makes a session's folder one in which evcxr finds all built, and the stand-ins for its tools.
    pub(crate) fn copy_to(&self, session: &Path) -> io::Result<()> {
        copying::copy(&self.folder.join("cells"), &session.join("cells"))?;
        write_config(session)?;
        tools::furnish(session, Some(&self.folder), &self.toolchain, false)
    }

    /// The compiler that it was built with.
    pub(crate) fn toolchain(&self) -> &Toolchain {
        &self.toolchain
    }
}

/// Makes a session's folder one without a template, and gives the compiler that is there.
pub(crate) fn without(session: &Path) -> io::Result<Toolchain> {
    fs::create_dir_all(session.join("cells"))?;
    write_config(session)?;
    let toolchain = Toolchain::find()?;
    tools::furnish(session, None, &toolchain, false)?;
    Ok(toolchain)
}

/// Keeps the flags of dependencies the same, template or not, and those of cells from the first one on.
fn write_config(folder: &Path) -> io::Result<()> {
    for (kind, name, text) in [
        (".cargo", "config.toml", CARGO_CONFIG),
        ("evcxr", "evcxr.toml", EVCXR_CONFIG),
    ] {
        fs::create_dir_all(folder.join(kind))?;
        fs::write(folder.join(kind).join(name), text)?;
    }
    Ok(())
}

/// Changes of the environment by which evcxr works in `folder`.
pub(crate) fn environment(folder: &Path) -> Vec<(&'static str, Option<OsString>)> {
    let mut changes = tools::environment(folder);
    changes.push(("EVCXR_TMPDIR", Some(folder.join("cells").into())));
    changes.push(("EVCXR_CONFIG_DIR", Some(folder.join("evcxr").into())));
    // A cell is compiled once, so what would make the second time quicker only costs.
    changes.push(("CARGO_INCREMENTAL", Some("0".into())));
    changes
}

fn toolchain() -> Result<Toolchain, TemplateError> {
    Toolchain::find().map_err(TemplateError::NoCompiler)
}

/// What the template depends on: the compiler, our sources, how they are built.
fn key(toolchain: &Toolchain) -> String {
    let mut hasher = DefaultHasher::new();
    let ours = (SOURCES, HOOK, tools::STORE, manifest::text());
    (toolchain, ours, CARGO_CONFIG, EVCXR_CONFIG).hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

fn write_sources(folder: &Path) -> io::Result<()> {
    let lab = folder.join("weft-lab");
    for (name, text) in SOURCES {
        let file = lab.join(name);
        fs::create_dir_all(file.parent().unwrap_or(&lab))?;
        fs::write(file, text)?;
    }
    fs::write(lab.join("Cargo.toml"), manifest::text())?;
    let cells = folder.join("cells");
    fs::create_dir_all(&cells)?;
    fs::write(cells.join("Cargo.lock"), manifest::LOCK)?;
    write_config(folder)
}

fn build(folder: &Path, toolchain: &Toolchain) -> Result<(), TemplateError> {
    let failed = |error: io::Error| TemplateError::Build(error.to_string());
    let mut command = Command::new(std::env::current_exe().map_err(failed)?);
    tools::change(&mut command, environment(folder));
    let status = command
        .env(BUILD, "")
        .env("LD_LIBRARY_PATH", toolchain.library_path())
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .status()
        .map_err(failed)?;
    if status.success() {
        Ok(())
    } else {
        Err(TemplateError::Build(status.to_string()))
    }
}

/// Templates are large, so those that no session uses go.
fn remove_others(templates: &Path, key: &str) {
    for entry in fs::read_dir(templates).into_iter().flatten().flatten() {
        let is_other = entry.path().join("weft-lab").is_dir() && entry.file_name() != key;
        let ready = File::open(entry.path().join(READY));
        let is_used = ready.is_ok_and(|ready| ready.try_lock().is_err());
        if is_other && !is_used {
            let _best = fs::remove_dir_all(entry.path());
        }
    }
}
