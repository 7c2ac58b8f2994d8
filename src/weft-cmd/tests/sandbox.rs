//! The whole book inside a sandbox: an ordinary user without capabilities, a `/proc` with little in it, and the system
//! calls forbidden that a container's profile often forbids. Everything runs, and what is lost is said.

#![expect(clippy::unwrap_used, reason = "a test fails by it")]

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};
use std::thread;

use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
};
use serde_json::Value;
use weft_lab::claim::CLAIMS;
use weft_lab::experiments::EXPERIMENTS;
use weft_lab::facility::Facility;

/// The user and the group that own nothing.
const NOBODY: u32 = 65534;

#[test]
fn every_experiment_runs_in_a_sandbox_and_says_what_it_lost() {
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o777)).unwrap();
    // The folder it was built in may be closed to other users.
    let weft = folder.path().join("weft");
    fs::copy(env!("CARGO_BIN_EXE_weft"), &weft).unwrap();
    let document = folder.path().join("verdicts.json");
    let home = folder.path().join("home");
    fs::create_dir(&home).unwrap();
    fs::set_permissions(&home, fs::Permissions::from_mode(0o777)).unwrap();

    let output = confined(&weft, &document, &home);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    assert!(!errors.contains("panicked"), "{errors}");

    let document: Value = serde_json::from_slice(&fs::read(&document).unwrap()).unwrap();
    let missing = missing(&document);
    let ran: Vec<&str> = missing.keys().map(String::as_str).collect();
    let mut all: Vec<&str> = EXPERIMENTS.iter().map(|experiment| experiment.about().id).collect();
    all.sort_unstable();
    assert_eq!(ran, all);
    for (experiment, facility) in [
        ("thread-owns", "ptrace"),
        ("switch-cost", "sched-fifo"),
        ("switch-cost", "separate-files"),
        ("working-set", "sched-fifo"),
        ("memory-independence", "pagemap"),
    ] {
        assert!(
            missing[experiment].contains(&facility.to_owned()),
            "{experiment}: {missing:?}"
        );
    }
    if is_root() {
        // Only root could mount the `/proc` with little in it.
        assert!(
            missing["memory-cost"].contains(&"kernel-memory".to_owned()),
            "{missing:?}"
        );
    }
    let verdicts = document["verdicts"].as_array().unwrap();
    for claim in CLAIMS.iter().filter(|claim| claim.experiment.is_some()) {
        let verdict = verdicts.iter().find(|verdict| verdict["claim"] == claim.id);
        let doubts = verdict.unwrap()["doubts"].to_string();
        for facility in &missing[claim.experiment.unwrap()] {
            let lost = Facility::find(facility).unwrap().lost;
            assert!(doubts.contains(lost), "{}: {facility} is not said: {doubts}", claim.id);
        }
    }
}

fn is_root() -> bool {
    nix::unistd::geteuid().is_root()
}

/// `weft verdicts --quick` behind a filter of system calls, as nobody where that can be had.
fn confined(weft: &Path, document: &Path, home: &Path) -> Output {
    let mut command;
    if is_root() {
        command = Command::new("unshare");
        let nobody = format!("--reuid={NOBODY} --regid={NOBODY} --clear-groups --bounding-set=-all --inh-caps=-all");
        let script = format!("mount -t proc -o hidepid=2,subset=pid proc /proc && exec setpriv {nobody} \"$@\"");
        command.args(["--mount", "sh", "-c", &script, "sh"]).arg(weft);
    } else {
        command = Command::new(weft);
    }
    command.args(["verdicts", "--quick", "--json"]).arg(document);
    command.env("XDG_DATA_HOME", home).env("HOME", home).current_dir(home);
    let filter = filter();
    // A filter holds for the thread that asked for it and for what that thread starts.
    let run = move || {
        seccompiler::apply_filter(&filter).unwrap();
        command.output().unwrap()
    };
    thread::spawn(run).join().unwrap()
}

/// No tracing, no real-time scheduling, no descriptor table of one's own, no performance counters.
fn filter() -> BpfProgram {
    let own_files = SeccompCondition::new(
        0,
        SeccompCmpArgLen::Qword,
        SeccompCmpOp::MaskedEq(u64::from(libc::CLONE_FILES.cast_unsigned())),
        u64::from(libc::CLONE_FILES.cast_unsigned()),
    );
    let rules = BTreeMap::from([
        (libc::SYS_ptrace, Vec::new()),
        (libc::SYS_sched_setscheduler, Vec::new()),
        (libc::SYS_sched_setattr, Vec::new()),
        (libc::SYS_perf_event_open, Vec::new()),
        (
            libc::SYS_unshare,
            vec![SeccompRule::new(vec![own_files.unwrap()]).unwrap()],
        ),
    ]);
    let forbid = SeccompAction::Errno(libc::EPERM.cast_unsigned());
    let machine = std::env::consts::ARCH.try_into().unwrap();
    SeccompFilter::new(rules, SeccompAction::Allow, forbid, machine)
        .unwrap()
        .try_into()
        .unwrap()
}

/// What each experiment could not get.
fn missing(document: &Value) -> BTreeMap<String, Vec<String>> {
    let records = document["records"].as_array().unwrap();
    let facilities = |record: &Value| -> Vec<String> {
        let missing = record["missing"].as_array().unwrap();
        missing
            .iter()
            .map(|facility| facility["facility"].as_str().unwrap().to_owned())
            .collect()
    };
    records
        .iter()
        .map(|record| (record["experiment"].as_str().unwrap().to_owned(), facilities(record)))
        .collect()
}
