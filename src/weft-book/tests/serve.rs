//! The live server as a process of its own, with the book and with workers that measure.
//!
//! This test has no harness: its program is the server and the worker too.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "a test, though without a harness"
)]

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use weft_book::serve::{Notice, Serve};
use weft_lab::Runner;
use weft_lab::measure::{Clock, MonotonicClock, Nanos, pause};

#[path = "../src/serve/tests/client.rs"]
#[allow(dead_code, reason = "shared with the tests inside the crate, which need more of it")]
mod client;

use client::{Ask, Events};

/// What a signal may take.
const END: Duration = Duration::from_secs(2);

fn main() {
    weft_lab::worker::entry();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["serve", root, port] => serve(root, port.parse().ok()),
        _ => {
            for (name, test) in TESTS {
                test();
                println!("test {name} ... ok");
            }
        }
    }
}

const TESTS: &[(&str, fn())] = &[
    ("runs_from_request_to_figure", runs_from_request_to_figure),
    ("a_changed_chapter_loads_again", a_changed_chapter_loads_again),
    ("a_signal_ends_everything", a_signal_ends_everything),
    ("a_taken_port", a_taken_port),
];

/// What `weft serve` does, without its words.
fn serve(root: &str, port: Option<u16>) {
    let serve = Serve::new(root).on_record(|record| eprintln!("record {}", record.experiment));
    let serve = if let Some(port) = port { serve.port(port) } else { serve };
    let tell = |notice| match notice {
        Notice::Ready { url } => println!("{url}"),
        other => eprintln!("{other:?}"),
    };
    serve.run(Runner::find().unwrap(), tell).unwrap();
}

/// A server with a copy of the book.
struct Server {
    child: Child,
    stdout: BufReader<ChildStdout>,
    errors: BufReader<std::process::ChildStderr>,
    folder: tempfile::TempDir,
    port: u16,
    cookie: String,
}

impl Server {
    fn start(port: &str) -> Server {
        let folder = tempfile::tempdir().unwrap();
        let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        for name in ["book.toml", "book", "labs"] {
            copy(&repository.join(name), &folder.path().join("weft").join(name));
        }
        fs::create_dir(folder.path().join("tmp")).unwrap();
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["serve", folder.path().join("weft").to_str().unwrap(), port])
            .env("TMPDIR", folder.path().join("tmp"))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let errors = BufReader::new(child.stderr.take().unwrap());
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut url = String::new();
        stdout.read_line(&mut url).unwrap();
        let mut server = Server {
            child,
            stdout,
            errors,
            folder,
            port: 0,
            cookie: String::new(),
        };
        // No URL: it has ended, and the test wants to know why.
        if let Some(rest) = url.trim_end().strip_prefix("http://127.0.0.1:") {
            let (port, path) = rest.split_once('/').unwrap();
            server.port = port.parse().unwrap();
            let entered = Ask::new(server.port, "GET", &format!("/{path}")).answer();
            let cookie = entered.header("set-cookie").split(';').next().unwrap();
            cookie.clone_into(&mut server.cookie);
        }
        server
    }

    fn ask(&self, method: &'static str, path: &str) -> Ask {
        Ask::new(self.port, method, path).header("Cookie", self.cookie.clone())
    }

    fn run(&self, mode: &str) -> String {
        let body = format!(r#"{{"experiment": "creation-cost", "mode": "{mode}"}}"#);
        let answer = self.ask("POST", "/api/runs").json(body).answer();
        assert_eq!(answer.status, 202, "{}", answer.text());
        answer.json()["id"].as_str().unwrap().to_owned()
    }

    fn follow(&self, id: &str) -> Events {
        self.ask("GET", &format!("/api/runs/{id}/events")).events()
    }

    fn error_line(&mut self) -> String {
        let mut line = String::new();
        self.errors.read_line(&mut line).unwrap();
        line
    }

    fn source(&self, name: &str) -> PathBuf {
        self.folder.path().join("weft/book").join(name)
    }

    /// How it ends after a signal, and that it does in time.
    fn end(mut self, signal: Signal) -> ExitStatus {
        let pid = Pid::from_raw(i32::try_from(self.child.id()).unwrap());
        let (tell, told) = mpsc::channel();
        kill(pid, signal).unwrap();
        let waiter = thread::spawn(move || {
            let status = self.child.wait().unwrap();
            tell.send(()).unwrap();
            let scratch = fs::read_dir(self.folder.path().join("tmp")).unwrap();
            assert_eq!(scratch.count(), 0, "the folder for the pages is left");
            let mut rest = String::new();
            std::io::Read::read_to_string(&mut self.stdout, &mut rest).unwrap();
            assert_eq!(rest, "", "standard output is for the URL alone");
            status
        });
        told.recv_timeout(END).expect("the server takes longer than it may");
        waiter.join().unwrap()
    }
}

fn copy(from: &Path, to: &Path) {
    if from.is_dir() {
        fs::create_dir_all(to).unwrap();
        for entry in fs::read_dir(from).unwrap() {
            let entry = entry.unwrap();
            copy(&entry.path(), &to.join(entry.file_name()));
        }
    } else if from.exists() {
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::copy(from, to).unwrap();
    }
}

/// All processes that come from this one.
fn descendants(of: u32) -> BTreeSet<u32> {
    let mut found = BTreeSet::new();
    let mut parents = vec![of];
    while let Some(parent) = parents.pop() {
        for task in fs::read_dir(format!("/proc/{parent}/task"))
            .into_iter()
            .flatten()
            .flatten()
        {
            let children = fs::read_to_string(task.path().join("children")).unwrap_or_default();
            for child in children.split_whitespace().filter_map(|pid| pid.parse().ok()) {
                if found.insert(child) {
                    parents.push(child);
                }
            }
        }
    }
    found
}

fn runs_from_request_to_figure() {
    let mut server = Server::start("0");
    let page = server.ask("GET", "/").answer();
    assert_eq!(page.status, 200);
    let mut events = server.follow(&server.run("quick"));
    events.expect("queued");
    let progress = events.until("progress");
    assert!(progress.data["html"]["ko"].is_string());
    let record = events.until("record");
    assert_eq!(record.data["experiment"], "creation-cost");
    assert!(!record.data["series"].as_array().unwrap().is_empty());
    let verdict = events.expect("verdict");
    assert_eq!(verdict.data["claim"], "creation-cost");
    let figure = events.until("figure");
    assert!(figure.data["html"]["en"].as_str().unwrap().contains("<svg"));
    events.until("done");
    assert_eq!(server.error_line(), "record creation-cost\n");
    assert!(server.end(Signal::SIGTERM).success());
}

fn a_changed_chapter_loads_again() {
    let mut server = Server::start("0");
    let mut reload = server.ask("GET", "/api/reload").events();
    reload.expect("");
    let chapter = server.source("introduction.md");
    let text = fs::read_to_string(&chapter).unwrap();
    fs::write(&chapter, format!("{text}\n\nA sentence that was not there.\n")).unwrap();
    reload.expect("reload");
    assert_eq!(server.error_line(), "Rebuilt\n");
    let shows = |server: &Server| {
        let pages = ["/", "/introduction.html"].map(|path| server.ask("GET", path).answer().text());
        pages.iter().any(|page| page.contains("A sentence that was not there."))
    };
    assert!(shows(&server));
    // A book that can't be built leaves the old pages.
    fs::remove_file(server.source("SUMMARY.md")).unwrap();
    fs::remove_file(&chapter).unwrap();
    assert!(server.error_line().starts_with("BuildFailed"));
    assert!(shows(&server));
    assert!(server.end(Signal::SIGINT).success());
}

fn a_signal_ends_everything() {
    let server = Server::start("0");
    let (going_on, waiting) = (server.run("full"), server.run("full"));
    let mut events = server.follow(&going_on);
    // The first is the server's own; the second comes from the worker.
    events.until("progress");
    events.until("progress");
    let mut queued = server.follow(&waiting);
    let _reload = server.ask("GET", "/api/reload").events();
    let processes = descendants(server.child.id());
    assert!(processes.len() >= 2, "a warden and a worker: {processes:?}");
    assert!(server.end(Signal::SIGINT).success());
    // A process that was killed is listed until its parent has taken its end in.
    let is_there = |pid: &&u32| Path::new(&format!("/proc/{pid}")).exists();
    let start = MonotonicClock.now();
    while processes.iter().any(|pid| is_there(&pid)) && MonotonicClock.now().since(start) < Nanos(2_000_000_000) {
        pause(Duration::from_millis(10));
    }
    let left: Vec<_> = processes.iter().filter(is_there).collect();
    assert!(left.is_empty(), "left behind: {left:?}");
    for events in [&mut events, &mut queued] {
        assert_eq!(events.until("error").data["cancelled"], true);
    }
}

fn a_taken_port() {
    let first = Server::start("default");
    let second = Server::start("default");
    assert_ne!(first.port, second.port);
    let mut third = Server::start(&first.port.to_string());
    assert!(!third.child.wait().unwrap().success());
    let said = third
        .errors
        .lines()
        .map_while(Result::ok)
        .collect::<Vec<_>>()
        .join("\n");
    assert!(said.contains(&format!("port: {}", first.port)), "{said}");
    // Each has a cookie of its own in the browser.
    assert_ne!(first.cookie.split('=').next(), second.cookie.split('=').next());
    assert!(first.end(Signal::SIGINT).success());
    assert!(second.end(Signal::SIGTERM).success());
}
