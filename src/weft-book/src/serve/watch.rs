//! Builds the book again when its source changes.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::time::Duration;
use std::{fs, io, thread};

use notify::event::{EventKind, ModifyKind};
use notify::{RecommendedWatcher, RecursiveMode, Watcher};

use super::fragments::with_causes;
use super::site::Site;
use crate::build::Build;

/// Editors write in several steps; the build waits until nothing has changed for so long.
const QUIET: Duration = Duration::from_millis(150);

/// But no longer than so many times that.
const PATIENCE: u32 = 10;

/// Makes the pages; why not, in words, where it can't.
pub(super) type Builder = Box<dyn FnMut() -> Result<Site, String> + Send>;

/// Builds the book of `root` for the live server, by way of a folder of its own within `scratch`.
pub(super) fn builder(root: PathBuf, scratch: PathBuf) -> Builder {
    let mut count = 0_u64;
    Box::new(move || {
        count += 1;
        let dest = scratch.join(count.to_string());
        let build = Build {
            root: root.clone(),
            dest: dest.clone(),
            live: true,
        };
        // A panic in the middle of a chapter must not end the server, which still has the old pages.
        let site = catch_unwind(AssertUnwindSafe(|| build.run()))
            .map_err(|_| "the build panicked".to_owned())
            .and_then(|result| result.map_err(|error| with_causes(&error)))
            .and_then(|()| Site::read(&dest).map_err(|error| format!("cannot read the built pages: {error}")));
        let _may_be_absent = fs::remove_dir_all(&dest);
        site
    })
}

/// At the end, so long is waited for a build that goes on.
const BUILD_END: Duration = Duration::from_millis(200);

/// The source is being watched, until this is dropped.
pub(super) struct Watch {
    wake: Sender<Wake>,
    /// Its other side lives as long as the thread.
    thread: Receiver<()>,
}

enum Wake {
    Changed,
    Stop,
}

impl Watch {
    /// Calls `changed` whenever the source below `root` has changed and is quiet again.
    pub(super) fn start(root: &Path, mut changed: impl FnMut() + Send + 'static) -> Result<Watch, WatchError> {
        let (wake, woken) = mpsc::channel();
        let mut eyes = Eyes::open(root, wake.clone())?;
        let (alive, thread) = mpsc::channel();
        thread::Builder::new().name("weft-watch".to_owned()).spawn(move || {
            let _alive = alive;
            while wait_for_change(&woken) {
                // Folders that are new, such as a lab's first recorded results.
                eyes.look_again();
                changed();
            }
        })?;
        Ok(Watch { wake, thread })
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let _has_ended_by_itself = self.wake.send(Wake::Stop);
        let _ended_or_slow = self.thread.recv_timeout(BUILD_END);
    }
}

/// Why changes are not noticed.
#[derive(Debug, thiserror::Error)]
#[error("the book's source can't be watched")]
pub(super) enum WatchError {
    /// The system's limit, or a missing folder.
    Notify(#[from] notify::Error),
    /// No thread.
    Thread(#[from] io::Error),
}

/// `false` when there is nothing more to wait for.
fn wait_for_change(woken: &Receiver<Wake>) -> bool {
    let Ok(Wake::Changed) = woken.recv() else {
        return false;
    };
    for _ in 0..PATIENCE {
        match woken.recv_timeout(QUIET) {
            Ok(Wake::Changed) => while let Ok(Wake::Changed) = woken.try_recv() {},
            Err(RecvTimeoutError::Timeout) => break,
            Ok(Wake::Stop) | Err(RecvTimeoutError::Disconnected) => return false,
        }
    }
    true
}

/// The watches that the system keeps for us.
struct Eyes {
    root: PathBuf,
    watcher: RecommendedWatcher,
    open: BTreeSet<PathBuf>,
}

impl Eyes {
    fn open(root: &Path, wake: Sender<Wake>) -> Result<Eyes, notify::Error> {
        // The system reports real paths; a link on the way must not make them look foreign.
        let root = fs::canonicalize(root).unwrap_or_else(|_| root.to_owned());
        let source = root.clone();
        let watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            // An error may hide a change, so it counts as one.
            if event.map_or(true, |event| concerns(&event, &source)) {
                let _server_ended = wake.send(Wake::Changed);
            }
        })?;
        let mut eyes = Eyes {
            root,
            watcher,
            open: BTreeSet::new(),
        };
        eyes.see(eyes.root.clone(), RecursiveMode::NonRecursive)?;
        eyes.see(eyes.root.join("book"), RecursiveMode::Recursive)?;
        eyes.look_again();
        Ok(eyes)
    }

    fn see(&mut self, path: PathBuf, mode: RecursiveMode) -> Result<(), notify::Error> {
        if !self.open.contains(&path) {
            self.watcher.watch(&path, mode)?;
            self.open.insert(path);
        }
        Ok(())
    }

    /// Only what is needed below `labs`: exercises may hold whole build folders.
    fn look_again(&mut self) {
        // A folder that was removed has lost its watch; made again, it needs a new one.
        self.open.retain(|path| path.exists());
        let labs = self.root.join("labs");
        let _absent = self.see(labs.clone(), RecursiveMode::NonRecursive);
        for lab in fs::read_dir(labs).into_iter().flatten().flatten() {
            if lab.file_type().is_ok_and(|kind| kind.is_dir()) {
                let _removed_meanwhile = self.see(lab.path(), RecursiveMode::NonRecursive);
                let _absent = self.see(lab.path().join("recorded"), RecursiveMode::NonRecursive);
            }
        }
    }
}

/// Is this a change of what the pages are made of?
fn concerns(event: &notify::Event, root: &Path) -> bool {
    let is_change = match event.kind {
        // The build itself reads the source.
        EventKind::Access(_) | EventKind::Modify(ModifyKind::Metadata(_)) => false,
        EventKind::Any | EventKind::Create(_) | EventKind::Modify(_) | EventKind::Remove(_) | EventKind::Other => true,
    };
    event.need_rescan() || (is_change && event.paths.iter().any(|path| is_source(path, root)))
}

fn is_source(path: &Path, root: &Path) -> bool {
    let Ok(below) = path.strip_prefix(root) else {
        return false;
    };
    let parts: Vec<&str> = below.iter().filter_map(|part| part.to_str()).collect();
    let is_editors_own = |name: &&str| name.starts_with('.') || name.ends_with('~');
    match parts.as_slice() {
        [.., name] if is_editors_own(name) => false,
        ["book", ..] | ["book.toml" | "labs"] | ["labs", _] | ["labs", _, "recorded", ..] => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(path: &str, expect: bool) {
        assert_eq!(is_source(&Path::new("/weft").join(path), Path::new("/weft")), expect);
    }

    #[test]
    fn knows_what_the_pages_are_made_of() {
        check("book/03-process-vs-thread.md", true);
        check("book/theme/weft.css", true);
        check("book/po/ko.po", true);
        check("book.toml", true);
        check("labs/03-process-vs-thread", true);
        check("labs/03-process-vs-thread/recorded/switch-cost.json", true);
        check("book/.03-process-vs-thread.md.swp", false);
        check("book/03-process-vs-thread.md~", false);
        check("labs/03-process-vs-thread/exercise/target/x", false);
        check("Cargo.toml", false);
        check("src/weft-book/src/lib.rs", false);
        check("target", false);
        assert!(!is_source(Path::new("/elsewhere/book/x.md"), Path::new("/weft")));
    }

    #[test]
    fn reading_is_no_change() {
        use notify::event::{AccessKind, CreateKind};
        let event = |kind| notify::Event::new(kind).add_path(PathBuf::from("/weft/book/x.md"));
        let root = Path::new("/weft");
        assert!(!concerns(&event(EventKind::Access(AccessKind::Read)), root));
        assert!(concerns(&event(EventKind::Create(CreateKind::File)), root));
    }

    #[test]
    fn several_changes_at_once_are_one_and_a_stop_is_a_stop() {
        let (wake, woken) = mpsc::channel();
        for _ in 0..5 {
            wake.send(Wake::Changed).unwrap();
        }
        assert!(wait_for_change(&woken));
        assert!(woken.try_recv().is_err());
        wake.send(Wake::Stop).unwrap();
        assert!(!wait_for_change(&woken));
    }
}
