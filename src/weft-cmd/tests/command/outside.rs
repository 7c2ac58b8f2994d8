//! What is outside of the command fails: folders, disks, readers.

use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::process::{Command as Process, Stdio};

use super::*;

/// The result is printed, the failure said, and the exit status is 1.
#[track_caller]
fn kept_the_result(assert: &Assert, words: &[&str]) {
    assert!(
        stdout(assert).contains("Making a process with fork takes"),
        "{}",
        stdout(assert)
    );
    let said = stderr(assert);
    for word in words {
        assert!(said.contains(word), "{word:?} is not in {said}");
    }
}

#[test]
fn an_unusable_data_folder_loses_no_result() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    let run = weft(&file).args(SHORT).assert().code(1);
    kept_the_result(
        &run,
        &["weft: cannot store the record in", "Not a directory", "XDG_DATA_HOME"],
    );
    assert_eq!(names(folder.path()), ["file"]);
}

#[test]
fn without_a_home_the_place_for_records_is_asked_for() {
    let mut run = Command::new(WEFT);
    let run = run
        .args(SHORT)
        .env_remove("HOME")
        .env_remove("XDG_DATA_HOME")
        .assert()
        .code(1);
    kept_the_result(&run, &["neither XDG_DATA_HOME nor HOME is set", "Set XDG_DATA_HOME"]);
}

#[test]
fn a_full_disk_loses_no_result() {
    let data = tempfile::tempdir().unwrap();
    let run = weft(data.path())
        .args(SHORT)
        .args(["--json", "/dev/full"])
        .assert()
        .code(1);
    kept_the_result(
        &run,
        &[
            "weft: cannot write /dev/full: No space left on device",
            "Nothing of it was written",
        ],
    );
    assert_eq!(names(&data.path().join("weft/records")).len(), 1);
}

#[test]
fn a_record_that_does_not_fit_leaves_no_part() {
    let data = tempfile::tempdir().unwrap();
    // Files of at most 2 KiB; who ignores SIGXFSZ gets an error in the midst of writing.
    let script = "ulimit -f 4; trap '' XFSZ; exec \"$@\"";
    let run = Command::new("sh")
        .args(["-c", script, "sh", WEFT])
        .args(SHORT)
        .env("XDG_DATA_HOME", data.path())
        .assert()
        .code(1);
    kept_the_result(&run, &["weft: cannot store the record in", "File too large"]);
    assert_eq!(names(&data.path().join("weft/records")), [""; 0]);
}

#[test]
fn a_full_standard_output_is_said() {
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output = Process::new(WEFT)
        .arg("list")
        .stdout(full)
        .stderr(Stdio::piped())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        said.contains("cannot write to standard output: No space left on device"),
        "{said}"
    );
}

#[test]
fn a_reader_that_goes_away_is_no_panic() {
    for arguments in [&["list"][..], &["schema"], &["doctor"], &["--help"]] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let output = Process::new(WEFT)
            .args(arguments)
            .stdout(writer)
            .stderr(Stdio::piped())
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(0), "{arguments:?}");
        assert_eq!(String::from_utf8(output.stderr).unwrap(), "", "{arguments:?}");
    }
}

/// The program as an ordinary user, who can read it whatever folder it was built in.
fn as_ordinary_user(folder: &Path, data: &Path) -> Process {
    let program = folder.join("weft");
    std::fs::copy(WEFT, &program).unwrap();
    std::fs::set_permissions(folder, PermissionsExt::from_mode(0o755)).unwrap();
    let mut weft = Process::new(program);
    weft.env("XDG_DATA_HOME", data).current_dir("/");
    if nix::unistd::geteuid().is_root() {
        weft.uid(NOBODY).gid(NOBODY);
    }
    weft
}

const NOBODY: u32 = 65_534;

#[test]
fn an_ordinary_user_gets_a_verdict_and_may_not_write_everywhere() {
    let folder = tempfile::tempdir().unwrap();
    let own = folder.path().join("own");
    std::fs::create_dir(&own).unwrap();
    if nix::unistd::geteuid().is_root() {
        std::os::unix::fs::chown(&own, Some(NOBODY), Some(NOBODY)).unwrap();
    }
    let output = as_ordinary_user(folder.path(), &own).args(SHORT).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(names(&own.join("weft/records")).len(), 1);

    let others = folder.path().join("others");
    std::fs::create_dir(&others).unwrap();
    std::fs::set_permissions(&others, PermissionsExt::from_mode(0o555)).unwrap();
    let run = Assert::new(as_ordinary_user(folder.path(), &others).args(SHORT).output().unwrap()).code(1);
    kept_the_result(
        &run,
        &["weft: cannot store the record in", "Permission denied", "XDG_DATA_HOME"],
    );
}
