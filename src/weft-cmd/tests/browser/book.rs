//! A copy of the book with a record of its own, so that the tests don't depend on what is recorded.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tempfile::TempDir;

pub(crate) struct Book {
    root: TempDir,
}

/// What a built site and a server are made from must stay as long as they.
pub(crate) struct Site {
    _book: Book,
    folder: PathBuf,
}

pub(crate) struct Server {
    _book: Book,
    weft: Child,
    url: String,
}

fn weft(root: &Path) -> Command {
    let mut weft = Command::new(env!("CARGO_BIN_EXE_weft"));
    weft.current_dir(root)
        .env_remove("WEFT_ROOT")
        .env("XDG_DATA_HOME", root.join("data"))
        .stdin(Stdio::null());
    weft
}

fn succeed(command: &mut Command) {
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {said}");
}

impl Book {
    pub(crate) fn with_a_record() -> Book {
        let clone = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap();
        let root = tempfile::tempdir().unwrap();
        fs::copy(clone.join("book.toml"), root.path().join("book.toml")).unwrap();
        copy(&clone.join("book"), &root.path().join("book"));
        let recorded = root.path().join("labs/03-process-vs-thread/recorded");
        fs::create_dir_all(&recorded).unwrap();
        let json = recorded.join("creation-cost.json");
        succeed(
            weft(root.path())
                .args(["run", "creation-cost", "--quick", "--json"])
                .arg(json),
        );
        Book { root }
    }

    pub(crate) fn build(self) -> Site {
        let folder = self.root.path().join("site");
        succeed(weft(self.root.path()).args(["build", "--dest-dir"]).arg(&folder));
        Site { _book: self, folder }
    }

    /// A server on a free port.
    pub(crate) fn serve(self) -> Server {
        let mut weft = weft(self.root.path())
            .args(["serve", "--no-open"])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let printed = BufReader::new(weft.stdout.take().unwrap());
        let mut lines = printed.lines().map_while(Result::ok);
        let url = lines.find_map(|line| {
            let start = line.find("http://")?;
            line[start..].split_whitespace().next().map(str::to_owned)
        });
        // Dropped here, it would be left behind when there is no URL.
        let mut server = Server {
            _book: self,
            weft,
            url: String::new(),
        };
        server.url = url.expect("weft serve prints its URL");
        server
    }
}

impl Site {
    pub(crate) fn page(&self, name: &str) -> String {
        format!("file://{}", self.folder.join(name).display())
    }
}

impl Server {
    /// With the token.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    pub(crate) fn origin(&self) -> &str {
        let path = self.url["http://".len()..].find('/').map(|at| at + "http://".len());
        &self.url[..path.unwrap_or(self.url.len())]
    }

    pub(crate) fn page(&self, name: &str) -> String {
        format!("{}/{name}", self.origin())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let pid = Pid::from_raw(self.weft.id().cast_signed());
        let _gone = kill(pid, Signal::SIGINT);
        let _ended = self.weft.wait();
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).unwrap();
        }
    }
}
