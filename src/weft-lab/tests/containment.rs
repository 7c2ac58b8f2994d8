//! Nothing of a run outlives it: not when it ends, crashes, hangs, is cancelled or uses too much memory, and not when the
//! one who asked for it, the warden or the worker is killed.
//!
//! Each case runs in a process of its own, whose environment bears a word that all its descendants inherit. Processes
//! that bear it are counted after. This program is its own worker, so it has no test harness.

#![expect(clippy::unwrap_used, reason = "a test fails by it")]
#![expect(clippy::print_stdout, reason = "it speaks as a test harness does")]

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use weft_lab::measure::{Clock, MonotonicClock, Nanos};
use weft_lab::runner::Run;
use weft_lab::{Event, Record, Request, RunError, Runner};

/// The variable that all processes of a case inherit.
const WORD: &str = "WEFT_CONTAINMENT_CASE";

/// What must be left.
const NOBODY: [i32; 0] = [];

type Case = (&'static str, fn());

/// Run in a process of its own each, with `word` in its environment.
const INSIDE: &[Case] = &[
    ("the_end_of_a_run_ends_its_daemons", end),
    ("a_crash_ends_all", crash),
    ("an_exit_without_a_record_ends_all", exit),
    ("a_failure_ends_all", fail),
    ("a_hang_ends_at_the_time_limit", hang),
    ("too_much_memory_ends_all", memory),
    ("a_megabyte_of_output_breaks_nothing", print),
    ("a_cancelled_run_ends_all", cancel),
    ("a_dropped_run_ends_all", drop_it),
    ("a_killed_worker_ends_all", worker_killed),
    ("a_killed_warden_ends_all", warden_killed),
    ("a_warden_asked_to_end_ends_all", warden_asked),
    ("a_worker_has_no_blocked_signal", worker_signals),
];

/// Run here, with a process of their own that asks for a run and is killed.
const OUTSIDE: &[Case] = &[
    ("a_killed_asker_ends_all", asker_killed),
    ("a_stopped_worker_ends_with_its_asker", worker_stopped),
];

fn main() -> ExitCode {
    weft_lab::worker::entry();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["case", name] => {
            let case = INSIDE.iter().find(|case| case.0 == *name).expect("a case's name");
            case.1();
            assert_eq!(bearers(&word()), NOBODY, "left behind");
            ExitCode::SUCCESS
        }
        ["ask"] => {
            let mut run = start("drill-hang");
            wait_for_daemons(&mut run);
            println!("ready");
            while run.next_event().is_some() {}
            ExitCode::SUCCESS
        }
        ["--list", ..] => {
            for (name, _) in INSIDE.iter().chain(OUTSIDE) {
                println!("{name}: test");
            }
            ExitCode::SUCCESS
        }
        words => run_all(words),
    }
}

/// All cases whose name holds one of the words that are no options, or all.
fn run_all(words: &[&str]) -> ExitCode {
    let filters: Vec<&&str> = words.iter().filter(|word| !word.starts_with('-')).collect();
    let chosen = |case: &&Case| filters.is_empty() || filters.iter().any(|word| case.0.contains(**word));
    let mut failed = 0;
    for case in INSIDE.iter().chain(OUTSIDE).filter(chosen) {
        let result = std::panic::catch_unwind(|| {
            if INSIDE.contains(case) {
                in_its_own_process(case.0);
            } else {
                case.1();
            }
        });
        failed += u8::from(result.is_err());
        println!("test {} ... {}", case.0, if result.is_ok() { "ok" } else { "FAILED" });
    }
    println!(
        "\ntest result: {}. {failed} failed",
        if failed == 0 { "ok" } else { "FAILED" }
    );
    ExitCode::from(failed.min(1))
}

fn myself(arguments: &[&str], word: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(arguments).env(WORD, word);
    command
}

fn in_its_own_process(name: &str) {
    let word = format!("{name}-{}", std::process::id());
    let status = myself(&["case", name], &word).status().unwrap();
    assert!(status.success(), "{name}: {status}");
    assert_eq!(bearers(&word), NOBODY, "left behind");
}

fn word() -> String {
    std::env::var(WORD).unwrap()
}

/// The processes beside this one that bear the word. One that has ended bears nothing.
fn bearers(word: &str) -> Vec<i32> {
    let entry = format!("{WORD}={word}");
    let bears = |pid: &i32| {
        let environment = std::fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        environment.split(|&byte| byte == 0).any(|one| one == entry.as_bytes())
    };
    let own = i32::try_from(std::process::id()).unwrap();
    std::fs::read_dir("/proc")
        .unwrap()
        .flatten()
        .filter_map(|process| process.file_name().to_str()?.parse::<i32>().ok())
        .filter(|pid| *pid != own && bears(pid))
        .collect()
}

/// Waits until `holds`, at most ten seconds.
#[track_caller]
fn eventually(what: &str, holds: impl Fn() -> bool) {
    let start = MonotonicClock.now();
    while !holds() {
        assert!(MonotonicClock.now().since(start) < Nanos(10_000_000_000), "{what}");
        std::thread::yield_now();
    }
}

fn runner() -> Runner {
    Runner::find().unwrap()
}

fn start(drill: &str) -> Run {
    runner().start(&Request::quick(drill)).unwrap()
}

/// The daemons are there, or the case would show nothing: warden, worker, two daemons.
fn wait_for_daemons(run: &mut Run) {
    loop {
        match run.next_event() {
            Some(Event::Progress(progress)) if progress.phase.template() == "Daemons made" => break,
            Some(_) => {}
            None => panic!("the run ended early"),
        }
    }
    let all = bearers(&word()).len();
    assert_eq!(all, 4, "warden, worker and two daemons");
}

fn run(drill: &str) -> Result<Record, RunError> {
    runner().run(&Request::quick(drill), |_| {})
}

fn end() {
    let record = run("drill-orphans").unwrap();
    let daemons = &record.series[0].blocks;
    assert_eq!(daemons.len(), 2);
    for id in daemons {
        assert!(!Path::new(&format!("/proc/{id}")).exists(), "daemon {id} lives");
    }
}

fn crash() {
    let error = run("drill-crash").unwrap_err();
    assert!(
        matches!(&error, RunError::Ended { how, .. } if how.english().contains("SIGSEGV")),
        "{error}"
    );
}

fn exit() {
    let error = run("drill-exit").unwrap_err();
    assert!(
        matches!(&error, RunError::Ended { how, .. } if how.english().contains("status 0 and no record")),
        "{error}"
    );
}

fn fail() {
    let error = run("drill-fail").unwrap_err();
    assert!(matches!(error, RunError::Failed { .. }), "{error}");
}

fn hang() {
    let limited = runner().time_limit(Duration::from_secs(1));
    let error = limited.run(&Request::quick("drill-hang"), |_| {}).unwrap_err();
    assert!(matches!(error, RunError::TimedOut { .. }), "{error}");
}

fn memory() {
    let limited = runner().memory_limit(128 << 20);
    let error = limited.run(&Request::quick("drill-memory"), |_| {}).unwrap_err();
    assert!(
        matches!(error, RunError::OutOfMemory { limit, .. } if limit == 128 << 20),
        "{error}"
    );
}

fn print() {
    let mut bytes = 0;
    let record = runner().run(&Request::quick("drill-print"), |event| {
        if let Event::Printed(text) = event {
            bytes += text.len();
        }
    });
    assert_eq!(record.unwrap().experiment, "drill-print");
    assert!(bytes >= 2_000_000, "{bytes} bytes were seen");
}

fn cancel() {
    let mut run = start("drill-hang");
    wait_for_daemons(&mut run);
    run.canceller().cancel();
    let error = run.finish().unwrap_err();
    assert!(matches!(error, RunError::Cancelled { .. }), "{error}");
}

fn drop_it() {
    let mut run = start("drill-hang");
    wait_for_daemons(&mut run);
    drop(run);
}

fn worker_killed() {
    let mut run = start("drill-hang");
    wait_for_daemons(&mut run);
    kill_processes(&word(), Role::Worker, Signal::SIGKILL);
    let error = run.finish().unwrap_err();
    assert!(
        matches!(&error, RunError::Ended { how, .. } if how.english().contains("SIGKILL")),
        "{error}"
    );
}

fn warden_killed() {
    let mut run = start("drill-hang");
    wait_for_daemons(&mut run);
    kill_processes(&word(), Role::Warden, Signal::SIGKILL);
    let error = run.finish().unwrap_err();
    assert!(
        matches!(&error, RunError::Ended { how, .. } if how.english().contains("warden")),
        "{error}"
    );
}

fn warden_asked() {
    let mut run = start("drill-hang");
    wait_for_daemons(&mut run);
    kill_processes(&word(), Role::Warden, Signal::SIGTERM);
    let error = run.finish().unwrap_err();
    assert!(matches!(error, RunError::Cancelled { .. }), "{error}");
}

fn worker_signals() {
    let mut run = start("drill-hang");
    wait_for_daemons(&mut run);
    let status = std::fs::read_to_string(format!("/proc/{}/status", find(&word(), Role::Worker))).unwrap();
    let blocked = status.lines().find_map(|line| line.strip_prefix("SigBlk:")).unwrap();
    assert_eq!(blocked.trim(), "0000000000000000");
}

/// A process that has asked for a run, whose daemons are there.
fn asker(word: &str) -> Child {
    let mut asker = myself(&["ask"], word).stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(asker.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    assert_eq!(line, "ready\n");
    asker
}

fn asker_killed() {
    let word = format!("asker-killed-{}", std::process::id());
    let mut asker = asker(&word);
    asker.kill().unwrap();
    asker.wait().unwrap();
    eventually("something outlives its asker", || bearers(&word).is_empty());
}

fn worker_stopped() {
    let word = format!("worker-stopped-{}", std::process::id());
    let mut asker = asker(&word);
    kill_processes(&word, Role::Worker, Signal::SIGSTOP);
    asker.kill().unwrap();
    asker.wait().unwrap();
    eventually("something outlives its asker", || bearers(&word).is_empty());
}

#[derive(Debug, PartialEq, Clone, Copy)]
enum Role {
    Warden,
    Worker,
}

/// Sends a signal to the warden or the worker.
fn kill_processes(word: &str, role: Role, signal: Signal) {
    kill(Pid::from_raw(find(word, role)), signal).unwrap();
}

/// The warden or the worker; not a daemon, though that has the worker's arguments.
fn find(word: &str, role: Role) -> i32 {
    let marked = bearers(word);
    let arguments = |pid: i32| std::fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    let wardens: Vec<i32> = marked
        .iter()
        .copied()
        .filter(|&pid| arguments(pid).contains("\0warden\0"))
        .collect();
    let chosen: Vec<i32> = match role {
        Role::Warden => wardens,
        // A daemon leads a session of its own or belongs to one; the worker has that of the warden.
        Role::Worker => {
            let session = |pid: i32| nix::unistd::getsid(Some(Pid::from_raw(pid))).unwrap();
            marked
                .iter()
                .copied()
                .filter(|pid| !wardens.contains(pid) && session(*pid) == session(wardens[0]))
                .filter(|&pid| arguments(pid).contains("__weft-worker"))
                .collect()
        }
    };
    assert_eq!(chosen.len(), 1, "{role:?}: {chosen:?} of {marked:?}");
    chosen[0]
}
