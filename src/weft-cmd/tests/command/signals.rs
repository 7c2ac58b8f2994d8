//! A signal ends a run and all of it.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command as Process, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use weft_lab::measure::{Clock, MonotonicClock, Nanos};

use super::*;

/// The variable that all processes of a test inherit.
const WORD: &str = "WEFT_COMMAND_TEST";

/// A run that hangs, with daemons that were made; and the word that all of it bears.
fn hanging(name: &str, data: &Path) -> (Child, BufReader<std::process::ChildStderr>, String) {
    let word = format!("{name}-{}", std::process::id());
    let mut weft = Process::new(WEFT)
        .args(["run", "drill-hang", "--json", "-"])
        .env("XDG_DATA_HOME", data)
        .env(WORD, &word)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = BufReader::new(weft.stderr.take().unwrap());
    let mut line = String::new();
    while !line.contains("Daemons made") {
        line.clear();
        assert_ne!(said.read_line(&mut line).unwrap(), 0, "it ended early");
    }
    assert_eq!(bearers(&word).len(), 5, "weft, warden, worker, two daemons");
    (weft, said, word)
}

fn bearers(word: &str) -> Vec<i32> {
    let entry = format!("{WORD}={word}");
    let bears = |pid: &i32| {
        let environment = std::fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        environment.split(|&byte| byte == 0).any(|one| one == entry.as_bytes())
    };
    std::fs::read_dir("/proc")
        .unwrap()
        .flatten()
        .filter_map(|process| process.file_name().to_str()?.parse::<i32>().ok())
        .filter(bears)
        .collect()
}

fn send(weft: &Child, signal: Signal) {
    kill(Pid::from_raw(i32::try_from(weft.id()).unwrap()), signal).unwrap();
}

#[track_caller]
fn ends_with(signal: Signal, status: i32) {
    let data = tempfile::tempdir().unwrap();
    let (weft, mut said, word) = hanging(signal.as_str(), data.path());
    send(&weft, signal);
    let output = weft.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(status));
    assert!(output.stdout.is_empty());
    assert!(bearers(&word).is_empty(), "something is left");
    let mut words = String::new();
    std::io::Read::read_to_string(&mut said, &mut words).unwrap();
    assert!(
        words.contains(&format!("weft: stopped by {signal}; nothing of the run is left")),
        "{words}"
    );
    assert!(!data.path().join("weft").exists());
}

#[test]
fn an_interrupt_ends_all_with_a_word() {
    ends_with(Signal::SIGINT, 130);
}

#[test]
fn a_request_to_end_ends_all() {
    ends_with(Signal::SIGTERM, 143);
}

#[test]
fn a_closed_terminal_ends_all() {
    ends_with(Signal::SIGHUP, 129);
}

#[test]
fn a_killed_command_leaves_nothing() {
    let data = tempfile::tempdir().unwrap();
    let (mut weft, _said, word) = hanging("killed", data.path());
    weft.kill().unwrap();
    weft.wait().unwrap();
    let start = MonotonicClock.now();
    while !bearers(&word).is_empty() {
        assert!(
            MonotonicClock.now().since(start) < Nanos(10_000_000_000),
            "something is left"
        );
        std::thread::yield_now();
    }
}

#[test]
fn an_interrupt_between_runs_stops_the_rest() {
    let data = tempfile::tempdir().unwrap();
    let mut weft = Process::new(WEFT)
        .args(["run", "drill-orphans", "drill-hang", "drill-orphans"])
        .env("XDG_DATA_HOME", data.path())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = BufReader::new(weft.stderr.take().unwrap());
    let mut line = String::new();
    while !line.contains("[2/3] drill-hang") {
        line.clear();
        assert_ne!(said.read_line(&mut line).unwrap(), 0, "it ended early");
    }
    send(&weft, Signal::SIGINT);
    assert_eq!(weft.wait().unwrap().code(), Some(130));
    let mut rest = String::new();
    std::io::Read::read_to_string(&mut said, &mut rest).unwrap();
    assert!(!rest.contains("[3/3]"), "{rest}");
    assert_eq!(names(&data.path().join("weft/records")).len(), 1);
}
